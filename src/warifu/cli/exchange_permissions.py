"""What a key may do at its exchange: the least is asked for, and the most is warned of."""

from __future__ import annotations

from typing import Any

from warifu.cli.exchange_calls import Exchanging
from warifu.cli.exchange_failures import as_error
from warifu.cli.text import tr
from warifu.errors import ExchangeRefused
from warifu.exchanges.adapter import Permissions
from warifu.exchanges.failures import ExchangeFailed


def show_permissions(exchanging: Exchanging) -> dict[str, Any]:
    """Ask and say; for scripts what was said. Raises ``ExchangeRefused``.

    A Coinbase CDP key of the kind Ed25519 is probed by it: which of Coinbase's products take one is contradicted
    between its own documents, and a refused signature says so at once.
    """
    screen, account = exchanging.screen, exchanging.account
    call = exchanging.exchange.permissions()
    said: dict[str, Any] = {
        "exchange": account.exchange,
        "account": account.account,
        "simulation": account.simulation,
        "permissions": None,
    }
    if call is None:
        screen.line(tr("This exchange does not say what a key may do: look at it on its site."))
        return said
    try:
        found = exchanging.ask(call)
    except ExchangeFailed as failure:
        error = as_error(failure)
        if failure.reason == "authentication" and account.key == "ed25519-split":
            raise ExchangeRefused(
                error.reason,
                "the exchange does not take this key, or not its kind (Ed25519)",
                not_done="Nothing happened at the exchange.",
                remedy="Check it on its site. If it is right, make a key of the kind ECDSA there, and add that one.",
            ) from None
        raise error from None
    screen.facts(
        [
            (tr("Reads"), _word(found.views)),
            (tr("Trades"), _word(found.trades)),
            (tr("Withdraws"), _word(found.pays_out)),
            (tr("Bound to IP addresses"), _word(found.bound_to_addresses)),
        ]
    )
    for warning in warnings_of(found):
        screen.warn(warning)
    said["permissions"] = {
        "reads": found.views,
        "trades": found.trades,
        "withdraws": found.pays_out,
        "bound_to_addresses": found.bound_to_addresses,
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
    if found.bound_to_addresses is False:
        warnings.append(
            tr("the key is taken from any address: bind it to the service's, if that one is fixed")
        )
    return warnings


def _word(said: bool | None) -> str:
    return tr("the exchange does not say") if said is None else tr("yes") if said else tr("no")
