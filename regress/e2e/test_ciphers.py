"""Keys of encrypted fields: files that come and go while sessions live, and bytes that another implementation reads."""

import time

import psycopg2
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.cmac import CMAC

from server import wait_until

CNP = b"3180501120016"
NEWER = "99990101-rotated"


class Keys:
    """The key directory of a server, changed by the server's own user; its working directory is the data directory."""

    def __init__(self, database):
        self.database = database

    def run(self, commands):
        self.database.run(f"COPY (SELECT) TO PROGRAM 'cat > /dev/null; umask 077; cd mesteri_keys; {commands}'")

    def add(self, name, length=32, mode="0600"):
        self.run(f"head -c {length} /dev/urandom > .new && chmod {mode} .new && mv .new {name}")


@pytest.fixture
def keys(database):
    keys = Keys(database)
    keys.run("mkdir .kept; cp -p *.aes .kept/")
    try:
        yield keys
    finally:
        database.run("ALTER SYSTEM RESET mesteri.encryption_key")
        database.run("SELECT pg_reload_conf()")
        keys.run("rm -f *.aes; mv .kept/*.aes .; rmdir .kept")
        wait_until(lambda: database.value("SELECT mesteri.encryption_key_id()") != NEWER, 5, "the keys are as before")


@pytest.fixture
def session(database):
    """One session for the whole of a test: it must notice what changes."""
    connection = database.connect()

    def value(sql, *values):
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            found = cursor.fetchone()[0]
        return bytes(found) if isinstance(found, memoryview) else found

    yield value
    connection.close()


def fails_with(session, sqlstate, sql, *values):
    try:
        session(sql, *values)
    except psycopg2.Error as error:
        assert error.pgcode == sqlstate, error
        return True
    return False


def newest_becomes(session, wanted):
    wait_until(lambda: session("SELECT mesteri.encryption_key_id()") == wanted, 5, f"{wanted} is the newest key")


def test_rotation(session, keys):
    before = session("SELECT mesteri.encryption_key_id()")
    old = session("SELECT mesteri.encrypt('cnp', %s)", CNP)

    keys.add(f"{NEWER}.aes")
    newest_becomes(session, NEWER)
    assert session("SELECT mesteri.decrypt('cnp', %s)", old) == CNP
    assert session("SELECT mesteri.cipher_key_id(mesteri.encrypt('cnp', 'x'))") == NEWER

    moved = session("SELECT mesteri.reencrypt('cnp', %s)", old)
    assert session("SELECT mesteri.cipher_key_id(%s)", moved) == NEWER
    assert session("SELECT mesteri.decrypt('cnp', %s)", moved) == CNP
    assert session("SELECT mesteri.reencrypt('cnp', %s)", moved) == moved
    assert fails_with(session, "XX001", "SELECT mesteri.reencrypt('iban', %s)", old)

    # The old value under the new key's name.
    renamed = bytes([1, len(NEWER)]) + NEWER.encode() + old[2 + len(before):]
    assert fails_with(session, "XX001", "SELECT mesteri.decrypt('cnp', %s)", renamed)

    keys.run(f"rm {before}.aes")
    wait_until(lambda: fails_with(session, "F0000", "SELECT mesteri.decrypt('cnp', %s)", old), 5, "the old key is gone")
    assert session("SELECT mesteri.decrypt('cnp', %s)", moved) == CNP


def test_named_key(session, database, keys):
    before = session("SELECT mesteri.encryption_key_id()")
    keys.add(f"{NEWER}.aes")
    newest_becomes(session, NEWER)
    database.run(f"ALTER SYSTEM SET mesteri.encryption_key = '{before}'")
    database.run("SELECT pg_reload_conf()")
    newest_becomes(session, before)

    database.run("ALTER SYSTEM SET mesteri.encryption_key = 'elsewhere'")
    database.run("SELECT pg_reload_conf()")
    wait_until(lambda: fails_with(session, "F0000", "SELECT mesteri.encrypt('cnp', 'x')"), 5, "there is no such key")


@pytest.mark.parametrize("name, length, mode", [("short.aes", 31, "0600"), ("long.aes", 33, "0600"), ("empty.aes", 0, "0600"),
                                                ("open.aes", 32, "0640"), ("read.aes", 32, "0604"), ("b!ad.aes", 32, "0600")])
def test_a_bad_file_stops_everything_until_it_is_mended(session, keys, name, length, mode):
    sealed = session("SELECT mesteri.encrypt('cnp', %s)", CNP)
    keys.add(name, length, mode)
    wait_until(lambda: fails_with(session, "F0000", "SELECT mesteri.encrypt('cnp', 'x')"), 5, "it is noticed")
    assert fails_with(session, "F0000", "SELECT mesteri.decrypt('cnp', %s)", sealed)
    assert fails_with(session, "F0000", "SELECT mesteri.keyed_hash('cnp', 'x')")
    keys.run(f"rm {name}")
    assert session("SELECT mesteri.decrypt('cnp', %s)", sealed) == CNP


def test_a_half_written_file_is_passed_over(session, keys):
    keys.add(".half.aes", 5)
    keys.add("notes.txt", 5, "0644")
    time.sleep(1.1)
    assert session("SELECT mesteri.decrypt('cnp', mesteri.encrypt('cnp', %s))", CNP) == CNP
    keys.run("rm .half.aes notes.txt")


def test_no_key(session, keys):
    sealed = session("SELECT mesteri.encrypt('cnp', %s)", CNP)
    keys.run("rm *.aes")
    wait_until(lambda: fails_with(session, "F0000", "SELECT mesteri.encrypt('cnp', 'x')"), 5, "it is noticed")
    assert fails_with(session, "F0000", "SELECT mesteri.decrypt('cnp', %s)", sealed)
    assert session("SELECT length(mesteri.keyed_hash('cnp', 'x'))") == 32


def message_key(key, nonce):
    """SP 800-108 by CMAC, as c2sp.org/XAES-256-GCM says."""
    halves = []
    for number in (1, 2):
        cmac = CMAC(algorithms.AES(key))
        cmac.update(bytes([0, number]) + b"X\0" + nonce[:12])
        halves.append(cmac.finalize())
    return AESGCM(b"".join(halves))


def test_another_implementation_reads_it(session):
    key_id = session("SELECT mesteri.encryption_key_id()")
    key = session("SELECT pg_read_binary_file('mesteri_keys/' || %s || '.aes')", key_id)
    header = bytes([1, len(key_id)]) + key_id.encode()

    for plain in (b"", CNP, b"x" * 100_000):
        sealed = session("SELECT mesteri.encrypt('țară', %s)", plain)
        assert sealed.startswith(header)
        nonce, content = sealed[len(header):][:24], sealed[len(header) + 24:]
        assert message_key(key, nonce).decrypt(nonce[12:], content, header + "țară".encode()) == plain
        with pytest.raises(InvalidTag):
            message_key(key, nonce).decrypt(nonce[12:], content, header)

    nonce = b"n" * 24
    made = header + nonce + message_key(key, nonce).encrypt(nonce[12:], CNP, header + b"cnp")
    assert session("SELECT mesteri.decrypt('cnp', %s)", made) == CNP
