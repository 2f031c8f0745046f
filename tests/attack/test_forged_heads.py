"""A corrupted signer lies about journals: about its own, and about what it remembers of the others'. And the service
puts old disks back.

The head of a journal is a length and a hash, signed by its device; each remembers what each other last showed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.attacker import PAIR, Attacker
from tests.support.simulator import Household, signed

from warifu.protocol.attesting import SignedHead
from warifu.protocol.identity import IdentityKey
from warifu.signer.sessions.ceremony import Ceremony
from warifu.signer.sessions.messages import Shown

pytestmark = [pytest.mark.unit, pytest.mark.slow]

Lie = Callable[[Shown, IdentityKey, IdentityKey], Shown]
"""(what it would honestly show, its key, a key of the service's) -> what it shows."""


def lying(attacker: Attacker, name: str, lie: Lie) -> None:
    """Have the device say something else of the journals in every session from now on."""
    attacker.corrupted.add(name)
    own, service = attacker.home[name].device.identity, IdentityKey.generate()
    ceremonies: Any = attacker.home[name].signer._ceremonies
    judged = ceremonies._judged

    def taken_over(frame: Any) -> Any:
        ceremony, ended = judged(frame)
        say = Ceremony._say

        def says(peer: bytes, message: Any) -> Any:
            return say(ceremony, peer, lie(message, own, service) if isinstance(message, Shown) else message)

        ceremony._say = says
        return ceremony, ended

    ceremonies._judged = taken_over


def head(length: int, named: bytes, key: IdentityKey) -> SignedHead:
    made = SignedHead(length, named, bytes(64))
    return SignedHead(length, named, key.sign("journal-head", *made.stated))


def unsigned(shown: Shown, _own: IdentityKey, _service: IdentityKey) -> Shown:
    return msgspec.structs.replace(shown, head=SignedHead(shown.head.length, shown.head.hash, bytes(64)))


def by_the_service(shown: Shown, _own: IdentityKey, service: IdentityKey) -> Shown:
    return msgspec.structs.replace(shown, head=head(shown.head.length, shown.head.hash, service))


def longer_than_signed(shown: Shown, _own: IdentityKey, _service: IdentityKey) -> Shown:
    return msgspec.structs.replace(
        shown, head=msgspec.structs.replace(shown.head, length=shown.head.length + 5)
    )


def shorter_than_before(shown: Shown, own: IdentityKey, _service: IdentityKey) -> Shown:
    return msgspec.structs.replace(shown, head=head(1, b"h" * 32, own))


def remembers_what_was_never_shown(shown: Shown, own: IdentityKey, service: IdentityKey) -> Shown:
    return msgspec.structs.replace(shown, remembered=head(10**6, b"h" * 32, service))


def remembers_its_own(shown: Shown, own: IdentityKey, _service: IdentityKey) -> Shown:
    return msgspec.structs.replace(shown, remembered=head(10**6, b"h" * 32, own))


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (unsigned, "peer.journal-head"),
        (by_the_service, "peer.journal-head"),
        (longer_than_signed, "peer.journal-head"),
        (shorter_than_before, "peer.rolled-back"),
        (remembers_what_was_never_shown, "peer.remembered"),
        (remembers_its_own, "peer.remembered"),
    ],
)
def test_a_signer_that_lies_about_journals_is_named_and_the_honest_one_is_not_frozen(
    home: Household, attacker: Attacker, lie, code
):
    first = home.pay()
    assert signed(first, home.sign(first, PAIR)), "they have met"
    lying(attacker, "device1", lie)
    second = home.pay(first_coin=2)
    attacker.refused(code, home.sign, second, PAIR)
    assert attacker.outcome.failed["device0"].blame == "device1"
    assert home["device0"].status().frozen is None
    third = home.pay(first_coin=3)
    assert signed(third, home.sign(third, ("device0", "device2"))), "and works on with the other"


def test_a_head_of_an_earlier_session_that_it_did_sign(home: Household, attacker: Attacker):
    """Genuine, and old: of an honest device it would mean that its disk was put back."""
    shown: list[Shown] = []

    def the_third_time(message: Shown, _own: IdentityKey, _service: IdentityKey) -> Shown:
        shown.append(message)
        return msgspec.structs.replace(message, head=shown[0].head) if len(shown) == 3 else message

    lying(attacker, "device1", the_third_time)
    for number in (1, 2):
        payment = home.pay(first_coin=number)
        assert signed(payment, home.sign(payment, PAIR))
    attacker.refused("peer.rolled-back", lambda: home.sign(home.pay(first_coin=3), PAIR))


def put_back(home: Household, name: str, copy: Path) -> None:
    device = home[name]
    device.crash()
    shutil.rmtree(device.directory)
    shutil.copytree(copy, device.directory)
    device.start()


def test_an_old_disk_under_an_honest_signer_spends_no_limit_twice(
    home: Household, attacker: Attacker, tmp_path
):
    """Both know it: the one by what it remembers, the other by its own signature that it is shown."""
    home["device1"].crash()
    copy = Path(shutil.copytree(home["device1"].directory, tmp_path / "copy"))
    home["device1"].start()
    payment = home.pay()
    assert signed(payment, home.sign(payment, PAIR))
    put_back(home, "device1", copy)
    again = home.pay(first_coin=2)
    attacker.refused({"peer.rolled-back", "store.rolled-back"}, lambda: home.sign(again, PAIR))
    assert home["device1"].status().frozen is not None
    assert home["device0"].status().frozen is None


def test_a_corrupted_signer_hides_what_it_remembers_of_one_that_was_put_back(
    home: Household, attacker: Attacker, tmp_path
):
    """The third device remembers as well, and what the first ones spent together it has from their notes."""
    home["device1"].crash()
    copy = Path(shutil.copytree(home["device1"].directory, tmp_path / "copy"))
    home["device1"].start()
    payment = home.pay()
    assert signed(payment, home.sign(payment, ("device1", "device2")))
    put_back(home, "device1", copy)
    lying(attacker, "device0", lambda shown, _own, _service: msgspec.structs.replace(shown, remembered=None))
    attacker.refused(
        {"peer.rolled-back", "store.rolled-back"},
        lambda: home.sign(home.pay(first_coin=2), ("device1", "device2")),
    )
