"""The owner's TOML becomes exactly one policy, or a clear error."""

from __future__ import annotations

import pytest

from warifu.errors import InputRefused
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import Policy, policy_hash, read_policy

pytestmark = pytest.mark.unit

GOOD = """
per_transaction = "0.5 BTC"
per_day = "1 BTC"
fee_ceiling = "50000 sat"
destinations = ["bcrt1qsecondsecond", "bcrt1qfirstfirst"]
passphrase_tries = 5
"""


def test_a_policy_is_read_with_its_units() -> None:
    policy = read_policy(GOOD)
    assert (policy.per_transaction, policy.per_day, policy.fee_ceiling) == (50_000_000, 100_000_000, 50_000)
    assert policy.destinations == ("bcrt1qfirstfirst", "bcrt1qsecondsecond")
    assert not policy.any_destination


def test_the_hash_names_the_policy() -> None:
    assert policy_hash(read_policy(GOOD)) == policy_hash(read_policy(GOOD))
    assert policy_hash(read_policy(GOOD)) != policy_hash(read_policy(GOOD.replace("= 5", "= 6")))


def test_any_destination_must_be_said() -> None:
    assert read_policy(GOOD.replace('["bcrt1qsecondsecond", "bcrt1qfirstfirst"]', '"any"')).any_destination
    assert read_policy(GOOD.replace('["bcrt1qsecondsecond", "bcrt1qfirstfirst"]', "[]")).destinations == ()


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("unknown field", "per_day", "per_week"),
        ("missing field", 'fee_ceiling = "50000 sat"', ""),
        ("no unit", '"50000 sat"', '"50000"'),
        ("a number", '"50000 sat"', "50000"),
        ("negative", '"50000 sat"', '"-1 sat"'),
        ("more than there is", '"1 BTC"', '"21000001 BTC"'),
        ("nine decimals", '"1 BTC"', '"1.000000001 BTC"'),
        ("no tries", "= 5", "= 0"),
        ("too many tries", "= 5", "= 21"),
        ("true is not a number", "= 5", "= true"),
        ("a destination that is none", '"bcrt1qfirstfirst"', "7"),
        ("an empty destination", '"bcrt1qfirstfirst"', '""'),
        ("not TOML", "per_day", "per day"),
    ],
)
def test_bad_policies_are_refused(what: str, old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(InputRefused) as refused:
        read_policy(GOOD.replace(old, new))
    assert refused.value.family == "input"


def test_a_policy_with_two_meanings_cannot_be_encoded_in() -> None:
    policy = read_policy(GOOD)
    unsorted = encode(policy).replace(b"bcrt1qfirstfirst", b"bcrt1qzzzzzzzzzz")
    with pytest.raises(InputRefused):
        decode(Policy, unsorted, 10_000)
