"""The owner's approvals at work: which one holds for what this machine booted, and satisfying the TPM with it.

A version that was retired is refused by the TPM itself (PolicyNV against its counter of approvals). What the TPM cannot
do: tell a good kernel from a bad one that its owner approved, or know of an approval that nobody retired.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tpm2_pytss import (
    ESYS_TR,
    TPM2_EO,
    TPM2_RC,
    TPMT_SIGNATURE,
    TPMT_TK_VERIFIED,
    TSS2_Exception,
)

from warifu.errors import AuthorizationRefused, PlatformRefused
from warifu.tee.tpm.chip import Chip, public_of, selection_of
from warifu.tee.tpm.counters import Counter
from warifu.tee.tpm.pinned import MAX_APPROVALS
from warifu.tee.tpm.policy import (
    Approval,
    ApprovalRequest,
    approved_policy,
    is_approved,
    policy_reference,
    to_be_signed,
    update_key_public,
    values_digest,
)
from warifu.tee.tpm.refusals import code, refusing
from warifu.tee.tpm.structures import COUNTER_BYTES, ecdsa_signature, name_of

MAX_AHEAD = 1000
"""How far the number of an approval may be above the counter, which is counted up one by one to take it back. A request
that was altered on its way to the owner could else have him sign one that lasts for ever."""


@dataclass
class Approvals:
    """What the owner approved for this TPM, ``kept``, and the counter that takes older ones back."""

    chip: Chip
    counter: Counter
    storage_root: bytes
    update_key: bytes
    pcrs: tuple[int, ...]
    kept: tuple[Approval, ...] = ()
    _tickets: dict[bytes, TPMT_TK_VERIFIED] = field(default_factory=dict, init=False)

    @property
    def reference(self) -> bytes:
        return policy_reference(self.storage_root, name_of(self.counter.public))

    def request(self) -> ApprovalRequest:
        """What the owner would have to sign for the machine as it booted now, above all that was signed so far."""
        version = max([self.counter.read(), *(approval.version for approval in self.kept)]) + 1
        return self._request(version, self._present())

    def including(self, approval: Approval) -> tuple[Approval, ...]:
        """What is kept once ``approval``, for this boot or a coming one, is among it.

        ``AuthorizationRefused``: ``approval`` where the owner's update key did not sign it for this TPM and these
        PCRs; ``PlatformRefused`` (``approval-retired``) where a newer one took it back.
        """
        retired_below = self.counter.read()
        request = self._request(approval.version, approval.values)
        if approval.pcrs != self.pcrs or not is_approved(self.update_key, request, approval.signature):
            raise _not_approved("this is not for this TPM, or the owner's update key did not sign it")
        if approval.version < retired_below:
            raise _retired()
        if approval.version > retired_below + MAX_AHEAD:
            raise _not_approved("its number is so high that it could not be taken back")
        living = [each for each in self.kept if each.version >= retired_below and each != approval]
        return tuple(sorted([*living, approval], key=lambda each: each.version)[-MAX_APPROVALS:])

    def retire_older(self) -> tuple[Approval, ...]:
        """Take back every approval that is older than the one which holds for this boot. For good. Returns the rest."""
        holding = self._holding()
        with self.chip.policy_session() as session:
            self._satisfy(session, holding)  # never lock this very boot out
        while self.counter.read() < holding.version:
            self.counter.increment()
        return tuple(each for each in self.kept if each.version >= holding.version)

    def satisfy(self, session: ESYS_TR) -> None:
        """Bring the policy session to where what is sealed opens, as far as boot and owner are concerned.

        ``PlatformRefused``: ``measurements`` where the owner approved nothing that was booted like this,
        ``approval-retired``.
        """
        self._satisfy(session, self._holding())

    def _satisfy(self, session: ESYS_TR, approval: Approval) -> None:
        self._compare_version(session, approval.version)
        with refusing("comparing its PCRs"):
            self.chip.esapi.policy_pcr(session, approval.values, selection_of(approval.pcrs))
        request = self._request(approval.version, approval.values)
        policy = approved_policy(request.counter, request.version, request.pcrs, request.values)
        with refusing("verifying the owner's approval"):
            self.chip.esapi.policy_authorize(
                session,
                policy,
                name_of(update_key_public(self.update_key)),
                self._ticket(request, approval.signature),
                self.reference,
            )

    def _compare_version(self, session: ESYS_TR, version: int) -> None:
        """PolicyNV: the counter is at most ``version``."""
        with (
            refusing("comparing the version of an approval"),
            self.counter.opened() as index,
            self.chip.session() as reading,
        ):
            try:
                self.chip.esapi.policy_nv(
                    index,
                    index,
                    session,
                    version.to_bytes(COUNTER_BYTES, "big"),
                    TPM2_EO.UNSIGNED_LE,
                    session1=reading,
                )
            except TSS2_Exception as error:
                if code(error) == int(TPM2_RC.POLICY):
                    raise _retired() from None
                raise

    def _ticket(self, request: ApprovalRequest, signature: bytes) -> TPMT_TK_VERIFIED:
        """The TPM's own word that the owner's update key signed the request. It is the TPM that recognises it again, by
        a secret of its own, so it is asked for once."""
        signed = to_be_signed(request) + signature
        if signed not in self._tickets:
            self._tickets[signed] = self._verified(to_be_signed(request), signature)
        return self._tickets[signed]

    def _verified(self, digest: bytes, signature: bytes) -> TPMT_TK_VERIFIED:
        public = public_of(update_key_public(self.update_key))
        structure, _ = TPMT_SIGNATURE.unmarshal(ecdsa_signature(signature[:32], signature[32:]))
        key = self.chip.esapi.load_external(public, hierarchy=ESYS_TR.OWNER)
        with self.chip.flushed(key):
            return self.chip.esapi.verify_signature(key, digest, structure)

    def _holding(self) -> Approval:
        present = self._present()
        holding = [approval for approval in self.kept if approval.values == present]
        if not holding:
            raise PlatformRefused(
                "measurements",
                "the machine was not booted as its owner approved: "
                f"PCRs {', '.join(map(str, self.pcrs))} have other values",
                not_done="Nothing was opened; no try of the passphrase was used up.",
                remedy="If you updated firmware, boot loader or kernel, approve the new values with your update key. "
                "If you did not, do not use this device.",
            )
        return max(holding, key=lambda approval: approval.version)

    def _present(self) -> bytes:
        return values_digest(self.chip.read_pcrs(self.pcrs))

    def _request(self, version: int, values: bytes) -> ApprovalRequest:
        return ApprovalRequest(self.storage_root, name_of(self.counter.public), version, self.pcrs, values)


def _not_approved(why: str) -> AuthorizationRefused:
    return AuthorizationRefused(
        "approval",
        f"this approval of a boot is refused: {why}",
        not_done="It was not kept.",
        remedy="Ask the device for a new request, and approve that one.",
    )


def _retired() -> PlatformRefused:
    return PlatformRefused(
        "approval-retired",
        "this approval of a boot was taken back by a newer one",
        not_done="Nothing was opened.",
        remedy="Boot what the newest approval is for, or approve this boot anew.",
    )
