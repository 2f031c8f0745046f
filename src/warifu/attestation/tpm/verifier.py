"""Judging a TPM's evidence: measured boot, signed by a chip. Tier 1: a root of trust, not an enclave.

What is checked, in this order, each with its name: the one form of every part (``form``); that the key is one which
signs only what its own TPM says (``key-attributes``); that the TPM said this itself (``generated``) and the key signed
it (``signature``); that the key's public area is the one the TPM signed with (``signer``); the question, and that
nothing beside the quote was altered (``report-data``); that no resettable PCR is counted (``resettable-pcr``); the PCR
values (``pcr-values``); the counter (``counter``); the event log (``event-log``); and why this key is a TPM's at all
(``ak-binding``): either it was bound to its chip before, by activation (``credential``), and is among the caller's
pinned keys, or an authority of the caller's certified it.

An EK certificate beside the quote proves nothing about the key that signed: only activation does. It is checked where
roots were handed in (``ek-certificate``, ``ek-chain``), so that what it says of the chip can be shown.

What this cannot see: whether firmware and kernel are good (reference values say that), and what ran after the boot.
"""

from __future__ import annotations

import hmac

from warifu.attestation.certificates import read_documents
from warifu.attestation.chain import Path, Roots
from warifu.attestation.tpm.bundle import FORMAT, TpmEvidence, qualifying_data, read_bundle
from warifu.attestation.tpm.endorsement import check_ak_certificate, check_ek_certificate
from warifu.attestation.tpm.event_log import check_event_log, describe, read_event_log
from warifu.attestation.tpm.keys import TpmKey, check_signature, read_key, require_attestation_key
from warifu.attestation.tpm.structures import (
    Attested,
    Quoted,
    hash_of,
    qualified_name,
    read_certified_counter,
    read_nv_public,
    read_quote,
)
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified

RESETTABLE = frozenset({16, 23})
"""PCRs that any program may set to what it likes (PC Client Platform TPM Profile, "PCR Attributes")."""


class TpmVerifier:
    """Reads a :class:`TpmEvidence`."""

    format = FORMAT

    def verify(
        self, body: bytes, endorsements: Endorsements, now: int, collateral_grace: int = 0
    ) -> Verified:
        bundle = read_bundle(body)
        key = read_key(bundle.ak_public)
        require_attestation_key(key)
        quoted = read_quote(bundle.attest)
        algorithm = check_signature(key, bundle.signature, bundle.attest)
        _check_said_by(key, quoted.attested, bundle)
        _check_pcrs(quoted, algorithm, bundle)
        tcb: dict[str, int] = {}
        details = _clock(quoted.attested)
        if bundle.counter_public:
            tcb["counter"] = _counter(key, bundle)
        if bundle.event_log:
            log = read_event_log(bundle.event_log)
            details |= describe(log, check_event_log(log, dict(bundle.pcrs)))
        told, expiries = _trust(key, bundle, endorsements, now, collateral_grace)
        return Verified(
            format=FORMAT,
            tier=1,
            report_data=bundle.report_data,
            debug=False,
            measurements={"ak": key.name} | {f"pcr{index}": value for index, value in bundle.pcrs},
            tcb=tcb,
            hardware_id=key.name,
            expires_at=min(expiries, default=None),
            details=details | told,
        )


def _clock(attested: Attested) -> dict[str, str]:
    """To compare with what the same key told before: in quotes by keys of the owner's hierarchy, a TPM adds constants
    of that key to these numbers (Part 1, "Attestation", on correlation), so they mean nothing by themselves."""
    return {
        "resets": str(attested.resets),
        "restarts": str(attested.restarts),
        "firmware": f"{attested.firmware:016x}",
        "clock": "safe" if attested.safe else "may have been set back by a power loss",
    }


def _check_said_by(key: TpmKey, attested: Attested, bundle: TpmEvidence) -> None:
    """Who said it, to which question, and beside what."""
    expected = qualified_name(key.algorithm, bundle.ak_parent, key.name)
    if not hmac.compare_digest(attested.signer, expected):
        raise CheckFailed("signer", "the TPM signed with a key that has another public area")
    question = qualifying_data(
        bundle.report_data,
        ak_certificate=bundle.ak_certificate,
        ek_certificate=bundle.ek_certificate,
        event_log=bundle.event_log,
        counter_public=bundle.counter_public,
    )
    if not hmac.compare_digest(attested.extra_data, question):
        raise CheckFailed(
            "report-data", "the TPM was asked another question, or a part of its evidence was altered"
        )


def _check_pcrs(quoted: Quoted, algorithm: int, bundle: TpmEvidence) -> None:
    """The digest is over the values one after another, by the hash of the signature (Part 3, TPM2_Quote)."""
    indices = tuple(index for index, _ in bundle.pcrs)
    for index in sorted(RESETTABLE.intersection(quoted.pcrs)):
        raise CheckFailed("resettable-pcr", f"PCR {index} proves nothing: any program can set it")
    values = b"".join(value for _, value in bundle.pcrs)
    if indices != quoted.pcrs or not hmac.compare_digest(hash_of(algorithm, values), quoted.digest):
        raise CheckFailed("pcr-values", "the PCR values are not the ones that the TPM signed")


def _counter(key: TpmKey, bundle: TpmEvidence) -> int:
    """The value of what the TPM says is a counter, told to the same question by the same key."""
    certified = read_certified_counter(bundle.counter_attest)
    check_signature(key, bundle.counter_signature, bundle.counter_attest)
    _check_said_by(key, certified.attested, bundle)
    public = read_nv_public(bundle.counter_public)
    if not hmac.compare_digest(public.name, certified.name):
        raise CheckFailed("counter", "the TPM certified another index than this one")
    if not public.is_counter:
        raise CheckFailed("counter", "the index is no counter: what it holds can be written at will")
    return certified.value


def _trust(
    key: TpmKey, bundle: TpmEvidence, endorsements: Endorsements, now: int, grace: int
) -> tuple[dict[str, str], list[int]]:
    """Why the key is a TPM's, and what its maker says: to show, and the first moments at which that ends."""
    documents = read_documents(each for each in endorsements.documents if each.lstrip()[:1] != b"{")
    roots = Roots().with_callers(endorsements)
    details: dict[str, str] = {}
    expiries: list[int] = []
    if any(hmac.compare_digest(key.spki, pinned) for pinned in endorsements.pinned_keys):
        details["key"] = "bound to its TPM before"
    elif bundle.ak_certificate:
        path, lists_until = check_ak_certificate(bundle.ak_certificate, key, documents, roots, now, grace)
        details["key"] = "certified by an authority"
        expiries += _ends(path, lists_until)
    else:
        raise CheckFailed("ak-binding", "nothing shows that the key is in a TPM: it was never bound to one")
    if bundle.ek_certificate and roots.certificates:
        endorsed = check_ek_certificate(bundle.ek_certificate, documents, roots, now, grace)
        expiries += _ends(endorsed.path, endorsed.lists_until)
        details["endorsement key"] = f"certified: {endorsed.maker}"
        if endorsed.maker.is_simulator:
            details["simulator"] = "yes: a program that behaves like a TPM, and keeps no secret from its host"
    elif bundle.ek_certificate:
        details["endorsement key"] = "not checked: no root of its maker was handed in"
    return details, expiries


def _ends(path: Path, lists_until: int | None) -> list[int]:
    last = [path.expires_at] if lists_until is None else [path.expires_at, lists_until]
    return [second + 1 for second in last]
