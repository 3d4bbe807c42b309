"""DELETE /users/me and GET /users/me/export over HTTP: what the person, and what the others, see afterwards."""

import json
import re

import pytest

from conftest import new_person
from server import wait_until

MEMBERS = ["exported_at", "user", "profile", "craftsman_profile", "posts", "comments", "projects", "contracts", "payments", "conversations",
           "messages", "reviews", "notifications", "devices", "sessions", "searches", "reports", "tickets", "events"]


def erase(client, person, password=None):
    return client("DELETE", "/v1/users/me", {"password_confirmation": password or person.password}, token=person.access_token)


def log_in(client, identifier, password):
    return client.post("/v1/auth/login", {"email_or_phone": identifier, "password": password})


def test_erased(client, register, database):
    person = register(client)
    second = log_in(client, person.email, person.password).json()["tokens"]
    answer = erase(client, person)
    assert (answer.status, answer.body) == (204, b""), answer

    for token in (person.access_token, second["access_token"]):
        for path in ("/v1/users/me", "/v1/feed", "/v1/users/me/export"):
            answer = client.get(path, token=token)
            assert (answer.status, answer.error) == (401, "token_revoked"), (path, answer)
    for token in (second["refresh_token"], person.refresh_token):
        answer = client.post("/v1/auth/refresh", {"refresh_token": token})
        assert (answer.status, answer.error) == (401, "token_revoked"), answer
    assert erase(client, person).error == "token_revoked"
    for identifier in (person.email, person.phone_number):
        assert log_in(client, identifier, person.password).error == "invalid_credentials"
    assert database.value("SELECT count(*) FROM mesteri.token_families WHERE user_id = %s AND revoke_reason IS DISTINCT FROM 'erased'", person.id) == 0
    assert database.value("SELECT requested_by FROM mesteri.erasures WHERE user_id = %s", person.id) == "self"

    # Address and number are free again, and the newcomer is somebody else.
    again = client.post("/v1/auth/register", new_person(email=person.email, phone_number=person.phone_number))
    assert again.status == 201 and again.json()["user"]["id"] != person.id


def test_wrong_password_counts_as_a_failed_sign_in(client, register):
    person = register(client)
    for _ in range(3):
        answer = erase(client, person, "nu e asta deloc")
        assert (answer.status, answer.error) == (422, "wrong_password"), answer
    assert log_in(client, person.email, "nici asta nu e").status == 401
    assert erase(client, person, "nu e asta deloc").error == "wrong_password"
    answer = erase(client, person)
    assert (answer.status, answer.error) == (429, "rate_limited") and 880 <= int(answer.header("retry-after")) <= 900
    assert log_in(client, person.email, person.password).status == 429
    assert client.get("/v1/users/me", token=person.access_token).status == 200, "the session goes on"


@pytest.mark.parametrize("body, field, rule", [({}, "password_confirmation", "required"), ({"password_confirmation": None}, "password_confirmation", "null"),
                                               ({"password_confirmation": 1}, "password_confirmation", "type")])
def test_asks_for_the_password(client, register, body, field, rule):
    answer = client("DELETE", "/v1/users/me", body, token=register(client).access_token)
    assert (answer.status, answer.error) == (400, "invalid_field"), answer
    assert (answer.json()["details"][0]["field"], answer.json()["details"][0]["rule"]) == (field, rule)


def test_open_money(client, register, database):
    person = register(client)
    database.run("INSERT INTO mesteri.transactions (from_user_id, type, amount, net_amount, vat_bps, command_id)"
                 " VALUES (%s, 'withdrawal', 10, 10, 0, gen_random_uuid())", person.id)
    for password in (None, "nu e asta deloc"):
        answer = erase(client, person, password)
        assert (answer.status, answer.error) == (409, "open_escrow"), answer
    database.run("UPDATE mesteri.transactions SET status = 'completed', completed_at = now() WHERE from_user_id = %s", person.id)
    assert erase(client, person).status == 204


def test_craftsman_and_his_posts_are_gone(client, register, database):
    craftsman = register(client, user_type="craftsman")
    profile = database.value("SELECT id FROM mesteri.craftsman_profiles WHERE user_id = %s", craftsman.id)
    post = database.value("INSERT INTO mesteri.content_posts (craftsman_id, title, media_type, media_urls, published_at, location)"
                          " VALUES (%s, 'Baie', 'image', '[\"/v1/media/x\"]', now(), mesteri.point(46.7712, 23.6236)) RETURNING id", profile)
    feed = "/v1/feed?lat=46.7712&lon=23.6236&radius_km=1&limit=50"
    assert post in [item["id"] for item in client.get(feed).json()["posts"]]
    assert client.get(f"/v1/craftsmen/{profile}").status == client.get(f"/v1/posts/{post}").status == 200
    assert erase(client, craftsman).status == 204
    assert post not in [item["id"] for item in client.get(feed).json()["posts"]]
    assert client.get(f"/v1/craftsmen/{profile}").status == client.get(f"/v1/posts/{post}").status == 404
    assert profile not in client.get("/v1/craftsmen?limit=100").body.decode()
    row = database.run("SELECT title, media_urls, location, status FROM mesteri.content_posts WHERE id = %s", post)[0]
    assert row == {"title": None, "media_urls": [], "location": None, "status": "removed"}


def test_nobody_holds_up_an_erasure_by_taking_its_pseudonym(client, register, database):
    """Ids are public: who could foresee the tombstone's address would register it first."""
    first, second = register(client), register(client)
    assert erase(client, first).status == erase(client, second).status == 204
    rows = database.run("SELECT id, email, phone_number FROM mesteri.users WHERE id IN (%s, %s)", first.id, second.id)
    for row in rows:
        assert row["id"] not in row["email"] and re.fullmatch(r"[0-9a-f-]{36}@erased\.invalid", row["email"])
    assert len({row["phone_number"] for row in rows}) == 2


def test_counters_go_down_and_late_views_do_not_count(client, register, database):
    person = register(client)
    post = database.value("SELECT id FROM mesteri.content_posts WHERE status = 'published' LIMIT 1")
    wrong = ("SELECT count(*) FROM mesteri.content_posts p WHERE (views_count, likes_count) NOT IN"
             " (SELECT count(*) FILTER (WHERE interaction_type = 'view'), count(*) FILTER (WHERE interaction_type = 'like')"
             "    FROM mesteri.content_interactions i WHERE i.post_id = p.id) AND p.id = %s")
    database.run("UPDATE mesteri.content_posts p SET (views_count, likes_count) ="
                 " (SELECT count(*) FILTER (WHERE interaction_type = 'view'), count(*) FILTER (WHERE interaction_type = 'like')"
                 "    FROM mesteri.content_interactions i WHERE i.post_id = p.id) WHERE id = %s", post)
    assert client.get(f"/v1/posts/{post}", token=person.access_token).status == 200
    wait_until(lambda: database.value("SELECT count(*) FROM mesteri.content_interactions WHERE user_id = %s", person.id) == 1, 20, "the view")
    assert database.value(wrong, post) == 0
    effect = database.run("SELECT mesteri.view_effects(%s, ARRAY[%s]::uuid[]) AS e", person.id, post)[0]["e"]
    database.run("SELECT mesteri.effects_apply(%s::bytea[])", effect)
    assert erase(client, person).status == 204
    assert database.value("SELECT count(*) FROM mesteri.impressions WHERE viewer_id = %s", person.id) == 0, "what waited is gone"
    assert database.value("SELECT mesteri.effects_apply(%s::bytea[])", effect) == 0
    database.run("SELECT mesteri.roll_up_impressions()")
    assert database.value("SELECT count(*) FROM mesteri.content_interactions WHERE user_id = %s", person.id) == 0
    assert database.value(wrong, post) == 0


def test_export(client, register, database):
    person = register(client, user_type="craftsman")
    database.run("INSERT INTO mesteri.search_history (user_id, query) VALUES (%s, 'zugrav')", person.id)
    answer = client.get("/v1/users/me/export", token=person.access_token)
    assert answer.status == 200, answer
    assert answer.header("content-disposition") == 'attachment; filename="mesteri-export.json"'
    assert answer.header("etag") is None
    export = json.loads(answer.body)
    assert list(export) == MEMBERS
    assert export["user"]["email"] == person.email and export["profile"]["user_id"] == person.id
    assert export["craftsman_profile"]["user_id"] == person.id
    assert [search["query"] for search in export["searches"]] == ["zugrav"] and len(export["sessions"]) == 1
    assert "password" not in answer.body.decode() and "hash" not in answer.body.decode()

    # Once an hour: the mark comes with the effects of reads.
    wait_until(lambda: database.value("SELECT count(*) FROM mesteri.exports WHERE user_id = %s", person.id) == 1, 20, "the mark")
    answer = client.get("/v1/users/me/export", token=person.access_token)
    assert (answer.status, answer.error) == (429, "rate_limited") and 3500 <= int(answer.header("retry-after")) <= 3600
    other = register(client)
    assert client.get("/v1/users/me/export", token=other.access_token).json()["craftsman_profile"] is None
    database.run("UPDATE mesteri.exports SET exported_at = exported_at - interval '1 hour' WHERE user_id = %s", person.id)
    assert client.get("/v1/users/me/export", token=person.access_token).status == 200
    assert client.get("/v1/users/me/export").error == "unauthenticated"
