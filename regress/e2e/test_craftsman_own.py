"""What craftsmen say of themselves, and what is said of them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import shapes
from shapes import conforms
from work import IF_ANY, NOBODY, key, profile_id, rules, upload, wrong_counters


@pytest.fixture(scope="module")
def ion(client, register):
    return register(client, user_type="craftsman", first_name="Ion")


@pytest.fixture(scope="module")
def trades(client):
    return [item["id"] for item in client.get("/v1/categories?limit=100").json()["items"][:25]]


def put(person, tag=IF_ANY, **fields):
    return person.client.put("/v1/craftsmen/me", fields, headers=tag)


def version(person):
    return person.client.get("/v1/users/me").json()["profile"]["version"]


def test_profile(client, ion, trades):
    before = version(ion)
    everything = {"business_name": " Ion & fiii SRL ", "business_type": "SRL", "years_of_experience": 12, "insurance_details": {"sum": 50000, "of": ["a"]},
                  "hourly_rate_min": 50, "hourly_rate_max": 120.5, "accepts_installments": True,
                  "crafts": [{"category_id": trades[0], "is_primary": True, "years_experience": 5}, {"category_id": trades[1]}]}
    answer = put(ion, {"If-Match": f'"{before}"'}, **everything)
    assert answer.status == 200, answer
    conforms(answer.body, shapes.OWN_CRAFTSMAN)
    made = answer.json()["craftsman_profile"]
    assert made["version"] == before + 1 == version(ion) and answer.header("etag").startswith(f'"{before + 1}-')
    assert made["business_name"] == "Ion & fiii SRL" and made["insurance_details"] == {"sum": 50000, "of": ["a"]}
    assert b'"hourly_rate_min" : 50.00' in answer.body and b'"hourly_rate_max" : 120.50' in answer.body
    assert {(craft["category_id"], craft["is_primary"], craft["years_experience"]) for craft in made["crafts"]} == {
        (trades[0], True, 5), (trades[1], False, None)}
    others = client.get(f"/v1/craftsmen/{made['id']}")
    conforms(others.body, shapes.ONE_CRAFTSMAN)
    assert ion.client.get(f"/v1/craftsmen/{made['id']}").json()["craftsman_profile"] == {**made, "following": False}

    unchanged = put(ion).json()["craftsman_profile"]
    assert {**unchanged, "version": 0, "updated_at": 0} == {**made, "version": 0, "updated_at": 0}, "what is absent stays"
    for field, stored in (("business_name", None), ("business_type", None), ("years_of_experience", None), ("insurance_details", None),
                          ("hourly_rate_min", None), ("hourly_rate_max", None)):
        assert put(ion, **{field: None}).json()["craftsman_profile"][field] is stored
    for field in ("accepts_installments", "crafts"):
        assert rules(put(ion, **{field: None})) == [(field, "null")]
    assert put(ion, crafts=[]).json()["craftsman_profile"]["crafts"] == []


@pytest.mark.parametrize("fields, status, rule", [
    ({"business_name": "x" * 255}, 200, None), ({"business_name": "x" * 256}, 400, "length"), ({"business_type": "SA"}, 400, "enum"),
    ({"years_of_experience": 0}, 200, None), ({"years_of_experience": 80}, 200, None), ({"years_of_experience": -1}, 400, "range"),
    ({"years_of_experience": 81}, 400, "range"), ({"years_of_experience": 1.5}, 400, "format"), ({"insurance_details": []}, 400, "type"),
    ({"insurance_details": "x"}, 400, "type"), ({"insurance_details": {"a": "x" * 8180}}, 200, None),
    ({"insurance_details": {"a": "x" * 8200}}, 400, "length"), ({"hourly_rate_min": 0}, 400, "range"), ({"hourly_rate_min": -1}, 400, "range"),
    ({"hourly_rate_min": 0.01}, 200, None), ({"hourly_rate_min": 0.001}, 400, "format"), ({"hourly_rate_max": 9999999999.99}, 200, None),
    ({"hourly_rate_max": 10000000000}, 400, "range"), ({"hourly_rate_min": "50"}, 400, "type"), ({"hourly_rate_min": 1e400}, 400, None),
    ({"hourly_rate_min": 50, "hourly_rate_max": 49.99}, 422, "above_max"), ({"hourly_rate_min": 50, "hourly_rate_max": 50}, 200, None),
    ({"crafts": [{"category_id": NOBODY}]}, 404, "exists"), ({"crafts": [{}]}, 400, "required"), ({"crafts": [None]}, 400, None),
    ({"crafts": [{"category_id": NOBODY, "name": "x"}]}, 400, "unknown"), ({"crafts": "x"}, 400, "type"),
    ({"crafts": [{"category_id": NOBODY}] * 21}, 400, "count"), ({"tier": "master"}, 400, "unknown"), ({"cui": "RO1"}, 400, "unknown"),
    ({"average_rating": 5}, 400, "unknown"), ({"version": 9}, 400, "unknown"),
])
def test_profile_limits(client, register, fields, status, rule):
    person = register(client, user_type="craftsman")
    body = json.dumps(fields).replace("Infinity", "1e400").encode()
    answer = person.client.put("/v1/craftsmen/me", body, headers={**IF_ANY, "Content-Type": "application/json"})
    assert answer.status == status, answer
    assert rule is None or rules(answer)[0][1] == rule, answer


def test_rates_that_are_stored_count_too(client, register):
    person = register(client, user_type="craftsman")
    assert put(person, hourly_rate_max=100).status == 200
    answer = put(person, hourly_rate_min=100.01)
    assert (answer.error, rules(answer)) == ("invalid_value", [("hourly_rate_min", "above_max")])
    assert put(person, hourly_rate_min=100.01, hourly_rate_max=None).status == 200


def test_crafts(ion, trades):
    twice = put(ion, crafts=[{"category_id": trades[0]}, {"category_id": trades[0].upper()}])
    assert (twice.error, rules(twice)) == ("invalid_value", [("crafts", "duplicate")])
    primary = put(ion, crafts=[{"category_id": trade, "is_primary": True} for trade in trades[:2]])
    assert (primary.error, rules(primary)) == ("invalid_value", [("crafts", "one_primary")])
    assert len(put(ion, crafts=[{"category_id": trade} for trade in trades[:20]]).json()["craftsman_profile"]["crafts"]) == 20
    # What does not fit is told after what has not been read, before what is not there.
    wrong = {"crafts": [{"category_id": trades[0]}] * 2}
    assert put(ion, {}, **wrong).error == "precondition_required" and put(ion, {"If-Match": '"0"'}, **wrong).error == "precondition_failed"
    assert put(ion, {}, crafts=[{"category_id": NOBODY}]).error == "not_found"


def test_conditions_and_callers(client, register, staff, ion):
    assert put(ion, {}, business_name="x").error == "precondition_required"
    assert put(ion, {"If-Match": '"0"'}, business_name="x").error == "precondition_failed"
    ana = register(client)
    for method, path, body in (("PUT", "/v1/craftsmen/me", {}), ("PUT", "/v1/craftsmen/me/availability", {"status": "busy"}),
                               ("POST", "/v1/craftsmen/me/certifications", {"name": "x"})):
        assert client(method, path, body).error == "unauthenticated"
        assert ana.client(method, path, body).error == staff(method, path, body).error == "forbidden_role"


def test_one_version_of_the_account(client, register):
    """Edits of the account and of the business see each other."""
    person = register(client, user_type="craftsman")
    tag = person.client.get("/v1/users/me").header("etag")
    assert person.client.put("/v1/users/me", {"city": "Dej"}, headers={"If-Match": tag}).status == 200
    assert put(person, {"If-Match": tag}, business_name="x").error == "precondition_failed"


def test_all_edits_at_once(client, register):
    """Nobody waits in a circle: each is done, or told that it came too late."""
    person = register(client, user_type="craftsman")
    calls = [lambda: put(person, business_name="x"),
             lambda: person.client.put("/v1/craftsmen/me/availability", {"status": "busy"}),
             lambda: person.client.post("/v1/craftsmen/me/certifications", {"name": "x"}),
             lambda: person.client.put("/v1/users/me", {"city": "Dej"}, headers=IF_ANY)] * 10
    before = version(person)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda call: call(), calls))
    assert {answer.status for answer in answers} <= {200, 201}, answers
    assert version(person) == before + len(calls)


# Availability.


def test_availability(client, register):
    person = register(client, user_type="craftsman")
    before = version(person)
    for number, (body, status, radius) in enumerate([
            ({"status": "busy"}, "busy", 50), ({"status": "available", "radius_km": 300}, "available", 300),
            ({"status": "vacation", "radius_km": 1}, "vacation", 1)]):
        answer = person.client.put("/v1/craftsmen/me/availability", body)
        conforms(answer.body, shapes.AVAILABILITY)
        assert answer.json() == {"availability_status": status, "is_available": status == "available", "available_radius_km": radius}
        assert version(person) == before + number + 1
    for body, rule in (({}, "required"), ({"status": None}, "null"), ({"status": "asleep"}, "enum"), ({"status": "busy", "radius_km": 0}, "range"),
                       ({"status": "busy", "radius_km": 301}, "range"), ({"status": "busy", "radius_km": 1.5}, "format"),
                       ({"status": "busy", "radius_km": None}, "null"), ({"status": "busy", "is_available": True}, "unknown")):
        answer = person.client.put("/v1/craftsmen/me/availability", body)
        assert answer.status == 400 and rules(answer)[0][1] == rule, answer


# Papers.


def certify(person, headers=None, **fields):
    return person.client.post("/v1/craftsmen/me/certifications", {"name": "ANRE", **fields}, headers=headers)


def test_papers(client, database, register, staff):
    person = register(client, user_type="craftsman")
    profile = profile_id(person)
    answer = certify(person, issuer="ANRE", number="12/2024", issued_on="2024-02-29", expires_on="2029-02-28")
    assert answer.status == 201 and answer.header("location") == f"/v1/craftsmen/{profile}"
    conforms(answer.body, shapes.CERTIFIED)
    assert answer.json()["certification"]["verification_status"] == "none"

    document = upload(database, person, "application/pdf", "certification")
    scanned = certify(person, name="ISCIR", document=document).json()["certification"]
    assert scanned["verification_status"] == "pending" and scanned["document_url"].startswith("/v1/media/")
    assert database.value("SELECT count(*) FROM mesteri.verifications WHERE user_id = %s AND type = 'certification' AND status = 'pending'"
                          " AND certification_id = %s", person.id, scanned["id"]) == 1, "staff are told"
    listed = {reader: {paper["name"]: paper["document_url"] for paper in reader.get(f"/v1/craftsmen/{profile}").json()["craftsman_profile"]["certifications"]}
              for reader in (client, person.client, staff)}
    assert listed[client] == {"ANRE": None, "ISCIR": None}, "documents are for himself and staff"
    assert listed[person.client] == listed[staff] == {"ANRE": None, "ISCIR": scanned["document_url"]}


def test_papers_of_a_document(client, database, register):
    person, other = register(client, user_type="craftsman"), register(client, user_type="craftsman")

    def tried(document):
        answer = certify(person, document=document)
        return answer.error, rules(answer)

    assert tried(upload(database, other, "application/pdf", "certification")) == tried(NOBODY) == ("not_found", [("document", "exists")])
    assert tried(upload(database, person)) == tried(upload(database, person, "image/png", "identity")) == ("invalid_media", [("document", "ready")])
    assert tried(upload(database, person, "image/png", "certification", "pending")) == ("invalid_media", [("document", "ready")])
    assert tried("https://example.org/a.pdf") == ("foreign_media", [("document", "upload_id")])
    assert tried("a.pdf") == ("invalid_field", [("document", "format")])


@pytest.mark.parametrize("fields, status, rule", [
    ({"name": "x" * 255, "issuer": "x" * 255, "number": "x" * 100}, 201, None), ({"name": ""}, 400, "length"), ({"name": " "}, 400, "length"),
    ({"name": "x" * 256}, 400, "length"), ({"issuer": "x" * 256}, 400, "length"), ({"number": "x" * 101}, 400, "length"), ({"name": None}, 400, "null"),
    ({"issued_on": "2024-01-02", "expires_on": "2024-01-01"}, 422, "order"), ({"issued_on": "2024-01-01", "expires_on": "2024-01-01"}, 201, None),
    ({"issued_on": "2023-02-29"}, 400, None), ({"issued_on": "1899-12-31"}, 400, "range"), ({"expires_on": "3000-01-01"}, 400, "range"),
    ({"issued_on": "infinity"}, 400, None), ({"issued_on": "today"}, 400, None), ({"issued_on": "01/02/2024"}, 400, None), ({"issued_on": 20240101}, 400, "type"),
    ({"issued_on": "2024-01-01T00:00:00Z"}, 400, None), ({"verification_status": "verified"}, 400, "unknown"),
])
def test_papers_limits(client, register, fields, status, rule):
    answer = certify(register(client, user_type="craftsman"), **fields)
    assert answer.status == status, answer
    assert rule is None or rules(answer)[0][1] == rule, answer


def test_only_so_many_papers(client, database, register):
    """Many at once: as many as there is room for; a key that was answered is answered again."""
    person = register(client, user_type="craftsman")
    most = database.value("SELECT mesteri.max_certifications()")
    headers = key()
    assert certify(person, headers).status == 201
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: certify(person, name=str(number)), range(most + 9)))
    assert sorted(answer.status for answer in answers) == [201] * (most - 1) + [422] * 10
    assert {answer.error for answer in answers if answer.status == 422} == {"quota_exceeded"}
    again = certify(person, headers)
    assert again.status == 201 and again.header("idempotent-replayed") == "true"
    assert database.value("SELECT count(*) FROM mesteri.craftsman_certifications f JOIN mesteri.craftsman_profiles c ON c.id = f.craftsman_id"
                          " WHERE c.user_id = %s", person.id) == most


# What others say.


@pytest.fixture(scope="module")
def rated(client, database, register):
    """A craftsman with seven reviews, five of them visible, and what his statistics are made of."""
    craftsman = register(client, user_type="craftsman")
    for number, (stars, quality, visible) in enumerate([(5, 5, True), (4, None, True), (1, 2, True), (5, 4, True), (3, None, True), (1, 1, False), (2, 2, False)]):
        reviewer = register(client)
        project = database.value("""
            INSERT INTO mesteri.projects (client_id, craftsman_id, craftsman_user_id, title, status, completed_at)
            SELECT %s, c.id, c.user_id, 'x', %s, now() FROM mesteri.craftsman_profiles c WHERE c.user_id = %s RETURNING id""",
                                 reviewer.id, "cancelled" if number == 6 else "completed", craftsman.id)
        database.run("INSERT INTO mesteri.project_status_changes (project_id, to_status, actor_id, actor_kind) VALUES (%s, 'contract_signed', %s, 'client')",
                     project, reviewer.id)
        database.run("""
            INSERT INTO mesteri.reviews (project_id, reviewer_id, reviewed_user_id, overall_rating, quality_rating, helpful_count, is_visible, visible_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, CASE WHEN %s THEN now() - make_interval(days => %s) END)""",
                     project, reviewer.id, craftsman.id, stars, quality, (number * 3) % 7, visible, visible, number)
    database.run("""
        WITH talks AS (INSERT INTO mesteri.conversations (client_id, craftsman_id) SELECT DISTINCT client_id, craftsman_user_id
                         FROM mesteri.projects WHERE craftsman_user_id = %s RETURNING *),
        numbered AS (SELECT *, row_number() OVER (ORDER BY id) AS n FROM talks)
        INSERT INTO mesteri.messages (id, conversation_id, sender_id, content, created_at)
        SELECT ('019a0000-000' || k || right(n.id::text, 23))::uuid, n.id, CASE WHEN k %% 2 = 1 THEN n.client_id ELSE n.craftsman_id END, 'x',
               now() - interval '2 days' + k * n * interval '10 minutes'
          FROM numbered n, generate_series(1, 4) AS k WHERE n <= 3 AND (n < 3 OR k = 1)""", craftsman.id)
    profile = profile_id(craftsman)
    database.run("SELECT mesteri.mend_counters('mesteri.craftsman_profiles', %s)", profile)
    return craftsman, profile


def test_statistics(client, database, rated):
    _, profile = rated
    assert not wrong_counters(database, profile)
    seen = client.get(f"/v1/craftsmen/{profile}").json()["craftsman_profile"]
    assert (seen["total_reviews"], seen["average_rating"], seen["total_projects_completed"]) == (5, 3.6, 6)
    assert seen["completion_rate"] == 85.71, "six of seven that ended"
    assert seen["response_time_minutes"] == 15, "10 and 20; who was not answered is not counted"
    database.run("UPDATE mesteri.craftsman_profiles SET rating_sum = 25, followers_count = 3, completion_rate = 1, response_time_minutes = NULL WHERE id = %s",
                 profile)
    assert {row["counter"] for row in wrong_counters(database, profile)} == {"rating_sum", "followers_count", "completion_rate", "response_time_minutes"}
    database.run("SELECT mesteri.mend_counters('mesteri.craftsman_profiles', %s)", profile)
    assert client.get(f"/v1/craftsmen/{profile}").json()["craftsman_profile"] == seen


def test_reviews(client, rated):
    _, profile = rated
    orders = {"newest": [5, 4, 1, 5, 3], "highest": [5, 5, 4, 3, 1], "lowest": [1, 3, 4, 5, 5], "helpful": [1, 3, 4, 5, 5]}
    for sort, stars in orders.items():
        answer = client.get(f"/v1/craftsmen/{profile}/reviews?sort={sort}")
        conforms(answer.body, shapes.REVIEWS)
        assert [review["overall_rating"] for review in answer.json()["items"]] == stars, sort
        walked = [review["id"] for page in (1, 2, 3) for review in client.get(f"/v1/craftsmen/{profile}/reviews?sort={sort}&limit=2&page={page}").json()["items"]]
        assert walked == [review["id"] for review in answer.json()["items"]]
    summary = answer.json()["summary"]
    assert summary["total_reviews"] == 5 and summary["average_rating"] == 3.6
    assert summary["averages"] == {"overall_rating": 3.6, "quality_rating": 3.67, "punctuality_rating": None, "communication_rating": None,
                                   "price_value_rating": None}
    assert summary["distribution"] == {"1": 1, "2": 0, "3": 1, "4": 1, "5": 2}
    assert client.get(f"/v1/craftsmen/{profile}/reviews?sort=best").error == "invalid_field"


def test_nobody_has_said_anything(client, register):
    answer = client.get(f"/v1/craftsmen/{profile_id(register(client, user_type='craftsman'))}/reviews")
    conforms(answer.body, shapes.REVIEWS)
    assert answer.json()["items"] == [] and answer.json()["summary"]["average_rating"] == 0
