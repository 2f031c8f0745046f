"""What the owner is about to authorize, on any chain: read by this client, and in the words that are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nacl.utils import random

from warifu.chains import reading
from warifu.chains.reading import COIN
from warifu.cli.known_wallet import Wallet
from warifu.cli.text import tr
from warifu.errors import InputRefused, TransactionRefused
from warifu.protocol.chains import coin_decimals, coin_symbol
from warifu.protocol.request import Outflow, TransferRequest
from warifu.units import format_quantity

LIFETIME = 3600
"""Seconds for which a transfer stays authorized; a device that is off meanwhile may come back within it."""
DEAR_FEE = 20
"""One part in this many of the amount: a fee above it is pointed out."""


@dataclass(frozen=True)
class Order:
    """An unsigned transaction, or a message, and what it was checked to do. Amounts in the smallest unit."""

    chain: str
    unsigned: bytes
    transaction: bytes
    """32 bytes that name it (``Reading.name``)."""
    outflows: tuple[Outflow, ...]
    fee: int
    fee_ceiling: int | None
    replaces: bytes | None
    facts: tuple[tuple[str, str], ...]
    """What the owner looks at before he says yes: name and value."""
    described: dict[str, Any]
    """The same for scripts."""
    devices: tuple[str, ...]
    confirmations: int
    sent: bool = True
    """Whether it is sent once it is signed; a message is not."""
    makes_a_key: bool = False
    """Whether somebody makes a key of the signature: to be pointed out."""

    def __post_init__(self) -> None:
        if self.fee > self.ceiling:
            most, allowed = format_coin(self.chain, self.fee), format_coin(self.chain, self.ceiling)
            raise TransactionRefused(
                "fee-over-ceiling",
                f"it can cost {most}, more than the {allowed} that you allow",
                remedy="Allow a higher fee (--fee-ceiling), or wait until the chain is less busy.",
            )

    @property
    def ceiling(self) -> int:
        """Without one of the owner's own: exactly the fee that is shown."""
        return self.fee if self.fee_ceiling is None else self.fee_ceiling

    @property
    def paid(self) -> int:
        """What is paid in the chain's own coin: a fee can be compared with nothing else."""
        return sum(int(outflow.amount) for outflow in self.outflows if outflow.token == COIN)

    @property
    def dear(self) -> bool:
        """Whether the fee is more than a twentieth of what is paid in the same coin: to be pointed out."""
        return 0 < self.paid < self.fee * DEAR_FEE

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is pointed out to whoever is asked for a yes."""
        found = []
        if self.dear:
            found.append(tr("the fee is more than a twentieth of the amount"))
        if self.makes_a_key:
            found.append(
                tr(
                    "an exchange makes a key of this signature. Each signature of this wallet is another one: what is "
                    "held by that key is lost with it, because it can never be made again."
                )
            )
        return tuple(found)

    def check_unseen(self) -> None:
        """Return if something but a person's look says that the fee is fitting; else ``InputRefused`` (``dear-fee``).

        The service chooses it. Where nothing is paid in the same coin (tokens, cancellations), it could choose the
        policy's whole ceiling, each time.
        """
        if self.fee_ceiling is not None or self.fee * DEAR_FEE <= self.paid:
            return
        what = (
            "is more than a twentieth of the amount"
            if self.paid
            else "cannot be compared with anything that is paid in the same coin"
        )
        raise InputRefused(
            "dear-fee",
            f"the fee of {format_coin(self.chain, self.fee)} {what}, and nobody looks",
            remedy="Name the most that may be paid (--fee-ceiling), or leave out --yes and look.",
        )

    def request(self, wallet: Wallet, now: int, lifetime: int = LIFETIME) -> TransferRequest:
        """What is authorized: exactly this transaction, once. ``lifetime``: in seconds."""
        return TransferRequest(
            request_id=random(16),
            wallet_id=wallet.wallet_id,
            chain=self.chain,
            outflows=self.outflows,
            fee_ceiling=str(self.ceiling),
            transaction=self.transaction,
            replaces=self.replaces,
            created=now,
            expires=now + lifetime,
        )


def format_coin(chain: str, amount: int) -> str:
    """An amount of the chain's own coin, in words."""
    return format_quantity(amount, coin_decimals(chain), coin_symbol(chain))


def as_authorized(outflow: reading.Outflow) -> Outflow:
    """A reading's outflow in the form in which it is authorized."""
    return Outflow(outflow.kind.value, outflow.token, str(outflow.amount), outflow.to)
