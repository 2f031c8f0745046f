"""Unsigned bytes of chains of accounts, and the address that a wallet has there: by the chains' pure halves alone."""

from __future__ import annotations

from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum.personal import parse_personal
from warifu.chains.ethereum.signature import signature_of
from warifu.chains.ethereum.transaction import parse_unsigned
from warifu.chains.ethereum.typed_data import parse_typed_data
from warifu.chains.solana.actions import ComputePrice
from warifu.chains.solana.address import format_address
from warifu.chains.solana.instructions import read_instruction
from warifu.chains.solana.reading import split_proof
from warifu.errors import InputRefused
from warifu.protocol.chains import evm_chain_id, family_of, scheme_of
from warifu.protocol.frames import WalletBirth
from warifu.service.roads.road import Understood
from warifu.threshold.derivation import derive

EVM_PATH = (0, 0)
"""The unhardened derivation of a wallet's one account on EVM chains."""
_RECOVERY_OFFSET = 27
"""What ``personal_sign`` and ``eth_signTypedData_v4`` add to the recovery id."""


def account_address(birth: WalletBirth, chain: str) -> str:
    """The address of the wallet's account on ``chain``. ``InputRefused`` (``no-key``) where it has no key for it."""
    key = birth.key(scheme_of(chain))
    if family_of(chain) == "eip155":
        return address_of(derive(key.threshold_public, key.chain_code, EVM_PATH).public_key)
    return format_address(key.threshold_public)


def understand(unsigned: bytes, chain: str) -> Understood:
    """Raises ``InputRefused``: the form's own reasons, or ``chain`` for a transaction of another chain."""
    if family_of(chain) == "solana":
        message, _proof = split_proof(unsigned)
        return Understood(message.name, "", None, sends=True)
    if is_message(unsigned):
        return Understood(_message_digest(unsigned), "", None, sends=False)
    transaction = parse_unsigned(unsigned)
    if transaction.chain_id != evm_chain_id(chain):
        raise InputRefused("chain", f"the transaction is for chain {transaction.chain_id}, not for {chain}")
    return Understood(transaction.name, "", transaction.nonce, sends=True)


def same_turn(chain: str, one: bytes, other: bytes) -> bool:
    """Whether of two transactions with the same slot only one can ever be executed. A nonce of an EVM account is used
    once; a nonce account of Solana serves again and again, each time with another value."""
    if family_of(chain) != "solana":
        return True
    return split_proof(one)[0].blockhash == split_proof(other)[0].blockhash


def price(unsigned: bytes, chain: str) -> int:
    """What a transaction offers at most for a unit of work. Of two for one turn nodes take the one that offers more."""
    if family_of(chain) != "solana":
        return parse_unsigned(unsigned).max_fee
    message, _proof = split_proof(unsigned)
    actions = (read_instruction(message, item)[0] for item in message.instructions)
    return next((action.micro_lamports for action in actions if isinstance(action, ComputePrice)), 0)


def is_message(unsigned: bytes) -> bool:
    """Whether it is words to be signed (EIP-712, personal) and no transaction of an EVM chain."""
    return unsigned[:1] in (b"{", b"\x19")


def message_signature(unsigned: bytes, signature: bytes, address: str) -> bytes:
    """The 65 bytes that dapps take: r, s, 27 or 28. Raises ``TransactionRefused`` unless it is ``address``'s."""
    found = signature_of(signature, _message_digest(unsigned), address)
    return found.compact + bytes([found.y_parity + _RECOVERY_OFFSET])


def _message_digest(unsigned: bytes) -> bytes:
    parse = parse_typed_data if unsigned[:1] == b"{" else parse_personal
    return parse(unsigned).name
