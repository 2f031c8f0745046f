"""A call at an exchange: one of the participants carries it, the others give it their signature shares.

Here is what both sides share; ``carrying`` and ``cosigning`` are the sides. Who signs for what and who looks afterwards
is ``signer.exchanges``. Invariants, in the order in which they hold:

1. Everything was judged before this begins: request, call, policy, account.
2. Everybody has shown what it runs on, and nobody was refused, before the carrier opens a tunnel.
3. The carrier knows the exchange's clock, and the exchange has proven its name, before the call gets its stamp: nothing
   has to be waited for after it but the others.
4. A co-signer compares the stamp with its own clock, so that no signature is made for a later time. ``signed`` is
   durable before its share leaves, and the share goes to the carrier alone: together they are the call.
5. ``sending`` is durable at the carrier before the first byte of the call leaves; ``ended`` before anybody is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from warifu.errors import PeerMisbehaved
from warifu.protocol.channel import HelloStatement
from warifu.protocol.encoding import digest
from warifu.signer.exchanges.opening import KeyShare
from warifu.signer.sessions.ceremony import Ceremony, Seat
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.frost.session import SigningSession

TOLERANCE = 30
"""Seconds by which the exchange's clock may differ from a device's."""


@dataclass(frozen=True)
class Signers:
    """What all participants mean alike."""

    carrier: bytes
    seen: bytes
    """32 bytes over what is asked and whose account it is: other ones make honest shares look like forged ones."""
    numbers: Mapping[bytes, int]
    """Every participant's identifier in FROST; empty where nothing is signed together."""


def is_near(milliseconds: int, seconds: int) -> bool:
    """Whether a stamp is near a device's clock."""
    return abs(milliseconds - 1000 * seconds) <= 1000 * TOLERANCE


class Calling(Ceremony):
    """What both sides do."""

    def __init__(self, seat: Seat, signers: Signers) -> None:
        super().__init__(seat)
        self._signers = signers
        self._signing: SigningSession | None = None
        self._nonces: dict[bytes, bytes] = {}

    def _opening(self) -> bytes:
        return self._signers.seen

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        if statement.payload != self._opening():
            raise PeerMisbehaved(
                "call-differs",
                f"device {self.seat.names[peer]} was given another call, or keeps another credential, or says so",
                remedy="Either the custody service or that device is at fault; try once more.",
            )

    def _start(self, key: KeyShare, message: bytes) -> bytes:
        """Draw the nonce; the public one, 64 bytes. The transcript never repeats: a fresh key is in it."""
        numbers = self._signers.numbers
        self._signing, public = SigningSession.start(
            key.key,
            key.share,
            numbers[self.seat.key.public],
            list(numbers.values()),
            message,
            (),
            digest("calling-session", self._channel.transcript),
            scheme=FROST_ED25519,
        )
        self._nonces[self.seat.key.public] = public
        return public

    def _partial(self) -> bytes:
        assert self._signing is not None, "whoever has nonces has begun"
        return self._signing.sign(self._numbered(self._nonces))

    def _numbered(self, parts: Mapping[bytes, bytes]) -> dict[int, bytes]:
        return {self._signers.numbers[peer]: part for peer, part in parts.items()}

    def _one(self, peer: bytes, parts: tuple[bytes, ...]) -> bytes:
        if len(parts) != 1:
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "malformed", f"device {name} sent {len(parts)} parts for one signature", blame=name
            )
        return parts[0]

    @contextmanager
    def _naming_culprits(self) -> Iterator[None]:
        """The mathematics knows numbers; people know devices."""
        try:
            yield
        except InvalidContribution as error:
            identities = {number: peer for peer, number in self._signers.numbers.items()}
            culprit = None if error.index is None else identities.get(error.index)
            name = None if culprit is None else self.seat.names[culprit]
            raise PeerMisbehaved(
                "signature-share" if error.what == "psig" else "public-nonce",
                f"device {name or '(unknown)'} sent an invalid {error.what}",
                remedy="Sign with other devices; this one may be broken or taken over." if name else "",
                blame=name,
            ) from None

    def _wipe(self) -> None:
        if self._signing is not None:
            self._signing.close()
