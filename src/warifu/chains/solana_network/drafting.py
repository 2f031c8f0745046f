"""Unsigned messages: payments, new nonce accounts, replacements. Each is read here as a signer will read it.

A draft uses a durable nonce of the account's where one is free, so that it lives until people have approved it; else a
recent blockhash, which is good for about a minute. Its compute limit comes from a simulation, its price from what the
last slots took.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from solders.instruction import Instruction

from warifu.chains.accounts import AccountDraft, Payment
from warifu.chains.reading import COIN
from warifu.chains.solana import fees
from warifu.chains.solana.actions import ComputePrice
from warifu.chains.solana.address import parse_address
from warifu.chains.solana.amounts import MAX_AMOUNT
from warifu.chains.solana.instructions import MAX_COMPUTE_UNITS
from warifu.chains.solana.message import parse_message
from warifu.chains.solana.reading import read
from warifu.chains.solana_network import building
from warifu.chains.solana_network.nodes import Nodes
from warifu.chains.solana_network.nonces import FreeNonce, Nonces
from warifu.chains.solana_network.paying import Paying
from warifu.chains.solana_network.priority import PriorityBounds, compute_limit, outbid, price_from
from warifu.chains.solana_network.rejection import EXPIRED, reason_for, words_for
from warifu.chains.solana_network.token_reading import Mints
from warifu.errors import ChainUnavailable, InputRefused, TransactionRefused


@dataclass(frozen=True)
class Lifetime:
    """What a message carries in its blockhash field, and what shows that this is a durable nonce's value."""

    blockhash: bytes
    proof: bytes = b""


class Drafter:
    """Drafts for the accounts of one cluster."""

    def __init__(self, nodes: Nodes, mints: Mints, nonces: Nonces, bounds: PriorityBounds) -> None:
        self._nodes = nodes
        self._nonces = nonces
        self._bounds = bounds
        self._paying = Paying(nodes, mints)

    def draft(self, sender: str, payment: Payment, taken: Collection[int]) -> AccountDraft:
        """Pay; raises as ``AccountChain.draft``."""
        account, to = parse_address(sender), parse_address(payment.to)
        if account == to:
            raise InputRefused("address", "the recipient is the account itself")
        if not 1 <= payment.amount <= MAX_AMOUNT:
            raise InputRefused("amount-range", "a payment is from 1 to 2^64 - 1 of the smallest unit")
        if payment.token == COIN:
            plan = self._paying.sol(account, to, payment.amount)
        else:
            plan = self._paying.token(account, to, payment.token, payment.amount)
        self._paying.check_funds(account, plan, fees.LAMPORTS_PER_SIGNATURE + plan.rent)
        nonce = self._nonces.free(account, taken)
        lifetime = self._lifetime(nonce)
        advance = [building.advance_nonce(nonce.address, account)] if nonce is not None else []
        built = self._budgeted(account, advance, plan.instructions, lifetime)
        draft = self._finished(sender, built, lifetime, nonce.index if nonce is not None else None, plan.rent)
        self._paying.check_funds(account, plan, draft.likely_fee)
        return draft

    def prepare(self, sender: str, taken: Collection[int]) -> AccountDraft:
        """Make the next nonce account; it holds that number, so that nobody else makes it meanwhile."""
        account = parse_address(sender)
        index = self._nonces.vacant(account, taken)
        lifetime = self._lifetime(None)
        built = self._budgeted(account, [], building.make_nonce(account, index), lifetime)
        return self._finished(sender, built, lifetime, index, fees.NONCE_RENT)

    def replace(self, sender: str, unsigned: bytes, *, cancel: bool) -> AccountDraft:
        """The same on the same value of its durable nonce, for more; or only the nonce's advance, to ``cancel``."""
        understood = read(unsigned, sender)
        nonce, message = understood.nonce, understood.message
        if nonce is None or not understood.proven:
            raise InputRefused(
                "not-replaceable",
                "nothing makes it and another transaction exclude each other",
                remedy="It expires by itself, about a minute after it was drafted.",
            )
        if self._nonces.value(nonce) != message.blockhash:
            raise InputRefused(
                "not-replaceable", "its durable nonce is used up: it, or another, was executed"
            )
        account = parse_address(sender)
        index = self._number_of(account, nonce)
        lifetime = Lifetime(message.blockhash, unsigned[len(message.raw) :])
        first, *rest = (item for item in building.instructions_of(message) if not building.is_budget(item))
        old = next((a.micro_lamports for a in understood.actions if isinstance(a, ComputePrice)), 0)
        built = self._budgeted(account, [first], [] if cancel else rest, lifetime, old_price=old)
        rent = 0 if cancel else fees.deposits(understood.actions)
        return self._finished(sender, built, lifetime, index, rent)

    def _number_of(self, account: bytes, nonce: bytes) -> int | None:
        numbers = {building.nonce_address(account, index): index for index in range(building.MAX_NONCES)}
        return numbers.get(nonce)

    def _lifetime(self, nonce: FreeNonce | None) -> Lifetime:
        if nonce is not None:
            return Lifetime(nonce.value, self._nonces.proof(nonce))
        return Lifetime(parse_address(self._nodes.latest_blockhash()))

    def _budgeted(
        self,
        account: bytes,
        advance: Sequence[Instruction],
        body: Sequence[Instruction],
        lifetime: Lifetime,
        *,
        old_price: int | None = None,
    ) -> bytes:
        """The message with the compute limit that a simulation needs, and a price; higher than ``old_price``."""

        def with_budget(limit: int, price: int) -> bytes:
            budget = building.compute_budget(limit, price)
            return building.compile_message(account, [*advance, *budget, *body], lifetime.blockhash)

        tried = with_budget(MAX_COMPUTE_UNITS, 1)
        limit = compute_limit(self._simulated(tried))
        samples = self._nodes.prioritization_fees(_changed_by(tried))
        price = price_from(samples, limit, self._bounds)
        if old_price is not None:
            price = outbid(old_price, price, limit, self._bounds)
        return with_budget(limit, price)

    def _simulated(self, message: bytes) -> int:
        """Compute units that it uses. Raises ``InputRefused`` with the runtime's reason where it would fail."""
        found = self._nodes.simulate(message)
        if found.err is not None:
            reason, remedy = reason_for(found.err)
            words = words_for(found.err, found.logs)
            if reason == EXPIRED:
                raise ChainUnavailable(
                    "behind",
                    f"a node does not know the blockhash or durable nonce yet ({words})",
                    remedy="Try again in a second.",
                    retry_after=1,
                )
            kind = reason if reason == "insufficient-funds" else "draft"
            raise InputRefused(kind, f"it would fail: {words}", remedy=remedy)
        return found.units_consumed or 0

    def _finished(
        self, sender: str, message: bytes, lifetime: Lifetime, slot: int | None, rent: int
    ) -> AccountDraft:
        """``rent``: what the accounts that it makes are likely to take, in lamports."""
        unsigned = message + lifetime.proof
        try:
            understood = read(unsigned, sender)
        except TransactionRefused as error:
            raise InputRefused("draft", f"no signer would sign what can be built: {error}") from None
        return AccountDraft(
            unsigned=unsigned,
            name=understood.reading.name,
            fee=understood.reading.fee,
            likely_fee=fees.running(understood.actions, 1) + rent,
            slot=slot,
        )


def _changed_by(message: bytes) -> list[bytes]:
    """The accounts for whose use one competes."""
    parsed = parse_message(message)
    return [key for index, key in enumerate(parsed.keys) if parsed.is_writable(index)]
