"""What everybody may know of a threshold key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.signers import MAX_PARTICIPANTS, Signers
from warifu.threshold.group import Group


@dataclass(frozen=True)
class ThresholdKey:
    """A t-of-n key: the outcome of key generation, without any secret. Frozen, safe to store and show."""

    t: int
    n: int
    threshold_pubkey: bytes
    """33 bytes on secp256k1, 32 on Ed25519."""
    pubshares: tuple[bytes, ...]
    """One for each participant, in the order of their identifiers 0 .. n-1."""

    def __post_init__(self) -> None:
        if not 1 <= self.t <= self.n <= MAX_PARTICIPANTS:
            raise InvalidInput(f"the threshold must be 1 <= t <= n <= {MAX_PARTICIPANTS}")
        if len(self.pubshares) != self.n:
            raise InvalidInput("there must be one public share for each participant")
        if any(len(pubshare) != len(self.threshold_pubkey) for pubshare in self.pubshares):
            raise InvalidInput("public shares and threshold public key differ in length")

    def signers(self, group: Group, ids: Sequence[int]) -> Signers:
        """Those of the participants who sign, validated; InvalidInput as :meth:`Signers.parse`."""
        return _signers(self, group, tuple(ids))


@lru_cache(maxsize=64)  # the same devices sign again and again, and whatever of it is remembered is public
def _signers(key: ThresholdKey, group: Group, ids: tuple[int, ...]) -> Signers:
    if any(not 0 <= participant < key.n for participant in ids):
        raise InvalidInput("a participant identifier is out of range")
    return Signers.parse(
        group,
        t=key.t,
        n=key.n,
        ids=ids,
        pubshares=[key.pubshares[participant] for participant in ids],
        threshold_pubkey=key.threshold_pubkey,
    )
