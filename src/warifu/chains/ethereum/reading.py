"""The one door for a signer: raw bytes in, what they would do out. Transactions, typed data and personal messages.

The three are told apart by their first byte: a list or a type below 0x05 (transaction), ``{`` (EIP-712 in JSON), 0x19
(EIP-191). Nothing is believed: the digest is computed here, and what leaves the account is read from the bytes.
``examine`` is the one list of rules: ``read`` raises its first fault, ``warifu decode`` shows them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from warifu.chains.ethereum.abi import read_call
from warifu.chains.ethereum.address import parse_address
from warifu.chains.ethereum.effects import Finding, coin_payment
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.networks import chain_id_of
from warifu.chains.ethereum.permits import findings
from warifu.chains.ethereum.personal import PersonalMessage, parse_personal
from warifu.chains.ethereum.transaction import Transaction, TxType, parse_unsigned
from warifu.chains.ethereum.typed_data import TypedData, parse_typed_data
from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme, ToSign
from warifu.errors import TransactionRefused

PATH = (0, 0)
"""A wallet has one account on EVM chains: external branch, index 0, under the wallet's ECDSA key."""

Subject: TypeAlias = Transaction | TypedData | PersonalMessage


@dataclass(frozen=True)
class EvmReading:
    """What a signer understood, and from what."""

    reading: Reading
    subject: Subject
    function: str
    """The signature of the token function that is called; empty for anything else."""
    arguments: tuple[tuple[str, str, str], ...]
    """Its arguments for people: name, type, value."""


@dataclass(frozen=True)
class Examination:
    """What would leave the account, and every reason for which a signer would not sign."""

    outflows: tuple[Outflow, ...]
    faults: tuple[TransactionRefused, ...]
    function: str = ""
    arguments: tuple[tuple[str, str, str], ...] = ()


def read(data: bytes, sender: str, chain: str) -> EvmReading:
    """Read what the account ``sender`` (EIP-55) would sign on ``chain`` (``eip155:<id>``).

    Raises ``InputRefused`` for malformed bytes, sender or chain, and ``TransactionRefused`` for the first fault:
    ``wrong-chain``, ``replay-unprotected``, ``blob``, ``delegation``, ``contract-creation``, ``reserved-address``,
    ``to-token-contract``, ``empty-transfer``, ``self-payment``, ``self-approval``, ``self-call``, ``foreign-transfer``,
    ``foreign-approval``, ``foreign-account``, ``coin-with-token``, ``attached-data``, ``call-data``,
    ``unknown-permit``, ``no-contract``, ``domain-name``, ``typed-transaction``, ``sign-in``, ``blind``,
    ``unreadable``.
    """
    account, chain_id = parse_address(sender), chain_id_of(chain)
    subject = parse(data)
    examined = examine(subject, account, chain_id)
    for fault in examined.faults:
        raise fault
    reading = Reading(
        chain=chain,
        scheme=Scheme.ECDSA,
        name=subject.name,
        outflows=examined.outflows,
        fee=subject.fee if isinstance(subject, Transaction) else 0,
        to_sign=(ToSign(subject.name, PATH),),
        excludes=_excludes(subject, account, chain),
    )
    return EvmReading(reading, subject, examined.function, examined.arguments)


def parse(data: bytes) -> Subject:
    """Which of the three it is, strictly parsed. Raises ``InputRefused``."""
    first = data[:1]
    if first == b"{":
        return parse_typed_data(bytes(data))
    if first == b"\x19":
        return parse_personal(bytes(data))
    return parse_unsigned(data)


def examine(subject: Subject, sender: bytes | None, chain_id: int | None) -> Examination:
    """Apply all rules; those that need the account (20 bytes) or the chain only where these are known."""
    if isinstance(subject, PersonalMessage):
        asked = Outflow(Kind.MESSAGE, COIN, 0, subject.asked_by)
        return Examination((asked,), tuple(subject.faults(sender, chain_id)))
    if isinstance(subject, TypedData):
        return _examination(subject.faults(chain_id), tuple(findings(subject, sender)))
    return _examine_transaction(subject, sender, chain_id)


def _examine_transaction(transaction: Transaction, sender: bytes | None, chain_id: int | None) -> Examination:
    faults = _frame_faults(transaction, chain_id)
    if transaction.to is None:
        return _examination(faults, ())
    if not transaction.data:
        return _examination(faults, tuple(coin_payment(sender, transaction.to, transaction.value)))
    call = read_call(sender, transaction.to, transaction.value, transaction.data)
    return _examination(faults, call.findings, call.function, call.arguments)


def _frame_faults(transaction: Transaction, chain_id: int | None) -> Iterator[TransactionRefused]:
    if transaction.chain_id is None:
        yield TransactionRefused(
            "replay-unprotected", "the transaction names no chain (EIP-155): it would hold on every chain"
        )
    elif chain_id is not None and transaction.chain_id != chain_id:
        yield TransactionRefused(
            "wrong-chain", f"the transaction is for chain {transaction.chain_id}, not for {chain_id}"
        )
    if transaction.type is TxType.BLOB:
        yield TransactionRefused(
            "blob", "transactions with blobs (EIP-4844) are for roll-ups, not for wallets"
        )
    if transaction.type is TxType.SET_CODE:
        yield TransactionRefused(
            "delegation",
            "the transaction gives accounts code to run (EIP-7702): whoever wrote it could move everything",
        )
    if transaction.to is None:
        yield TransactionRefused("contract-creation", "the transaction creates a contract and pays nobody")


def _examination(
    faults: Iterator[TransactionRefused],
    found: tuple[Finding, ...],
    function: str = "",
    arguments: tuple[tuple[str, str, str], ...] = (),
) -> Examination:
    return Examination(
        tuple(finding for finding in found if isinstance(finding, Outflow)),
        (*faults, *(finding for finding in found if isinstance(finding, TransactionRefused))),
        function,
        arguments,
    )


def _excludes(subject: Subject, account: bytes, chain: str) -> tuple[bytes, ...]:
    """An account's nonce is used once on a chain, so of two transactions with one nonce at most one happens."""
    if not isinstance(subject, Transaction):
        return ()
    place = chain.encode("ascii")
    return (
        keccak256(
            b"warifu/account-nonce" + bytes([len(place)]) + place + account + subject.nonce.to_bytes(8, "big")
        ),
    )
