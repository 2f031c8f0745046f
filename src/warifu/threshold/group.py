"""A prime-order group, as RFC 9591 section 3.1 asks for it, with secret and public scalars kept apart.

A *public* scalar (challenge, Lagrange coefficient, binding factor) is a Python int modulo ``order``; arithmetic on
it may take variable time. A *secret* scalar is a :class:`~warifu.threshold.wiping.Secret` of ``scalar_bytes`` bytes
that only the constant-time C libraries ever touch. No secret is ever zero: an operation whose result would be zero
raises ZeroSecret, which honest randomness never brings about.

Implementations: ``secp256k1.py``, ``ed25519.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from warifu.threshold.errors import InvalidInput
from warifu.threshold.wiping import Buffer, Secret


class Element:
    """A group element that was checked when it was decoded or computed: immutable, equal by its encoding.

    Only a group makes one. ``encoded`` is the canonical encoding, ``element_bytes`` long. ``native`` is the library's
    own form, kept so that a point is decompressed once.
    """

    __slots__ = ("encoded", "native")
    encoded: bytes
    native: object

    def __init__(self, encoded: bytes, native: object = None) -> None:
        object.__setattr__(self, "encoded", encoded)
        object.__setattr__(self, "native", native)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an element does not change")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("an element does not change")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Element):
            return NotImplemented
        return self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)

    def __repr__(self) -> str:
        return f"Element({self.encoded.hex()})"


class Group(ABC):
    """A group of prime order with its encodings. Stateless; every method may be called from any thread."""

    name: ClassVar[str]
    order: ClassVar[int]
    scalar_bytes: ClassVar[int]
    element_bytes: ClassVar[int]
    identity: Element
    generator: Element

    # Public scalars

    @abstractmethod
    def scalar_from_bytes(self, encoded: bytes) -> int:
        """Decode a public scalar of exactly ``scalar_bytes`` bytes, 0 included; InvalidInput if not below ``order``."""

    @abstractmethod
    def scalar_to_bytes(self, scalar: int) -> bytes:
        """Encode a public scalar; InvalidInput if not 0 <= scalar < order."""

    @abstractmethod
    def scalar_reduce(self, uniform: bytes) -> int:
        """A public scalar from hash output, reduced modulo ``order``, in the byte order of the group."""

    def scalar_invert(self, scalar: int) -> int:
        """The inverse of a public scalar; InvalidInput for 0."""
        if scalar % self.order == 0:
            raise InvalidInput("zero has no inverse")
        return pow(scalar, -1, self.order)

    # Secret scalars

    @abstractmethod
    def random_secret(self) -> Secret:
        """A fresh uniform non-zero secret from the operating system."""

    @abstractmethod
    def secret_from_bytes(self, encoded: bytes | Buffer) -> Secret:
        """Decode a secret of exactly ``scalar_bytes`` bytes; InvalidInput unless 0 < secret < ``order``."""

    @abstractmethod
    def secret_reduce(self, uniform: bytes | Buffer) -> Secret:
        """A secret from hash output, as :meth:`scalar_reduce` but in constant time."""

    @abstractmethod
    def secret_add(self, a: Secret, b: Secret) -> Secret:
        """a + b as a new secret."""

    @abstractmethod
    def secret_add_public(self, a: Secret, k: int) -> Secret:
        """a + k as a new secret; ``k`` is public and taken modulo ``order``."""

    @abstractmethod
    def secret_mul(self, a: Secret, b: Secret) -> Secret:
        """a * b as a new secret."""

    @abstractmethod
    def secret_mul_public(self, a: Secret, k: int) -> Secret:
        """a * k as a new secret; ``k`` is public, taken modulo ``order``; InvalidInput where that is 0."""

    @abstractmethod
    def secret_negate(self, a: Secret) -> Secret:
        """-a as a new secret."""

    # Elements

    @abstractmethod
    def element_from_bytes(self, encoded: bytes, *, allow_identity: bool = False) -> Element:
        """Decode strictly: exact length, canonical, on the curve, in the prime-order subgroup; else InvalidInput.

        The identity is refused unless allowed by name: as a public key or a nonce it cancels its owner's part.
        """

    def element_to_bytes(self, element: Element) -> bytes:
        """The canonical encoding, ``element_bytes`` long; InvalidInput for an element of another group."""
        if len(element.encoded) != self.element_bytes:
            raise InvalidInput("this element is of another group")
        return element.encoded

    def is_identity(self, element: Element) -> bool:
        return self.element_to_bytes(element) == self.identity.encoded

    @abstractmethod
    def element_add(self, *elements: Element) -> Element:
        """The sum of any number of elements; of none, the identity."""

    @abstractmethod
    def element_negate(self, element: Element) -> Element:
        """The inverse of an element."""

    def element_sub(self, a: Element, b: Element) -> Element:
        """a - b."""
        return self.element_add(a, self.element_negate(b))

    # Products

    @abstractmethod
    def base_mul(self, secret: Secret) -> Element:
        """secret * generator, in constant time."""

    @abstractmethod
    def element_mul_secret(self, element: Element, secret: Secret) -> Element:
        """secret * element, in constant time in the secret; InvalidInput for the identity.

        The result may itself be secret (a Diffie-Hellman value): an Element cannot be wiped, so let it go soon.
        """

    @abstractmethod
    def base_mul_public(self, scalar: int) -> Element:
        """scalar * generator for a public scalar, taken modulo ``order``."""

    @abstractmethod
    def element_mul_public(self, element: Element, scalar: int) -> Element:
        """scalar * element for a public scalar, taken modulo ``order``; variable time."""
