"""Every rule of the policy at exactly its edge: the last that is allowed, and the first that is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.chains.ethereum import samples, typed_samples
from tests.support.accounts import CROOK, ETHER, SHOP, ether_payment, token_call

from warifu.chains.ethereum.reading import read as read_ethereum
from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, Decision
from warifu.protocol.policy import (
    POLICY_VERSION,
    WINDOWS,
    ApprovalTier,
    AssetLimits,
    ChainRules,
    ContractRule,
    Hours,
    Policy,
    Price,
    Window,
)
from warifu.signer.policy.facts import Amounts, Facts, leaves
from warifu.signer.policy.judge import judge

pytestmark = pytest.mark.unit

NOW = 1_800_273_600  # Monday, 2027-01-18, 12:00 UTC
HOUR, DAY = 3600, 86_400
FRIEND, LANDLORD, STRANGER = "friend000000000", "landlord0000000", "stranger0000000"
ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
SWAP, MULTICALL = bytes.fromhex("04e45aaf"), bytes.fromhex("ac9650d8")
COIN_LIMITS = AssetLimits("", "BTC", 8, "1000", (Window(24, "5000"),))
BITCOIN = ChainRules("bitcoin", "100", False, (FRIEND, LANDLORD), (COIN_LIMITS,), (), False)
EVM = ChainRules(
    "eip155:31337",
    str(ETHER),
    True,
    (),
    (
        AssetLimits("", "ETH", 18, str(2 * ETHER), (Window(24, str(2 * ETHER)),)),
        AssetLimits(USDC, "USDC", 6, "100", (Window(24, "150"),)),
    ),
    (ContractRule(ROUTER, (SWAP,), False),),
    True,
)


def bitcoin(
    asset: dict[str, Any] | None = None, general: dict[str, Any] | None = None, **fields: Any
) -> Policy:
    """The rules above with some changed: of the coin's limits, of the chain, of the whole policy."""
    coin = msgspec.structs.replace(COIN_LIMITS, **(asset or {}))
    rules = msgspec.structs.replace(BITCOIN, assets=(coin,), **fields)
    return msgspec.structs.replace(Policy(POLICY_VERSION, 5, (rules,)), **(general or {}))


def evm(**fields: Any) -> Policy:
    return Policy(POLICY_VERSION, 5, (msgspec.structs.replace(EVM, **fields),))


def paying(amount: int, fee: int = 0, to: str = FRIEND) -> Reading:
    out = (Outflow(Kind.PAYMENT, COIN, amount, to),) if amount else ()
    return Reading("bitcoin", Scheme.BIP340, bytes(32), out, fee, (), ())


def facts(reading: Reading, spent: dict[int, int] | None = None, **known: Any) -> Facts:
    windows: dict[int, Amounts] = {hours: {COIN: (spent or {}).get(hours, 0)} for hours in WINDOWS}
    return replace(Facts(NOW, 1, leaves(reading), windows, {}, None), **known)


def reason(policy: Policy, reading: Reading, spent: dict[int, int] | None = None, **known: Any) -> str | None:
    refusal = judge(policy, reading, facts(reading, spent, **known)).refusal
    return refusal.reason if refusal is not None else None


@pytest.mark.parametrize("hours", WINDOWS)
def test_each_window_counts_for_itself(hours):
    policy = bitcoin(
        {"windows": tuple(Window(each, "5000" if each == hours else "9000") for each in WINDOWS)}
    )
    longer: dict[int, int] = {each: 4_500 for each in WINDOWS if each >= hours}
    assert reason(policy, paying(500), longer) is None
    assert reason(policy, paying(501), longer) == "window-limit"
    others: dict[int, int] = {each: 8_000 for each in WINDOWS if each != hours}
    assert reason(policy, paying(1000), others) is None


def test_what_was_spent_in_a_window_that_is_not_known_is_no_zero():
    for hours in WINDOWS:
        policy = bitcoin({"windows": (Window(hours, "5000"),)})
        others: dict[int, Amounts] = {each: {} for each in WINDOWS if each != hours}
        assert reason(policy, paying(1)) is None
        refusal = judge(policy, paying(1), replace(facts(paying(1)), spent=others)).refusal
        assert refusal is not None and refusal.reason == "window-limit"


@pytest.mark.parametrize(
    ("amount", "fee", "expected"),
    [
        (1000 - 25, 25, "fee-share"),  # 2.5 % of 975 is 24
        (960, 24, None),
        (960, 25, "fee-share"),
        (1, 20, None),  # up to 'fee_share_above' no share is asked
        (1, 21, "fee-share"),
        (0, 20, None),  # where nothing is paid, that is all there may be
        (0, 21, "fee-share"),
    ],
)
def test_the_fees_share_of_what_is_paid(amount, fee, expected):
    policy = bitcoin(fee_share_bp=250, fee_share_above="20")
    assert reason(policy, paying(amount, fee)) == expected


def test_a_share_of_what_is_paid_in_tokens_is_no_share_of_the_coin():
    token = (Outflow(Kind.PAYMENT, USDC, 50, SHOP),)
    reading = Reading("eip155:31337", Scheme.ECDSA, bytes(32), token, 21, (), ())
    assert reason(evm(fee_share_bp=10_000, fee_share_above="21"), reading) is None
    assert reason(evm(fee_share_bp=10_000, fee_share_above="20"), reading) == "fee-share"


@pytest.mark.parametrize(
    ("to", "known", "expected"),
    [
        (LANDLORD, {}, None),  # named in the policy
        (STRANGER, {}, "destination-new"),
        (STRANGER, {FRIEND: 0}, "destination-new"),
        (STRANGER, {STRANGER: NOW - DAY}, None),
        (STRANGER, {STRANGER: NOW - DAY + 1}, "destination-new"),
        (STRANGER, {STRANGER: NOW + 1}, "destination-new"),  # a clock that was set back makes nothing old
    ],
)
def test_a_new_destination_waits_after_its_notice(to, known, expected):
    policy = bitcoin(any_destination=True, destination_delay=DAY)
    assert reason(policy, paying(1, to=to), known=known) == expected


def test_a_notice_opens_no_list_of_destinations():
    assert reason(bitcoin(), paying(1, to=STRANGER), known={STRANGER: 0}) == "destination"


def test_who_is_denied_is_paid_under_no_rule():
    anybody: dict[str, Any] = {"any_destination": True, "destinations": ()}
    for fields in ({}, anybody):
        assert reason(bitcoin(**fields, denied=(LANDLORD,)), paying(1)) is None
        assert reason(bitcoin(**fields, denied=(FRIEND,)), paying(1)) == "destination-denied"


@pytest.mark.parametrize(
    ("amount", "approvals", "expected"),
    [
        (500, 1, None),
        (501, 1, "approvals"),
        (501, 2, None),
        (800, 2, None),
        (801, 2, "approvals"),
        (801, 3, None),
    ],
)
def test_so_many_owners_approve_more_than_so_much(amount, approvals, expected):
    policy = bitcoin({"approvals": (ApprovalTier("500", 2), ApprovalTier("800", 3))})
    assert reason(policy, paying(amount), approvals=approvals) == expected


def test_the_fee_leaves_as_well_and_no_tier_asks_less_than_all_transfers_need():
    tier = {"approvals": (ApprovalTier("500", 2),)}
    assert reason(bitcoin(tier), paying(480, fee=20)) is None
    assert reason(bitcoin(tier), paying(480, fee=21)) == "approvals"
    everything = bitcoin(tier, {"approvals_needed": 3})
    assert reason(everything, paying(1), approvals=2) == "approvals"
    assert reason(everything, paying(501), approvals=2) == "approvals"
    assert reason(everything, paying(501), approvals=3) is None
    assert reason(bitcoin(), paying(1), approvals=0) == "approvals"


def test_the_tiers_of_every_asset_are_asked():
    tokens = (EVM.assets[0], msgspec.structs.replace(EVM.assets[1], approvals=(ApprovalTier("50", 2),)))
    both = (Outflow(Kind.PAYMENT, COIN, 1, SHOP), Outflow(Kind.APPROVAL, USDC, 51, SHOP))
    reading = Reading("eip155:31337", Scheme.ECDSA, bytes(32), both, 0, (), ())
    assert reason(evm(assets=tokens), reading) == "approvals"
    assert reason(evm(assets=tokens), reading, approvals=2) is None


@pytest.mark.parametrize(
    ("amount", "notice", "expected"),
    [
        (500, None, None),
        (501, None, "notice"),
        (501, NOW - 2 * DAY, None),
        (501, NOW - 2 * DAY + 1, "notice"),
        (501, NOW + 1, "notice"),
    ],
)
def test_a_large_payment_waits_after_its_notice(amount, notice, expected):
    policy = bitcoin({"notice_above": "500"}, {"notice_delay": 2 * DAY})
    assert reason(policy, paying(amount), notice=notice) == expected


def test_a_notice_is_needed_also_where_nothing_waits():
    policy = bitcoin({"notice_above": "500"}, {"notice_delay": 0})
    assert reason(policy, paying(501)) == "notice"
    assert reason(policy, paying(501), notice=NOW) is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (NOW - 12 * HOUR, None),  # Monday 09:00 in Tokyo
        (NOW - 12 * HOUR - 1, "hours"),
        (NOW - 3 * HOUR - 1, None),
        (NOW - 3 * HOUR, "hours"),  # Monday 18:00 in Tokyo
        (NOW + 4 * DAY + 12 * HOUR, "hours"),  # Saturday 09:00 in Tokyo
        (NOW + 5 * DAY + 30 * 60, None),  # Saturday 12:30 UTC
        (NOW - DAY + 30 * 60, "hours"),  # Sunday 12:30 UTC
    ],
)
def test_the_wallet_signs_in_its_hours(moment, expected):
    week = Hours(("mon", "tue", "wed", "thu", "fri"), 9 * 60, 18 * 60, 9 * 60)
    saturday = Hours(("sat",), 12 * 60, 13 * 60, 0)
    policy = bitcoin(general={"hours": (saturday, week)})
    assert reason(policy, paying(1), now=moment) == expected
    assert reason(bitcoin(), paying(1), now=moment) is None


@pytest.mark.parametrize(
    ("age", "expected"), [(0, None), (DAY, None), (DAY + 1, "price-age"), (-300, None), (-301, "price-age")]
)
def test_a_price_grows_old(age, expected):
    price = Price("EUR", "60000", "somewhere", NOW - age, DAY)
    assert reason(bitcoin({"price": price}), paying(1)) == expected


def test_an_asset_of_which_nothing_leaves_needs_no_price():
    old = Price("EUR", "0.9", "somewhere", 0, DAY)
    assets = (EVM.assets[0], msgspec.structs.replace(EVM.assets[1], price=old))
    coin = Reading(
        "eip155:31337", Scheme.ECDSA, bytes(32), (Outflow(Kind.PAYMENT, COIN, 1, SHOP),), 0, (), ()
    )
    assert reason(evm(assets=assets), coin) is None
    token = replace(coin, outflows=(Outflow(Kind.APPROVAL, USDC, 0, SHOP),))
    assert reason(evm(assets=assets), token) == "price-age"


def test_every_rule_that_is_asked_says_what_it_found():
    verdict = judge(bitcoin(), paying(0, fee=3), facts(paying(0, fee=3)))
    assert [(rule.reason, rule.allowed, rule.words) for rule in verdict.rules] == [
        ("per-transaction-limit", True, "0.00000003 BTC leave the wallet by this; the limit is 0.00001 BTC"),
        ("window-limit", True, "0.00000003 BTC would have left it in 1 day; the limit is 0.00005 BTC"),
        ("fee-ceiling", True, "0.00000003 BTC may go in fees; the limit is 0.000001 BTC"),
        ("destination", True, "nothing goes to others"),
        ("approvals", True, "approved by 1 of the owners; 1 must"),
    ]
    elsewhere = replace(paying(1), chain="solana")
    (rule,) = judge(bitcoin(), elsewhere, facts(elsewhere)).rules
    assert (rule.reason, rule.allowed) == ("chain", False)


def test_a_frozen_wallet_signs_nothing_at_all():
    policy = bitcoin(general={"frozen": True})
    assert reason(policy, paying(1)) == "frozen-wallet"
    assert reason(policy, paying(0)) == "frozen-wallet"


# --- calls, approvals and messages, from their bytes -----------------------------------------------------------------


def reading_of(to: str, data: bytes, value: int = 0) -> Reading:
    unsigned = ether_payment(value, to, chain="eip155:31337", data=data)
    return read_ethereum(unsigned, CROOK, "eip155:31337").reading


@pytest.mark.parametrize(
    ("to", "data", "expected"),
    [
        (ROUTER, SWAP, None),
        (ROUTER, SWAP + bytes(64), None),
        (ROUTER, MULTICALL + bytes(64), "method"),
        (ROUTER, SWAP[:3], "method"),  # reaches the fallback
        (ROUTER, bytes(4), "method"),
        (SHOP, SWAP, "contract"),
    ],
)
def test_a_contract_is_called_by_the_methods_that_are_named(to, data, expected):
    assert reason(evm(), reading_of(to, data)) == expected


def test_any_method_must_be_said():
    called = evm(contracts=(ContractRule(ROUTER, (), True),))
    for data in (MULTICALL, SWAP[:3], bytes(64)):
        assert reason(called, reading_of(ROUTER, data)) is None


def test_a_denied_contract_is_not_called():
    assert reason(evm(denied=(ROUTER,)), reading_of(ROUTER, SWAP)) == "destination-denied"


def test_a_message_to_a_contract_needs_any_method():
    """What a contract makes of a message, it may as well make of any of its calls."""
    message = Reading(
        "eip155:31337", Scheme.ECDSA, bytes(32), (Outflow(Kind.MESSAGE, COIN, 0, ROUTER),), 0, (), ()
    )
    assert reason(evm(), message) == "method"
    assert reason(evm(contracts=(ContractRule(ROUTER, (), True),)), message) is None
    assert reason(evm(contracts=()), message) == "contract"
    assert reason(evm(messages=False), message) == "message"


@pytest.mark.parametrize(("amount", "expected"), [(100, None), (101, "per-transaction-limit")])
def test_an_approval_is_spending(amount, expected):
    assert reason(evm(), reading_of(USDC, token_call("095ea7b3", SHOP, amount))) == expected


def test_an_approval_counts_in_the_window_and_its_spender_is_a_destination():
    reading = reading_of(USDC, token_call("095ea7b3", SHOP, 100))
    spent: dict[int, Amounts] = {hours: {USDC: 50} for hours in WINDOWS}
    assert judge(evm(), reading, replace(facts(reading), spent=spent)).refusal is None
    spent = {hours: {USDC: 51} for hours in WINDOWS}
    refusal = judge(evm(), reading, replace(facts(reading), spent=spent)).refusal
    assert refusal is not None and refusal.reason == "window-limit"
    assert reason(evm(any_destination=False, destinations=(CROOK,)), reading) == "destination"
    assert reason(evm(any_destination=True, destination_delay=DAY), reading) == "destination-new"
    assert reason(evm(denied=(SHOP,)), reading) == "destination-denied"


PERMITS = {
    "ERC-2612": (typed_samples.PERMIT, 5_000_000),
    "ERC-3009": (typed_samples.TRANSFER, 5_000_000),
    "Permit2": (typed_samples.PERMIT_SINGLE, 5),
    "Permit2, for one transfer": (typed_samples.PERMIT_TRANSFER, 5),
    "an NFT's": (typed_samples.NFT_PERMIT, 1),
    "DAI's, without end": (typed_samples.DAI_PERMIT, 2**256 - 1),
}


@pytest.mark.parametrize(("permit", "amount"), PERMITS.values(), ids=PERMITS.keys())
def test_a_permit_is_spending_to_the_last_unit_and_needs_no_message_to_be_allowed(permit, amount):
    reading = read_ethereum(typed_samples.as_json(permit), samples.SENDER, "eip155:1").reading
    (token,) = {outflow.token for outflow in reading.outflows}

    def policy(limit: int, day: int, **fields: Any) -> Policy:
        limits = AssetLimits(token, "TOKEN", 6, str(limit), (Window(24, str(day)),))
        return evm(chain="eip155:1", assets=(EVM.assets[0], limits), messages=False, **fields)

    assert reason(policy(amount, amount), reading) is None
    assert reason(policy(amount - 1, amount), reading) == "per-transaction-limit"
    assert reason(policy(amount, amount - 1), reading) == "window-limit"
    assert (
        reason(policy(amount, amount, any_destination=False, destinations=(SHOP,)), reading) == "destination"
    )
    assert reason(evm(chain="eip155:1", assets=EVM.assets[:1]), reading) == "asset"


def test_the_longest_explanation_fits_into_its_answer():
    """A hundred outflows, each an order to another contract or a payment of another token, and every rule there is."""
    price = Price("EUR", "1", "somewhere", NOW, DAY)
    limits = tuple(Window(hours, "9") for hours in WINDOWS)
    tokens = [f"0x{number:040x}" for number in range(100)]
    assets = (
        EVM.assets[0],
        *(AssetLimits(token, "T", 0, "9", limits, (), "1", price) for token in tokens),
    )
    policy = msgspec.structs.replace(
        evm(assets=assets, denied=tuple(tokens), fee_share_bp=1, contracts=()),
        hours=(Hours(("mon",), 0, 1440, 0),),
        frozen=True,
    )
    for kind in Kind:
        outflows = tuple(Outflow(kind, token, 2**256 - 1, token) for token in tokens)
        reading = Reading("eip155:31337", Scheme.ECDSA, bytes(32), outflows, 2**255, (), ())
        verdict = judge(policy, reading, facts(reading))
        words = tuple(f"DENIED ({rule.reason}): {rule.words}" for rule in verdict.rules)
        assert len(words) > 900
        assert decode(Decision, encode(Decision(False, words, None)), MAX_BODY_BYTES).rules == words


# --- overflow --------------------------------------------------------------------------------------------------------


def test_sums_beyond_any_word_are_sums():
    most = 2**256 - 1
    unlimited = AssetLimits("", "ETH", 18, str(most), tuple(Window(each, str(most)) for each in WINDOWS))
    policy = evm(assets=(unlimited,), fee_ceiling=str(most))
    half = (Outflow(Kind.PAYMENT, COIN, 2**255, SHOP),)
    reading = Reading("eip155:31337", Scheme.ECDSA, bytes(32), half, 0, (), ())
    assert reason(policy, reading) is None
    assert reason(policy, replace(reading, outflows=half * 2)) == "per-transaction-limit"
    assert reason(policy, replace(reading, fee=2**255)) == "per-transaction-limit"
    assert reason(policy, reading, dict.fromkeys(WINDOWS, 2**255 - 1)) is None
    assert reason(policy, reading, dict.fromkeys(WINDOWS, 2**255)) == "window-limit"


@pytest.mark.parametrize(
    "fields",
    [
        {"per_transaction": str(2**256)},
        {"windows": (Window(24, str(2**256)),)},
        {"notice_above": str(2**256)},
        {"approvals": (ApprovalTier(str(2**256), 2),)},
    ],
)
def test_no_limit_is_more_than_there_can_be(fields):
    with pytest.raises(ValueError, match="more than there can be"):
        bitcoin(fields)
