"""The Exchange API's hosts, its way to say no, and its pages: newest first, ``CB-AFTER`` leads to what is older."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from warifu.exchanges.calls import Api, Ask
from warifu.exchanges.coinbase.faults import exchange_complaint
from warifu.exchanges.fields import (
    Cursor,
)
from warifu.exchanges.http import HttpAnswer

HOST = "api.exchange.coinbase.com"
SANDBOX = "api-public.sandbox.exchange.coinbase.com"


def api(host: str = HOST) -> Api:
    return Api(host, exchange_complaint)


class Paged(Ask, frozen=True, kw_only=True):
    """One page of a list. ``after`` leads to what is older, ``before`` to what is newer."""

    before: Cursor | None = None
    after: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None


P = TypeVar("P", bound=Paged)
T = TypeVar("T")


def older(ask: P, answer: HttpAnswer, page: tuple[T, ...]) -> P | None:
    """The page of what came before, by the header; None where the list ends."""
    after = answer.header("cb-after")
    return msgspec.structs.replace(ask, after=after, before=None) if after and page else None
