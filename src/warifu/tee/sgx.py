"""Intel SGX: the signer as an enclave, under the Gramine library OS. Tier 2. *Not exercised on hardware.*

Gramine offers the enclave's own services as files below ``/dev/attestation`` (Gramine documentation, "Attestation and
Secret Provisioning"): write ``user_report_data``, read ``quote``; ``keys/_sgx_mrenclave`` is the sealing key of
exactly this enclave on this processor. The key of the enclave's *signer* (``_sgx_mrsigner``) would survive an upgrade,
and opens for anything that the holder of the signing key ever signs: it is not used for sealing.

The files are made inside the enclave; what the host can do is to withhold or to hand out another quote, which is seen.
To be started with the manifest in ``packaging/gramine``.
"""

from __future__ import annotations

from pathlib import Path

from nacl.utils import random

from warifu.attestation.evidence import REPORT_DATA_BYTES, Evidence
from warifu.errors import PlatformRefused
from warifu.tee import own_evidence
from warifu.tee.kernel_files import Files, KernelFiles
from warifu.tee.platform import Capabilities
from warifu.tee.sealing_by_key import OwnSealing
from warifu.tee.sealing_key import SealingKey

NAME = "sgx"
ROOT = Path("/dev/attestation")
MAX_QUOTE_BYTES = 16 * 1024
KEY_FILE = "keys/_sgx_mrenclave"
KEY_BYTES = 16

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


class Sgx(OwnSealing):
    """An enclave's platform. Its one secret is the sealing key; :meth:`forget` wipes it."""

    _declared = CAPABILITIES

    def __init__(
        self, unlock_key: bytes | bytearray, *, development: bool = False, files: Files | None = None
    ) -> None:
        """Raises ``PlatformRefused``: outside an enclave, in debug mode, or where Gramine was not told to attest."""
        self._files: Files = files if files is not None else _enclave_files()
        self._development = development
        self._require_dcap()
        self.attest(random(REPORT_DATA_BYTES))
        key = bytearray(self._read(KEY_FILE, KEY_BYTES))
        if len(key) != KEY_BYTES:
            raise _refused(f"the sealing key has {len(key)} bytes, not {KEY_BYTES}")
        try:
            self._sealing = SealingKey.of_platform(NAME, key, unlock_key)
        finally:
            key[:] = bytes(len(key))

    @property
    def descriptor(self) -> int | None:
        """What must stay open behind the signer's walls."""
        return self._files.descriptor

    def attest(self, report_data: bytes) -> Evidence:
        if len(report_data) != REPORT_DATA_BYTES:
            raise PlatformRefused(
                "report-data", f"report data has {len(report_data)} bytes, not {REPORT_DATA_BYTES}"
            )
        try:
            self._files.write("user_report_data", report_data)
        except OSError as error:
            raise _refused(f"it takes no report data: {error.strerror}") from None
        quote = self._read("quote", MAX_QUOTE_BYTES)
        own_evidence.require_own(own_evidence.of_sgx(quote), report_data, self._development)
        return Evidence(NAME, quote)

    def _require_dcap(self) -> None:
        kind = self._read("attestation_type", 32).decode("ascii", "replace").strip()
        if kind != "dcap":
            raise _refused(f"the enclave attests by {kind!r}, not by 'dcap'")

    def _read(self, name: str, limit: int) -> bytes:
        try:
            return self._files.read(name, limit)
        except OSError as error:
            raise _refused(f"{name} cannot be read: {error.strerror}") from None

    def __repr__(self) -> str:
        return "Sgx()"


def _enclave_files() -> Files:
    try:
        return KernelFiles(ROOT)
    except OSError as error:
        raise _refused(f"they are not there: {error.strerror}") from None


def _refused(detail: str) -> PlatformRefused:
    return PlatformRefused(
        "enclave",
        f"the enclave's services under /dev/attestation are not usable: {detail}",
        not_done="Nothing was sealed, unsealed or attested.",
        remedy="Start the signer with gramine-sgx and the manifest that Warifu ships.",
    )
