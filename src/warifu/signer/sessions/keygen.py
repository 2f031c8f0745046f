"""Making a wallet: one ChillDKG for each of its keys, side by side, among all its devices.

See ``warifu.threshold.dkg.session`` for the messages of one. Invariants, in the order in which they hold:

1. The host secret keys are fresh for each attempt and each key, and public only in a signed Hello.
2. They are durable, under both locks, before the first transcript signature leaves (``keep``).
3. All shares are durable, under both locks, before the birth is announced (``born``), and before a message leaves by
   which the coordinator lets the others finish: a wallet is born with all of its keys or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from warifu.chains.reading import Scheme
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
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.ecdsa.key_generation import ECDSA_DKG
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.wiping import Secret

SUITES: dict[Scheme, DkgSuite] = {
    Scheme.BIP340: BIP340,
    Scheme.ECDSA: ECDSA_DKG,
    Scheme.ED25519: ED25519_DKG,
}


@dataclass(frozen=True)
class Cradle:
    """Where a wallet is laid."""

    threshold: int
    schemes: tuple[Scheme, ...]
    keep: Callable[[Mapping[Scheme, Secret], Sequence[bytes]], None]
    """Makes the host secret keys durable (with their public keys, in the order of ``schemes``), or raises."""
    born: Callable[[Mapping[Scheme, DkgResult]], bytes]
    """Makes shares and birth durable and returns the signed birth, or raises."""
    wipe: Callable[[], None]
    """Closes the locks."""


class KeygenCeremony(Ceremony):
    """See the module."""

    kind = "wallet"
    again: ClassVar[str] = "Make the wallet again."

    def __init__(self, seat: Seat, cradle: Cradle) -> None:
        super().__init__(seat)
        self._cradle = cradle
        self._host_keys = {scheme: SUITES[scheme].group.random_secret() for scheme in cradle.schemes}
        self._host_public = {
            scheme: hostpubkey_gen(key, SUITES[scheme]) for scheme, key in self._host_keys.items()
        }
        self._kept = False
        self._generations: dict[Scheme, KeyGeneration] = {}
        self._held: dict[Scheme, list[Outgoing]] = {}
        """What a key that is generated says, until all are."""

    @property
    def not_done(self) -> str:
        if not self._kept:
            return "No wallet was made."
        return "This device has no share of a wallet. If another has, this one can recover its own."

    def _opening(self) -> bytes:
        """The host public keys in a row; each has the length of its curve's points."""
        return b"".join(self._host_public.values())

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        """ChillDKG itself checks the host public keys, all of them together, when it starts."""
        if len(statement.payload) != len(self._opening()):
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "host-key", f"the host public keys of {name} have a wrong length", blame=name
            )

    def _established(self) -> list[FromSigner]:
        participants = self.seat.participants
        statements = self._channel.statements
        if len(participants) == 1:
            self._keep()  # alone, a generation is finished at once
        at = 0
        for scheme, key in self._host_keys.items():
            end = at + len(self._host_public[scheme])
            publics = [statements[identity].payload[at:end] for identity in participants]
            at = end
            try:
                self._generations[scheme] = KeyGeneration.start(
                    key,
                    publics,
                    self._cradle.threshold,
                    participants.index(self.seat.key.public),
                    suite=SUITES[scheme],
                )
            except (InvalidHostPubkey, DuplicateHostPubkey) as error:
                raise self._bad_host_key(error) from None
        frames: list[FromSigner] = []
        for scheme, generation in self._generations.items():
            frames += self._deliver(scheme, generation.outgoing())
        return frames

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        assert isinstance(message, Generation), "the table lets nothing else through"
        scheme = Scheme(message.scheme)
        generation = self._generations.get(scheme)
        if generation is None:  # messages wait until the channel stands, so it is a key of no generation here
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "malformed", f"device {name} speaks of a key that is not being generated", blame=name
            )
        try:
            outgoing = generation.handle(self.seat.participants.index(peer), message.phase, message.body)
        except InvalidContribution as error:
            raise self._culprit(error) from None
        return self._deliver(scheme, outgoing)

    def _deliver(self, scheme: Scheme, outgoing: list[Outgoing]) -> list[FromSigner]:
        if any(message.durable_first for message in outgoing):
            self._keep()
        if self._generations[scheme].result is None or self.finished:
            return self._sent(scheme, outgoing)
        self._held[scheme] = self._held.get(scheme, []) + outgoing
        results = {key: generation.result for key, generation in self._generations.items()}
        complete = {key: result for key, result in results.items() if result is not None}
        if len(complete) < len(self._cradle.schemes):
            return []
        finished = self._finish(self._cradle.born(complete))
        frames: list[FromSigner] = []
        for key, held in self._held.items():
            frames += self._sent(key, held)
        return [*frames, finished]

    def _sent(self, scheme: Scheme, outgoing: list[Outgoing]) -> list[FromSigner]:
        frames: list[FromSigner] = []
        for message in outgoing:
            sealed = Generation(scheme.value, message.phase, message.body)
            if message.to_index is None:
                frames += self._say_to_all(sealed)
            else:
                frames.append(self._say(self.seat.participants[message.to_index], sealed))
        return frames

    def timeout(self) -> SessionAborted:
        """After a complaint the coordinator waits: the one that complained says whom it suspects, and says it first."""
        for generation in self._generations.values():
            if isinstance(generation.failure, ShareComplaint):
                complainant = self._name(generation.failure.complainant)
                return SessionAborted(
                    "share-complaint",
                    f"device {complainant} complained of a wrong secret share and did not say whom it suspects",
                    remedy=self.again,
                )
        return super().timeout()

    def _keep(self) -> None:
        if not self._kept:
            self._cradle.keep(self._host_keys, tuple(self._host_public.values()))
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
            remedy=f"{self.again} If it happens twice, do without the named device.",
            blame=names[0] if names else None,
        )

    def _name(self, index: int) -> str:
        return self.seat.names[self.seat.participants[index]]

    def _wipe(self) -> None:
        for key in self._host_keys.values():
            key.wipe()
        for generation in self._generations.values():
            if generation.result is not None:
                generation.result.share.wipe()
            generation.close()
        self._cradle.wipe()
