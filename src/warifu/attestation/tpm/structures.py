"""What a TPM signs and names, parsed (TPM 2.0 Library Specification, Part 2; the section is told at each structure).

One structure has one spelling: nothing may follow it, no list may be longer than this profile needs, and what is not
known is refused. Numbers are big-endian.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from warifu.attestation.reader import Reader
from warifu.attestation.verifier import CheckFailed

NULL = 0x0010
HASHES = {0x000B: "sha256", 0x000C: "sha384", 0x000D: "sha512"}
"""Of names and signatures. SHA-1 is refused."""
SHA256 = 0x000B

_GENERATED = 0xFF544347
"""Part 2, 6.2: the TPM puts it in front of what it says itself. A restricted key signs nothing else that begins so."""
_ST_QUOTE, _ST_NV = 0x8018, 0x8014
_MAX_DIGEST = 64
_MAX_NAME = 2 + _MAX_DIGEST
PCRS = 24

NV_COUNTER, NV_WRITTEN = 0x1, 1 << 29
COUNTER_BYTES = 8


@dataclass(frozen=True)
class Attested:
    """TPMS_ATTEST (10.12.8), without what was attested."""

    signer: bytes
    """Qualified name of the key that signed."""
    extra_data: bytes
    clock: int
    """Milliseconds that the TPM was powered, ever."""
    resets: int
    """How often it started anew (boots, hibernation)."""
    restarts: int
    safe: bool
    """No greater clock than this was ever told."""
    firmware: int


@dataclass(frozen=True)
class Quoted:
    """A quote: which PCRs of the SHA-256 bank, and the digest of their values."""

    attested: Attested
    pcrs: tuple[int, ...]
    digest: bytes


@dataclass(frozen=True)
class CertifiedCounter:
    """What TPM2_NV_Certify says of an NV index."""

    attested: Attested
    name: bytes
    value: int


@dataclass(frozen=True)
class NvPublic:
    """TPMS_NV_PUBLIC (13.5)."""

    index: int
    name: bytes
    attributes: int
    size: int

    @property
    def is_counter(self) -> bool:
        """A number that the TPM only ever adds one to, and that has been counted at least once."""
        kind = self.attributes >> 4 & 0xF
        return kind == NV_COUNTER and bool(self.attributes & NV_WRITTEN) and self.size == COUNTER_BYTES


def read_quote(structure: bytes) -> Quoted:
    """TPMS_ATTEST with TPMS_QUOTE_INFO (10.12.4); ``CheckFailed`` (``form``, ``generated``)."""
    reader = Reader(structure, "big", "the quote")
    attested = _attested(reader, _ST_QUOTE, "a quote")
    pcrs = _selection(reader)
    digest = reader.sized(2, _MAX_DIGEST)
    reader.end()
    return Quoted(attested, pcrs, digest)


def read_certified_counter(structure: bytes) -> CertifiedCounter:
    """TPMS_ATTEST with TPMS_NV_CERTIFY_INFO (10.12.8), over the whole of a counter."""
    reader = Reader(structure, "big", "the certified counter")
    attested = _attested(reader, _ST_NV, "a certified NV index")
    name, offset, content = reader.sized(2, _MAX_NAME), reader.number(2), reader.sized(2, COUNTER_BYTES)
    reader.end()
    if offset or len(content) != COUNTER_BYTES:
        raise CheckFailed("form", "a part of the counter was certified, not all of it")
    return CertifiedCounter(attested, name, int.from_bytes(content, "big"))


def read_nv_public(structure: bytes) -> NvPublic:
    """TPMS_NV_PUBLIC (13.5)."""
    reader = Reader(structure, "big", "the counter's public area")
    index, algorithm, attributes = reader.number(4), reader.number(2), reader.number(4)
    reader.sized(2, _MAX_DIGEST)
    size = reader.number(2)
    reader.end()
    return NvPublic(index, name_of(algorithm, structure), attributes, size)


def name_of(algorithm: int, public: bytes) -> bytes:
    """The name of what has this public area (Part 1, "Names"): the algorithm, and the hash of every bit of it."""
    return algorithm.to_bytes(2, "big") + hash_of(algorithm, public)


def qualified_name(algorithm: int, parent: bytes, name: bytes) -> bytes:
    """Name and place in the hierarchy: the hash over the parent's qualified name and the name (Part 1, "Names")."""
    return algorithm.to_bytes(2, "big") + hash_of(algorithm, parent + name)


def hash_of(algorithm: int, data: bytes) -> bytes:
    """``CheckFailed("form")`` for a hash that is not known here, or too weak."""
    name = HASHES.get(algorithm)
    if name is None:
        raise CheckFailed("form", f"the hash algorithm 0x{algorithm:04x} is unknown or too weak")
    return hashlib.new(name, data).digest()


def _attested(reader: Reader, kind: int, what: str) -> Attested:
    if reader.number(4) != _GENERATED:
        raise CheckFailed("generated", "the TPM did not say this itself")
    if reader.number(2) != kind:
        raise CheckFailed("form", f"what the TPM said is not {what}")
    signer, extra_data = reader.sized(2, _MAX_NAME), reader.sized(2, _MAX_NAME)
    clock, resets, restarts = reader.number(8), reader.number(4), reader.number(4)
    safe = reader.number(1)
    if safe > 1:
        raise CheckFailed("form", "a yes or no is neither")
    return Attested(signer, extra_data, clock, resets, restarts, bool(safe), reader.number(8))


def _selection(reader: Reader) -> tuple[int, ...]:
    """TPML_PCR_SELECTION (10.9.7) of one bank, SHA-256: values of other banks say nothing about this one."""
    if reader.number(4) != 1 or reader.number(2) != SHA256:
        raise CheckFailed("form", "PCRs of another bank than SHA-256 were quoted")
    bits = int.from_bytes(reader.sized(1, 4), "little")
    if not bits or bits >> PCRS:
        raise CheckFailed("form", "no PCRs were quoted, or unknown ones")
    return tuple(pcr for pcr in range(PCRS) if bits >> pcr & 1)
