"""The small forms of a policy's text: durations, shares, hours, methods, money. Each raises ``ValueError`` in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from Crypto.Hash import keccak

from warifu.protocol.policy import DAY, DAYS, HOUR, Day, Hours, Price
from warifu.units import MAX_QUANTITY, parse_quantity

_DURATION = re.compile(r"([0-9]{1,7}) ?([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": HOUR, "d": DAY}
_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%")
_HOURS = re.compile(r"([a-z,-]+) ([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2}) (UTC|[+-][0-9]{2}:[0-9]{2})")
_SELECTOR = re.compile(r"0x[0-9a-f]{8}")
_METHOD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\([a-z0-9,()\[\]]*\)")
_SHORT_TYPE = re.compile(r"(?<![a-z0-9])(uint|int|byte|fixed|ufixed)(?![a-z0-9])")
_MONEY = re.compile(r"([0-9]{1,96}(?:\.[0-9]{1,54})?) ([A-Z]{3})")


def parse_duration(text: str) -> int:
    """``90s``, ``30m``, ``24h``, ``7d``: seconds."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a duration: write 90s, 30m, 24h or 7d")
    return int(found[1]) * _SECONDS[found[2]]


def format_duration(seconds: int) -> str:
    """In the largest unit in which it is a whole number."""
    unit = next((unit for unit in "dhm" if seconds and seconds % _SECONDS[unit] == 0), "s")
    return f"{seconds // _SECONDS[unit]}{unit}"


def parse_share(text: str) -> int:
    """``2.5 %``: hundredths of a percent, at most 100 %."""
    found = _SHARE.fullmatch(text)
    share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 10_001
    if share > 10_000:
        raise ValueError(f'{text[:40]!r} is not a share: write for example "2.5 %", at most 100 %')
    return share


def parse_loss(text: str) -> int:
    """As :func:`parse_share`, of which there is a bound: more than nothing, and less than all."""
    share = parse_share(text)
    if not 0 < share < 10_000:
        raise ValueError(f"{text[:40]!r} bounds nothing: write more than 0 %, and less than 100 %")
    return share


def parse_hours(text: str) -> Hours:
    """``mon-fri 09:00-18:00 +09:00``; days also as ``sat,sun`` or ``daily``; ``UTC`` for ``+00:00``."""
    found = _HOURS.fullmatch(text)
    if found is None:
        raise ValueError(f'{text[:60]!r} are no hours: write for example "mon-fri 09:00-18:00 +09:00"')
    offset = 0 if found[4] == "UTC" else _minutes(found[4][1:]) * (-1 if found[4][0] == "-" else 1)
    return Hours(_days(found[1]), _minutes(found[2]), _minutes(found[3]), offset)


def _minutes(clock: str) -> int:
    hours, minutes = int(clock[:2]), int(clock[3:])
    if minutes > 59 or 60 * hours + minutes > 1440:
        raise ValueError(f"{clock} is no time of the day")
    return 60 * hours + minutes


def _days(text: str) -> tuple[Day, ...]:
    if text == "daily":
        return DAYS
    named: set[str] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if (
            first not in DAYS
            or (last or first) not in DAYS
            or (last and DAYS.index(first) >= DAYS.index(last))
        ):
            raise ValueError(f"{part[:20]!r} are no days: write mon, mon-fri, or sat,sun")
        named.update(DAYS[DAYS.index(first) : DAYS.index(last or first) + 1])
    return tuple(day for day in DAYS if day in named)


def parse_method(text: str) -> bytes:
    """``withdraw(uint256)`` or ``0x2e1a7d4d``: the 4 bytes by which a call names it.

    Types are those that the hash is taken of: with ``uint`` for ``uint256`` it would be another method's, silently.
    """
    if _SELECTOR.fullmatch(text):
        return bytes.fromhex(text[2:])
    if not _METHOD.fullmatch(text) or text.count("(") != text.count(")"):
        raise ValueError(
            f"{text[:60]!r} is no method: write its signature without spaces and names, such as "
            "withdraw(uint256), or its selector, such as 0x2e1a7d4d"
        )
    short = _SHORT_TYPE.search(text[text.index("(") :])
    if short:
        raise ValueError(f"write the whole name of the type {short[0]!r} in {text[:60]!r}, such as uint256")
    return keccak.new(digest_bits=256, data=text.encode("ascii")).digest()[:4]


def parse_money(text: str) -> tuple[Fraction, str] | None:
    """``500 EUR``: the number and the currency; None for anything else."""
    found = _MONEY.fullmatch(text)
    return (Fraction(found[1]), found[2]) if found else None


def parse_amount(text: str, units: Mapping[str, int], price: Price | None, decimals: int) -> int:
    """An amount in the asset's smallest unit: in one of ``units``, or money at the ``price`` of a whole unit, rounded
    down. ``ValueError``, ``InputRefused``."""
    money = parse_money(text)
    if money is None or price is None or money[1].lower() in units:
        return parse_quantity(text, units)
    if price.currency != money[1]:
        raise ValueError(f"{text!r} is in {money[1]}, and the price of the asset in {price.currency}")
    amount = int(money[0] / Fraction(price.per_unit) * 10**decimals)
    if amount > MAX_QUANTITY:
        raise ValueError(f"{text!r} is more than there can be")
    return amount
