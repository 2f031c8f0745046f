"""A device with a simulated TPM, set up and approved by its owner."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.swtpm import Swtpm
from tpm2_pytss import ESYS_TR, TPM2_ALG, TPML_DIGEST_VALUES, TPMT_HA, TPMU_HA

from warifu.tee.platform import PlatformSettings
from warifu.tee.tpm.pinned import GuessLimits
from warifu.tee.tpm.platform import Tpm
from warifu.tee.tpm.policy import approve
from warifu.tee.tpm.provisioning import Choices, forgive_guesses, new_lockout_secret, provision

THREE_TRIES = GuessLimits(3, 7200, 86400)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """As an update key is handed in."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Home:
    """One device."""

    tpm: Swtpm
    directory: Path
    unlock_key: bytes = field(default_factory=lambda: os.urandom(32))
    update_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    lockout_secret: bytes = field(default_factory=lambda: bytes(new_lockout_secret()))
    limits: GuessLimits = THREE_TRIES

    @property
    def settings(self) -> PlatformSettings:
        return self.settings_for(self.tpm.device)

    def settings_for(self, device: str) -> PlatformSettings:
        return PlatformSettings(name="tpm", directory=self.directory, device=device, development=True)

    @property
    def choices(self) -> Choices:
        return Choices(update_key=public_bytes(self.update_key), limits=self.limits)

    def provision(self) -> None:
        provision(self.settings, self.unlock_key, self.choices, self.lockout_secret)

    def open(self, device: str | None = None) -> Tpm:
        return Tpm.open(self.settings_for(device or self.tpm.device), self.unlock_key)

    def forgive(self) -> None:
        """The owner resets the TPM's count of wrong passphrases."""
        forgive_guesses(self.settings, self.unlock_key, self.lockout_secret)

    def approve_boot(self) -> None:
        """The owner approves what is booted now."""
        platform = self.open()
        platform.authorize_pcrs(approve(self.update_key, platform.approval_request()))
        platform.forget()


def extend(platform: Tpm, pcr: int) -> None:
    """Something else is measured: another kernel, another command line."""
    digests = TPML_DIGEST_VALUES(
        [TPMT_HA(hashAlg=TPM2_ALG.SHA256, digest=TPMU_HA(sha256=b"other".ljust(32)))]
    )
    platform._chip.esapi.pcr_extend(ESYS_TR(ESYS_TR.PCR0 + pcr), digests)
