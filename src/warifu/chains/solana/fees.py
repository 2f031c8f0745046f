"""What a message can cost beside what it pays: signatures, priority, and the rent of accounts that it may create.

Base fee: 5000 lamports a signature. Priority fee: compute limit times price, rounded up to a lamport (*Solana Docs*,
"Transaction fees"). Rent: 6960 lamports for each byte of an account and its 128 bytes of overhead, deposited at its
creation (``Rent::default``); a cluster that asks for less makes the transaction cheaper than said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from warifu.chains.solana.actions import Action, ComputeLimit, ComputePrice, CreateNonce, CreateTokenAccount
from warifu.chains.solana.programs import TOKEN
from warifu.chains.solana.system import NONCE_BYTES

LAMPORTS_PER_SIGNATURE = 5000
ACCOUNT_OVERHEAD_BYTES = 128
LAMPORTS_PER_BYTE = 6960
MICRO = 1_000_000
TOKEN_ACCOUNT_BYTES = 165
MAX_TOKEN_2022_ACCOUNT_BYTES = 256
"""A Token-2022 account has 170 bytes (with ``ImmutableOwner``) and what its mint's extensions add: at most 25 for those
that exist today. The mint is not in the message, so this is a bound and not the exact size."""


def rent(size: int) -> int:
    """Lamports that an account of ``size`` bytes must hold."""
    return (ACCOUNT_OVERHEAD_BYTES + size) * LAMPORTS_PER_BYTE


NONCE_RENT = rent(NONCE_BYTES)
"""1,447,680 lamports."""
TOKEN_ACCOUNT_RENT = rent(TOKEN_ACCOUNT_BYTES)
"""2,039,280 lamports."""
TOKEN_2022_ACCOUNT_RENT = rent(MAX_TOKEN_2022_ACCOUNT_BYTES)


def priority_fee(limit: int, micro_lamports: int) -> int:
    """Lamports offered for ``limit`` compute units at this price each."""
    return -(-limit * micro_lamports // MICRO)


def token_account_rent(program: bytes) -> int:
    """The most that an associated token account of ``program`` deposits."""
    return TOKEN_ACCOUNT_RENT if program == TOKEN else TOKEN_2022_ACCOUNT_RENT


def running(actions: Iterable[Action], signatures: int) -> int:
    """Lamports that are gone: for signatures and priority."""
    limit = price = 0
    for action in actions:
        match action:
            case ComputeLimit(units):
                limit = units
            case ComputePrice(micro_lamports):
                price = micro_lamports
            case _:
                pass
    return LAMPORTS_PER_SIGNATURE * signatures + priority_fee(limit, price)


def deposits(actions: Iterable[Action]) -> int:
    """Lamports that stay in accounts that it makes, if it must make them all."""
    total = 0
    for action in actions:
        match action:
            case CreateNonce(lamports=lamports):
                total += lamports
            case CreateTokenAccount(program=program):
                total += token_account_rent(program)
            case _:
                pass
    return total


def most(actions: Sequence[Action], signatures: int) -> int:
    """The most that a message with these actions can cost."""
    return running(actions, signatures) + deposits(actions)
