"""What owners tell the signers about the wallet itself. The service carries it, and keeps it for who is away."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import Answer, EncodedAuthorization, EncodedEnvelope, Hex32, Question
from warifu.protocol.encoding import Bytes32, Seconds
from warifu.protocol.request import MAX_SIGNERS


class NewInstruction(Question, frozen=True):
    """``POST /instructions`` (transfer) -> ``Instruction``: an encoded ``Authorization`` of a ``RulesRequest``,
    ``NoticeRequest``, ``VetoRequest``, ``FreezeRequest``, ``UnfreezeRequest``, ``RestoredRequest``,
    ``SettleRequest`` or ``CarrierBanRequest``.

    Every connected device of the wallet is told now. Those that are away are told when they come, while the request is
    in time; but not what needs the passphrase, whose ``envelopes`` are for the devices that made their keys.
    """

    authorization: EncodedAuthorization
    envelopes: Annotated[tuple[EncodedEnvelope, ...], msgspec.Meta(max_length=MAX_SIGNERS)]


class Told(Answer, frozen=True):
    """What one device of the wallet made of it. ``away``: it was not told yet."""

    device: str
    identity: Bytes32
    state: Literal["done", "waits", "refused", "away"]
    effect: Seconds = 0
    """The moment at which it takes effect, or did, by the device's clock."""
    words: tuple[str, ...] = ()
    refusal: ErrorBody | None = None


class Instruction(Answer, frozen=True):
    """``GET /wallets/{name}/instructions`` has them all. ``id``: the request's digest, by which it is vetoed."""

    id: Hex32
    kind: str
    authorization: bytes
    """The owner's, encoded: who trusts it checks it himself."""
    created: Seconds
    expires: Seconds
    devices: tuple[Told, ...]


class Instructions(Answer, frozen=True):
    """``GET /wallets/{name}/instructions`` (read): what owners said, newest first: at most 200 changes and vetoes,
    and 200 others."""

    instructions: tuple[Instruction, ...]
