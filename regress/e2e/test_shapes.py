"""Every answer has exactly the fields of its shape, each of its type, written as agreed."""

import pytest

import shapes
from shapes import conforms

ION = "019a0000-0000-7000-8000-000000000023"
CLUJ = "lat=46.77&lon=23.59"
DEMO_PASSWORD = "mesteri-demo-2026"


@pytest.fixture(scope="module")
def ana(client):
    answer = client.post("/v1/auth/login", {"email_or_phone": "ana.popescu@example.ro", "password": DEMO_PASSWORD})
    return client.with_token(answer.json()["tokens"]["access_token"])


@pytest.fixture(scope="module")
def ion(client):
    answer = client.post("/v1/auth/login", {"email_or_phone": "0722000002", "password": DEMO_PASSWORD})
    conforms(answer.body, shapes.SIGNED_IN)
    return client.with_token(answer.json()["tokens"]["access_token"])


@pytest.fixture(params=["anonymous", "client", "craftsman", "staff"])
def reader(request, client, ana, ion, staff):
    return {"anonymous": client, "client": ana, "craftsman": ion, "staff": staff}[request.param]


@pytest.mark.parametrize("path", ["/v1/feed?limit=100", f"/v1/feed?{CLUJ}&radius_km=300&limit=100", "/v1/feed?page=2"])
def test_feed(reader, path):
    answer = reader.get(path)
    assert answer.status == 200
    conforms(answer.body, shapes.FEED)
    posts = answer.json()["posts"]
    assert len(posts) == answer.json()["limit"]
    assert all((post["distance_km"] is None) == ("lat=" not in path) for post in posts)
    assert all((post["liked"] is None) == (reader.token is None) == (post["saved"] is None) for post in posts)


def test_feed_does_not_show_places_to_others(client, ana):
    for reader in (client, ana):
        for post in reader.get(f"/v1/feed?{CLUJ}&limit=100").json()["posts"]:
            assert post["location"] is None and post["project_id"] is None


@pytest.mark.parametrize("query", [
    "", f"?{CLUJ}", f"?{CLUJ}&radius_km=300&limit=100", "?limit=100", "?min_rating=4.5&available_now=true",
    "?max_price=80", "?q=instalator",
])
def test_craftsmen(reader, query):
    answer = reader.get(f"/v1/craftsmen{query}")
    assert answer.status == 200
    conforms(answer.body, shapes.CRAFTSMEN)
    assert answer.json()["items"], "a query that finds nothing shows no shape"
    for hit in answer.json()["items"]:
        assert abs(sum(hit["score_parts"].values()) - hit["score"]) < 1e-9
        assert (hit["distance_km"] is None) == ("lat=" not in query)


def test_craftsman_for_others(client, ana):
    for reader in (client, ana):
        answer = reader.get(f"/v1/craftsmen/{ION}")
        conforms(answer.body, shapes.ONE_CRAFTSMAN)
        assert (answer.json()["craftsman_profile"]["following"] is None) == (reader.token is None)


def test_craftsman_for_himself_and_staff(ion, staff):
    for reader in (ion, staff):
        answer = reader.get(f"/v1/craftsmen/{ION}")
        conforms(answer.body, {"craftsman_profile": shapes.CRAFTSMAN})


def test_tax_number_shows_once_verified(client, ion, database):
    """An unverified number is nobody's business but his own and staff's."""
    path = f"/v1/craftsmen/{ION}"
    before = client.get(path).json()["craftsman_profile"]
    assert before["business_verification_status"] == "verified" and before["cui"]
    database.run("UPDATE mesteri.craftsman_profiles SET business_verification_status = 'pending', business_verified_at = NULL"
                 " WHERE id = %s", ION)
    try:
        hidden = client.get(path).json()["craftsman_profile"]
        assert hidden["cui"] is None and hidden["trade_register_number"] is None
        assert ion.get(path).json()["craftsman_profile"]["cui"] == before["cui"]
    finally:
        database.run("UPDATE mesteri.craftsman_profiles SET business_verification_status = 'verified',"
                     " business_verified_at = now() WHERE id = %s", ION)


def test_every_craftsman(client, database):
    rows = database.run("SELECT id FROM mesteri.public_craftsmen ORDER BY id LIMIT 40")
    for row in rows:
        conforms(client.get(f"/v1/craftsmen/{row['id']}").body, shapes.ONE_CRAFTSMAN)


def test_posts_of_all_kinds(client, ana, database):
    rows = database.run("""
        SELECT DISTINCT ON (media_type, location IS NULL, duration_seconds IS NULL) id FROM mesteri.content_posts
         WHERE status = 'published' ORDER BY media_type, location IS NULL, duration_seconds IS NULL, id""")
    assert len(rows) >= 4
    for row in rows:
        for reader in (client, ana):
            answer = reader.get(f"/v1/posts/{row['id']}")
            conforms(answer.body, shapes.ONE_POST)
            body = answer.json()
            assert body["engagement_stats"]["post_id"] == body["post"]["id"] == str(row["id"])
            assert all(body["post"][name] == value for name, value in body["engagement_stats"].items() if name != "post_id")
            assert answer.header("etag").startswith(f"\"{body['post']['version']}-")


def test_post_for_its_author_and_staff(client, ana, ion, staff, database):
    """The place is theirs to see, and so is what is not published; for others that does not exist."""
    published = database.value("SELECT id::text FROM mesteri.content_posts WHERE craftsman_id = %s AND status = 'published'"
                               " AND location IS NOT NULL ORDER BY id LIMIT 1", ION)
    draft = database.value("""
        INSERT INTO mesteri.content_posts (craftsman_id, media_type, media_urls, status)
        VALUES (%s, 'image', '["/v1/media/e2e/1.jpg"]', 'draft') RETURNING id::text""", ION)
    for reader in (ion, staff):
        answer = reader.get(f"/v1/posts/{published}")
        conforms(answer.body, {"post": {**shapes.POST, "location": shapes.LOCATION}, "engagement_stats": shapes.COUNTERS})
        answer = reader.get(f"/v1/posts/{draft}")
        conforms(answer.body, {"post": shapes.POST, "engagement_stats": shapes.COUNTERS})
    for reader in (client, ana):
        assert reader.get(f"/v1/posts/{draft}").error == "not_found"


@pytest.mark.parametrize("query", ["", "?limit=7&page=2", "?page=1000", "?parent_id=019a0000-0000-7000-8000-00000000ffff"])
def test_categories(reader, query):
    answer = reader.get(f"/v1/categories{query}")
    assert answer.status == 200
    conforms(answer.body, shapes.CATEGORIES)


def test_category_names_follow_the_language(client):
    for language in ("ro", "hu", "en"):
        items = client.get("/v1/categories", headers={"Accept-Language": language}).json()["items"]
        assert items and all(item["name"] == (item[f"name_{language}"] or item["name_ro"]) for item in items)


def test_category_pages_are_the_whole(client):
    whole = client.get("/v1/categories").json()
    assert not whole["has_more"]
    walked, page, more = [], 1, True
    while more:
        answer = client.get(f"/v1/categories?limit=7&page={page}").json()
        walked += answer["items"]
        page, more = page + 1, answer["has_more"]
    assert walked == whole["items"]


def test_me_of_all_kinds(ana, ion, staff):
    for reader in (ana, ion, staff):
        answer = reader.get("/v1/users/me")
        assert answer.status == 200
        conforms(answer.body, shapes.ME)


def test_accept_language(client):
    """The best we speak, by weight; Romanian when there is none."""
    texts = {"ro": "Nu există", "hu": "Nem létezik", "en": "It does not exist"}
    for header, language in [("ro", "ro"), ("hu", "hu"), ("en", "en"), ("hu-RO", "hu"), ("EN-gb;q=0.9", "en"), ("de", "ro"),
                             ("de, en;q=0.1", "en"), ("en;q=0.2, hu;q=0.8", "hu"), ("en;q=0", "ro"), ("*", "ro"), ("", "ro"),
                             (";;q=,,", "ro"), ("en;q=9", "ro")]:
        problem = client.get("/v1/nowhere", headers={"Accept-Language": header}).json()
        assert problem["message"].startswith(texts[language]), (header, problem)
