"""The form of a quote (Intel, "SGX ECDSA Quote Library Reference" for version 3; "TDX DCAP Quoting Library" for 4, 5).

Every byte of a quote is read here and belongs to something: the library that checks the signatures ignores what stands
behind the parts that it needs. The only thing that may follow a quote is zeros, with which the TDX guest's interface
fills its buffer.

Debug mode is refused right here, before anything is believed: such a quote is worth nothing whoever signed it, and the
library would refuse it with a reason of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.attestation.reader import Reader
from warifu.attestation.verifier import CheckFailed

SGX, TDX = "sgx", "tdx"
_TEE_TYPES = {0x00: SGX, 0x81: TDX}
_VERSIONS = {SGX: (3,), TDX: (4, 5)}
_ECDSA_P256 = 2
_INTEL = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")
"""The vendor of the quoting enclave."""

_ENCLAVE_REPORT_BYTES = 384
_TD_1_0, _TD_1_5 = 2, 3
_TD_BODIES = {_TD_1_0: 584, _TD_1_5: 648}
"""Type of body (version 5) -> its length."""
_QE_CERTIFICATION, _PCK_CHAIN = 6, 5
"""Types of certification data."""
_MAX_CHAIN_BYTES = 16 * 1024
_QE_AUTHENTICATION_BYTES = 32

_SGX_DEBUG = 0x02
_SGX_INITIALISED = 0x01


@dataclass(frozen=True)
class Quote:
    """What a quote says, before anything about it is believed."""

    tee: str
    version: int
    report_data: bytes
    measurements: dict[str, bytes]
    """What runs there, and with which attributes."""
    tcb: dict[str, int]
    """Security versions that the report states."""
    pck_chain: bytes
    """PEM: the certificate of the key that signed the quoting enclave's report, and its issuers."""


def read_quote(body: bytes) -> Quote:
    """The parts of a quote; ``CheckFailed`` (``form``, ``no-debug``)."""
    reader = Reader(body, "little", "the quote")
    version, key_type, tee_type = reader.number(2), reader.number(2), reader.number(4)
    tee = _TEE_TYPES.get(tee_type)
    if tee is None or version not in _VERSIONS[tee]:
        raise CheckFailed("form", f"a quote of version {version} for TEE type {tee_type} is unknown")
    if key_type != _ECDSA_P256:
        raise CheckFailed("form", f"a quote signed with a key of type {key_type} is unknown")
    reader.take(
        4
    )  # security versions of the quoting enclaves, in version 3 alone; what counts is in its report
    if reader.take(16) != _INTEL:
        raise CheckFailed("form", "its quoting enclave is not Intel's")
    reader.take(20)
    if tee == SGX:
        report_data, measurements, tcb = _enclave(reader.take(_ENCLAVE_REPORT_BYTES))
    else:
        report_data, measurements, tcb = _trust_domain(reader, version)
    signature = Reader(reader.sized(4, len(body)), "little", "the quote's signature")
    if any(reader.rest()):
        raise CheckFailed("form", "something else than zeros follows after the quote")
    return Quote(tee, version, report_data, measurements, tcb, _pck_chain(signature, version))


def _pck_chain(signature: Reader, version: int) -> bytes:
    """Walk through the signature to its certificates. From version 4 on, the quoting enclave's part is one of them."""
    signature.take(64 + 64)  # over header and body; the attestation key
    part = signature
    if version >= 4:
        part = Reader(_certification(signature, _QE_CERTIFICATION), "little", "the quoting enclave's part")
        signature.end()
    qe_report = part.take(_ENCLAVE_REPORT_BYTES)
    if any(qe_report[-32:]):
        raise CheckFailed("form", "the quoting enclave's report data is not one digest")
    part.take(64)
    if len(part.sized(2, _QE_AUTHENTICATION_BYTES)) != _QE_AUTHENTICATION_BYTES:
        raise CheckFailed("form", "the quoting enclave's authentication data has another length")
    chain = _certification(part, _PCK_CHAIN)
    part.end()
    return chain


def _certification(reader: Reader, kind: int) -> bytes:
    found = reader.number(2)
    if found != kind:
        raise CheckFailed("form", f"certification data of type {found} stands where {kind} belongs")
    return reader.sized(4, _MAX_CHAIN_BYTES + 1024)


def _enclave(report: bytes) -> tuple[bytes, dict[str, bytes], dict[str, int]]:
    """SGX REPORT body (Intel SDM volume 3D, "REPORT")."""
    reader = Reader(report, "little", "the report")
    cpu_svn, miscselect = reader.take(16), reader.take(4)
    reader.take(28)
    attributes, mrenclave = reader.take(16), reader.take(32)
    reader.take(32)
    mrsigner = reader.take(32)
    reader.take(96)
    product, version = reader.number(2), reader.number(2)
    reader.take(60)
    report_data = reader.take(64)
    if attributes[0] & _SGX_DEBUG:
        raise CheckFailed("no-debug", "the enclave runs in debug mode: its host may read its memory")
    if not attributes[0] & _SGX_INITIALISED:
        raise CheckFailed("form", "the enclave was never initialised")
    measurements = {
        "mrenclave": mrenclave,
        "mrsigner": mrsigner,
        "attributes": attributes,
        "miscselect": miscselect,
        "cpusvn": cpu_svn,
    }
    return report_data, measurements, {"isvprodid": product, "isvsvn": version}


def _trust_domain(reader: Reader, version: int) -> tuple[bytes, dict[str, bytes], dict[str, int]]:
    """TD report (Intel TDX module specification, TDREPORT_STRUCT as it is carried in quotes)."""
    kind = _TD_1_0
    if version >= 5:
        kind, length = reader.number(2), reader.number(4)
        if _TD_BODIES.get(kind) != length:
            raise CheckFailed("form", f"a body of type {kind} with {length} bytes is unknown")
    body = Reader(reader.take(_TD_BODIES[kind]), "little", "the report")
    tee_tcb_svn = body.take(16)
    measurements = {"mrseam": body.take(48), "mrsignerseam": body.take(48), "seamattributes": body.take(8)}
    attributes = measurements["tdattributes"] = body.take(8)
    measurements["xfam"] = body.take(8)
    for name in ("mrtd", "mrconfigid", "mrowner", "mrownerconfig", "rtmr0", "rtmr1", "rtmr2", "rtmr3"):
        measurements[name] = body.take(48)
    report_data = body.take(64)
    if kind == _TD_1_5:
        tee_tcb_svn_now, service = body.take(16), body.take(48)
        if any(service):
            raise CheckFailed(
                "service-td", "another trust domain may act upon this one, such as to migrate it"
            )
        measurements["teetcbsvn-now"] = tee_tcb_svn_now
    if attributes[0]:  # all of TUD, the group of bits under which a trust domain is not trusted
        raise CheckFailed("no-debug", "the trust domain runs under debug: its host may read its memory")
    measurements["teetcbsvn"] = tee_tcb_svn
    tcb = {
        "tdx-module-svn": tee_tcb_svn[0],
        "tdx-module-version": tee_tcb_svn[1],
        "microcode-svn": tee_tcb_svn[2],
    }
    return report_data, measurements, tcb
