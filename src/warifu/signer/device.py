"""Everything that one device has, put together once at its start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warifu.attestation.expectation import Expectation
from warifu.chains.reading import Scheme
from warifu.errors import StoreDamaged
from warifu.protocol.credential import Credential, DeviceKey
from warifu.protocol.events.device import Born
from warifu.protocol.identity import IdentityKey
from warifu.protocol.journal import DEVICE
from warifu.signer.approvals import Approvals
from warifu.signer.clock import Clock
from warifu.signer.entrusted import Entrusted
from warifu.signer.epoch import COUNTER, Epoch
from warifu.signer.evidence import Attester
from warifu.signer.exchanges.account_book import Accounts
from warifu.signer.exchanges.book import Book
from warifu.signer.exchanges.loading import Loaded
from warifu.signer.exchanges.visit_book import VisitBook
from warifu.signer.freezing import Freeze
from warifu.signer.gate import EnvelopeKeys, Tries
from warifu.signer.journal import Journal
from warifu.signer.ledger import Ledger
from warifu.signer.notes import Notes
from warifu.signer.notices import Notices
from warifu.signer.peers import Exchange, Meeting, Peers
from warifu.signer.pool import Pool, WalletPool
from warifu.signer.rules import RulesInForce
from warifu.signer.store import Store
from warifu.signer.vault import Stretch, Vault, argon2id
from warifu.signer.wallets import Wallet, Wallets
from warifu.tee.platform import Platform
from warifu.threshold.ecdsa.seen import Seen


@dataclass(frozen=True)
class Device:
    """The parts. Each looks at the same store."""

    platform: Platform
    attester: Attester
    store: Store
    epoch: Epoch
    peers: Peers
    identity: IdentityKey
    journal: Journal
    clock: Clock
    vault: Vault
    envelope_keys: EnvelopeKeys
    tries: Tries
    wallets: Wallets
    rules: RulesInForce
    notices: Notices
    ledger: Ledger
    notes: Notes
    approvals: Approvals
    pool: Pool
    accounts: Accounts
    calls: Book
    visits: VisitBook
    freeze: Freeze
    seen: Seen
    """Of this run: identifiers of ECDSA sessions and correlations."""
    entrusted: Entrusted | None
    """Its sealing key, where the platform has none; None where it has."""
    loaded: Loaded | None
    """What it takes to ask an exchange; None in a process that was started without."""

    @classmethod
    def start(
        cls,
        store: Store,
        platform: Platform,
        now: Callable[[], int],
        stretch: Stretch = argon2id,
        attester: Attester | None = None,
        entrusted: Entrusted | None = None,
        loaded: Loaded | None = None,
    ) -> Device:
        """Check the journal and put the parts together; the very first start makes the identity.

        ``attester``: with what the process knows of itself; otherwise one that claims nothing. ``loaded``: None where
        the process cannot ask exchanges.
        Raises ``StoreDamaged`` (``journal``, ``rolled-back``), ``PlatformRefused``.
        """
        seed = store.get("identity")
        identity = IdentityKey(seed) if seed is not None else IdentityKey.generate()
        journal = Journal(store, identity)
        if seed is None:
            with store.transaction():
                store.put("identity", identity.seed())
                journal.append(Born(identity.public), now(), DEVICE)
        journal.verify()
        if journal.head[0] == 0:
            raise StoreDamaged(
                "journal", "the device's journal is empty", not_done="The device did not start."
            )
        wallets, clock = Wallets(store), Clock(now, journal.last_time)
        attester = attester or Attester(platform)
        epoch = Epoch(store, platform.counter(COUNTER))
        return cls(
            platform,
            attester,
            store,
            epoch,
            Peers(store),
            identity,
            journal,
            clock,
            Vault(platform, identity.public, stretch),
            EnvelopeKeys(identity, attester),
            Tries(store, epoch),
            wallets,
            RulesInForce(store, wallets),
            Notices(store),
            Ledger(store, wallets),
            Notes(store, identity),
            Approvals(store, epoch),
            Pool(
                store,
                clock.now,
                journal,
                keep=platform.capabilities.rollback_protected,
                lasting=epoch.lasting,
            ),
            Accounts(store, wallets, identity.public, loaded),
            Book(store, identity),
            VisitBook(store),
            Freeze(store, journal, epoch),
            Seen(),
            entrusted,
            loaded,
        )

    def meeting(self, expected: Mapping[bytes, Expectation], exchange: Exchange | None) -> Meeting:
        """For one session with the devices in ``expected``, of a wallet whose notes ``exchange`` has."""
        return Meeting(
            self.identity.public,
            self.attester,
            self.journal,
            self.epoch,
            self.peers,
            self.freeze,
            expected,
            self.clock.now(),
            exchange,
        )

    def pool_of(self, wallet: Wallet) -> WalletPool:
        """The wallet's prepared ECDSA signatures. ``InputRefused`` (``no-key``) where it has no such key."""
        numbers = {identity: number for number, identity in enumerate(wallet.identities)}
        key = wallet.threshold_key(Scheme.ECDSA)
        return WalletPool(self.pool, wallet.id, key, numbers, self.identity.public)

    @property
    def name(self) -> str | None:
        """The name under which it was enrolled; None before."""
        name = self.store.get("name")
        return name.decode() if name is not None else None

    @property
    def owner(self) -> Credential | None:
        """The credential that it was enrolled with; None before."""
        public = self.store.get("credential")
        return DeviceKey(public) if public is not None else None
