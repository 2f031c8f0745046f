"""What devices run on, for people and for scripts: kind, tier, what was checked, and what cannot be."""

from __future__ import annotations

from typing import Any

from warifu.cli.inspecting import Inspection
from warifu.cli.profile_records import DeviceRecord
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.protocol.attesting import HostClaims, Reference

MEANING = {
    0: "isolation by software: nothing about the device is proven",
    1: "measured boot and a chip: the share is sealed to this machine, and enters ordinary memory while it signs",
    2: "a confidential machine or enclave: its host cannot read its memory",
}
NOT_PROVEN = {
    "unsafe-software": "which program answers, and on which machine; it holds the identity that you compared",
    "tpm": "what a compromised kernel does after the boot that was measured, and what root of that machine reads",
    "sev-snp": "physical attacks on the memory bus, and weaknesses that are not published yet",
    "tdx": "physical attacks on the memory bus, and weaknesses that are not published yet",
    "sgx": "side channels, physical attacks on the memory bus, and weaknesses that are not published yet",
    "nitro": "the owner of the host, who is the maker of the enclave as well",
}

CAPABILITIES = {
    "memory_isolated_from_root": "its host cannot read its memory",
    "hardware_root_of_trust": "a key in a chip",
    "native_sealing": "it seals for itself and this program alone",
    "survives_upgrade": "what is sealed survives an upgrade",
    "rollback_protected": "it knows an old disk",
    "guesses_rate_limited_by_hardware": "the chip counts wrong passphrases",
    "attestable": "its evidence convinces strangers",
    "production": "fit for real money by itself",
}
STATES = ("ok", "missing", "unknown", "declared")
"""Of a claim about the host (``protocol.attesting.ClaimState``)."""


def verdict(inspection: Inspection, known: Reference | None, difference: str | None) -> str:
    """One phrase."""
    if known is None:
        return tr("never accepted")
    if difference is not None:
        return tr("NOT what you accepted ({check})", check=difference)
    return tr("cannot be checked") if inspection.reference.unchecked else tr("as accepted")


def age(seconds: int) -> str:
    """How long ago, in the unit that a person would take."""
    for unit, length in ((tr("days"), 86400), (tr("hours"), 3600), (tr("minutes"), 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{max(seconds, 0)} {tr('seconds')}"


def show(
    screen: Screen, record: DeviceRecord, inspection: Inspection, difference: str | None, moment: int
) -> None:
    """Everything about one device."""
    reference, shown = inspection.reference, inspection.shown
    accepted = age(moment - record.accepted) if record.reference is not None else tr("never")
    screen.facts(
        [
            (tr("device"), record.name),
            (tr("identity"), record.identity.hex()),
            (tr("kind"), reference.format),
            (tr("tier"), f"{reference.tier}: {tr(MEANING[reference.tier])}"),
            (tr("evidence"), verdict(inspection, record.reference, difference)),
            (tr("accepted"), accepted),
            (tr("checked"), _checked(inspection)),
            (
                tr("not proven"),
                tr(NOT_PROVEN.get(reference.format, "anything: its evidence cannot be read here")),
            ),
            (tr("program"), _program(record, shown.claims.release)),
            *((name, value.hex()) for name, value in reference.measurements),
            *_details(inspection),
        ]
    )
    screen.line()
    screen.line(tr("It says of itself (a compromised machine can say anything):"), style="bold")
    screen.facts(
        [
            (
                tr("platform"),
                "; ".join(tr(CAPABILITIES.get(name, name)) for name in shown.claims.capabilities) or "-",
            ),
            *shown.claims.isolation,
            *_host(shown.claims.host, moment),
        ]
    )


def describe(
    record: DeviceRecord, inspection: Inspection | None, difference: str | None, failure: str | None
) -> dict[str, Any]:
    """One device for scripts. ``failure``: the code of the error that kept it from being looked at."""
    told: dict[str, Any] = {
        "name": record.name,
        "identity": record.identity.hex(),
        "accepted": record.accepted or None,
        "accepted_as": _described(record.reference),
        "looked_at": inspection is not None,
        "failure": failure,
    }
    if inspection is None:
        return told
    shown, verified = inspection.shown, inspection.appraisal.verified
    return told | {
        "kind": inspection.reference.format,
        "tier": inspection.reference.tier,
        "affirmed": inspection.appraisal.affirmed,
        "first_failed_check": inspection.failed_check,
        "changed": difference,
        "doubt": inspection.chip.doubt or None,
        "details": dict(verified.details) if verified is not None else {},
        "measurements": {name: value.hex() for name, value in inspection.reference.measurements},
        "tcb_status": verified.tcb_status if verified is not None else "",
        "advisories": list(verified.advisories) if verified is not None else [],
        "release": shown.claims.release.hex(),
        "release_changed": bool(record.release) and record.release != shown.claims.release,
        "isolation": dict(shown.claims.isolation),
        "capabilities": list(shown.claims.capabilities),
        "host": _host_described(shown.claims.host),
    }


def _program(record: DeviceRecord, release: bytes) -> str:
    """Only the device's own word, and worth a look all the same: a new program is seldom a secret."""
    if record.release and record.release != release:
        return tr("{release} (another than when you accepted it)", release=release.hex())
    return release.hex()


def _checked(inspection: Inspection) -> str:
    if inspection.failed_check is not None:
        return tr("nothing; the first failed check: {check}", check=inspection.failed_check)
    if inspection.reference.format == "unsafe-software":
        return tr("that the identity which you compared answered this very question")
    return tr(
        "signature, chain to the maker's root, validity, debug mode, and that it answers this very question"
    )


def _details(inspection: Inspection) -> list[tuple[str, str]]:
    verified = inspection.appraisal.verified
    if verified is None:
        return []
    status = [(tr("firmware"), verified.tcb_status)] if verified.tcb_status else []
    weak = [(tr("advisories"), ", ".join(verified.advisories))] if verified.advisories else []
    return [*status, *weak, *sorted(verified.details.items())]


def _host(host: HostClaims | None, moment: int) -> list[tuple[str, str]]:
    if host is None:
        return [(tr("host"), tr("nobody looked at it"))]
    seen = tr("seen {age} ago", age=age(moment - host.measured_at))
    return [(tr("host"), seen), *((name, tr(state)) for name, state in host.claims)]


def _host_described(host: HostClaims | None) -> dict[str, Any] | None:
    if host is None:
        return None
    return {"measured_at": host.measured_at, "expires": host.expires, "claims": dict(host.claims)}


def _described(reference: Reference | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    return {
        "kind": reference.format,
        "tier": reference.tier,
        "unchecked": reference.unchecked,
        "hardware_id": reference.hardware_id.hex(),
        "measurements": {name: value.hex() for name, value in reference.measurements},
    }
