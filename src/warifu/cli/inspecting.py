"""What a device runs on, as the owner's client finds out itself: a fresh question, evidence, and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from nacl.utils import random

from warifu.attestation.evidence import Evidence
from warifu.attestation.expectation import appraise_shown
from warifu.attestation.pinning import Pinned, as_tier, reference_of
from warifu.attestation.registry import Appraisal
from warifu.attestation.rules import AllOf, Bound, NoDebug
from warifu.attestation.verifier import CheckFailed
from warifu.cli.activating import Chip, bind_chip, signing_key
from warifu.cli.client import Client
from warifu.cli.places import default_endorsements_directory
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.sealing import binding_of
from warifu.cli.text import tr
from warifu.endorsements.refreshing import kept_for
from warifu.endorsements.store import EndorsementStore
from warifu.errors import PeerMisbehaved, ServiceRefused, WarifuError
from warifu.protocol.api import Boot, BootQuestion, EnvelopeKeyQuestion, EnvelopeKeys
from warifu.protocol.attesting import Attestation, Binding, Reference
from warifu.protocol.encoding import decode
from warifu.protocol.envelope import CertifiedEnvelopeKey, EnvelopeKey, check_envelope_key
from warifu.protocol.frames import MAX_BODY_BYTES, BootShown, check_boot_shown
from warifu.protocol.identity import DeviceRef

UNCHECKABLE = frozenset({"known-format", "chain", "endorsements", "collateral"})
"""Checks whose failure means that something to judge by is missing here, and not that somebody lies."""


@dataclass(frozen=True)
class Inspection:
    """What one device showed just now, and what came of it."""

    device: DeviceRef
    shown: Attestation
    appraisal: Appraisal
    chip: Chip
    """Of a TPM, as it was bound before or now."""

    @property
    def reference(self) -> Reference:
        """What the device would be accepted as."""
        verified = self.appraisal.verified
        if self.appraisal.affirmed and verified is not None:
            return reference_of(verified, self.chip.attestation_key, self.chip.tier)
        return Reference(self.shown.evidence.format, 0, b"", b"", (), unchecked=True)

    @property
    def failed_check(self) -> str | None:
        """The first check that the evidence failed; None where it passed all."""
        return self.appraisal.first_failed_check

    def require_not_false(self) -> None:
        """``PeerMisbehaved`` (``evidence``) where the evidence is not merely beyond checking here, but wrong."""
        failure = self.appraisal.failure
        if failure is not None and failure.check not in UNCHECKABLE:
            raise PeerMisbehaved(
                "evidence",
                f"what device {self.device.name} shows of itself fails the check '{failure.check}': {failure.detail}",
                not_done="The device was not accepted, and nothing was sealed to it.",
                remedy="Do not use this device before you know why.",
                blame=self.device.name,
            )


def inspect(
    client: Client, device: DeviceRef, known: Reference | None, now: int, roots: tuple[bytes, ...] = ()
) -> Inspection:
    """Ask ``device`` what it runs on, also where it waits for its keepers. ``known``: what it was accepted as; the chip
    that was bound then is known again, unless there are ``roots`` (DER certificates of the maker of its TPM) to bind it
    by anew.

    Raises what the service or the device refuses, and ``AuthorizationRefused`` where another answers in its place.
    """
    shown, binding = _shown(client, device, now)
    shown = with_kept(shown)
    chip = None if roots or known is None else _known_chip(shown, known)
    if chip is None:
        chip = bind_chip(client, device, shown, roots, now)
    rule = AllOf((Bound(binding.report_data(shown.claims)), NoDebug()))
    return Inspection(device, shown, appraise_shown(shown, rule, now, chip.attestation_key), chip)


def with_kept(shown: Attestation) -> Attestation:
    """``shown`` with the maker's documents that are kept here, if any ('warifu evidence refresh'), beside its own."""
    try:
        kept = kept_for(
            Evidence(shown.evidence.format, shown.evidence.body),
            EndorsementStore(default_endorsements_directory()),
        )
    except WarifuError:
        return shown  # the verifier says what is missing or wrong
    documents = (*(entry.content for entry in kept), *shown.endorsements)
    return msgspec.structs.replace(shown, endorsements=tuple(dict.fromkeys(documents)))


def changed(inspection: Inspection, known: Reference) -> str | None:
    """In what the device differs from what it was accepted as, by the check that says so; None where in nothing."""
    if known.unchecked:
        return None if inspection.reference == known else "unchecked"
    if inspection.failed_check is not None:
        return inspection.failed_check
    try:
        assert inspection.appraisal.verified is not None, "it was affirmed"
        Pinned(known).require(inspection.appraisal.verified, inspection.appraisal.appraised_at)
    except CheckFailed as failure:
        return failure.check
    return None


def accept_new(
    client: Client, profile: Profile, screen: Screen, devices: Sequence[DeviceRef], now: int
) -> None:
    """Look at the devices that were never looked at, say what each is, and accept it as that.

    It is the first time that they are used for something; their keys were compared at their enrolment.
    ``PeerMisbehaved`` (``evidence``) where one shows something false.
    """
    for device in devices:
        if profile.reference(device.identity) is not None:
            continue
        inspection = inspect(client, device, None, now)
        inspection.require_not_false()
        reference = inspection.reference
        kind = f"{reference.format}, {tr('tier')} {reference.tier}"
        screen.line(tr("{name} runs on: {kind}", name=device.name, kind=kind))
        if reference.unchecked:
            screen.warn(
                tr(
                    "what {name} shows of itself cannot be checked here ({check}): it counts as tier 0",
                    name=device.name,
                    check=inspection.failed_check or "",
                )
            )
        if inspection.chip.doubt:
            screen.warn(inspection.chip.doubt)
        profile.accept_device(device.name, reference, now, inspection.shown.claims.release)


def _known_chip(shown: Attestation, known: Reference) -> Chip | None:
    """The chip that was bound before, if it is the one that signed this. Another one is bound anew: held to the old
    one's key, its evidence would look as if it could not be checked."""
    key = signing_key(shown)
    if key is None or key.spki != known.attestation_key:
        return None
    return Chip(key.spki, as_tier(known.tier), "")


def _shown(client: Client, device: DeviceRef, now: int) -> tuple[Attestation, Binding]:
    """What it shows, and what that has to be made for. A device that waits for its keepers makes no envelope key; it is
    known by its boot key."""
    try:
        key = _envelope_key(client, device, now)
    except ServiceRefused as offline:
        if offline.reason != "device-offline":
            raise
        return _boot_shown(client, device, offline)
    return key.attestation, binding_of(key)


def _boot_shown(client: Client, device: DeviceRef, offline: ServiceRefused) -> tuple[Attestation, Binding]:
    """``offline``: what is said where it does not wait either."""
    nonce = random(32)
    try:
        answer = client.post("/boots", BootQuestion(identity=device.identity, nonce=nonce), Boot)
    except ServiceRefused as refused:
        raise offline if refused.reason == "device-offline" else refused from None
    shown = decode(BootShown, answer.shown, MAX_BODY_BYTES)
    return shown.attestation, check_boot_shown(shown, device.identity, nonce)


def _envelope_key(client: Client, device: DeviceRef, now: int) -> EnvelopeKey:
    nonce = random(32)
    question = EnvelopeKeyQuestion(identities=(device.identity,), nonce=nonce)
    answers = client.post("/envelope-keys", question, EnvelopeKeys).keys
    if len(answers) != 1:
        raise ServiceRefused("answer", "the service did not bring the device's answer")
    certified = CertifiedEnvelopeKey(answers[0].statement, answers[0].signature)
    return check_envelope_key(certified, device.identity, nonce, now)
