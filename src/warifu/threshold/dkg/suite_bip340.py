"""ChillDKG as it is specified: secp256k1, BIP-340 signatures, tagged hashes, keys without a hidden Taproot script."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from warifu.threshold import bip340
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.wire import index_bytes
from warifu.threshold.group import Element
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.masking import xor
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Buffer, Secret


class Bip340Suite(DkgSuite):
    """The ciphersuite of bip-frost-dkg. Its keys are for BIP 445 signing only ("Use ChillDKG only for FROST")."""

    name: ClassVar[str] = "ChillDKG(secp256k1, BIP-340)"
    tag: ClassVar[str] = "BIP DKG/"
    group = SECP256K1

    def scalar(self, tag: str, *parts: bytes | Buffer) -> Secret:
        with Secret(self.digest(tag, *parts)) as uniform:
            return self.group.secret_reduce(uniform.buffer)

    def shared_secret(self, secret: Secret, point: Element) -> Secret:
        """SHA-256 of the compressed point, as libsecp256k1's own ECDH hashes it."""
        return Secret(hashlib.sha256(self.group.element_mul_secret(point, secret).encoded).digest())

    def proof_message(self, index: int, context: bytes) -> bytes:  # noqa: ARG002 - the BIP does not sign it
        """The identifier alone, as the BIP has it; the pads of the shares bind the rest ("encpedpop ecdh")."""
        return index_bytes(index)

    def prove(self, secret: Secret, message: bytes, aux: bytes | Buffer) -> bytes:
        """BIP-340 signing with another tag in place of "BIP0340", which libsecp256k1 does not offer.

        The tag keeps a proof of possession from ever being a signature of the key that is being made, and the
        reverse. The proof is verified before it is returned, as BIP-340 recommends against faults.
        """
        point = self.group.base_mul(secret)
        xonly = self.group.xonly(point)
        with (
            self._with_even_y(point, secret) as key,
            self._nonce(key, xonly, message, aux) as nonce,
        ):
            nonce_point = self.group.base_mul(nonce)
            challenge = self._challenge(self.group.xonly(nonce_point), xonly, message)
            with (
                self._with_even_y(nonce_point, nonce) as even_nonce,
                self.group.secret_mul_public(key, challenge) as product,
                self.group.secret_add(even_nonce, product) as response,
            ):
                proof = self.group.xonly(nonce_point) + response.expose()
        assert self.proves(point, message, proof), "a proof just made must hold"
        return proof

    def proves(self, point: Element, message: bytes, proof: bytes) -> bool:
        """BIP-340 verification under the x coordinate of ``point``, with the tag of :meth:`prove`."""
        group = self.group
        if len(proof) != self.signature_bytes or group.is_identity(point):
            return False
        try:
            response = group.scalar_from_bytes(proof[32:])
        except ValueError:
            return False
        even_point = point if group.has_even_y(point) else group.element_negate(point)
        challenge = self._challenge(proof[:32], group.xonly(point), message)
        nonce_point = group.element_sub(
            group.base_mul_public(response), group.element_mul_public(even_point, challenge)
        )
        return nonce_point.encoded == b"\x02" + proof[:32]

    def sign(self, hostseckey: Secret, message: bytes, aux: bytes) -> bytes:
        return bip340.sign(hostseckey, message, aux)

    def verifies(self, hostpubkey: Element, message: bytes, signature: bytes) -> bool:
        """The sign of y is dropped: every signed message names all host public keys in full."""
        return bip340.verify(self.group.xonly(hostpubkey), message, signature)

    def key_tweak(self, key: Element, /) -> int:
        """BIP-341's tweak for no script at all ("SimplPedPop", modifications), added whatever the parity of the sum.

        Without it the participant that speaks last could choose its part such that the sum commits to a script of
        its own, and spend alone.
        """
        return self.group.scalar_from_bytes(tagged_hash("TapTweak", self.group.xonly(key)))

    def _with_even_y(self, point: Element, secret: Secret) -> Secret:
        """``secret`` or its negation, whichever belongs to the even point; the parity of ``point`` is public."""
        return secret.clone() if self.group.has_even_y(point) else self.group.secret_negate(secret)

    def _nonce(self, key: Secret, xonly: bytes, message: bytes, aux: bytes | Buffer) -> Secret:
        with key.clone() as masked:
            xor(masked, self.digest("pop message/aux", aux))
            return self.scalar("pop message/nonce", masked.buffer, xonly, message)

    def _challenge(self, nonce_xonly: bytes, xonly: bytes, message: bytes) -> int:
        return self.group.scalar_reduce(self.digest("pop message/challenge", nonce_xonly, xonly, message))


BIP340 = Bip340Suite()
