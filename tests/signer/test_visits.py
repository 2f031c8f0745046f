"""A visit as one device knows it: what it lets be brought there, and how what is left comes home, once."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.encoding import decode, decode_kept, encode
from warifu.protocol.exchange_requests import VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import KEPT_SWEEPS, withdrawal_id
from warifu.protocol.policy import DAY
from warifu.signer.exchanges.holdings import MOST_ACCOUNTS, Part
from warifu.signer.exchanges.sweeps import SETTLE, Sweep
from warifu.signer.exchanges.visits import AFTERWARDS, FRESH_ADDRESS, FRESH_BALANCE, ROUNDS_AT_ONCE, Visit

pytestmark = pytest.mark.unit

D = Decimal
NOW = 1_800_000_000
UNTIL = NOW + 7200
BTC, USDT = VisitAsset("BTC", "bitcoin"), VisitAsset("USDT", "eip155:1")
REQUEST = VisitRequest(bytes(16), bytes(32), "main", BTC, "", "50000000", (USDT,), UNTIL, NOW, NOW + 600)
VISIT = Visit(b"v" * 32, REQUEST, "binance", NOW, ("permissions", "balance", "address"))
PROVEN = VISIT.permits().sees({}, NOW).deposits_to("there", NOW)


def sees(visit: Visit, btc: str, now: int, usdt: str = "0", held: str = "0") -> Visit:
    return visit.sees({"BTC": (D(btc), D(held)), "USDT": (D(usdt), D(0))}, now)


def swept(visit: Visit, number: int, stamp: int, amount: str = "0.5") -> Visit:
    return visit.sweeping(Sweep("BTC", number, amount, "home", 1000 * stamp + 5000))


def test_the_way_back_is_proven_before_anything_may_go_there():
    seen = VISIT.sees({}, NOW)
    for visit in (VISIT, VISIT.permits(), seen, seen.permits(), seen.deposits_to("there", NOW)):
        assert visit.state(NOW) == "opened" and not visit.takes(NOW)
    assert PROVEN.state(NOW) == "proven" and PROVEN.takes(NOW)


def test_nothing_goes_there_when_the_address_is_old_or_the_visit_is_over_or_ended():
    long = Visit(VISIT.id, msgspec_replace(REQUEST, until=NOW + 3 * DAY), "binance", NOW, VISIT.wants)
    long = long.permits().sees({}, NOW).deposits_to("there", NOW)
    assert long.takes(NOW + FRESH_ADDRESS - 1) and not long.takes(NOW + FRESH_ADDRESS)
    assert PROVEN.takes(UNTIL - 1) and not PROVEN.takes(UNTIL)
    assert not PROVEN.end(NOW, "owner").takes(NOW)


def msgspec_replace(request: VisitRequest, **fields: int) -> VisitRequest:

    return msgspec.structs.replace(request, **fields)


def test_its_amount_is_brought_once_whatever_replaces_what():
    paid = PROVEN.pays(b"a" * 32, 30_000_000)
    assert paid.state(NOW) == "funded"
    assert (paid.room(b"a" * 32), paid.room(b"b" * 32)) == (50_000_000, 20_000_000)
    bumped = paid.pays(b"a" * 32, 10_000_000)  # the dearest of a chain of replacements counts
    assert bumped.room(b"b" * 32) == 20_000_000
    assert bumped.pays(b"b" * 32, 20_000_000).room(b"c" * 32) == 0


def test_its_states_are_what_this_device_did_and_saw():
    paid = PROVEN.pays(b"a" * 32, 50_000_000)
    arrived = sees(paid, "0.5", NOW + 60)
    assert arrived.state(NOW + 60) == "trading"
    assert arrived.state(UNTIL) == "sweeping" == arrived.end(NOW + 61, "owner").state(NOW + 61)
    out = swept(arrived, 0, UNTIL)
    assert out.heard("BTC", 0, "refused", "second-factor").state(UNTIL) == "stuck"
    done = out.heard("BTC", 0, "done", transaction="beef")
    assert done.state(UNTIL) == "sweeping"  # it has not looked yet
    assert sees(done, "0", UNTIL + 5).state(UNTIL + 5) == "home"


@pytest.mark.parametrize("state", ["unknown", "pending"])
def test_what_is_under_way_is_not_at_home(state):
    visit = sees(PROVEN.pays(b"a" * 32, 50_000_000), "0.5", NOW)
    visit = swept(visit, 0, UNTIL).heard("BTC", 0, state)
    assert sees(visit, "0", UNTIL + DAY).state(UNTIL + DAY) == "sweeping"


def test_what_orders_hold_and_what_it_was_traded_for_is_not_at_home():
    visit = PROVEN.pays(b"a" * 32, 50_000_000)
    assert sees(visit, "0", UNTIL, held="0.1").state(UNTIL) == "sweeping"
    assert sees(visit, "0", UNTIL, usdt="7").state(UNTIL) == "sweeping"
    assert sees(visit, "0", UNTIL).state(UNTIL) == "home"


def test_less_than_the_exchange_lets_go_stays_there_and_is_said():
    visit = swept(sees(PROVEN.pays(b"a" * 32, 50_000_000), "0.00001", UNTIL), 0, UNTIL, "0.00001")
    visit = visit.heard("BTC", 0, "refused", "below-minimum")
    assert sees(visit, "0.00001", UNTIL + 9).state(UNTIL + 9) == "home"
    assert sees(visit, "0.00001", UNTIL + 9, held="1").state(UNTIL + 9) == "stuck"
    assert sees(visit, "0.5", UNTIL + 9).state(UNTIL + 9) == "stuck"  # a deposit that came in late is no dust


def test_what_comes_in_late_is_swept_for_a_while_and_then_it_is_the_owners():
    home = sees(PROVEN, "0", UNTIL)
    assert home.state(UNTIL) == "home"
    late = sees(home, "0.1", UNTIL + AFTERWARDS - 1)
    assert late.state(UNTIL + AFTERWARDS) == "sweeping"
    home.require_sweep("BTC", 0, UNTIL + AFTERWARDS - 1)
    with pytest.raises(PolicyDenied) as refused:
        home.require_sweep("BTC", 0, UNTIL + AFTERWARDS)
    assert refused.value.reason == "visit-over"


def test_one_withdrawal_at_a_time_can_be_out():
    """The next is signed when the one before is dead and would have shown; nobody can make two of one balance."""
    visit = swept(sees(PROVEN, "0.5", NOW), 0, NOW)
    dead = NOW + 5 + SETTLE
    with pytest.raises(PolicyDenied) as refused:
        visit.require_sweep("BTC", 1, dead - 1)
    assert (refused.value.reason, refused.value.retry_after) == ("sweep-under-way", 1)
    visit.require_sweep("BTC", 1, dead)
    visit.require_sweep("USDT", 0, NOW)  # another asset is no part of it
    for again in (0,):
        with pytest.raises(InputRefused):
            visit.require_sweep("BTC", again, dead)
    visit.heard("BTC", 0, "refused", "network").require_sweep("BTC", 1, NOW)  # it never happened
    with pytest.raises(InputRefused):
        visit.require_sweep("ETH", 0, NOW)


def latest(visit: Visit, now: int) -> int:
    """The highest round that a device signs then."""
    rounds = range(2**14)
    return max(number for number in rounds if is_signed(visit, number, now))


def is_signed(visit: Visit, number: int, now: int) -> bool:
    try:
        visit.require_sweep("BTC", number, now)
    except (InputRefused, PolicyDenied):
        return False
    return True


def test_nobody_uses_up_the_numbers_of_sweeps_by_asking_for_a_late_one():
    visit = sees(PROVEN, "1", NOW)
    assert latest(visit, NOW) == ROUNDS_AT_ONCE - 1
    assert not is_signed(visit, 2**31 - 1, NOW)
    for years in (1, 100):
        assert not is_signed(visit, 2**31 - 1, NOW + years * 365 * DAY)


def test_a_carrier_that_has_one_device_sign_round_after_round_does_not_part_it_from_another():
    """A taken-over device and a service have one honest device sign, again and again, as late a round as it takes, and
    leave the other out. These two find a round that both sign, or what is there never comes home without the third."""
    often, never = sees(PROVEN, "1", NOW), sees(PROVEN, "1", NOW)
    now = NOW
    for _ in range(8):
        often = swept(often, latest(often, now), now)
        newest = often.newest("BTC")
        assert newest is not None
        now, following = newest.again_from, newest.round + 1
    assert is_signed(often, following, now) and is_signed(never, following, now)


def test_the_carrier_sends_what_it_saw_lately_and_after_the_last_sweep():
    visit = sees(PROVEN, "0.5", NOW)
    assert visit.require_seen("BTC", NOW + FRESH_BALANCE).free == "0.5"
    for old, reason in (
        (visit.require_seen, "balance"),
        (sees(visit, "0", NOW + FRESH_BALANCE + 1).require_seen, "nothing-there"),
        (swept(visit, 0, NOW + FRESH_BALANCE).require_seen, "balance"),
        (PROVEN.require_seen, "balance"),
    ):
        with pytest.raises(PolicyDenied) as refused:
            old("BTC", NOW + FRESH_BALANCE + 1)
        assert refused.value.reason == reason


def test_the_identifier_of_a_withdrawal_follows_from_visit_asset_and_round():
    names = {
        withdrawal_id(visit, symbol, number)
        for visit in (b"a" * 32, b"b" * 32)
        for symbol in ("BTC", "ETH")
        for number in range(3)
    }
    assert len(names) == 12
    assert withdrawal_id(b"a" * 32, "BTC", 0) == withdrawal_id(b"a" * 32, "BTC", 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200), st.booleans()), max_size=12))
def test_whatever_is_asked_no_two_withdrawals_of_an_asset_can_be_out_together(asked):
    visit, now, out = sees(PROVEN, "1", NOW), NOW, []
    for number, wait, is_signed in asked:
        now += wait
        try:
            visit.require_sweep("BTC", number, now)
        except (PolicyDenied, InputRefused):
            continue
        if is_signed:
            visit = swept(visit, number, now)
            out.append((now, number))
    assert all(later - earlier >= 5 + SETTLE for (earlier, _), (later, _) in pairwise(out))
    assert [number for _, number in out] == sorted({number for _, number in out})
    assert decode(Visit, encode(visit), 1024 * 1024) == visit
    assert len(visit.shown(now).sweeps) == min(len(out), KEPT_SWEEPS)


# --- a fee on top ---------------------------------------------------------------------------------------------------

CDP = Visit(b"v" * 32, REQUEST, "coinbase", NOW, ("permissions", "wallets", "balance", "address"))
CDP = CDP.names((("BTC", "first"), ("BTC", "second")), (("BTC", "vault"),), NOW)


def part(free: str, held: str = "0", wallet: str = "first") -> Part:
    return Part("BTC", wallet, free, held, sends=wallet != "vault")


def sees_parts(visit: Visit, now: int, *parts: Part) -> Visit:
    return visit.sees({}, now, parts)


def fee_known(visit: Visit, fee: str) -> Visit:
    return swept(visit, 0, NOW).heard("BTC", 0, "done", fee=D(fee))


def test_a_fee_on_top_is_what_it_was_or_a_hundredth_and_more_where_that_was_not_enough():
    assert CDP.less_fee(part("0.5"), 8) == ("0.495", "0.005")
    assert fee_known(CDP, "0.0001").less_fee(part("0.5"), 8) == ("0.4999", "0.0001")
    short = swept(CDP, 0, NOW).heard("BTC", 0, "refused", "funds")
    assert short.less_fee(part("0.5"), 8) == ("0.48", "0.02")
    short = swept(short, 1, NOW).heard("BTC", 1, "refused", "funds")
    assert short.less_fee(part("0.5"), 8) == ("0.42", "0.08")
    assert swept(short, 2, NOW).less_fee(part("0.5"), 8) == ("0.495", "0.005")  # it was taken, or may be


@pytest.mark.parametrize("fee", ["", "0.01"])
def test_however_often_there_was_not_enough_what_is_there_is_tried_again(fee):
    """Funds that the exchange holds back for a while are free later: a device that left more and more there for a fee
    would end by sending nothing any more, and nobody's word would bring it back."""
    visit = fee_known(CDP, fee) if fee else CDP
    for number in range(1, 8):
        amount, _ = visit.less_fee(part("0.5"), 8)
        assert D(amount) > 0
        visit = swept(visit, number, NOW, amount).heard("BTC", number, "refused", "funds")


def test_an_account_that_owes_something_keeps_nothing_else_from_coming_home():
    """An exchange can say that there is less than nothing of an asset."""
    visit = PROVEN.end(NOW, "owner").sees({"BTC": (D("0.5"), D(0)), "USDT": (D("-7"), D(0))}, NOW)
    assert visit.require_seen("BTC", NOW).free == "0.5"
    owed = visit.seen("USDT")
    assert owed is not None and (owed.free, owed.held) == ("0", "0")


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 10**17), st.integers(0, 18), st.sampled_from(["", "0.0001", "3"]))
def test_what_is_sent_and_what_stays_is_what_is_free(units, places, fee):
    free = D(units).scaleb(-8)
    visit = fee_known(CDP, fee) if fee else CDP
    try:
        amount, stays = map(D, visit.less_fee(part(f"{free:f}"), places))
    except PolicyDenied as denied:
        assert denied.reason == "nothing-there"
        return
    assert amount + stays == free and amount > 0 and stays >= visit.fee("BTC")
    assert amount == round(amount, places)


def test_no_more_than_a_fee_is_at_home_and_what_was_made_into_something_else_is_not():
    visit = fee_known(CDP, "0.0001").end(NOW, "owner")
    late = NOW + 100
    assert sees_parts(visit, late, part("0.0001")).state(late) == "home"
    assert sees_parts(visit, late, part("0.00010001")).state(late) == "sweeping"
    assert sees_parts(visit, late, part("0.0001", "0.1")).state(late) == "sweeping"
    differs = visit.heard("BTC", 0, "differs")
    assert sees_parts(differs, late).state(late) == "stuck"
    assert (
        differs.heard("BTC", 0, "done").sweep_of("BTC", 0).state == "differs"
    )  # whatever is heard afterwards


# --- several accounts of one asset


def test_no_more_than_a_fee_in_each_account_is_at_home_and_more_in_one_of_them_is_not():
    visit, late = fee_known(CDP, "0.0001").end(NOW, "owner"), NOW + 100
    dust = part("0.0001"), part("0.0001", wallet="second")
    assert sees_parts(visit, late, *dust).state(late) == "home"
    assert sees_parts(visit, late, dust[0], part("0.0002", wallet="second")).state(late) == "sweeping"
    assert sees_parts(visit, late, dust[0], part("0.0001", wallet="new")).shown(late).wallets == ()


def test_the_next_sweep_is_of_the_fullest_account_that_did_not_refuse():
    visit = sees_parts(CDP, NOW, part("0.1"), part("0.4", wallet="second"), part("9", wallet="vault"))
    assert visit.leaves_from("BTC").wallet == "second"
    refused = visit.sweeping(Sweep("BTC", 0, "0.396", "home", 1000 * NOW, wallet="second"))
    refused = refused.heard("BTC", 0, "refused", "second-factor")
    assert refused.leaves_from("BTC").wallet == "first"
    again = refused.sweeping(Sweep("BTC", 1, "0.099", "home", 1000 * NOW, wallet="first"))
    assert again.heard("BTC", 1, "refused", "second-factor").leaves_from("BTC").wallet == "second"
    with pytest.raises(PolicyDenied) as nothing:
        sees_parts(CDP, NOW, part("9", wallet="vault")).leaves_from("BTC")
    assert nothing.value.reason == "nothing-there"
    with pytest.raises(InputRefused) as unknown:
        sees_parts(CDP, NOW, part("9", wallet="another")).leaves_from("BTC")
    assert unknown.value.reason == "visit-wallet"


def test_why_an_account_kept_something_stays_known_however_many_there_are():
    names = [f"wallet{number}" for number in range(3 * KEPT_SWEEPS)]
    visit = CDP.names(tuple(("BTC", name) for name in names), (), NOW).end(NOW, "owner")
    for number, name in enumerate(names):
        visit = visit.sweeping(Sweep("BTC", number, "0.00001", "home", 1000 * NOW, wallet=name))
        visit = visit.heard("BTC", number, "refused", "below-minimum")
    dust = [part("0.00001", wallet=name) for name in names]
    assert sees_parts(visit, NOW + 100, *dust).state(NOW + 100) == "home"
    assert len(visit.shown(NOW).sweeps) == KEPT_SWEEPS
    assert decode(Visit, encode(visit), 1024 * 1024) == visit


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_home_is_nothing_in_wallets_and_no_more_in_vaults_than_the_least_that_was_seen_there(looks):
    visit = CDP.end(NOW, "owner")
    seen: list[int] = []
    for number, (wallet, vault) in enumerate(looks):
        parts = part(str(wallet), wallet="second"), part(str(vault), wallet="vault")
        visit, seen = sees_parts(visit, NOW + number, *parts), [*seen, vault]
        is_home = not wallet and vault == min(seen)
        assert (visit.state(NOW + number) == "home") is is_home
        assert [(each.locked, each.came) for each in visit.there if each.symbol == "BTC"] == [
            (str(vault), str(vault - min(seen)))
        ]


def test_an_account_that_is_no_vault_any_more_is_named_and_comes_home_as_well():
    """Less is locked than ever was seen locked, until the next look: that is less than nothing of what came."""
    parts = [Part("BTC", "first", "1", "0"), Part("BTC", "vault", "5", "0")]
    visit = CDP.sees({"BTC": (D(6), D(0))}, NOW, parts, NOW)
    opened = visit.names((("BTC", "first"), ("BTC", "second"), ("BTC", "vault")), (), NOW + 1)
    seen = opened.seen("BTC")
    assert seen is not None and (seen.free, seen.locked, seen.came) == ("6", "0", "0")


def test_more_accounts_than_a_visit_keeps_are_refused():
    names = tuple(("BTC", f"wallet{number}") for number in range(MOST_ACCOUNTS + 1))
    with pytest.raises(InputRefused):
        CDP.names(names, (), NOW)
    with pytest.raises(InputRefused):
        sees_parts(CDP, NOW, *(part("1", wallet=name) for _, name in names))
    others = tuple(("ETH", name) for _, name in names)  # of what the visit has nothing to do with
    assert CDP.names(others, others, NOW) == CDP.names((), (), NOW)


def test_a_visit_that_was_kept_before_losses_were_measured_is_read_as_one_without_a_bound():
    whole = msgspec.msgpack.decode(encode(PROVEN))
    before = Visit.__struct_fields__.index("gauge")
    kept = decode_kept(Visit, msgspec.msgpack.encode(whole[:before]))
    assert kept == PROVEN and before < len(whole)
    with pytest.raises(InputRefused):
        decode_kept(Visit, msgspec.msgpack.encode([*whole, 1]))
