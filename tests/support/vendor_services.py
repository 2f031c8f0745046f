"""Stand-ins for Intel's provisioning certification service and AMD's key distribution service, fed with minted chips.

They answer as the vendors' documents say (PCS API version 4; AMD 57230, chapter 4). The real services are not asked in
tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlsplit

from tests.support import minted_dcap, minted_sev_snp
from tests.support.authorities import revocation_list
from tests.support.rpc_server import Asked, Say, Script

from warifu.endorsements.source import Answer, unavailable

Given = tuple[bytes, dict[str, str]] | None


@dataclass
class Pcs:
    """Intel's service; with ``hexadecimal``, a PCCS, which gives lists as digits."""

    machine: minted_dcap.Machine
    hexadecimal: bool = False
    spoil: Callable[[str, bytes, dict[str, str]], Given] = field(
        default=lambda _what, body, headers: (body, headers)
    )
    """(what, body, headers) -> what is given instead."""

    def answer(self, path: str) -> Given:
        parts = urlsplit(path)
        fields = self.machine.collateral_fields()
        asked = parse_qs(parts.query)
        given: dict[str, Given] = {
            f"/{self.machine.tee}/certification/v4/tcb": (
                f'{{"tcbInfo":{fields["tcb_info"]},"signature":"{fields["tcb_info_signature"]}"}}'.encode(),
                {"TCB-Info-Issuer-Chain": quote(fields["tcb_info_issuer_chain"])},
            ),
            f"/{self.machine.tee}/certification/v4/qe/identity": (
                f'{{"enclaveIdentity":{fields["qe_identity"]},"signature":"{fields["qe_identity_signature"]}"}}'.encode(),
                {"SGX-Enclave-Identity-Issuer-Chain": quote(fields["qe_identity_issuer_chain"])},
            ),
            "/sgx/certification/v4/pckcrl": (
                self._list(fields["pck_crl"]),
                {"SGX-PCK-CRL-Issuer-Chain": quote(fields["pck_crl_issuer_chain"])},
            ),
            "/sgx/certification/v4/rootcacrl": (self._list(fields["root_ca_crl"]), {}),
            "/IntelSGXRootCA.der": (self._list(fields["root_ca_crl"]), {}),
        }
        found = given.get(parts.path)
        if found is None or asked.get("ca", ["platform"]) != ["platform"]:
            return None
        if asked.get("fmspc", [minted_dcap.FMSPC.hex().upper()]) != [minted_dcap.FMSPC.hex().upper()]:
            return None
        return self.spoil(parts.path.rpartition("/")[2], *found)

    def _list(self, digits: str) -> bytes:
        return digits.encode() if self.hexadecimal else bytes.fromhex(digits)


@dataclass
class Kds:
    """AMD's service, for one chip."""

    machine: minted_sev_snp.Machine
    revoked: tuple[int, ...] = ()
    listed_at: int = 1_700_000_000 - 86_400
    listed_until: int = 1_700_000_000 + 86_400
    spoil: Callable[[str, bytes], bytes] = field(default=lambda _what, body: body)

    def answer(self, path: str) -> Given:
        parts = urlsplit(path)
        base = f"/vcek/v1/{self.machine.product}/"
        if not parts.path.startswith(base):
            return None
        what = parts.path.removeprefix(base)
        if what == "cert_chain":
            return self.spoil(what, self.machine.signer.pem + self.machine.root.pem), {}
        if what == "crl":
            made = revocation_list(
                self.machine.root, self.revoked, first=self.listed_at, last=self.listed_until
            )
            return self.spoil(what, made), {}
        asked = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        names = {
            "bootloader": "blSPL",
            "tee": "teeSPL",
            "snp": "snpSPL",
            "microcode": "ucodeSPL",
            "fmc": "fmcSPL",
        }
        if what != self.machine.chip.hex() or asked != {
            names[part]: value for part, value in self.machine.versions
        }:
            return None
        return self.spoil("vcek", self.machine.certificate.der), {}


@dataclass
class AsSource:
    """A service without a network between."""

    service: Pcs | Kds
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, limit: int) -> Answer:
        self.asked.append(url)
        parts = urlsplit(url)
        given = self.service.answer(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        if given is None or len(given[0]) > limit:
            raise unavailable(parts.hostname or "", "status 404")
        return Answer(given[0], {name.lower(): value for name, value in given[1].items()})


def over_http(service: Pcs | Kds) -> Script:
    """A service as a script of the loopback server."""

    def say(asked: Asked) -> Say:
        given = service.answer(asked.path)
        return Say(b"", 404) if given is None else Say(given[0], 200, given[1])

    return say
