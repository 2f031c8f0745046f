"""From a report to the claims that a device puts beside its evidence.

In the words of RFC 9334 (RATS) the signer's agent is the attesting environment that collects these claims: it looks
at the machine beside the signer, with the rights that it has. Only what can be seen with an honest kernel is seen:
a kernel that was taken over can lie to the agent, and the evidence then carries the lie. So a claim is an input to a
policy, worth as much as what else binds it: under measured boot, that this kernel was started; elsewhere, no more
than that an honest machine reports its gaps.

Their form, and what of them counts when, is ``protocol.attesting.HostClaims``: a requirement is met by *ok* alone, or
by *declared* where the rule says so; never by *unknown*, and never by claims that expired or come from the future.
"""

from __future__ import annotations

from pathlib import Path

from warifu.host.check import State
from warifu.host.doctor import HostReport, examine
from warifu.host.kept import completed, kept
from warifu.protocol.attesting import MAX_CLAIM_SECONDS, ClaimState, HostClaims

CLAIMABLE = (
    "ako",
    "core-dumps-off",
    "cores-not-shared",
    "cpu-mitigated",
    "disk-encrypted",
    "grsecurity",
    "ima",
    "io-uring-off",
    "kernel-guard",
    "kernel-log-closed",
    "kernel-untainted",
    "kexec-off",
    "landlock",
    "lkrg",
    "lockdown",
    "mandatory-access",
    "memory-lock",
    "microcode",
    "mitigations-on",
    "module-signatures",
    "perf-closed",
    "pointers-hidden",
    "restarted",
    "seccomp",
    "secure-boot",
    "swap-safe",
    "sysrq-off",
    "time-synchronised",
    "unprivileged-bpf-off",
    "updates-applied",
    "updates-automatic",
    "user-namespaces-off",
    "ved",
    "ved-ebpf",
    "yama",
)
"""The checks that a policy may require, ascending. They are on the wire and in policies: none is ever renamed."""

_ON_THE_WIRE: dict[State, ClaimState] = {
    State.OK: "ok",
    State.MISSING: "missing",
    State.UNKNOWN: "unknown",
    State.DECLARED: "declared",
}

LIFETIME_SECONDS = 15 * 60


def claims_of(report: HostReport, lifetime: int = LIFETIME_SECONDS) -> HostClaims:
    """The claims of a report. ``ValueError`` for a report without a time, or a lifetime that nobody would accept."""
    if report.measured_at <= 0:
        raise ValueError("a report of recorded files makes no claims")
    if not 0 < lifetime <= MAX_CLAIM_SECONDS:
        raise ValueError(f"claims live for 1 to {MAX_CLAIM_SECONDS} seconds")
    states = {finding.name: finding.state for finding in report.findings}
    claims = tuple((name, _ON_THE_WIRE[states[name]]) for name in CLAIMABLE)
    return HostClaims(report.measured_at, report.measured_at + lifetime, claims)


def look_and_claim(store: Path | None) -> HostClaims:
    """What the agent of the device whose data lie in ``store`` claims now: its own look, helped by root's."""
    own = examine("/", store)
    return claims_of(completed(own, kept(own.measured_at)))
