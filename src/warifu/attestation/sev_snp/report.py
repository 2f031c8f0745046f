"""ATTESTATION_REPORT (56860, section 7.3, table 22): 1,184 bytes, read once and strictly.

Versions 2 to 5 are known. What a version reserves must be zero, so that no bit of a report is without meaning; only
PLATFORM_INFO may have bits that this code does not know, because AMD has added some without a new version.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.attestation.verifier import CheckFailed

REPORT_BYTES = 0x4A0
SIGNED_BYTES = 0x2A0
VERSIONS = range(2, 6)
_ECDSA_P384_SHA384 = 1
_NUMBER_BYTES = 48
_POLICY_KNOWN = (1 << 26) - 1
_POLICY_ALWAYS = 1 << 17

VCEK, VLEK = 0, 1
"""SIGNING_KEY: the key of the chip, or one that AMD made for a cloud provider and loaded into it."""


@dataclass(frozen=True)
class Policy:
    """What the guest's owner allows its host (section 4.3)."""

    smt: bool
    migration_agent: bool
    debug: bool
    single_socket: bool

    @classmethod
    def read(cls, raw: int) -> Policy:
        """Bit 17 is always one, and bits above 25 are reserved."""
        if not raw & _POLICY_ALWAYS or raw & ~_POLICY_KNOWN:
            raise CheckFailed("form", "reserved bits of the guest policy are not as they must be")
        return cls(*(bool(raw >> bit & 1) for bit in (16, 18, 19, 20)))


@dataclass(frozen=True)
class Report:
    """A report as it was signed. Versions of firmware are left as bytes: their layout depends on the product."""

    version: int
    guest_svn: int
    policy: Policy
    family_id: bytes
    image_id: bytes
    vmpl: int
    platform_info: int
    author_key: bool
    signing_key: int
    report_data: bytes
    measurement: bytes
    host_data: bytes
    id_key_digest: bytes
    author_key_digest: bytes
    current_tcb: bytes
    reported_tcb: bytes
    committed_tcb: bytes
    launch_tcb: bytes
    processor: tuple[int, int, int] | None
    """CPUID family, model, stepping: from version 3 on."""
    chip_id: bytes
    """All zero where the host hides it."""
    r: int
    s: int
    signed: bytes

    @property
    def chip_id_is_hidden(self) -> bool:
        return not any(self.chip_id)


def read_report(body: bytes) -> Report:
    """The report in ``body``; ``CheckFailed`` (``form``) for everything else."""
    if len(body) != REPORT_BYTES:
        raise CheckFailed("form", f"a report has {REPORT_BYTES} bytes, not {len(body)}")
    version = _number(body, 0x00, 4)
    if version not in VERSIONS:
        raise CheckFailed("form", f"version {version} of the report is not known here")
    if _number(body, 0x34, 4) != _ECDSA_P384_SHA384:
        raise CheckFailed("form", "it is signed in a way that is not known here")
    _check_reserved(body, version)
    keys = _key_information(_number(body, 0x48, 4))
    return Report(
        version=version,
        guest_svn=_number(body, 0x04, 4),
        policy=Policy.read(_number(body, 0x08, 8)),
        family_id=body[0x10:0x20],
        image_id=body[0x20:0x30],
        vmpl=_vmpl(_number(body, 0x30, 4)),
        platform_info=_number(body, 0x40, 8),
        author_key=keys[0],
        signing_key=keys[1],
        report_data=body[0x50:0x90],
        measurement=body[0x90:0xC0],
        host_data=body[0xC0:0xE0],
        id_key_digest=body[0xE0:0x110],
        author_key_digest=body[0x110:0x140],
        current_tcb=body[0x38:0x40],
        reported_tcb=body[0x180:0x188],
        committed_tcb=body[0x1E0:0x1E8],
        launch_tcb=body[0x1F0:0x1F8],
        processor=(body[0x188], body[0x189], body[0x18A]) if version >= 3 else None,
        chip_id=body[0x1A0:0x1E0],
        r=_signature_number(body, 0x2A0),
        s=_signature_number(body, 0x2E8),
        signed=body[:SIGNED_BYTES],
    )


def _check_reserved(body: bytes, version: int) -> None:
    """Version 3 brought the processor (188h), version 5 the vectors of mitigations (1F8h)."""
    reserved = [
        (0x4C, 0x50),
        (0x18B if version >= 3 else 0x188, 0x1A0),
        (0x1EB, 0x1EC),
        (0x1EF, 0x1F0),
        (0x208 if version >= 5 else 0x1F8, SIGNED_BYTES),
        (0x330, REPORT_BYTES),
    ]
    for start, end in reserved:
        if any(body[start:end]):
            raise CheckFailed("form", f"the reserved bytes from {start:x}h are not zero")


def _key_information(raw: int) -> tuple[bool, int]:
    """(there is an author key, SIGNING_KEY). A report that is not signed is none (MASK_CHIP_KEY, or no key)."""
    signing_key = raw >> 2 & 7
    if raw >> 5:
        raise CheckFailed("form", "reserved bits beside the signing key are not zero")
    if raw & 2 or signing_key not in (VCEK, VLEK):
        raise CheckFailed("signature", "the host had the report made without a signature")
    return bool(raw & 1), signing_key


def _vmpl(raw: int) -> int:
    """A level from 0 to 3. Reports for the host itself carry another number, and say nothing that a guest said."""
    if raw > 3:
        raise CheckFailed("form", "it was made for the host, not for a guest")
    return raw


def _signature_number(body: bytes, start: int) -> int:
    """Little-endian in 72 bytes, of which a number of P-384 needs 48."""
    if any(body[start + _NUMBER_BYTES : start + 72]):
        raise CheckFailed("form", "the signature is longer than one of P-384")
    return _number(body, start, _NUMBER_BYTES)


def _number(body: bytes, start: int, length: int) -> int:
    return int.from_bytes(body[start : start + length], "little")
