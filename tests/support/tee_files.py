"""Stand-ins for what a kernel offers inside a TEE, faithful to its documented behaviour, and hostile on demand.

``Tsm`` is an entry of configfs-tsm as drivers/virt/coco describes it: a generation that grows with every write;
``inblob`` that is taken at close, so that its refusal reaches nobody; a report that is made at the first read after a
write and cached; ``EINVAL`` for a read without a question; ``auxblob`` that may be absent; no files that can be opened
for the other direction. ``Gramine`` is ``/dev/attestation`` of that library OS.
``SecureProcessor`` and ``SecureModule`` stand behind the device calls and read and write the caller's memory at the
addresses in the structures, as the kernel does.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import cbor2

Reporter = Callable[[bytes], bytes]
"""The chip: 64 bytes of report data -> a report."""


def _error(number: int, name: str) -> OSError:
    return OSError(number, errno.errorcode[number], name)


@dataclass
class Tsm:
    """One entry of a kernel's ``/sys/kernel/config/tsm/report``."""

    provider: str
    reporter: Reporter
    auxblob: bytes | None = None
    privlevel_floor: int | None = None
    """None: this provider knows no privilege levels."""
    before_outblob: Callable[[Tsm], None] | None = None
    """What somebody else does between our question and our reading."""
    refuse: dict[str, list[int]] = field(default_factory=dict)
    """Attribute -> error numbers to raise, one for each use."""
    lost_writes: int = 0
    """So many writes of ``inblob`` are refused at close, where the writer does not hear of it."""
    descriptor: int | None = None
    generation: int = 0
    answered: int = -1
    inblob: bytes = b""
    outblob: bytes = b""
    questions: list[bytes] = field(default_factory=list)
    """What the chip was asked."""

    def write(self, name: str, data: bytes) -> None:
        self._refused(name)
        match name:
            case "inblob":
                if len(data) > 64:
                    raise _error(errno.EFBIG, name)
                if self.lost_writes:
                    self.lost_writes -= 1
                    return
                self.inblob = data
            case "privlevel" if self.privlevel_floor is not None:
                if not self.privlevel_floor <= int(data, 0) <= 3:
                    raise _error(errno.EINVAL, name)
            case "outblob" | "auxblob" | "generation" | "provider":
                raise _error(errno.EACCES, name)
            case _:
                raise FileNotFoundError(errno.ENOENT, "ENOENT", name)
        self.generation += 1

    def read(self, name: str, limit: int) -> bytes:
        data = self._read(name)
        if len(data) > limit:
            raise _error(errno.EFBIG, name)
        return data

    def _read(self, name: str) -> bytes:
        self._refused(name)
        match name:
            case "provider":
                return self.provider.encode() + b"\n"
            case "generation":
                return str(self.generation).encode() + b"\n"
            case "outblob":
                if self.before_outblob is not None:
                    self.before_outblob(self)
                return self._report(name)
            case "auxblob" if self.auxblob is not None:
                self._report(name)
                return self.auxblob
            case "inblob" | "privlevel":
                raise _error(errno.EACCES, name)
            case _:
                raise FileNotFoundError(errno.ENOENT, "ENOENT", name)

    def _report(self, name: str) -> bytes:
        if not self.inblob:
            raise _error(errno.EINVAL, name)
        if self.answered != self.generation:
            self.questions.append(self.inblob)
            self.outblob, self.answered = self.reporter(self.inblob), self.generation
        return self.outblob

    def _refused(self, name: str) -> None:
        if self.refuse.get(name):
            raise _error(self.refuse[name].pop(0), name)


@dataclass
class Gramine:
    """An enclave's ``/dev/attestation``."""

    reporter: Reporter
    attestation_type: bytes = b"dcap"
    keys: dict[str, bytes] = field(
        default_factory=lambda: {"_sgx_mrenclave": b"e" * 16, "_sgx_mrsigner": b"s" * 16}
    )
    absent: frozenset[str] = frozenset()
    report_data: bytes = bytes(64)
    stuck: bool = False
    """The host hands out a quote for what was asked before."""
    descriptor: int | None = None

    def write(self, name: str, data: bytes) -> None:
        if name in self.absent:
            raise FileNotFoundError(errno.ENOENT, "ENOENT", name)
        if name != "user_report_data":
            raise _error(errno.EACCES, name)
        if len(data) != 64:
            raise _error(errno.EINVAL, name)
        if not self.stuck:
            self.report_data = data

    def read(self, name: str, limit: int) -> bytes:
        data = self._file(name)
        if data is None or name in self.absent:
            raise FileNotFoundError(errno.ENOENT, "ENOENT", name)
        if len(data) > limit:
            raise _error(errno.EFBIG, name)
        return data

    def _file(self, name: str) -> bytes | None:
        match name.split("/"):
            case ["attestation_type"]:
                return self.attestation_type
            case ["quote"]:
                return self.reporter(self.report_data)
            case ["user_report_data"]:
                return self.report_data
            case ["keys", key]:
                return self.keys.get(key)
            case _:
                return None


@dataclass
class SecureProcessor:
    """AMD's, behind ``/dev/sev-guest``: derives a key from its chip's secret and the fields that were selected."""

    chip: bytes = b"a chip"
    policy: int = 0x30000
    measurement: bytes = b"m" * 48
    current_vmpl: int = 0
    status: int = 0
    failing: int | None = None
    exitinfo2: int = 0
    key: bytes | None = None
    descriptor: int | None = None
    seen: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """(request number, the ioctl's structure with its addresses blanked, the key request): byte for byte."""

    def __call__(self, request: int, structure: bytearray) -> None:
        version, question_at, answer_at, _exitinfo2 = struct.unpack("<B7xQQQ", structure)
        question = ctypes.string_at(question_at, 32)
        self.seen.append((request, bytes(structure[:8] + bytes(16) + structure[24:]), question))
        if self.failing is not None:
            struct.pack_into("<Q", structure, 24, self.exitinfo2)
            raise OSError(self.failing, errno.errorcode[self.failing])
        root, reserved, fields, vmpl, svn, tcb = struct.unpack("<IIQIIQ", question)
        status = self.status or (0x16 if vmpl < self.current_vmpl or version != 1 or reserved else 0)
        mixed = struct.pack("<IQIIQ", root, fields, vmpl, svn, tcb)
        mixed += struct.pack("<Q", self.policy) if fields & 1 else b""
        mixed += self.measurement if fields & 8 else b""
        key = self.key if self.key is not None else hashlib.sha256(self.chip + mixed).digest()
        ctypes.memmove(answer_at, struct.pack("<I28x32s", status, key), 64)


@dataclass
class SecureModule:
    """AWS's, behind ``/dev/nsm``."""

    reporter: Reporter
    answer: bytes | None = None
    """Instead of what it would say."""
    claims: int | None = None
    """Instead of the length of what it says."""
    failing: int | None = None
    descriptor: int | None = None
    seen: list[tuple[int, bytes]] = field(default_factory=list)

    def __call__(self, request: int, structure: bytearray) -> None:
        question_at, question_length, answer_at, room = struct.unpack("<QQQQ", structure)
        question = ctypes.string_at(question_at, question_length)
        self.seen.append((request, question))
        if self.failing is not None:
            raise OSError(self.failing, errno.errorcode[self.failing])
        answer = self.answer if self.answer is not None else cbor2.dumps(self._say(cbor2.loads(question)))
        if len(answer) > room:
            raise _error(errno.EMSGSIZE, "nsm")
        ctypes.memmove(answer_at, answer, len(answer))
        struct.pack_into("<Q", structure, 24, len(answer) if self.claims is None else self.claims)

    def _say(self, question: object) -> object:
        match question:
            case {"Attestation": {"user_data": bytes(data), "nonce": None, "public_key": None}}:
                return {"Attestation": {"document": self.reporter(data)}}
            case "DescribeNSM":
                return {
                    "DescribeNSM": {
                        "version_major": 1,
                        "version_minor": 0,
                        "version_patch": 0,
                        "module_id": "i-00-enc00",
                        "max_pcrs": 32,
                        "locked_pcrs": [0, 1, 2],
                        "digest": "SHA384",
                    }
                }
            case _:
                return {"Error": "InvalidOperation"}
