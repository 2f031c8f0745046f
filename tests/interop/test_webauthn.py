"""Our reading of assertions beside python-fido2's server: whatever we take, it takes; it takes more than we do."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)
from hypothesis import given
from hypothesis import strategies as st
from tests.support.authenticator import ATTESTED, ORIGIN, PRESENT, RP_ID, VERIFIED, Authenticator

from warifu.errors import AuthorizationRefused
from warifu.protocol.credential import Passkey
from warifu.protocol.webauthn import Assertion, PublicKey, check

pytestmark = pytest.mark.unit

ASKED = hashlib.sha256(b"asked").digest()
KEYS = {kind: Authenticator(kind) for kind in ("ES256", "EdDSA")}


def theirs(passkey: Passkey, assertion: Assertion) -> bool:
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=RP_ID, name="Warifu"), verify_origin=lambda origin: origin == ORIGIN
    )
    credential = AttestedCredentialData.create(
        Aaguid.NONE, passkey.credential_id, dict_of(cbor.decode(passkey.public))
    )
    _, state = server.authenticate_begin(
        [credential], user_verification=UserVerificationRequirement.REQUIRED, challenge=ASKED
    )
    response = {
        "rawId": passkey.credential_id,
        "response": {
            "clientDataJSON": assertion.client_data,
            "authenticatorData": assertion.authenticator_data,
            "signature": assertion.signature,
        },
    }
    try:
        server.authenticate_complete(state, [credential], AuthenticationResponse.from_dict(encoded(response)))
    except Exception:  # noqa: BLE001 - theirs are of many kinds, and all are a no
        return False
    return True


def dict_of(fields: Any) -> Any:
    return CoseKey.parse(fields)


def encoded(value: Any) -> Any:
    """As JSON carries it."""
    if isinstance(value, bytes):
        return websafe_encode(value)
    return {name: encoded(each) for name, each in value.items()}


def ours(passkey: Passkey, assertion: Assertion) -> bool:
    try:
        check(assertion, PublicKey.read(passkey.public), RP_ID, ORIGIN, ASKED)
    except AuthorizationRefused:
        return False
    return True


@pytest.mark.parametrize("kind", KEYS)
def test_both_take_a_genuine_assertion(kind: str) -> None:
    key = KEYS[kind]
    assertion = key.assertion(ASKED)
    assert ours(key.credential, assertion) and theirs(key.credential, assertion)


TWISTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["webauthn.get", "webauthn.create"]),
        "challenge": st.sampled_from(["", "AAAA"]),
        "origin": st.sampled_from([ORIGIN, ORIGIN + "/", "http://localhost", "https://evil.example"]),
        "crossOrigin": st.booleans(),
        "topOrigin": st.just("https://evil.example"),
        "rp_id": st.sampled_from([RP_ID, "evil.example"]),
        "flags": st.sampled_from([PRESENT | VERIFIED, PRESENT, VERIFIED, 0, PRESENT | VERIFIED | ATTESTED]),
        "counter": st.integers(0, 2**32 - 1),
    },
)


@given(st.sampled_from(sorted(KEYS)), TWISTS, st.booleans())
def test_what_we_take_they_take(kind: str, twists: dict[str, Any], forged: bool) -> None:
    key = KEYS[kind]
    signer = Authenticator(kind) if forged else key
    assertion = signer.assertion(ASKED, **twists)
    if ours(key.credential, assertion):
        assert theirs(key.credential, assertion)
    if forged:
        assert not ours(key.credential, assertion)


def test_they_let_pass_what_we_do_not() -> None:
    """Frames of other pages: the reason to read client data ourselves."""
    key = KEYS["ES256"]
    assertion = key.assertion(ASKED, crossOrigin=True, topOrigin="https://evil.example")
    assert theirs(key.credential, assertion) and not ours(key.credential, assertion)
