"""A ciphersuite of RFC 9591: a group and five hash functions (sections 3.2 and 6)."""

from __future__ import annotations

from abc import ABC, abstractmethod

from warifu.threshold.group import Element, Group
from warifu.threshold.wiping import Secret


class Ciphersuite(ABC):
    """Group and hashes; H1 to H3 give scalars, H4 and H5 digests, each in a domain of its own."""

    name: str
    group: Group

    @abstractmethod
    def binding_factor(self, data: bytes) -> int:
        """H1, "rho"."""

    @abstractmethod
    def challenge(self, data: bytes) -> int:
        """H2, "chal"."""

    @abstractmethod
    def nonce(self, data: Secret) -> Secret:
        """H3, "nonce": from fresh randomness and the secret share, to a secret."""

    @abstractmethod
    def message_hash(self, data: bytes) -> bytes:
        """H4, "msg"."""

    @abstractmethod
    def commitment_hash(self, data: bytes) -> bytes:
        """H5, "com"."""

    def verifies(self, public_key: Element, message: bytes, signature: bytes) -> bool:
        """``prime_order_verify`` (section 3.3 and appendix B): R || z with z G = R + c PK. False for bad bytes."""
        group = self.group
        if len(signature) != group.element_bytes + group.scalar_bytes:
            return False
        try:
            nonce = group.element_from_bytes(signature[: group.element_bytes])
            z = group.scalar_from_bytes(signature[group.element_bytes :])
        except ValueError:
            return False
        challenge = self.challenge(nonce.encoded + public_key.encoded + message)
        expected = group.element_add(nonce, group.element_mul_public(public_key, challenge))
        return group.base_mul_public(z) == expected
