"""Debian's packages as its files show them: what is installed, and whether the security archive has newer ones.

No network, no root, nothing run: ``/var/lib/dpkg/status`` against the package lists that apt fetched last. The order
of versions is that of deb-version(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from warifu.host.machine import CannotTell, Machine

_STATUS = "/var/lib/dpkg/status"
_LISTS = "/var/lib/apt/lists"
_MAX_STATUS_BYTES = 16 * 1024 * 1024
_MAX_LIST_BYTES = 48 * 1024 * 1024
_MAX_LISTS = 16
_FIELD = re.compile(r"^(Package|Status|Version|Architecture): (.{1,300})$|^$", re.MULTILINE)
_SECURITY_LIST = re.compile(r"[\w.%+~-]*-security_[\w.%+~-]*_binary-\w+_Packages")
_PART = re.compile(r"([^0-9]*)([0-9]*)")
_VERSION = re.compile(r"(?:(\d{1,9}):)?([0-9A-Za-z.+~-]{1,200})")


@dataclass(frozen=True)
class Package:
    """One version of one package."""

    name: str
    architecture: str
    version: str


def installed(machine: Machine) -> dict[str, list[Package]]:
    """What is installed, by name. ``CannotTell`` where the machine has no dpkg."""
    text = machine.read(_STATUS, _MAX_STATUS_BYTES)
    if text is None:
        raise CannotTell("only Debian's packages (dpkg) are understood")
    found: dict[str, list[Package]] = {}
    for fields in _stanzas(text):
        if fields.get("Status", "").endswith(" installed"):
            package = _package(fields)
            found.setdefault(package.name, []).append(package)
    return found


def security_lists(machine: Machine) -> list[str]:
    """The names of apt's lists of the security archive that can be read; those that are compressed cannot."""
    names = machine.names(_LISTS)
    readable = [name for name in names if _SECURITY_LIST.fullmatch(name)][:_MAX_LISTS]
    if readable:
        return readable
    if any(_SECURITY_LIST.match(name) for name in names):
        raise CannotTell("apt keeps its lists compressed here; 'apt-get -s upgrade' reads them")
    raise CannotTell("apt has no list of a security archive; 'apt-get update' fetches it")


def newer(machine: Machine, lists: list[str]) -> list[str]:
    """The names of the installed packages of which the security archive has a later version."""
    here = installed(machine)
    waiting = set()
    for name in lists:
        for fields in _stanzas(machine.read(f"{_LISTS}/{name}", _MAX_LIST_BYTES) or ""):
            offered = _package(fields)
            if any(_is_newer(offered, package) for package in here.get(offered.name, ())):
                waiting.add(offered.name)
    return sorted(waiting)


def _is_newer(offered: Package, here: Package) -> bool:
    same_kind = offered.architecture == here.architecture or "all" in (
        offered.architecture,
        here.architecture,
    )
    return same_kind and version_key(offered.version) > version_key(here.version)


def version_key(version: str) -> tuple[object, ...]:
    """Orders as dpkg does. ``CannotTell`` for what is no version."""
    parts = _VERSION.fullmatch(version)
    if parts is None:
        raise CannotTell("a package's version has an unexpected form")
    upstream, dash, revision = parts[2].rpartition("-")
    if not dash:
        upstream, revision = revision, "0"
    return (int(parts[1] or 0), _order(upstream), _order(revision))


def _order(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Words and numbers in turn; in words ``~`` comes before the end, letters before all else."""
    pairs = [(_word_order(word), int(number or 0)) for word, number in _PART.findall(text)[:-1]]
    return (*pairs, ((0,), 0))


def _word_order(word: str) -> tuple[int, ...]:
    return (*(-1 if mark == "~" else ord(mark) if mark.isalpha() else ord(mark) + 256 for mark in word), 0)


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    for found in _FIELD.finditer(text):
        if found[1]:
            fields[found[1]] = found[2]
        elif fields:
            yield fields
            fields = {}
    if fields:
        yield fields


def _package(fields: dict[str, str]) -> Package:
    try:
        return Package(fields["Package"], fields["Architecture"], fields["Version"])
    except KeyError:
        raise CannotTell("a list of packages has an unexpected form") from None
