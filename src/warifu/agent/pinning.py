"""TLS to a service that is known by its certificate's fingerprint, and by nothing else.

A home server has no name that a certification authority would vouch for, and a certification authority could vouch
for somebody else. The fingerprint came by the owner's hand (invitation, profile), so exactly that certificate is
accepted: its names and its dates do not matter. The check is part of the handshake: not one byte of a request, and so
no API key, is sent before it.
"""

from __future__ import annotations

import hmac
import ssl
from hashlib import sha256

FINGERPRINT_BYTES = 32


def certificate_fingerprint(certificate: bytes) -> bytes:
    """SHA-256 of a certificate in DER, 32 bytes."""
    return sha256(certificate).digest()


class _PinnedContext(ssl.SSLContext):
    """A client context that remembers which certificate it wants."""

    wanted: bytes = b""


class _PinnedSocket(ssl.SSLSocket):
    """For blocking clients (httpx)."""

    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        _check(self.context, self.getpeercert(binary_form=True))


class _PinnedObject(ssl.SSLObject):
    """For asyncio (the agent's WebSocket)."""

    def do_handshake(self) -> None:
        super().do_handshake()
        _check(self.context, self.getpeercert(binary_form=True))


def pinned_context(fingerprint: bytes) -> ssl.SSLContext:
    """A TLS 1.3 client context that completes a handshake with one certificate only.

    ``fingerprint``: 32 bytes. Any other certificate ends the handshake with ``ssl.SSLCertVerificationError``.
    """
    if len(fingerprint) != FINGERPRINT_BYTES:
        raise ValueError("a certificate fingerprint has 32 bytes")
    context = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the two classes below check instead, in the handshake itself
    context.wanted = fingerprint
    context.sslsocket_class = _PinnedSocket
    context.sslobject_class = _PinnedObject
    return context


def _check(context: ssl.SSLContext, certificate: bytes | None) -> None:
    assert isinstance(context, _PinnedContext)
    if certificate is None or not hmac.compare_digest(certificate_fingerprint(certificate), context.wanted):
        raise ssl.SSLCertVerificationError("the service shows another certificate than the pinned one")
