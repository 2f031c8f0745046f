"""``warifu approval``: what other owners want, and your word on it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from warifu.cli.approvers import own_credential
from warifu.cli.approving import Asked, facts_of_words, read_proposal
from warifu.cli.base import Group, examples, json_option, require_yes, with_option, yes_option
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen, error_object
from warifu.cli.second_look import second_look
from warifu.cli.sent import remember
from warifu.cli.text import tr
from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.api import NewApproval, Proposal, Proposals
from warifu.protocol.authorization import approve_request, refuse_request
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_requests import CallRequest
from warifu.protocol.request import AtExchange, DeviceRequest, ReferenceRequest, TransferRequest


@examples("warifu approval list")
@click.group("approval", cls=Group)
def group() -> None:
    """What several owners have to approve, and your word on it."""


@examples("warifu approval list")
@group.command("list")
@json_option
@click.pass_obj
def list_command(setting: Setting, as_json: bool) -> None:
    """List what waits for approvals, as this client reads it itself."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        proposals = client.get("/proposals", Proposals).proposals
    rows, objects = [], []
    for proposal in proposals:
        try:
            asked = read_proposal(profile, proposal)
        except WarifuError as error:
            rows.append((proposal.id, "?", f"{error.message} ({error.code})", "-", "-"))
            objects.append({"id": proposal.id, "error": error_object(error)})
            continue
        given = f"{len(asked.words.approvals)} / {asked.needed}"
        until = time.strftime("%Y-%m-%d %H:%M", time.localtime(asked.request.expires))
        rows.append((proposal.id, asked.wallet.name, asked.gist, given, until))
        objects.append(_object(profile, asked))
    screen.table((tr("id"), tr("wallet"), tr("what"), tr("approvals"), tr("until")), rows)
    screen.result({"proposals": objects})


@examples(
    "warifu approval give 0123456789abcdef0123456789abcdef", "warifu approval give 0123... --with laptop"
)
@group.command("give")
@click.argument("identifier", metavar="ID")
@click.option(
    "--call",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    metavar="FILE",
    help="What is asked of an exchange: the file that the owner who asks wrote ('--out') and gave you.",
)
@with_option
@yes_option
@json_option
@click.pass_obj
def give_command(
    setting: Setting, identifier: str, call: Path | None, credential: str | None, yes: bool, as_json: bool
) -> None:
    """Show what ID asks for, as this client reads it, and approve it.

    Your approval covers exactly this. It does nothing by itself: an owner with the passphrase carries it out, once
    enough have approved (a transfer by 'warifu resume').

    Where a device is to be accepted as what it is now, this client looks at the device itself first, and says what it
    sees.

    What is asked of an exchange the service must not see: get the file from the owner who asks, and name it (--call).
    His command goes on by itself when enough have approved.
    """
    _say(setting, identifier, credential, yes, as_json, refuses=False, call=call)


@examples("warifu approval refuse 0123456789abcdef0123456789abcdef")
@group.command("refuse")
@click.argument("identifier", metavar="ID")
@with_option
@yes_option
@json_option
@click.pass_obj
def refuse_command(
    setting: Setting, identifier: str, credential: str | None, yes: bool, as_json: bool
) -> None:
    """Say no to ID, for the other owners to see; your earlier approval is gone from the service.

    It stops nobody: enough others can still approve, and an approval that was handed on before still counts. What
    nobody approves any more is withdrawn, and its coins are free.
    """
    _say(setting, identifier, credential, yes, as_json, refuses=True)


def _say(
    setting: Setting,
    identifier: str,
    credential: str | None,
    yes: bool,
    as_json: bool,
    *,
    refuses: bool,
    call: Path | None = None,
) -> None:
    require_yes(yes, as_json)
    screen, profile = Screen(as_json), setting.profile()
    path = f"/proposals/{segment(identifier)}/approvals"
    with setting.client(profile) as client:
        asked = _read(client, profile, identifier, call)
        if not refuses:
            _require_seen(asked, call)
        facts = [*asked.facts, *facts_of_words(profile, asked)]
        screen.line(tr("This is asked for, as this client reads it itself:"), style="bold")
        screen.facts(facts)
        for warning in asked.warnings:
            screen.warn(warning)
        own = own_credential(profile, screen, asked.wallet, credential, facts)
        look = None
        if isinstance(asked.request, ReferenceRequest) and not refuses:
            look = second_look(client, profile, asked, asked.request)
            if look.doubt is not None:
                screen.warn(look.doubt)
            if yes:
                look.require_sure()
        if not yes:
            click.confirm(tr("Refuse this?") if refuses else tr("Approve this?"), abort=True)
        say = refuse_request if refuses else approve_request
        word = say(own.approve, asked.request)
        if isinstance(asked.request, TransferRequest):
            remember(setting.home, asked.request)
        client.post(path, NewApproval(approval=encode(word), refuses=refuses), Proposal)
        asked = replace(asked, words=_read(client, profile, identifier).words)
        if look is not None:
            look.keep(profile)
    screen.line(tr("Refused.") if refuses else tr("Approved."), style="green")
    screen.facts(facts_of_words(profile, asked))
    if not asked.missing and isinstance(asked.request, AtExchange):
        screen.line(tr("Enough owners approved. The command of whoever asked goes on by itself."))
    elif not asked.missing:
        screen.line(
            tr(
                "Enough owners approved. Whoever knows the passphrase goes on with: warifu {command}",
                command=_carrying(asked, identifier),
            )
        )
    screen.result(_object(profile, asked))


def _carrying(asked: Asked, identifier: str) -> str:
    """The command by which it is carried out."""
    if isinstance(asked.request, TransferRequest):
        return f"resume {asked.wallet.name} {identifier}"
    return f"{'devices' if isinstance(asked.request, DeviceRequest) else 'policy'} carry {identifier}"


def _require_seen(asked: Asked, call: Path | None) -> None:
    """Nobody approves a digest."""
    if isinstance(asked.request, CallRequest) and call is None:
        raise InputRefused(
            "call-file",
            "this asks something of an exchange, and what it is stands in a file of the owner who asks",
            not_done="Nothing was approved.",
            remedy="Get that file from him, and name it: --call FILE.",
        )


def _read(client: Client, profile: Profile, identifier: str, call: Path | None = None) -> Asked:
    asked = read_proposal(profile, client.get(f"/proposals/{segment(identifier)}", Proposal), call)
    if asked.request.request_id.hex() != identifier:
        raise ServiceRefused("answer", "the service tells of another transfer", blame="service")
    return asked


def _object(profile: Profile, asked: Asked) -> dict[str, Any]:
    return {
        "id": asked.request.request_id.hex(),
        "wallet": asked.wallet.name,
        **asked.described,
        "approved": [profile.credential_name(each) for each in asked.words.approved],
        "refused": [profile.credential_name(each) for each in asked.words.refused],
        "needed": asked.needed,
        "missing": asked.missing,
        "expires": asked.request.expires,
    }
