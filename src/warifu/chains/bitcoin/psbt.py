"""Partially signed transactions: strict parser and serialiser of BIP-174 version 0 with BIP-371's Taproot fields.

A signer signs only what it understands, so a field outside the short list below is refused by name (BIP-174 would
let it pass). What the list holds, and what each field may decide:

- unsigned transaction: it *is* what gets signed.
- witness UTXO, non-witness UTXO: amount and script of the spent output. Both may be there and must then agree, and
  the transaction must hash to the outpoint. BIP-341 signs all amounts and scripts: a lie makes an invalid signature.
- sighash type: only compared with the one that Warifu signs.
- Taproot internal key and key origin (inputs and outputs): a hint where derivation should look first.
- Taproot key signature, final witness: nothing to a signer; they carry the result out.
- extended public keys: nothing at all; other wallets like to put them in.
- version: must say 0. BIP-370's version 2 describes a transaction that may still change, and is refused.

Serialisation is canonical (ascending keys): ``serialize(parse(x)) == x`` for all that this module wrote, and
``parse(serialize(p)) == p`` for all that it read.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace

from warifu.chains.bitcoin import psbt_fields as fields
from warifu.chains.bitcoin.psbt_fields import Map, Scope
from warifu.chains.bitcoin.reader import Reader, sized_bytes
from warifu.chains.bitcoin.transaction import (
    Transaction,
    TxOutput,
    parse_output,
    parse_transaction,
    parse_witness,
)
from warifu.errors import InputRefused, TransactionRefused

MAX_PSBT_BYTES = 1024 * 1024
MAX_BASE64_CHARACTERS = 2 * MAX_PSBT_BYTES
MAX_INPUTS = 500
MAX_OUTPUTS = 500
MAX_PATH_STEPS = 10
MAGIC = b"psbt\xff"


@dataclass(frozen=True)
class UnknownField:
    """A field that no rule understands: the map where it stands (``index`` is 0 in the global one), key and value."""

    scope: Scope
    index: int
    key: bytes
    value: bytes

    def __str__(self) -> str:
        where = "the global part" if self.scope == "global" else f"{self.scope} {self.index}"
        return f"{fields.field_name(self.scope, self.key)} in {where}"


@dataclass(frozen=True)
class KeyOrigin:
    """BIP-371 key origin without script leaves: x-only key (32 bytes), master fingerprint (4 bytes), path."""

    key: bytes
    fingerprint: bytes
    path: tuple[int, ...]


@dataclass(frozen=True)
class PsbtInput:
    """What a PSBT says about one input. ``spent`` is the output that the input spends, where it is given."""

    witness_utxo: TxOutput | None = None
    non_witness_utxo: Transaction | None = None
    sighash_type: int | None = None
    final_witness: tuple[bytes, ...] = ()
    tap_key_signature: bytes = b""
    tap_origins: tuple[KeyOrigin, ...] = ()
    tap_internal_key: bytes = b""
    spent: TxOutput | None = None
    unknown: tuple[UnknownField, ...] = ()


@dataclass(frozen=True)
class PsbtOutput:
    """What a PSBT says about one output: hints only."""

    tap_internal_key: bytes = b""
    tap_origins: tuple[KeyOrigin, ...] = ()
    unknown: tuple[UnknownField, ...] = ()


@dataclass(frozen=True)
class Psbt:
    """A parsed PSBT: as many ``inputs`` and ``outputs`` as its ``transaction`` has."""

    transaction: Transaction
    inputs: tuple[PsbtInput, ...]
    outputs: tuple[PsbtOutput, ...]
    xpubs: tuple[tuple[bytes, bytes], ...] = ()
    unknown: tuple[UnknownField, ...] = ()

    @property
    def all_unknown(self) -> tuple[UnknownField, ...]:
        """Every field that was kept without being understood."""
        inputs = (found for item in self.inputs for found in item.unknown)
        outputs = (found for item in self.outputs for found in item.unknown)
        return (*self.unknown, *inputs, *outputs)

    def spent(self) -> tuple[TxOutput, ...] | None:
        """The outputs that the inputs spend; None where one is not given."""
        spent = tuple(item.spent for item in self.inputs if item.spent is not None)
        return spent if len(spent) == len(self.inputs) else None

    def serialize(self) -> bytes:
        """The PSBT's bytes, keys in ascending order."""
        head = {b"\x00": self.transaction.serialize(witness=False), **dict(self.xpubs)}
        maps = [_with_unknown(head, self.unknown)]
        maps += [_with_unknown(_input_map(item), item.unknown) for item in self.inputs]
        maps += [_with_unknown(_output_map(item), item.unknown) for item in self.outputs]
        return MAGIC + b"".join(map(_serialize_map, maps))

    def to_base64(self) -> str:
        """The form in which PSBTs are pasted and mailed."""
        return base64.b64encode(self.serialize()).decode("ascii")


def psbt_from_base64(text: str | bytes) -> bytes:
    """The bytes of a base64 PSBT (surrounding white space is allowed); ``InputRefused`` for anything else."""
    try:
        if len(text) <= MAX_BASE64_CHARACTERS:
            return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise InputRefused("psbt-form", "not a valid psbt: it is not base64, or too long")


def parse_psbt(data: bytes, *, keep_unknown: bool = False) -> Psbt:
    """Read exactly one PSBT of at most 1 MiB, 500 inputs and 500 outputs.

    Raises ``InputRefused`` (``psbt-form``, ``psbt-version``, ``transaction-form``, ``amount-range``) for malformed
    bytes, and ``TransactionRefused`` (``unknown-field``, ``spent-output``) for well-formed ones that are not fully
    understood or contradict themselves. ``keep_unknown`` keeps unknown fields instead, to show them (``decode``).
    """
    reader = Reader(data, "psbt")
    if len(data) > MAX_PSBT_BYTES:
        raise reader.refusal(f"{len(data)} bytes are over the limit of {MAX_PSBT_BYTES}")
    if reader.peek(len(MAGIC)) != MAGIC:
        raise reader.refusal("it does not begin with 'psbt' and ff")
    reader.take(len(MAGIC))
    psbt = _read_global(fields.read_map(reader), reader)
    inputs = [_read_input(fields.read_map(reader), index) for index in range(len(psbt.transaction.inputs))]
    outputs = [_read_output(fields.read_map(reader), index) for index in range(len(psbt.transaction.outputs))]
    reader.end()
    inputs = [
        replace(item, spent=_spent_output(item, psbt.transaction, index)) for index, item in enumerate(inputs)
    ]
    psbt = replace(psbt, inputs=tuple(inputs), outputs=tuple(outputs))
    if not keep_unknown:
        for found in psbt.all_unknown:
            raise unknown_field(found)
    return psbt


def unknown_field(found: UnknownField) -> TransactionRefused:
    """The refusal of a field that is not understood."""
    return TransactionRefused(
        "unknown-field",
        f"a signer does not understand the PSBT field {found}",
        remedy="Make the PSBT with a plain Taproot wallet of single keys, without scripts or extensions.",
    )


# --- reading -----------------------------------------------------------------------------------------------------


def _read_global(entries: Map, reader: Reader) -> Psbt:
    version = entries.pop(fields.GLOBAL_VERSION, bytes(4))
    if len(version) != 4 or any(version):
        raise InputRefused(
            "psbt-version",
            "this PSBT is not of version 0 (BIP-174)",
            remedy="Export it as version 0: version 2 (BIP-370) leaves open what the transaction will be.",
        )
    unsigned = entries.pop(fields.GLOBAL_UNSIGNED_TX, None)
    if unsigned is None:
        raise reader.refusal("it has no unsigned transaction")
    transaction = parse_transaction(unsigned, witness=False)
    if any(item.script_sig for item in transaction.inputs):
        raise reader.refusal("its unsigned transaction has signature scripts")
    if len(transaction.inputs) > MAX_INPUTS or len(transaction.outputs) > MAX_OUTPUTS:
        raise reader.refusal(f"more than {MAX_INPUTS} inputs or {MAX_OUTPUTS} outputs")
    xpubs = sorted((key, entries.pop(key)) for key in list(entries) if key[:1] == fields.GLOBAL_XPUB)
    if any(len(key) != 79 or len(value) % 4 or not value for key, value in xpubs):
        raise reader.refusal("an extended public key or its origin has the wrong length")
    return Psbt(transaction, (), (), tuple(xpubs), _unknown(entries, "global", 0))


def _read_input(entries: Map, index: int) -> PsbtInput:
    where = f"input {index}"
    witness_utxo = entries.pop(fields.IN_WITNESS_UTXO, None)
    non_witness_utxo = entries.pop(fields.IN_NON_WITNESS_UTXO, None)
    sighash_type = fields.fixed(entries, fields.IN_SIGHASH_TYPE, where, 4)
    final = entries.pop(fields.IN_FINAL_WITNESS, None)
    return PsbtInput(
        witness_utxo=None if witness_utxo is None else parse_output(witness_utxo),
        non_witness_utxo=None if non_witness_utxo is None else parse_transaction(non_witness_utxo),
        sighash_type=int.from_bytes(sighash_type, "little") if sighash_type else None,
        final_witness=() if final is None else _read_witness(final),
        tap_key_signature=fields.fixed(entries, fields.IN_TAP_KEY_SIG, where, 64, 65),
        tap_internal_key=fields.fixed(entries, fields.IN_TAP_INTERNAL_KEY, where, 32),
        tap_origins=_read_origins(entries, fields.IN_TAP_ORIGIN, where),
        unknown=_unknown(entries, "input", index),
    )


def _read_output(entries: Map, index: int) -> PsbtOutput:
    where = f"output {index}"
    return PsbtOutput(
        tap_internal_key=fields.fixed(entries, fields.OUT_TAP_INTERNAL_KEY, where, 32),
        tap_origins=_read_origins(entries, fields.OUT_TAP_ORIGIN, where),
        unknown=_unknown(entries, "output", index),
    )


def _read_witness(data: bytes) -> tuple[bytes, ...]:
    reader = Reader(data, "psbt")
    witness = parse_witness(reader)
    reader.end()
    if not witness:
        raise reader.refusal("a final witness is empty")
    return witness


def _read_origins(entries: Map, kind: bytes, where: str) -> tuple[KeyOrigin, ...]:
    """Takes the origins out of ``entries``; one that names script leaves stays there, not understood."""
    origins = []
    for key in sorted(entries):
        if key[:1] != kind or entries[key][:1] != b"\x00":
            continue
        value = entries.pop(key)[1:]
        if len(key) != 33 or len(value) % 4 or not 4 <= len(value) <= 4 + 4 * MAX_PATH_STEPS:
            raise InputRefused("psbt-form", f"not a valid psbt: a key origin of {where} has the wrong length")
        steps = tuple(int.from_bytes(value[at : at + 4], "little") for at in range(4, len(value), 4))
        origins.append(KeyOrigin(key[1:], value[:4], steps))
    return tuple(origins)


def _unknown(entries: Map, scope: Scope, index: int) -> tuple[UnknownField, ...]:
    return tuple(UnknownField(scope, index, key, value) for key, value in sorted(entries.items()))


def _spent_output(item: PsbtInput, transaction: Transaction, index: int) -> TxOutput | None:
    """The spent output; where both UTXO fields are there they must agree, or one of them is a lie to somebody."""
    whole = item.non_witness_utxo
    if whole is None:
        return item.witness_utxo
    outpoint = transaction.inputs[index].outpoint
    if whole.txid != outpoint.txid or outpoint.vout >= len(whole.outputs):
        raise TransactionRefused(
            "spent-output", f"input {index} comes with a transaction that is not the one it spends"
        )
    spent = whole.outputs[outpoint.vout]
    if item.witness_utxo not in (None, spent):
        raise TransactionRefused("spent-output", f"input {index} comes with two different spent outputs")
    return spent


# --- writing -----------------------------------------------------------------------------------------------------


def _input_map(item: PsbtInput) -> Map:
    entries: Map = {}
    if item.non_witness_utxo is not None:
        entries[fields.IN_NON_WITNESS_UTXO] = item.non_witness_utxo.serialize()
    if item.witness_utxo is not None:
        entries[fields.IN_WITNESS_UTXO] = item.witness_utxo.serialize()
    if item.sighash_type is not None:
        entries[fields.IN_SIGHASH_TYPE] = item.sighash_type.to_bytes(4, "little")
    if item.final_witness:
        entries[fields.IN_FINAL_WITNESS] = fields.witness_bytes(item.final_witness)
    if item.tap_key_signature:
        entries[fields.IN_TAP_KEY_SIG] = item.tap_key_signature
    if item.tap_internal_key:
        entries[fields.IN_TAP_INTERNAL_KEY] = item.tap_internal_key
    return entries | _origin_map(fields.IN_TAP_ORIGIN, item.tap_origins)


def _output_map(item: PsbtOutput) -> Map:
    entries: Map = {fields.OUT_TAP_INTERNAL_KEY: item.tap_internal_key} if item.tap_internal_key else {}
    return entries | _origin_map(fields.OUT_TAP_ORIGIN, item.tap_origins)


def _origin_map(kind: bytes, origins: tuple[KeyOrigin, ...]) -> Map:
    return {
        kind + origin.key: b"\x00"
        + origin.fingerprint
        + b"".join(step.to_bytes(4, "little") for step in origin.path)
        for origin in origins
    }


def _with_unknown(entries: Map, unknown: tuple[UnknownField, ...]) -> Map:
    return entries | {found.key: found.value for found in unknown}


def _serialize_map(entries: Map) -> bytes:
    return b"".join(sized_bytes(key) + sized_bytes(entries[key]) for key in sorted(entries)) + b"\x00"
