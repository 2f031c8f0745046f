"""The two things that are asked of an authenticator, whoever carries the question to it: make a key, say yes.

What comes back is checked here as strictly as the signers check it, before anybody relies on it: a page can be asked by
strangers, and a browser by its extensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from fido2 import cbor
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRequestOptions,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from nacl.utils import random

from warifu.errors import AuthorizationRefused, InputRefused, WarifuError
from warifu.protocol.credential import MAX_APPROVAL_BYTES, Approval, Passkey, challenge, check_approval
from warifu.protocol.encoding import decode, encode
from warifu.protocol.webauthn import Assertion, PublicKey

PORT = 24740
"""Below those that systems give to whoever asks for any (Linux: from 32768 on), so that nobody gets it by chance."""
RP_ID = "localhost"
ORIGIN = f"http://{RP_ID}:{PORT}"
"""Fixed, because it is enrolled: a page on another port asks in vain."""
TIMEOUT_SECONDS = 180
_ALGORITHMS = (-7, -8)
"""ES256, EdDSA (COSE)."""

Facts = Sequence[tuple[str, str]]


class Road(Protocol):
    """Carries a question to an authenticator. Raises ``AuthorizationRefused`` where the person says no."""

    def make(self, options: PublicKeyCredentialCreationOptions, facts: Facts) -> RegistrationResponse: ...

    def ask(self, options: PublicKeyCredentialRequestOptions, facts: Facts) -> AuthenticationResponse: ...


def make_passkey(road: Road, name: str, known: Sequence[Passkey], facts: Facts) -> Passkey:
    """A new passkey. ``known``: those that this owner has already, which shall not make a second one.

    Raises ``AuthorizationRefused``, ``InputRefused`` (``passkey``).
    """
    server = Fido2Server(PublicKeyCredentialRpEntity(id=RP_ID, name="Warifu"), verify_origin=_is_ours)
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=each)
        for each in _ALGORITHMS
    ]
    user = PublicKeyCredentialUserEntity(id=random(32), name=name, display_name=name)
    options, state = server.register_begin(
        user,
        credentials=[_descriptor(passkey) for passkey in known],
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    response = road.make(replace(options.public_key, timeout=TIMEOUT_SECONDS * 1000), facts)
    try:
        data = server.register_complete(state, response).credential_data
    except WarifuError:
        raise
    except Exception as error:  # noqa: BLE001 - the reader's errors on hostile bytes are of many kinds
        raise _no_passkey(str(error) or type(error).__name__) from None
    if data is None or data.credential_id != response.raw_id:
        raise _no_passkey("it names no key")
    return _passkey(data)


def approve_with(road: Road, passkey: Passkey, facts: Facts, tag: str, *parts: bytes) -> Approval:
    """The yes of ``passkey`` for the purpose ``tag`` over ``parts``; ``facts`` are shown beside the question.

    Raises ``AuthorizationRefused`` where there is none that the signers would take.
    """
    options = PublicKeyCredentialRequestOptions(
        challenge=challenge(tag, *parts),
        timeout=TIMEOUT_SECONDS * 1000,
        rp_id=passkey.rp_id,
        allow_credentials=[_descriptor(passkey)],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    response = road.ask(options, facts)
    if response.raw_id != passkey.credential_id:
        raise AuthorizationRefused("assertion", "another passkey answered than the one that was asked")
    said = response.response
    try:
        assertion = Assertion(bytes(said.authenticator_data), bytes(said.client_data), said.signature)
        approval = decode(Approval, encode(Approval(passkey, assertion)), MAX_APPROVAL_BYTES)
        check_approval(approval, tag, *parts)
    except WarifuError as error:
        error.remedy = (
            error.remedy or "Nobody would take this approval. Try again, with another browser or key."
        )
        raise
    return approval


def _passkey(data: AttestedCredentialData) -> Passkey:
    key: Mapping[int, Any] = data.public_key
    try:
        encoded = cbor.encode(dict(key))
        PublicKey.read(encoded)
        passkey = Passkey(data.credential_id, encoded, RP_ID, ORIGIN)
        return decode(Passkey, encode(passkey), MAX_APPROVAL_BYTES)
    except (ValueError, InputRefused) as error:
        raise _no_passkey(str(error)) from None


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=passkey.credential_id)


def _is_ours(origin: str) -> bool:
    return origin == ORIGIN


def _no_passkey(why: str) -> InputRefused:
    return InputRefused(
        "passkey",
        f"no passkey that counts was made: {why[:200]}",
        not_done="Nothing was kept.",
        remedy="Use a passkey or security key with ES256 or EdDSA that asks for a PIN, a finger or a face.",
    )
