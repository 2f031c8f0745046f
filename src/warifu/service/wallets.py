"""The watch-only Bitcoin wallets, open: what they own, the next address, the next unsigned transaction."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec

from warifu.chains.bitcoin.descriptor import Branch, WalletKeys
from warifu.chains.bitcoin.network import network_named
from warifu.chains.bitcoin.psbt import Psbt, parse_psbt
from warifu.chains.bitcoin.transaction import (
    OutPoint,
    Transaction,
    display_hash,
    parse_hash,
    parse_transaction,
)
from warifu.chains.bitcoin_network import changes
from warifu.chains.bitcoin_network.backends.base import Backend
from warifu.chains.bitcoin_network.drafts import (
    SIGNATURE_WEIGHT,
    Recipient,
    draft_again,
    draft_bump,
    draft_child,
    draft_payment,
    draft_sweep,
)
from warifu.chains.bitcoin_network.drafts import Draft as BuiltDraft
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.chains.bitcoin_network.labels import MAX_LABELS, Label, export_labels, import_labels
from warifu.chains.bitcoin_network.wallet import DescriptorWallet
from warifu.errors import ChainUnavailable, InputRefused
from warifu.protocol.api import Address, Balance, Draft, History, HistoryEntry, NewDraft
from warifu.protocol.chains import BITCOIN
from warifu.service.store.database import Database
from warifu.service.store.drafts import store_draft
from warifu.service.store.rows import StoredTransfer, list_transfers
from warifu.service.store.wallets import (
    WalletChanges,
    birthday_of,
    change_labels,
    read_labels,
    wallet_named,
)
from warifu.service.versions import versions
from warifu.units import satoshi

DEFAULT_TARGET = 6
"""Blocks within which a transaction should confirm where the client names no fee rate."""


class Wallets:
    """All wallets by name, each opened once. Blocking: call it in threads."""

    def __init__(self, database: Database, backend: Backend | None) -> None:
        self._database = database
        self._backend = backend
        self._open: dict[str, DescriptorWallet] = {}
        self._lock = threading.Lock()

    @property
    def backend(self) -> Backend:
        """Where the chain is seen. Raises ``ChainUnavailable`` (``no-backend``)."""
        if self._backend is None:
            raise ChainUnavailable(
                "no-backend",
                "no chain backend is configured",
                remedy="Name at least one under [[backends]] in the service's configuration.",
            )
        return self._backend

    def open(self, name: str) -> DescriptorWallet:
        """As it was last seen. Raises ``ServiceRefused`` (``unknown-wallet``), ``InputRefused`` (``no-key``)."""
        with self._lock:
            wallet = self._open.get(name)
            if wallet is None:
                stored = wallet_named(self._database, name)
                network = network_named(stored.request.network)
                key = stored.birth.key("bip340")
                keys = WalletKeys(key.threshold_public, key.chain_code, network)
                wallet = self._open[name] = DescriptorWallet(
                    keys.descriptor(Branch.RECEIVE),
                    keys.descriptor(Branch.CHANGE),
                    network,
                    WalletChanges(self._database, name, changes.merge_stored),
                    birthday=birthday_of(self._database, name),
                )
            return wallet

    def synced(self, name: str) -> DescriptorWallet:
        """The wallet as the chain is now. Raises ``ChainUnavailable``."""
        wallet = self.open(name)
        self.backend.sync(wallet)
        return wallet

    # --- looking -------------------------------------------------------------------------------------------------

    def next_address(self, name: str) -> Address:
        """An address that was never given out before."""
        found = self.open(name).next_receive_address()
        return Address(index=found.index, address=found.address)

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Those given out, in order."""
        revealed = self.open(name).revealed_addresses()
        return tuple(Address(index=item.index, address=item.address) for item in revealed)

    def balance(self, name: str) -> Balance:
        """After asking the chain."""
        wallet = self.synced(name)
        found = wallet.balance()
        return Balance(
            confirmed=found.confirmed,
            pending=found.trusted_pending,
            untrusted=found.untrusted_pending,
            immature=found.immature,
            total=found.total,
            height=wallet.tip().height,
        )

    def history(self, name: str) -> History:
        """Newest first, after asking the chain."""
        wallet = self.synced(name)
        texts = read_labels(self._database, name)
        made_by = {item.txid: item.id for item in self._transfers(name)}
        entries = []
        for item in wallet.transactions():
            txid = display_hash(item.txid)
            entries.append(
                HistoryEntry(
                    txid=txid,
                    received=item.received,
                    sent=item.sent,
                    fee=item.fee,
                    height=item.confirmed_in.height if item.confirmed_in else None,
                    time=item.time,
                    label=texts.get(("tx", txid), ""),
                    transfer=made_by.get(txid),
                )
            )
        return History(transactions=tuple(entries), height=wallet.tip().height)

    # --- labels --------------------------------------------------------------------------------------------------

    def labels(self, name: str) -> str:
        """BIP-329."""
        wallet_named(self._database, name)
        return export_labels(
            msgspec.convert({"type": kind, "ref": ref, "label": text}, Label)
            for (kind, ref), text in read_labels(self._database, name).items()
        )

    def change_labels(self, name: str, text: str) -> str:
        """Take in BIP-329 lines; an empty label removes. Raises ``InputRefused`` (``labels``)."""
        wallet_named(self._database, name)
        found = {label.key: label.label for label in import_labels(text)}
        change_labels(
            self._database,
            name,
            {(str(kind), ref): label for (kind, ref), label in found.items()},
            MAX_LABELS,
        )
        return self.labels(name)

    # --- drafts --------------------------------------------------------------------------------------------------

    def draft(self, name: str, wanted: NewDraft) -> Draft:
        """Build what is wanted. Raises ``InputRefused`` with the wallet's own reasons."""
        ways = [
            bool(wanted.recipients),
            wanted.sweep_to is not None,
            wanted.bump is not None,
            wanted.cpfp is not None,
        ]
        if sum(ways) != 1:
            raise InputRefused("draft", "a draft needs exactly one of: recipients, sweep_to, bump, cpfp")
        if wanted.fee_rate is None and (wanted.bump or wanted.cpfp):
            raise InputRefused("fee-rate", "say at which fee rate the other transaction should confirm")
        wallet = self.synced(name)
        rate = self._rate(wanted.fee_rate)
        if wanted.recipients:
            recipients = [Recipient(item.address, satoshi(item.amount)) for item in wanted.recipients]
            return self._keep(name, draft_payment(wallet, recipients, rate), None)
        if wanted.sweep_to is not None:
            return self._keep(name, draft_sweep(wallet, wanted.sweep_to, rate), None)
        if wanted.bump is not None:
            return self._keep(name, self._bump(name, wallet, wanted.bump, rate), wanted.bump)
        return self._keep(name, draft_child(wallet, parse_hash(wanted.cpfp or ""), rate), None)

    def _bump(self, name: str, wallet: DescriptorWallet, txid: str, rate: FeeRate) -> BuiltDraft:
        """Also of what the network refused: its coins are held until something excludes it, and this can."""
        known = self._transfers(name)
        rejected = [item for item in known if item.state == "rejected" and not item.settled]
        named = next((item for item in rejected if item.txid == txid), None)
        if named is None or wallet.transaction(parse_hash(txid)) is not None:
            return draft_bump(wallet, parse_hash(txid), rate)
        # Signers sign nothing cheaper than any that they signed for this payment.
        signed = [item for item in versions(known, named) if item in rejected]
        dearest = max(signed, key=lambda item: int(item.asked.fee_ceiling))
        return draft_again(wallet, parse_psbt(dearest.unsigned, keep_unknown=True).transaction, rate)

    def take_psbt(self, name: str, data: bytes) -> Draft:
        """A PSBT that another program made. Raises ``InputRefused``, ``TransactionRefused``."""
        self.open(name)
        psbt = parse_psbt(data)
        spent = psbt.spent()
        if spent is None:
            raise InputRefused("psbt-form", "the PSBT does not show the outputs that it spends")
        fee = sum(item.amount for item in spent) - sum(item.amount for item in psbt.transaction.outputs)
        return self._keep(
            name, BuiltDraft(data, psbt.transaction.txid, satoshi(fee), signed_vsize(psbt.transaction)), None
        )

    def _rate(self, wanted: int | None) -> FeeRate:
        return FeeRate(wanted) if wanted is not None else self.backend.fee_rates().within(DEFAULT_TARGET)

    def _keep(self, name: str, built: BuiltDraft, bumped: str | None) -> Draft:
        txid = display_hash(built.txid)
        store_draft(self._database, name, BITCOIN, built.txid.hex(), built.psbt)
        earlier = [item.id for item in self._transfers(name) if item.txid == bumped]
        return Draft(
            psbt=built.psbt,
            txid=txid,
            fee=built.fee,
            vsize=built.vsize,
            fee_rate=built.fee * 1000 // built.vsize,
            replaces=earlier[0] if earlier else None,
        )

    def _transfers(self, name: str) -> tuple[StoredTransfer, ...]:
        return list_transfers(self._database, wallet=name, chain=BITCOIN)

    # --- transfers -----------------------------------------------------------------------------------------------

    def reserve(self, name: str, psbt: Psbt) -> None:
        """Keep a transfer's coins out of later drafts."""
        wallet = self.open(name)
        wallet.reserve(self._own_inputs(wallet, psbt))

    def release(self, name: str, psbt: Psbt) -> None:
        """The transfer will not spend them, or has spent them for good."""
        wallet = self.open(name)
        wallet.release(self._own_inputs(wallet, psbt))

    def conflict(self, name: str, transaction: Transaction) -> tuple[bytes, int] | None:
        """Id and height of a confirmed transaction that spends one of the same coins, as of the last sync."""
        coins = inputs_of(transaction)
        for item in self.open(name).transactions():
            if item.confirmed_in is None or item.txid == transaction.txid:
                continue
            if coins & inputs_of(parse_transaction(item.raw)):
                return item.txid, item.confirmed_in.height
        return None

    @staticmethod
    def _own_inputs(wallet: DescriptorWallet, psbt: Psbt) -> Sequence[OutPoint]:
        own = wallet.owned_outpoints()
        return [item.outpoint for item in psbt.transaction.inputs if item.outpoint in own]


def inputs_of(transaction: Transaction) -> frozenset[OutPoint]:
    """The coins that it spends."""
    return frozenset(item.outpoint for item in transaction.inputs)


def signed_vsize(transaction: Transaction) -> int:
    """Virtual bytes once each input carries its key-path signature."""
    weight = 4 * len(transaction.serialize(witness=False)) + 2 + SIGNATURE_WEIGHT * len(transaction.inputs)
    return -(-weight // 4)
