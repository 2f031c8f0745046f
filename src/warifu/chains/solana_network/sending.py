"""A signature put in place, and a signed transaction on its way to every node. Sent twice is sent once."""

from __future__ import annotations

from collections.abc import Sequence

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from warifu.chains.accounts import Sent, SignedTransaction
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.chains.solana.address import parse_address
from warifu.chains.solana.message import SIGNATURE_BYTES
from warifu.chains.solana.reading import split_proof
from warifu.chains.solana.transaction import Transaction, parse_transaction
from warifu.chains.solana_network.nodes import Nodes
from warifu.chains.solana_network.rejection import EXPIRED, KNOWN, reason_of, rejection
from warifu.errors import ChainUnavailable, TransactionRefused


def assemble(unsigned: bytes, signatures: Sequence[bytes], sender: str) -> SignedTransaction:
    """Raises ``TransactionRefused`` (``signature``) unless the one signature is ``sender``'s, over this message."""
    message, _proof = split_proof(unsigned)
    if len(signatures) != 1 or len(signatures[0]) != SIGNATURE_BYTES:
        raise _bad_signature("one signature of 64 bytes belongs to it")
    transaction = Transaction(signatures[0], message)
    if message.signers != 1 or message.keys[0] != parse_address(sender):
        raise _bad_signature("it is not for this account to sign")
    check_signature(transaction)
    return SignedTransaction(transaction.serialize(), transaction.txid)


def check_signature(transaction: Transaction) -> None:
    """``TransactionRefused`` (``signature``) unless whoever pays its fee signed it."""
    message = transaction.message
    try:
        VerifyKey(message.keys[0]).verify(message.raw, transaction.signature)
    except (BadSignatureError, ValueError):
        raise _bad_signature("the signature does not fit") from None


def _bad_signature(message: str) -> TransactionRefused:
    return TransactionRefused(
        "signature", message, not_done="It was not sent.", remedy="Have it signed again."
    )


def broadcast(nodes: Nodes, raw: bytes) -> tuple[Sent, str]:
    """Send to all nodes at the same time; how it ended, and the names of those who took it or had it.

    A blockhash or nonce that is not found is success where a node knows this very transaction: it was executed.
    If nobody took it, raises the first refusal (``BroadcastRejected``), or the first failure (``ChainUnavailable``).
    """
    transaction = parse_transaction(raw)
    check_signature(transaction)
    taken: list[str] = []
    known: list[str] = []
    refusals: list[RpcRefused] = []
    failures: list[ChainUnavailable] = []
    for name, answer in nodes.send(raw):
        if isinstance(answer, ChainUnavailable):
            failures.append(answer)
        elif isinstance(answer, RpcRefused):
            (known if reason_of(answer) == KNOWN else []).append(name)
            refusals.append(answer)
        elif answer != transaction.txid:
            failures.append(unavailable("answer-form", "it says that it took another transaction", name))
        else:
            taken.append(name)
    if taken:
        return Sent.ACCEPTED, ", ".join(taken)
    if known:
        return Sent.ALREADY_KNOWN, ", ".join(known)
    if any(reason_of(refused) == EXPIRED for refused in refusals):
        knowing = [name for name, found in nodes.every_status(transaction.txid).items() if found is not None]
        if knowing:
            return Sent.ALREADY_KNOWN, ", ".join(knowing)
    if refusals:
        raise rejection(refusals[0])
    raise failures[0]
