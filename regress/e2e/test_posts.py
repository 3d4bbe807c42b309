"""Craftsmen's own posts: making, changing, hiding them, and where they are shown."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import shapes
from shapes import conforms
from work import IF_ANY, NOBODY, key, make_post, profile_id, rules, upload, uploads, wrong_counters

JPEG, MP4, PDF = "image/jpeg", "video/mp4", "application/pdf"


@pytest.fixture(scope="module")
def ion(client, register):
    return register(client, user_type="craftsman", first_name="Ion")


@pytest.fixture(scope="module")
def ana(client, register):
    return register(client)


@pytest.fixture(scope="module")
def category(client):
    return client.get("/v1/categories").json()["items"][0]["id"]


def project_of(database, client_person, craftsman, status="inquiry"):
    return str(database.value("""
        INSERT INTO mesteri.projects (client_id, craftsman_id, craftsman_user_id, title, status, completed_at)
        SELECT %s, c.id, c.user_id, 'Baie', %s, CASE %s WHEN 'completed' THEN now() END FROM mesteri.craftsman_profiles c WHERE c.user_id = %s
        RETURNING id""", client_person.id, status, status, craftsman.id))


def test_a_post_with_everything(client, database, ion, ana, category):
    """What its author wrote is what he reads; others see neither the place nor the project."""
    files = uploads(database, ion, JPEG, "image/png", "image/webp")
    project = project_of(database, ana, ion)
    answer = ion.client.post("/v1/posts", {
        "title": "  Baie nouă ", "description": "Gresie <b>și</b> faianţă", "media_type": "image", "media_files": files,
        "category_id": category, "tags": ["baie", "gresie"], "location": {"lat": 46.77, "lon": 23.59}, "location_name": "Cluj-Napoca",
        "project_id": project})
    assert answer.status == 201, answer
    conforms(answer.body, shapes.OWN_POST)
    post = answer.json()["post"]
    assert answer.header("location") == f"/v1/posts/{post['id']}"
    keys = {str(row["id"]): row["key"] for row in database.run("SELECT id, key FROM mesteri.media WHERE id = ANY (%s::uuid[])", files)}
    assert post["media_urls"] == [f"/v1/media/{keys[file]}" for file in files], "in the order given"
    assert (post["title"], post["description"], post["status"]) == ("Baie nouă", "Gresie <b>și</b> faianță", "published")
    assert post["location"] == {"lat": 46.77, "lon": 23.59} and post["project_id"] == project and post["tags"] == ["baie", "gresie"]
    assert post["version"] == 1 and post["published_at"] and post["before_media_url"] is None and post["category_id"] == category
    assert database.value("SELECT bool_and(used_at IS NOT NULL AND expires_at IS NULL) FROM mesteri.media WHERE id = ANY (%s::uuid[])", files)

    for reader in (client, ana.client):
        seen = reader.get(f"/v1/posts/{post['id']}")
        conforms(seen.body, shapes.ONE_POST)
        assert {**seen.json()["post"], "liked": None, "saved": None} == {
            **post, "location": None, "project_id": None, "liked": None, "saved": None}
    conforms(ion.client.get(f"/v1/posts/{post['id']}").body, {"post": shapes.POST, "engagement_stats": shapes.COUNTERS})


def test_the_least_there_can_be(database, register, client):
    """No text, no trade: the place is the profile's, if it has one."""
    craftsman = register(client, user_type="craftsman")
    post = make_post(database, craftsman)
    assert [post[name] for name in ("title", "description", "category_id", "location", "location_name", "project_id")] == [None] * 6
    assert post["tags"] == []
    craftsman.client.put("/v1/users/me", {"location": {"lat": 45.5, "lon": 25.5}}, headers=IF_ANY)
    assert make_post(database, craftsman)["location"] == {"lat": 45.5, "lon": 25.5}
    empty = make_post(database, craftsman, title="", description=" <b> </b> ", location_name=" ", tags=[])
    assert (empty["title"], empty["description"], empty["location_name"], empty["tags"]) == (None, None, None, [])


@pytest.mark.parametrize("media_type, good, bad", [
    ("image", [[JPEG], [JPEG] * 10, ["image/gif", "image/png"]], [[MP4], [JPEG, MP4]]),
    ("before_after", [[JPEG, "image/png"]], [[JPEG], [JPEG] * 3, [MP4, MP4], [JPEG, MP4]]),
    ("video", [[MP4], ["video/quicktime"]], [[JPEG], [MP4, MP4], [MP4, JPEG]]),
    ("timelapse", [[MP4]], [[JPEG], [MP4, MP4]]),
])
def test_files_of_each_kind(database, ion, media_type, good, bad):
    for types in good:
        post = make_post(database, ion, media_type=media_type, media_files=uploads(database, ion, *types))
        pair = post["media_urls"] if media_type == "before_after" else [None, None]
        assert [post["before_media_url"], post["after_media_url"]] == pair
        assert post["duration_seconds"] == (30 if media_type in ("video", "timelapse") else None)
    for types in bad:
        files = uploads(database, ion, *types)
        answer = ion.client.post("/v1/posts", {"media_type": media_type, "media_files": files})
        assert (answer.error, rules(answer)) == ("invalid_media", [("media_files", "media_type")]), (types, answer)
        assert database.value("SELECT bool_and(used_at IS NULL) FROM mesteri.media WHERE id = ANY (%s::uuid[])", files)


def test_one_picture_twice(database, ion):
    file = upload(database, ion)
    for media_type in ("image", "before_after"):
        assert ion.client.post("/v1/posts", {"media_type": media_type, "media_files": [file, file]}).error == "invalid_media"
    assert len({tuple(make_post(database, ion, media_files=[file])["media_urls"]) for _ in range(2)}) == 1, "but in two posts"


@pytest.mark.parametrize("ref, error, rule", [
    ("https://example.org/a.jpg", "foreign_media", "upload_id"), ("http://169.254.169.254/latest", "foreign_media", "upload_id"),
    ("javascript:alert(1)", "foreign_media", "upload_id"), ("data:image/png;base64,AAAA", "foreign_media", "upload_id"),
    ("//example.org/a.jpg", "foreign_media", "upload_id"), ("/v1/media/abcdefghijklmnop", "foreign_media", "upload_id"),
    ("/etc/passwd", "foreign_media", "upload_id"), ("FILE:///etc/passwd", "foreign_media", "upload_id"),
    ("a.jpg", "invalid_field", "format"), ("", "invalid_field", "format"), ("https://" + "x" * 2041, "invalid_field", "length"),
    (NOBODY, "not_found", "exists"), (NOBODY[:-1], "invalid_field", "format"), (NOBODY + "0", "invalid_field", "format"),
    ("{" + NOBODY + "}", "invalid_field", "format"), (NOBODY.replace("-", ""), "invalid_field", "format"),
    (7, "invalid_field", "type"), (None, "invalid_field", None), ({}, "invalid_field", "type"), (["x"], "invalid_field", "type"),
])
def test_what_is_no_upload_of_ours(database, ion, ref, error, rule):
    mine = upload(database, ion)
    answer = ion.client.post("/v1/posts", {"media_type": "image", "media_files": [mine, ref]})
    assert answer.error == error, answer
    assert answer.json()["details"][0]["field"].startswith("media_files") and rule in (None, answer.json()["details"][0]["rule"])
    assert database.value("SELECT used_at IS NULL FROM mesteri.media WHERE id = %s", mine)


def test_uploads_of_others_and_of_another_kind(client, database, register, ion, ana):
    other = register(client, user_type="craftsman")

    def tried(file):
        answer = ion.client.post("/v1/posts", {"media_type": "image", "media_files": [file]})
        return answer.error, rules(answer)

    for owner in (other, ana):
        assert tried(upload(database, owner)) == ("not_found", [("media_files", "exists")])
    assert tried(upload(database, ion, purpose="avatar")) == ("invalid_media", [("media_files", "ready")])
    assert tried(upload(database, ion, purpose="identity")) == ("invalid_media", [("media_files", "ready")])
    for status in ("pending", "rejected"):
        assert tried(upload(database, ion, status=status)) == ("invalid_media", [("media_files", "ready")])
    deleted = upload(database, ion)
    database.run("UPDATE mesteri.media SET deleted_at = now() WHERE id = %s", deleted)
    assert tried(deleted) == ("not_found", [("media_files", "exists")])


@pytest.mark.parametrize("fields, field, rule", [
    ({"media_type": None}, "media_type", "null"), ({"media_type": "gif"}, "media_type", "enum"), ({"media_files": []}, "media_files", "count"),
    ({"media_files": [NOBODY] * 11}, "media_files", "count"), ({"media_files": NOBODY}, "media_files", "type"),
    ({"title": "x" * 256}, "title", "length"), ({"title": "a\nb"}, "title", "control_character"),
    ({"description": "x" * 5001}, "description", "length"), ({"description": "a\u0000b"}, None, None),
    ({"tags": ["x"] * 21}, "tags", "count"), ({"tags": ["x" * 51]}, "tags", "length"), ({"tags": [" "]}, "tags", "length"),
    ({"tags": "baie"}, "tags", "type"), ({"location": {"lat": 91, "lon": 0}}, "location.lat", "range"),
    ({"location": {"lat": 1}}, "location.lon", "required"), ({"location_name": "x" * 256}, "location_name", "length"),
    ({"status": "hidden"}, "status", "enum"), ({"status": "processing"}, "status", "enum"), ({"status": "removed"}, "status", "enum"),
    ({"category_id": "x"}, "category_id", None), ({"project_id": 7}, "project_id", None),
])
def test_fields_out_of_limits(database, ion, fields, field, rule):
    answer = ion.client.post("/v1/posts", {"media_type": "image", "media_files": [NOBODY], **fields})
    assert answer.status == 400, answer
    if field:
        assert answer.json()["details"][0]["field"].startswith(field), answer
        assert rule in (None, answer.json()["details"][0]["rule"]), answer


def test_fields_at_their_limits(database, ion):
    post = make_post(database, ion, title="ț" * 255, description="ă" * 5000, tags=["ș" * 50] * 20, location_name="î" * 255,
                     location={"lat": -90, "lon": 180})
    assert (len(post["title"]), len(post["description"]), len(post["tags"]), len(post["location_name"])) == (255, 5000, 20, 255)


def test_missing_and_unknown_fields(ion):
    assert rules(ion.client.post("/v1/posts", {}))[0][1] == "required"
    for body in ({"media_type": "image", "media_files": [NOBODY], "craftsman_id": NOBODY}, {"media_type": "image", "media_urls": ["x"]},
                 {"media_type": "image", "media_files": [NOBODY], "likes_count": 7}):
        assert ion.client.post("/v1/posts", body).error == "unknown_field"


def test_trade_and_project_must_be_there(client, database, register, ion, ana, category):
    inactive = str(database.value("INSERT INTO mesteri.craft_categories (slug, name_ro, is_active) VALUES ('stins', 'Stins', false)"
                                  " ON CONFLICT (slug) DO UPDATE SET is_active = false RETURNING id"))
    others = project_of(database, ana, register(client, user_type="craftsman"))
    files = uploads(database, ion, JPEG)
    for field, value in (("category_id", NOBODY), ("category_id", inactive), ("project_id", NOBODY), ("project_id", others)):
        answer = ion.client.post("/v1/posts", {"media_type": "image", "media_files": files, field: value})
        assert (answer.error, rules(answer)) == ("not_found", [(field, "exists")])
        post = make_post(database, ion)
        answer = ion.client.put(f"/v1/posts/{post['id']}", {field: value}, headers=IF_ANY)
        assert (answer.error, rules(answer)) == ("not_found", [(field, "exists")])


def test_only_craftsmen(client, ana, staff, database, ion):
    post = make_post(database, ion)["id"]
    for method, path, body in (("POST", "/v1/posts", {"media_type": "image", "media_files": [NOBODY]}), ("PUT", f"/v1/posts/{post}", {}),
                               ("DELETE", f"/v1/posts/{post}", None), ("GET", "/v1/posts/mine", None)):
        assert client(method, path, body).error == "unauthenticated"
        for person in (ana.client, staff):
            assert person(method, path, body).error == "forbidden_role"


def test_multipart_is_not_taken_yet(ion):
    body = b'--b\r\nContent-Disposition: form-data; name="media_type"\r\n\r\nimage\r\n--b--\r\n'
    answer = ion.client.post("/v1/posts", body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.error == "unsupported_media_type"


def test_a_key_makes_one_post(database, ion):
    body, headers = {"media_type": "image", "media_files": uploads(database, ion, JPEG)}, key()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ion.client.post("/v1/posts", body, headers=headers), range(8)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.json()["post"]["id"] for answer in answers if answer.status == 201}) == 1
    again = ion.client.post("/v1/posts", body, headers=headers)
    assert again.status == 201 and again.header("idempotent-replayed") == "true"


# Changing.


def test_absent_stays_and_null_clears(database, ion, category):
    post = make_post(database, ion, title="T", description="D", category_id=category, tags=["a"], location={"lat": 1, "lon": 2}, location_name="L")
    path = f"/v1/posts/{post['id']}"
    answer = ion.client.put(path, {}, headers={"If-Match": '"1"'})
    conforms(answer.body, shapes.OWN_POST)
    assert answer.json()["post"] == {**post, "version": 2} and answer.header("etag").startswith('"2-')
    for number, (field, value, stored) in enumerate([
            ("title", None, None), ("description", None, None), ("category_id", None, None), ("location", None, None),
            ("location_name", None, None), ("tags", [], []), ("title", " U ", "U"), ("description", "<script>x</script>", None),
            ("description", "<i>E</i><img src=x onerror=alert(1)>", "<i>E</i>"), ("location", {"lat": 3, "lon": 4}, {"lat": 3, "lon": 4})]):
        answer = ion.client.put(path, {field: value}, headers={"If-Match": f'"{number + 2}"'})
        assert answer.status == 200 and answer.json()["post"][field] == stored, answer
    for field in ("tags", "status"):
        answer = ion.client.put(path, {field: None}, headers=IF_ANY)
        assert (answer.error, rules(answer)) == ("invalid_field", [(field, "null")])
    for field in ("media_type", "media_files", "published_at", "craftsman_id", "version"):
        assert ion.client.put(path, {field: 1}, headers=IF_ANY).error == "unknown_field"


def test_conditions(client, database, register, ion):
    post = make_post(database, ion)
    path = f"/v1/posts/{post['id']}"
    assert ion.client.put(path, {"title": "x"}).error == "precondition_required"
    for tag in ('"2"', '"1', "1", 'W/"x"', '""'):
        assert ion.client.put(path, {"title": "x"}, headers={"If-Match": tag}).error == "precondition_failed", tag
    tag = ion.client.get(path).header("etag")
    assert ion.client.put(path, {"title": "x"}, headers={"If-Match": tag}).status == 200
    assert ion.client.put(path, {"title": "y"}, headers={"If-Match": tag}).error == "precondition_failed"
    # What is not there, or another's, is not there before anything else is asked.
    other = register(client, user_type="craftsman")
    for person, where in ((ion, NOBODY), (other, post["id"])):
        assert person.client.put(f"/v1/posts/{where}", {"title": "x"}).error == "not_found"
        assert person.client.delete(f"/v1/posts/{where}").error == "not_found"
    # A like is no edit.
    tag = ion.client.get(path).header("etag")
    other.client.post(f"{path}/like")
    assert ion.client.get(path).header("etag") != tag
    assert ion.client.put(path, {"title": "z"}, headers={"If-Match": tag}).status == 200


def test_one_of_two_edits_of_a_version(database, ion):
    post = make_post(database, ion)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: ion.client.put(f"/v1/posts/{post['id']}", {"title": str(number)}, headers={"If-Match": '"1"'}),
                                range(12)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 11
    winner, = [answer.json()["post"]["title"] for answer in answers if answer.status == 200]
    assert ion.client.get(f"/v1/posts/{post['id']}").json()["post"]["title"] == winner


ALLOWED = {"draft": ["published", "hidden"], "published": ["hidden"], "hidden": ["published", "draft"], "processing": [], "removed": []}


@pytest.mark.parametrize("before", ALLOWED)
def test_states(database, ion, before):
    for after in ("draft", "published", "hidden"):
        post = make_post(database, ion)
        database.run("UPDATE mesteri.content_posts SET status = %s WHERE id = %s", before, post["id"])
        answer = ion.client.put(f"/v1/posts/{post['id']}", {"status": after}, headers=IF_ANY)
        if after == before or after in ALLOWED[before]:
            assert answer.status == 200 and answer.json()["post"]["status"] == after
        else:
            assert answer.error == "illegal_transition", (before, after, answer)
            detail, = answer.json()["details"]
            assert (detail["field"], detail["rule"], detail["allowed"]) == ("status", "transition", ALLOWED[before])
    for after in ("processing", "removed", "Draft", "", 7):
        assert ion.client.put(f"/v1/posts/{post['id']}", {"status": after}, headers=IF_ANY).error == "invalid_field"


def test_a_draft_is_its_authors_until_published(client, database, ion, ana, staff):
    post = make_post(database, ion, status="draft")
    assert post["published_at"] is None
    path = f"/v1/posts/{post['id']}"
    for reader in (client, ana.client):
        assert reader.get(path).error == "not_found" and reader.get(f"{path}/comments").error == "not_found"
    for reader in (ion.client, staff):
        assert reader.get(path).json()["post"]["status"] == "draft" and reader.get(f"{path}/comments").json()["items"] == []
    published = ion.client.put(path, {"status": "published"}, headers=IF_ANY).json()["post"]
    assert published["published_at"] and client.get(path).status == 200
    ion.client.put(path, {"status": "hidden"}, headers=IF_ANY)
    assert client.get(path).error == "not_found"
    again = ion.client.put(path, {"status": "published"}, headers=IF_ANY).json()["post"]
    assert again["published_at"] == published["published_at"], "who shows it again does not make it new"


def test_deleting_hides(client, database, ion, ana):
    post = make_post(database, ion)
    path = f"/v1/posts/{post['id']}"
    ana.client.post(f"{path}/like")
    for _ in range(2):
        answer = ion.client.delete(path)
        assert answer.status == 204 and answer.body == b""
    assert client.get(path).error == "not_found"
    mine = ion.client.get(path).json()["post"]
    assert (mine["status"], mine["version"], mine["likes_count"]) == ("hidden", 2, 1)
    assert not wrong_counters(database, post["id"])
    database.run("UPDATE mesteri.content_posts SET status = 'removed' WHERE id = %s", post["id"])
    assert ion.client.delete(path).status == 204
    assert ion.client.get(path).json()["post"]["status"] == "removed", "what staff removed stays so"


# Lists.


def test_mine_and_portfolio(client, database, register, ana, staff):
    craftsman = register(client, user_type="craftsman")
    profile = profile_id(craftsman)
    posts = [make_post(database, craftsman, title=str(number), status="draft" if number % 3 == 0 else "published")["id"] for number in range(9)]
    ion_page = craftsman.client.get("/v1/posts/mine?limit=4")
    conforms(ion_page.body, shapes.OWN_POSTS)
    walked = []
    for page in (1, 2, 3, 4):
        body = craftsman.client.get(f"/v1/posts/mine?limit=4&page={page}").json()
        walked += [post["id"] for post in body["items"]]
        assert (body["page"], body["limit"], body["has_more"]) == (page, 4, page < 3)
    assert walked == posts[::-1]
    drafts = craftsman.client.get("/v1/posts/mine?status=draft").json()["items"]
    assert [post["id"] for post in drafts] == posts[6::-3]
    assert craftsman.client.get("/v1/posts/mine?status=lost").error == "invalid_field"
    assert craftsman.client.get("/v1/posts/mine?page=2147483647&limit=100").json()["items"] == []

    shown = [ident for number, ident in enumerate(posts) if number % 3]
    for reader in (client, ana.client):
        answer = reader.get(f"/v1/craftsmen/{profile}/portfolio?limit=100")
        conforms(answer.body, shapes.PORTFOLIO)
        assert [post["id"] for post in answer.json()["items"]] == shown[::-1]
    for reader in (craftsman.client, staff):
        assert [post["id"] for post in reader.get(f"/v1/craftsmen/{profile}/portfolio").json()["items"]] == shown[::-1]
    for nobody in (NOBODY, craftsman.id, profile_id_of_suspended(database, register, client)):
        for list_ in ("portfolio", "reviews"):
            assert client.get(f"/v1/craftsmen/{nobody}/{list_}").error == "not_found"


def profile_id_of_suspended(database, register, client):
    craftsman = register(client, user_type="craftsman")
    profile = profile_id(craftsman)
    database.run("UPDATE mesteri.users SET is_active = false WHERE id = %s", craftsman.id)
    return profile


def test_what_a_suspended_craftsman_cannot(client, database, register, ana):
    """His posts are gone for others; what they did with them stays counted."""
    craftsman = register(client, user_type="craftsman")
    post = make_post(database, craftsman)["id"]
    assert ana.client.post(f"/v1/posts/{post}/like").status == 200
    database.run("UPDATE mesteri.users SET is_active = false WHERE id = %s", craftsman.id)
    for method, path in (("GET", ""), ("POST", "/like"), ("POST", "/unlike"), ("POST", "/save"), ("POST", "/share"), ("GET", "/comments")):
        assert ana.client(method, f"/v1/posts/{post}{path}").error == "not_found", path
    assert ana.client.post(f"/v1/posts/{post}/comments", {"text": "x"}).error == "not_found"
    assert ana.client.post(f"/v1/posts/{post}/report", {"reason": "x"}).error == "not_found"
    assert not wrong_counters(database, post)


def test_ids_of_every_kind(client, ana):
    for nobody in (NOBODY, str(uuid.uuid4()), "me", "7", "mine", "%00", NOBODY.upper()):
        assert ana.client.post(f"/v1/posts/{nobody}/like").error in ("not_found", "malformed_body"), nobody
