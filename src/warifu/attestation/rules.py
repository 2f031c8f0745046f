"""Appraisal policies: small objects with one method, which combine. The permissive one is named unsafe.

A rule looks at what a verifier found to be genuine (``Verified``) and raises ``CheckFailed`` where it is not enough.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from warifu.attestation.evidence import Tier
from warifu.attestation.verifier import CheckFailed, Verified


class Rule(Protocol):
    """One demand, or several."""

    def require(self, verified: Verified, now: int) -> None:
        """Return if it is met at ``now`` (seconds since 1970); else ``CheckFailed``."""
        ...


@dataclass(frozen=True)
class AllOf:
    """Every one of these; the first that is not met is named."""

    rules: tuple[Rule, ...]

    def require(self, verified: Verified, now: int) -> None:
        for rule in self.rules:
            rule.require(verified, now)


@dataclass(frozen=True)
class AnyOf:
    """At least one of these. None at all is never met: an empty list must not mean "anything"."""

    rules: tuple[Rule, ...]

    def require(self, verified: Verified, now: int) -> None:
        failures: list[CheckFailed] = []
        for rule in self.rules:
            try:
                rule.require(verified, now)
            except CheckFailed as failure:
                failures.append(failure)
            else:
                return
        if not failures:
            raise CheckFailed("any-of", "there is nothing that would be enough")
        raise CheckFailed(failures[0].check, "; or ".join(failure.detail for failure in failures)[:500])


@dataclass(frozen=True)
class Bound:
    """Fresh: made for exactly this ``report_data`` (64 bytes). Evidence that is replayed or relayed carries another."""

    report_data: bytes

    def require(self, verified: Verified, now: int) -> None:
        if not hmac.compare_digest(verified.report_data, self.report_data):
            raise CheckFailed("report-data", "it was made for another question than this one")


@dataclass(frozen=True)
class NoDebug:
    """Nobody can look into the enclave by its maker's own door."""

    def require(self, verified: Verified, now: int) -> None:
        if verified.debug:
            raise CheckFailed("no-debug", "the enclave runs in debug mode: its host may read its memory")


@dataclass(frozen=True)
class LeastTier:
    """At least this tier."""

    tier: Tier

    def require(self, verified: Verified, now: int) -> None:
        if verified.tier < self.tier:
            raise CheckFailed("tier", f"tier {verified.tier} is less than {self.tier}")


@dataclass(frozen=True)
class OneOfFormats:
    """Only these kinds of evidence."""

    formats: frozenset[str]

    def require(self, verified: Verified, now: int) -> None:
        if verified.format not in self.formats:
            raise CheckFailed(
                "format", f"{verified.format} is not among the kinds of evidence that are accepted"
            )


@dataclass(frozen=True)
class ByFormat:
    """For each kind of evidence a rule of its own; a kind without one is not accepted."""

    rules: Mapping[str, Rule]

    def require(self, verified: Verified, now: int) -> None:
        OneOfFormats(frozenset(self.rules)).require(verified, now)
        self.rules[verified.format].require(verified, now)


@dataclass(frozen=True)
class ReferenceValues:
    """Each of these measurements is there and is one of the digests that its name allows."""

    allowed: Mapping[str, frozenset[bytes]]

    def require(self, verified: Verified, now: int) -> None:
        for name, digests in self.allowed.items():
            measured = verified.measurements.get(name)
            if measured is None:
                raise CheckFailed("measurement", f"{name} was not measured")
            if measured not in digests:
                raise CheckFailed("measurement", f"{name} is {measured.hex()}, which is no reference value")


@dataclass(frozen=True)
class LeastTcb:
    """Each of these parts of the platform's firmware has at least this version."""

    versions: Mapping[str, int]

    def require(self, verified: Verified, now: int) -> None:
        for name, least in self.versions.items():
            version = verified.tcb.get(name)
            if version is None:
                raise CheckFailed("tcb", f"the evidence says nothing of the version of {name}")
            if version < least:
                raise CheckFailed("tcb", f"{name} has version {version}, which is less than {least}")


@dataclass(frozen=True)
class Attributes:
    """Each of these attributes is stated and has one of these values."""

    allowed: Mapping[str, frozenset[int]]

    def require(self, verified: Verified, now: int) -> None:
        for name, values in self.allowed.items():
            value = verified.attributes.get(name)
            if value is None:
                raise CheckFailed("attribute", f"the evidence says nothing of {name}")
            if value not in values:
                raise CheckFailed("attribute", f"{name} is {value}, which is not accepted")


@dataclass(frozen=True)
class TcbStatus:
    """What the vendor says of the firmware is one of these. A vendor who says nothing does not meet it."""

    allowed: frozenset[str]

    def require(self, verified: Verified, now: int) -> None:
        if verified.tcb_status not in self.allowed:
            raise CheckFailed("tcb-status", f"the vendor calls it {verified.tcb_status or 'nothing'}")


@dataclass(frozen=True)
class OnlyAdvisories:
    """No known weakness but these, which the owner has weighed; an empty set: none."""

    accepted: frozenset[str] = frozenset()

    def require(self, verified: Verified, now: int) -> None:
        others = sorted(set(verified.advisories) - self.accepted)
        if others:
            raise CheckFailed("advisories", f"known weaknesses apply: {', '.join(others)[:200]}")


@dataclass(frozen=True)
class MaximalAge:
    """Made at most so long ago, by the evidence's own time. Evidence without a time does not meet it: only a nonce
    makes that fresh. Nor does evidence from the future, which would stay young for long; ``AHEAD`` is for clocks."""

    seconds: int
    AHEAD = 60

    def require(self, verified: Verified, now: int) -> None:
        if verified.issued_at is None:
            raise CheckFailed("age", "it carries no time of its own: only a nonce shows that it is fresh")
        if verified.issued_at > now + self.AHEAD:
            raise CheckFailed("age", "it was made in the future")
        if verified.issued_at < now - self.seconds:
            raise CheckFailed("age", f"it was made {now - verified.issued_at} seconds ago")


@dataclass(frozen=True)
class Hardware:
    """One of these chips, and the evidence says which."""

    ids: frozenset[bytes]

    def require(self, verified: Verified, now: int) -> None:
        if not verified.hardware_id:
            raise CheckFailed("hardware", "the evidence does not say which chip it comes from")
        if verified.hardware_id not in self.ids:
            raise CheckFailed("hardware", "it comes from another chip")


@dataclass(frozen=True)
class Nonce:
    """Made in answer to this question: in the format's own field for it, or, where there is none, as the report data
    with nothing but zeros behind it."""

    nonce: bytes

    def require(self, verified: Verified, now: int) -> None:
        shown = verified.nonce
        if shown is None:
            shown = verified.report_data
            wanted = self.nonce.ljust(len(shown), b"\0")
        else:
            wanted = self.nonce
        if not self.nonce or not hmac.compare_digest(shown, wanted):
            raise CheckFailed("nonce", "it was not made in answer to this nonce")


GENUINE = NoDebug()
"""What is asked where there is no policy: that it is genuine, and that its host cannot look inside."""


@dataclass(frozen=True)
class UnsafeAnything:
    """Genuine is enough, in debug mode too, whatever runs there. For development."""

    def require(self, verified: Verified, now: int) -> None:
        return
