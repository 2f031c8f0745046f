"""SPL Token, Token-2022 and Associated Token Account. Layouts: ``TokenInstruction`` of solana-program/token.

Only the *checked* forms are signed: plain ``Transfer`` and ``Approve`` do not name the mint, so a signer could not
tell which token leaves. Tokens leave only from the wallet's associated token account, whose address is computed.
"""

from __future__ import annotations

from warifu.chains.solana.actions import (
    Action,
    ApproveToken,
    Call,
    CreateTokenAccount,
    PayToken,
    RevokeToken,
)
from warifu.chains.solana.address import associated_token_address, format_address
from warifu.chains.solana.curve import is_on_curve
from warifu.chains.solana.programs import SYSTEM, TOKEN_PROGRAMS
from warifu.errors import TransactionRefused

TRANSFER, APPROVE, REVOKE = 3, 4, 5
TRANSFER_CHECKED, APPROVE_CHECKED = 12, 13
CREATE_IDEMPOTENT = 1


def read_token(call: Call) -> Action:
    """One instruction of SPL Token or Token-2022.

    ``TransactionRefused``: ``unchecked-token``, ``foreign-token-account``, ``instruction``, ``foreign-signer``.
    """
    tag = call.data[0] if call.data else None
    if tag == TRANSFER_CHECKED:
        amount, decimals = _tagged(call, "TransferChecked", 8, 1)
        source, mint, destination, _ = call.accounts("TransferChecked", "wrwo")
        _check_source(call, source, mint)
        return PayToken(call.program, mint, destination, amount, decimals)
    if tag == APPROVE_CHECKED:
        amount, decimals = _tagged(call, "ApproveChecked", 8, 1)
        source, mint, delegate, _ = call.accounts("ApproveChecked", "wrro")
        _check_source(call, source, mint)
        return ApproveToken(call.program, mint, delegate, amount, decimals)
    if tag == REVOKE:
        _tagged(call, "Revoke")
        source, _ = call.accounts("Revoke", "wo")
        return RevokeToken(call.program, source)
    if tag in (TRANSFER, APPROVE):
        raise TransactionRefused(
            "unchecked-token",
            "it does not say which token leaves the wallet",
            remedy="Have it built with TransferChecked or ApproveChecked.",
        )
    raise call.refusal(f"instruction {tag} of a token program is not signed here")


def read_associated(call: Call) -> CreateTokenAccount:
    """``CreateIdempotent``; ``TransactionRefused`` (``look-alike-account``, ``off-curve``, ``instruction``)."""
    if call.data != bytes([CREATE_IDEMPOTENT]):
        raise call.refusal("only CreateIdempotent of the Associated Token Account program is signed")
    _, address, owner, mint, system, program = call.accounts("CreateIdempotent", "owrrrr")
    if system != SYSTEM or program not in TOKEN_PROGRAMS:
        raise call.refusal("CreateIdempotent names another program where System and Token belong")
    if address != associated_token_address(owner, mint, program):
        raise TransactionRefused(
            "look-alike-account",
            f"{format_address(address)} is not the token account of {format_address(owner)}",
        )
    if not is_on_curve(owner):
        # Tokens of an account whose owner has no private key and is no program's are lost for good.
        raise TransactionRefused(
            "off-curve",
            f"{format_address(owner)} is no wallet: nobody can hold its key",
            remedy="To pay a program's token account, name that token account itself as the recipient.",
        )
    return CreateTokenAccount(program, mint, owner, address)


def _check_source(call: Call, source: bytes, mint: bytes) -> None:
    if source != associated_token_address(call.wallet, mint, call.program):
        raise TransactionRefused(
            "foreign-token-account", f"{format_address(source)} is not the wallet's account of this token"
        )


def _tagged(call: Call, what: str, *sizes: int) -> tuple[int, ...]:
    if len(call.data) != 1 + sum(sizes):
        raise call.refusal(f"the data of {what} has another length")
    return call.fields(what, *sizes)
