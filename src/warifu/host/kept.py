"""A look that root took, kept for the agent, which may not see as much: ``/run/warifu/host.json``.

LKRG and VED, IMA and some settings show their state to root only. An agent without privileges would have to claim
*unknown* for ever, and giving it root for this would cost more than the claim is worth. So a small service looks as
root every few minutes (packaging/systemd/warifu-host.timer) and keeps its report here; the agent looks for itself and
takes root's word only for what it could not see.

The file is believed only where nobody but root can have written it, and only while it is fresh. ``/run`` is gone
with the machine's memory, so a look before the last start is never found.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from warifu.errors import HostUnsuitable
from warifu.host.check import Finding, State
from warifu.host.doctor import HostReport, score_of, to_json

PLACE = Path("/run/warifu/host.json")
FRESH_SECONDS = 10 * 60
_MAX_BYTES = 256 * 1024
_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


def keep(report: HostReport, place: Path) -> None:
    """Write ``report`` for others to read: whole, or not at all."""
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644
        )
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            file.write(to_json(report))
        draft.replace(place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise HostUnsuitable(
            "not-kept",
            f"the report cannot be written to {place}: {error.strerror}",
            not_done="What was there before is still there.",
            remedy="Name a file in a folder that you may write.",
        ) from None


def kept(now: int, place: Path = PLACE, owner: int = 0) -> HostReport | None:
    """Root's last look; None where there is none that is fresh and certainly ``owner``'s own."""
    try:
        if not _is_owners(place.parent.lstat(), owner, stat.S_IFDIR):
            return None
        data = _read(place, owner)
    except OSError:
        return None
    try:
        report = msgspec.json.decode(data, type=HostReport)
    except msgspec.DecodeError:
        return None
    return report if 0 <= now - report.measured_at <= FRESH_SECONDS else None


def completed(own: HostReport, roots: HostReport | None) -> HostReport:
    """The agent's own look, with root's word where it saw nothing. As old as the older of the two."""
    if roots is None:
        return own
    seen_by_root = {finding.name: finding for finding in roots.findings}
    findings = tuple(_better(finding, seen_by_root.get(finding.name)) for finding in own.findings)
    if findings == own.findings:
        return own
    measured_at = min(own.measured_at, roots.measured_at)
    score = score_of(findings)
    return msgspec.structs.replace(own, measured_at=measured_at, score=score, findings=findings)


def _better(own: Finding, roots: Finding | None) -> Finding:
    if own.state is not State.UNKNOWN or roots is None or roots.state is State.UNKNOWN:
        return own
    return msgspec.structs.replace(
        own, state=roots.state, detail=f"{roots.detail} (seen by root)", remedy=roots.remedy
    )


def _read(place: Path, owner: int) -> bytes:
    descriptor = os.open(place, _READING)
    with os.fdopen(descriptor, "rb") as file:
        if not _is_owners(os.fstat(descriptor), owner, stat.S_IFREG):
            return b""
        data = file.read(_MAX_BYTES + 1)
    return data if len(data) <= _MAX_BYTES else b""


def _is_owners(status: os.stat_result, owner: int, kind: int) -> bool:
    """Of that kind, and written by nobody but ``owner``."""
    others = stat.S_IWGRP | stat.S_IWOTH
    return status.st_uid == owner and stat.S_IFMT(status.st_mode) == kind and not status.st_mode & others
