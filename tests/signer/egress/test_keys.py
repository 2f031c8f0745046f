"""The key files that exchanges hand out, and whole keys in one signer."""

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tests.support.dealer import Dealt
from tests.support.exchange_keys import STAMP, Quorum, unsigned

from warifu.errors import InputRefused
from warifu.exchanges.coinbase.credentials import CdpKey
from warifu.signer.egress.keys import Ed25519Seed, Es256Key, HmacKey, read_cdp_key
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import AlreadyUsed
from warifu.threshold.importing import ed25519_scalar, split
from warifu.threshold.wiping import Secret, keep_secrets_in

pytestmark = pytest.mark.unit

SEED = bytes(range(32))
WHOLE = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = WHOLE.public_key().public_bytes_raw()


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def file(private: str, **other) -> str:
    return json.dumps({"name": "organizations/a/apiKeys/b", "privateKey": private, **other})


@pytest.mark.parametrize(
    "private", [base64.b64encode(SEED + PUBLIC).decode(), base64.b64encode(SEED).decode(), pem(WHOLE)]
)
def test_an_imported_cdp_key_is_split_and_two_of_three_sign_for_the_original_public_key(private):
    """From the portal's file to a JWT that Coinbase would take, with the whole key gone in between."""
    found = read_cdp_key(file(private))
    assert isinstance(found.key, Ed25519Seed)
    with ed25519_scalar(found.key.seed) as scalar:
        found.key.seed.wipe()
        assert ED25519.base_mul(scalar).encoded == found.key.public == PUBLIC
        shared = split(ED25519, scalar, 2, 3)
    for pair in ((0, 1), (1, 2), (0, 2)):
        quorum = Quorum(Dealt(shared.key, shared.shares, Secret(b"x")), pair)
        request = CdpKey(found.name, "EdDSA").prepare(unsigned(), STAMP).signed(quorum)
        token = dict(request.headers)["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(
            token,
            WHOLE.public_key(),
            algorithms=["EdDSA"],
            options={"verify_exp": False, "verify_nbf": False},
        )
        assert claims["iss"] == "cdp"


@pytest.mark.parametrize(
    "form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL]
)
def test_an_es256_key_stays_whole(form):
    key = ec.generate_private_key(ec.SECP256R1())
    found = read_cdp_key(file(pem(key, form)))
    assert isinstance(found.key, Es256Key)
    assert len(found.key.sign(b"message")) == 64


def test_the_portal_says_name_or_id():
    private = base64.b64encode(SEED + PUBLIC).decode()
    assert read_cdp_key(json.dumps({"id": "7a5e0d6f", "privateKey": private})).name == "7a5e0d6f"


BAD_FILES = {
    "no JSON": "x",
    "no name": json.dumps({"privateKey": base64.b64encode(SEED).decode()}),
    "no key": json.dumps({"name": "n"}),
    "not base64": file("!!!"),
    "empty": file(""),
    "33 bytes": file(base64.b64encode(SEED + b"x").decode()),
    "halves that do not belong together": file(base64.b64encode(SEED + bytes(32)).decode()),
    "another curve": file(pem(ec.generate_private_key(ec.SECP384R1()))),
    "RSA": file(pem(rsa.generate_private_key(65537, 2048))),
    "half a PEM": file("-----BEGIN PRIVATE KEY-----\nMC4C"),
    "endless": file("a" * 20_000),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_what_is_no_key_file_is_refused_without_showing_it(name):
    with pytest.raises(InputRefused) as caught:
        read_cdp_key(BAD_FILES[name])
    shown = str(caught.value) + repr(caught.value.__cause__)
    assert base64.b64encode(SEED).decode()[:20] not in shown
    assert "MC4C" not in shown


def test_hmac_is_hmac_also_where_secrets_lie_in_hidden_memory():
    secret = bytes(range(64))
    expected = hmac.new(secret, b"message", hashlib.sha256).digest()
    assert HmacKey.from_base64(base64.b64encode(secret).decode()).sign(b"message") == expected
    keep_secrets_in(lambda length: memoryview(bytearray(length)))
    try:
        assert HmacKey(Secret(secret)).sign(b"message") == expected
    finally:
        keep_secrets_in(bytearray)


def test_a_wiped_hmac_key_signs_nothing():
    key = HmacKey(Secret(bytes(range(64))))
    key.wipe()
    with pytest.raises(AlreadyUsed):
        key.sign(b"message")


@pytest.mark.parametrize("length", [1, 15, 129])
def test_an_hmac_secret_of_a_foolish_length_is_refused(length):
    with pytest.raises(InputRefused):
        HmacKey(Secret(bytes(length)))


def test_a_p256_key_is_kept_and_read_again():
    key = ec.generate_private_key(ec.SECP256R1())
    der = Es256Key(key).der()
    again = Es256Key.from_der(Secret(der))
    signature = again.sign(b"message")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.public_key().verify(encode_dss_signature(r, s), b"message", ec.ECDSA(hashes.SHA256()))


def _der(key):
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    "der",
    [
        b"\x30",
        b"no key at all",
        _der(ec.generate_private_key(ec.SECP384R1())),
        _der(ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=["cut", "nonsense", "another curve", "another algorithm"],
)
def test_what_is_no_p256_key_is_not_read(der):
    with pytest.raises(InputRefused) as caught:
        Es256Key.from_der(Secret(der))
    assert caught.value.reason == "exchange-key" and caught.value.__cause__ is None
