"""``warifu audit``: gathers what there is of a wallet's journals, the owner's records and the chain, and judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warifu.audit.audit import Audit, audit
from warifu.audit.findings import Finding
from warifu.audit.journals import Journal, read_journal
from warifu.audit.onchain import Claim, ClaimedHead, Spend, Told
from warifu.audit.records import Record
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting, now
from warifu.cli.journals import Taken, read_files, read_through_service
from warifu.cli.known_heads import keep_heads, known_heads
from warifu.cli.profile import Profile, Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import PeerMisbehaved, ServiceRefused, WarifuError
from warifu.protocol.api import Accounts, History, Transfers
from warifu.protocol.credential import credential_digest
from warifu.protocol.journal import PeerHead
from warifu.protocol.rules import rules_hash

WRONG, NOT_WHOLE = PeerMisbehaved.exit_code, ServiceRefused.exit_code
"""How the command ends where something is wrong, and where not everything could be looked at."""

_ATTEMPTS = 3


@dataclass(frozen=True)
class Audited:
    """An audit, and the journals as they came."""

    wallet: Wallet
    taken: tuple[Taken, ...]
    failed: dict[str, WarifuError]
    result: Audit

    @property
    def exit_code(self) -> int:
        """0 where everything was looked at and nothing is wrong."""
        if self.result.wrong:
            return WRONG
        return 0 if self.result.whole else NOT_WHOLE


def run_audit(setting: Setting, name: str, offline: Sequence[Path], screen: Screen) -> Audited:
    """Read, compare, and remember how far the journals are in which nothing is wrong."""
    profile = setting.profile()
    wallet = profile.wallet(name)
    earlier = [item for item in known_heads(setting.home) if item.identity in _identities(wallet)]
    if offline:
        audited = judged(wallet, read_files(offline, wallet.request.devices), {}, earlier, None)
    else:
        with setting.client(profile) as client:
            audited = _read_and_judged(client, profile, wallet, earlier, screen)
    suspect = {finding.device for finding in audited.result.wrong}
    keep_heads(
        setting.home,
        [
            PeerHead(journal.identity, journal.head)
            for journal in audited.result.journals
            if journal.device not in suspect
        ],
    )
    return audited


def _read_and_judged(
    client: Client, profile: Profile, wallet: Wallet, earlier: Sequence[PeerHead], screen: Screen
) -> Audited:
    """The service is asked first, so that nothing it tells of is younger than the journals. Devices are read one after
    the other: what they did together meanwhile stands in one and not yet in another, and looks like a denial, so where
    something is wrong and journals grew, all of them are read again."""
    lengths: list[int] = []
    for attempt in range(_ATTEMPTS):
        told = _told(client, wallet)
        taken, failed = read_through_service(client, profile, wallet, now(), _Progress(screen))
        audited = judged(wallet, taken, failed, earlier, told)
        before, lengths = lengths, [len(each.entries) for each in taken]
        if not audited.result.wrong or lengths == before or attempt == _ATTEMPTS - 1:
            break
    return audited


def judged(
    wallet: Wallet,
    taken: Sequence[Taken],
    failed: Mapping[str, WarifuError],
    earlier: Sequence[PeerHead],
    told: Told | None,
) -> Audited:
    """What comes of these journals. ``failed``: devices whose journals could not be read, and why."""
    journals: list[Journal] = []
    found: list[Finding] = []
    for each in taken:
        journal, findings = read_journal(each.device.name, each.device.identity, each.entries, each.said)
        journals.append(journal)
        found += findings
    there = {each.device.name for each in taken}
    result = audit(
        record_of(wallet),
        journals,
        found,
        absent=[device.name for device in wallet.request.devices if device.name not in there],
        earlier=earlier,
        client=tr("this client"),
        told=told,
    )
    return Audited(wallet, tuple(taken), dict(failed), result)


def record_of(wallet: Wallet) -> Record:
    """What this client knows of the wallet. Once owners were changed, nobody here knows all who ever were."""
    changed = wallet.rules.owners != wallet.request.rules.owners
    return Record(
        wallet.wallet_id,
        wallet.request.threshold,
        len(wallet.request.devices),
        tuple(key.threshold_public for key in wallet.birth.keys),
        rules_hash(wallet.request.rules),
        rules_hash(wallet.rules),
        None if changed else frozenset(map(credential_digest, wallet.rules.owners)),
    )


def _identities(wallet: Wallet) -> set[bytes]:
    return {device.identity for device in wallet.request.devices}


class _Progress:
    """One line for each page after the first: a short journal needs none."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def __call__(self, device: str, so_far: int, whole: int) -> None:
        if so_far < whole:
            self._screen.line(
                tr("{device}: {so_far} of {whole} entries", device=device, so_far=so_far, whole=whole), "dim"
            )


def _told(client: Client, wallet: Wallet) -> Told:
    """What the service says. Where it cannot say something, why."""
    transfers = client.get("/transfers", Transfers, wallet=wallet.name).transfers
    refusals: list[str] = []
    spends: list[Spend] | None = None
    if "bip340" in wallet.request.schemes:
        try:
            history = client.get(f"/wallets/{segment(wallet.name)}/transactions", History)
            spends = [
                Spend(bytes.fromhex(entry.txid)[::-1], entry.height)
                for entry in history.transactions
                if entry.sent > 0
            ]
        except WarifuError as error:
            refusals.append(f"{error.message} ({error.code})")
    sent: dict[str, int] = {}
    if {"ecdsa", "ed25519"} & set(wallet.request.schemes):
        for account in client.get(f"/wallets/{segment(wallet.name)}/accounts", Accounts).accounts:
            if account.executed is not None:
                sent[account.chain] = account.executed
            elif account.refusal is not None:
                refusals.append(f"{account.refusal.message} ({account.chain})")
    heads = [ClaimedHead(head.device, head.length, head.head) for each in transfers for head in each.journal]
    claims = [Claim(bytes.fromhex(each.id), each.chain, each.state, each.replaced_by) for each in transfers]
    return Told({claim.id: claim for claim in claims}, spends, heads, sent, refusals)
