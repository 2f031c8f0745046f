"""From signatures to a transaction that can be sent. Each signature is verified before it leaves here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import coincurve

from warifu.chains.bitcoin.address import is_p2tr
from warifu.chains.bitcoin.psbt import Psbt, PsbtInput, PsbtOutput
from warifu.chains.bitcoin.sighash import KeyPathSighash
from warifu.chains.bitcoin.transaction import Transaction
from warifu.errors import TransactionRefused


def with_signatures(psbt: Psbt, signatures: Sequence[bytes]) -> Psbt:
    """``psbt`` with one 64-byte key-path signature per input, in the transaction's order (PSBT_IN_TAP_KEY_SIG).

    Raises ``TransactionRefused``: ``signature-count``, ``spent-output``, or ``signature`` where one does not verify
    (BIP-340) under its output's key.
    """
    spent = psbt.spent()
    if spent is None or not all(is_p2tr(coin.script) for coin in spent):
        raise TransactionRefused("spent-output", "the PSBT does not show a Taproot output for each input")
    if len(signatures) != len(psbt.inputs):
        raise TransactionRefused(
            "signature-count", f"{len(signatures)} signatures for {len(psbt.inputs)} inputs"
        )
    sighashes = KeyPathSighash(psbt.transaction, spent)
    for index, signature in enumerate(signatures):
        if not _verifies(signature, sighashes.digest(index), spent[index].script[2:]):
            raise TransactionRefused("signature", f"the signature of input {index} is not valid")
    inputs = tuple(
        replace(item, tap_key_signature=bytes(signature))
        for item, signature in zip(psbt.inputs, signatures, strict=True)
    )
    return replace(psbt, inputs=inputs)


def finalize(psbt: Psbt) -> Psbt:
    """The PSBT with final witnesses in place of signatures and hints (BIP-174, "Input Finalizer").

    The signatures are verified again; raises as ``with_signatures``.
    """
    with_signatures(psbt, [item.tap_key_signature for item in psbt.inputs])
    inputs = tuple(
        PsbtInput(
            witness_utxo=item.witness_utxo,
            non_witness_utxo=item.non_witness_utxo,
            final_witness=(item.tap_key_signature,),
            spent=item.spent,
            unknown=item.unknown,
        )
        for item in psbt.inputs
    )
    outputs = tuple(PsbtOutput(unknown=item.unknown) for item in psbt.outputs)
    return replace(psbt, inputs=inputs, outputs=outputs)


def extract(psbt: Psbt) -> Transaction:
    """The signed transaction of a finalized PSBT; verifies once more what it takes out, raises as ``finalize``."""
    signatures = [item.final_witness[0] if len(item.final_witness) == 1 else b"" for item in psbt.inputs]
    with_signatures(psbt, signatures)
    inputs = tuple(
        replace(item, witness=(signature,))
        for item, signature in zip(psbt.transaction.inputs, signatures, strict=True)
    )
    return replace(psbt.transaction, inputs=inputs)


def signed_transaction(psbt: Psbt, signatures: Sequence[bytes]) -> Transaction:
    """The transaction to send: insert, verify, finalize, extract; raises as ``with_signatures``."""
    return extract(finalize(with_signatures(psbt, signatures)))


def _verifies(signature: bytes, digest: bytes, output_key: bytes) -> bool:
    try:
        return coincurve.PublicKeyXOnly(output_key).verify(bytes(signature), digest)
    except ValueError:  # the output key is no point, or the signature has not 64 bytes
        return False
