"""The honest way back: an older disk that the owner put back himself, taken as it is on his word and passphrase."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.instructing import Owner
from tests.support.simulator import PASSPHRASE, Household, bitcoin_policy, signed

from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import UnfreezeDevice
from warifu.protocol.request import RestoredRequest

pytestmark = pytest.mark.unit

LIMIT = 150_000


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    """2 of 2: without a way back such a wallet would be lost."""
    made = Household(tmp_path, 2)
    made.make_wallet(2, bitcoin_policy(per_day=LIMIT))
    yield made
    made.close()


@pytest.fixture
def owner(home: Household) -> Owner:
    return Owner(home)


def copied(home: Household) -> Path:
    device = home["device1"]
    device.crash()
    copy = Path(shutil.copytree(device.directory, home.root / "copy"))
    device.start()
    return copy


def put_back(home: Household, copy: Path) -> None:
    device = home["device1"]
    device.crash()
    shutil.rmtree(device.directory)
    shutil.copytree(copy, device.directory)
    device.start()


def forgotten(home: Household) -> Path:
    """device1 signed 100,000, and its older disk was put back; it knows."""
    copy = copied(home)
    assert home.sign(home.pay(99_000, first_coin=1)).finished
    put_back(home, copy)
    assert home.sign(home.pay(1_000, first_coin=2)).codes == {
        "device0": "peer.rolled-back",
        "device1": "store.rolled-back",
    }
    return copy


def taken_back(home: Household, **fields: object) -> RestoredRequest:
    now, device = home.clock(), home["device1"]
    assert home.birth is not None
    request = RestoredRequest(
        random(16),
        home.birth.wallet_id,
        device.identity,
        device.device.journal.signed_head(),
        now,
        now + 3600,
    )
    return msgspec.structs.replace(request, **fields)


def test_it_signs_again_and_spent_limits_do_not_go_back(home, owner):
    forgotten(home)
    assert owner.tell("device0", taken_back(home), PASSPHRASE).state == "done"
    assert home["device0"].kinds()[-1] == "restored"
    home["device1"].operator(UnfreezeDevice())
    within, beyond = home.pay(40_000, first_coin=3), home.pay(60_000, first_coin=4)
    assert home["device1"].decide(beyond.request, beyond.unsigned).allowed, "it was told nothing yet"
    assert signed(within, home.sign(within))
    decision = home["device1"].decide(beyond.request, beyond.unsigned)
    assert decision.refusal is not None and decision.refusal.reason == "window-limit"


def test_without_the_owners_word_its_operator_alone_does_not_bring_it_back(home):
    forgotten(home)
    home["device1"].operator(UnfreezeDevice())
    assert not home.sign(home.pay(1_000, first_coin=3)).finished
    assert home["device1"].status().frozen


def test_from_there_on_it_must_not_go_back_again(home, owner):
    older = forgotten(home)
    owner.tell("device0", taken_back(home), PASSPHRASE)
    home["device1"].operator(UnfreezeDevice())
    assert home.sign(home.pay(2_000, first_coin=3)).finished
    put_back(home, older)
    assert home.sign(home.pay(1_000, first_coin=4)).codes["device0"] == "peer.rolled-back"


def test_it_is_used_once(home, owner):
    """The same word again, after it went on and was put back again, takes nothing back."""
    older = forgotten(home)
    request = taken_back(home)
    owner.tell("device0", request, PASSPHRASE)
    home["device1"].operator(UnfreezeDevice())
    assert home.sign(home.pay(2_000, first_coin=3)).finished
    put_back(home, older)
    assert owner.tell("device0", request, PASSPHRASE).state == "done"
    assert home["device0"].kinds().count("restored") == 1
    assert home.sign(home.pay(1_000, first_coin=4)).codes["device0"] == "peer.rolled-back"


def test_it_takes_the_passphrase(home, owner):
    forgotten(home)
    assert owner.refused("device0", taken_back(home)) == "authorization.passphrase-needed"
    assert owner.refused("device0", taken_back(home), "wrong") == "passphrase.wrong"


def test_a_stranger_takes_nothing_back(home, owner):
    forgotten(home)
    stranger = IdentityKey.generate()
    assert (
        owner.refused("device0", taken_back(home), PASSPHRASE, key=stranger)
        == "authorization.unknown-credential"
    )


def test_the_head_is_the_devices_own_and_the_device_one_of_the_wallet(home, owner):
    forgotten(home)
    honest = taken_back(home)
    longer = msgspec.structs.replace(honest.head, length=honest.head.length + 1)
    for fields in (
        {"head": longer},
        {"identity": bytes(32)},
        {"identity": home["device0"].identity, "head": home["device0"].device.journal.signed_head()},
    ):
        request = msgspec.structs.replace(honest, **fields)
        assert owner.refused("device0", request, PASSPHRASE) == "input.restored"


def test_its_notes_are_taken_in_anew(home, owner):
    """Its list of notes is shorter than it was: what it tells from now on is not taken for what was told before."""
    forgotten(home)
    owner.tell("device0", taken_back(home), PASSPHRASE)
    home["device1"].operator(UnfreezeDevice())
    assert home.birth is not None
    assert home.sign(home.pay(2_000, first_coin=3)).finished
    told = home["device1"].device.notes.told(home.birth.wallet_id, home["device0"].identity)
    assert told.notes and told.upto.position == len(told.notes)
