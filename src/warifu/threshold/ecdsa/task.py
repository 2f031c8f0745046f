"""What a presignature is for: these signers, this key, this derivation, this session, fixed ahead of all else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.threshold.ecdsa.binding import session_context
from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.frost.signers import Signers
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1

MAX_PARTICIPANTS = 16


def require_ecdsa_key(key: ThresholdKey) -> None:
    """InvalidInput for a key that threshold ECDSA does not serve.

    With a threshold of one there is nobody to multiply with: whoever holds a share holds the key, and signs with any
    ECDSA library. It is refused for any number of signers, so that nobody takes such a key for a shared one.
    """
    if key.t < 2:
        raise InvalidInput("threshold ECDSA takes a threshold of at least two")
    if key.n > MAX_PARTICIPANTS:
        raise InvalidInput(f"threshold ECDSA is for at most {MAX_PARTICIPANTS} participants")


@dataclass(frozen=True)
class Task:
    """Validated; :meth:`create` is the only door."""

    signers: Signers
    tweaks: tuple[bytes, ...]
    """The plain tweaks of an unhardened BIP-32 derivation (``Derived.tweaks``), 32 bytes each."""
    tweak: int
    """Their sum."""
    public_key: Element
    """The threshold key plus ``tweak`` times the generator: what the signature verifies under."""
    context: bytes
    """32 bytes that name all of the above and the session."""

    @classmethod
    def create(
        cls, key: ThresholdKey, participants: Sequence[int], tweaks: Sequence[bytes], session_id: bytes
    ) -> Task:
        """InvalidInput where something is out of range or does not fit together, and for a threshold of one.

        The path is bound to the presignature: a presignature whose key may still be chosen when its nonce is known
        is far weaker (Groth and Shoup, "On the Security of ECDSA with Additive Key Derivation and Presignatures",
        IACR eprint 2021/1330).
        """
        require_ecdsa_key(key)
        signers = key.signers(SECP256K1, participants)
        tweak = sum(SECP256K1.scalar_from_bytes(each) for each in tweaks) % SECP256K1.order
        public_key = SECP256K1.element_add(signers.threshold_key, SECP256K1.base_mul_public(tweak))
        if SECP256K1.is_identity(public_key):
            raise InvalidInput("the tweaks lead to no key")
        context = session_context(key, signers.ids, tweaks, session_id)
        return cls(signers, tuple(map(bytes, tweaks)), tweak, public_key, context)

    def peers(self, my_id: int) -> tuple[int, ...]:
        """All signers but one."""
        return tuple(who for who in self.signers.ids if who != my_id)

    def suspect(self, my_id: int) -> int | None:
        """Whom to blame, where only the sum of all parts is wrong: the peer, if there is one only."""
        peers = self.peers(my_id)
        return peers[0] if len(peers) == 1 else None
