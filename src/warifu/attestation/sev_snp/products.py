"""AMD's product lines: which root each one has, which processors belong to it, and how its firmware's versions lie.

A root (AMD Root Key, ARK) is pinned by the SHA-256 of its certificate. The digests were computed from the certificates
that AMD's Key Distribution Service hands out at ``https://kdsintf.amd.com/vcek/v1/PRODUCT/cert_chain``, as they are
built into two programs of others that agree byte for byte (google/go-sev-guest af1c107a and virtee/sev 9cf2adbf); the
one of Milan also stands in recorded evidence. A product line that is not here is not trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.attestation.verifier import CheckFailed


@dataclass(frozen=True)
class TcbLayout:
    """Where the parts of a TCB_VERSION (eight bytes; 56860, section 2.2, table 3) lie. Other bytes are reserved."""

    parts: tuple[tuple[str, int], ...]

    def read(self, raw: bytes) -> dict[str, int]:
        """Name -> version; ``CheckFailed`` (``form``) where a reserved byte is not zero."""
        used = {position for _, position in self.parts}
        if any(value for position, value in enumerate(raw) if position not in used):
            raise CheckFailed("form", "a reserved part of a TCB version is not zero")
        return {name: raw[position] for name, position in self.parts}


FIRST = TcbLayout((("bootloader", 0), ("tee", 1), ("snp", 6), ("microcode", 7)))
"""Of Milan and Genoa."""
WITH_FMC = TcbLayout((("fmc", 0), ("bootloader", 1), ("tee", 2), ("snp", 3), ("microcode", 7)))
"""Of Turin, whose secure processor has a first stage of its own (FMC)."""


@dataclass(frozen=True)
class ProductLine:
    """A family of processors with one root."""

    name: str
    root: bytes
    """SHA-256 of the ARK's certificate."""
    products: tuple[str, ...]
    """Names in certificates of chips (57230, ``productName`` up to the hyphen)."""
    family: int
    models: tuple[range, ...]
    """CPUID family and models, which a report carries from version 3 on."""
    layout: TcbLayout
    hardware_id_bytes: int
    """How many bytes of the 64 of CHIP_ID tell one chip from others; the rest is zero."""


PRODUCT_LINES = (
    ProductLine(
        "Milan",
        bytes.fromhex("69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"),
        ("Milan",),
        0x19,
        (range(0x10),),
        FIRST,
        64,
    ),
    ProductLine(
        "Genoa",
        bytes.fromhex("4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"),
        ("Genoa", "Bergamo", "Siena"),
        0x19,
        (range(0x10, 0x20), range(0xA0, 0xB0)),
        FIRST,
        64,
    ),
    ProductLine(
        "Turin",
        bytes.fromhex("1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"),
        ("Turin",),
        0x1A,
        (range(0x12),),
        WITH_FMC,
        8,
    ),
)


def line_of(product: str) -> ProductLine:
    """The line to which a certificate's product name (``Milan-B0``, ``Turin``) belongs; ``CheckFailed``
    (``product``) for an unknown one."""
    for line in PRODUCT_LINES:
        if product.partition("-")[0] in line.products:
            return line
    raise CheckFailed("product", "the certificate of the chip is for a product that is not known here")
