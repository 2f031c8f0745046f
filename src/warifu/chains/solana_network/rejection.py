"""Why nodes refuse a transaction: Agave's errors, and a stable reason made of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import said
from warifu.errors import BroadcastRejected

SIGNATURE_FAILURE = -32003
_AGAIN = "Build the payment again."
_FUNDS = "Put more SOL on the account."
_REASONS = {
    "BlockhashNotFound": ("expired", "Its blockhash is too old, or its durable nonce used up. " + _AGAIN),
    "AlreadyProcessed": ("already-known", ""),
    "SignatureFailure": ("signature", "The signature does not fit: sign again."),
    "AccountNotFound": ("insufficient-funds", _FUNDS),
    "InsufficientFundsForFee": ("insufficient-funds", _FUNDS),
    "InsufficientFundsForRent": (
        "insufficient-funds",
        "An account would be left with less SOL than its rent.",
    ),
    "InstructionError": ("execution", "Read the node's reason. " + _AGAIN),
}
EXPIRED, KNOWN = "expired", "already-known"


def error_of(refused: RpcRefused) -> object:
    """``err`` of a failed preflight, as Agave's JSON has it; None where there is none."""
    return refused.data.get("err") if isinstance(refused.data, dict) else None


def reason_of(refused: RpcRefused) -> str:
    """``expired``, ``already-known``, ``signature``, ``insufficient-funds``, ``execution`` or ``refused``."""
    if refused.code == SIGNATURE_FAILURE:
        return "signature"
    return reason_for(error_of(refused))[0]


def rejection(refused: RpcRefused) -> BroadcastRejected:
    """The error for a node's refusal; its own words are in the message, cut and cleaned."""
    reason = reason_of(refused)
    remedy = _REASONS["SignatureFailure"][1] if reason == "signature" else reason_for(error_of(refused))[1]
    return BroadcastRejected(
        reason,
        f"{refused.server or 'a node'} refuses the transaction: {said(refused.message) or 'no reason given'}",
        not_done="The transaction was not sent.",
        remedy=remedy,
    )


def words_for(error: object, logs: Sequence[str] | None = None) -> str:
    """An error of the runtime in words: its name, and the last thing that a program said."""
    text = error if isinstance(error, str) else json.dumps(error, default=str)
    told = [line for line in logs or () if "Error" in line or "insufficient" in line or "failed" in line]
    return said(text + (f" ({told[-1]})" if told else ""))


def reason_for(error: object) -> tuple[str, str]:
    """A stable reason and a remedy for an error of the runtime."""
    name = next(iter(error)) if isinstance(error, dict) and error else error
    return _REASONS.get(str(name), ("refused", "Read the node's reason."))
