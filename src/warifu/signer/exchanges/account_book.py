"""What this device keeps of accounts at exchanges: what it was told, and its secret part, sealed.

A row is whole or not there. The secret part is encrypted once more under a key of its own (XChaCha20-Poly1305) within
the store, which is encrypted already: SQLite hands out immutable bytes, and so they are never the secret itself.

Of every name the newest request that was carried out is remembered, also when the account is gone: a request that an
owner made before that is not heard any more. The service may have held back an ``AccountRequest`` while its owner
removed the account; it must not bring the old credential back.

Beside an account may lie a *successor*: a key that was born to take the place of the account's, which stays in force
until every holder keeps the new one with its API key (``succeeding``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from nacl.utils import random

from warifu.errors import AuthorizationRefused, InputRefused, StoreDamaged
from warifu.protocol.authorization import MAX_LIFETIME
from warifu.protocol.encoding import decode_kept, digest, encode
from warifu.protocol.epochs import EpochAccount
from warifu.signer import aead
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.generations import Generations
from warifu.signer.exchanges.loading import Loaded
from warifu.signer.store import Store
from warifu.signer.wallets import Wallets
from warifu.threshold.wiping import Secret

if TYPE_CHECKING:
    from warifu.signer.exchanges.opening import OpenAccount

_KEY = "exchange-secrets"


class Accounts:
    """The tables of exchange accounts. Every method that changes something is called inside a transaction."""

    def __init__(self, store: Store, wallets: Wallets, identity: bytes, loaded: Loaded | None) -> None:
        """``loaded``: None where this process cannot ask exchanges."""
        self._store = store
        self._wallets = wallets
        self._identity = identity
        self._loaded = loaded
        self.generations = Generations(store)

    def get(self, wallet: bytes, name: str) -> Account | None:
        """The account of this name, finished or not."""
        rows = self._store.execute(
            "SELECT kept FROM exchange_accounts WHERE wallet = ? AND account = ?", (wallet, name)
        )
        return _read(rows[0][0]) if rows else None

    def of(self, wallet: bytes) -> list[Account]:
        """All of the wallet's, by name."""
        rows = self._store.execute(
            "SELECT kept FROM exchange_accounts WHERE wallet = ? ORDER BY account", (wallet,)
        )
        return [_read(kept) for (kept,) in rows]

    def shared(self, wallet: bytes) -> list[Account]:
        """Those of the wallet's whose key all of its devices share, finished or not, by name."""
        return [account for account in self.of(wallet) if account.public]

    def count(self) -> int:
        """Of all wallets."""
        return int(self._store.execute("SELECT count(*) FROM exchange_accounts")[0][0])

    def made_by(self, request: bytes) -> Account | None:
        """What the request with this digest left here: a key that was born by it, or an account, also where it is only
        to take another one's place; None where nothing is left of that."""
        rows = self._store.execute(
            "SELECT kept FROM exchange_accounts WHERE request = ? OR generated = ? UNION ALL"
            " SELECT kept FROM exchange_successors WHERE request = ? OR generated = ?",
            (request, request, request, request),
        )
        return _read(rows[0][0]) if rows else None

    def load(self, wallet: bytes, name: str) -> OpenAccount:
        """What a call with this account takes; the caller wipes it.

        ``InputRefused`` (``unknown-account``, ``account-unfinished``), ``PolicyDenied`` (``exchanges-not-loaded``).
        """
        loaded = loading.require(self._loaded)
        from warifu.signer.exchanges.opening import open_account

        account = self.get(wallet, name)
        if account is None:
            raise _unknown(name)
        if account.terms is None:
            raise InputRefused(
                "account-unfinished",
                f"the exchange's API key of account {name} was not brought yet",
                remedy="Register the account's public key at the exchange, and bring the API key that it gives.",
            )
        threshold = self._wallets.born(wallet).request.threshold
        return open_account(account, self.secret(account), threshold, self._identity, loaded.authorities)

    def secret(self, account: Account) -> Secret:
        """This device's part of it, as ``signer.exchanges.parts`` lays it out; the caller wipes it."""
        rows = self._store.execute(
            "SELECT secret FROM exchange_accounts WHERE wallet = ? AND account = ?",
            (account.wallet, account.name),
        )
        return self._unsealed(account, bytes(rows[0][0]))

    def _unsealed(self, account: Account, sealed: bytes) -> Secret:
        with self._store.key_for(_KEY) as key:
            nonce, rest = sealed[: aead.NONCE_BYTES], sealed[aead.NONCE_BYTES :]
            secret = aead.decrypt(rest, _about(account), nonce, key)
        if secret is None:
            raise StoreDamaged("altered", "an exchange's credential in the device's store does not open")
        return secret

    def put(
        self, account: Account, request: bytes, created: int, secret: Secret, generated: bytes | None = None
    ) -> None:
        """Keep it, in place of an unfinished one of its name. ``request``: digest of what it came by, made at the
        moment ``created``; ``generated``: of the ``ExchangeKeyRequest`` by which its key was born, if it was."""
        there = self.get(account.wallet, account.name)
        if there is not None and there.public != account.public:
            self._forget_waiting(account.wallet, account.name)
        if account.finished:
            self.generations.forget(account.wallet, account.name)
        self._store.execute(
            "INSERT OR REPLACE INTO exchange_accounts VALUES (?, ?, ?, ?, ?, ?)",
            (
                account.wallet,
                account.name,
                request,
                generated,
                encode(account),
                self._sealed(account, secret),
            ),
        )
        self._remember(account.wallet, account.name, created, account.since)

    def remove(self, wallet: bytes, name: str, created: int, now: int) -> None:
        """Forget it, and whatever an owner asked about it up to the moment ``created``."""
        self._store.execute("DELETE FROM exchange_accounts WHERE wallet = ? AND account = ?", (wallet, name))
        self._forget_successor(wallet, name)
        self._forget_waiting(wallet, name)
        self.generations.forget(wallet, name)
        self._store.execute(
            "UPDATE travel_rules SET kept = '' WHERE wallet = ? AND account = ?", (wallet, name)
        )
        self._remember(wallet, name, created, now)

    # --- a key that is to take the place of another -----------------------------------------------------------------

    def successor(self, wallet: bytes, name: str) -> Account | None:
        """The key that waits to take the place of the account's; finished once its API key was brought."""
        rows = self._store.execute(
            "SELECT kept FROM exchange_successors WHERE wallet = ? AND account = ?", (wallet, name)
        )
        return _read(rows[0][0]) if rows else None

    def successor_secret(self, successor: Account) -> Secret:
        """This device's share of it; the caller wipes it."""
        rows = self._store.execute(
            "SELECT secret FROM exchange_successors WHERE wallet = ? AND account = ?",
            (successor.wallet, successor.name),
        )
        return self._unsealed(successor, bytes(rows[0][0]))

    def ready(self, wallet: bytes, name: str) -> Account | None:
        """The successor, if its API key was brought."""
        successor = self.successor(wallet, name)
        return successor if successor is not None and successor.finished else None

    def put_successor(
        self, account: Account, request: bytes, created: int, secret: Secret, generated: bytes
    ) -> None:
        """Keep it beside the account in force, in place of an earlier successor. Arguments: as of ``put``."""
        if account.finished:
            self.generations.forget(account.wallet, account.name)
        self._store.execute(
            "INSERT OR REPLACE INTO exchange_successors VALUES (?, ?, ?, ?, ?, ?)",
            (
                account.wallet,
                account.name,
                request,
                generated,
                encode(account),
                self._sealed(account, secret),
            ),
        )
        self._remember(account.wallet, account.name, created, account.since)

    def succeed(self, successor: Account, together: tuple[bytes, ...]) -> None:
        """It is the account from now on, and the key of before is gone. ``together``: every holder's word for it."""
        wallet, name = successor.wallet, successor.name
        self._forget_waiting(wallet, name)
        self._store.execute(
            "INSERT OR REPLACE INTO exchange_accounts SELECT wallet, account, request, generated, ?, secret"
            " FROM exchange_successors WHERE wallet = ? AND account = ?",
            (encode(msgspec.structs.replace(successor, together=together)), wallet, name),
        )
        self._forget_successor(wallet, name)

    def _forget_successor(self, wallet: bytes, name: str) -> None:
        self._store.execute(
            "DELETE FROM exchange_successors WHERE wallet = ? AND account = ?", (wallet, name)
        )

    # --- what is stated for an exchange ---------------------------------------------------------------------------

    def travel_rule(self, wallet: bytes, name: str) -> str:
        """What an owner states about who is paid; empty where nothing is."""
        rows = self._store.execute(
            "SELECT kept FROM travel_rules WHERE wallet = ? AND account = ?", (wallet, name)
        )
        return str(rows[0][0]) if rows else ""

    def travel_rule_request(self, wallet: bytes, name: str) -> tuple[int, bytes]:
        """(when the newest request about it was made that was carried out here, its digest); (-1, nothing)."""
        rows = self._store.execute(
            "SELECT created, request FROM travel_rules WHERE wallet = ? AND account = ?", (wallet, name)
        )
        return (int(rows[0][0]), bytes(rows[0][1])) if rows else (-1, b"")

    def put_travel_rule(self, wallet: bytes, name: str, created: int, request: bytes, text: str) -> None:
        """State this from now on, in place of what was stated."""
        self._store.execute(
            "INSERT OR REPLACE INTO travel_rules VALUES (?, ?, ?, ?, ?)",
            (wallet, name, created, request, text),
        )

    # --- refreshed with the wallet's shares (signer.refreshes) -----------------------------------------------------

    def keep_refreshed(self, wallet: bytes, place: bytes, shares: Mapping[str, Secret]) -> None:
        """Lay these new shares, by account, beside those in force. ``place``: of the epoch's statement."""
        for name, share in shares.items():
            account = self.get(wallet, name)
            assert account is not None, "whoever calls this saw that it is there"
            self._store.execute(
                "INSERT INTO kept_account_shares VALUES (?, ?, ?, ?)",
                (wallet, place, name, self._sealed(account, share)),
            )

    def put_refreshed(self, wallet: bytes, place: bytes, accounts: Sequence[EpochAccount]) -> None:
        """Use the shares that wait at ``place`` from now on; those of before, and of lower places, are gone. What was
        forgotten since waits no more, and stays forgotten. A successor goes: its shares are of before, and with one
        from a disk that was stolen then and one of a device that is taken over later they would make the key."""
        self._store.execute("DELETE FROM exchange_successors WHERE wallet = ?", (wallet,))
        told = {each.account: each for each in accounts}
        waiting = self._store.execute(
            "DELETE FROM kept_account_shares WHERE wallet = ? AND position = ? RETURNING account, secret",
            (wallet, place),
        )
        self._store.execute(
            "DELETE FROM kept_account_shares WHERE wallet = ? AND position < ?", (wallet, place)
        )
        for name, sealed in waiting:
            account = self.get(wallet, name)
            assert account is not None and account.public == told[name].public, "it waits for this very key"
            self.generations.forget(wallet, name)  # its recovery data gives shares of before
            refreshed = msgspec.structs.replace(account, refreshed=told[name].public_shares)
            self._store.execute(
                "UPDATE exchange_accounts SET kept = ?, secret = ? WHERE wallet = ? AND account = ?",
                (encode(refreshed), sealed, wallet, name),
            )

    def _forget_waiting(self, wallet: bytes, name: str) -> None:
        self._store.execute(
            "DELETE FROM kept_account_shares WHERE wallet = ? AND account = ?", (wallet, name)
        )

    def _sealed(self, account: Account, secret: Secret) -> bytes:
        nonce = random(aead.NONCE_BYTES)
        with self._store.key_for(_KEY) as key:
            return nonce + aead.encrypt(secret, _about(account), nonce, key)

    # --- names ----------------------------------------------------------------------------------------------------

    def newest(self, wallet: bytes, name: str) -> int:
        """When the newest request about this name was made that was carried out here; -1: there was none."""
        rows = self._store.execute(
            "SELECT created FROM exchange_names WHERE wallet = ? AND account = ?", (wallet, name)
        )
        return int(rows[0][0]) if rows else -1

    def require_newer(self, wallet: bytes, name: str, created: int) -> None:
        """``AuthorizationRefused`` (``replayed``) for a request that is not newer than what was carried out."""
        if created <= self.newest(wallet, name):
            raise AuthorizationRefused(
                "replayed",
                f"something newer than this was done with account {name} already",
                not_done="Nothing was changed.",
                remedy="If it is wanted all the same, ask for it anew.",
            )

    def _remember(self, wallet: bytes, name: str, created: int, now: int) -> None:
        """And forget the names of accounts that are gone for so long that every request of then has expired."""
        self._store.execute(
            "DELETE FROM exchange_names WHERE created < ? AND (wallet, account) NOT IN "
            "(SELECT wallet, account FROM exchange_accounts)",
            (now - 2 * MAX_LIFETIME,),
        )
        self._store.execute(
            "INSERT OR REPLACE INTO exchange_names VALUES (?, ?, ?)",
            (wallet, name, max(created, self.newest(wallet, name))),
        )


def _read(kept: bytes) -> Account:
    return decode_kept(Account, bytes(kept))


def _about(account: Account) -> bytes:
    """A secret part opens as this account's and no other's."""
    return digest(
        "exchange-secret",
        account.wallet,
        account.name.encode(),
        account.exchange.encode(),
        account.kind.encode(),
        account.public,
    )


def _unknown(name: str) -> InputRefused:
    return InputRefused(
        "unknown-account",
        f"this device keeps no account {name} at an exchange",
        remedy="See what it keeps ('warifu exchange list').",
    )
