"""The policy document of a wallet: what its signers may sign. The judge is ``warifu.signer.policy``.

The owner writes TOML; the canonical encoding is hashed, and the hash is in each signer's evidence. Default deny:
a wallet without an allowed destination can receive and nothing else.
"""

from __future__ import annotations

import tomllib
from typing import Annotated, Any

import msgspec

from warifu.errors import InputRefused
from warifu.protocol.encoding import Message, decode, digest, encode
from warifu.units import MAX_SATOSHI, parse_bitcoin_amount

_Satoshi = Annotated[int, msgspec.Meta(ge=0, le=MAX_SATOSHI)]
_Address = Annotated[str, msgspec.Meta(min_length=14, max_length=100)]
POLICY_VERSION = 1
MAX_POLICY_BYTES = 128 * 1024


class Policy(Message, frozen=True):
    """Limits in satoshi. What leaves the wallet (recipients and fee) counts against the limits."""

    version: Annotated[int, msgspec.Meta(ge=POLICY_VERSION, le=POLICY_VERSION)]
    per_transaction: _Satoshi
    per_day: _Satoshi
    """Most that may leave in any 24 hours, by the signer's own clock and its own memory of what it signed."""
    fee_ceiling: _Satoshi
    """Most that one transaction may pay in fees, whatever the request says."""
    any_destination: bool
    destinations: Annotated[tuple[_Address, ...], msgspec.Meta(max_length=1000)]
    passphrase_tries: Annotated[int, msgspec.Meta(ge=1, le=20)]
    """Wrong passphrases in a row after which this device's share stays shut."""

    def __post_init__(self) -> None:
        if self.any_destination and self.destinations:
            raise ValueError("'any_destination' and 'destinations' exclude each other")
        if list(self.destinations) != sorted(set(self.destinations)):
            raise ValueError("'destinations' must be sorted and without repetition")


def policy_hash(policy: Policy) -> bytes:
    """32 bytes that name exactly this policy."""
    return digest("policy", encode(policy))


_FIELDS = {"per_transaction", "per_day", "fee_ceiling", "destinations", "passphrase_tries"}


def read_policy(text: str) -> Policy:
    """Read the owner's TOML. Every field is required; an unknown one is an error. Raises ``InputRefused``.

    ``destinations`` is a list of addresses, or the string ``"any"``; amounts are strings with their unit.
    """
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputRefused("policy", f"the policy is not valid TOML: {error}") from None
    unknown, missing = set(table) - _FIELDS, _FIELDS - set(table)
    if unknown or missing:
        names = [f"unknown field '{name}'" for name in sorted(unknown)]
        names += [f"missing field '{name}'" for name in sorted(missing)]
        raise InputRefused("policy", f"the policy cannot be used: {', '.join(names)}")
    destinations = table["destinations"]
    if destinations != "any" and not (
        isinstance(destinations, list) and all(isinstance(item, str) for item in destinations)
    ):
        raise InputRefused("policy", "'destinations' must be a list of addresses, or \"any\"")
    tries = table["passphrase_tries"]
    if not isinstance(tries, int) or isinstance(tries, bool) or not 1 <= tries <= 20:
        raise InputRefused("policy", "'passphrase_tries' must be a whole number from 1 to 20")
    try:
        policy = Policy(
            version=POLICY_VERSION,
            per_transaction=_amount(table, "per_transaction"),
            per_day=_amount(table, "per_day"),
            fee_ceiling=_amount(table, "fee_ceiling"),
            any_destination=destinations == "any",
            destinations=() if destinations == "any" else tuple(sorted(set(destinations))),
            passphrase_tries=tries,
        )
    except ValueError as error:
        raise InputRefused("policy", f"the policy cannot be used: {error}") from None
    # Through the door by which it will enter each signer: what they would refuse is refused here.
    return decode(Policy, encode(policy), MAX_POLICY_BYTES)


def _amount(table: dict[str, Any], field: str) -> int:
    value = table[field]
    if not isinstance(value, str):
        raise InputRefused("policy", f"'{field}' must be a string with a unit, for example \"0.01 BTC\"")
    return parse_bitcoin_amount(value)
