"""The outcome of an appraisal as a claims set of an Entity Attestation Token (RFC 9711), in JSON.

``PROFILE`` names the profile (section 6), whose text is in ``docs/attestation.md``. The claims set is not signed, and
no token: it is what this program found for whoever runs it, and proof for nobody else. Whoever has to convince another
hands over the evidence itself.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from warifu.attestation.registry import Appraisal
from warifu.attestation.verifier import Verified

PROFILE = "tag:warifu.invalid,2026:eat/appraisal/1"
"""A tag URI (RFC 4151). Nobody can own a name under ``.invalid`` (RFC 2606), so this one cannot be anybody else's."""
References = Mapping[str, frozenset[bytes]]
"""Name of a measurement -> digests that a policy allows for it."""
_RAND = b"\x01"
_OEMS = {"sev-snp": 3704, "tdx": 343, "sgx": 343}
"""IANA private enterprise numbers: Advanced Micro Devices; Intel."""
_SHORTEST_NONCE, _LONGEST_NONCE = 8, 64


def claims_set(appraisal: Appraisal, references: References | None = None) -> dict[str, Any]:
    """The claims, ready for a JSON encoder. Of evidence that is not genuine nothing is claimed but that it is not.

    ``references``: the reference values of the policy that was applied, for the kind of evidence that it was.
    """
    claims: dict[str, Any] = {"eat_profile": PROFILE, "iat": appraisal.appraised_at}
    verified = appraisal.verified
    if verified is not None:
        claims |= _of_the_entity(verified)
        if references:
            claims["measres"] = [[verified.format, _compared(verified, references)]]
        claims["warifu_evidence"] = _of_the_evidence(verified)
    claims["warifu_appraisal"] = {
        "affirmed": appraisal.affirmed,
        "first_failed_check": appraisal.first_failed_check,
        "tier": appraisal.tier,
    }
    return claims


def _of_the_entity(verified: Verified) -> dict[str, Any]:
    """Registered claims (RFC 9711, section 4)."""
    claims: dict[str, Any] = {}
    nonces = [each for each in (verified.nonce, verified.report_data) if each and _is_nonce(each)]
    if nonces:
        claims["eat_nonce"] = _text(nonces[0]) if len(nonces) == 1 else [_text(each) for each in nonces]
    if verified.hardware_id:
        # Section 4.2.1, type RAND: identifiers may be hashed; 33 bytes are the most that all receivers accept.
        named = verified.format.encode() + b"\0" + verified.hardware_id
        claims["ueid"] = _text(_RAND + hashlib.sha256(named).digest())
    if verified.format in _OEMS:
        claims["oemid"] = _OEMS[verified.format]
        if "product" in verified.details:
            claims["hwmodel"] = _text(verified.details["product"].encode()[:32])
    if verified.tier == 2:
        # An enclave's debug mode is fixed when it starts. Nothing else that is verified here says anything about it.
        claims["dbgstat"] = "enabled" if verified.debug else "disabled-since-boot"
    return claims


def _compared(verified: Verified, references: References) -> list[list[str]]:
    """Section 4.2.17: measurement by measurement, what became of the comparison with its reference values."""
    results = {name: "not-run" for name in verified.measurements if name not in references}
    for name, allowed in references.items():
        measured = verified.measurements.get(name)
        results[name] = "absent" if measured is None else "success" if measured in allowed else "fail"
    return [[name, results[name]] for name in sorted(results)]


def _of_the_evidence(verified: Verified) -> dict[str, Any]:
    """What has no registered claim: digests and versions under the names that the formats give them."""
    return {
        "format": verified.format,
        "measurements": {name: digest.hex() for name, digest in verified.measurements.items()},
        "report_data": verified.report_data.hex(),
        "attributes": dict(verified.attributes),
        "tcb": dict(verified.tcb),
        "tcb_status": verified.tcb_status,
        "advisories": list(verified.advisories),
        "hardware_id": verified.hardware_id.hex(),
        "issued_at": verified.issued_at,
        "expires_at": verified.expires_at,
        "details": dict(verified.details),
    }


def _is_nonce(value: bytes) -> bool:
    """Section 4.1: from 8 to 64 bytes. Report data of nothing but zeros was asked by nobody."""
    return _SHORTEST_NONCE <= len(value) <= _LONGEST_NONCE and any(value)


def _text(value: bytes) -> str:
    """Section 5.2.2 (binary data in JSON): base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
