"""Another key in the place of an account's: what is looked at before, and when the devices forget the old one.

They forget it as late as can be: when the new one is ready, its owners have said yes, and every device that is to keep
it is there. What can come between then is the service's end or this client's, and the same name is added again.

A key that is born among the devices waits beside the old one, which is forgotten when all of them keep the new one with
its API key (``signer.exchanges.succeeding``): nothing can come between that loses both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from warifu.cli.approvers import OwnCredential
from warifu.cli.client import Client
from warifu.cli.context import now
from warifu.cli.exchanges.accounts import list_accounts, remove_account
from warifu.cli.exchanges.visits import look, together
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.exchange_answers import AccountStatus
from warifu.protocol.exchange_requests import RemoveAccountRequest


def to_rotate(client: Client, wallet: Wallet, account: str, *, simulation: bool) -> AccountStatus:
    """The account as devices tell of it. ``InputRefused`` (``unknown-account``, ``exchange-roots``); ``ServiceRefused``
    (``device-offline``) where not all of its holders are there."""
    listed = [each for each in list_accounts(client, wallet) if each.account.account == account]
    if not listed:
        raise InputRefused(
            "unknown-account",
            f"no connected device of the wallet has an account {account[:40]!r}",
            not_done="Nothing was changed.",
            remedy="See 'warifu exchange list'. If it was forgotten already, add it under its name: warifu exchange "
            "add.",
        )
    old = listed[0].account
    if old.finished and old.simulation is not simulation:  # what is not finished is of neither yet
        raise InputRefused(
            "exchange-roots",
            f"{account} is a simulation, and its new key is of a real exchange"
            if old.simulation
            else f"{account} is no simulation, and its new key is of one",
            not_done="Nothing was changed.",
            remedy="Name the simulation's certificate authority (--authorities), or leave it out.",
        )
    away = sorted({name for each in listed for name in each.away})
    if away:
        raise ServiceRefused(
            "device-offline",
            f"not connected: {', '.join(away)}",
            not_done="No device was told.",
            remedy="All devices that keep the key take part in this. Switch them on, and ask again.",
            blame=away[0] if len(away) == 1 else None,
        )
    return old


def warn_of_visits(client: Client, screen: Screen, wallet: Wallet, account: str, *, born: bool) -> None:
    """Where a visit with the account is not at home. ``born``: the new key has to be registered first."""
    with suppress(WarifuError):  # whatever keeps it from being seen keeps nobody from having another key
        if any(seen.stays_with(account) for seen in together(look(client, wallet))):
            if born:
                screen.warn(
                    tr(
                        "a visit with {account} is not at home: it goes on with the old key until 'exchange finish', "
                        "ends then, and comes home by the new one",
                        account=account,
                    )
                )
                return
            screen.warn(
                tr(
                    "a visit with {account} is not at home: it ends, and comes home by the new key within ten minutes "
                    "of that (at once: warifu visit sweep {wallet})",
                    account=account,
                    wallet=wallet.name,
                )
            )


def require_switched(
    client: Client, screen: Screen, wallet: Wallet, account: str, public: bytes, patience: float = 10.0
) -> bool:
    """Whether all connected devices use the key ``public`` now; where not, who does not is said."""
    end = time.monotonic() + patience
    while True:
        listed = [each for each in list_accounts(client, wallet) if each.account.account == account]
        old = sorted({name for each in listed if each.account.public != public for name in each.having})
        if not old and listed:
            return True
        if time.monotonic() >= end:
            screen.warn(
                tr(
                    "these devices have not switched to it yet: {names}. They are brought to it as soon as all are "
                    "connected; until then t devices may be missing for a call.",
                    names=", ".join(old),
                )
            )
            return False
        time.sleep(0.5)


def forget_first(
    client: Client, screen: Screen, own: OwnCredential, wallet: Wallet, removal: RemoveAccountRequest
) -> Callable[[], None]:
    """Have the devices forget the old key. What takes its place is made later than that, in seconds: no device hears
    anything about a name that is not newer than its removal."""
    while now() <= removal.created:
        time.sleep(0.1)

    def forget() -> None:
        away = remove_account(client, own.approve, wallet, removal)
        screen.line(tr("The devices have forgotten the old key."))
        if away:
            screen.warn(tr("away: {names}", names=", ".join(away)))

    return forget
