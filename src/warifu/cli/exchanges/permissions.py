"""What a key may do at its exchange: the least is asked for, and the most is warned of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.failures import as_error
from warifu.cli.text import tr
from warifu.errors import ExchangeRefused, PolicyDenied
from warifu.exchanges.adapter import Permissions
from warifu.exchanges.calls import Call
from warifu.exchanges.failures import ExchangeFailed

_KINDS = {"ed25519-split": "Ed25519", "ed25519-born": "Ed25519", "es256": "ECDSA", "hmac": "HMAC"}


@dataclass
class Found:
    """What asking the exchange brought."""

    permissions: Permissions | None = None
    failed: ExchangeFailed | None = None
    """Why it did not say them."""
    apis: dict[str, str] = field(default_factory=dict)
    """Whether each of its APIs takes the key: ``yes``, ``no``, ``not-asked``, or why it did not say."""


def show_permissions(exchanging: Exchanging) -> dict[str, Any]:
    """Ask and say; for scripts what was said. Raises ``ExchangeRefused``.

    A Coinbase CDP key is tried at each API: which of them takes one of the kind Ed25519 is contradicted between
    Coinbase's own documents, and a refused signature says so at once.
    """
    screen, account = exchanging.screen, exchanging.account
    call = exchanging.exchange.permissions()
    said: dict[str, Any] = {
        "exchange": account.exchange,
        "account": account.account,
        "simulation": account.simulation,
        "permissions": None,
        "apis": {},
    }
    if call is None:
        screen.line(tr("This exchange does not say what a key may do: look at it on its site."))
        return said
    found = _asked(exchanging, call)
    said["apis"] = found.apis
    if found.apis:
        screen.facts(
            [(tr("{api} takes this key", api=api), _taken(word)) for api, word in found.apis.items()]
        )
    if found.permissions is None:
        assert found.failed is not None, "it said one or the other"
        raise _refused(found.failed, _KINDS[account.key])
    for warning in unfit_for(found.apis, _KINDS[account.key]):
        screen.warn(warning)
    screen.facts(
        [
            (tr("Reads"), _word(found.permissions.views)),
            (tr("Trades"), _word(found.permissions.trades)),
            (tr("Withdraws"), _word(found.permissions.pays_out)),
            (tr("Bound to IP addresses"), _word(found.permissions.bound_to_addresses)),
        ]
    )
    for warning in warnings_of(found.permissions):
        screen.warn(warning)
    said["permissions"] = {
        "reads": found.permissions.views,
        "trades": found.permissions.trades,
        "withdraws": found.permissions.pays_out,
        "bound_to_addresses": found.permissions.bound_to_addresses,
        "more": list(found.permissions.more),
    }
    return said


def warnings_of(found: Permissions) -> list[str]:
    """What is more than a wallet needs, or less."""
    warnings = []
    if not found.views:
        warnings.append(tr("the key may not even read: give it the permission to view"))
    if found.pays_out:
        warnings.append(
            tr(
                "the key may withdraw. Turn on the exchange's own list of withdrawal addresses, with this wallet's "
                "addresses alone: what a device was made to sign could go nowhere else."
            )
        )
    if found.more:
        warnings.append(
            tr(
                "the key may do more than a wallet needs ({what}): take that from it at the exchange. A device that "
                "carries a signed request could have it taken there.",
                what=", ".join(found.more),
            )
        )
    if found.bound_to_addresses is False:
        warnings.append(
            tr("the key is taken from any address: bind it to the service's, if that one is fixed")
        )
    return warnings


def unfit_for(apis: dict[str, str], kind: str) -> list[str]:
    """Where a key is of no use, and why that may be. ``kind``: of the key, in words."""
    other = "ECDSA" if kind == "Ed25519" else "Ed25519"
    return [
        tr(
            "{api} does not take this key, or not its kind ({kind}). Check it on the exchange's site; if it is right, "
            "make one of the kind {other} there, and give the account that one: warifu exchange rotate.",
            api=api,
            kind=kind,
            other=other,
        )
        for api, word in apis.items()
        if word == "no"
    ]


def _asked(exchanging: Exchanging, call: Call[Permissions]) -> Found:
    """Each of its APIs once; the one that says the permissions is not asked twice."""
    found = Found()
    probes = exchanging.exchange.probes()
    if not any(probe.unsigned == call.unsigned for _, probe in probes):
        probes = (("", call), *probes)
    for api, probe in probes:
        is_it = probe.unsigned == call.unsigned
        try:
            answer = exchanging.ask(probe)
            word = "yes"
        except ExchangeFailed as failure:
            word = "no" if failure.reason == "authentication" else failure.reason
            if is_it:
                found.failed = failure
        except PolicyDenied:
            if is_it:
                raise
            word = "not-asked"
        else:
            if is_it:
                found.permissions = answer
        if api:
            found.apis[api] = word
    return found


def _refused(failure: ExchangeFailed, kind: str) -> ExchangeRefused:
    error = as_error(failure)
    if failure.reason != "authentication" or kind != "Ed25519":
        return error
    return ExchangeRefused(
        error.reason,
        "the exchange does not take this key, or not its kind (Ed25519)",
        not_done="Nothing happened at the exchange.",
        remedy="Check it on its site, and the clocks. If it is right, make a key of the kind ECDSA there, and give the "
        "account that one: warifu exchange rotate.",
    )


def _taken(word: str) -> str:
    spoken = {"yes": tr("yes"), "no": tr("no"), "not-asked": tr("not asked: the policy does not allow it")}
    return spoken.get(word, word)


def _word(said: bool | None) -> str:
    return tr("the exchange does not say") if said is None else tr("yes") if said else tr("no")
