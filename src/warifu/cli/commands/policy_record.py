"""``warifu policy show, sync``: the rules of a wallet by this client's own record, and what brings that up to date."""

from __future__ import annotations

import click

from warifu.cli.approvers import OwnCredential, own_credential, wanted
from warifu.cli.base import Command, examples, json_option, passphrase_option, with_option, yes_option
from warifu.cli.catching_up import catch_up
from warifu.cli.context import Setting
from warifu.cli.known_wallet import Wallet
from warifu.cli.policy_shown import policy_object, show_policy
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.waiting_shown import SHORT, moment
from warifu.errors import ServiceRefused
from warifu.protocol.rules import rules_hash


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
