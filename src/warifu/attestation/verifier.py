"""What a verifier takes and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from warifu.attestation.evidence import Tier


class CheckFailed(Exception):
    """The evidence is not genuine, or not acceptable: the first check that failed, by its stable name."""

    def __init__(self, check: str, detail: str) -> None:
        super().__init__(f"{check}: {detail}")
        self.check = check
        """A short lower-case word with hyphens, such as ``signature`` or ``chain``."""
        self.detail = detail
        """What was seen, in plain words, without control characters and at most a line."""


@dataclass(frozen=True)
class Endorsements:
    """What comes from elsewhere to judge evidence by. Nothing in it is believed: it leads to a pinned root or counts
    for nothing, except ``roots`` and ``pinned_keys``, which are the caller's own word."""

    documents: tuple[bytes, ...] = ()
    """Certificates (DER or PEM, one or several), revocation lists, DCAP collateral (JSON): as they were fetched."""
    roots: tuple[bytes, ...] = ()
    """DER certificates that are trusted *beside* the vendor's pinned roots: a test root, or a root of the owner's."""
    pinned_keys: tuple[bytes, ...] = ()
    """SubjectPublicKeyInfo (DER) of attestation keys that were bound to their chip before (TPM: by activation)."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What genuine evidence says: signed by a key that leads to the root, valid at the moment that was handed in."""

    format: str
    tier: Tier
    """The best that this kind of evidence can stand for."""
    report_data: bytes
    """What the attester bound it to, as it stands in the evidence (64 bytes where it is Warifu's)."""
    nonce: bytes | None = None
    """The question that it answers, where the format has a field for one beside the report data; else None."""
    debug: bool
    """The owner of the host may read the enclave's memory. A verifier reports it, and a rule refuses it."""
    measurements: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> digest, such as ``launch``, ``mrtd``, ``mrenclave``, ``pcr9``."""
    tcb: Mapping[str, int] = field(default_factory=dict)
    """Version numbers of the platform's own firmware, as the evidence states them."""
    attributes: Mapping[str, int] = field(default_factory=dict)
    """Other facts that a policy may demand: name -> number (flags: 0 or 1), such as ``vmpl``, ``smt``."""
    tcb_status: str = ""
    """What the vendor says of them (``UpToDate``, ``OutOfDate`` ...); empty where the vendor says nothing."""
    advisories: tuple[str, ...] = ()
    """The vendor's names of known weaknesses that apply."""
    hardware_id: bytes = b""
    """What tells this chip from others of its kind; empty where the evidence does not say."""
    issued_at: int | None = None
    """Seconds since 1970, from the evidence itself; None where it carries no time and only a nonce makes it fresh."""
    expires_at: int | None = None
    """The first moment at which part of what it was judged by (certificate, collateral) is no longer valid."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Anything else worth showing to a person, in words."""


class Verifier(Protocol):
    """One format of evidence."""

    @property
    def format(self) -> str:
        """Its name, the same as in ``Evidence.format``."""
        ...

    def verify(
        self, body: bytes, endorsements: Endorsements, now: int, collateral_grace: int = 0
    ) -> Verified:
        """What ``body`` says, if it is genuine at ``now`` (seconds since 1970); raises ``CheckFailed`` and nothing
        else, whatever the bytes are.

        ``collateral_grace``: seconds for which endorsements that are renewed often (CRLs, TCB information) may be
        older than their ``nextUpdate`` allows: what an offline home is granted by its policy. Certificates of keys
        get no grace.
        """
        ...
