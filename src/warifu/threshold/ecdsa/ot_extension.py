"""Many random oblivious transfers out of 128: the OT extension of SoftSpokenOT, with its own consistency check.

Lawrence Roy, "SoftSpokenOT: Quieter OT Extension from Small-Field Silent VOLE in the Minicrypt Model" (CRYPTO 2022,
IACR eprint 2022/192): subspace VOLE over the smallest field (k = 1, where its GGM trees are the base transfers
themselves) with the repetition code, its check by a linear universal hash, made non-interactive by Fiat-Shamir (DKLs23,
section 5.1), and the hashing of rows to random transfers: functionality 5.1 of DKLs23. It is not the check of KOS15,
whose proof fell (Roy's paper shows it).

The roles turn round: the receiver of these transfers, with choices x, was the sender of the base transfers and holds
both keys of each column i; the sender holds its choice bits Delta and one key of each. With G a generator of bits and
L = transfers + CHECK rows, of which the last CHECK have random choices:

    receiver   T = [G(k_0,i)]_i,  U = [G(k_0,i) + G(k_1,i) + x]_i           sends U
    sender     Q = [G(k_Delta_i,i) + Delta_i U_i]_i                         so that Q = T + x (*) Delta, row by row
    both       a matrix (R | I) of CHECK rows from the hash of U
    receiver   x~ = (R | I) x,  T~ = (R | I) T                              sends both
    sender     refuses unless (R | I) Q = T~ + x~ (*) Delta
    output     sender  H(j, Q_j), H(j, Q_j + Delta);  receiver  H(j, T_j), which is H(j, Q_j + x_j Delta)

It serves twice: from base transfers to the transfers of a batch of correlations (``correlating.py``), and from those of
one correlation to the XI transfers of one multiplication (``vole.py``).

Why k = 1. Larger k sends U in 1/k of the bytes: 8.5 KiB in a signature, of about 50 KiB for each direction. It would
also need k - 1 levels of GGM trees with a check of their own, to save at most 6 KiB: the simplest code is chosen.

Why CHECK = 128. The receiver can try many U before it sends one, as the challenge is their hash: it passes with columns
of different choices with a chance of 2^-128 for each try, beyond those columns whose Delta it guesses, with one chance
in two for each. A wrong guess is caught, and Delta serves one message only: after a failed check nothing remains that a
second guess could use, and k right guesses (a chance of 2^-k) leave 2^(128-k) to search.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, shake_256

import numpy as np

from warifu.threshold.ecdsa import gf2
from warifu.threshold.ecdsa.base_ot import COUNT as COLUMNS
from warifu.threshold.ecdsa.base_ot import KEY_BYTES
from warifu.threshold.ecdsa.binding import Link, condensed, integer
from warifu.threshold.ecdsa.bits import Bytes, masks, random_bits, rows, wipe
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput

CHECK = 128
_ROW_BYTES = COLUMNS // 8
_X_BYTES = CHECK // 8
_INDEX_BYTES = 4
_BLAKE2B_BYTES = 64


@dataclass(frozen=True)
class Shape:
    """How many transfers come out of an extension (a multiple of 8), and of how many bytes each row of them is."""

    transfers: int
    output_bytes: int

    @property
    def column_bytes(self) -> int:
        """One column of bits, packed."""
        return (self.transfers + CHECK) // 8

    @property
    def corrections_bytes(self) -> int:
        """U"""
        return COLUMNS * self.column_bytes

    @property
    def message_bytes(self) -> int:
        """What the receiver sends: U, x~ and T~."""
        return self.corrections_bytes + _X_BYTES + CHECK * _ROW_BYTES


class ExtensionReceiver:
    """Chooses one of two random rows at each index. Gives them out once."""

    def __init__(self, link: Link, shape: Shape, base_keys: Bytes, choices: Bytes) -> None:
        """``link``: from the sender of these transfers to their receiver; it must name something that this receiver
        drew for this very message, for whoever sees two messages of one key and link learns sums of choices.
        ``base_keys``: both keys of each column, shaped (2, COLUMNS, KEY_BYTES); they are wiped. ``choices``: one bit a
        byte for each transfer; the caller's.
        """
        if base_keys.shape != (2, COLUMNS, KEY_BYTES) or choices.shape != (shape.transfers,):
            raise InvalidInput("the extension takes 128 pairs of keys, and a choice for each transfer")
        self._link, self._shape = link, shape
        padded = np.concatenate([choices, random_bits(CHECK)])
        zeros, ones = (_columns(link, shape, keys) for keys in base_keys)
        packed = np.packbits(padded)
        corrections = (zeros ^ ones ^ packed).tobytes()
        table = gf2.transposed(zeros)
        matrix = _check_matrix(link, shape, corrections)
        self.message = (
            corrections + _hashed_choices(matrix, packed).tobytes() + _hashed(matrix, table).tobytes()
        )
        self._rows = [table[: shape.transfers]]
        wipe(base_keys, padded, packed, zeros, ones, table[shape.transfers :])

    def outputs(self, fresh: bytes) -> Bytes:
        """The chosen rows, shaped (transfers, output_bytes); ``fresh`` as for the sender. AlreadyUsed next time."""
        try:
            chosen = self._rows.pop()
        except IndexError:
            raise AlreadyUsed("this extension was finished or wiped") from None
        hashed = _row_hashes(self._link, self._shape, fresh, chosen)
        wipe(chosen)
        return hashed

    def wipe(self) -> None:
        """Destroy the rows."""
        while self._rows:
            wipe(self._rows.pop())


class ExtensionSender:
    """Gets both random rows at each index. Finishes once."""

    def __init__(self, shape: Shape, base_keys: Bytes, delta: Bytes) -> None:
        """``base_keys``: the chosen key of each column, shaped (COLUMNS, KEY_BYTES). ``delta``: the COLUMNS choices.
        Both are wiped in the end.
        """
        if base_keys.shape != (COLUMNS, KEY_BYTES) or delta.shape != (COLUMNS,):
            raise InvalidInput("the extension takes 128 keys and 128 choices")
        self._shape = shape
        self._state = [(base_keys, delta)]

    def finish(self, link: Link, message: bytes, fresh: bytes) -> tuple[Bytes, Bytes]:
        """Both rows of all indices, each shaped (transfers, output_bytes), for the receiver's message.

        ``link``: as the receiver's. ``fresh``: what this sender drew for this session and told the receiver; every row
        is hashed with it, so that a replayed message never brings rows back that hid something before.

        InvalidContribution names the receiver where the check fails. AlreadyUsed on a second call. Whatever comes of
        it, keys and Delta are destroyed: a receiver that guessed at Delta has had its one try.
        """
        try:
            base_keys, delta = self._state.pop()
        except IndexError:
            raise AlreadyUsed("this extension was finished or wiped") from None
        try:
            return self._extended(link, message, fresh, base_keys, delta)
        finally:
            wipe(base_keys, delta)

    def wipe(self) -> None:
        """Destroy keys and Delta."""
        while self._state:
            wipe(*self._state.pop())

    def _extended(
        self, link: Link, message: bytes, fresh: bytes, base_keys: Bytes, delta: Bytes
    ) -> tuple[Bytes, Bytes]:
        shape = self._shape
        if len(message) != shape.message_bytes:
            raise InvalidContribution(link.receiver, "OT extension message")
        corrections, check_values = message[: shape.corrections_bytes], message[shape.corrections_bytes :]
        columns = _columns(link, shape, base_keys)
        columns ^= rows(corrections, shape.column_bytes) & masks(delta)
        table = gf2.transposed(columns)
        hashed = _hashed(_check_matrix(link, shape, corrections), table)
        if not hmac.compare_digest(hashed.tobytes(), _expected(check_values, delta)):
            raise InvalidContribution(link.receiver, "OT extension message")
        zeros = _row_hashes(link, shape, fresh, table[: shape.transfers])
        table ^= np.packbits(delta)
        ones = _row_hashes(link, shape, fresh, table[: shape.transfers])
        wipe(columns, table)
        return zeros, ones


def _columns(link: Link, shape: Shape, keys: Bytes) -> Bytes:
    """G: each key, with its index, stretched to one packed column."""
    name = link.digest("OT extension/column", integer(shape.transfers), integer(shape.output_bytes))
    return _each_hashed(name, keys, shape.column_bytes)


def _check_matrix(link: Link, shape: Shape, corrections: bytes) -> Bytes:
    """R: random, from the hash of the corrections, packed."""
    row_bytes = shape.transfers // 8
    seed = link.hasher("OT extension/check", condensed(corrections)).digest(CHECK * row_bytes)
    return rows(seed, row_bytes)


def _hashed(matrix: Bytes, table: Bytes) -> Bytes:
    """(R | I) times the rows of the table."""
    hashed = gf2.product(matrix, table[:-CHECK])
    hashed ^= table[-CHECK:]
    return hashed


def _hashed_choices(matrix: Bytes, packed: Bytes) -> Bytes:
    """(R | I) times the choices, both packed."""
    return np.packbits(gf2.product_with_vector(matrix, packed[:-_X_BYTES])) ^ packed[-_X_BYTES:]


def _expected(check_values: bytes, delta: Bytes) -> bytes:
    """T~ + x~ (*) Delta, packed."""
    choices = np.unpackbits(rows(check_values[:_X_BYTES], _X_BYTES)[0])
    return (rows(check_values[_X_BYTES:], _ROW_BYTES) ^ (np.packbits(delta) & masks(choices))).tobytes()


def _row_hashes(link: Link, shape: Shape, fresh: bytes, packed: Bytes) -> Bytes:
    """H: each row with its index, hashed to output_bytes. SHAKE256 is a random oracle, whatever Delta is."""
    return _each_hashed(link.digest("OT extension/row", fresh), packed, shape.output_bytes)


def _each_hashed(name: bytes, table: Bytes, width: int) -> Bytes:
    """Each row of the table with its index, hashed to ``width`` bytes: by BLAKE2b where its 64 bytes are enough, in
    half the time, else as by :func:`named_hash`. ``name``: a digest, as there.
    """
    named = np.hstack([_repeated(name, len(table)), _indices(len(table)), table])
    as_bytes = named.view(f"V{named.shape[1]}")[:, 0].tolist()
    wipe(named)
    if width > _BLAKE2B_BYTES:
        return rows(bytearray().join([shake_256(row).digest(width) for row in as_bytes]), width)
    longer = rows(bytearray().join([blake2b(row).digest() for row in as_bytes]), _BLAKE2B_BYTES)
    hashed = longer[:, :width].copy()
    wipe(longer)
    return hashed


def _repeated(name: bytes, count: int) -> Bytes:
    return np.broadcast_to(np.frombuffer(name, dtype=np.uint8), (count, len(name)))


@cache
def _indices(count: int) -> Bytes:
    """As :func:`integer`, a row each."""
    return np.arange(count, dtype=">u4").view(np.uint8).reshape(count, _INDEX_BYTES)
