"""The owner's TOML becomes exactly one policy, or a clear error."""

from __future__ import annotations

import pytest

from warifu.errors import InputRefused
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import ContractRule, DeviceRules, Policy, Window, policy_hash
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
