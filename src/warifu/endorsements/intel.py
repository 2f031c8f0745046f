"""Collateral for TDX and SGX: Intel's Provisioning Certification Service, or a cache of it (PCCS), API version 4.

Four answers make one collateral: TCB information and quoting enclave's identity (JSON, whose signed part is taken byte
for byte), and two revocation lists. Issuer chains come in headers, percent-encoded. What is made of them is the JSON of
Intel's quote verifier, as the DCAP verifier takes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote, urlsplit

import msgspec

from warifu.attestation.chain import Roots
from warifu.attestation.dcap.collateral import Collateral, read_chain, read_collateral
from warifu.attestation.dcap.genuine import check_collateral
from warifu.attestation.dcap.intel import ROOTS
from warifu.attestation.dcap.library import read_machine
from warifu.attestation.dcap.quote import read_quote
from warifu.attestation.verifier import CheckFailed
from warifu.depth import is_deep
from warifu.endorsements.entry import Entry
from warifu.endorsements.source import Answer, Source, unavailable, useless

PCS = "https://api.trustedservices.intel.com"
ROOT_LIST = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
"""Where Intel's root says that its revocation list is."""
_MAX_ANSWER = 128 * 1024
_AUTHORITIES = {"Intel SGX PCK Processor CA": "processor", "Intel SGX PCK Platform CA": "platform"}
_TCB_CHAINS = ("tcb-info-issuer-chain", "sgx-tcb-info-issuer-chain")
"""Of version 4, and of caches that still name it as version 3 did."""


@dataclass(frozen=True)
class Machines:
    """For which machines collateral is: those of one kind, certified by one authority."""

    tee: str
    fmspc: str
    authority: str

    @property
    def entry_name(self) -> str:
        return f"{self.tee}-{self.fmspc.lower()}-{self.authority}"


class _TcbAnswer(msgspec.Struct, frozen=True):
    tcb_info: msgspec.Raw = msgspec.field(name="tcbInfo")
    signature: Annotated[str, msgspec.Meta(max_length=128)]


class _IdentityAnswer(msgspec.Struct, frozen=True):
    identity: msgspec.Raw = msgspec.field(name="enclaveIdentity")
    signature: Annotated[str, msgspec.Meta(max_length=128)]


def machines_of(quote: bytes) -> Machines:
    """For which machines a TDX or SGX quote needs collateral; ``CheckFailed`` where it is no quote."""
    read = read_quote(quote)
    authority = read_chain(read.pck_chain, 3)[1].subject.rfc4514_string()
    kind = next((kind for name, kind in _AUTHORITIES.items() if f"CN={name}" in authority), None)
    if kind is None:
        raise CheckFailed("chain", "the machine was certified by an authority that is not known here")
    return Machines(read.tee, read_machine(read.pck_chain.removesuffix(b"\0")).fmspc, kind)


def addresses_of(machines: Machines, base: str = PCS) -> dict[str, str]:
    """What is asked, by name. ``base``: Intel's own service, or a PCCS."""
    sgx, own = f"{base}/sgx/certification/v4", f"{base}/{machines.tee}/certification/v4"
    return {
        "tcb": f"{own}/tcb?fmspc={machines.fmspc}",
        "identity": f"{own}/qe/identity",
        "pck-list": f"{sgx}/pckcrl?ca={machines.authority}&encoding=der",
        "root-list": ROOT_LIST if base == PCS else f"{sgx}/rootcacrl",
    }


def fetch_collateral(
    machines: Machines, source: Source, now: int, base: str = PCS, callers: Roots | None = None
) -> Entry:
    """Fetch, put together, and check down to Intel's root (or one of the caller's); ``EvidenceRefused``."""
    server = urlsplit(base).hostname or "the source"
    answers = {name: source.get(url, _MAX_ANSWER) for name, url in addresses_of(machines, base).items()}
    roots = Roots(ROOTS.certificates + (callers.certificates if callers else ()))
    try:
        document = _together(answers)
        collateral = read_collateral(document)
        check_collateral(collateral, roots, now)
    except CheckFailed as failure:
        raise useless(server, failure.detail) from None
    except (ValueError, KeyError):  # of decoding; a header that is not there
        raise useless(server, "an answer is not in its form") from None
    if (collateral.tcb_info.id, collateral.tcb_info.fmspc) != (machines.tee.upper(), machines.fmspc):
        raise useless(server, "it is for other machines")
    for window in collateral.windows:
        if not window.issued <= now < window.until:
            raise unavailable(server, f"its {window.name} is not valid now")
    return entry_of(machines, document, collateral, now)


def entry_of(machines: Machines, document: bytes, collateral: Collateral, now: int) -> Entry:
    """As it is kept. Intel's lists all carry the number 1, so their moments of issue say which is newer."""
    numbers = (
        collateral.tcb_info.tcb_evaluation_data_number,
        collateral.qe_identity.tcb_evaluation_data_number,
    )
    return Entry(
        name=machines.entry_name,
        content=document,
        fetched_at=now,
        marks=tuple(window.issued for window in collateral.windows) + numbers,
        renew_at=min(window.until for window in collateral.windows),
    )


def _together(answers: dict[str, Answer]) -> bytes:
    if is_deep(answers["tcb"].body) or is_deep(answers["identity"].body):
        raise ValueError
    tcb = msgspec.json.decode(answers["tcb"].body, type=_TcbAnswer)
    identity = msgspec.json.decode(answers["identity"].body, type=_IdentityAnswer)
    tcb_chain = next(
        name for name in _TCB_CHAINS if name in answers["tcb"].headers or name == _TCB_CHAINS[-1]
    )
    fields = {
        "pck_crl_issuer_chain": _chain(answers["pck-list"], "sgx-pck-crl-issuer-chain"),
        "root_ca_crl": _list(answers["root-list"].body).hex(),
        "pck_crl": _list(answers["pck-list"].body).hex(),
        "tcb_info_issuer_chain": _chain(answers["tcb"], tcb_chain),
        "tcb_info": bytes(tcb.tcb_info).decode(),
        "tcb_info_signature": tcb.signature.lower(),
        "qe_identity_issuer_chain": _chain(answers["identity"], "sgx-enclave-identity-issuer-chain"),
        "qe_identity": bytes(identity.identity).decode(),
        "qe_identity_signature": identity.signature.lower(),
    }
    return json.dumps(fields, indent=1).encode("ascii")


def _chain(answer: Answer, header: str) -> str:
    """PEM in its one spelling: whoever proxies it may have changed ends of lines."""
    return (
        "\n".join(line.strip() for line in unquote(answer.headers[header]).split("\n") if line.strip()) + "\n"
    )


def _list(body: bytes) -> bytes:
    """Intel gives lists as DER, which begin with 0x30; a PCCS gives the same in hexadecimal digits."""
    return body if body[:1] == b"\x30" else bytes.fromhex(body.decode("ascii"))
