"""The road of a chain of accounts (Ethereum and its kin, Solana), over ``chains.accounts.AccountChain``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from warifu.chains.accounts import AccountChain, Outcome, Sent
from warifu.errors import BroadcastRejected, InputRefused
from warifu.protocol.chains import family_of
from warifu.service.roads import forms
from warifu.service.roads.road import (
    Assembled,
    Delivery,
    Displaced,
    Expired,
    InBlock,
    Understood,
    Waiting,
    Whereabouts,
)
from warifu.service.store.database import Database
from warifu.service.store.rows import StoredTransfer, list_transfers
from warifu.service.store.wallets import wallet_named

_ACCEPTED = {Sent.ACCEPTED: "accepted", Sent.ALREADY_KNOWN: "has it already"}
_EXECUTED = (Outcome.SUCCEEDED, Outcome.FAILED)
_ON_ITS_WAY = (*_EXECUTED, Outcome.PENDING, Outcome.REPLACED)


class AccountRoad:
    """The ``Road`` of one chain of accounts."""

    def __init__(self, network: AccountChain, database: Database, symbol: str) -> None:
        """``symbol``: what the chain's coin is called."""
        self.network = network
        self.symbol = symbol
        self._database = database
        self._addresses: dict[str, str] = {}

    @property
    def chain(self) -> str:
        """As requests call it."""
        return self.network.chain

    def address(self, wallet: str) -> str:
        """The wallet's account here. Raises ``ServiceRefused`` (``unknown-wallet``), ``InputRefused`` (``no-key``)."""
        found = self._addresses.get(wallet)
        if found is None:
            found = forms.account_address(wallet_named(self._database, wallet).birth, self.chain)
            self._addresses[wallet] = found
        return found

    def understand(self, wallet: str, unsigned: bytes) -> Understood:
        """Also that the wallet has an account here at all."""
        self.address(wallet)
        return forms.understand(unsigned, self.chain)

    def assemble(self, wallet: str, unsigned: bytes, signatures: Sequence[bytes]) -> Assembled:
        """Raises ``TransactionRefused`` (``signature``) unless the account made it."""
        if not understood_as_message(self.chain, unsigned):
            signed = self.network.assemble(unsigned, signatures, self.address(wallet))
            return Assembled(signed.raw, signed.txid)
        if len(signatures) != 1:
            raise InputRefused("result", f"a message has one signature, not {len(signatures)}")
        return Assembled(forms.message_signature(unsigned, signatures[0], self.address(wallet)), "")

    def hold(self, wallet: str, unsigned: bytes) -> None:
        """The database holds its slot."""

    def release(self, wallet: str, unsigned: bytes) -> None:
        """The database releases its slot with its state."""

    def broadcast(self, wallet: str, raw: bytes) -> Delivery:
        """Send to every backend. A no is checked against the chain: a nonce that is used may be used by this one, and
        a blockhash that is too old may be this transaction's, executed before the service was killed."""
        try:
            outcome, by = self.network.broadcast(raw)
        except BroadcastRejected:
            if self.network.status(self.address(wallet), raw).outcome in _ON_ITS_WAY:
                return Delivery("the network", "knows of it already")
            raise
        return Delivery(by, _ACCEPTED[outcome])

    def refresh(self, wallets: Collection[str]) -> None:
        """Each transaction is asked for by itself."""

    def whereabouts(self, transfer: StoredTransfer) -> Whereabouts:
        """As the chain tells of this one account and transaction."""
        assert transfer.raw is not None, "only what is signed is followed"
        status = self.network.status(self.address(transfer.wallet), transfer.raw)
        match status.outcome:
            case Outcome.SUCCEEDED | Outcome.FAILED:
                assert status.height is not None, "what is in a block has its height"
                failed = status.outcome is Outcome.FAILED
                return InBlock(
                    status.height,
                    max(1, status.confirmations),
                    status.confirmations >= self.network.confirmations,
                    status.fee,
                    (status.why or "its execution failed") if failed else None,
                )
            case Outcome.REPLACED:
                return Displaced(self._winner(transfer), settled=True)
            case Outcome.EXPIRED:
                return Expired(status.why or "it can not be executed any more")
            case Outcome.PENDING | Outcome.UNKNOWN:
                return Waiting(status.outcome is Outcome.PENDING, status.why)

    def _winner(self, transfer: StoredTransfer) -> str | None:
        """The one of ours that took its slot; None where it was sent from elsewhere."""
        if transfer.slot is None:
            return None
        for other in list_transfers(self._database, wallet=transfer.wallet, chain=transfer.chain):
            if other.id == transfer.id or other.slot != transfer.slot or other.raw is None:
                continue
            if not forms.same_turn(self.chain, other.unsigned, transfer.unsigned):
                continue
            if self.network.status(self.address(other.wallet), other.raw).outcome in _EXECUTED:
                return other.txid
        return None


def understood_as_message(chain: str, unsigned: bytes) -> bool:
    """Whether it is signed and not sent."""
    return family_of(chain) == "eip155" and forms.is_message(unsigned)
