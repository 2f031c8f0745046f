"""Where a signed transaction is: waiting, in a block, failed and why, displaced by another, or not to be found.

Nothing is remembered between two questions, so a reorganisation needs no special case: what left the chain is found
waiting, or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from warifu.chains.accounts import AccountStatus, Outcome
from warifu.chains.ethereum.address import parse_address
from warifu.chains.ethereum.transaction import SignedTransaction
from warifu.chains.ethereum_network.nodes import Call, Nodes
from warifu.chains.ethereum_network.refusals import returned
from warifu.chains.ethereum_network.reverts import words
from warifu.chains.ethereum_network.wire import Receipt, number
from warifu.chains.rpc.faults import RpcRefused
from warifu.errors import ChainUnavailable

_SUCCEEDED = 1
MAX_STATE_DEPTH = 100
"""Blocks for which an ordinary node still has the state: Geth keeps 128."""


def status(nodes: Nodes, signed: SignedTransaction, sender: str) -> AccountStatus:
    """``AccountChain.status``."""
    receipts = nodes.receipts(signed.txid)
    receipt = _agreed(receipts, nodes.quorum)
    if receipt is not None:
        return _in_block(nodes, signed, sender, receipt)
    if any(found is not None for found in receipts.values()):
        return AccountStatus(Outcome.PENDING, why="too few nodes have it in a block, or not in the same one")
    return _not_in_block(nodes, signed, sender)


def _agreed(receipts: Mapping[str, Receipt | None], quorum: int) -> Receipt | None:
    """The receipt that ``quorum`` nodes have alike: the same result in the same block."""
    found = [receipt for receipt in receipts.values() if receipt is not None]
    count = Counter(map(_result, found))
    return next((receipt for receipt in found if count[_result(receipt)] >= quorum), None)


def _result(receipt: Receipt) -> tuple[str, str, str]:
    return receipt.block_hash.lower(), receipt.block_number, receipt.status


def _in_block(nodes: Nodes, signed: SignedTransaction, sender: str, receipt: Receipt) -> AccountStatus:
    height = number(receipt.block_number)
    failed = number(receipt.status) != _SUCCEEDED
    used = number(receipt.gas_used)
    return AccountStatus(
        outcome=Outcome.FAILED if failed else Outcome.SUCCEEDED,
        height=height,
        block=receipt.block_hash,
        confirmations=max(1, nodes.height() - height + 1),
        fee=used * number(receipt.effective_gas_price) + number(receipt.l1_fee or "0x0"),
        why=_why_failed(nodes, signed, sender, height, used) if failed else "",
    )


def _why_failed(nodes: Nodes, signed: SignedTransaction, sender: str, height: int, used: int) -> str:
    """The contract's reason, from executing the same call on the state before the block.

    What came before it in the same block may have changed what it met, so it is a likely reason, not a certain one.
    """
    transaction = signed.transaction
    if used == transaction.gas_limit and transaction.data:
        return "it ran out of gas, or the contract used all of it up"
    assert transaction.to is not None, "signers sign no creation of contracts"
    call = Call(
        transaction.to, transaction.data, parse_address(sender), transaction.value, transaction.gas_limit
    )
    try:
        nodes.call(call, height - 1)
    except RpcRefused as error:
        data = returned(error)
        return "the contract refused, without a reason" if not data else f"the contract says: {words(data)}"
    except ChainUnavailable:
        pass
    return "its execution failed, and the reason cannot be told afterwards"


def _not_in_block(nodes: Nodes, signed: SignedTransaction, sender: str) -> AccountStatus:
    account, nonce = parse_address(sender), signed.transaction.nonce
    height = nodes.height()
    executed = nodes.executed(account, height)
    if executed > nonce:
        # Its place is taken for good only once that is as deep as a payment must be to count.
        settled = max(0, height - min(nodes.network.confirmations, MAX_STATE_DEPTH) + 1)
        if nodes.executed(account, settled) > nonce:
            return _displaced(nodes, signed.txid, nonce)
        return AccountStatus(
            Outcome.PENDING,
            why=f"another transaction with the nonce {nonce} is in a block that is not final yet",
        )
    before = ""
    if executed < nonce:
        missing = f"nonces {executed} to {nonce - 1}" if executed < nonce - 1 else f"nonce {executed}"
        before = f"it waits for a transaction with the {missing}"
    return AccountStatus(Outcome.PENDING if nodes.knows(signed.txid) else Outcome.UNKNOWN, why=before)


def _displaced(nodes: Nodes, txid: str, nonce: int) -> AccountStatus:
    """Its nonce is used up for good: by another transaction, if ``quorum`` nodes say now that they have not this one.

    Whoever hears that pays again, so one node that hides the receipt, while the others happen not to answer, must not
    be enough. The nodes are asked anew: before, it may just not have been in a block yet.
    """
    receipts = nodes.receipts(txid)
    if len(receipts) < nodes.quorum or any(receipt is not None for receipt in receipts.values()):
        return AccountStatus(
            Outcome.PENDING, why=f"its nonce {nonce} is used, perhaps by itself: too few nodes deny it"
        )
    return AccountStatus(Outcome.REPLACED, why=f"another transaction with the nonce {nonce} was executed")
