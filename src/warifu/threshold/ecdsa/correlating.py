"""Two signers make a batch of correlations ahead of time, as a state machine without I/O.

    start -> STARTED --extend--> EXTENDED --finish--> FINISHED: the correlations
                |                    |
                +---- any error, close --> CLOSED

Two messages each way, both sides at once:

    hello    128 base transfers in each direction (endemic OT); a commitment to a seed
    extend   the base transfers extended to 128 for each correlation of the batch, each signer choosing all its deltas
             anew; the seed

The transfers of one correlation are thus random transfers of their own, with choices of their own, from a maliciously
secure extension (``ot_extension.py``), which is as good for the extension inside a signature as the base transfers
themselves: DKLs23 asks for no more than endemic transfers there. The choices and keys of the base transfers serve this
one batch, and are destroyed with the check of its one message. To make them for each correlation alone would cost
ten times as much and bring no second try less: a cheat who guesses wrong at the base choices is caught by that
check, before there is a correlation.

The seed of each correlation is hashed from both signers' seeds, which each committed to before it saw the other's.
"""

from __future__ import annotations

import hmac
import os
from enum import Enum, auto

import numpy as np

from warifu.threshold.ecdsa import base_ot
from warifu.threshold.ecdsa.base_ot import COUNT, KEY_BYTES, BaseOtReceiver, BaseOtSender
from warifu.threshold.ecdsa.binding import (
    Link,
    digest,
    in_order,
    integer,
    key_context,
    named_hash,
    require_session_id,
)
from warifu.threshold.ecdsa.bits import Bytes, random_bits, wipe
from warifu.threshold.ecdsa.correlation import ID_BYTES, SEED_BYTES, Correlation, Material, Owner
from warifu.threshold.ecdsa.ot_extension import ExtensionReceiver, ExtensionSender, Shape
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.steps import Steps
from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.wiping import Buffer, Secret

MAX_BATCH = 16
_HASH = 32
_BASE_BYTES = base_ot.SENDER_MESSAGE_BYTES + base_ot.RECEIVER_MESSAGE_BYTES
HELLO_BYTES = _BASE_BYTES + _HASH
"""8513 bytes."""


def extend_bytes(count: int) -> int:
    """Length of the second message for ``count`` correlations: 36,912 bytes for sixteen."""
    return _shape(count).message_bytes + SEED_BYTES


class Phase(Enum):
    """What was done last."""

    STARTED = auto()
    EXTENDED = auto()
    FINISHED = auto()
    CLOSED = auto()


class Correlating(Steps[Phase]):
    """See the module."""

    NAME = "correlating"

    def __init__(
        self, key: ThresholdKey, my_id: int, peer: int, count: int, session_id: bytes, owner: Owner
    ) -> None:
        """Internal: :meth:`start` is the door."""
        super().__init__(Phase.STARTED, Phase.CLOSED)
        self._my_id, self._peer, self._count = my_id, peer, count
        self._owner = owner
        context = digest(
            "correlating",
            session_id,
            key_context(key),
            integer(min(my_id, peer)),
            integer(max(my_id, peer)),
            integer(count),
        )
        self._outgoing = Link(context, my_id, peer)
        self._base_sender = BaseOtSender(self._outgoing)
        self._base_receiver = BaseOtReceiver(self._outgoing.reverse)
        self._seed = Secret(os.urandom(SEED_BYTES))
        self._base = self._base_sender.message + self._base_receiver.message
        self._hello = self._base + self._seed_commitment(self._outgoing, self._seed.buffer)
        self._peer_commitment = b""
        self._deltas = random_bits(COUNT * count)
        self._extended: tuple[Link, ExtensionReceiver, ExtensionSender] | None = None

    @classmethod
    def start(
        cls, key: ThresholdKey, my_id: int, peer: int, count: int, session_id: bytes, seen: Seen
    ) -> tuple[Correlating, bytes]:
        """The state machine, and the first message to ``peer``: for ``count`` (1 to MAX_BATCH) correlations.

        ``session_id``: 16 to 64 bytes that both agree on, never all zero, never repeated (``seen``). InvalidInput
        where anything is out of range, and for keys with a threshold of one, which have no threshold ECDSA;
        AlreadyUsed for a repeated session.
        """
        owner = Owner.of(key, my_id, peer)
        require_session_id(session_id)
        if not 1 <= count <= MAX_BATCH:
            raise InvalidInput(f"a batch has 1 to {MAX_BATCH} correlations")
        seen.claim(session_id)
        correlating = cls(key, my_id, peer, count, session_id, owner)
        return correlating, correlating._hello

    def extend(self, hello: bytes) -> bytes:
        """The second message, for the peer's first.

        Here and in :meth:`finish`: InvalidContribution names the peer for what an honest one never sends, and
        everything is destroyed. AlreadyUsed where the step is not due; that changes nothing.
        """
        return self._step(Phase.STARTED, Phase.EXTENDED, lambda: self._extend(hello))

    def finish(self, message: bytes) -> tuple[Correlation, ...]:
        """The correlations, in an order and with identifiers that are the same for both signers."""
        correlations = self._step(Phase.EXTENDED, Phase.FINISHED, lambda: self._finish(message))
        self._wipe()
        return correlations

    def close(self) -> None:
        """Wipe everything. Harmless where it is gone already. A time-out ends here, and is nobody's fault."""
        self._wipe()
        if self._phase is not Phase.FINISHED:
            self._phase = Phase.CLOSED

    def _extend(self, hello: bytes) -> bytes:
        if len(hello) != HELLO_BYTES:
            raise InvalidContribution(self._peer, "hello")
        base, self._peer_commitment = hello[:_BASE_BYTES], hello[_BASE_BYTES:]
        sent = base_ot.SENDER_MESSAGE_BYTES
        if base[:sent] == self._base[:sent] or base[sent:] == self._base[sent:]:  # reflected
            raise InvalidContribution(self._peer, "base OT message")
        keys = self._base_sender.finish(base[sent:])
        chosen = self._base_receiver.finish(base[:sent])
        transcript = in_order({self._my_id: self._hello, self._peer: hello})
        link = Link(
            digest("correlating/extension", self._outgoing.context, *transcript), self._my_id, self._peer
        )
        shape = _shape(self._count)
        receiver = ExtensionReceiver(link.reverse, shape, keys, self._deltas)
        self._extended = link, receiver, ExtensionSender(shape, chosen, self._base_receiver.choices)
        return receiver.message + self._seed.buffer

    def _finish(self, message: bytes) -> tuple[Correlation, ...]:
        assert self._extended is not None, "the phases keep the order"
        link, receiver, sender = self._extended
        if len(message) != extend_bytes(self._count):
            raise InvalidContribution(self._peer, "OT extension message")
        extension, seed = message[:-SEED_BYTES], message[-SEED_BYTES:]
        expected = self._seed_commitment(self._outgoing.reverse, seed)
        if not hmac.compare_digest(expected, self._peer_commitment):
            raise InvalidContribution(self._peer, "zero-sharing seed")
        zeros, ones = sender.finish(link, extension, b"")
        chosen = receiver.outputs(b"")
        messages = in_order({self._my_id: receiver.message, self._peer: extension})
        name = digest("correlation/id", link.context, *messages)
        try:
            return tuple(
                Correlation(
                    self._owner,
                    named_hash(name, integer(index)).digest(ID_BYTES),
                    self._material(index, zeros, ones, chosen, seed, link.context),
                )
                for index in range(self._count)
            )
        finally:
            wipe(zeros, ones, chosen)

    def _material(
        self, index: int, zeros: Bytes, ones: Bytes, chosen: Bytes, seed: bytes, context: bytes
    ) -> Material:
        part = slice(COUNT * index, COUNT * (index + 1))
        seeds = in_order({self._my_id: self._seed.expose(), self._peer: seed})
        return Material(
            self._deltas[part].copy(),
            chosen[part].copy(),
            np.stack([zeros[part], ones[part]]),
            Secret(digest("correlation/seed", context, *seeds, integer(index))),
        )

    @staticmethod
    def _seed_commitment(link: Link, seed: bytes | Buffer) -> bytes:
        """A seed has 256 random bits: its hash hides it. It names its maker: a copy opens for nobody else."""
        return link.digest("correlating/seed", seed)

    def _wipe(self) -> None:
        self._base_sender.wipe()
        self._base_receiver.wipe()
        self._seed.wipe()
        wipe(self._deltas)
        if self._extended is not None:
            _, receiver, sender = self._extended
            receiver.wipe()
            sender.wipe()

    def __repr__(self) -> str:
        return f"Correlating(<participants {self._my_id} and {self._peer}, {self._phase.name.lower()}>)"


def _shape(count: int) -> Shape:
    return Shape(COUNT * count, KEY_BYTES)
