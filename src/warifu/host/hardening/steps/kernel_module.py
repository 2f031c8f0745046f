"""LKRG or VED, built through DKMS from a source tree that the owner gives.

DKMS reads ``dkms.conf`` as a shell program, and what it builds runs in the kernel: the tree *is* trusted with
everything. So its digest is shown and confirmed, what is copied is measured again, and only the copy is built.
"""

from __future__ import annotations

import re

from warifu.errors import InputRefused
from warifu.host.hardening.changes import Act, CopyTree, Write
from warifu.host.hardening.step import Source, Step, Wanted, Wishes
from warifu.host.hardening.target import Target

_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_MAX_CONFIGURATION = 64 * 1024


def module_of(source: Source) -> tuple[str, str, str]:
    """(package, version, module) as ``dkms.conf`` names them. ``InputRefused`` (``dkms``) where it does not."""
    place = source.place / "dkms.conf"
    try:
        text = place.read_bytes()[:_MAX_CONFIGURATION].decode("utf-8", "replace")
    except OSError:
        raise _refused("it has no dkms.conf") from None
    named = []
    for key in ("PACKAGE_NAME", "PACKAGE_VERSION", r"BUILT_MODULE_NAME\[0\]"):
        found = re.findall(rf'(?m)^{key}="?({_WORD})"?\s*$', text)
        if len(found) != 1:
            raise _refused(f"its dkms.conf does not say {key.split(chr(92))[0]} in plain letters, once")
        named.append(found[0])
    return named[0], named[1], named[2]


def _want(title: str, target: Target, source: Source | None) -> Wanted:
    if source is None:
        return Wanted(inapplicable=f"no source tree of {title} was given (--{title.lower()}-source)")
    if not target.program("dkms"):
        return Wanted(
            inapplicable="the package dkms is missing: apt-get install dkms linux-headers-$(dpkg --print-architecture)"
        )
    package, version, module = module_of(source)
    named = ("-m", package, "-v", version)
    copy = CopyTree(f"/usr/src/{package}-{version}", source.place, source.sha256)
    digest = f"{package} {version} from {source.place}, SHA-256 {source.sha256}: compare it with its authors' word."
    if not target.live:
        return Wanted(
            (copy,), (digest, "Nothing is built in an image: run the command again on the machine itself.")
        )
    return Wanted(
        (
            copy,
            Act(("dkms", "add", *named), ("dkms", "remove", *named, "--all"), ""),
            Act(("dkms", "build", *named), (), ""),
            Act(("dkms", "install", *named), (), ""),
            Act((), ("modprobe", "--remove", module), "unload it"),
            Write(f"/etc/modules-load.d/90-warifu-{module}.conf", f"{module}\n".encode()),
            Act(("modprobe", module), (), ""),
        ),
        (
            digest,
            "After a new kernel DKMS builds it again by itself.",
        ),
    )


def _refused(why: str) -> InputRefused:
    return InputRefused(
        "dkms",
        f"this is no source tree for DKMS: {why}",
        not_done="Nothing was changed.",
        remedy="Name the directory with the module's dkms.conf.",
    )


def _step(title: str, name: str, reason: str, source: str) -> Step:
    def want(target: Target, wishes: Wishes) -> Wanted:
        return _want(title, target, wishes.lkrg if name == "lkrg" else wishes.ved)

    return Step(
        name=name,
        title=f"{title} (kernel module)",
        reason=reason,
        may_break="the machine does not start with a kernel for which the module cannot be built or does not fit; "
        "a false alarm of it can end a process or halt the machine",
        undo="The module is unloaded, removed from DKMS, and its source with it.",
        source=source,
        want=want,
    )


LKRG = _step(
    "LKRG",
    "lkrg",
    "it notices many exploits of the kernel at work, and ends them",
    "lkrg.org: README of the Linux Kernel Runtime Guard",
)
VED = _step(
    "VED",
    "ved",
    "it stops classes of exploits of the kernel that an update has not closed yet",
    "hardenedvault/ved: README of Vault Exploit Defense",
)
