"""What accounts hold: mints, token accounts, durable nonces. Bytes from a node, read strictly.

Layouts: ``spl_token::state`` (Mint 82 bytes, Account 165), Token-2022's extensions after them (TLV from byte 166), and
``nonce::state::Versions`` (80 bytes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warifu.chains.solana.address import format_address
from warifu.chains.solana.programs import SYSTEM, TOKEN, TOKEN_2022, TOKEN_PROGRAMS
from warifu.chains.solana.system import NONCE_BYTES
from warifu.chains.solana_network.wire import AccountInfo

MINT_BYTES, ACCOUNT_BYTES = 82, 165
_MINT_KIND, _ACCOUNT_KIND = 1, 2
_FROZEN = 2

_TRANSFER_FEE, _NON_TRANSFERABLE, _TRANSFER_HOOK, _PAUSABLE = 1, 9, 14, 26
_HARMLESS = {
    3,  # MintCloseAuthority
    4,  # ConfidentialTransferMint: does not change what a plain transfer does
    6,  # DefaultAccountState
    10,  # InterestBearingConfig: changes how amounts are shown, not what they are
    12,  # PermanentDelegate: its holder can take the tokens, as an issuer can freeze them
    16,  # ConfidentialTransferFeeConfig
    18,  # MetadataPointer
    19,  # TokenMetadata
    20,  # GroupPointer
    21,  # TokenGroup
    22,  # GroupMemberPointer
    23,  # TokenGroupMember
    25,  # ScaledUiAmount: as InterestBearingConfig
}
"""Extensions of mints with which ``TransferChecked`` does what it says, with four accounts."""


@dataclass(frozen=True)
class Mint:
    """A token. ``obstacle``: why it is not paid from here, in words; empty where nothing stands against it."""

    program: bytes
    decimals: int
    obstacle: str


@dataclass(frozen=True)
class TokenAccount:
    """Addresses of 32 bytes; ``amount`` in the smallest unit."""

    program: bytes
    mint: bytes
    owner: bytes
    amount: int
    frozen: bool


@dataclass(frozen=True)
class DurableNonce:
    """The state of a nonce account: 32 bytes each."""

    authority: bytes
    value: bytes


def owner_of(account: AccountInfo) -> bytes:
    """The program that owns it; empty for nonsense."""
    for program in (SYSTEM, TOKEN, TOKEN_2022):
        if account.owner == format_address(program):
            return program
    return b""


def read_mint(account: AccountInfo | None) -> Mint | None:
    """A mint; None for anything else."""
    data, program = _token_data(account)
    if data is None or (len(data) != MINT_BYTES and _kind(data, program) != _MINT_KIND):
        return None
    if data[45] != 1:  # initialised
        return None
    return Mint(program, data[44], next(_obstacles(data), ""))


def read_token_account(account: AccountInfo | None) -> TokenAccount | None:
    """A token account; None for anything else."""
    data, program = _token_data(account)
    if data is None or (len(data) != ACCOUNT_BYTES and _kind(data, program) != _ACCOUNT_KIND):
        return None
    if data[108] == 0:  # not initialised
        return None
    amount = int.from_bytes(data[64:72], "little")
    return TokenAccount(program, data[:32], data[32:64], amount, data[108] == _FROZEN)


def read_nonce(account: AccountInfo | None) -> DurableNonce | None:
    """A durable nonce that can be used; None for anything else, old versions included."""
    if account is None or owner_of(account) != SYSTEM:
        return None
    data = _content(account)
    if data is None or len(data) != NONCE_BYTES or data[:8] != b"\x01\x00\x00\x00\x01\x00\x00\x00":
        return None
    return DurableNonce(data[8:40], data[40:72])


def _token_data(account: AccountInfo | None) -> tuple[bytes | None, bytes]:
    program = owner_of(account) if account is not None else b""
    if account is None or program not in TOKEN_PROGRAMS:
        return None, program
    return _content(account), program


def _content(account: AccountInfo) -> bytes | None:
    try:
        return account.content()
    except ValueError:
        return None


def _kind(data: bytes, program: bytes) -> int:
    """What Token-2022 marks an account as that has extensions; 0 for none."""
    return data[ACCOUNT_BYTES] if program == TOKEN_2022 and len(data) > ACCOUNT_BYTES else 0


def _obstacles(data: bytes) -> Iterator[str]:
    for kind, value in _extensions(data):
        if kind == _TRANSFER_FEE:
            if any(value[at : at + 2] != b"\x00\x00" for at in (88, 106)):
                yield "its mint keeps a part of each transfer"
        elif kind == _TRANSFER_HOOK:
            if value[32:64] != bytes(32):
                yield "its mint has a program of its own look at each transfer"
        elif kind == _NON_TRANSFERABLE:
            yield "its mint does not let it be transferred"
        elif kind == _PAUSABLE:
            if value[32:33] != b"\x00":
                yield "its mint has paused all transfers"
        elif kind not in _HARMLESS:
            yield f"its mint has an extension that is not understood ({kind})"


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type, length (2 bytes each, little-endian), value; a type of 0 ends the list."""
    at = ACCOUNT_BYTES + 1
    while at + 4 <= len(data):
        kind, length = (int.from_bytes(data[at + step : at + step + 2], "little") for step in (0, 2))
        if not kind:
            return
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length
