"""AWS Nitro Enclaves: an isolated machine without disk or network, which can prove itself and has no key of its own.
Tier 2. *Not exercised on hardware.*

Evidence: the attestation document of the Nitro Secure Module, with the report data as ``user_data``; it carries its
own certificates. Nitro derives no sealing key (AWS offers its KMS instead, which would make AWS a holder of the key):
what seals here is a key that the other signers release to a fresh, attested boot (``peer_release``). Without it,
``seal`` and ``unseal`` refuse.

Trusted: the Nitro hypervisor, which is AWS. Not trusted: the parent instance that started the enclave.
"""

from __future__ import annotations

from nacl.utils import random

from warifu.attestation.evidence import REPORT_DATA_BYTES, Evidence
from warifu.errors import PlatformRefused
from warifu.tee import nitro_nsm, own_evidence
from warifu.tee.ioctl import Ioctl
from warifu.tee.platform import Capabilities
from warifu.tee.sealing_by_key import GivenSealing
from warifu.tee.sealing_key import Sealer

NAME = "nitro"

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


class Nitro(GivenSealing):
    """A Nitro enclave's platform."""

    _declared = CAPABILITIES

    def __init__(
        self, *, sealing: Sealer | None = None, development: bool = False, call: Ioctl | None = None
    ) -> None:
        """``sealing``: the key that the peers released for this boot, or a TPM; None where there is neither.

        Raises ``PlatformRefused``, also where the enclave runs in debug mode and this is no development profile.
        """
        self._call: Ioctl = call if call is not None else nitro_nsm.open_module()
        self._sealing = sealing
        self._development = development
        self.attest(random(REPORT_DATA_BYTES))

    @property
    def descriptor(self) -> int | None:
        """What must stay open behind the signer's walls."""
        return self._call.descriptor

    def attest(self, report_data: bytes) -> Evidence:
        if len(report_data) != REPORT_DATA_BYTES:
            raise PlatformRefused(
                "report-data", f"report data has {len(report_data)} bytes, not {REPORT_DATA_BYTES}"
            )
        document = nitro_nsm.attestation(self._call, report_data)
        own_evidence.require_own(own_evidence.of_nitro(document), report_data, self._development)
        return Evidence(NAME, document)

    def module(self) -> nitro_nsm.Module:
        """What the secure module says of itself, for people to read."""
        return nitro_nsm.describe(self._call)

    def __repr__(self) -> str:
        return "Nitro()"
