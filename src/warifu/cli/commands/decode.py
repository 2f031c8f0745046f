"""``warifu decode``: independent eyes on a transaction of any chain, without a service and without a wallet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from warifu.chains.bitcoin.decode import MAX_INPUT_BYTES
from warifu.chains.bitcoin.decode import decode as decode_bitcoin
from warifu.chains.bitcoin.descriptor import MAX_WINDOW
from warifu.chains.bitcoin.network import Network, network_named
from warifu.chains.ethereum.decode import decode as decode_ethereum
from warifu.chains.solana.decode import decode as decode_solana
from warifu.cli.base import Command, examples
from warifu.cli.context import Setting
from warifu.cli.files import read_input
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.cli.wallet_keys import account_of, keys_of
from warifu.errors import InputRefused
from warifu.protocol.chains import BITCOIN, SOLANA, chain_named, family_of

_PSBT = (b"psbt\xff", b"cHNid", b"70736274ff")


@examples(
    "warifu decode payment.psbt",
    "warifu wallet psbt export 3f9c... | warifu decode -",
    "warifu decode --wallet savings payment.psbt | jq .refusals",
    "warifu decode --chain ethereum permit.json",
    "warifu decode --chain solana --wallet savings message.bin",
)
@click.command("decode", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--chain", metavar="CHAIN", help="Of which chain it is (default: as its form tells).")
@click.option(
    "--wallet", metavar="NAME", help="Also tell what of it is this wallet's, and what it would sign."
)
@click.option(
    "--network",
    type=click.Choice([network.value for network in Network]),
    help="Bitcoin: network whose addresses are shown (default: the profile's, else bitcoin).",
)
@click.option(
    "--window",
    type=click.IntRange(1, MAX_WINDOW),
    default=1000,
    show_default=True,
    help="Bitcoin: how many addresses per branch are searched.",
)
@click.option("--json", "as_json", is_flag=True, hidden=True)  # it is JSON anyway; errors become JSON too
@click.pass_obj
def command(
    setting: Setting,
    file: Path,
    chain: str | None,
    wallet: str | None,
    network: str | None,
    window: int,
    as_json: bool,
) -> None:
    """Show, as JSON, what a signer would see in FILE ('-': standard input) and every digest that it would sign.

    FILE is a Bitcoin PSBT (binary, base64 or hexadecimal) or raw transaction; an Ethereum transaction, unsigned or
    signed, EIP-712 typed data or a personal message; or a Solana message or transaction. Nothing is asked of the
    service.
    """
    _ = as_json
    data = read_input(file, MAX_INPUT_BYTES)
    known = setting.profile().wallet(wallet) if wallet is not None else None
    named = chain_named(chain) if chain is not None else None
    Screen(json=True).result(_decoded(setting, data, named, known, network, window))


def _decoded(
    setting: Setting, data: bytes, chain: str | None, wallet: Wallet | None, network: str | None, window: int
) -> dict[str, Any]:
    chain = chain or _told_by_form(data)
    if chain is None:
        raise InputRefused(
            "unknown-form",
            "the form does not tell of which chain this is",
            not_done="Nothing was decoded.",
            remedy="Say it: --chain bitcoin, solana, ethereum, ...",
        )
    if chain == BITCOIN:
        keys = keys_of(wallet) if wallet is not None else None
        shown = keys.network if keys is not None and network is None else _network(setting, network)
        return {"chain": chain, **decode_bitcoin(data, shown, keys, window)}
    if chain == SOLANA:
        return decode_solana(data, account_of(wallet, chain) if wallet is not None else None)
    # The chain id stands in the transaction; what was only told by the form is held against nothing.
    named = chain if family_of(chain) == "eip155" and chain != _ANY_EVM else None
    return decode_ethereum(data, named, account_of(wallet, "eip155:1") if wallet is not None else None)


_ANY_EVM = "eip155"


def _told_by_form(data: bytes) -> str | None:
    """The chain, where its form can be no other's."""
    text = data.strip()
    if data.startswith(_PSBT[0]) or text.startswith(_PSBT[1:]):
        return BITCOIN
    if text.startswith((b"{", b"\x19Ethereum", b"0x")):
        return _ANY_EVM
    if text[:8] in (b"01000000", b"02000000", b"03000000") or data[:4] in (
        b"\x01\0\0\0",
        b"\x02\0\0\0",
        b"\x03\0\0\0",
    ):
        return BITCOIN
    return None


def _network(setting: Setting, named: str | None) -> Network:
    if named is not None:
        return network_named(named)
    if (setting.home / "profile.json").exists():
        return network_named(setting.profile().content.network)
    return Network.BITCOIN
