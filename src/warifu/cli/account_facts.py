"""What the owner sees of an order on a chain of accounts before he says yes, and the same for scripts."""

from __future__ import annotations

from typing import Any

from warifu.chains import reading
from warifu.chains.ethereum.message_words import Fact
from warifu.chains.ethereum.reading import EvmReading
from warifu.chains.ethereum.transaction import Transaction
from warifu.chains.reading import COIN, Kind, Reading
from warifu.chains.solana.reading import SolanaReading
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import format_coin
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of
from warifu.protocol.chains import spoken
from warifu.units import format_quantity


def facts_of(
    wallet: Wallet, read: Reading, beside: int, replaces: bytes | None, fee_ceiling: int | None
) -> tuple[Fact, ...]:
    facts = [(tr("From"), f"{wallet.name} ({spoken(read.chain)}, {account_of(wallet, read.chain)})")]
    for outflow in read.outflows:
        facts += [
            (_WORDS[outflow.kind](), outflow.to),
            (tr("Amount"), _amount(wallet, read.chain, outflow)),
        ]
    if not read.outflows:
        facts.append((tr("To"), tr("nobody")))
    facts.append((tr("Most in fees"), format_coin(read.chain, read.fee + beside)))
    if beside:
        facts.append((tr("Of it for data on Ethereum, as the service says"), format_coin(read.chain, beside)))
    if fee_ceiling is not None:
        facts.append((tr("Fee ceiling"), format_coin(read.chain, fee_ceiling)))
    if replaces is not None:
        facts.append((tr("Replaces"), replaces.hex()))
    return tuple(facts)


_WORDS = {
    Kind.PAYMENT: lambda: tr("To"),
    Kind.APPROVAL: lambda: tr("May take from now on"),
    Kind.CALL: lambda: tr("Calls, not understood"),
    Kind.MESSAGE: lambda: tr("Message for"),
}


def _amount(wallet: Wallet, chain: str, outflow: reading.Outflow) -> str:
    """A token whose decimals nobody vouches for is shown in its smallest unit, with its address."""
    if outflow.token == COIN:
        return format_coin(chain, outflow.amount)
    rules = wallet.rules.policy.rules(chain)
    for asset in rules.assets if rules is not None else ():
        if asset.token == outflow.token:
            return f"{format_quantity(outflow.amount, asset.decimals, asset.symbol)}  [{outflow.token}]"
    return f"{outflow.amount}  [{outflow.token}]"


def described(read: Reading, beside: int) -> dict[str, Any]:
    return {
        "chain": read.chain,
        "transaction": read.name.hex(),
        "outflows": [
            {
                "kind": outflow.kind.value,
                "token": outflow.token,
                "amount": str(outflow.amount),
                "to": outflow.to,
            }
            for outflow in read.outflows
        ],
        "fee": str(read.fee + beside),
    }


def turn_of(understood: EvmReading | SolanaReading) -> tuple[Fact, ...]:
    """The account nonce, which the service chooses: one that is not due is a payment that it can hold back."""
    subject = understood.subject if isinstance(understood, EvmReading) else None
    return ((tr("Account nonce"), str(subject.nonce)),) if isinstance(subject, Transaction) else ()
