"""``warifu devices carry``: what several owners wanted of a wallet's devices, handed to these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from warifu.cli.accepting import carry
from warifu.cli.approvers import OwnCredential, own_credential
from warifu.cli.approving import facts_of_words, read_proposal
from warifu.cli.base import Command, examples, json_option, passphrase_option, with_option
from warifu.cli.changing import require_some, tell_sealed
from warifu.cli.changing_shown import exit_code_of, show_told, told_object
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting, now
from warifu.cli.handing_out import hand_out
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.together import further_words
from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol.api import Proposal
from warifu.protocol.credential import Approval
from warifu.protocol.request import DeviceRequest, HandOutRequest, ReferenceRequest


@examples("warifu devices carry 0123456789abcdef0123456789abcdef")
@click.command("carry", cls=Command)
@click.argument("identifier", metavar="ID")
@with_option
@passphrase_option
@json_option
@click.pass_obj
def carry_command(
    setting: Setting, identifier: str, credential: str | None, passphrase_fd: int | None, as_json: bool
) -> int:
    """Carry out what enough owners approved ('warifu approval give ID') about a device, with the wallet's passphrase.

    It is what 'accept', 'hand-out' or 'take-back' laid before them. It is shown once more.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        asked = read_proposal(profile, client.get(f"/proposals/{segment(identifier)}", Proposal))
        request, wallet = asked.request, asked.wallet
        if not isinstance(request, DeviceRequest) or request.request_id.hex() != identifier:
            raise InputRefused(
                "request",
                "that is nothing about a wallet's devices",
                not_done="Nothing was asked for.",
                remedy="A transfer is carried out with 'warifu resume', a change of rules with 'warifu policy carry'.",
            )
        facts = [*asked.facts, *facts_of_words(profile, asked)]
        screen.facts(facts)
        own = own_credential(profile, screen, wallet, credential, facts)
        further = further_words(asked, own)
        code, done = _carry(client, profile, screen, own, wallet, request, further, passphrase_fd)
    screen.result({**asked.described, **done})
    return code


def _carry(
    client: Client,
    profile: Profile,
    screen: Screen,
    own: OwnCredential,
    wallet: Wallet,
    request: DeviceRequest,
    further: Sequence[Approval],
    passphrase_fd: int | None,
) -> tuple[int, dict[str, Any]]:
    """The exit code, and what scripts are told."""
    if isinstance(request, HandOutRequest):
        dealt = hand_out(client, profile, own, wallet, request, passphrase_fd, further)
        screen.line(tr("It is done: the device starts by these keepers from now on."), style="green")
        return 0, {"set": dealt.hex()}
    if isinstance(request, ReferenceRequest):
        told = carry(client, profile, own, wallet, request, further, passphrase_fd)
        missing = [item for item in told if item["refusal"] is not None]
        for item in missing:
            screen.warn(
                tr("{name} was not told: {code}", name=str(item["device"]), code=str(item["refusal"]))
            )
        if len(missing) < len(told):
            screen.line(
                tr(
                    "{count} of {all} devices hold it to that now.",
                    count=len(told) - len(missing),
                    all=len(told),
                ),
                style="green",
            )
        return (ServiceRefused.exit_code if missing else 0), {"told": told}
    others = [each for each in require_some(client, wallet) if each.identity != request.identity]
    answered = tell_sealed(
        client, profile, own, wallet, request, others, wallet.acceptable(now()), passphrase_fd, further
    )
    show_told(screen, answered)
    screen.line(tr("Now lift its freeze, on the device itself: 'warifu signer unfreeze'."))
    return exit_code_of(answered), told_object(answered)
