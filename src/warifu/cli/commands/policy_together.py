"""``warifu policy carry``: a loosening that several owners wanted, handed to the devices."""

from __future__ import annotations

import click

from warifu.cli.approvers import own_credential
from warifu.cli.approving import facts_of_words, read_proposal
from warifu.cli.base import Command, examples, json_option, passphrase_option, with_option
from warifu.cli.changing import require_some, tell_sealed
from warifu.cli.changing_shown import exit_code_of, show_told, told_object
from warifu.cli.client import segment
from warifu.cli.context import Setting, now
from warifu.cli.known_wallet import Asked as AskedRules
from warifu.cli.screen import Screen
from warifu.cli.together import further_words
from warifu.errors import InputRefused
from warifu.protocol.api import Proposal
from warifu.protocol.request import RulesRequest, UnfreezeRequest, request_digest


@examples("warifu policy carry 0123456789abcdef0123456789abcdef")
@click.command("carry", cls=Command)
@click.argument("identifier", metavar="ID")
@with_option
@passphrase_option
@json_option
@click.pass_obj
def carry_command(
    setting: Setting, identifier: str, credential: str | None, passphrase_fd: int | None, as_json: bool
) -> int:
    """Hand a change that enough owners approved ('warifu approval give ID') to the connected devices, with the
    passphrase.

    It is shown once more, compared with the rules in force by this client's own record.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        asked = read_proposal(profile, client.get(f"/proposals/{segment(identifier)}", Proposal))
        request, wallet = asked.request, asked.wallet
        if not isinstance(request, RulesRequest | UnfreezeRequest) or request.request_id.hex() != identifier:
            raise InputRefused(
                "request",
                "that is no change of a wallet's rules",
                not_done="Nothing was asked for.",
                remedy="A transfer is carried out with 'warifu resume', and what is about devices with 'warifu devices "
                "carry'.",
            )
        facts = [*asked.facts, *facts_of_words(profile, asked)]
        screen.facts(facts)
        own = own_credential(profile, screen, wallet, credential, facts)
        further = further_words(asked, own)
        devices, rules = require_some(client, wallet), wallet.acceptable(now())
        told = tell_sealed(client, profile, own, wallet, request, devices, rules, passphrase_fd, further)
    if isinstance(request, RulesRequest) and any(device.state == "waits" for device in told.devices):
        effect = now() + wallet.rules.policy.loosening_delay
        profile.keep_asked(wallet.wallet_id, AskedRules(request_digest(request), request.rules, effect))
    show_told(screen, told)
    screen.result({**asked.described, **told_object(told)})
    return exit_code_of(told)
