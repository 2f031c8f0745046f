"""Chains of accounts: what is there, what happened, and unsigned transactions for the owner to check."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import AddressText, Answer, AnyTxid, Hex32, Id16, Question, UnsignedBytes
from warifu.protocol.api.transfers import TransferState
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Amount, Seconds

MAX_LISTED = 10_000
"""Transactions of an account that are told of at once."""
MAX_SENT_BYTES = 128 * 1024
"""Of one: what nodes take on Ethereum; Solana's are far shorter."""
MAX_BYTES_ASKED = 50
"""Transactions whose bytes are asked for at once."""


class Asset(Answer, frozen=True):
    """What an account has of one asset. ``token`` is empty for the chain's own coin."""

    token: str
    symbol: str
    decimals: int
    amount: Amount


class Account(Answer, frozen=True):
    """A wallet's account on one chain. Derive the address yourself before you show it."""

    chain: Chain
    address: str
    assets: tuple[Asset, ...]
    height: int | None
    refusal: ErrorBody | None
    """Why there are no figures, where a backend gave none."""
    executed: int | None = None
    """How many transactions it has made that are in blocks, where the chain counts them."""


class Accounts(Answer, frozen=True):
    """``GET /wallets/{name}/accounts`` (read): on every chain of accounts that is configured, after asking backends."""

    accounts: tuple[Account, ...]


class AccountPayment(Question, frozen=True):
    """Pay ``amount`` (smallest unit) of ``token`` (empty: the chain's own coin) to ``to``."""

    to: AddressText
    amount: Amount
    token: Annotated[str, msgspec.Meta(max_length=64)] = ""


class NewAccountDraft(Question, frozen=True):
    """``POST /wallets/{name}/account-drafts`` (draft) -> ``AccountDraft``. Exactly one of the four ways.

    ``payment``: pay. ``bump``: the unsettled transfer with this id again, with fees that replace it. ``cancel``: a
    transaction that takes its place and pays nobody. ``prepare``: what the chain wants once before it can serve the
    wallet well (Solana: an account for durable nonces).
    """

    chain: Chain
    payment: AccountPayment | None = None
    bump: Id16 | None = None
    cancel: Id16 | None = None
    prepare: bool = False


class AccountDraft(Answer, frozen=True):
    """An unsigned transaction of a chain of accounts. Read it yourself: the other fields are what the service says.

    It keeps its account nonce from other drafts for a few minutes. Where the owner says no, end it with ``DELETE
    /wallets/{name}/account-drafts/{transaction}`` (draft): else what is drafted next waits behind it.
    """

    chain: Chain
    unsigned: UnsignedBytes
    transaction: Hex32
    """What names it: ``TransferRequest.transaction`` in hex."""
    fee: Amount
    """The most that it can cost."""
    likely_fee: Amount
    replaces: Id16 | None
    """The transfer whose transaction this one replaces; goes into ``TransferRequest.replaces``."""


class Moved(Answer, frozen=True):
    """One outflow that the owner authorized, in the asset's smallest unit. ``token`` is empty for the chain's coin."""

    kind: str
    token: str
    amount: Amount
    to: str


class AccountEntry(Answer, frozen=True):
    """One transfer on a chain of accounts. ``fee`` is what it cost, once that is known."""

    chain: Chain
    transfer: Id16
    txid: AnyTxid
    state: TransferState
    moved: tuple[Moved, ...]
    fee: Amount | None
    height: int | None
    created: Seconds
    label: str


class AccountHistory(Answer, frozen=True):
    """``GET /wallets/{name}/account-transactions`` (read), newest first: from the service's own records, so what others
    paid in is not among it."""

    transfers: tuple[AccountEntry, ...]


class AccountListing(Answer, frozen=True):
    """``GET /wallets/{name}/account-listing?chain=...`` (read): transactions in blocks, as the backends tell it.

    On Solana every one that names the wallet's account or its durable nonces, in any part. On a chain that counts what
    an account sent, of those that this service did not send itself the newest few that the backends can name.
    """

    txids: Annotated[tuple[AnyTxid, ...], msgspec.Meta(max_length=MAX_LISTED)]
    since: Seconds | None
    """The moment before which the backends have no history; None where they have it all."""


class AccountBytesQuestion(Question, frozen=True):
    """``POST /wallets/{name}/account-bytes`` (read) -> ``AccountBytes``."""

    chain: Chain
    txids: Annotated[tuple[AnyTxid, ...], msgspec.Meta(min_length=1, max_length=MAX_BYTES_ASKED)]


class AccountBytes(Answer, frozen=True):
    """Signed transactions in the order in which they were asked for; empty where no backend shows it. Read and verify
    them yourself."""

    transactions: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(max_length=MAX_SENT_BYTES)], ...],
        msgspec.Meta(max_length=MAX_BYTES_ASKED),
    ]
