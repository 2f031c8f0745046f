"""Whether known holes are closed: security updates, a restart that waits, updates that come by themselves."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.configuration import release
from warifu.host.machine import CannotTell, Machine
from warifu.host.packages import installed, newer, security_lists, version_key

_LISTS = "/var/lib/apt/lists"
_CONFIGURATION = "/etc/apt/apt.conf.d"
_MAX_INDEX_BYTES = 1024 * 1024
_MAX_CONFIGURATION_FILES = 128
_LISTS_KEEP_SECONDS = 10 * 86400
"""Where the archive itself does not say until when its lists are valid."""
_SHOWN = 4
_IMAGE = re.compile(r"vmlinuz-(\d[0-9A-Za-z.+~_-]{0,99})")
_DATE = re.compile(r"^(Date|Valid-Until): (.{10,60})$", re.MULTILINE)
_AUTOMATIC = re.compile(r'^\s*APT::Periodic::Unattended-Upgrade\s+"(\w{1,10})"\s*;', re.MULTILINE)


def _applied(machine: Machine) -> Seen:
    lists = security_lists(machine)
    waiting = newer(machine, lists)
    if waiting:
        shown = ", ".join(waiting[:_SHOWN])
        return missing(
            f"{len(waiting)} security updates wait: {shown}{' ...' if len(waiting) > _SHOWN else ''}"
        )
    if machine.now is None:
        return unknown("none waits, but how old the lists are cannot be told without a clock")
    stale = [name for name in lists if _valid_until(machine, name) < machine.now]
    if stale:
        return unknown("none waits by lists that are out of date; run 'apt-get update'")
    return ok("no security update waits")


def _valid_until(machine: Machine, name: str) -> int:
    """Unix time until when a list may be believed, by the index that apt fetched with it."""
    index = name.rpartition("_binary-")[0].rpartition("_")[0]
    text = machine.read(f"{_LISTS}/{index}_InRelease", _MAX_INDEX_BYTES)
    dates = dict(_DATE.findall(text or ""))
    if "Valid-Until" in dates:
        return _unix_time(dates["Valid-Until"])
    if "Date" in dates:
        return _unix_time(dates["Date"]) + _LISTS_KEEP_SECONDS
    raise CannotTell("apt's lists do not say how old they are")


def _unix_time(text: str) -> int:
    try:
        moment = parsedate_to_datetime(text)
        return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    except (ValueError, OverflowError):
        raise CannotTell("apt's lists carry a date of an unexpected form") from None


def _restarted(machine: Machine) -> Seen:
    if machine.exists("/run/reboot-required"):
        return missing("an update waits for a restart (/run/reboot-required)")
    running = release(machine)
    images = [found[1] for name in machine.names("/boot") if (found := _IMAGE.fullmatch(name))]
    if running not in images:
        return unknown("the running kernel is not among those in /boot")
    alike = [image for image in images if _flavour(image) == _flavour(running)]
    newest = max(alike, key=version_key)
    return (
        ok(f"{running} is the newest kernel here")
        if newest == running
        else missing(f"{newest} is not yet running")
    )


def _flavour(image: str) -> str:
    """``amd64`` of ``6.1.0-40-amd64``: kernels of other kinds lie beside it and are no updates of it."""
    return "-".join(part for part in image.split("-")[1:] if not part[:1].isdigit())


def _automatic(machine: Machine) -> Seen:
    if "unattended-upgrades" not in installed(machine):
        return missing("unattended-upgrades is not installed")
    settings = [
        value
        for name in machine.names(_CONFIGURATION)[:_MAX_CONFIGURATION_FILES]
        for value in _AUTOMATIC.findall(machine.read(f"{_CONFIGURATION}/{name}") or "")
    ]
    if not settings or settings[-1] == "0":
        return missing("unattended-upgrades is installed, but not switched on")
    return ok("unattended-upgrades is on")


CHECKS = (
    Check(
        name="updates-applied",
        reason="a hole that is known and closed elsewhere is the cheapest way in",
        source=f"/var/lib/dpkg/status against the security archive's lists in {_LISTS}",
        remedy="apt-get update && apt-get upgrade",
        look=_applied,
        weight=4,
    ),
    Check(
        name="restarted",
        reason="an updated kernel or library protects only after the restart",
        source="/run/reboot-required; /boot against /proc/sys/kernel/osrelease",
        remedy="Restart the machine at a quiet hour; the wallet goes on with the other devices.",
        look=_restarted,
        weight=2,
    ),
    Check(
        name="updates-automatic",
        reason="nobody looks after a machine in a cupboard every day",
        source=f"{_CONFIGURATION} and the package unattended-upgrades",
        remedy="apt-get install unattended-upgrades && dpkg-reconfigure -plow unattended-upgrades",
        look=_automatic,
        weight=2,
    ),
)
