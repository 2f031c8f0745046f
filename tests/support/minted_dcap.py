"""TDX and SGX quotes with collateral, minted under a test root of Intel's shape, so that each field can be a lie.

The byte layouts are Intel's (SGX ECDSA Quote Library Reference, TDX DCAP Quoting Library, PCS API version 4); written
anew here and not taken from the parser under test, so that an error there cannot hide.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

DAY = 86_400
NOW = 1_780_000_000
"""The moment around which everything is valid."""
REPORT_DATA = bytes(range(64))
FMSPC, PCE_ID, PPID = bytes.fromhex("00906ED50000"), bytes(2), bytes(range(16))
_QE_SIGNER = hashlib.sha256(b"signer of the test quoting enclave").digest()
_INTEL = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")


@dataclass
class Authority:
    """A key with its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def sign(self, data: bytes) -> bytes:
        return _signed(self.key, data)


@dataclass
class Machine:
    """What is minted, with its defaults honest. Change a field, and quote and collateral follow."""

    tee: str = "tdx"
    version: int = 4
    report_data: bytes = REPORT_DATA
    attributes: bytes | None = None
    service_td: bytes = bytes(48)
    body_type: int = 3
    """Of a version 5 quote: 2 for a TD report 1.0, 3 for 1.5."""
    body_bytes_more: int = 0
    """By how much the length of that body is overstated."""
    status: str = "UpToDate"
    advisories: tuple[str, ...] = ()
    qe_attributes: bytes = bytes.fromhex("11" + "00" * 15)
    issued: int = NOW - DAY
    next_update: int = NOW + 29 * DAY
    revoked_leaf: bool = False
    revoked_authority: bool = False
    tcb_signer_name: str = "Intel SGX TCB Signing"
    leaf_until: int = NOW + 1000 * DAY
    change_tcb_info: Callable[[dict[str, Any]], None] = field(default=lambda _info: None)
    seed: int = 1

    def __post_init__(self) -> None:
        self.root = self._authority("Intel SGX Root CA", None, ca=True, seed=10)
        self.pck_authority = self._authority("Intel SGX PCK Platform CA", self.root, ca=True, seed=20)
        self.pck = self._authority("Intel SGX PCK Certificate", self.pck_authority, ca=False, seed=30)
        self.tcb_signer = self._authority(self.tcb_signer_name, self.root, ca=False, seed=40)
        self.attestation_key = ec.derive_private_key(self.seed + 50, ec.SECP256R1())

    # --- the quote --------------------------------------------------------------------------------------------------

    def quote(self) -> bytes:
        header = struct.pack(
            "<HHIHH", self.version, 2, 0x81 if self.tee == "tdx" else 0, 7, 13
        ) + _INTEL + bytes(20)  # fmt: skip
        signed = header + self.body()
        signature = self._signature(signed)
        return signed + struct.pack("<I", len(signature)) + signature

    def body(self) -> bytes:
        if self.tee == "sgx":
            return self.enclave_report(
                self.report_data, self.attributes or bytes.fromhex("05" + "00" * 15), bytes(32)
            )
        attributes = self.attributes or bytes.fromhex("0000001000000000")
        body = (
            bytes([5, 1, 2] + [0] * 13)  # TEE_TCB_SVN
            + _digest("mrseam") + bytes(48) + bytes(8)
            + attributes + bytes.fromhex("e702060000000000")
            + _digest("mrtd") + bytes(48 * 3)
            + b"".join(_digest(f"rtmr{index}") for index in range(4))
            + self.report_data
        )  # fmt: skip
        if self.version == 4:
            return body
        if self.body_type != 2:
            body += bytes([5, 1, 2] + [0] * 13) + self.service_td
        return struct.pack("<HI", self.body_type, len(body) + self.body_bytes_more) + body

    @staticmethod
    def enclave_report(report_data: bytes, attributes: bytes, mrsigner: bytes, svn: int = 6) -> bytes:
        return (
            bytes(16) + bytes(4) + bytes(28) + attributes
            + hashlib.sha256(b"mrenclave").digest() + bytes(32) + mrsigner + bytes(96)
            + struct.pack("<HH", 2 if mrsigner == _QE_SIGNER else 0, svn) + bytes(60) + report_data
        )  # fmt: skip

    def _signature(self, signed: bytes) -> bytes:
        numbers = self.attestation_key.public_key().public_numbers()
        key = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        authentication = bytes(range(32))
        report = self.enclave_report(
            hashlib.sha256(key + authentication).digest() + bytes(32), self.qe_attributes, _QE_SIGNER
        )
        chain = b"".join(_pem(each) for each in (self.pck, self.pck_authority, self.root)) + b"\0"
        part = (
            report + self.pck.sign(report)
            + struct.pack("<H", len(authentication)) + authentication
            + struct.pack("<HI", 5, len(chain)) + chain
        )  # fmt: skip
        if self.version >= 4:
            part = struct.pack("<HI", 6, len(part)) + part
        return _signed(self.attestation_key, signed) + key + part

    # --- the collateral ---------------------------------------------------------------------------------------------

    def collateral(self) -> bytes:
        return json.dumps(self.collateral_fields()).encode()

    def collateral_fields(self) -> dict[str, str]:
        tcb_info, identity = _text(self.tcb_info()), _text(self.qe_identity())
        signers = (_pem(self.tcb_signer) + _pem(self.root)).decode()
        return {
            "pck_crl_issuer_chain": (_pem(self.pck_authority) + _pem(self.root)).decode(),
            "root_ca_crl": self._crl(self.root, [self.pck_authority] if self.revoked_authority else []).hex(),
            "pck_crl": self._crl(self.pck_authority, [self.pck] if self.revoked_leaf else []).hex(),
            "tcb_info_issuer_chain": signers,
            "tcb_info": tcb_info,
            "tcb_info_signature": self.tcb_signer.sign(tcb_info.encode()).hex(),
            "qe_identity_issuer_chain": signers,
            "qe_identity": identity,
            "qe_identity_signature": self.tcb_signer.sign(identity.encode()).hex(),
        }

    def tcb_info(self) -> dict[str, Any]:
        level: dict[str, Any] = {"sgxtcbcomponents": [{"svn": 0}] * 16, "pcesvn": 11}
        info: dict[str, Any] = {
            "id": self.tee.upper(), "version": 3, "issueDate": _iso(self.issued), "nextUpdate": _iso(self.next_update),
            "fmspc": FMSPC.hex().upper(), "pceId": PCE_ID.hex(), "tcbType": 0, "tcbEvaluationDataNumber": 17,
        }  # fmt: skip
        if self.tee == "tdx":
            module = {"mrsigner": "00" * 48, "attributes": "00" * 8, "attributesMask": "FF" * 8}
            level["tdxtcbcomponents"] = [{"svn": svn} for svn in (5, 0, 2, *[0] * 13)]
            info["tdxModule"] = module
            info["tdxModuleIdentities"] = [
                {"id": "TDX_01", **module, "tcbLevels": [_level({"isvsvn": 4}, "UpToDate", ())]}
            ]
        info["tcbLevels"] = [_level(level, self.status, self.advisories)]
        self.change_tcb_info(info)
        return info

    def qe_identity(self) -> dict[str, Any]:
        return {
            "id": "TD_QE" if self.tee == "tdx" else "QE", "version": 2,
            "issueDate": _iso(self.issued), "nextUpdate": _iso(self.next_update), "tcbEvaluationDataNumber": 17,
            "miscselect": "00" * 4, "miscselectMask": "FF" * 4,
            "attributes": "11" + "00" * 15, "attributesMask": "FB" + "FF" * 7 + "00" * 8,
            "mrsigner": _QE_SIGNER.hex().upper(), "isvprodid": 2,
            "tcbLevels": [_level({"isvsvn": 4}, "UpToDate", ())],
        }  # fmt: skip

    def root_der(self) -> bytes:
        return self.root.certificate.public_bytes(Encoding.DER)

    # --- certificates -------------------------------------------------------------------------------------------------

    def _authority(self, name: str, issuer: Authority | None, *, ca: bool, seed: int) -> Authority:
        key = ec.derive_private_key(self.seed + seed, ec.SECP256R1())
        until = self.leaf_until if name == "Intel SGX PCK Certificate" else NOW + 3000 * DAY
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer.certificate.subject if issuer else _name(name))
            .public_key(key.public_key())
            .serial_number(seed * 1000 + self.seed)
            .not_valid_before(_utc(NOW - 1000 * DAY))
            .not_valid_after(_utc(until))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca), critical=True)
        )
        if name == "Intel SGX PCK Certificate":
            builder = builder.add_extension(
                x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.840.113741.1.13.1"), _sgx_extension()),
                critical=False,
            )
        signer = issuer.key if issuer else key
        return Authority(key, builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=True))

    def _crl(self, issuer: Authority, revoked: list[Authority]) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(_utc(self.issued))
            .next_update(_utc(self.next_update))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
            )
        )
        for each in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(each.certificate.serial_number)
                .revocation_date(_utc(self.issued))
                .build()
            )
        return builder.sign(issuer.key, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


def _signed(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(key.sign(data, algorithm))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _level(tcb: dict[str, Any], status: str, advisories: tuple[str, ...]) -> dict[str, Any]:
    level = {"tcb": tcb, "tcbDate": "2026-01-01T00:00:00Z", "tcbStatus": status}
    return {**level, "advisoryIDs": list(advisories)} if advisories else level


def _sgx_extension() -> bytes:
    """The Intel SGX extension of a PCK certificate: a SEQUENCE of (identifier, value)."""
    base = "1.2.840.113741.1.13.1"
    octets: Callable[[bytes], bytes] = lambda value: _der(0x04, value)  # noqa: E731
    pce_svn, cpu_svn = _pair(f"{base}.2.17", _der(0x02, b"\x0b")), _pair(f"{base}.2.18", octets(bytes(16)))
    components = [_pair(f"{base}.2.{index}", _der(0x02, b"\0")) for index in range(1, 17)]
    return _der(
        0x30,
        _pair(f"{base}.1", octets(PPID)),
        _pair(f"{base}.2", _der(0x30, *components, pce_svn, cpu_svn)),
        _pair(f"{base}.3", octets(PCE_ID)),
        _pair(f"{base}.4", octets(FMSPC)),
        _pair(f"{base}.5", _der(0x0A, b"\0")),
    )


def _pair(identifier: str, value: bytes) -> bytes:
    first, second, *others = (int(part) for part in identifier.split("."))
    content = bytes([first * 40 + second]) + b"".join(_base128(number) for number in others)
    return _der(0x30, _der(0x06, content), value)


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 + width]) + size.to_bytes(width, "big") + content


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
        ]
    )


def _pem(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.PEM)


def _digest(what: str) -> bytes:
    return hashlib.sha384(what.encode()).digest()


def _utc(moment: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC)


def _iso(moment: int) -> str:
    return _utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
