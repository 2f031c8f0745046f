"""A longest wait for calls into libraries that have none of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread
from typing import TypeVar

from warifu.chains.rpc.unavailable import unavailable

T = TypeVar("T")


class Deadline:
    """Runs one call at a time in a thread of its own and stops waiting after ``seconds``.

    A call that hangs cannot be ended from outside; while it hangs, no further one is begun, so a dead server costs
    one idle thread and no more.
    """

    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._seconds = seconds
        self._hanging: Thread | None = None

    def call(self, work: Callable[[], T]) -> T:
        """What ``work`` returns or raises; ``ChainUnavailable`` (``time-out``) where it takes too long."""
        if self._hanging is not None and self._hanging.is_alive():
            raise unavailable("time-out", "an earlier request still hangs", self._name, retry_after=60)
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
                result.set_exception(error)

        thread = Thread(target=run, name=f"chain-{self._name}", daemon=True)
        thread.start()
        try:
            return result.result(self._seconds)
        except FutureTimeout:
            if result.done():
                raise
            self._hanging = thread
            raise unavailable(
                "time-out", f"no answer within {self._seconds:.0f} seconds", self._name
            ) from None
