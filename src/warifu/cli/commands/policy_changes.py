"""``warifu policy change, owners``: other rules for a wallet that is there."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.approvers import own_credential
from warifu.cli.base import Command, examples, json_option, passphrase_option, with_option, yes_option
from warifu.cli.changing import require_some, rules_request, tell, tell_sealed
from warifu.cli.changing_shown import changes_object, exit_code_of, show_changes, show_told, told_object
from warifu.cli.context import Setting, now
from warifu.cli.credential_card import read_card
from warifu.cli.exchanges.loading import tell_who_starts_again
from warifu.cli.known_wallet import Asked, Wallet
from warifu.cli.policy_file import policy_from
from warifu.cli.policy_terms import check_terms
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.together import lay_before
from warifu.cli.waiting_shown import moment
from warifu.cli.wallet_shown import show_awake
from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.credential import Credential
from warifu.protocol.request import request_digest
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.policy.compare import compare, loosening
from warifu.signer.sound import check_rules


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
