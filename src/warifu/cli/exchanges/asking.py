"""Asking an exchange for a command: what goes wrong is said in the owner's words, and what was kept is not forgotten
before its end is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from warifu.cli.context import Setting
from warifu.cli.dry_run import show_told
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.failures import as_error
from warifu.cli.exchanges.kept import forget
from warifu.cli.exchanges.orders import FINAL, state_facts, state_object
from warifu.cli.exchanges.together import NotAsked
from warifu.cli.text import tr
from warifu.errors import WarifuError
from warifu.exchanges.adapter import OrderState
from warifu.exchanges.calls import Call
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown

A = TypeVar("A")


def asking(work: Callable[[], A]) -> A:
    """What ``work`` asks an exchange for. Raises ``ExchangeRefused`` for its no, and what a device or the service
    refuses."""
    try:
        return work()
    except ExchangeFailed as failure:
        raise as_error(failure) from None


def changing(setting: Setting, exchanging: Exchanging, identifier: str, work: Callable[[], A]) -> A:
    """As :func:`asking`, for what was kept. Only where the exchange itself says no is it known to have an end:
    whatever else goes wrong may be the service's word alone, and leaves it to be asked for."""
    place = f"{exchanging.wallet.name} {exchanging.account.account} {identifier}"
    try:
        return work()
    except ExchangeFailed as failure:
        if not isinstance(failure, OutcomeUnknown) and failure.reason != "duplicate":
            forget(setting.home, identifier)
        raise as_error(failure, identifier=place) from None
    except NotAsked:  # this client's own word: nothing of it left
        forget(setting.home, identifier)
        raise
    except WarifuError as error:
        error.remedy = (
            f"{error.remedy} To be sure that nothing was done: warifu exchange status {place}".strip()
        )
        raise
    except KeyboardInterrupt:
        exchanging.screen.warn(
            tr(
                "it may have been sent all the same; ask before you repeat it: warifu exchange status {place}",
                place=place,
            )
        )
        raise


def rehearsed(exchanging: Exchanging, call: Call[Any]) -> list[dict[str, Any]]:
    """A dry run: what each device says of it, for people and for scripts."""
    with exchanging.screen.waiting(tr("the devices judge it")):
        told = exchanging.rehearsed(call)
    return show_told(exchanging.screen, told)


def show_order(setting: Setting, exchanging: Exchanging, state: OrderState, identifier: str) -> None:
    """What the exchange says of an order that was kept; at its end this client forgets it."""
    exchanging.screen.facts(state_facts(state))
    if state.status in FINAL:
        forget(setting.home, identifier)
    show_result(exchanging, {"order": state_object(state), "known": True})


def show_result(exchanging: Exchanging, value: dict[str, Any]) -> None:
    """The object for a script, with the account that it is of."""
    account = exchanging.account
    exchanging.screen.result(
        {"exchange": account.exchange, "account": account.account, "simulation": account.simulation, **value}
    )
