"""Independent eyes: what a transaction, typed data or a message says, and what a signer would make of it, as JSON.

``warifu decode`` needs no service, no node and no wallet for this. With the account and the chain it also applies the
rules that need them, as a signer does.
"""

from __future__ import annotations

from typing import Any

from warifu.chains.ethereum.address import format_address, parse_address
from warifu.chains.ethereum.amounts import format_ether, format_gwei, format_token_amount
from warifu.chains.ethereum.effects import UNLIMITED, UNLIMITED_PERMIT2
from warifu.chains.ethereum.networks import NETWORKS, chain_id_of, chain_name, symbol_of
from warifu.chains.ethereum.personal import PREFIX, PersonalMessage
from warifu.chains.ethereum.reading import Examination, Subject, examine, parse
from warifu.chains.ethereum.rlp import MAX_BYTES
from warifu.chains.ethereum.tokens import known_token
from warifu.chains.ethereum.transaction import SignedTransaction, Transaction, is_signed, parse_signed
from warifu.chains.ethereum.typed_data import TypedData
from warifu.chains.ethereum.typed_values import shown
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.errors import InputRefused, TransactionRefused

MAX_INPUT_BYTES = 2 * MAX_BYTES + 1024
"""The longest transaction in hexadecimal, and some white space."""
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


def decode(data: bytes, chain: str | None = None, sender: str | None = None) -> dict[str, Any]:
    """Describe a transaction (unsigned or signed; binary or hexadecimal), EIP-712 JSON, or a personal message with its
    EIP-191 prefix.

    ``chain`` (``eip155:<id>``) and ``sender`` (EIP-55), if given, are what a signer would know. Raises ``InputRefused``
    for what cannot be read at all; what can be read but would not be signed is described, with every reason under
    ``refusals``.
    """
    chain_id = None if chain is None else chain_id_of(chain)
    account = None if sender is None else parse_address(sender)
    raw = _unwrap(data)
    if raw[:1] not in (b"{", b"\x19") and is_signed(raw):
        return _describe_signed(raw, chain_id, account)
    subject = parse(raw)
    return _describe(subject, examine(subject, account, chain_id), chain_id, account)


def _unwrap(data: bytes) -> bytes:
    """The form that signers read, whichever came in."""
    if len(data) > MAX_INPUT_BYTES:
        raise InputRefused("too-long", f"{len(data)} bytes are more than any transaction has")
    if data.startswith(PREFIX):
        return data
    text = data.strip()
    if text.startswith(b"{"):
        return text
    digits = text.removeprefix(b"0x")
    if digits and _HEXADECIMAL.issuperset(digits):
        try:
            return bytes.fromhex(digits.decode("ascii"))
        except ValueError:
            raise InputRefused("transaction-form", "an odd number of hexadecimal digits") from None
    return data


def _describe(
    subject: Subject, examined: Examination, chain_id: int | None, account: bytes | None
) -> dict[str, Any]:
    own = subject.chain_id if isinstance(subject, Transaction | TypedData) else None
    about = {
        "chain_checked": chain_id is not None,
        "sender_checked": account is not None,
        "digest": "0x" + subject.name.hex(),
        "outflows": [_outflow(outflow, own or chain_id) for outflow in examined.outflows],
        "refusals": [_refusal(fault) for fault in examined.faults],
    }
    if isinstance(subject, Transaction):
        return {"kind": "unsigned-transaction", **_fields(subject), "call": _call(examined), **about}
    if isinstance(subject, TypedData):
        return {"kind": "typed-data", **_typed_data(subject), **about}
    return {"kind": "personal-message", **_personal(subject), **about}


def _describe_signed(raw: bytes, chain_id: int | None, account: bytes | None) -> dict[str, Any]:
    try:
        signed = parse_signed(raw)
        signer = signed.sender
    except TransactionRefused as error:
        # No node takes such a signature, so this is no transaction of anybody.
        raise InputRefused("signature-form", f"not a valid signature: {error}") from None
    examined = examine(signed.transaction, account or parse_address(signer), chain_id)
    described = _describe(signed.transaction, examined, chain_id, account)
    refused = [
        _refusal(InputRefused("transaction-form", "it is signed already: signers read unsigned transactions"))
    ]
    if account is not None and signer != format_address(account):
        refused.append(
            _refusal(TransactionRefused("signature", f"{signer} signed it, not {format_address(account)}"))
        )
    return described | _signature(signed) | {"refusals": refused + described["refusals"]}


def _signature(signed: SignedTransaction) -> dict[str, Any]:
    return {
        "kind": "signed-transaction",
        "txid": signed.txid,
        "sender": signed.sender,
        "signature": {
            "y_parity": signed.signature.y_parity,
            "r": f"{signed.signature.r:#066x}",
            "s": f"{signed.signature.s:#066x}",
        },
    }


def _fields(transaction: Transaction) -> dict[str, Any]:
    symbol = symbol_of(transaction.chain_id)
    return {
        "type": transaction.type.name.lower().replace("_", "-"),
        **_chain(transaction.chain_id),
        "nonce": transaction.nonce,
        "to": None if transaction.to is None else format_address(transaction.to),
        "value": _coin(transaction.value, symbol),
        "gas_limit": transaction.gas_limit,
        "max_fee_per_gas": _gas_price(transaction.max_fee),
        "max_priority_fee_per_gas": _gas_price(transaction.max_priority_fee),
        "max_fee": _coin(transaction.fee, symbol),
        "data": "0x" + transaction.data.hex(),
        "access_list": [
            {"address": format_address(entry.address), "keys": ["0x" + key.hex() for key in entry.keys]}
            for entry in transaction.access_list
        ],
        "blobs": ["0x" + blob.hex() for blob in transaction.blob_hashes],
        "delegations": [
            {"chain_id": order.chain_id, "code_of": format_address(order.address), "nonce": order.nonce}
            for order in transaction.delegations
        ],
    }


def _chain(chain_id: int | None) -> dict[str, Any]:
    network = NETWORKS.get(chain_id) if chain_id is not None else None
    return {
        "chain": None if chain_id is None else chain_name(chain_id),
        "network": None if network is None else network.title,
    }


def _call(examined: Examination) -> dict[str, Any] | None:
    if not examined.function:
        return None
    arguments = [{"name": name, "type": kind, "value": value} for name, kind, value in examined.arguments]
    return {"function": examined.function, "arguments": arguments}


def _typed_data(data: TypedData) -> dict[str, Any]:
    return {
        **_chain(data.chain_id),
        "primary_type": data.primary_type,
        "type": data.schema.encode_type(data.primary_type),
        "domain": shown(data.domain),
        "message": shown(data.message),
        "domain_separator": "0x" + data.domain_separator.hex(),
        "struct_hash": "0x" + data.struct_hash.hex(),
    }


def _personal(message: PersonalMessage) -> dict[str, Any]:
    return {
        "text": message.text,
        "content": "0x" + message.content.hex(),
        "asked_by": message.asked_by or None,
    }


def _outflow(outflow: Outflow, chain_id: int | None) -> dict[str, Any]:
    return {
        "kind": outflow.kind.value,
        "to": outflow.to,
        "token": None if outflow.token == COIN else outflow.token,
        "amount": outflow.amount,
        "shown": _amount(outflow, chain_id),
    }


def _amount(outflow: Outflow, chain_id: int | None) -> str:
    if outflow.token == COIN:
        return format_ether(outflow.amount, symbol_of(chain_id))
    token = known_token(chain_id, outflow.token)
    if outflow.kind is Kind.APPROVAL and outflow.amount in (UNLIMITED, UNLIMITED_PERMIT2):
        return f"unlimited {token.symbol if token else 'tokens'}"
    if token is None:
        return f"{outflow.amount} smallest units of a token that is not listed"
    return f"{format_token_amount(outflow.amount, token.decimals)} {token.symbol}"


def _coin(amount: int, symbol: str) -> dict[str, Any]:
    return {"wei": amount, "shown": format_ether(amount, symbol)}


def _gas_price(amount: int) -> dict[str, Any]:
    return {"wei": amount, "shown": format_gwei(amount)}


def _refusal(error: InputRefused | TransactionRefused) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "remedy": error.remedy}
