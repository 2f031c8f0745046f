"""``warifu audit``: gathers what there is of a wallet's journals, the owner's records and the chain, and judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warifu.audit.at_exchange import Listing
from warifu.audit.audit import Audit, audit
from warifu.audit.findings import Finding
from warifu.audit.journals import Journal, read_journal
from warifu.audit.onchain import Told
from warifu.audit.records import Record
from warifu.cli.approvers import OwnCredential, own_credential, wanted
from warifu.cli.audits.chains import name_what_is_missing, told_of
from warifu.cli.audits.journals import Taken, read_files, read_through_service
from warifu.cli.audits.known_heads import keep_heads, known_heads
from warifu.cli.client import Client
from warifu.cli.context import Setting, now
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import PeerMisbehaved, ServiceRefused, WarifuError
from warifu.protocol.credential import credential_digest
from warifu.protocol.events.sessions import PeerHead
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


def run_audit(
    setting: Setting,
    name: str,
    offline: Sequence[Path],
    screen: Screen,
    credential: str | None,
    accounts: Sequence[str] = (),
) -> Audited:
    """Read, compare, and remember how far the journals are in which nothing is wrong. ``credential``: the name of the
    one that asks the devices for them, where the owner names one. ``accounts``: those whose exchange is asked what it
    lists of them."""
    profile = setting.profile()
    wallet = profile.wallet(name)
    earlier = [item for item in known_heads(setting.home) if item.identity in _identities(wallet)]
    if offline:
        audited = judged(wallet, read_files(offline, wallet.request.devices), {}, earlier, None)
    else:
        facts = wanted(wallet, tr("to read its devices' journals"))
        own = own_credential(profile, screen, wallet, credential, facts)
        listings = [_listing(setting, name, account, screen, credential) for account in accounts]
        with setting.client(profile) as client:
            audited = _read_and_judged(client, own, wallet, earlier, screen, listings)
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
    client: Client,
    own: OwnCredential,
    wallet: Wallet,
    earlier: Sequence[PeerHead],
    screen: Screen,
    listings: Sequence[Listing],
) -> Audited:
    """The service is asked first, and exchanges were before, so that nothing they tell of is younger than the journals.
    Devices are read one after the other: what they did together meanwhile stands in one and not yet in another, and
    looks like a denial, so where something is wrong and journals grew, all of them are read again."""
    progress = _Progress(screen)
    lengths: list[int] = []
    for attempt in range(_ATTEMPTS):
        told = told_of(client, wallet, progress)
        taken, failed = read_through_service(client, own, wallet, now(), progress.of_device)
        audited = judged(wallet, taken, failed, earlier, told, listings)
        before, lengths = lengths, [len(each.entries) for each in taken]
        if not audited.result.wrong or lengths == before or attempt == _ATTEMPTS - 1:
            break
    named = name_what_is_missing(client, wallet, told, audited.result)
    return audited if named is told else judged(wallet, taken, failed, earlier, named, listings)


def judged(
    wallet: Wallet,
    taken: Sequence[Taken],
    failed: Mapping[str, WarifuError],
    earlier: Sequence[PeerHead],
    told: Told | None,
    listings: Sequence[Listing] = (),
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
        listings=listings,
    )
    return Audited(wallet, tuple(taken), dict(failed), result)


def _listing(setting: Setting, wallet: str, account: str, screen: Screen, credential: str | None) -> Listing:
    """What reads exchanges' requests is loaded where one is asked."""
    from warifu.cli.audits.exchanges import listing_of

    return listing_of(setting, wallet, account, screen, credential)


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

    def of_device(self, device: str, so_far: int, whole: int) -> None:
        if so_far < whole:
            self._screen.line(
                tr("{device}: {so_far} of {whole} entries", device=device, so_far=so_far, whole=whole), "dim"
            )

    def of_chain(self, chain: str, so_far: int, whole: int) -> None:
        if so_far < whole:
            self._screen.line(
                tr("{chain}: {so_far} of {whole} transactions", chain=chain, so_far=so_far, whole=whole),
                "dim",
            )
