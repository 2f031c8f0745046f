"""What a journal says of a session: whom this device met, and how far their journals were."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.attesting import SignedHead
from warifu.protocol.encoding import Bytes16, Bytes32, Message
from warifu.protocol.request import MAX_SIGNERS


class Met(Message, frozen=True, tag="met"):
    """This device showed its peers in a session what it runs on and how far its journal is, this entry included.

    It makes each session's head one of its own: a peer that remembers it remembers more than any disk that was copied
    before the session.
    """

    wallet: Bytes32
    session: Bytes16
    purpose: Bytes32


class PeerHead(Message, frozen=True):
    """How far a peer's journal was, signed by the peer."""

    identity: Bytes32
    head: SignedHead


class HeadsSeen(Message, frozen=True, tag="heads-seen"):
    """What every peer in that session showed as the head of its journal: so no peer can rewrite what came before it."""

    wallet: Bytes32
    session: Bytes16
    heads: Annotated[tuple[PeerHead, ...], msgspec.Meta(max_length=MAX_SIGNERS)]
