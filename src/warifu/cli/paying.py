"""A Bitcoin draft of the service, read here and held against what the owner typed.

The service says what it built; this client reads the PSBT itself, with the same reader as the signers. What is
shown, hashed and authorized is this reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from warifu.chains.bitcoin.address import canonical_address
from warifu.chains.bitcoin.authorized import AuthorizedTransfer, check_payment
from warifu.chains.bitcoin.descriptor import WalletKeys
from warifu.chains.bitcoin.network import network_named
from warifu.chains.bitcoin.payment import Payment, read_payment
from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import Order
from warifu.cli.text import tr
from warifu.cli.wallet_keys import WINDOW, keys_of
from warifu.errors import InputRefused, PeerMisbehaved, TransactionRefused
from warifu.protocol.api import Draft
from warifu.protocol.chains import BITCOIN
from warifu.protocol.request import Outflow, TransferRequest
from warifu.units import Satoshi, format_bitcoin_amount, parse_bitcoin_amount, satoshi

_FEE_RATE = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?")


@dataclass(frozen=True)
class Recipient:
    """One payment of bitcoin: an address in its one text form, and satoshi."""

    address: str
    amount: Satoshi


@dataclass(frozen=True)
class Reading:
    """A draft as this client read it."""

    psbt: bytes
    payment: Payment
    keys: WalletKeys
    replaces: bytes | None

    @property
    def txid(self) -> str:
        """As people write it."""
        return display_hash(self.payment.txid)


def read_draft(wallet: Wallet, draft: Draft) -> Reading:
    """Read the service's draft. Raises ``TransactionRefused`` or ``InputRefused`` for what no signer would sign, and
    ``PeerMisbehaved`` where the service said something else of it than it is."""
    keys = keys_of(wallet)
    payment = read_payment(draft.psbt, keys, WINDOW)
    told = (draft.txid, draft.fee)
    if told != (display_hash(payment.txid), payment.fee):
        raise PeerMisbehaved(
            "draft",
            "the service built another transaction than it says",
            remedy="The service is broken or hostile; the wallet itself is unharmed.",
            blame="service",
        )
    replaces = bytes.fromhex(draft.replaces) if draft.replaces is not None else None
    return Reading(draft.psbt, payment, keys, replaces)


def recipients_of(payment: Payment) -> tuple[Recipient, ...]:
    """Whom ``payment`` pays: all outputs but change, in the transaction's order."""
    if not payment.recipients:
        raise TransactionRefused("no-recipient", "the transaction pays nobody: all of it is change")
    return tuple(Recipient(output.address, output.amount) for output in payment.recipients)


def recipients_of_child(reading: Reading, parent: str) -> tuple[Recipient, ...]:
    """Of a child that pays for its ``parent``: everything but the fee comes home, so the owner authorizes exactly the
    outputs that do. Raises ``TransactionRefused`` for a draft that is no such child."""
    payment = reading.payment
    if reading.replaces is not None or not any(
        display_hash(coin.outpoint.txid) == parent for coin in payment.inputs
    ):
        raise TransactionRefused("other-transaction", f"the service's draft spends nothing of {parent}")
    for output in payment.outputs:
        if output.key is None:
            raise TransactionRefused(
                "extra-output", f"{output.amount} sat would go to {output.address}, which is not the wallet's"
            )
    return tuple(Recipient(output.address, output.amount) for output in payment.outputs)


def check_reading(reading: Reading, wanted: tuple[Recipient, ...], fee_ceiling: int) -> None:
    """Return only if the draft pays exactly ``wanted``, and no more than ``fee_ceiling`` satoshi in fees.

    Raises ``TransactionRefused``.
    """
    payment = reading.payment
    pairs = tuple((recipient.address, satoshi(recipient.amount)) for recipient in wanted)
    check_payment(payment, AuthorizedTransfer(pairs, Satoshi(fee_ceiling), payment.txid, payment.network))


def bitcoin_order(
    wallet: Wallet,
    reading: Reading,
    recipients: tuple[Recipient, ...],
    fee_ceiling: int | None,
    devices: tuple[str, ...],
    confirmations: int,
) -> Order:
    """The order to pay exactly ``recipients`` by this draft. Raises ``TransactionRefused`` where it pays otherwise."""
    payment = reading.payment
    check_reading(reading, recipients, payment.fee)
    return Order(
        chain=BITCOIN,
        unsigned=reading.psbt,
        transaction=payment.txid,
        outflows=tuple(Outflow("payment", "", str(to.amount), to.address) for to in recipients),
        fee=payment.fee,
        fee_ceiling=fee_ceiling,
        replaces=reading.replaces,
        facts=_facts(wallet, reading, fee_ceiling),
        described=_described(reading, recipients),
        devices=devices,
        confirmations=confirmations,
    )


def proposed_bitcoin_order(wallet: Wallet, request: TransferRequest, unsigned: bytes) -> Order:
    """The order that another owner's ``request`` is, if the PSBT pays exactly its recipients.

    Raises ``TransactionRefused``.
    """
    keys = keys_of(wallet)
    reading = Reading(unsigned, read_payment(unsigned, keys, WINDOW), keys, request.replaces)
    if any((outflow.kind, outflow.token) != ("payment", "") for outflow in request.outflows):
        raise TransactionRefused("wrong-kind", "on Bitcoin only payments of bitcoin are asked for")
    recipients = tuple(Recipient(outflow.to, satoshi(int(outflow.amount))) for outflow in request.outflows)
    return bitcoin_order(wallet, reading, recipients, int(request.fee_ceiling), (), 0)


def _facts(wallet: Wallet, reading: Reading, fee_ceiling: int | None) -> tuple[tuple[str, str], ...]:
    payment = reading.payment
    facts = [(tr("From"), f"{wallet.name} ({payment.network.value})")]
    for output in payment.recipients:
        own = f"  [{tr('own address')} {output.key}]" if output.key is not None else ""
        facts += [(tr("To"), output.address + own), (tr("Amount"), format_bitcoin_amount(output.amount))]
    facts += [
        (tr("Change"), f"{format_bitcoin_amount(output.amount)}  ({output.key})") for output in payment.change
    ]
    rate = f"{float(payment.fee_rate):.2f} sat/vB"
    facts.append((tr("Fee"), f"{format_bitcoin_amount(payment.fee)}  ({payment.fee} sat, {rate})"))
    if fee_ceiling is not None:
        facts.append((tr("Fee ceiling"), format_bitcoin_amount(fee_ceiling)))
    if reading.replaces is not None:
        facts.append((tr("Replaces"), reading.replaces.hex()))
    facts.append((tr("Transaction"), reading.txid))
    return tuple(facts)


def _described(reading: Reading, recipients: tuple[Recipient, ...]) -> dict[str, Any]:
    payment = reading.payment
    return {
        "txid": reading.txid,
        "recipients": [{"address": to.address, "amount": to.amount} for to in recipients],
        "change": sum(output.amount for output in payment.change),
        "fee": payment.fee,
        "vsize": payment.vsize,
    }


def recipient(wallet: Wallet, address: str, amount: str) -> Recipient:
    """What the owner typed, as the one form in which it is compared: ``InputRefused`` where it is no payment."""
    value = parse_bitcoin_amount(amount)
    if value == 0:
        raise InputRefused("amount-range", "an amount of zero is no payment")
    return Recipient(canonical_address(address, network_named(wallet.request.network)), value)


def parse_fee_rate(text: str) -> int:
    """``2`` or ``1.5`` (sat/vB) as satoshi per 1000 virtual bytes; ``InputRefused`` outside 1 .. 10,000 sat/vB."""
    match = _FEE_RATE.fullmatch(text.strip())
    rate = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")) if match else 0
    if not 1000 <= rate <= 10_000_000:
        raise InputRefused(
            "fee-rate",
            f"{text[:20]!r} is not a fee rate",
            remedy="Write satoshi per virtual byte, from 1 to 10000, for example 2.5.",
        )
    return rate
