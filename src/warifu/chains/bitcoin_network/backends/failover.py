"""Several backends as one: the first that answers, agreement where a lie could cost money."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import display_hash
from warifu.chains.bitcoin_network.backends.base import (
    Backend,
    BroadcastOutcome,
    Place,
    TxStatus,
    check_network,
)
from warifu.chains.bitcoin_network.fees import FeeEstimates
from warifu.chains.bitcoin_network.wallet import ChainTip, DescriptorWallet
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused

REST_SECONDS = 30.0
"""For so long a backend that failed is asked last."""
SETTLED = 1
"""Blocks below the lowest tip at which backends must agree: at the very tip they may honestly differ for a while."""

T = TypeVar("T")


class Backends:
    """Backends of one network in order of preference; itself a backend.

    A backend is asked nothing else before it was seen to be on the right network.
    """

    def __init__(self, backends: Sequence[Backend], network: Network, name: str = "backends") -> None:
        if not backends:
            raise InputRefused("backends", "at least one backend is needed")
        self.name = name
        self._backends = list(backends)
        self._network = network
        self._checked: set[int] = set()
        self._resting: dict[int, float] = {}

    def _first(self, ask: Callable[[Backend], T]) -> T:
        """The first answer; the last failure where there is none."""
        failure: ChainUnavailable | None = None
        for backend in self._in_order():
            try:
                return self._one(backend, ask)
            except ChainUnavailable as error:
                failure = error
        assert failure is not None, "there is at least one backend"
        raise failure

    def _one(self, backend: Backend, ask: Callable[[Backend], T]) -> T:
        try:
            if id(backend) not in self._checked:
                check_network(backend, self._network)
                self._checked.add(id(backend))
            answer = ask(backend)
        except ChainUnavailable:
            self._resting[id(backend)] = time.monotonic() + REST_SECONDS
            raise
        self._resting.pop(id(backend), None)
        return answer

    def _in_order(self) -> list[Backend]:
        now = time.monotonic()
        return sorted(self._backends, key=lambda backend: self._rests(backend, now))

    def _rests(self, backend: Backend, now: float) -> bool:
        return self._resting.get(id(backend), 0) > now

    def block_hash(self, height: int) -> bytes:
        """The hash of the block at ``height``, of the first that answers."""
        return self._first(lambda backend: backend.block_hash(height))

    def tip(self) -> ChainTip:
        """The best block, of the first that answers."""
        return self._first(lambda backend: backend.tip())

    def sync(self, wallet: DescriptorWallet) -> None:
        """Synchronise with the first that can."""
        self._first(lambda backend: backend.sync(wallet))

    def fee_rates(self) -> FeeEstimates:
        """Estimates of the first that answers."""
        return self._first(lambda backend: backend.fee_rates())

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Send to all at the same time, but for those that rest; to these, too, where nobody else takes it.

        A backend that says it took a transaction and drops it holds up a payment only if nobody else got it. One
        refusal is not the last word either, as nodes differ in policy; if none takes it, the first one is raised.
        """
        now = time.monotonic()
        awake = [backend for backend in self._backends if not self._rests(backend, now)]
        answers = self._offered(awake, raw)
        if not any(isinstance(answer, BroadcastOutcome) for answer in answers):
            answers += self._offered([backend for backend in self._backends if backend not in awake], raw)
        taken = [answer for answer in answers if isinstance(answer, BroadcastOutcome)]
        if taken:
            return taken[0]
        refusals = [answer for answer in answers if isinstance(answer, BroadcastRejected)]
        failures = [answer for answer in answers if isinstance(answer, ChainUnavailable)]
        raise [*refusals, *reversed(failures)][0]

    def _offered(
        self, backends: Sequence[Backend], raw: bytes
    ) -> list[BroadcastOutcome | BroadcastRejected | ChainUnavailable]:
        def offer(backend: Backend) -> BroadcastOutcome | BroadcastRejected | ChainUnavailable:
            try:
                return self._one(backend, lambda asked: asked.broadcast(raw))
            except (BroadcastRejected, ChainUnavailable) as error:
                return error

        if len(backends) < 2:
            return [offer(backend) for backend in backends]
        with ThreadPoolExecutor(max_workers=len(backends), thread_name_prefix="broadcast") as pool:
            return list(pool.map(offer, backends))

    def status(self, txid: bytes) -> TxStatus:
        """The furthest that any backend has seen the transaction."""
        found: list[TxStatus] = []
        failure: ChainUnavailable | None = None
        for backend in self._in_order():
            try:
                status = self._one(backend, lambda asked: asked.status(txid))
            except ChainUnavailable as error:
                failure = error
                continue
            if status.place is Place.CONFIRMED:
                return status
            found.append(status)
        if not found:
            assert failure is not None, "there is at least one backend"
            raise failure
        return next((status for status in found if status.place is Place.MEMPOOL), found[0])

    def agreed_tip(self, quorum: int) -> ChainTip:
        """A block that ``quorum`` backends have, just below the lowest of their tips.

        For decisions in which a made-up chain would cost money. Raises ``ChainUnavailable``: ``quorum`` where too few
        answer, ``disagreement`` where they do not have the same block.
        """
        answers: list[tuple[Backend, ChainTip]] = []
        for backend in self._in_order():
            try:
                answers.append((backend, self._one(backend, lambda asked: asked.tip())))
            except ChainUnavailable:
                continue
        if len(answers) < max(1, quorum):
            raise ChainUnavailable("quorum", f"{len(answers)} of the {quorum} backends needed gave an answer")
        height = max(0, min(tip.height for _, tip in answers) - SETTLED)
        hashes = {
            backend.name: self._one(backend, lambda asked: asked.block_hash(height)) for backend, _ in answers
        }
        if len(set(hashes.values())) != 1:
            seen = ", ".join(f"{name}: {display_hash(value)[:16]}" for name, value in sorted(hashes.items()))
            raise ChainUnavailable(
                "disagreement",
                f"the backends are on different chains at height {height} ({seen})",
                remedy="Wait for the network to settle; if it does not, one of them is lying or broken.",
                retry_after=600,
            )
        return ChainTip(height, next(iter(hashes.values())))

    def close(self) -> None:
        """Close all of them."""
        for backend in self._backends:
            backend.close()
