"""Correlations for ECDSA signatures that are prepared and not used yet, and devices that were caught cheating.

Each correlation is used once: its row is deleted in the transaction that lets the signature start, before anything that
was computed from it leaves. A device that is proven to have cheated loses all correlations with this one, durably, and
gets no more; a time-out or a lost message proves nothing. On the disk they are sealed to this device's public share:
they open with the share alone, which the owner's passphrase unlocks.

An old disk image would bring used correlations back (ADR 13). Where the platform recognises an old disk they stay over
a restart. Elsewhere a start empties the pool; and what a running signer takes it must have put there, or found at its
start, itself, so that a page which is put back under it brings nothing back either.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from warifu.errors import InputRefused, PeerMisbehaved, SessionAborted
from warifu.protocol.events.device import BanLifted, Banned
from warifu.protocol.journal import DEVICE, OPERATOR
from warifu.signer.journal import Journal
from warifu.signer.sessions.messages import MAX_HELD
from warifu.signer.store import Store
from warifu.threshold.ecdsa.binding import PROTOCOL
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.wiping import Secret

MISSING = "correlations-missing"
BATCHES_PER_HOUR = 120
"""With each other device. A batch costs a tenth of a second, and whoever runs the service may ask for it. One count for
all would let one hostile device, whose pool is always empty, use up what the honest ones need with each other."""
_HOUR = 3600
_VERSION = "correlations-version"


class Pool:
    """The tables of correlations and of bans."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], int],
        journal: Journal,
        *,
        keep: bool,
        lasting: Callable[[], AbstractContextManager[None]] | None = None,
    ) -> None:
        """One for each run. ``keep``: whether the platform recognises an old disk (``rollback_protected``).
        ``lasting``: transactions that no old disk undoes (``signer.epoch``), where there are such."""
        self._store = store
        self._now = now
        self._journal = journal
        self._lasting = lasting or store.transaction
        self._usable: defaultdict[tuple[bytes, bytes], set[bytes]] = defaultdict(set)
        self._batches: defaultdict[bytes, deque[int]] = defaultdict(deque)
        if not keep or store.get(_VERSION) != PROTOCOL:  # what another version stored cannot be used
            with store.transaction():
                store.execute("DELETE FROM correlations")
                store.put(_VERSION, PROTOCOL)
        for wallet, peer, correlation in store.execute("SELECT wallet, peer, id FROM correlations"):
            self._usable[bytes(wallet), bytes(peer)].add(bytes(correlation))

    def count(self, wallet: bytes, peer: bytes) -> int:
        """How many signatures of the wallet are prepared with this device."""
        return len(self._usable[wallet, peer])

    def held(self, wallet: bytes, peer: bytes) -> tuple[bytes, ...]:
        """Their identifiers, in ascending order."""
        return tuple(sorted(self._usable[wallet, peer]))

    def put(self, wallet: bytes, peer: bytes, correlations: Sequence[Correlation]) -> None:
        """Keep a batch, durably; the objects are empty afterwards. ``SessionAborted`` (``pool-full``) for too many.

        The peer may have been banned, or another batch been kept, since this one was begun.
        """
        self.require_not_banned(peer, peer.hex()[:16])
        self.require_room(wallet, peer, len(correlations))
        with self._store.transaction():
            for correlation in correlations:
                self._store.execute(
                    "INSERT INTO correlations VALUES (?, ?, ?, ?)",
                    (wallet, peer, correlation.id, correlation.store()),
                )
        self._usable[wallet, peer].update(correlation.id for correlation in correlations)

    def take(self, wallet: bytes, peer: bytes, correlation: bytes) -> bytes:
        """Inside the transaction that starts a signature: what was stored, gone from here when that is committed.

        ``SessionAborted`` (``correlations-missing``) where it is not held (any more).
        """
        usable = self._usable[wallet, peer]
        if correlation in usable:
            usable.discard(correlation)  # not taken twice, whatever becomes of the transaction
            rows = self._store.execute(
                "DELETE FROM correlations WHERE wallet = ? AND peer = ? AND id = ? RETURNING stored",
                (wallet, peer, correlation),
            )
            if rows:
                return bytes(rows[0][0])
        raise missing()

    def forget(self, wallet: bytes, peer: bytes, lost: Iterable[bytes]) -> None:
        """Delete these correlations, which the other device does not hold: they serve for nothing."""
        gone = self._usable[wallet, peer] & set(lost)
        if gone:
            with self._store.transaction():
                for correlation in gone:
                    self._store.execute(
                        "DELETE FROM correlations WHERE wallet = ? AND peer = ? AND id = ?",
                        (wallet, peer, correlation),
                    )
            self._usable[wallet, peer] -= gone

    def drop(self, wallet: bytes) -> None:
        """Inside a transaction: nothing that was prepared for this wallet serves any more (its shares changed)."""
        self._store.execute("DELETE FROM correlations WHERE wallet = ?", (wallet,))
        for pair in self._usable:
            if pair[0] == wallet:
                self._usable[pair].clear()

    def ban(self, peer: bytes, what: str) -> None:
        """This device is proven to have cheated, in ``what``: all correlations with it are gone, in every wallet.

        Forgotten with an old disk, each ban would give it one more guess."""
        for pair in self._usable:
            if pair[1] == peer:
                self._usable[pair].clear()
        with self._lasting():
            self._store.execute("DELETE FROM correlations WHERE peer = ?", (peer,))
            if not self._is_banned(peer):
                self._store.execute("INSERT INTO bans VALUES (?, ?, ?)", (peer, self._now(), what))
                self._journal.append(Banned(peer, what), self._now(), DEVICE)

    def banned(self) -> list[bytes]:
        """The identities of the devices that were caught cheating, oldest first."""
        return [bytes(row[0]) for row in self._store.execute("SELECT peer FROM bans ORDER BY rowid")]

    def lift_ban(self, peer: bytes) -> None:
        """Work with this device again: its operator's word, never the service's. ``InputRefused`` (``not-banned``)."""
        with self._store.transaction():
            if not self._is_banned(peer):
                raise InputRefused("not-banned", "that device is not banned", not_done="Nothing was changed.")
            self._store.execute("DELETE FROM bans WHERE peer = ?", (peer,))
            self._journal.append(BanLifted(peer), self._now(), OPERATOR)

    def require_not_banned(self, peer: bytes, name: str) -> None:
        """``PeerMisbehaved`` (``banned``) for a device that was caught cheating."""
        if self._is_banned(peer):
            raise PeerMisbehaved(
                "banned",
                f"device {name} was caught cheating in an ECDSA ceremony; this device works with it no more",
                remedy="Sign with other devices, and replace that one: it is taken over, or broken. If you are sure "
                "that it is neither: 'warifu signer lift-ban' on this device.",
                blame=name,
            )

    def _is_banned(self, peer: bytes) -> bool:
        return bool(self._store.execute("SELECT 1 FROM bans WHERE peer = ?", (peer,)))

    def require_room(self, wallet: bytes, peer: bytes, count: int) -> None:
        """``SessionAborted`` (``pool-full``) where ``count`` more were too many."""
        if self.count(wallet, peer) + count > MAX_HELD:
            raise SessionAborted(
                "pool-full", f"this device keeps at most {MAX_HELD} correlations for each pair"
            )

    def admit_batch(self, peers: Collection[bytes]) -> None:
        """Count a batch with each of ``peers``, which somebody asks for: with all of them or with none.

        ``SessionAborted`` (``busy``) for more than BATCHES_PER_HOUR with one of them.
        """
        now = self._now()
        for peer in peers:
            made = self._batches[peer]
            while made and made[0] <= now - _HOUR:
                made.popleft()
            if len(made) >= BATCHES_PER_HOUR:
                raise SessionAborted(
                    "busy",
                    f"this device made {BATCHES_PER_HOUR} batches of correlations with one other within an hour",
                    remedy="Ask again later.",
                    retry_after=made[0] + _HOUR - now,
                )
        for peer in peers:
            self._batches[peer].append(now)


@dataclass(frozen=True)
class WalletPool:
    """The pool as a ceremony of one wallet sees it. ``numbers``: each device's identifier in the key, by identity."""

    pool: Pool
    wallet: bytes
    key: ThresholdKey
    numbers: Mapping[bytes, int]
    me: bytes

    def held(self, peer: bytes) -> tuple[bytes, ...]:
        """As :meth:`Pool.held`."""
        return self.pool.held(self.wallet, peer)

    def shared(self, peer: bytes, mine: Sequence[bytes], theirs: Sequence[bytes]) -> tuple[bytes, ...]:
        """What both said that they hold, in ascending order; what only this device holds is deleted.

        A batch that one side finished and the other did not leaves such; so does a peer that started again. Both sides
        come to the same, whatever happened to their pools since they spoke: two honest devices that used different
        correlations would take each other for cheats.
        """
        self.pool.forget(self.wallet, peer, set(mine) - set(theirs))
        return tuple(sorted(set(mine) & set(theirs)))

    def put(self, peer: bytes, correlations: Sequence[Correlation]) -> None:
        """As :meth:`Pool.put`."""
        self.pool.put(self.wallet, peer, correlations)

    def require_room(self, peer: bytes, count: int) -> None:
        """As :meth:`Pool.require_room`."""
        self.pool.require_room(self.wallet, peer, count)

    def take(self, peer: bytes, correlation: bytes) -> bytes:
        """As :meth:`Pool.take`."""
        return self.pool.take(self.wallet, peer, correlation)

    def unsealed(self, peer: bytes, stored: bytes, share: Secret) -> Correlation:
        """What was taken, with this device's share. ``SessionAborted`` (``correlations-missing``) if it is damaged."""
        try:
            return Correlation.restore(stored, self.key, self.numbers[self.me], self.numbers[peer], share)
        except InvalidInput:
            raise missing() from None

    def require(self, peers: Sequence[bytes], count: int, names: Mapping[bytes, str]) -> None:
        """Before an owner's envelope is touched: none of the others is banned, and ``count`` are held with each.

        ``PeerMisbehaved`` (``banned``), ``SessionAborted`` (``correlations-missing``).
        """
        for peer in peers:
            if peer != self.me:
                self.require_not_banned(peer, names[peer])
                if self.pool.count(self.wallet, peer) < count:
                    raise missing()

    def require_not_banned(self, peer: bytes, name: str) -> None:
        """As :meth:`Pool.require_not_banned`."""
        self.pool.require_not_banned(peer, name)

    def admit_batch(self, participants: Sequence[bytes]) -> None:
        """As :meth:`Pool.admit_batch`, with each of the others."""
        self.pool.admit_batch([peer for peer in participants if peer != self.me])

    def ban(self, peer: bytes, what: str) -> None:
        """As :meth:`Pool.ban`."""
        self.pool.ban(peer, what)


def missing() -> SessionAborted:
    """``SessionAborted`` (``correlations-missing``)."""
    return SessionAborted(
        MISSING,
        "these devices have no ECDSA signature prepared with each other",
        remedy="Try once more: the devices prepare signatures while they are connected.",
        retry_after=1,
    )
