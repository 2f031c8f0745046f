"""Changing the rules: what tightens holds at once, what loosens waits by each device's own clock and can be vetoed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.founding import founded
from tests.support.instructing import Owner
from tests.support.simulator import BTC, FRIEND, PASSPHRASE, Household, bitcoin_policy, signed

from warifu.errors import StoreDamaged
from warifu.protocol.authorization import approve_request, authorize
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    AskEnvelopeKey,
    AskNotes,
    CallRefused,
    EnvelopeKeyAnswer,
    Instruct,
    NotesAnswer,
    TakeNotes,
    error_of,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.notes import Spent, Vetoed, write_note
from warifu.protocol.operator import OperatorRefused, VetoWaiting
from warifu.protocol.policy import DAY, HOUR, POLICY_VERSION, Policy
from warifu.protocol.request import request_digest
from warifu.protocol.rules import Rules, rules_hash

pytestmark = [pytest.mark.unit, pytest.mark.slow]

POLICY = bitcoin_policy(per_transaction=100_000)
WAIT = POLICY.loosening_delay
PAIR, ALL = ["device0", "device1"], ["device0", "device1", "device2"]


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2, POLICY)
    yield household
    household.close()


@pytest.fixture
def owner(home: Household) -> Owner:
    return Owner(home)


def loose() -> Policy:
    return bitcoin_policy(per_transaction=1_000_000)


def tight() -> Policy:
    return bitcoin_policy(per_transaction=50_000)


# --- tightening ------------------------------------------------------------------------------------------------------


def test_a_tightening_holds_at_once_and_takes_the_credential_alone(home, owner):
    request = owner.change(tight())
    assert [answer.state for answer in owner.tell_all(request)] == ["done"] * 3
    assert home.sign(home.pay(60_000)).code == "policy.per-transaction-limit"
    payment = home.pay(40_000)
    assert signed(payment, home.sign(payment))
    for name in ALL:
        status = owner.status(name)
        assert (status.revision, status.rules_hash, status.pending) == (2, rules_hash(request.rules), ())
        assert "rules-changed" in home[name].kinds()


def test_each_device_says_what_differs_in_its_own_words(owner):
    (told,) = owner.tell("device0", owner.change(tight())).words
    assert told == (
        "tightens (per-transaction-limit): BTC: most by one transaction: 0.0005 BTC; it was 0.001 BTC"
    )


def test_the_rules_outlive_a_restart(home, owner):
    owner.tell_all(owner.change(tight()))
    for name in ALL:
        home[name].restart()
    assert home.sign(home.pay(60_000)).code == "policy.per-transaction-limit"


def test_the_same_instruction_again_changes_nothing(home, owner):
    request = owner.change(tight())
    owner.tell_all(request)
    length = len(home["device0"].kinds())
    assert owner.tell("device0", request).state == "done"
    assert len(home["device0"].kinds()) == length


# --- loosening -------------------------------------------------------------------------------------------------------


def test_a_loosening_waits_the_old_rules_time_and_then_holds_by_itself(home, owner):
    request = owner.change(loose())
    answers = owner.tell_all(request, PASSPHRASE)
    assert {(answer.state, answer.effect) for answer in answers} == {("waits", home.clock() + WAIT)}
    home.clock.pass_(WAIT - 1)
    assert home.sign(home.pay(200_000)).code == "policy.per-transaction-limit"
    (waiting,) = owner.status("device0").pending
    assert (waiting.kind, waiting.request) == ("rules", request_digest(request))
    assert waiting.rules_hash == rules_hash(request.rules)
    assert waiting.words[0].startswith("loosens (per-transaction-limit)")
    home.clock.pass_(1)
    payment = home.pay(200_000)
    assert signed(payment, home.sign(payment))
    assert (owner.status("device0").revision, owner.status("device0").pending) == (2, ())


def test_it_takes_effect_on_a_device_that_nobody_asks_anything(home, owner):
    owner.tell("device0", owner.change(loose()), PASSPHRASE)
    home.clock.pass_(WAIT)
    assert home["device0"].tick() == []
    assert home["device0"].kinds()[-1] == "rules-changed"


def test_a_loosening_without_the_passphrase_or_with_a_wrong_one_is_refused(home, owner):
    request = owner.change(loose())
    assert owner.refused("device0", request) == "authorization.passphrase-needed"
    assert owner.refused("device0", request, "not this one") == "passphrase.wrong"
    assert owner.status("device0").tries_left == POLICY.passphrase_tries - 1
    assert owner.status("device0").pending == ()


def test_what_only_partly_tightens_waits_as_a_whole(home, owner):
    request = owner.change(bitcoin_policy(per_transaction=50_000, per_day=200 * BTC))
    assert owner.refused("device0", request) == "authorization.passphrase-needed"
    assert owner.tell("device0", request, PASSPHRASE).state == "waits"
    payment = home.pay(60_000)
    assert signed(payment, home.sign(payment))


def test_the_wait_outlives_a_restart_and_a_clock_that_is_set_back(home, owner):
    request = owner.change(loose())
    effect = owner.tell("device0", request, PASSPHRASE).effect
    home.clock.pass_(WAIT // 2)
    home["device0"].restart()
    assert owner.status("device0").pending[0].effect == effect
    home.clock.pass_(-HOUR)
    home["device0"].restart()
    assert owner.status("device0").pending[0].effect == effect
    home.clock.pass_(WAIT // 2 + HOUR - 1)
    assert owner.status("device0").revision == 1
    home.clock.pass_(1)
    assert owner.status("device0").revision == 2


def test_the_wait_is_that_of_the_rules_in_force_and_not_of_those_that_are_asked_for(home, owner):
    request = owner.change(loosening_delay=0)
    assert owner.tell("device0", request, PASSPHRASE).effect == home.clock() + WAIT
    home.clock.pass_(WAIT)
    owner.status("device0")
    owner.adopt(request)
    assert owner.tell("device0", owner.change(loose()), PASSPHRASE).effect == home.clock()
    assert owner.status("device0").revision == 3


def test_a_longer_wait_is_a_tightening_and_then_holds_for_what_comes_next(home, owner):
    longer = owner.change(loosening_delay=WAIT + DAY)
    owner.tell("device0", longer)
    owner.adopt(longer)
    request = owner.change(msgspec.structs.replace(loose(), loosening_delay=WAIT + DAY))
    assert owner.tell("device0", request, PASSPHRASE).effect == home.clock() + WAIT + DAY


def test_a_change_of_owners_waits_and_then_only_the_new_ones_count(home, owner):
    heir = IdentityKey.generate()
    request = owner.asks(Rules(2, (DeviceKey(heir.public),), POLICY))
    assert owner.refused("device0", request) == "authorization.passphrase-needed"
    for name in ALL:
        assert owner.tell(name, request, PASSPHRASE).state == "waits"
    assert home.sign(home.pay(), PAIR).finished
    home.clock.pass_(WAIT)
    payment = home.pay()
    assert home.sign(payment, PAIR).code == "authorization.unknown-credential"
    openings = home.openings(payment.request, PAIR, payment.unsigned, key=heir)
    assert signed(payment, home.run(openings))


def test_what_was_authorized_before_an_owner_was_removed_counts_and_what_he_makes_up_afterwards_does_not(
    tmp_path,
):
    home = founded(tmp_path, 2, msgspec.structs.replace(POLICY, loosening_delay=HOUR))
    owner, heir = Owner(home), IdentityKey.generate()
    before = home.pay(60_000)
    assert home.sign(before, PAIR).finished
    request = owner.asks(Rules(2, (DeviceKey(heir.public),), owner.rules.policy))
    owner.tell_all(request, PASSPHRASE)
    home.clock.pass_(HOUR)
    notes = home["device0"].call(AskNotes(5, owner.wallet_id, None), NotesAnswer).notes
    home.clock.pass_(1)
    later = home.pay(70_000, first_coin=5)
    lie = Spent(authorize(approver(home.owner), later.request, encode(later.request), ()), later.unsigned)
    note = write_note(home["device1"].device.identity, owner.wallet_id, 9, lie)
    home["device2"].send(TakeNotes(6, owner.wallet_id, (*notes, note)))
    (spent,) = owner.status("device2").spent_today
    assert int(spent.amount) < 70_000
    home.close()


def test_two_owners_of_a_wallet_that_has_both_approve_have_to_ask_for_a_loosening_together(tmp_path):
    home = Household(tmp_path, 1)
    other = IdentityKey.generate()
    policy = msgspec.structs.replace(POLICY, approvals_needed=2)
    home.make_wallet(1, policy, others=[DeviceKey(other.public)])
    owner = Owner(home)
    request = owner.change(approvals_needed=1)
    assert owner.refused("device0", request, PASSPHRASE) == "policy.approvals"
    assert owner.status("device0").tries_left == policy.passphrase_tries
    further = [approve_request(approver(other), request)]
    assert owner.tell("device0", request, PASSPHRASE, further=further).state == "waits"
    assert owner.tell("device0", owner.veto(request), key=other).state == "done"
    home.close()


# --- vetoes ----------------------------------------------------------------------------------------------------------


def test_an_owner_vetoes_with_one_credential_and_what_was_vetoed_stays_so(home, owner):
    request = owner.change(loose())
    frame = owner.frame("device0", request, PASSPHRASE)
    home["device0"].send(frame)
    assert owner.tell("device0", owner.veto(request)).state == "done"
    assert owner.status("device0").pending == ()
    assert owner.refused("device0", request, PASSPHRASE) == "authorization.vetoed"
    home["device0"].restart()
    assert owner.refused("device0", request, PASSPHRASE) == "authorization.vetoed"
    home.clock.pass_(WAIT)
    assert owner.status("device0").revision == 1


def test_a_veto_that_comes_before_what_it_is_about_counts(owner):
    request = owner.change(loose())
    owner.tell("device0", owner.veto(request))
    assert owner.refused("device0", request, PASSPHRASE) == "authorization.vetoed"


def test_a_strangers_veto_is_no_veto(home, owner):
    request = owner.loosen("device0", chains=loose().chains)
    stranger = IdentityKey.generate()
    assert owner.refused("device0", owner.veto(request), key=stranger) == "authorization.unknown-credential"
    assert len(owner.status("device0").pending) == 1


def test_at_the_moment_of_effect_a_veto_comes_too_late_and_a_second_before_it_does_not(home, owner):
    request = owner.change(loose())
    for name in PAIR:
        owner.tell(name, request, PASSPHRASE)
    home.clock.pass_(WAIT - 1)
    assert owner.tell("device0", owner.veto(request)).state == "done"
    home.clock.pass_(1)
    assert owner.refused("device1", owner.veto(request)) == "policy.too-late"
    assert (owner.status("device0").revision, owner.status("device1").revision) == (1, 2)
    assert home.sign(home.pay(), PAIR).code == "peer.policy-differs"


def test_any_device_of_the_wallet_vetoes_and_its_word_reaches_the_others(home, owner):
    request = owner.change(loose())
    owner.tell_all(request, PASSPHRASE)
    (answer,) = home["device2"].operator(VetoWaiting(owner.wallet_id, request_digest(request)))
    assert answer.status.wallets[0].pending == ()
    notes = home["device2"].call(AskNotes(5, owner.wallet_id, None), NotesAnswer).notes
    for name in PAIR:
        home[name].send(TakeNotes(6, owner.wallet_id, notes))
        assert owner.status(name).pending == ()
        assert owner.refused(name, request, PASSPHRASE) == "authorization.vetoed"


def test_a_session_carries_a_veto_where_the_service_keeps_it_back(home, owner):
    request = owner.change(loose())
    owner.tell_all(request, PASSPHRASE)
    home["device0"].operator(VetoWaiting(owner.wallet_id, request_digest(request)))
    assert home.sign(home.pay(), PAIR).finished
    assert owner.status("device1").pending == ()


def test_a_strangers_note_of_a_veto_is_none(home, owner):
    request = owner.loosen("device0", chains=loose().chains)
    stranger = IdentityKey.generate()
    note = write_note(stranger, owner.wallet_id, 1, Vetoed(request_digest(request)))
    home["device0"].send(TakeNotes(6, owner.wallet_id, (note,)))
    assert len(owner.status("device0").pending) == 1


def test_a_device_that_tells_of_vetoes_without_end_is_not_heard_for_ever(home, owner, monkeypatch):
    monkeypatch.setattr("warifu.signer.rules.MAX_HEARD", 3)
    for number in range(5):
        note = write_note(home["device1"].device.identity, owner.wallet_id, number, Vetoed(random(32)))
        home["device0"].send(TakeNotes(6, owner.wallet_id, (note,)))
    assert home["device0"].kinds().count("vetoed") == 3


def test_the_operator_cannot_veto_what_is_in_force(home, owner):
    request = owner.change(tight())
    owner.tell("device0", request)
    (answer,) = home["device0"].operator(VetoWaiting(owner.wallet_id, request_digest(request)))
    assert isinstance(answer, OperatorRefused) and error_of(answer.refusal).code == "policy.too-late"


# --- one at a time ---------------------------------------------------------------------------------------------------


def test_a_second_loosening_does_not_slip_into_the_place_of_the_first(owner):
    first = owner.loosen("device0", chains=loose().chains)
    assert owner.refused("device0", owner.change(passphrase_tries=20), PASSPHRASE) == "policy.change-waits"
    owner.tell("device0", owner.veto(first))
    assert owner.tell("device0", owner.change(passphrase_tries=20), PASSPHRASE).state == "waits"


def test_a_tightening_beside_a_loosening_that_waits_is_not_undone_by_it(home, owner):
    waiting = owner.loosen("device0", chains=loose().chains)
    request = owner.change(passphrase_tries=3)
    assert owner.tell("device0", request).state == "done"
    assert owner.status("device0").pending == ()
    home.clock.pass_(WAIT)
    assert (owner.status("device0").revision, owner.status("device0").tries_left) == (2, 3)
    assert owner.refused("device0", waiting, PASSPHRASE) in ("authorization.vetoed", "authorization.expired")


# --- what is old, and what is not the same ---------------------------------------------------------------------------


def test_an_old_change_is_not_played_back_over_newer_rules(home, owner):
    first = owner.change(tight())
    owner.tell("device0", first)
    owner.adopt(first)
    second = owner.change(bitcoin_policy(per_transaction=40_000))
    owner.tell("device0", second)
    assert owner.refused("device0", first) == "authorization.rules-stale"
    assert owner.status("device0").rules_hash == rules_hash(second.rules)


@pytest.mark.parametrize("revision", [1, 7])
def test_a_revision_that_is_not_later_or_replaces_something_else_is_refused(owner, revision):
    other = Owner(owner.home)
    other.rules = Rules(6, owner.rules.owners, tight())
    request = other.asks(Rules(revision, owner.rules.owners, tight()))
    assert owner.refused("device0", request) == "authorization.rules-stale"
    same = owner.asks(Rules(1, owner.rules.owners, tight()))
    assert owner.refused("device0", same) == "authorization.rules-stale"


def test_a_device_that_missed_a_change_is_brought_to_the_newest_in_one_step(home, owner):
    first = owner.change(tight())
    owner.tell("device0", first)
    behind = Owner(home)
    owner.adopt(first)
    second = owner.change(bitcoin_policy(per_transaction=40_000))
    owner.tell("device0", second)
    assert behind.tell("device1", behind.asks(second.rules)).state == "done"
    payment = home.pay(30_000)
    assert signed(payment, home.sign(payment, PAIR))


def test_devices_of_different_revisions_do_not_work_together_and_say_who_is_behind(home, owner):
    owner.tell("device0", owner.change(tight()))
    outcome = home.sign(home.pay(10_000), PAIR)
    assert set(outcome.codes.values()) == {"peer.policy-differs"}
    assert "it is behind: it has revision 1, and this one 2" in outcome.failed["device0"].message
    assert "warifu policy sync" in outcome.failed["device0"].remedy
    assert home.sign(home.pay(), ["device1", "device2"]).finished


def test_what_was_begun_under_other_rules_ends(home, owner):
    payment = home.pay()
    openings = home.openings(payment.request, PAIR, payment.unsigned)
    outcome = home.run(openings, opened=lambda: owner.tell_all(owner.change(tight())))
    assert not outcome.finished
    assert "policy.rules-changed" in outcome.codes.values()
    assert all("started" not in home[name].kinds() for name in PAIR)


def test_the_evidence_beside_an_envelope_key_names_the_rules_in_force(home, owner):
    request = owner.change(tight())
    owner.tell("device0", request)
    answer = home["device0"].call(AskEnvelopeKey(4, random(32), owner.wallet_id), EnvelopeKeyAnswer)
    assert rules_hash(request.rules) in answer.key.statement


def test_rules_that_could_never_be_kept_are_refused(owner):
    unknown = bitcoin_policy(destinations=[FRIEND.upper()])
    assert owner.refused("device0", owner.change(unknown)).startswith("input.")
    twice = Rules(2, owner.rules.owners * 2, POLICY)
    assert owner.refused("device0", owner.asks(twice)) == "input.owners"
    many = owner.change(approvals_needed=2)
    assert owner.refused("device0", many) == "input.owners"


def test_another_owners_word_and_another_requests_envelope_are_refused(home, owner):
    request = owner.change(loose())
    stranger = IdentityKey.generate()
    assert owner.refused("device0", request, PASSPHRASE, key=stranger) == "authorization.unknown-credential"
    other = owner.frame("device0", owner.change(loose()), PASSPHRASE)
    (answer,) = home["device0"].send(Instruct(9, owner.yes(request), other.envelope))
    assert isinstance(answer, CallRefused) and error_of(answer.refusal).code == "authorization.other-envelope"


def test_a_transfer_is_no_instruction(home, owner):
    authorization, _ = home.authorized(home.pay().request, ["device0"])
    (answer,) = home["device0"].send(Instruct(9, authorization, None))
    assert isinstance(answer, CallRefused) and error_of(answer.refusal).code == "input.request-kind"


def test_an_instruction_that_has_expired_is_refused(home, owner):
    request = owner.change(tight())
    home.clock.pass_(3601)
    assert owner.refused("device0", request) == "authorization.expired"


@pytest.mark.parametrize("moment", ["asked", "due"])
def test_a_crash_between_changes_leaves_the_old_rules_or_the_new_ones(home, owner, moment, monkeypatch):
    """The journal cannot be written: nothing of the change is kept."""
    device = home["device0"]
    request = owner.change(loose())
    if moment == "due":
        owner.tell("device0", request, PASSPHRASE)
        home.clock.pass_(WAIT)
    journal = device.device.journal
    append = journal.append

    def broken(event, *rest):
        if type(event).__name__ in ("RulesAsked", "RulesChanged"):
            raise RuntimeError("power")
        append(event, *rest)

    monkeypatch.setattr(journal, "append", broken)
    if moment == "asked":
        device.send(owner.frame("device0", request, PASSPHRASE))
    else:
        device.tick()
    device.restart()
    if moment == "asked":
        assert (owner.status("device0").revision, owner.status("device0").pending) == (1, ())
    else:
        assert owner.status("device0").revision == 2, "it is still due, and was done at the start"


def test_no_old_disk_undoes_a_change_or_a_veto_where_the_platform_counts(home, owner, monkeypatch):
    """Each is written in a lasting transaction, which ``tests/signer/test_epoch.py`` holds to what it promises."""
    epoch = home["device0"].device.epoch
    lasting = epoch.lasting
    begun: list[int] = []

    def counted():
        begun.append(len(begun))
        return lasting()

    monkeypatch.setattr(epoch, "lasting", counted)
    request = owner.change(loose())
    frame = owner.frame("device0", request, PASSPHRASE)
    for instruction, written in ((frame, 2), (owner.frame("device0", owner.veto(request)), 1)):
        before = len(begun)
        home["device0"].send(instruction)
        assert len(begun) == before + written, "the try of a passphrase is one of its own"
    owner.tell("device0", owner.change(tight()))
    assert len(begun) == 4


def test_a_policy_that_nobody_can_pay_by_is_a_tightening(home, owner):
    owner.tell_all(owner.change(Policy(POLICY_VERSION, 5, ())))
    assert home.sign(home.pay()).code == "policy.chain"


def test_where_the_disk_cannot_take_the_new_rules_the_old_ones_go_on_and_it_is_tried_again(
    home, owner, monkeypatch
):
    owner.tell_all(owner.change(loose()), PASSPHRASE)
    home.clock.pass_(WAIT)
    epoch = home["device0"].device.epoch

    def full():
        raise StoreDamaged("full", "the disk of the device's store is full")

    with monkeypatch.context() as disk:
        disk.setattr(epoch, "lasting", full)
        assert home["device0"].tick() == []
        assert owner.status("device0").revision == 1
    home["device0"].tick()
    assert owner.status("device0").revision == 2
