"""A new wallet is believed only when every pinned device states the same birth of exactly the wallet asked for."""

from hashlib import sha256

import msgspec
import pytest

from warifu.cli.births import verify_births
from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved
from warifu.protocol.chains import Scheme
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import digest, encode
from warifu.protocol.frames import KeyBirth, SignedBirth, WalletBirth
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.policy import POLICY_VERSION, Policy
from warifu.protocol.request import Stretching, WalletRequest, request_digest

pytestmark = pytest.mark.unit

KEYS = sorted((IdentityKey(bytes([n]) * 32) for n in (1, 2, 3)), key=lambda key: key.public)
RECOVERY = (b"recovery data", b"of the other key")
REQUEST = WalletRequest(
    bytes(16),
    "regtest",
    ("bip340", "ed25519"),
    2,
    tuple(DeviceRef(f"d{index}", key.public) for index, key in enumerate(KEYS)),
    (DeviceKey(bytes(32)),),
    Policy(POLICY_VERSION, 5, ()),
    Stretching(64, 3),
    1,
    2,
)


def key_birth(scheme: Scheme, recovery: bytes, **fields: object) -> KeyBirth:
    birth = KeyBirth(
        scheme,
        b"\x02" + bytes(32),
        digest("chain-code", recovery),
        (b"\x02" + bytes(32),) * 3,
        sha256(recovery).digest(),
    )
    return msgspec.structs.replace(birth, **fields)


FIRST, SECOND = key_birth("bip340", RECOVERY[0]), key_birth("ed25519", RECOVERY[1])
BIRTH = WalletBirth(request_digest(REQUEST), (FIRST, SECOND))


def signed(
    key: IdentityKey, birth: WalletBirth = BIRTH, recovery: tuple[bytes, ...] = RECOVERY
) -> SignedBirth:
    encoded = encode(birth)
    return SignedBirth(encoded, key.public, key.sign("birth", encoded), recovery)


def all_signed(birth: WalletBirth = BIRTH, recovery: tuple[bytes, ...] = RECOVERY) -> list[SignedBirth]:
    return [signed(key, birth, recovery) for key in KEYS]


def test_the_same_birth_from_all_is_believed_in_any_order():
    assert verify_births(REQUEST, all_signed()[::-1]) == (BIRTH, RECOVERY)


@pytest.mark.parametrize(
    "births",
    [
        [],
        all_signed()[:2],
        [*all_signed()[:2], all_signed()[1]],
        [*all_signed(), all_signed()[0]],
        [*all_signed()[:2], signed(IdentityKey(bytes([9]) * 32))],
    ],
    ids=["none", "one missing", "one twice for another", "one twice", "a stranger"],
)
def test_only_exactly_the_chosen_devices_count(births):
    with pytest.raises(PeerMisbehaved):
        verify_births(REQUEST, births)


def test_a_signature_of_another_key_or_purpose_is_refused():
    forged = SignedBirth(encode(BIRTH), KEYS[0].public, KEYS[1].sign("birth", encode(BIRTH)), RECOVERY)
    other_purpose = SignedBirth(encode(BIRTH), KEYS[0].public, KEYS[0].sign("hello", encode(BIRTH)), RECOVERY)
    for bad in (forged, other_purpose):
        with pytest.raises(AuthorizationRefused):
            verify_births(REQUEST, [bad, *all_signed()[1:]])


def changed(**fields: object) -> WalletBirth:
    return msgspec.structs.replace(BIRTH, **fields)


@pytest.mark.parametrize(
    "birth",
    [
        changed(wallet_id=bytes(32)),
        changed(keys=(FIRST, key_birth("ed25519", RECOVERY[1], chain_code=bytes(32)))),
        changed(keys=(FIRST, key_birth("ed25519", RECOVERY[1], recovery_digest=bytes(32)))),
        changed(keys=(FIRST, key_birth("ed25519", RECOVERY[1], public_shares=FIRST.public_shares[:2]))),
        changed(keys=(FIRST,)),
        changed(keys=(FIRST, key_birth("ecdsa", RECOVERY[1]))),
        changed(keys=(SECOND, FIRST)),
    ],
    ids=[
        "another wallet",
        "another chain code",
        "other recovery data",
        "fewer shares",
        "a key less",
        "another key",
        "another order",
    ],
)
def test_even_unanimous_devices_cannot_state_another_birth(birth):
    with pytest.raises(PeerMisbehaved):
        verify_births(REQUEST, all_signed(birth))


def test_one_dissenting_device_is_enough_to_refuse():
    other = changed(keys=(key_birth("bip340", RECOVERY[0], threshold_public=b"\x03" + bytes(32)), SECOND))
    with pytest.raises(PeerMisbehaved):
        verify_births(REQUEST, [*all_signed()[:2], signed(KEYS[2], other)])
    with pytest.raises(PeerMisbehaved):
        verify_births(REQUEST, [*all_signed()[:2], signed(KEYS[2], recovery=(RECOVERY[0], b"other"))])


def test_a_birth_that_cannot_be_read_is_refused():
    nonsense = b"\x93"
    births = [SignedBirth(nonsense, key.public, key.sign("birth", nonsense), RECOVERY) for key in KEYS]
    with pytest.raises(InputRefused):
        verify_births(REQUEST, births)
