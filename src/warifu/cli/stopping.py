"""What runs until somebody stops it, and is stopped cleanly."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """The operator ended it (Ctrl-C, SIGTERM)."""


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work``; SIGINT, SIGTERM and SIGHUP cancel it, so that processes and files are put in order.

    Raises ``Stopped`` where one of them came.
    """

    async def guarded() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            raise Stopped from None

    return asyncio.run(guarded())
