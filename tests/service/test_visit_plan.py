"""What is done next for a visit: from what the devices show, and from nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from warifu.protocol.exchange_requests import VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import SweepShown, There, VisitShown, Worth
from warifu.service.workflows.visit_plan import next_look, plan
from warifu.service.workflows.visits import VisitTries

pytestmark = pytest.mark.unit

NOW = 1_800_000_000
ONE, TWO = b"1" * 32, b"2" * 32
USDT = VisitAsset("USDT", "eip155:1")
REQUEST = VisitRequest(
    bytes(16), bytes(32), "main", VisitAsset("BTC", "bitcoin"), "", "50", (USDT,), NOW + 60, NOW, NOW + 60
)
WANTS: Any = ("permissions", "balance", "address")
OPENED = VisitShown(b"v" * 32, REQUEST, "binance", "opened", None, WANTS, (), "", 0, "0", (), ())
PROVEN = msgspec.structs.replace(OPENED, state="proven", proven=WANTS, address="there", fetched=NOW)
ENDING = msgspec.structs.replace(PROVEN, state="sweeping")


def steps(turn: int = 0, now: int = NOW, **views: VisitShown) -> list[tuple[bytes, str, str, int]]:
    found = plan({{"one": ONE, "two": TWO}[name]: view for name, view in views.items()}, now, turn)
    return [(task.carrier, task.step, task.symbol, task.round) for task in found]


def sees(view: VisitShown, btc: str, usdt: str = "0", **fields: Any) -> VisitShown:
    there = (There("BTC", btc, "0", NOW), There("USDT", usdt, "0", NOW))
    return msgspec.structs.replace(view, there=there, **fields)


def swept(view: VisitShown, number: int, state: Any, again_from: int = NOW + 60) -> VisitShown:
    sweep = SweepShown("BTC", number, "1", "home", state, "", "", again_from)
    return msgspec.structs.replace(view, sweeps=(*view.sweeps, sweep))


def test_each_device_finds_the_way_back_for_itself():
    assert steps(one=PROVEN, two=OPENED) == [(TWO, step, "BTC", 0) for step in WANTS]
    assert steps(one=PROVEN, two=PROVEN) == []


def test_an_address_is_fetched_anew_before_it_counts_no_more():
    half_a_day = NOW + 43_201
    assert steps(now=half_a_day, one=PROVEN) == [(ONE, "address", "BTC", 0)]


def test_it_is_looked_whether_funds_have_come():
    assert steps(one=PROVEN, two=msgspec.structs.replace(PROVEN, state="funded")) == [
        (TWO, "balance", "BTC", 0)
    ]


def test_what_is_there_goes_home_asset_by_asset():
    assert steps(one=sees(ENDING, "1", "7")) == [
        (ONE, "balance", "BTC", 0),
        (ONE, "sweep", "BTC", 0),
        (ONE, "sweep", "USDT", 0),
    ]


def test_what_the_exchange_refuses_to_let_go_holds_no_other_asset_back():
    view = swept(sees(ENDING, "1", "7"), 0, "refused")
    found = plan({ONE: view}, NOW, 0, refused={(ONE, "BTC"), (TWO, "USDT")})
    assert [(task.step, task.symbol, task.round) for task in found] == [
        ("balance", "BTC", 0),
        ("sweep", "USDT", 0),
    ]


LATER = NOW + 61


@pytest.mark.parametrize(
    ("seen", "rests"),
    [
        (("1", "0", LATER), True),
        (("1", "0", NOW + 59), False),  # what was signed may have been taken after all
        (("1", "0.1", LATER), False),  # an order still holds some: it is to be cancelled
        (("0", "0", LATER), False),  # something else took it: the others look, and it is at home
    ],
)
def test_what_was_refused_is_looked_at_again_before_the_long_wait(seen, rests):
    there = (There("BTC", *seen), There("USDT", "0", "0", LATER))
    view = msgspec.structs.replace(swept(ENDING, 0, "refused"), there=there)
    tries = VisitTries()
    tries.rest({ONE: view, TWO: view}, {(ONE, "BTC"): 1e9})
    tries.rest({ONE: view, TWO: view}, {(ONE, "BTC"): 1e9, (ONE, "USDT"): 1e9})
    assert tries.until < 1e9, "another device asks for itself"
    tries.rest({ONE: sees(swept(ENDING, 0, "refused", NOW), "1", "7")}, {(ONE, "BTC"): 1e9})
    assert tries.until < 1e9, "another asset does not wait for it"
    tries.rest({ONE: view, TWO: view}, {(ONE, "BTC"): 1e9, (TWO, "BTC"): 2e9})
    assert (tries.until == 1e9) is rests


def test_the_way_home_is_not_as_slow_as_the_hours_before_it():
    tries = VisitTries()
    for _ in range(100):
        tries.hurry({ONE: PROVEN})
        tries.later()
    slow = tries.until
    tries.hurry({ONE: PROVEN, TWO: ENDING})
    tries.later()
    assert (tries.count, tries.turn) == (1, 101)
    assert tries.until < slow
    tries.hurry({ONE: ENDING, TWO: ENDING})
    assert tries.count == 1, "once"


def test_orders_that_hold_something_of_it_are_cancelled_first():
    held = (There("BTC", "1", "0.5", NOW), There("USDT", "0", "0", NOW))
    view = msgspec.structs.replace(ENDING, there=held)
    found = plan({ONE: view}, NOW, 0, ("BTC-USDT", "ETH-USDT"))
    assert [(task.step, task.pair) for task in found] == [
        ("balance", ""),
        ("cancel", "BTC-USDT"),
        ("sweep", ""),
    ]


def test_who_leads_the_way_home_changes_with_each_turn():
    for turn, leads in ((0, ONE), (1, TWO), (2, ONE)):
        assert steps(turn, one=ENDING, two=ENDING) == [(leads, "balance", "BTC", 0)]


@pytest.mark.parametrize("state", ["signed", "unknown", "pending"])
def test_what_may_be_out_is_asked_for_and_nothing_else_is_sent(state):
    assert steps(one=swept(sees(ENDING, "1"), 3, state)) == [
        (ONE, "outcome", "BTC", 3),
        (ONE, "balance", "BTC", 0),
    ]


def test_the_next_round_follows_on_the_last_that_any_device_signed():
    seen, other = sees(ENDING, "1"), swept(ENDING, 4, "signed", again_from=NOW)
    assert (ONE, "sweep", "BTC", 5) in steps(one=seen, two=other)
    waits = swept(ENDING, 4, "signed", again_from=NOW + 1)
    assert (ONE, "sweep", "BTC", 5) not in steps(one=seen, two=waits)
    assert (ONE, "sweep", "BTC", 5) in steps(one=seen, two=swept(ENDING, 4, "refused"))


def test_when_one_saw_it_at_home_the_others_look_for_themselves():
    home = msgspec.structs.replace(sees(ENDING, "0"), state="home")
    assert steps(one=home, two=ENDING) == [(TWO, "balance", "BTC", 0)]
    assert steps(one=home, two=home) == [(ONE, "balance", "BTC", 0)]


# --- where a carrier could change a sweep ---------------------------------------------------------------------------

CDP: Any = ("permissions", "wallets", "balance", "address")
SHARED = msgspec.structs.replace(
    ENDING, exchange="coinbase", wants=CDP, proven=CDP, wallets=("BTC", "USDT"), state="sweeping"
)


def leads(turn: int, tiers: dict[bytes, int], **views: VisitShown) -> bytes:
    found = plan({{"one": ONE, "two": TWO}[name]: view for name, view in views.items()}, NOW, turn, (), tiers)
    return found[0].carrier


def test_the_highest_tier_carries_first_and_who_was_found_out_last():
    for tiers, first in (({ONE: 1, TWO: 3}, TWO), ({ONE: 3, TWO: 1}, ONE), ({}, ONE)):
        assert leads(0, tiers, one=SHARED, two=SHARED) == first
        assert leads(1, tiers, one=SHARED, two=SHARED) != first  # and nobody keeps it from coming home
    knows = msgspec.structs.replace(SHARED, banned=(TWO,))
    assert leads(0, {ONE: 1, TWO: 3}, one=knows, two=SHARED) == ONE


def test_whoever_signs_for_an_account_there_finds_first_how_it_is_called():
    new = msgspec.structs.replace(SHARED, wallets=())
    opened = msgspec.structs.replace(new, state="opened", proven=())
    assert steps(0, one=opened, two=SHARED)[0] == (ONE, "wallets", "BTC", 0)
    assert [step for _, step, *_ in steps(0, one=opened)] == ["wallets", "permissions", "balance", "address"]
    found = steps(0, one=SHARED, two=new)
    assert found[0] == (TWO, "wallets", "BTC", 0)
    found = steps(0, one=sees(SHARED, "0", "7"), two=msgspec.structs.replace(SHARED, wallets=("BTC",)))
    assert found.index((TWO, "wallets", "USDT", 0)) < found.index((ONE, "sweep", "USDT", 0))


def test_orders_that_are_cancelled_one_by_one_are_listed_first():
    held = (There("BTC", "1", "0.5", NOW), There("USDT", "0", "0", NOW))
    found = plan({ONE: msgspec.structs.replace(SHARED, there=held)}, NOW, 0, ("BTC-USDT",))
    assert [task.step for task in found] == ["balance", "orders", "cancel", "sweep"]


def test_whoever_sees_something_in_an_account_that_it_does_not_know_reads_the_names_first():
    """Also of what seems to be locked: only the list of names says whether it is."""
    wants: Any = ("permissions", "wallets", "balance", "address")
    view = msgspec.structs.replace(ENDING, wants=wants, proven=wants, wallets=("BTC",))
    assert [step for _, step, _, _ in steps(one=sees(view, "1", "7"))] == [
        "balance",
        "sweep",
        "wallets",
        "sweep",
    ]
    locked = (There("BTC", "0", "0", NOW, "1", "0"), There("USDT", "0", "0", NOW))
    view = msgspec.structs.replace(view, there=locked, wallets=())
    assert [step for _, step, _, _ in steps(one=view)] == ["wallets", "balance"]


# --- what it is worth ------------------------------------------------------------------------------------------


WORTH = Worth(500, "1", "1", NOW, NOW, 0, (), "")


def tasks(**views: VisitShown) -> list[tuple[bytes, str, str]]:
    found = plan({{"one": ONE, "two": TWO}[name]: view for name, view in views.items()}, NOW, 0)
    return [(task.carrier, task.step, task.pair) for task in found if task.step in ("balance", "price")]


def worth(state: Any = "trading", **fields: Any) -> VisitShown:
    return msgspec.structs.replace(PROVEN, state=state, worth=msgspec.structs.replace(WORTH, **fields))


def test_each_device_is_brought_to_look_what_it_is_worth_also_one_that_signed_nothing_that_went_there():
    assert tasks(one=worth(looked=NOW - 45), two=worth("proven", looked=NOW - 44)) == [(ONE, "balance", "")]
    assert tasks(one=worth("proven", looked=0), two=worth("proven", looked=0)) == []  # nothing went there


def test_a_look_is_made_whole_before_another_one_begins():
    view = worth(looked=NOW - 99, wanted=("BTC-USDT", "ETH-USDT"))
    assert tasks(one=view) == [(ONE, "price", "BTC-USDT"), (ONE, "price", "ETH-USDT")]


def test_who_found_too_little_looks_again_soon_and_who_found_it_twice_looks_no_more():
    low = worth(looked=NOW - 21, low=NOW - 21)
    assert tasks(one=low, two=worth(looked=NOW - 20, low=NOW - 20)) == [(ONE, "balance", "")]
    ended = worth("sweeping", looked=0, low=NOW - 30)
    assert tasks(one=low, two=ended) == [
        (ONE, "balance", ""),
        (TWO, "balance", ""),
    ]  # and the way home goes on
    steps = plan({ONE: low, TWO: sees(ended, "1")}, NOW, 0)
    assert [(task.carrier, task.step) for task in steps][-1] == (
        TWO,
        "sweep",
    )  # led by who knows that it is over


def test_nobody_sleeps_past_the_look_that_is_due_first():
    views = {ONE: worth(looked=NOW - 40), TWO: worth("proven", looked=NOW - 10)}
    assert next_look(views, NOW) == 5
    assert next_look({ONE: worth(looked=NOW - 10, low=NOW - 10)}, NOW) == 11
    assert next_look({ONE: worth(looked=NOW - 99)}, NOW) == 1  # it was tried just now
    assert next_look({ONE: worth("proven", looked=0)}, NOW) is None  # nothing went there
    assert next_look({ONE: PROVEN, TWO: worth("sweeping", looked=0)}, NOW) is None


def test_who_finds_the_loss_last_looks_on_though_the_others_have_it_home():
    home = worth("home", looked=NOW - 99)
    late = worth("proven", looked=NOW - 21, low=NOW - 21)
    assert (TWO, "balance", "") in tasks(one=home, two=late)
    assert tasks(one=home, two=worth("proven", looked=NOW, wanted=("BTC-USDT",)))[0] == (
        TWO,
        "price",
        "BTC-USDT",
    )
    assert next_look({ONE: home, TWO: late}, NOW) == 1
