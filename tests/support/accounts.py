"""Unsigned transactions of accounts, as an honest service builds them, and the owner's requests for exactly these."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from nacl.utils import random
from solders.hash import Hash
from solders.message import Message as SoldersMessage
from solders.pubkey import Pubkey
from solders.system_program import TransferParams
from solders.system_program import transfer as system_transfer
from tests.support.limits import limits

from warifu.chains.ethereum.reading import read as read_ethereum
from warifu.chains.ethereum.transaction import Transaction, TxType
from warifu.protocol.policy import ChainRules
from warifu.protocol.request import Outflow, TransferRequest

ETHER, GWEI, SOL = 10**18, 10**9, 10**9
SHOP = "0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1"
CROOK = "0xFFcf8FDEE72ac11b5c542428B35EEF5769C409f0"
TOKEN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
LOCAL = "eip155:31337"
PAYEE = str(
    Pubkey.from_bytes(bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
)
"""A public key of somebody else's (RFC 8032, section 7.1, test 2)."""


def ethereum_rules(per_transaction: int = 2 * ETHER, per_day: int = 20 * ETHER, **fields: Any) -> ChainRules:
    """On the local test chain, with one token of six decimals."""
    rules = ChainRules(
        LOCAL,
        str(ETHER // 10),
        True,
        (),
        (
            limits("", "ETH", 18, per_transaction, per_day),
            limits(TOKEN, "USDC", 6, 100000000, 250000000),
        ),
        (),
        False,
    )
    return msgspec.structs.replace(rules, **fields)


def solana_rules(per_transaction: int = 2 * SOL, per_day: int = 20 * SOL) -> ChainRules:
    """SOL to anybody."""
    coin = limits("", "SOL", 9, per_transaction, per_day)
    return ChainRules("solana", "1000000", True, (), (coin,), (), False)


def ether_payment(
    amount: int = ETHER,
    to: str = SHOP,
    nonce: int = 0,
    max_fee: int = 30 * GWEI,
    chain: str = LOCAL,
    data: bytes = b"",
) -> bytes:
    """An EIP-1559 payload."""
    return Transaction(
        type=TxType.DYNAMIC_FEE,
        chain_id=int(chain.partition(":")[2]),
        nonce=nonce,
        max_priority_fee=GWEI,
        max_fee=max_fee,
        gas_limit=21_000 if not data else 80_000,
        to=bytes.fromhex(to[2:]),
        value=amount,
        data=data,
    ).serialize()


def token_call(selector: str, to: str, amount: int) -> bytes:
    """``transfer`` (a9059cbb) or ``approve`` (095ea7b3)."""
    return bytes.fromhex(selector) + bytes(12) + bytes.fromhex(to[2:]) + amount.to_bytes(32, "big")


def sol_payment(sender: str, amount: int = SOL, to: str = PAYEE, blockhash: bytes = b"\x11" * 32) -> bytes:
    """A message with one transfer."""
    me = Pubkey.from_string(sender)
    transfer = system_transfer(
        TransferParams(from_pubkey=me, to_pubkey=Pubkey.from_string(to), lamports=amount)
    )
    return bytes(SoldersMessage.new_with_blockhash([transfer], me, Hash(blockhash)))


def account_request(
    wallet: bytes, chain: str, unsigned: bytes, account: str, now: int, **fields: Any
) -> TransferRequest:
    """What an owner asks for who wants exactly what ``unsigned`` does (fields may be replaced)."""
    if chain == "solana":
        from warifu.chains.solana.reading import read as read_solana

        reading = read_solana(unsigned, account).reading
        assert reading.name == hashlib.sha256(unsigned).digest()
    else:
        reading = read_ethereum(unsigned, account, chain).reading
    request = TransferRequest(
        random(16),
        wallet,
        chain,
        tuple(Outflow(each.kind.value, each.token, str(each.amount), each.to) for each in reading.outflows),
        str(reading.fee),
        reading.name,
        None,
        now,
        now + 600,
    )
    return msgspec.structs.replace(request, **fields)
