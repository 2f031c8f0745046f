"""Unsigned Bitcoin transactions, built by the service for the owner to check."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.api.shapes import (
    AddressText,
    Answer,
    FeeRate,
    Id16,
    Question,
    Satoshis,
    Txid,
    UnsignedBytes,
)
from warifu.units import MAX_SATOSHI


class DraftRecipient(Question, frozen=True):
    """Pay exactly this amount to this address."""

    address: AddressText
    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_SATOSHI)]


class NewDraft(Question, frozen=True):
    """``POST /wallets/{name}/drafts`` (draft) -> ``Draft``. Exactly one of the four ways.

    ``recipients``: pay these. ``sweep_to``: send all to one address. ``bump``: replace this unconfirmed transaction of
    ours at a higher fee rate (same recipients). ``cpfp``: spend an unconfirmed output of this transaction so that
    miners take both. Without ``fee_rate`` the backends are asked for one (``bump`` and ``cpfp`` need it).
    """

    recipients: Annotated[tuple[DraftRecipient, ...], msgspec.Meta(max_length=100)] = ()
    sweep_to: AddressText | None = None
    bump: Txid | None = None
    cpfp: Txid | None = None
    fee_rate: FeeRate | None = None


class NewPsbt(Question, frozen=True):
    """``POST /wallets/{name}/psbts`` (draft) -> ``Draft``: a PSBT that another program made for this wallet."""

    psbt: UnsignedBytes


class Draft(Answer, frozen=True):
    """An unsigned Bitcoin transaction. Read the PSBT yourself: the other fields are what the service says of it."""

    psbt: UnsignedBytes
    txid: Txid
    fee: Satoshis
    vsize: int
    fee_rate: int
    replaces: Id16 | None
    """The transfer whose transaction this one replaces; goes into ``TransferRequest.replaces``."""
