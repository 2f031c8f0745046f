"""Why a node refuses a transaction: its own words, and a stable reason made of them.

Nodes, Esplora and Electrum servers wrap the same sentences of Bitcoin Core's mempool in different envelopes.
"""

from __future__ import annotations

from warifu.chains.rpc.unavailable import said
from warifu.errors import BroadcastRejected, WarifuError

MAX_REASON_CHARACTERS = 300

ALREADY_KNOWN = (
    "txn-already-in-mempool",
    "txn-already-known",
    "already in block chain",
    "already in utxo set",
)
OTHER_WITNESS = "txn-same-nonwitness-data-in-mempool"

_REASONS = (
    ("min relay fee not met", "fee-too-low", "Raise the fee (RBF or CPFP)."),
    (
        "mempool min fee not met",
        "fee-too-low",
        "The mempool is full of better paying transactions: raise the fee.",
    ),
    (
        "insufficient fee",
        "replacement-fee",
        "A replacement pays more than all it replaces, and for its own relay.",
    ),
    ("replacement-adds-unconfirmed", "replacement-fee", "Bump with confirmed coins only."),
    ("too many potential replacements", "replacement-fee", "Wait for a confirmation."),
    ("bip125-replacement-disallowed", "conflict", "The other transaction cannot be replaced."),
    ("txn-mempool-conflict", "conflict", "Another transaction spends the same coins."),
    ("missingorspent", "spent-coins", "A coin was spent elsewhere: synchronise and build the payment again."),
    ("missing-inputs", "spent-coins", "A coin was spent elsewhere: synchronise and build the payment again."),
    ("missing inputs", "spent-coins", "A coin was spent elsewhere: synchronise and build the payment again."),
    ("script-verify-flag", "signature", "The signature does not fit: sign again."),
    ("non-mandatory-script", "signature", "The signature does not fit: sign again."),
    ("premature-spend-of-coinbase", "immature", "Wait until the mined coin has 100 confirmations."),
    ("non-final", "not-yet", "Its lock time lies ahead: wait."),
    ("non-bip68-final", "not-yet", "Its relative lock time has not passed: wait."),
    ("dust", "dust", "Send a larger amount."),
    ("too-long-mempool-chain", "too-long-chain", "Wait for a confirmation of the coins it spends."),
    ("max-fee-exceeded", "fee-too-high", "The node takes the fee for a mistake."),
    ("max fee exceeded", "fee-too-high", "The node takes the fee for a mistake."),
    ("maxfeerate", "fee-too-high", "The node takes the fee for a mistake."),
)


def is_already_known(text: str) -> bool:
    """Whether a node's refusal means that it has the transaction (Core's -27 and its relatives)."""
    return any(known in text.lower() for known in ALREADY_KNOWN)


def rejection(text: str, backend: str) -> WarifuError:
    """The error for a node's refusal; its own words are in the message, cut and cleaned."""
    if OTHER_WITNESS in text.lower():
        return other_witness(backend)
    fitting = ((reason, remedy) for words, reason, remedy in _REASONS if words in text.lower())
    reason, remedy = next(fitting, ("refused", "Read the node's reason."))
    return BroadcastRejected(
        reason,
        f"{backend} refuses the transaction: {said(text, MAX_REASON_CHARACTERS) or 'no reason given'}",
        not_done="The transaction was not sent.",
        remedy=remedy,
    )


def other_witness(backend: str) -> BroadcastRejected:
    """The node has a transaction of this id whose signatures are not ours."""
    return BroadcastRejected(
        "other-witness",
        f"{backend} has this transaction already, with other signatures: ours were not checked",
        not_done="Our copy was not sent.",
        remedy="The payment is under way under the same id: follow it; and look at the stored copy for damage.",
    )
