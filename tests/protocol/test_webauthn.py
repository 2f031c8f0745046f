"""A passkey's yes counts only for what it was asked, on its own page, by its own key and a verified user."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.authenticator import (
    ATTESTED,
    BACKED_UP,
    BACKUP_ELIGIBLE,
    EXTENDED,
    ORIGIN,
    PRESENT,
    VERIFIED,
    Authenticator,
)

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.credential import (
    Approval,
    DeviceKey,
    Passkey,
    Signature,
    approver,
    challenge,
    check_approval,
    decode_credential,
)
from warifu.protocol.encoding import decode, encode
from warifu.protocol.identity import IdentityKey
from warifu.protocol.webauthn import MAX_CLIENT_DATA, PublicKey

pytestmark = pytest.mark.unit

ASKED = bytes([7]) * 32
KEY = Authenticator()


def refusal(approval: Approval, asked: bytes = ASKED) -> str:
    with pytest.raises(AuthorizationRefused) as refused:
        check_approval(approval, "approval", asked)
    return refused.value.code


@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
def test_a_genuine_assertion_shows_its_counter(kind: str) -> None:
    key = Authenticator(kind, counter=41)
    assert check_approval(key.approval("approval", ASKED), "approval", ASKED) == 41
    assert check_approval(key.approval("approval", ASKED), "approval", ASKED) == 42


def test_a_synced_passkey_shows_no_counter() -> None:
    key = Authenticator(counter=None)
    flags = PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP
    assert check_approval(key.approval("approval", ASKED, flags=flags), "approval", ASKED) == 0


def test_what_chromium_adds_to_one_assertion_in_five_is_let_pass() -> None:
    greased = KEY.approval("approval", ASKED, other_keys_can_be_added_here="do not compare")
    check_approval(greased, "approval", ASKED)


def test_client_data_without_cross_origin_count_as_made_on_the_page_itself() -> None:
    data = json.loads(KEY.client_data(challenge("approval", ASKED)))
    del data["crossOrigin"]
    check_approval(KEY.approval("approval", ASKED, client_data=json.dumps(data).encode()), "approval", ASKED)


@pytest.mark.parametrize(
    "twist",
    [
        {"challenge": "AAAA"},
        {"challenge": ""},
        {"challenge": 7},
        {"type": "webauthn.create"},
        {"type": "payment.get"},
        {"origin": "http://localhost:24741"},
        {"origin": "https://localhost:24740"},
        {"origin": "http://127.0.0.1:24740"},
        {"origin": "http://localhost"},
        {"origin": ORIGIN + "/"},
        {"origin": "http://localhost:24740.evil.example"},
        {"crossOrigin": True},
        {"crossOrigin": 0},
        {"crossOrigin": None},
        {"topOrigin": "https://evil.example"},
        {"tokenBinding": {"status": "present"}},
        {"anything": 1},
        {"rp_id": "evil.example"},
        {"rp_id": "localhost.evil.example"},
        {"flags": 0},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"flags": PRESENT | VERIFIED | ATTESTED},
        {"flags": PRESENT | VERIFIED | EXTENDED},
        {"flags": PRESENT | VERIFIED | 0x02},
    ],
)
def test_what_was_made_for_something_else_or_elsewhere_does_not_count(twist: dict[str, object]) -> None:
    assert refusal(KEY.approval("approval", ASKED, **twist)) == "authorization.assertion"


def test_the_challenge_of_another_request_or_purpose_does_not_count() -> None:
    assert refusal(KEY.approval("approval", bytes(32))) == "authorization.assertion"
    assert refusal(KEY.approval("authorization", ASKED)) == "authorization.assertion"


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b'"webauthn.get"',
        b"null",
        b"\xff\xfe",
        b"[" * 1000,
        b"{" * 1000,
        KEY.client_data(challenge("approval", ASKED))[:-1],
        KEY.client_data(challenge("approval", ASKED)) + b"{}",
        KEY.client_data(challenge("approval", ASKED)).replace(b"}", b',"origin":"http://localhost:24740"}'),
        KEY.client_data(challenge("approval", ASKED)).replace(b"{", b'{"type":"webauthn.create",'),
        b"\xef\xbb\xbf" + KEY.client_data(challenge("approval", ASKED)),
        KEY.client_data(challenge("approval", ASKED)).decode().encode("utf-16"),
    ],
)
def test_client_data_that_could_be_read_in_two_ways_or_not_at_all_are_refused(data: bytes) -> None:
    assert refusal(KEY.approval("approval", ASKED, client_data=data)) == "authorization.assertion"


@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature"])
def test_no_byte_can_be_changed_under_the_signature(part: str) -> None:
    approval = KEY.approval("approval", ASKED)
    whole = getattr(approval.proof, part)
    for place in range(0, len(whole), 3):
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        changed = msgspec.structs.replace(approval.proof, **{part: flipped})
        assert refusal(msgspec.structs.replace(approval, proof=changed)).startswith("authorization.")


def test_another_keys_signature_does_not_count() -> None:
    stolen = msgspec.structs.replace(KEY.approval("approval", ASKED), credential=Authenticator().credential)
    assert refusal(stolen) == "authorization.signature"


def test_a_proof_of_the_other_kind_does_not_count() -> None:
    owner = IdentityKey.generate()
    mine = approver(owner)("approval", ASKED)
    for credential, proof in (
        (DeviceKey(owner.public), KEY.approval("approval", ASKED).proof),
        (KEY.credential, mine.proof),
        (KEY.credential, Signature(bytes(64))),
    ):
        assert refusal(Approval(credential, proof)) == "authorization.signature"


def test_a_signature_of_the_authenticators_own_purpose_is_no_device_keys() -> None:
    """The same Ed25519 key enrolled as both kinds: what one kind signs, the other does not accept."""
    key = Authenticator("EdDSA")
    approval = key.approval("approval", ASKED)
    public = key.credential.public[-32:]
    assert (
        refusal(Approval(DeviceKey(public), Signature(approval.proof.signature))) == "authorization.signature"
    )


def es256() -> bytes:
    return KEY.credential.public


@pytest.mark.parametrize(
    "public",
    [
        b"",
        b"\xa0",
        es256()[:-1],
        es256() + b"\x00",
        es256().replace(b"\x03\x26", b"\x03\x27", 1),  # ES256's point, said to be EdDSA
        es256().replace(b"\x03\x26", b"\x03\x39\x01\x00", 1),  # RS256
        es256().replace(b"\x20\x01", b"\x20\x02", 1),  # P-384
        es256().replace(b"\x20\x01", b"\x20\x08", 1),  # secp256k1
        b"\xa6" + es256()[1:] + b"\x23\x00",  # a field more
        b"\xbf" + es256()[1:] + b"\xff",  # of indefinite length
        b"\xb8\x05" + es256()[1:],  # the same map, written longer
        b"\xa5\x03\x26\x01\x02" + es256()[5:],  # the same fields in another order
        b"\x9f" * 64,
        b"\xa1" * 64,
    ],
    ids=[  # the key is another one at each run, and the workers must agree on the tests' names
        "nothing",
        "empty-map",
        "cut-off",
        "one-byte-more",
        "said-to-be-eddsa",
        "rs256",
        "p-384",
        "secp256k1",
        "a-field-more",
        "indefinite-length",
        "longer-head",
        "another-order",
        "endless-arrays",
        "endless-maps",
    ],
)
def test_keys_of_other_kinds_and_in_other_encodings_are_none(public: bytes) -> None:
    with pytest.raises(ValueError, match="neither ES256"):
        PublicKey.read(public)
    encoded = encode(msgspec.structs.replace(KEY.credential)).replace(es256(), public)
    with pytest.raises(InputRefused):
        decode_credential(encoded)


ED25519 = Authenticator("EdDSA").credential.public
SMALL_ORDER = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
]


@pytest.mark.parametrize(
    "public",
    [
        es256()[:-1] + bytes([es256()[-1] ^ 1]),
        es256()[:10] + bytes(32) + es256()[42:45] + bytes(32),
        *(ED25519[:10] + point for point in SMALL_ORDER),
    ],
    ids=["beside-the-curve", "zero", "order-4", "order-1", "order-2", "order-8"],
)
def test_points_by_which_nobody_or_anybody_could_sign_are_no_keys(public: bytes) -> None:
    with pytest.raises(ValueError):
        PublicKey.read(public)


@pytest.mark.parametrize(
    "change",
    [
        {"credential_id": b""},
        {"credential_id": bytes(1024)},
        {"rp_id": "Localhost"},
        {"rp_id": ""},
        {"rp_id": "localhost\n"},
        {"origin": "localhost:24740"},
        {"origin": "http://localhost:24740/page"},
        {"origin": "http://localhost:24740\n"},
        {"origin": "javascript:alert(1)"},
    ],
)
def test_a_credential_is_read_strictly(change: dict[str, object]) -> None:
    encoded = encode(msgspec.structs.replace(KEY.credential, **change))
    with pytest.raises(InputRefused):
        decode(Passkey, encoded, 8192)


@pytest.mark.parametrize(
    "change",
    [
        {"authenticator_data": bytes(36)},
        {"authenticator_data": bytes(38)},
        {"client_data": b"x" * (MAX_CLIENT_DATA + 1)},
        {"client_data": b""},
        {"signature": bytes(81)},
        {"signature": b""},
    ],
)
def test_an_assertion_is_bounded(change: dict[str, object]) -> None:
    approval = KEY.approval("approval", ASKED)
    proof = msgspec.structs.replace(approval.proof, **change)
    with pytest.raises(InputRefused):
        decode(Approval, encode(msgspec.structs.replace(approval, proof=proof)), 16 * 1024)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=128))
def test_no_bytes_bring_the_reader_of_keys_down(data: bytes) -> None:
    try:
        PublicKey.read(data)
    except ValueError:
        return
    assert len(data) in (42, 77)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=2, max_size=200))
def test_no_client_data_bring_the_check_down(data: bytes) -> None:
    assert refusal(KEY.approval("approval", ASKED, client_data=data)) == "authorization.assertion"
