"""Making correlations for ECDSA signatures, ahead of time: each two of the participants by themselves.

Nothing moves by it, so the service may open it without the owner. What a hostile service can do with that is to make
devices work (``Pool.admit_batch`` bounds it) and to leave them with correlations of which one side knows nothing; the
next ceremony deletes those.

Invariants, in the order in which they hold:

1. No participant is banned.
2. Both sides of a pair have said what they hold, and there is room for a batch.
3. A correlation is durable before this device says that it is done; whoever cheats is banned before it hears of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.errors import PeerMisbehaved
from warifu.protocol.channel import HelloStatement
from warifu.protocol.encoding import digest
from warifu.protocol.frames import FromSigner
from warifu.signer.pool import WalletPool
from warifu.signer.sessions.ceremony import Ceremony, Seat
from warifu.signer.sessions.messages import BaseTransfers, ExtendedTransfers, Held, SessionMessage
from warifu.threshold.ecdsa.binding import PROTOCOL
from warifu.threshold.ecdsa.correlating import Correlating
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.errors import InvalidContribution


@dataclass(frozen=True)
class Batch:
    """What is made: ``count`` correlations with each of the other participants."""

    pool: WalletPool
    count: int
    seen: Seen


class CorrelatingCeremony(Ceremony):
    """See the module."""

    kind = "correlating"
    not_done = "Nothing was prepared with some of the devices; nothing was to be signed."

    def __init__(self, seat: Seat, batch: Batch) -> None:
        """Raises ``PeerMisbehaved`` (``banned``) and ``SessionAborted`` (``busy``)."""
        super().__init__(seat)
        batch.pool.require(seat.participants, 0, seat.names)
        batch.pool.admit_batch(seat.participants)
        self._batch = batch
        self._held: dict[bytes, tuple[bytes, ...]] = {}
        self._making: dict[bytes, Correlating] = {}
        self._made: set[bytes] = set()

    def _opening(self) -> bytes:
        return digest("correlating", PROTOCOL, self._batch.count.to_bytes(4, "big"))

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        """An honest device of another version would fail every check, and be banned for it."""
        if statement.payload != self._opening():
            raise PeerMisbehaved(
                "version-differs",
                f"device {self.seat.names[peer]} was asked for another number of correlations, or has another version",
                remedy="Bring all devices to the same version of Warifu.",
            )

    def _established(self) -> list[FromSigner]:
        self._held = {peer: self._batch.pool.held(peer) for peer in self._channel.peers}
        return [self._say(peer, Held(ids)) for peer, ids in self._held.items()]

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        self._batch.pool.require_not_banned(peer, self.seat.names[peer])  # in another session, meanwhile
        if isinstance(message, Held):
            return [self._start(peer, message.ids)]
        try:
            if isinstance(message, BaseTransfers):
                return [self._say(peer, ExtendedTransfers(self._making[peer].extend(message.body)))]
            assert isinstance(message, ExtendedTransfers), "the table lets nothing else through"
            self._batch.pool.put(peer, self._making[peer].finish(message.body))
        except InvalidContribution as error:
            raise self._banned(peer, error.what) from None
        self._made.add(peer)
        return [self._finish(b"")] if len(self._made) == len(self._channel.peers) else []

    def _start(self, peer: bytes, theirs: tuple[bytes, ...]) -> FromSigner:
        pool = self._batch.pool
        pool.shared(peer, self._held[peer], theirs)
        pool.require_room(peer, self._batch.count)
        # Never repeats: the transcript holds a fresh key of this device's own.
        once = digest("correlating-session", self._channel.transcript, *sorted((pool.me, peer)))
        self._making[peer], hello = Correlating.start(
            pool.key, pool.numbers[pool.me], pool.numbers[peer], self._batch.count, once, self._batch.seen
        )
        return self._say(peer, BaseTransfers(hello))

    def _banned(self, peer: bytes, what: str) -> PeerMisbehaved:
        name = self.seat.names[peer]
        self._batch.pool.ban(peer, what)
        return PeerMisbehaved(
            "correlation",
            f"device {name} cheated while correlations were made: invalid {what}",
            remedy="Sign with other devices, and replace that one: it is taken over, or broken.",
            blame=name,
        )

    def _wipe(self) -> None:
        for making in self._making.values():
            making.close()
