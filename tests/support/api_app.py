"""The product's API application, built once for many services: most of what starting one takes in these tests.

Its routes ask for what is behind them when a request comes, so that can be another service each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from warifu.service.api.app import build_app
from warifu.service.service import Service


class _Behind:
    """Whatever ``find`` finds, looked up anew at each use. While it finds nothing, what it leads to is such a one."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        there = self._find()
        if there is not None:
            return getattr(there, name)
        return _Behind(lambda: None if (later := self._find()) is None else getattr(later, name))


class Front:
    """An application, and the service behind it just now, if any."""

    def __init__(self) -> None:
        self.service: Service | None = None
        behind: Any = _Behind(lambda: self.service)
        self.app: Any = build_app(behind)


_IDLE: list[Front] = []


@contextmanager
def app_of(service: Service) -> Iterator[Any]:
    """The application with this service behind it."""
    front = _IDLE.pop() if _IDLE else Front()
    front.service = service
    try:
        yield front.app
    finally:
        front.service = None
        _IDLE.append(front)
