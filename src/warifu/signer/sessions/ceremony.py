"""What all ceremonies share: the channel, each peer's phase and evidence, and the order in which early messages wait.

The service relays in whatever order it likes. A record that comes before the last Hello is kept (a few per peer, no
more) until the channel stands; everything else out of order ends the session. The first record of each peer shows what
it runs on, and until every peer has shown it, nobody's other messages are looked at.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved, SessionAborted
from warifu.protocol.attesting import Binding
from warifu.protocol.channel import Channel, Hello, HelloStatement, Record, decode_body
from warifu.protocol.encoding import encode
from warifu.protocol.epochs import AT_BIRTH, position, statement_in
from warifu.protocol.frames import Carried, Finished, FromSigner, PieceTaken, Relay, TunnelEnded
from warifu.protocol.identity import IdentityKey
from warifu.signer.sessions.messages import SessionMessage, Shown, decode_message
from warifu.signer.sessions.table import Phase, next_phase

LIFETIME = 120
"""Seconds from a session's opening to its end, whatever happens."""
MAX_EARLY = 5

Show = Callable[[Binding], Mapping[bytes, Shown]]
"""What this device shows each peer (by identity) in this session, made fresh for it."""
Judge = Callable[[bytes, Shown, Binding], None]
"""Refuses what a peer (its identity) shows."""
Meet = Callable[[], None]
"""Remembers, durably, what every peer has shown: none was refused."""
CatchUp = Callable[[bytes], None]
"""Uses this device's shares of the epoch with this certificate from now on."""


def _never(_certificate: bytes) -> None:
    raise InputRefused("certificate", "there are no shares yet that could be of another epoch")


@dataclass(frozen=True)
class Seat:
    """This device's place in a session: all that does not depend on what the session is for."""

    key: IdentityKey
    session: bytes
    purpose: bytes
    """Digest of the request."""
    participants: tuple[bytes, ...]
    rules_hash: bytes
    """Of the rules that are in force here, and must be with every participant."""
    revision: int
    names: Mapping[bytes, str]
    """Every participant's, by identity."""
    expires: int
    """The moment of the session's end."""
    show: Show
    judge: Judge
    meet: Meet
    wallet: bytes | None = None
    """Whose shares are in use; None where there are none yet."""
    epoch: bytes = AT_BIRTH
    """Position of the shares that this device has in force."""
    certificate: bytes = b""
    """Of that epoch; empty for the shares of birth."""
    catch_up: CatchUp = _never


class Ceremony(ABC):
    """One participant's part in one session. Messages in, frames out; single use."""

    kind: ClassVar[str]
    lasts = False
    """Whether it may go on for much longer than others: a device takes part in few of these."""

    def __init__(self, seat: Seat) -> None:
        """Raises ``InputRefused`` where the participants make no sense."""
        self.seat = seat
        self.finished = False
        self.parting: list[FromSigner] = []
        """What the others are told before this device leaves a session that failed."""
        self._channel = Channel(
            seat.key,
            seat.session,
            seat.purpose,
            seat.participants,
            seat.rules_hash,
            seat.revision,
            seat.epoch,
        )
        self._phases = dict.fromkeys(self._channel.peers, Phase.HELLO)
        self._early: dict[bytes, list[Record]] = {peer: [] for peer in self._channel.peers}
        self._not_shown = set(self._channel.peers)
        self._waiting: list[tuple[bytes, SessionMessage]] = []
        """Of peers that have shown what they run on, while another has not."""

    def begin(self) -> list[FromSigner]:
        """The Hello to each peer; where there is none, the whole ceremony."""
        hello = self._channel.hello(self._opening())
        frames: list[FromSigner] = [Relay(self.seat.session, peer, hello) for peer in self._channel.peers]
        return frames + (self._established() if self._channel.established else [])

    def receive(self, peer: bytes, body: bytes) -> list[FromSigner]:
        """Take what the service relays as ``peer``'s. Any error ends the session: the caller closes it."""
        if peer not in self._phases:
            raise PeerMisbehaved(
                "unknown-participant", "a message comes from a device that is not in this session"
            )
        try:
            message = decode_body(body)
        except InputRefused as error:
            raise PeerMisbehaved("malformed", f"a session message cannot be read: {error}") from None
        if isinstance(message, Hello):
            return self._hello(peer, message)
        if not self._channel.established:
            return self._keep_early(peer, message)
        return self._record(peer, message)

    def carried(self, _frame: Carried | TunnelEnded) -> list[FromSigner]:
        """Take what the service brings through a tunnel of this session. Nobody who opened none is concerned."""
        return []

    def taken(self, _frame: PieceTaken) -> list[FromSigner]:
        """The service has what this ceremony hands on, up to there. Nobody who hands nothing on is concerned."""
        return []

    def stop(self) -> list[FromSigner]:
        """The owner has heard enough. Nobody who listens to nothing is concerned."""
        return []

    @property
    def expires(self) -> int:
        """The moment of its end, whatever happens."""
        return self.seat.expires

    def tick(self) -> list[FromSigner]:
        """Time passed: what has a deadline of its own within the session's."""
        return []

    def timeout(self) -> SessionAborted:
        """The error of a session that came to its end without a result: it names who is silent."""
        silent = [self.seat.names[peer] for peer, phase in self._phases.items() if phase is not Phase.NOTHING]
        return SessionAborted(
            "timeout",
            f"the session did not finish within {LIFETIME} seconds; not heard enough from: {', '.join(silent)}",
            remedy="See that these devices are on and connected, then ask again.",
            blame=silent[0] if len(silent) == 1 else None,
        )

    @property
    @abstractmethod
    def not_done(self) -> str:
        """What the owner is told was not done, if the session ends now."""

    def close(self) -> None:
        """Wipe all secrets. The ceremony is unusable afterwards."""
        self._channel.close()
        self._early.clear()
        self._waiting.clear()
        self._wipe()

    @abstractmethod
    def _opening(self) -> bytes:
        """The payload of this participant's Hello."""

    @abstractmethod
    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        """Judge the payload of a peer's Hello."""

    @abstractmethod
    def _established(self) -> list[FromSigner]:
        """All Hellos are in: the first records."""

    def _met(self) -> list[FromSigner]:
        """Everybody has shown what it runs on, and nobody was refused: what had to wait for that."""
        return []

    @abstractmethod
    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        """A message that is legal now."""

    @abstractmethod
    def _wipe(self) -> None:
        """Wipe what the ceremony holds beside the channel."""

    def _say(self, peer: bytes, message: SessionMessage) -> Relay:
        return Relay(self.seat.session, peer, self._channel.seal(peer, encode(message)))

    def _say_to_all(self, message: SessionMessage) -> list[FromSigner]:
        return [self._say(peer, message) for peer in self._channel.peers]

    def _finish(self, result: bytes) -> Finished:
        self.finished = True
        return Finished(self.seat.session, result)

    def _hello(self, peer: bytes, hello: Hello) -> list[FromSigner]:
        seat = self.seat
        try:
            statement = self._channel.receive_hello(peer, hello)
        except AuthorizationRefused:
            # Whoever altered it, the peer cannot be blamed for what it did not sign.
            raise PeerMisbehaved(
                "hello",
                f"a Hello in the name of device {seat.names[peer]} is not signed by it",
                remedy="Either the custody service or that device is at fault; try once more.",
            ) from None
        self._welcome(peer, statement)
        self._advance(peer, "hello")
        if not self._channel.established:
            return []
        shown = self.parting = (
            self._show()
        )  # should a record that came early end the session, they still leave
        frames = shown + self._established()
        for sender, records in self._early.items():
            for record in records:
                if not self.finished:
                    frames += self._record(sender, record)
        self.parting = []
        return frames

    def _keep_early(self, peer: bytes, record: Record) -> list[FromSigner]:
        waiting = self._early[peer]
        if len(waiting) >= MAX_EARLY:
            raise PeerMisbehaved("record-early", "too many messages came before the channel was established")
        waiting.append(record)
        return []

    def _record(self, peer: bytes, record: Record) -> list[FromSigner]:
        name = self.seat.names[peer]
        try:
            message = decode_message(self._channel.open(peer, record))
        except InputRefused as error:
            # The record opened, so the peer itself wrote this.
            raise PeerMisbehaved(
                "malformed", f"device {name} sent a message that cannot be read: {error}", blame=name
            ) from None
        self._advance(peer, str(message.__struct_config__.tag))
        if isinstance(message, Shown):
            self.seat.judge(peer, message, self._channel.binding(peer))
            self._require_same_epoch(peer, message.certificate)
            self._not_shown.discard(peer)
            if self._not_shown:
                return []
            self.seat.meet()
            return self._met() + self._take_waiting()
        if self._not_shown:
            return self._keep_waiting(peer, message)
        return self._take(peer, message)

    def _show(self) -> list[FromSigner]:
        """Evidence for this very channel, made now that every peer's part of the transcript is there."""
        if not self._channel.peers:
            return []
        shown = self.seat.show(self._channel.binding(self.seat.key.public))
        return [self._say(peer, self._with_certificate(peer, shown[peer])) for peer in self._channel.peers]

    def _with_certificate(self, peer: bytes, shown: Shown) -> Shown:
        """A device that is behind catches up by it."""
        if self._channel.statements[peer].epoch >= self.seat.epoch:
            return shown
        return msgspec.structs.replace(shown, certificate=self.seat.certificate)

    def _require_same_epoch(self, peer: bytes, certificate: bytes) -> None:
        """Shares of two epochs are nothing together. Whoever is behind is shown the certificate of the newer one and
        catches up; this session, in which it has opened a share of the older one, ends all the same."""
        theirs, name = self._channel.statements[peer].epoch, self.seat.names[peer]
        if theirs == self.seat.epoch:
            return
        if theirs > self.seat.epoch:
            try:
                if position(statement_in(certificate)) != theirs:
                    raise InputRefused("certificate", "the certificate is of another epoch")
                self.seat.catch_up(certificate)
            except (InputRefused, AuthorizationRefused):
                raise PeerMisbehaved(
                    "epoch", f"device {name} claims shares of an epoch that it cannot show", blame=name
                ) from None
            name = self.seat.names[self.seat.key.public]
        raise SessionAborted(
            "epoch-differs",
            f"device {name} had shares of before the last refresh in use",
            remedy="Ask again: it catches up as soon as it is shown that the refresh came to its end.",
            blame=name,
        )

    def _take_waiting(self) -> list[FromSigner]:
        waiting, self._waiting = self._waiting, []
        frames: list[FromSigner] = []
        for sender, message in waiting:
            if not self.finished:
                frames += self._take(sender, message)
        return frames

    def _keep_waiting(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        if sum(sender == peer for sender, _ in self._waiting) >= MAX_EARLY:
            raise PeerMisbehaved("record-early", "too many messages came before every device was looked at")
        self._waiting.append((peer, message))
        return []

    def _advance(self, peer: bytes, message: str) -> None:
        self._phases[peer] = next_phase(self.kind, self._phases[peer], message, self.seat.names[peer])
