"""How evidence is bound to what it is shown for, what travels with it, and what an owner accepted a device as.

Evidence is worth something only for the question that it answers. Its *report data* is

    SHA-512( digest over purpose, nonce, identity, key, rules hash, transcript, claims )

so it cannot be relayed (another identity), reused (another nonce), moved to another conversation (another key or
transcript), or shown beside other claims. Each part is length-prefixed (``encoding.digest``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from warifu.protocol.encoding import Bytes32, Bytes64, Message, Seconds, digest, encode

MAX_BODY_BYTES = 128 * 1024
"""Of evidence: as much as a TPM's bundle, whose event log is the longest part of any."""
MAX_ATTESTATION_BYTES = 176 * 1024
"""Encoded: with the rest of what it is shown in, it fits into a record and into the statement of an envelope key."""
MAX_CLAIM_SECONDS = 3600
"""A look at the host counts for an hour at most, whatever its maker says."""

SKEW = 60
"""Seconds by which a device's clock may be ahead of the verifier's."""

MAX_DOCUMENTS, MAX_DOCUMENT_BYTES = 8, 32 * 1024
"""That travel with one device's evidence."""

_Word = Annotated[str, msgspec.Meta(max_length=48)]
ClaimName = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[a-z0-9][a-z0-9-]*\Z")]
ClaimState = Literal["ok", "missing", "unknown", "declared"]


class Evidence(Message, frozen=True):
    """What the platform says of itself and of its report data (RFC 9334), in its own format."""

    format: Annotated[str, msgspec.Meta(max_length=32)]
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]


class HostClaims(Message, frozen=True):
    """What the device's agent saw of its host. Claims, not proof: a compromised kernel lies to everybody on it. They
    are inputs to the policy, and worth more where measured boot vouches for the kernel that was started."""

    measured_at: Seconds
    expires: Seconds
    claims: Annotated[tuple[tuple[ClaimName, ClaimState], ...], msgspec.Meta(max_length=64)]
    """(what, state), ascending and none twice. ``declared``: the owner says so, nobody can see it."""

    def __post_init__(self) -> None:
        names = [name for name, _ in self.claims]
        if names != sorted(set(names)):
            raise ValueError("claims must be sorted and without repetition")
        if not self.measured_at < self.expires <= self.measured_at + MAX_CLAIM_SECONDS:
            raise ValueError("claims count for an hour at most")

    def unmet(
        self,
        required: Sequence[str],
        now: int,
        *,
        declared_counts: bool,
        max_age: int = MAX_CLAIM_SECONDS,
    ) -> tuple[str, ...]:
        """Which of ``required`` do not hold at ``now``. What is old (``max_age`` in seconds), unknown or not mentioned
        does not hold, and neither does what is from the future: a device whose clock is ahead would make claims that
        never expire."""
        enough = {"ok", "declared"} if declared_counts else {"ok"}
        held = (
            {name for name, state in self.claims if state in enough}
            if self.measured_at - SKEW <= now < min(self.expires, self.measured_at + max_age)
            else set()
        )
        return tuple(name for name in required if name not in held)


Documents = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=MAX_DOCUMENT_BYTES)], ...],
    msgspec.Meta(max_length=MAX_DOCUMENTS),
]
"""Certificates, revocation lists, DCAP collateral."""


class Claims(Message, frozen=True):
    """What the attester says beside the platform's evidence; bound to it by the report data."""

    release: Bytes32
    """Digest of the program's own files as it found them (``make measure`` prints a release's)."""
    isolation: Annotated[tuple[tuple[_Word, _Word], ...], msgspec.Meta(max_length=64)]
    """(layer, state) of the process's isolation, as applied and probed."""
    host: HostClaims | None
    """None: nobody looked."""
    capabilities: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=16)] = ()
    """What its platform gives, by the names of ``tee.platform.Capabilities``."""


class Attestation(Message, frozen=True):
    """Evidence with all that a verifier needs beside it."""

    evidence: Evidence
    endorsements: Documents
    """Certificates and the like that the host handed out. Nothing in them is believed."""
    claims: Claims


class SignedHead(Message, frozen=True):
    """How far a device's journal is: a statement that it cannot take back later."""

    length: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    hash: Bytes32
    """Of the last entry, and through it of all before."""
    signature: Bytes64
    """By the device's identity, for the purpose ``journal-head``."""

    @property
    def stated(self) -> tuple[bytes, bytes]:
        """The parts that are signed."""
        return self.length.to_bytes(8, "big"), self.hash


class Reference(Message, frozen=True):
    """What the owner accepted a device as. Other evidence than this needs the owner's approval."""

    format: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    tier: Annotated[int, msgspec.Meta(ge=0, le=2)]
    attestation_key: Annotated[bytes, msgspec.Meta(max_length=600)]
    """SubjectPublicKeyInfo of a key that was bound to its chip by activation (TPM); empty elsewhere."""
    hardware_id: Annotated[bytes, msgspec.Meta(max_length=64)]
    """The one chip; empty where evidence does not tell chips apart."""
    measurements: Annotated[
        tuple[tuple[_Word, Annotated[bytes, msgspec.Meta(min_length=1, max_length=64)]], ...],
        msgspec.Meta(max_length=64),
    ]
    """(name, digest) of what was measured, ascending by name."""
    unchecked: bool = False
    """The owner accepted it although its evidence cannot be checked: it counts as tier 0."""

    def __post_init__(self) -> None:
        names = [name for name, _ in self.measurements]
        if names != sorted(set(names)):
            raise ValueError("measurements must be sorted and without repetition")
        if self.unchecked and (self.tier or self.measurements):
            raise ValueError("what cannot be checked is of tier 0, and nothing is measured")


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What evidence is shown for."""

    purpose: Literal["envelope-key", "session", "release", "boot"]
    nonce: bytes
    """What the verifier chose, or the name of a session whose transcript hashes what every verifier chose."""
    identity: bytes
    """The attester's (32 bytes)."""
    key: bytes
    """The public key that the attester will be spoken to with: HPKE or X25519 (32 bytes)."""
    rules_hash: bytes
    """Of the rules in force of the wallet that it is for; empty where it is for no wallet."""
    transcript: bytes
    """Of the conversation so far; empty where this opens it."""

    def report_data(self, claims: Claims) -> bytes:
        """The 64 bytes that evidence for this, beside these claims, carries."""
        return hashlib.sha512(
            digest(
                f"report-data/{self.purpose}",
                self.nonce,
                self.identity,
                self.key,
                self.rules_hash,
                self.transcript,
                encode(claims),
            )
        ).digest()


def reference_digest(reference: Reference | None) -> bytes:
    """32 bytes that name exactly this reference, or that there is none."""
    return digest("reference", encode(reference))
