"""Journals against an exchange's own list: what no device signed for, and what was taken and is not there."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from nacl.utils import random
from tests.support.exchange_days import order
from tests.support.exchange_world import World
from tests.support.journals import Journals, event_of, journals_of

from warifu.audit.at_exchange import Listing, There, check_exchange
from warifu.audit.findings import Finding
from warifu.audit.journals import read_journal
from warifu.exchanges.coinbase.adapters import Coinbase, withdrawal_nonce
from warifu.protocol.events.visits import SweepSigned, VisitOpened
from warifu.protocol.exchange_visits import withdrawal_id
from warifu.protocol.journal import DEVICE, Content, Event, encode_content
from warifu.protocol.journal_pages import Shown

pytestmark = pytest.mark.unit

COINBASE = Coinbase()


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    world = World(tmp_path_factory.mktemp("listed"))
    try:
        world.split()
        world.told(COINBASE.place(replace(order("coinbase"), client_id=str(uuid.uuid4()))))
        world.told(COINBASE.balances())
        return journals_of(world.home)
    finally:
        world.close()


def ours(journals: Journals) -> str:
    found: str = event_of(journals.first_of("device0", "call-started")).identifier
    return found


def there(identifier: str, made: int | None = 2_000_000_000) -> There:
    return There("order", "28", identifier, "BUY 0.5 BTC-USD at 20000", made)


def held_against(
    journals: Journals, *listed: There, account: str = "main", extra: tuple[Event, ...] = (), **fields: Any
) -> list[Finding]:
    read = []
    for name, entries in journals.entries.items():
        state = journals.states[name]
        added = [
            Shown(
                len(entries) + number,
                encode_content(Content(bytes(16), 1_800_000_000, DEVICE, event)),
                False,
                bytes(32),
                bytes(64),
            )
            for number, event in enumerate(extra, start=1)
        ]
        read.append(read_journal(name, state.identity, [*entries, *added], state)[0])
    listing = replace(Listing(account, 0, listed), **fields)
    return list(check_exchange(read, journals.record.wallet, listing))


def test_what_a_device_signed_for_is_in_order(journals):
    assert held_against(journals, there(ours(journals))) == []


def test_what_no_device_signed_for_is_named_with_what_it_is(journals):
    [one] = held_against(journals, there(ours(journals)), there("by-hand"), there(""))[:1]
    assert (one.level, one.code) == ("open", "made-unsigned")
    assert (one.values["id"], one.values["what"]) == ("28", "BUY 0.5 BTC-USD at 20000")
    assert len(held_against(journals, there(ours(journals)), there("by-hand"), there(""))) == 2


def test_what_was_there_before_the_account_was_kept_is_nobodys_business(journals):
    old = (there("by-hand", 5), there("of no known moment", None))
    found = held_against(journals, *old, since=1_000)
    assert [one.values["id"] for one in found if one.code == "made-unsigned"] == ["28"]


def test_a_call_with_another_account_is_no_cover(journals):
    found = held_against(journals, there(ours(journals)), account="other")
    assert [one.code for one in found] == ["made-unsigned"]


def test_what_the_exchange_took_and_does_not_list_is_told_once(journals):
    [one] = held_against(journals)
    assert (one.level, one.code) == ("open", "signed-not-there")
    assert held_against(journals, since=2_000_000_000) == []  # made before the list begins


def test_of_a_list_that_is_not_whole_nothing_is_missed_and_it_is_said(journals):
    [one] = held_against(journals, refusals=("no",))
    assert (one.level, one.code, one.values["why"]) == ("missing", "exchange-unread", "no")


def test_sweeps_are_known_by_what_follows_from_their_visit(journals):
    visit = random(32)
    opened = VisitOpened(
        journals.record.wallet, visit, "main", "coinbase", "BTC", "5", 1_900_000_000, bytes(32)
    )
    signed = SweepSigned(journals.record.wallet, visit, random(16), "BTC", 3, "0.5", "home")
    named = withdrawal_id(visit, "BTC", 3)
    listed = (there(ours(journals)), there(named), there(str(withdrawal_nonce(named))))
    assert held_against(journals, *listed, extra=(opened, signed)) == []
    assert len(held_against(journals, *listed)) == 2
