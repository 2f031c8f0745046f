"""Devices remember each other: an old state that is put back is known by its own signature on what it forgot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.simulator import Household

from warifu.protocol.attesting import SignedHead
from warifu.protocol.identity import IdentityKey
from warifu.signer.sessions.messages import Shown

pytestmark = pytest.mark.unit
WHO = ["device0", "device1"]


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 3)
    household.make_wallet(2)
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


def altered(home: Household, name: str, change: Any) -> None:
    """``name`` shows its peers ``change(shown)`` in each session."""
    device: Any = home[name].device
    meeting = device.meeting

    def lying(expected: Any) -> Any:
        made = meeting(expected)
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


def test_a_peer_that_hides_what_it_remembers_gains_nothing(home):
    """It would have to want the old state's signature; the honest one of the two still looks."""
    old = copied(home, "device1")
    assert home.sign(home.pay(), WHO).finished
    put_back(home, "device1", old)
    altered(home, "device0", lambda shown: msgspec.structs.replace(shown, remembered=None))
    outcome = home.sign(home.pay(first_coin=2), WHO)
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
    finished = []
    while held:
        receiver, frame = held.pop(0)
        for answer in home[home.name_of(receiver)].send(frame):
            if hasattr(answer, "body"):
                sender = receiver
                held.append((answer.peer, type(frame)(answer.session, sender, answer.body)))
            else:
                finished.append(answer)
    assert len(finished) == 2 and all(hasattr(answer, "result") for answer in finished)
