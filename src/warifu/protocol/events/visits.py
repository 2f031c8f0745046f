"""What a journal says of funds that visit an exchange."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.encoding import Amount, Bytes16, Bytes32, Message, Seconds
from warifu.protocol.events.word import Word
from warifu.protocol.policy import LossBound
from warifu.protocol.request import MAX_SIGNERS


class VisitOpened(Message, frozen=True, tag="visit-opened"):
    """Every rule allowed it: funds may visit an exchange."""

    wallet: Bytes32
    visit: Bytes32
    """Digest of the request."""
    account: Word
    exchange: Word
    symbol: Word
    amount: Amount
    """Most that it brings, in the smallest unit that the asset has on its chain."""
    until: Seconds
    rules: Bytes32
    """Hash of the rules that allowed it."""


class VisitEnded(Message, frozen=True, tag="visit-ended"):
    """An owner wants what is left at home before the time is over."""

    wallet: Bytes32
    visit: Bytes32


class VisitLost(Message, frozen=True, tag="visit-lost"):
    """This device found that more was lost of a visit than it may lose: it is over."""

    wallet: Bytes32
    visit: Bytes32
    symbol: Word
    credited: Annotated[str, msgspec.Meta(max_length=160)]
    """What the loss is measured from, in whole units."""
    value: Annotated[str, msgspec.Meta(max_length=160)]
    """What it is worth now."""
    bound: LossBound


class SweepSigned(Message, frozen=True, tag="sweep-signed"):
    """This device's signature share for a withdrawal to the wallet's own address may leave or, where it is the carrier
    itself, the withdrawal."""

    wallet: Bytes32
    visit: Bytes32
    session: Bytes16
    symbol: Word
    round: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    amount: Annotated[str, msgspec.Meta(max_length=160)]
    """In whole units."""
    to: Annotated[str, msgspec.Meta(max_length=100)]
    carrier: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    """Its identity."""
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_SIGNERS)] = ()
