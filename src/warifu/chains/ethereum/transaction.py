"""Ethereum transactions, unsigned and signed: legacy with EIP-155, EIP-2930, EIP-1559, EIP-4844 and EIP-7702.

Trusts nothing. One transaction has one encoding (``rlp``), and each number its range: nonce below 2^64 - 1 (EIP-2681),
gas limit below 2^64, amounts below 2^256, chain id from 1 to 2^63. What is read here is not yet what a signer signs:
``reading`` refuses blobs, delegations (EIP-7702), contract creation and what could be replayed on another chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from warifu.chains.ethereum.address import ADDRESS_BYTES
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.rlp import Item, decode, encode, integer, to_bytes, to_integer, to_list
from warifu.chains.ethereum.signature import Signature, signature_of
from warifu.errors import InputRefused, TransactionRefused

MAX_CHAIN_ID = 1 << 63
MAX_NONCE = (1 << 64) - 2
MAX_GAS = (1 << 64) - 1
MAX_AMOUNT = (1 << 256) - 1
BLOB_GAS = 1 << 17
"""Gas of one blob (EIP-4844)."""
_FIRST_EIP155_V = 35


class TxType(IntEnum):
    """The first byte of a typed transaction (EIP-2718); a legacy one has none."""

    LEGACY = 0
    ACCESS_LIST = 1
    DYNAMIC_FEE = 2
    BLOB = 3
    SET_CODE = 4


_ONE_PRICE = (TxType.LEGACY, TxType.ACCESS_LIST)
_FIELDS = {TxType.ACCESS_LIST: 8, TxType.DYNAMIC_FEE: 9, TxType.BLOB: 11, TxType.SET_CODE: 10}
"""How many items the unsigned form has; the signed one has three more."""


@dataclass(frozen=True)
class AccessEntry:
    """A contract (20 bytes) and storage slots (32 bytes each) that are paid for in advance (EIP-2930)."""

    address: bytes
    keys: tuple[bytes, ...]


@dataclass(frozen=True)
class Delegation:
    """A signed order that an account runs the code at ``address`` from now on (EIP-7702); chain id 0: on any chain."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int


@dataclass(frozen=True)
class Transaction:
    """An unsigned transaction. Raises ``InputRefused`` (``transaction-form``) for a number out of range."""

    type: TxType
    chain_id: int | None
    """None for a legacy transaction from before EIP-155, which is valid on every chain."""
    nonce: int
    max_priority_fee: int
    """Wei per gas; what legacy and EIP-2930 transactions call gas price is this and ``max_fee`` in one."""
    max_fee: int
    gas_limit: int
    to: bytes | None
    """20 bytes; None creates a contract."""
    value: int
    """Wei."""
    data: bytes
    access_list: tuple[AccessEntry, ...] = ()
    max_blob_fee: int = 0
    blob_hashes: tuple[bytes, ...] = ()
    delegations: tuple[Delegation, ...] = ()

    def __post_init__(self) -> None:
        if self.chain_id is None and self.type is not TxType.LEGACY:
            raise _refusal("a typed transaction names its chain")
        if self.chain_id is not None and not 0 < self.chain_id <= MAX_CHAIN_ID:
            raise _refusal("the chain id is out of range")
        if not 0 <= self.nonce <= MAX_NONCE:
            raise _refusal("the nonce is out of range (EIP-2681)")
        if not 0 <= self.gas_limit <= MAX_GAS:
            raise _refusal("the gas limit is out of range")
        if not all(0 <= amount <= MAX_AMOUNT for amount in (self.value, self.max_fee, self.max_blob_fee)):
            raise _refusal("an amount is out of range")
        if not 0 <= self.max_priority_fee <= self.max_fee:
            raise _refusal("the priority fee is over the whole fee")
        if self.type in _ONE_PRICE and self.max_priority_fee != self.max_fee:
            raise _refusal("this type has one gas price")
        if not self._has_only_its_fields():
            raise _refusal("it has fields of another type, which its bytes would leave out")
        if self.to is not None and len(self.to) != ADDRESS_BYTES:
            raise _refusal("the recipient has not 20 bytes")
        if self.fee + self.value > MAX_AMOUNT:
            raise _refusal("fee and amount together are more than any account can have")

    def _has_only_its_fields(self) -> bool:
        return (
            (not self.access_list or self.type is not TxType.LEGACY)
            and (not (self.blob_hashes or self.max_blob_fee) or self.type is TxType.BLOB)
            and (not self.delegations or self.type is TxType.SET_CODE)
        )

    @property
    def fee(self) -> int:
        """The most that gas and blobs can cost, in wei. What OP-stack chains charge beside it for their data on
        Ethereum (``networks.DataFee``) is no part of any transaction, and so of nothing that is signed."""
        return self.gas_limit * self.max_fee + self.max_blob_fee * BLOB_GAS * len(self.blob_hashes)

    def serialize(self) -> bytes:
        """The unsigned payload, whose Keccak-256 is signed."""
        if self.type is not TxType.LEGACY:
            return bytes([self.type]) + encode(self._items())
        replay_protection = () if self.chain_id is None else (integer(self.chain_id), b"", b"")
        return encode((*self._items(), *replay_protection))

    @cached_property
    def name(self) -> bytes:
        """The signing hash, 32 bytes."""
        return keccak256(self.serialize())

    def with_signature(self, signature: bytes, sender: str) -> SignedTransaction:
        """``signature``: 65 bytes (r, s, recovery id), or 64 without the last.

        Raises ``TransactionRefused`` (``signature``, ``high-s``) unless it is ``sender``'s, in the lower half, and
        ``InputRefused`` (``signature-form``).
        """
        return SignedTransaction(self, signature_of(signature, self.name, sender))

    def _items(self) -> tuple[Item, ...]:
        fees = (integer(self.max_priority_fee), integer(self.max_fee))
        call = (integer(self.gas_limit), self.to or b"", integer(self.value), self.data)
        if self.type is TxType.LEGACY:
            return (integer(self.nonce), fees[1], *call)
        assert self.chain_id is not None, "a typed transaction names its chain"
        head = (integer(self.chain_id), integer(self.nonce))
        accesses = tuple((entry.address, entry.keys) for entry in self.access_list)
        if self.type is TxType.ACCESS_LIST:
            return (*head, fees[1], *call, accesses)
        common: tuple[Item, ...] = (*head, *fees, *call, accesses)
        if self.type is TxType.BLOB:
            return (*common, integer(self.max_blob_fee), self.blob_hashes)
        if self.type is TxType.SET_CODE:
            return (*common, tuple(map(_delegation_item, self.delegations)))
        return common


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction with a well-formed, low-s signature; whose it is says ``sender``."""

    transaction: Transaction
    signature: Signature

    @cached_property
    def raw(self) -> bytes:
        """As nodes take it."""
        transaction, signature = self.transaction, self.signature
        v = signature.y_parity
        if transaction.type is TxType.LEGACY:
            v += 27 if transaction.chain_id is None else _FIRST_EIP155_V + 2 * transaction.chain_id
        items = (*transaction._items(), integer(v), integer(signature.r), integer(signature.s))
        return (bytes([transaction.type]) if transaction.type else b"") + encode(items)

    @cached_property
    def hash(self) -> bytes:
        """The transaction's id, 32 bytes."""
        return keccak256(self.raw)

    @property
    def txid(self) -> str:
        """The id as people and nodes write it."""
        return "0x" + self.hash.hex()

    @cached_property
    def sender(self) -> str:
        """The account that signed. ``TransactionRefused`` (``signature``) where the signature is nobody's."""
        sender = self.signature.signer(self.transaction.name)
        if sender is None:
            raise TransactionRefused(
                "signature", "the signature is nobody's: no key can be recovered from it"
            )
        return sender


def parse_unsigned(data: bytes) -> Transaction:
    """Read exactly one unsigned payload. Raises ``InputRefused`` (``rlp-form``, ``transaction-form``)."""
    kind, items = _split(data)
    if kind is not TxType.LEGACY:
        return _typed(kind, to_list(items, "the transaction", _FIELDS[kind]))
    if len(items) == 6:
        return _legacy(items, None)
    if items[7:] != (b"", b""):
        raise _refusal(
            "an unsigned legacy transaction has nine items and ends with its chain id and two zeros"
        )
    return _legacy(items[:6], to_integer(items[6], "the chain id", MAX_CHAIN_ID + 1))


def parse_signed(data: bytes) -> SignedTransaction:
    """Read exactly one signed transaction. Raises ``InputRefused`` (``rlp-form``, ``transaction-form``,
    ``signature-form``) and ``TransactionRefused`` (``high-s``)."""
    kind, items = _split(data)
    count = 6 if kind is TxType.LEGACY else _FIELDS[kind]
    to_list(items, "the signed transaction", count + 3)
    v = to_integer(items[count], "v", 2 * MAX_CHAIN_ID + _FIRST_EIP155_V + 2)
    r, s = (to_integer(items[count + at], "rs"[at - 1], 1 << 256) for at in (1, 2))
    if kind is not TxType.LEGACY:
        return SignedTransaction(_typed(kind, items[:count]), Signature(v, r, s))
    if v in (27, 28):
        return SignedTransaction(_legacy(items[:6], None), Signature(v - 27, r, s))
    chain_id, y_parity = divmod(v - _FIRST_EIP155_V, 2)
    return SignedTransaction(_legacy(items[:6], chain_id), Signature(y_parity, r, s))


def is_signed(data: bytes) -> bool:
    """Whether ``data`` has the outer form of a signed transaction. Raises as ``parse_unsigned``."""
    kind, items = _split(data)
    if kind is not TxType.LEGACY:
        return len(items) == _FIELDS[kind] + 3
    return len(items) == 9 and items[7:] != (b"", b"")


def _split(data: bytes) -> tuple[TxType, tuple[Item, ...]]:
    """The type and the outer list."""
    data = bytes(data)
    if data[:1] >= b"\xc0":
        return TxType.LEGACY, to_list(decode(data), "the transaction")
    if not data or data[0] not in _FIELDS:
        raise _refusal("it begins like no type of transaction that is known here")
    return TxType(data[0]), to_list(decode(data[1:]), "the transaction")


def _legacy(items: tuple[Item, ...], chain_id: int | None) -> Transaction:
    nonce, price, *call = items
    gas_price = to_integer(price, "the gas price", 1 << 256)
    return Transaction(
        TxType.LEGACY, chain_id, to_integer(nonce, "the nonce", 1 << 64), gas_price, gas_price, *_call(call)
    )


def _typed(kind: TxType, items: tuple[Item, ...]) -> Transaction:
    chain_id = to_integer(items[0], "the chain id", MAX_CHAIN_ID + 1)
    nonce = to_integer(items[1], "the nonce", 1 << 64)
    rest = list(items[2:])
    priority = to_integer(rest.pop(0), "the priority fee", 1 << 256)
    fee = priority if kind is TxType.ACCESS_LIST else to_integer(rest.pop(0), "the fee", 1 << 256)
    gas_limit, to, value, data = _call(rest[:4])
    accesses = tuple(map(_access, to_list(rest[4], "the access list")))
    if kind in (TxType.BLOB, TxType.SET_CODE) and to is None:
        raise _refusal("transactions with blobs or delegations name a recipient")
    common = (kind, chain_id, nonce, priority, fee, gas_limit, to, value, data, accesses)
    if kind is TxType.BLOB:
        hashes = tuple(to_bytes(item, "a blob's hash", (32,)) for item in to_list(rest[6], "the blobs"))
        return Transaction(*common, to_integer(rest[5], "the blob fee", 1 << 256), hashes)
    if kind is TxType.SET_CODE:
        delegations = tuple(map(_delegation, to_list(rest[5], "the delegations")))
        return Transaction(*common, delegations=delegations)
    return Transaction(*common)


def _call(items: list[Item]) -> tuple[int, bytes | None, int, bytes]:
    gas_limit, to, value, data = items
    return (
        to_integer(gas_limit, "the gas limit", 1 << 64),
        to_bytes(to, "the recipient", (0, ADDRESS_BYTES)) or None,
        to_integer(value, "the amount", 1 << 256),
        to_bytes(data, "the data"),
    )


def _access(item: Item) -> AccessEntry:
    address, keys = to_list(item, "an entry of the access list", 2)
    return AccessEntry(
        to_bytes(address, "an address of the access list", (ADDRESS_BYTES,)),
        tuple(to_bytes(key, "a storage key", (32,)) for key in to_list(keys, "storage keys")),
    )


def _delegation(item: Item) -> Delegation:
    chain_id, address, nonce, y_parity, r, s = to_list(item, "a delegation", 6)
    return Delegation(
        to_integer(chain_id, "a delegation's chain id", 1 << 256),
        to_bytes(address, "a delegation's address", (ADDRESS_BYTES,)),
        to_integer(nonce, "a delegation's nonce", 1 << 64),
        to_integer(y_parity, "a delegation's parity", 1 << 8),
        to_integer(r, "a delegation's r", 1 << 256),
        to_integer(s, "a delegation's s", 1 << 256),
    )


def _delegation_item(delegation: Delegation) -> Item:
    numbers = (delegation.nonce, delegation.y_parity, delegation.r, delegation.s)
    return (integer(delegation.chain_id), delegation.address, *map(integer, numbers))


def _refusal(message: str) -> InputRefused:
    return InputRefused("transaction-form", f"not a valid transaction: {message}")
