"""COSE_Sign1 with ES384 (RFC 9052 sections 4.2 and 4.4, RFC 9053 section 2.1): one signer, one algorithm.

The algorithm is demanded, not taken from the message: whoever chooses the algorithm could choose a weak one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from warifu.attestation.cbor import NotAcceptable, decode

_TAG_18 = b"\xd2"
_ES384 = bytes.fromhex("a1013822")
"""The protected header {1 (alg): -35 (ES384)}, in the one encoding that it has."""
_NUMBER_BYTES = 48


@dataclass(frozen=True)
class Sign1:
    """A message whose signature has not been checked yet."""

    protected: bytes
    payload: bytes
    signature: bytes


def read_sign1(body: bytes) -> Sign1:
    """The message in ``body``, tagged (18) or not; ``NotAcceptable`` for another form or another algorithm."""
    message = decode(body.removeprefix(_TAG_18))
    if not isinstance(message, list) or len(message) != 4:
        raise NotAcceptable("it is not a COSE_Sign1 message")
    protected, unprotected, payload, signature = message
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)) or unprotected != {}:
        raise NotAcceptable(
            "a part of the COSE_Sign1 message has the wrong type, or there are unprotected headers"
        )
    if protected != _ES384:
        raise NotAcceptable("the protected header is not that of ES384 alone")
    if len(signature) != 2 * _NUMBER_BYTES:
        raise NotAcceptable("the signature is not one of ES384")
    return Sign1(protected, payload, signature)


def is_signed_by(message: Sign1, key: ec.EllipticCurvePublicKey) -> bool:
    """Is the signature over the message ``key``'s (P-384)?"""
    if not isinstance(key.curve, ec.SECP384R1):
        return False
    r, s = (
        int.from_bytes(half, "big")
        for half in (message.signature[:_NUMBER_BYTES], message.signature[_NUMBER_BYTES:])
    )
    signed = cbor2.dumps(["Signature1", message.protected, b"", message.payload])
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA384()))
    except InvalidSignature:
        return False
    return True
