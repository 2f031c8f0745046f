"""The firmware's event log, and which PCR values it explains (TCG PC Client Platform Firmware Profile, section 10).

The log is the host's word: what the kernel gave the attester to read. The TPM signs it along with the quote
(``bundle``), so that nobody alters a bit of it on the way; that does not make it true. What makes it worth reading is
that its digests, extended one after the other, must give the PCR values that the TPM signed. An event's *data* is
believed only where its own hash is the digest that was extended; its type, digests of other banks, and descriptions
(addresses of firmware, device paths of what was started) are believed by nobody, and nothing is told of them. What is
found here is for people to read. What decides is the PCR values.

A log that is there must explain PCRs 0 to 9 and 14, which firmware, boot loader and the kernel's start extend, and
every other quoted PCR of which it has an event. (Programs extend PCRs 10 to 15 later on, with logs of their own, as IMA
does.)
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warifu.attestation.reader import Reader
from warifu.attestation.tpm.structures import PCRS, SHA256
from warifu.attestation.verifier import CheckFailed

_NO_ACTION = 3
_HEADER = b"Spec ID Event03\0"
_STARTUP_LOCALITY = b"StartupLocality\0"
_DIGEST_SIZES = {
    0x0004: 20,
    0x000B: 32,
    0x000C: 48,
    0x000D: 64,
    0x0012: 32,
    0x0027: 32,
    0x0028: 48,
    0x0029: 64,
}
"""SHA-1, SHA-2, SM3, SHA-3: of banks that a log may tell beside ours."""
_MAX_EVENT_BYTES = 64 * 1024
_SEPARATOR = hashlib.sha256(bytes(4)).digest()
"""Firmware extends it when it hands over to what it loads; what comes later may be anybody's."""
_LOGGED_PCRS = frozenset({*range(10), 14})
_SECURE_BOOT_PCR = 7
_GLOBAL_VARIABLE = bytes.fromhex("61dfe48bca93d211aa0d00e098032b8c")
"""The UEFI specification's own variables, GUID 8be4df61-93ca-11d2-aa0d-00e098032b8c."""
_COMMAND_LINE = re.compile(rb"(?:kernel_cmdline|grub_kernel_cmdline): ?(.*?)\0*\Z", re.DOTALL)
_SHOWN = 400


@dataclass(frozen=True)
class Event:
    """One extension of one PCR."""

    pcr: int
    digest: bytes
    data: bytes

    @property
    def data_is_measured(self) -> bool:
        return hashlib.sha256(self.data).digest() == self.digest


@dataclass(frozen=True)
class EventLog:
    """What was extended, in order, and where PCR 0 started."""

    events: tuple[Event, ...]
    startup_locality: int


def read_event_log(log: bytes) -> EventLog:
    """The SHA-256 side of a crypto-agile log; ``CheckFailed("event-log")`` where it is not one to its last byte."""
    reader = Reader(log, "little", "the event log")
    try:
        sizes = _read_header(reader)
        events: list[Event] = []
        locality = 0
        while reader.left:
            pcr, kind, digest, data = _read_event(reader, sizes)
            if kind != _NO_ACTION:
                events.append(Event(pcr, digest, data))
            elif pcr == 0 and data.startswith(_STARTUP_LOCALITY) and len(data) == len(_STARTUP_LOCALITY) + 1:
                locality = data[-1]
    except CheckFailed as failure:
        raise CheckFailed("event-log", failure.detail) from None
    if locality not in (0, 3, 4):
        raise CheckFailed("event-log", "the TPM was not started from where firmware starts it")
    return EventLog(tuple(events), locality)


def check_event_log(log: EventLog, values: Mapping[int, bytes]) -> tuple[int, ...]:
    """The PCRs among ``values`` whose value the log explains; ``CheckFailed("event-log")`` where it should and does
    not: an event was altered, added, left out or moved."""
    replayed = _replay(log)
    explained = []
    for pcr, value in sorted(values.items()):
        untouched = pcr not in replayed
        if hmac.compare_digest(replayed.get(pcr, _start(pcr, log)), value):
            explained.append(pcr)
        elif pcr in _LOGGED_PCRS or not untouched:
            raise CheckFailed("event-log", f"it does not lead to the value of PCR {pcr}")
    return tuple(explained)


def describe(log: EventLog, explained: tuple[int, ...]) -> dict[str, str]:
    """What events of explained PCRs say that is worth showing."""
    shown = {"event log": f"explains PCRs {', '.join(map(str, explained)) or 'none'}"}
    events = [event for event in log.events if event.pcr in explained]
    secure_boot = _secure_boot(event for event in events if event.pcr == _SECURE_BOOT_PCR)
    if secure_boot:
        shown["secure boot"] = secure_boot
    lines = [line for event in events for line in _command_line(event)]
    if lines:
        shown["kernel command line"] = " | ".join(lines)[:_SHOWN]
    return shown


def _read_header(reader: Reader) -> dict[int, int]:
    """TCG_EfiSpecIDEvent, in the older form that begins every log: the banks of the log, with their digests' sizes."""
    pcr, kind, digest = reader.number(4), reader.number(4), reader.take(20)
    header = Reader(reader.sized(4, 1024), "little", "the event log's header")
    if pcr or kind != _NO_ACTION or any(digest) or header.take(16) != _HEADER:
        raise CheckFailed("form", "the event log is not in the crypto-agile form")
    header.take(8)  # platform class, version, size of a word
    sizes = {}
    for _ in range(_count(header, len(_DIGEST_SIZES))):
        algorithm, size = header.number(2), header.number(2)
        if _DIGEST_SIZES.get(algorithm) != size or algorithm in sizes:
            raise CheckFailed("form", "the event log tells of an unknown bank")
        sizes[algorithm] = size
    header.sized(1, 255)
    header.end()
    if SHA256 not in sizes:
        raise CheckFailed("form", "the event log does not tell of the SHA-256 bank")
    return sizes


def _read_event(reader: Reader, sizes: Mapping[int, int]) -> tuple[int, int, bytes, bytes]:
    """TCG_PCR_EVENT2: (PCR, type, digest of the SHA-256 bank, data)."""
    pcr, kind = reader.number(4), reader.number(4)
    if pcr >= PCRS:
        raise CheckFailed("form", "the event log extends a PCR that is none")
    digests: dict[int, bytes] = {}
    for _ in range(_count(reader, len(sizes))):
        algorithm = reader.number(2)
        if algorithm not in sizes or algorithm in digests:
            raise CheckFailed("form", "an event has a digest of an unknown bank, or two of one")
        digests[algorithm] = reader.take(sizes[algorithm])
    if SHA256 not in digests:
        raise CheckFailed("form", "an event has no digest of the SHA-256 bank")
    return pcr, kind, digests[SHA256], reader.sized(4, _MAX_EVENT_BYTES)


def _count(reader: Reader, limit: int) -> int:
    count = reader.number(4)
    if not 1 <= count <= limit:
        raise CheckFailed("form", "the event log counts wrongly")
    return count


def _replay(log: EventLog) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    for event in log.events:
        before = values.get(event.pcr, _start(event.pcr, log))
        values[event.pcr] = hashlib.sha256(before + event.digest).digest()
    return values


def _start(pcr: int, log: EventLog) -> bytes:
    """Part 1, "Initializing PCR": zeros; PCR 0 begins with the locality at which the TPM was started; those of a late
    launch are all ones until there is one."""
    if pcr == 0:
        return log.startup_locality.to_bytes(32, "big")
    return b"\xff" * 32 if 17 <= pcr <= 22 else bytes(32)


def _secure_boot(events: Iterator[Event]) -> str:
    """The first word on it, before the firmware handed over: later, the operating system could extend another one."""
    for event in events:
        if event.digest == _SEPARATOR:
            return ""
        variable = _variable(event.data) if event.data_is_measured else None
        if variable is not None and variable[:2] == (_GLOBAL_VARIABLE, "SecureBoot"):
            return {b"\1": "on", b"\0": "off"}.get(variable[2], "unclear")
    return ""


def _variable(data: bytes) -> tuple[bytes, str, bytes] | None:
    """UEFI_VARIABLE_DATA: (GUID, name, value)."""
    reader = Reader(data, "little", "a variable")
    try:
        guid, letters, size = reader.take(16), reader.number(8), reader.number(8)
        name = reader.take(letters * 2).decode("utf-16-le")
        value = reader.take(size)
        reader.end()
    except (CheckFailed, UnicodeDecodeError):
        return None
    return guid, name, value


def _command_line(event: Event) -> Iterator[str]:
    """GRUB tells the line behind a name, and measures the line."""
    told = _COMMAND_LINE.match(event.data)
    if told and hashlib.sha256(told[1]).digest() == event.digest:
        yield "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in told[1])
