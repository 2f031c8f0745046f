"""The few contract calls that the network half makes itself: ERC-20, and the OP stack's gas price oracle. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warifu.chains.ethereum.keccak import keccak256
from warifu.errors import InputRefused

GAS_PRICE_ORACLE = bytes.fromhex("420000000000000000000000000000000000000f")
"""Predeploy of every OP stack chain (specs, "Predeploys")."""
MAX_DECIMALS = 36
MAX_SYMBOL_CHARACTERS = 20


def transfer(to: bytes, amount: int) -> bytes:
    """ERC-20: pay ``amount`` to ``to`` (20 bytes)."""
    return _call("transfer(address,uint256)", ["address", "uint256"], [to, amount])


def approve(spender: bytes, amount: int) -> bytes:
    """ERC-20: let ``spender`` (20 bytes) take ``amount``."""
    return _call("approve(address,uint256)", ["address", "uint256"], [spender, amount])


def balance_of(account: bytes) -> bytes:
    """ERC-20: what ``account`` (20 bytes) has."""
    return _call("balanceOf(address)", ["address"], [account])


def decimals() -> bytes:
    """ERC-20: how many decimals an amount has."""
    return _call("decimals()", [], [])


def symbol() -> bytes:
    """ERC-20: the token's sign."""
    return _call("symbol()", [], [])


def l1_fee(transaction: bytes) -> bytes:
    """OP stack: what posting this unsigned transaction to Ethereum costs now, in wei."""
    return _call("getL1Fee(bytes)", ["bytes"], [transaction])


def read_amount(returned: bytes) -> int:
    """A ``uint256``, exactly one. ``InputRefused`` (``token``)."""
    if len(returned) != 32:
        raise InputRefused("token", "there is no token contract at this address")
    return int.from_bytes(returned, "big")


def read_decimals(returned: bytes) -> int:
    """``InputRefused`` (``token``) where the number is no honest one."""
    found = read_amount(returned)
    if found > MAX_DECIMALS:
        raise InputRefused("token", f"the token says it has {found} decimals")
    return found


def read_symbol(returned: bytes) -> str:
    """A string, or 32 bytes as old tokens have it. ``InputRefused`` (``token``) where it cannot be shown as it is."""
    try:
        raw = returned if len(returned) == 32 else decoded(["bytes"], returned)[0]
        text = raw.rstrip(b"\x00").decode("utf-8")
    except ValueError:  # also where it is no UTF-8
        text = ""
    if not 1 <= len(text) <= MAX_SYMBOL_CHARACTERS or not text.isprintable():
        raise InputRefused("token", "the token has no symbol that could be shown")
    return text


def decoded(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values of these types that ``data`` encodes. ``ValueError`` where it encodes none."""
    # Imported here, as in _call: with pydantic it is a tenth of what a service imports that may never ask a contract.
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        return decode(types, data)
    except (DecodingError, OverflowError):
        raise ValueError("no such values") from None


def _call(signature: str, types: list[str], values: list[object]) -> bytes:
    from eth_abi.abi import encode

    return keccak256(signature.encode())[:4] + encode(types, values)
