"""Which rules are in force for each wallet of this device, and what waits to take effect.

The rules are those that the wallet was made with, until an owner changed them (``signer.instructing``). What waits is
kept with the moment at which it takes effect, by this device's own clock: a restart changes nothing of it, and nobody
else's clock is asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import msgspec

from warifu.protocol.credential import Credential, credential_digest
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import Policy
from warifu.protocol.request import MAX_REQUEST_BYTES, RulesRequest, UnfreezeRequest
from warifu.protocol.rules import MAX_RULES_BYTES, Rules, rules_hash
from warifu.signer.remembered import Remembered
from warifu.signer.store import Store
from warifu.signer.wallets import Wallets

MAX_SETTLED = 4096
"""Outcomes that are remembered of a wallet; of more, the oldest are forgotten. No request is heard once it expired, and
what loosens takes the passphrase each time that it is asked for."""
MAX_HEARD = 1024
"""Vetoes and freezes that are heard of one device. One that tells of more is hostile, and must not fill the disk."""
_REMEMBERED = 16
"""Rules that are kept decoded: an allowlist of a thousand addresses is read once and not for each transfer."""
Kind = Literal["rules", "unfreeze"]
Outcome = Literal["done", "vetoed"]


@dataclass(frozen=True)
class Waiting:
    """A request that allows more, before it takes effect."""

    request: RulesRequest | UnfreezeRequest
    digest: bytes
    since: int
    effect: int

    @property
    def kind(self) -> Kind:
        return "rules" if isinstance(self.request, RulesRequest) else "unfreeze"


class RulesInForce:
    """The tables of rules, of what waits, of frozen wallets, and of what must not be heard again.

    Every method that changes something is called inside a transaction.
    """

    def __init__(self, store: Store, wallets: Wallets) -> None:
        self._store = store
        self._wallets = wallets
        self._decoded: OrderedDict[bytes, Rules] = OrderedDict()
        self._hashes = Remembered(store, self._read_hash)
        self._frozen = Remembered(store, self._read_frozen)
        self._first_effect = Remembered(store, self._read_first_effect)

    def of(self, wallet: bytes) -> Rules:
        """Those of the wallet with this id, which is in the table of wallets."""
        named = self._hashes.get(wallet)
        if named is not None:
            return self._changed(wallet, named)
        known = self._wallets.get(wallet)
        assert known is not None, "whoever asks has found the wallet"
        return known.rules

    def hash(self, wallet: bytes) -> bytes:
        """``rules_hash`` of those in force."""
        return self._hashes.get(wallet) or rules_hash(self.of(wallet))

    def policy(self, wallet: bytes) -> Policy:
        """By which it is judged: that of the rules, and frozen where the wallet is."""
        policy = self.of(wallet).policy
        return policy if self.frozen(wallet) is None else msgspec.structs.replace(policy, frozen=True)

    def were_owners(self, wallet: bytes, credentials: Sequence[Credential], moment: int) -> bool:
        """Whether all of these are owners', or were at that moment. What somebody authorized before he was removed may
        have been signed, and is counted."""
        owners = self.of(wallet).owners
        return all(each in owners or self._former(wallet, each) >= moment for each in credentials)

    def _former(self, wallet: bytes, credential: Credential) -> int:
        rows = self._store.execute(
            "SELECT until FROM former_owners WHERE wallet = ? AND credential = ?",
            (wallet, credential_digest(credential)),
        )
        return int(rows[0][0]) if rows else -1

    def put(self, wallet: bytes, rules: Rules, effect: int) -> None:
        """These are in force, since the moment ``effect``."""
        for owner in set(self.of(wallet).owners) - set(rules.owners):
            self._store.execute(
                "INSERT OR REPLACE INTO former_owners VALUES (?, ?, ?)",
                (wallet, credential_digest(owner), effect),
            )
        self._store.execute(
            "INSERT OR REPLACE INTO rules VALUES (?, ?, ?)", (wallet, rules_hash(rules), encode(rules))
        )
        self._hashes.forget(wallet)

    def _read_hash(self, wallet: bytes) -> bytes | None:
        """None of a wallet whose rules nobody changed."""
        rows = self._store.execute("SELECT hash FROM rules WHERE wallet = ?", (wallet,))
        return bytes(rows[0][0]) if rows else None

    def _changed(self, wallet: bytes, named: bytes) -> Rules:
        """By their hash, so that what is remembered can never be another revision than what is on the disk."""
        rules = self._decoded.get(named)
        if rules is None:
            rows = self._store.execute("SELECT rules FROM rules WHERE wallet = ?", (wallet,))
            rules = self._decoded[named] = decode(Rules, bytes(rows[0][0]), MAX_RULES_BYTES)
            if len(self._decoded) > _REMEMBERED:
                self._decoded.popitem(last=False)
        return rules

    # --- what waits ----------------------------------------------------------------------------------------------

    def waiting(self, wallet: bytes) -> tuple[Waiting, ...]:
        """What waits for the wallet: at most one of each kind."""
        rows = self._store.execute(
            "SELECT request, kind, body, since, effect FROM pending WHERE wallet = ? ORDER BY kind", (wallet,)
        )
        return tuple(_waiting(*row) for row in rows)

    def due(self, now: int) -> tuple[Waiting, ...]:
        """What has waited long enough, of any wallet."""
        first = self._first_effect.get(None)
        if first is None or first > now:  # asked with every frame
            return ()
        rows = self._store.execute(
            "SELECT request, kind, body, since, effect FROM pending WHERE effect <= ? ORDER BY effect", (now,)
        )
        return tuple(_waiting(*row) for row in rows)

    def wait(self, waiting: Waiting) -> None:
        """Keep it until its moment. There must be none of its kind for its wallet."""
        self._store.execute(
            "INSERT INTO pending VALUES (?, ?, ?, ?, ?, ?)",
            (
                waiting.digest,
                waiting.request.wallet_id,
                waiting.kind,
                encode(waiting.request),
                waiting.since,
                waiting.effect,
            ),
        )
        self._first_effect.forget(None)

    def drop(self, waiting: Waiting) -> None:
        """It waits no more."""
        self._store.execute("DELETE FROM pending WHERE request = ?", (waiting.digest,))
        self._first_effect.forget(None)

    def _read_first_effect(self, _of_all: None) -> int | None:
        """The moment of the first that waits; None where nothing does."""
        rows = self._store.execute("SELECT min(effect) FROM pending")
        return None if rows[0][0] is None else int(rows[0][0])

    # --- frozen wallets ------------------------------------------------------------------------------------------

    def frozen(self, wallet: bytes) -> str | None:
        """Why nothing leaves the wallet; None where it is not frozen."""
        return self._frozen.get(wallet)

    def freeze(self, wallet: bytes, reason: str) -> None:
        """Nothing leaves from now on. The first reason stays."""
        self._store.execute("INSERT OR IGNORE INTO wallet_freezes VALUES (?, ?)", (wallet, reason))
        self._frozen.forget(wallet)

    def thaw(self, wallet: bytes) -> None:
        """It is not frozen any more."""
        self._store.execute("DELETE FROM wallet_freezes WHERE wallet = ?", (wallet,))
        self._frozen.forget(wallet)

    def _read_frozen(self, wallet: bytes) -> str | None:
        rows = self._store.execute("SELECT reason FROM wallet_freezes WHERE wallet = ?", (wallet,))
        return str(rows[0][0]) if rows else None

    def hear(self, wallet: bytes, maker: bytes, note: bytes) -> bool:
        """Whether what the device ``maker`` tells here is news, and not one of too many."""
        count = self._store.execute(
            "SELECT count(*) FROM heard WHERE wallet = ? AND maker = ?", (wallet, maker)
        )[0][0]
        if count >= MAX_HEARD:
            return False
        before = self._store.execute(
            "SELECT 1 FROM heard WHERE wallet = ? AND maker = ? AND note = ?", (wallet, maker, note)
        )
        self._store.execute("INSERT OR IGNORE INTO heard VALUES (?, ?, ?)", (wallet, maker, note))
        return not before

    # --- what became of requests ---------------------------------------------------------------------------------

    def outcome(self, wallet: bytes, request: bytes) -> Outcome | None:
        """What became of the request with this digest; None where nothing did yet."""
        rows = self._store.execute(
            "SELECT outcome FROM settled WHERE wallet = ? AND request = ?", (wallet, request)
        )
        return cast("Outcome", rows[0][0]) if rows else None

    def settle(self, wallet: bytes, request: bytes, outcome: Outcome) -> None:
        """This became of the request with this digest, for good."""
        self._store.execute("INSERT OR IGNORE INTO settled VALUES (?, ?, ?)", (wallet, request, outcome))
        self._store.execute(
            "DELETE FROM settled WHERE wallet = ? AND rowid <= (SELECT rowid FROM settled WHERE wallet = ?"
            " ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            (wallet, wallet, MAX_SETTLED),
        )


def _waiting(request: bytes, kind: str, body: bytes, since: int, effect: int) -> Waiting:
    of_rules = kind == "rules"
    read: RulesRequest | UnfreezeRequest = (
        decode(RulesRequest, bytes(body), MAX_REQUEST_BYTES)
        if of_rules
        else decode(UnfreezeRequest, bytes(body), MAX_REQUEST_BYTES)
    )
    return Waiting(read, bytes(request), since, effect)
