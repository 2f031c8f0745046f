"""The owner's TOML becomes exactly one policy, or a clear error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from warifu.errors import InputRefused
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import (
    MAX_POLICY_BYTES,
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
from warifu.protocol.policy_text import read_policy

pytestmark = pytest.mark.unit

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
GOOD = f"""
passphrase_tries = 5

[bitcoin]
per_transaction = "0.5 BTC"
per_day = "1 BTC"
fee_ceiling = "50000 sat"
destinations = ["bcrt1qsecondsecond", "bcrt1qfirstfirst"]

[ethereum]
per_transaction = "20 ETH"
per_day = "40 ETH"
fee_ceiling = "5000000 gwei"
destinations = "any"
messages = true

[ethereum.contracts]
"{USDC}" = "any"

[ethereum.tokens.USDC]
contract = "{USDC}"
decimals = 6
per_transaction = "100.5 USDC"
per_day = "1000 USDC"

["eip155:31337"]
per_transaction = "1 ETH"
per_day = "1 ETH"
fee_ceiling = "0.01 ETH"
destinations = []

[solana]
per_transaction = "2 SOL"
per_day = "3 SOL"
fee_ceiling = "100000 lamports"
destinations = "any"
"""


def test_a_policy_is_read_with_its_units() -> None:
    policy = read_policy(GOOD)
    assert policy.passphrase_tries == 5
    assert [rules.chain for rules in policy.chains] == ["bitcoin", "eip155:1", "eip155:31337", "solana"]
    bitcoin, ethereum, local, solana = policy.chains
    (coin,) = bitcoin.assets
    assert (coin.per_transaction, bitcoin.fee_ceiling) == ("50000000", "50000")
    assert coin.windows == (Window(24, "100000000"),)
    assert bitcoin.destinations == ("bcrt1qfirstfirst", "bcrt1qsecondsecond")
    assert not bitcoin.any_destination
    ether, usdc = ethereum.assets
    assert int(ether.per_transaction) == 20 * 10**18  # more than 64 bits hold
    assert (usdc.token, usdc.symbol, usdc.per_transaction) == (USDC, "USDC", "100500000")
    assert (ethereum.contracts, ethereum.messages, ethereum.any_destination) == (
        (ContractRule(USDC, (), True),),
        True,
        True,
    )
    assert int(ethereum.fee_ceiling) == 5 * 10**15
    assert (local.destinations, local.any_destination, local.contracts, local.messages) == (
        (),
        False,
        (),
        False,
    )
    assert (solana.assets[0].windows, solana.fee_ceiling) == ((Window(24, "3000000000"),), "100000")


def test_a_policy_may_name_no_chain_and_then_allows_nothing() -> None:
    assert read_policy("passphrase_tries = 3").chains == ()


def test_the_hash_names_the_policy() -> None:
    assert policy_hash(read_policy(GOOD)) == policy_hash(read_policy(GOOD))
    assert policy_hash(read_policy(GOOD)) != policy_hash(read_policy(GOOD.replace("= 5", "= 6")))


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("unknown field", "per_day", "per_year"),
        ("missing field", 'fee_ceiling = "50000 sat"', ""),
        ("no unit", '"50000 sat"', '"50000"'),
        ("a number", '"50000 sat"', "50000"),
        ("negative", '"50000 sat"', '"-1 sat"'),
        ("another chain's unit", '"1 BTC"', '"1 ETH"'),
        ("nine decimals", '"1 BTC"', '"1.000000001 BTC"'),
        ("more decimals than the token has", "100.5 USDC", "100.0000001 USDC"),
        ("another token's unit", "100.5 USDC", "100.5 DAI"),
        ("more than a word holds", '"20 ETH"', f'"{2**256} wei"'),
        ("no tries", "= 5", "= 0"),
        ("too many tries", "= 5", "= 21"),
        ("true is not a number", "= 5", "= true"),
        ("tries missing", "passphrase_tries = 5", ""),
        ("a destination that is none", '"bcrt1qfirstfirst"', "7"),
        ("an empty destination", '"bcrt1qfirstfirst"', '""'),
        ("no chain", "[solana]", "[dogecoin]"),
        ("a chain twice", '["eip155:31337"]', '["eip155:1"]'),
        ("a chain id with a zero ahead", "eip155:31337", "eip155:031337"),
        ("messages that are no yes or no", "messages = true", 'messages = "yes"'),
        ("decimals that are no number", "decimals = 6", 'decimals = "6"'),
        ("an unknown field of a token", "decimals = 6", "decimals = 6\nlimit = 1"),
        ("a field outside of a chain", "passphrase_tries", "per_day = '1 BTC'\npassphrase_tries"),
        ("not TOML", "per_day", "per day"),
    ],
)
def test_bad_policies_are_refused(what: str, old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(InputRefused) as refused:
        read_policy(GOOD.replace(old, new))
    assert refused.value.family == "input"


def test_bitcoin_has_no_contracts() -> None:
    with pytest.raises(InputRefused):
        read_policy(
            GOOD.replace(
                'fee_ceiling = "50000 sat"', 'fee_ceiling = "50000 sat"\ncontracts = []\nmessages = true'
            )
        )


def test_a_policy_with_two_meanings_cannot_be_encoded_in() -> None:
    policy = read_policy(GOOD)
    unsorted = encode(policy).replace(b"bcrt1qfirstfirst", b"bcrt1qzzzzzzzzzz")
    with pytest.raises(InputRefused):
        decode(Policy, unsorted, 10_000)


def test_what_devices_have_to_show_is_read_and_nothing_is_demanded_where_it_is_left_out() -> None:
    rules = 'least_tier = 1\nhost = ["lockdown", "lkrg", "lkrg"]\ndeclared_counts = true\n'
    assert read_policy(GOOD + f"\n[devices]\n{rules}").devices == DeviceRules(1, ("lkrg", "lockdown"), True)
    assert read_policy(GOOD).devices == DeviceRules(0, (), False)


@pytest.mark.parametrize(
    "rules",
    [
        "least_tier = 3",
        "least_tier = true",
        'host = "lkrg"',
        "host = [1]",
        'host = ["LKRG!"]',
        "declared_counts = 1",
        "x = 1",
    ],
)
def test_bad_demands_on_devices_are_refused(rules: str) -> None:
    with pytest.raises(InputRefused):
        read_policy(GOOD + f"\n[devices]\n{rules}\n")


# --- what is no policy, however it came ------------------------------------------------------------------------------

A, B = "address00000000a", "address00000000b"
COIN = AssetLimits("", "ETH", 18, "5", (Window(24, "5"),))
RULES = ChainRules("eip155:1", "5", False, (A,), (COIN,), (), False)
WINDOWS = (Window(24, "5"), Window(1, "5"))
TIERS = (ApprovalTier("1", 2), ApprovalTier("2", 3))
EXCHANGE = ExchangeRules(
    "kraken", ("GET /a",), ("BTC-USD",), (ExchangeLimits("BTC", 8, "5", (Window(24, "5"),)),)
)
MORNING, EVENING = Hours(("mon",), 0, 60, 0), Hours(("mon",), 1200, 1260, 0)


def with_coin(**fields: Any) -> Policy:
    return with_rules(assets=(msgspec.structs.replace(COIN, **fields),))


def with_rules(**fields: Any) -> Policy:
    return Policy(POLICY_VERSION, 5, (msgspec.structs.replace(RULES, **fields),))


def tiered(*tiers: ApprovalTier) -> ExchangeLimits:
    return msgspec.structs.replace(EXCHANGE.limits[0], approvals=tiers)


def with_exchange(**fields: Any) -> Policy:
    return Policy(POLICY_VERSION, 5, (), exchanges=(msgspec.structs.replace(EXCHANGE, **fields),))


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_coin(windows=()),
        lambda: with_coin(windows=WINDOWS),
        lambda: with_coin(windows=WINDOWS[:1] * 2),
        lambda: with_coin(windows=(Window(2, "5"),)),  # type: ignore[arg-type]
        lambda: with_coin(approvals=TIERS[::-1]),
        lambda: with_coin(approvals=(TIERS[0], ApprovalTier("2", 2))),
        lambda: with_coin(approvals=(TIERS[0], ApprovalTier("1", 3))),
        lambda: with_coin(approvals=(ApprovalTier("1", 9),)),
        lambda: with_coin(per_transaction="-1"),
        lambda: with_coin(per_transaction="05"),
        lambda: with_coin(per_transaction=5),
        lambda: with_coin(notice_above="1.5"),
        lambda: with_coin(price=Price("eur", "1", "x", 1, 3600)),
        lambda: with_coin(price=Price("EUR", "0.00", "x", 1, 3600)),
        lambda: with_coin(price=Price("EUR", "1", "a\nb", 1, 3600)),
        lambda: with_coin(price=Price("EUR", "1", "x", 2**40, 3600)),
        lambda: with_coin(price=Price("EUR", "1", "x", 1, 3599)),
        lambda: with_coin(token=A),
        lambda: with_rules(assets=()),
        lambda: with_rules(assets=(COIN, COIN)),
        lambda: with_rules(destinations=(B, A)),
        lambda: with_rules(destinations=(A, A)),
        lambda: with_rules(denied=(B, A)),
        lambda: with_rules(any_destination=True),
        lambda: with_rules(destination_delay=60),
        lambda: with_rules(any_destination=True, destination_delay=31 * 86_400),
        lambda: with_rules(fee_share_bp=10_001),
        lambda: with_rules(fee_share_above="1"),
        lambda: with_rules(contracts=(ContractRule(B, (), True), ContractRule(A, (), True))),
        lambda: with_rules(contracts=(ContractRule(A, (), False),)),
        lambda: with_rules(contracts=(ContractRule(A, (b"abcd",), True),)),
        lambda: with_rules(contracts=(ContractRule(A, (b"abc",), False),)),
        lambda: with_rules(contracts=(ContractRule(A, (b"bbbb", b"aaaa"), False),)),
        lambda: with_rules(chain="solana", contracts=(ContractRule(A, (b"abcd",), False),)),
        lambda: with_exchange(endpoints=("GET /b", "GET /a")),
        lambda: with_exchange(endpoints=("get /a",)),
        lambda: with_exchange(endpoints=("GET /a?b=*",)),
        lambda: with_exchange(endpoints=("GET /../a",)),
        lambda: with_exchange(endpoints=("GET /a/",)),
        lambda: with_exchange(endpoints=("GET /a*",)),
        lambda: with_exchange(endpoints=("GET //a",)),
        lambda: with_exchange(endpoints=("GET /:*",)),
        lambda: with_exchange(endpoints=("GET /*:a",)),
        lambda: with_exchange(endpoints=("GET /client:",)),
        lambda: with_exchange(endpoints=("GET /client:..",)),
        lambda: with_exchange(endpoints=("GET /client:a*",)),
        lambda: with_exchange(endpoints=("GET /client:*:*",)),
        lambda: with_exchange(endpoints=("GET /client%3A*",)),
        lambda: with_exchange(inside=("profile:b", "profile:a")),
        lambda: with_exchange(inside=("Profile:a",)),
        lambda: with_exchange(inside=("profile:a b",)),
        lambda: with_exchange(inside=("somebody@example.com",)),
        lambda: with_exchange(visit_seconds=-1),
        lambda: with_exchange(visit_seconds=31 * 86_400),
        lambda: with_exchange(visit_loss=0),
        lambda: with_exchange(visit_loss=10_000),
        lambda: with_exchange(limits=(msgspec.structs.replace(EXCHANGE.limits[0], exposure=str(2**256)),)),
        lambda: with_exchange(limits=(tiered(ApprovalTier(str(2**256), 2)),)),
        lambda: with_exchange(limits=(tiered(ApprovalTier("2", 2), ApprovalTier("1", 3)),)),
        lambda: with_exchange(pairs=("btc-usd",)),
        lambda: with_exchange(pairs=("BTC-USD", "BTC-EUR")),
        lambda: with_exchange(limits=EXCHANGE.limits * 2),
        lambda: with_exchange(exchange="Kraken"),
        lambda: Policy(POLICY_VERSION, 5, (RULES, RULES)),
        lambda: Policy(POLICY_VERSION, 5, (), exchanges=(EXCHANGE, EXCHANGE)),
        lambda: Policy(
            POLICY_VERSION, 5, (), hours=tuple(sorted((MORNING, EVENING), key=encode, reverse=True))
        ),
        lambda: Policy(POLICY_VERSION, 5, (), hours=(Hours(("tue", "mon"), 0, 60, 0),)),
        lambda: Policy(POLICY_VERSION, 5, (), hours=(Hours((), 0, 60, 0),)),
        lambda: Policy(POLICY_VERSION, 5, (), hours=(Hours(("mon",), 60, 60, 0),)),
        lambda: Policy(POLICY_VERSION, 5, (), hours=(Hours(("mon",), 0, 1441, 0),)),
        lambda: Policy(POLICY_VERSION, 5, (), hours=(Hours(("mon",), 0, 60, 841),)),
        lambda: Policy(POLICY_VERSION, 5, (), approvals_needed=0),
        lambda: Policy(POLICY_VERSION, 5, (), approvals_needed=9),
        lambda: Policy(POLICY_VERSION, 5, (), notice_delay=-1),
        lambda: Policy(POLICY_VERSION, 5, (), loosening_delay=31 * 86_400),
        lambda: Policy(POLICY_VERSION, 5, (), frozen=1),  # type: ignore[arg-type]
        lambda: Policy(POLICY_VERSION, 5, (), DeviceRules(host_max_age=59)),
        lambda: Policy(POLICY_VERSION, 5, (), DeviceRules(host_max_age=3601)),
        lambda: Policy(POLICY_VERSION - 1, 5, ()),
    ],
)
def test_no_policy_with_two_meanings_or_none_enters_a_signer(make: Callable[[], Policy]) -> None:
    with pytest.raises((ValueError, InputRefused)):
        decode(Policy, encode(make()), MAX_POLICY_BYTES)


def test_what_these_were_changed_from_is_one() -> None:
    for policy in (with_coin(), with_rules(), with_exchange(), with_coin(approvals=TIERS)):
        assert decode(Policy, encode(policy), MAX_POLICY_BYTES) == policy


def test_a_policy_that_lacks_its_last_fields_has_another_encoding() -> None:
    """What is left out has a value; a shorter form of the same policy would be a second hash of it."""
    fields = msgspec.msgpack.decode(encode(with_rules()))
    with pytest.raises(InputRefused):
        decode(Policy, msgspec.msgpack.encode(fields[:-1]), MAX_POLICY_BYTES)
