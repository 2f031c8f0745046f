"""Where a signed transaction is, and when it is certain that it can never be executed.

"Never" decides whether somebody pays again, so it is said only when ``quorum`` nodes each show both parts of it, in
this order: that what the transaction lives by is over *finally* (its durable nonce has another value, or the final
block height is past its last), and then that they do not know it, in their whole history (a node without history
refuses that question). In between there is only "unknown".
"""

from __future__ import annotations

import json
from threading import Lock

from warifu.chains.accounts import AccountStatus, Outcome
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.chains.solana.actions import AdvanceNonce, PaySol
from warifu.chains.solana.address import format_address
from warifu.chains.solana.message import Message
from warifu.chains.solana.reading import read
from warifu.chains.solana.transaction import Transaction, parse_transaction
from warifu.chains.solana_network.layouts import read_nonce
from warifu.chains.solana_network.nodes import BASE64, FINALIZED, SIGNATURES, Nodes, status_at
from warifu.chains.solana_network.rejection import words_for
from warifu.chains.solana_network.wire import HEIGHT, AccountInfo, InContext, SignatureOf, SignatureStatus
from warifu.errors import ChainUnavailable

FINAL = 32
"""Confirmations of what is final: a block with 31 votes on top is rooted."""
MAX_BLOCKHASH_AGE = 150
LAG = 100
"""Blocks by which a usable node may be behind."""
MAX_REMEMBERED = 10_000
_NOT_YET = ("processed",)


class Following:
    """Over the nodes of one cluster."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._lock = Lock()
        self._last_heights: dict[bytes, int] = {}

    def status(self, sender: str, raw: bytes) -> AccountStatus:
        """As ``AccountChain.status``."""
        transaction = parse_transaction(raw)
        statuses = self._nodes.every_status(transaction.txid)
        found = [status for status in statuses.values() if status is not None]
        for group in _alike(found):
            if len(group) >= self._nodes.quorum:
                return self._landed(sender, transaction, group)
        if found:
            return AccountStatus(Outcome.PENDING)
        return self._unseen(sender, transaction)

    def _landed(self, sender: str, transaction: Transaction, group: list[SignatureStatus]) -> AccountStatus:
        """What a quorum tells alike, with the confirmations that a quorum of them has seen."""
        last = sorted(group, key=_depth, reverse=True)[self._nodes.quorum - 1]
        if last.confirmation_status in _NOT_YET:
            return AccountStatus(Outcome.PENDING)
        failed = last.err is not None
        return AccountStatus(
            Outcome.FAILED if failed else Outcome.SUCCEEDED,
            height=last.slot,
            confirmations=_depth(last),
            fee=self._cost(sender, transaction, failed),
            why=words_for(last.err) if failed else "",
        )

    def _cost(self, sender: str, transaction: Transaction, failed: bool) -> int | None:
        """Lamports that it took beside what it paid: fee and rent. None where no node says."""
        try:
            executed = self._nodes.executed(transaction.txid)
        except (RpcRefused, ChainUnavailable):
            return None
        if executed is None or executed.meta is None:
            return None
        before, after = executed.meta.pre_balances[:1], executed.meta.post_balances[:1]
        paid = 0 if failed else _paid(transaction.message, sender)
        cost = (before[0] if before else 0) - (after[0] if after else 0) - paid
        return cost if cost >= executed.meta.fee else executed.meta.fee

    def _unseen(self, sender: str, transaction: Transaction) -> AccountStatus:
        understood = read(transaction.message.raw, sender)
        first, value = understood.actions[0], transaction.message.blockhash
        if isinstance(first, AdvanceNonce):
            nonce = first.nonce
            if self._nodes.agree(lambda node: _nonce_is_gone(node, nonce, value, transaction.txid)):
                return AccountStatus(
                    Outcome.REPLACED,
                    why="another transaction used up its durable nonce, or the nonce was closed",
                )
        elif self._blockhash_is_gone(value, transaction.txid):
            return AccountStatus(Outcome.EXPIRED, why="its blockhash is too old, and no node knows it")
        return AccountStatus(Outcome.UNKNOWN)

    def _last_height(self, blockhash: bytes) -> int:
        """The block height after which no message with ``blockhash`` is taken, with a margin.

        When it is met here for the first time it exists already, so it is no younger than the newest block; where
        each node's newest is lower than that, by less than the margin.
        """
        with self._lock:
            known = self._last_heights.get(blockhash)
        if known is None:
            known = self._nodes.height() + MAX_BLOCKHASH_AGE + LAG
            with self._lock:
                while len(self._last_heights) >= MAX_REMEMBERED:
                    self._last_heights.pop(next(iter(self._last_heights)))
                known = self._last_heights.setdefault(blockhash, known)
        return known

    def _blockhash_is_gone(self, blockhash: bytes, txid: str) -> bool:
        last = self._last_height(blockhash)
        return self._nodes.agree(lambda node: _height_is_past(node, last, txid))


def _alike(found: list[SignatureStatus]) -> list[list[SignatureStatus]]:
    """Those who name the same slot and the same end of the execution; on a fork honest nodes differ for a moment."""
    groups: dict[str, list[SignatureStatus]] = {}
    for status in found:
        told = json.dumps([status.slot, status.err], sort_keys=True, default=str)
        groups.setdefault(told, []).append(status)
    return list(groups.values())


def _depth(status: SignatureStatus) -> int:
    if status.confirmation_status == "finalized" or (
        status.confirmation_status is None and status.confirmations is None
    ):
        return FINAL
    # Counts begin at 0 for the block that it is in, which is the first confirmation here.
    return min(FINAL - 1, (status.confirmations or 0) + 1)


def _paid(message: Message, sender: str) -> int:
    actions = read(message.raw, sender).actions
    return sum(
        action.lamports for action in actions if isinstance(action, PaySol) and action.to != message.keys[0]
    )


def _height_is_past(node: JsonRpcEndpoint, last: int, txid: str) -> bool:
    if node.call("getBlockHeight", [FINALIZED], HEIGHT) <= last:
        return False
    return _does_not_know(node, txid)


def _nonce_is_gone(node: JsonRpcEndpoint, nonce: bytes, value: bytes, txid: str) -> bool:
    """Also that the node shows who used up the value: one that forgot would not know ours, either."""
    params = [[format_address(nonce)], BASE64 | FINALIZED]
    found = node.call("getMultipleAccounts", params, InContext[list[AccountInfo | None]]).value
    if len(found) != 1:
        raise unavailable("answer-form", "it gives another number of accounts than it was asked", node.name)
    state = read_nonce(found[0])
    if state is not None and state.value == value:
        return False
    options = FINALIZED | {"limit": SIGNATURES}
    users = _history(node, "getSignaturesForAddress", [format_address(nonce), options])
    return bool(users) and all(user.signature != txid for user in users) and _does_not_know(node, txid)


def _does_not_know(node: JsonRpcEndpoint, txid: str) -> bool:
    try:
        return status_at(node, txid) is None
    except RpcRefused as error:
        raise _no_history(node, error) from None


def _history(node: JsonRpcEndpoint, method: str, params: list[object]) -> list[SignatureOf]:
    try:
        return node.call(method, params, list[SignatureOf])
    except RpcRefused as error:
        raise _no_history(node, error) from None


def _no_history(node: JsonRpcEndpoint, error: RpcRefused) -> ChainUnavailable:
    """No answer, and no dissent."""
    return unavailable("no-history", f"it cannot say ({error.message})", node.name)
