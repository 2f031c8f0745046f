"""The policy as its owner writes it: TOML, one table for each chain, amounts with their units. Read strictly.

An address is only checked for its length here; that it means something on its chain is checked by the client, and by
each signer when the wallet is made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from warifu.errors import InputRefused
from warifu.protocol.chains import chain_named, coin_decimals, coin_symbol, coin_units, family_of
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import (
    MAX_POLICY_BYTES,
    POLICY_VERSION,
    AssetLimits,
    ChainRules,
    DeviceRules,
    Policy,
)
from warifu.units import parse_quantity

_NEEDED = ("per_transaction", "per_day", "fee_ceiling", "destinations")
_OPTIONAL = ("contracts", "messages", "tokens")
_TOKEN_ADDRESS = {"eip155": "contract", "solana": "mint"}


def read_policy(text: str) -> Policy:
    """Read the owner's TOML. An unknown field is an error, and so is a missing one. Raises ``InputRefused``.

    ``destinations`` is a list of addresses, or the string ``"any"``; amounts are strings with their unit.
    """
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(f"it is not valid TOML: {error}") from None
    tries = table.pop("passphrase_tries", None)
    if not isinstance(tries, int) or isinstance(tries, bool) or not 1 <= tries <= 20:
        raise _refusal("'passphrase_tries' must be there, a whole number from 1 to 20")
    devices = _devices(table.pop("devices", {}))
    chains: dict[str, ChainRules] = {}
    for name, rules in table.items():
        chain = _chain(name, rules)
        if chain in chains:
            raise _refusal(f"[{name}] is the second table for {chain}")
        try:
            chains[chain] = _rules(name, chain, rules)
        except ValueError as error:
            raise _refusal(f"in [{name}], {error}") from None
    policy = Policy(POLICY_VERSION, tries, tuple(chains[chain] for chain in sorted(chains)), devices)
    # Through the door by which it will enter each signer: what they would refuse is refused here.
    return decode(Policy, encode(policy), MAX_POLICY_BYTES)


def _devices(table: object) -> DeviceRules:
    """``[devices]``: what a device has to show. Left out, everything genuine will do."""
    if not isinstance(table, dict):
        raise _refusal("'devices' must be a table")
    _fields("[devices]", table, (), ("least_tier", "host", "declared_counts"))
    tier, host = table.get("least_tier", 0), table.get("host", [])
    declared_counts = table.get("declared_counts", False)
    if not isinstance(tier, int) or isinstance(tier, bool) or not 0 <= tier <= 2:
        raise _refusal("'least_tier' in [devices] must be 0, 1 or 2")
    if not isinstance(host, list) or not all(isinstance(item, str) for item in host):
        raise _refusal("'host' in [devices] must be a list of names, as 'warifu doctor --json' has them")
    if not isinstance(declared_counts, bool):
        raise _refusal("'declared_counts' in [devices] must be true or false")
    return DeviceRules(tier, tuple(sorted(set(host))), declared_counts)


def _chain(name: str, rules: object) -> str:
    if not isinstance(rules, dict):
        raise _refusal(f"unknown field '{name}'")
    try:
        return chain_named(name)
    except InputRefused as error:
        raise _refusal(f"[{name}] is for no chain: {error}. {error.remedy}") from None


def _rules(name: str, chain: str, table: Mapping[str, Any]) -> ChainRules:
    _fields(f"[{name}]", table, _NEEDED, _OPTIONAL)
    destinations = table["destinations"]
    if destinations != "any":
        _addresses(destinations, f"'destinations' in [{name}]")
    contracts = _addresses(table.get("contracts", []), f"'contracts' in [{name}]")
    messages = table.get("messages", False)
    if not isinstance(messages, bool):
        raise _refusal(f"'messages' in [{name}] must be true or false")
    if chain == "bitcoin" and (contracts or messages or "tokens" in table):
        raise _refusal(f"[{name}] can have neither contracts nor messages nor tokens")
    units = coin_units(chain)
    coin = AssetLimits(
        "",
        coin_symbol(chain),
        coin_decimals(chain),
        _amount(name, table, "per_transaction", units),
        _amount(name, table, "per_day", units),
    )
    tokens = table.get("tokens", {})
    if not isinstance(tokens, dict):
        raise _refusal(f"tokens are tables of their own: [{name}.tokens.SYMBOL]")
    limits = [_token(f"{name}.tokens.{symbol}", symbol, chain, item) for symbol, item in tokens.items()]
    return ChainRules(
        chain,
        _amount(name, table, "fee_ceiling", units),
        destinations == "any",
        () if destinations == "any" else tuple(sorted(set(destinations))),
        (coin, *sorted(limits, key=lambda item: item.token)),
        tuple(sorted(set(contracts))),
        messages,
    )


def _token(place: str, symbol: str, chain: str, table: object) -> AssetLimits:
    address = _TOKEN_ADDRESS[family_of(chain)]
    if not isinstance(table, dict):
        raise _refusal(f"[{place}] must be a table")
    _fields(f"[{place}]", table, (address, "decimals", "per_transaction", "per_day"), ())
    decimals = table["decimals"]
    if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= 36:
        raise _refusal(f"'decimals' in [{place}] must be a whole number from 0 to 36")
    _addresses([table[address]], f"'{address}' in [{place}]")
    units = {symbol.lower(): decimals}
    return AssetLimits(
        table[address],
        symbol,
        decimals,
        _amount(place, table, "per_transaction", units),
        _amount(place, table, "per_day", units),
    )


def _fields(place: str, table: Mapping[str, Any], needed: tuple[str, ...], optional: tuple[str, ...]) -> None:
    names = [f"unknown field '{name}'" for name in sorted(set(table) - {*needed, *optional})]
    names += [f"missing field '{name}'" for name in sorted(set(needed) - set(table))]
    if names:
        raise _refusal(f"in {place}: {', '.join(names)}")


def _addresses(value: object, what: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _refusal(f"{what} must be addresses" + (', or "any"' if "destinations" in what else ""))
    return value


def _amount(place: str, table: Mapping[str, Any], field: str, units: Mapping[str, int]) -> str:
    value = table[field]
    if not isinstance(value, str):
        raise _refusal(
            f"'{field}' in [{place}] must be a string with a unit, for example \"0.01 {next(iter(units))}\""
        )
    try:
        return str(parse_quantity(value, units))
    except InputRefused as error:
        raise _refusal(f"'{field}' in [{place}]: {error}") from None


def _refusal(why: str) -> InputRefused:
    return InputRefused("policy", f"the policy cannot be used: {why}")
