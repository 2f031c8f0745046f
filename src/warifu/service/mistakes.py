"""Mistakes of ours, for the log: what kind and where. Never their text, which could hold an address or an amount."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator

from warifu.errors import WarifuError

_log = logging.getLogger("warifu.service")


def log_mistake(error: Exception) -> None:
    """Say that ``error``, which nobody foresaw, was met."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = f"{where[0].filename}:{where[0].lineno}" if where else "?"
    _log.error("internal error: %s at %s", type(error).__name__, place)


@contextlib.contextmanager
def survived(stopping: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """For what is tried again later, in a loop that must not end: no failure inside goes further, foreseen or not.

    Else one answer of a backend that nobody thought of would end the loop for all. While ``stopping``, connections are
    closed under questions, and what comes of that is no mistake.
    """
    try:
        yield
    except WarifuError:
        pass  # an unreachable backend, a device that is gone, a full disk
    except Exception as error:  # noqa: BLE001 - that is what this is for
        if not stopping():
            log_mistake(error)
