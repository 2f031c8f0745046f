"""``warifu wallet``: create wallets, and look at them."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.accounts import Watching, preparation_order
from warifu.cli.approvers import THIS_CLIENT, own_credential, wanted
from warifu.cli.base import (
    Group,
    chain_option,
    device_option,
    examples,
    json_option,
    passphrase_option,
    require_yes,
    with_option,
    yes_option,
)
from warifu.cli.commands.psbt import psbt_group
from warifu.cli.commands.send import order_options, parse_ceiling
from warifu.cli.context import Setting
from warifu.cli.creating import adopt, create, usable_schemes
from warifu.cli.credential_card import CredentialCard, read_card
from warifu.cli.exchanges.loading import tell_who_starts_again
from warifu.cli.policy_file import policy_from
from warifu.cli.policy_terms import check_terms
from warifu.cli.profile import Profile
from warifu.cli.recovering import recover
from warifu.cli.refreshing import refresh, require_refreshable
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.transferring import Sender
from warifu.cli.wallet_shown import describe, show_keys, show_owners, show_terms, show_wallet
from warifu.errors import InputRefused
from warifu.protocol.api import NewAccountDraft
from warifu.protocol.chains import Scheme
from warifu.protocol.credential import MAX_OWNERS, Credential
from warifu.protocol.epochs import read_statement, statement_in
from warifu.protocol.policy import Policy
from warifu.protocol.request import Stretching

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
    "--owner",
    "owners",
    multiple=True,
    metavar="CREDENTIAL",
    help="Have the wallet obey this credential, too: a passkey of yours by its name, or what another owner exported "
    "(file or text; repeat).",
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
    owners: tuple[str, ...],
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
    terms = policy_from(policy)
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
    others = _others(profile, owners)
    _check_owners(profile, [card.credential for card in others], terms)
    for card in others:
        if card.credential not in profile.own_credentials():
            profile.name_owner(card.name, card.credential)
    show_terms(screen, threshold, [device.name for device in chosen], terms)
    show_owners(
        screen, [(THIS_CLIENT, profile.device_key), *((card.name, card.credential) for card in others)]
    )
    with setting.client(profile) as client:
        again = tell_who_starts_again(client, screen, chosen, terms)
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
            [card.credential for card in others],
        )
    screen.line(tr("The wallet {name} is born: every device states the same keys.", name=name), style="green")
    show_keys(screen, wallet)
    screen.result({**describe(wallet), "start_again": again})


@examples("warifu wallet adopt savings", "warifu wallet adopt family --id 9f86d0...")
@group.command("adopt")
@click.argument("name")
@click.option(
    "--id",
    "identifier",
    metavar="HEX",
    help="Of a wallet that another owner made: its id, as he told it to you.",
)
@json_option
@click.pass_obj
def adopt_command(setting: Setting, name: str, identifier: str | None, as_json: bool) -> None:
    """Take up a wallet that you authorized before: after an interrupted 'create', or with a restored profile.

    Everything is verified as at its creation; the service's word is not enough. A wallet that another owner made, with
    a credential of yours among its owners, is taken up by its id ('warifu wallet show' on his machine): the id stands
    for every device, owner and rule of it, and its devices are trusted from then on.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        wallet = adopt(client, profile, name, _identifier(identifier))
    show_wallet(screen, wallet)
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
    show_keys(screen, wallet)
    screen.result({"wallet": describe(wallet), "missing": 0})


@examples("warifu wallet refresh savings", "warifu wallet refresh savings --yes --json | jq .epoch")
@group.command("refresh")
@click.argument("name", metavar="WALLET")
@with_option
@yes_option
@passphrase_option
@json_option
@click.pass_obj
def refresh_command(
    setting: Setting, name: str, credential: str | None, yes: bool, passphrase_fd: int | None, as_json: bool
) -> None:
    """Give every device of WALLET a new share of the same keys, and have it delete the old one.

    Addresses, passphrase and policy stay. What a thief got of a device before is worth nothing beside what he gets
    afterwards: he needs enough shares of one time. Refresh now and then, and when a device was out of your hands.

    All devices of the wallet must be on, so it is no help where one is gone for good: make another wallet then. If
    anything breaks off, nothing is lost. An old backup of a device's disk still holds the old share: delete it.
    """
    require_yes(yes, as_json)
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(name)
    require_refreshable(wallet)
    devices = ", ".join(device.name for device in wallet.request.devices)
    facts = wanted(wallet, tr("new shares for all of its devices"))
    own = own_credential(profile, screen, wallet, credential, facts)
    if not yes:
        screen.line(
            tr("Each of these devices gets a new share and deletes the old one: {names}.", names=devices)
        )
        click.confirm(tr("Refresh the shares of {name}?", name=name), abort=True)
    with setting.client(profile) as client:
        wallet, behind = refresh(client, profile, screen, own, wallet, passphrase_fd)
    screen.line(
        tr(
            "Every device keeps its new share of {name}; addresses and keys are the same (refresh {count}).",
            name=name,
            count=wallet.epoch,
        ),
        style="green",
    )
    accounts = [each.account for each in read_statement(statement_in(wallet.certificate)).accounts]
    if accounts:
        screen.line(
            tr(
                "So is what it keeps of the keys of accounts at exchanges: {names}.",
                names=", ".join(accounts),
            )
        )
    if behind:
        screen.warn(
            tr(
                "{names}: not told of the end yet; it deletes the old share once it is.",
                names=", ".join(behind),
            )
        )
    screen.result({"wallet": name, "epoch": wallet.epoch, "accounts": accounts, "behind": list(behind)})


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
    show_wallet(screen, wallet)
    screen.result(describe(wallet))


group.add_command(psbt_group)


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
    credential: str | None,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Do what a chain wants once: on Solana, open an account for durable nonces.

    With one, a transfer stays valid however long the devices take; without, for about a minute.
    """
    with Sender.open(setting, name, Screen(as_json), credential) as sender:
        draft = sender.account_draft(NewAccountDraft(chain=chain, prepare=True))
        watching = Watching(parse_ceiling(chain, fee_ceiling), devices, confirmations)
        sender.send(preparation_order(sender.wallet, draft, watching), passphrase_fd, ask=not yes)


def _others(profile: Profile, owners: tuple[str, ...]) -> list[CredentialCard]:
    """Passkeys of this client by their names; everything else is another owner's card."""
    own = {record.name for record in profile.content.passkeys}
    return [
        CredentialCard(named, profile.passkey(named)[0]) if named in own else read_card(named)
        for named in owners
    ]


def _check_owners(profile: Profile, others: list[Credential], policy: Policy) -> None:
    credentials = [profile.device_key, *others]
    if len(set(credentials)) != len(credentials) or len(credentials) > MAX_OWNERS:
        raise InputRefused(
            "owners",
            f"a wallet has at most {MAX_OWNERS} owners, none twice; this client's own key is one of them",
            not_done="No wallet was made.",
        )
    if policy.most_approvals > len(credentials):
        raise InputRefused(
            "owners",
            f"the policy asks for the approval of {policy.most_approvals} owners, and there are {len(credentials)}",
            not_done="No wallet was made.",
            remedy="Name the others with --owner, or lower the numbers in the policy.",
        )


def _identifier(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        identifier = bytes.fromhex(text)
    except ValueError:
        identifier = b""
    if len(identifier) != 32:
        raise InputRefused(
            "wallet-id", "a wallet's id has 64 hexadecimal digits", not_done="Nothing was kept."
        )
    return identifier


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
