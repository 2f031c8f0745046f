"""The same protocol over Ed25519: a profile of Warifu's own, in ChillDKG's shape, for RFC 9591 FROST(Ed25519, SHA-512).

No specification of others stands behind it, so it says exactly where it differs from the BIP: scalars are hashed with a
tagged SHA-512 and reduced; proofs of possession and host signatures are Schnorr signatures (R, s) with
s G = R + H(R, A, m) A in domains of their own, which no Ed25519 verifier (RFC 8032) takes for a signature; a proof of
possession signs threshold and host public keys beside its owner's identifier; there is no script to hide in a key,
hence no tweak. Every point is decoded into the prime-order subgroup, so that small-order components neither leak
through the key agreement nor differ between verifiers. ADR 9 has the argument.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar

from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.wire import index_bytes
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.wiping import Buffer, Secret


class Ed25519Suite(DkgSuite):
    """Key generation over the prime-order subgroup of edwards25519."""

    name: ClassVar[str] = "Warifu DKG(Ed25519, SHA-512)"
    tag: ClassVar[str] = (
        "Warifu DKG Ed25519/"  # stands for this version of the profile: another takes another tag
    )
    group = ED25519

    def scalar(self, tag: str, *parts: bytes | Buffer) -> Secret:
        with Secret(self._wide(tag, *parts)) as uniform:
            return self.group.secret_reduce(uniform.buffer)

    def shared_secret(self, secret: Secret, point: Element) -> Secret:
        return Secret(hashlib.sha256(self.group.element_mul_secret(point, secret).encoded).digest())

    def proof_message(self, index: int, context: bytes) -> bytes:
        """Whose it is and for which threshold and host keys: a proof of another session holds nowhere else."""
        return index_bytes(index) + context

    def prove(self, secret: Secret, message: bytes, aux: bytes | Buffer) -> bytes:
        return self._schnorr_sign("pop message", secret, message, aux)

    def proves(self, point: Element, message: bytes, proof: bytes) -> bool:
        return self._schnorr_verifies("pop message", point, message, proof)

    def sign(self, hostseckey: Secret, message: bytes, aux: bytes) -> bytes:
        if len(aux) != 32:
            raise InvalidInput("auxiliary randomness has 32 bytes")
        return self._schnorr_sign("host signature", hostseckey, message, aux)

    def verifies(self, hostpubkey: Element, message: bytes, signature: bytes) -> bool:
        return self._schnorr_verifies("host signature", hostpubkey, message, signature)

    def key_tweak(self, _key: Element, /) -> int:
        return 0

    def _schnorr_sign(self, domain: str, secret: Secret, message: bytes, aux: bytes | Buffer) -> bytes:
        """The nonce depends on key, message and ``aux``: it never repeats, even where ``aux`` does."""
        group = self.group
        point = group.base_mul(secret)
        with self.scalar(domain + "/nonce", secret.buffer, aux, point.encoded, message) as nonce:
            nonce_point = group.base_mul(nonce)
            challenge = self._challenge(domain, nonce_point.encoded, point, message)
            with (
                group.secret_mul_public(secret, challenge) as product,
                group.secret_add(nonce, product) as response,
            ):
                signature = nonce_point.encoded + response.expose()
        assert self._schnorr_verifies(domain, point, message, signature), "a signature just made must hold"
        return signature

    def _schnorr_verifies(self, domain: str, point: Element, message: bytes, signature: bytes) -> bool:
        group = self.group
        if len(signature) != self.signature_bytes or group.is_identity(point):
            return False
        try:
            response = group.scalar_from_bytes(signature[32:])
        except ValueError:
            return False
        challenge = self._challenge(domain, signature[:32], point, message)
        nonce_point = group.element_sub(
            group.base_mul_public(response), group.element_mul_public(point, challenge)
        )
        return not group.is_identity(nonce_point) and nonce_point.encoded == signature[:32]

    def _challenge(self, domain: str, nonce: bytes, point: Element, message: bytes) -> int:
        return self.group.scalar_reduce(self._wide(domain + "/challenge", nonce, point.encoded, message))

    def _wide(self, tag: str, *parts: bytes | Buffer) -> bytes:
        """BIP-340's tagged hash with SHA-512 in place of SHA-256: 64 bytes."""
        prefix = hashlib.sha512((self.tag + tag).encode("utf-8")).digest()
        hasher = hashlib.sha512(prefix + prefix)
        for part in parts:
            hasher.update(part)
        return hasher.digest()


ED25519_DKG = Ed25519Suite()
