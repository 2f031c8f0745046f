"""What a story on an Ethereum chain says again and again: pay, look, authorize, kill the service, start it again."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any

from tests.support.spying import arguments_and_environment, descendants
from tests.support.terminal import script

from warifu.cli.accounts import Watching, asset_named, payment_order
from warifu.cli.context import now
from warifu.cli.order import Order
from warifu.cli.wallet_keys import account_of
from warifu.demo.account_chains import ETHEREUM
from warifu.demo.accounts import ETHEREUM_PAYEE
from warifu.demo.payments import sealed
from warifu.demo.scene import DEVICES, WALLET, Scene, wait_until
from warifu.errors import WarifuError
from warifu.protocol.api import (
    Accepted,
    AccountDraft,
    AccountEntry,
    AccountHistory,
    AccountPayment,
    Devices,
    Event,
    NewAccountDraft,
    NewTransfer,
    Transfer,
)
from warifu.protocol.request import TransferRequest


def mine(stage: Scene) -> str:
    """The wallet's account."""
    return account_of(stage.born, ETHEREUM)


def owner(stage: Scene, *arguments: str) -> dict[str, Any]:
    """One of the owner's commands that succeeds."""
    passphrase = bytes(stage.passphrase) if arguments[0] in ("send", "bump", "cancel") else None
    code, shown = script(stage.home, *arguments, passphrase=passphrase)
    assert code == 0, shown
    return shown


def send(stage: Scene, amount: str, *options: str) -> dict[str, Any]:
    return owner(stage, "send", WALLET, ETHEREUM_PAYEE, amount, "--chain", ETHEREUM, "--yes", *options)


def told(stage: Scene, transfer: str) -> Transfer:
    """What the service says of a transfer now."""
    return stage.client.get(f"/transfers/{transfer}", Transfer, after=0, wait=0)


def until(stage: Scene, transfer: str, state: str) -> Transfer:
    wait_until(lambda: told(stage, transfer).state == state, f"{transfer} to be {state}", 40)
    return told(stage, transfer)


def entry(stage: Scene, transfer: str) -> AccountEntry:
    told = stage.client.get(f"/wallets/{WALLET}/account-transactions", AccountHistory).transfers
    return next(item for item in told if item.transfer == transfer)


def drafted(stage: Scene, amount: int, token: str | None = None) -> Order:
    """What the service builds, read and checked by the owner's client."""
    asset = asset_named(stage.born, ETHEREUM, token)
    payment = AccountPayment(to=ETHEREUM_PAYEE, amount=str(amount), token=asset.token)
    question = NewAccountDraft(chain=ETHEREUM, payment=payment)
    draft = stage.client.post(f"/wallets/{WALLET}/account-drafts", question, AccountDraft)
    return payment_order(stage.born, draft, ETHEREUM_PAYEE, amount, asset, Watching(None, (), 0))


def authorized(stage: Scene, order: Order) -> tuple[TransferRequest, NewTransfer]:
    request = order.request(stage.born, now())
    authorization, envelopes = sealed(stage, request, ("home", "friend"), stage.passphrase)
    return request, NewTransfer(authorization=authorization, envelopes=envelopes, unsigned=order.unsigned)


def hand_in(stage: Scene, order: Order) -> str:
    return stage.client.post("/transfers", authorized(stage, order)[1], Accepted).id


def service_process(stage: Scene) -> int:
    """The id of the service's process, which 'up' started."""
    up = stage.processes.pids()["up"]
    (service,) = (
        pid for pid in descendants([up]) if b"warifu.cli.service_process" in arguments_and_environment(pid)
    )
    return service


def kill_the_service(stage: Scene, service: int) -> None:
    """Its process alone, at once; what started it sees that and ends, too."""
    os.kill(service, signal.SIGKILL)
    running = next(process for process in stage.processes.running() if process.name == "up")
    assert running.process.wait(30) != 0
    stage.processes.stop("up")


def start_the_service(stage: Scene) -> None:
    up = stage.processes.start("up", "warifu.cli", "--home", stage.home, "up")
    up.expect("The service answers at", 60)
    wait_until(lambda: connected(stage) == set(DEVICES), "the return of every device", 60)


def connected(stage: Scene) -> set[str]:
    with contextlib.suppress(WarifuError):  # it is starting
        return {item.name for item in stage.client.get("/devices", Devices).devices if item.connected}
    return set()


def prepared(stage: Scene, name: str) -> dict[str, int]:
    """How many signatures a device says that it has prepared, by the other device."""
    (wallet,) = owner(stage, "signer", "status", name)["wallets"]
    return {other: count for other, count in wallet["correlations"].items() if other != name}


def news(stage: Scene, transfer: str) -> tuple[Event, ...]:
    """All events, as soon as there is one more."""
    seen = stage.client.get(f"/transfers/{transfer}", Transfer, after=0, wait=0).events
    more = stage.client.get(f"/transfers/{transfer}", Transfer, after=len(seen), wait=1).events
    return (*seen, *more)


def not_sent_yet(stage: Scene, transfer: str) -> None:
    wait_until(
        lambda: any("not sent yet" in event.text for event in told(stage, transfer).events), "the try", 40
    )
    assert told(stage, transfer).state == "signed"
