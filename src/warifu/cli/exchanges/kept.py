"""What this client asked of exchanges and does not know the end of: kept before it is sent, forgotten once it is known.

The danger is the request whose answer never came: sent again it may happen twice. So the identifier under which the
exchange knows it is on this disk before the first byte leaves, with all that is needed to ask for it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from nacl.utils import random

from warifu.cli.files import private_directory, read_private, write_private
from warifu.errors import InputRefused, StoreDamaged
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.banking import BankTransfer, Direction
from warifu.exchanges.market import Kind, Lifetime, Order, Pair, Side
from warifu.protocol.encoding import Name

MAX_KEPT_BYTES = 8 * 1024
MOST_ALIKE = 64
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_STATED = "{}"
"""In place of what was stated: some exchanges list such withdrawals apart."""
_Text = Annotated[str, msgspec.Meta(max_length=256)]


class _Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind_of"):
    wallet: Name
    account: Name
    exchange: Name
    made: int
    until: int
    """When what asks for it is no longer authorized. Both in seconds since 1970-01-01 UTC."""
    client_id: _Text


class KeptOrder(_Kept, frozen=True, tag="order"):
    """An order, as it was made to fit."""

    pair: _Text
    side: Side
    kind: Kind
    size: Decimal | None
    funds: Decimal | None
    price: Decimal | None
    stop_price: Decimal | None
    rising: bool
    lifetime: Lifetime
    post_only: bool

    def order(self) -> Order:
        """``InputRefused`` for what is none."""
        base, _, quote = self.pair.partition("-")
        return Order(
            self.client_id,
            Pair(base, quote),
            self.side,
            self.kind,
            self.size,
            self.funds,
            self.price,
            self.stop_price,
            self.rising,
            self.lifetime,
            self.post_only,
        )


class KeptWithdrawal(_Kept, frozen=True, tag="withdrawal"):
    """A withdrawal."""

    asset: _Text
    network: _Text
    address: _Text
    amount: Decimal
    memo: _Text | None
    without_memo: bool
    source: _Text
    stated: bool = False
    """Whether it said who is paid: what it said is not kept, and nobody needs it to look for the withdrawal."""

    def withdrawal(self) -> Withdrawal:
        """To be looked for, and not to be made again. ``InputRefused`` for what is none."""
        return Withdrawal(
            self.client_id,
            self.asset,
            self.network,
            self.address,
            self.amount,
            self.memo,
            self.without_memo,
            self.source,
            _STATED if self.stated else "",
        )


class KeptTransfer(_Kept, frozen=True, tag="bank"):
    """Money of a country from a bank, or to it. No exchange knows it by ``client_id``: it is found by bank, amount and
    time."""

    direction: Direction
    bank: _Text
    bank_name: _Text
    amount: Decimal
    currency: _Text
    source: _Text
    alike: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=MOST_ALIKE)]
    """What the exchange calls those that were like it and there before it was sent."""
    transfer: _Text = ""
    """What it calls this one; empty where no answer came."""

    def wanted(self) -> BankTransfer:
        """To be looked for. ``InputRefused`` for what is none."""
        return BankTransfer(self.direction, self.bank, self.amount, self.currency, self.source)


Kept = KeptOrder | KeptWithdrawal | KeptTransfer


def new_identifier() -> str:
    """A random UUID (RFC 9562, version 4) from the system's generator."""
    raw = bytearray(random(16))
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def kept_order(wallet: str, account: str, exchange: str, order: Order, now: int, until: int) -> KeptOrder:
    """``order``, ready to be kept."""
    return KeptOrder(
        wallet=wallet,
        account=account,
        exchange=exchange,
        made=now,
        until=until,
        client_id=order.client_id,
        pair=str(order.pair),
        side=order.side,
        kind=order.kind,
        size=order.size,
        funds=order.funds,
        price=order.price,
        stop_price=order.stop_price,
        rising=order.rising,
        lifetime=order.lifetime,
        post_only=order.post_only,
    )


def kept_withdrawal(
    wallet: str, account: str, exchange: str, withdrawal: Withdrawal, now: int, until: int
) -> KeptWithdrawal:
    """``withdrawal``, ready to be kept."""
    return KeptWithdrawal(
        wallet=wallet,
        account=account,
        exchange=exchange,
        made=now,
        until=until,
        client_id=withdrawal.client_id,
        asset=withdrawal.asset,
        network=withdrawal.network,
        address=withdrawal.address,
        amount=withdrawal.amount,
        memo=withdrawal.memo,
        without_memo=withdrawal.without_memo,
        source=withdrawal.wallet,
        stated=bool(withdrawal.travel_rule),
    )


def keep(home: Path, kept: Kept) -> None:
    """On disk when this returns; ``StoreDamaged`` where it cannot be, and then nothing may be sent."""
    write_private(_place(home, kept.client_id), msgspec.json.encode(kept), replace=False)


def keep_anew(home: Path, kept: Kept) -> None:
    """In place of what was kept of it before."""
    write_private(_place(home, kept.client_id), msgspec.json.encode(kept))


def recall(home: Path, client_id: str, wallet: str, account: str) -> Kept:
    """What was asked under this identifier. ``InputRefused`` (``unknown-identifier``) where this client did not, or
    knows the end of it."""
    path = _place(home, client_id)
    if not path.exists():
        raise _unknown(client_id)
    kept = _read(path)
    if (kept.wallet, kept.account) != (wallet, account):
        raise _unknown(client_id)
    return kept


def all_kept(home: Path, wallet: str, account: str) -> list[Kept]:
    """What was asked of the account and has no known end, the oldest first."""
    found = [_read(path) for path in private_directory(home / "exchange").iterdir() if _ID.match(path.name)]
    mine = [kept for kept in found if (kept.wallet, kept.account) == (wallet, account)]
    return sorted(mine, key=lambda kept: (kept.made, kept.client_id))


def forget(home: Path, client_id: str) -> None:
    """Its end is known."""
    _place(home, client_id).unlink(missing_ok=True)


def _read(path: Path) -> Kept:
    try:
        kept: Kept = msgspec.json.decode(read_private(path, MAX_KEPT_BYTES), type=Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ArithmeticError):
        raise StoreDamaged(
            "profile", f"{path} does not hold what was asked of an exchange", not_done="Nothing was asked."
        ) from None
    return kept


def _place(home: Path, client_id: str) -> Path:
    if not _ID.match(client_id):
        raise _unknown(client_id)
    return private_directory(home / "exchange") / client_id


def _unknown(client_id: str) -> InputRefused:
    return InputRefused(
        "unknown-identifier",
        f"this client asked nothing of this account under {client_id[:40]!r} whose end it does not know",
        not_done="Nothing was asked.",
        remedy="See 'warifu exchange orders'.",
    )
