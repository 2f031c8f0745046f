"""Closing an endpoint to all but the wallet, step by step: who comes (a JWT, an address), and what may be called.

The order is what makes it safe to be stopped anywhere:

1. the methods are made those of the wallet: its own are let through before others are taken away;
2. its key and its addresses are added. Only now: where their checks are on already, they open the door for what may be
   called at that moment, and before the first step that could be anything;
3. the endpoint is read again: a check whose list lacks what was added would lock the owner out;
4. the checks are switched on, all in one request. None is ever switched off.

Steps that are done already are not in the plan, so the same command can be given again.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from warifu.chains.quicknode.admin_types import Security, SecurityOption
from warifu.chains.quicknode.jwt import JwtPublicKey
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import InputRefused

if TYPE_CHECKING:  # what is planned needs no HTTP, and the command line shows it where there is none
    from warifu.chains.quicknode.admin import AdminApi, Switch

SERVER = "quicknode-admin"
Kind = Literal["jwt", "ip", "methods", "fewer-methods", "read", "switch"]


@dataclass(frozen=True)
class Wanted:
    """``jwt``: whose tokens open the endpoint; ``ips``: from where; ``methods``: all that may be called, not empty."""

    jwt: JwtPublicKey | None
    ips: tuple[str, ...]
    methods: tuple[str, ...]

    def switches(self) -> tuple[Switch, ...]:
        """The checks that are to be on."""
        switches: list[Switch] = ["requestFilters"]
        if self.jwt is not None:
            switches.append("jwts")
        if self.ips:
            switches.append("ips")
        return tuple(switches)


@dataclass(frozen=True)
class Step:
    """One change, or the reading before the last one. ``subject``: of what, for people."""

    kind: Kind
    subject: str
    do: Callable[[], object]


def plan(admin: AdminApi, endpoint_id: str, wanted: Wanted) -> list[Step]:
    """What is to be done, in order; nothing where all is as ``wanted``. Changes nothing.

    Raises ``InputRefused`` (``jwt-kid``) where the key's name is another key's, and as ``AdminApi``.
    """
    security = admin.security(endpoint_id)
    steps = [
        *_methods(admin, endpoint_id, wanted, security),
        *_key(admin, endpoint_id, wanted, security),
        *_addresses(admin, endpoint_id, wanted, security),
    ]
    on = switches_on(admin.security_options(endpoint_id))
    missing = [switch for switch in wanted.switches() if folded(switch) not in on]
    if steps or missing:
        steps.append(Step("read", endpoint_id, lambda: check_lists(admin.security(endpoint_id), wanted)))
    if missing:
        steps.append(Step("switch", ", ".join(missing), lambda: _switch(admin, endpoint_id, missing)))
    return steps


def public_address(text: str) -> str:
    """An address from which requests can reach QuickNode, as it is written. ``InputRefused`` (``ip-address``).

    A private one never arrives there: with the check on, nobody would get in.
    """
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        found = None
    mapped = isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped or found.scope_id)
    if found is None or mapped or not found.is_global or found.is_multicast:
        raise InputRefused(
            "ip-address",
            f"{text[:64]!r} is no address that QuickNode can see requests come from",
            not_done="Nothing was changed.",
            remedy="Give the public IP address of the machine that asks: one address, without a mask.",
        )
    return str(found)


def switches_on(options: Iterable[SecurityOption]) -> set[str]:
    """The checks that are on, ``folded``."""
    return {folded(option.option) for option in options if option.status == "enabled"}


def folded(switch: str) -> str:
    """A check's name, however it is spelled: QuickNode writes ``requestFilters`` and ``request_filters``."""
    return switch.replace("_", "").lower()


def allowed_methods(security: Security, *, always: bool = False) -> set[str]:
    """All that the filters of an endpoint let through; ``always``: without a condition on the parameters."""
    return {
        method
        for item in security.request_filters or []
        for method in item.method
        if not (always and item.params)
    }


def check_lists(security: Security, wanted: Wanted) -> None:
    """Return only if the lists have what the owner needs, so that their checks can be switched on.

    Raises ``ChainUnavailable`` (``answer-form``): what was added is not there.
    """
    lacking = []
    if wanted.jwt is not None and not _registered(security, wanted.jwt):
        lacking.append(f"the key {wanted.jwt.kid}")
    present = {_canonical(entry.ip) for entry in security.ips or []}
    lacking += [f"the address {address}" for address in wanted.ips if address not in present]
    methods = set(wanted.methods)
    if not allowed_methods(security, always=True) == methods == allowed_methods(security):
        lacking.append("exactly the methods of the wallet")
    if lacking:
        raise unavailable(
            "answer-form",
            f"after all changes the endpoint does not have {', '.join(lacking)}",
            SERVER,
            remedy="Look at the endpoint in QuickNode's dashboard.",
        )


def _key(admin: AdminApi, endpoint_id: str, wanted: Wanted, security: Security) -> list[Step]:
    key = wanted.jwt
    if key is None or _registered(security, key):
        return []
    if any(entry.kid == key.kid for entry in security.jwts or []):
        # Which of two keys of one name a JWT is checked against is not ours to guess.
        raise InputRefused(
            "jwt-kid",
            f"another key is registered under the name {key.kid!r}",
            not_done="Nothing was changed.",
            remedy="Give another --jwt-kid, the one that the backend uses.",
        )
    return [Step("jwt", key.kid, lambda: admin.register_jwt(endpoint_id, key, key.kid))]


def _addresses(admin: AdminApi, endpoint_id: str, wanted: Wanted, security: Security) -> list[Step]:
    present = {_canonical(entry.ip) for entry in security.ips or []}
    return [
        Step("ip", address, lambda address=address: admin.add_ip(endpoint_id, address))  # type: ignore[misc]
        for address in wanted.ips
        if address not in present
    ]


def _methods(admin: AdminApi, endpoint_id: str, wanted: Wanted, security: Security) -> list[Step]:
    """One filter of exactly the methods, whatever their parameters. Others go only when it has all that is needed."""
    filters, methods = security.request_filters or [], wanted.methods
    shown = ", ".join(methods)
    usable = [item for item in filters if not item.params]
    kept = next((item for item in usable if set(item.method) == set(methods)), None)
    steps = []
    if kept is None and usable:
        kept = usable[0]
        first = kept.id
        steps.append(Step("methods", shown, lambda: admin.change_filter(endpoint_id, first, methods)))
    elif kept is None:
        steps.append(Step("methods", shown, lambda: admin.allow_only(endpoint_id, methods)))
    for item in filters:
        if item is not kept:
            gone = ", ".join(sorted(set(item.method) - set(methods))) or item.id
            steps.append(Step("fewer-methods", gone, _remover(admin, endpoint_id, item.id)))
    return steps


def _remover(admin: AdminApi, endpoint_id: str, filter_id: str) -> Callable[[], object]:
    return lambda: admin.delete_filter(endpoint_id, filter_id)


def _switch(admin: AdminApi, endpoint_id: str, switches: list[Switch]) -> None:
    on = switches_on(admin.set_security_options(endpoint_id, dict.fromkeys(switches, True)))
    still_off = [switch for switch in switches if folded(switch) not in on]
    if still_off:
        raise unavailable(
            "answer-form",
            f"it did not switch on: {', '.join(still_off)}",
            SERVER,
            remedy="Look at the endpoint with 'warifu quicknode security'.",
        )


def _registered(security: Security, key: JwtPublicKey) -> bool:
    return any(
        entry.kid == key.kid and entry.public_key.split() == key.public_pem.split()
        for entry in security.jwts or []
    )


def _canonical(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
