"""Handing a device's sealing secret to its keepers (peer release): one session of the device and all of them.

Invariants, in the order in which they hold:

1. The owner authorized exactly this device, these keepers and this number, and the device tried the passphrase.
2. Everybody has shown what it runs on, and nobody was refused, before a piece leaves.
3. A piece is durable at its keeper before the keeper says ``Kept``; the device boots by the new set only after the last
   ``Kept``, in one step; and only after that a keeper lets the earlier set go.

Where it breaks off, the device boots by its earlier set still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from warifu.errors import InputRefused, PeerMisbehaved
from warifu.protocol.channel import HelloStatement
from warifu.protocol.encoding import digest
from warifu.protocol.frames import FromSigner
from warifu.protocol.release import Handing, InUse, Kept
from warifu.signer.entrusted import Dealing
from warifu.signer.sessions.ceremony import Ceremony, Seat
from warifu.signer.sessions.messages import SessionMessage
from warifu.signer.sessions.table import Phase
from warifu.tee.release_keeper import Keeper

_OPENING = digest("hand-out", b"1")


class HandingOut(Ceremony):
    """What both sides share."""

    not_done = "The device boots by its earlier keepers, if it had any."

    def __init__(self, seat: Seat, dealer: bytes) -> None:
        """``dealer``: identity of the device whose secret it is."""
        super().__init__(seat)
        self.dealer = dealer

    def _opening(self) -> bytes:
        return _OPENING

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        if statement.payload != _OPENING:
            raise PeerMisbehaved(
                "version-differs",
                f"device {self.seat.names[peer]} hands out sealing secrets in another way",
                remedy="Bring all devices to the same version of Warifu.",
            )

    def _established(self) -> list[FromSigner]:
        return []

    def _wipe(self) -> None:
        """Pieces are in messages that were read or sent; Python keeps no buffer of them that could be wiped."""


@dataclass(frozen=True)
class ToDeal:
    """What the dealing device does, and how it makes that durable."""

    deal: Callable[[], Dealing]
    in_use: bytes | None
    """The set by which it boots now."""
    put_to_use: Callable[[Dealing], bytes]
    """Boots by the new set from now on; returns the session's result."""


class DealingCeremony(HandingOut):
    """The device whose secret it is."""

    kind = "dealing"

    def __init__(self, seat: Seat, task: ToDeal) -> None:
        super().__init__(seat, seat.key.public)
        self._task = task
        self._dealing: Dealing | None = None
        self._kept: set[bytes] = set()

    def _met(self) -> list[FromSigner]:
        """Keepers that missed the last word about the set in use hear it first: it must be the one that stays."""
        dealing = self._dealing = self._task.deal()
        frames: list[FromSigner] = []
        for peer in self._channel.peers:
            if self._task.in_use is not None:
                frames.append(self._say(peer, InUse(self._task.in_use)))
            frames.append(self._say(peer, dealing.handings[peer]))
        return frames

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        assert isinstance(message, Kept) and self._dealing is not None, "the table lets nothing else through"
        if message.set != self._dealing.described.id:
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "release-kept", f"device {name} says that it keeps something else", blame=name
            )
        self._kept.add(peer)
        if len(self._kept) < len(self._channel.peers):
            return []
        result = self._task.put_to_use(self._dealing)
        return [*self._say_to_all(InUse(self._dealing.described.id)), self._finish(result)]

    def _wipe(self) -> None:
        self._dealing = None


class KeepingCeremony(HandingOut):
    """A device that gets a piece."""

    kind = "keeping"

    def __init__(
        self, seat: Seat, keeper: Keeper, dealer: bytes, keepers: Sequence[bytes], threshold: int
    ) -> None:
        """``dealer``, ``keepers``, ``threshold``: as the owner authorized it."""
        super().__init__(seat, dealer)
        self._keeper = keeper
        self._agreed = (tuple(keepers), threshold)
        self._set: bytes | None = None

    def _advance(self, peer: bytes, message: str) -> None:
        super()._advance(peer, message)
        if peer != self.dealer and self._phases[peer] is Phase.HANDING:
            self._phases[peer] = Phase.NOTHING  # keepers owe each other nothing but what they run on

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        if isinstance(message, InUse):
            return self._put_to_use(peer, message.set)
        assert isinstance(message, Handing), "the table lets nothing else through"
        if (message.set.keepers, len(message.set.commitment)) != self._agreed:
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "release-set", f"device {name} deals its secret otherwise than its owner said", blame=name
            )
        kept = self._keeper.accept(peer, message)
        self._set = kept.set
        return [self._say(peer, kept)]

    def _put_to_use(self, peer: bytes, set_id: bytes) -> list[FromSigner]:
        if self._set is None:
            with suppress(
                InputRefused
            ):  # the set before this one: a keeper that is new never had a piece of it
                self._keeper.put_to_use(peer, set_id)
            return []
        if set_id != self._set:
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "release-set", f"device {name} uses another set than it just dealt", blame=name
            )
        self._keeper.put_to_use(peer, set_id)
        return [self._finish(b"")]
