"""``warifu policy pending, veto, announce``: what waits for a wallet, and what is going to be paid from it."""

from __future__ import annotations

import click
import msgspec

from warifu.cli.accounts import asset_named, canonical, parse_amount
from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import Command, chain_option, examples, json_option, with_option
from warifu.cli.changing import notice_request, statuses, tell, veto_request
from warifu.cli.changing_shown import exit_code_of, show_told, told_object
from warifu.cli.client import Client
from warifu.cli.context import Setting
from warifu.cli.known_wallet import Wallet
from warifu.cli.paying import recipient
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.waiting_shown import ids_of, waiting_facts, waiting_object
from warifu.errors import InputRefused
from warifu.protocol.chains import BITCOIN
from warifu.protocol.request import Outflow


@examples("warifu policy pending savings", "warifu policy pending savings --json")
@click.command("pending", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@json_option
@click.pass_obj
def pending_command(setting: Setting, wallet_name: str, as_json: bool) -> None:
    """Show what waits for WALLET and what was announced, as each device says it, and whether it is frozen."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    with setting.client(profile) as client, screen.waiting(tr("asking the devices")):
        seen = statuses(client, wallet)
    for item in seen:
        screen.line(item.device.name, style="bold")
        if item.status is None:
            assert item.refusal is not None, "why it did not say"
            screen.line(f"  {item.refusal.message} ({item.refusal.code})", style="yellow")
            continue
        facts = [(tr("revision"), f"{item.status.revision}  {item.status.rules_hash.hex()}")]
        screen.facts(facts + (waiting_facts(item.status) or [(tr("waits"), tr("nothing"))]))
    screen.result(
        {
            "wallet": wallet.name,
            "devices": [
                {
                    "device": item.device.name,
                    "revision": item.status.revision,
                    "rules_hash": item.status.rules_hash.hex(),
                    **waiting_object(item.status),
                }
                if item.status is not None
                else {"device": item.device.name, "refusal": item.refusal.code if item.refusal else None}
                for item in seen
            ],
        }
    )


@examples("warifu policy veto savings 3f2a")
@click.command("veto", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@click.argument("beginning", metavar="ID")
@with_option
@json_option
@click.pass_obj
def veto_command(
    setting: Setting, wallet_name: str, beginning: str, credential: str | None, as_json: bool
) -> int:
    """Veto what waits for WALLET, or was announced, under ID (its beginning is enough): it does not happen.

    Your word alone is enough, and no passphrase is asked. Every device remembers it, also one that hears of the thing
    itself only later.
    """
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    with setting.client(profile) as client:
        about = _waiting_with(client, wallet, beginning.lower())
        own = own_credential(profile, screen, wallet, credential, wanted(wallet, tr("a veto"), about.hex()))
        told = tell(client, own, veto_request(wallet, about))
    if wallet.asked is not None and wallet.asked.request == about and not exit_code_of(told):
        profile.keep_asked(wallet.wallet_id, None)
    show_told(screen, told)
    screen.result({"vetoed": about.hex(), **told_object(told)})
    return exit_code_of(told)


def _waiting_with(client: Client, wallet: Wallet, beginning: str) -> bytes:
    """The one thing whose id begins like that; a whole id is taken as it is, whatever the devices say."""
    if len(beginning) == 64:
        try:
            return bytes.fromhex(beginning)
        except ValueError:
            pass
    found = {
        named
        for item in statuses(client, wallet)
        if item.status is not None
        for named in ids_of(item.status)
        if named.hex().startswith(beginning)
    }
    if wallet.asked is not None and wallet.asked.request.hex().startswith(beginning):
        found.add(
            wallet.asked.request
        )  # also where no device has it any more: then this client's record ends it
    if len(found) != 1:
        raise InputRefused(
            "unknown-id",
            f"nothing that waits, or more than one thing, has an id that begins with {beginning[:64]!r}",
            not_done="Nothing was vetoed.",
            remedy="See 'warifu policy pending'.",
        )
    return found.pop()


@examples(
    "warifu policy announce savings bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "warifu policy announce savings bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 '0.5 BTC'",
)
@click.command("announce", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@click.argument("address")
@click.argument("amount", required=False)
@chain_option
@click.option(
    "--token", metavar="SYMBOL", help="Of this token of the wallet's policy: its symbol or address."
)
@with_option
@json_option
@click.pass_obj
def announce_command(
    setting: Setting,
    wallet_name: str,
    address: str,
    amount: str | None,
    chain: str,
    token: str | None,
    credential: str | None,
    as_json: bool,
) -> int:
    """Announce to every device that ADDRESS is going to be paid; with AMOUNT, that exactly so much is.

    Where the policy asks for a notice, the wait begins on each device when it hears this. A payment that was announced
    is made once; a destination stays known. Any owner can veto either.
    """
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    outflows: tuple[Outflow, ...] = ()
    if chain == BITCOIN:
        to = recipient(wallet, address, amount or "1 sat")
        address = to.address
        if amount is not None:
            outflows = (Outflow("payment", "", str(to.amount), address),)
    else:
        address = canonical(chain, address)
        if amount is not None:
            asset = asset_named(wallet, chain, token)
            outflows = (Outflow("payment", asset.token, str(parse_amount(chain, asset, amount)), address),)
    request = notice_request(wallet, chain, outflows, (address,))
    with setting.client(profile) as client:
        own = own_credential(
            profile, screen, wallet, credential, wanted(wallet, tr("to announce"), amount or "", address)
        )
        told = tell(client, own, request)
    show_told(screen, told)
    screen.result({"outflows": [msgspec.structs.asdict(each) for each in outflows], **told_object(told)})
    return exit_code_of(told)
