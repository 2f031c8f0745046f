"""The one door to ``dcap-qvl``: signatures, TCB levels and their status, at a moment that is handed in.

The library is in Rust: an error comes as ``ValueError``, a panic as an exception that is no ``Exception`` and that pyo3
lets nobody import. Both become ``CheckFailed`` here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import dcap_qvl

from warifu.attestation.verifier import CheckFailed

T = TypeVar("T")
_PANIC = "PanicException"
_MAX_ADVISORIES = 64

_CAUSES = (
    ("ISV enclave report signature", "signature"),
    ("for qe_report", "signature"),
    ("QE report hash", "signature"),
    ("for tcb_info", "collateral-signature"),
    ("for qe_identity", "collateral-signature"),
    ("status is invalid: Revoked", "tcb-revoked"),
    ("certificate chain", "chain"),
    ("QE ", "quoting-enclave"),
    ("TCB", "tcb"),
    ("TDX module", "tcb"),
    ("TD ", "td-attributes"),
    ("SEPT_VE_DISABLE", "td-attributes"),
    ("SERVTD_EXT", "td-attributes"),
)
"""What the library's first words of a refusal mean as names of checks: for people, not for decisions."""


@dataclass(frozen=True)
class Claims:
    """What the library found to be true."""

    status: str
    advisories: tuple[str, ...]
    evaluation: int
    pce_svn: int
    cpu_svn: bytes
    ppid: bytes
    qe_svn: int
    report_data: bytes
    flags: dict[str, str]
    """What the machine's certificate says of how it is used."""


@dataclass(frozen=True)
class Machine:
    """Of what kind a machine is, as its PCK certificate says."""

    fmspc: str
    pce_id: str


def read_machine(pck_chain: bytes) -> Machine:
    """Kind of the machine from the SGX extension of its certificate (PEM); nothing of it is believed yet."""
    extension = _guarded("chain", lambda: dcap_qvl.parse_pck_extension_from_pem(pck_chain))
    return Machine(bytes(extension.fmspc).hex().upper(), bytes(extension.pce_id).hex().upper())


def check_quote(quote: bytes, collateral: str, root: bytes, moment: int) -> Claims:
    """Verify ``quote`` under ``root`` (DER) by ``collateral`` (JSON), as of ``moment``; ``CheckFailed``.

    Poor states of the TCB are *returned*: whether they are enough is for rules to say. Only ``Revoked`` is refused
    here, by the library: keys of such machines are known to others.
    """

    def verify() -> str:
        found = dcap_qvl.QuoteVerifier(root).verify_with_policy(
            quote,
            dcap_qvl.QuoteCollateralV3.from_json(collateral),
            moment,
            dcap_qvl.QuotePolicy.claims_only(moment),
        )
        return str(found.to_json())

    claims: dict[str, Any] = json.loads(_guarded("quote", verify))
    tcb, platform, pck = claims["tcb"], claims["platform"], claims["platform"]["pck"]
    (report,) = claims["report"].values()
    if len(tcb["advisory_ids"]) > _MAX_ADVISORIES:  # to leave some out would hide the ones that count
        raise CheckFailed("tcb", f"the vendor names more than {_MAX_ADVISORIES} weaknesses")
    return Claims(
        status=str(tcb["status"]),
        advisories=tuple(str(each) for each in tcb["advisory_ids"]),
        evaluation=int(tcb["eval_data_number"]),
        pce_svn=int(platform["pck"]["pce_svn"]),
        cpu_svn=bytes(pck["cpu_svn"]),
        ppid=bytes(pck["ppid"]),
        qe_svn=int(claims["qe"]["report"]["isv_svn"]),
        report_data=bytes.fromhex(_inmost(report)["report_data"]),
        flags={name: str(pck[name]) for name in ("dynamic_platform", "cached_keys", "smt_enabled")},
    )


def _inmost(report: dict[str, Any]) -> dict[str, Any]:
    """A TD 1.5 report carries the TD 1.0 report in ``base``."""
    return _inmost(report["base"]) if "base" in report else report


def _guarded(default: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        name = next((name for words, name in _CAUSES if words in said), default)
        shown = "".join(
            mark if " " <= mark <= "~" else "?" for mark in said.removeprefix("Verification failed: ")
        )
        raise CheckFailed(name, f"the quote does not verify: {shown[:200]}") from None
