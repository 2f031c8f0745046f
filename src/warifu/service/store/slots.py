"""What is ours to give out one by one on chains of accounts: account nonces (EVM), durable nonces by number (Solana).
Each is held by one draft or transfer, or by those that replace another.

Providers behind a load balancer disagree about what is pending, so a nonce that we gave out is remembered here and not
asked for. A transfer holds its slot until it is settled, refused, or can not be signed any more; a draft for as long as
an owner takes to say yes.
"""

from __future__ import annotations

import time

import sqlalchemy as sa

from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol.chains import family_of
from warifu.service.store.database import Database
from warifu.service.store.schema import drafts, transfers

SLOT_HOLD = 180
"""Seconds for which a draft keeps its account nonce from others. A longer hold would leave gaps behind which later
transactions wait; a transfer that comes later still gets the slot where nobody took it."""
MAX_SLOT = 2**63 - 1
"""The largest that the database holds; no account comes near it (EIP-2681 ends at 2^64 - 2)."""


def require_slot(slot: int | None) -> None:
    """``InputRefused`` (``slot``) for an account nonce that cannot be kept."""
    if slot is not None and not 0 <= slot <= MAX_SLOT:
        raise InputRefused("slot", "the account's nonce is out of range", not_done="Nothing was signed.")


def waits_for_lower_slots(chain: str) -> bool:
    """Whether the chain executes an account's slots in order."""
    return family_of(chain) == "eip155"


def taken_slots(database: Database, wallet: str, chain: str) -> frozenset[int]:
    """Those that a new draft must not take."""
    now = int(time.time())
    drafted = sa.select(drafts.c.slot).where(
        drafts.c.wallet == wallet,
        drafts.c.chain == chain,
        drafts.c.slot.is_not(None),
        drafts.c.expires > now,
    )
    held = sa.select(transfers.c.slot).where(*_holding(wallet, chain, now))
    with database.reading() as connection:
        return frozenset(connection.execute(drafted.union(held)).scalars())


def take_slot(
    connection: sa.Connection, wallet: str, chain: str, slot: int | None, holder: str, replaces: str | None
) -> None:
    """Return only if transfer ``holder`` may have ``slot``. Raises ``ServiceRefused`` (``slot-taken``).

    Others may hold it only where it replaces one of them: then the chain executes one of all.
    """
    if slot is None:
        return
    question = sa.select(transfers.c.id).where(*_holding(wallet, chain, int(time.time())))
    others = set(
        connection.execute(question.where(transfers.c.slot == slot, transfers.c.id != holder)).scalars()
    )
    if others and replaces not in others:
        raise ServiceRefused(
            "slot-taken",
            f"another transfer holds nonce {slot} of this account",
            remedy="Draft the payment again: it gets the next one.",
        )


def open_drafts_below(connection: sa.Connection, wallet: str, chain: str, slot: int) -> tuple[int, ...]:
    """Lower slots that only drafts hold: what takes ``slot`` waits until they are taken, too."""
    now = int(time.time())
    held = set(connection.execute(sa.select(transfers.c.slot).where(*_holding(wallet, chain, now))).scalars())
    question = sa.select(drafts.c.slot).where(
        drafts.c.wallet == wallet, drafts.c.chain == chain, drafts.c.slot < slot, drafts.c.expires > now
    )
    return tuple(sorted(set(connection.execute(question).scalars()) - held))


def _holding(wallet: str, chain: str, now: int) -> tuple[sa.ColumnElement[bool], ...]:
    """A rejected one holds nothing: nodes do not have it, and waiting for it would block the account."""
    waits_in_vain = transfers.c.state.in_(("proposed", "needs-authorization")) & (transfers.c.expires <= now)
    return (
        transfers.c.wallet == wallet,
        transfers.c.chain == chain,
        transfers.c.slot.is_not(None),
        sa.not_(transfers.c.settled),
        transfers.c.state != "rejected",
        sa.not_(waits_in_vain),
    )
