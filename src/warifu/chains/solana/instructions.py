"""Which program reads which instruction: the one table to extend."""

from __future__ import annotations

from collections.abc import Callable

from warifu.chains.solana.actions import Action, Call, CallProgram, ComputeLimit, ComputePrice, Memo
from warifu.chains.solana.message import Instruction, Message
from warifu.chains.solana.programs import (
    ASSOCIATED_TOKEN,
    COMPUTE_BUDGET,
    MEMO,
    MEMO_V1,
    SIGNATURE_CHECKERS,
    SYSTEM,
    TOKEN,
    TOKEN_2022,
)
from warifu.chains.solana.system import read_system
from warifu.chains.solana.token import read_associated, read_token
from warifu.errors import TransactionRefused

SET_COMPUTE_LIMIT = 2
SET_COMPUTE_PRICE = 3
MAX_COMPUTE_UNITS = 1_400_000
"""The runtime's own limit for a transaction."""


def read_instruction(message: Message, instruction: Instruction) -> tuple[Action, frozenset[int]]:
    """What it does, and the indexes of the accounts that it changes. Raises ``TransactionRefused``."""
    program = message.keys[instruction.program]
    call = Call(message, program, instruction.accounts, instruction.data)
    action = _READERS.get(program, _read_unknown)(call)
    return action, frozenset(call.writable)


def _read_budget(call: Call) -> Action:
    call.accounts("a compute budget instruction", "")
    tag, rest = call.data[:1], call.data[1:]
    value = int.from_bytes(rest, "little")
    if tag == bytes([SET_COMPUTE_LIMIT]) and len(rest) == 4:
        if not 0 < value <= MAX_COMPUTE_UNITS:
            raise call.refusal(f"a compute limit of {value} is outside 1 .. {MAX_COMPUTE_UNITS}")
        return ComputeLimit(value)
    if tag == bytes([SET_COMPUTE_PRICE]) and len(rest) == 8:
        return ComputePrice(value)
    raise call.refusal("this instruction of the Compute Budget program is not signed here")


def _read_memo(call: Call) -> Memo:
    if len(call.indexes) > 1:
        raise call.refusal("a memo takes no account but the wallet's")
    call.accounts("a memo", "o" * len(call.indexes))
    try:
        return Memo(call.data.decode("utf-8"))
    except UnicodeDecodeError:
        raise call.refusal("a memo is not valid UTF-8") from None


def _read_unknown(call: Call) -> CallProgram:
    if call.program in SIGNATURE_CHECKERS:
        raise TransactionRefused("instruction", "it pays for signature checks that its header does not show")
    return CallProgram(call.program, tuple(call.message.keys[index] for index in call.indexes), call.data)


_READERS: dict[bytes, Callable[[Call], Action]] = {
    SYSTEM: read_system,
    COMPUTE_BUDGET: _read_budget,
    TOKEN: read_token,
    TOKEN_2022: read_token,
    ASSOCIATED_TOKEN: read_associated,
    MEMO: _read_memo,
    MEMO_V1: _read_memo,
}
