"""Why nodes refuse a signed transaction: the words of each client, and a stable reason made of them. Pure.

Clients: Geth (and the forks of it on BNB chain, Polygon, OP stack and Arbitrum), Erigon, Nethermind, Besu, Reth, Anvil.
JSON-RPC has no codes for these cases that two clients share, so the words must do.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from warifu.chains.rpc.unavailable import said
from warifu.errors import BroadcastRejected


class Meaning(Enum):
    """What a node's refusal of a transaction means."""

    KNOWN = "known"
    """It has exactly this transaction, waiting or mined."""
    NONCE_USED = "nonce-used"
    """A transaction with this nonce is in a block. It may be this one."""
    REFUSED = "refused"


class Reason(NamedTuple):
    """A refusal understood."""

    meaning: Meaning
    reason: str
    remedy: str


_KNOWN = (
    "already known",  # Geth, Reth, Erigon
    "alreadyknown",  # Nethermind
    "known transaction",  # Besu, old Geth
    "existing tx with same hash",  # Erigon
    "already imported",  # Anvil, Moonbeam
    "already in mempool",
    "already exists",
)
_NONCE_USED = (
    "nonce too low",  # Geth, Reth, Erigon, Besu, Anvil
    "oldnonce",  # Nethermind
    "nonce is too low",
    "nonce already used",
    "ownnoncealreadyused",  # Nethermind
)

_FEE = "Raise the fee."
_FUNDS = "Put more of the chain's coin on the account."
_WAIT = "Wait, and send it again."
_AGAIN = "Build the payment again."

_REFUSALS = (
    # The order matters: the first that fits is taken.
    (
        "replacement transaction underpriced",
        "replacement-fee",
        "Raise both fees by at least 10 %.",
    ),  # Geth, Besu
    ("could not replace existing tx", "replacement-fee", "Raise both fees by at least 10 %."),  # Erigon
    ("replacementnotallowed", "replacement-fee", "Raise both fees by at least 10 %."),  # Nethermind
    ("insufficient gas price to replace", "replacement-fee", "Raise both fees by at least 10 %."),  # old Reth
    ("insufficient funds", "insufficient-funds", _FUNDS),  # Geth, Reth, Erigon, Anvil
    ("insufficientfunds", "insufficient-funds", _FUNDS),  # Nethermind
    ("upfront cost exceeds", "insufficient-funds", _FUNDS),  # Besu
    ("insufficient balance", "insufficient-funds", _FUNDS),
    ("not enough funds", "insufficient-funds", _FUNDS),  # Arbitrum
    (
        "nonce too high",
        "nonce-gap",
        "A transaction before it is missing: send that first.",
    ),  # Anvil, Arbitrum
    ("noncegap", "nonce-gap", "A transaction before it is missing: send that first."),  # Nethermind
    (
        "noncetoofarinfuture",
        "nonce-gap",
        "A transaction before it is missing: send that first.",
    ),  # Nethermind
    ("nonce is too distant", "nonce-gap", "A transaction before it is missing: send that first."),  # Besu
    ("lower nonce exists", "nonce-gap", "A transaction before it is missing: send that first."),  # Besu
    ("gapped", "nonce-gap", "A transaction before it is missing: send that first."),  # Geth
    ("less than block base fee", "fee-too-low", _FEE),  # Geth, Reth, Anvil, Arbitrum
    ("below current base fee", "fee-too-low", _FEE),  # Besu
    ("below configured minimum", "fee-too-low", _FEE),  # Besu
    ("gas price below", "fee-too-low", _FEE),  # Besu
    ("priority fee per gas higher", "fee-form", _AGAIN),  # Geth
    ("priority fee per gas exceeds", "fee-form", _AGAIN),  # Besu
    ("priority fee greater than max fee", "fee-form", _AGAIN),
    ("underpriced", "fee-too-low", _FEE),  # Geth, Reth
    ("fee too low", "fee-too-low", _FEE),  # Erigon
    ("feetoolow", "fee-too-low", _FEE),  # Nethermind
    (
        "exceeds the configured cap",
        "fee-too-high",
        "The node takes the fee for a mistake: use another node.",
    ),  # Geth
    ("fee cap exceeded", "fee-too-high", "The node takes the fee for a mistake: use another node."),  # Besu
    ("intrinsic gas", "gas-too-low", _AGAIN),  # all
    ("floor data gas", "gas-too-low", _AGAIN),  # Geth, Reth
    ("out of gas", "gas-too-low", _AGAIN),  # Anvil
    ("exceeds block gas limit", "gas-too-high", _AGAIN),  # Geth, Reth, Besu
    ("gas limit too high", "gas-too-high", _AGAIN),  # Geth (EIP-7825)
    ("gas limit is too high", "gas-too-high", _AGAIN),  # Erigon
    ("gaslimitexceeded", "gas-too-high", _AGAIN),  # Nethermind
    ("exceeds max transaction gas limit", "gas-too-high", _AGAIN),
    ("chain id", "wrong-chain", "The node is on another chain than the transaction: look at its address."),
    ("chainid", "wrong-chain", "The node is on another chain than the transaction: look at its address."),
    ("replay-protected", "wrong-chain", _AGAIN),  # Geth
    ("invalid sender", "signature", "The signature does not fit: sign again."),  # Geth, Erigon
    ("v, r, s values", "signature", "The signature does not fit: sign again."),  # Geth
    ("invalid signature", "signature", "The signature does not fit: sign again."),  # Besu
    ("failedtoresolvesender", "signature", "The signature does not fit: sign again."),  # Nethermind
    ("invalid transaction signature", "signature", "The signature does not fit: sign again."),  # Reth
    ("type not supported", "type", "The chain does not know this type of transaction."),  # Geth
    ("invalid transaction type", "type", "The chain does not know this type of transaction."),  # Besu
    ("oversized data", "size", _AGAIN),  # Geth
    ("rlp size is too big", "size", _AGAIN),  # Erigon
    ("maxtxsizeexceeded", "size", _AGAIN),  # Nethermind
    ("pool is full", "busy", _WAIT),  # Geth, Reth, Erigon
    ("account limit exceeded", "busy", _WAIT),  # Geth
    ("in-flight transaction limit", "busy", _WAIT),  # Geth
    ("account is spammer", "busy", _WAIT),  # Erigon
    ("pendingtxslimit", "busy", _WAIT),  # Nethermind
    ("sender is contract", "sender", "The account has code: nodes take no transactions from it."),
    ("sender not an eoa", "sender", "The account has code: nodes take no transactions from it."),  # Geth
    ("senderiscontract", "sender", "The account has code: nodes take no transactions from it."),  # Nethermind
    ("rlp", "form", _AGAIN),
    ("decode", "form", _AGAIN),
)


def understand(message: str) -> Reason:
    """The meaning of a node's words."""
    text = message.lower()
    if "unknown transaction" not in text and any(word in text for word in _KNOWN):
        return Reason(Meaning.KNOWN, "known", "")
    if any(word in text for word in _NONCE_USED):
        return Reason(
            Meaning.NONCE_USED, "nonce-used", "Another transaction took its place: build the payment again."
        )
    for words, reason, remedy in _REFUSALS:
        if words in text:
            return Reason(Meaning.REFUSED, reason, remedy)
    return Reason(Meaning.REFUSED, "refused", "Read the node's reason.")


def rejection(message: str, server: str) -> BroadcastRejected:
    """The error for a node's refusal; its own words are in the message, cut and cleaned."""
    understood = understand(message)
    return BroadcastRejected(
        understood.reason,
        f"{server} refuses the transaction: {said(message) or 'no reason given'}",
        not_done="The transaction was not sent.",
        remedy=understood.remedy,
    )
