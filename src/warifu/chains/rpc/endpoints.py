"""Several servers of one chain: the first that answers, agreement on what decides money, a broadcast to all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, overload

from warifu.chains.rpc.endpoint import JsonRpcEndpoint, Params
from warifu.chains.rpc.faults import NOT_ITS_BUSINESS, RpcRefused
from warifu.chains.rpc.unavailable import said
from warifu.errors import ChainUnavailable, InputRefused

REST_SECONDS = 30.0
"""For so long an endpoint that failed is asked last."""
MAX_ENDPOINTS = 16
SHOWN_CHARACTERS = 60

T = TypeVar("T")

Probe = Callable[[JsonRpcEndpoint], None]
"""Asks an endpoint which chain it is on; raises ``ChainUnavailable`` (``wrong-network``) if it is another one."""


class Endpoints(Sequence[JsonRpcEndpoint]):
    """Endpoints of one chain in order of preference. Safe to use from several threads.

    ``probe`` is run once for each endpoint, before it is asked anything else. One that fails it is not used (but tried
    again the next time): a node of a test network must never feed a wallet of real money.
    """

    def __init__(
        self,
        endpoints: Sequence[JsonRpcEndpoint],
        probe: Probe | None = None,
        *,
        rest_seconds: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 1 <= len(endpoints) <= MAX_ENDPOINTS:
            raise InputRefused("backends", f"a chain has 1 to {MAX_ENDPOINTS} endpoints")
        if len({endpoint.name for endpoint in endpoints}) != len(endpoints):
            raise InputRefused("backends", "each endpoint of a chain has a name of its own")
        self._endpoints = tuple(endpoints)
        self._probe = probe
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._checked: set[str] = set()
        self._resting: dict[str, float] = {}

    @overload
    def __getitem__(self, index: int) -> JsonRpcEndpoint: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[JsonRpcEndpoint]: ...
    def __getitem__(self, index: int | slice) -> JsonRpcEndpoint | Sequence[JsonRpcEndpoint]:
        return self._endpoints[index]

    def __len__(self) -> int:
        return len(self._endpoints)

    def __repr__(self) -> str:
        return f"Endpoints({', '.join(endpoint.name for endpoint in self._endpoints)})"

    def check(self, probe: Probe | None = None) -> None:
        """Probe those that were not yet; return if at least one passed and none is of another chain.

        A ``probe`` given here takes the place of the one given before, and everybody is probed anew.
        Raises ``ChainUnavailable``: ``wrong-network``, or the last failure where nobody passed.
        """
        if probe is not None:
            with self._lock:
                self._probe = probe
                self._checked.clear()
        failure: ChainUnavailable | None = None
        passed = 0
        for endpoint in self._endpoints:
            try:
                self._one(endpoint, lambda _: None)
                passed += 1
            except ChainUnavailable as error:
                if error.reason == "wrong-network":
                    raise
                failure = error
        if not passed:
            assert failure is not None, "there is at least one endpoint"
            raise failure

    def first(self, method: str, params: Params, kind: type[T]) -> T:
        """The result of the first that answers. Raises its ``RpcRefused``; the last failure where none answers.

        A refusal is an answer and nobody else is asked, except where an endpoint does not have the method or failed
        inside.
        """
        return self.ask(lambda endpoint: endpoint.call(method, params, kind))

    def ask(self, question: Callable[[JsonRpcEndpoint], T]) -> T:
        """As ``first``, for any use of one endpoint: ``call`` with bounds of its own, ``batch``, several calls."""
        failure: ChainUnavailable | RpcRefused | None = None
        for endpoint in self._in_order():
            try:
                return self._one(endpoint, question)
            except ChainUnavailable as error:
                failure = failure if isinstance(failure, RpcRefused) else error
            except RpcRefused as error:
                if error.code not in NOT_ITS_BUSINESS:
                    raise
                failure = error
        assert failure is not None, "there is at least one endpoint"
        raise failure

    def agreed(
        self,
        method: str,
        params: Params,
        kind: type[T],
        quorum: int,
        *,
        same: Callable[[T], object] = lambda answer: answer,
    ) -> T:
        """What ``quorum`` endpoints say alike: for what decides money. With one endpoint configured, what it says.

        Asks in order until so many answered. ``same`` gives what must be equal (leave out what honest nodes may differ
        in). A refusal is an answer, too, the same if its code is; if all refuse, the first refusal is raised. Raises
        ``ChainUnavailable``: ``quorum`` where too few answer, ``disagreement`` with who says what: one lying endpoint
        can so stop a payment, but not cause one.
        """
        return self.agreed_on(lambda endpoint: endpoint.call(method, params, kind), quorum, same=same)

    def agreed_on(
        self,
        question: Callable[[JsonRpcEndpoint], T],
        quorum: int,
        *,
        same: Callable[[T], object] = lambda answer: answer,
    ) -> T:
        """As ``agreed``, for any question to one endpoint."""
        if len(self) == 1:
            return self._one(self._endpoints[0], question)
        needed = max(1, quorum)
        answers: dict[str, T | RpcRefused] = {}
        failures: list[str] = []
        for endpoint in self._in_order():
            if len(answers) == needed:
                break
            try:
                answers[endpoint.name] = self._one(endpoint, question)
            except RpcRefused as error:
                if error.code in NOT_ITS_BUSINESS:
                    failures.append(f"{endpoint.name}: {error.message}")
                else:
                    answers[endpoint.name] = error
            except ChainUnavailable as error:
                failures.append(error.message)
        if len(answers) < needed:
            raise ChainUnavailable(
                "quorum",
                f"{len(answers)} of the {needed} endpoints needed gave an answer"
                + (f" ({'; '.join(failures)})" if failures else ""),
                not_done="Nothing was decided on what so few say.",
                remedy="Try again, or configure more endpoints.",
                retry_after=10,
            )
        return _agreement(answers, same)

    def every(
        self, method: str, params: Params, kind: type[T]
    ) -> list[tuple[str, T | RpcRefused | ChainUnavailable]]:
        """Ask all at the same time: each one's name with its result, refusal or failure, in order of preference.

        For broadcasts: one node may drop a transaction silently, and none should be able to hold it back.
        """

        def one(endpoint: JsonRpcEndpoint) -> tuple[str, T | RpcRefused | ChainUnavailable]:
            try:
                return endpoint.name, self._one(endpoint, lambda asked: asked.call(method, params, kind))
            except (RpcRefused, ChainUnavailable) as error:
                return endpoint.name, error

        if len(self) == 1:
            return [one(self._endpoints[0])]
        with ThreadPoolExecutor(max_workers=len(self), thread_name_prefix="rpc-every") as pool:
            return list(pool.map(one, self._endpoints))

    def close(self) -> None:
        """Close all of them."""
        for endpoint in self._endpoints:
            endpoint.close()

    def _one(self, endpoint: JsonRpcEndpoint, question: Callable[[JsonRpcEndpoint], T]) -> T:
        try:
            self._probed(endpoint)
            answer = question(endpoint)
        except ChainUnavailable as error:
            with self._lock:
                rest = max(self._rest_seconds, float(error.retry_after or 0))
                self._resting[endpoint.name] = self._clock() + rest
            raise
        with self._lock:
            self._resting.pop(endpoint.name, None)
        return answer

    def _probed(self, endpoint: JsonRpcEndpoint) -> None:
        with self._lock:
            probe, done = self._probe, endpoint.name in self._checked
        if probe is None or done:
            return
        try:
            probe(endpoint)
        except RpcRefused as error:
            failure = ChainUnavailable(
                "wrong-network",
                f"{endpoint.name} does not say which chain it is on: {error.message}",
                blame=endpoint.name,
            )
        else:
            with self._lock:
                self._checked.add(endpoint.name)
            return
        raise failure

    def _in_order(self) -> list[JsonRpcEndpoint]:
        now = self._clock()
        with self._lock:
            return sorted(self._endpoints, key=lambda endpoint: self._resting.get(endpoint.name, now) > now)


def _agreement(answers: dict[str, T | RpcRefused], same: Callable[[T], object]) -> T:
    first = next(iter(answers.values()))
    compared = {
        name: ("refused", answer.code) if isinstance(answer, RpcRefused) else ("answered", same(answer))
        for name, answer in answers.items()
    }
    values = list(compared.values())
    if any(value != values[0] for value in values):
        seen = ", ".join(
            f"{name}: {said(str(value[1]), SHOWN_CHARACTERS)}" for name, value in compared.items()
        )
        raise ChainUnavailable(
            "disagreement",
            f"the endpoints do not say the same ({seen})",
            not_done="Nothing was decided on it.",
            remedy="Try again in a moment; if it stays so, one of them is lying or broken.",
            retry_after=15,
        )
    if isinstance(first, RpcRefused):
        raise first
    return first
