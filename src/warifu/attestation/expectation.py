"""What a device has to show, for whoever relies on it: the other signers, and the owner's client.

Three questions in this order: is the evidence genuine and made for exactly this (``Binding``); is it what the owner
accepted the device as (``Reference``); is that, and what is claimed of its host, enough for the wallet's policy
(``DeviceRules``).
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.attestation.evidence import Evidence
from warifu.attestation.pinning import Pinned, as_tier
from warifu.attestation.registry import Appraisal, appraise
from warifu.attestation.rules import AllOf, Bound, NoDebug, Rule
from warifu.attestation.verifier import Endorsements, Verified
from warifu.errors import PeerMisbehaved, PolicyDenied
from warifu.protocol.attesting import Attestation, Binding, HostClaims, Reference
from warifu.protocol.policy import DeviceRules

NO_RULES = DeviceRules()


@dataclass(frozen=True)
class Expectation:
    """What a device has to be for a wallet. ``reference`` None: anything genuine that satisfies ``rules``."""

    name: str
    reference: Reference | None
    rules: DeviceRules = NO_RULES

    def require(self, shown: Attestation, binding: Binding, now: int) -> Verified | None:
        """Return if it is, with what its evidence says (None where that counts for nothing).

        ``PeerMisbehaved`` (``evidence``) where the evidence is false, not fresh, or of something else than was
        accepted; ``PolicyDenied`` (``tier``, ``host-posture``) where it falls short of the policy.
        """
        verified = None
        if self._accepted_unchecked(shown):
            require_tier(self.rules, 0, self.name)
        else:
            verified = self._require_evidence(shown, binding, now)
        require_host(self.rules, shown.claims.host, self.name, now)
        return verified

    def _accepted_unchecked(self, shown: Attestation) -> bool:
        """The owner accepted a device whose evidence cannot be checked here, as tier 0: then it counts for nothing, and
        is not looked at. Its identity, the threshold and the passphrase carry all the security."""
        reference = self.reference
        return reference is not None and reference.unchecked and shown.evidence.format == reference.format

    def _require_evidence(self, shown: Attestation, binding: Binding, now: int) -> Verified | None:
        rules: list[Rule] = [Bound(binding.report_data(shown.claims)), NoDebug()]
        if self.reference is not None:
            rules.append(Pinned(self.reference))
        key = self.reference.attestation_key if self.reference is not None else b""
        appraisal = appraise_shown(shown, AllOf(tuple(rules)), now, key)
        if appraisal.failure is not None:
            raise PeerMisbehaved(
                "evidence",
                f"the evidence of device {self.name} fails the check '{appraisal.failure.check}': "
                f"{appraisal.failure.detail}",
                remedy="If the device was upgraded or its machine changed, look at it ('warifu devices') and accept "
                "what it is now.",
                blame=self.name,
            )
        accepted = self.reference.tier if self.reference is not None else appraisal.tier
        require_tier(self.rules, min(appraisal.tier, accepted), self.name)
        return appraisal.verified


def appraise_shown(shown: Attestation, rule: Rule, now: int, attestation_key: bytes = b"") -> Appraisal:
    """Appraise an attestation with the endorsements that came along. ``attestation_key``: bound by activation before
    (SubjectPublicKeyInfo), or empty."""
    return appraise(
        Evidence(shown.evidence.format, shown.evidence.body),
        rule,
        now,
        Endorsements(documents=shown.endorsements, pinned_keys=(attestation_key,) if attestation_key else ()),
    )


def require_tier(rules: DeviceRules, tier: int, name: str) -> None:
    """Return if a device of this tier is enough; ``PolicyDenied`` (``tier``)."""
    if tier < rules.least_tier:
        raise PolicyDenied(
            "tier",
            f"the policy demands devices of tier {as_tier(rules.least_tier)}; device {name} counts as tier {tier}",
            remedy="Use another device. A TPM counts as tier 1 once its maker vouches for it: 'warifu devices accept "
            f"{name} --root FILE'.",
            blame=name,
        )


def require_host(rules: DeviceRules, host: HostClaims | None, name: str, now: int) -> None:
    """Return if what is claimed of a device's host is what the policy demands; ``PolicyDenied`` (``host-posture``)."""
    if not rules.host:
        return
    unmet = (
        host.unmet(rules.host, now, declared_counts=rules.declared_counts, max_age=rules.host_max_age)
        if host is not None
        else rules.host
    )
    if unmet:
        raise PolicyDenied(
            "host-posture",
            f"the policy demands of the host of device {name}: {', '.join(unmet)}; that is not so, or nobody looked "
            "recently",
            remedy=f"Run 'warifu doctor' on the machine of {name}: it says what is missing and what to do.",
            blame=name,
        )
