"""The programs and system variables whose meaning is known here, each by its address (32 bytes).

Sources: the ``declare_id`` of each program in anza-xyz/solana-sdk and solana-program's repositories; the tests compare
them with those that ``solders`` carries and that LiteSVM runs.
"""

from __future__ import annotations

from warifu.chains.solana.base58 import decode_base58


def _id(text: str) -> bytes:
    raw = decode_base58(text)
    assert raw is not None and len(raw) == 32, text
    return raw


SYSTEM = bytes(32)
COMPUTE_BUDGET = _id("ComputeBudget111111111111111111111111111111")
TOKEN = _id("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = _id("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED_TOKEN = _id("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO = _id("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
MEMO_V1 = _id("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")

RECENT_BLOCKHASHES = _id("SysvarRecentB1ockHashes11111111111111111111")
RENT = _id("SysvarRent111111111111111111111111111111111")

SIGNATURE_CHECKERS = {
    _id("Ed25519SigVerify111111111111111111111111111"),
    _id("KeccakSecp256k11111111111111111111111111111"),
    _id("Secp256r1SigVerify1111111111111111111111111"),
}
"""Precompiles. Each signature that they check costs as much as one of the transaction's own, so a message that calls
them costs more than its header says."""

TOKEN_PROGRAMS = (TOKEN, TOKEN_2022)
NAMES = {
    SYSTEM: "system",
    COMPUTE_BUDGET: "compute-budget",
    TOKEN: "token",
    TOKEN_2022: "token-2022",
    ASSOCIATED_TOKEN: "associated-token",
    MEMO: "memo",
    MEMO_V1: "memo",
}
