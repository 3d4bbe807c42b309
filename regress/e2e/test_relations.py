"""Blocking people and following craftsmen."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from shapes import conforms, constant, ident, integer


def block(person, other, method="POST"):
    return person.client(method, f"/v1/users/{getattr(other, 'id', other)}/block")


def follow(person, craftsman, method="POST"):
    return person.client(method, f"/v1/craftsmen/{craftsman}/follow")


def profile_of(person):
    return person.client.get("/v1/users/me").json()["craftsman_profile"]["id"]


@pytest.fixture
def blocks(database):
    return lambda person: [row["id"] for row in database.run(
        "SELECT blocked_user_id::text AS id FROM mesteri.blocks WHERE user_id = %s ORDER BY created_at", person.id)]


def test_block_and_unblock(client, register, blocks):
    person, other = register(client), register(client, user_type="craftsman")
    for method, blocked in (("POST", True), ("POST", True), ("DELETE", False), ("DELETE", False), ("POST", True)):
        answer = block(person, other, method)
        conforms(answer.body, {"user_id": ident, "blocked": constant(blocked)})
        assert answer.status == 200 and answer.json()["user_id"] == other.id
        assert blocks(person) == ([other.id] if blocked else [])
    assert blocks(other) == [], "it is one side's"
    assert block(other, person).status == 200 and blocks(other) == [person.id], "and may be the other's too"


def test_block_whom(client, register, staff, database, blocks):
    """Somebody who is a stranger to everybody (erased, staff, no one) is 404, as if he had never been."""
    person, erased, suspended = register(client), register(client), register(client)
    database.run("UPDATE mesteri.users SET is_active = false, deleted_at = now() WHERE id = %s", erased.id)
    database.run("UPDATE mesteri.users SET is_active = false WHERE id = %s", suspended.id)
    staff_id = staff.get("/v1/users/me").json()["user"]["id"]
    for method in ("POST", "DELETE"):
        for nobody in (uuid.uuid4(), erased.id, staff_id, "me", "7", person.id[:-1]):
            assert block(person, nobody, method).error == "not_found", (method, nobody)
    assert block(person, person).error == "self_reference"
    assert block(person, person, "DELETE").json() == {"user_id": person.id, "blocked": False}
    assert block(person, suspended).status == 200
    assert blocks(person) == [suspended.id]


def test_block_by_whom(client, register, staff):
    other = register(client)
    for method in ("POST", "DELETE"):
        assert client(method, f"/v1/users/{other.id}/block").error == "unauthenticated"
        assert staff(method, f"/v1/users/{other.id}/block").error == "forbidden_role"
        assert client(method, f"/v1/craftsmen/{other.id}/follow").error == "unauthenticated"
        assert staff(method, f"/v1/craftsmen/{other.id}/follow").error == "forbidden_role"


def test_block_is_its_own_and_secret(client, register):
    """The one who is kept away sees nothing of it."""
    person, other = register(client), register(client)
    before = other.client.get("/v1/users/me")
    block(person, other)
    after = other.client.get("/v1/users/me")
    assert (after.body, after.header("etag")) == (before.body, before.header("etag"))


def test_block_ends_no_following(client, register):
    """The pages say what a block forbids; following is not among it."""
    person, ion = register(client), register(client, user_type="craftsman")
    profile = profile_of(ion)
    assert follow(person, profile).json()["followers_count"] == 1
    assert block(ion, person).status == block(person, ion).status == 200
    assert client.get(f"/v1/craftsmen/{profile}").json()["craftsman_profile"]["followers_count"] == 1
    assert follow(person, profile).json()["following"] is True


def test_bodies(client, register):
    """No fields: nothing or an empty object; a DELETE has no body at all."""
    person, other = register(client), register(client)
    path = f"/v1/users/{other.id}/block"
    assert person.client.post(path, {}).status == 200
    assert person.client.post(path, {"user_id": other.id}).error == "unknown_field"
    assert person.client.post(f"{path}?force=1").error == "unknown_field"
    assert person.client.post(path, b"[]").error == "malformed_body"
    assert person.client.post(path, b" " * 1025).error == "payload_too_large"
    assert person.client("DELETE", path, {}).error == "payload_too_large"


# Following.


def test_follow_and_unfollow(client, register):
    person, ion = register(client), register(client, user_type="craftsman")
    profile = profile_of(ion)
    before = client.get(f"/v1/craftsmen/{profile}")
    for method, following in (("POST", True), ("POST", True), ("DELETE", False), ("DELETE", False), ("POST", True)):
        answer = follow(person, profile, method)
        conforms(answer.body, {"craftsman_id": ident, "following": constant(following), "followers_count": integer})
        assert answer.json() == {"craftsman_id": profile, "following": following, "followers_count": int(following)}
        seen = person.client.get(f"/v1/craftsmen/{profile}").json()["craftsman_profile"]
        assert (seen["following"], seen["followers_count"]) == (following, int(following))
    after = client.get(f"/v1/craftsmen/{profile}")
    assert after.json()["craftsman_profile"]["version"] == before.json()["craftsman_profile"]["version"], "a counter is no edit"
    assert after.header("etag") != before.header("etag"), "but it shows"


def test_follow_whom(client, register, database):
    """{id} is the craftsman's profile, not the account; whom the public cannot see cannot be followed."""
    person, ion, hidden = register(client), register(client, user_type="craftsman"), register(client, user_type="craftsman")
    hidden_profile = profile_of(hidden)
    database.run("UPDATE mesteri.users SET is_active = false WHERE id = %s", hidden.id)
    for method in ("POST", "DELETE"):
        for nobody in (uuid.uuid4(), ion.id, person.id, hidden_profile, "me"):
            assert follow(person, nobody, method).error == "not_found", (method, nobody)
    assert follow(ion, profile_of(ion)).error == "self_reference"
    assert follow(ion, profile_of(ion), "DELETE").json()["following"] is False
    other = register(client, user_type="craftsman")
    assert follow(ion, profile_of(other)).json()["followers_count"] == 1, "craftsmen follow craftsmen"


def test_followers_are_counted_exactly(client, register, database, chance):
    """A crowd that follows and unfollows at random, the same people on several connections: the count is the recount."""
    crowd = [register(client) for _ in range(6)]
    profiles = [profile_of(register(client, user_type="craftsman")) for _ in range(2)]
    steps = [(chance.choice(crowd), chance.choice(profiles), chance.choice(("POST", "POST", "DELETE"))) for _ in range(240)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda step: follow(*step), steps))
    assert {answer.status for answer in answers} == {200}
    for profile in profiles:
        row = database.run("SELECT followers_count AS kept, (SELECT count(*) FROM mesteri.saved_craftsmen s WHERE s.craftsman_id = c.id) AS recount"
                           "  FROM mesteri.craftsman_profiles c WHERE id = %s", profile)[0]
        assert row["kept"] == row["recount"]
        assert 0 < row["kept"] <= len(crowd)
