"""``warifu decode``: independent eyes on a transaction, without a service and without a wallet."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from warifu.chains.bitcoin.decode import MAX_INPUT_BYTES, decode
from warifu.chains.bitcoin.descriptor import MAX_WINDOW, WalletKeys
from warifu.chains.bitcoin.network import Network, network_named
from warifu.cli.base import Command, examples
from warifu.cli.context import Setting
from warifu.cli.screen import Screen
from warifu.cli.wallet_keys import keys_of
from warifu.errors import InputRefused


@examples(
    "warifu decode payment.psbt",
    "warifu wallet psbt export 3f9c... | warifu decode -",
    "warifu decode --wallet savings payment.psbt | jq .refusals",
)
@click.command("decode", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--wallet", metavar="NAME", help="Also tell which inputs and outputs are this wallet's.")
@click.option(
    "--network",
    type=click.Choice([network.value for network in Network]),
    help="Network whose addresses are shown (default: the profile's, else bitcoin).",
)
@click.option(
    "--window",
    type=click.IntRange(1, MAX_WINDOW),
    default=1000,
    show_default=True,
    help="How many addresses per branch are searched.",
)
@click.option("--json", "as_json", is_flag=True, hidden=True)  # it is JSON anyway; errors become JSON too
@click.pass_obj
def command(
    setting: Setting, file: Path, wallet: str | None, network: str | None, window: int, as_json: bool
) -> None:
    """Show, as JSON, what a signer would see in FILE ('-': standard input) and every digest that it would sign.

    FILE is a PSBT (binary, base64 or hexadecimal) or a raw transaction. Nothing is asked of the service.
    """
    _ = as_json
    keys, chosen = _keys_and_network(setting, wallet, network)
    Screen(json=True).result(decode(_read(file), chosen, keys, window))


def _keys_and_network(
    setting: Setting, wallet: str | None, network: str | None
) -> tuple[WalletKeys | None, Network]:
    if wallet is not None:
        keys = keys_of(setting.profile().wallet(wallet))
        return keys, network_named(network) if network else keys.network
    if network is not None:
        return None, network_named(network)
    if (setting.home / "profile.json").exists():
        return None, network_named(setting.profile().content.network)
    return None, Network.BITCOIN


def _read(file: Path) -> bytes:
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
        with file.open("rb") as stream:
            return stream.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise InputRefused(
            "file", f"{file} cannot be read: {error.strerror}", not_done="Nothing was decoded."
        ) from None
