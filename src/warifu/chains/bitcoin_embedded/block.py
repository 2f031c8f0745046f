"""Regtest blocks, built from transactions: coinbase (BIP-34 height, BIP-141 commitment), Merkle root, proof of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.chains.bitcoin.reader import Reader, compact_size, sized_bytes
from warifu.chains.bitcoin.transaction import (
    OutPoint,
    Transaction,
    TxInput,
    TxOutput,
    double_sha256,
    parse_transaction,
)
from warifu.units import satoshi

HEADER_BYTES = 80
VERSION = 0x20000000
REGTEST_BITS = 0x207FFFFF
REGTEST_TARGET = 0x7FFFFF << (8 * (0x20 - 3))
HALVING_INTERVAL = 150
COINBASE_MATURITY = 100
FULL_SUBSIDY = 50 * 100_000_000
NO_OUTPOINT = OutPoint(bytes(32), 0xFFFFFFFF)
"""What a coinbase "spends"."""
_NO_WITNESS = bytes(32)


@dataclass(frozen=True)
class Header:
    """The 80 bytes that a block's hash is of."""

    version: int
    previous: bytes
    merkle_root: bytes
    time: int
    bits: int
    nonce: int

    def serialize(self) -> bytes:
        """80 bytes."""
        numbers = b"".join(value.to_bytes(4, "little") for value in (self.time, self.bits, self.nonce))
        return self.version.to_bytes(4, "little") + self.previous + self.merkle_root + numbers

    @property
    def block_hash(self) -> bytes:
        """32 bytes in hash order."""
        return double_sha256(self.serialize())


@dataclass(frozen=True)
class Block:
    """A header and its transactions, the coinbase first."""

    header: Header
    transactions: tuple[Transaction, ...]

    def serialize(self) -> bytes:
        """The block as peers exchange it."""
        count = compact_size(len(self.transactions))
        return self.header.serialize() + count + b"".join(tx.serialize() for tx in self.transactions)


def subsidy(height: int) -> int:
    """Satoshi that a block at ``height`` may create on regtest."""
    halvings = height // HALVING_INTERVAL
    return FULL_SUBSIDY >> halvings if halvings < 64 else 0


def build_block(
    *,
    previous: bytes,
    height: int,
    time: int,
    transactions: Sequence[Transaction],
    fees: int,
    script: bytes,
    extra: bytes,
) -> Block:
    """A mined block on top of ``previous`` that pays subsidy and ``fees`` to ``script``.

    ``extra`` (up to 32 bytes) makes otherwise equal blocks differ.
    """
    reward = satoshi(subsidy(height) + fees)
    coinbase = _coinbase(height, reward, script, extra, _commitment([tx.wtxid for tx in transactions]))
    everything = (coinbase, *transactions)
    root = merkle_root([tx.txid for tx in everything])
    return Block(_mine(Header(VERSION, previous, root, time, REGTEST_BITS, 0)), everything)


def _coinbase(height: int, reward: int, script: bytes, extra: bytes, commitment: bytes) -> Transaction:
    return Transaction(
        version=2,
        inputs=(TxInput(NO_OUTPOINT, _push_height(height) + sized_bytes(extra), 0xFFFFFFFF, (_NO_WITNESS,)),),
        outputs=(TxOutput(satoshi(reward), script), TxOutput(satoshi(0), commitment)),
    )


def _push_height(height: int) -> bytes:
    """BIP-34: the height as the script would push a number."""
    if 1 <= height <= 16:
        return bytes([0x50 + height])
    number = height.to_bytes((height.bit_length() + 8) // 8, "little")  # the top bit is the sign
    return sized_bytes(number)


def _commitment(wtxids: list[bytes]) -> bytes:
    """BIP-141: OP_RETURN with the Merkle root over all wtxids, the coinbase counting as zero."""
    root = merkle_root([bytes(32), *wtxids])
    return b"\x6a\x24\xaa\x21\xa9\xed" + double_sha256(root + _NO_WITNESS)


def merkle_root(hashes: list[bytes]) -> bytes:
    """The root over ``hashes`` (at least one), the last one of an odd row paired with itself."""
    row = hashes
    while len(row) > 1:
        row = [double_sha256(left + right) for left, right in _pairs(row)]
    return row[0]


def merkle_branch(hashes: list[bytes], position: int) -> list[bytes]:
    """The hashes beside the way from ``hashes[position]`` to the root, lowest first."""
    branch, row = [], hashes
    while len(row) > 1:
        pairs = _pairs(row)
        branch.append(pairs[position // 2][1 - position % 2])
        row = [double_sha256(left + right) for left, right in pairs]
        position //= 2
    return branch


def _pairs(row: list[bytes]) -> list[tuple[bytes, bytes]]:
    return [(row[at], row[min(at + 1, len(row) - 1)]) for at in range(0, len(row), 2)]


def _mine(header: Header) -> Header:
    """Every second nonce will do: this is regtest."""
    for nonce in range(2**32):
        mined = Header(header.version, header.previous, header.merkle_root, header.time, header.bits, nonce)
        if int.from_bytes(mined.block_hash, "little") <= REGTEST_TARGET:
            return mined
    raise AssertionError("half of all nonces are good")


def parse_header(data: bytes) -> Header:
    """Read exactly one header."""
    reader = Reader(data, "header")
    header = Header(
        reader.uint(4), reader.take(32), reader.take(32), reader.uint(4), reader.uint(4), reader.uint(4)
    )
    reader.end()
    return header


def split_block(data: bytes, sizes: Sequence[bytes]) -> Block:
    """A block from its bytes and the bytes of its transactions, as the engine hands them out."""
    return Block(parse_header(data[:HEADER_BYTES]), tuple(map(parse_transaction, sizes)))
