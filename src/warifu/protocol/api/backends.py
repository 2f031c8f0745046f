"""Backends whose addresses and tokens the service keeps sealed."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import Answer, Id16, Question
from warifu.protocol.chains import Chain


class NewBackend(Question, frozen=True):
    """``POST /backends`` (admin) -> ``AddedBackend``: where to look at a chain, kept in the encrypted database.

    Used from the next start of the service on. ``jwt``: have the service make a key of this algorithm, whose public
    half you register with QuickNode under the name ``jwt_kid``.
    """

    chain: Chain
    kind: Literal["esplora", "electrum", "core", "compact-filters", "rpc", "quicknode"]
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[!-~]+\Z")] | None = None
    jwt: Literal["ES256", "RS256", "EdDSA"] | None = None
    jwt_kid: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None

    def __repr__(self) -> str:
        return f"NewBackend(chain={self.chain!r}, kind={self.kind!r})"


class AddedBackend(Answer, frozen=True):
    """``public_key``: the PEM to be registered, empty where no key was made."""

    id: Id16
    public_key: str


class BackendShown(Answer, frozen=True):
    """A backend without anything secret. ``id`` is empty for one of the service's file; ``used``: since its start."""

    id: str
    chain: Chain
    kind: str
    host: str
    used: bool


class ChainCheck(Answer, frozen=True):
    """Whether a chain's backends were on that chain when the service started. ``refusal``: why ``refused``, which is
    ``chain.wrong-network`` where one is on another, and any other failure where none answered."""

    chain: Chain
    state: Literal["asking", "right", "refused"]
    refusal: ErrorBody | None


class BackendsShown(Answer, frozen=True):
    """``GET /backends`` (admin), in order of preference; ``DELETE /backends/{id}`` forgets one that was added."""

    backends: tuple[BackendShown, ...]
    checks: tuple[ChainCheck, ...]
