"""The commands of ``warifu policy`` about a wallet that is there: look, change, veto, announce, freeze, catch up."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from warifu.cli.accounts import asset_named, canonical, parse_amount
from warifu.cli.approvers import OwnCredential, own_credential, wanted
from warifu.cli.base import (
    Command,
    chain_option,
    examples,
    json_option,
    passphrase_option,
    with_option,
    yes_option,
)
from warifu.cli.catching_up import catch_up
from warifu.cli.changing import (
    freeze_request,
    notice_request,
    require_some,
    rules_request,
    statuses,
    tell,
    tell_sealed,
    unfreeze_request,
    veto_request,
)
from warifu.cli.changing_shown import (
    changes_object,
    exit_code_of,
    show_changes,
    show_told,
    told_object,
)
from warifu.cli.client import Client
from warifu.cli.context import Setting, now
from warifu.cli.credential_card import read_card
from warifu.cli.exchange_loading import tell_who_starts_again
from warifu.cli.paying import recipient
from warifu.cli.policy_file import policy_from
from warifu.cli.policy_shown import policy_object, show_policy
from warifu.cli.policy_terms import check_terms
from warifu.cli.profile import Asked, Profile, Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.together import lay_before
from warifu.cli.waiting_shown import SHORT, ids_of, moment, waiting_facts, waiting_object
from warifu.cli.wallet_shown import show_awake
from warifu.errors import InputRefused, PolicyDenied, ServiceRefused
from warifu.protocol.chains import BITCOIN
from warifu.protocol.credential import Credential
from warifu.protocol.request import MAX_REASON, Outflow, request_digest
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.policy.compare import compare, loosening
from warifu.signer.sound import check_rules


@examples("warifu policy show savings", "warifu policy show savings --json | jq .revision")
@click.command("show", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@json_option
@click.pass_obj
def show_command(setting: Setting, wallet_name: str, as_json: bool) -> None:
    """Show the rules of WALLET that are in force by this client's own record: owners, policy, revision."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    rules = wallet.rules
    facts = [(tr("revision"), f"{rules.revision}  {rules_hash(rules).hex()}")]
    facts += [(tr("owner"), profile.credential_name(owner)) for owner in rules.owners]
    asked = wallet.asked
    if asked is not None:
        revision, effect = asked.rules.revision, moment(asked.effect)
        when = f"{asked.request.hex()[:SHORT]}  " + tr(
            "revision {revision}, not before {moment}", revision=revision, moment=effect
        )
        facts.append((tr("asked for here"), when))
    screen.facts(facts)
    show_policy(screen, rules.policy)
    screen.result(
        {
            "wallet": wallet.name,
            "revision": rules.revision,
            "hash": rules_hash(rules).hex(),
            "owners": [profile.credential_name(owner) for owner in rules.owners],
            "policy": policy_object(rules.policy),
            "asked": {"revision": asked.rules.revision, "effect": asked.effect, "id": asked.request.hex()}
            if asked is not None
            else None,
        }
    )


@examples("warifu policy text savings > policy.toml", "warifu policy change savings policy.toml")
@click.command("change", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@with_option
@yes_option
@passphrase_option
@json_option
@click.pass_obj
def change_command(
    setting: Setting,
    wallet_name: str,
    file: Path,
    credential: str | None,
    yes: bool,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Replace the policy of WALLET by the one in FILE, after showing rule by rule what differs.

    Where every difference tightens, it holds at once, on your word alone. Where one loosens, or cannot be compared, the
    whole change takes the passphrase and waits on each device as long as the policy in force says; meanwhile any owner
    or any device can veto it ('warifu policy veto', 'warifu signer veto').
    """
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    policy = policy_from(file)
    check_terms(policy, profile.content.network)
    rules = Rules(wallet.rules.revision + 1, wallet.rules.owners, policy)
    return _change(setting, screen, profile, wallet, rules, credential, yes, passphrase_fd)


@examples(
    "warifu policy owners savings",
    "warifu policy owners savings --add alice.owner",
    "warifu policy owners savings --remove bob",
)
@click.command("owners", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@click.option(
    "--add", "added", multiple=True, metavar="CARD", help="What 'warifu credential export' wrote (repeat)."
)
@click.option(
    "--remove", "removed", multiple=True, metavar="NAME", help="An owner as 'policy show' names it (repeat)."
)
@with_option
@yes_option
@passphrase_option
@json_option
@click.pass_obj
def owners_command(
    setting: Setting,
    wallet_name: str,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    credential: str | None,
    yes: bool,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Add and remove owners of WALLET: a loosening, whichever it is. Without options, list them.

    Compare a card's digest with its owner, aloud or on paper, before you add it: whoever it belongs to can approve from
    then on, and veto.
    """
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    if not added and not removed:
        screen.facts([(tr("owner"), profile.credential_name(owner)) for owner in wallet.rules.owners])
        screen.result({"owners": [profile.credential_name(owner) for owner in wallet.rules.owners]})
        return 0
    owners = [owner for owner in wallet.rules.owners if not _named(profile, owner, removed)]
    if len(owners) + len(removed) != len(wallet.rules.owners):
        raise InputRefused(
            "unknown-owner",
            "an owner who is to be removed is none of the wallet's, or is not the only one of that name",
            not_done="Nothing was changed.",
            remedy="See 'warifu policy owners'.",
        )
    for text in added:
        card = read_card(text)
        profile.name_owner(card.name, card.credential)
        if card.credential not in owners:
            owners.append(card.credential)
    if not owners:
        raise InputRefused("owners", "a wallet has at least one owner", not_done="Nothing was changed.")
    rules = Rules(wallet.rules.revision + 1, tuple(owners), wallet.rules.policy)
    return _change(setting, screen, profile, wallet, rules, credential, yes, passphrase_fd)


def _named(profile: Profile, owner: Credential, names: tuple[str, ...]) -> bool:
    return profile.credential_name(owner) in names


def _change(
    setting: Setting,
    screen: Screen,
    profile: Profile,
    wallet: Wallet,
    rules: Rules,
    credential: str | None,
    yes: bool,
    passphrase_fd: int | None,
) -> int:
    changes = compare(wallet.rules, rules)
    waits = loosening(changes)
    check_rules(rules, wallet.request.network)
    if not changes:
        screen.line(tr("Nothing differs from what is in force."))
        screen.result({"changes": []})
        return 0
    show_changes(screen, changes)
    facts = [
        (tr("Wallet"), wallet.name),
        *((f"{change.effect} ({change.rule})", change.words) for change in changes),
    ]
    own = own_credential(profile, screen, wallet, credential, facts)
    if rules.policy.strict and not wallet.rules.policy.strict:
        show_awake(screen, wallet)
    effect = now() + wallet.rules.policy.loosening_delay
    if waits:
        _require_free(wallet)
        screen.line(
            tr(
                "It is in force on no device before {moment}, and can be vetoed until then.",
                moment=moment(effect),
            )
        )
    else:
        screen.line(tr("It is in force at once on every device that hears it."))
    with setting.client(profile) as client:
        again = tell_who_starts_again(client, screen, wallet.request.devices, rules.policy)
        if not yes:
            click.confirm(tr("Change the rules of {name}?", name=wallet.name), abort=True, err=screen.json)
        request = rules_request(wallet, rules_hash(wallet.rules), rules)
        if waits and wallet.rules.owners_needed > 1:
            screen.result(
                {**lay_before(client, screen, own, wallet, request, "policy"), "start_again": again}
            )
            return 0
        if waits:
            told = tell_sealed(
                client,
                profile,
                own,
                wallet,
                request,
                require_some(client, wallet),
                wallet.acceptable(now()),
                passphrase_fd,
            )
        else:
            told = tell(client, own, request)
    states = {device.state for device in told.devices}
    if "done" in states and not waits:
        profile.keep_rules(wallet.wallet_id, rules)
    elif "waits" in states:
        profile.keep_asked(wallet.wallet_id, Asked(request_digest(request), rules, effect))
    show_told(screen, told)
    screen.result(
        {"changes": changes_object(changes), "waits": waits, "start_again": again, **told_object(told)}
    )
    return exit_code_of(told)


def _require_free(wallet: Wallet) -> None:
    if wallet.asked is not None:
        raise PolicyDenied(
            "change-waits",
            "a change that was asked for here waits already",
            not_done="Nothing was asked for.",
            remedy="See 'warifu policy show' and 'warifu policy pending'. Veto it ('warifu policy veto'), or wait.",
        )


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


@examples("warifu policy freeze savings", "warifu policy freeze savings --reason 'my laptop was stolen'")
@click.command("freeze", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@click.option(
    "--reason",
    default="an owner said so",
    show_default=True,
    help="Shown with every refusal until the freeze ends; at most 200 characters.",
)
@with_option
@json_option
@click.pass_obj
def freeze_command(
    setting: Setting, wallet_name: str, reason: str, credential: str | None, as_json: bool
) -> int:
    """Freeze WALLET at once on every device that hears it, and veto all that waits. No passphrase is asked."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    if len(reason) > MAX_REASON:
        raise InputRefused(
            "reason", f"the reason must have at most {MAX_REASON} characters", not_done="Nothing was frozen."
        )
    with setting.client(profile) as client:
        own = own_credential(profile, screen, wallet, credential, wanted(wallet, tr("to freeze it"), reason))
        told = tell(client, own, freeze_request(wallet, reason))
    profile.keep_asked(wallet.wallet_id, None)
    show_told(screen, told)
    screen.result(told_object(told))
    return exit_code_of(told)


@examples("warifu policy unfreeze savings")
@click.command("unfreeze", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@with_option
@passphrase_option
@json_option
@click.pass_obj
def unfreeze_command(
    setting: Setting, wallet_name: str, credential: str | None, passphrase_fd: int | None, as_json: bool
) -> int:
    """Ask the connected devices of WALLET to sign again. It takes the passphrase and waits as every loosening does."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    request = unfreeze_request(wallet)
    own = own_credential(profile, screen, wallet, credential, wanted(wallet, tr("the end of its freeze")))
    with setting.client(profile) as client:
        if wallet.rules.owners_needed > 1:
            screen.result(lay_before(client, screen, own, wallet, request, "policy"))
            return 0
        devices = require_some(client, wallet)
        told = tell_sealed(
            client, profile, own, wallet, request, devices, wallet.acceptable(now()), passphrase_fd
        )
    show_told(screen, told)
    screen.result(told_object(told))
    return exit_code_of(told)


@examples("warifu policy sync savings", "warifu policy sync savings --restore")
@click.command("sync", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@click.option(
    "--restore",
    is_flag=True,
    help="Give every device the rules of this client's record again, whatever an owner's credential asked of it since.",
)
@with_option
@yes_option
@passphrase_option
@json_option
@click.pass_obj
def sync_command(
    setting: Setting,
    wallet_name: str,
    restore: bool,
    credential: str | None,
    yes: bool,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Bring this client's record, and devices of WALLET that are behind, to the rules in force.

    What another owner changed is taken into the record where it bears that owner's signature and as many devices show
    it as can sign. A device that is behind is told what it missed; what loosens takes the passphrase, and waits there.

    With --restore, for devices that were told different things (by two owners at once, by a thief with a credential),
    all of them are given what is on record, as a new revision.
    """
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)

    def choose(known: Wallet) -> OwnCredential:
        facts = wanted(known, tr("devices that are behind"))
        return own_credential(profile, screen, known, credential, facts)

    with setting.client(profile) as client:
        outcome = catch_up(client, profile, screen, choose, wallet, yes, restore, passphrase_fd)
    screen.table((tr("device"), tr("state")), [(found.device.name, found.words) for found in outcome.devices])
    screen.line(
        tr("By this client's record, revision {revision} is in force.", revision=outcome.rules.revision)
    )
    screen.result(
        {
            "revision": outcome.rules.revision,
            "devices": [
                {"device": found.device.name, "state": found.state, "refusal": found.refusal}
                for found in outcome.devices
            ],
        }
    )
    return ServiceRefused.exit_code if any(found.state != "same" for found in outcome.devices) else 0
