"""``warifu visit``: funds go to an exchange for a trade, and come home."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from decimal import Decimal

import click

from warifu.cli.accounts import Watching
from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import (
    Group,
    chain_option,
    confirm,
    examples,
    json_option,
    passphrase_option,
    require_yes,
    with_option,
    yes_option,
)
from warifu.cli.commands.send import payment
from warifu.cli.context import Setting
from warifu.cli.exchanges.visits import (
    Said,
    Seen,
    end_request,
    left_behind,
    look,
    named,
    open_visit,
    provers,
    sweep,
    tell,
    together,
    visit_request,
)
from warifu.cli.exchanges.visits_shown import (
    amount_of,
    home_of,
    loss_of,
    others_of,
    seen_object,
    show_refusals,
    show_seen,
)
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.transferring import OUTCOME_UNKNOWN, Sender
from warifu.cli.waiting_shown import SHORT, moment
from warifu.errors import InputRefused, WarifuError
from warifu.exchanges.networks import COINS
from warifu.protocol.exchange_requests import VisitRequest
from warifu.protocol.policy_forms import parse_duration, parse_share
from warifu.protocol.request import request_digest

PAUSE = 1.0
_PROOF_SECONDS = 120
"""So long it is waited for the devices to prove the way back."""


@examples("warifu visit open savings binance '0.5 BTC' --for 2h", "warifu visit show savings")
@click.group("visit", cls=Group)
def group() -> None:
    """Funds that go to an exchange for a trade, and come home.

    When the time is over the devices bring home what is left, to an address of the wallet's own and to no other. For
    that nobody has to be there.
    """


@examples(
    "warifu visit open savings binance '0.5 BTC' --for 2h",
    "warifu visit open savings binance '2 ETH' --for 1d --send",
    "warifu visit open savings binance '0.5 BTC' --for 2h --stop-loss 5%",
)
@group.command("open")
@click.argument("wallet_name", metavar="WALLET")
@click.argument("account")
@click.argument("amount")
@click.option(
    "--for", "duration", required=True, metavar="TIME", help="How long it may be there: 30m, 2h, 1d."
)
@click.option(
    "--also",
    multiple=True,
    metavar="ASSET",
    help="What else comes home: ETH, USDC@ethereum, SOL=ADDRESS for the one on the exchange's list (repeat).",
)
@click.option(
    "--home",
    default="",
    metavar="ADDRESS",
    help="The wallet's own address that it comes home to, if the exchange has a list of addresses; else a fresh one.",
)
@click.option(
    "--stop-loss",
    metavar="SHARE",
    help="Most that it may lose of what it brought: 5%, 2.5%. Then it comes home. Else the policy's, if it has one.",
)
@click.option("--send", is_flag=True, help="Send the funds at once; the passphrase is asked for then.")
@click.option("--fee-rate", metavar="RATE", help="With --send, on Bitcoin: in sat/vB.")
@passphrase_option
@chain_option
@with_option
@yes_option
@json_option
@click.pass_obj
def open_command(
    setting: Setting,
    wallet_name: str,
    account: str,
    amount: str,
    duration: str,
    also: tuple[str, ...],
    home: str,
    stop_loss: str | None,
    send: bool,
    fee_rate: str | None,
    passphrase_fd: int | None,
    chain: str,
    credential: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Let AMOUNT of WALLET's be at the exchange of ACCOUNT for a while. Nothing moves yet, unless --send is there.

    It takes as many owners as an order for that much there: where these are several, it waits for the others ('warifu
    approval give').

    Each device proves the way back to itself: that the key may withdraw, what is there, and where deposits go. Then you
    send the funds there, trade ('warifu exchange'), and what is left comes home by itself.
    """
    screen, profile = Screen(as_json), setting.profile()
    if send and as_json:
        raise InputRefused(
            "usage",
            "--send is for a person",
            not_done="Nothing was opened.",
            remedy="With --json, send to the address that it prints: 'warifu send'.",
        )
    require_yes(yes, as_json)
    wallet = profile.wallet(wallet_name)
    request = visit_request(wallet, account, amount, _seconds(duration), also, chain, home, _share(stop_loss))
    screen.facts(
        [
            (tr("account"), account),
            (tr("brings at most"), amount_of(request)),
            (tr("until"), moment(request.until)),
            (tr("also comes home"), others_of(request)),
            (tr("home is"), home_of(request.brings)),
            (tr("may lose at most"), loss_of(request.loss)),
        ]
    )
    _warn_of_the_rest(screen, wallet, request)
    threshold = provers(wallet)
    with setting.client(profile) as client:
        _warn_of_others(screen, look(client, wallet), account)
        confirm(yes, tr("Open this visit?"))
        what = wanted(wallet, tr("a visit to an exchange"), account, amount_of(request))
        own = own_credential(profile, screen, wallet, credential, what)
        with _perhaps_opened(screen, wallet):
            said = open_visit(client, screen, wallet, own, request)
        show_refusals(screen, said)
        _require_some(said)
        visit = request_digest(request)
        with _opened(screen, wallet, visit), screen.waiting(tr("the devices prove the way back")):
            end = time.monotonic() + _PROOF_SECONDS
            while True:
                seen = named(together(said), visit.hex())
                needs = "address" in seen.one.wants
                if time.monotonic() > end or not needs or seen.address(threshold) is not None:
                    break
                time.sleep(PAUSE)
                said = look(client, wallet)
    show_seen(screen, seen, threshold)
    _warn_of_what_is_there(screen, seen)
    if seen.simulation:
        screen.warn(tr("{account} is a SIMULATION: no exchange, no money.", account=account))
    address = seen.address(threshold)
    if address is not None and send:
        asset = None if request.brings.symbol in COINS else request.token
        where = request.brings.chain
        with (
            _opened(screen, wallet, visit),
            Sender.open(setting, wallet_name, screen, credential) as sender,
        ):
            order = payment(sender, where, address, amount, asset, fee_rate, Watching(None, (), 0))
            sender.send(order, passphrase_fd, ask=not yes)
    elif address is not None:
        screen.line(
            tr("Send the funds there, and the devices let them go to no other address of the exchange:")
        )
        screen.exact(f"warifu send {wallet.name} {address} '{amount}'")
    elif needs:
        screen.warn(tr("the way back is not proven yet: see how it stands with 'warifu visit show'"))
    else:
        screen.warn(
            tr(
                "this account's key is whole in one device: no other can fetch the deposit address, so it has to be a "
                "destination of the policy ('warifu exchange deposit-address', 'warifu policy change')"
            )
        )
    screen.result(seen_object(seen, threshold))
    return 0 if address is not None or not needs else 1


@examples("warifu visit show savings", "warifu visit show savings --json | jq .visits[].devices")
@group.command("show")
@click.argument("wallet_name", metavar="WALLET")
@json_option
@click.pass_obj
def show_command(setting: Setting, wallet_name: str, as_json: bool) -> None:
    """Show how WALLET's visits stand, as each connected device says for itself."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    with setting.client(profile) as client:
        said = look(client, wallet)
    threshold = provers(wallet)
    found = together(said)
    for seen in found:
        show_seen(screen, seen, threshold)
    if not found:
        screen.line(tr("no visit is known to the devices that are connected"))
    show_refusals(screen, said)
    screen.result({"visits": [seen_object(seen, threshold) for seen in found]})


@examples("warifu visit close savings 3f2a")
@group.command("close")
@click.argument("wallet_name", metavar="WALLET")
@click.argument("beginning", metavar="ID")
@with_option
@json_option
@click.pass_obj
def close_command(
    setting: Setting, wallet_name: str, beginning: str, credential: str | None, as_json: bool
) -> int:
    """Bring home now what is left of the visit ID (its beginning is enough). Your word alone is enough."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    with setting.client(profile) as client:
        known = look(client, wallet)
        _require_some(known)
        visit = named(together(known), beginning).one.visit
        what = wanted(wallet, tr("the end of a visit"), visit.hex())
        own = own_credential(profile, screen, wallet, credential, what)
        said = tell(client, wallet, own, end_request(wallet, visit))
    show_refusals(screen, said)
    _require_some(said)
    seen = named(together(said), visit.hex())
    show_seen(screen, seen, provers(wallet))
    screen.result(seen_object(seen, provers(wallet)))
    return 0


@examples("warifu visit sweep savings")
@group.command("sweep")
@click.argument("wallet_name", metavar="WALLET")
@json_option
@click.pass_obj
def sweep_command(setting: Setting, wallet_name: str, as_json: bool) -> None:
    """Try now to bring home what is to come home, instead of after a pause.

    It is done by itself, again and again; this is for when you changed something at the exchange and do not want to
    wait.
    """
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    with setting.client(profile) as client:
        said = sweep(client, wallet)
    away = [
        seen for seen in together(said) if any(view.state in ("sweeping", "stuck") for _, view in seen.views)
    ]
    for seen in away:
        screen.line(f"{seen.one.visit.hex()[:SHORT]}  {seen.one.request.account}")
    screen.line(tr("{count} visits are looked after now", count=str(len(away))))
    screen.result({"visits": [seen.one.visit.hex() for seen in away]})


def _warn_of_the_rest(screen: Screen, wallet: Wallet, request: VisitRequest) -> None:
    """What can be bought there and does not come home by itself. Which exchange it is this client need not know: it
    looks at the policy's rules of all."""
    found = {symbol for rules in wallet.rules.policy.exchanges for symbol in left_behind(rules, request)}
    if found:
        screen.warn(
            tr(
                "your policy lets it be traded for {assets}, which would stay at the exchange: nobody sells it back "
                "for you, and only what --also names comes home",
                assets=", ".join(sorted(found)),
            )
        )


def _warn_of_others(screen: Screen, said: list[Said], account: str) -> None:
    """A visit that is there already: perhaps the same command was run before."""
    for seen in together(said):
        if seen.stays_with(account):
            screen.warn(
                tr(
                    "a visit with {account} is open already ({id}): this opens another one, and as soon as one of them "
                    "ends, whatever is there comes home, also what the other one brought",
                    account=account,
                    id=seen.one.visit.hex()[:SHORT],
                )
            )


def _warn_of_what_is_there(screen: Screen, seen: Seen) -> None:
    """No visit knows one coin of an asset from another."""
    there = {
        f"{each.free} {each.symbol}" for _, view in seen.views for each in view.there if Decimal(each.free)
    }
    if there:
        screen.warn(
            tr(
                "{there} is there already; when the visit ends it comes home with the rest, whether or not anything "
                "was brought",
                there=", ".join(sorted(there)),
            )
        )


@contextlib.contextmanager
def _perhaps_opened(screen: Screen, wallet: Wallet) -> Iterator[None]:
    """Whoever cannot tell whether the devices were told must not open another one unseen."""
    try:
        yield
    except (KeyboardInterrupt, WarifuError) as error:
        if isinstance(error, KeyboardInterrupt) or error.code in OUTCOME_UNKNOWN:
            screen.warn(
                tr(
                    "it may be open all the same; look before you open it again: warifu visit show {wallet}",
                    wallet=wallet.name,
                )
            )
        raise


@contextlib.contextmanager
def _opened(screen: Screen, wallet: Wallet, visit: bytes) -> Iterator[None]:
    """Whatever ends the command in here leaves the visit open, and the same command would open another one."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort, WarifuError):
        screen.warn(
            tr(
                "the visit {id} is open all the same, and this command again would open another one: see where to send "
                "and how it stands with 'warifu visit show {wallet}', or end it: warifu visit close {wallet} {id}",
                wallet=wallet.name,
                id=visit.hex()[:SHORT],
            )
        )
        raise


def _share(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        share = parse_share(text)
    except ValueError as error:
        raise InputRefused("share", str(error), not_done="Nothing was opened.") from None
    if not 0 < share < 10_000:
        raise InputRefused(
            "share", "a visit may lose more than nothing and less than all", not_done="Nothing was opened."
        )
    return share


def _seconds(duration: str) -> int:
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise InputRefused("duration", str(error), not_done="Nothing was opened.") from None


def _require_some(said: list[Said]) -> None:
    """The first refusal, where no device did it."""
    refusals = [each.refusal for each in said if each.refusal is not None]
    if refusals and len(refusals) == len(said):
        raise refusals[0]
    if not said:
        raise InputRefused(
            "device-offline",
            "no device of the wallet is connected",
            not_done="No device was told.",
            remedy="Start the wallet's devices ('warifu devices' shows which are connected), then ask again.",
        )
