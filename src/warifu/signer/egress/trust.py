"""Whom a signer takes for an exchange: certificate authorities that it was given, TLS 1.3, HTTP/1.1."""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection
from hashlib import sha256

from warifu.errors import InputRefused

ALPN = "http/1.1"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?")
MAX_ROOTS = 256 * 1024
"""Bytes of PEM. An isolated signer sees no file of the machine's: its roots come with its policy or its program."""


def narrowed(roots: str, only: Collection[bytes]) -> str:
    """Those of the authorities in ``roots`` (PEM) whose certificates (DER) have these SHA-256 digests; all of them
    where none is named. ``InputRefused`` (``exchange-roots``) where none of them is there."""
    if not only:
        return roots
    found = [
        pem for pem in _CERTIFICATE.findall(roots) if sha256(ssl.PEM_cert_to_DER_cert(pem)).digest() in only
    ]
    if not found:
        raise InputRefused(
            "exchange-roots",
            "none of the certificate authorities that the account's owner named is among the program's",
            not_done="Nothing was asked of the exchange.",
            remedy="See which there are ('warifu exchange authorities'), and give the account another key with the "
            "ones that you mean: warifu exchange rotate.",
        )
    return "".join(found)


def client_context(roots: str) -> ssl.SSLContext:
    """A context that knows the authorities in ``roots`` (PEM) and no others; ``InputRefused`` for none.

    Not ``ssl.create_default_context``: that one takes the machine's authorities, and writes the session's keys into
    the file that the environment names (``SSLKEYLOGFILE``).
    """
    if len(roots) > MAX_ROOTS:
        raise InputRefused("exchange-roots", "the list of certificate authorities is too long")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols([ALPN])
    try:
        context.load_verify_locations(cadata=roots)
    except (ssl.SSLError, ValueError) as error:
        raise InputRefused("exchange-roots", "the list of certificate authorities cannot be read") from error
    if not context.get_ca_certs():
        raise InputRefused("exchange-roots", "there is no certificate authority in the list")
    return context
