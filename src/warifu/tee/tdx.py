"""Intel TDX: a confidential machine that can prove itself and has no key of its own. Tier 2.
*Not exercised on hardware.*

Evidence: the TD quote through configfs-tsm; it carries its own certificates. TDX derives no sealing key: what seals
here is a key that the other signers release to a fresh, attested boot (``peer_release``). Without it, ``seal`` and
``unseal`` refuse; there is no weaker way.

Trusted: the processor, Intel's TDX module and quoting enclave, the guest's kernel. Not trusted: the host.
"""

from __future__ import annotations

from nacl.utils import random

from warifu.attestation.evidence import REPORT_DATA_BYTES, Evidence
from warifu.tee import own_evidence
from warifu.tee.configfs_tsm import TsmReports
from warifu.tee.kernel_files import Files
from warifu.tee.platform import Capabilities
from warifu.tee.sealing_by_key import GivenSealing
from warifu.tee.sealing_key import Sealer

NAME = "tdx"
PROVIDER = "tdx_guest"

CAPABILITIES = Capabilities(
    name=NAME,
    tier=2,
    memory_isolated_from_root=True,
    hardware_root_of_trust=True,
    native_sealing=False,
    survives_upgrade=False,
    rollback_protected=False,
    guesses_rate_limited_by_hardware=False,
    attestable=True,
    production=False,  # until this adapter has run on the hardware
)


class Tdx(GivenSealing):
    """A trust domain's platform."""

    _declared = CAPABILITIES

    def __init__(
        self,
        *,
        sealing: Sealer | None = None,
        development: bool = False,
        owner: int | None = None,
        files: Files | None = None,
    ) -> None:
        """``sealing``: the key that the peers released for this boot, or a TPM; None where there is neither.
        ``owner``: the user that this process is going to become.

        Raises ``PlatformRefused``, also where the TD runs in debug mode and this is no development profile.
        """
        self._reports = TsmReports(PROVIDER, files=files, owner=owner)
        self._sealing = sealing
        self._development = development
        self.attest(random(REPORT_DATA_BYTES))

    @property
    def descriptor(self) -> int | None:
        """What must stay open behind the signer's walls."""
        return self._reports.descriptor

    def attest(self, report_data: bytes) -> Evidence:
        quote = self._reports.report(report_data).report
        own_evidence.require_own(own_evidence.of_tdx(quote), report_data, self._development)
        return Evidence(NAME, quote)

    def __repr__(self) -> str:
        return "Tdx()"
