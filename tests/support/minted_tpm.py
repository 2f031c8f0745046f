"""TPM evidence minted without a TPM, under test authorities, so that each field can be a lie.

The layouts are those of the TPM 2.0 Library Specification, Part 2, and of the TCG PC Client Platform Firmware Profile;
written anew here and not taken from the parser under test, so that an error there cannot hide.
"""

from __future__ import annotations

import datetime
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from warifu.attestation.tpm.bundle import TpmEvidence
from warifu.protocol.encoding import encode

NOW = 1_780_000_000
DAY = 86_400
REPORT_DATA = bytes(range(64))
SHA256 = 0x000B
_SHA1, _ECC, _RSA, _ECDSA, _RSASSA, _RSAPSS, _NULL = 0x0004, 0x0023, 0x0001, 0x0018, 0x0014, 0x0016, 0x0010

AK_ATTRIBUTES = 0x00050472
"""fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign."""
EK_ATTRIBUTES = 0x000300B2
"""fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt."""
COUNTER_ATTRIBUTES = 0x22040014
"""A counter, written: authRead, authWrite, noDA."""
ORDINARY_ATTRIBUTES = 0x22040004

_DOMAIN = b"warifu/v1/tpm-evidence"
COMMAND_LINE = b"BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro"
_GLOBAL_VARIABLE = bytes.fromhex("61dfe48bca93d211aa0d00e098032b8c")
_NO_ACTION, _SEPARATOR, _IPL, _VARIABLE = 3, 4, 0xD, 0x80000001

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class LoggedEvent:
    """One line of an event log."""

    pcr: int
    kind: int
    digest: bytes
    data: bytes


@dataclass
class Chip:
    """A pretended TPM with its evidence. Defaults are honest; change a field, and what is signed follows."""

    report_data: bytes = REPORT_DATA
    question: bytes | None = None
    """What the TPM was really asked; None: the right thing."""
    pcrs: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    rsa_key: bool = False
    pss: bool = False
    seed: int = 1
    ak_attributes: int = AK_ATTRIBUTES
    magic: int = 0xFF544347
    kind: int = 0x8018
    bank: int = SHA256
    firmware: int = 0x20240101
    clock_safe: int = 1
    counter: int | None = 41
    counter_attributes: int = COUNTER_ATTRIBUTES
    counter_question: bytes | None = None
    counter_shown: int | None = None
    """Attributes of another index to show than the certified one."""
    secure_boot: bool = True
    locality: int = 3
    with_log: bool = True
    ak_usage: str = "2.23.133.8.3"
    ak_until: int = NOW + 100 * DAY
    ek_usage: str | None = "2.23.133.8.1"
    ek_model: str = "TestChip"
    change_log: Callable[[list[LoggedEvent]], None] = field(default=lambda _events: None)

    def __post_init__(self) -> None:
        self.ak = _key(self.seed, rsa_key=self.rsa_key)
        self.ek = ec.derive_private_key(self.seed + 1000, ec.SECP256R1())
        self.authority = ec.derive_private_key(self.seed + 2000, ec.SECP256R1())
        self.events = boot_events(secure_boot=self.secure_boot)
        self.values = replay(self.events, self.locality)

    def evidence(self) -> bytes:
        return encode(self.bundle())

    def bundle(
        self, *, event_log: bytes | None = None, ak_certificate: bytes = b"", ek_certificate: bytes = b""
    ) -> TpmEvidence:
        """With these beside the quote, over which the TPM signs; the log: of its own events, unless one is given."""
        shown = self.counter_attributes if self.counter_shown is None else self.counter_shown
        counter_public = nv_public(shown) if self.counter is not None else b""
        if event_log is None:
            event_log = self.event_log() if self.with_log else b""
        beside = (self.report_data, ak_certificate, ek_certificate, event_log, counter_public)
        question = hashlib.sha256(
            b"".join(len(each).to_bytes(8, "big") + each for each in (_DOMAIN, *beside))
        ).digest()
        attest = self.quote(question)
        counter = self.certified_counter(question) if self.counter is not None else b""
        return TpmEvidence(
            report_data=self.report_data,
            attest=attest,
            signature=self.sign(attest),
            ak_public=self.ak_public(),
            ak_parent=self.ak_parent(),
            ak_certificate=ak_certificate,
            ek_certificate=ek_certificate,
            pcrs=tuple((pcr, self.values[pcr]) for pcr in self.pcrs),
            event_log=event_log,
            counter_public=counter_public,
            counter_attest=counter,
            counter_signature=self.sign(counter) if counter else b"",
        )

    # --- what the TPM says --------------------------------------------------------------------------------------------

    def quote(self, question: bytes) -> bytes:
        bits = sum(1 << pcr for pcr in self.pcrs)
        digest = hashlib.sha256(b"".join(self.values[pcr] for pcr in self.pcrs)).digest()
        selection = struct.pack(">IHB", 1, self.bank, 3) + bits.to_bytes(3, "little")
        return self._attest(self.kind, self.question or question, selection + sized(digest))

    def certified_counter(self, question: bytes) -> bytes:
        assert self.counter is not None
        name = name_of(nv_public(self.counter_attributes))
        info = sized(name) + struct.pack(">H", 0) + sized(self.counter.to_bytes(8, "big"))
        return self._attest(0x8014, self.counter_question or question, info)

    def _attest(self, kind: int, question: bytes, attested: bytes) -> bytes:
        qualified = name_of(self.ak_parent() + name_of(self.ak_public()))
        return (
            struct.pack(">IH", self.magic, kind) + sized(qualified) + sized(question)
            + struct.pack(">QIIBQ", 123_456, 7, 1, self.clock_safe, self.firmware) + attested
        )  # fmt: skip

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.ak, rsa.RSAPrivateKey):
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if self.pss else padding.PKCS1v15()
            signature = self.ak.sign(data, scheme, hashes.SHA256())
            return struct.pack(">HH", _RSAPSS if self.pss else _RSASSA, SHA256) + sized(signature)
        r, s = decode_dss_signature(self.ak.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        halves = sized(r.to_bytes(32, "big")) + sized(s.to_bytes(32, "big"))
        return struct.pack(">HH", _ECDSA, SHA256) + halves

    # --- keys and certificates ----------------------------------------------------------------------------------------

    def ak_public(self) -> bytes:
        head = struct.pack(">HI", SHA256, self.ak_attributes) + sized(b"") + struct.pack(">H", _NULL)
        if isinstance(self.ak, rsa.RSAPrivateKey):
            modulus = self.ak.public_key().public_numbers().n.to_bytes(256, "big")
            scheme = struct.pack(">HH", _RSAPSS if self.pss else _RSASSA, SHA256)
            return struct.pack(">H", _RSA) + head + scheme + struct.pack(">HI", 2048, 0) + sized(modulus)
        return (
            struct.pack(">H", _ECC) + head + struct.pack(">HH", _ECDSA, SHA256)
            + struct.pack(">HH", 0x0003, _NULL) + point(self.ak.public_key())
        )  # fmt: skip

    def ek_public(self, attributes: int = EK_ATTRIBUTES) -> bytes:
        policy = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
        return (
            struct.pack(">HHI", _ECC, SHA256, attributes) + sized(policy) + struct.pack(">HHH", 0x0006, 128, 0x0043)
            + struct.pack(">HHH", _NULL, 0x0003, _NULL) + point(self.ek.public_key())
        )  # fmt: skip

    def ak_parent(self) -> bytes:
        return name_of(struct.pack(">I", 0x40000001) + name_of(b"storage root key"))

    def ak_name(self) -> bytes:
        return name_of(self.ak_public())

    def spki(self) -> bytes:
        return self.ak.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def root_der(self) -> bytes:
        name = _name("Test TPM Root")
        return _der(
            self._builder(name, self.authority, NOW + 3000 * DAY, ca=True)
            .subject_name(name)
            .sign(self.authority, hashes.SHA256())
        )

    def ak_certificate(self) -> bytes:
        usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(self.ak_usage)])
        builder = self._builder(_name("Test TPM Root"), self.ak, self.ak_until, ca=False)
        return _der(
            builder.subject_name(_name("AK"))
            .add_extension(usage, critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def ek_certificate(self) -> bytes:
        told = (
            ("2.23.133.2.1", "id:54455354"),
            ("2.23.133.2.2", self.ek_model),
            ("2.23.133.2.3", "id:00010002"),
        )
        names = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in told])
        builder = (
            self._builder(_name("Test TPM Root"), self.ek, NOW + 3000 * DAY, ca=False)
            .subject_name(x509.Name([]))
            .add_extension(x509.SubjectAlternativeName([x509.DirectoryName(names)]), critical=True)
        )
        if self.ek_usage is not None:
            usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(self.ek_usage)])
            builder = builder.add_extension(usage, critical=False)
        return _der(builder.sign(self.authority, hashes.SHA256()))

    def _builder(
        self, issuer: x509.Name, key: PrivateKey, until: int, *, ca: bool
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(self.seed + 7)
            .not_valid_before(_utc(NOW - 100 * DAY))
            .not_valid_after(_utc(until))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    # --- the event log ------------------------------------------------------------------------------------------------

    def event_log(self) -> bytes:
        events = [
            LoggedEvent(0, _NO_ACTION, bytes(32), b"StartupLocality\0" + bytes([self.locality])),
            *self.events,
        ]
        self.change_log(events)
        return log_of(events)


def boot_events(*, secure_boot: bool) -> list[LoggedEvent]:
    """What firmware, boot loader and kernel's loader measure, in the order in which they do."""
    name = "SecureBoot".encode("utf-16-le")
    variable = _GLOBAL_VARIABLE + struct.pack("<QQ", len(name) // 2, 1) + name + bytes([secure_boot])
    events = [_measured(0, 8, b"firmware 1.0"), _measured(0, 1, b"volume"), _measured(7, _VARIABLE, variable)]
    events += [_measured(pcr, _SEPARATOR, bytes(4)) for pcr in range(8)]
    events.append(LoggedEvent(4, 0x80000003, hashlib.sha256(b"grub image").digest(), b"device path of grub"))
    line = b"kernel_cmdline: " + COMMAND_LINE + b"\0"
    events.append(LoggedEvent(8, _IPL, hashlib.sha256(COMMAND_LINE).digest(), line))
    events.append(LoggedEvent(9, _IPL, hashlib.sha256(b"kernel").digest(), b"/vmlinuz\0"))
    return events


def log_of(events: list[LoggedEvent]) -> bytes:
    header = b"Spec ID Event03\0" + struct.pack("<IBBBBI", 0, 0, 2, 0, 2, 2)
    header += struct.pack("<HHHH", _SHA1, 20, SHA256, 32) + b"\0"
    log = struct.pack("<II", 0, _NO_ACTION) + bytes(20) + struct.pack("<I", len(header)) + header
    for event in events:
        log += struct.pack("<III", event.pcr, event.kind, 2)
        log += struct.pack("<H", _SHA1) + hashlib.sha1(event.data).digest()
        log += struct.pack("<H", SHA256) + event.digest
        log += struct.pack("<I", len(event.data)) + event.data
    return log


def replay(events: list[LoggedEvent], locality: int) -> dict[int, bytes]:
    values = {pcr: b"\xff" * 32 if 17 <= pcr <= 22 else bytes(32) for pcr in range(24)}
    values[0] = locality.to_bytes(32, "big")
    for event in events:
        values[event.pcr] = hashlib.sha256(values[event.pcr] + event.digest).digest()
    return values


def nv_public(attributes: int) -> bytes:
    return struct.pack(">IHIHH", 0x01800001, SHA256, attributes, 0, 8)


def name_of(public: bytes) -> bytes:
    return struct.pack(">H", SHA256) + hashlib.sha256(public).digest()


def sized(content: bytes) -> bytes:
    return struct.pack(">H", len(content)) + content


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    numbers = key.public_numbers()
    return sized(numbers.x.to_bytes(32, "big")) + sized(numbers.y.to_bytes(32, "big"))


_rsa_keys: dict[int, rsa.RSAPrivateKey] = {}


def _key(seed: int, *, rsa_key: bool) -> PrivateKey:
    if not rsa_key:
        return ec.derive_private_key(seed, ec.SECP256R1())
    if seed not in _rsa_keys:
        _rsa_keys[seed] = rsa.generate_private_key(65537, 2048)
    return _rsa_keys[seed]


def _measured(pcr: int, kind: int, data: bytes) -> LoggedEvent:
    return LoggedEvent(pcr, kind, hashlib.sha256(data).digest(), data)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _utc(moment: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC)
