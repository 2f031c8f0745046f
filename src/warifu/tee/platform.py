"""What a platform does for the signer that runs on it (the attester's side of RFC 9334).

A platform is a TEE, a TPM, or a stand-in that admits that it is neither. It says in :class:`Capabilities` what it
gives, truthfully, so that a policy can demand more; a service that it does not have is absent (``None``) and never
imitated.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from warifu.attestation.evidence import Evidence, Tier

MAX_SEALED_BYTES = 16 * 1024 * 1024
MAX_CONTEXT_BYTES = 1024
AUTH_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class PlatformSettings:
    """Which platform a device was set up for, and where it is found. None of it is secret."""

    name: str
    directory: Path | None = None
    """Where the platform keeps what is its own (a TPM: its pinned key and handles), if it keeps anything."""
    device: str = ""
    """How the device is reached, such as ``device:/dev/tpmrm0``; empty where there is only one way."""
    development: bool = False
    """A simulator or an enclave in debug mode is accepted, and said to be one. Never by default."""
    user: int | None = None
    """The user that this process becomes once its platform is open; None: it stays who it is."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a platform really gives. A field is True only where the platform itself enforces it."""

    name: str
    tier: Tier
    memory_isolated_from_root: bool
    """The administrator of the machine cannot read the signer's memory."""
    hardware_root_of_trust: bool
    """A key that never leaves a chip stands behind sealing and evidence."""
    native_sealing: bool
    """The sealing key belongs to the platform and to the measured program, not to whoever holds a file."""
    survives_upgrade: bool
    """What was sealed can be unsealed by the next version of the program."""
    rollback_protected: bool
    """Old sealed data, or an old disk, is recognised as old."""
    guesses_rate_limited_by_hardware: bool
    """The platform itself slows down or stops guessing of passphrases."""
    attestable: bool
    """Its evidence convinces someone who trusts neither the device nor its owner."""
    production: bool
    """Fit to guard real money by itself. Where False, threshold and passphrase carry all the security."""


class MonotonicCounter(Protocol):
    """A number that only ever grows, also when disks are copied back."""

    def read(self) -> int:
        """The present value; ``PlatformRefused`` when the platform does not answer."""
        ...

    def increment(self) -> int:
        """Add one and return the new value once it is durable; ``PlatformRefused`` when it cannot be."""
        ...


class Platform(Protocol):
    """The five services. ``seal`` and ``unseal`` are each other's mirror."""

    @property
    def capabilities(self) -> Capabilities:
        """What this platform gives and what it does not."""
        ...

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        """Encrypt at most 16 MiB so that only this platform opens it, and only for ``context`` (<= 1024 bytes).

        ``auth``: 32 secret bytes that will be needed beside it, where guessing them costs whoever guesses (the caller
        stretched a passphrase). Raises ``PlatformRefused``.
        """
        ...

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        """The plaintext, in a buffer for the caller to wipe.

        ``PlatformRefused``, and the reason tells what it means: ``unseal`` where ``sealed`` was altered, belongs to
        another platform, or was sealed for another context (data moved from one place of the store to another);
        ``auth`` where it is sound and ``auth`` is wrong; ``locked-out`` where the platform counted too many wrong ones
        and looked at none; any other where the platform itself cannot or will not work.
        """
        ...

    def attest(self, report_data: bytes) -> Evidence:
        """Evidence that carries ``report_data`` (64 bytes: the digest of all that it must bind)."""
        ...

    def counter(self, name: str) -> MonotonicCounter | None:
        """The counter ``name``, or None: this platform has none, and the caller must find another way."""
        ...
