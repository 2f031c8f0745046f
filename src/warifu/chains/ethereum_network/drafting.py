"""Unsigned transactions: payments and approvals, and what takes the place of one that does not go on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from warifu.chains.accounts import AccountDraft, Payment
from warifu.chains.ethereum.address import format_address, parse_address
from warifu.chains.ethereum.networks import DataFee
from warifu.chains.ethereum.reading import read
from warifu.chains.ethereum.transaction import MAX_AMOUNT, Transaction, TxType, parse_unsigned
from warifu.chains.ethereum_network import contracts
from warifu.chains.ethereum_network.fees import FeeBounds, Fees, estimate, replacement
from warifu.chains.ethereum_network.gas import TRANSFER_GAS, gas_limit
from warifu.chains.ethereum_network.nodes import Call, Nodes
from warifu.chains.ethereum_network.nonces import next_nonce
from warifu.chains.ethereum_network.refusals import why_not
from warifu.chains.ethereum_network.token_reading import TokenReader
from warifu.chains.ethereum_network.wire import number
from warifu.chains.reading import COIN
from warifu.chains.rpc.faults import RpcRefused
from warifu.errors import InputRefused, TransactionRefused

L1_HEADROOM = 2
"""Times the L1 data fee: the transaction does not bound it, and it moves with Ethereum's own fees."""
MAX_L1_FEE = 10**17
"""Wei, a tenth of an ether: beyond it is a mistake, or a node that wants the draft to look dear."""


@dataclass(frozen=True)
class _Wanted:
    """What a transaction is to do: call ``to`` with ``value`` and ``data``, for the account ``sender`` (20 bytes)."""

    sender: bytes
    to: bytes
    value: int
    data: bytes


class Drafter:
    """Builds transactions for the accounts of one chain. Each is one that signers can read."""

    def __init__(self, nodes: Nodes, tokens: TokenReader, bounds: FeeBounds) -> None:
        self._nodes = nodes
        self._tokens = tokens
        self._bounds = bounds
        self._network = nodes.network

    def pay(self, sender: str, payment: Payment, taken: Collection[int]) -> AccountDraft:
        """``AccountChain.draft``."""
        account, to, amount = parse_address(sender), parse_address(payment.to), _amount(payment.amount)
        if payment.token == COIN:
            return self._draft(_Wanted(account, to, amount, b""), taken)
        token = parse_address(payment.token)
        wanted = _Wanted(account, token, 0, contracts.transfer(to, amount))
        self._refuse_unreadable(wanted)
        height = self._nodes.height()
        found = self._tokens.token(token, height)
        has = self._tokens.balance(token, account, height)
        if has < amount:
            raise _no_funds(
                f"the account has {has} of the {amount} smallest units of {found.symbol} that it would pay"
            )
        self._refuse_silent_failure(wanted, height)
        return self._draft(wanted, taken)

    def approve(
        self, sender: str, token: str, spender: str, amount: int, taken: Collection[int]
    ) -> AccountDraft:
        """Let ``spender`` take ``amount`` of ``token`` from now on; 0 takes an approval back."""
        if not 0 <= amount <= MAX_AMOUNT:
            raise InputRefused("amount", "an approval is from 0 to 2^256 - 1 of the token's smallest unit")
        account, contract = parse_address(sender), parse_address(token)
        wanted = _Wanted(account, contract, 0, contracts.approve(parse_address(spender), amount))
        self._refuse_unreadable(wanted)
        height = self._nodes.height()
        self._tokens.token(contract, height)
        self._refuse_silent_failure(wanted, height)
        return self._draft(wanted, taken)

    def replace(self, sender: str, unsigned: bytes, *, cancel: bool) -> AccountDraft:
        """``AccountChain.replace``. ``unsigned`` is the last one that was sent with this nonce."""
        account, old = parse_address(sender), self._own(unsigned)
        height = self._nodes.height()
        executed = self._nodes.executed(account, height)
        if executed > old.nonce:
            raise InputRefused(
                "not-replaceable",
                f"a transaction with the nonce {old.nonce} is already in a block",
                remedy="Look at its result.",
            )
        now = estimate(self._nodes.fee_history(), self._bounds)
        fees = replacement(old.max_fee, old.max_priority_fee, now, self._bounds)
        new = replace(old, max_fee=fees.max_fee, max_priority_fee=fees.priority)
        used = old.gas_limit
        if cancel:
            used = self._estimate(_Wanted(account, account, 0, b""))
            limit = gas_limit(used, b"", number(self._nodes.block(height).gas_limit))
            new = replace(new, to=account, value=0, data=b"", access_list=(), gas_limit=limit)
        return self._priced(new, fees, used, height, self._nodes.balance(account, height))

    def _draft(self, wanted: _Wanted, taken: Collection[int]) -> AccountDraft:
        self._refuse_unreadable(wanted)
        height = self._nodes.height()
        nonce = next_nonce(self._nodes.executed(wanted.sender, height), taken)
        has = self._nodes.balance(wanted.sender, height)
        if has < wanted.value:
            raise _no_funds(f"the account has {has} of the {wanted.value} wei that it would pay")
        fees = estimate(self._nodes.fee_history(), self._bounds)
        used = self._estimate(wanted)
        limit = gas_limit(used, wanted.data, number(self._nodes.block(height).gas_limit))
        transaction = self._transaction(wanted, nonce, limit, fees.priority, fees.max_fee)
        return self._priced(transaction, fees, used, height, has)

    def _priced(self, transaction: Transaction, fees: Fees, used: int, height: int, has: int) -> AccountDraft:
        """The draft, if the account, which ``has`` so many wei, can pay for it.

        The OP stack's L1 data fee is in ``fee`` and in ``likely_fee``.
        """
        l1_fee = self._l1_fee(transaction, height)
        fee = transaction.fee + L1_HEADROOM * l1_fee
        if has < transaction.value + fee:
            raise _no_funds(
                f"the account has {has} wei; with the fee it would need {transaction.value + fee}"
            )
        return AccountDraft(
            unsigned=transaction.serialize(),
            name=transaction.name,
            fee=fee,
            likely_fee=min(used, transaction.gas_limit) * fees.likely + l1_fee,
            slot=transaction.nonce,
        )

    def _transaction(
        self, wanted: _Wanted, nonce: int, limit: int, priority: int, max_fee: int
    ) -> Transaction:
        return Transaction(
            type=TxType.DYNAMIC_FEE,
            chain_id=self._network.chain_id,
            nonce=nonce,
            max_priority_fee=priority,
            max_fee=max_fee,
            gas_limit=limit,
            to=wanted.to,
            value=wanted.value,
            data=wanted.data,
        )

    def _refuse_unreadable(self, wanted: _Wanted) -> None:
        """Refuse here what every signer would refuse, before the chain is asked anything."""
        example = self._transaction(wanted, 0, TRANSFER_GAS, 0, 0)
        try:
            read(example.serialize(), format_address(wanted.sender), self._network.chain)
        except TransactionRefused as error:
            raise InputRefused(error.reason, error.message, remedy=error.remedy) from None

    def _refuse_silent_failure(self, wanted: _Wanted, height: int) -> None:
        """Old tokens answer false where others revert: the transaction would succeed, and nothing would be paid."""
        call = Call(wanted.to, wanted.data, wanted.sender, wanted.value)
        try:
            answer = self._nodes.call_first(call, height)
        except RpcRefused as error:
            raise why_not(error) from None
        if answer and int.from_bytes(answer, "big") != 1:
            raise InputRefused("would-fail", "the token's contract answers that it would not do it")

    def _estimate(self, wanted: _Wanted) -> int:
        try:
            return self._nodes.estimate(Call(wanted.to, wanted.data, wanted.sender, wanted.value))
        except RpcRefused as error:
            raise why_not(error) from None

    def _l1_fee(self, transaction: Transaction, height: int) -> int:
        if self._network.data_fee is not DataFee.OP_STACK:
            return 0  # Arbitrum's is within the estimated gas
        question = Call(contracts.GAS_PRICE_ORACLE, contracts.l1_fee(transaction.serialize()))
        try:
            fee = contracts.read_amount(self._nodes.call_first(question, height))
        except RpcRefused as error:
            raise why_not(error) from None
        if fee > MAX_L1_FEE:
            raise InputRefused(
                "fee-cap", f"posting it to Ethereum would cost {fee} wei, over the limit of {MAX_L1_FEE}"
            )
        return fee

    def _own(self, unsigned: bytes) -> Transaction:
        found = parse_unsigned(unsigned)
        if found.chain_id != self._network.chain_id or found.type is not TxType.DYNAMIC_FEE:
            raise InputRefused(
                "not-replaceable",
                "this transaction was not drafted for this chain, so it is not replaced here",
            )
        return found


def _amount(amount: int) -> int:
    if not 0 < amount <= MAX_AMOUNT:
        raise InputRefused("amount", "a payment is from 1 to 2^256 - 1 of the smallest unit")
    return amount


def _no_funds(message: str) -> InputRefused:
    return InputRefused("insufficient-funds", message, remedy="Send less, or put more on the account.")
