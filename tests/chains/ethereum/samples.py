"""An account, its friends, and transactions to build tests from. The keys are public: nothing is ever kept there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eth_account import Account
from hypothesis import strategies as st

from warifu.chains.ethereum.address import parse_address
from warifu.chains.ethereum.transaction import (
    MAX_AMOUNT,
    MAX_CHAIN_ID,
    MAX_NONCE,
    AccessEntry,
    Transaction,
    TxType,
)

KEY = bytes.fromhex("46" * 32)
"""The private key of EIP-155's example."""
SENDER = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"
FRIEND = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
THIEF = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
TOKEN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
CHAIN = "eip155:1"
GWEI = 10**9
ETHER = 10**18


def raw(address: str) -> bytes:
    return parse_address(address)


def transaction(**changes: Any) -> Transaction:
    """One ether to the friend, EIP-1559, on Ethereum."""
    ordinary = Transaction(
        TxType.DYNAMIC_FEE,
        chain_id=1,
        nonce=7,
        max_priority_fee=2 * GWEI,
        max_fee=30 * GWEI,
        gas_limit=21_000,
        to=raw(FRIEND),
        value=ETHER,
        data=b"",
    )
    return replace(ordinary, **changes)


def legacy(**changes: Any) -> Transaction:
    return transaction(
        **({"type": TxType.LEGACY, "max_priority_fee": 20 * GWEI, "max_fee": 20 * GWEI} | changes)
    )


def call(signature: str, *words: int | bytes | str, **changes: Any) -> Transaction:
    """A call of the token; each argument one word."""
    from eth_utils.crypto import keccak

    encoded = b"".join(map(word, words))
    return transaction(
        **({"to": raw(TOKEN), "value": 0, "data": keccak(text=signature)[:4] + encoded} | changes)
    )


def word(value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return (raw(value) if isinstance(value, str) else value).rjust(32, b"\x00")


def for_eth_account(sample: Transaction) -> dict[str, Any]:
    """The same transaction, as eth-account takes it."""
    fields: dict[str, Any] = {
        "chainId": sample.chain_id,
        "nonce": sample.nonce,
        "gas": sample.gas_limit,
        "to": b"" if sample.to is None else sample.to,
        "value": sample.value,
        "data": sample.data,
    }
    if sample.type is TxType.LEGACY:
        return fields | {"gasPrice": sample.max_fee}
    fields |= {
        "type": int(sample.type),
        "accessList": [
            {"address": "0x" + entry.address.hex(), "storageKeys": ["0x" + key.hex() for key in entry.keys]}
            for entry in sample.access_list
        ],
    }
    if sample.type is TxType.ACCESS_LIST:
        return fields | {"gasPrice": sample.max_fee}
    return fields | {"maxFeePerGas": sample.max_fee, "maxPriorityFeePerGas": sample.max_priority_fee}


def signed_by_eth_account(sample: Transaction) -> Any:
    return Account.from_key(KEY).sign_transaction(for_eth_account(sample))


def numbers(limit: int) -> st.SearchStrategy[int]:
    """Of all sizes, the edges often."""
    return st.one_of(
        st.sampled_from((0, 1, 127, 128, 255, 256, limit)),
        st.integers(0, 64).flatmap(lambda bits: st.integers(0, min(1 << bits, limit))),
        st.integers(0, limit),
    ).map(lambda value: min(value, limit))


addresses = st.binary(min_size=20, max_size=20)
access_lists = st.lists(
    st.builds(AccessEntry, addresses, st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple)),
    max_size=3,
).map(tuple)


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    """Any valid transaction of the three types that are signed."""
    kind = draw(st.sampled_from((TxType.LEGACY, TxType.ACCESS_LIST, TxType.DYNAMIC_FEE)))
    max_fee = draw(numbers(1 << 160))
    return Transaction(
        kind,
        chain_id=max(1, draw(numbers(MAX_CHAIN_ID if kind is not TxType.LEGACY else 1 << 62))),
        nonce=draw(numbers(MAX_NONCE)),
        max_priority_fee=draw(numbers(max_fee)) if kind is TxType.DYNAMIC_FEE else max_fee,
        max_fee=max_fee,
        gas_limit=draw(numbers((1 << 64) - 1)),
        to=draw(st.one_of(st.none(), addresses)),
        value=draw(numbers(MAX_AMOUNT >> 1)),
        data=draw(st.binary(max_size=300)),
        access_list=() if kind is TxType.LEGACY else draw(access_lists),
    )
