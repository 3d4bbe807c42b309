"""Only a token that we made, for a session that lives, opens a door; a bad one closes even the doors that stand open."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from client import check, head

ANONYMOUS = "/v1/categories?limit=1"
OWN = "/v1/users/me"


def b64(data):
    if not isinstance(data, bytes):
        data = json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    header, payload, signature = token.split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload)), unb64(signature)


@pytest.fixture(scope="module")
def keys(client):
    """The published keys, by kid."""
    answer = client.get("/.well-known/jwks.json")
    assert answer.status == 200 and answer.header("cache-control") == "public, max-age=300"
    return {key["kid"]: key for key in answer.json()["keys"]}


@pytest.fixture(scope="module")
def public_key(keys):
    return jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(next(iter(keys.values()))))


@pytest.fixture(scope="module")
def owner(client, register):
    return register(client, user_type="craftsman")


@pytest.fixture(scope="module")
def sign(database):
    """Signs claims with the server's own key, as only it can."""
    return lambda claims: database.value("SELECT mesteri.jwt_sign(%s)", json.dumps(claims))


@pytest.fixture(scope="module")
def claims(owner):
    return parts(owner.access_token)[1]


def refused(client, token, slug="unauthenticated"):
    """On routes for somebody and on routes for everybody."""
    for path in (OWN, ANONYMOUS):
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.error) == (401, slug), (path, token, answer)


def test_published_keys(keys):
    assert keys
    for kid, key in keys.items():
        assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}, "a private member must not be here"
        assert (key["kty"], key["use"], key["alg"], key["e"]) == ("RSA", "sig", "RS256", "AQAB")
        assert len(unb64(key["n"])) >= 256


def test_real_token_verifies_with_the_published_keys(keys, owner):
    kid = jwt.get_unverified_header(owner.access_token)["kid"]
    key = jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(keys[kid]))
    claims = jwt.decode(owner.access_token, key, algorithms=["RS256"], issuer="mesteri",
                        leeway=2, options={"require": ["exp", "iat", "iss", "sub", "jti"]})
    assert claims["sub"] == owner.id and claims["user_type"] == "craftsman"
    assert claims["exp"] - claims["iat"] == 900 and abs(time.time() - claims["iat"]) < 60
    assert set(claims) == {"iss", "sub", "user_type", "iat", "exp", "jti", "refresh_token_id", "permissions"}
    assert jwt.get_unverified_header(owner.access_token)["alg"] == "RS256"


def test_token_is_not_from_the_future(client, register):
    """A client that allows no skew must be able to use the token at once: iat is the second that has begun."""
    person = register(client)
    for _ in range(8):
        answer = client.post("/v1/auth/login", {"email_or_phone": person.email, "password": person.password})
        iat = parts(answer.json()["tokens"]["access_token"])[1]["iat"]
        assert iat <= time.time()
        time.sleep(0.13)


def test_real_token_is_taken(client, owner, sign, claims):
    for token in (owner.access_token, sign(claims)):
        assert client.get(OWN, headers={"Authorization": f"Bearer {token}"}).status == 200
        assert client.get(ANONYMOUS, headers={"Authorization": f"bearer   {token}  "}).status == 200


def test_expired(client, sign, claims):
    """Thirty seconds of skew are allowed, not more."""
    now = int(time.time())
    refused(client, sign({**claims, "iat": now - 1000, "exp": now - 31}), "token_expired")
    skewed = sign({**claims, "iat": now - 1000, "exp": now - 10})
    assert client.get(OWN, headers={"Authorization": f"Bearer {skewed}"}).status == 200


def test_issued_in_the_future(client, sign, claims):
    now = int(time.time())
    refused(client, sign({**claims, "iat": now + 60, "exp": now + 960}))
    assert client.get(OWN, token=sign({**claims, "iat": now + 10, "exp": now + 910})).status == 200


@pytest.mark.parametrize("change", [
    {"iss": "altcineva"}, {"iss": None}, {"iss": ""}, {"iss": ["mesteri"]}, {"sub": "x"}, {"sub": None}, {"sub": 7},
    {"exp": "2999-01-01"}, {"exp": 1e18}, {"exp": -1}, {"exp": 1.5e9}, {"iat": None}, {"user_type": "admin"}, {"user_type": None},
    {"refresh_token_id": None}, {"refresh_token_id": "x"},
], ids=str)
def test_signed_claims_of_the_wrong_form(client, sign, claims, change):
    """Our own signature under nonsense: such a token was never made, and would be of no use."""
    refused(client, sign({**claims, **change}))


@pytest.mark.parametrize("name", ["iss", "sub", "exp", "iat", "user_type", "refresh_token_id"])
def test_signed_claims_with_one_missing(client, sign, claims, name):
    refused(client, sign({key: value for key, value in claims.items() if key != name}))


def test_family_that_is_gone(client, register, sign, database, claims):
    person = register(client)
    assert person.client.get(OWN).status == 200
    database.run("DELETE FROM mesteri.token_families WHERE user_id = %s", person.id)
    refused(client, person.access_token, "token_revoked")
    refused(client, sign({**claims, "refresh_token_id": str(uuid.uuid4())}), "token_revoked")


def test_family_of_somebody_else(client, register, sign, claims):
    other = register(client)
    refused(client, sign({**claims, "refresh_token_id": parts(other.access_token)[1]["refresh_token_id"]}), "token_revoked")


def test_signature_of_somebody_else(client, owner, claims):
    """Right kid, right claims, other key."""
    kid = jwt.get_unverified_header(owner.access_token)["kid"]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused(client, jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid}))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_with_rsa(client, owner, claims, algorithm):
    kid = jwt.get_unverified_header(owner.access_token)["kid"]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused(client, jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid}))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 0, ["RS256"], "HS256", "rs256", "RS256 "])
def test_other_algorithm_in_the_header(client, owner, algorithm):
    """The signature is right but for the header, and once more without any."""
    header, payload, signature = owner.access_token.split(".")
    kid = parts(owner.access_token)[0]["kid"]
    changed = b64({"alg": algorithm, "typ": "JWT", "kid": kid})
    refused(client, f"{changed}.{payload}.{signature}")
    refused(client, f"{changed}.{payload}.")


def public_forms(public_key):
    """A public key in each spelling that somebody might take for a secret."""
    public = serialization.PublicFormat
    spki_pem = public_key.public_bytes(serialization.Encoding.PEM, public.SubjectPublicKeyInfo)
    numbers = public_key.public_numbers()
    return {
        "pem": spki_pem, "pem without the last line feed": spki_pem.rstrip(b"\n"),
        "der": public_key.public_bytes(serialization.Encoding.DER, public.SubjectPublicKeyInfo),
        "pkcs1 pem": public_key.public_bytes(serialization.Encoding.PEM, public.PKCS1),
        "pkcs1 der": public_key.public_bytes(serialization.Encoding.DER, public.PKCS1),
        "modulus": numbers.n.to_bytes(256, "big"), "modulus in base64url": b64(numbers.n.to_bytes(256, "big")).encode(),
        "nothing": b"",
    }


@pytest.mark.parametrize("form", ["pem", "pem without the last line feed", "der", "pkcs1 pem", "pkcs1 der", "modulus",
                                  "modulus in base64url", "nothing"])
def test_public_key_as_a_secret(client, owner, claims, public_key, form):
    kid = parts(owner.access_token)[0]["kid"]
    for digest, algorithm in ((hashlib.sha256, "HS256"), (hashlib.sha512, "HS512"), (hashlib.sha256, "RS256")):
        signed = f"{b64({'alg': algorithm, 'typ': 'JWT', 'kid': kid})}.{b64(claims)}"
        mac = hmac.new(public_forms(public_key)[form], signed.encode(), digest).digest()
        refused(client, f"{signed}.{b64(mac)}")


@pytest.mark.parametrize("kid", ["", "x", None, 7, "../../../../etc/passwd", "../mesteri_keys/secret.key", "/dev/null", "secret.key",
                                 "' OR 1=1 --", "\u0000", "a" * 4000], ids=lambda kid: str(kid)[:30])
def test_kid_that_names_no_key(client, claims, kid):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = f"{b64({'alg': 'RS256', 'typ': 'JWT', 'kid': kid})}.{b64(claims)}"
    token = jwt.api_jws.PyJWS().encode(json.dumps(claims).encode(), key, "RS256")
    refused(client, f"{signed}.{token.rsplit('.', 1)[1]}")


def test_kid_beside_the_real_one(client, owner):
    """The header is under the signature: another spelling of it is another token."""
    header, payload, signature = owner.access_token.split(".")
    fields = parts(owner.access_token)[0]
    for changed in ({**fields, "kid": fields["kid"] + ".pem"}, {**fields, "crit": ["exp"]}, {**fields, "jwk": {}},
                    {**fields, "x5u": "http://example.ro"}, dict(reversed(fields.items()))):
        refused(client, f"{b64(changed)}.{payload}.{signature}")


@pytest.mark.parametrize("change", [{"user_type": "staff"}, {"sub": "019a0000-0000-7000-8000-000000000031"}, {"exp": 4102444800},
                                    {"permissions": ["staff"]}])
def test_tampered_payload(client, owner, claims, change):
    header, _, signature = owner.access_token.split(".")
    refused(client, f"{header}.{b64({**claims, **change})}.{signature}")


def test_flipped_token(client, owner, chance):
    """Any one letter changed, in each of the three parts."""
    token = owner.access_token
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in chance.sample(range(len(token) - 1), 60):
        if token[place] == ".":
            continue
        letter = chance.choice([letter for letter in alphabet if letter != token[place]])
        answer = client.get(ANONYMOUS, headers={"Authorization": f"Bearer {token[:place]}{letter}{token[place + 1:]}"})
        assert answer.error == "unauthenticated", place


def test_signature_in_another_spelling(client, owner):
    """Base64url without padding, without blanks, without spare bits: a token has one spelling."""
    token = owner.access_token
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = alphabet[alphabet.index(token[-1]) ^ 1]  # 256 bytes: the last letter has four spare bits
    for spelled in (token + "=", token + "==", token[:-1] + spare, token.replace("-", "+").replace("_", "/") + "=="):
        refused(client, spelled)


@pytest.mark.parametrize("token", ["x", "..", "...", ".", "a.b", "a.b.c.d", "e30.e30.", "e30.e30.e30", "null", "undefined",
                                   "bnVsbA.bnVsbA.bnVsbA", "W10.W10.W10", "=.=.=", "%00.%00.%00"])
def test_token_without_form(client, token):
    refused(client, token)


def test_cut_token(client, owner):
    header, payload, signature = owner.access_token.split(".")
    for token in (f"{header}.{payload}", f"{header}.{payload}.", f"{header}..{signature}", f".{payload}.{signature}", header,
                  f"{header}{payload}{signature}", f"{owner.access_token}.{signature}", f"{owner.access_token}x"):
        refused(client, token)


def test_huge_token(client, owner):
    for token in ("A" * 15000, "A" * 5000 + "." + "A" * 5000 + "." + "A" * 5000, owner.access_token + "A" * 10000):
        refused(client, token)


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer\t", "Basic b21AZXhhbXBsZS5ybzpwYXJvbGE=", "Digest x", "", "x", "bearer",
                                   "Bearer a b", "Bearer \xff"])
def test_authorization_that_is_no_bearer(client, value):
    """Whoever sends credentials that we cannot read must learn it, on anonymous routes as well."""
    for path in (OWN, ANONYMOUS):
        answer = client.get(path, headers={"Authorization": value})
        assert (answer.status, answer.error) == (401, "unauthenticated"), (value, answer)
        assert answer.header("www-authenticate").startswith("Bearer")


def test_two_authorizations(client, owner):
    good = ("Authorization", f"Bearer {owner.access_token}")
    for fields in ([good, good], [good, ("Authorization", "Bearer x")], [("Authorization", "Bearer x"), good]):
        answer = check(client.raw(head("GET", OWN, fields)))
        assert answer.error == "unauthenticated", answer


def test_refresh_token_is_no_access_token(client, owner):
    refused(client, owner.refresh_token)
    assert client.post("/v1/auth/refresh", {"refresh_token": owner.access_token}).error == "unauthenticated"


def test_token_in_the_query_is_none(client, owner):
    answer = client.get("/v1/feed?access_token=abc")
    assert answer.error == "unknown_field"
