"""What this machine offers of each platform, in plain words. It shows and never chooses.

A device is set up for the platform that its owner names, and starts on that one or not at all; nothing here says which
is "best". What is seen are files that an administrator could forge: they tell an owner what to try, while only evidence
proves anything to somebody else. A simulator is said to be one and refused outside a development profile; an enclave in
debug mode cannot be seen from outside and is refused by its adapter, by its own evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warifu.errors import PlatformRefused
from warifu.host.machine import CannotTell, Machine
from warifu.tee import nitro, sev_snp, sgx, tdx, unsafe_software

TPM = "tpm"
_REPORTS = "/sys/kernel/config/tsm/report"
_MAX_CPUINFO_BYTES = 8 * 1024 * 1024
"""A server with many processors fills megabytes."""


@dataclass(frozen=True)
class Offer:
    """One platform on this machine."""

    platform: str
    usable: bool
    """A device could be set up for it here, as far as can be seen."""
    simulated: bool
    """A program stands in the hardware's place."""
    seen: str
    """What was seen, for people."""


def offers(machine: Machine) -> tuple[Offer, ...]:
    """One offer for every platform there is, usable or not. Never raises for what it finds."""
    return tuple(_offer(platform, look, machine) for platform, look in _LOOKS.items())


def require_offered(found: tuple[Offer, ...], platform: str, development: bool) -> Offer:
    """The offer of ``platform``, if a device may be set up for it here; ``PlatformRefused`` otherwise, and no other
    platform is proposed in its place."""
    offer = next((each for each in found if each.platform == platform), None)
    if offer is None or not offer.usable:
        raise PlatformRefused(
            "not-offered",
            f"this machine does not offer the platform {platform[:40]!r}"
            + (f": {offer.seen}" if offer is not None else ""),
            not_done="Nothing was set up; no other platform was taken in its place.",
            remedy="'warifu doctor' shows what this machine offers. Name one of these, or use another machine.",
        )
    if offer.simulated and not development:
        raise PlatformRefused(
            "simulator",
            f"the platform '{platform}' is a simulator here: {offer.seen}",
            not_done="Nothing was set up.",
            remedy="A simulator keeps its secrets in files. Only a development profile accepts it.",
        )
    return offer


_Seen = tuple[bool, bool, str]
"""(usable, simulated, words)."""


def _offer(platform: str, look: Callable[[Machine], _Seen], machine: Machine) -> Offer:
    try:
        return Offer(platform, *look(machine))
    except CannotTell as error:
        return Offer(platform, False, False, f"cannot be told: {error}")


def _tpm(machine: Machine) -> _Seen:
    if not machine.exists("/dev/tpmrm0"):
        if machine.exists("/dev/tpm0"):
            return False, False, "a TPM without the kernel's resource manager (/dev/tpmrm0 is missing)"
        return False, False, "no TPM: /dev/tpmrm0 is missing"
    version = (machine.read("/sys/class/tpm/tpm0/tpm_version_major") or "").strip()
    if version != "2":
        return False, False, f"a TPM of version {version[:8] or 'unknown'}; version 2 is needed"
    if machine.exists("/sys/devices/virtual/tpm/tpm0"):
        return True, True, "/dev/tpmrm0 leads to a program on this machine (vTPM proxy), not to a chip"
    if "hypervisor" in _processor_flags(machine):
        return (
            True,
            False,
            "a TPM 2.0 that this machine's hypervisor provides: whoever runs the host holds its secrets",
        )
    return True, False, "a TPM 2.0"


def _sev_snp(machine: Machine) -> _Seen:
    if machine.exists("/dev/sev-guest"):
        return _with_reports(machine, "an SEV-SNP guest")
    if "sev_snp" in _processor_flags(machine):
        return (
            False,
            False,
            "the processor knows SEV-SNP, but this system is no such guest (/dev/sev-guest is missing)",
        )
    return False, False, "no sign of SEV-SNP"


def _tdx(machine: Machine) -> _Seen:
    flags = _processor_flags(machine)
    if "tdx_guest" in flags or machine.exists("/dev/tdx_guest"):
        return _with_reports(machine, "a TDX guest, which has no sealing key: its peers must hold it")
    if "tdx_host_platform" in flags:
        return False, False, "the processor knows TDX, but this system is a host and no such guest"
    return False, False, "no sign of TDX"


def _with_reports(machine: Machine, words: str) -> _Seen:
    if machine.exists(_REPORTS):
        return True, False, words
    return False, False, f"{words}; but {_REPORTS} is missing (Linux 6.7 or later, configfs mounted)"


def _sgx(machine: Machine) -> _Seen:
    kind = machine.read("/dev/attestation/attestation_type")
    if kind is not None:
        if kind.strip() == "dcap":
            return True, False, "an SGX enclave under Gramine"
        return False, False, f"under Gramine, which attests by {kind.strip()[:16]!r} and not by 'dcap'"
    if machine.exists("/dev/sgx_enclave"):
        return False, False, "SGX is there, but this program runs in no enclave: start it with gramine-sgx"
    return False, False, "no sign of SGX"


def _nitro(machine: Machine) -> _Seen:
    if machine.exists("/dev/nsm"):
        return True, False, "a Nitro enclave, which has no sealing key: its peers must hold it"
    return False, False, "no sign of a Nitro enclave"


def _unsafe_software(_machine: Machine) -> _Seen:
    return True, False, "always there: isolation by the operating system, and no TEE"


def _processor_flags(machine: Machine) -> frozenset[str]:
    for line in (machine.read("/proc/cpuinfo", _MAX_CPUINFO_BYTES) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


_LOOKS: dict[str, Callable[[Machine], _Seen]] = {
    TPM: _tpm,
    sev_snp.NAME: _sev_snp,
    tdx.NAME: _tdx,
    sgx.NAME: _sgx,
    nitro.NAME: _nitro,
    unsafe_software.NAME: _unsafe_software,
}
