"""From accepted evidence to a reference, and back: the next evidence must be of the same device in the same state."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from warifu.attestation.evidence import Tier
from warifu.attestation.verifier import CheckFailed, Verified
from warifu.protocol.attesting import Reference

PINNED: dict[str, tuple[str, ...]] = {
    "unsafe-software": (),
    "tpm": ("pcr",),
    "sev-snp": ("launch", "id-key-digest", "author-key-digest"),
    "tdx": ("mrtd", "rtmr", "mrconfigid", "mrowner", "mrseam"),
    "sgx": ("mrenclave", "mrsigner"),
    "nitro": ("pcr",),
}
"""Format -> how the names of the measurements begin that say *what runs*. Others change from boot to boot."""


def reference_of(verified: Verified, attestation_key: bytes = b"", tier: Tier = 2) -> Reference:
    """What a device is accepted as that showed this.

    ``attestation_key``: a TPM's, or empty. ``tier``: the most that it may count as, where its evidence is genuine and
    yet stands for less (a TPM whose maker nobody vouches for).
    """
    return Reference(
        verified.format,
        min(verified.tier, tier),
        attestation_key,
        verified.hardware_id,
        tuple(sorted(_measured(verified).items())),
    )


@dataclass(frozen=True)
class Pinned:
    """The same kind of device, the same chip, the same measured program as the owner accepted."""

    reference: Reference

    def require(self, verified: Verified, now: int) -> None:
        reference = self.reference
        if verified.format != reference.format or verified.tier < reference.tier:
            raise CheckFailed(
                "reference-kind",
                f"it is {verified.format}, tier {verified.tier}; accepted was {reference.format}",
            )
        if reference.hardware_id and not hmac.compare_digest(verified.hardware_id, reference.hardware_id):
            raise CheckFailed(
                "reference-hardware", "it comes from another chip than the one that was accepted"
            )
        shown, wanted = _measured(verified), dict(reference.measurements)
        changed = sorted(name for name in shown.keys() | wanted.keys() if shown.get(name) != wanted.get(name))
        if changed:
            raise CheckFailed(
                "reference-measurement", f"what was measured has changed: {', '.join(changed)[:200]}"
            )


def as_tier(number: int) -> Tier:
    """A tier from a policy; what is no tier is the highest, which nothing falls short of unnoticed."""
    return 0 if number == 0 else 1 if number == 1 else 2


def _measured(verified: Verified) -> dict[str, bytes]:
    beginnings = PINNED.get(verified.format, ())
    return {name: value for name, value in verified.measurements.items() if name.startswith(beginnings)}
