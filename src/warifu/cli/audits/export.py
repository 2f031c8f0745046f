"""Journals as files: JSON Lines, whose proofs an audit reads again, and a report for people."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

import msgspec

from warifu.audit.audit import Audit
from warifu.cli.audits.auditing import Audited
from warifu.cli.audits.journal_words import (
    Names,
    asked_by,
    event_object,
    kind_word,
    paid,
    told,
    transaction_name,
)
from warifu.cli.audits.journals import Taken, entry_line, state_line
from warifu.cli.audits.words import level_word, sentence
from warifu.cli.screen import clean
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.protocol.chains import spoken
from warifu.protocol.journal import decode_content, kind_of

_LAST = 253_402_300_799
"""The end of the year 9999, in seconds."""


def json_lines(taken: Taken, names: Names) -> Iterator[bytes]:
    """One journal: the device's word, and a line for each entry, with what it says beside what proves it."""
    yield msgspec.json.encode(state_line(taken))
    for entry in taken.entries:
        line = entry_line(taken.device, entry)
        if not entry.withheld:
            try:
                content = decode_content(entry.content)
            except InputRefused:
                line["unreadable"] = True
            else:
                line["time"] = content.time
                line["by"] = {"kind": content.by.kind, "ids": [each.hex() for each in content.by.ids]}
                line["kind"] = kind_of(content.event)
                line["event"] = event_object(content.event)
                line["words"] = clean(told(content, names))
        yield msgspec.json.encode(line)


def report(audited: Audited, names: Names, moment: int) -> str:
    """Markdown: what was found, what was paid, and every entry."""
    result, wallet = audited.result, audited.wallet
    lines = [f"# {tr('Audit of the wallet {name}', name=_cell(wallet.name))}", ""]
    lines += [f"- {tr('made on {when}', when=_when(moment))}", f"- {tr('wallet')} `{wallet.wallet_id.hex()}`"]
    lines += [f"- {verdict(result)}", "", f"## {tr('Findings')}", ""]
    lines += [f"- **{level_word(each)}** {_cell(sentence(each))}" for each in result.findings] or [
        tr("Nothing was found.")
    ]
    lines += ["", f"## {tr('Transfers')}", ""]
    lines += _table(
        (
            tr("first started"),
            tr("chain"),
            tr("what left"),
            tr("fee at most"),
            tr("signed by"),
            tr("transaction"),
        ),
        _transfers(result, names),
    )
    for journal in result.journals:
        lines += ["", f"## {tr('Journal of {device}', device=journal.device)}", ""]
        lines += [
            f"- {tr('identity')} `{journal.identity.hex()}`",
            f"- {tr('{length} entries, head {head}', length=journal.head.length, head=journal.head.hash.hex())}",
            "",
        ]
        rows = [
            (str(entry.number), "", "", "", tr("(of another wallet)"))
            if entry.content is None
            else (
                str(entry.number),
                _when(entry.content.time),
                kind_word(entry.content.event),
                asked_by(entry.content.by, names),
                told(entry.content, names),
            )
            for entry in journal.entries
        ]
        lines += _table((tr("entry"), tr("moment"), tr("kind"), tr("asked by"), tr("what")), rows)
    return "\n".join(lines) + "\n"


def verdict(result: Audit) -> str:
    """The whole in one sentence."""
    if result.wrong:
        return tr("{count} things are wrong.", count=len(result.wrong))
    if not result.whole:
        return tr("Nothing is wrong in what could be looked at; not everything could.")
    return tr("Nothing is wrong.")


def _transfers(result: Audit, names: Names) -> Iterator[tuple[str, ...]]:
    for request, first in result.transfers.first.items():
        started = first.started
        signers = result.transfers.finished.get(request, ())
        yield (
            f"{first.device} {first.entry}",
            spoken(started.chain),
            ", ".join(paid(started.chain, each, names) for each in started.outflows) or "-",
            names.amount(started.chain, "", int(started.fee)),
            ", ".join(signers) or tr("nobody yet"),
            transaction_name(started.chain, started.transaction),
        )


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]


def _cell(text: str) -> str:
    """Much of it comes from devices: no control characters, nothing that ends a cell or begins a tag."""
    return clean(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")


def _when(moment: int) -> str:
    """A device may write down any moment; what no calendar has is shown as the number."""
    if moment > _LAST:
        return str(moment)
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
