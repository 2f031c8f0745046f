"""Journals of devices, which the service carries to their owners and cannot read."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.api.shapes import Answer, EncodedAuthorization, Question
from warifu.protocol.encoding import Bytes32
from warifu.protocol.frames import MAX_BODY_BYTES
from warifu.protocol.journal_pages import Number


class JournalQuestion(Question, frozen=True):
    """``POST /journals`` (read): a page of this device's journal. ``authorization``: of a ``JournalRequest``, which
    serves for all pages of all devices."""

    authorization: EncodedAuthorization
    identity: Bytes32
    first: Number
    """Number of the page's first entry."""


class JournalPage(Answer, frozen=True):
    """The device's own encoded ``journal_pages.SealedPage``; only who made the request can open it."""

    page: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]
