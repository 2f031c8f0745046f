"""What is shown of a QuickNode endpoint, and what a warm wallet's owner should change. Never a token, never an address
as a whole: it has the token in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from warifu.chains.quicknode.admin_types import Endpoint, EndpointSummary, Security, SecurityOption
from warifu.chains.quicknode.hardening import Step, Wanted, allowed_methods, folded, switches_on
from warifu.chains.rpc.secret import Secret, hide
from warifu.cli.screen import Screen
from warifu.cli.text import tr

_LAST_SECOND = 253_402_300_799
"""Of the year 9999, the last that a date can be made of."""


def host_of(address: Secret) -> str:
    """The host alone."""
    try:
        return urlsplit(address.reveal()).hostname or "?"
    except ValueError:
        return "?"


def endpoint_object(item: EndpointSummary | Endpoint) -> dict[str, Any]:
    """An endpoint as scripts get it."""
    return {
        "id": item.id,
        "label": item.label,
        "chain": item.chain,
        "network": item.network,
        "status": item.status,
        "host": host_of(item.http_url),
    }


def called(endpoint: Endpoint) -> str:
    """The endpoint as its owner knows it, for a question."""
    name = f"{endpoint.label} ({endpoint.id})" if endpoint.label else endpoint.id
    return f"{name}, {endpoint.chain}/{endpoint.network}"


def moment(seconds: int) -> str:
    """A time that a server says, in seconds since 1970, for people."""
    if not 0 <= seconds <= _LAST_SECOND:
        return "?"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def security_object(security: Security, options: Sequence[SecurityOption]) -> dict[str, Any]:
    """Who may use an endpoint, as scripts get it: of tokens their ids alone."""
    return {
        "switches": {option.option: option.status == "enabled" for option in options},
        "tokens": [{"id": token_id} for token_id in token_ids(security)],
        "jwts": [{"id": key.id, "kid": key.kid, "name": key.name} for key in security.jwts or []],
        "ips": [{"id": item.id, "ip": item.ip} for item in security.ips or []],
        "referrers": [{"id": item.id, "referrer": item.referrer} for item in security.referrers or []],
        "domain_masks": [{"id": item.id, "domain": item.domain} for item in security.domain_masks or []],
        "methods": sorted(allowed_methods(security)),
    }


def token_ids(security: Security) -> list[str]:
    """The ids of the tokens; should one hold its token, that stays hidden."""
    return [hide(item.id, [item.token]) for item in security.tokens or []]


def show_security(screen: Screen, security: Security, options: Sequence[SecurityOption]) -> None:
    """The switches as a table, then what the checks let in."""
    screen.table(
        (tr("check"), tr("on")),
        [(option.option, tr("yes") if option.status == "enabled" else tr("no")) for option in options],
    )
    screen.line()
    keys = [f"{key.kid} ({key.name})" for key in security.jwts or []]
    screen.facts(
        (name, f"{len(values)}: {', '.join(values)}" if values else "0")
        for name, values in (
            (tr("tokens (their ids)"), token_ids(security)),
            (tr("JWT keys"), keys),
            (tr("IP addresses"), [item.ip for item in security.ips or []]),
            (tr("referrers"), [item.referrer or item.id for item in security.referrers or []]),
            (tr("domain masks"), [item.domain for item in security.domain_masks or []]),
            (tr("allowed methods"), sorted(allowed_methods(security))),
        )
    )


def advice(
    security: Security, options: Iterable[SecurityOption], methods: Sequence[str]
) -> list[tuple[str, str]]:
    """What a warm wallet's owner should change: a stable word and a sentence for each.

    ``methods``: those that the wallet calls there; empty where that is not known.
    """
    on = switches_on(options)
    return [*_who(security, on), *_what(security, on, methods)]


def _who(security: Security, on: set[str]) -> list[tuple[str, str]]:
    found = []
    if "jwts" not in on and "tokens" not in on:
        found.append(("open", tr("Neither a token nor a JWT is asked for: whoever knows the host gets in.")))
    elif "jwts" not in on:
        found.append(
            ("jwts-off", tr("JWTs are not asked for: whoever finds a token gets in until it is revoked."))
        )
    elif not security.jwts:
        found.append(("no-jwt-key", tr("JWTs are asked for, and no key is registered: nobody gets in.")))
    if "ips" not in on:
        found.append(("ips-off", tr("Requests are taken from every IP address.")))
    elif not security.ips:
        found.append(("no-ip", tr("IP addresses are checked, and none is registered: nobody gets in.")))
    if folded("ipCustomHeader") in on:
        found.append(
            ("ip-header", tr("IP addresses are read from a header, which whoever asks may have written."))
        )
    if len(security.tokens or []) > 1:
        found.append(("tokens", tr("There is more than one token: revoke those that nothing of yours uses.")))
    return found


def _what(security: Security, on: set[str], methods: Sequence[str]) -> list[tuple[str, str]]:
    allowed = allowed_methods(security)
    if folded("requestFilters") not in on:
        return [("methods-off", tr("Every method can be called, not only those of the wallet."))]
    if not methods:
        return []
    missing = sorted(set(methods) - allowed_methods(security, always=True))
    more = sorted(allowed - set(methods))
    found = []
    if missing:
        text = tr("The wallet calls methods that are not let through: {methods}.", methods=", ".join(missing))
        found.append(("methods-missing", text))
    if more:
        text = tr(
            "Methods are let through that the wallet does not call: {methods}.", methods=", ".join(more)
        )
        found.append(("methods-more", text))
    return found


def step_words(step: Step) -> str:
    """A step of the hardening, as a sentence."""
    match step.kind:
        case "jwt":
            return tr("Register the JWT key {name}.", name=step.subject)
        case "ip":
            return tr("Let requests from {address} in.", address=step.subject)
        case "methods":
            return tr("Let these methods through and no others: {methods}.", methods=step.subject)
        case "fewer-methods":
            return tr("Remove the other filter, which lets through: {methods}.", methods=step.subject)
        case "read":
            return tr("Read the endpoint again, so that no check locks you out.")
        case "switch":
            return tr("Switch these checks on: {switches}.", switches=step.subject)


def left_in(security: Security, wanted: Wanted) -> list[str]:
    """Whom the checks that are switched on let in besides what the owner named: it was registered before."""
    found = []
    keys = [key.kid for key in security.jwts or [] if wanted.jwt is not None and key.kid != wanted.jwt.kid]
    if keys:
        found.append(tr("Other keys that stay registered: {keys}.", keys=", ".join(keys)))
    others = [item.ip for item in security.ips or [] if wanted.ips and item.ip not in wanted.ips]
    if others:
        found.append(tr("Other addresses that stay let in: {addresses}.", addresses=", ".join(others)))
    return found
