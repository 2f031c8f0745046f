"""Calls at exchanges: a device that leaves out, alters or invents its part in one is named, and so is what it owes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.carriers import body, hostile_carriers
from tests.support.exchange_calls import prepare
from tests.support.exchange_days import order
from tests.support.exchange_world import World
from tests.support.instructing import Owner
from tests.support.journals import (
    Journals,
    altered,
    audited,
    codes,
    event_of,
    journals_of,
    rewritten,
)

from warifu.audit.calls import OWED_AFTER
from warifu.audit.findings import Finding
from warifu.exchanges.calls import Call
from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.events.device import Thawed
from warifu.protocol.events.exchanges import CallCompared, CarrierBanned, ExchangeAccountRemoved
from warifu.protocol.events.visits import SweepSigned, VisitOpened
from warifu.protocol.events.wallets import WalletFrozen
from warifu.protocol.exchange_requests import SettleRequest
from warifu.protocol.exchange_visits import sweep_digest
from warifu.protocol.journal import DEVICE, Content, Event, decode_content, encode_content
from warifu.protocol.journal_pages import Shown

pytestmark = pytest.mark.unit

BINANCE, COINBASE = EXCHANGES["binance"], Coinbase()
FIRST, SECOND = ("device0", "device1"), ("device1", "device2")


def an_order() -> Call[Any]:
    return COINBASE.place(replace(order("coinbase"), client_id=str(uuid.uuid4())))


def call_and_look(world: World, names: tuple[str, str]) -> None:
    """The first carries, the second looks afterwards, and once more."""
    carrier, co_signer = names
    asked, outcome = world.ask(an_order(), names, carrier=carrier)
    assert carrier in outcome.finished, outcome.codes
    helper = next(name for name in world.home.names if name != co_signer)
    assert world.compare(asked.digest, co_signer, (co_signer, helper)).outcome == "done"
    world.home.clock.pass_(OWED_AFTER + 60)
    assert world.compare(asked.digest, co_signer, (co_signer, helper)).outcome == "done"


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    """Two orders by different pairs, a question, and a device that was none of the first."""
    world = World(tmp_path_factory.mktemp("calls"))
    try:
        world.split()
        call_and_look(world, FIRST)
        call_and_look(world, SECOND)
        world.told(COINBASE.balances())
        return journals_of(world.home)
    finally:
        world.close()


def found(journals: Journals, code: str) -> list[Finding]:
    return [each for each in audited(journals).findings if each.code == code]


def without(journals: Journals, device: str, *entries: Shown) -> Journals:
    return rewritten(journals, device, lambda shown: [each for each in shown if each not in entries])


def entry(event: Event, time: int = 1_800_000_000) -> Shown:
    content = encode_content(Content(bytes(16), time, DEVICE, event))
    return Shown(1, content, False, bytes(32), bytes(64))


def with_before(journals: Journals, device: str, at: Shown, *events: Event) -> Journals:
    """The device wrote these down just before that entry."""
    time = decode_content(at.content).time

    def put(entries: list[Shown]) -> list[Shown]:
        place = entries.index(at)
        return [*entries[:place], *(entry(event, time) for event in events), *entries[place:]]

    return rewritten(journals, device, put)


def with_after(journals: Journals, device: str, *added: Shown) -> Journals:
    return rewritten(journals, device, lambda entries: [*entries, *added])


def of_session(journals: Journals, device: str, kind: str, session: bytes) -> Shown:
    return next(each for each in journals.of(device, kind) if event_of(each).session == session)


# --- honest days


def test_of_honest_devices_nothing_is_wrong_or_open(journals):
    result = audited(journals)
    assert [each.code for each in result.findings if each.level != "note"] == []
    started = event_of(journals.first_of("device1", "call-started"))
    assert started.identifier and started.gives
    assert len(journals.of("device1", "call-started")) == 3  # a question is a call, too


def test_where_one_journal_is_missing_the_others_are_not_blamed(journals):
    for device in ("device0", "device1", "device2"):
        assert audited(journals.without(device)).wrong == ()


# --- another story


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("carrier", bytes(32)),
        ("account", "other"),
        ("exchange", "binance"),
        ("endpoint", "CANCEL_ORDERS"),
        ("gives", ()),
        ("to", "somewhere"),
        ("identifier", "another"),
        ("rules", bytes(32)),
        ("request_id", bytes(16)),
    ],
)
def test_who_tells_another_story_of_a_call_is_named(journals, name, value):
    change: Callable[[Any], Any] = lambda event: msgspec.structs.replace(event, **{name: value})  # noqa: E731
    [one] = found(altered(journals, "device2", "call-started", change), "call-differs")
    assert (one.level, one.device, one.values["other"]) == ("wrong", "device2", "device1")
    assert name in one.values["fields"]


def test_two_calls_under_one_id_are_named(journals):
    change = lambda event: msgspec.structs.replace(event, request=random(32))  # noqa: E731
    assert ("calls-of-one-id", "device2") in codes(altered(journals, "device2", "call-started", change))


def test_a_call_that_a_device_started_twice_is_named(journals):
    started = journals.first_of("device1", "call-started")
    twice = with_after(journals, "device1", started)
    assert ("call-twice", "device1") in codes(twice)


def test_a_call_that_too_few_signed_is_named(journals):
    alone = lambda event: msgspec.structs.replace(event, participants=event.participants[:1])  # noqa: E731
    changed = altered(journals, "device0", "call-started", alone, last=False)
    assert ("too-few-signed", "device0") in codes(changed)


# --- denied


def test_a_co_signer_that_denies_its_part_is_named_by_what_was_carried(journals):
    changed = without(journals, "device1", journals.first_of("device1", "call-started"))
    [one] = found(changed, "call-part-denied")
    assert (one.level, one.device, one.values["other"]) == ("wrong", "device1", "device0")


def test_who_denies_the_whole_session_is_named(journals):
    session = event_of(journals.first_of("device1", "call-started")).session
    gone = [of_session(journals, "device1", kind, session) for kind in ("met", "call-started")]
    assert ("call-session-denied", "device1") in codes(without(journals, "device1", *gone))


def test_a_carrier_that_denies_what_another_one_found_at_the_exchange_is_named(journals):
    gone = [journals.first_of("device0", kind) for kind in ("call-started", "call-ended")]
    [one] = found(without(journals, "device0", *gone), "call-denied")
    assert (one.level, one.device) == ("wrong", "device0")
    assert (one.values["other"], one.values["finder"]) == ("device1", "device1")


def test_what_was_signed_and_never_carried_is_open_until_somebody_looked(journals):
    gone = [journals.first_of("device0", kind) for kind in ("call-started", "call-ended")]
    denied = without(journals, "device0", *gone)
    unseen = without(denied, "device1", journals.first_of("device1", "call-compared"))
    [one] = found(unseen, "call-not-carried")
    assert (one.level, one.device, one.values["other"]) == ("open", "device0", "device1")
    looked = altered(
        denied, "device1", "call-compared", lambda event: msgspec.structs.replace(event, outcome="not-there")
    )
    assert found(looked, "call-not-carried") == [] and found(looked, "call-denied") == []


def test_the_end_of_a_call_that_was_never_started_is_named(journals):
    changed = without(journals, "device0", journals.first_of("device0", "call-started"))
    assert ("end-without-call", "device0") in codes(changed)


@pytest.mark.parametrize("said", ["refused", "try-again"])
def test_a_carrier_that_says_no_of_what_is_at_the_exchange_is_named(journals, said):
    changed = altered(
        journals,
        "device0",
        "call-ended",
        lambda event: msgspec.structs.replace(event, outcome=said),
        last=False,
    )
    [one] = found(changed, "end-contradicted")
    assert (one.device, one.values["said"], one.values["found"]) == ("device0", said, "done")


def test_a_carrier_that_says_yes_of_what_is_not_there_is_named(journals):
    changed = altered(
        journals,
        "device1",
        "call-compared",
        lambda event: msgspec.structs.replace(event, outcome="not-there"),
    )
    assert ("end-contradicted", "device0") in codes(changed)


def test_a_call_of_which_nobody_knows_the_end_is_open(journals):
    ended, compared = (
        journals.first_of("device0", "call-ended"),
        journals.first_of("device1", "call-compared"),
    )
    unheard = without(journals, "device0", ended)
    assert found(unheard, "call-without-end") == []  # another one looked
    [one] = found(without(unheard, "device1", compared), "call-without-end")
    assert (one.level, one.device) == ("open", "device0")


# --- what is owed


def test_who_signs_again_and_did_not_look_is_named(journals):
    changed = without(journals, "device1", journals.first_of("device1", "call-compared"))
    assert ("comparison-skipped", "device1") in codes(changed)
    [one] = found(changed, "comparison-owed")
    assert (one.level, one.device) == ("open", "device1")


def test_a_comparison_that_was_not_made_is_open_and_no_lie(journals):
    changed = without(journals, "device2", journals.first_of("device2", "call-compared"))
    time = decode_content(changed.entries["device2"][-1].content).time + 10 * OWED_AFTER
    later = with_after(changed, "device2", entry(Thawed(), time))
    assert ("comparison-skipped", "device2") not in codes(later)
    assert [one.device for one in found(later, "comparison-owed")] == ["device2"]


# --- accounts, bans and freezes


def test_an_account_that_was_removed_and_used_afterwards_is_named(journals):
    started = journals.last_of("device1", "call-started")
    gone = ExchangeAccountRemoved(journals.record.wallet, random(32), "main", "coinbase")
    assert ("account-not-kept", "device1") in codes(with_before(journals, "device1", started, gone))


def test_an_account_that_another_device_had_removed_is_told(journals):
    gone = ExchangeAccountRemoved(journals.record.wallet, random(32), "main", "coinbase")
    changed = with_before(journals, "device2", journals.first_of("device2", "call-started"), gone)
    assert {one.device for one in found(changed, "account-removed-elsewhere")} == {"device0", "device1"}
    assert all(one.level == "open" for one in found(changed, "account-removed-elsewhere"))


def test_a_share_for_a_carrier_that_an_owner_had_banned_is_named(journals):
    started = journals.first_of("device1", "call-started")
    ban = CarrierBanned(journals.record.wallet, random(32), event_of(started).carrier)
    assert ("banned-carrier", "device1") in codes(with_before(journals, "device1", started, ban))


def test_a_call_in_a_frozen_wallet_is_named(journals):
    started = journals.first_of("device1", "call-started")
    changed = with_before(journals, "device1", started, WalletFrozen(journals.record.wallet, "stop"))
    assert ("signed-while-frozen", "device1") in codes(changed)


# --- something else at the exchange


@pytest.fixture
def world(tmp_path: Path):
    made = World(tmp_path)
    made.split()
    yield made
    made.close()


def test_a_carrier_that_changed_a_call_is_named_with_what_was_found_until_owners_settle_it(
    world, monkeypatch
):
    hostile_carriers(monkeypatch)(world.home["device0"].identity, body(base_size="50"))
    asked, _ = world.ask(an_order())
    assert world.compare(asked.digest).outcome == "differs"
    journals = journals_of(world.home)
    [one] = found(journals, "found-other")
    assert (one.level, one.device, one.values["carrier"]) == ("wrong", "device1", "device0")
    assert one.values["found"] == "size: 50 (signed for: 0.5)"
    thawed = without(journals, "device1", journals.first_of("device1", "wallet-frozen"))
    assert ("not-frozen", "device1") in codes(thawed)
    world.home.clock.pass_(OWED_AFTER)
    now = world.home.clock()
    Owner(world.home).tell_all(
        SettleRequest(random(16), world.wallet, "main", (asked.digest,), now, now + 600)
    )
    [one] = found(journals_of(world.home), "found-other")
    assert one.level == "note"


# --- strict wallets


def test_a_device_that_only_counted_a_call_for_the_others_may_tell_of_it_and_denies_it_in_vain(tmp_path):
    """device3 makes no call: it counts one, and tells the fifth, which was away."""
    world = World(tmp_path, 5, 2, strict=True)
    try:
        world.born()
        names = tuple(world.home.names)
        call = BINANCE.place(replace(order("binance"), client_id=str(uuid.uuid4())))
        asked = prepare(world.home, call, names[:4], makers=names[:2])
        assert world.strictly(asked, names[:4]).finished
        assert world.tell("device3", "device4").finished
        journals = journals_of(world.home)
    finally:
        world.close()
    assert audited(journals).wrong == ()
    counted = journals.first_of("device3", "call-acknowledged")
    assert ("note-denied", "device3") in codes(without(journals, "device3", counted))


# --- sweeps


def swept(
    journals: Journals, signers: tuple[str, ...], carrier: str, wrote: tuple[str, ...], **other: str
) -> Journals:
    """A visit, of which these devices wrote down that they signed a sweep. ``other``: the address that one tells."""
    visit, session = bytes(range(32)), random(16)
    identity = {name: state.identity for name, state in journals.states.items()}
    opened = VisitOpened(
        journals.record.wallet, visit, "main", "coinbase", "BTC", "5", 1_900_000_000, journals.record.rules
    )
    for name in wrote:
        signed = SweepSigned(
            journals.record.wallet,
            visit,
            session,
            "BTC",
            0,
            "0.5",
            other.get(name, "home"),
            identity[carrier],
            tuple(sorted(identity[each] for each in signers)),
        )
        newest = decode_content(journals.entries[name][-1].content).time
        journals = with_after(journals, name, entry(opened, newest), entry(signed, newest))
    return journals


def test_a_sweep_that_its_signers_wrote_down_alike_is_in_order(journals):
    assert audited(swept(journals, FIRST, "device0", FIRST)).wrong == ()


def test_a_sweep_that_a_signer_denies_is_named(journals):
    assert ("call-part-denied", "device1") in codes(swept(journals, FIRST, "device0", ("device0",)))


def test_a_sweep_that_its_carrier_does_not_have_is_open(journals):
    [one] = found(swept(journals, FIRST, "device0", ("device1",)), "call-not-carried")
    assert one.device == "device0"


def test_a_sweep_that_too_few_signed_is_named(journals):
    assert ("too-few-signed", "device0") in codes(swept(journals, ("device0",), "device0", ("device0",)))


def test_a_sweep_that_two_tell_of_otherwise_is_named(journals):
    changed = swept(journals, FIRST, "device0", FIRST, device1="elsewhere")
    assert [one.device for one in found(changed, "call-differs")] == ["device1"]


def test_what_was_compared_of_a_sweep_is_known_by_its_round(journals):
    """A device that found a sweep at the exchange, which its carrier denies."""
    changed = swept(journals, FIRST, "device0", ("device1",))
    about = sweep_digest(bytes(range(32)), "BTC", 0)
    seen = CallCompared(journals.record.wallet, about, random(16), "main", "done", ())
    newest = decode_content(changed.entries["device1"][-1].content).time
    told = with_after(changed, "device1", entry(seen, newest))
    assert ("call-denied", "device0") in codes(told)


# --- at Binance, whose carrier can send again what was signed


def test_who_did_not_look_how_often_it_was_made_is_named_and_a_trial_contradicts_nothing(tmp_path):
    """What is only tried out is taken by the exchange, and is not there."""
    world = World(tmp_path)
    try:
        world.born()
        wanted = replace(order("binance"), client_id=str(uuid.uuid4()))
        tried = replace(BINANCE.place(wanted).unsigned, path="/api/v3/order/test")
        asked, _ = world.ask(replace(BINANCE.place(wanted), unsigned=tried))
        world.home.clock.pass_(OWED_AFTER + 60)
        assert world.compare(asked.digest).outcome == "not-there"
        world.told(BINANCE.place(replace(wanted, client_id=str(uuid.uuid4()))))
        world.home.clock.pass_(OWED_AFTER + 60)
        world.compare_all()
        whole = journals_of(world.home)
    finally:
        world.close()
    assert codes(whole) == set() and found(whole, "comparison-owed") == []
    skipped = without(whole, "device1", whole.first_of("device1", "call-compared"))
    assert ("comparison-skipped", "device1") in codes(skipped)
    assert [one.device for one in found(skipped, "comparison-owed")] == ["device1"]
