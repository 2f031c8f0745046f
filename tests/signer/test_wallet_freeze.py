"""A frozen wallet: a word of an owner or a device stops it; an owner, the passphrase and time start it again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.founding import founded
from tests.support.instructing import Owner
from tests.support.simulator import PASSPHRASE, Household, bitcoin_policy, signed

from warifu.protocol.frames import AskNotes, NotesAnswer, TakeNotes
from warifu.protocol.identity import IdentityKey
from warifu.protocol.notes import Frozen, write_note
from warifu.protocol.operator import FreezeDevice, UnfreezeDevice
from warifu.protocol.request import request_digest

pytestmark = [pytest.mark.unit, pytest.mark.slow]

POLICY = bitcoin_policy()
WAIT = POLICY.loosening_delay
ALL = ["device0", "device1", "device2"]


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2, POLICY)
    yield household
    household.close()


@pytest.fixture
def owner(home: Household) -> Owner:
    return Owner(home)


def test_a_freeze_holds_at_once_takes_one_credential_and_outlives_a_restart(home, owner):
    owner.tell_all(owner.freeze("my laptop was stolen"))
    assert home.sign(home.pay()).code == "policy.frozen-wallet"
    home["device0"].restart()
    assert owner.status("device0").frozen == "my laptop was stolen"
    assert home.sign(home.pay()).code == "policy.frozen-wallet"


def test_a_session_that_runs_ends_before_anything_leaves(home, owner):
    payment = home.pay()
    openings = home.openings(payment.request, ALL[:2], payment.unsigned)
    outcome = home.run(openings, opened=lambda: owner.tell_all(owner.freeze()))
    assert not outcome.finished and "policy.frozen-wallet" in outcome.codes.values()
    assert all("started" not in home[name].kinds() for name in ALL)


def test_a_strangers_freeze_is_none(owner):
    stranger = IdentityKey.generate()
    assert owner.refused("device0", owner.freeze(), key=stranger) == "authorization.unknown-credential"
    assert owner.status("device0").frozen is None


def test_unfreezing_takes_the_passphrase_and_waits_and_can_be_vetoed(home, owner):
    owner.tell_all(owner.freeze())
    request = owner.unfreeze()
    assert owner.refused("device0", request) == "authorization.passphrase-needed"
    assert owner.tell("device0", request, PASSPHRASE).effect == home.clock() + WAIT
    assert owner.status("device0").pending[0].kind == "unfreeze"
    owner.tell("device0", owner.veto(request))
    home.clock.pass_(WAIT)
    assert owner.status("device0").frozen == "stop"
    again = owner.unfreeze()
    for name in ALL:
        owner.tell(name, again, PASSPHRASE)
    home.clock.pass_(WAIT - 1)
    assert home.sign(home.pay()).code == "policy.frozen-wallet"
    home.clock.pass_(1)
    payment = home.pay()
    assert signed(payment, home.sign(payment))


def test_a_freeze_that_was_heard_is_not_played_back_after_the_thaw(home, owner):
    freeze = owner.freeze()
    owner.tell("device0", freeze)
    owner.tell("device0", owner.unfreeze(), PASSPHRASE)
    home.clock.pass_(WAIT)
    assert owner.status("device0").frozen is None
    home.clock.pass_(-WAIT)  # as if it had not expired: a start that believes a clock that was set back
    home["device0"].restart()
    assert owner.tell("device0", freeze).state == "done"
    assert owner.status("device0").frozen is None


def test_a_freeze_vetoes_all_that_waits_and_what_announced_itself_before(home, owner):
    loosening = owner.loosen("device0", passphrase_tries=9)
    owner.tell("device0", owner.freeze())
    assert owner.status("device0").pending == ()
    assert owner.refused("device0", loosening, PASSPHRASE) == "authorization.vetoed"
    unfreeze = owner.unfreeze()
    owner.tell("device0", unfreeze, PASSPHRASE)
    owner.tell("device0", owner.freeze("again"))
    assert owner.status("device0").pending == ()
    assert owner.refused("device0", unfreeze, PASSPHRASE) == "authorization.vetoed"


def test_a_frozen_wallet_can_be_tightened_and_is_not_thawed_by_it(home, owner):
    owner.tell_all(owner.freeze())
    for name in ALL:
        assert owner.tell(name, owner.change(passphrase_tries=2)).state == "done"
    assert home.sign(home.pay()).code == "policy.frozen-wallet"


def test_unfreezing_what_is_not_frozen_takes_nothing(owner):
    assert owner.tell("device0", owner.unfreeze()).state == "done"


def test_the_operator_of_one_device_freezes_the_wallet_in_all(home, owner):
    home["device2"].operator(FreezeDevice("the door was open", wallets=True))
    notes = home["device2"].call(AskNotes(5, owner.wallet_id, None), NotesAnswer).notes
    for name in ALL[:2]:
        home[name].send(TakeNotes(6, owner.wallet_id, notes))
        assert owner.status(name).frozen == "device device2: the door was open"
    assert home.sign(home.pay()).code == "policy.frozen-wallet"


def test_lifting_the_devices_own_freeze_does_not_thaw_its_wallets(home, owner):
    home["device2"].operator(FreezeDevice("the door was open", wallets=True))
    home["device2"].operator(UnfreezeDevice())
    assert owner.status("device2").frozen == "the door was open"
    assert set(home.sign(home.pay(), ALL[1:]).codes) >= {"device2"}


def test_a_device_that_is_frozen_alone_tells_nobody(home, owner):
    home["device2"].operator(FreezeDevice("only here"))
    assert home["device2"].call(AskNotes(5, owner.wallet_id, None), NotesAnswer).notes == ()
    assert home.sign(home.pay(), ALL[:2]).finished


def test_a_devices_word_that_froze_is_not_played_back_after_the_thaw(home, owner):
    note = write_note(home["device1"].device.identity, owner.wallet_id, 1, Frozen("old"))
    home["device0"].send(TakeNotes(6, owner.wallet_id, (note,)))
    assert owner.status("device0").frozen == "device device1: old"
    owner.tell("device0", owner.unfreeze(), PASSPHRASE)
    home.clock.pass_(WAIT)
    home["device0"].send(TakeNotes(6, owner.wallet_id, (note,)))
    assert owner.status("device0").frozen is None


def test_a_strangers_note_freezes_nothing(home, owner):
    note = write_note(IdentityKey.generate(), owner.wallet_id, 1, Frozen("stranger"))
    home["device0"].send(TakeNotes(6, owner.wallet_id, (note,)))
    assert owner.status("device0").frozen is None


def test_the_journal_tells_of_it(home, owner):
    owner.tell("device0", owner.freeze())
    request = owner.unfreeze()
    owner.tell("device0", request, PASSPHRASE)
    home.clock.pass_(WAIT)
    home["device0"].tick()
    told = [kind for kind in home["device0"].kinds() if "wallet-" in kind or "unfreeze" in kind]
    assert told[-3:] == ["wallet-frozen", "unfreeze-asked", "wallet-thawed"]
    assert request_digest(request) in [
        getattr(event, "request", b"") for _, event in home["device0"].device.journal.entries()
    ]
