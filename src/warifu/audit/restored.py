"""A device that its owners had taken back with an older disk forgot what came after: that is no lie of its own.

The word for it stands in its peers' journals, under the owners' names. One of them could have made that up; as many as
cannot all be hostile beside the device did not. What the device forgot is told all the same, as open: the owner knows
whether he had it taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from warifu.audit.findings import Code, Finding, note
from warifu.audit.journals import Journal
from warifu.protocol.events.wallets import Restored

EXPLAINED: frozenset[Code] = frozenset(
    {
        "rewritten",
        "shorter-than-known",
        "forked",
        "start-denied",
        "session-denied",
        "note-denied",
        "call-session-denied",
        "call-part-denied",
        "call-denied",
    }
)


def softened(
    journals: Sequence[Journal], found: Sequence[Finding], wallet: bytes, threshold: int
) -> list[Finding]:
    """``found``, with what a device forgot on its owners' word as open, and that word itself."""
    witnesses: dict[bytes, list[str]] = {}
    for journal in journals:
        for _, content, event in journal.events(Restored):
            if event.wallet == wallet and event.device != journal.identity and content.by.kind == "owner":
                witnesses.setdefault(event.device, []).append(journal.device)
    taken_back = {
        journal.device: sorted(set(witnesses[journal.identity]))
        for journal in journals
        if len(set(witnesses.get(journal.identity, ()))) >= max(1, threshold - 1)
    }
    told = [note("restored", device, by=", ".join(names)) for device, names in taken_back.items()]
    return told + [
        replace(finding, level="open")
        if finding.code in EXPLAINED and finding.device in taken_back
        else finding
        for finding in found
    ]
