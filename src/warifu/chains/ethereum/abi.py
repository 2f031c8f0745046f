"""Calls of token contracts, understood by their four-byte selector: what is signed, and so what leaves the account.

ERC-20 ``transfer``, ``approve``, ``transferFrom``, ``increaseAllowance``; EIP-2612 and DAI ``permit``; Permit2's
``approve``; ERC-721 and ERC-1155 transfers and ``setApprovalForAll``. Their arguments are read in the one canonical
form (exact length, zero padding, tails in order): a contract may read a sloppy one otherwise than we do. Whatever else
is called is not understood (``Kind.CALL``), and only a policy that names the contract allows it.

How amounts are counted where the standards differ:

- an ERC-721 token counts 1, whatever its number, where the function is ERC-721's alone (``safeTransferFrom``);
- ``transferFrom`` and ``approve`` have one selector for ERC-20, where the last word is an amount, and for ERC-721,
  where it is a token's number. It is counted as an amount, and as at least 1, so that token number 0 is never given
  away as nothing;
- ``setApprovalForAll`` counts as everything (2^256 - 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import starmap

from warifu.chains.ethereum.abi_words import Value, decode_arguments
from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.effects import UNLIMITED, Finding, approval, foreign, token_payment
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.errors import InputRefused, TransactionRefused

PERMIT2 = bytes.fromhex("000000000022d473030f116ddee9f6b43ac78ba3")
"""Uniswap's Permit2, at the same address on every chain."""
MAX_BATCH = 64
"""Entries of an ERC-1155 batch: as many as a person can be asked to look through."""
SELECTOR_BYTES = 4

Judge = Callable[..., Iterator[Finding]]


@dataclass(frozen=True)
class Function:
    """A function that is understood: its name, the types and names of its arguments, and what it does."""

    name: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    judge: Judge

    @property
    def signature(self) -> str:
        """As its selector is computed from: ``transfer(address,uint256)``."""
        return f"{self.name}({','.join(self.types)})"

    @property
    def selector(self) -> bytes:
        """4 bytes."""
        return keccak256(self.signature.encode("ascii"))[:SELECTOR_BYTES]


@dataclass(frozen=True)
class Call:
    """What a transaction with data does; ``function`` and ``arguments`` are empty where it is not understood."""

    function: str
    arguments: tuple[tuple[str, str, str], ...]
    """Name, type and value as text, for people."""
    findings: tuple[Finding, ...]


def read_call(sender: bytes | None, contract: bytes, value: int, data: bytes) -> Call:
    """Understand a call of ``contract`` (20 bytes) with ``value`` wei and non-empty ``data``. Never raises.

    ``sender`` (20 bytes) is the wallet's account; None where it is not known.
    """
    function = FUNCTIONS.get(data[:SELECTOR_BYTES])
    if function is None or (function.judge is _permit2_approve and contract != PERMIT2):
        return Call("", (), tuple(_not_understood(sender, contract, value, data)))
    try:
        values = decode_arguments(function.types, data[SELECTOR_BYTES:])
    except InputRefused as error:
        refused = TransactionRefused("call-data", f"a call of {function.signature} {error.message}")
        return Call(function.signature, (), (refused, *_not_understood(sender, contract, value, data)))
    findings = list(function.judge(sender, contract, *values))
    if value:
        # Token functions take no coin; what went along would stay in the contract.
        findings.insert(
            0, TransactionRefused("coin-with-token", f"{value} wei would go along with a token call")
        )
        findings.append(Outflow(Kind.PAYMENT, COIN, value, format_address(contract)))
    shown = tuple(zip(function.names, function.types, map(_shown, values), strict=True))
    return Call(function.signature, shown, tuple(findings))


def _not_understood(sender: bytes | None, contract: bytes, value: int, data: bytes) -> Iterator[Finding]:
    if contract == sender:
        # With a delegation (EIP-7702) an account runs code, and trusts none as it trusts itself.
        yield TransactionRefused("self-call", "the account would call itself")
    if not any(contract):
        yield TransactionRefused("reserved-address", "a call of the zero address: what goes there is lost")
    # Less than a whole selector reaches the contract's fallback: no method that a policy could name.
    method = data[:SELECTOR_BYTES] if len(data) >= SELECTOR_BYTES else b""
    yield Outflow(Kind.CALL, COIN, value, format_address(contract), method)


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, bytes):
        return format_address(value) if len(value) == 20 else "0x" + value.hex()
    return str(value)


def _transfer(sender: bytes | None, token: bytes, to: bytes, amount: int) -> Iterator[Finding]:
    return token_payment(sender, token, to, amount)


def _transfer_from(
    sender: bytes | None, token: bytes, owner: bytes, to: bytes, amount: int
) -> Iterator[Finding]:
    yield from foreign(owner, sender, "foreign-transfer")
    yield from token_payment(sender, token, to, max(amount, 1))


def _approve(sender: bytes | None, token: bytes, spender: bytes, amount: int) -> Iterator[Finding]:
    return approval(sender, token, spender, max(amount, 1))


def _increase_allowance(sender: bytes | None, token: bytes, spender: bytes, amount: int) -> Iterator[Finding]:
    return approval(sender, token, spender, amount)


def _permit(
    sender: bytes | None, token: bytes, owner: bytes, spender: bytes, amount: int, *_rest: Value
) -> Iterator[Finding]:
    yield from foreign(owner, sender, "foreign-approval")
    yield from approval(sender, token, spender, amount)


def _dai_permit(
    sender: bytes | None,
    token: bytes,
    holder: bytes,
    spender: bytes,
    _nonce: int,
    _expiry: int,
    allowed: bool,
    *_rest: Value,
) -> Iterator[Finding]:
    yield from foreign(holder, sender, "foreign-approval")
    yield from approval(sender, token, spender, UNLIMITED if allowed else 0)


def _permit2_approve(
    sender: bytes | None, _contract: bytes, token: bytes, spender: bytes, amount: int, _expiration: int
) -> Iterator[Finding]:
    return approval(sender, token, spender, amount)


def _approve_all(sender: bytes | None, token: bytes, operator: bytes, approved: bool) -> Iterator[Finding]:
    return approval(sender, token, operator, UNLIMITED if approved else 0)


def _nft_transfer(
    sender: bytes | None, token: bytes, owner: bytes, to: bytes, _number: int, data: bytes = b""
) -> Iterator[Finding]:
    yield from foreign(owner, sender, "foreign-transfer")
    yield from _no_message(data)
    yield from token_payment(sender, token, to, 1)


def _multi_transfer(
    sender: bytes | None, token: bytes, owner: bytes, to: bytes, _number: int, amount: int, data: bytes
) -> Iterator[Finding]:
    yield from foreign(owner, sender, "foreign-transfer")
    yield from _no_message(data)
    yield from token_payment(sender, token, to, amount)


def _batch_transfer(
    sender: bytes | None,
    token: bytes,
    owner: bytes,
    to: bytes,
    numbers: tuple[int, ...],
    amounts: tuple[int, ...],
    data: bytes,
) -> Iterator[Finding]:
    yield from foreign(owner, sender, "foreign-transfer")
    yield from _no_message(data)
    if not 0 < len(numbers) == len(amounts) <= MAX_BATCH:
        yield TransactionRefused("call-data", f"a batch has 1 to {MAX_BATCH} tokens, and an amount for each")
    for amount in amounts[:MAX_BATCH]:
        yield from token_payment(sender, token, to, amount)


def _no_message(data: bytes) -> Iterator[Finding]:
    if data:
        # The recipient's code acts on it, and may hand the tokens to whom it names.
        yield TransactionRefused("attached-data", f"{len(data)} bytes for the recipient's code go along")


def _function(signature: str, judge: Judge) -> Function:
    """From ``name(type argument, ...)``."""
    name, _, rest = signature.partition("(")
    pairs = [part.split() for part in rest.rstrip(")").split(",")]
    return Function(name, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs), judge)


_VRS = "uint8 v,bytes32 r,bytes32 s"
_KNOWN = starmap(
    _function,
    (
        ("transfer(address to,uint256 amount)", _transfer),
        ("transferFrom(address from,address to,uint256 amount)", _transfer_from),
        ("approve(address spender,uint256 amount)", _approve),
        ("increaseAllowance(address spender,uint256 amount)", _increase_allowance),
        (f"permit(address owner,address spender,uint256 amount,uint256 deadline,{_VRS})", _permit),
        (
            f"permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed,{_VRS})",
            _dai_permit,
        ),
        ("approve(address token,address spender,uint160 amount,uint48 expiration)", _permit2_approve),
        ("setApprovalForAll(address operator,bool approved)", _approve_all),
        ("safeTransferFrom(address from,address to,uint256 number)", _nft_transfer),
        ("safeTransferFrom(address from,address to,uint256 number,bytes data)", _nft_transfer),
        (
            "safeTransferFrom(address from,address to,uint256 number,uint256 amount,bytes data)",
            _multi_transfer,
        ),
        (
            "safeBatchTransferFrom(address from,address to,uint256[] numbers,uint256[] amounts,bytes data)",
            _batch_transfer,
        ),
    ),
)
FUNCTIONS = {function.selector: function for function in _KNOWN}
"""What is understood, by selector."""
