"""The policy as its owner writes it (``docs/policy.md``): TOML, one table for each chain, amounts with their units.

Read strictly; every error says the line and the field. An address is only checked for its length here; that it means
something on its chain is checked by the client, and by each signer when the wallet is made.
"""

from __future__ import annotations

import re
import tomllib
from functools import partial
from typing import Any

from warifu.errors import InputRefused
from warifu.protocol.attesting import MAX_CLAIM_SECONDS, ClaimName
from warifu.protocol.chains import chain_named, coin_decimals, coin_symbol, coin_units, family_of
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import (
    DEFAULT_LOOSENING_DELAY,
    DEFAULT_NOTICE_DELAY,
    MAX_ADDRESSES,
    MAX_APPROVALS,
    MAX_CHAINS,
    MAX_DELAY,
    MAX_POLICY_BYTES,
    POLICY_VERSION,
    Address,
    AssetLimits,
    ChainRules,
    ContractRule,
    DeviceRules,
    Endpoint,
    ExchangeLimits,
    ExchangeRules,
    Hours,
    Inside,
    Pair,
    Policy,
)
from warifu.protocol.policy_amounts import LIMIT_FIELDS, WINDOW_FIELDS, Amounts, Prices
from warifu.protocol.policy_fields import Fault, Table
from warifu.protocol.policy_forms import parse_hours, parse_loss, parse_method, parse_share
from warifu.protocol.toml_lines import line_of, lines_of

MAX_TEXT_BYTES = 2 * MAX_POLICY_BYTES
_NEEDED = ("per_transaction", "fee_ceiling", "destinations")
_OPTIONAL = (
    *LIMIT_FIELDS,
    "known_destinations",
    "destination_delay",
    "denied",
    "fee_share",
    "fee_share_above",
    "contracts",
    "messages",
    "tokens",
)
_TOP = (
    "hours",
    "approvals_needed",
    "notice_delay",
    "loosening_delay",
    "strict",
    "frozen",
    "devices",
    "prices",
    "exchanges",
)
TOKEN_ADDRESS = {"eip155": "contract", "solana": "mint"}
_AT_LINE = re.compile(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)")


def read_policy(text: str) -> Policy:
    """Read the owner's TOML. An unknown field is an error, and so is a missing one. Raises ``InputRefused``."""
    if len(text) > MAX_TEXT_BYTES:
        raise _refusal(f"a text of {len(text)} characters is over the limit of {MAX_TEXT_BYTES}")
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _syntax(text, str(error)) from None
    try:
        policy = _policy(Table((), content))
    except Fault as fault:
        raise _refusal(_placed(text, fault)) from None
    return decode(Policy, encode(policy), MAX_POLICY_BYTES)


def _syntax(text: str, why: str) -> InputRefused:
    found = _AT_LINE.search(why)
    line = found[1] if found and found[1] else str(text.count("\n") + 1)
    return _refusal(f"line {line}: it is not valid TOML: {_AT_LINE.sub('', why)[:200]}")


def _placed(text: str, fault: Fault) -> str:
    """The fault with its line, its field and its table."""
    if not fault.path:
        return fault.why
    *around, last = fault.path
    place = f"'{last}'" + (f" in [{'.'.join(around)}]" if around else "")
    return f"line {line_of(lines_of(text), fault.path)}, {place}: {fault.why}"


def _policy(top: Table) -> Policy:
    chains = {name: value for name, value in top.content.items() if name not in ("passphrase_tries", *_TOP)}
    if "passphrase_tries" not in top.content:
        raise top.fault("", "missing field 'passphrase_tries', a whole number from 1 to 20")
    tries = top.number("passphrase_tries", 1, 20)
    prices = Prices(top.table("prices"))
    if len(chains) > MAX_CHAINS:
        raise top.fault("", f"{len(chains)} chains are more than {MAX_CHAINS}")
    rules: dict[str, ChainRules] = {}
    for name in chains:
        chain = _chain(top, name)
        if chain in rules:
            raise top.fault(name, f"it is the second table for {chain}")
        rules[chain] = _rules(top.table(name), chain, prices)
    prices.require_used()
    exchanges = top.table("exchanges")
    return top.checked(
        Policy,
        lambda: Policy(
            POLICY_VERSION,
            tries,
            tuple(rules[chain] for chain in sorted(rules)),
            _devices(top.table("devices")),
            tuple(_exchange(exchanges.table(name), name) for name in sorted(exchanges.content)),
            _hours(top),
            top.number("approvals_needed", 1, MAX_APPROVALS, 1),
            top.seconds("notice_delay", 0, MAX_DELAY, DEFAULT_NOTICE_DELAY),
            top.seconds("loosening_delay", 0, MAX_DELAY, DEFAULT_LOOSENING_DELAY),
            top.flag("strict"),
            top.flag("frozen"),
        ),
    )


def _chain(top: Table, name: str) -> str:
    if not isinstance(top.content[name], dict):
        raise top.fault(name, f"unknown field; known are passphrase_tries, {', '.join(_TOP)}")
    try:
        return chain_named(name)
    except InputRefused as error:
        raise top.fault(name, f"{error}. {error.remedy}") from None


def _devices(table: Table) -> DeviceRules:
    """``[devices]``: what a device has to show. Left out, everything genuine will do."""
    table.require_fields((), ("least_tier", "host", "host_max_age", "declared_counts"))
    return table.checked(
        DeviceRules,
        lambda: DeviceRules(
            table.number("least_tier", 0, 2, 0),
            tuple(table.texts("host", "names, as 'warifu doctor --json' has them", 32, ClaimName)),
            table.flag("declared_counts"),
            table.seconds("host_max_age", 60, MAX_CLAIM_SECONDS, MAX_CLAIM_SECONDS),
        ),
    )


def _hours(top: Table) -> tuple[Hours, ...]:
    texts = top.texts("hours", 'hours, such as "mon-fri 09:00-18:00 +09:00"', 16)
    found = {top.checked(Hours, partial(parse_hours, text), "hours") for text in texts}
    return tuple(sorted(found, key=encode))


def _rules(table: Table, chain: str, prices: Prices) -> ChainRules:
    table.require_fields(_NEEDED, _OPTIONAL)
    amounts = Amounts(table, coin_symbol(chain), coin_decimals(chain), coin_units(chain), prices)
    ceiling = amounts.read("fee_ceiling")
    share = table.formed("fee_share", parse_share) if "fee_share" in table.content else None
    above = amounts.read("fee_share_above") if "fee_share_above" in table.content else "0"
    if chain == "bitcoin":
        for name in ("contracts", "messages", "tokens"):
            if name in table.content:
                raise table.fault(name, "there are neither contracts nor messages nor tokens on Bitcoin")
    any_destination, destinations = _destinations(table)
    coin = amounts.limits("")
    tokens = table.table("tokens")
    limits = [_token(tokens.table(symbol), symbol, chain, prices) for symbol in tokens.content]
    return table.checked(
        ChainRules,
        lambda: ChainRules(
            chain,
            ceiling,
            any_destination,
            destinations,
            (coin, *sorted(limits, key=lambda item: item.token)),
            _contracts(table.table("contracts")),
            table.flag("messages"),
            _addresses(table, "denied"),
            table.seconds("destination_delay", 0, MAX_DELAY, 0),
            share,
            above,
        ),
    )


def _destinations(table: Table) -> tuple[bool, tuple[str, ...]]:
    """``"any"`` or a list; with ``"any"`` and a delay, ``known_destinations`` are those that need not wait."""
    if table.content["destinations"] == "any":
        known = _addresses(table, "known_destinations")
        if known and "destination_delay" not in table.content:
            raise table.fault(
                "known_destinations", "every destination is paid at once without 'destination_delay'"
            )
        return True, known
    for name in ("known_destinations", "destination_delay"):
        if name in table.content:
            raise table.fault(name, 'it is for destinations = "any"')
    return False, _addresses(table, "destinations", ' or "any"')


def _addresses(table: Table, name: str, otherwise: str = "") -> tuple[str, ...]:
    return tuple(table.texts(name, f"addresses{otherwise}", MAX_ADDRESSES, Address))


def _contracts(table: Table) -> tuple[ContractRule, ...]:
    """``[CHAIN.contracts]``: an address, and ``"any"`` or the methods by which it may be called."""
    rules = []
    for address, value in sorted(table.content.items()):
        methods: set[bytes] = set()
        if value != "any":
            for text in table.texts(address, 'methods, or "any"', 64):
                try:
                    methods.add(parse_method(text))
                except ValueError as error:
                    raise table.fault(address, str(error)) from None
            if not methods:
                raise table.fault(address, 'it must be a list of methods, or "any"')
        make = partial(ContractRule, address, tuple(sorted(methods)), value == "any")
        rules.append(table.checked(ContractRule, make, address))
    return tuple(rules)


def _token(table: Table, symbol: str, chain: str, prices: Prices) -> AssetLimits:
    address = TOKEN_ADDRESS[family_of(chain)]
    table.require_fields((address, "decimals", "per_transaction"), LIMIT_FIELDS)
    decimals = table.number("decimals", 0, 36)
    if not 14 <= len(table.text(address)) <= 64:
        raise table.fault(address, "it is no address")
    if not symbol.isprintable() or len(symbol) > 16:
        raise table.fault("", "a token is called by at most 16 printable characters")
    amounts = Amounts(table, symbol, decimals, {symbol.lower(): decimals}, prices)
    return amounts.limits(table.text(address))


def _exchange(table: Table, name: str) -> ExchangeRules:
    optional = ("pairs", "inside", "longest_visit", "visit_loss", "declared_allowlist", "limits")
    table.require_fields(("endpoints",), optional)
    limits = table.table("limits")
    return table.checked(
        ExchangeRules,
        lambda: ExchangeRules(
            name,
            tuple(table.texts("endpoints", 'endpoints, such as "GET /accounts/*"', 200, Endpoint)),
            tuple(table.texts("pairs", "pairs, such as BTC-USD", 200, Pair)),
            tuple(_exchange_limits(limits.table(symbol), symbol) for symbol in sorted(limits.content)),
            tuple(table.texts("inside", "places there, such as profile:NAME", 100, Inside)),
            table.seconds("longest_visit", 0, MAX_DELAY, 0),
            table.formed("visit_loss", parse_loss) if "visit_loss" in table.content else None,
            table.flag("declared_allowlist"),
        ),
    )


def _exchange_limits(table: Table, symbol: str) -> ExchangeLimits:
    if "notice_above" in table.content:
        raise table.fault(
            "notice_above",
            "what is asked of an exchange cannot be announced: the service would read it; 'approvals_above' can hold",
        )
    table.require_fields(("decimals", "per_order"), (*WINDOW_FIELDS, "exposure", "approvals_above"))
    decimals = table.number("decimals", 0, 36)
    amounts = Amounts(table, symbol, decimals, {symbol.lower(): decimals})
    per_order, tiers, windows = amounts.read("per_order"), amounts.tiers(), amounts.windows()
    exposure = amounts.read("exposure") if "exposure" in table.content else "0"
    return table.checked(
        ExchangeLimits, lambda: ExchangeLimits(symbol, decimals, per_order, windows, exposure, tiers)
    )


def _refusal(why: str) -> InputRefused:
    return InputRefused("policy", f"the policy cannot be used: {why}")
