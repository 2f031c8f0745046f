"""Making a wallet: ChillDKG among all its devices. See ``warifu.threshold.dkg.session`` for its messages.

Invariants, in the order in which they hold:

1. The host secret key is fresh for each attempt, and public only in a signed Hello.
2. It is durable, under both locks, before the transcript signature leaves (``keep``).
3. The share is durable, under both locks, before the birth is announced (``born``), and before the message leaves by
   which the coordinator lets the others finish.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warifu.errors import PeerMisbehaved, SessionAborted
from warifu.protocol.channel import HelloStatement
from warifu.protocol.frames import FromSigner
from warifu.signer.sessions.ceremony import Ceremony, Seat
from warifu.signer.sessions.messages import Generation, SessionMessage
from warifu.threshold.dkg.errors import DuplicateHostPubkey, InvalidHostPubkey
from warifu.threshold.dkg.params import hostpubkey_gen
from warifu.threshold.dkg.phases import Outgoing
from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.dkg.session import KeyGeneration, ShareComplaint, suspects
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class Cradle:
    """Where a wallet is laid."""

    threshold: int
    keep: Callable[[Secret, bytes], None]
    """Makes the host secret key durable (with its 33-byte public key), or raises."""
    born: Callable[[DkgResult], bytes]
    """Makes share and birth durable and returns the signed birth, or raises."""
    wipe: Callable[[], None]
    """Closes the locks."""


class KeygenCeremony(Ceremony):
    """See the module."""

    kind = "wallet"

    def __init__(self, seat: Seat, cradle: Cradle) -> None:
        super().__init__(seat)
        self._cradle = cradle
        self._host_key = SECP256K1.random_secret()
        self._host_public = hostpubkey_gen(self._host_key)
        self._kept = False
        self._generation: KeyGeneration | None = None

    @property
    def not_done(self) -> str:
        if not self._kept:
            return "No wallet was made."
        return "This device has no share of a wallet. If another has, this one can recover its own."

    def _opening(self) -> bytes:
        return self._host_public

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        """ChillDKG itself checks the peer's host public key, with all others, when it starts."""

    def _established(self) -> list[FromSigner]:
        participants = self.seat.participants
        statements = self._channel.statements
        publics = [statements[identity].payload for identity in participants]
        if len(participants) == 1:
            self._keep()  # alone, the generation is finished at once
        try:
            self._generation = KeyGeneration.start(
                self._host_key, publics, self._cradle.threshold, participants.index(self.seat.key.public)
            )
        except (InvalidHostPubkey, DuplicateHostPubkey) as error:
            raise self._bad_host_key(error) from None
        return self._deliver(self._generation, self._generation.outgoing())

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        assert isinstance(message, Generation), "the table lets nothing else through"
        assert self._generation is not None, "messages wait until the channel stands"
        try:
            outgoing = self._generation.handle(
                self.seat.participants.index(peer), message.phase, message.body
            )
        except InvalidContribution as error:
            raise self._culprit(error) from None
        return self._deliver(self._generation, outgoing)

    def _deliver(self, generation: KeyGeneration, outgoing: list[Outgoing]) -> list[FromSigner]:
        if any(message.durable_first for message in outgoing):
            self._keep()
        finished: list[FromSigner] = []
        if generation.result is not None and not self.finished:
            finished = [self._finish(self._cradle.born(generation.result))]
        frames: list[FromSigner] = []
        for message in outgoing:
            sealed = Generation(message.phase, message.body)
            if message.to_index is None:
                frames += self._say_to_all(sealed)
            else:
                frames.append(self._say(self.seat.participants[message.to_index], sealed))
        return frames + finished

    def timeout(self) -> SessionAborted:
        """After a complaint the coordinator waits: the one that complained says whom it suspects, and says it first."""
        failure = self._generation.failure if self._generation is not None else None
        if not isinstance(failure, ShareComplaint):
            return super().timeout()
        complainant = self._name(failure.complainant)
        return SessionAborted(
            "share-complaint",
            f"device {complainant} complained of a wrong secret share and did not say whom it suspects",
            remedy="Make the wallet again.",
        )

    def _keep(self) -> None:
        if not self._kept:
            self._cradle.keep(self._host_key, self._host_public)
            self._kept = True

    def _bad_host_key(self, error: InvalidHostPubkey | DuplicateHostPubkey) -> PeerMisbehaved:
        culprits = [error.index] if isinstance(error, InvalidHostPubkey) else [error.first, error.second]
        names = [self._name(index) for index in culprits]
        mine = self.seat.names[self.seat.key.public]
        others = [name for name in names if name != mine]
        return PeerMisbehaved(
            "host-key",
            f"the host public key of {' and '.join(names)} is not valid, or not its own",
            blame=others[0] if len(others) == 1 else None,
        )

    def _culprit(self, error: InvalidContribution) -> PeerMisbehaved:
        """The mathematics knows numbers; people know devices."""
        names = [self._name(index) for index in suspects(error)]
        who = f"device {names[0]}" if names else "a device that cannot be told"
        doubt = f" (or {names[1]} made it look so)" if len(names) == 2 else ""
        return PeerMisbehaved(
            "key-generation",
            f"key generation failed: {who} sent an invalid {error.what}{doubt}",
            remedy="Make the wallet again, without the named device if it happens twice.",
            blame=names[0] if names else None,
        )

    def _name(self, index: int) -> str:
        return self.seat.names[self.seat.participants[index]]

    def _wipe(self) -> None:
        self._host_key.wipe()
        if self._generation is not None:
            if self._generation.result is not None:
                self._generation.result.share.wipe()
            self._generation.close()
        self._cradle.wipe()
