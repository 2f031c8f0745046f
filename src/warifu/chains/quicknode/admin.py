"""The admin API (``https://api.quicknode.com/v0``): endpoints, who may use them, their limits, what they cost.

For the owner's side of the service: make an endpoint, register our JWT key with it, take its other tokens away, watch
the credits. The account's API key can do all that the dashboard can; it belongs with the other secrets and is needed by
nothing that signs or sends.

Every method raises ``ChainUnavailable`` (``credentials``, ``not-found``, ``busy``, ... as for endpoints) and
``InputRefused``: ``quicknode-refused`` with QuickNode's own reason, ``quicknode-id`` for an id that is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from warifu.chains.quicknode.admin_http import BASE_URL, AdminHttp, part
from warifu.chains.quicknode.admin_types import (
    Chain,
    ChainUsage,
    DomainMask,
    Endpoint,
    EndpointStatus,
    EndpointSummary,
    EndpointUrls,
    EndpointUsage,
    Ip,
    JwtRegistration,
    Limits,
    MethodPrice,
    MethodRateLimit,
    MethodUsage,
    RateLimit,
    Referrer,
    Security,
    SecurityOption,
    Series,
    Token,
    Usage,
)
from warifu.chains.quicknode.jwt import JwtKey, JwtPublicKey
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret

Switch = Literal[
    "tokens", "referrers", "jwts", "ips", "domainMasks", "hsts", "cors", "requestFilters", "ipCustomHeader"
]
"""A check of an endpoint that can be switched on and off."""
Period = Literal["hour", "day", "week", "month"]


class _Limiters(msgspec.Struct):
    rate_limiters: list[MethodRateLimit]


class _Limits(msgspec.Struct):
    rate_limits: list[RateLimit]


class _ByEndpoint(msgspec.Struct):
    endpoints: list[EndpointUsage]


class _ByMethod(msgspec.Struct):
    methods: list[MethodUsage]


class _ByChain(msgspec.Struct):
    chains: list[ChainUsage]


class _Made(msgspec.Struct):
    id: str


class AdminApi:
    """One account. ``base_url`` is for tests and proxies of one's own; https, or http to this machine."""

    def __init__(
        self,
        key: Secret,
        *,
        base_url: str = BASE_URL,
        name: str = "quicknode-admin",
        retries: Retries | None = None,
    ) -> None:
        self._http = AdminHttp(key, base_url, name, retries)

    def __repr__(self) -> str:
        return f"AdminApi({self._http.name!r})"

    # --- endpoints -----------------------------------------------------------------------------------------------

    def endpoints(
        self, *, search: str | None = None, networks: Sequence[str] = (), statuses: Sequence[str] = ()
    ) -> list[EndpointSummary]:
        """All endpoints of the account, or those that fit."""
        query = {"search": search, "networks": list(networks), "statuses": list(statuses)}
        return self._http.pages("/endpoints", EndpointSummary, query)

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """One endpoint with its security and limits."""
        return self._http.get(_at(endpoint_id), Endpoint)

    def urls(self, endpoint_id: str) -> EndpointUrls:
        """An endpoint's addresses, those of all its networks among them."""
        return self._http.get(_at(endpoint_id, "urls"), EndpointUrls)

    def create_endpoint(self, chain: str, network: str) -> Endpoint:
        """Make an endpoint. Not tried again by itself: that could make two, and both would cost."""
        return self._http.change("POST", "/endpoints", Endpoint, {"chain": chain, "network": network})

    def rename_endpoint(self, endpoint_id: str, label: str) -> None:
        """Give an endpoint a label."""
        self._http.do("PATCH", _at(endpoint_id), {"label": label})

    def set_status(self, endpoint_id: str, status: EndpointStatus) -> None:
        """Let an endpoint answer, or pause it."""
        self._http.do("PATCH", _at(endpoint_id, "status"), {"status": status.value})

    def archive_endpoint(self, endpoint_id: str) -> None:
        """Take an endpoint out of use for good."""
        self._http.do("DELETE", _at(endpoint_id))

    # --- who may use them ----------------------------------------------------------------------------------------

    def security(self, endpoint_id: str) -> Security:
        """Tokens, keys, addresses, filters of an endpoint."""
        return self._http.get(_at(endpoint_id, "security"), Security)

    def security_options(self, endpoint_id: str) -> list[SecurityOption]:
        """Which checks are on."""
        return self._http.get(_at(endpoint_id, "security_options"), list[SecurityOption])

    def set_security_options(self, endpoint_id: str, switches: Mapping[Switch, bool]) -> list[SecurityOption]:
        """Switch checks on or off; those that are not named stay as they are."""
        options = {name: "enabled" if on else "disabled" for name, on in switches.items()}
        path = _at(endpoint_id, "security_options")
        return self._http.change("PATCH", path, list[SecurityOption], {"options": options})

    def create_token(self, endpoint_id: str) -> Token:
        """A further token."""
        return self._http.change("POST", _at(endpoint_id, "security/tokens"), Token)

    def delete_token(self, endpoint_id: str, token_id: str) -> None:
        """Revoke a token at once."""
        self._http.do("DELETE", _at(endpoint_id, "security/tokens", token_id))

    def register_jwt(self, endpoint_id: str, key: JwtKey | JwtPublicKey, name: str) -> JwtRegistration:
        """Have the endpoint take JWTs of ``key``, of which it gets the public half: the only one that is needed."""
        body = {"public_key": key.public_pem, "kid": key.kid, "name": name}
        return self._http.change("POST", _at(endpoint_id, "security/jwts"), JwtRegistration, body)

    def delete_jwt(self, endpoint_id: str, jwt_id: str) -> None:
        """Have a key's JWTs refused from now on."""
        self._http.do("DELETE", _at(endpoint_id, "security/jwts", jwt_id))

    def add_referrer(self, endpoint_id: str, referrer: str) -> Referrer:
        """Let requests of a web page in."""
        path = _at(endpoint_id, "security/referrers")
        return self._http.change("POST", path, Referrer, {"referrer": referrer})

    def delete_referrer(self, endpoint_id: str, referrer_id: str) -> None:
        """Undo ``add_referrer``."""
        self._http.do("DELETE", _at(endpoint_id, "security/referrers", referrer_id))

    def add_ip(self, endpoint_id: str, ip: str) -> Ip:
        """Let requests from an IP address in."""
        return self._http.change("POST", _at(endpoint_id, "security/ips"), Ip, {"ip": ip})

    def delete_ip(self, endpoint_id: str, ip_id: str) -> None:
        """Undo ``add_ip``."""
        self._http.do("DELETE", _at(endpoint_id, "security/ips", ip_id))

    def add_domain_mask(self, endpoint_id: str, domain: str) -> DomainMask:
        """Serve the endpoint under a host name of one's own."""
        path = _at(endpoint_id, "security/domain_masks")
        made = self._http.change("POST", path, _Made, {"domain_mask": domain})
        return DomainMask(made.id, domain)

    def delete_domain_mask(self, endpoint_id: str, domain_mask_id: str) -> None:
        """Undo ``add_domain_mask``."""
        self._http.do("DELETE", _at(endpoint_id, "security/domain_masks", domain_mask_id))

    def allow_only(self, endpoint_id: str, methods: Sequence[str]) -> str:
        """Let only ``methods`` be called; the filter's id."""
        path = _at(endpoint_id, "security/request_filters")
        return self._http.change("POST", path, _Made, {"method": list(methods)}).id

    def change_filter(self, endpoint_id: str, filter_id: str, methods: Sequence[str]) -> None:
        """Other methods for a filter."""
        path = _at(endpoint_id, "security/request_filters", filter_id)
        self._http.do("PUT", path, {"method": list(methods)})

    def delete_filter(self, endpoint_id: str, filter_id: str) -> None:
        """Undo ``allow_only``."""
        self._http.do("DELETE", _at(endpoint_id, "security/request_filters", filter_id))

    # --- limits --------------------------------------------------------------------------------------------------

    def rate_limits(self, endpoint_id: str) -> list[RateLimit]:
        """The limits of an endpoint as they are now."""
        return self._http.get(_at(endpoint_id, "rate-limits"), _Limits).rate_limits

    def set_rate_limits(self, endpoint_id: str, limits: Limits) -> None:
        """Lower limits than the plan's; what is None stays as it is."""
        given = {name: value for name, value in msgspec.structs.asdict(limits).items() if value is not None}
        self._http.do("PATCH", _at(endpoint_id, "rate-limits"), {"rate_limits": given})

    def delete_rate_limit(self, endpoint_id: str, override_id: str) -> None:
        """Back to the plan's limit."""
        self._http.do("DELETE", _at(endpoint_id, "rate-limits", override_id))

    def method_rate_limits(self, endpoint_id: str) -> list[MethodRateLimit]:
        """The limits for single methods."""
        return self._http.get(_at(endpoint_id, "method-rate-limits"), _Limiters).rate_limiters

    def limit_methods(
        self, endpoint_id: str, methods: Sequence[str], rate: int, interval: str = "second"
    ) -> MethodRateLimit:
        """``rate`` calls of ``methods`` together in each ``interval``."""
        body = {"interval": interval, "methods": list(methods), "rate": rate}
        return self._http.change("POST", _at(endpoint_id, "method-rate-limits"), MethodRateLimit, body)

    def change_method_limit(self, endpoint_id: str, limit_id: str, rate: int) -> None:
        """Another rate."""
        self._http.do("PATCH", _at(endpoint_id, "method-rate-limits", limit_id), {"rate": rate})

    def delete_method_limit(self, endpoint_id: str, limit_id: str) -> None:
        """Undo ``limit_methods``."""
        self._http.do("DELETE", _at(endpoint_id, "method-rate-limits", limit_id))

    # --- what it costs -------------------------------------------------------------------------------------------

    def usage(self, start_time: int | None = None, end_time: int | None = None) -> Usage:
        """Credits of a period (seconds since 1970), or of the account's current one."""
        return self._http.get("/usage/rpc", Usage, _period(start_time, end_time))

    def usage_by_endpoint(
        self, start_time: int | None = None, end_time: int | None = None
    ) -> list[EndpointUsage]:
        """The same for each endpoint."""
        return self._http.get("/usage/rpc/by-endpoint", _ByEndpoint, _period(start_time, end_time)).endpoints

    def usage_by_method(
        self, start_time: int | None = None, end_time: int | None = None
    ) -> list[MethodUsage]:
        """The same for each method."""
        return self._http.get("/usage/rpc/by-method", _ByMethod, _period(start_time, end_time)).methods

    def usage_by_chain(self, start_time: int | None = None, end_time: int | None = None) -> list[ChainUsage]:
        """The same for each chain."""
        return self._http.get("/usage/rpc/by-chain", _ByChain, _period(start_time, end_time)).chains

    def endpoint_metrics(self, endpoint_id: str, period: Period, metric: str) -> list[Series]:
        """A chart of one endpoint, for example ``method_calls_over_time``, ``response_status_breakdown``."""
        query = {"period": period, "metric": metric}
        return self._http.get(_at(endpoint_id, "metrics"), list[Series], query)

    def account_metrics(self, period: Period, metric: str, percentile: str | None = None) -> list[Series]:
        """A chart of the account, for example ``credits_over_time``."""
        query = {"period": period, "metric": metric, "percentile": percentile}
        return self._http.get("/metrics", list[Series], query)

    def chains(self) -> list[Chain]:
        """The chains and networks that there are."""
        return self._http.get("/chains", list[Chain])

    def prices(self, chain: str) -> list[MethodPrice]:
        """The credits for a call of each method of a chain."""
        return self._http.get(f"/api-credits/{part(chain)}", list[MethodPrice])

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _at(endpoint_id: str, what: str = "", item_id: str | None = None) -> str:
    path = f"/endpoints/{part(endpoint_id)}"
    path += f"/{what}" if what else ""
    return path if item_id is None else f"{path}/{part(item_id)}"


def _period(start_time: int | None, end_time: int | None) -> dict[str, int | None]:
    return {"start_time": start_time, "end_time": end_time}
