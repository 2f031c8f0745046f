"""The form of a device's journal, in which others can check it: entries, their contents, who asked.

An *event* (``protocol.events``) is what was decided and done, or refused by which rule. The *content* of an entry is an
event, its moment and who asked. An entry's hash covers the one before it and the digest of its content, so that the
chain can be shown to somebody who may not see every content: an entry that concerns another wallet of the device is
shown as its digest, and the blind (16 random bytes) in every content keeps anybody from guessing what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from warifu.protocol.encoding import Bytes16, Bytes32, Message, Seconds, decode, digest, encode
from warifu.protocol.events.device import (
    BanLifted,
    Banned,
    Born,
    Frozen,
    HandedOver,
    JoinedOwner,
    PieceKept,
    PieceReleased,
    Thawed,
)
from warifu.protocol.events.exchanges import (
    CallAcknowledged,
    CallCompared,
    CallEnded,
    CallStarted,
    CarrierAllowed,
    CarrierBanned,
    ComparisonSettled,
    ExchangeAccountKept,
    ExchangeAccountRemoved,
    ExchangeAccountReplaced,
    ExchangeKeyBorn,
    TravelRuleKept,
)
from warifu.protocol.events.refusals import Denied, Refused
from warifu.protocol.events.sessions import HeadsSeen, Met
from warifu.protocol.events.transfers import Acknowledged, FinishedTransfer, Noted, Started
from warifu.protocol.events.visits import SweepSigned, VisitEnded, VisitLost, VisitOpened
from warifu.protocol.events.wallets import (
    Announced,
    ReferenceApproved,
    Restored,
    RulesAsked,
    RulesChanged,
    SharesKept,
    SharesRefreshed,
    UnfreezeAsked,
    Vetoed,
    WalletBorn,
    WalletFrozen,
    WalletPending,
    WalletThawed,
    WrongPassphrase,
)

NO_HEAD = bytes(32)
MAX_CONTENT_BYTES = 96 * 1024


class Asker(Message, frozen=True):
    """Who asked for what an entry tells of.

    ``owner``: these credentials authorized it (``credential_digest``). ``operator``: somebody at the device itself.
    ``peer``: another device (its identity). ``service``: the service, without an owner's word. ``device``: nobody did;
    the device decided it by itself.
    """

    kind: Literal["owner", "operator", "peer", "service", "device"]
    ids: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=8)] = ()


OPERATOR = Asker("operator")
SERVICE = Asker("service")
DEVICE = Asker("device")


def owners(credentials: Sequence[bytes]) -> Asker:
    """These credentials (by ``credential_digest``) authorized it."""
    return Asker("owner", tuple(credentials))


def peer(identity: bytes) -> Asker:
    """That device brought it about."""
    return Asker("peer", (identity,))


Event = (
    Born
    | JoinedOwner
    | Banned
    | BanLifted
    | Frozen
    | Thawed
    | HandedOver
    | PieceKept
    | PieceReleased
    | WalletPending
    | WalletBorn
    | SharesKept
    | SharesRefreshed
    | ReferenceApproved
    | RulesAsked
    | RulesChanged
    | Announced
    | Vetoed
    | WalletFrozen
    | UnfreezeAsked
    | WalletThawed
    | WrongPassphrase
    | Met
    | HeadsSeen
    | Started
    | FinishedTransfer
    | Acknowledged
    | Noted
    | ExchangeKeyBorn
    | ExchangeAccountKept
    | ExchangeAccountReplaced
    | ExchangeAccountRemoved
    | Restored
    | CallStarted
    | CallAcknowledged
    | CallEnded
    | CallCompared
    | ComparisonSettled
    | CarrierBanned
    | CarrierAllowed
    | TravelRuleKept
    | VisitOpened
    | VisitEnded
    | VisitLost
    | SweepSigned
    | Denied
    | Refused
)


class Content(Message, frozen=True):
    """What an entry says."""

    blind: Bytes16
    time: Seconds
    by: Asker
    event: Event


def kind_of(event: Event) -> str:
    """Its tag."""
    return str(event.__struct_config__.tag)


def wallet_of(event: Event) -> bytes:
    """The one wallet whose owners see it; empty where the owners of every wallet of the device do."""
    return bytes(getattr(event, "wallet", b""))


def encode_content(content: Content) -> bytes:
    """Its one encoding."""
    return encode(content)


def decode_content(data: bytes) -> Content:
    """Read an entry's content; ``InputRefused`` for anything else."""
    return decode(Content, data, MAX_CONTENT_BYTES)


def content_digest(encoded: bytes) -> bytes:
    """32 bytes that stand for a content wherever it is not shown."""
    return digest("journal/content", encoded)


def entry_hash(previous: bytes, number: int, content: bytes) -> bytes:
    """32 bytes that name an entry and, through ``previous``, all before it. ``content``: the digest."""
    return digest("journal/entry", previous, number.to_bytes(8, "big"), content)
