"""``UnsafeSoftware``: no TEE at all, and named so. Tier 0.

Sealing is encryption under a key derived from the *device unlock key*: 32 bytes that are handed in at start and never
lie on the device's data disk, so that a pulled disk shows nothing. It protects data at rest; it hides nothing from
whoever controls the running machine. The evidence proves nothing and says so.
"""

from __future__ import annotations

from warifu.attestation.evidence import Evidence
from warifu.attestation.unsafe_software import FORMAT, statement
from warifu.errors import PlatformRefused
from warifu.tee.platform import Capabilities
from warifu.tee.sealing_by_key import OwnSealing
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


class UnsafeSoftware(OwnSealing):
    """The software stand-in for a platform. Its one secret is the sealing key; :meth:`forget` wipes it."""

    _declared = CAPABILITIES

    def __init__(self, unlock_key: bytes | bytearray) -> None:
        """``unlock_key``: 32 secret bytes, the caller's to wipe. Raises ``PlatformRefused``."""
        self._sealing = SealingKey.of_unlock_key(unlock_key)

    def attest(self, report_data: bytes) -> Evidence:
        try:
            return Evidence(NAME, statement(report_data))
        except ValueError as error:
            raise PlatformRefused("report-data", str(error)) from None

    def __repr__(self) -> str:
        return "UnsafeSoftware()"
