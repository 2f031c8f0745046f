"""What a key-path signature signs: BIP-341, "Common signature message" (no annex, no script path).

The message commits to the amounts and scripts of all inputs, so a service that lies about the amount of one input
(to hide a fee) gets a signature that no node accepts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import IntEnum

from warifu.chains.bitcoin.reader import sized_bytes
from warifu.chains.bitcoin.transaction import Transaction, TxOutput
from warifu.errors import InputRefused

_TAG = hashlib.sha256(b"TapSighash").digest()
_ANYONE_CAN_PAY = 0x80


class SighashType(IntEnum):
    """BIP-341's hash types. Warifu signs ``DEFAULT`` only; the others are here to be recognised."""

    DEFAULT = 0x00
    ALL = 0x01
    NONE = 0x02
    SINGLE = 0x03
    ALL_ANYONECANPAY = 0x81
    NONE_ANYONECANPAY = 0x82
    SINGLE_ANYONECANPAY = 0x83


class KeyPathSighash:
    """The signature messages of all inputs of one transaction; the hashes they share are computed once."""

    def __init__(self, transaction: Transaction, spent: Sequence[TxOutput]) -> None:
        """``spent``: the outputs that the inputs spend, in the order of the inputs."""
        if len(spent) != len(transaction.inputs):
            raise InputRefused("sighash", "every input needs the output that it spends")
        inputs = transaction.inputs
        self._transaction = transaction
        self._spent = tuple(spent)
        self._hash_prevouts = _sha256(item.outpoint.serialize() for item in inputs)
        self._hash_amounts = _sha256(output.amount.to_bytes(8, "little") for output in spent)
        self._hash_scripts = _sha256(sized_bytes(output.script) for output in spent)
        self._hash_sequences = _sha256(item.sequence.to_bytes(4, "little") for item in inputs)
        self._hash_outputs = _sha256(output.serialize() for output in transaction.outputs)

    def message(self, index: int, hash_type: SighashType = SighashType.DEFAULT) -> bytes:
        """``0x00 || SigMsg(hash_type, 0)`` for the input at ``index``, at most 175 bytes.

        Raises ``InputRefused`` (``sighash``) where there is no such input, or no output beside it under SINGLE.
        """
        if not 0 <= index < len(self._spent):
            raise InputRefused("sighash", f"the transaction has no input {index}")
        transaction = self._transaction
        outputs = hash_type & 3
        parts = [
            b"\x00",
            hash_type.to_bytes(1, "little"),
            transaction.version.to_bytes(4, "little"),
            transaction.locktime.to_bytes(4, "little"),
        ]
        if not hash_type & _ANYONE_CAN_PAY:
            parts += [self._hash_prevouts, self._hash_amounts, self._hash_scripts, self._hash_sequences]
        if outputs in (SighashType.DEFAULT, SighashType.ALL):
            parts.append(self._hash_outputs)
        parts.append(b"\x00")  # spend type: key path, no annex
        if hash_type & _ANYONE_CAN_PAY:
            item = transaction.inputs[index]
            parts += [
                item.outpoint.serialize(),
                self._spent[index].serialize(),
                item.sequence.to_bytes(4, "little"),
            ]
        else:
            parts.append(index.to_bytes(4, "little"))
        if outputs == SighashType.SINGLE:
            if index >= len(transaction.outputs):
                raise InputRefused("sighash", f"SINGLE for input {index}, but there is no such output")
            parts.append(_sha256([transaction.outputs[index].serialize()]))
        return b"".join(parts)

    def digest(self, index: int, hash_type: SighashType = SighashType.DEFAULT) -> bytes:
        """The 32 bytes that a BIP-340 signature of the input at ``index`` signs; raises as ``message``."""
        return hashlib.sha256(_TAG + _TAG + self.message(index, hash_type)).digest()


def _sha256(parts: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()
