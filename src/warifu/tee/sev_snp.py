"""AMD SEV-SNP: a confidential machine with a key of its own. Tier 2. *Not exercised on hardware.*

Evidence: the raw attestation report (1184 bytes) through configfs-tsm; the host's certificates travel apart from it,
as endorsements. Sealing: a key derived by the secure processor for this image under this launch policy, mixed with
the device's unlock key. There is no counter: an old disk opens again, and the other signers' memory must notice it.

Trusted: the chip, its firmware, the guest's kernel. Not trusted: the host and everything that it hands in.
"""

from __future__ import annotations

import re

from nacl.utils import random

from warifu.attestation.evidence import REPORT_DATA_BYTES, Evidence
from warifu.attestation.sev_snp.certificate_table import split_certificate_table
from warifu.attestation.verifier import CheckFailed
from warifu.errors import PlatformRefused
from warifu.tee import own_evidence, sev_snp_key
from warifu.tee.configfs_tsm import TsmReports
from warifu.tee.ioctl import Ioctl
from warifu.tee.kernel_files import Files
from warifu.tee.platform import Capabilities, PlatformSettings
from warifu.tee.sealing_by_key import OwnSealing
from warifu.tee.sealing_key import SealingKey

NAME = "sev-snp"
PROVIDER = "sev_guest"
MAX_ENDORSEMENTS, MAX_ENDORSEMENT_BYTES = 8, 32 * 1024
"""What travels beside evidence."""

_LEVEL = re.compile(r"vmpl:([0-3])")

CAPABILITIES = Capabilities(
    name=NAME,
    tier=2,
    memory_isolated_from_root=True,
    hardware_root_of_trust=True,
    native_sealing=True,
    survives_upgrade=False,
    rollback_protected=False,
    guesses_rate_limited_by_hardware=False,
    attestable=True,
    production=False,  # until this adapter has run on the hardware
)


class SevSnp(OwnSealing):
    """An SNP guest's platform. Its one secret is the sealing key; :meth:`forget` wipes it."""

    _declared = CAPABILITIES

    def __init__(
        self,
        unlock_key: bytes | bytearray,
        *,
        vmpl: int = 0,
        development: bool = False,
        owner: int | None = None,
        files: Files | None = None,
        call: Ioctl | None = None,
    ) -> None:
        """``vmpl``: the privilege level that the guest's kernel runs at (0 unless it is under a paravisor). ``owner``:
        the user that this process is going to become.

        Raises ``PlatformRefused``, also where the guest runs in debug mode and this is no development profile: a
        question is asked of the chip before the first secret is.
        """
        self._reports = TsmReports(PROVIDER, vmpl, files, owner)
        self._development = development
        self._certificates = b""
        self.attest(random(REPORT_DATA_BYTES))
        key = sev_snp_key.derived_key(call, vmpl) if call is not None else sev_snp_key.own_key(vmpl)
        try:
            self._sealing = SealingKey.of_platform(NAME, key, unlock_key)
        finally:
            key[:] = bytes(len(key))

    @property
    def descriptor(self) -> int | None:
        """What must stay open behind the signer's walls."""
        return self._reports.descriptor

    def attest(self, report_data: bytes) -> Evidence:
        answer = self._reports.report(report_data)
        own_evidence.require_own(own_evidence.of_sev_snp(answer.report), report_data, self._development)
        self._certificates = answer.auxiliary
        return Evidence(NAME, answer.report)

    def endorsements(self) -> tuple[bytes, ...]:
        """The certificates that the host handed out with the latest evidence; empty where it has none. They prove
        nothing here. ``PlatformRefused`` (``endorsements``) where the host's table of them is malformed."""
        try:
            found = tuple(split_certificate_table(self._certificates)) if self._certificates else ()
        except CheckFailed as failure:
            raise _no_endorsements(failure.detail) from None
        if len(found) > MAX_ENDORSEMENTS or any(len(each) > MAX_ENDORSEMENT_BYTES for each in found):
            raise _no_endorsements("it is too long")
        return found

    def __repr__(self) -> str:
        return "SevSnp()"


def open_sev_snp(settings: PlatformSettings, unlock_key: bytearray) -> SevSnp:
    """As a device was set up: ``device`` is empty, or ``vmpl:N`` for a guest under a paravisor."""
    level = _LEVEL.fullmatch(settings.device or "vmpl:0")
    if level is None:
        raise PlatformRefused(
            "privilege-level",
            f"{settings.device[:40]!r} is no privilege level",
            not_done="The device was not started.",
            remedy="Leave the platform's device empty, or name the level: vmpl:0 to vmpl:3.",
        )
    return SevSnp(unlock_key, vmpl=int(level[1]), development=settings.development, owner=settings.user)


def _no_endorsements(detail: str) -> PlatformRefused:
    return PlatformRefused(
        "endorsements",
        f"the host's table of certificates is not usable: {detail}",
        not_done="None of its certificates was taken.",
        remedy="Fetch the chip's certificate from AMD, and give it to whoever verifies.",
    )
