"""Calls about what devices tell each other, where the service carries it: notes, acknowledgements, confirmations."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.acknowledging import Acknowledgement, Confirmation
from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import Bytes32, Message
from warifu.protocol.frames.bounds import Call, Unsigned
from warifu.protocol.notes import Noted, Place
from warifu.protocol.request import MAX_SIGNERS

Acknowledgements = Annotated[tuple[Acknowledgement, ...], msgspec.Meta(max_length=MAX_SIGNERS)]
"""Of distinct devices of one wallet, ascending by identity."""
Confirmations = Annotated[tuple[Confirmation, ...], msgspec.Meta(max_length=MAX_SIGNERS)]
"""Likewise."""


class AskNotes(Message, frozen=True, tag="ask-notes"):
    """What do you tell the wallet's other devices, beyond this place? Answered by a ``NotesAnswer``."""

    call: Call
    wallet_id: Bytes32
    after: Place | None


class NotesAnswer(Message, frozen=True):
    """As many notes as fit, and the place behind them: the same as was asked for where there are no more."""

    upto: Place
    notes: Noted


class TakeNotes(Message, frozen=True, tag="take-notes"):
    """These are notes of other devices, whoever made them. Answered by an empty reply once they count."""

    call: Call
    wallet_id: Bytes32
    notes: Noted


class AskAcknowledge(Message, frozen=True, tag="ask-acknowledge"):
    """Judge this transfer of a strict wallet as if you signed it, and count it from now on, whoever signs it. Answered
    by an ``Acknowledgement``."""

    call: Call
    authorization: Authorization
    unsigned: Unsigned


class AskConfirmation(Message, frozen=True, tag="ask-confirmation"):
    """These devices count this transfer, or call: what do you count beside it? Answered by a ``Confirmation``."""

    call: Call
    wallet_id: Bytes32
    request: Bytes32
    """Its digest."""
    acknowledgements: Acknowledgements
