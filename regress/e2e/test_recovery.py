"""Codes, links, new passwords, new addresses, sessions: by HTTP and by psql, and at once."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import shapes
from shapes import conforms

TRIES = 5


def wrong(code):
    """Another code: each digit is another."""
    return code.translate(str.maketrans("0123456789", "1234567890"))


def ok(answer, shape=shapes.SUCCESS, status=200):
    assert answer.status == status, answer
    conforms(answer.body, shape)
    return answer.json()


def refused(answer, slug):
    assert answer.error == slug, answer


def log_in(call, identifier, password):
    return call("POST", "/v1/auth/login", {"email_or_phone": identifier, "password": password})


def life(call, messages, person, e164):
    """From the first code to the last session; call(method, path, body, token=) answers."""
    email, phone, password = person["email"].lower(), person["phone_number"], person["password"]
    token = ok(call("POST", "/v1/auth/register", person), shapes.REGISTERED, 201)["tokens"]["access_token"]

    def post(path, body, **options):
        return call("POST", f"/v1/auth/{path}", body, **options)

    def me():
        return ok(call("GET", "/v1/users/me", token=token), shapes.ME)["user"]

    # Codes prove the address and the number, once.
    mail, = messages(email)
    text, = messages(e164)
    assert (mail.kind, mail.template, mail.language) == ("mail.send", "verify_email", "hu")
    assert (text.kind, text.template, text.language) == ("sms.send", "verify_phone", "hu")
    for path, field, address, code in (("verify-email", "email", email.upper(), mail.parameters["code"]),
                                       ("verify-phone", "phone_number", phone, text.parameters["code"])):
        refused(post(path, {field: address, "code": wrong(code)}), "invalid_code")
        ok(post(path, {field: address, "code": code}))
        refused(post(path, {field: address, "code": code}), "invalid_code")
    assert me()["email_verified"] and me()["phone_verified"]

    # What is verified need not be asked for again.
    refused(post("change-email", {"email": email, "password_confirmation": password}, token=token), "already_exists")

    # Another address and another number: in force when their codes come back, and the old address is told.
    new_email, new_e164 = "nou." + email, e164[:-1] + "7"
    answer = post("change-email", {"email": new_email.upper(), "password_confirmation": password}, token=token)
    assert ok(answer, shapes.PENDING_EMAIL, 202) == {"pending_email": new_email}
    answer = post("change-phone", {"phone_number": new_e164, "password_confirmation": password}, token=token)
    assert ok(answer, shapes.PENDING_PHONE, 202) == {"pending_phone_number": new_e164}
    user = me()
    assert (user["email"], user["pending_email"]) == (email, new_email)
    assert (user["phone_number"], user["pending_phone_number"]) == (e164, new_e164)
    ok(post("verify-email", {"email": new_email, "code": messages(new_email)[0].parameters["code"]}))
    ok(post("verify-phone", {"phone_number": new_e164, "code": messages(new_e164)[0].parameters["code"]}))
    user = me()
    assert (user["email"], user["pending_email"], user["email_verified"]) == (new_email, None, True)
    assert (user["phone_number"], user["pending_phone_number"], user["phone_verified"]) == (new_e164, None, True)
    assert messages(email)[0].template == "email_changed" and messages(new_email)[0].template == "phone_changed"
    refused(log_in(call, email, password), "invalid_credentials")

    # Another password: this session goes on with new tokens, the others end.
    other = ok(log_in(call, new_email, password), shapes.SIGNED_IN)["tokens"]
    changed, password = password + " schimbata", person["password"]
    tokens = ok(post("change-password", {"current_password": password, "new_password": changed}, token=token),
                shapes.REFRESHED)["tokens"]
    refused(call("GET", "/v1/users/me", token=other["access_token"]), "token_revoked")
    refused(post("refresh", {"refresh_token": other["refresh_token"]}), "token_revoked")
    token = ok(post("refresh", {"refresh_token": tokens["refresh_token"]}), shapes.REFRESHED)["tokens"]["access_token"]
    refused(log_in(call, new_email, password), "invalid_credentials")

    # Forgotten: a link, which sets a third one and ends every session.
    ok(post("forgot-password", {"email_or_phone": new_email.upper()}), status=202)
    link = messages(new_email)[0]
    assert link.template == "reset_password"
    refused(post("reset-password", {"token": link.parameters["token"], "new_password": "scurta"}), "weak_password")
    ok(post("reset-password", {"token": link.parameters["token"], "new_password": changed + " din nou"}))
    refused(post("reset-password", {"token": link.parameters["token"], "new_password": changed + " iar"}), "invalid_code")
    refused(call("GET", "/v1/users/me", token=token), "token_revoked")

    # Sessions: the one that asks is marked; another is ended, then this one.
    old = ok(log_in(call, new_email, changed + " din nou"), shapes.SIGNED_IN)["tokens"]["access_token"]
    token = ok(log_in(call, new_e164, changed + " din nou"), shapes.SIGNED_IN)["tokens"]["access_token"]
    items = ok(call("GET", "/v1/users/me/sessions", token=token), shapes.SESSIONS)["items"]
    assert [session["current"] for session in items] == [True, False]
    for session, ended in ((items[1], old), (items[0], token)):
        answer = call("DELETE", f"/v1/users/me/sessions/{session['id']}", token=token)
        assert answer.status == 204 and answer.body == b"", answer
        refused(call("GET", "/v1/users/me", token=ended), "token_revoked")


def test_life_by_http(client, messages, person):
    life(client, messages, person(email="Coduri.Http@Example.ro", phone_number="0745 300-010", language="hu"), "+40745300010")


def test_life_by_psql(psql, messages, person):
    life(psql, messages, person(email="Coduri.Psql@Example.ro", phone_number="0745 300-020", language="hu"), "+40745300020")


def test_staff_change_their_password_too(client, database, register):
    person = register(client)
    database.run("UPDATE mesteri.users SET user_type = 'staff' WHERE id = %s", person.id)
    staff = client.with_token(log_in(client, person.email, person.password).json()["tokens"]["access_token"])
    ok(staff.get("/v1/users/me/sessions"), shapes.SESSIONS)
    answer = staff.post("/v1/auth/change-password", {"current_password": person.password, "new_password": "parola de om al legii"})
    ok(answer, shapes.REFRESHED)
    refused(staff.get("/v1/users/me/saved"), "forbidden_role")
    refused(client.get(f"/v1/users/{person.id}/public"), "not_found")


# Codes.


def e164(person):
    return f"+4{person.phone_number}"


@pytest.mark.parametrize("path, field", [("verify-email", "email"), ("verify-phone", "phone_number")])
def test_fifty_guesses_at_once(client, register, messages, database, path, field):
    """Five of them are counted, all are refused, and the code is dead."""
    person = register(client)
    channel = path.removeprefix("verify-")
    address = getattr(person, field)
    code = messages(person.email if channel == "email" else e164(person))[0].parameters["code"]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: client.post(f"/v1/auth/{path}", {field: address, "code": wrong(code)}), range(50)))
    assert {answer.error for answer in answers} == {"invalid_code"}
    tries = "SELECT tries FROM mesteri.verification_codes WHERE user_id = %s AND channel::text = %s"
    assert database.value(tries, person.id, channel) == TRIES
    refused(client.post(f"/v1/auth/{path}", {field: address, "code": code}), "invalid_code")


def test_right_code_among_many(client, register, messages):
    """Twenty phones send the right code at once: it is taken once."""
    person = register(client)
    body = {"email": person.email, "code": messages(person.email)[0].parameters["code"]}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/auth/verify-email", body).status, range(20)))
    assert sorted(answers) == [200] + [422] * 19


def test_codes_of_known_and_unknown_are_alike(client, register):
    """Word for word, also when the code of the known one is dead."""
    known = register(client).email
    for _ in range(TRIES + 2):
        bodies = []
        for email in (known, f"{uuid.uuid4()}@example.ro"):
            answer = client.post("/v1/auth/verify-email", {"email": email, "code": "000000"})
            bodies.append((answer.status, answer.json(), sorted(name for name, _ in answer.headers)))
            del bodies[-1][1]["request_id"]
        assert bodies[0] == bodies[1]


def test_a_new_code(client, register, messages):
    """Who needs another code changes to the address he has; the newest counts."""
    person = register(client)
    first = messages(person.email)[0].parameters["code"]
    answer = person.client.post("/v1/auth/change-email", {"email": person.email, "password_confirmation": person.password})
    assert ok(answer, shapes.PENDING_EMAIL, 202)["pending_email"] == person.email
    second = messages(person.email)[0].parameters["code"]
    if first != second:
        refused(client.post("/v1/auth/verify-email", {"email": person.email, "code": first}), "invalid_code")
    ok(client.post("/v1/auth/verify-email", {"email": person.email, "code": second}))
    assert person.client.get("/v1/users/me").json()["user"]["pending_email"] is None


def test_codes_are_limited(client, register, messages):
    """Somebody's number is not for others to fill: five an hour, whoever asks, and the answer says when."""
    number = "+40745300099"
    for person in (register(client), register(client)):
        for _ in range(4):
            answer = person.client.post("/v1/auth/change-phone", {"phone_number": number, "password_confirmation": person.password})
    refused(answer, "rate_limited")
    assert 3590 <= int(answer.header("retry-after")) <= 3600
    assert len(messages(number)) == 5


def test_two_want_one_address(client, register, messages):
    """Both may ask; the first whose code comes back gets it, and the other's code is worth nothing."""
    wanted = "dorita@example.ro"
    people = [register(client), register(client)]
    codes = []
    for person in people:
        answer = person.client.post("/v1/auth/change-email", {"email": wanted, "password_confirmation": person.password})
        ok(answer, shapes.PENDING_EMAIL, 202)
        codes.append(messages(wanted)[0].parameters["code"])
    ok(client.post("/v1/auth/verify-email", {"email": wanted, "code": codes[1]}))
    refused(client.post("/v1/auth/verify-email", {"email": wanted, "code": codes[0]}), "invalid_code")
    users = [person.client.get("/v1/users/me").json()["user"] for person in people]
    assert [(user["email"], user["pending_email"]) for user in users] == [(people[0].email, None), (wanted, None)]


def test_asking_for_an_address_does_not_keep_it(client, register, person, messages):
    """Who registers it owns it; the pending change fails with its code."""
    wanted = "libera@example.ro"
    asking = register(client)
    ok(asking.client.post("/v1/auth/change-email", {"email": wanted, "password_confirmation": asking.password}),
       shapes.PENDING_EMAIL, 202)
    code = messages(wanted)[0].parameters["code"]
    assert client.post("/v1/auth/register", person(email=wanted)).status == 201
    refused(client.post("/v1/auth/verify-email", {"email": wanted, "code": code}), "invalid_code")
    user = asking.client.get("/v1/users/me").json()["user"]
    assert (user["email"], user["pending_email"]) == (asking.email, None)
    ok(client.post("/v1/auth/verify-email", {"email": wanted, "code": messages(wanted)[0].parameters["code"]}))


# Passwords.


def test_forgotten_by_known_and_unknown_is_alike(client, register, database):
    known = register(client)
    before = database.value("SELECT count(*) FROM mesteri.outbox")
    answers = [client.post("/v1/auth/forgot-password", {"email_or_phone": identifier})
               for identifier in (known.email, f"{uuid.uuid4()}@example.ro", known.phone_number, "0745300098", "nici una")]
    assert {(answer.status, answer.body) for answer in answers} == {(202, answers[0].body)}
    conforms(answers[0].body, shapes.SUCCESS)
    assert database.value("SELECT count(*) FROM mesteri.outbox") == before + 2


def test_reset_with_two_links_at_once(client, register, messages):
    person = register(client)
    for _ in range(2):
        ok(client.post("/v1/auth/forgot-password", {"email_or_phone": person.email}), status=202)
    links = [message.parameters["token"] for message in messages(person.email) if message.template == "reset_password"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.post("/v1/auth/reset-password", {
            "token": links[n % 2], "new_password": f"noua parola numarul {n}"}).status, range(8)))
    assert sorted(answers) == [200] + [422] * 7
    assert log_in(client, person.email, f"noua parola numarul {answers.index(200)}").status == 200


def test_link_to_an_old_address_dies(client, register, messages):
    person = register(client)
    ok(client.post("/v1/auth/forgot-password", {"email_or_phone": person.email}), status=202)
    link = messages(person.email)[0].parameters["token"]
    ok(person.client.post("/v1/auth/change-email", {"email": "mutat@example.ro", "password_confirmation": person.password}),
       shapes.PENDING_EMAIL, 202)
    ok(client.post("/v1/auth/verify-email", {"email": "mutat@example.ro", "code": messages("mutat@example.ro")[0].parameters["code"]}))
    refused(client.post("/v1/auth/reset-password", {"token": link, "new_password": "alta parola lunga"}), "invalid_code")


def test_reset_unlocks(client, register, messages):
    person = register(client)
    for _ in range(TRIES):
        refused(log_in(client, person.email, "nu e asta deloc"), "invalid_credentials")
    refused(log_in(client, person.email, person.password), "rate_limited")
    ok(client.post("/v1/auth/forgot-password", {"email_or_phone": person.email}), status=202)
    link = messages(person.email)[0].parameters["token"]
    ok(client.post("/v1/auth/reset-password", {"token": link, "new_password": "alta parola lunga"}))
    assert log_in(client, person.email, "alta parola lunga").status == 200


def test_wrong_password_counts(client, register, database):
    """The trace of the refusal is committed, and a right one clears it."""
    person = register(client)
    count = ("SELECT count(*) FROM mesteri.login_failures WHERE identifier_hash = mesteri.failure_hash(%s)")
    body = {"email": "oricare@example.ro", "password_confirmation": "nu e asta deloc"}
    for number in range(1, TRIES):
        refused(person.client.post("/v1/auth/change-email", body), "wrong_password")
        assert database.value(count, person.email) == number
    ok(person.client.post("/v1/auth/change-email", {**body, "password_confirmation": person.password}), shapes.PENDING_EMAIL, 202)
    assert database.value(count, person.email) == 0


def test_old_refresh_token_after_a_change(client, register, database):
    """Whoever still has it is not the one who changed the password: the session ends."""
    person = register(client)
    answer = person.client.post("/v1/auth/change-password", {"current_password": person.password, "new_password": "alta parola lunga"})
    tokens = ok(answer, shapes.REFRESHED)["tokens"]
    refused(client.post("/v1/auth/refresh", {"refresh_token": person.refresh_token}), "token_revoked")
    assert database.value("SELECT revoke_reason FROM mesteri.token_families WHERE user_id = %s", person.id) == "reuse"
    refused(client.get("/v1/users/me", token=tokens["access_token"]), "token_revoked")


# Sessions, others, what is saved.


def test_sessions_tell_where_they_are_used(client, register):
    person = register(client)
    answer = client.post("/v1/auth/refresh", {"refresh_token": person.refresh_token}, headers={"User-Agent": "Telefon/2.0"})
    items = ok(client.get("/v1/users/me/sessions", token=answer.json()["tokens"]["access_token"]), shapes.SESSIONS)["items"]
    assert [(session["ip_address"], session["user_agent"], session["current"]) for session in items] == [("127.0.0.1", "Telefon/2.0", True)]


def test_sessions_of_others_do_not_exist(client, register):
    person, other = register(client), register(client)
    theirs = other.client.get("/v1/users/me/sessions").json()["items"][0]["id"]
    for session in (theirs, str(uuid.uuid4()), "7", "'"):
        refused(person.client.delete(f"/v1/users/me/sessions/{session}"), "not_found")
    assert other.client.get("/v1/users/me").status == 200
    mine = person.client.get("/v1/users/me/sessions").json()["items"][0]["id"]
    again = log_in(client, person.email, person.password).json()["tokens"]["access_token"]
    assert person.client.delete(f"/v1/users/me/sessions/{mine}").status == 204
    refused(client.delete(f"/v1/users/me/sessions/{mine}", token=again), "not_found")
    refused(client.delete(f"/v1/users/me/sessions/{mine}"), "unauthenticated")


def test_public_profile(client, register, database, staff):
    person = register(client, user_type="craftsman", last_name="Țăranu")
    path = f"/v1/users/{person.id}/public"
    for reader in (client, person.client, staff):
        shown = ok(reader.get(path), shapes.ONE_PERSON)["public_profile"]
        assert shown["last_initial"] == "Ț" and shown["craftsman"]["user_id"] == person.id
        assert person.email not in str(shown) and "Țăranu" not in str(shown)
    assert ok(client.get(f"/v1/users/{register(client).id}/public"), shapes.ONE_PERSON)["public_profile"]["craftsman"] is None

    for gone in ("is_active = false", "is_active = false, deleted_at = now()"):
        database.run(f"UPDATE mesteri.users SET {gone} WHERE id = %s", person.id)
        refused(client.get(path), "not_found")
    staff_id = staff.get("/v1/users/me").json()["user"]["id"]
    for nobody in (staff_id, str(uuid.uuid4()), "me", "7"):
        refused(client.get(f"/v1/users/{nobody}/public"), "not_found")


def test_saved(client, register, database):
    """Newest first, page by page; what is not public any more is left out, and so is what others saved."""
    person, other = register(client), register(client)
    for one in (person, other):
        database.run("""
            INSERT INTO mesteri.content_interactions (user_id, post_id, interaction_type, created_at)
            SELECT %s, id, kind, now() - row_number() OVER (ORDER BY id) * interval '1 minute'
              FROM (SELECT id FROM mesteri.content_posts WHERE status = 'published' ORDER BY id LIMIT 7) AS p,
                   unnest('{save,like,view}'::mesteri.interaction_type[]) AS kind""", one.id)
        database.run("""
            INSERT INTO mesteri.saved_craftsmen SELECT %s, id, now() - row_number() OVER (ORDER BY id) * interval '1 minute'
              FROM (SELECT id FROM mesteri.public_craftsmen ORDER BY id LIMIT 7) AS c""", one.id)

    for kind, shape in (("posts", shapes.SAVED_POSTS), ("craftsmen", shapes.SAVED_CRAFTSMEN)):
        def page(number, limit):
            return ok(person.client.get(f"/v1/users/me/saved?type={kind}&page={number}&limit={limit}"), shape)
        whole = page(1, 7)
        assert len(whole["items"]) == 7 and not whole["has_more"]
        times = [item["saved_at"] for item in whole["items"]]
        assert times == sorted(times, reverse=True)
        parts = [page(number, 3) for number in (1, 2, 3, 4)]
        assert [part["has_more"] for part in parts] == [True, True, False, False]
        assert sum((part["items"] for part in parts), []) == whole["items"]
    assert person.client.get("/v1/users/me/saved").body == person.client.get("/v1/users/me/saved?type=posts").body

    posts = ok(person.client.get("/v1/users/me/saved"), shapes.SAVED_POSTS)["items"]
    assert all(item["post"]["saved"] and item["post"]["liked"] for item in posts)
    hidden = posts[3]["post"]["id"]
    database.run("UPDATE mesteri.content_posts SET status = 'hidden' WHERE id = %s", hidden)
    try:
        left = person.client.get("/v1/users/me/saved").json()["items"]
    finally:
        database.run("UPDATE mesteri.content_posts SET status = 'published' WHERE id = %s", hidden)
    assert [item["post"]["id"] for item in left] == [item["post"]["id"] for item in posts if item["post"]["id"] != hidden]
    answer = person.client.get("/v1/users/me/saved?type=people")
    assert (answer.error, answer.json()["details"][0]["allowed"]) == ("invalid_field", ["craftsmen", "posts"])
