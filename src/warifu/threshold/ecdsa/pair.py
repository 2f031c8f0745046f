"""All transfers and multiplications between this signer and one peer, in both directions at once.

Towards the peer this signer is Alice (it multiplies its own values by the peer's factor); from the peer it is Bob.
In the base transfers the roles are turned round: Bob sends them, Alice receives them.
"""

from __future__ import annotations

from warifu.threshold.ecdsa import base_ot, ot_extension, vole
from warifu.threshold.ecdsa.base_ot import BaseOtReceiver, BaseOtSender
from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.vole import VoleReceiver, VoleSender
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.wiping import Secret

BASE_BYTES = base_ot.SENDER_MESSAGE_BYTES + base_ot.RECEIVER_MESSAGE_BYTES
EXTENSION_BYTES = ot_extension.MESSAGE_BYTES
PRODUCT_BYTES = vole.MESSAGE_BYTES


class PairwiseProducts:
    """One signer's half of the work with one peer: base transfers, extension, multiplication; each step once."""

    def __init__(self, context: bytes, my_id: int, peer: int) -> None:
        self._peer = peer
        self._outgoing = Link(context, my_id, peer)
        self._incoming = self._outgoing.reverse
        self._base_sender = BaseOtSender(self._outgoing)
        self._base_receiver = BaseOtReceiver(self._incoming)
        self._alice: VoleSender | None = None
        self._bob: VoleReceiver | None = None
        self.message = self._base_sender.message + self._base_receiver.message

    def extend(self, message: bytes) -> bytes:
        """From the peer's base transfers to the extension's message. InvalidContribution names the peer."""
        sent = base_ot.SENDER_MESSAGE_BYTES
        reflected = message[:sent] == self.message[:sent] or message[sent:] == self.message[sent:]
        if len(message) != BASE_BYTES or reflected:
            raise InvalidContribution(self._peer, "base OT message")
        keys = self._base_sender.finish(message[sent:])
        chosen = self._base_receiver.finish(message[:sent])
        self._alice = VoleSender(self._outgoing, chosen, self._base_receiver.choices)
        self._bob = VoleReceiver(self._incoming, keys)
        return self._bob.message

    @property
    def factor(self) -> Secret:
        """This signer's own random factor, by which the peer's values are multiplied."""
        return self._extended_bob.factor

    def multiply(self, extension_message: bytes, values: vole.Pair) -> tuple[bytes, vole.Pair]:
        """The message to the peer, and shares of ``values`` times the peer's factor."""
        if self._alice is None:
            raise AlreadyUsed("these transfers were not made, or were wiped")
        return self._alice.multiply(extension_message, values)

    def finish(self, message: bytes) -> vole.Pair:
        """Shares of the peer's values times this signer's factor."""
        return self._extended_bob.finish(message)

    def wipe(self) -> None:
        """Destroy everything of this pair."""
        self._base_sender.wipe()
        self._base_receiver.wipe()
        if self._alice is not None:
            self._alice.wipe()
        if self._bob is not None:
            self._bob.wipe()

    @property
    def _extended_bob(self) -> VoleReceiver:
        if self._bob is None:
            raise AlreadyUsed("these transfers were not made, or were wiped")
        return self._bob
