"""The signer's own eyes: raw bytes of any chain, read and held against what the owner authorized.

To add a chain is to add its pure room and one line in ``_READERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warifu.chains import authorized
from warifu.chains.bitcoin.authorized import AuthorizedTransfer, check_payment
from warifu.chains.bitcoin.network import network_named
from warifu.chains.bitcoin.payment import Payment, read_payment
from warifu.chains.bitcoin.reading import reading_of
from warifu.chains.ethereum.message_words import content_of
from warifu.chains.ethereum.reading import read as read_ethereum
from warifu.chains.reading import COIN, Kind, Outflow, Reading
from warifu.chains.solana.reading import read as read_solana
from warifu.errors import InputRefused, TransactionRefused
from warifu.protocol.chains import Family, family_of
from warifu.protocol.frames import MAX_INPUTS
from warifu.protocol.request import Outflow as Authorized
from warifu.protocol.request import TransferRequest
from warifu.signer.wallets import Wallet
from warifu.units import Satoshi, satoshi


@dataclass(frozen=True)
class Seen:
    """What was read, the highest Bitcoin address index that takes part in it (0 on other chains), and what a message
    says, as name and value of each field or line."""

    reading: Reading
    reached: int
    says: tuple[tuple[str, str], ...] = ()


def read(wallet: Wallet, request: TransferRequest, unsigned: bytes, window: int) -> Seen:
    """Read ``unsigned``, if it is exactly what ``request`` says. ``window``: how many Bitcoin addresses of each branch
    count as the wallet's. Raises ``TransactionRefused``, ``InputRefused``."""
    return _READERS[family_of(request.chain)](wallet, request, unsigned, window)


def _bitcoin(wallet: Wallet, request: TransferRequest, unsigned: bytes, window: int) -> Seen:
    payment = read_payment(unsigned, wallet.bitcoin, window)
    if len(payment.inputs) > MAX_INPUTS:
        raise TransactionRefused("too-many-inputs", f"a transfer has at most {MAX_INPUTS} inputs")
    check_payment(
        payment,
        AuthorizedTransfer(
            tuple(map(_recipient, request.outflows)),
            satoshi(int(request.fee_ceiling)),
            request.transaction,
            network_named(wallet.request.network),
        ),
    )
    return Seen(reading_of(payment), _reached(payment))


def _ethereum(wallet: Wallet, request: TransferRequest, unsigned: bytes, _window: int) -> Seen:
    understood = read_ethereum(unsigned, wallet.ethereum, request.chain)
    return _checked(request, understood.reading, content_of(understood.subject))


def _solana(wallet: Wallet, request: TransferRequest, unsigned: bytes, _window: int) -> Seen:
    return _checked(request, read_solana(unsigned, wallet.solana).reading)


_READERS: dict[Family, Callable[[Wallet, TransferRequest, bytes, int], Seen]] = {
    "bitcoin": _bitcoin,
    "eip155": _ethereum,
    "solana": _solana,
}


def _checked(request: TransferRequest, reading: Reading, says: tuple[tuple[str, str], ...] = ()) -> Seen:
    wanted = tuple(
        Outflow(Kind(each.kind), each.token, int(each.amount), each.to) for each in request.outflows
    )
    authorized.check_authorized(
        reading,
        chain=request.chain,
        outflows=wanted,
        fee_ceiling=int(request.fee_ceiling),
        name=request.transaction,
    )
    return Seen(reading, 0, says)


def _recipient(outflow: Authorized) -> tuple[str, Satoshi]:
    """Bitcoin knows payments in its own coin and nothing else."""
    if (outflow.kind, outflow.token) != (Kind.PAYMENT, COIN):
        raise InputRefused("recipients", "on Bitcoin only payments of bitcoin can be authorized")
    return outflow.to, satoshi(int(outflow.amount))


def _reached(payment: Payment) -> int:
    own = [coin.key.index for coin in payment.inputs]
    return max(own + [output.key.index for output in payment.outputs if output.key is not None])
