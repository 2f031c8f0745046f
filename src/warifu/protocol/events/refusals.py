"""What a journal says of what was refused or failed."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.encoding import Bytes32, Message
from warifu.protocol.events.word import Word


class Denied(Message, frozen=True, tag="denied"):
    """Something that an owner of the wallet had authorized, in time, was refused or failed, by the rule ``code``.

    ``unwritten``: as many of these before it were counted and not written."""

    wallet: Bytes32
    request: Bytes32
    door: Word
    code: Word
    about: Annotated[bytes, msgspec.Meta(max_length=32)]
    """The session, where there was one."""
    unwritten: int


class Refused(Message, frozen=True, tag="refused"):
    """Something that nobody had authorized was refused or failed. ``unwritten``: as in ``Denied``."""

    door: Word
    code: Word
    about: Annotated[bytes, msgspec.Meta(max_length=32)]
    unwritten: int
