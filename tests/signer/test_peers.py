"""Devices remember each other: an old state that is put back is known by its own signature on what it forgot."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.founding import founded
from tests.support.simulator import Household, Outcome, SimulatedDevice

from warifu.attestation.expectation import Expectation
from warifu.attestation.verifier import Verified
from warifu.errors import WarifuError
from warifu.protocol.attesting import SignedHead
from warifu.protocol.frames import AskEnvelopeKey, EnvelopeKeyAnswer, Finished, Relay, error_of
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import UnfreezeDevice
from warifu.signer.sessions.messages import Shown

pytestmark = [pytest.mark.unit, pytest.mark.slow]
WHO = ["device0", "device1"]


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2)
    yield household
    household.close()


def put_back(home: Household, name: str, copy: Path) -> None:
    device = home[name]
    device.crash()
    shutil.rmtree(device.directory)
    shutil.copytree(copy, device.directory)
    device.start()


def copied(home: Household, name: str) -> Path:
    """The disk as it is now. The device is not disturbed for longer than a restart."""
    device = home[name]
    device.crash()
    copy = Path(shutil.copytree(device.directory, home.root / f"{name}-copy"))
    device.start()
    return copy


def test_a_disk_from_before_the_last_signature_is_known_by_both_sides(home):
    """Exactly one session back: nothing but that session's own entry tells the two states apart."""
    old = copied(home, "device1")
    assert home.sign(home.pay(), WHO).finished
    put_back(home, "device1", old)
    outcome = home.sign(home.pay(first_coin=2), WHO)
    assert outcome.failed["device1"].code == "store.rolled-back"
    assert (outcome.failed["device0"].code, outcome.failed["device0"].blame) == (
        "peer.rolled-back",
        "device1",
    )
    assert not outcome.finished
    assert not any("started" in device.kinds()[-2:] for device in home.devices.values())


def test_a_device_that_learnt_that_it_was_put_back_takes_part_in_nothing(home):
    """device2 met no later state of it, and would sign with it."""
    old = copied(home, "device1")
    assert home.sign(home.pay(), WHO).finished
    put_back(home, "device1", old)
    payment = home.pay(first_coin=2)
    running = home.openings(payment.request, ["device1", "device2"], payment.unsigned)
    home.run(running, lambda *_: [])
    outcome = home.sign(home.pay(first_coin=3), WHO)
    assert outcome.failed["device1"].code == "policy.frozen"  # what was running ends as well
    assert not home["device1"].signer._ceremonies._running
    home["device1"].restart()
    frozen = home["device1"].status().frozen
    assert frozen is not None and "put back" in frozen and "device0" in frozen
    assert code_of_envelope_key(home["device1"]) == "policy.frozen"
    home["device1"].operator(UnfreezeDevice())
    assert home.sign(home.pay(first_coin=4), ["device1", "device2"]).finished


def code_of_envelope_key(device: SimulatedDevice) -> str:
    with pytest.raises(WarifuError) as refused:
        device.call(AskEnvelopeKey(4, bytes(32)), EnvelopeKeyAnswer)
    return refused.value.code


def test_the_limits_of_a_day_cannot_be_spent_twice_by_putting_back_the_disk(home):
    old = copied(home, "device1")
    assert home.sign(home.pay(), WHO).finished
    spent = home["device1"].status().wallets[0].spent_today
    assert spent
    put_back(home, "device1", old)
    assert not home["device1"].status().wallets[0].spent_today
    assert not home.sign(home.pay(first_coin=2), WHO).finished


def test_a_device_that_the_others_forgot_is_met_anew(home):
    """Its owner gave device0 an empty memory (a new device in its place would have one)."""
    old = copied(home, "device1")
    put_back(home, "device1", old)
    assert home.sign(home.pay(), WHO).finished


def test_who_met_nobody_since_cannot_know(home):
    """Said in the documentation: device2 took no part in what device1 forgot."""
    old = copied(home, "device1")
    assert home.sign(home.pay(), WHO).finished
    put_back(home, "device1", old)
    assert home.sign(home.pay(first_coin=2), ["device1", "device2"]).finished


def test_a_copy_made_in_the_middle_of_a_session_is_seen_by_nobody(home):
    """Said in the documentation, and why a platform that counts is worth more: the entry about the session is in the
    copy, and what the others remember of it is no more than that."""
    copies: list[Path] = []

    def copy_before_it_signs(sender: bytes, receiver: bytes, frame: Any) -> list[tuple[bytes, Any]]:
        if receiver == home["device1"].identity and len(copies) == 0 and home["device1"].kinds()[-1] == "met":
            copies.append(home.root / "device1-copy")
            shutil.copytree(home["device1"].directory, copies[0])
        return [(receiver, frame)]

    assert home.sign(home.pay(), WHO, copy_before_it_signs).finished
    assert home["device1"].status().wallets[0].spent_today
    put_back(home, "device1", copies[0])
    assert not home["device1"].status().wallets[0].spent_today
    assert home.sign(home.pay(first_coin=2), WHO).finished


def altered(home: Household, name: str, change: Any) -> None:
    """``name`` shows its peers ``change(shown)`` in each session."""
    device: Any = home[name].device
    meeting = device.meeting

    def lying(*of_session: Any) -> Any:
        made = meeting(*of_session)
        show = made.show
        made.show = lambda *parts: {peer: change(shown) for peer, shown in show(*parts).items()}
        return made

    object.__setattr__(device, "meeting", lying)


def with_head(**fields: Any):
    return lambda shown: msgspec.structs.replace(shown, head=msgspec.structs.replace(shown.head, **fields))


@pytest.mark.parametrize(
    "change",
    [with_head(length=10**6), with_head(hash=bytes(32)), with_head(signature=bytes(64))],
    ids=["length", "hash", "signature"],
)
def test_a_head_that_its_device_did_not_sign_names_it(home, change):
    altered(home, "device1", change)
    failed = home.sign(home.pay(), WHO).failed["device0"]
    assert (failed.code, failed.blame) == ("peer.journal-head", "device1")


def test_a_peer_cannot_make_a_device_believe_that_it_forgot_something(home):
    stranger = IdentityKey.generate()

    def forged(shown: Shown) -> Shown:
        head = SignedHead(10**6, b"h" * 32, bytes(64))
        signed = SignedHead(10**6, b"h" * 32, stranger.sign("journal-head", *head.stated))
        return msgspec.structs.replace(shown, remembered=signed)

    altered(home, "device1", forged)
    failed = home.sign(home.pay(), WHO).failed["device0"]
    assert (failed.code, failed.blame) == ("peer.remembered", "device1")
    assert home.sign(home.pay(first_coin=2), ["device0", "device2"]).finished


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_peer_that_hides_what_it_remembers_gains_nothing(home, sessions):
    """It would have to want the old state's signature; the honest one of the two still looks."""
    old = copied(home, "device1")
    for number in range(sessions):
        assert home.sign(home.pay(first_coin=number), WHO).finished
    put_back(home, "device1", old)
    altered(home, "device0", lambda shown: msgspec.structs.replace(shown, remembered=None))
    outcome = home.sign(home.pay(first_coin=9), WHO)
    assert not outcome.finished
    assert outcome.failed["device0"].code == "peer.rolled-back"


def test_what_was_shown_is_remembered_over_restarts(home):
    assert home.sign(home.pay(), WHO).finished
    before = home["device0"].device.peers.known(home["device1"].identity)
    assert before is not None and before.count is None
    home["device0"].restart()
    assert home["device0"].device.peers.known(home["device1"].identity) == before
    assert home.sign(home.pay(first_coin=2), WHO).finished
    after = home["device0"].device.peers.known(home["device1"].identity)
    assert after is not None and after.head.length > before.head.length


def test_sessions_side_by_side_do_not_accuse_anybody(home):
    """Heads arrive in another order than they were made in."""
    first, second = home.pay(first_coin=1), home.pay(first_coin=2)
    one = home.openings(first.request, WHO, first.unsigned)
    held: list[tuple[bytes, Any]] = []

    def hold(_sender: bytes, receiver: bytes, frame: Any) -> list[tuple[bytes, Any]]:
        held.append((receiver, frame))
        return []

    home.run(one, hold)
    assert home.sign(second, WHO).finished
    outcome = delivered(home, held)
    assert set(outcome.finished) == set(WHO), outcome.codes


def delivered(home: Household, held: list[tuple[bytes, Any]]) -> Outcome:
    """What was held back arrives after all, and all that follows from it."""
    outcome = Outcome()
    while held:
        receiver, frame = held.pop(0)
        for answer in home[home.name_of(receiver)].send(frame):
            if isinstance(answer, Relay):
                held.append((answer.peer, Relay(answer.session, receiver, answer.body)))
            elif isinstance(answer, Finished):
                outcome.finished[home.name_of(receiver)] = answer.result
            else:
                outcome.failed[home.name_of(receiver)] = error_of(answer.refusal)
    return outcome


def test_a_hello_that_comes_late_makes_nobody_look_as_if_it_were_put_back(home):
    """device1 shows itself in a session and meets device0 in a second one, while device0 still waits for a Hello in
    the first: what device1 showed there is older than what device0 knows by now, and nothing is wrong with it."""
    first, second = home.pay(first_coin=1), home.pay(first_coin=2)
    held: list[tuple[bytes, Any]] = []

    def hold_one(sender: bytes, receiver: bytes, frame: Any) -> list[tuple[bytes, Any]]:
        if (sender, receiver) != (home["device2"].identity, home["device0"].identity):
            return [(receiver, frame)]
        held.append((receiver, frame))
        return []

    assert not home.sign(first, home.names, hold_one).failed
    assert home.sign(second, WHO).finished
    newest = home["device0"].device.peers.known(home["device1"].identity)
    outcome = delivered(home, held)
    assert set(outcome.finished) == set(home.names), outcome.codes
    assert home["device0"].device.peers.known(home["device1"].identity) == newest


def showing_count(patch: pytest.MonkeyPatch, count: int | None) -> None:
    """What everybody runs on has a counter, and it stands there."""
    tcb = {} if count is None else {"counter": count}
    honest = Expectation.require

    def require(self: Expectation, *parts: Any) -> Verified:
        verified = honest(self, *parts)
        assert verified is not None
        return replace(verified, tcb=tcb)

    patch.setattr(Expectation, "require", require)


@pytest.mark.parametrize("later", [6, None])
def test_a_count_that_goes_back_names_the_device_whatever_its_journal_says(home, monkeypatch, later):
    with monkeypatch.context() as patch:
        showing_count(patch, 7)
        assert home.sign(home.pay(), WHO).finished
        assert home.sign(home.pay(first_coin=2), WHO).finished  # nobody counted in between
    showing_count(monkeypatch, later)
    failed = home.sign(home.pay(first_coin=3), WHO).failed["device0"]
    assert (failed.code, failed.blame) == ("peer.rolled-back", "device1")


def test_a_count_that_no_chip_reaches_ends_this_session_alone(home, monkeypatch):
    """It does not fit into the store: an error that nobody foresaw would end the sessions with honest devices, too."""
    showing_count(monkeypatch, 2**64 - 1)
    failed = home.sign(home.pay(), WHO).failed["device0"]
    assert (failed.code, failed.blame) == ("peer.count", "device1")


def test_a_session_that_no_owner_asked_for_leaves_no_trace_in_the_journal(tmp_path):
    """Whoever runs the service could fill the disk by it, and wear out the counter of a chip."""
    home = Household(tmp_path, 2)
    home.make_wallet(2, schemes=("ecdsa",))
    before = {name: device.status().journal_length for name, device in home.devices.items()}
    for _ in range(3):
        assert home.correlate(1).finished.keys() == set(WHO)
    assert {name: device.status().journal_length for name, device in home.devices.items()} == before
    home.close()
