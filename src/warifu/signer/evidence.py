"""The attester's side and the relying party's: what this device shows, and what it demands of others.

Evidence is made anew for each envelope key and each session, and is judged by three things: whether it is genuine and
made for exactly this (``Binding``), whether it is what the owner accepted the device as (``Reference``), and whether
that is enough for the wallet's policy (``DeviceRules``). A device holds itself to the policy first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from warifu.attestation.evidence import Evidence
from warifu.attestation.pinning import Pinned, as_tier
from warifu.attestation.registry import appraise
from warifu.attestation.rules import AllOf, Bound, LeastTier, NoDebug, Rule
from warifu.attestation.verifier import Endorsements
from warifu.errors import PeerMisbehaved, PlatformRefused, PolicyDenied
from warifu.protocol.attesting import Attestation, Binding, Claims, HostClaims, Reference
from warifu.protocol.attesting import Evidence as ShownEvidence
from warifu.protocol.policy import DeviceRules
from warifu.tee.platform import Platform


@runtime_checkable
class Endorsing(Protocol):
    """A platform that was handed endorsements by its host (the certificates of an SNP report, say)."""

    def endorsements(self) -> tuple[bytes, ...]: ...


@runtime_checkable
class Activating(Protocol):
    """A platform whose attestation key is bound to its chip by a challenge (TPM2_ActivateCredential)."""

    def activate(self, credential_blob: bytes, encrypted_secret: bytes) -> bytes: ...


class Attester:
    """Makes this device's attestations. ``host`` is set by what the agent last told."""

    def __init__(
        self, platform: Platform, release: bytes = bytes(32), isolation: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """``release``: digest of the program's files (32 bytes). ``isolation``: (layer, state) as applied."""
        self.platform = platform
        self.release = release
        self.isolation = tuple((layer[:48], state[:48]) for layer, state in isolation)
        self.host: HostClaims | None = None

    def attest(self, binding: Binding) -> Attestation:
        """Fresh evidence for ``binding``, beside what is claimed at this moment. ``PlatformRefused``."""
        claims = Claims(self.release, self.isolation, self.host)
        evidence = self.platform.attest(binding.report_data(claims))
        handed_out = self.platform.endorsements() if isinstance(self.platform, Endorsing) else ()
        return Attestation(ShownEvidence(evidence.format, evidence.body), handed_out, claims)


@dataclass(frozen=True)
class Expectation:
    """What a device has to be for a wallet."""

    name: str
    reference: Reference | None
    rules: DeviceRules

    def require(self, shown: Attestation, binding: Binding, now: int) -> None:
        """Return if it is. ``PeerMisbehaved`` (``evidence``) where the evidence is false, not fresh, or of
        something else than was accepted; ``PolicyDenied`` (``host-posture``) where the host's claims fall short."""
        evidence = Evidence(shown.evidence.format, shown.evidence.body)
        appraisal = appraise(
            evidence, self._rule(binding.report_data(shown.claims)), now, self._endorsed(shown)
        )
        if appraisal.failure is not None:
            raise PeerMisbehaved(
                "evidence",
                f"the evidence of device {self.name} fails the check '{appraisal.failure.check}': "
                f"{appraisal.failure.detail}",
                remedy="If the device was upgraded or its machine changed, look at it ('warifu devices') and approve "
                "what it is now.",
                blame=self.name,
            )
        require_host(self.rules, shown.claims.host, self.name, now)

    def _rule(self, report_data: bytes) -> Rule:
        pinned = (Pinned(self.reference),) if self.reference is not None else ()
        return AllOf((Bound(report_data), NoDebug(), LeastTier(as_tier(self.rules.least_tier)), *pinned))

    def _endorsed(self, shown: Attestation) -> Endorsements:
        key = self.reference.attestation_key if self.reference is not None else b""
        return Endorsements(documents=shown.endorsements, pinned_keys=(key,) if key else ())


def activate(platform: Platform, credential: bytes, secret: bytes) -> bytes:
    """What the chip makes of the owner's challenge; ``PlatformRefused`` where the platform has no such chip."""
    if not isinstance(platform, Activating):
        raise PlatformRefused(
            "activation",
            f"the platform {platform.capabilities.name} has no key to activate",
            not_done="Nothing was proven.",
        )
    return platform.activate(credential, secret)


def require_host(rules: DeviceRules, host: HostClaims | None, name: str, now: int) -> None:
    """Return if what is claimed of a device's host is what the policy demands; ``PolicyDenied`` (``host-posture``)."""
    if not rules.host:
        return
    unmet = (
        host.unmet(rules.host, now, declared_counts=rules.declared_counts) if host is not None else rules.host
    )
    if unmet:
        raise PolicyDenied(
            "host-posture",
            f"the policy demands of the host of device {name}: {', '.join(unmet)}; that is not so, or nobody looked "
            "recently",
            remedy=f"Run 'warifu doctor' on the machine of {name}: it says what is missing and what to do.",
            blame=name,
        )
