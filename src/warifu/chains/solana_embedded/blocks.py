"""Methods about the chain itself: identity, slots, blockhashes, blocks, fees."""

from __future__ import annotations

import base64
from collections.abc import Callable

import solders
from solders.hash import Hash
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from warifu.chains.solana.address import parse_address
from warifu.chains.solana_embedded.chain import EmbeddedChain, Rejected, message_from
from warifu.chains.solana_embedded.refusals import (
    BLOCK_NOT_AVAILABLE,
    INVALID_PARAMS,
    Refused,
    config,
    in_context,
    number,
    text,
    texts,
)

MAX_ACCOUNT_BYTES = 10 * 1024 * 1024


class Blocks:
    """Over one chain."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain

    def methods(self) -> dict[str, Callable[..., object]]:
        """By their names in JSON-RPC."""
        return {
            "getHealth": lambda: "ok",
            "getVersion": lambda: {"solana-core": f"embedded LiteSVM (solders {solders.__version__})"},
            "getGenesisHash": lambda: str(self._chain.genesis_hash),
            "getSlot": self._slot,
            "getBlockHeight": self._height,
            "getBlock": self._block,
            "getBlockTime": self._block_time,
            "getFirstAvailableBlock": lambda: self._chain.first_remembered,
            "getLatestBlockhash": self._latest_blockhash,
            "isBlockhashValid": self._is_blockhash_valid,
            "getFeeForMessage": self._fee_for_message,
            "getRecentPrioritizationFees": self._prioritization_fees,
            "getMinimumBalanceForRentExemption": self._rent,
        }

    def _slot(self, options: object = None) -> object:
        return self._chain.height(final=True) if config(options).final else self._chain.slot

    def _height(self, options: object = None) -> object:
        return self._chain.height(final=config(options).final)

    def _block(self, slot: object, _options: object = None) -> object:
        block = self._chain.block(number(slot, "the slot"))
        if block is None:
            raise Refused(BLOCK_NOT_AVAILABLE, f"Block not available for slot {slot}")
        return {
            "blockHeight": block.slot,
            "blockTime": None,
            "blockhash": str(block.block_hash),
            "previousBlockhash": str(block.parent_hash),
            "parentSlot": block.slot - 1,
            "signatures": [block.signature] if block.signature else [],
        }

    def _block_time(self, slot: object) -> None:
        """There is no clock here."""
        number(slot, "the slot")

    def _latest_blockhash(self, _options: object = None) -> object:
        latest, last = self._chain.latest_blockhash()
        return in_context(self._chain, {"blockhash": str(latest), "lastValidBlockHeight": last})

    def _is_blockhash_valid(self, blockhash: object, _options: object = None) -> object:
        value = Hash.from_bytes(parse_address(text(blockhash, "the blockhash")))
        return in_context(self._chain, self._chain.is_recent(value))

    def _fee_for_message(self, message: object, _options: object = None) -> object:
        """From a simulated execution; null where its blockhash is neither recent nor a durable nonce's value."""
        try:
            raw = base64.b64decode(text(message, "the message"), validate=True)
        except ValueError:
            raise Refused(INVALID_PARAMS, "Invalid params: invalid base64 encoding") from None
        parsed = message_from(raw)
        unsigned = [Signature.default()] * parsed.header.num_required_signatures
        transaction = VersionedTransaction.populate(parsed, unsigned)
        try:
            fee = self._chain.simulate(transaction, check_signature=False).fee()
        except Rejected as rejected:
            fee = rejected.fee
        return in_context(self._chain, fee or None)

    def _prioritization_fees(self, accounts: object = None) -> object:
        """Nobody competes here: the least that a slot took was nothing."""
        texts(accounts if accounts is not None else [], "accounts", 128)
        newest = self._chain.height()
        return [
            {"slot": slot, "prioritizationFee": 0}
            for slot in range(max(self._chain.first_slot, newest - 149), newest + 1)
        ]

    def _rent(self, size: object, _options: object = None) -> object:
        wanted = number(size, "the size")
        if wanted > MAX_ACCOUNT_BYTES:
            raise Refused(INVALID_PARAMS, "Invalid params: too large")
        return self._chain.svm.minimum_balance_for_rent_exemption(wanted)
