"""A loosening that several owners have to want: laid before the others, approved by them, carried out by one."""

from __future__ import annotations

import click

from warifu.cli.approvers import OwnCredential, own_credential
from warifu.cli.approving import Asked, facts_of_words, propose, read_proposal
from warifu.cli.base import Command, examples, json_option, passphrase_option, with_option
from warifu.cli.changing import owners_needed, require_some, tell_sealed
from warifu.cli.changing_shown import exit_code_of, show_told, told_object
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting, now
from warifu.cli.profile import Asked as AskedRules
from warifu.cli.profile import Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.api import Proposal
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import Approval
from warifu.protocol.request import RulesRequest, TransferRequest, UnfreezeRequest, request_digest


def lay_before(
    client: Client,
    screen: Screen,
    own: OwnCredential,
    wallet: Wallet,
    request: RulesRequest | UnfreezeRequest,
) -> None:
    """Lay a loosening before the other owners, with this one's approval. No device hears of it yet."""
    identifier, needed = (
        propose(client, request, b"", approve_request(own.approve, request)),
        owners_needed(wallet),
    )
    screen.line(
        tr(
            "What allows more takes {needed} owners, as the largest payment does. Yours is the first.",
            needed=needed,
        )
    )
    screen.line(tr("The others approve it with: warifu approval give {transfer}", transfer=identifier))
    screen.line(tr("Then go on with: warifu policy carry {identifier}", identifier=identifier))
    screen.result({"id": identifier, "state": "proposed", "approvals": 1, "needed": needed})


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
        if isinstance(request, TransferRequest) or request.request_id.hex() != identifier:
            raise InputRefused(
                "request",
                "that is no change of a wallet's rules",
                not_done="Nothing was asked for.",
                remedy="A transfer is carried out with 'warifu resume'.",
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


def further_words(asked: Asked, own: OwnCredential) -> list[Approval]:
    """The other owners' approvals, if they are enough with the word of ``own``, which goes along with the passphrase.
    ``AuthorizationRefused`` (``approvals-missing``)."""
    given = len({own.credential, *asked.words.approved})
    if given < asked.needed:
        raise AuthorizationRefused(
            "approvals-missing",
            f"{given} of {asked.needed} owners approved it so far",
            not_done="Nothing was asked for.",
            remedy=f"Another owner approves it with 'warifu approval give {asked.request.request_id.hex()}'.",
        )
    return [each for each in asked.words.approvals if each.credential != own.credential]
