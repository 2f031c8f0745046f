"""What the admin API answers with. Unknown fields are let by: they come with every release of the API.

Addresses of endpoints hold their tokens, so they arrive as ``Secret``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from warifu.chains.rpc.secret import Secret

T = TypeVar("T")


class _Camel(msgspec.Struct, frozen=True, rename="camel"):
    """Where the API writes camelCase."""


class Pagination(msgspec.Struct, frozen=True):
    """Where a page stands in the whole list."""

    total: int
    limit: int
    offset: int


class EndpointStatus(StrEnum):
    """Whether an endpoint answers."""

    ACTIVE = "active"
    PAUSED = "paused"


class EndpointSummary(msgspec.Struct, frozen=True):
    """An endpoint in a list."""

    id: str
    chain: str
    network: str
    http_url: Secret
    name: str = ""
    label: str | None = None
    status: str | None = None
    wss_url: Secret | None = None
    is_dedicated: bool = False
    is_flat_rate: bool = False
    is_multichain: bool = False


class SecuritySwitches(_Camel, frozen=True):
    """Which of an endpoint's checks are on."""

    tokens: bool | None = None
    jwts: bool | None = None
    domain_masks: bool | None = None
    ips: bool | None = None
    referrers: bool | None = None
    request_filters: bool | None = None


class Token(msgspec.Struct, frozen=True):
    """A token that opens an endpoint."""

    id: str
    token: Secret


class JwtRegistration(msgspec.Struct, frozen=True):
    """A public key whose JWTs open an endpoint."""

    id: str
    public_key: str
    kid: str
    name: str


class Referrer(msgspec.Struct, frozen=True):
    """A web page whose requests are let in."""

    id: str
    referrer: str | None = None


class DomainMask(msgspec.Struct, frozen=True):
    """A host name of one's own in place of QuickNode's."""

    id: str
    domain: str


class Ip(msgspec.Struct, frozen=True):
    """An address from which requests are let in."""

    id: str
    ip: str


class RequestFilter(msgspec.Struct, frozen=True):
    """The only methods that may be called; with ``params``, only with certain parameters (not read any further)."""

    id: str
    method: list[str]
    params: Any = None


class Security(msgspec.Struct, frozen=True):
    """Everything that decides who may use an endpoint, and for what.

    The official SDK reads ``domain_masks`` and ``request_filters``, the documentation shows ``domainMasks`` and
    ``requestFilters``: both are taken, so that no open door is overlooked.
    """

    options: SecuritySwitches | None = None
    tokens: list[Token] | None = None
    jwts: list[JwtRegistration] | None = None
    referrers: list[Referrer] | None = None
    domain_masks: list[DomainMask] | None = None
    ips: list[Ip] | None = None
    request_filters: list[RequestFilter] | None = None
    documented_domain_masks: list[DomainMask] | None = msgspec.field(name="domainMasks", default=None)
    documented_request_filters: list[RequestFilter] | None = msgspec.field(
        name="requestFilters", default=None
    )

    def __post_init__(self) -> None:
        masks = _together(self.domain_masks, self.documented_domain_masks)
        filters = _together(self.request_filters, self.documented_request_filters)
        msgspec.structs.force_setattr(self, "domain_masks", masks)
        msgspec.structs.force_setattr(self, "request_filters", filters)
        msgspec.structs.force_setattr(self, "documented_domain_masks", None)
        msgspec.structs.force_setattr(self, "documented_request_filters", None)


def _together(one: list[T] | None, other: list[T] | None) -> list[T] | None:
    return one if other is None else [*(one or []), *other]


class Limits(msgspec.Struct, frozen=True):
    """Requests per second, minute and day; None where there is no such limit."""

    rps: int | None = None
    rpm: int | None = None
    rpd: int | None = None


class Endpoint(msgspec.Struct, frozen=True):
    """One endpoint with all that belongs to it."""

    id: str
    chain: str
    network: str
    http_url: Secret
    label: str | None = None
    status: str | None = None
    wss_url: Secret | None = None
    security: Security | None = None
    rate_limits: Limits | None = None
    is_multichain: bool = False


class Urls(msgspec.Struct, frozen=True):
    """The addresses of one network of an endpoint."""

    http_url: Secret
    wss_url: Secret | None = None


class EndpointUrls(msgspec.Struct, frozen=True):
    """An endpoint's addresses; those of its other networks where it is a multichain endpoint."""

    http_url: Secret
    wss_url: Secret | None = None
    multichain_urls: dict[str, Urls] | None = None


class SecurityOption(msgspec.Struct, frozen=True):
    """One check: ``enabled`` or ``disabled``."""

    option: str
    status: str
    value: str | None = None


class RateLimit(msgspec.Struct, frozen=True):
    """A limit of an endpoint as it is now: of the plan (``plan_default``), or set by ourselves (then it has an id)."""

    bucket: str
    rate_limit: int
    source: str
    id: str | None = None


class MethodRateLimit(msgspec.Struct, frozen=True):
    """A limit for some methods together: ``rate`` calls in each ``interval``."""

    id: str
    interval: str
    methods: list[str]
    rate: int
    status: str = ""
    created: str = ""


class Usage(msgspec.Struct, frozen=True):
    """Credits of a period; times in seconds since 1970. ``limit`` None: without one."""

    credits_used: int
    start_time: int
    end_time: int
    credits_remaining: int | None = None
    limit: int | None = None
    overages: int | None = None


class MethodUsage(msgspec.Struct, frozen=True):
    """Credits that went to one method."""

    method_name: str
    credits_used: int
    archive: bool | None = None
    network: str | None = None
    chain: str | None = None


class EndpointUsage(msgspec.Struct, frozen=True):
    """Credits that went to one endpoint."""

    name: str
    credits_used: int
    chain: str | None = None
    network: str | None = None
    status: str | None = None
    label: str | None = None
    requests: int | None = None
    methods_breakdown: list[MethodUsage] = []


class ChainUsage(msgspec.Struct, frozen=True):
    """Credits that went to one chain."""

    name: str
    credits_used: int


class Series(msgspec.Struct, frozen=True):
    """One line of a chart: pairs of a time (seconds since 1970) and a value; ``tag`` says of what."""

    data: list[list[int]]
    tag: list[str] | str = []


class Network(msgspec.Struct, frozen=True):
    """A network of a chain."""

    slug: str
    name: str
    chain_id: int | None = None


class Chain(msgspec.Struct, frozen=True):
    """A chain that QuickNode serves."""

    slug: str
    networks: list[Network]


class MethodPrice(msgspec.Struct, frozen=True):
    """The credits that one call of a method costs."""

    method: str
    credits: int
