"""The admin API of the QuickNode stand-in: an account in memory, with the documented shapes and refusals."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.rpc_server import Asked, Say

SWITCHES = ("tokens", "jwts", "domainMasks", "ips", "referrers", "requestFilters")
COLLECTIONS = ("tokens", "jwts", "referrers", "ips", "domain_masks", "request_filters")
"""Lists are written like this, switches in camelCase."""


class Refused(Exception):
    """A status and the API's words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Account:
    """One account. ``base`` is where its endpoints are said to be."""

    key: str
    base: str
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    page: int = 20

    def answer(self, asked: Asked) -> Say:
        """The answer to one request under ``/v0``."""
        if asked.headers.get("x-api-key") != self.key:
            return _say(401, {"data": None, "error": "Unauthorized"})
        try:
            return self._routed(asked)
        except Refused as refused:
            return _say(refused.status, {"data": None, "error": str(refused)})

    def _routed(self, asked: Asked) -> Say:
        parts = urlsplit(asked.path)
        path = parts.path.removeprefix("/v0/").split("/")
        query = parse_qs(parts.query)
        body = asked.json if asked.body else {}
        match asked.method, path:
            case "GET", ["endpoints"]:
                return self._list(query)
            case "POST", ["endpoints"]:
                return _data(self._create(body), 201)
            case method, ["endpoints", number, *rest]:
                return self._of_endpoint(method, self._found(number), rest, body, query)
            case "GET", ["usage", "rpc", *by]:
                return _data(self._usage(by[0] if by else ""))
            case "GET", ["metrics"]:
                return _data(
                    [
                        {
                            "tag": [query.get("percentile", ["p95"])[0]],
                            "data": [[1700000000, 12], [1700003600, 3]],
                        }
                    ]
                )
            case "GET", ["chains"]:
                networks = [{"slug": "mainnet", "name": "Ethereum Mainnet", "chain_id": 1}]
                return _data([{"slug": "ethereum", "networks": networks}, {"slug": "btc", "networks": []}])
            case "GET", ["api-credits", "ethereum"]:
                return _data([{"method": "eth_call", "credits": 20}])
        raise Refused(404, "Not Found")

    def _found(self, number: str) -> dict[str, Any]:
        if number not in self.endpoints:
            raise Refused(404, "Endpoint not found")
        return self.endpoints[number]

    def _list(self, query: dict[str, list[str]]) -> Say:
        limit = min(int(query.get("limit", ["20"])[0]), self.page)
        offset = int(query.get("offset", ["0"])[0])
        wanted = query.get("networks[]")
        fitting = [
            {
                "id": found["id"],
                "name": f"blue-moon-{found['id']}",
                "label": found["label"],
                "status": found["status"],
                "chain": found["chain"],
                "network": found["network"],
                "is_dedicated": False,
                "is_flat_rate": False,
                "http_url": found["http_url"],
                "wss_url": found["wss_url"],
                "tags": [],
                "is_multichain": False,
            }
            for found in self.endpoints.values()
            if wanted is None or found["network"] in wanted
        ]
        shown = {"total": len(fitting), "limit": limit, "offset": offset}
        return _say(200, {"data": fitting[offset : offset + limit], "pagination": shown, "error": None})

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("chain") not in ("ethereum", "solana", "btc"):
            raise Refused(422, "chain is not supported")
        number = str(next(self.numbers))
        token = f"{int(number):040x}"
        made = {
            "id": number,
            "label": None,
            "status": "active",
            "chain": body["chain"],
            "network": body["network"],
            "http_url": f"{self.base}/{token}/",
            "wss_url": f"{self.base.replace('http', 'ws')}/{token}/",
            "security": {
                "options": dict.fromkeys(SWITCHES, False) | {"tokens": True, "hsts": False, "cors": True},
                "tokens": [{"id": f"tok-{number}", "token": token}],
                "jwts": [],
                "referrers": [],
                "domain_masks": [],
                "ips": [],
                "request_filters": [],
            },
            "rate_limits": {"rate_limit_by_ip": False, "account": 1, "rps": 50, "rpm": None, "rpd": None},
            "tags": [],
        }
        self.endpoints[number] = {**made, "limits": {}, "method_limits": []}
        return made

    def _of_endpoint(
        self, method: str, found: dict[str, Any], rest: list[str], body: Any, query: dict[str, list[str]]
    ) -> Say:
        security = found["security"]
        match method, rest:
            case "GET", []:
                return _data(
                    {
                        name: value
                        for name, value in found.items()
                        if not name.endswith("limits") or name == "rate_limits"
                    }
                )
            case "PATCH", []:
                found["label"] = body["label"]
                return _data(True)
            case "DELETE", []:
                del self.endpoints[found["id"]]
                return _data(True)
            case "PATCH", ["status"]:
                found["status"] = body["status"]
                return _data(body["status"])
            case "GET", ["urls"]:
                other = {"http_url": found["http_url"] + "base/", "wss_url": None}
                return _data(
                    {
                        "http_url": found["http_url"],
                        "wss_url": found["wss_url"],
                        "multichain_urls": {"base-mainnet": other},
                    }
                )
            case "GET", ["security"]:
                return _data(security)
            case "GET", ["security_options"]:
                return _data(_switches(security))
            case "PATCH", ["security_options"]:
                for name, value in body["options"].items():
                    security["options"][name] = value == "enabled"
                return _data(_switches(security))
            case _, ["security", collection, *item] if collection in COLLECTIONS:
                return self._of_collection(method, security[collection], collection, item, body)
            case "GET", ["rate-limits"]:
                plan = {"bucket": "rps", "rate_limit": 50, "source": "plan_default", "id": None}
                return _data({"rate_limits": [found["limits"].get("rps", plan)]})
            case "PATCH", ["rate-limits"]:
                for bucket, rate in body["rate_limits"].items():
                    entry = {
                        "bucket": bucket,
                        "rate_limit": rate,
                        "source": "user_override",
                        "id": f"ovr-{bucket}",
                    }
                    found["limits"][bucket] = entry
                return Say(b"", 204)
            case "DELETE", ["rate-limits", item]:
                if found["limits"].pop(item.removeprefix("ovr-"), None) is None:
                    raise Refused(404, "rate limit override not found")
                return Say(b"", 204)
            case _, ["method-rate-limits", *item]:
                return self._of_method_limits(method, found["method_limits"], item, body)
            case "GET", ["metrics"]:
                return _data([{"tag": ["network", query["metric"][0]], "data": [[1700000000, 7]]}])
        raise Refused(404, "Not Found")

    def _of_collection(
        self, method: str, items: list[dict[str, Any]], collection: str, item: list[str], body: Any
    ) -> Say:
        match method, item:
            case "POST", []:
                made = {"id": f"{collection}-{next(self.numbers)}", **body}
                if collection == "tokens":
                    made["token"] = f"{next(self.numbers):040x}"
                if collection == "jwts" and "BEGIN PUBLIC KEY" not in body["public_key"]:
                    raise Refused(422, "public_key is not a valid public key")
                items.append(made | ({"domain": body["domain_mask"]} if collection == "domain_masks" else {}))
                return _data(made, 201)
            case "PUT", [number]:
                _one(items, number).update(body)
                return _data(True)
            case "DELETE", [number]:
                items.remove(_one(items, number))
                return _data(True)
        raise Refused(404, "Not Found")

    def _of_method_limits(self, method: str, items: list[dict[str, Any]], item: list[str], body: Any) -> Say:
        match method, item:
            case "GET", []:
                return _data({"rate_limiters": items})
            case "POST", []:
                made = {
                    "id": f"rl-{next(self.numbers)}",
                    **body,
                    "status": "enabled",
                    "created": "2026-01-01T00:00:00Z",
                }
                items.append(made)
                return _data(made, 201)
            case "PATCH", [number]:
                _one(items, number).update(body)
                return _data(_one(items, number))
            case "DELETE", [number]:
                items.remove(_one(items, number))
                return _data(True)
        raise Refused(404, "Not Found")

    def _usage(self, by: str) -> dict[str, Any]:
        span = {"start_time": 1700000000, "end_time": 1702000000}
        method = {
            "method_name": "eth_call",
            "credits_used": 40,
            "archive": False,
            "network": "mainnet",
            "chain": "ethereum",
        }
        match by:
            case "":
                return {"credits_used": 60, "credits_remaining": 940, "limit": 1000, "overages": None, **span}
            case "by-endpoint":
                one = {"name": "blue-moon-1", "chain": "ethereum", "network": "mainnet", "status": "active"}
                return {
                    "endpoints": [{**one, "credits_used": 40, "requests": 2, "methods_breakdown": [method]}],
                    **span,
                }
            case "by-method":
                return {"methods": [method], **span}
            case "by-chain":
                return {"chains": [{"name": "ethereum", "credits_used": 40}], **span}
        raise Refused(404, "Not Found")


def _one(items: list[dict[str, Any]], number: str) -> dict[str, Any]:
    for found in items:
        if found["id"] == number:
            return found
    raise Refused(404, "Not Found")


def _switches(security: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"option": name, "status": "enabled" if on else "disabled", "value": None}
        for name, on in security["options"].items()
    ]


def _data(data: object, status: int = 200) -> Say:
    return _say(status, {"data": data, "error": None})


def _say(status: int, body: object) -> Say:
    return Say(json.dumps(body).encode(), status, {"Content-Type": "application/json"})
