"""Messages as other software builds them (solders), for throw-away keys; nothing here reads what it builds."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from nacl.signing import SigningKey
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account_with_seed,
    transfer,
)

from warifu.chains.solana import programs


def key_of(name: str) -> SigningKey:
    """A throw-away key that is the same on every run."""
    return SigningKey(sha256(name.encode()).digest())


def person(name: str) -> Pubkey:
    """The address of somebody who holds a key."""
    return Pubkey.from_bytes(bytes(key_of(name).verify_key))


ALICE, BOB, MALLORY = person("alice"), person("bob"), person("mallory")
WALLET = str(ALICE)
MINT, OTHER_MINT = person("mint"), person("another mint")
BLOCKHASH = Hash.hash(b"a recent block")
NONCE = Pubkey.create_with_seed(ALICE, "warifu-nonce-0", Pubkey.from_bytes(programs.SYSTEM))
TOKEN = Pubkey.from_bytes(programs.TOKEN)
TOKEN_2022 = Pubkey.from_bytes(programs.TOKEN_2022)
SYSTEM = Pubkey.from_bytes(programs.SYSTEM)


def message(
    *instructions: Instruction, payer: Pubkey = ALICE, blockhash: Hash = BLOCKHASH, version: int | None = None
) -> bytes:
    """What a wallet signs."""
    if version is None:
        return bytes(Message.new_with_blockhash(list(instructions), payer, blockhash))
    raw = bytes(MessageV0.try_compile(payer, list(instructions), [], blockhash))
    return raw if raw[0] & 0x80 else b"\x80" + raw


def pay(to: Pubkey = BOB, lamports: int = 1_000_000, payer: Pubkey = ALICE) -> Instruction:
    return transfer(TransferParams(from_pubkey=payer, to_pubkey=to, lamports=lamports))


def advance(nonce: Pubkey = NONCE, authority: Pubkey = ALICE) -> Instruction:
    return advance_nonce_account(AdvanceNonceAccountParams(nonce_pubkey=nonce, authorized_pubkey=authority))


def make_nonce(
    lamports: int = 1_447_680, authority: Pubkey = ALICE, seed: str = "warifu-nonce-0"
) -> tuple[Instruction, Instruction]:
    nonce = Pubkey.create_with_seed(ALICE, seed, SYSTEM)
    return create_nonce_account_with_seed(ALICE, nonce, ALICE, seed, authority, lamports)


def associated(owner: Pubkey, mint: Pubkey = MINT, program: Pubkey = TOKEN) -> Pubkey:
    """The address that the Associated Token Account program derives."""
    seeds = [bytes(owner), bytes(program), bytes(mint)]
    return Pubkey.find_program_address(seeds, Pubkey.from_bytes(programs.ASSOCIATED_TOKEN))[0]


def create_account(
    owner: Pubkey = BOB,
    mint: Pubkey = MINT,
    program: Pubkey = TOKEN,
    address: Pubkey | None = None,
    data: bytes = b"\x01",
    payer: Pubkey = ALICE,
) -> Instruction:
    return Instruction(
        Pubkey.from_bytes(programs.ASSOCIATED_TOKEN),
        data,
        [
            AccountMeta(payer, True, True),
            AccountMeta(address or associated(owner, mint, program), False, True),
            AccountMeta(owner, False, False),
            AccountMeta(mint, False, False),
            AccountMeta(SYSTEM, False, False),
            AccountMeta(program, False, False),
        ],
    )


def token(
    tag: int, data: bytes, accounts: Sequence[tuple[Pubkey, bool]], program: Pubkey = TOKEN
) -> Instruction:
    """Any token instruction; ``accounts`` with whether they are writable, the wallet's signature last."""
    metas = [AccountMeta(account, False, writable) for account, writable in accounts]
    return Instruction(program, bytes([tag]) + data, [*metas, AccountMeta(ALICE, True, False)])


def pay_token(
    to: Pubkey | None = None,
    amount: int = 2_500_000,
    mint: Pubkey = MINT,
    program: Pubkey = TOKEN,
    decimals: int = 6,
    source: Pubkey | None = None,
) -> Instruction:
    """``TransferChecked`` to the token account ``to``, by default Bob's associated one."""
    accounts = [
        (source or associated(ALICE, mint, program), True),
        (mint, False),
        (to or associated(BOB, mint, program), True),
    ]
    return token(12, amount.to_bytes(8, "little") + bytes([decimals]), accounts, program)


def memo(text: bytes, program: bytes = programs.MEMO) -> Instruction:
    return Instruction(Pubkey.from_bytes(program), text, [])


def compute_limit(units: int) -> Instruction:
    return Instruction(Pubkey.from_bytes(programs.COMPUTE_BUDGET), b"\x02" + units.to_bytes(4, "little"), [])


def compute_price(micro_lamports: int) -> Instruction:
    return Instruction(
        Pubkey.from_bytes(programs.COMPUTE_BUDGET), b"\x03" + micro_lamports.to_bytes(8, "little"), []
    )
