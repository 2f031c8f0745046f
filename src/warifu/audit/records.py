"""Journals held against what this client verified itself when the wallet was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warifu.audit.findings import Finding, wrong
from warifu.audit.journals import Journal
from warifu.protocol.events.wallets import WalletBorn
from warifu.protocol.journal import wallet_of


@dataclass(frozen=True)
class Record:
    """A wallet as this client knows it."""

    wallet: bytes
    threshold: int
    devices: int
    threshold_public: tuple[bytes, ...]
    """In the order of its schemes."""
    rules: bytes
    """``rules_hash`` of those that it was made with."""
    known_rules: bytes
    """Of those in force, by the owner's own record."""
    owners: frozenset[bytes] | None
    """``credential_digest`` of each; None where this client does not know all that there ever were."""


def check_record(journals: Sequence[Journal], record: Record) -> Iterator[Finding]:
    """What does not fit."""
    for journal in journals:
        births = [
            (number, event)
            for number, _, event in journal.events(WalletBorn)
            if event.wallet == record.wallet
        ]
        if not births:
            yield wrong("birth-missing", journal.device)
        for number, birth in births:
            if birth.threshold_public != record.threshold_public:
                yield wrong("birth-differs", journal.device, number)
        if record.owners is not None:
            yield from _strangers(journal, record.wallet, record.owners)


def _strangers(journal: Journal, wallet: bytes, owners: frozenset[bytes]) -> Iterator[Finding]:
    """Entries about the wallet that name an owner who is none."""
    for entry in journal.entries:
        content = entry.content
        if content is None or wallet_of(content.event) != wallet or content.by.kind != "owner":
            continue
        for credential in content.by.ids:
            if credential not in owners:
                yield wrong("unknown-owner", journal.device, entry.number, credential=credential.hex()[:16])
