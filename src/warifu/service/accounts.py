"""A wallet's accounts on chains of accounts: what they have, the next unsigned transaction, what happened."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Protocol, runtime_checkable

from warifu.chains import accounts as network
from warifu.errors import InputRefused, WarifuError
from warifu.protocol.api import (
    Account,
    AccountBytes,
    AccountBytesQuestion,
    AccountDraft,
    AccountEntry,
    AccountHistory,
    AccountListing,
    AccountPayment,
    Accounts,
    Asset,
    Moved,
    NewAccountDraft,
    error_body,
)
from warifu.protocol.chains import BITCOIN, coin_decimals, scheme_of
from warifu.protocol.policy import Policy
from warifu.service.roads.accounts import AccountRoad
from warifu.service.roads.roads import Roads
from warifu.service.store.database import Database
from warifu.service.store.drafts import DRAFT_LIFETIME, drop_draft, store_draft
from warifu.service.store.instructions import rules_of
from warifu.service.store.rows import StoredTransfer, list_transfers, read_transfer
from warifu.service.store.slots import SLOT_HOLD, require_slot, taken_slots, waits_for_lower_slots
from warifu.service.store.wallets import StoredWallet, read_labels, wallet_named
from warifu.service.versions import dearest, later_on_its_way, versions

_REPLACEABLE = ("signed", "broadcast")
_AT_ONCE = 8
MAX_NAMED = 8
"""Transactions that are looked for by their nonce: each takes some twenty questions."""


@runtime_checkable
class Preparing(Protocol):
    """A chain that wants something once before it serves a wallet well (Solana: an account for durable nonces)."""

    def prepare(self, sender: str, taken: Collection[int]) -> network.AccountDraft:
        """``taken``: as for a draft."""
        ...


@runtime_checkable
class Listing(Protocol):
    """A chain whose nodes list what names an account (Solana)."""

    def listing(self, address: str) -> network.Listing: ...


@runtime_checkable
class Counting(Protocol):
    """A chain that counts what an account sent (Ethereum and its kin)."""

    def executed(self, address: str) -> int: ...

    def with_nonce(self, address: str, nonce: int) -> str | None: ...


class AccountWallets:
    """Blocking: call it in threads."""

    def __init__(self, database: Database, roads: Roads) -> None:
        self._database = database
        self._roads = roads
        self._drafting: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)

    # --- looking -------------------------------------------------------------------------------------------------

    def accounts(self, name: str) -> Accounts:
        """On every chain that is configured and that the wallet has a key for, all asked at the same time."""
        wallet = wallet_named(self._database, name)
        schemes, policy = wallet.request.schemes, rules_of(self._database, wallet).policy
        roads = [road for road in self._roads.accounts if scheme_of(road.chain) in schemes]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="accounts") as threads:
            return Accounts(accounts=tuple(threads.map(lambda road: _account(wallet, policy, road), roads)))

    def history(self, name: str) -> AccountHistory:
        """What this service sent or signed for the wallet, newest first. What others paid in is not among it."""
        wallet_named(self._database, name)
        labels = read_labels(self._database, name)
        found = (item for item in list_transfers(self._database, wallet=name) if item.chain != BITCOIN)
        return AccountHistory(
            transfers=tuple(_entry(item, labels.get(("tx", item.txid), "")) for item in found)
        )

    def listing(self, name: str, chain: str) -> AccountListing:
        """What the backends list of the wallet's account. Raises ``ChainUnavailable``."""
        road = self._roads.account(chain)
        address = road.address(name)
        if isinstance(road.network, Listing):
            found = road.network.listing(address)
            return AccountListing(txids=found.txids, since=found.since)
        assert isinstance(road.network, Counting), "a chain of accounts lists them or counts them"
        return AccountListing(txids=self._not_ours(name, chain, road.network, address), since=None)

    def _not_ours(self, name: str, chain: str, counting: Counting, address: str) -> tuple[str, ...]:
        """Of the account's executed transactions that this service did not send, the newest few that can be named."""
        sent = {
            item.slot
            for item in list_transfers(self._database, wallet=name, chain=chain)
            if item.height is not None
        }
        newest_first = range(counting.executed(address) - 1, -1, -1)
        others = islice((nonce for nonce in newest_first if nonce not in sent), MAX_NAMED)
        named = (counting.with_nonce(address, nonce) for nonce in others)
        return tuple(txid for txid in named if txid is not None)

    def bytes_of(self, name: str, asked: AccountBytesQuestion) -> AccountBytes:
        """Signed transactions, from the first backend that shows them. Raises ``ChainUnavailable``."""
        road = self._roads.account(asked.chain)
        road.address(name)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bytes") as threads:
            found = tuple(threads.map(road.network.transaction, asked.txids))
        return AccountBytes(transactions=tuple(raw or b"" for raw in found))

    # --- drafts --------------------------------------------------------------------------------------------------

    def draft(self, name: str, wanted: NewAccountDraft) -> AccountDraft:
        """Build what is wanted. Raises ``InputRefused`` with the chain's own reasons, or ``ChainUnavailable``."""
        ways = [
            wanted.payment is not None,
            wanted.bump is not None,
            wanted.cancel is not None,
            wanted.prepare,
        ]
        if sum(ways) != 1:
            raise InputRefused("draft", "a draft needs exactly one of: payment, bump, cancel, prepare")
        road = self._roads.account(wanted.chain)
        sender = road.address(name)
        # One at a time for each account, so that two drafts never get one account nonce.
        with self._drafting[name, wanted.chain]:
            taken = taken_slots(self._database, name, wanted.chain)
            if wanted.payment is not None:
                return self._keep(name, road, road.network.draft(sender, _payment(wanted.payment), taken))
            if wanted.prepare:
                return self._keep(name, road, _prepare(road, sender, taken))
            earlier = self._replaceable(name, wanted.chain, wanted.bump or wanted.cancel or "")
            return self._keep(name, road, self._replacement(road, sender, earlier, wanted), earlier.id)

    def drop(self, name: str, transaction: str) -> None:
        """The owner said no: the draft's account nonce is free at once."""
        drop_draft(self._database, name, transaction)

    def _replaceable(self, name: str, chain: str, identifier: str) -> StoredTransfer:
        earlier = read_transfer(self._database, identifier)
        if (earlier.wallet, earlier.chain) != (name, chain):
            raise InputRefused("transfer", "this transfer is not of this wallet and chain")
        if earlier.state not in _REPLACEABLE or not earlier.sends:
            raise InputRefused(
                "not-replaceable",
                f"only what is on its way can be replaced; this transfer is '{earlier.state}'",
            )
        later = later_on_its_way(list_transfers(self._database, wallet=name, chain=chain), earlier)
        if later is not None:
            # Nodes compare fees with what they have, which is that one.
            raise InputRefused(
                "not-replaceable",
                f"transfer {later.id} replaces this one already",
                remedy="Replace that one.",
            )
        return earlier

    def _replacement(
        self, road: AccountRoad, sender: str, earlier: StoredTransfer, wanted: NewAccountDraft
    ) -> network.AccountDraft:
        """Of every version that was signed, also of one that the network refused: signers sign nothing cheaper, and
        nothing that pays again once one was signed that pays nobody."""
        known = list_transfers(self._database, wallet=earlier.wallet, chain=earlier.chain)
        signed = versions(known, earlier)
        pays = earlier.asked.outflows
        differ = any(item.asked.outflows != pays for item in signed)
        if differ and pays and wanted.cancel is None:
            raise InputRefused(
                "not-replaceable",
                "a cancellation of this payment is signed, after which no signer signs it again",
                remedy="Cancel it, or wait for what comes of it.",
            )
        cancel = differ or wanted.cancel is not None  # a cancellation that is bumped cancels again
        return road.network.replace(sender, dearest(road.chain, signed).unsigned, cancel=cancel)

    def _keep(
        self, name: str, road: AccountRoad, built: network.AccountDraft, replaces: str | None = None
    ) -> AccountDraft:
        require_slot(built.slot)
        store_draft(
            self._database,
            name,
            road.chain,
            built.name.hex(),
            built.unsigned,
            slot=built.slot,
            seconds=SLOT_HOLD if waits_for_lower_slots(road.chain) else DRAFT_LIFETIME,
        )
        return AccountDraft(
            chain=road.chain,
            unsigned=built.unsigned,
            transaction=built.name.hex(),
            fee=str(built.fee),
            likely_fee=str(built.likely_fee),
            replaces=replaces,
        )


def _payment(wanted: AccountPayment) -> network.Payment:
    if int(wanted.amount) < 1:
        raise InputRefused("amount-range", "a payment is of at least one of the smallest unit")
    return network.Payment(wanted.to, int(wanted.amount), wanted.token)


def _prepare(road: AccountRoad, sender: str, taken: Collection[int]) -> network.AccountDraft:
    if not isinstance(road.network, Preparing):
        raise InputRefused("nothing-to-prepare", "this chain needs nothing to be prepared")
    return road.network.prepare(sender, taken)


def _account(wallet: StoredWallet, policy: Policy, road: AccountRoad) -> Account:
    """Its coin, and the tokens that the wallet's policy has limits for: others cannot leave anyway."""
    address = road.address(wallet.name)
    rules = policy.rules(road.chain)
    tokens = [asset.token for asset in rules.assets if asset.token] if rules is not None else []
    try:
        holdings = road.network.holdings(address, tokens)
        height: int | None = road.network.height()
        executed = road.network.executed(address)
    except WarifuError as error:
        return Account(chain=road.chain, address=address, assets=(), height=None, refusal=error_body(error))
    assets = tuple(_asset(road, item) for item in holdings)
    return Account(
        chain=road.chain,
        address=address,
        assets=assets,
        height=height,
        refusal=None,
        executed=executed,
    )


def _asset(road: AccountRoad, holding: network.Holding) -> Asset:
    token = holding.token
    return Asset(
        token=token.address if token is not None else "",
        symbol=token.symbol if token is not None else road.symbol,
        decimals=token.decimals if token is not None else coin_decimals(road.chain),
        amount=str(holding.amount),
    )


def _entry(item: StoredTransfer, label: str) -> AccountEntry:
    return AccountEntry(
        chain=item.chain,
        transfer=item.id,
        txid=item.txid,
        state=item.state,
        moved=tuple(
            Moved(kind=outflow.kind, token=outflow.token, amount=outflow.amount, to=outflow.to)
            for outflow in item.asked.outflows
        ),
        fee=str(item.fee) if item.fee is not None else None,
        height=item.height,
        created=item.created,
        label=label,
    )
