"""How a device's part of a credential lies in its store: one secret, whatever the kind of key.

``hmac``: two bytes with the length of the secret, the secret, the exchange's passphrase (UTF-8, or nothing).
``es256``: PKCS #8, DER. ``ed25519-split``, ``ed25519-born``: the share, 32 bytes.
"""

from __future__ import annotations

from warifu.protocol.exchange_requests import Ed25519Part, Es256Secret, HmacSecret
from warifu.threshold.wiping import Secret

_LENGTH = 2


def secret_part(part: HmacSecret | Es256Secret | Ed25519Part) -> Secret:
    """What an owner brought, as it is kept; the caller wipes it."""
    if isinstance(part, Es256Secret):
        return Secret(part.private)
    if isinstance(part, Ed25519Part):
        return Secret(part.share)
    passphrase = part.passphrase.encode()
    whole = Secret(bytes(_LENGTH + len(part.secret) + len(passphrase)))
    end = _LENGTH + len(part.secret)
    whole.buffer[:_LENGTH] = len(part.secret).to_bytes(_LENGTH, "big")
    whole.buffer[_LENGTH:end] = part.secret
    whole.buffer[end:] = passphrase
    return whole


def hmac_parts(whole: Secret) -> tuple[Secret, Secret | None]:
    """The secret, and the exchange's passphrase, if it has one; both the caller's to wipe."""
    end = _LENGTH + int.from_bytes(whole.buffer[:_LENGTH], "big")
    secret = Secret(whole.buffer[_LENGTH:end])
    return secret, Secret(whole.buffer[end:]) if len(whole) > end else None
