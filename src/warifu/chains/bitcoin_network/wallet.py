"""The watch-only wallet: BDK on two Taproot descriptors, every change persisted before its result is handed out.

It knows public keys only. What it believes about the chain comes from a backend (``backends/``); what it builds
(``drafts``) is an unsigned PSBT that the owner's client and every signer read again with their own eyes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock

import bdkpython as bdk

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import OutPoint, display_hash
from warifu.chains.bitcoin_network.changes import (
    Changes,
    bdk_descriptor,
    bdk_network,
    bdk_outpoint,
    encode_changes,
)
from warifu.chains.bitcoin_network.genesis import GENESIS
from warifu.chains.bitcoin_network.persistence import ChangeSetStore, StorePersistence
from warifu.errors import ChainUnavailable, InputRefused, StoreDamaged, WarifuError
from warifu.units import Satoshi, satoshi

LOOKAHEAD = 50
"""Scripts watched beyond the last used one: a restored wallet may have been used further than it knows."""
MAX_UNUSED_ADDRESSES = LOOKAHEAD
"""Receive addresses that may wait for a payment at once: with more, a restored wallet could miss the last ones."""

_KEYCHAINS = {Branch.RECEIVE: bdk.KeychainKind.EXTERNAL, Branch.CHANGE: bdk.KeychainKind.INTERNAL}
_BRANCHES = {keychain: branch for branch, keychain in _KEYCHAINS.items()}


@dataclass(frozen=True)
class ChainTip:
    """A block: its height, and its 32-byte hash in hash order."""

    height: int
    block_hash: bytes

    def __str__(self) -> str:
        return f"{display_hash(self.block_hash)} at height {self.height}"


@dataclass(frozen=True)
class ReceiveAddress:
    """An address and the index it stands at on the receive branch."""

    index: int
    address: str


@dataclass(frozen=True)
class Balance:
    """Satoshi by how sure they are. Trusted pending is our own change, which only we could double-spend."""

    confirmed: Satoshi
    trusted_pending: Satoshi
    untrusted_pending: Satoshi
    immature: Satoshi

    @property
    def spendable(self) -> Satoshi:
        """What a draft may use: confirmed coins and our own change."""
        return Satoshi(self.confirmed + self.trusted_pending)

    @property
    def total(self) -> Satoshi:
        """Everything, immature mining rewards and strangers' unconfirmed payments included."""
        return Satoshi(self.spendable + self.untrusted_pending + self.immature)


@dataclass(frozen=True)
class WalletTransaction:
    """A transaction that touches the wallet. ``fee`` is None where a foreign input's amount is not known."""

    txid: bytes
    raw: bytes
    received: Satoshi
    sent: Satoshi
    fee: Satoshi | None
    vsize: int
    confirmed_in: ChainTip | None
    time: int | None
    """Of its block; for an unconfirmed one when it was last seen. Seconds since 1970."""

    @property
    def net(self) -> int:
        """Satoshi by which it changes the balance."""
        return self.received - self.sent


@dataclass(frozen=True)
class Coin:
    """An unspent output of the wallet; ``height`` is None while it is unconfirmed."""

    outpoint: OutPoint
    amount: Satoshi
    script: bytes
    path: KeyPath
    height: int | None
    reserved: bool


class DescriptorWallet:
    """A wallet of ``tr(xpub/0/*)`` and ``tr(xpub/1/*)`` in a store. Safe to use from several threads.

    ``birthday`` is the height before which nothing can be ours: backends that read blocks begin there.
    """

    def __init__(
        self, receive: str, change: str, network: Network, store: ChangeSetStore, *, birthday: int = 0
    ) -> None:
        """Load the wallet from ``store``, or create it there if the store is empty.

        Raises ``StoreDamaged``: ``wallet-changes``, ``descriptor``, ``other-wallet`` (the store is of another wallet
        or network), or whatever the store itself raises.
        """
        self.network = network
        self.birthday = birthday
        self._lock = RLock()
        self._store = store
        self._descriptors = (receive, change)
        self._persistence = StorePersistence(store)
        self._persister = bdk.Persister.custom(self._persistence)
        self._wallet = self._load(create=not store.load())

    def _load(self, *, create: bool) -> bdk.Wallet:
        network = bdk_network(self.network.value)
        receive, change = (bdk_descriptor(text, network) for text in self._descriptors)
        with self._store_errors():
            try:
                if create:
                    return bdk.Wallet(receive, change, network, self._persister, LOOKAHEAD)
                wanted = bdk.LoadParams(
                    check_network=network,
                    check_genesis_hash=bdk.BlockHash.from_bytes(GENESIS[self.network]),
                    lookahead=LOOKAHEAD,
                    use_spk_cache=False,
                )
                return bdk.Wallet.load_with_params(receive, change, self._persister, wanted)
            except bdk.LoadWithPersistError as error:
                if type(error).__name__ == "Persist":
                    raise
                raise StoreDamaged(
                    "other-wallet",
                    "the stored wallet is not the one of these descriptors and this network",
                    not_done="The wallet was not opened.",
                ) from None

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        """Let the store's own error through instead of BDK's word for it."""
        self._persistence.failure = None
        try:
            yield
        except (bdk.PersistenceError, bdk.LoadWithPersistError, bdk.CreateWithPersistError) as error:
            failure = self._persistence.failure
            if isinstance(failure, WarifuError):
                raise failure from None
            raise StoreDamaged(
                "wallet-changes",
                "the wallet's changes could not be read from or written to the store",
                remedy="Look for a full disk or a database that is gone, then try again: nothing was lost.",
            ) from failure or error

    def descriptor(self, branch: Branch) -> str:
        """The public descriptor of one branch, as it was handed in."""
        return self._descriptors[branch]

    # --- for drafts and backends ---------------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[bdk.Wallet]:
        """BDK's wallet, for this package only: what was changed inside is persisted on the way out."""
        with self._lock:
            yield self._wallet
            with self._store_errors():
                self._wallet.persist(self._persister)

    def apply_update(self, update: bdk.Update) -> None:
        """Take in what a BDK client found.

        Raises ``ChainUnavailable`` (``other-chain``) where it is of a chain with another first block, which BDK by
        itself would put in the place of ours.
        """
        with self.changing() as wallet:
            fits = _applies(wallet, update) and _tip(wallet.checkpoints()[-1]) == self._genesis
            if not fits:
                self._wallet = self._load(create=False)  # what was taken in was not persisted
                raise ChainUnavailable(
                    "other-chain",
                    f"the backend's chain is not {self.network.value}",
                    not_done="The wallet is as it was.",
                    remedy="Configure a backend of the wallet's network.",
                )

    @property
    def _genesis(self) -> ChainTip:
        return ChainTip(0, GENESIS[self.network])

    def apply_changes(self, changes: Changes) -> None:
        """Take in what a backend found that BDK has no client for: stored, then everything is read again."""
        with self._lock:
            self._store.append(encode_changes(changes))
            self._wallet = self._load(create=False)
            with self._store_errors():
                self._wallet.persist(self._persister)

    def checkpoints(self) -> list[ChainTip]:
        """The blocks that the wallet remembers, highest first."""
        with self._lock:
            return [_tip(block) for block in self._wallet.checkpoints()]

    def tip(self) -> ChainTip:
        """The highest block that the wallet has heard of; genesis before the first synchronisation."""
        with self._lock:
            return _tip(self._wallet.latest_checkpoint())

    def scripts(self, branch: Branch, start: int, stop: int) -> dict[bytes, KeyPath]:
        """The output scripts at the indices ``start`` .. ``stop - 1`` of one branch."""
        with self._lock:
            return {
                bytes(
                    self._wallet.peek_address(_KEYCHAINS[branch], index).address.script_pubkey().to_bytes()
                ): KeyPath(branch, index)
                for index in range(start, stop)
            }

    def next_index(self, branch: Branch) -> int:
        """The first index of ``branch`` that was never revealed."""
        with self._lock:
            index = self._wallet.derivation_index(_KEYCHAINS[branch])
            return 0 if index is None else index + 1

    # --- addresses -----------------------------------------------------------------------------------------------

    def next_receive_address(self) -> ReceiveAddress:
        """Reveal the next receive address; it is durable before it is returned, so it is never given out twice.

        Raises ``InputRefused`` (``too-many-unused``) where 50 revealed addresses still wait for a payment.
        """
        external = bdk.KeychainKind.EXTERNAL
        with self.changing() as wallet:
            if len(wallet.list_unused_addresses(external)) >= MAX_UNUSED_ADDRESSES:
                raise InputRefused(
                    "too-many-unused",
                    f"{MAX_UNUSED_ADDRESSES} addresses were given out and not paid to",
                    not_done="No new address was revealed.",
                    remedy="Use one of the addresses that are still waiting.",
                )
            found = wallet.reveal_next_address(external)
        return ReceiveAddress(found.index, str(found.address))

    def reveal_to(self, path: KeyPath) -> None:
        """Count ``path`` and all before it as given out, because the chain shows them in use. Durable."""
        with self.changing() as wallet:
            wallet.reveal_addresses_to(_KEYCHAINS[path.branch], path.index)

    def revealed_addresses(self) -> list[ReceiveAddress]:
        """Every receive address that was given out, in order."""
        with self._lock:
            found = (
                self._wallet.peek_address(bdk.KeychainKind.EXTERNAL, index)
                for index in range(self.next_index(Branch.RECEIVE))
            )
            return [ReceiveAddress(item.index, str(item.address)) for item in found]

    def peek(self, path: KeyPath) -> str:
        """The address at ``path``, without revealing it."""
        with self._lock:
            return str(self._wallet.peek_address(_KEYCHAINS[path.branch], path.index).address)

    # --- what there is -------------------------------------------------------------------------------------------

    def balance(self) -> Balance:
        """The wallet's coins as of the last synchronisation."""
        with self._lock:
            found = self._wallet.balance()
        return Balance(
            confirmed=satoshi(found.confirmed.to_sat()),
            trusted_pending=satoshi(found.trusted_pending.to_sat()),
            untrusted_pending=satoshi(found.untrusted_pending.to_sat()),
            immature=satoshi(found.immature.to_sat()),
        )

    def coins(self) -> list[Coin]:
        """Unspent outputs, reserved ones among them."""
        with self._lock:
            reserved = {outpoint_of(found) for found in self._wallet.list_locked_outpoints()}
            return [_coin(output, reserved) for output in self._wallet.list_unspent()]

    def owned_outpoints(self) -> set[OutPoint]:
        """Every output that ever was the wallet's, spent or not."""
        with self._lock:
            return {outpoint_of(output.outpoint) for output in self._wallet.list_output()}

    def transactions(self) -> list[WalletTransaction]:
        """Newest first: unconfirmed ones, then by height downwards. Replaced and evicted ones are not listed."""
        with self._lock:
            txids = [
                bytes(found.transaction.compute_txid().serialize()) for found in self._wallet.transactions()
            ]
            found = [item for item in map(self.transaction, txids) if item is not None]
        return sorted(found, key=_age)

    def transaction(self, txid: bytes) -> WalletTransaction | None:
        """The transaction with this id, if it is part of the wallet's history."""
        with self._lock:
            details = self._wallet.tx_details(bdk.Txid.from_bytes(txid))
        return None if details is None else _transaction(txid, details)

    # --- transactions of our own ---------------------------------------------------------------------------------

    def apply_broadcast(self, raw: bytes, seen_at: int | None = None) -> None:
        """Count a transaction that was just sent, without waiting for a backend to show it."""
        transaction = bdk_transaction(raw)
        with self.changing() as wallet:
            wallet.apply_unconfirmed_txs([bdk.UnconfirmedTx(tx=transaction, last_seen=_now(seen_at))])

    def forget(self, txids: Sequence[bytes], at: int | None = None) -> None:
        """Uncount unconfirmed transactions that no mempool holds any more; one seen again later counts again."""
        evicted = [bdk.EvictedTx(txid=bdk.Txid.from_bytes(txid), evicted_at=_now(at)) for txid in txids]
        with self.changing() as wallet:
            wallet.apply_evicted_txs(evicted)

    def reserve(self, outpoints: Sequence[OutPoint]) -> None:
        """Keep coins out of later drafts, because a transfer under way spends them. Durable."""
        with self.changing() as wallet:
            for outpoint in outpoints:
                wallet.lock_outpoint(bdk_outpoint(outpoint.txid, outpoint.vout))

    def release(self, outpoints: Sequence[OutPoint]) -> None:
        """Undo ``reserve``."""
        with self.changing() as wallet:
            for outpoint in outpoints:
                wallet.unlock_outpoint(bdk_outpoint(outpoint.txid, outpoint.vout))


def outpoint_of(outpoint: bdk.OutPoint) -> OutPoint:
    """BDK's outpoint as ours."""
    return OutPoint(bytes(outpoint.txid.serialize()), outpoint.vout)


def _applies(wallet: bdk.Wallet, update: bdk.Update) -> bool:
    try:
        wallet.apply_update(update)
    except bdk.CannotConnectError:
        return False
    return True


def bdk_transaction(raw: bytes) -> bdk.Transaction:
    """BDK's transaction; ``InputRefused`` (``transaction-form``) where the bytes are none."""
    try:
        return bdk.Transaction(raw)
    except bdk.TransactionError as error:
        raise InputRefused("transaction-form", f"not a valid transaction: {type(error).__name__}") from None


def _tip(block: bdk.BlockId) -> ChainTip:
    return ChainTip(block.height, bytes(block.hash.serialize()))


def _now(at: int | None) -> int:
    return int(time.time()) if at is None else at


def _coin(output: bdk.LocalOutput, reserved: set[OutPoint]) -> Coin:
    outpoint = outpoint_of(output.outpoint)
    confirmed, _ = _position(output.chain_position)
    return Coin(
        outpoint=outpoint,
        amount=satoshi(output.txout.value.to_sat()),
        script=bytes(output.txout.script_pubkey.to_bytes()),
        path=KeyPath(_BRANCHES[output.keychain], output.derivation_index),
        height=confirmed.height if confirmed else None,
        reserved=outpoint in reserved,
    )


def _transaction(txid: bytes, details: bdk.TxDetails) -> WalletTransaction:
    confirmed, when = _position(details.chain_position)
    return WalletTransaction(
        txid=txid,
        raw=bytes(details.tx.serialize()),
        received=satoshi(details.received.to_sat()),
        sent=satoshi(details.sent.to_sat()),
        fee=None if details.fee is None else satoshi(details.fee.to_sat()),
        vsize=details.tx.vsize(),
        confirmed_in=confirmed,
        time=when,
    )


def _position(position: bdk.ChainPosition) -> tuple[ChainTip | None, int | None]:
    if isinstance(position, bdk.ChainPosition.CONFIRMED):
        found = position.confirmation_block_time
        return _tip(found.block_id), found.confirmation_time
    assert isinstance(position, bdk.ChainPosition.UNCONFIRMED)
    return None, position.timestamp


def _age(found: WalletTransaction) -> tuple[int, int, bytes]:
    height = found.confirmed_in.height if found.confirmed_in else 2**32
    return -height, -(found.time or 0), found.txid
