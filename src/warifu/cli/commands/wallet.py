"""``warifu wallet``: create wallets, look at them, and exchange PSBTs with other programs."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import click

from warifu.chains.bitcoin.descriptor import Branch
from warifu.cli.asked import check_imported
from warifu.cli.base import Group, device_option, examples, json_option, passphrase_option
from warifu.cli.client import segment
from warifu.cli.commands.send import imported, order_options, parse_ceiling, read_file
from warifu.cli.context import Setting
from warifu.cli.creating import adopt, create
from warifu.cli.paying import read_draft, recipients_of
from warifu.cli.profile import Wallet
from warifu.cli.recovering import recover
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.transferring import Order, Sender
from warifu.cli.wallet_keys import keys_of
from warifu.errors import InputRefused
from warifu.protocol.api import TransferPsbt
from warifu.protocol.policy import MAX_POLICY_BYTES, Policy, policy_hash, read_policy
from warifu.protocol.request import Stretching
from warifu.units import format_bitcoin_amount


@examples("warifu wallet list")
@click.group("wallet", cls=Group)
def group() -> None:
    """Wallets: a key that is born in pieces, and the policy under which it signs."""


@examples(
    "warifu wallet create savings --threshold 2 --device home --device pi --device friend --policy policy.toml"
)
@group.command("create")
@click.argument("name")
@click.option("--threshold", type=click.IntRange(1, 16), required=True, help="How many devices must sign.")
@device_option("Give this device a share (repeat).")
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="TOML file: what the devices may sign.",
)
@click.option(
    "--memory-mib",
    type=click.IntRange(64, 4096),
    default=64,
    show_default=True,
    help="Memory that one guess of the passphrase costs (Argon2id); every device must have it.",
)
@click.option(
    "--passes",
    type=click.IntRange(3, 100),
    default=4,
    show_default=True,
    help="Passes over that memory for one guess.",
)
@passphrase_option
@json_option
@click.pass_obj
def create_command(
    setting: Setting,
    name: str,
    threshold: int,
    devices: tuple[str, ...],
    policy: Path,
    memory_mib: int,
    passes: int,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Have the devices generate a key of which each gets one share, and no one ever the whole.

    You choose the wallet's passphrase, at least 12 characters, typed twice. It is stored nowhere: without it, and
    without enough devices, the coins are lost.
    """
    screen, profile = Screen(as_json), setting.profile()
    terms = read_policy(_text(policy))
    chosen = [profile.device(device) for device in dict.fromkeys(devices)]
    if not 1 <= threshold <= len(chosen):
        raise InputRefused(
            "threshold",
            f"{threshold} of {len(chosen)} devices cannot sign",
            not_done="No wallet was made.",
            remedy="Name each device with --device, and a threshold of at most their number.",
        )
    _show_terms(screen, threshold, [device.name for device in chosen], terms)
    with setting.client(profile) as client:
        wallet = create(
            client,
            profile,
            screen,
            name,
            threshold,
            chosen,
            terms,
            Stretching(memory_mib, passes),
            passphrase_fd,
        )
    screen.line(tr("The wallet {name} is born: every device states the same key.", name=name), style="green")
    _show_key(screen, wallet)
    screen.result(describe(wallet))


@examples("warifu wallet adopt savings")
@group.command("adopt")
@click.argument("name")
@json_option
@click.pass_obj
def adopt_command(setting: Setting, name: str, as_json: bool) -> None:
    """Take up a wallet that you authorized before: after an interrupted 'create', or with a restored profile.

    Everything is verified as at its creation; the service's word is not enough.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        wallet = adopt(client, profile, name)
    _show_wallet(screen, wallet)
    screen.result(describe(wallet))


@examples("warifu wallet recover savings --device pi")
@group.command("recover")
@click.argument("name")
@click.option("--device", required=True, help="The device that missed the end of the key generation.")
@passphrase_option
@json_option
@click.pass_obj
def recover_command(
    setting: Setting, name: str, device: str, passphrase_fd: int | None, as_json: bool
) -> None:
    """Bring a device home that missed the end of 'create'; the wallet is yours once none is missing.

    The device takes its share from public data of the devices that finished, and verifies it itself.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        wallet, missing = recover(client, profile, name, device, passphrase_fd)
    screen.line(tr("The device {name} has its share.", name=device), style="green")
    if wallet is None:
        screen.line(tr("Devices still missing: {count}. Send no coins yet.", count=missing))
        screen.result({"wallet": None, "missing": missing})
        return
    screen.line(tr("The wallet {name} is born: every device states the same key.", name=name), style="green")
    _show_key(screen, wallet)
    screen.result({"wallet": describe(wallet), "missing": 0})


@examples("warifu wallet list")
@group.command("list")
@json_option
@click.pass_obj
def list_command(setting: Setting, as_json: bool) -> None:
    """List the wallets whose birth this client verified."""
    screen, profile = Screen(as_json), setting.profile()
    wallets = profile.wallets()
    screen.table(
        (tr("wallet"), tr("network"), tr("threshold"), tr("devices")),
        [
            (
                wallet.name,
                wallet.request.network,
                f"{wallet.request.threshold} / {len(wallet.request.devices)}",
                ", ".join(device.name for device in wallet.request.devices),
            )
            for wallet in wallets
        ],
    )
    screen.result({"wallets": [describe(wallet) for wallet in wallets]})


@examples("warifu wallet show savings", "warifu wallet show savings --json | jq -r .descriptors[0]")
@group.command("show")
@click.argument("name")
@json_option
@click.pass_obj
def show_command(setting: Setting, name: str, as_json: bool) -> None:
    """Show a wallet's devices, policy and public descriptors (for Sparrow, Bitcoin Core and others to look on)."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(name)
    _show_wallet(screen, wallet)
    screen.result(describe(wallet))


@examples(
    "warifu wallet psbt import savings payment.psbt", "warifu wallet psbt export 3f9c... > payment.psbt"
)
@group.group("psbt", cls=Group)
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
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Sign and send the PSBT in FILE, which another program made for this wallet.

    It is shown as this client reads it; what it pays is what you confirm.
    """
    with Sender.open(setting, name, Screen(as_json)) as sender:
        psbt = read_file(file)
        reading = read_draft(sender.wallet, imported(sender, psbt))
        check_imported(reading, psbt)
        order = Order(
            reading, recipients_of(reading.payment), parse_ceiling(fee_ceiling), devices, confirmations
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
        answer = client.get(f"/transfers/{segment(transfer)}/psbt", TransferPsbt)
    encoded = base64.b64encode(answer.psbt).decode()
    if not as_json:
        if sys.stdout.isatty():
            screen.exact(encoded)
        else:
            sys.stdout.buffer.write(answer.psbt)
    screen.result({"psbt": encoded, "raw": answer.raw.hex()})


def describe(wallet: Wallet) -> dict[str, Any]:
    """A wallet for scripts; all of it verified or derived here."""
    keys = keys_of(wallet)
    return {
        "name": wallet.name,
        "id": wallet.wallet_id.hex(),
        "network": wallet.request.network,
        "threshold": wallet.request.threshold,
        "devices": [device.name for device in wallet.request.devices],
        "policy": policy_object(wallet.request.policy),
        "descriptors": [keys.descriptor(branch) for branch in Branch],
    }


def policy_object(policy: Policy) -> dict[str, Any]:
    """A policy for scripts; amounts in satoshi."""
    return {
        "hash": policy_hash(policy).hex(),
        "per_transaction": policy.per_transaction,
        "per_day": policy.per_day,
        "fee_ceiling": policy.fee_ceiling,
        "destinations": "any" if policy.any_destination else list(policy.destinations),
        "passphrase_tries": policy.passphrase_tries,
    }


def _show_wallet(screen: Screen, wallet: Wallet) -> None:
    request = wallet.request
    _show_terms(screen, request.threshold, [device.name for device in request.devices], request.policy)
    _show_key(screen, wallet)


def _show_key(screen: Screen, wallet: Wallet) -> None:
    screen.facts([(tr("wallet"), wallet.wallet_id.hex()), (tr("network"), wallet.request.network)])
    for branch in Branch:
        screen.exact(keys_of(wallet).descriptor(branch))


def _show_terms(screen: Screen, threshold: int, devices: list[str], policy: Policy) -> None:
    allowed = (
        tr("any address") if policy.any_destination else ", ".join(policy.destinations) or tr("no address")
    )
    screen.facts(
        [
            (tr("devices"), f"{threshold} / {len(devices)}: {', '.join(devices)}"),
            (tr("most per transaction"), format_bitcoin_amount(policy.per_transaction)),
            (tr("most in 24 hours"), format_bitcoin_amount(policy.per_day)),
            (tr("most in fees"), format_bitcoin_amount(policy.fee_ceiling)),
            (tr("may pay to"), allowed),
            (tr("passphrase tries"), str(policy.passphrase_tries)),
        ]
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_POLICY_BYTES).decode("utf-8")
    except OSError as error:
        raise InputRefused("policy", f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputRefused("policy", f"{path} is not a text in UTF-8") from None
