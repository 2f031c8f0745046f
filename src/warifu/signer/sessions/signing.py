"""What signing ceremonies of both kinds do alike: a session for each signature, all in the same messages."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from warifu.errors import PeerMisbehaved
from warifu.protocol.channel import HelloStatement
from warifu.protocol.encoding import digest
from warifu.signer.sessions.ceremony import Ceremony, Seat
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.wiping import Secret

Bodies = tuple[bytes, ...]
"""One for each signature."""


class Closing(Protocol):
    """A session of a threshold protocol, which holds secrets until it is closed."""

    def close(self) -> None:
        """Wipe them."""


Session = TypeVar("Session", bound=Closing)


class SigningCeremony(Ceremony, Generic[Session]):
    """A ceremony whose result is ``count`` signatures. Takes ownership of ``share``."""

    def __init__(self, seat: Seat, share: Secret, numbers: Mapping[bytes, int], count: int) -> None:
        """``numbers``: who each participant, by identity, is to the mathematics."""
        super().__init__(seat)
        self._share = share
        self._numbers = numbers
        self._count = count
        self._signing: list[Session] = []
        self._shares: dict[bytes, Bodies] = {}
        """Signature shares by participant, ours among them as soon as they exist."""

    @property
    def not_done(self) -> str:
        if not self._shares.get(self.seat.key.public):
            return "Nothing was signed and nothing was sent."
        return "This device released no signature; others may have one. Ask for the result, or authorize once more."

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        if statement.payload != self._opening():
            raise PeerMisbehaved(
                "transaction-differs",
                f"device {self.seat.names[peer]} was given another transaction to sign, or says so",
                remedy="Either the custody service or that device is at fault; try once more.",
            )

    @abstractmethod
    def _convicted(self, culprit: bytes | None, error: InvalidContribution) -> PeerMisbehaved:
        """What is told, and done, about a participant (None where it is not known which) that sent something false."""

    @contextmanager
    def _naming_culprits(self) -> Iterator[None]:
        """The mathematics knows numbers; people know devices."""
        try:
            yield
        except InvalidContribution as error:
            identities = {number: peer for peer, number in self._numbers.items()}
            raise self._convicted(
                None if error.index is None else identities.get(error.index), error
            ) from None

    def _once(self, index: int) -> bytes:
        """32 bytes for one signing session. None repeats: the transcript holds a fresh key of this device's own."""
        return digest("signing-session", self._channel.transcript, index.to_bytes(4, "big"))

    def _of_signature(self, messages: Mapping[bytes, Bodies], index: int) -> dict[int, bytes]:
        return {self._numbers[peer]: bodies[index] for peer, bodies in messages.items()}

    def _one_for_each_signature(self, peer: bytes, bodies: Bodies) -> Bodies:
        if len(bodies) != self._count:
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "malformed",
                f"device {name} sent {len(bodies)} parts for {self._count} signatures",
                blame=name,
            )
        return bodies

    def _wipe(self) -> None:
        self._share.wipe()
        for signing in self._signing:
            signing.close()
