"""The owner's approvals of what a device with a TPM boots, as text that can be carried by hand.

A device that was updated cannot open its store before its owner approves the new boot, so what is asked and answered
goes from screen to screen: ``warifu-boot:`` (the device asks) and ``warifu-approval:`` (the owner answers), base64url
of the messages in ``tee.tpm.policy``. The update key that signs approvals lies in the owner's profile.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from warifu.cli.files import read_private, write_private
from warifu.errors import InputRefused, StoreDamaged
from warifu.protocol.encoding import Message, decode, encode
from warifu.tee.tpm.policy import Approval, ApprovalRequest

M = TypeVar("M", bound=Message)
_FILE = "update-key"
_MAX_FILE = 4096
_MAX_CHARACTERS = 2048
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_REQUEST, _APPROVAL, _KEY = "warifu-boot:", "warifu-approval:", "warifu-update-key:"
_POINT_BYTES = 65


def update_key(home: Path, *, make: bool) -> ec.EllipticCurvePrivateKey:
    """The owner's update key (P-256) in the profile at ``home``; with ``make``, a fresh one where there is none."""
    path = home / _FILE
    if make and not path.exists():
        fresh = ec.generate_private_key(ec.SECP256R1())
        encoded = fresh.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        write_private(path, encoded, replace=False)
    if not path.exists():
        raise StoreDamaged(
            "missing",
            f"{path} does not exist: this profile has no update key",
            not_done="Nothing was approved.",
            remedy="Restore it from your backup. If no device was set up with one yet: 'warifu tpm update-key' makes "
            "it.",
        )
    try:
        key = load_der_private_key(read_private(path, _MAX_FILE), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise StoreDamaged(
            "profile",
            f"{path} does not hold an update key",
            not_done="Nothing was approved.",
            remedy="Restore it from your backup.",
        )
    return key


def write_update_key(key: ec.EllipticCurvePrivateKey) -> str:
    """Its public half, to be given to a device when it is set up."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _KEY + _text(point)


def read_update_key(text: str) -> bytes:
    """65 bytes (SEC 1, uncompressed). ``InputRefused``."""
    point = _bytes(text, _KEY, "an update key")
    if len(point) != _POINT_BYTES:
        raise _refused("an update key")
    return point


def write_request(request: ApprovalRequest) -> str:
    """What the device shows."""
    return _REQUEST + _text(encode(request))


def read_request(text: str) -> ApprovalRequest:
    """What the owner copied from the device's screen. ``InputRefused``."""
    return _message(ApprovalRequest, text, _REQUEST, "a device's request")


def write_approval(approval: Approval) -> str:
    """What the owner's client shows."""
    return _APPROVAL + _text(encode(approval))


def read_approval(text: str) -> Approval:
    """What the operator copied from the owner's screen. ``InputRefused``."""
    return _message(Approval, text, _APPROVAL, "an owner's approval")


def _message(kind: type[M], text: str, prefix: str, what: str) -> M:
    try:
        return decode(kind, _bytes(text, prefix, what), _MAX_CHARACTERS)
    except InputRefused:
        raise _refused(what) from None


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str, prefix: str, what: str) -> bytes:
    text = "".join(text.split())
    body = text.removeprefix(prefix)
    if len(text) > _MAX_CHARACTERS or body == text or not _BASE64URL.fullmatch(body):
        raise _refused(what)
    try:
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        raise _refused(what) from None


def _refused(what: str) -> InputRefused:
    return InputRefused(
        "boot-approval",
        f"this is not {what}, or it was not copied whole",
        not_done="Nothing was changed.",
        remedy="Copy the whole line.",
    )
