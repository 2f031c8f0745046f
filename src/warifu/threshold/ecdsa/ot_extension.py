"""416 random oblivious transfers out of 128: the OT extension of SoftSpokenOT, with its own consistency check.

Lawrence Roy, "SoftSpokenOT: Quieter OT Extension from Small-Field Silent VOLE in the Minicrypt Model" (CRYPTO 2022,
IACR eprint 2022/192): subspace VOLE over the smallest field (k = 1, where its GGM trees are the base transfers
themselves) with the repetition code, its check by a linear universal hash, made non-interactive by Fiat-Shamir (DKLs23,
section 5.1), and the hashing of rows to random transfers: functionality 5.1 of DKLs23. It is not the check of KOS15,
whose proof fell (Roy's paper shows it).

The roles turn round: the receiver of these transfers, with choices x, was the sender of the base transfers and holds
both keys of each column i; the sender holds its choice bits Delta and one key of each. With G a generator of bits and
L = TRANSFERS + CHECK rows, of which the last CHECK have random choices:

    receiver   T = [G(k_0,i)]_i,  U = [G(k_0,i) + G(k_1,i) + x]_i           sends U
    sender     Q = [G(k_Delta_i,i) + Delta_i U_i]_i                         so that Q = T + x (*) Delta, row by row
    both       a matrix (R | I) of CHECK rows from the hash of U
    receiver   x~ = (R | I) x,  T~ = (R | I) T                              sends both
    sender     refuses unless (R | I) Q = T~ + x~ (*) Delta
    output     sender  H(j, Q_j), H(j, Q_j + Delta);  receiver  H(j, T_j), which is H(j, Q_j + x_j Delta)

Why k = 1. Larger k sends U in 1/k of the bytes: 8.5 KiB here, of about 60 KiB that a presignature costs. With transfers
made anew for each signature it would also need k - 1 levels of GGM trees with a check of their own each time, to
save at most 6 KiB: the simplest code is chosen.

Why CHECK = 128. The receiver can try many U before it sends one, as the challenge is their hash: it passes with columns
of different choices with a chance of 2^-128 for each try, beyond those columns whose Delta it guesses, with one chance
in two for each. A wrong guess is caught, and these transfers are made for one signature only: after a failed check
nothing remains that a second guess could use, and k right guesses (a chance of 2^-k) leave 2^(128-k) to search.
"""

from __future__ import annotations

import hmac

import numpy as np

from warifu.threshold.ecdsa.base_ot import COUNT as COLUMNS
from warifu.threshold.ecdsa.base_ot import KEY_BYTES
from warifu.threshold.ecdsa.binding import Link, integer
from warifu.threshold.ecdsa.bits import Bytes, masks, random_bits, rows, wipe
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput

LAMBDA_S = 80
"""Statistical security of the multiplication above, see ``vole.py``."""
TRANSFERS = 256 + 2 * LAMBDA_S
CHECK = 128
ROWS = TRANSFERS + CHECK

_COLUMN_BYTES = ROWS // 8
_ROW_BYTES = COLUMNS // 8
_U_BYTES = COLUMNS * _COLUMN_BYTES
_X_BYTES = CHECK // 8
MESSAGE_BYTES = _U_BYTES + _X_BYTES + CHECK * _ROW_BYTES

OUTPUT_BYTES = 96
"""Each transfer carries three field elements."""


class ExtensionReceiver:
    """Chooses one of two random rows of OUTPUT_BYTES at each of TRANSFERS indices."""

    def __init__(self, link: Link, base_keys: Bytes, choices: Bytes) -> None:
        """``link``: from the sender of these transfers to this receiver. ``base_keys``: both keys of each column,
        shaped (2, COLUMNS, KEY_BYTES); they are wiped. ``choices``: TRANSFERS bits, one a byte; the caller's.
        """
        if base_keys.shape != (2, COLUMNS, KEY_BYTES) or choices.shape != (TRANSFERS,):
            raise InvalidInput("the extension takes 128 pairs of keys and 416 choices")
        padded = np.concatenate([choices, random_bits(CHECK)])
        zeros, ones = (_columns(link, keys) for keys in base_keys)
        corrections = (zeros ^ ones ^ np.packbits(padded)).tobytes()
        table = _transposed(zeros)
        hashed_choices, hashed_rows = _universal_hash(link, corrections, padded[:, None], table)
        self.message = corrections + np.packbits(hashed_choices).tobytes() + _packed(hashed_rows).tobytes()
        self.outputs = _row_hashes(link, _packed(table[:TRANSFERS]))
        wipe(base_keys, padded, zeros, ones, table)

    def wipe(self) -> None:
        """Destroy the outputs."""
        wipe(self.outputs)


class ExtensionSender:
    """Gets both random rows at each index. Finishes once."""

    def __init__(self, link: Link, base_keys: Bytes, delta: Bytes) -> None:
        """``link``: from this sender to the receiver. ``base_keys``: the chosen key of each column, shaped
        (COLUMNS, KEY_BYTES). ``delta``: the COLUMNS choices. Both are wiped in the end.
        """
        if base_keys.shape != (COLUMNS, KEY_BYTES) or delta.shape != (COLUMNS,):
            raise InvalidInput("the extension takes 128 keys and 128 choices")
        self._link = link
        self._state = [(base_keys, delta)]

    def finish(self, message: bytes) -> tuple[Bytes, Bytes]:
        """Both rows of all indices, each shaped (TRANSFERS, OUTPUT_BYTES), for the receiver's message.

        InvalidContribution names the receiver where the check fails. AlreadyUsed on a second call. Whatever comes of
        it, keys and Delta are destroyed: a receiver that guessed at Delta has had its one try.
        """
        try:
            base_keys, delta = self._state.pop()
        except IndexError:
            raise AlreadyUsed("this extension was finished or wiped") from None
        try:
            return self._extended(message, base_keys, delta)
        finally:
            wipe(base_keys, delta)

    def wipe(self) -> None:
        """Destroy keys and Delta."""
        while self._state:
            wipe(*self._state.pop())

    def _extended(self, message: bytes, base_keys: Bytes, delta: Bytes) -> tuple[Bytes, Bytes]:
        if len(message) != MESSAGE_BYTES:
            raise InvalidContribution(self._link.receiver, "OT extension message")
        corrections = message[:_U_BYTES]
        columns = _columns(self._link, base_keys) ^ (rows(corrections, _COLUMN_BYTES) & masks(delta))
        table = _transposed(columns)
        (hashed,) = _universal_hash(self._link, corrections, table)
        expected = _expected(message[_U_BYTES:], delta)
        if not hmac.compare_digest(_packed(hashed).tobytes(), expected):
            raise InvalidContribution(self._link.receiver, "OT extension message")
        packed = _packed(table[:TRANSFERS])
        zeros = _row_hashes(self._link, packed)
        ones = _row_hashes(self._link, packed ^ np.packbits(delta))
        wipe(columns, table, packed)
        return zeros, ones


def _columns(link: Link, keys: Bytes) -> Bytes:
    """G: each key stretched to one packed column."""
    prefix = link.hasher("OT extension/column")
    stretched = bytearray()
    for key in keys:
        column = prefix.copy()
        column.update(key.data)
        stretched += column.digest(_COLUMN_BYTES)
    return rows(stretched, _COLUMN_BYTES)


def _transposed(columns: Bytes) -> Bytes:
    """Packed columns as rows of bits, shaped (ROWS, COLUMNS)."""
    return np.ascontiguousarray(np.unpackbits(columns, axis=1).T)


def _packed(bits: Bytes) -> Bytes:
    return np.packbits(bits, axis=1)


def _universal_hash(link: Link, corrections: bytes, *tables: Bytes) -> list[Bytes]:
    """(R | I) times each table of ROWS rows of bits; R is random, from the hash of the corrections.

    The sums are exact: below 416 in float32.
    """
    seed = link.hasher("OT extension/check", corrections).digest(CHECK * TRANSFERS // 8)
    matrix = np.unpackbits(rows(seed, TRANSFERS // 8), axis=1).astype(np.float32)
    hashed = []
    for table in tables:
        sums = (matrix @ table[:TRANSFERS].astype(np.float32)).astype(np.int32)
        hashed.append((sums & 1).astype(np.uint8) ^ table[TRANSFERS:])
    return hashed


def _expected(check_values: bytes, delta: Bytes) -> bytes:
    """T~ + x~ (*) Delta, packed."""
    choices = np.unpackbits(rows(check_values[:_X_BYTES], _X_BYTES)[0])
    return (rows(check_values[_X_BYTES:], _ROW_BYTES) ^ (np.packbits(delta) & masks(choices))).tobytes()


def _row_hashes(link: Link, packed: Bytes) -> Bytes:
    """H: each row with its index, hashed to OUTPUT_BYTES. SHAKE256 is a random oracle, whatever Delta is."""
    prefix = link.hasher("OT extension/row")
    hashed = bytearray()
    for index, row in enumerate(packed):
        shake = prefix.copy()
        shake.update(integer(index))
        shake.update(row.data)
        hashed += shake.digest(OUTPUT_BYTES)
    return rows(hashed, OUTPUT_BYTES)
