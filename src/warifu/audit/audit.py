"""The whole audit of one wallet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warifu.audit.at_exchange import Listing, check_exchange
from warifu.audit.calls import check_calls
from warifu.audit.findings import Finding, missing, note
from warifu.audit.heads import check_memories, memories
from warifu.audit.journals import Journal
from warifu.audit.onchain import Told, check_chain
from warifu.audit.records import Record, check_record
from warifu.audit.restored import softened
from warifu.audit.rules import check_rules
from warifu.audit.transfers import Transfers, check_transfers, transfers_of
from warifu.protocol.events.sessions import PeerHead
from warifu.protocol.events.wallets import WalletBorn


@dataclass(frozen=True)
class Audit:
    """What came of it."""

    journals: tuple[Journal, ...]
    transfers: Transfers
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """What must not be."""
        return tuple(finding for finding in self.findings if finding.level == "wrong")

    @property
    def whole(self) -> bool:
        """Whether everything could be looked at."""
        return not any(finding.level == "missing" for finding in self.findings)


def audit(
    record: Record,
    journals: Sequence[Journal],
    found: Sequence[Finding],
    *,
    absent: Sequence[str] = (),
    earlier: Sequence[PeerHead] = (),
    client: str = "this client",
    told: Told | None = None,
    listings: Sequence[Listing] = (),
) -> Audit:
    """``found``: what was wrong with each journal alone. ``absent``: devices whose journals are not there.

    ``earlier``: heads that this client remembers, under the name ``client``. ``told``: None where the service was not
    asked. ``listings``: what exchanges that were asked list of their accounts.
    """
    transfers = transfers_of(journals, record.wallet)
    findings = [missing("not-read", device) for device in absent]
    findings += found
    findings += check_memories(journals, memories(journals, earlier, client))
    findings += check_transfers(journals, record.wallet)
    findings += check_calls(journals, record.wallet, record.threshold)
    for listing in listings:
        findings += check_exchange(journals, record.wallet, listing)
    findings += check_rules(journals, record.wallet, record.rules, (record.rules, record.known_rules))
    findings += check_record(journals, record)
    if told is None:
        findings.append(note("offline"))
    else:
        every_quorum = len(journals) > record.devices - record.threshold
        born = min((born for journal in journals for born in _births(journal, record.wallet)), default=None)
        findings += check_chain(journals, transfers, told, every_quorum=every_quorum, born=born)
    findings = softened(journals, findings, record.wallet, record.threshold)
    return Audit(tuple(journals), transfers, tuple(findings))


def _births(journal: Journal, wallet: bytes) -> Iterator[int]:
    """The moments at which the device says that the wallet was made."""
    return (content.time for _, content, event in journal.events(WalletBorn) if event.wallet == wallet)
