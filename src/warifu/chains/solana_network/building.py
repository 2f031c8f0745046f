"""Instructions and messages, built with ``solders``: other code than that which reads them in the signer."""

from __future__ import annotations

from collections.abc import Sequence

from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import Message as BuiltMessage
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account_with_seed,
    transfer,
)

from warifu.chains.solana import programs
from warifu.chains.solana.address import address_with_seed, associated_token_address
from warifu.chains.solana.fees import NONCE_RENT
from warifu.chains.solana.instructions import SET_COMPUTE_LIMIT, SET_COMPUTE_PRICE
from warifu.chains.solana.message import Message
from warifu.chains.solana.token import CREATE_IDEMPOTENT, TRANSFER_CHECKED

MAX_NONCES = 8
"""How many transfers of an account can be on their way with a durable nonce each."""


def nonce_seed(index: int) -> str:
    """The seed of the account's nonce account with this number."""
    return f"warifu-nonce-{index}"


def nonce_address(owner: bytes, index: int) -> bytes:
    """Where ``owner`` has its nonce account with this number."""
    return address_with_seed(owner, nonce_seed(index).encode("ascii"), programs.SYSTEM)


def compile_message(payer: bytes, instructions: Sequence[Instruction], blockhash: bytes) -> bytes:
    """A legacy message: what ``payer`` signs."""
    built = BuiltMessage.new_with_blockhash(
        list(instructions), Pubkey.from_bytes(payer), Hash.from_bytes(blockhash)
    )
    return bytes(built)


def instructions_of(message: Message) -> list[Instruction]:
    """The instructions of a message, to build another from."""
    return [
        Instruction(
            Pubkey.from_bytes(message.keys[item.program]),
            item.data,
            [
                AccountMeta(
                    Pubkey.from_bytes(message.keys[index]),
                    message.is_signer(index),
                    message.is_writable(index),
                )
                for index in item.accounts
            ],
        )
        for item in message.instructions
    ]


def is_budget(instruction: Instruction) -> bool:
    """Whether it sets the compute limit or price."""
    return bytes(instruction.program_id) == programs.COMPUTE_BUDGET


def compute_budget(limit: int, micro_lamports: int) -> list[Instruction]:
    """Compute limit and price. Without a price only the limit."""
    program = Pubkey.from_bytes(programs.COMPUTE_BUDGET)
    found = [Instruction(program, bytes([SET_COMPUTE_LIMIT]) + limit.to_bytes(4, "little"), [])]
    if micro_lamports:
        price = bytes([SET_COMPUTE_PRICE]) + micro_lamports.to_bytes(8, "little")
        found.append(Instruction(program, price, []))
    return found


def pay_sol(sender: bytes, to: bytes, lamports: int) -> Instruction:
    """System ``Transfer``."""
    return transfer(
        TransferParams(
            from_pubkey=Pubkey.from_bytes(sender), to_pubkey=Pubkey.from_bytes(to), lamports=lamports
        )
    )


def advance_nonce(nonce: bytes, authority: bytes) -> Instruction:
    """``AdvanceNonceAccount``."""
    return advance_nonce_account(
        AdvanceNonceAccountParams(
            nonce_pubkey=Pubkey.from_bytes(nonce), authorized_pubkey=Pubkey.from_bytes(authority)
        )
    )


def make_nonce(owner: bytes, index: int) -> list[Instruction]:
    """Create and initialise ``owner``'s nonce account with this number."""
    key = Pubkey.from_bytes(owner)
    nonce = Pubkey.from_bytes(nonce_address(owner, index))
    return list(create_nonce_account_with_seed(key, nonce, key, nonce_seed(index), key, NONCE_RENT))


def create_token_account(payer: bytes, owner: bytes, mint: bytes, program: bytes) -> Instruction:
    """``CreateIdempotent`` of ``owner``'s associated token account."""
    accounts = (
        (payer, True, True),
        (associated_token_address(owner, mint, program), False, True),
        (owner, False, False),
        (mint, False, False),
        (programs.SYSTEM, False, False),
        (program, False, False),
    )
    return _instruction(programs.ASSOCIATED_TOKEN, bytes([CREATE_IDEMPOTENT]), accounts)


def pay_token(
    sender: bytes, destination: bytes, mint: bytes, program: bytes, amount: int, decimals: int
) -> Instruction:
    """``TransferChecked`` from ``sender``'s associated token account to the token account ``destination``."""
    accounts = (
        (associated_token_address(sender, mint, program), False, True),
        (mint, False, False),
        (destination, False, True),
        (sender, True, False),
    )
    data = bytes([TRANSFER_CHECKED]) + amount.to_bytes(8, "little") + bytes([decimals])
    return _instruction(program, data, accounts)


def _instruction(program: bytes, data: bytes, accounts: Sequence[tuple[bytes, bool, bool]]) -> Instruction:
    metas = [AccountMeta(Pubkey.from_bytes(address), signs, changes) for address, signs, changes in accounts]
    return Instruction(Pubkey.from_bytes(program), data, metas)
