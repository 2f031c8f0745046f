"""Digits by which a person knows that two screens show the same request: the client's and a device's own.

They name the request and prove nothing: a client that is taken over shows whatever digits it likes. What the device
reads in the transaction's bytes is to be compared, by eye, with what the owner meant; the digits say of which request
it speaks.
"""

from __future__ import annotations

from warifu.protocol.encoding import digest

_GROUPS, _DIGITS = 5, 4


def comparison_digits(request: bytes) -> str:
    """20 digits in groups of four, of the request with this digest (66 bits)."""
    number = int.from_bytes(digest("comparison", request)[:16], "big") % 10 ** (_GROUPS * _DIGITS)
    text = f"{number:0{_GROUPS * _DIGITS}d}"
    return " ".join(text[start : start + _DIGITS] for start in range(0, len(text), _DIGITS))
