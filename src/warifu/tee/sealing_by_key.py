"""How platforms seal whose sealing is a key in this process: their own, or one that they are given. None can count."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from warifu.tee.platform import Capabilities, MonotonicCounter
from warifu.tee.sealing_key import Sealer, SealingKey, require_sealer


class _NoCounter:
    """No counter of any name."""

    def counter(self, name: str) -> MonotonicCounter | None:  # noqa: ARG002  # there is none of any name
        return None


class OwnSealing(_NoCounter):
    """Seals by the key that the platform derives, or that its owner brings: ``_sealing``, from the start on."""

    _declared: ClassVar[Capabilities]
    _sealing: SealingKey

    @property
    def capabilities(self) -> Capabilities:
        return self._declared

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        return self._sealing.seal(plaintext, context, auth=auth)

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        return self._sealing.unseal(sealed, context, auth=auth)

    def forget(self) -> None:
        """Wipe the sealing key (best effort). Sealing and unsealing are refused from now on."""
        self._sealing.forget()


class GivenSealing(_NoCounter):
    """Has no key of its own (``NeedsSealer``): until it is given one, ``seal`` and ``unseal`` refuse."""

    _declared: ClassVar[Capabilities]
    """Without a key."""
    _sealing: Sealer | None

    @property
    def capabilities(self) -> Capabilities:
        """Released secrets survive an upgrade: the owner approves it, and the peers release to the new program."""
        return replace(self._declared, survives_upgrade=self._sealing is not None)

    def seal_by(self, sealing: Sealer) -> None:
        """From now on: the key that the peers released, or a new one at the very first start."""
        self._sealing = sealing

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        return require_sealer(self._sealing, self._declared.name).seal(plaintext, context, auth=auth)

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        return require_sealer(self._sealing, self._declared.name).unseal(sealed, context, auth=auth)

    def forget(self) -> None:
        """Wipe the sealing key, where there is one (best effort)."""
        if self._sealing is not None:
            self._sealing.forget()
