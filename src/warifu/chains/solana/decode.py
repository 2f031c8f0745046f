"""Independent eyes: what a Solana message or transaction says, and what a signer would make of it, ready for JSON.

``warifu decode`` needs no service and no wallet for this. Without ``account`` it is judged as if it were of the wallet
that pays its fee.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from warifu.chains.solana import fees
from warifu.chains.solana.actions import (
    AdvanceNonce,
    ApproveToken,
    Call,
    CallProgram,
    ComputeLimit,
    ComputePrice,
    CreateNonce,
    CreateTokenAccount,
    InitializeNonce,
    Memo,
    PaySol,
    PayToken,
    RevokeToken,
)
from warifu.chains.solana.address import format_address, parse_address
from warifu.chains.solana.amounts import format_sol, format_units
from warifu.chains.solana.base58 import decode_base58, encode_base58
from warifu.chains.solana.instructions import read_instruction
from warifu.chains.solana.message import PACKET_BYTES, Instruction, Message
from warifu.chains.solana.programs import NAMES
from warifu.chains.solana.reading import SolanaReading, faults, read, refusal, split_proof
from warifu.chains.solana.tokens import symbol_of
from warifu.chains.solana.transaction import parse_signatures
from warifu.errors import InputRefused, TransactionRefused

MAX_INPUT_BYTES = 2 * PACKET_BYTES + 64
"""The longest transaction in hexadecimal, and some white space."""


def decode(data: bytes, account: str | None = None) -> dict[str, Any]:
    """Describe a message (with or without its durable nonce's proof) or a transaction: binary, hex, base64 or base58.

    ``InputRefused`` for what cannot be read at all; ``TransactionRefused`` (``lookup-tables``) for what cannot be
    judged; what can be read but would not be signed is described, with every reason under ``refusals``.
    """
    if len(data) > MAX_INPUT_BYTES:
        raise InputRefused("too-long", f"{len(data)} bytes are more than any Solana transaction has")
    if account is not None:
        parse_address(account)
    found: list[dict[str, Any]] = []
    refused: list[InputRefused | TransactionRefused] = []
    for raw in dict.fromkeys(_forms(data)):
        for kind in (_message, _transaction):
            try:
                found.append(kind(raw, account))
            except (InputRefused, TransactionRefused) as error:
                refused.append(error)
    if len(found) > 1:
        raise InputRefused("ambiguous", "it can be read in two ways", remedy="Give it in hexadecimal.")
    if found:
        return found[0]
    # A reason against a whole, well-formed message says more than that some other form does not fit.
    raise next((error for error in refused if isinstance(error, TransactionRefused)), refused[0])


def _forms(data: bytes) -> Iterator[bytes]:
    """The bytes that are meant, once for each way to write them."""
    yield data
    text = data.strip()
    if not text or not text.isascii():
        return
    with suppress(ValueError):
        yield bytes.fromhex(text.decode("ascii").removeprefix("0x"))
    with suppress(binascii.Error):
        yield base64.b64decode(text, validate=True)
    raw = decode_base58(text.decode("ascii"))
    if raw is not None:
        yield raw


def _message(raw: bytes, account: str | None) -> dict[str, Any]:
    message, proof = split_proof(raw)
    return {"kind": "message", **_frame(message, proof, account)}


def _transaction(raw: bytes, account: str | None) -> dict[str, Any]:
    signatures, message = parse_signatures(raw)
    return {
        "kind": "transaction",
        "signature": encode_base58(signatures[0]) if any(signatures[0]) else None,
        **_frame(message, b"", account),
    }


def _frame(message: Message, proof: bytes, account: str | None) -> dict[str, Any]:
    account = account or format_address(message.keys[0])
    refusals: list[InputRefused | TransactionRefused] = list(faults(message, account))
    reading: SolanaReading | None = None
    if not refusals:
        try:
            reading = read(message.raw + proof, account)
        except (InputRefused, TransactionRefused) as error:
            refusals.append(error)
    return {
        "chain": "solana",
        "version": "legacy" if message.version is None else message.version,
        "name": message.name.hex(),
        "account": account,
        "fee_payer": format_address(message.keys[0]),
        "signers": [format_address(key) for key in message.keys[: message.signers]],
        "lifetime": encode_base58(message.blockhash),
        **_judged(reading),
        "instructions": [_instruction(message, item) for item in message.instructions],
        "to_sign": message.raw.hex(),
        "refusals": [refusal(error) for error in refusals],
    }


def _judged(reading: SolanaReading | None) -> dict[str, Any]:
    """What only a message that would be signed has."""
    if reading is None:
        return {"fee": None, "outflows": None, "durable_nonce": None, "memos": None}
    return {
        "fee": _sol(reading.reading.fee),
        "outflows": [
            {
                "kind": flow.kind.value,
                "token": symbol_of(flow.token) if flow.token else "SOL",
                "mint": flow.token or None,
                "amount": flow.amount,
                "to": flow.to,
            }
            for flow in reading.reading.outflows
        ],
        "durable_nonce": None
        if reading.nonce is None
        else {"account": format_address(reading.nonce), "proven": reading.proven},
        "memos": list(reading.memos),
    }


def _instruction(message: Message, item: Instruction) -> dict[str, Any]:
    program = message.keys[item.program]
    shown: dict[str, Any] = {"program": NAMES.get(program, format_address(program))}
    try:
        action, _ = read_instruction(message, item)
    except TransactionRefused as error:
        call = Call(message, program, item.accounts, item.data)
        accounts = [format_address(message.keys[index]) for index in call.indexes]
        return shown | {
            "does": "refused",
            "why": error.message,
            "accounts": accounts,
            "data": item.data.hex(),
        }
    return shown | _action(action)


def _action(action: object) -> dict[str, Any]:
    match action:
        case PaySol(to, lamports):
            return {"does": "pay", "to": format_address(to), "amount": _sol(lamports)}
        case PayToken(_, mint, destination, amount, decimals):
            return {
                "does": "pay",
                "to_token_account": format_address(destination),
                "amount": _tokens(mint, amount, decimals),
            }
        case ApproveToken(_, mint, delegate, amount, decimals):
            return {
                "does": "approve",
                "delegate": format_address(delegate),
                "amount": _tokens(mint, amount, decimals),
            }
        case RevokeToken(_, source):
            return {"does": "revoke", "token_account": format_address(source)}
        case CreateTokenAccount(program, mint, owner, address):
            return {
                "does": "create-token-account",
                "owner": format_address(owner),
                "mint": format_address(mint),
                "token_account": format_address(address),
                "rent_at_most": _sol(fees.token_account_rent(program)),
            }
        case AdvanceNonce(nonce) | InitializeNonce(nonce):
            does = "advance-nonce" if isinstance(action, AdvanceNonce) else "initialize-nonce"
            return {"does": does, "nonce_account": format_address(nonce)}
        case CreateNonce(nonce, seed, lamports):
            return {
                "does": "create-nonce",
                "nonce_account": format_address(nonce),
                "seed": seed.hex(),
                "rent": _sol(lamports),
            }
        case ComputeLimit(units):
            return {"does": "compute-limit", "units": units}
        case ComputePrice(micro_lamports):
            return {"does": "compute-price", "micro_lamports": micro_lamports}
        case Memo(text):
            return {"does": "memo", "text": text}
        case CallProgram(_, accounts, data):
            return {
                "does": "call",
                "accounts": [format_address(key) for key in accounts],
                "data": data.hex(),
            }
    raise AssertionError(f"an action without words: {action!r}")


def _sol(lamports: int) -> dict[str, Any]:
    return {"lamports": lamports, "sol": format_sol(lamports)}


def _tokens(mint: bytes, amount: int, decimals: int) -> dict[str, Any]:
    address = format_address(mint)
    return {
        "units": amount,
        "token": f"{format_units(amount, decimals)} {symbol_of(address)}",
        "mint": address,
    }
