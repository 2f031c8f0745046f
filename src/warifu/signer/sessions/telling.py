"""Devices of a strict wallet meet, and each tells the others what it counts (``signer.taking``). Nothing is signed.

Of calls at exchanges they speak in sessions alone, because the service must not read what was asked. A device that was
away cannot take part in the next one before it has heard of those (``signer.acknowledging``): this is how it hears.
"""

from __future__ import annotations

from warifu.errors import PeerMisbehaved
from warifu.protocol.channel import HelloStatement
from warifu.protocol.frames import FromSigner
from warifu.signer.sessions.ceremony import Ceremony
from warifu.signer.sessions.messages import SessionMessage


class TellingCeremony(Ceremony):
    """It is over when everybody has shown what it runs on, and what was told is kept."""

    kind = "telling"
    not_done = "Nothing was told for good."

    def _opening(self) -> bytes:
        return b""

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        if statement.payload:
            name = self.seat.names[peer]
            raise PeerMisbehaved(
                "malformed", f"device {name} says something where there is nothing to say", blame=name
            )

    def _established(self) -> list[FromSigner]:
        return [] if self._channel.peers else [self._finish(b"")]

    def _met(self) -> list[FromSigner]:
        return [self._finish(b"")]

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        del message  # whatever it is: the table lets none through
        name = self.seat.names[peer]
        raise PeerMisbehaved("out-of-turn", f"device {name} says more than what it tells", blame=name)

    def _wipe(self) -> None:
        """It holds no secret."""
