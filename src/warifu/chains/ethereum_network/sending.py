"""A signed transaction on its way to every node. Sent twice is sent once: the transaction is named by its bytes."""

from __future__ import annotations

from warifu.chains.accounts import Sent
from warifu.chains.ethereum.networks import EvmNetwork
from warifu.chains.ethereum.transaction import SignedTransaction, parse_signed
from warifu.chains.ethereum_network.nodes import Nodes
from warifu.chains.ethereum_network.rejection import Meaning, rejection, understand
from warifu.chains.ethereum_network.wire import HASH, data
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable, TransactionRefused


def read_own(raw: bytes, network: EvmNetwork) -> SignedTransaction:
    """A signed transaction of this chain: canonical, its signature in the lower half (which not every node asserts).

    Raises ``InputRefused`` for malformed bytes, ``TransactionRefused`` (``high-s``, ``wrong-chain``, ``signature``).
    """
    signed = parse_signed(raw)
    if signed.transaction.chain_id != network.chain_id:
        raise TransactionRefused(
            "wrong-chain",
            f"the transaction is for chain {signed.transaction.chain_id}, not for {network.chain_id}",
            not_done="It was not sent.",
        )
    return signed


def broadcast(nodes: Nodes, signed: SignedTransaction) -> tuple[Sent, str]:
    """Send to all nodes at the same time; how it ended, and the names of those who took it or had it.

    ``nonce too low`` is success where a node knows this very transaction: it is mined already. One refusal is not the
    last word, as nodes differ in policy and one of them may lie. If nobody took it, raises the first refusal
    (``BroadcastRejected``), or the first failure (``ChainUnavailable``).
    """
    taken: list[str] = []
    known: list[str] = []
    used: list[str] = []
    refusals: list[RpcRefused] = []
    failures: list[ChainUnavailable] = []
    for name, answer in nodes.every("eth_sendRawTransaction", [data(signed.raw)], HASH):
        if isinstance(answer, ChainUnavailable):
            failures.append(answer)
        elif isinstance(answer, RpcRefused):
            meaning = understand(answer.message).meaning
            refusals.append(answer)
            if meaning is Meaning.KNOWN:
                known.append(name)
            elif meaning is Meaning.NONCE_USED:
                used.append(name)
        elif answer.lower() != signed.txid:
            failures.append(
                unavailable("answer-form", f"it says that it took {answer}, which is not ours", name)
            )
        else:
            taken.append(name)
    if taken:
        return Sent.ACCEPTED, ", ".join(taken)
    if known:
        return Sent.ALREADY_KNOWN, ", ".join(known)
    if used and nodes.knows(signed.txid):
        return Sent.ALREADY_KNOWN, ", ".join(used)
    if refusals:
        raise rejection(refusals[0].message, refusals[0].server)
    raise failures[0]
