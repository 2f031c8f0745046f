"""How far this client knows devices' journals to be: the newest signed head of each, of every audit that passed.

The owner's own memory: whatever all devices of a wallet rewrite together, and the service with them, is not as it was
here. One file in the profile; public, and private to its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from warifu.cli.files import read_private, write_private
from warifu.errors import StoreDamaged
from warifu.protocol.attesting import SignedHead
from warifu.protocol.encoding import Bytes32, Bytes64, Message
from warifu.protocol.events.sessions import PeerHead

_NAME = "journal-heads"
_MAX_BYTES = 1024 * 1024


class _Known(Message, frozen=True):
    identity: Bytes32
    length: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    hash: Bytes32
    signature: Bytes64


def known_heads(home: Path) -> list[PeerHead]:
    """All that is kept in the profile at ``home``. ``StoreDamaged`` (``profile``) where it cannot be read."""
    path = home / _NAME
    if not path.exists():
        return []
    try:
        kept = msgspec.json.decode(read_private(path, _MAX_BYTES), type=list[_Known])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StoreDamaged(
            "profile",
            f"{path} cannot be read",
            not_done="Nothing was checked.",
            remedy="Restore it from your backup. Without it an audit knows less.",
        ) from None
    return [PeerHead(each.identity, SignedHead(each.length, each.hash, each.signature)) for each in kept]


def keep_heads(home: Path, seen: Sequence[PeerHead]) -> None:
    """Keep these in place of shorter ones of the same devices."""
    newest = {item.identity: item for item in known_heads(home)}
    for item in seen:
        before = newest.get(item.identity)
        if before is None or item.head.length > before.head.length:
            newest[item.identity] = item
    lines = [
        _Known(identity, item.head.length, item.head.hash, item.head.signature)
        for identity, item in sorted(newest.items())
    ]
    write_private(home / _NAME, msgspec.json.encode(lines))
