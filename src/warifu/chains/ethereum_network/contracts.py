"""The few contract calls that the network half makes itself: ERC-20, and the OP stack's gas price oracle. Pure.

Six forms of arguments and two of answers (Solidity documentation, "Contract ABI Specification"), written out: the
library for all forms was a tenth of what the service imported at its start.
"""

from __future__ import annotations

from warifu.chains.ethereum.abi_words import WORD
from warifu.chains.ethereum.address import ADDRESS_BYTES
from warifu.chains.ethereum.keccak import keccak256
from warifu.errors import InputRefused

GAS_PRICE_ORACLE = bytes.fromhex("420000000000000000000000000000000000000f")
"""Predeploy of every OP stack chain (specs, "Predeploys")."""
MAX_DECIMALS = 36
MAX_SYMBOL_CHARACTERS = 20


def transfer(to: bytes, amount: int) -> bytes:
    """ERC-20: pay ``amount`` to ``to`` (20 bytes)."""
    return _call("transfer(address,uint256)", _address(to), _word(amount))


def approve(spender: bytes, amount: int) -> bytes:
    """ERC-20: let ``spender`` (20 bytes) take ``amount``."""
    return _call("approve(address,uint256)", _address(spender), _word(amount))


def balance_of(account: bytes) -> bytes:
    """ERC-20: what ``account`` (20 bytes) has."""
    return _call("balanceOf(address)", _address(account))


def decimals() -> bytes:
    """ERC-20: how many decimals an amount has."""
    return _call("decimals()")


def symbol() -> bytes:
    """ERC-20: the token's sign."""
    return _call("symbol()")


def l1_fee(transaction: bytes) -> bytes:
    """OP stack: what posting this unsigned transaction to Ethereum costs now, in wei."""
    padding = bytes(-len(transaction) % WORD)
    return _call("getL1Fee(bytes)", _word(WORD), _word(len(transaction)), transaction, padding)


def read_amount(returned: bytes) -> int:
    """A ``uint256``, exactly one. ``InputRefused`` (``token``)."""
    if len(returned) != WORD:
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
        raw = returned if len(returned) == WORD else read_bytes(returned)
        text = raw.rstrip(b"\x00").decode("utf-8")
    except ValueError:  # also where it is no UTF-8
        text = ""
    if not 1 <= len(text) <= MAX_SYMBOL_CHARACTERS or not text.isprintable():
        raise InputRefused("token", "the token has no symbol that could be shown")
    return text


def read_bytes(data: bytes) -> bytes:
    """The one ``bytes`` or ``string`` that ``data`` encodes, for people to read. What follows it is not looked at: some
    compilers pad further than they must. ``ValueError`` where there is none."""
    start = 2 * WORD
    if len(data) < start or int.from_bytes(data[:WORD], "big") != WORD:
        raise ValueError("no single dynamic value")
    length = int.from_bytes(data[WORD:start], "big")
    if length > len(data) - start:
        raise ValueError("it ends too early")
    return data[start : start + length]


def _call(signature: str, *arguments: bytes) -> bytes:
    return keccak256(signature.encode())[:4] + b"".join(arguments)


def _address(address: bytes) -> bytes:
    assert len(address) == ADDRESS_BYTES, "addresses are parsed before"
    return bytes(WORD - ADDRESS_BYTES) + address


def _word(number: int) -> bytes:
    return number.to_bytes(WORD, "big")
