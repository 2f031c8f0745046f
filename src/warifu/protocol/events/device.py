"""What a journal says of the device itself: seen by the owners of every wallet of it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.encoding import Bytes32, Message
from warifu.protocol.events.word import Word
from warifu.protocol.release import MAX_KEEPERS


class Born(Message, frozen=True, tag="born"):
    """The device's identity came into being."""

    identity: Bytes32


class JoinedOwner(Message, frozen=True, tag="joined"):
    """The operator confirmed the owner's credential."""

    name: Word
    credential: Bytes32


class Banned(Message, frozen=True, tag="banned"):
    """A device was proven to have cheated in an ECDSA ceremony, in ``what``; this one works with it no more."""

    peer: Bytes32
    what: Word


class BanLifted(Message, frozen=True, tag="ban-lifted"):
    """This device's operator has it work with that one again."""

    peer: Bytes32


class Frozen(Message, frozen=True, tag="frozen"):
    """The device was told to sign nothing until its operator lifts it."""

    reason: Annotated[str, msgspec.Meta(max_length=200)]


class Thawed(Message, frozen=True, tag="thawed"):
    """This device's operator has it sign again."""


class HandedOver(Message, frozen=True, tag="handed-over"):
    """Every keeper has its piece of this device's sealing secret: it boots by this set from now on."""

    set: Bytes32
    keepers: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]
    threshold: int


class PieceKept(Message, frozen=True, tag="piece-kept"):
    """A device handed this one a piece of its sealing secret."""

    device: Bytes32
    set: Bytes32


class PieceReleased(Message, frozen=True, tag="piece-released"):
    """A boot of that device may get its piece: the ``boot``-th that was let in here."""

    device: Bytes32
    set: Bytes32
    boot: int
