"""The outcome of an appraisal, in words for a person and as one object for a script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warifu.attestation.appraisal_policy import AppraisalPolicy
from warifu.attestation.eat import claims_set
from warifu.attestation.evidence import Evidence
from warifu.attestation.registry import Appraisal
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified
from warifu.cli.screen import Screen, error_object
from warifu.cli.text import tr
from warifu.errors import EvidenceRefused

_LATER_VERSIONS = ("current-", "committed-", "launch-")
"""Versions that are of use to a policy, and too many for a person."""


@dataclass(frozen=True)
class Outcome:
    """An appraisal, and what it was made with."""

    evidence: Evidence
    endorsements: Endorsements
    policy: AppraisalPolicy
    policy_file: Path | None
    appraisal: Appraisal

    @property
    def refusal(self) -> EvidenceRefused | None:
        """As an error, for the end; None where the appraisal affirms."""
        failure = self.appraisal.failure
        return None if failure is None else _refusal(failure, genuine=self.appraisal.verified is not None)


def show_outcome(outcome: Outcome, screen: Screen) -> None:
    """Everything there is to say, the verdict last."""
    if screen.json:
        screen.result(outcome_object(outcome))
        return
    verified = outcome.appraisal.verified
    screen.line(_kind(outcome.evidence.format), style="bold")
    if outcome.endorsements.roots:
        screen.warn(
            tr(
                "A root that you named is trusted beside the vendor's own. If the evidence leads to it, the vendor "
                "has confirmed nothing."
            )
        )
    if verified is not None:
        _show_verified(verified, outcome.appraisal.tier, screen)
    _show_limits(outcome, screen)
    refusal = outcome.refusal
    if refusal is None:
        screen.line(tr("Affirmed."), style="bold green")
    else:
        screen.line(
            tr(
                "Not affirmed. The first check that failed: {check}",
                check=outcome.appraisal.first_failed_check,
            ),
            style="bold red",
        )
        screen.error(refusal)


def outcome_object(outcome: Outcome) -> dict[str, Any]:
    """For scripts. ``affirmed`` is the verdict; measurements are there also where a policy refused them."""
    appraisal = outcome.appraisal
    claims = claims_set(appraisal, outcome.policy.references.get(outcome.evidence.format))
    found: dict[str, Any] = {
        "affirmed": appraisal.affirmed,
        "first_failed_check": appraisal.first_failed_check,
        "detail": appraisal.failure.detail if appraisal.failure else None,
        "format": outcome.evidence.format,
        "tier": appraisal.tier,
        "appraised_at": appraisal.appraised_at,
        "policy": str(outcome.policy_file) if outcome.policy_file else None,
        "callers_roots": [hashlib.sha256(der).hexdigest() for der in outcome.endorsements.roots],
        "genuine": appraisal.verified is not None,
        "measurements": {},
    }
    if appraisal.verified is not None:
        found |= _verified_object(appraisal.verified)
    found["eat"] = claims
    if outcome.refusal is not None:
        found["error"] = error_object(outcome.refusal)
    return found


def _verified_object(verified: Verified) -> dict[str, Any]:
    return {
        "debug": verified.debug,
        "measurements": {name: digest.hex() for name, digest in verified.measurements.items()},
        "report_data": verified.report_data.hex(),
        "nonce": verified.nonce.hex() if verified.nonce is not None else None,
        "attributes": dict(verified.attributes),
        "tcb": dict(verified.tcb),
        "tcb_status": verified.tcb_status,
        "advisories": list(verified.advisories),
        "hardware_id": verified.hardware_id.hex(),
        "issued_at": verified.issued_at,
        "expires_at": verified.expires_at,
        "details": dict(verified.details),
    }


def _refusal(failure: CheckFailed, genuine: bool) -> EvidenceRefused:
    """``evidence.CHECK``: the name of the check is the reason, and as stable."""
    return EvidenceRefused(
        failure.check,
        failure.detail,
        not_done="The evidence is genuine, but not enough. Rely on nothing that it says."
        if genuine
        else "Rely on nothing that this evidence says.",
        remedy="docs/attestation.md says what each check means and what may be wrong.",
    )


def _show_verified(verified: Verified, tier: int, screen: Screen) -> None:
    facts = [
        (tr("Tier"), _tier(tier)),
        (tr("Debug mode"), tr("YES: its host may read its memory") if verified.debug else tr("no")),
        *((name, digest.hex()) for name, digest in verified.measurements.items()),
        (tr("Report data"), verified.report_data.hex() or tr("none")),
    ]
    if verified.nonce is not None:
        facts.append((tr("Nonce"), verified.nonce.hex() or tr("none")))
    facts += list(_statements(verified))
    screen.facts(facts)


def _statements(verified: Verified) -> Iterator[tuple[str, str]]:
    """What is said only where there is something to say."""
    versions = {name: each for name, each in verified.tcb.items() if not name.startswith(_LATER_VERSIONS)}
    if versions:
        yield tr("Firmware"), ", ".join(f"{name} {version}" for name, version in versions.items())
    if verified.tcb_status:
        yield tr("Vendor's verdict"), verified.tcb_status
    if verified.advisories:
        yield tr("Known weaknesses"), ", ".join(verified.advisories)
    if verified.attributes:
        yield tr("Attributes"), ", ".join(f"{name} {value}" for name, value in verified.attributes.items())
    if verified.hardware_id:
        yield tr("Chip"), verified.hardware_id.hex()
    if verified.issued_at is not None:
        yield tr("Made"), _moment(verified.issued_at)
    if verified.expires_at is not None:
        yield tr("Can be checked until"), _moment(verified.expires_at)
    yield from verified.details.items()


def _show_limits(outcome: Outcome, screen: Screen) -> None:
    """What was checked, and what evidence of this kind cannot show."""
    verified = outcome.appraisal.verified
    screen.line()
    if verified is not None:
        screen.line(
            tr(
                "Checked: signature, the chain to a trusted root, validity at {moment}, and the policy {policy}.",
                moment=_moment(outcome.appraisal.appraised_at),
                policy=outcome.policy_file or tr("'genuine, and no debug mode'"),
            )
        )
    screen.line(_limit(outcome.evidence.format))
    if outcome.policy_file is None:
        screen.line(
            tr(
                "Without --policy nobody has said which measurements are right: compare them with your release's."
            )
        )
    screen.line()


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "?"


def _tier(tier: int) -> str:
    return {
        0: tr("0: counts as isolation by software"),
        1: tr(
            "1: measured boot and a hardware root of trust; the share enters ordinary memory while signing"
        ),
        2: tr("2: a confidential machine or enclave, whose memory the host cannot read"),
    }[tier]


def _kind(name: str) -> str:
    return {
        "tpm": tr("TPM 2.0: a quote over what was measured at boot"),
        "sev-snp": tr("AMD SEV-SNP: a report about a confidential virtual machine"),
        "tdx": tr("Intel TDX: a quote about a trust domain (a confidential virtual machine)"),
        "sgx": tr("Intel SGX: a quote about an enclave"),
        "nitro": tr("AWS Nitro: an attestation document of an enclave"),
    }[name]


def _limit(name: str) -> str:
    physical = tr(
        "What cannot be checked: whether somebody with the machine in hand attacks its chip or its memory, and whether "
        "the program that was measured is a good one."
    )
    own = {
        "tpm": tr(
            "What cannot be checked: what happens after boot. A TPM is no enclave: whoever rules the running kernel "
            "reads the memory."
        ),
        "nitro": tr(
            "What cannot be checked: AWS itself, which makes, runs and vouches for this machine; and whether the "
            "program that was measured is a good one."
        ),
    }
    return own.get(name, physical)
