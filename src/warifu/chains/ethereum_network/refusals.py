"""What it means that a node will not execute a call: the contract's reason in words, or the account's lack of money."""

from __future__ import annotations

import re

from warifu.chains.ethereum_network.nodes import REVERTED
from warifu.chains.ethereum_network.reverts import words
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable, InputRefused

_HEX = re.compile(r"0x([0-9a-fA-F]{2})*", re.ASCII)
_NO_FUNDS = ("insufficient", "exceeds account balance", "not enough funds", "outoffund", "out of fund")
_NO_GAS = ("gas required exceeds", "out of gas", "exceeds block gas limit")


def returned(error: RpcRefused) -> bytes | None:
    """What the contract gave back, where this is a revert: nodes put it into ``data`` as it is, after a word, or
    into an object; None for any other refusal."""
    if error.code != REVERTED and "revert" not in error.message.lower():
        return None
    found = error.data.get("data") if isinstance(error.data, dict) else error.data
    for part in found.split() if isinstance(found, str) else ():
        if _HEX.fullmatch(part):
            return bytes.fromhex(part[2:])
    return b""


def why_not(error: RpcRefused) -> InputRefused | ChainUnavailable:
    """The error for a transaction that would fail, made of the node's refusal to estimate its gas."""
    reverted = returned(error)
    text = error.message.lower()
    if reverted is not None:
        # Some nodes tell the reason in their message only.
        reason = words(reverted) if reverted else _after_colon(error.message)
        return InputRefused(
            "would-fail",
            f"the transaction would fail; the contract says: {reason}",
            remedy="Look at the recipient, the amount and the token's rules.",
        )
    if any(word in text for word in _NO_FUNDS):
        return InputRefused(
            "insufficient-funds",
            f"the account cannot pay for this ({error.message})",
            remedy="Send less, or put more on the account.",
        )
    if any(word in text for word in _NO_GAS):
        return InputRefused("gas", f"it would use more gas than a transaction may ({error.message})")
    return unavailable(
        "refused", f"it does not estimate the gas ({error.message})", error.server or "the node"
    )


def _after_colon(message: str) -> str:
    _, colon, reason = message.partition(":")
    return f"'{reason.strip()}'" if colon and reason.strip() else words(b"")
