"""Bitcoin transactions: strict parser and serialiser (legacy and BIP-144), identifiers, weight.

Trusts nothing. Refuses lengths that are not in their shortest form, trailing bytes, amounts that cannot exist, and a
witness marker without witness: each is a way to show two readers two transactions. Hashes are kept in the order in
which the hash function gives them; people see them reversed (``display_hash``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from warifu.chains.bitcoin.reader import Reader, compact_size, sized_bytes
from warifu.errors import InputRefused
from warifu.units import MAX_SATOSHI, Satoshi, satoshi

MAX_TRANSACTION_BYTES = 4_000_000
"""No transaction in a block can be longer: the weight limit of a block, where a witness byte weighs one."""
MAX_SCRIPT_BYTES = 10_000
"""Consensus limit of a script that can be run."""
_MIN_INPUT_BYTES = 41
_MIN_OUTPUT_BYTES = 9


@dataclass(frozen=True, order=True)
class OutPoint:
    """Names an output of an earlier transaction: its txid (32 bytes, hash order) and the output's index."""

    txid: bytes
    vout: int

    def __post_init__(self) -> None:
        if len(self.txid) != 32 or not 0 <= self.vout < 2**32:
            raise InputRefused("outpoint", "an outpoint is a 32-byte txid and an index below 2^32")

    def __str__(self) -> str:
        return f"{display_hash(self.txid)}:{self.vout}"

    def serialize(self) -> bytes:
        """36 bytes."""
        return self.txid + self.vout.to_bytes(4, "little")


@dataclass(frozen=True)
class TxInput:
    """What an input spends; ``script_sig`` is empty and ``witness`` filled for a signed segwit input."""

    outpoint: OutPoint
    script_sig: bytes = b""
    sequence: int = 0xFFFFFFFD
    witness: tuple[bytes, ...] = ()

    def serialize(self) -> bytes:
        """The input without its witness."""
        return self.outpoint.serialize() + sized_bytes(self.script_sig) + self.sequence.to_bytes(4, "little")

    def serialize_witness(self) -> bytes:
        """The witness stack with its item count."""
        return compact_size(len(self.witness)) + b"".join(map(sized_bytes, self.witness))


@dataclass(frozen=True)
class TxOutput:
    """An amount in satoshi and the script that guards it."""

    amount: Satoshi
    script: bytes

    def __post_init__(self) -> None:
        satoshi(self.amount)

    def serialize(self) -> bytes:
        """8 bytes of amount, then the script after its length."""
        return self.amount.to_bytes(8, "little") + sized_bytes(self.script)


@dataclass(frozen=True)
class Transaction:
    """A whole transaction. ``version`` and ``locktime`` are unsigned 32-bit numbers."""

    version: int
    inputs: tuple[TxInput, ...]
    outputs: tuple[TxOutput, ...]
    locktime: int = 0

    def __post_init__(self) -> None:
        if not self.inputs or not self.outputs:
            raise InputRefused("transaction-form", "a transaction has at least one input and one output")
        if sum(output.amount for output in self.outputs) > MAX_SATOSHI:
            raise InputRefused("amount-range", "the outputs together are more than all bitcoin")

    @property
    def has_witness(self) -> bool:
        return any(item.witness for item in self.inputs)

    def serialize(self, *, witness: bool = True) -> bytes:
        """The transaction's bytes; with ``witness=False``, or where there is no witness, in the legacy form."""
        with_witness = witness and self.has_witness
        return b"".join(
            (
                self.version.to_bytes(4, "little"),
                b"\x00\x01" if with_witness else b"",
                compact_size(len(self.inputs)),
                *(item.serialize() for item in self.inputs),
                compact_size(len(self.outputs)),
                *(item.serialize() for item in self.outputs),
                *(item.serialize_witness() for item in self.inputs if with_witness),
                self.locktime.to_bytes(4, "little"),
            )
        )

    @cached_property
    def txid(self) -> bytes:
        """32 bytes in hash order; the same before and after signing where all inputs are segwit."""
        return double_sha256(self.serialize(witness=False))

    @cached_property
    def wtxid(self) -> bytes:
        """32 bytes in hash order over everything, witness included (BIP-141)."""
        return double_sha256(self.serialize())

    @property
    def weight(self) -> int:
        """BIP-141: three times the size without witness, plus the size with it."""
        return 3 * len(self.serialize(witness=False)) + len(self.serialize())

    @property
    def vsize(self) -> int:
        """Virtual bytes, what fee rates are counted in: a quarter of the weight, rounded up."""
        return (self.weight + 3) // 4


def parse_transaction(data: bytes, *, witness: bool = True) -> Transaction:
    """Read exactly one transaction; with ``witness=False`` only the legacy form (BIP-174's unsigned transaction).

    Raises ``InputRefused`` (``transaction-form``, ``amount-range``).
    """
    reader = Reader(data, "transaction")
    if len(data) > MAX_TRANSACTION_BYTES:
        raise reader.refusal(f"{len(data)} bytes are more than fit in a block")
    version = reader.uint(4)
    # A legacy transaction without inputs would begin alike, but none exists on the chain and none is accepted here.
    marked = witness and reader.peek(1) == b"\x00"
    if marked and reader.take(2) != b"\x00\x01":
        raise reader.refusal("no inputs, or an unknown witness flag")
    inputs = [_input(reader) for _ in range(reader.count(_MIN_INPUT_BYTES))]
    outputs = [_output(reader) for _ in range(reader.count(_MIN_OUTPUT_BYTES))]
    if marked:
        inputs = [
            TxInput(item.outpoint, item.script_sig, item.sequence, parse_witness(reader)) for item in inputs
        ]
    transaction = Transaction(version, tuple(inputs), tuple(outputs), reader.uint(4))
    reader.end()
    if marked and not transaction.has_witness:
        raise reader.refusal("it announces a witness and has none")
    return transaction


def _input(reader: Reader) -> TxInput:
    outpoint = OutPoint(reader.take(32), reader.uint(4))
    return TxInput(outpoint, reader.sized_bytes(MAX_SCRIPT_BYTES), reader.uint(4))


def _output(reader: Reader) -> TxOutput:
    return TxOutput(Satoshi(reader.uint(8)), reader.sized_bytes(MAX_SCRIPT_BYTES))


def parse_witness(reader: Reader) -> tuple[bytes, ...]:
    """One input's witness stack."""
    return tuple(reader.sized_bytes(MAX_TRANSACTION_BYTES) for _ in range(reader.count(1)))


def parse_output(data: bytes) -> TxOutput:
    """Read exactly one output, as PSBT_IN_WITNESS_UTXO holds it; ``InputRefused`` for anything else."""
    reader = Reader(data, "transaction")
    output = _output(reader)
    reader.end()
    return output


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of SHA-256, 32 bytes."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def display_hash(value: bytes) -> str:
    """A txid or block hash as people and RPC interfaces write it: hexadecimal, byte order reversed."""
    return value[::-1].hex()


def parse_hash(text: str) -> bytes:
    """The 32 bytes, in hash order, of a txid as people write it; ``InputRefused`` (``txid``)."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32 or len(text) != 64:
        raise InputRefused("txid", f"{text[:80]!r} is not a transaction id of 64 hexadecimal digits")
    return value[::-1]
