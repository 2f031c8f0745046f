"""Keys for tests of exchanges: whole ones, and t of n signers behind the same door."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

from cryptography.hazmat.primitives.asymmetric import ed25519
from tests.support.dealer import Dealt, deal
from tests.support.signing import Ceremony

from warifu.exchanges.calls import Effect, Unsigned
from warifu.exchanges.signing import Stamp
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.frost.rfc9591 import FROST_ED25519

STAMP = Stamp(1_700_000_000_123, bytes(range(32)))


class WholeEd25519:
    """An ordinary key, as other people's clients have it."""

    def __init__(self, seed: bytes = bytes(range(32))) -> None:
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@dataclass
class Quorum:
    """``Signing`` by FROST(Ed25519, SHA-512): some of the participants of a dealt key."""

    dealt: Dealt
    participants: tuple[int, ...]

    @property
    def public(self) -> bytes:
        return self.dealt.key.threshold_pubkey

    def sign(self, message: bytes) -> bytes:
        return Ceremony(self.dealt, self.participants, message, scheme=FROST_ED25519).finish()


def quorums(t: int = 2, n: int = 3):
    """Every pair of a 2-of-3 key, in turn, for ever."""
    dealt = deal(t, n, ED25519)
    return cycle([Quorum(dealt, pair) for pair in ((0, 1), (1, 2), (0, 2))])


def unsigned(
    method="POST", host="api.coinbase.com", path="/api/v3/brokerage/orders", query=(), body=b'{"size":"1"}'
) -> Unsigned:
    return Unsigned(method, host, path, tuple(query), body, Effect.TRADES, signed=True)
