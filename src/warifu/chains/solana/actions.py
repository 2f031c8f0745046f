"""What an instruction does, as a value. Addresses are 32 bytes, amounts whole numbers of the smallest unit.

Each program's file reads a ``Call`` (an instruction with its accounts looked up) into one of the actions here, or
refuses. An instruction of a known program that is not understood is refused, never passed on as a mere call: the same
programs can give the whole account away (System ``Assign``, Token ``SetAuthority``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from warifu.chains.solana.address import format_address
from warifu.chains.solana.message import Message
from warifu.errors import TransactionRefused

OURS, WRITABLE, READ = "o", "w", "r"
"""Roles of an instruction's accounts: the wallet's account as signer; one that is changed; one that is looked at."""


@dataclass(frozen=True)
class PaySol:
    """System ``Transfer`` from the wallet."""

    to: bytes
    lamports: int


@dataclass(frozen=True)
class AdvanceNonce:
    """Use up the value of a durable nonce whose authority is the wallet."""

    nonce: bytes


@dataclass(frozen=True)
class CreateNonce:
    """Make the account of a durable nonce out of the wallet's own address and a seed."""

    nonce: bytes
    seed: bytes
    lamports: int


@dataclass(frozen=True)
class InitializeNonce:
    """Make the wallet the authority of a new durable nonce."""

    nonce: bytes


@dataclass(frozen=True)
class ComputeLimit:
    """The most compute units that the transaction may use."""

    units: int


@dataclass(frozen=True)
class ComputePrice:
    """What the transaction offers for each compute unit, in millionths of a lamport."""

    micro_lamports: int


@dataclass(frozen=True)
class PayToken:
    """``TransferChecked``: from the wallet's associated token account to another token account."""

    program: bytes
    mint: bytes
    destination: bytes
    amount: int
    decimals: int


@dataclass(frozen=True)
class ApproveToken:
    """``ApproveChecked``: ``delegate`` may take ``amount`` from the wallet's associated token account."""

    program: bytes
    mint: bytes
    delegate: bytes
    amount: int
    decimals: int


@dataclass(frozen=True)
class RevokeToken:
    """``Revoke``: whoever was approved for this token account of the wallet's is so no more."""

    program: bytes
    source: bytes


@dataclass(frozen=True)
class CreateTokenAccount:
    """``CreateIdempotent``: ``owner``'s associated token account for ``mint``, made where there is none.

    Where there is one, the program fails unless it still belongs to ``owner``; so a transaction that contains this
    proves whose account ``address`` is.
    """

    program: bytes
    mint: bytes
    owner: bytes
    address: bytes


@dataclass(frozen=True)
class Memo:
    """Words for the chain to keep."""

    text: str


@dataclass(frozen=True)
class CallProgram:
    """A program that is not known here, with data that is not understood."""

    program: bytes
    accounts: tuple[bytes, ...]
    data: bytes


Action = (
    PaySol
    | AdvanceNonce
    | CreateNonce
    | InitializeNonce
    | ComputeLimit
    | ComputePrice
    | PayToken
    | ApproveToken
    | RevokeToken
    | CreateTokenAccount
    | Memo
    | CallProgram
)


@dataclass
class Call:
    """One instruction of ``message``. ``writable`` collects the indexes that its meaning changes."""

    message: Message
    program: bytes
    indexes: tuple[int, ...]
    data: bytes
    writable: set[int] = field(default_factory=set)

    @property
    def wallet(self) -> bytes:
        """The account that pays the fee and is the only signer."""
        return self.message.keys[0]

    def accounts(self, what: str, roles: str) -> tuple[bytes, ...]:
        """The accounts, one for each letter of ``roles``; refuses another number, and a foreign signer."""
        if len(self.indexes) != len(roles):
            raise self.refusal(f"{what} takes {len(roles)} accounts, not {len(self.indexes)}")
        for index, role in zip(self.indexes, roles, strict=True):
            if role == OURS and index:
                key = format_address(self.message.keys[index])
                raise TransactionRefused("foreign-signer", f"{what} is for {key} to sign, not for the wallet")
            if role == WRITABLE:
                self.writable.add(index)
        return tuple(self.message.keys[index] for index in self.indexes)

    def fields(self, what: str, *sizes: int) -> tuple[int, ...]:
        """The data after its tag: little-endian unsigned integers of these sizes (bytes), and nothing more."""
        at = len(self.data) - sum(sizes)
        if at not in (1, 4):
            raise self.refusal(f"the data of {what} has another length")
        values = []
        for size in sizes:
            values.append(int.from_bytes(self.data[at : at + size], "little"))
            at += size
        return tuple(values)

    def refusal(self, message: str) -> TransactionRefused:
        """The error for an instruction of a known program that a signer does not sign."""
        return TransactionRefused("instruction", message)
