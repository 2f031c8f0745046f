"""What a device says that has not opened its store yet, and what its keepers are asked for it (peer release).

A *boot* has no identity: that lies in the store. It has its boot key, and the word of the device's identity, given when
the secret was dealt, that this key is the device's. By both the service knows for whom it carries messages, and
believes nothing else of it: a boot takes part in nothing.
"""

from __future__ import annotations

from warifu.protocol.encoding import Bytes32, Bytes64, Message
from warifu.protocol.frames.bounds import Call
from warifu.protocol.release import AskChallenge, AskRelease


class BootPresence(Message, frozen=True, tag="boot-presence"):
    """Answer to ``Challenge`` by a boot."""

    identity: Bytes32
    """Of the device whose store it wants to open."""
    boot: Bytes32
    certificate: Bytes64
    """``identity``'s signature, for the purpose ``boot-key``, over ``boot``."""
    signature: Bytes64
    """``boot``'s signature, for the purpose ``boot-presence``, over the nonce."""


class AskKeeper(Message, frozen=True, tag="ask-keeper"):
    """A boot's call to one of its keepers, which the service carries there. Answered as calls are."""

    call: Call
    keeper: Bytes32
    question: AskChallenge | AskRelease


class AskPiece(Message, frozen=True, tag="ask-piece"):
    """The same call as the keeper gets it. Answered by an encoded ``release.Signed``."""

    call: Call
    question: AskChallenge | AskRelease
