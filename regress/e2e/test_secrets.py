"""Looks back at the whole run: what was secret on the wire is in no log, although the server logged all it can."""

import json
import subprocess

import pytest

from client import SECRETS

pytestmark = pytest.mark.last


def lines_with(secrets, log, folder):
    """Lines of a log that hold one of the secrets."""
    wanted = f"{folder}/secrets"
    with open(wanted, "w", encoding="utf-8") as file:
        file.write("\n".join(sorted(secrets)) + "\n")
    found = subprocess.run(["grep", "-a", "-F", "-f", wanted, "--", log], stdout=subprocess.PIPE, text=True, errors="replace")
    return found.stdout.splitlines()


@pytest.fixture(scope="module", autouse=True)
def at_least_one(client, register):
    """A life of its own, so that this file alone is a test as well."""
    person = register(client)
    client.post("/v1/auth/login", {"email_or_phone": person.email, "password": "o parola gresita 99"})
    client.post("/v1/auth/login", {"email_or_phone": person.email, "password": person.password})
    client.post("/v1/auth/register", {"email": "rea", "phone_number": "x", "password": "o parola rea 1234"})
    client.post("/v1/auth/refresh", {"refresh_token": person.refresh_token})
    client.get("/v1/users/me", token=person.access_token[:-4] + "AAAA")
    person.client.put("/v1/users/me", {"bio": "o poveste de taina"}, headers={"If-Match": "*"})
    SECRETS.add("o poveste de taina")
    person.client.post("/v1/auth/logout")


def test_no_secret_in_any_log(world):
    secrets = {secret for secret in SECRETS if "\n" not in secret}
    assert len(secrets) >= 5
    for log in world.logs():
        found = lines_with(secrets, log, world.folder)
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
