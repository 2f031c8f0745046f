"""``UnsafeSoftware``: no TEE at all, and named so. Tier 0.

Sealing is encryption under a key derived from the *device unlock key*: 32 bytes that are handed in at start and never
lie on the device's data disk, so that a pulled disk shows nothing. It protects data at rest; it hides nothing from
whoever controls the running machine. The evidence proves nothing and says so.
"""

from __future__ import annotations

from warifu.attestation.evidence import Evidence
from warifu.attestation.unsafe_software import FORMAT, statement
from warifu.errors import PlatformRefused
from warifu.tee.platform import Capabilities, MonotonicCounter
from warifu.tee.sealing_key import SealingKey

NAME = FORMAT

CAPABILITIES = Capabilities(
    name=NAME,
    tier=0,
    memory_isolated_from_root=False,
    hardware_root_of_trust=False,
    native_sealing=False,
    survives_upgrade=True,
    rollback_protected=False,
    guesses_rate_limited_by_hardware=False,
    attestable=False,
    production=False,
)


class UnsafeSoftware:
    """The software stand-in for a platform. Its one secret is the sealing key; :meth:`forget` wipes it."""

    def __init__(self, unlock_key: bytes | bytearray) -> None:
        """``unlock_key``: 32 secret bytes, the caller's to wipe. Raises ``PlatformRefused``."""
        self._sealing = SealingKey.of_unlock_key(unlock_key)

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        return self._sealing.seal(plaintext, context, auth=auth)

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        return self._sealing.unseal(sealed, context, auth=auth)

    def attest(self, report_data: bytes) -> Evidence:
        try:
            return Evidence(NAME, statement(report_data))
        except ValueError as error:
            raise PlatformRefused("report-data", str(error)) from None

    def counter(self, name: str) -> MonotonicCounter | None:  # noqa: ARG002  # there is none of any name
        return None

    def forget(self) -> None:
        """Wipe the sealing key (best effort). Sealing and unsealing are refused from now on."""
        self._sealing.forget()

    def __repr__(self) -> str:
        return "UnsafeSoftware()"
