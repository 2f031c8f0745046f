"""All multiplications between this signer and one peer in one session, in both directions at once.

Towards the peer this signer is Alice (it multiplies its own values by the peer's factor); from the peer it is Bob.

Each hash of the pair names the session, the correlation, and the commitment to a nonce that each of both drew for this
session: Bob's in the extension that he sends first, both in all that follows. A signer that is set back to an old disk,
and fed with the messages of an old session, therefore hides its values behind other masks than in that old session.

The correlation is named here and not in the context of the whole session. A third signer could otherwise tell two
honest ones two different identifiers for a pair they are not part of, and each would take the other for a cheat.
"""

from __future__ import annotations

from warifu.threshold.ecdsa import vole
from warifu.threshold.ecdsa.binding import Link, digest, in_order, integer
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.vole import VoleReceiver, VoleSender
from warifu.threshold.wiping import Secret

EXTENSION_BYTES = vole.SHAPE.message_bytes
PRODUCT_BYTES = vole.MESSAGE_BYTES


class PairwiseProducts:
    """One signer's half of the work with one peer; each step once."""

    def __init__(
        self, context: bytes, my_id: int, peer: int, correlation: Correlation, nonce_commitment: bytes
    ) -> None:
        """Takes what is in the correlation. ``nonce_commitment``: 32 bytes, this signer's own of this session."""
        ids = integer(min(my_id, peer)), integer(max(my_id, peer))
        self._my_id, self._peer = my_id, peer
        self._context = digest("pair", context, *ids, correlation.id)
        self._mine = nonce_commitment
        material = correlation.take()
        self.seed = material.seed
        self._alice = VoleSender(material.chosen, material.delta)
        self._bob = VoleReceiver(self._link(peer, my_id, nonce_commitment), material.keys)
        self.message = self._bob.message

    @property
    def factor(self) -> Secret:
        """This signer's own random factor, by which the peer's values are multiplied."""
        return self._bob.factor

    def context(self, peer_commitment: bytes) -> bytes:
        """32 bytes that name all of the pair, and what both drew."""
        return digest(
            "pair/met", self._context, *in_order({self._my_id: self._mine, self._peer: peer_commitment})
        )

    def multiply(
        self, extension_message: bytes, peer_commitment: bytes, values: vole.Pair
    ) -> tuple[bytes, vole.Pair]:
        """The message to the peer, and shares of ``values`` times the peer's factor."""
        link = self._link(self._my_id, self._peer, peer_commitment)
        return self._alice.multiply(link, extension_message, self.context(peer_commitment), values)

    def finish(self, message: bytes, peer_commitment: bytes) -> vole.Pair:
        """Shares of the peer's values times this signer's factor."""
        return self._bob.finish(message, self.context(peer_commitment))

    def wipe(self) -> None:
        """Destroy everything of this pair."""
        self.seed.wipe()
        self._alice.wipe()
        self._bob.wipe()

    def _link(self, alice: int, bob: int, bobs_commitment: bytes) -> Link:
        return Link(digest("pair/extension", self._context, bobs_commitment), alice, bob)
