"""The evidence of a platform that is none: a statement that anybody can write. Affirmed for what it is, tier 0."""

from __future__ import annotations

import re

from warifu.attestation.evidence import REPORT_DATA_BYTES
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified

FORMAT = "unsafe-software"
_BODY = re.compile(
    rb"warifu evidence: unsafe-software, version 1\n"
    rb"proven: nothing; any program could have written this\n"
    rb"report-data: ([0-9a-f]{128})\n"
)


def statement(report_data: bytes) -> bytes:
    """The one body that evidence of this format has for ``report_data`` (64 bytes; ``ValueError`` otherwise)."""
    if len(report_data) != REPORT_DATA_BYTES:
        raise ValueError(f"report data has {len(report_data)} bytes, not {REPORT_DATA_BYTES}")
    return (
        b"warifu evidence: unsafe-software, version 1\n"
        b"proven: nothing; any program could have written this\n"
        b"report-data: " + report_data.hex().encode() + b"\n"
    )


class UnsafeSoftwareVerifier:
    """Reads the statement. It proves nothing about program or device, and says so."""

    format = FORMAT

    def verify(
        self, body: bytes, endorsements: Endorsements, now: int, collateral_grace: int = 0
    ) -> Verified:
        found = _BODY.fullmatch(body)
        if found is None:
            raise CheckFailed("form", "it is not the statement of this format")
        return Verified(
            format=FORMAT,
            tier=0,
            report_data=bytes.fromhex(found[1].decode()),
            debug=False,
            details={"proven": "nothing"},
        )
