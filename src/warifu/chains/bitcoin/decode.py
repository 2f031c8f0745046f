"""Independent eyes: what a PSBT or a raw transaction says, and what a signer would make of it, ready for JSON.

``warifu decode`` needs no service and no wallet for this. With the wallet's public keys it also tells which inputs
and outputs are the wallet's, by derivation, as a signer does.
"""

from __future__ import annotations

from typing import Any

from warifu.chains.bitcoin.address import address_for, is_p2tr
from warifu.chains.bitcoin.descriptor import DEFAULT_WINDOW, WalletKeys
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import faults, is_replaceable, origin_hint, signed_vsize, transaction_fee
from warifu.chains.bitcoin.psbt import MAGIC, Psbt, PsbtInput, PsbtOutput, parse_psbt, psbt_from_base64
from warifu.chains.bitcoin.sighash import KeyPathSighash, SighashType
from warifu.chains.bitcoin.transaction import (
    MAX_TRANSACTION_BYTES,
    Transaction,
    TxInput,
    TxOutput,
    display_hash,
    parse_transaction,
)
from warifu.errors import InputRefused, TransactionRefused, WarifuError
from warifu.units import format_bitcoin_amount

MAX_INPUT_BYTES = 2 * MAX_TRANSACTION_BYTES + 1024
"""The longest transaction in hexadecimal, and some white space."""
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


def decode(
    data: bytes, network: Network, keys: WalletKeys | None = None, window: int = DEFAULT_WINDOW
) -> dict[str, Any]:
    """Describe a PSBT (binary, base64 or hexadecimal) or a transaction (hexadecimal or binary).

    ``keys``, if given, are of ``network``. Raises ``InputRefused`` for what cannot be read at all; what can be read
    but would not be signed is described, with every reason under ``refusals``.
    """
    if keys is not None and keys.network is not network:
        raise InputRefused("wrong-network", f"the wallet is of {keys.network.value}, not of {network.value}")
    raw = _unwrap(data)
    if not raw.startswith(MAGIC):
        return _describe_transaction(parse_transaction(raw), network)
    try:
        psbt = parse_psbt(raw, keep_unknown=True)
    except TransactionRefused as error:
        # Two stories about one spent output: there is nothing true to show.
        raise InputRefused("psbt-form", f"not a valid psbt: {error}") from None
    return _describe_psbt(psbt, network, keys, window)


def _unwrap(data: bytes) -> bytes:
    """The binary form, whichever of the three forms came in."""
    if len(data) > MAX_INPUT_BYTES:
        raise InputRefused("too-long", f"{len(data)} bytes are more than any transaction has")
    if data.startswith(MAGIC):
        return data
    text = data.strip()
    if text and _HEXADECIMAL.issuperset(text):
        try:
            return bytes.fromhex(text.decode("ascii"))
        except ValueError:
            raise InputRefused("transaction-form", "an odd number of hexadecimal digits") from None
    if text.startswith(b"cHNid"):
        return psbt_from_base64(text)
    return data


def _describe_transaction(transaction: Transaction, network: Network) -> dict[str, Any]:
    return {
        "kind": "transaction",
        **_frame(transaction, network),
        "wtxid": display_hash(transaction.wtxid),
        "weight": transaction.weight,
        "vsize": transaction.vsize,
        "inputs": [
            {
                **_input(item),
                "script_sig": item.script_sig.hex(),
                "witness": [part.hex() for part in item.witness],
            }
            for item in transaction.inputs
        ],
        "outputs": [_output(output, network) for output in transaction.outputs],
        "refusals": [_refusal(InputRefused("psbt-form", "signers read PSBTs, which show the spent amounts"))],
    }


def _describe_psbt(psbt: Psbt, network: Network, keys: WalletKeys | None, window: int) -> dict[str, Any]:
    transaction, spent = psbt.transaction, psbt.spent()
    sighashes = KeyPathSighash(transaction, spent) if spent is not None else None
    return {
        "kind": "psbt",
        **_frame(transaction, network),
        **_costs(transaction, spent),
        "inputs": [
            {
                **_input(transaction.inputs[index]),
                **_signing(index, item, sighashes),
                "spends": _output(item.spent, network) | _ownership(item.spent, item, keys, window)
                if item.spent is not None
                else None,
            }
            for index, item in enumerate(psbt.inputs)
        ],
        "outputs": [
            _output(output, network) | _ownership(output, hints, keys, window)
            for output, hints in zip(transaction.outputs, psbt.outputs, strict=True)
        ],
        "unknown_fields": [str(found) for found in psbt.all_unknown],
        "ownership_checked": keys is not None,
        "refusals": [_refusal(fault) for fault in faults(psbt, keys, window)],
    }


def _frame(transaction: Transaction, network: Network) -> dict[str, Any]:
    return {
        "network": network.value,
        "txid": display_hash(transaction.txid),
        "version": transaction.version,
        "locktime": transaction.locktime,
        "replaceable": is_replaceable(transaction),
    }


def _costs(transaction: Transaction, spent: tuple[TxOutput, ...] | None) -> dict[str, Any]:
    """Fee, size once signed by the Taproot key path, and their ratio; None where it cannot be known."""
    costs: dict[str, Any] = {"fee": None, "vsize": None, "fee_rate": None}
    if spent is not None:
        fee = transaction_fee(transaction, spent)
        costs["fee"] = _amount(fee)
        if all(is_p2tr(coin.script) for coin in spent):
            vsize = signed_vsize(transaction)
            costs |= {"vsize": vsize, "fee_rate": f"{fee / vsize:.3f} sat/vB"}
    return costs


def _input(item: TxInput) -> dict[str, Any]:
    return {"outpoint": str(item.outpoint), "sequence": f"{item.sequence:#010x}"}


def _signing(index: int, item: PsbtInput, sighashes: KeyPathSighash | None) -> dict[str, Any]:
    """The digest that a signer would sign; None where it would not sign this input."""
    asked = item.sighash_type or SighashType.DEFAULT
    known = asked in tuple(SighashType)
    signable = asked == SighashType.DEFAULT and item.spent is not None and is_p2tr(item.spent.script)
    return {
        "sighash_type": SighashType(asked).name if known else f"{asked:#x}",
        "sighash": sighashes.digest(index).hex() if sighashes is not None and signable else None,
        "signature": item.tap_key_signature.hex() or None,
        "final_witness": [part.hex() for part in item.final_witness],
    }


def _output(output: TxOutput, network: Network) -> dict[str, Any]:
    return {
        "amount": _amount(output.amount),
        "address": address_for(output.script, network),
        "script": output.script.hex(),
    }


def _ownership(
    output: TxOutput, hints: PsbtInput | PsbtOutput, keys: WalletKeys | None, window: int
) -> dict[str, Any]:
    key = keys.find(output.script, window, origin_hint(hints)) if keys is not None else None
    owner = "unknown" if keys is None else "other" if key is None else key.branch.name.lower()
    return {"owner": owner, "path": None if key is None else str(key)}


def _amount(amount: int) -> dict[str, Any]:
    return {"sat": amount, "btc": format_bitcoin_amount(amount)}


def _refusal(error: WarifuError) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "remedy": error.remedy}
