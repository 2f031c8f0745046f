"""The policy's language: each field, each form, and where an error says it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.errors import InputRefused
from warifu.protocol.policy import (
    DAYS,
    POLICY_VERSION,
    ApprovalTier,
    AssetLimits,
    ChainRules,
    ContractRule,
    DeviceRules,
    ExchangeLimits,
    ExchangeRules,
    Hours,
    Policy,
    Price,
    Window,
    policy_hash,
)
from warifu.protocol.policy_forms import (
    format_duration,
    parse_duration,
    parse_hours,
    parse_method,
    parse_share,
)
from warifu.protocol.policy_text import read_policy
from warifu.protocol.toml_lines import line_of, lines_of

pytestmark = pytest.mark.unit

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
FRIEND, CROOK, LANDLORD = "bc1qfriend0000000", "bc1qcrook00000000", "bc1qlandlord00000"
FULL = f"""\
passphrase_tries = 5
approvals_needed = 2
loosening_delay = "7d"
notice_delay = "36h"
strict = true
hours = [
  "mon-fri 09:00-18:00 +09:00",
  "sat 10:00-12:00 UTC",
]

[bitcoin]
per_transaction = "1000 EUR"
per_hour = "0.01 BTC"
per_week = "2000.50 EUR"
fee_ceiling = "50000 sat"
fee_share = "2.5 %"
fee_share_above = "2000 sat"
approvals_above = {{ "0.5 BTC" = 3, "0.005 BTC" = 2 }}
notice_above = "0.02 BTC"
destinations = "any"
destination_delay = "24h"
known_destinations = ["{LANDLORD}", "{FRIEND}"]
denied = ["{CROOK}"]

[ethereum]
per_transaction = "2 ETH"
per_day = "4 ETH"
per_month = "40 ETH"
fee_ceiling = "5000000 gwei"
destinations = ["{USDC}"]
messages = true

[ethereum.contracts]
"{ROUTER}" = ["exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))", "0xac9650d8"]
"{USDC}" = "any"

[ethereum.tokens.USDC]
contract = "{USDC}"
decimals = 6
per_transaction = "100 USDC"
per_day = "250 EUR"

[exchanges.coinbase]
endpoints = ["POST /api/v3/brokerage/orders", "GET /api/v3/brokerage/products/*"]
pairs = ["BTC-USD"]

[exchanges.coinbase.limits.BTC]
decimals = 8
per_order = "0.1 BTC"
per_day = "0.5 BTC"

[prices.BTC]
price = "60000 EUR"
source = "ECB, 26 November"
stated = 2026-11-27T09:00:00+09:00
max_age = "30d"

[prices.usdc]
price = "0.9 EUR"
source = "ECB, 26 November"
stated = 2026-11-27T00:00:00Z
max_age = "30d"

[devices]
least_tier = 1
host = ["lockdown", "lkrg"]
host_max_age = "15m"
declared_counts = true
"""
STATED = 1_795_737_600


def test_everything_that_can_be_written_is_read() -> None:
    euro = Price("EUR", "60000", "ECB, 26 November", STATED, 30 * 86_400)
    assert read_policy(FULL) == Policy(
        POLICY_VERSION,
        5,
        (
            ChainRules(
                "bitcoin",
                "50000",
                True,
                (FRIEND, LANDLORD),
                (
                    AssetLimits(
                        "",
                        "BTC",
                        8,
                        "1666666",  # 1000 / 60000 BTC, rounded down
                        (Window(1, "1000000"), Window(168, "3334166")),
                        (ApprovalTier("500000", 2), ApprovalTier("50000000", 3)),
                        "2000000",
                        euro,
                    ),
                ),
                (),
                False,
                (CROOK,),
                86_400,
                250,
                "2000",
            ),
            ChainRules(
                "eip155:1",
                str(5 * 10**15),
                False,
                (USDC,),
                (
                    AssetLimits(
                        "",
                        "ETH",
                        18,
                        str(2 * 10**18),
                        (Window(24, str(4 * 10**18)), Window(720, str(40 * 10**18))),
                    ),
                    AssetLimits(
                        USDC,
                        "USDC",
                        6,
                        "100000000",
                        (Window(24, "277777777"),),
                        price=Price("EUR", "0.9", "ECB, 26 November", STATED, 30 * 86_400),
                    ),
                ),
                (
                    ContractRule(ROUTER, (bytes.fromhex("04e45aaf"), bytes.fromhex("ac9650d8")), False),
                    ContractRule(USDC, (), True),
                ),
                True,
            ),
        ),
        DeviceRules(1, ("lkrg", "lockdown"), True, 900),
        (
            ExchangeRules(
                "coinbase",
                ("GET /api/v3/brokerage/products/*", "POST /api/v3/brokerage/orders"),
                ("BTC-USD",),
                (ExchangeLimits("BTC", 8, "10000000", (Window(24, "50000000"),)),),
            ),
        ),
        (Hours(("sat",), 600, 720, 0), Hours(("mon", "tue", "wed", "thu", "fri"), 540, 1080, 540)),
        2,
        36 * 3600,
        7 * 86_400,
        True,
        False,
    )


def test_what_is_left_out_has_a_safe_value() -> None:
    policy = read_policy("passphrase_tries = 3")
    assert policy == Policy(POLICY_VERSION, 3, ())
    assert (policy.loosening_delay, policy.notice_delay) == (48 * 3600, 24 * 3600)
    assert (policy.approvals_needed, policy.strict, policy.frozen, policy.hours) == (1, False, False, ())
    assert policy.devices.host_max_age == 3600


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "passphrase_tries = 5",
            "passphrase_tries = 21",
            "line 1, 'passphrase_tries': it must be a whole number",
        ),
        ("approvals_needed = 2", "approvals_needed = 0", "line 2, 'approvals_needed': "),
        (
            'loosening_delay = "7d"',
            'loosening_delay = "31d"',
            "line 3, 'loosening_delay': it must be from 0 to",
        ),
        ('notice_delay = "36h"', "notice_delay = 36", "line 4, 'notice_delay': it must be a text in quotes"),
        (
            'notice_delay = "36h"',
            'notice_delay = "36 hours"',
            "line 4, 'notice_delay': '36 hours' is not a duration",
        ),
        ("strict = true", 'strict = "yes"', "line 5, 'strict': it must be true or false"),
        ("strict = true", "fast = true", "line 5, 'fast': unknown field"),
        ("sat 10:00-12:00", "sat 12:00-10:00", "line 6, 'hours': "),
        ("mon-fri", "fri-mon", "line 6, 'hours': 'fri-mon' are no days"),
        ("+09:00", "JST", "line 6, 'hours': "),
        ('"1000 EUR"', '"1000 USD"', "line 12, 'per_transaction' in [bitcoin]: '1000 USD' is in USD"),
        ('"1000 EUR"', '"1000 ETH"', "line 12, 'per_transaction' in [bitcoin]: '1000 ETH' is in ETH"),
        ("per_hour", "per_minute", "line 13, 'per_minute' in [bitcoin]: unknown field"),
        ("0.01 BTC", "0.010000001 BTC", "line 13, 'per_hour' in [bitcoin]: "),
        ('"2.5 %"', '"101 %"', "line 16, 'fee_share' in [bitcoin]: "),
        ('fee_share = "2.5 %"\n', "", "line 11, 'bitcoin': 'fee_share_above' means nothing"),
        (
            '"0.5 BTC" = 3',
            '"0.005 BTC " = 3',
            "line 18, '0.005 BTC' in [bitcoin.approvals_above]: the same amount",
        ),
        ('"0.5 BTC" = 3', '"0.5 BTC" = 9', "line 18, '0.5 BTC' in [bitcoin.approvals_above]: "),
        ('"0.5 BTC" = 3', '"0.5 BTC" = 1', "line 11, 'bitcoin': more approvals are for larger amounts"),
        ('destination_delay = "24h"\n', "", "line 21, 'known_destinations' in [bitcoin]: "),
        ('destinations = "any"', "destinations = []", "line 22, 'known_destinations' in [bitcoin]: "),
        (f'"{CROOK}"', '"short"', "line 23, 'denied' in [bitcoin]: 'short' does not belong"),
        ("messages = true", "messages = 1", "line 31, 'messages' in [ethereum]: "),
        ("uint24,", "uint,", f"line 34, '{ROUTER}' in [ethereum.contracts]: write the whole name"),
        ('"0xac9650d8"', '"0xAC9650D8"', f"line 34, '{ROUTER}' in [ethereum.contracts]: "),
        (f'"{USDC}" = "any"', f'"{USDC}" = []', f"line 35, '{USDC}' in [ethereum.contracts]: "),
        ("decimals = 6", "decimals = 37", "line 39, 'decimals' in [ethereum.tokens.USDC]: "),
        (
            'per_day = "250 EUR"\n',
            "",
            "line 37, 'USDC' in [ethereum.tokens]: missing field 'per_hour', or another",
        ),
        (
            "[ethereum.tokens.USDC]",
            "[bitcoin.tokens.USDC]",
            "line 37, 'tokens' in [bitcoin]: there are neither",
        ),
        ("GET /api", "GET api", "line 44, 'endpoints' in [exchanges.coinbase]: 'GET api/v3"),
        ('["BTC-USD"]', '["BTCUSD"]', "line 45, 'pairs' in [exchanges.coinbase]: 'BTCUSD'"),
        ("per_order", "per_trade", "line 49, 'per_trade' in [exchanges.coinbase.limits.BTC]: unknown field"),
        ('"60000 EUR"', '"0 EUR"', "line 53, 'price' in [prices.BTC]: "),
        (
            "2026-11-27T09:00:00+09:00",
            "2026-11-27T09:00:00",
            "line 55, 'stated' in [prices.BTC]: it must be a moment",
        ),
        ('"250 EUR"', '"250 USDC"', "line 58, 'usdc' in [prices]: no limit is converted by this price"),
        (
            'host_max_age = "15m"',
            'host_max_age = "2h"',
            "line 67, 'host_max_age' in [devices]: it must be from 60",
        ),
        ('["lockdown", "lkrg"]', '["LKRG"]', "line 66, 'host' in [devices]: 'LKRG'"),
        ("[ethereum]", "[dogecoin]", "line 25, 'dogecoin': "),
        ("[ethereum]\n", "[ethereum\n", "line 25: it is not valid TOML: "),
        ("denied = [", "denied = [[", "line 25: it is not valid TOML: "),
    ],
)
def test_an_error_says_its_line_and_field(old: str, new: str, says: str) -> None:
    assert old in FULL
    with pytest.raises(InputRefused) as refused:
        read_policy(FULL.replace(old, new, 1))
    assert f"the policy cannot be used: {says}" in str(refused.value)


def test_a_text_that_ends_too_early_is_blamed_on_its_last_line() -> None:
    with pytest.raises(InputRefused, match="line 7: it is not valid TOML"):
        read_policy(FULL[: FULL.index("mon-fri") + 3])


@pytest.mark.parametrize(
    "text", ["a = " + "9" * 5000, "a = " + "[" * 5000, "a = 1" * 10**6, "x = 1979-99-99"]
)
def test_what_breaks_a_parser_is_refused_as_well(text: str) -> None:
    with pytest.raises(InputRefused):
        read_policy(text)


LINES = FULL.splitlines()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(FULL) - 1), st.integers(0, 8), st.text(max_size=6))
def test_no_slip_of_the_pen_crashes_the_reader(place: int, length: int, instead: str) -> None:
    text = FULL[:place] + instead + FULL[place + length :]
    try:
        policy = read_policy(text)
    except InputRefused as error:
        assert re.match(
            r"the policy cannot be used: (line [0-9]+[,:]|missing field 'passphrase_tries')", str(error)
        )
    else:
        assert policy.version == POLICY_VERSION


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    with pytest.raises(InputRefused):
        read_policy(text)


@pytest.mark.parametrize(
    "number", [n for n, line in enumerate(LINES) if line.startswith(("per_tr", "fee_ceil"))]
)
def test_no_limit_that_a_policy_needs_can_be_left_out(number: int) -> None:
    with pytest.raises(InputRefused, match="missing field"):
        read_policy("\n".join(LINES[:number] + LINES[number + 1 :]))


# --- lines -----------------------------------------------------------------------------------------------------------

TRICKY = '''\
# [not] = a table
first = "# no comment = [1]" # one
"quoted \\u006bey" = [ 1,   # with ] in a comment
  { inner = "}" }, [
  ] ]
long = """
[no.table]
no_key = 1 ""\\" """
literal = \'\'\'
x = 1
\'\'\'
[ table . "with.dot" ]
key.path = 'it''
[[list]]
in_list = 1.5
[[list]]
'''


def test_lines_are_found_around_everything_that_toml_allows() -> None:
    lines = lines_of(TRICKY.replace("'it''", "'it'"))
    assert {path: line for path, line in lines.items() if path} == {
        ("first",): 2,
        ("quoted key",): 3,
        ("long",): 6,
        ("literal",): 9,
        ("table",): 12,
        ("table", "with.dot"): 12,
        ("table", "with.dot", "key"): 13,
        ("table", "with.dot", "key", "path"): 13,
        ("list",): 14,
        ("list", "in_list"): 15,
    }
    assert line_of(lines, ("table", "with.dot", "missing")) == 12
    assert line_of(lines, ("nowhere",)) == 1


# --- forms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("transfer(address,uint256)", "a9059cbb"),
        ("deposit()", "d0e30db0"),
        ("withdraw(uint256)", "2e1a7d4d"),
        ("safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", "2eb2c2d6"),
        ("0x2e1a7d4d", "2e1a7d4d"),
    ],
)
def test_a_method_is_named_by_its_signature_or_its_selector(text: str, selector: str) -> None:
    assert parse_method(text).hex() == selector


@pytest.mark.parametrize(
    "text",
    [
        "withdraw",
        "withdraw(uint)",
        "withdraw(uint256 amount)",
        "withdraw( uint256)",
        "withdraw(uint256",
        "withdraw((uint256)",
        "withdraw(int[])",
        "(uint256)",
        "0x2e1a7d",
        "0x2e1a7d4d00",
        "",
    ],
)
def test_what_would_be_another_methods_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_method(text)


@given(st.integers(0, 9_999_999))
def test_a_duration_is_written_as_it_is_read(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1.5h", "1w", "1 h ", "1hour", "99999999s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)


@given(
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.integers(-720, 840),
)
def test_hours_are_written_as_they_are_read(days: set[str], start: int, end: int, offset: int) -> None:
    if start < end:
        hours = Hours(tuple(day for day in DAYS if day in days), start, end, offset)
        assert parse_hours(str(hours)) == hours


def test_days_have_short_forms() -> None:
    assert parse_hours("daily 00:00-24:00 UTC") == Hours(DAYS, 0, 1440, 0)
    assert parse_hours("mon,wed-fri 00:00-00:01 -03:30") == Hours(("mon", "wed", "thu", "fri"), 0, 1, -210)


@pytest.mark.parametrize(
    "text",
    [
        "mon 09:00-18:00",
        "mon 9:00-18:00 UTC",
        "mon 09:60-18:00 UTC",
        "mon 09:00-24:01 UTC",
        "mon 09:00-09:00 UTC",
        "mon, 09:00-18:00 UTC",
        "monday 09:00-18:00 UTC",
        "mon 09:00-18:00 +14:01",
    ],
)
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises((ValueError, InputRefused)):
        read_policy(f'passphrase_tries = 3\nhours = ["{text}"]')


@pytest.mark.parametrize(
    ("text", "points"), [("0 %", 0), ("0.01 %", 1), ("2.5%", 250), ("100 %", 10_000), ("007 %", 700)]
)
def test_a_share_is_in_hundredths_of_a_percent(text: str, points: int) -> None:
    assert parse_share(text) == points


@pytest.mark.parametrize("text", ["100.01 %", "1", "0.001 %", "-1 %", "1 %%", "% 1"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_share(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**16), st.integers(1, 10**9))
def test_money_is_converted_exactly_and_never_upwards(cents: int, price_cents: int) -> None:
    price = f"{price_cents // 100}.{price_cents % 100:02d}"
    amount = f"{cents // 100}.{cents % 100:02d}"
    text = FULL.replace('"1000 EUR"', f'"{amount} EUR"').replace('"60000 EUR"', f'"{price} EUR"')
    satoshi = int(read_policy(text).chains[0].assets[0].per_transaction)
    assert satoshi * price_cents <= cents * 10**8 < (satoshi + 1) * price_cents


@pytest.mark.parametrize("amount", ["999999999999999 EUR", f"{2**256} sat", "9" * 78 + " BTC"])
def test_no_amount_overflows(amount: str) -> None:
    text = FULL.replace('"60000 EUR"', '"0.000000000000000001 EUR"').replace('"1000 EUR"', f'"{amount}"')
    if amount.endswith("EUR"):
        assert int(read_policy(text).chains[0].assets[0].per_transaction) < 2**256
    else:
        with pytest.raises(InputRefused):
            read_policy(text)


EXCHANGE = """
passphrase_tries = 5
[exchanges.coinbase-exchange]
endpoints = ["GET /orders/client:*"]
inside = ["profile:86602c68-306a-4500-ac73-4ce56a91d83c", "payment-method:bank"]
longest_visit = "8h"
declared_allowlist = true
visit_loss = "2.5 %"
[exchanges.coinbase-exchange.limits.BTC]
decimals = 8
per_order = "0.1 BTC"
per_day = "0.5 BTC"
exposure = "0.4 BTC"
approvals_above = { "0.05 BTC" = 3, "0.005 BTC" = 2 }
"""


def test_what_a_visit_and_a_withdrawal_may_do_is_read_and_nothing_is_allowed_where_it_is_left_out():
    [rules] = read_policy(EXCHANGE).exchanges
    assert rules.endpoints == ("GET /orders/client:*",)
    assert rules.inside == ("payment-method:bank", "profile:86602c68-306a-4500-ac73-4ce56a91d83c")
    assert (rules.visit_seconds, rules.limits[0].exposure) == (8 * 3600, "40000000")
    assert rules.declared_allowlist and rules.visit_loss == 250
    assert rules.limits[0].approvals == (ApprovalTier("500000", 2), ApprovalTier("5000000", 3))
    left_out = ("inside", "longest_visit", "exposure", "declared_allowlist", "visit_loss", "approvals_above")
    text = "\n".join(line for line in EXCHANGE.splitlines() if not line.startswith(left_out))
    [bare] = read_policy(text).exchanges
    assert (bare.inside, bare.visit_seconds, bare.limits[0].exposure) == ((), 0, "0")
    assert not bare.declared_allowlist and bare.visit_loss is None
    assert bare.limits[0].approvals == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("client:*", "client:**", "line 4, 'endpoints' in [exchanges.coinbase-exchange]: "),
        ("profile:866", "me@example.com", "line 5, 'inside' in [exchanges.coinbase-exchange]: "),
        ('"8h"', '"31d"', "line 6, 'longest_visit' in [exchanges.coinbase-exchange]: it must be from 0"),
        ('"8h"', "8", "line 6, 'longest_visit' in [exchanges.coinbase-exchange]: "),
        ('"0.4 BTC"', '"0.4 ETH"', "line 13, 'exposure' in [exchanges.coinbase-exchange.limits.BTC]: "),
        ("exposure", "exposed", "line 13, 'exposed' in [exchanges.coinbase-exchange.limits.BTC]: unknown"),
        ('"0.05 BTC" = 3', '"0.05 BTC" = 2', "more approvals are for larger amounts"),
        (
            '"0.05 BTC" = 3',
            '"0.05 ETH" = 3',
            "line 14, '0.05 ETH' in [exchanges.coinbase-exchange.limits.BTC.",
        ),
        ("approvals_above = {", "approvals_above = 2 # {", "line 14, 'approvals_above' in "),
        ('per_order = "0.1 BTC"', 'per_order = "500 EUR"', "'per_order' in "),  # no price converts it there
        (
            "exposure",
            'notice_above = "0.1 BTC"\nexposure',
            "line 13, 'notice_above' in [exchanges.coinbase-exchange.limits.BTC]: what is asked of an exchange",
        ),
        ('"2.5 %"', '"0 %"', "line 8, 'visit_loss' in [exchanges.coinbase-exchange]: "),
        ('"2.5 %"', '"100 %"', "line 8, 'visit_loss' in [exchanges.coinbase-exchange]: "),
        ('"2.5 %"', '"-1 %"', "line 8, 'visit_loss' in [exchanges.coinbase-exchange]: "),
    ],
)
def test_what_is_wrong_with_an_exchange_is_said_by_line_and_field(before, after, said):
    with pytest.raises(InputRefused, match=re.escape(said)):
        read_policy(EXCHANGE.replace(before, after, 1))


def test_a_policy_keeps_the_bytes_that_wallets_are_named_by():
    """A wallet's name is a digest over its first policy: with other bytes its devices would not know it any more."""
    recorded = "13a8a533c3c7082b68b4be83a5387244f1974ae4296660c00f9088352beb62ac"
    assert policy_hash(read_policy(EXCHANGE)).hex() == recorded
