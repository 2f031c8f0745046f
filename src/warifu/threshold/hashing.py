"""BIP-340's tagged hash: SHA-256 with a separate domain for each use."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from warifu.threshold.wiping import Buffer

if TYPE_CHECKING:
    from hashlib import _Hash


@lru_cache(maxsize=64)
def _prefixed(tag: str) -> _Hash:
    digest = hashlib.sha256(tag.encode("utf-8")).digest()
    return hashlib.sha256(digest + digest)


def tagged_hash(tag: str, *parts: bytes | Buffer) -> bytes:
    """SHA-256(SHA-256(tag) || SHA-256(tag) || parts...), 32 bytes.

    Parts are concatenated as they are: the caller makes their bounds unambiguous.
    """
    hasher = _prefixed(tag).copy()
    for part in parts:
        hasher.update(part)
    return hasher.digest()
