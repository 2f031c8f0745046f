"""The certificate authorities that the program believes, and those among them that an owner names as the only ones."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from warifu.cli.exchanges.keys import Pinned
from warifu.errors import InputRefused
from warifu.protocol.exchange_requests import MAX_PINNED

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Authority:
    """One of the program's."""

    name: str
    digest: bytes
    """SHA-256 of its certificate (DER)."""


def program_authorities() -> list[Authority]:
    """By name: those that Mozilla believes, as this release has them."""
    import certifi

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certifi.contents())
    described, certificates = context.get_ca_certs(), context.get_ca_certs(binary_form=True)
    found = [
        Authority(_name(subject), sha256(der).digest())
        for subject, der in zip(described, certificates, strict=True)
    ]
    return sorted(found, key=lambda each: (each.name, each.digest))


def _name(described: dict[str, Any]) -> str:
    """Its common name, or what comes nearest to one."""
    fields = dict(field for part in described["subject"] for field in part)
    words = (fields.get(each) for each in ("commonName", "organizationalUnitName", "organizationName"))
    return next(filter(None, words), "")


def read_pinned(written: Sequence[str]) -> Pinned:
    """Digests as people copy them: with colons, in capitals. ``InputRefused`` (``exchange-roots``) for what is none of
    the program's."""
    digests = [each.replace(":", "").strip().lower() for each in written]
    known = {each.digest for each in program_authorities()} if digests else set()
    for each in digests:
        if not _DIGEST.match(each) or bytes.fromhex(each) not in known:
            raise InputRefused(
                "exchange-roots",
                f"{each[:64]!r} is the SHA-256 of none of the certificate authorities that this program believes",
                not_done="Nothing was added.",
                remedy="See 'warifu exchange authorities'.",
            )
    if len(digests) > MAX_PINNED:
        raise InputRefused("exchange-roots", f"at most {MAX_PINNED} authorities are named")
    return tuple(sorted({bytes.fromhex(each) for each in digests}))


def require_one_kind(authorities: str, only: Pinned) -> None:
    """``InputRefused`` (``exchange-roots``) where a simulation's authority and the program's are named at once."""
    if authorities and only:
        raise InputRefused(
            "exchange-roots",
            "a simulation's certificate authority is none of the program's",
            not_done="Nothing was added.",
            remedy="Name --authorities or --only-authority, not both.",
        )
