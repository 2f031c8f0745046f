"""A loosening that several owners have to want: one keeps the request, the others approve it, one carries it out."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.approvers import approver_named
from warifu.cli.base import Command, examples, json_option, passphrase_option, require_yes, yes_option
from warifu.cli.changing import require_some, tell_sealed
from warifu.cli.changing_shown import changes_object, exit_code_of, show_changes, show_told, told_object
from warifu.cli.context import Setting, now
from warifu.cli.files import read_input, write_private
from warifu.cli.profile import Asked, Profile, Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.authorization import APPROVAL, approve_request
from warifu.protocol.credential import MAX_APPROVAL_BYTES, Approval, check_approval
from warifu.protocol.encoding import decode, encode
from warifu.protocol.request import (
    MAX_REQUEST_BYTES,
    RulesRequest,
    UnfreezeRequest,
    decode_request,
    request_digest,
)
from warifu.protocol.rules import rules_hash
from warifu.signer.policy.compare import Change, compare

_FILE = click.Path(path_type=Path, dir_okay=False)


@examples("warifu policy approve change.req --out mine.approval")
@click.command("approve", cls=Command)
@click.argument("file", type=_FILE)
@click.option("--out", type=_FILE, required=True, help="Write the approval to this new file.")
@click.option(
    "--with", "credential", metavar="NAME", help="Approve with this credential (default: this client's key)."
)
@yes_option
@json_option
@click.pass_obj
def approve_command(
    setting: Setting, file: Path, out: Path, credential: str | None, yes: bool, as_json: bool
) -> None:
    """Show what the request in FILE changes, compared with the rules in force by this client's own record, and approve.

    Your approval covers exactly this request. It changes nothing by itself: the owner who kept the request carries it
    out with all approvals ('warifu policy carry').
    """
    require_yes(yes, as_json)
    screen, profile = Screen(as_json), setting.profile()
    request, wallet, changes = _read(profile, file)
    _show(screen, wallet, changes)
    if not yes:
        click.confirm(tr("Approve this?"), abort=True, err=as_json)
    known, approve = approver_named(profile, screen, credential, ())
    if known not in wallet.rules.owners:
        raise AuthorizationRefused(
            "unknown-credential",
            "this credential is none of the wallet's owners",
            not_done="Nothing was approved.",
        )
    write_private(out, encode(approve_request(approve, request)), replace=False)
    screen.line(tr("Approved. Give {file} to the owner who carries it out.", file=str(out)), style="green")
    screen.result(
        {"id": request_digest(request).hex(), "changes": changes_object(changes), "approval": str(out)}
    )


@examples("warifu policy carry change.req --approval alice.approval --approval bob.approval")
@click.command("carry", cls=Command)
@click.argument("file", type=_FILE)
@click.option("--approval", "approvals", type=_FILE, multiple=True, help="What another owner wrote (repeat).")
@passphrase_option
@json_option
@click.pass_obj
def carry_command(
    setting: Setting, file: Path, approvals: tuple[Path, ...], passphrase_fd: int | None, as_json: bool
) -> int:
    """Hand the request in FILE to the connected devices, with your word, the others' approvals and the passphrase."""
    screen, profile = Screen(as_json), setting.profile()
    request, wallet, changes = _read(profile, file)
    _show(screen, wallet, changes)
    further = [_approval(path, request) for path in approvals]
    with setting.client(profile) as client:
        devices = require_some(client, wallet)
        rules = wallet.acceptable(now())
        told = tell_sealed(client, profile, wallet, request, devices, rules, passphrase_fd, further)
    effects = [device.effect for device in told.devices if device.state == "waits"]
    if effects and isinstance(request, RulesRequest):
        effect = now() + wallet.rules.policy.loosening_delay
        profile.keep_asked(wallet.wallet_id, Asked(request_digest(request), request.rules, effect))
    show_told(screen, told)
    screen.result({"changes": changes_object(changes), **told_object(told)})
    return exit_code_of(told)


def _read(profile: Profile, file: Path) -> tuple[RulesRequest | UnfreezeRequest, Wallet, tuple[Change, ...]]:
    """``InputRefused`` (``request``, ``unknown-wallet``), or ``AuthorizationRefused`` (``rules-stale``)."""
    request = decode_request(read_input(file, MAX_REQUEST_BYTES))
    if not isinstance(request, RulesRequest | UnfreezeRequest):
        raise InputRefused(
            "request", "that is no change of a wallet's rules", not_done="Nothing was approved."
        )
    wallet = next((each for each in profile.wallets() if each.wallet_id == request.wallet_id), None)
    if wallet is None:
        raise InputRefused(
            "unknown-wallet",
            "this client does not know the wallet",
            remedy="Take it up first: 'warifu wallet adopt'.",
        )
    if isinstance(request, UnfreezeRequest):
        return request, wallet, ()
    if request.replaces != rules_hash(wallet.rules):
        raise AuthorizationRefused(
            "rules-stale",
            "the request replaces other rules than those in force by this client's record",
            not_done="Nothing was approved.",
            remedy="Bring the record to what is in force ('warifu policy sync').",
        )
    return request, wallet, compare(wallet.rules, request.rules)


def _show(screen: Screen, wallet: Wallet, changes: tuple[Change, ...]) -> None:
    screen.facts([(tr("wallet"), wallet.name)])
    show_changes(screen, changes)
    if not changes:
        screen.line(tr("The wallet signs again."), style="yellow")


def _approval(path: Path, request: RulesRequest | UnfreezeRequest) -> Approval:
    approval = decode(Approval, read_input(path, MAX_APPROVAL_BYTES), MAX_APPROVAL_BYTES)
    check_approval(approval, APPROVAL, request_digest(request))
    return approval
