"""``warifu sign-message``: signatures over words, for log-ins and orders on Ethereum and its kin."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.chains.ethereum.personal import personal_message
from warifu.cli.accounts import Watching, message_order
from warifu.cli.base import (
    Command,
    chain_option,
    device_option,
    examples,
    json_option,
    passphrase_option,
    with_option,
    yes_option,
)
from warifu.cli.context import Setting
from warifu.cli.files import read_input
from warifu.cli.screen import Screen
from warifu.cli.transferring import Sender
from warifu.errors import InputRefused

MAX_MESSAGE_BYTES = 64 * 1024


@examples(
    "warifu sign-message savings order.json --chain ethereum",
    "warifu sign-message savings --text 'I own this account' --chain ethereum",
)
@click.command("sign-message", cls=Command)
@click.argument("wallet")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), required=False)
@click.option("--text", metavar="TEXT", help="A personal message (EIP-191) instead of FILE.")
@chain_option
@device_option("Let this device sign (repeat; default: those that are connected).")
@with_option
@passphrase_option
@yes_option
@json_option
@click.pass_obj
def command(
    setting: Setting,
    wallet: str,
    file: Path | None,
    text: str | None,
    chain: str,
    devices: tuple[str, ...],
    credential: str | None,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Sign a message with the account of WALLET: FILE is EIP-712 typed data ('-': standard input).

    A permit is shown and judged as what it is: somebody may take from now on. What the devices do not understand they
    sign only where the wallet's policy allows messages.
    """
    if (file is None) == (text is None):
        raise InputRefused("usage", "give either FILE or --text", remedy="See 'warifu sign-message --help'.")
    message = personal_message(text) if text is not None else _typed_data(file)
    with Sender.open(setting, wallet, Screen(as_json), credential) as sender:
        order = message_order(sender.wallet, chain, message, Watching(None, devices, 0))
        sender.send(order, passphrase_fd, ask=not yes)


def _typed_data(file: Path | None) -> bytes:
    assert file is not None, "checked by the caller"
    return read_input(file, MAX_MESSAGE_BYTES).strip()
