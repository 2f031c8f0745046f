"""Where documents come from: something that answers a GET. The network is one; a test, or a mirror at home, another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from warifu.errors import EvidenceRefused


@dataclass(frozen=True)
class Answer:
    """What came back with status 200. Names of headers are in lower case."""

    body: bytes
    headers: Mapping[str, str]


class Source(Protocol):
    """Fetches from a vendor, or from whoever mirrors what vendors publish. It is not trusted."""

    def get(self, url: str, limit: int) -> Answer:
        """The answer, of at most ``limit`` bytes; ``EvidenceRefused`` (``endorsements-unavailable``)."""
        ...


def unavailable(server: str, why: str) -> EvidenceRefused:
    """No usable answer. ``server``: for people, not an address with its query."""
    return EvidenceRefused(
        "endorsements-unavailable",
        f"{server} did not give the document: {why}",
        not_done="What is kept was not changed.",
        remedy="Try again later. What is kept counts until it should have been renewed, and then for a policy's grace.",
    )


def useless(server: str, why: str) -> EvidenceRefused:
    """An answer that is not what it should be: forged, cut, or of another kind."""
    return EvidenceRefused(
        "endorsements-refused",
        f"{server} gave something that is not the vendor's document: {why}",
        not_done="It was not kept.",
        remedy="Ask another source.",
    )
