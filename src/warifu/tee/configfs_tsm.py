"""Evidence from a confidential machine's kernel: configfs-tsm (Documentation/ABI/testing/configfs-tsm-report).

An entry is a directory of one's own: write ``inblob``, read ``outblob`` (the report) and ``auxblob`` (what the host
adds, such as certificates). ``generation`` counts the writes; where it is not what our own writes make it, somebody
else wrote between, and what was read may answer *their* question: it is thrown away and asked anew, a bounded number
of times. An error of the kernel while it takes ``inblob`` does not reach the writer (it happens at close), so this
count is also what tells that our question arrived at all.

Refused: another provider than the one expected, reports that are empty or too long. Believed: nothing in the report;
the platform that asked looks whether it carries its question, and a verifier judges the rest.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path

from nacl.utils import random

from warifu.attestation.evidence import REPORT_DATA_BYTES
from warifu.errors import PlatformRefused
from warifu.tee.kernel_files import Files, KernelFiles

ROOT = Path("/sys/kernel/config/tsm/report")
MAX_REPORT_BYTES = 32 * 1024
MAX_AUXILIARY_BYTES = 64 * 1024
ATTEMPTS = 5
PRIVILEGE_LEVELS = range(4)
"""What ``privlevel`` may be: an SNP guest's VMPL, which the kernel may narrow from below (``privlevel_floor``)."""

_NUMBER = re.compile(rb"(0|[1-9][0-9]{0,19})\n?")
_CONTENDED = (errno.EBUSY, errno.EWOULDBLOCK, errno.EINTR)


class _Disturbed(Exception):
    """Somebody else used our entry, or the kernel was busy: what was read counts for nothing."""


@dataclass(frozen=True)
class TsmReport:
    """What the kernel handed out for one question."""

    report: bytes
    auxiliary: bytes
    """Empty where the provider has none or the host gave none."""


class TsmReports:
    """Asks for reports, each in an entry of its own that is removed afterwards."""

    def __init__(self, provider: str, privilege_level: int | None = None, files: Files | None = None) -> None:
        """``provider``: whose reports are expected (``sev_guest``, ``tdx_guest``)."""
        if privilege_level is not None and privilege_level not in PRIVILEGE_LEVELS:
            raise PlatformRefused("privilege-level", f"there is no privilege level {privilege_level}")
        self._provider = provider
        self._level = privilege_level
        self._files: Files = files if files is not None else KernelFiles(ROOT)

    def report(self, report_data: bytes) -> TsmReport:
        """The report over 64 bytes; ``PlatformRefused`` where the kernel gives none."""
        if len(report_data) != REPORT_DATA_BYTES:
            raise PlatformRefused(
                "report-data", f"report data has {len(report_data)} bytes, not {REPORT_DATA_BYTES}"
            )
        for _attempt in range(ATTEMPTS):
            try:
                return self._once(report_data)
            except _Disturbed:
                continue
            except OSError as error:
                raise _no_report(f"the kernel gives no report: {error.strerror}") from None
        raise _no_report(f"the kernel's report entry was disturbed {ATTEMPTS} times")

    def _once(self, report_data: bytes) -> TsmReport:
        entry = f"warifu-{random(8).hex()}"
        self._files.make(entry)
        try:
            return self._ask(entry, report_data)
        except OSError as error:
            if error.errno in _CONTENDED:
                raise _Disturbed from None
            raise
        finally:
            self._files.remove(entry)

    def _ask(self, entry: str, report_data: bytes) -> TsmReport:
        self._require_provider(entry)
        generation = self._generation(entry)
        if self._level is not None:
            self._files.write(f"{entry}/privlevel", str(self._level).encode())
            generation += 1
        self._files.write(f"{entry}/inblob", report_data)
        generation += 1
        answer = TsmReport(self._files.read(f"{entry}/outblob", MAX_REPORT_BYTES), self._auxiliary(entry))
        if self._generation(entry) != generation:
            raise _Disturbed
        if not answer.report:
            raise _no_report("the kernel's report is empty")
        return answer

    def _require_provider(self, entry: str) -> None:
        found = self._files.read(f"{entry}/provider", 64).decode("ascii", "replace").strip()
        if found != self._provider:
            raise PlatformRefused(
                "provider",
                f"this machine's reports come from {found[:32]!r}, not from {self._provider!r}",
                not_done="No evidence was made.",
                remedy="Start the device on the platform that it was set up for.",
            )

    def _generation(self, entry: str) -> int:
        found = _NUMBER.fullmatch(self._files.read(f"{entry}/generation", 32))
        if found is None:
            raise _no_report("the kernel's generation is no number")
        return int(found[1])

    def _auxiliary(self, entry: str) -> bytes:
        try:
            return self._files.read(f"{entry}/auxblob", MAX_AUXILIARY_BYTES)
        except FileNotFoundError:
            return b""


def _no_report(message: str) -> PlatformRefused:
    return PlatformRefused(
        "no-report",
        message,
        not_done="No evidence was made.",
        remedy="See that configfs is mounted on /sys/kernel/config, that the guest's attestation driver is loaded, and "
        "that this user may make entries there.",
    )
