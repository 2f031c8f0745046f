"""Bare forms of evidence for the adapters' stand-ins (recorded evidence: ``evidence.py``; genuine: ``minted_*.py``).

A bare form has every field where the format puts it and no genuine signature: enough for an attester, which looks at
two fields, and refused by every verifier.
"""

from __future__ import annotations

import struct

import cbor2

_VCEK = bytes.fromhex("63da758de6644564adc5f4b93be8accd")


def snp_report(report_data: bytes, debug: bool = False) -> bytes:
    """The form of an SNP report, version 2."""
    report = bytearray(0x4A0)
    struct.pack_into("<IIQ", report, 0, 2, 0, 0x30000 | debug << 19)
    struct.pack_into("<I", report, 0x34, 1)
    report[0x50:0x90] = report_data
    return bytes(report)


def tdx_quote(report_data: bytes, debug: bool = False, version: int = 4) -> bytes:
    """The form of a TDX quote."""
    body = bytearray(584)
    struct.pack_into("<Q", body, 120, int(debug))
    body[520:584] = report_data
    descriptor = struct.pack("<HI", 2, len(body)) if version == 5 else b""
    return struct.pack("<HHI40x", version, 2, 0x81) + descriptor + bytes(body) + bytes(4)


def sgx_quote(report_data: bytes, debug: bool = False) -> bytes:
    """The form of an SGX quote, version 3."""
    body = bytearray(384)
    struct.pack_into("<Q", body, 48, 0x05 | debug << 1)
    body[320:384] = report_data
    return struct.pack("<HHI40x", 3, 2, 0) + bytes(body) + bytes(4)


def nitro_document(user_data: bytes | None, debug: bool = False) -> bytes:
    """The form of a Nitro attestation document."""
    payload = {
        "module_id": "i-00-enc00",
        "digest": "SHA384",
        "timestamp": 1_700_000_000_000,
        "pcrs": {0: bytes(48) if debug else b"\x01" * 48},
        "certificate": b"\x30",
        "cabundle": [b"\x30"],
        "public_key": None,
        "user_data": user_data,
        "nonce": None,
    }
    return cbor2.dumps([cbor2.dumps({1: -35}), {}, cbor2.dumps(payload), bytes(96)])


def certificate_table(*documents: bytes) -> bytes:
    """An SNP host's certificate table; every document is said to be a VCEK's certificate."""
    offset = (len(documents) + 1) * 24
    entries, blob = b"", b""
    for document in documents:
        entries += struct.pack("<16sII", _VCEK, offset + len(blob), len(document))
        blob += document
    return entries + bytes(24) + blob
