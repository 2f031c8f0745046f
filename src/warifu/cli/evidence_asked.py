"""What ``warifu evidence verify`` was asked: files and words of the command line, read with bounds and made typed."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from warifu.attestation.appraisal_policy import MAX_POLICY_BYTES, AppraisalPolicy, read_appraisal_policy
from warifu.attestation.certificates import MAX_DOCUMENT_BYTES, read_documents
from warifu.attestation.evidence import MAX_EVIDENCE_BYTES, Evidence
from warifu.attestation.registry import VERIFIERS
from warifu.attestation.rules import GENUINE, AllOf, Bound, Nonce, Rule
from warifu.attestation.verifier import CheckFailed, Endorsements
from warifu.cli.files import read_input
from warifu.errors import InputRefused

FORMATS = ("tpm", "sev-snp", "dcap", "nitro")
"""As the owner names them: DCAP is the form of TDX and SGX quotes, which tell themselves which of them they are."""
_TDX_TYPE = (0x81).to_bytes(4, "little")
_MAX_HEX_BYTES = 512
_MAX_KEY_BYTES = 16 * 1024
_NOTHING = "Nothing was appraised."
_MAX_TIME = 253_402_300_799
"""The last second of the year 9999, after which there are no dates."""
_SECONDS = re.compile(r"\d{1,12}", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_evidence(file: Path, name: str) -> Evidence:
    """The evidence in ``file``. A DCAP quote's header (bytes 4 to 7) says which kind it is; the verifier of that kind
    judges whether it is one."""
    body = read_input(file, MAX_EVIDENCE_BYTES)
    if name == "dcap":
        return Evidence("tdx" if body[4:8] == _TDX_TYPE else "sgx", body)
    return Evidence(name, body)


def read_endorsements(
    documents: tuple[Path, ...], roots: tuple[Path, ...], keys: tuple[Path, ...]
) -> Endorsements:
    """What the evidence is judged by. Roots and keys are the caller's own word, so they must be readable before
    anything else is; other documents are judged together with the evidence."""
    return Endorsements(
        documents=tuple(read_input(file, MAX_DOCUMENT_BYTES) for file in documents),
        roots=tuple(der for file in roots for der in _certificates(file)),
        pinned_keys=tuple(_public_key(file) for file in keys),
    )


def _certificates(file: Path) -> list[bytes]:
    try:
        found = read_documents([read_input(file, MAX_DOCUMENT_BYTES)])
    except CheckFailed as failure:
        raise InputRefused("root", f"{file} cannot be a root: {failure.detail}", not_done=_NOTHING) from None
    if found.lists or not found.certificates:
        raise InputRefused("root", f"{file} must hold certificates and nothing else", not_done=_NOTHING)
    return [certificate.public_bytes(Encoding.DER) for certificate in found.certificates]


def _public_key(file: Path) -> bytes:
    data = read_input(file, _MAX_KEY_BYTES)
    load = load_pem_public_key if b"-----BEGIN " in data else load_der_public_key
    try:
        return load(data).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        raise InputRefused(
            "attestation-key", f"{file} is not a public key (DER or PEM)", not_done=_NOTHING
        ) from None


def read_policy(file: Path | None) -> AppraisalPolicy:
    """The policy in ``file``; without one, genuineness alone."""
    if file is None:
        return AppraisalPolicy(GENUINE, 0, {})
    try:
        text = read_input(file, MAX_POLICY_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise InputRefused("appraisal-policy", f"{file} is not UTF-8", not_done=_NOTHING) from None
    return read_appraisal_policy(text, frozenset(VERIFIERS))


def whole_rule(policy: AppraisalPolicy, nonce: bytes | None, report_data: bytes | None) -> Rule:
    """The policy, after what was asked for just now: an answer to another question need not be looked at further."""
    rules: list[Rule] = []
    if nonce is not None:
        rules.append(Nonce(nonce))
    if report_data is not None:
        rules.append(Bound(report_data))
    return AllOf((*rules, policy.rule))


def read_hexadecimal(text: str, option: str) -> bytes:
    """At least one byte; ``InputRefused`` (``hex``) otherwise."""
    digits = text.strip()
    try:
        if not digits or len(digits) > 2 * _MAX_HEX_BYTES or not digits.isalnum():
            raise ValueError
        return bytes.fromhex(digits)
    except ValueError:
        raise InputRefused(
            "hex", f"{option} must be hexadecimal, from 1 to {_MAX_HEX_BYTES} bytes", not_done=_NOTHING
        ) from None


def read_time(text: str) -> int:
    """Seconds since 1970, or a date of RFC 3339; ``InputRefused`` (``time``) otherwise."""
    if _SECONDS.fullmatch(text) and int(text) <= _MAX_TIME:
        return int(text)
    try:
        if not _RFC_3339.fullmatch(text):
            raise ValueError
        return int(datetime.fromisoformat(text.upper()).timestamp())
    except (ValueError, OverflowError):
        raise InputRefused(
            "time",
            "--now must be seconds since 1970, or a time such as 2022-11-09T22:53:00Z",
            not_done=_NOTHING,
        ) from None
