"""AWS Nitro attestation documents, minted under a root of our own; every part can be made wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.support.authorities import DAY, NOW, Issued, authority, curve_key, issue, usage

from warifu.attestation.verifier import Endorsements

LEAF = ((x509.BasicConstraints(False, None), True), (usage("digital_signature"), True))
ROOT = issue("aws.nitro-enclaves", curve_key("aws"), None, authority(), last=NOW + 9 * DAY)
REGION = issue("region", curve_key("region"), ROOT, authority(2))
ZONE = issue("zone", curve_key("zone"), REGION, authority(1))
INSTANCE = issue("i-0.nitro-enclaves", curve_key("instance"), ZONE, authority(0))
ENCLAVE = issue("i-0-enc1.nitro-enclaves", curve_key("enclave"), INSTANCE, LEAF, last=NOW + 3 * 3600)
BUNDLE = (ROOT, REGION, ZONE, INSTANCE)
TRUSTED = Endorsements(roots=(ROOT.der,))
PCRS = {0: b"\x01" * 48, 1: b"\x02" * 48, 2: b"\x03" * 48, 3: bytes(48)}


def fields(**other: Any) -> dict[str, Any]:
    """The document's map; ``other`` replaces fields, and ``...`` takes one away."""
    whole: dict[str, Any] = {
        "module_id": "i-0-enc1",
        "digest": "SHA384",
        "timestamp": NOW * 1000 + 999,
        "pcrs": PCRS,
        "certificate": ENCLAVE.der,
        "cabundle": [each.der for each in BUNDLE],
        "public_key": None,
        "user_data": b"r" * 64,
        "nonce": b"n" * 20,
    }
    return {name: value for name, value in (whole | other).items() if value is not ...}


@dataclass(frozen=True)
class Message:
    """A COSE_Sign1 message over a document."""

    document: dict[str, Any] = field(default_factory=fields)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: curve_key("enclave"))
    protected: bytes = bytes.fromhex("a1013822")
    unprotected: dict[Any, Any] = field(default_factory=dict)
    tagged: bool = False
    payload: bytes | None = None

    def encoded(self) -> bytes:
        """As the hypervisor hands it out."""
        payload = cbor2.dumps(self.document) if self.payload is None else self.payload
        signed = cbor2.dumps(["Signature1", self.protected, b"", payload])
        r, s = decode_dss_signature(self.key.sign(signed, ec.ECDSA(hashes.SHA384())))
        signature = r.to_bytes(48, "big") + s.to_bytes(48, "big")
        message = cbor2.dumps([self.protected, self.unprotected, payload, signature])
        return b"\xd2" + message if self.tagged else message


def minted(**other: Any) -> bytes:
    """A document whose fields are as :func:`fields` says."""
    return Message(fields(**other)).encoded()


def under(leaf: Issued, *bundle: Issued) -> bytes:
    """A document that ``leaf``'s key signed, with this bundle (root first)."""
    assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
    document = fields(certificate=leaf.der, cabundle=[each.der for each in bundle])
    return Message(document, leaf.key).encoded()
