"""The System program: transfers, and durable nonces. Layouts: ``SystemInstruction`` of anza-xyz/solana-sdk.

``CreateAccountWithSeed`` is understood for one purpose, a durable nonce that is the wallet's own.
"""

from __future__ import annotations

from warifu.chains.solana.actions import Action, AdvanceNonce, Call, CreateNonce, InitializeNonce, PaySol
from warifu.chains.solana.address import MAX_SEED_BYTES, address_with_seed
from warifu.chains.solana.programs import RECENT_BLOCKHASHES, RENT, SYSTEM
from warifu.errors import TransactionRefused

TRANSFER = 2
CREATE_WITH_SEED = 3
ADVANCE_NONCE = 4
INITIALIZE_NONCE = 6
NONCE_BYTES = 80
"""Size of a durable nonce's account."""


def read_system(call: Call) -> Action:
    """One instruction of the System program; ``TransactionRefused`` (``instruction``, ``foreign-signer``,
    ``nonce-account``) for what is not understood or not the wallet's."""
    tag = int.from_bytes(call.data[:4], "little") if len(call.data) >= 4 else None
    if tag == TRANSFER:
        (lamports,) = _tagged(call, "a transfer", 8)
        _, to = call.accounts("a transfer", "ow")
        return PaySol(to, lamports)
    if tag == ADVANCE_NONCE:
        _tagged(call, "AdvanceNonceAccount")
        nonce, blockhashes, _ = call.accounts("AdvanceNonceAccount", "wro")
        _check_variable(call, blockhashes, RECENT_BLOCKHASHES)
        return AdvanceNonce(nonce)
    if tag == CREATE_WITH_SEED:
        return _create(call)
    if tag == INITIALIZE_NONCE:
        return _initialize(call)
    raise call.refusal(f"instruction {tag} of the System program is not signed here")


def _create(call: Call) -> CreateNonce:
    data = call.data
    length = int.from_bytes(data[36:44], "little")
    if len(data) != 44 + length + 48 or length > MAX_SEED_BYTES:
        raise call.refusal("the data of CreateAccountWithSeed has another length")
    base, seed, rest = data[4:36], data[44 : 44 + length], data[44 + length :]
    lamports, space, owner = (
        int.from_bytes(rest[:8], "little"),
        int.from_bytes(rest[8:16], "little"),
        rest[16:],
    )
    _, created = _funder_and_new(call)
    if base != call.wallet or created != address_with_seed(base, seed, SYSTEM):
        raise TransactionRefused("nonce-account", "the new account is not derived from the wallet's address")
    if owner != SYSTEM or space != NONCE_BYTES:
        raise TransactionRefused("nonce-account", "the new account is no durable nonce")
    return CreateNonce(created, seed, lamports)


def _funder_and_new(call: Call) -> tuple[bytes, bytes]:
    """Builders name the base a second time where it is not the funder; here it always is."""
    roles = "owo" if len(call.indexes) == 3 else "ow"
    funder, created = call.accounts("CreateAccountWithSeed", roles)[:2]
    return funder, created


def _initialize(call: Call) -> InitializeNonce:
    _tagged(call, "InitializeNonceAccount", 32)
    nonce, blockhashes, rent = call.accounts("InitializeNonceAccount", "wrr")
    _check_variable(call, blockhashes, RECENT_BLOCKHASHES)
    _check_variable(call, rent, RENT)
    if call.data[4:] != call.wallet:
        raise TransactionRefused("nonce-account", "the authority of the new durable nonce is not the wallet")
    return InitializeNonce(nonce)


def _tagged(call: Call, what: str, *sizes: int) -> tuple[int, ...]:
    if len(call.data) != 4 + sum(sizes):
        raise call.refusal(f"the data of {what} has another length")
    return call.fields(what, *sizes)


def _check_variable(call: Call, found: bytes, expected: bytes) -> None:
    if found != expected:
        raise call.refusal("an instruction names another account where a system variable belongs")
