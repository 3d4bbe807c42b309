"""Looks back at the whole run: what was secret on the wire is in no log, although the server logged all it can."""

import json
import subprocess

import pytest

from client import CODES, SECRETS

pytestmark = pytest.mark.last


def lines_with(secrets, log, folder):
    """Lines of a log that hold one of the secrets, as it is or as the server writes bytes."""
    wanted = f"{folder}/secrets"
    with open(wanted, "w", encoding="utf-8") as file:
        for secret in sorted(secrets):
            file.write(f"{secret}\n{secret.encode().hex()}\n")
    found = subprocess.run(["grep", "-a", "-F", "-f", wanted, "--", log], stdout=subprocess.PIPE, text=True, errors="replace")
    return found.stdout.splitlines()


@pytest.fixture(scope="module", autouse=True)
def at_least_one(client, register, messages):
    """A life of its own, so that this file alone is a test as well."""
    person = register(client)
    client.post("/v1/auth/login", {"email_or_phone": person.email, "password": "o parola gresita 99"})
    client.post("/v1/auth/login", {"email_or_phone": person.email, "password": person.password})
    client.post("/v1/auth/register", {"email": "rea", "phone_number": "x", "password": "o parola rea 1234"})
    client.post("/v1/auth/refresh", {"refresh_token": person.refresh_token})
    client.get("/v1/users/me", token=person.access_token[:-4] + "AAAA")
    person.client.put("/v1/users/me", {"bio": "o poveste de taina"}, headers={"If-Match": "*"})
    SECRETS.add("o poveste de taina")
    recover(client, person, messages)
    person.client.post("/v1/auth/logout")


def recover(client, person, messages):
    """Codes and links, right and wrong; passwords that are weak, wrong, and new."""
    code = messages(person.email)[0].parameters["code"]
    for email, given in (("nimeni@example.ro", code), (person.email, code[::-1]), (person.email, code), (person.email, code)):
        client.post("/v1/auth/verify-email", {"email": email, "code": given})
    for new in ("parola123456", "o parola noua 4321"):
        person.client.post("/v1/auth/change-password", {"current_password": person.password, "new_password": new})
    person.client.post("/v1/auth/change-email", {"email": "taina@example.ro", "password_confirmation": "o parola gresita 98"})
    client.post("/v1/auth/forgot-password", {"email_or_phone": person.email})
    link = messages(person.email)[0].parameters["token"]
    for token, new in ((link, "scurt 567"), (link + "A", "o parola noua 5432"), (link, "o parola noua 6543"), (link, "o parola noua 7654")):
        client.post("/v1/auth/reset-password", {"token": token, "new_password": new})


def test_no_secret_in_any_log(world):
    secrets = {secret for secret in SECRETS if "\n" not in secret}
    assert len(secrets) >= 15
    for log in world.logs():
        found = lines_with(secrets, log, world.folder)
        assert not found, (log, found[:3])


def test_no_code_in_any_log(world):
    """Six digits alone would be found everywhere: as a value in quotes, or in JSON."""
    assert CODES
    codes = {pattern.format(code) for code in CODES for pattern in ("'{}'", '"{}"', '\\"{}\\"', "={}&")}
    for log in world.logs():
        found = lines_with(codes, log, world.folder)
        assert not found, (log, found[:3])


def test_the_server_did_log(world, cluster):
    """The test above would pass on an empty log."""
    text = open(cluster.log, encoding="utf-8", errors="replace").read()
    assert "mesteri.handle" in text and "log_min_duration_statement" not in text[:100]
    assert lines_with({"mesteri.handle"}, cluster.log, world.folder)


def test_no_query_in_the_access_log(world):
    counted = 0
    for proxy in world.proxies:
        try:
            lines = open(proxy.access_log, encoding="utf-8").read().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            entry = json.loads(line)
            assert entry["path"] is None or "?" not in entry["path"], entry
            counted += 1
    assert counted > 5
