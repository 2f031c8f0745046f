"""Tweaking the threshold public key: BIP 445, "Tweaking the Threshold Public Key" (the same as in BIP 327).

Plain tweaks are BIP-32 steps, x-only tweaks are Taproot's. Signers compute them from the key and what they know
about it, and never take one from somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1

MAX_TWEAKS = 256  # 255 BIP-32 steps and Taproot's


@dataclass(frozen=True)
class TweakContext:
    """Q = gacc * P + tacc * G, where P is the untweaked threshold public key."""

    key: Element
    """Q, the key that verifies the signature (by its x coordinate)."""
    sign: int
    """gacc: 1 or -1."""
    offset: int
    """tacc."""

    @classmethod
    def start(cls, threshold_key: Element) -> TweakContext:
        """The untweaked key; InvalidInput for the identity."""
        if SECP256K1.is_identity(threshold_key):
            raise InvalidInput("the identity is no threshold public key")
        return cls(threshold_key, 1, 0)

    def apply(self, tweak: bytes, *, is_xonly: bool) -> TweakContext:
        """One tweak of 32 bytes further; InvalidInput where it is out of range or leads to infinity."""
        if len(tweak) != 32:
            raise InvalidInput("a tweak has 32 bytes")
        flip = -1 if is_xonly and not SECP256K1.has_even_y(self.key) else 1
        scalar = SECP256K1.scalar_from_bytes(tweak)
        base = self.key if flip == 1 else SECP256K1.element_negate(self.key)
        key = SECP256K1.element_add(base, SECP256K1.base_mul_public(scalar))
        if SECP256K1.is_identity(key):
            raise InvalidInput("this tweak leads to the point at infinity")
        return TweakContext(key, flip * self.sign, (scalar + flip * self.offset) % SECP256K1.order)

    def apply_all(self, tweaks: Iterable[tuple[bytes, bool]]) -> TweakContext:
        """Pairs of (32 bytes, is_xonly), in order; InvalidInput as :meth:`apply` and for more than 256."""
        context = self
        for count, (tweak, is_xonly) in enumerate(tweaks):
            if count >= MAX_TWEAKS:
                raise InvalidInput(f"there are at most {MAX_TWEAKS} tweaks")
            context = context.apply(tweak, is_xonly=is_xonly)
        return context

    @property
    def xonly(self) -> bytes:
        """32 bytes, ``GetXonlyPubkey``."""
        return SECP256K1.xonly(self.key)

    @property
    def plain(self) -> bytes:
        """33 bytes, ``GetPlainPubkey``."""
        return self.key.encoded
