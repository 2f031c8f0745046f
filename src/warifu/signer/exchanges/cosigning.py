"""The side of those who give a call's carrier their signature shares (``exchanges.calling``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warifu.exchanges.signing import ToSign, ToSubscribe
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import Cosigned
from warifu.protocol.frames import FromSigner
from warifu.signer.exchanges.calling import Calling, Signers
from warifu.signer.exchanges.opening import KeyShare
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.messages import Nonces, Partials, SessionMessage, Stamped
from warifu.signer.sessions.table import next_phase


@dataclass(frozen=True)
class Cosignature:
    """What a co-signer does for the carrier."""

    request: bytes
    """Digest of what it is for."""
    key: KeyShare | None
    """None where nothing is signed: then it only shows what it runs on."""
    prepare: Callable[[Stamped], ToSign | ToSubscribe]
    """What is to be signed at this stamp; raises where it is not to be."""
    signed: Callable[[Stamped], None]
    """Makes durable that this device's share may leave, or raises."""
    close: Callable[[], None]
    """Wipes the share."""


class Cosigning(Calling):
    """The side of those who give their share. Takes ownership of it."""

    kind = "cosigning"

    def __init__(self, seat: Seat, signers: Signers, cosignature: Cosignature) -> None:
        super().__init__(seat, signers)
        self._cosignature = cosignature
        self._stamped: Stamped | None = None

    not_done = "This device signed nothing for it."

    def _advance(self, peer: bytes, message: str) -> None:
        kind = self.kind if peer == self._signers.carrier else "beside"
        self._phases[peer] = next_phase(kind, self._phases[peer], message, self.seat.names[peer])

    def _established(self) -> list[FromSigner]:
        return []

    def _met(self) -> list[FromSigner]:
        return [] if self._cosignature.key is not None else [self._cosigned()]

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        if isinstance(message, Stamped):
            return self._begin(peer, message)
        assert isinstance(message, Nonces), "the table lets nothing else through"
        self._nonces[peer] = self._one(peer, message.public)
        return self._sign_when_ready()

    def _begin(self, carrier: bytes, stamped: Stamped) -> list[FromSigner]:
        key = self._cosignature.key
        assert key is not None, "without a key this is over when all have met"
        to_sign = self._cosignature.prepare(stamped)
        public = self._start(key, to_sign.message)
        self._nonces[carrier] = stamped.public
        self._stamped = stamped
        return self._say_to_all(Nonces((public,))) + self._sign_when_ready()

    def _sign_when_ready(self) -> list[FromSigner]:
        if self._stamped is None or len(self._nonces) < len(self._signers.numbers):
            return []
        self._cosignature.signed(self._stamped)
        with self._naming_culprits():
            partial = self._partial()
        return [self._say(self._signers.carrier, Partials((partial,))), self._cosigned()]

    def _cosigned(self) -> FromSigner:
        return self._finish(encode(Cosigned(self._cosignature.request)))

    def _wipe(self) -> None:
        super()._wipe()
        self._cosignature.close()
