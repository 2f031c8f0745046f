"""What an attester looks at in its own evidence before it shows it: is it an answer to my question, am I debugged?

It is no verification; that is the relying party's, in ``warifu.attestation``. It stops two things early: a host (or a
driver's cache) that hands out an old report in place of ours, and a signer that starts work in an enclave into which
its host may look.

An SNP report and a Nitro document are read by the readers of their verifiers. Of Intel's quotes (DCAP formats 3, 4, 5)
only two places are looked at: their reader refuses debug mode, which a development profile lets through here.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from typing import Any

from warifu.attestation import cbor
from warifu.attestation.sev_snp.report import read_report
from warifu.attestation.verifier import CheckFailed
from warifu.errors import PlatformRefused


@dataclass(frozen=True)
class OwnEvidence:
    """The two fields that the attester itself cares for."""

    report_data: bytes
    debug: bool


_QUOTE_HEADER_BYTES = 48
_TEE_SGX, _TEE_TDX = 0x00, 0x81
_SGX_REPORT_BYTES = 384
_SGX_DEBUG = 1 << 1  # of the enclave's attributes
_TD_REPORT_AT = {4: _QUOTE_HEADER_BYTES, 5: _QUOTE_HEADER_BYTES + 6}
"""By version; in version 5 the body's type and length stand before it."""
_TD_REPORT_BYTES = 584
_TD_DEBUG = 0xFF  # of the TD's attributes: the whole group "TD under debug"
_COSE_TAG = b"\xd2"  # 18, COSE_Sign1; a document may carry it or not


def of_sev_snp(report: bytes) -> OwnEvidence:
    """``PlatformRefused`` where it is no report."""
    try:
        read = read_report(report)
    except CheckFailed as failure:
        raise _not_ours(failure.detail) from None
    return OwnEvidence(read.report_data, read.policy.debug)


def of_tdx(quote: bytes) -> OwnEvidence:
    """``PlatformRefused`` where it is no quote of a TD."""
    version = _quote_version(quote, _TEE_TDX)
    start = _TD_REPORT_AT.get(version)
    if start is None or len(quote) < start + _TD_REPORT_BYTES:
        raise _not_ours(f"it is no TDX quote of a known version ({version})")
    (attributes,) = struct.unpack_from("<Q", quote, start + 120)
    return OwnEvidence(quote[start + 520 :][:64], bool(attributes & _TD_DEBUG))


def of_sgx(quote: bytes) -> OwnEvidence:
    """``PlatformRefused`` where it is no quote of an enclave."""
    version = _quote_version(quote, _TEE_SGX)
    if version != 3 or len(quote) < _QUOTE_HEADER_BYTES + _SGX_REPORT_BYTES:
        raise _not_ours(f"it is no SGX quote of a known version ({version})")
    (attributes,) = struct.unpack_from("<Q", quote, _QUOTE_HEADER_BYTES + 48)
    return OwnEvidence(quote[_QUOTE_HEADER_BYTES + 320 :][:64], bool(attributes & _SGX_DEBUG))


def of_nitro(document: bytes) -> OwnEvidence:
    """``PlatformRefused`` where it is no attestation document. PCR0 is all zeros in an enclave in debug mode."""
    match read_cbor(document.removeprefix(_COSE_TAG)):
        case [bytes(), dict(), bytes(payload), bytes()]:
            pass
        case _:
            raise _not_ours("it is no attestation document")
    match read_cbor(payload):
        case {"user_data": bytes(user_data), "pcrs": {0: bytes(pcr0)}} if pcr0:
            return OwnEvidence(user_data, not any(pcr0))
        case _:
            raise _not_ours("the attestation document lacks user data or PCR0")


def read_cbor(data: bytes) -> Any:  # noqa: ANN401  # whatever stands there; the callers match its shape
    """The one value that ``data`` encodes, bounded; ``PlatformRefused`` otherwise."""
    try:
        return cbor.decode(data)
    except cbor.NotAcceptable as error:
        raise _not_ours(str(error)) from None


def require_own(own: OwnEvidence, report_data: bytes, development: bool) -> None:
    """Return if it answers ``report_data`` and nobody can look inside; else ``PlatformRefused``.

    ``development``: the owner said that this is no place for money, so debug mode is let through.
    """
    if not hmac.compare_digest(own.report_data, report_data):
        raise _not_ours("it answers another question than ours")
    if own.debug and not development:
        raise PlatformRefused(
            "debug",
            "this enclave runs in debug mode: its host may read its memory",
            not_done="No evidence was made and the device did not start.",
            remedy="Start it without debug mode. Only a development profile accepts it.",
        )


def _quote_version(quote: bytes, tee: int) -> int:
    if len(quote) < _QUOTE_HEADER_BYTES:
        raise _not_ours("it is shorter than a quote's header")
    version, _key_type, found = struct.unpack_from("<HHI", quote)
    if found != tee:
        raise _not_ours(f"the quote is of another kind of TEE ({found:#x})")
    return int(version)


def _not_ours(detail: str) -> PlatformRefused:
    return PlatformRefused(
        "evidence",
        f"the platform handed out evidence that is not usable: {detail}",
        not_done="No evidence was shown.",
        remedy="The host or its driver may be faulty or hostile. Ask again; if it goes on, move the device.",
    )
