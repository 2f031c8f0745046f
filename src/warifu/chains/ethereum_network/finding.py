"""Which transaction used up an account nonce, where a node can tell: it must keep the state of old blocks.

One node's word, and for looking only. What it names proves itself: the bytes are put together from what the node shows,
have the id that was asked for or are not used, and tell who signed them.
"""

from __future__ import annotations

from warifu.chains.ethereum.signature import Signature
from warifu.chains.ethereum.transaction import AccessEntry, SignedTransaction, Transaction, TxType
from warifu.chains.ethereum_network.nodes import Nodes
from warifu.chains.ethereum_network.wire import (
    QUANTITY,
    FullTransaction,
    SenderBlock,
    content,
    data,
    number,
    quantity,
)
from warifu.chains.rpc.endpoint import JsonRpcEndpoint, maybe
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable, InputRefused, TransactionRefused

_KNOWN = (TxType.LEGACY, TxType.ACCESS_LIST, TxType.DYNAMIC_FEE)
_FIRST_EIP155_V = 35


def with_nonce(nodes: Nodes, account: bytes, nonce: int) -> str | None:
    """The id of the account's executed transaction with ``nonce``; None where no node can tell it."""

    def ask(node: JsonRpcEndpoint) -> str:
        try:
            found = _in_block(node, account, nonce, _block_of(node, account, nonce, height))
        except RpcRefused as error:
            raise unavailable("no-history", f"it cannot say ({error.message})", node.name) from None
        if found is None:
            raise unavailable("no-history", "it does not show a transaction that it counts", node.name)
        return found

    height = nodes.height()
    try:
        return nodes.ask(ask)
    except ChainUnavailable as error:
        if error.reason == "no-history":
            return None
        raise


def raw(nodes: Nodes, txid: str) -> bytes | None:
    """The signed bytes of a transaction in a block; None where no node shows it in a form that is known here."""

    def ask(node: JsonRpcEndpoint) -> bytes:
        try:
            found = node.call("eth_getTransactionByHash", [txid], maybe(FullTransaction))
        except RpcRefused:
            found = None
        made = _signed(found) if found is not None and found.block_hash is not None else None
        if made is None or made.txid != txid:
            raise unavailable("no-history", "it does not show a transaction that is in a block", node.name)
        return made.raw

    try:
        return nodes.ask(ask)
    except ChainUnavailable as error:
        if error.reason == "no-history":
            return None
        raise


def _block_of(node: JsonRpcEndpoint, account: bytes, nonce: int, height: int) -> int:
    """The first block after which the account's nonce is above ``nonce``, by bisection."""
    low, high = 0, height
    while low < high:
        middle = (low + high) // 2
        count = node.call("eth_getTransactionCount", [data(account), quantity(middle)], QUANTITY)
        if number(count) > nonce:
            high = middle
        else:
            low = middle + 1
    return high


def _in_block(node: JsonRpcEndpoint, account: bytes, nonce: int, height: int) -> str | None:
    block = node.call("eth_getBlockByNumber", [quantity(height), True], maybe(SenderBlock))
    for item in block.transactions if block is not None else ():
        if (item.sender.lower(), number(item.nonce)) == (data(account), nonce):
            return item.hash.lower()
    return None


def _signed(shown: FullTransaction) -> SignedTransaction | None:
    kind = number(shown.type)
    if kind not in _KNOWN:
        return None
    kind, v = TxType(kind), number(shown.v)
    if kind is TxType.LEGACY:
        chain_id, parity = (None, v - 27) if v in (27, 28) else divmod(v - _FIRST_EIP155_V, 2)
    else:
        chain_id, parity = number(shown.chain_id or "0x0"), number(shown.y_parity or shown.v)
    dynamic = kind is TxType.DYNAMIC_FEE
    fee = number(shown.max_fee_per_gas if dynamic else shown.gas_price)
    try:
        return SignedTransaction(
            Transaction(
                kind,
                chain_id,
                number(shown.nonce),
                number(shown.max_priority_fee_per_gas) if dynamic else fee,
                fee,
                number(shown.gas),
                content(shown.to) if shown.to is not None else None,
                number(shown.value),
                content(shown.input),
                tuple(
                    AccessEntry(content(entry.address), tuple(map(content, entry.storage_keys)))
                    for entry in shown.access_list
                ),
            ),
            Signature(parity, number(shown.r), number(shown.s)),
        )
    except (InputRefused, TransactionRefused):
        return None
