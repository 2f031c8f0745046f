"""Judging TDX and SGX quotes: from the form to the chains, from the chains to the moment, from there to the library.

What is checked, in this order, each with its name: the quote's one form (``form``); debug (``no-debug``); the
collateral's one form, and that it is for this kind of machine (``collateral``); every chain to Intel's root or to a
root of the caller, who may sign what, and the validity of each key's certificate at the real ``now`` (``chain``,
``validity``); the collateral's signatures (``collateral-signature``); the windows of what is renewed often
(``collateral-window``); revocation (``revocation``); then, by ``dcap-qvl``, all signatures again and those of the
quote, the quoting enclave's identity, the TCB levels (``signature``, ``quoting-enclave``, ``tcb`` ...).
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from warifu.attestation.chain import OWN_ROOT, Path, check_path
from warifu.attestation.dcap.collateral import Collateral, choose_collateral, read_chain
from warifu.attestation.dcap.genuine import check_collateral
from warifu.attestation.dcap.intel import (
    ALGORITHMS,
    PCK,
    PCK_AUTHORITIES,
    ROOTS,
    require_name,
)
from warifu.attestation.dcap.library import Claims, Machine, check_quote, read_machine
from warifu.attestation.dcap.quote import SGX, TDX, Quote, read_quote
from warifu.attestation.revocation import check_revocation
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified


class DcapVerifier:
    """One of the two formats that Intel's quoting enclaves make."""

    def __init__(self, tee: str) -> None:
        assert tee in (SGX, TDX)
        self.format = tee

    def verify(
        self, body: bytes, endorsements: Endorsements, now: int, collateral_grace: int = 0
    ) -> Verified:
        quote = read_quote(body)
        if quote.tee != self.format:
            raise CheckFailed("form", f"it is a quote of {quote.tee}, not of {self.format}")
        pck_chain = read_chain(quote.pck_chain, 3)
        machine = read_machine(quote.pck_chain.removesuffix(b"\0"))
        collateral = choose_collateral(endorsements.documents, quote.tee, machine.fmspc)
        _require_same_machine(quote, machine, collateral)
        paths = _check_chains(pck_chain, collateral, endorsements, now)
        moment = _moment(collateral, now, collateral_grace)
        _check_revocation(paths, collateral, moment)
        root = paths[0].root.public_bytes(Encoding.DER)
        claims = check_quote(body, collateral.text, root, moment)
        if claims.report_data != quote.report_data:
            raise CheckFailed("form", "the report was read in two ways")  # two parsers, one truth
        return _verified(quote, machine, collateral, claims, paths, grace_used=moment != now)


def _require_same_machine(quote: Quote, machine: Machine, collateral: Collateral) -> None:
    if collateral.tcb_info.pce_id != machine.pce_id:
        raise CheckFailed("collateral", "the collateral is for another provisioning enclave")
    if collateral.pck_chain is not None and collateral.pck_chain.strip() != quote.pck_chain.strip(b"\0\n"):
        raise CheckFailed("collateral", "the collateral carries another machine's certificate")


def _check_chains(
    pck_chain: tuple[x509.Certificate, ...], collateral: Collateral, endorsements: Endorsements, now: int
) -> tuple[Path, ...]:
    """All chains, to one root. Certificates of keys get no grace, so the moment is ``now``."""
    roots = ROOTS.with_callers(endorsements)
    require_name(pck_chain[0], PCK)
    require_name(pck_chain[1], *PCK_AUTHORITIES)
    paths = (check_path(pck_chain, roots, now, ALGORITHMS), *check_collateral(collateral, roots, now))
    if any(path.root != paths[0].root for path in paths):
        raise CheckFailed("chain", "quote and collateral lead to different roots")
    if collateral.crl_chain != pck_chain[1:]:
        raise CheckFailed(
            "chain", "the PCK revocation list is of another authority than the machine's certificate"
        )
    return paths


def _check_revocation(paths: tuple[Path, ...], collateral: Collateral, moment: int) -> None:
    for path in paths:
        check_revocation(path, (collateral.root_crl, collateral.pck_crl), moment, ALGORITHMS)


def _moment(collateral: Collateral, now: int, grace: int) -> int:
    """The moment at which everything that is renewed is valid: ``now``, or, by grace, the last one that was."""
    moment = now
    for window in collateral.windows:
        if now < window.issued:
            raise CheckFailed("collateral-window", f"the {window.name} was issued in the future")
        if now >= window.until + grace:
            raise CheckFailed("collateral-window", f"the {window.name} should have been renewed")
        moment = min(moment, window.until - 1)
    if any(moment < window.issued for window in collateral.windows):
        raise CheckFailed(
            "collateral-window", "the parts of the collateral were never valid at the same time"
        )
    return moment


def _verified(
    quote: Quote,
    machine: Machine,
    collateral: Collateral,
    claims: Claims,
    paths: tuple[Path, ...],
    grace_used: bool,
) -> Verified:
    details = {
        "quote version": str(quote.version),
        "fmspc": machine.fmspc,
        "cpu svn": claims.cpu_svn.hex(),
        "dynamic platform": claims.flags["dynamic_platform"].lower(),
        "cached keys": claims.flags["cached_keys"].lower(),
        "hyperthreading": claims.flags["smt_enabled"].lower(),
    }
    details["root"] = "Intel SGX Root CA" if paths[0].root in ROOTS.certificates else OWN_ROOT
    if grace_used:
        details["collateral"] = "older than its window, accepted by the grace that was granted"
    tcb = {
        **quote.tcb,
        "pce-svn": claims.pce_svn,
        "qe-svn": claims.qe_svn,
        "tcb-evaluation": claims.evaluation,
    }
    return Verified(
        format=quote.tee,
        tier=2,
        report_data=quote.report_data,
        debug=False,
        measurements=quote.measurements,
        tcb=tcb,
        tcb_status=claims.status,
        advisories=claims.advisories,
        hardware_id=claims.ppid,
        expires_at=min(
            *(window.until for window in collateral.windows), *(path.expires_at + 1 for path in paths)
        ),
        details=details,
    )
