"""A TPM 2.0 as a platform: tier 1. A root of trust for sealing, counting and evidence; not an enclave.

What it gives: a secret that opens only on this machine, only as its owner approved that it boots, and (with an auth
value) only for who knows the passphrase, whose guesses the chip itself counts. What it does not give: the share enters
ordinary memory while it is used, where the machine's root can read it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from warifu.attestation.evidence import Evidence
from warifu.attestation.tpm.bundle import FORMAT
from warifu.errors import PlatformRefused
from warifu.tee.platform import Capabilities, PlatformSettings
from warifu.tee.tpm.approving import Approvals
from warifu.tee.tpm.attesting import Attester
from warifu.tee.tpm.chip import Chip, Facts
from warifu.tee.tpm.choices import EPOCH
from warifu.tee.tpm.counters import Counter, define
from warifu.tee.tpm.endorsement import Endorsement
from warifu.tee.tpm.event_log import KERNEL_FILE, read_event_log
from warifu.tee.tpm.keys import Keys
from warifu.tee.tpm.pinned import MAX_COUNTERS, Pinned, read_pinned, write_pinned
from warifu.tee.tpm.policy import Approval, ApprovalRequest
from warifu.tee.tpm.provisioning import directory_of
from warifu.tee.tpm.sealing import Sealer

NAME = FORMAT

CAPABILITIES = Capabilities(
    name=NAME,
    tier=1,
    memory_isolated_from_root=False,
    hardware_root_of_trust=True,
    native_sealing=True,
    survives_upgrade=True,
    rollback_protected=True,
    guesses_rate_limited_by_hardware=True,
    attestable=True,
    production=True,
)
_OF_A_SIMULATOR = replace(
    CAPABILITIES,
    tier=0,
    hardware_root_of_trust=False,
    native_sealing=False,
    rollback_protected=False,
    guesses_rate_limited_by_hardware=False,
    attestable=False,
    production=False,
)
"""It does the same work, and whoever has its state file has everything: its claims are those of software."""


class Tpm:
    """The TPM that this device was set up with (``provisioning.provision``)."""

    def __init__(self, chip: Chip, keys: Keys, directory: Path, pinned: Pinned, event_log: bytes) -> None:
        """Internal: takes ownership of ``chip`` and ``keys``; use :meth:`open`."""
        root = chip.root = chip.pinned_key(pinned.root_handle, pinned.storage_root)
        self._chip = chip
        self._keys = keys
        self._directory = directory
        self._pinned = pinned
        self._approvals = Approvals(
            chip,
            Counter(chip, keys, pinned.approvals_counter),
            pinned.storage_root,
            pinned.update_key,
            pinned.pcrs,
            pinned.approvals,
        )
        self._sealer = Sealer(chip, root, keys, self._approvals)
        self._attester = Attester(chip, root, pinned, event_log)

    @classmethod
    def open(
        cls, settings: PlatformSettings, unlock_key: bytes | bytearray, event_log: Path = KERNEL_FILE
    ) -> Tpm:
        """Open it before the signer is shut in: from then on it needs one descriptor and its own directory.

        ``PlatformRefused``: ``not-provisioned``, ``pinned``, ``device``, ``unreachable``, ``simulator``, ``root-key``.
        """
        directory, keys = directory_of(settings), Keys(unlock_key)
        try:
            pinned = read_pinned(directory, keys)
            chip = Chip.open(settings)
            try:
                return cls(chip, keys, directory, pinned, read_event_log(event_log))
            except BaseException:
                chip.close()
                raise
        except BaseException:
            keys.forget()
            raise

    @property
    def capabilities(self) -> Capabilities:
        return _OF_A_SIMULATOR if self._chip.simulator else CAPABILITIES

    @property
    def descriptor(self) -> int:
        """The one descriptor that whoever shuts the signer in must leave open (write, poll, read)."""
        return self._chip.descriptor

    @property
    def facts(self) -> Facts:
        """What the TPM says of itself now: how many wrong passphrases it counted, whether it is locked."""
        return self._chip.refresh()

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        return self._sealer.seal(plaintext, context, auth)

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        return self._sealer.unseal(sealed, context, auth)

    def attest(self, report_data: bytes) -> Evidence:
        """A quote over PCRs 0 to 7 and the chosen ones, and the count of the counter ``epoch``."""
        return self._attester.attest(report_data, self.counter(EPOCH))

    def counter(self, name: str) -> Counter:
        """The counter ``name``, made at its first use (which needs a TPM whose owner authorization is empty)."""
        for each in self._pinned.counters:
            if each.name == name:
                return Counter(self._chip, self._keys, each)
        if len(self._pinned.counters) >= MAX_COUNTERS:
            raise PlatformRefused("nv-full", f"a device has at most {MAX_COUNTERS} counters in its TPM")
        made = define(self._chip, self._keys, name)
        self._keep(msgspec.structs.replace(self._pinned, counters=(*self._pinned.counters, made)))
        return Counter(self._chip, self._keys, made)

    @property
    def endorsement(self) -> Endorsement:
        """What a credential is made for, together with :attr:`attestation_key`."""
        return Endorsement(self._pinned.ek_public, self._pinned.ek_certificate)

    @property
    def attestation_key(self) -> bytes:
        """TPMT_PUBLIC of the key that signs this device's evidence."""
        return self._pinned.ak_public

    def activate(self, credential: tuple[bytes, bytes], endorsement_auth: bytes = b"") -> bytearray:
        """See ``Attester.activate``. The caller wipes what is returned."""
        return self._attester.activate(credential, endorsement_auth)

    def approval_request(self) -> ApprovalRequest:
        """What the owner would sign so that what is sealed opens as the machine is booted now."""
        return self._approvals.request()

    def authorize_pcrs(self, approval: Approval) -> None:
        """Keep the owner's approval of a boot, this one or a coming one. See ``Approvals.including``."""
        self._keep_approvals(self._approvals.including(approval))

    def retire_older_approvals(self) -> None:
        """Let the TPM refuse, for good, whatever was approved before the approval that holds for this boot."""
        self._keep_approvals(self._approvals.retire_older())

    def forget(self) -> None:
        """Wipe what comes of the unlock key and close the TPM. Everything is refused from now on."""
        self._keys.forget()
        self._chip.close()

    def _keep_approvals(self, kept: tuple[Approval, ...]) -> None:
        self._keep(msgspec.structs.replace(self._pinned, approvals=kept))
        self._approvals.kept = kept

    def _keep(self, pinned: Pinned) -> None:
        write_pinned(self._directory, self._keys, pinned)
        self._pinned = pinned

    def __repr__(self) -> str:
        return "Tpm()"
