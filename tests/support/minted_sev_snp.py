"""SEV-SNP reports and certificates like AMD's, minted under a root of our own; every part can be made wrong."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.support.authorities import Issued, authority, curve_key, issue, rsa_key

from warifu.attestation.sev_snp.endorsement_key import HARDWARE_ID, PRODUCT_NAME, PROVIDER_ID, VERSIONS
from warifu.attestation.verifier import Endorsements

CHIP = bytes(range(1, 65))
FIRST = {"bootloader": 4, "tee": 1, "snp": 20, "microcode": 200}
WITH_FMC = FIRST | {"fmc": 2}
PROCESSORS = {"Milan": (0x19, 0x01, 1), "Genoa": (0x19, 0x11, 1), "Turin": (0x1A, 0x02, 1)}


@dataclass(frozen=True)
class Machine:
    """A chip, and what AMD certified for it."""

    product: str = "Milan"
    product_name: str = ""
    versions: tuple[tuple[str, int], ...] = tuple(FIRST.items())
    chip: bytes = CHIP
    provider: str = ""
    """Of a cloud: the key is a VLEK then."""
    leaf: tuple[tuple[str, Any], ...] = ()
    """More arguments for the certificate of the signing key."""
    without: tuple[x509.ObjectIdentifier, ...] = ()
    """Extensions that it lacks."""
    raw: tuple[tuple[x509.ObjectIdentifier, bytes], ...] = ()
    """Extensions that it has in another form."""
    authority_name: str = ""

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return curve_key("chip")

    @cached_property
    def root(self) -> Issued:
        name = f"ARK-{self.product}"
        return issue(name, rsa_key("ark"), None, authority(), serial=65536)

    @cached_property
    def signer(self) -> Issued:
        """ASK, or ASVK."""
        name = self.authority_name or f"SEV-{'VLEK-' if self.provider else ''}{self.product}"
        return issue(name, rsa_key("ask"), self.root, authority(0), serial=65537)

    @cached_property
    def certificate(self) -> Issued:
        """VCEK (whose serial number AMD leaves at 0), or VLEK."""
        name = "SEV-VLEK" if self.provider else "SEV-VCEK"
        extensions = tuple(
            (x509.UnrecognizedExtension(oid, value), False)
            for oid, value in self._facts().items()
            if oid not in self.without
        )
        return issue(name, self.key, self.signer, extensions, **{"serial": 7, **dict(self.leaf)})

    def _facts(self) -> dict[x509.ObjectIdentifier, bytes]:
        name = self.product_name or (self.product if self.provider else f"{self.product}-B1")
        facts = {VERSIONS[part]: der_integer(version) for part, version in self.versions}
        facts[PRODUCT_NAME] = der_text(name)
        if self.provider:
            facts[PROVIDER_ID] = der_text(self.provider)
        else:
            facts[HARDWARE_ID] = self.chip
        return facts | dict(self.raw)

    @property
    def endorsements(self) -> Endorsements:
        """What a host hands over, and the root as the caller's own."""
        return Endorsements((self.certificate.der, self.signer.pem), (self.root.der,))


def der_integer(value: int) -> bytes:
    content = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return bytes([2, len(content)]) + content


def der_text(text: str) -> bytes:
    return bytes([0x16, len(text)]) + text.encode()


def tcb(versions: dict[str, int], with_fmc: bool = False) -> bytes:
    """TCB_VERSION of a product."""
    order = ("fmc", "bootloader", "tee", "snp", "", "", "", "microcode")
    if not with_fmc:
        order = ("bootloader", "tee", "", "", "", "", "snp", "microcode")
    return bytes(versions.get(part, 0) if part else 0 for part in order)


@dataclass(frozen=True)
class Report:
    """The fields of a report, as tests say them."""

    version: int = 3
    policy: int = 0x30000
    vmpl: int = 0
    key_information: int = 0
    report_data: bytes = b"r" * 64
    measurement: bytes = b"m" * 48
    host_data: bytes = b"h" * 32
    id_key_digest: bytes = bytes(48)
    author_key_digest: bytes = bytes(48)
    tcb: bytes = tcb(FIRST)
    processor: tuple[int, int, int] = PROCESSORS["Milan"]
    chip: bytes = CHIP
    patches: tuple[tuple[int, bytes], ...] = ()
    """(offset, bytes) that are put over the report before it is signed."""

    def signed_by(self, key: ec.EllipticCurvePrivateKey) -> bytes:
        """All 1,184 bytes."""
        signed = self._signed()
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA384())))
        return signed + r.to_bytes(72, "little") + s.to_bytes(72, "little") + bytes(368)

    def _signed(self) -> bytes:
        body = bytearray(0x2A0)
        struct.pack_into("<IIQ", body, 0, self.version, 3, self.policy)
        struct.pack_into("<II", body, 0x30, self.vmpl, 1)
        struct.pack_into("<QI", body, 0x40, 1, self.key_information)
        parts = [
            (0x50, self.report_data),
            (0x90, self.measurement),
            (0xC0, self.host_data),
            (0xE0, self.id_key_digest),
            (0x110, self.author_key_digest),
            (0x140, b"i" * 32),
            (0x160, b"\xff" * 32),
            (0x1A0, self.chip.ljust(64, b"\0")),
            *((offset, self.tcb) for offset in (0x38, 0x180, 0x1E0, 0x1F0)),
            *([(0x188, bytes(self.processor))] if self.version >= 3 else []),
            *self.patches,
        ]
        for offset, content in parts:
            body[offset : offset + len(content)] = content
        return bytes(body)


MILAN = Machine()
GENOA = Machine("Genoa")
TURIN = Machine("Turin", versions=tuple(WITH_FMC.items()), chip=CHIP[:8])
CLOUD = Machine(provider="cloud.example")
REPORT = Report()
OF_GENOA = replace(REPORT, processor=PROCESSORS["Genoa"])
OF_TURIN = replace(
    REPORT, version=5, processor=PROCESSORS["Turin"], tcb=tcb(WITH_FMC, with_fmc=True), chip=CHIP[:8]
)
OF_CLOUD = replace(REPORT, key_information=1 << 2)
