"""Appraisal policies: small objects with one method, which combine. The permissive one is named unsafe.

A rule looks at what a verifier found to be genuine (``Verified``) and raises ``CheckFailed`` where it is not enough.
"""

from __future__ import annotations

import hmac
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
class UnsafeAnything:
    """Genuine is enough, in debug mode too, whatever runs there. For development."""

    def require(self, verified: Verified, now: int) -> None:
        return
