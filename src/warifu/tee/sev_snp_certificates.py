"""The certificate table that an SNP host hands to its guest beside a report (AMD 56421, GHCB 2.03, section 4.1.8.1).

Entries of 24 bytes (GUID, offset, length), closed by one of zeros, then the documents. The host wrote it, so it is
parsed as hostile bytes, and the GUIDs are not looked at: what a certificate is it says itself, and a verifier believes
none of them before it led to AMD's root.
"""

from __future__ import annotations

import struct

from warifu.errors import PlatformRefused

MAX_CERTIFICATES = 16

_ENTRY = struct.Struct("<16sII")
_END = bytes(_ENTRY.size)


def certificates(table: bytes) -> tuple[bytes, ...]:
    """The documents in the table's order; none where it is empty. ``PlatformRefused`` where it is malformed."""
    places = _places(table)
    first = (len(places) + 1) * _ENTRY.size
    end = first
    found = []
    for offset, length in sorted(places):
        if offset < end or not length or offset + length > len(table):
            raise _malformed("a document overlaps another one, or lies outside the table")
        end = offset + length
    for offset, length in places:
        found.append(table[offset : offset + length])
    return tuple(found)


def _places(table: bytes) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    if not table:
        return places
    for start in range(0, (MAX_CERTIFICATES + 1) * _ENTRY.size, _ENTRY.size):
        entry = table[start : start + _ENTRY.size]
        if entry == _END:
            return places
        if len(entry) < _ENTRY.size:
            raise _malformed("it ends before it is closed")
        _guid, offset, length = _ENTRY.unpack(entry)
        places.append((offset, length))
    raise _malformed(f"it has more than {MAX_CERTIFICATES} entries")


def _malformed(detail: str) -> PlatformRefused:
    return PlatformRefused(
        "certificate-table",
        f"the host's certificate table is malformed: {detail}",
        not_done="None of its certificates was taken.",
        remedy="Fetch the chip's certificate from AMD instead, and give it as an endorsement.",
    )
