"""The signer's doors: whatever bytes come in, frames come out, nothing is raised, and nothing is signed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.utils import random
from solders.pubkey import Pubkey
from tests.support.simulator import FakeClock, Household, SimulatedDevice, signed

from warifu.errors import SessionAborted
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    AskDecision,
    AskEnvelopeKey,
    AskResult,
    AskStatus,
    CallRefused,
    Challenge,
    CloseSession,
    Relay,
    Reply,
    SessionFailed,
    error_of,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import AskStorageKey, LiftBan, LocalStatus, OperatorRefused, StorageKey
from warifu.signer import answering

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def device(shared_path):
    simulated = SimulatedDevice("kitchen", shared_path / "device", FakeClock())
    simulated.join(IdentityKey.generate())
    yield simulated
    simulated.signer.close()


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 2)
    household.make_wallet(2)
    yield household
    household.close()


FORBIDDEN = st.binary(max_size=300)
FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FUZZ
@given(data=FORBIDDEN)
def test_bytes_that_are_no_frame_are_met_with_silence(device, data):
    assert device.send_bytes(data) == []


@FUZZ
@given(data=FORBIDDEN)
def test_bytes_that_are_no_operators_message_are_refused(device, data):
    answers = device.signer.receive(Origin.OPERATOR, data)
    assert [origin for origin, _ in answers] == [Origin.OPERATOR]


@FUZZ
@given(
    frame=st.sampled_from(
        [
            AskStatus(1),
            AskEnvelopeKey(2, bytes(32)),
            AskResult(3, bytes(32)),
            AskDecision(4, b"\x90", b""),
            Challenge(bytes(32)),
            CloseSession(bytes(16), ""),
            Relay(bytes(16), bytes(32), b""),
        ]
    ),
    position=st.integers(0, 200),
    bit=st.integers(0, 7),
)
def test_a_frame_with_a_flipped_bit_is_another_frame_or_none(device, frame, position, bit):
    data = bytearray(encode(frame))
    data[position % len(data)] ^= 1 << bit
    for answer in device.send_bytes(bytes(data)):
        assert not isinstance(answer, SessionFailed)


@FUZZ
@given(psbt=st.binary(max_size=200))
def test_any_bytes_in_place_of_a_psbt_are_refused_with_a_reason(fuzz_home, psbt):
    payment = fuzz_home.pay()
    decision = fuzz_home["device0"].decide(payment.request, psbt)
    assert not decision.allowed and decision.refusal is not None
    assert decision.refusal.family in ("input", "transaction")


@pytest.fixture(scope="module")
def fuzz_home(shared_path):
    household = Household(shared_path / "home", 1)
    household.make_wallet(1)
    yield household
    household.close()


@pytest.mark.slow
@FUZZ
@given(position=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_psbt_with_a_changed_byte_is_the_same_transaction_or_refused(fuzz_home, position, value):
    payment = fuzz_home.pay()
    psbt = bytearray(payment.unsigned)
    psbt[position % len(psbt)] = value
    decision = fuzz_home["device0"].decide(payment.request, bytes(psbt))
    if decision.allowed:
        # Only hints may differ: what would be signed is still the transaction that the owner named.
        wallet = fuzz_home["device0"].device.wallets.born(payment.request.wallet_id)
        read = fuzz_home["device0"].signer._transfers.read(wallet, payment.request, bytes(psbt))
        assert read.reading.name == payment.request.transaction


def test_a_ban_is_lifted_by_the_operator_and_never_by_the_service(device):
    cheat = bytes(range(32))
    device.device.pool.ban(cheat, "product")
    assert device.status().banned == (("?", cheat),)
    assert device.send(LiftBan(cheat)) == []
    assert device.status().banned == (("?", cheat),)
    (answer,) = device.operator(LiftBan(cheat))
    assert isinstance(answer, LocalStatus) and answer.status.banned == ()
    (again,) = device.operator(LiftBan(cheat))
    assert isinstance(again, OperatorRefused) and again.refusal.reason == "not-banned"


def test_an_oversized_frame_is_met_with_silence(device):
    assert device.send_bytes(encode(Relay(bytes(16), bytes(32), bytes(3 * 2**20)))) == []


@pytest.mark.parametrize(
    "message", [AskStorageKey(), ["begin-join", "kitchen", bytes(16)], ["confirm-join", True]]
)
def test_the_service_cannot_speak_as_the_operator(device, message):
    assert device.send_bytes(encode(message)) == []


def test_the_operator_alone_gets_the_storage_key(device):
    (answer,) = device.operator(AskStorageKey())
    assert isinstance(answer, StorageKey)
    assert "key" not in repr(answer)


def test_there_is_no_way_to_have_a_digest_signed():
    """Every message that a service can send, and nothing among them is 32 bytes to sign."""
    import typing

    from warifu.protocol import frames

    tags = {kind.__struct_config__.tag for kind in typing.get_args(frames.ToSigner)}
    assert tags == {
        "challenge",
        "instruct",
        "ask-envelope-key",
        "open-session",
        "open-correlating",
        "close-session",
        "ask-result",
        "ask-decision",
        "recover-wallet",
        "ask-activation",
        "ask-endorsement",
        "approve-reference",
        "ask-piece",
        "ask-journal",
        "ask-notes",
        "take-notes",
        "ask-acknowledge",
        "ask-confirmation",
        "ask-status",
        "join-owner",
        "relay",
        "show-epoch",
        "keep-account",
        "open-call",
        "ask-call-decision",
        "open-exchange-key",
        "open-comparison",
        "tell-visit",
        "ask-visits",
        "open-errand",
        "ask-comparisons",
        "ask-key-recovery",
        "ask-succession",
        "put-account-in-force",
        "recover-exchange-key",
        "ask-acknowledge-call",
        "keep-travel-rule",
        "open-telling",
        "carried",
        "tunnel-ended",
        "piece-taken",
        "stop-call",
    }


def test_a_challenge_cannot_be_made_to_sign_anything_else(device):
    """What is signed for a challenge carries its purpose; a request's digest as the nonce makes no authorization."""
    from warifu.errors import AuthorizationRefused
    from warifu.protocol.identity import verify

    (presence,) = device.send(Challenge(bytes(32)))
    for tag in ("authorization", "envelope-key", "hello", "birth", "journal"):
        with pytest.raises(AuthorizationRefused):
            verify(device.identity, presence.signature, tag, bytes(32))


def test_relays_and_closings_of_unknown_sessions_are_ignored(device):
    assert device.send(Relay(bytes(16), bytes(32), b"body")) == []
    assert device.send(CloseSession(bytes(16), "why")) == []


def test_a_decision_on_something_that_is_no_transfer_is_refused(home):
    (answer,) = home["device0"].send(AskDecision(9, encode(home.wallet_request), b""))
    assert isinstance(answer, CallRefused) and answer.call == 9
    assert error_of(answer.refusal).code == "input.decision"


def test_an_error_that_nobody_foresaw_ends_all_sessions_and_tells_nothing(home, monkeypatch):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    home["device0"].send(openings["device0"])
    secret = random(8).hex()

    def broken(*_args: object) -> None:
        raise RuntimeError(secret)

    with monkeypatch.context() as patch:
        patch.setattr(answering, "status", broken)
        answers = home["device0"].send(AskStatus(1))
    failed, refused = answers
    assert isinstance(failed, SessionFailed) and isinstance(refused, CallRefused)
    error = error_of(failed.refusal)
    assert isinstance(error, SessionAborted) and error.reason == "internal"
    assert secret not in str(answers)
    assert home["device0"].signer._ceremonies._running == {}
    assert secret.encode() not in b"".join(
        encode(event) for _, event in home["device0"].device.journal.entries()
    )
    assert isinstance(home["device0"].send(AskStatus(1))[0], Reply)
    home.clock.pass_(200)
    assert signed(payment, home.sign(payment))


def test_a_panic_of_rust_is_an_unforeseen_error_like_any_other(device, monkeypatch):
    """Libraries in Rust panic by what is no ``Exception`` (here ``solders``, which no signer loads: dcap-qvl does the
    same); the device must outlive it, and tell nobody what it was."""
    with monkeypatch.context() as patch:
        patch.setattr(answering, "status", lambda *_: Pubkey.from_bytes(b"no address"))
        (refused,) = device.send(AskStatus(1))
    assert isinstance(refused, CallRefused) and refused.refusal.reason == "internal"
    assert isinstance(device.send(AskStatus(2))[0], Reply)


def test_an_unforeseen_error_is_an_answer_for_the_operator(device, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(device.device.store), "storage_key", lambda *_: 1 / 0)
        (answer,) = device.operator(AskStorageKey())
    assert isinstance(answer, OperatorRefused)
    assert answer.refusal.reason == "internal"


def test_the_status_is_public_and_complete(home):
    status = home["device0"].status()
    assert (status.name, status.platform, status.tier) == ("device0", "unsafe-software", 0)
    (wallet,) = status.wallets
    assert set(wallet.devices) == {"device0", "device1"}
    assert (wallet.threshold, wallet.tries_left, wallet.next_try, wallet.spent_today) == (2, 5, 0, ())
    assert msgspec.structs.asdict(status)["journal_length"] == len(home["device0"].kinds())
