"""Why a contract refuses, in words: Solidity's and Vyper's ``Error(string)``, ``Panic(uint256)``, and custom errors.

What a contract gives back is written by whoever wrote the contract: it is bounded, made printable, and shown as the
contract's words, never as ours. Pure.
"""

from __future__ import annotations

from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum_network.contracts import decoded
from warifu.chains.rpc.unavailable import said

MAX_DATA_BYTES = 4096
MAX_WORDS = 200
_ERROR = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")

_PANICS = {
    0x00: "a compiler's generic panic",
    0x01: "an assertion does not hold",
    0x11: "an arithmetic overflow",
    0x12: "a division by zero",
    0x21: "a value outside its enumeration",
    0x22: "damaged storage",
    0x31: "a pop from an empty array",
    0x32: "an index out of bounds",
    0x41: "too much memory",
    0x51: "a call of a function that is not set",
}
"""Solidity documentation, "Panic via assert and Error via require"."""

_KNOWN_ERRORS = (
    # ERC-6093: what tokens of today answer.
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20InvalidSender(address)",
    "ERC20InvalidReceiver(address)",
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InvalidApprover(address)",
    "ERC20InvalidSpender(address)",
    "ERC721NonexistentToken(uint256)",
    "ERC721IncorrectOwner(address,uint256,address)",
    "ERC721InsufficientApproval(address,uint256)",
    "ERC721InvalidReceiver(address)",
    # OpenZeppelin's.
    "EnforcedPause()",
    "ExpectedPause()",
    "OwnableUnauthorizedAccount(address)",
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "SafeERC20FailedOperation(address)",
    "ReentrancyGuardReentrantCall()",
    "AddressInsufficientBalance(address)",
    "FailedCall()",
    "InsufficientBalance(uint256,uint256)",
)
_BY_SELECTOR = {keccak256(signature.encode())[:4]: signature for signature in _KNOWN_ERRORS}


def words(data: bytes) -> str:
    """One line for a person; never empty, never raises."""
    if not data:
        return "it gives no reason"
    selector, arguments = data[:4], data[4:MAX_DATA_BYTES]
    try:
        if selector == _ERROR:
            return f"'{_text(arguments)}'"
        if selector == _PANIC:
            code = decoded(["uint256"], arguments)[0]
            return _PANICS.get(code, f"a panic of code {code}")
        if selector in _BY_SELECTOR:
            return _custom(_BY_SELECTOR[selector], arguments)
    except ValueError:  # also where it is no UTF-8
        pass
    return f"an error that is not known here (0x{data[:4].hex()}, {len(data)} bytes)"


def _text(arguments: bytes) -> str:
    return said(decoded(["bytes"], arguments)[0].decode("utf-8", "replace"), MAX_WORDS)


def _custom(signature: str, arguments: bytes) -> str:
    name, _, types = signature.rstrip(")").partition("(")
    if not types:
        return name
    values = decoded(types.split(","), arguments)
    return f"{name}({', '.join(map(_shown, types.split(','), values))})"


def _shown(kind: str, value: object) -> str:
    if kind == "address":
        return format_address(bytes.fromhex(str(value)[2:]))
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
