"""Notices: a large payment, or a new destination, is announced, can be vetoed while it waits, and is used once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.support.founding import founded
from tests.support.instructing import Owner
from tests.support.simulator import (
    FRIEND,
    THIEF,
    THIEF_SCRIPT,
    Household,
    SimulatedDevice,
    Spend,
    bitcoin_policy,
    signed,
)

from warifu.protocol.frames import AskNotes, NotesAnswer, TakeNotes
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import DAY, HOUR, Policy
from warifu.protocol.request import request_digest
from warifu.signer.notices import LIFETIME

pytestmark = [pytest.mark.unit, pytest.mark.slow]

LARGE = 80_000
PAIR, ALL = ["device0", "device1"], ["device0", "device1", "device2"]


def with_notices(**fields: object) -> Policy:
    """Anything above 50,000 has to be announced a day before."""
    policy = bitcoin_policy()
    (rules,) = policy.chains
    coin = msgspec.structs.replace(rules.assets[0], notice_above="50000")
    return msgspec.structs.replace(
        policy, chains=(msgspec.structs.replace(rules, assets=(coin,), **fields),), notice_delay=DAY
    )


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2, with_notices())
    yield household
    household.close()


@pytest.fixture
def owner(home: Household) -> Owner:
    return Owner(home)


def announced(home: Household, owner: Owner, amount: int = LARGE, wait: int = DAY) -> Spend:
    """A payment that was announced to all devices, and waited; its request is made afterwards."""
    notice = owner.notice(home.pay(amount).request.outflows)
    for name in ALL:
        owner.tell(name, notice)
    home.clock.pass_(wait)
    return home.pay(amount)


def test_a_large_payment_waits_after_its_notice_and_a_small_one_needs_none(home, owner):
    small = home.pay(40_000)
    assert signed(small, home.sign(small))
    assert home.sign(home.pay(LARGE)).code == "policy.notice"
    payment = announced(home, owner, wait=DAY - 1)
    assert home.sign(payment).code == "policy.notice"
    home.clock.pass_(1)
    assert signed(payment, home.sign(payment))


def test_a_notice_is_for_exactly_what_it_names(home, owner):
    announced(home, owner)
    assert home.sign(home.pay(LARGE + 1)).code == "policy.notice"
    elsewhere = home.pay(LARGE, to=THIEF, script=THIEF_SCRIPT)
    assert home.sign(elsewhere).code == "policy.notice"


def test_a_notice_is_used_up_by_the_one_transfer_that_it_was_for(home, owner):
    payment = announced(home, owner)
    assert signed(payment, home.sign(payment))
    assert home.sign(home.pay(LARGE, first_coin=5)).code == "policy.notice"
    for name in PAIR:
        home[name].restart()
    assert home.sign(home.pay(LARGE, first_coin=5)).code == "policy.notice"


def test_what_replaces_the_payment_goes_on_by_its_notice(home, owner):
    payment = announced(home, owner)
    assert signed(payment, home.sign(payment))
    bump = home.pay(LARGE, fee=2_000, replaces=payment.request.request_id)
    assert signed(bump, home.sign(bump))


def test_a_payment_that_other_devices_signed_uses_the_notice_up_where_they_tell_of_it(home, owner):
    payment = announced(home, owner)
    assert signed(payment, home.sign(payment, PAIR))
    notes = home["device0"].call(AskNotes(5, owner.wallet_id, None), NotesAnswer).notes
    home["device2"].send(TakeNotes(6, owner.wallet_id, notes))
    assert owner.status("device2").notices == ()


def test_two_notices_are_two_payments(home, owner):
    announced(home, owner, wait=0)
    payment = announced(home, owner)
    assert signed(payment, home.sign(payment))
    other = home.pay(LARGE, first_coin=5)
    assert signed(other, home.sign(other))
    assert home.sign(home.pay(LARGE, first_coin=9)).code == "policy.notice"


def test_a_notice_is_not_heard_twice(home, owner):
    notice = owner.notice(home.pay(LARGE).request.outflows)
    for name in ALL:
        owner.tell(name, notice)
        home.clock.pass_(60)
        owner.tell(name, notice)
    (seen,) = owner.status("device0").notices
    assert (seen.request, seen.since) == (request_digest(notice), home.clock() - 180)


def test_any_owner_vetoes_a_notice_and_it_is_not_heard_again(home, owner):
    notice = owner.notice(home.pay(LARGE).request.outflows)
    for name in ALL:
        owner.tell(name, notice)
        owner.tell(name, owner.veto(notice))
        assert owner.refused(name, notice) == "authorization.vetoed"
    home.clock.pass_(DAY)
    assert home.sign(home.pay(LARGE)).code == "policy.notice"


def test_a_strangers_notice_is_none(home, owner):
    notice = owner.notice(home.pay(LARGE).request.outflows)
    stranger = IdentityKey.generate()
    assert owner.refused("device0", notice, key=stranger) == "authorization.unknown-credential"


def test_a_notice_that_nobody_used_lapses(home, owner):
    payment = announced(home, owner, wait=DAY + LIFETIME - 1)
    assert signed(payment, home.sign(payment))
    other = announced(home, owner, amount=LARGE + 1, wait=DAY + LIFETIME)
    assert home.sign(other).code == "policy.notice"


def test_a_notice_waits_by_each_devices_own_clock(home, owner):
    notice = owner.notice(home.pay(LARGE).request.outflows)
    owner.tell("device0", notice)
    home.clock.pass_(HOUR // 2)
    owner.tell("device1", notice)
    home.clock.pass_(DAY - HOUR // 2)
    assert home.sign(home.pay(LARGE), PAIR).failed["device1"].code == "policy.notice"
    home.clock.pass_(HOUR // 2)
    payment = home.pay(LARGE)
    assert signed(payment, home.sign(payment, PAIR))


def test_a_crash_before_the_signatures_leave_leaves_the_notice_for_the_same_request(home, owner, monkeypatch):
    payment = announced(home, owner)
    journal = home["device1"].device.journal
    append = journal.append

    def broken(event, *rest):
        if type(event).__name__ == "Started":
            raise RuntimeError("power")
        append(event, *rest)

    monkeypatch.setattr(journal, "append", broken)
    assert not home.sign(payment, PAIR).finished
    home["device1"].restart()
    assert signed(payment, home.sign(payment, PAIR))


# --- destinations ----------------------------------------------------------------------------------------------------


@pytest.fixture
def careful(tmp_path: Path):
    """A wallet that pays its friend at once, and anybody else an hour after a notice."""
    household = Household(tmp_path, 3)
    policy = bitcoin_policy()
    (rules,) = policy.chains
    rules = msgspec.structs.replace(rules, destinations=(FRIEND,), destination_delay=HOUR)
    household.make_wallet(2, msgspec.structs.replace(policy, chains=(rules,)))
    yield household
    household.close()


def to_other(home: Household, first_coin: int = 0) -> Spend:
    return home.pay(to=THIEF, script=THIEF_SCRIPT, first_coin=first_coin)


def test_a_new_destination_waits_after_its_notice_and_is_known_from_then_on(careful):
    owner = Owner(careful)
    payment = careful.pay()
    assert signed(payment, careful.sign(payment))
    assert careful.sign(to_other(careful)).code == "policy.destination-new"
    owner.tell_all(owner.notice(destinations=[THIEF]))
    assert careful.sign(to_other(careful)).code == "policy.destination-new"
    careful.clock.pass_(HOUR)
    for coin in (1, 2):
        payment = to_other(careful, coin)
        assert signed(payment, careful.sign(payment))
    careful.clock.pass_(DAY + LIFETIME)
    payment = to_other(careful, 3)
    assert signed(payment, careful.sign(payment))


def test_a_veto_makes_a_destination_unknown_again_also_after_its_wait(careful):
    owner = Owner(careful)
    notice = owner.notice(destinations=[THIEF])
    owner.tell_all(notice)
    careful.clock.pass_(HOUR)
    owner.tell_all(owner.veto(notice))
    assert careful.sign(to_other(careful)).code == "policy.destination-new"


def test_a_destination_on_another_chain_is_another(careful):
    owner = Owner(careful)
    notice = msgspec.structs.replace(owner.notice(destinations=[THIEF]), chain="eip155:1")
    owner.tell_all(notice)
    careful.clock.pass_(HOUR)
    assert careful.sign(to_other(careful)).code == "policy.destination-new"


def test_a_second_notice_does_not_start_the_wait_anew(careful):
    owner = Owner(careful)
    owner.tell_all(owner.notice(destinations=[THIEF]))
    careful.clock.pass_(HOUR - 1)
    owner.tell_all(owner.notice(destinations=[THIEF]))
    careful.clock.pass_(1)
    payment = to_other(careful)
    assert signed(payment, careful.sign(payment))


def test_there_is_an_end_to_notices(owner, monkeypatch):
    monkeypatch.setattr("warifu.signer.notices.MAX_NOTICES", 2)
    notices = [owner.notice(destinations=[f"{FRIEND}{number}"]) for number in range(3)]
    owner.tell("device0", notices[0])
    owner.tell("device0", notices[1])
    assert owner.refused("device0", notices[2]) == "policy.too-many-notices"
    owner.tell("device0", owner.veto(notices[0]))
    owner.tell("device0", notices[2])


def test_a_device_shows_what_was_announced_to_it(home, owner):
    notice = owner.notice(home.pay(LARGE).request.outflows, [f"{FRIEND}{number}" for number in range(6)])
    owner.tell("device0", notice)
    device: SimulatedDevice = home["device0"]
    (seen,) = device.status().wallets[0].notices
    assert (seen.outflows, len(seen.destinations), seen.more) == (notice.outflows, 4, 2)
