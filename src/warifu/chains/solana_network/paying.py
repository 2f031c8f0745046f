"""From a wish to instructions: who is paid where, and what stands against it.

An address of Solana has no checksum and says nothing of what it is, so before anything is built the chain is asked:
SOL sent to a token account or a program, or tokens sent to an owner who can have no key, are as good as lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.instruction import Instruction

from warifu.chains.solana import fees
from warifu.chains.solana.address import associated_token_address, format_address
from warifu.chains.solana.amounts import format_sol, format_units
from warifu.chains.solana.curve import is_on_curve
from warifu.chains.solana.programs import TOKEN_PROGRAMS
from warifu.chains.solana_network import building
from warifu.chains.solana_network.layouts import Mint, owner_of, read_token_account
from warifu.chains.solana_network.nodes import Nodes
from warifu.chains.solana_network.token_reading import Mints
from warifu.chains.solana_network.wire import AccountInfo
from warifu.errors import InputRefused

LEAST_BALANCE = fees.rent(0)
"""890,880 lamports: with less, but not nothing, no account may be left."""


@dataclass(frozen=True)
class Plan:
    """Instructions, what they take in lamports beside fees, and the rent that they are likely to deposit."""

    instructions: list[Instruction]
    lamports: int
    rent: int


class Paying:
    """Over the nodes of one cluster."""

    def __init__(self, nodes: Nodes, mints: Mints) -> None:
        self._nodes = nodes
        self._mints = mints

    def sol(self, sender: bytes, to: bytes, lamports: int) -> Plan:
        """Pay SOL. ``InputRefused``: ``address``, ``amount``."""
        (account,) = self._nodes.accounts([to])
        if account is None:
            _check_key(to)
            if lamports < LEAST_BALANCE:
                raise InputRefused(
                    "amount",
                    f"the recipient's account is new, and holds {format_sol(LEAST_BALANCE)} or nothing",
                    remedy="Send more.",
                )
        else:
            _check_recipient(to, account)
        return Plan([building.pay_sol(sender, to, lamports)], lamports, 0)

    def token(self, sender: bytes, to: bytes, token: str, amount: int) -> Plan:
        """Pay tokens, to a person's associated token account or to the token account that ``to`` is.

        ``InputRefused``: ``token``, ``address``, ``insufficient-funds``.
        """
        ((mint_address, mint),) = self._mints.read([token])
        if mint.obstacle:
            raise InputRefused("token", f"it cannot be paid from here: {mint.obstacle}")
        own = associated_token_address(sender, mint_address, mint.program)
        theirs = associated_token_address(to, mint_address, mint.program)
        own_account, recipient, their_account = self._nodes.accounts([own, to, theirs])
        self._check_holding(own_account, sender, mint, amount)
        direct = read_token_account(recipient)
        if direct is not None:
            if (direct.mint, direct.program) != (mint_address, mint.program):
                raise InputRefused("address", f"{format_address(to)} is an account of another token")
            pay = building.pay_token(sender, to, mint_address, mint.program, amount, mint.decimals)
            return Plan([pay], 0, 0)
        _check_key(to)
        if recipient is not None:
            _check_recipient(to, recipient)
        create = building.create_token_account(sender, to, mint_address, mint.program)
        pay = building.pay_token(sender, theirs, mint_address, mint.program, amount, mint.decimals)
        rent = 0 if their_account is not None else fees.token_account_rent(mint.program)
        return Plan([create, pay], 0, rent)

    def check_funds(self, sender: bytes, plan: Plan, fee: int) -> None:
        """Whether the account can pay ``plan`` and ``fee``. ``InputRefused`` (``insufficient-funds``)."""
        (account,) = self._nodes.accounts([sender])
        have = account.lamports if account is not None else 0
        if have < plan.lamports + fee:
            raise InputRefused(
                "insufficient-funds",
                f"the account has {format_sol(have)}; needed is {format_sol(plan.lamports)}, "
                f"and {format_sol(fee)} in fees and rent",
            )

    def _check_holding(self, account: AccountInfo | None, sender: bytes, mint: Mint, amount: int) -> None:
        own = read_token_account(account)
        if own is not None and own.owner != sender:
            raise InputRefused("token", "the account's token account was given to somebody else")
        if own is not None and own.frozen:
            raise InputRefused("token", "its issuer has frozen the account's tokens")
        have = own.amount if own is not None else 0
        if have < amount:
            raise InputRefused(
                "insufficient-funds",
                f"the account has {format_units(have, mint.decimals)} of it, "
                f"not {format_units(amount, mint.decimals)}",
            )


def _check_key(to: bytes) -> None:
    if not is_on_curve(to):
        raise InputRefused(
            "address", f"{format_address(to)} is no wallet: nobody can hold its key", remedy="Copy it again."
        )


def _check_recipient(to: bytes, account: AccountInfo) -> None:
    if account.executable:
        raise InputRefused("address", f"{format_address(to)} is a program")
    if owner_of(account) in TOKEN_PROGRAMS:
        raise InputRefused(
            "address",
            f"{format_address(to)} is a token account or a mint, not a wallet",
            remedy="Ask for the address of the wallet that owns it.",
        )
