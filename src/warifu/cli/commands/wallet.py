"""``warifu wallet``: create wallets, look at them, and exchange PSBTs with other programs."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from warifu.chains.bitcoin.descriptor import Branch
from warifu.cli.accounts import Watching, draft_order
from warifu.cli.asked import check_imported
from warifu.cli.base import Group, chain_option, device_option, examples, json_option, passphrase_option
from warifu.cli.client import segment
from warifu.cli.commands.send import imported, order_options, parse_ceiling
from warifu.cli.context import Setting
from warifu.cli.creating import adopt, create, usable_schemes
from warifu.cli.files import read_input
from warifu.cli.order import format_coin
from warifu.cli.paying import bitcoin_order, read_draft, recipients_of
from warifu.cli.policy_terms import check_terms
from warifu.cli.profile import Wallet
from warifu.cli.recovering import recover
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.transferring import Sender
from warifu.cli.wallet_keys import account_of, keys_of
from warifu.errors import InputRefused
from warifu.protocol.api import NewAccountDraft, TransferBytes
from warifu.protocol.chains import BITCOIN, SOLANA, Scheme, spoken
from warifu.protocol.policy import MAX_POLICY_BYTES, ChainRules, Policy, policy_hash
from warifu.protocol.policy_text import read_policy
from warifu.protocol.request import Stretching
from warifu.units import format_quantity

MAX_PSBT_BYTES = 1024 * 1024
_FAMILIES: dict[str, Scheme] = {"bitcoin": "bip340", "ethereum": "ecdsa", "solana": "ed25519"}


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
    "--key",
    "families",
    type=click.Choice(sorted(_FAMILIES)),
    multiple=True,
    help="Give the wallet a key for this kind of chain (repeat; default: all that the threshold allows).",
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
    families: tuple[str, ...],
    memory_mib: int,
    passes: int,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Have the devices generate keys of which each gets one share, and no one ever the whole.

    One key for Bitcoin, one for Ethereum and its kin (from a threshold of 2 on), and one for Solana.

    You choose the wallet's passphrase, at least 12 characters, typed twice. It is stored nowhere: without it, and
    without enough devices, the coins are lost.
    """
    screen, profile = Screen(as_json), setting.profile()
    terms = read_policy(_text(policy))
    check_terms(terms, profile.content.network)
    chosen = [profile.device(device) for device in dict.fromkeys(devices)]
    if not 1 <= threshold <= len(chosen):
        raise InputRefused(
            "threshold",
            f"{threshold} of {len(chosen)} devices cannot sign",
            not_done="No wallet was made.",
            remedy="Name each device with --device, and a threshold of at most their number.",
        )
    schemes = _schemes(threshold, families)
    _show_terms(screen, threshold, [device.name for device in chosen], terms)
    with setting.client(profile) as client:
        wallet = create(
            client,
            profile,
            screen,
            name,
            threshold,
            chosen,
            schemes,
            terms,
            Stretching(memory_mib, passes),
            passphrase_fd,
        )
    screen.line(tr("The wallet {name} is born: every device states the same keys.", name=name), style="green")
    _show_keys(screen, wallet)
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
    screen.line(tr("The wallet {name} is born: every device states the same keys.", name=name), style="green")
    _show_keys(screen, wallet)
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


@examples("warifu wallet prepare savings --chain solana")
@group.command("prepare")
@click.argument("name")
@chain_option
@order_options
@click.pass_obj
def prepare_command(
    setting: Setting,
    name: str,
    chain: str,
    fee_ceiling: str | None,
    devices: tuple[str, ...],
    confirmations: int,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Do what a chain wants once: on Solana, open an account for durable nonces.

    With one, a transfer stays valid however long the devices take; without, for about a minute.
    """
    with Sender.open(setting, name, Screen(as_json)) as sender:
        draft = sender.account_draft(NewAccountDraft(chain=chain, prepare=True))
        watching = Watching(parse_ceiling(chain, fee_ceiling), devices, confirmations)
        sender.send(draft_order(sender.wallet, draft, (), watching), passphrase_fd, ask=not yes)


def describe(wallet: Wallet) -> dict[str, Any]:
    """A wallet for scripts; all of it verified or derived here."""
    schemes = wallet.request.schemes
    return {
        "name": wallet.name,
        "id": wallet.wallet_id.hex(),
        "network": wallet.request.network,
        "threshold": wallet.request.threshold,
        "devices": [device.name for device in wallet.request.devices],
        "policy": policy_object(wallet.request.policy),
        "descriptors": [keys_of(wallet).descriptor(branch) for branch in Branch]
        if "bip340" in schemes
        else [],
        "accounts": {family: account_of(wallet, chain) for family, chain in _accounts(wallet)},
    }


def policy_object(policy: Policy) -> dict[str, Any]:
    """A policy for scripts; amounts in the smallest unit of their asset."""
    return {
        "hash": policy_hash(policy).hex(),
        "passphrase_tries": policy.passphrase_tries,
        "chains": [
            {
                "chain": rules.chain,
                "fee_ceiling": rules.fee_ceiling,
                "destinations": "any" if rules.any_destination else list(rules.destinations),
                "contracts": list(rules.contracts),
                "messages": rules.messages,
                "assets": [msgspec.structs.asdict(asset) for asset in rules.assets],
            }
            for rules in policy.chains
        ],
    }


def _schemes(threshold: int, families: tuple[str, ...]) -> tuple[Scheme, ...]:
    usable = usable_schemes(threshold)
    chosen = tuple(_FAMILIES[family] for family in families) or usable
    if not set(chosen) <= set(usable):
        raise InputRefused(
            "threshold",
            "an Ethereum key takes two devices that sign together",
            not_done="No wallet was made.",
            remedy="Choose a threshold of at least 2, or leave that key out.",
        )
    return chosen


def _accounts(wallet: Wallet) -> list[tuple[str, str]]:
    """A chain of each kind on which the wallet has an account: (kind, chain)."""
    kinds = (("ethereum", "eip155:1", "ecdsa"), ("solana", SOLANA, "ed25519"))
    return [(family, chain) for family, chain, scheme in kinds if scheme in wallet.request.schemes]


def _show_wallet(screen: Screen, wallet: Wallet) -> None:
    request = wallet.request
    _show_terms(screen, request.threshold, [device.name for device in request.devices], request.policy)
    _show_keys(screen, wallet)


def _show_keys(screen: Screen, wallet: Wallet) -> None:
    screen.facts([(tr("wallet"), wallet.wallet_id.hex()), (tr("network"), wallet.request.network)])
    if "bip340" in wallet.request.schemes:
        for branch in Branch:
            screen.exact(keys_of(wallet).descriptor(branch))
    for family, chain in _accounts(wallet):
        screen.exact(f"{family}: {account_of(wallet, chain)}")


def _show_terms(screen: Screen, threshold: int, devices: list[str], policy: Policy) -> None:
    screen.facts(
        [
            (tr("devices"), f"{threshold} / {len(devices)}: {', '.join(devices)}"),
            (tr("passphrase tries"), str(policy.passphrase_tries)),
        ]
    )
    for rules in policy.chains:
        screen.line(spoken(rules.chain), style="bold")
        screen.facts(_rules(rules))
    if not policy.chains:
        screen.warn(tr("this policy lets nothing leave, on any chain"))


def _rules(rules: ChainRules) -> list[tuple[str, str]]:
    allowed = (
        tr("any address") if rules.any_destination else ", ".join(rules.destinations) or tr("no address")
    )
    facts: list[tuple[str, str]] = []
    for asset in rules.assets:
        most = format_quantity(int(asset.per_transaction), asset.decimals, asset.symbol)
        day = format_quantity(int(asset.per_day), asset.decimals, asset.symbol)
        facts += [
            (tr("most per transaction"), most + (f"  [{asset.token}]" if asset.token else "")),
            (tr("most in 24 hours"), day),
        ]
    facts += [
        (tr("most in fees"), format_coin(rules.chain, int(rules.fee_ceiling))),
        (tr("may pay to"), allowed),
    ]
    if rules.contracts:
        facts.append((tr("may call"), ", ".join(rules.contracts)))
    if rules.messages:
        facts.append((tr("messages"), tr("any message may be signed")))
    return facts


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_POLICY_BYTES).decode("utf-8")
    except OSError as error:
        raise InputRefused("policy", f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputRefused("policy", f"{path} is not a text in UTF-8") from None
