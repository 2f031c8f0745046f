"""What leaves an account by a payment or an approval, and for which of them no signer signs whatever the policy says.

Transactions and typed data share these rules: a permit is an approval, whichever way it reaches the token's contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from warifu.chains.ethereum.address import format_address, is_reserved
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.errors import TransactionRefused

Finding: TypeAlias = Outflow | TransactionRefused
"""One thing that would leave the account, or one reason not to sign."""

UNLIMITED = (1 << 256) - 1
"""What contracts take for an allowance without end."""
UNLIMITED_PERMIT2 = (1 << 160) - 1
"""The same in Permit2."""


def coin_payment(sender: bytes | None, to: bytes, amount: int) -> Iterator[Finding]:
    """Wei from the account to another; to itself nothing leaves (so a pending transaction is cancelled)."""
    if to == sender:
        return
    yield from _not_lost(to)
    if amount == 0:
        # Sending nothing still runs the code of a contract, in the name of this account.
        yield TransactionRefused("empty-transfer", f"nothing would be sent to {format_address(to)}")
    yield Outflow(Kind.PAYMENT, COIN, amount, format_address(to))


def token_payment(sender: bytes | None, token: bytes, to: bytes, amount: int) -> Iterator[Finding]:
    """``amount`` of ``token`` from the account to another."""
    yield from _not_lost(token)
    yield from _not_lost(to)
    if to == token:
        yield TransactionRefused(
            "to-token-contract", f"tokens sent to their own contract {format_address(to)} are lost"
        )
    if to == sender:
        # What runs is the code at `token`, which need not be a token's: no harmless call, only a useless one.
        yield TransactionRefused("self-payment", "the tokens would go to the account that holds them")
    if amount == 0:
        yield TransactionRefused("empty-transfer", f"no tokens would be sent to {format_address(to)}")
    yield Outflow(Kind.PAYMENT, format_address(token), amount, format_address(to))


def approval(sender: bytes | None, token: bytes, spender: bytes, amount: int) -> Iterator[Finding]:
    """``spender`` may take ``amount`` of ``token`` from now on; 0 takes an approval back."""
    yield from _not_lost(token)
    yield from _not_lost(spender)
    if spender == sender:
        yield TransactionRefused("self-approval", "the account would approve itself")
    if spender == token:
        yield TransactionRefused(
            "to-token-contract", f"the spender {format_address(spender)} is the token's own contract"
        )
    yield Outflow(Kind.APPROVAL, format_address(token), amount, format_address(spender))


def foreign(owner: bytes, sender: bytes | None, reason: str) -> Iterator[Finding]:
    """A refusal with ``reason`` where this is about the tokens of another account than the wallet's."""
    if sender is not None and owner != sender:
        yield TransactionRefused(
            reason, f"this is about what {format_address(owner)} owns, not about the wallet's"
        )


def _not_lost(address: bytes) -> Iterator[Finding]:
    if is_reserved(address):
        yield TransactionRefused(
            "reserved-address", f"{format_address(address)} is nobody's account: what goes there is lost"
        )
