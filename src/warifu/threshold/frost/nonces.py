"""The two-part nonces of FROST: public commitments, and secret halves that can be used once.

RFC 9591 section 5.1 calls the halves hiding and binding; BIP 445 numbers them k1 and k2. Two signatures made with
one secret nonce reveal the share, so a :class:`SecretNonce` is emptied by its first use, whatever comes of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NoReturn

from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.group import Element, Group
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class PublicNonce:
    """A signer's commitment to its nonce, checked when parsed: neither half is the identity."""

    hiding: Element
    binding: Element

    @classmethod
    def parse(cls, group: Group, encoded: bytes) -> PublicNonce:
        """From the two encoded halves in a row, ``2 * group.element_bytes`` long; InvalidInput otherwise."""
        size = group.element_bytes
        if len(encoded) != 2 * size:
            raise InvalidInput(f"a public nonce has {2 * size} bytes")
        return cls(group.element_from_bytes(encoded[:size]), group.element_from_bytes(encoded[size:]))

    def encode(self) -> bytes:
        return self.hiding.encoded + self.binding.encoded


class SecretNonce:
    """A nonce that signs once. It can be neither copied, pickled nor read, only consumed, where it was made.

    A forked process has a copy that nothing can take away from it, so a nonce serves in the process that made it alone.
    """

    __slots__ = ("_halves", "_process", "public")

    def __init__(self, group: Group, hiding: Secret, binding: Secret) -> None:
        """Takes ownership of both halves and wipes them in the end."""
        self.public = PublicNonce(group.base_mul(hiding), group.base_mul(binding))
        self._process = os.getpid()
        self._halves = [(hiding, binding)]

    @classmethod
    def from_bytes(cls, group: Group, encoded: bytes | bytearray) -> SecretNonce:
        """From the two encoded scalars in a row; InvalidInput where one is zero (a used nonce) or out of range."""
        size = group.scalar_bytes
        if len(encoded) != 2 * size:
            raise InvalidInput(f"a secret nonce has {2 * size} bytes")
        return cls(group, group.secret_from_bytes(encoded[:size]), group.secret_from_bytes(encoded[size:]))

    @property
    def used(self) -> bool:
        return not self._halves

    def consume(self) -> tuple[Secret, Secret]:
        """Hand over both halves and keep nothing; AlreadyUsed on any later call, from whichever thread or fork."""
        if os.getpid() != self._process:
            self.wipe()
            raise AlreadyUsed("this nonce belongs to the process that was forked; it may be used there")
        try:
            return self._halves.pop()  # list.pop is atomic: of two racing threads one gets the nonce
        except IndexError:
            raise AlreadyUsed(
                "this nonce was used before; signing with it again would reveal the share"
            ) from None

    def wipe(self) -> None:
        """Destroy an unused nonce. Harmless on a used one."""
        while self._halves:
            for half in self._halves.pop():
                half.wipe()

    def __del__(self) -> None:
        if hasattr(self, "_halves"):  # absent where the constructor refused
            self.wipe()

    def __repr__(self) -> str:
        return f"SecretNonce(<{'used' if self.used else 'unused'}>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret nonce cannot be pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret nonce cannot be copied")

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise TypeError("a secret nonce cannot be copied")
