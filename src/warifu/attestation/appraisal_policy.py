"""The owner's appraisal policy (RFC 9334, section 8.5) as a file: TOML, read strictly. See ``docs/attestation.md``.

Demands at the top are for all evidence; each table ``[[accept]]`` describes one kind of device that is acceptable.
Without such a table every kind of genuine evidence is. A field that is not known is an error and not passed over: a
demand with a typing mistake would otherwise demand nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from warifu.attestation.rules import (
    AllOf,
    AnyOf,
    Attributes,
    ByFormat,
    Hardware,
    LeastTcb,
    LeastTier,
    MaximalAge,
    NoDebug,
    OnlyAdvisories,
    ReferenceValues,
    Rule,
    TcbStatus,
)
from warifu.errors import InputRefused

MAX_POLICY_BYTES = 64 * 1024
_MAX_SECONDS = 10 * 366 * 86_400
_MAX_NUMBER = 2**32 - 1
_MAX_DIGEST_BYTES = 64
_TOP_ONLY = ("version", "collateral_grace", "unsafe_allow_debug", "accept")


@dataclass(frozen=True)
class AppraisalPolicy:
    """What evidence must be to be enough."""

    rule: Rule
    collateral_grace: int
    """Seconds for which an offline home may go on with collateral that should have been renewed."""
    references: Mapping[str, Mapping[str, frozenset[bytes]]]
    """Format -> name of a measurement -> every digest that is allowed somewhere in the policy: for reports."""


def read_appraisal_policy(text: str, formats: frozenset[str]) -> AppraisalPolicy:
    """The policy in ``text``; ``formats``: the kinds of evidence that there are. Raises ``InputRefused``
    (``appraisal-policy``), which names the place."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refusal(f"it is not valid TOML: {error}") from None
    if table.get("version") != 1 or isinstance(table["version"], bool):
        raise _refusal("'version' must be there, and be 1")
    rules = _demands("at the top", table, _TOP_ONLY)
    if not _flag(table, "unsafe_allow_debug"):
        rules.append(NoDebug())
    if "accept" in table:
        rules.append(_accepted(table["accept"], formats))
    grace = _number("'collateral_grace' at the top", table.get("collateral_grace", 0), _MAX_SECONDS)
    references = {name: _references(AllOf(tuple(rules)), name) for name in formats}
    return AppraisalPolicy(AllOf(tuple(rules)), grace, references)


def _references(rule: Rule, name: str) -> dict[str, frozenset[bytes]]:
    """The reference values in ``rule`` and below it, for evidence of the format ``name``."""
    if isinstance(rule, ReferenceValues):
        return dict(rule.allowed)
    below: tuple[Rule, ...] = rule.rules if isinstance(rule, AllOf | AnyOf) else ()
    if isinstance(rule, ByFormat):
        below = (rule.rules[name],) if name in rule.rules else ()
    found: dict[str, frozenset[bytes]] = {}
    for each in below:
        for measured, digests in _references(each, name).items():
            found[measured] = found.get(measured, frozenset()) | digests
    return found


def _accepted(tables: object, formats: frozenset[str]) -> Rule:
    if not isinstance(tables, list) or not tables or not all(isinstance(each, dict) for each in tables):
        raise _refusal("what is accepted are tables: [[accept]]")
    kinds: dict[str, list[Rule]] = {}
    for number, table in enumerate(tables, 1):
        place = f"in [[accept]] number {number}"
        name = table.get("format")
        if not isinstance(name, str) or name not in formats:
            raise _refusal(f"'format' {place} must be one of {', '.join(sorted(formats))}")
        kinds.setdefault(name, []).append(AllOf(tuple(_demands(place, table, ("format",)))))
    return ByFormat(
        {name: rules[0] if len(rules) == 1 else AnyOf(tuple(rules)) for name, rules in kinds.items()}
    )


def _demands(place: str, table: Mapping[str, Any], others: tuple[str, ...]) -> list[Rule]:
    """The rules that ``table`` asks for, in the order in which they are judged."""
    unknown = sorted(set(table) - set(_READERS) - set(others))
    if unknown:
        raise _refusal(f"{place}: unknown field '{unknown[0]}'")
    return [read(f"'{name}' {place}", table[name]) for name, read in _READERS.items() if name in table]


def _tier(place: str, value: object) -> Rule:
    tier = _number(place, value, 2)
    return LeastTier(2 if tier == 2 else 1 if tier == 1 else 0)


def _age(place: str, value: object) -> Rule:
    return MaximalAge(_number(place, value, _MAX_SECONDS))


def _measurements(place: str, value: object) -> Rule:
    table = _table(place, value)
    return ReferenceValues({name: _digests(f"'{name}' in {place}", each) for name, each in table.items()})


def _least_tcb(place: str, value: object) -> Rule:
    table = _table(place, value)
    return LeastTcb(
        {name: _number(f"'{name}' in {place}", each, _MAX_NUMBER) for name, each in table.items()}
    )


def _attributes(place: str, value: object) -> Rule:
    allowed: dict[str, frozenset[int]] = {}
    for name, each in _table(place, value).items():
        what = f"'{name}' in {place}"
        allowed[name] = frozenset(_number(what, number, _MAX_NUMBER) for number in _list(what, each))
    return Attributes(allowed)


def _status(place: str, value: object) -> Rule:
    return TcbStatus(_names(place, value))


def _advisories(place: str, value: object) -> Rule:
    return OnlyAdvisories(_names(place, value) if value != [] else frozenset())


def _hardware(place: str, value: object) -> Rule:
    return Hardware(_digests(place, value))


_READERS: dict[str, Callable[[str, object], Rule]] = {
    "least_tier": _tier,
    "maximal_age": _age,
    "hardware": _hardware,
    "measurements": _measurements,
    "attributes": _attributes,
    "least_tcb": _least_tcb,
    "tcb_status": _status,
    "advisories": _advisories,
}


def _digests(place: str, value: object) -> frozenset[bytes]:
    try:
        found = frozenset(bytes.fromhex(each) for each in _names(place, value))
    except ValueError:
        raise _refusal(f"{place} must be hexadecimal") from None
    if not all(1 <= len(each) <= _MAX_DIGEST_BYTES for each in found):
        raise _refusal(f"{place} must have from 1 to {_MAX_DIGEST_BYTES} bytes each")
    return found


def _names(place: str, value: object) -> frozenset[str]:
    found = _list(place, value)
    if not all(isinstance(each, str) for each in found):
        raise _refusal(f"{place} must be a list of strings")
    return frozenset(found)


def _list(place: str, value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise _refusal(f"{place} must be a list, and not an empty one")
    return value


def _table(place: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise _refusal(f"{place} must be a table, and not an empty one")
    return value


def _number(place: str, value: object, greatest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= greatest:
        raise _refusal(f"{place} must be a whole number from 0 to {greatest}")
    return value


def _flag(table: Mapping[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise _refusal(f"'{name}' at the top must be true or false")
    return value


def _refusal(why: str) -> InputRefused:
    return InputRefused(
        "appraisal-policy",
        f"the appraisal policy cannot be used: {why}",
        not_done="Nothing was appraised.",
        remedy="docs/attestation.md describes every field.",
    )
