"""Evidence from a confidential machine's kernel: configfs-tsm (Documentation/ABI/testing/configfs-tsm-report).

An entry is a directory of one's own: write ``inblob``, read ``outblob`` (the report) and ``auxblob`` (what the host
adds, such as certificates). ``generation`` counts the writes; where it is not what our own writes make it, somebody
else wrote between, and what was read may answer *their* question: it is thrown away and asked anew, a bounded number
of times. An error of the kernel while it takes ``inblob`` does not reach the writer (it happens at close), so this
count is also what tells that our question arrived at all.

The entry is made once, before the signer shuts itself in: behind the walls it has no other file system than its store,
and this one descriptor.

Refused: another provider than the one expected, reports that are empty or too long. Believed: nothing in the report;
the platform that asked looks whether it carries its question, and a verifier judges the rest.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path

from warifu.attestation.evidence import REPORT_DATA_BYTES
from warifu.errors import PlatformRefused
from warifu.tee.kernel_files import Files, configfs_entry

ROOT = Path("/sys/kernel/config/tsm/report")
ENTRY = "warifu-signer"
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
    """Asks for reports, in an entry of its own."""

    def __init__(
        self,
        provider: str,
        privilege_level: int | None = None,
        files: Files | None = None,
        owner: int | None = None,
    ) -> None:
        """``provider``: whose reports are expected (``sev_guest``, ``tdx_guest``). ``files``: the entry, which is made
        here where there is none; ``owner``: the user that this process is going to become. ``PlatformRefused``."""
        if privilege_level is not None and privilege_level not in PRIVILEGE_LEVELS:
            raise PlatformRefused("privilege-level", f"there is no privilege level {privilege_level}")
        self._provider = provider
        self._level = privilege_level
        self._files: Files = files if files is not None else _own_entry(owner)

    @property
    def descriptor(self) -> int | None:
        """What must stay open behind the walls."""
        return self._files.descriptor

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
        try:
            return self._ask(report_data)
        except OSError as error:
            if error.errno in _CONTENDED:
                raise _Disturbed from None
            raise

    def _ask(self, report_data: bytes) -> TsmReport:
        self._require_provider()
        generation = self._generation()
        if self._level is not None:
            self._files.write("privlevel", str(self._level).encode())
            generation += 1
        self._files.write("inblob", report_data)
        generation += 1
        answer = TsmReport(self._files.read("outblob", MAX_REPORT_BYTES), self._auxiliary())
        if self._generation() != generation:
            raise _Disturbed
        if not answer.report:
            raise _no_report("the kernel's report is empty")
        return answer

    def _require_provider(self) -> None:
        found = self._files.read("provider", 64).decode("ascii", "replace").strip()
        if found != self._provider:
            raise PlatformRefused(
                "provider",
                f"this machine's reports come from {found[:32]!r}, not from {self._provider!r}",
                not_done="No evidence was made.",
                remedy="Start the device on the platform that it was set up for.",
            )

    def _generation(self) -> int:
        found = _NUMBER.fullmatch(self._files.read("generation", 32))
        if found is None:
            raise _no_report("the kernel's generation is no number")
        return int(found[1])

    def _auxiliary(self) -> bytes:
        try:
            return self._files.read("auxblob", MAX_AUXILIARY_BYTES)
        except FileNotFoundError:
            return b""


def _own_entry(owner: int | None) -> Files:
    try:
        return configfs_entry(ROOT, ENTRY, owner)
    except OSError as error:
        raise _no_report(f"no report can be asked for: {error.strerror}") from None


def _no_report(message: str) -> PlatformRefused:
    return PlatformRefused(
        "no-report",
        message,
        not_done="No evidence was made.",
        remedy="See that configfs is mounted on /sys/kernel/config, that the guest's attestation driver is loaded, and "
        "that this user may make entries there.",
    )
