"""Pulling the plug of a simulated device at one of its writes."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.simulator import SimulatedDevice

from warifu.signer.store import Store


class PowerFailure(BaseException):
    """Not an ``Exception``: nothing in the program may handle it."""


def fail_at(device: SimulatedDevice, number: int, *, after: bool) -> Callable[[], bool]:
    """Let the device's ``number``-th commit from now on (0 the first) fail. Returns whether that came to pass."""
    store: Store = device.device.store
    commit, count, happened = store._commit, iter(range(1000)), []

    def failing() -> None:
        this = next(count)
        if this == number and not after:
            happened.append(True)
            raise PowerFailure
        commit()
        if this == number:
            happened.append(True)
            raise PowerFailure

    store._commit = failing  # type: ignore[method-assign]  # the plug that this test pulls
    return lambda: bool(happened)
