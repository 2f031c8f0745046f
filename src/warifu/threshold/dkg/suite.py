"""What the key generation needs of a ciphersuite: a group, hashes, two Schnorr signature schemes, a key agreement."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from warifu.threshold.group import Element, Group
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.wiping import Buffer, Secret


class DkgSuite(ABC):
    """One ciphersuite. Stateless. Every hash is in a domain that begins with ``tag``."""

    name: ClassVar[str]
    tag: ClassVar[str]
    group: Group
    signature_bytes: ClassVar[int] = 64
    """Length of a proof of possession and of a host signature."""

    def digest(self, tag: str, *parts: bytes | Buffer) -> bytes:
        """A 32-byte hash in the domain ``tag``. Parts are concatenated as they are."""
        return tagged_hash(self.tag + tag, *parts)

    @abstractmethod
    def scalar(self, tag: str, *parts: bytes | Buffer) -> Secret:
        """A secret scalar, uniform and non-zero, hashed in the domain ``tag``."""

    @abstractmethod
    def shared_secret(self, secret: Secret, point: Element) -> Secret:
        """The Diffie-Hellman secret of a secret scalar and a public point, hashed: 32 bytes, in constant time."""

    @abstractmethod
    def proof_message(self, index: int, context: bytes) -> bytes:
        """What a proof of possession signs: at least whose it is. ``context`` is threshold and host public keys."""

    @abstractmethod
    def prove(self, secret: Secret, message: bytes, aux: bytes | Buffer) -> bytes:
        """A proof of possession of ``secret``: a signature of ``message`` in a domain of its own. ``aux``: 32 bytes."""

    @abstractmethod
    def proves(self, point: Element, message: bytes, proof: bytes) -> bool:
        """Whether ``proof`` shows possession of the discrete logarithm of ``point``. False for bad bytes."""

    @abstractmethod
    def sign(self, hostseckey: Secret, message: bytes, aux: bytes) -> bytes:
        """A signature with a host secret key. ``aux``: 32 bytes of auxiliary randomness."""

    @abstractmethod
    def verifies(self, hostpubkey: Element, message: bytes, signature: bytes) -> bool:
        """Whether a host key signed ``message``. False for bad bytes."""

    @abstractmethod
    def key_tweak(self, key: Element, /) -> int:
        """What is added to the summed key, so that nobody hides a second way to spend in it; 0 where there is none."""
