"""JWTs of our own key: what other verifiers accept, for how long, and that nothing of the key is shown."""

from __future__ import annotations

import base64
import copy
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from tests.support.quicknode import StandIn

from warifu.chains.quicknode.jwt import LIFETIME, MARGIN, Algorithm, JwtKey, JwtPublicKey
from warifu.chains.rpc.secret import Secret
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

KEYS = {algorithm: JwtKey.generate(algorithm, "warifu-1") for algorithm in Algorithm}


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.9

    def __call__(self) -> float:
        return self.now


def unwrapped(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def token_of(key: JwtKey) -> str:
    return key.authorization().reveal().removeprefix("Bearer ")


def pem(key) -> Secret:
    return Secret(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_verifier_that_has_the_public_half_accepts_it(algorithm):
    key = KEYS[algorithm]
    head, claims, signature = token_of(key).split(".")
    assert json.loads(unwrapped(head)) == {"alg": algorithm.value, "kid": "warifu-1", "typ": "JWT"}
    said = json.loads(unwrapped(claims))
    assert said.keys() == {"iat", "exp"}
    assert said["exp"] - said["iat"] == LIFETIME
    verify = StandIn._verify
    verify(key.public_pem, algorithm.value, f"{head}.{claims}".encode(), unwrapped(signature))
    with pytest.raises(InvalidSignature):
        verify(key.public_pem, algorithm.value, f"{head}.{claims}x".encode(), unwrapped(signature))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_an_independent_library_accepts_it(algorithm):
    jwt = pytest.importorskip("jwt", reason="PyJWT is not installed: the other verifier is this module's own")
    key = KEYS[algorithm]
    said = jwt.decode(
        token_of(key), key.public_pem, algorithms=[algorithm.value], options={"require": ["exp", "iat"]}
    )
    assert said["exp"] - said["iat"] == LIFETIME


def test_the_signature_of_es256_is_64_bytes_whatever_its_numbers_are():
    clock = Clock()
    key = JwtKey(ec.generate_private_key(ec.SECP256R1()), "k", clock=clock)
    for _ in range(200):  # one in 128 has a short number
        clock.now += LIFETIME
        assert len(unwrapped(token_of(key).split(".")[2])) == 64


def test_a_token_is_used_until_shortly_before_its_end():
    clock = Clock()
    key = JwtKey(ec.generate_private_key(ec.SECP256R1()), "k", clock=clock)
    first = token_of(key)
    clock.now += LIFETIME - MARGIN - 1
    assert token_of(key) == first
    clock.now += 1
    second = token_of(key)
    assert second != first
    assert json.loads(unwrapped(second.split(".")[1]))["exp"] == int(clock.now) + LIFETIME


def test_a_clock_that_was_set_back_gets_a_token_of_its_own_time():
    clock = Clock()
    key = JwtKey(ec.generate_private_key(ec.SECP256R1()), "k", clock=clock)
    token_of(key)
    clock.now -= 86_400
    assert json.loads(unwrapped(token_of(key).split(".")[1]))["iat"] == int(clock.now)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_comes_back_from_its_pem(algorithm):
    key = KEYS[algorithm]
    again = JwtKey.from_pem(key.private_pem(), "warifu-1")
    assert (again.algorithm, again.public_pem) == (algorithm, key.public_pem)


@pytest.mark.parametrize(
    "secret",
    [
        Secret(""),
        Secret("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        Secret(KEYS[Algorithm.ES256].public_pem),
        Secret("x" * 100_000),
        Secret("\udcff"),
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(ec.generate_private_key(ec.SECP256K1())),
        pem(rsa.generate_private_key(65537, 1024)),
        pem(dsa.generate_private_key(1024)),
    ],
    ids=["nothing", "no key", "public", "huge", "no text", "P-384", "secp256k1", "short RSA", "DSA"],
)
def test_a_key_that_no_endpoint_takes(secret):
    with pytest.raises(InputRefused) as refused:
        JwtKey.from_pem(secret, "k")
    assert refused.value.code == "input.jwt-key"


@pytest.mark.parametrize("kid", ["", "x" * 129, "a\nb", "ü"])
def test_a_name_that_does_not_fit(kid):
    with pytest.raises(InputRefused):
        JwtKey.generate(Algorithm.EDDSA, kid)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_public_half_alone_is_enough_to_register(algorithm):
    whole = KEYS[algorithm]
    alone = JwtPublicKey.from_pem("\r\n" + whole.public_pem.replace("\n", "\r\n"), "warifu-1")
    assert (alone.public_pem, alone.kid) == (whole.public_pem, "warifu-1")


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_private_key_is_never_taken_for_its_public_half(algorithm):
    private = KEYS[algorithm].private_pem().reveal()
    for text in (private, KEYS[algorithm].public_pem + private, private + KEYS[algorithm].public_pem):
        with pytest.raises(InputRefused) as refused:
            JwtPublicKey.from_pem(text, "warifu-1")
        assert refused.value.code == "input.jwt-key"
        assert private.splitlines()[1] not in str(refused.value.__dict__)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 20_000,
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ec.generate_private_key(ec.SECP256K1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "\ud800",
    ],
    ids=["nothing", "too long", "no key", "another curve", "no text"],
)
def test_a_public_key_that_no_endpoint_takes(text):
    with pytest.raises(InputRefused) as refused:
        JwtPublicKey.from_pem(text, "warifu-1")
    assert refused.value.code == "input.jwt-key"


@pytest.mark.parametrize("kid", ["", "x" * 129, "a\nb", "ü"])
def test_a_public_key_needs_a_name_that_fits(kid):
    with pytest.raises(InputRefused) as refused:
        JwtPublicKey.from_pem(KEYS[Algorithm.ES256].public_pem, kid)
    assert refused.value.code == "input.jwt-kid"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_nothing_of_it_is_shown(algorithm):
    key = KEYS[algorithm]
    shown = repr(key) + str(key) + repr(vars(key)) + repr(key.private_pem())
    assert "PRIVATE" not in shown
    assert token_of(key) not in shown
    with pytest.raises(TypeError):
        copy.deepcopy(key)
