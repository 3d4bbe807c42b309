"""The feed over HTTP on generated data: ranking, pages, filters, views."""

import math
import time
from urllib.parse import quote

import pytest

from server import wait_until

CLUJ = {"lat": 46.77, "lon": 23.59}
BUCHAREST = {"lat": 44.43, "lon": 26.10}


def query(**fields):
    return "/v1/feed?" + "&".join(f"{name}={quote(str(value))}" for name, value in fields.items())


def walk(reader, fields, limit):
    """All posts of a walk by cursor, and its pages."""
    posts, pages, cursor = [], 0, None
    while True:
        answer = reader.get(query(**fields, limit=limit, **({"cursor": cursor} if cursor else {})))
        assert answer.status == 200, answer
        body = answer.json()
        posts += body["posts"]
        pages += 1
        assert body["has_more"] == (body["next_cursor"] is not None)
        if not body["has_more"]:
            return posts, pages
        assert len(body["posts"]) == limit, "a page that others follow is full"
        cursor = body["next_cursor"]


def reference(database, lat=None, lon=None, radius_km=50, categories=None, follower=None, count=600):
    return [(str(row["post_id"]), row["score"]) for row in database.run("""
        SELECT f.post_id, f.score FROM mesteri.feed_weights w,
               mesteri.feed_reference(now(), w, mesteri.point(%s, %s), %s * 1000, %s::uuid[],
                                      (SELECT array_agg(s.craftsman_id) FROM mesteri.saved_craftsmen s WHERE s.user_id = %s::uuid),
                                      NULL, NULL, NULL, '', %s, 0)
               WITH ORDINALITY AS f (post_id, distance_m, score, geo, engagement, rating, recency, place)
         WHERE w.version = (SELECT max(version) FROM mesteri.feed_weights) ORDER BY f.place""",
        lat, lon, radius_km, categories, follower, count)]


def same_order(posts, expected):
    """The same ids in the same places; places may differ only where scores do not."""
    assert len(posts) == len(expected)
    for post, (ident, score) in zip(posts, expected):
        assert post["id"] == ident or abs(post["relevance_score"] - score) < 1e-8, (post["id"], ident)
    assert {post["id"] for post in posts} == {ident for ident, _ in expected}


@pytest.mark.parametrize("fields, limit", [
    ({}, 100), (CLUJ, 7), (CLUJ, 20), ({**CLUJ, "radius_km": 10}, 3), ({**BUCHAREST, "radius_km": 300}, 100),
    ({**CLUJ, "radius_km": 0.5}, 1), ({"lat": 0, "lon": 0}, 20),
], ids=str)
def test_walk_is_the_reference_order(client, database, fields, limit):
    """Never a post twice, none left out, in the order of the ranking as it was written."""
    posts, pages = walk(client, fields, limit)
    ids = [post["id"] for post in posts]
    assert len(ids) == len(set(ids))
    full = 500 // limit * limit
    expected = reference(database, **fields)
    same_order(posts, expected[:full])
    assert pages == max(1, math.ceil(min(len(expected), full) / limit))


def test_walk_ends_at_500(client):
    posts, _ = walk(client, {**BUCHAREST, "radius_km": 300}, 50)
    assert len(posts) == 500


def test_scores_descend_across_pages(client):
    posts, _ = walk(client, CLUJ, 9)
    keys = [(post["relevance_score"], post["id"]) for post in posts]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("place", [{}, CLUJ], ids=["nowhere", "Cluj"])
def test_scores_are_the_blueprint(client, database, place):
    """Parts add up; each is the formula, computed here once more from the rows."""
    posts = client.get(query(**place, limit=100, **({"radius_km": 120} if place else {}))).json()["posts"]
    rows = {str(row["id"]): row for row in database.run("""
        SELECT p.id, p.likes_count AS likes, p.views_count AS views, p.saves_count AS saves, p.shares_count AS shares,
               c.average_rating::float8 AS rating, extract(epoch FROM now() - p.published_at)::float8 AS age,
               mesteri.distance_m(p.location, mesteri.point(%s, %s)) AS metres
          FROM mesteri.content_posts p JOIN mesteri.craftsman_profiles c ON c.id = p.craftsman_id
         WHERE p.id = ANY (%s::uuid[])""", place.get("lat"), place.get("lon"), [post["id"] for post in posts])}
    for post in posts:
        parts, row = post["score_parts"], rows[post["id"]]
        assert abs(sum(parts.values()) - post["relevance_score"]) < 1e-9
        all_of = row["likes"] + row["views"] + row["saves"] + row["shares"]
        weighed = row["likes"] * 0.5 + row["views"] * 0.1 + row["saves"] * 0.3 + row["shares"] * 0.1
        assert abs(parts["engagement"] - weighed / max(all_of, 1) * 0.3) < 1e-9
        assert abs(parts["rating"] - row["rating"] / 5 * 0.2) < 1e-9
        assert abs(parts["recency"] - (1 - min(row["age"] / 604800, 1)) * 0.1) < 1e-5
        near = (1 - min(row["metres"] / 50000, 1)) * 0.4 if place else 0
        assert abs(parts["geo"] - near) < 1e-9
        assert post["distance_km"] == (pytest.approx(row["metres"] / 1000, abs=0.0501) if place else None)
    if place:
        assert any(post["score_parts"]["geo"] == 0 for post in posts) or any(post["distance_km"] > 20 for post in posts)


def test_radius_is_kept(client, database):
    for radius in (1, 5, 25, 300):
        posts, _ = walk(client, {**CLUJ, "radius_km": radius}, 100)
        inside = database.value("""
            SELECT count(*) FROM mesteri.content_posts WHERE status = 'published'
               AND mesteri.distance_m(location, mesteri.point(46.77, 23.59)) <= %s * 1000""", radius)
        assert len(posts) == min(inside, 500) and all(post["distance_km"] <= radius + 0.05 for post in posts)


def test_radius_by_default(client, register, database):
    """50 km for strangers, the profile's for whoever has one."""
    person = register(client)
    assert walk(client, CLUJ, 100)[0] and len(walk(client, CLUJ, 100)[0]) == len(reference(database, **CLUJ, count=500))
    person.client.put("/v1/users/me", {"search_radius_km": 5}, headers={"If-Match": "*"})
    near, _ = walk(person.client, CLUJ, 100)
    assert {post["id"] for post in near} == {ident for ident, _ in reference(database, **CLUJ, radius_km=5)}
    far, _ = walk(person.client, {**CLUJ, "radius_km": 50}, 100)
    assert len(far) > len(near)


@pytest.fixture(scope="module")
def categories(database):
    """Two trades that have posts, and the branch of one of them."""
    rows = database.run("""
        SELECT k.id::text, k.parent_id::text FROM mesteri.craft_categories k JOIN mesteri.content_posts p ON p.category_id = k.id
         WHERE p.status = 'published' AND k.parent_id IS NOT NULL GROUP BY k.id ORDER BY count(*) DESC, k.id LIMIT 2""")
    return rows[0]["id"], rows[1]["id"], rows[0]["parent_id"]


def test_categories_in_both_spellings(client, categories, database):
    a, b, branch = categories
    expected = {str(row["id"]) for row in database.run(
        "SELECT id FROM mesteri.content_posts WHERE status = 'published' AND category_id = ANY (%s::uuid[])", [a, b])}
    for filters in (f"categories[]={a}&categories[]={b}", f"categories={a},{b}", f"categories%5B%5D={a}&categories%5B%5D={b}",
                    f"categories={b}%2C{a}"):
        posts = client.get(f"/v1/feed?limit=100&{filters}").json()["posts"]
        assert {post["category_id"] for post in posts} == {a, b}
        assert {post["id"] for post in posts} <= expected and len(posts) == min(100, len(expected))


def test_branch_includes_its_trades(client, categories, database):
    _, _, branch = categories
    below = {str(row["id"]) for row in database.run("SELECT id FROM mesteri.craft_categories WHERE id = %s OR parent_id = %s",
                                                    branch, branch)}
    found = {post["category_id"] for post in client.get(f"/v1/feed?limit=100&categories={branch}").json()["posts"]}
    assert len(found) > 1 and found <= below


def test_unknown_category_finds_nothing(client):
    body = client.get("/v1/feed?categories[]=019a0000-0000-7000-8000-00000000ffff").json()
    assert body["posts"] == [] and body["has_more"] is False and body["next_cursor"] is None


def test_following_only(client, register, database):
    person = register(client)
    assert person.client.get("/v1/feed?following_only=true").json()["posts"] == []
    followed = [str(row["id"]) for row in database.run("""
        SELECT c.id FROM mesteri.public_craftsmen c JOIN mesteri.content_posts p ON p.craftsman_id = c.id
         WHERE p.status = 'published' GROUP BY c.id ORDER BY c.id LIMIT 3""")]
    database.run("INSERT INTO mesteri.saved_craftsmen (user_id, craftsman_id) SELECT %s, unnest(%s::uuid[])", person.id, followed)
    settle(database)
    expected = reference(database, follower=person.id)  # before: what is shown gets views, and another score
    posts, _ = walk(person.client, {"following_only": "true"}, 10)
    assert {post["craftsman_id"] for post in posts} == set(followed)
    same_order(posts, expected)
    assert client.get("/v1/feed?following_only=true").error == "unauthenticated"
    database.run("DELETE FROM mesteri.saved_craftsmen WHERE user_id = %s", person.id)


def test_following_shows_on_the_craftsman(client, register, database):
    person = register(client)
    ion = "019a0000-0000-7000-8000-000000000023"
    assert person.client.get(f"/v1/craftsmen/{ion}").json()["craftsman_profile"]["following"] is False
    database.run("INSERT INTO mesteri.saved_craftsmen (user_id, craftsman_id) VALUES (%s, %s)", person.id, ion)
    assert person.client.get(f"/v1/craftsmen/{ion}").json()["craftsman_profile"]["following"] is True
    database.run("DELETE FROM mesteri.saved_craftsmen WHERE user_id = %s", person.id)


def test_liked_and_saved(client, register, database):
    person = register(client)
    liked, saved = [post["id"] for post in client.get("/v1/feed?limit=2").json()["posts"]]
    database.run("INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type) VALUES (%s, %s, 'like'),"
                 " (%s, %s, 'save')", person.id, liked, person.id, saved)
    mine = {post["id"]: post for post in person.client.get("/v1/feed?limit=10").json()["posts"]}
    assert (mine[liked]["liked"], mine[liked]["saved"], mine[saved]["liked"], mine[saved]["saved"]) == (True, False, False, True)
    assert all(post["liked"] is False and post["saved"] is False for ident, post in mine.items() if ident not in (liked, saved))
    for post in client.get("/v1/feed?limit=10").json()["posts"]:
        assert post["liked"] is None and post["saved"] is None
    post = person.client.get(f"/v1/posts/{liked}").json()
    assert post["post"]["liked"] is True and post["engagement_stats"]["saved"] is False


def views(database, person, posts):
    """What has come in is counted first, by us if the job has not yet."""
    database.run("SELECT mesteri.roll_up_impressions()")
    return database.value("SELECT count(*) FROM mesteri.content_interactions WHERE user_id = %s AND interaction_type = 'view'"
                          " AND post_id = ANY (%s::uuid[])", person.id, posts)


def counts(database, posts):
    return {str(row["id"]): row["views_count"] for row in database.run(
        "SELECT id, views_count FROM mesteri.content_posts WHERE id = ANY (%s::uuid[])", posts)}


def settle(database):
    """Waits until the views of earlier reads have been written."""
    seen, since = None, time.monotonic()
    while time.monotonic() - since < 0.4:
        database.run("SELECT mesteri.roll_up_impressions()")
        now = database.value("SELECT sum(views_count) FROM mesteri.content_posts")
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.05)


def test_views_are_counted_once(client, register, database):
    """Once for each reader and post, by the feed and by the post alike."""
    person, other = register(client), register(client)
    settle(database)
    shown = client.get("/v1/feed?limit=10").json()["posts"]
    posts = [post["id"] for post in shown]
    before = counts(database, posts)
    answered = [post["id"] for post in person.client.get("/v1/feed?limit=10").json()["posts"]]
    assert set(answered) == set(posts), "the ranking stood still meanwhile"
    wait_until(lambda: views(database, person, posts) == 10, 10, "views appear")
    assert counts(database, posts) == {ident: count + 1 for ident, count in before.items()}

    person.client.get(f"/v1/posts/{posts[0]}")
    for ident in posts:
        person.client.get(f"/v1/posts/{ident}")
    other.client.get(f"/v1/posts/{posts[0]}")
    wait_until(lambda: views(database, other, posts) == 1, 10, "the other reader's view appears")
    settle(database)
    assert views(database, person, posts) == 10
    after = counts(database, posts)
    assert after == {ident: count + (2 if ident == posts[0] else 1) for ident, count in before.items()}


def test_views_of_strangers_and_refusals_do_not_count(client, database):
    settle(database)
    posts = [post["id"] for post in client.get("/v1/feed?limit=5").json()["posts"]]
    before = counts(database, posts)
    client.get(f"/v1/posts/{posts[0]}")
    client.get("/v1/feed?limit=5")
    settle(database)
    assert counts(database, posts) == before


def test_pages_by_number(client, database):
    """For old clients: no cursor, the ranking cut in pieces."""
    expected = reference(database, **CLUJ)
    posts = []
    for page in range(1, 6):
        body = client.get(query(**CLUJ, limit=8, page=page)).json()
        assert body["page"] == page and body["next_cursor"] is None and body["limit"] == 8
        posts += body["posts"]
    same_order(posts, expected[:40])
    last = client.get(query(**CLUJ, limit=100, page=25)).json()
    assert last["posts"] == [] and last["has_more"] is False


def test_weights_version(client, scratch, scratch_proxy):
    """New weights count for new walks; a walk under way keeps its own."""
    assert client.get("/v1/feed?limit=1").json()["weights_version"] == 1
    reader = scratch_proxy.client()
    scratch.run("INSERT INTO mesteri.feed_weights VALUES (7, 0, 0, 1, 0, 50000, interval '7 days', false)")
    try:
        assert reader.get("/v1/feed").json()["weights_version"] == 7
    finally:
        scratch.run("DELETE FROM mesteri.feed_weights WHERE version = 7")
    assert reader.get("/v1/feed").json()["weights_version"] == 1


def test_walk_keeps_clock_and_weights(client, database):
    first = client.get("/v1/feed?limit=5").json()
    database.run("INSERT INTO mesteri.feed_weights VALUES (8, 0, 0, 1, 0, 50000, interval '7 days', false)")
    try:
        second = client.get(f"/v1/feed?limit=5&cursor={first['next_cursor']}").json()
        assert second["weights_version"] == 1
        assert second["posts"][0]["relevance_score"] <= first["posts"][-1]["relevance_score"]
        other = client.get("/v1/feed?limit=5").json()
        assert other["weights_version"] == 8
    finally:
        database.run("DELETE FROM mesteri.feed_weights WHERE version = 8")
    assert client.get(f"/v1/feed?limit=5&cursor={first['next_cursor']}").status == 200
    # Its weights are gone: a walk of them cannot go on.
    assert client.get(f"/v1/feed?limit=5&cursor={other['next_cursor']}").error == "invalid_field"


def test_a_post_that_rises_is_not_shown_twice(client, database):
    """Liked a thousand times between two pages, it ranks first; who has seen it does not see it again."""
    first = client.get(query(**CLUJ, limit=5)).json()
    seen = [post["id"] for post in first["posts"]]
    falling = seen[0]
    old = database.run("SELECT views_count, likes_count FROM mesteri.content_posts WHERE id = %s", falling)[0]
    database.run("UPDATE mesteri.content_posts SET likes_count = 0, views_count = 1000000 WHERE id = %s", falling)
    try:
        ids, cursor = [], first["next_cursor"]
        for _ in range(20):
            body = client.get(query(**CLUJ, limit=5, cursor=cursor)).json()
            ids += [post["id"] for post in body["posts"]]
            cursor = body["next_cursor"]
            if not cursor:
                break
        assert not set(ids) & set(seen)
    finally:
        database.run("UPDATE mesteri.content_posts SET views_count = %s, likes_count = %s WHERE id = %s",
                     old["views_count"], old["likes_count"], falling)


def test_what_is_not_published_is_not_shown(client, database):
    post = client.get(query(**CLUJ, limit=1)).json()["posts"][0]["id"]
    for status in ("hidden", "removed", "draft", "processing"):
        database.run("UPDATE mesteri.content_posts SET status = %s WHERE id = %s", status, post)
        try:
            assert post not in [shown["id"] for shown in client.get(query(**CLUJ, limit=50)).json()["posts"]]
            assert client.get(f"/v1/posts/{post}").error == "not_found"
        finally:
            database.run("UPDATE mesteri.content_posts SET status = 'published' WHERE id = %s", post)


def test_posts_of_the_suspended_are_not_shown(client, database):
    shown = client.get(query(**CLUJ, limit=1)).json()["posts"][0]
    author = shown["craftsman"]["user_id"]
    database.run("UPDATE mesteri.users SET is_active = false WHERE id = %s", author)
    try:
        assert author not in [post["craftsman"]["user_id"] for post in client.get(query(**CLUJ, limit=100)).json()["posts"]]
        assert client.get(f"/v1/posts/{shown['id']}").error == "not_found"
        assert client.get(f"/v1/craftsmen/{shown['craftsman_id']}").error == "not_found"
    finally:
        database.run("UPDATE mesteri.users SET is_active = true WHERE id = %s", author)
