"""What a signing session asks of a standard: the seam between the state machine and RFC 9591 or BIP 445."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from warifu.threshold.frost.equation import Equation
from warifu.threshold.frost.nonces import PublicNonce, SecretNonce
from warifu.threshold.frost.signers import Signers
from warifu.threshold.group import Group
from warifu.threshold.wiping import Secret


class Task(ABC):
    """One message to be signed by fixed signers under one (tweaked) public key. Public, checked, immutable."""

    signers: Signers
    message: bytes

    @property
    @abstractmethod
    def public_key(self) -> bytes:
        """The key under which the finished signature verifies, in the encoding of its standard."""

    @abstractmethod
    def draw_nonce(self, my_id: int, share: Secret, session_id: bytes) -> SecretNonce:
        """A fresh secret nonce from the operating system's randomness, hedged by whatever the standard mixes in."""

    @abstractmethod
    def equation(self, nonces: Mapping[int, PublicNonce]) -> Equation:
        """The signing equation for the public nonces of exactly the signers."""

    @abstractmethod
    def encode_signature(self, equation: Equation, z: int) -> bytes:
        """The signature in the encoding of its standard, NOT verified."""

    @abstractmethod
    def verifies(self, signature: bytes) -> bool:
        """Whether ``signature`` is valid for the message under ``public_key``."""


class Scheme(ABC):
    """A standard with its ciphersuite."""

    name: str
    group: Group

    @abstractmethod
    def task(self, signers: Signers, message: bytes, tweaks: Sequence[tuple[bytes, bool]]) -> Task:
        """InvalidInput for a message or tweaks that the standard (or Warifu's use of it) does not have."""
