"""The Nitro Secure Module: one device call, requests and answers in CBOR (include/uapi/linux/nsm.h; AWS's NSM API).

The module's answers cross the hypervisor that made the enclave; on Nitro that *is* the root of trust. They are parsed
strictly all the same: a wrong answer must end in a refusal and never in half a document.
"""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2

from warifu.errors import PlatformRefused
from warifu.tee.ioctl import Device, Ioctl, request_number
from warifu.tee.own_evidence import read_cbor

DEVICE = Path("/dev/nsm")
MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES = 0x1000, 0x3000

_RAW = struct.Struct(
    "<QQQQ"
)  # request address and length, response address and length (in: room; out: length)
NSM_IOCTL_RAW = request_number(0x0A, 0x0, _RAW.size)


@dataclass(frozen=True)
class Module:
    """What the module says of itself."""

    module_id: str
    version: tuple[int, int, int]
    locked_pcrs: frozenset[int]


def open_module(path: Path | None = None) -> Device:
    """The module's device; ``PlatformRefused`` where it is not there."""
    try:
        return Device(path or DEVICE)
    except OSError as error:
        raise _refused(f"it cannot be opened: {error.strerror}") from None


def attestation(call: Ioctl, user_data: bytes) -> bytes:
    """The signed attestation document (COSE_Sign1) over ``user_data``; ``PlatformRefused`` where there is none."""
    request = {"Attestation": {"user_data": user_data, "nonce": None, "public_key": None}}
    match _ask(call, request):
        case {"Attestation": {"document": bytes(document)}} if document:
            return document
        case answer:
            raise _unusable(answer)


def describe(call: Ioctl) -> Module:
    """Which module this is; ``PlatformRefused`` where it does not say."""
    match _ask(call, "DescribeNSM"):
        case {
            "DescribeNSM": {
                "version_major": int(major),
                "version_minor": int(minor),
                "version_patch": int(patch),
                "module_id": str(module_id),
                "locked_pcrs": list() | tuple() | set() | frozenset() as locked,
            }
        } if len(module_id) <= 128 and all(isinstance(index, int) for index in locked):
            return Module(module_id, (major, minor, patch), frozenset(locked))
        case answer:
            raise _unusable(answer)


def _ask(call: Ioctl, request: object) -> Any:  # noqa: ANN401  # matched by the callers
    encoded = cbor2.dumps(request)
    assert len(encoded) <= MAX_REQUEST_BYTES, "our own requests are short"
    question = ctypes.create_string_buffer(encoded, len(encoded))
    answer = ctypes.create_string_buffer(MAX_RESPONSE_BYTES)
    structure = bytearray(
        _RAW.pack(ctypes.addressof(question), len(encoded), ctypes.addressof(answer), MAX_RESPONSE_BYTES)
    )
    try:
        call(NSM_IOCTL_RAW, structure)
    except OSError as error:
        raise _refused(error.strerror or "the call failed") from None
    length = _RAW.unpack(structure)[3]
    if not 0 < length <= MAX_RESPONSE_BYTES:
        raise _refused(f"it claims an answer of {length} bytes")
    return read_cbor(answer.raw[:length])


def _unusable(answer: object) -> PlatformRefused:
    match answer:
        case {"Error": str(code)}:
            return _refused(f"it says {code[:40]!r}")
        case _:
            return _refused("its answer has another form than was asked for")


def _refused(detail: str) -> PlatformRefused:
    return PlatformRefused(
        "nsm",
        f"the Nitro Secure Module does not do what it was asked: {detail}",
        not_done="No evidence was made.",
        remedy="See that this runs in a Nitro enclave and that the signer may open /dev/nsm.",
    )
