"""``warifu audit``: the journals of a wallet's devices, held against each other and the chain."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.audits.auditing import Audited, run_audit
from warifu.cli.audits.export import json_lines, report, verdict
from warifu.cli.audits.journal_words import Names
from warifu.cli.audits.words import level_word, sentence
from warifu.cli.base import Group, examples, json_option, with_option
from warifu.cli.context import Setting, now
from warifu.cli.files import write_private
from warifu.cli.screen import Screen, error_object
from warifu.cli.several import SeveralValues
from warifu.cli.text import tr
from warifu.errors import InputRefused

offline_option = click.option(
    "--offline",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Read these files instead ('warifu signer journal' on each device), and ask nobody.",
)
exchange_option = click.option(
    "--exchange",
    "accounts",
    multiple=True,
    metavar="ACCOUNT",
    help="Ask the exchange of this account what it lists, and name what no device signed for (repeat).",
)
_STYLES = {"wrong": "red", "missing": "yellow", "open": "yellow", "note": "dim"}


@click.group("audit", cls=Group)
def group() -> None:
    """What each device wrote down, checked."""


@examples(
    "warifu audit verify savings",
    "warifu audit verify savings --offline home.jsonl pi.jsonl friend.jsonl",
    "warifu audit verify savings --exchange coinbase",
    "warifu audit verify savings --json | jq '.findings[] | select(.level == \"wrong\")'",
)
@group.command("verify", cls=SeveralValues)
@click.argument("wallet")
@offline_option
@exchange_option
@with_option
@json_option
@click.pass_obj
def verify_command(
    setting: Setting,
    wallet: str,
    offline: tuple[Path, ...],
    accounts: tuple[str, ...],
    credential: str | None,
    as_json: bool,
) -> int:
    """Check the journals of WALLET's devices against each other, this client's records and the chain.

    Each entry is signed by its device and follows from the one before it; what devices signed together stands in each
    of their journals; and each remembers how far the others' were, signed by them, so that none can rewrite what it
    showed. What the service alone says is told as such.

    With --exchange the devices ask the exchange of ACCOUNT, with its own credential, for its orders and withdrawals.
    What you placed by hand is among what no device signed for: you know whether it was you.

    The exit code is 0 where nothing is wrong, 7 where something is, and 13 where not everything could be looked at.
    """
    screen = Screen(as_json)
    if offline and accounts:
        raise InputRefused(
            "usage", "with --offline nobody is asked, and no exchange either", remedy="See --help."
        )
    audited = run_audit(setting, wallet, offline, screen, credential, accounts)
    _show(screen, audited)
    screen.result(_object(audited))
    return audited.exit_code


@examples(
    "warifu audit export savings --format jsonl --output savings.jsonl",
    "warifu audit export savings --format report --output savings.md --force",
)
@group.command("export", cls=SeveralValues)
@click.argument("wallet")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "report"]),
    required=True,
    help="JSON Lines with every proof, or a report for people.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file; it is written whole or not at all.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@offline_option
@with_option
@json_option
@click.pass_obj
def export_command(
    setting: Setting,
    wallet: str,
    kind: str,
    output: Path,
    force: bool,
    offline: tuple[Path, ...],
    credential: str | None,
    as_json: bool,
) -> int:
    """Write the journals of WALLET's devices into a file, checked as 'warifu audit verify' does.

    The file is written whatever was found, and says so. The exit code is that of 'warifu audit verify'.
    """
    screen = Screen(as_json)
    audited = run_audit(setting, wallet, offline, screen, credential)
    names = Names(setting.profile(), audited.wallet)
    if kind == "report":
        content = report(audited, names, now()).encode()
    else:
        content = b"".join(line + b"\n" for each in audited.taken for line in json_lines(each, names))
    write_private(output, content, replace=force)
    _show(screen, audited)
    screen.line(tr("Written: {path}", path=output))
    screen.result({**_object(audited), "file": str(output)})
    return audited.exit_code


def _show(screen: Screen, audited: Audited) -> None:
    for journal in audited.result.journals:
        screen.line(
            tr(
                "{device}: {length} entries, head {head}",
                device=journal.device,
                length=journal.head.length,
                head=journal.head.hash.hex()[:16],
            )
        )
    for finding in audited.result.findings:
        why = audited.failed.get(finding.device)
        reason = f" ({why.message})" if why is not None and finding.code == "not-read" else ""
        screen.line(f"{level_word(finding)}: {sentence(finding)}{reason}", style=_STYLES[finding.level])
    screen.line(verdict(audited.result), style="red" if audited.result.wrong else "bold")


def _object(audited: Audited) -> dict[str, object]:
    result = audited.result
    return {
        "wallet": audited.wallet.name,
        "ok": audited.exit_code == 0,
        "devices": [
            {
                "device": journal.device,
                "identity": journal.identity.hex(),
                "entries": len(journal.entries),
                "head": journal.head.hash.hex(),
            }
            for journal in result.journals
        ],
        "transfers": len(result.transfers.requests()),
        "findings": [
            {
                "level": finding.level,
                "code": finding.code,
                "device": finding.device or None,
                "entry": finding.entry or None,
                "values": dict(finding.values),
                "words": sentence(finding),
            }
            for finding in result.findings
        ],
        "not_read": {name: error_object(error) for name, error in audited.failed.items()},
    }
