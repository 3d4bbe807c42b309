"""A craftsman's work as tests make it: uploads without bytes, posts of them, and what counters should say."""

import uuid

NOBODY = "019a0000-0000-7000-8000-00000000ffff"
IF_ANY = {"If-Match": "*"}


def upload(database, person, content_type="image/jpeg", purpose="post", status="ready"):
    return str(database.value("SELECT ops.make_media(%s, %s, %s, %s)", person.id, purpose, content_type, status))


def uploads(database, person, *content_types):
    return [upload(database, person, content_type) for content_type in content_types]


def make_post(database, craftsman, **fields):
    """The post as its author was answered."""
    body = {"media_type": "image", "media_files": uploads(database, craftsman, "image/jpeg"), **fields}
    answer = craftsman.client.post("/v1/posts", body)
    assert answer.status == 201, answer
    return answer.json()["post"]


def profile_id(craftsman):
    return craftsman.client.get("/v1/users/me").json()["craftsman_profile"]["id"]


def wrong_counters(database, *ids):
    """Of these posts and craftsmen; what reads have left is counted first."""
    database.run("SELECT mesteri.roll_up_impressions()")
    return database.run("SELECT * FROM ops.wrong_counters() WHERE id = ANY (%s::uuid[])", [str(ident) for ident in ids])


def rules(answer):
    return [(detail["field"], detail["rule"]) for detail in answer.json()["details"]]


def key():
    return {"Idempotency-Key": str(uuid.uuid4())}
