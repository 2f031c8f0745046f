"""``warifu wallet psbt``: exchange transactions with other programs."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import click

from warifu.cli.asked import check_imported
from warifu.cli.base import Group, examples, json_option
from warifu.cli.client import segment
from warifu.cli.commands.send import imported, order_options, parse_ceiling
from warifu.cli.context import Setting
from warifu.cli.files import read_input
from warifu.cli.paying import bitcoin_order, read_draft, recipients_of
from warifu.cli.screen import Screen
from warifu.cli.transferring import Sender
from warifu.protocol.api import TransferBytes
from warifu.protocol.chains import BITCOIN

MAX_PSBT_BYTES = 1024 * 1024


@examples(
    "warifu wallet psbt import savings payment.psbt", "warifu wallet psbt export 3f9c... > payment.psbt"
)
@click.group("psbt", cls=Group)
def psbt_group() -> None:
    """Exchange transactions with other programs."""


@examples("warifu wallet psbt import savings payment.psbt")
@psbt_group.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@order_options
@click.pass_obj
def import_command(
    setting: Setting,
    name: str,
    file: Path,
    fee_ceiling: str | None,
    devices: tuple[str, ...],
    confirmations: int,
    credential: str | None,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Sign and send the PSBT in FILE, which another program made for this wallet.

    It is shown as this client reads it; what it pays is what you confirm.
    """
    with Sender.open(setting, name, Screen(as_json), credential) as sender:
        psbt = read_input(file, MAX_PSBT_BYTES)
        reading = read_draft(sender.wallet, imported(sender, psbt))
        check_imported(reading, psbt)
        order = bitcoin_order(
            sender.wallet,
            reading,
            recipients_of(reading.payment),
            parse_ceiling(BITCOIN, fee_ceiling),
            devices,
            confirmations,
        )
        sender.send(order, passphrase_fd, ask=not yes)


@examples("warifu wallet psbt export 3f9c... > payment.psbt", "warifu wallet psbt export 3f9c... --json")
@psbt_group.command("export")
@click.argument("transfer")
@json_option
@click.pass_obj
def export_command(setting: Setting, transfer: str, as_json: bool) -> None:
    """Write the PSBT of a transfer to standard output: base64 at a terminal, binary into a file."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        answer = client.get(f"/transfers/{segment(transfer)}/transaction", TransferBytes)
    encoded = base64.b64encode(answer.unsigned).decode()
    if not as_json:
        if sys.stdout.isatty():
            screen.exact(encoded)
        else:
            sys.stdout.buffer.write(answer.unsigned)
    screen.result({"psbt": encoded, "raw": answer.raw.hex()})
