"""The form of DCAP collateral, and when it is valid (Intel PCS API version 4, in the JSON of Intel's quote verifier).

The library that checks the signatures reads collateral leniently and leaves ``pck_crl_issuer_chain`` unread. Here every
part is read, and each has one spelling: known fields once each, lower-case hexadecimal, certificates in canonical PEM.
So whatever is altered in a part, signed or not, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from warifu.attestation.certificates import read_documents
from warifu.attestation.verifier import CheckFailed
from warifu.depth import is_deep

_MAX_BYTES = 256 * 1024
_Pem = Annotated[str, msgspec.Meta(max_length=32 * 1024)]
_Hex = Annotated[str, msgspec.Meta(max_length=128 * 1024, pattern=r"^([0-9a-f]{2})+\Z")]
_Signature = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]
_Signed = Annotated[str, msgspec.Meta(max_length=128 * 1024)]


class _Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pck_crl_issuer_chain: _Pem
    root_ca_crl: _Hex
    pck_crl: _Hex
    tcb_info_issuer_chain: _Pem
    tcb_info: _Signed
    tcb_info_signature: _Signature
    qe_identity_issuer_chain: _Pem
    qe_identity: _Signed
    qe_identity_signature: _Signature
    pck_certificate_chain: _Pem | None = None
    """Some fetchers put a copy of the quote's own chain here."""


class TcbInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Of the signed TCB information, what is needed before its signature is checked: by the library, afterwards."""

    id: str
    issue_date: str
    next_update: str
    fmspc: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{12}\Z")]
    pce_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{4}\Z")]
    tcb_evaluation_data_number: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class QeIdentity(msgspec.Struct, frozen=True, rename="camel"):
    """As :class:`TcbInfo`, of the quoting enclave's identity."""

    id: str
    issue_date: str
    next_update: str
    tcb_evaluation_data_number: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


@dataclass(frozen=True)
class Window:
    """From its issue to the moment for which its successor was promised, which is outside."""

    name: str
    issued: int
    until: int


@dataclass(frozen=True)
class Collateral:
    """What Intel says of machines of one kind, in one valid form; nothing of it is believed yet."""

    text: str
    """The JSON, as it was handed in."""
    tcb_info: TcbInfo
    qe_identity: QeIdentity
    root_crl: x509.CertificateRevocationList
    pck_crl: x509.CertificateRevocationList
    tcb_chain: tuple[x509.Certificate, ...]
    qe_chain: tuple[x509.Certificate, ...]
    crl_chain: tuple[x509.Certificate, ...]
    pck_chain: bytes | None
    """PEM, where the collateral carries one."""
    tcb_signed: tuple[bytes, bytes]
    """The TCB information, byte for byte, and r and s of its signature."""
    qe_signed: tuple[bytes, bytes]
    windows: tuple[Window, ...]
    """Of everything that is renewed often: TCB information, enclave identity, revocation lists."""


def choose_collateral(documents: Iterable[bytes], tee: str, fmspc: str) -> Collateral:
    """The collateral for machines ``fmspc`` (hexadecimal, capitals) among ``documents``; ``CheckFailed``.

    Collateral for other machines may lie beside it, and must be well formed all the same.
    """
    found = [read_collateral(document) for document in documents if document.lstrip()[:1] == b"{"]
    if not found:
        raise CheckFailed("collateral", "the quote's collateral was not handed in")
    wanted = (tee.upper(), fmspc)
    fitting = [each for each in found if (each.tcb_info.id, each.tcb_info.fmspc) == wanted]
    if not fitting:
        raise CheckFailed("collateral", f"the collateral is for other machines than {tee} {fmspc}")
    return max(fitting, key=lambda each: each.windows[0].issued)


def read_collateral(document: bytes) -> Collateral:
    """One collateral document; ``CheckFailed("collateral")`` where it is not in its one form."""
    if len(document) > _MAX_BYTES:
        raise CheckFailed("collateral", f"the collateral has more than {_MAX_BYTES} bytes")
    try:
        text = document.decode("ascii")
        if is_deep(document):
            raise ValueError
        fields = msgspec.convert(json.loads(text, object_pairs_hook=_once), _Fields)
        if is_deep(fields.tcb_info.encode()) or is_deep(fields.qe_identity.encode()):
            raise ValueError
        tcb_info = msgspec.json.decode(fields.tcb_info, type=TcbInfo)
        qe_identity = msgspec.json.decode(fields.qe_identity, type=QeIdentity)
    except ValueError:  # of json and of msgspec alike
        raise CheckFailed("collateral", "the collateral is not in its form") from None
    root_crl, pck_crl = read_list(fields.root_ca_crl), read_list(fields.pck_crl)
    return Collateral(
        text=text,
        tcb_info=tcb_info,
        qe_identity=qe_identity,
        root_crl=root_crl,
        pck_crl=pck_crl,
        tcb_chain=read_chain(fields.tcb_info_issuer_chain.encode(), 2),
        qe_chain=read_chain(fields.qe_identity_issuer_chain.encode(), 2),
        crl_chain=read_chain(fields.pck_crl_issuer_chain.encode(), 2),
        pck_chain=fields.pck_certificate_chain.encode() if fields.pck_certificate_chain is not None else None,
        tcb_signed=(fields.tcb_info.encode(), bytes.fromhex(fields.tcb_info_signature)),
        qe_signed=(fields.qe_identity.encode(), bytes.fromhex(fields.qe_identity_signature)),
        windows=(
            Window("TCB information", _moment(tcb_info.issue_date), _moment(tcb_info.next_update)),
            Window("enclave identity", _moment(qe_identity.issue_date), _moment(qe_identity.next_update)),
            _window("root revocation list", root_crl),
            _window("PCK revocation list", pck_crl),
        ),
    )


def read_chain(pem: bytes, count: int) -> tuple[x509.Certificate, ...]:
    """Exactly ``count`` certificates in canonical PEM (lines of 64, nothing around them). A zero byte may end it, as
    Intel's quoting enclaves write it."""
    pem = pem.removesuffix(b"\0").removesuffix(b"\n")
    certificates = read_documents((pem,)).certificates
    spelled = b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
    if len(certificates) != count or spelled.removesuffix(b"\n") != pem:
        raise CheckFailed("chain", f"a chain is not {count} certificates in canonical PEM")
    return certificates


def read_list(digits: str) -> x509.CertificateRevocationList:
    """A revocation list with an end to its validity: one without would never be missed."""
    found = read_documents((bytes.fromhex(digits),))
    if len(found.lists) != 1 or found.certificates or found.lists[0].next_update_utc is None:
        raise CheckFailed("collateral", "a revocation list is not one, or is for ever")
    return found.lists[0]


def _window(name: str, revoked: x509.CertificateRevocationList) -> Window:
    assert revoked.next_update_utc is not None, "read_list saw to it"
    return Window(name, int(revoked.last_update_utc.timestamp()), int(revoked.next_update_utc.timestamp()))


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def _moment(written: str) -> int:
    try:
        if not _MOMENT.fullmatch(written):
            raise ValueError
        return int(datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise CheckFailed("collateral", "a moment in the collateral is not in its form") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands there twice")
    return fields
