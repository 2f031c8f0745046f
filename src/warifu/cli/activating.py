"""Binding a TPM's attestation key to its chip: a challenge that only the chip with the endorsement key can solve.

The endorsement key's certificate leads to its maker's root, which the owner names: makers of TPMs are many, and none
is trusted unasked. Without a root the key is still pinned, so that the same chip answers from then on; but who made it,
and whether it is a program, nobody says, and the device counts as tier 0.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from nacl.utils import random

from warifu.attestation.evidence import Tier
from warifu.attestation.tpm.bundle import FORMAT, read_bundle
from warifu.attestation.tpm.credential import SECRET_BYTES, challenge
from warifu.attestation.tpm.keys import TpmKey, read_key
from warifu.attestation.verifier import CheckFailed, Endorsements
from warifu.cli.client import Client, segment
from warifu.cli.text import tr
from warifu.errors import PeerMisbehaved
from warifu.protocol.api import Activation, ActivationQuestion, DeviceEndorsement
from warifu.protocol.attesting import Attestation
from warifu.protocol.encoding import decode
from warifu.protocol.frames import EndorsementAnswer
from warifu.protocol.identity import DeviceRef


@dataclass(frozen=True)
class Chip:
    """What is known of a device's TPM."""

    attestation_key: bytes
    """SubjectPublicKeyInfo of the key that signs its evidence; empty where the platform is no TPM."""
    tier: Tier
    """The most that the device may count as."""
    doubt: str
    """Why that is less than its evidence would be worth, in the owner's language; empty where it is not."""


NO_CHIP = Chip(b"", 2, "")


def signing_key(shown: Attestation) -> TpmKey | None:
    """The key that signed a TPM's evidence, as the evidence itself says; None where it is no TPM's, or unreadable."""
    if shown.evidence.format != FORMAT:
        return None
    try:
        return read_key(read_bundle(shown.evidence.body).ak_public)
    except CheckFailed:
        return None


def bind_chip(
    client: Client, device: DeviceRef, shown: Attestation, roots: tuple[bytes, ...], now: int
) -> Chip:
    """The chip behind what ``device`` shows, bound now. ``roots``: DER certificates of makers that the owner trusts.

    ``PeerMisbehaved`` (``activation``) where the device cannot solve the challenge for the chip that it names.
    """
    key = signing_key(shown)
    if key is None:
        return NO_CHIP  # if it calls itself a TPM, the verifier will say what is wrong with it
    answer = client.get(f"/devices/{segment(device.name)}/endorsement", DeviceEndorsement)
    told = decode(EndorsementAnswer, answer.endorsement, 32 * 1024)
    secret = random(SECRET_BYTES)
    endorsements = Endorsements(documents=shown.endorsements, roots=roots)
    try:
        if told.ak_public != key.structure:
            raise CheckFailed("ak", "the device names another key than the one that signed its evidence")
        endorsed, blob, encrypted = challenge(
            told.ek_public, told.ek_certificate, told.ak_public, secret, endorsements, now
        )
    except CheckFailed as failure:
        return Chip(
            key.spki,
            0,
            tr(
                "nobody vouches for the TPM of {name} ({detail}): it counts as tier 0. With the certificate of its "
                "maker: warifu devices accept {name} --root FILE",
                name=device.name,
                detail=failure.detail,
            ),
        )
    question = ActivationQuestion(identity=device.identity, credential=blob, secret=encrypted)
    proof = client.post("/activations", question, Activation).proof
    if not hmac.compare_digest(proof, secret):
        raise PeerMisbehaved(
            "activation",
            f"device {device.name} does not hold the TPM whose certificate it shows",
            not_done="The device was not accepted.",
            blame=device.name,
        )
    if endorsed.maker.is_simulator:
        return Chip(
            key.spki,
            0,
            tr(
                "the TPM of {name} is a simulator: a program that keeps no secret from its host",
                name=device.name,
            ),
        )
    return Chip(key.spki, 1, "")
