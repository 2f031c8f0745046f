"""One document of a vendor's, as it is kept: with the moments that say how old it is and which of two is newer."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.encoding import Message, Seconds

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_MARKS = 8

EntryName = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z")]


class Entry(Message, frozen=True):
    """What was fetched, found genuine, and kept."""

    name: EntryName
    """Which document: the format of evidence, and which chips it is about. Also the name of its file."""
    content: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_DOCUMENT_BYTES)]
    fetched_at: Seconds
    marks: Annotated[tuple[Seconds, ...], msgspec.Meta(min_length=1, max_length=MAX_MARKS)]
    """Moments of issue and serial numbers of its parts, none of which a newer document has smaller."""
    renew_at: Seconds
    """When it should have been renewed: the first end of validity of its parts."""

    def is_older_than(self, other: Entry) -> bool:
        """Whether a part of it is older: a list of revocations taken back, firmware information of last year."""
        return len(self.marks) != len(other.marks) or any(
            ours < theirs for ours, theirs in zip(self.marks, other.marks, strict=True)
        )
