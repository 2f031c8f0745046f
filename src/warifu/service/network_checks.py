"""At the start every chain's backends are asked whether they are on that chain: an owner is told at once, not at the
first payment.

A wrong one does not keep the service from starting, because it is this service's API that takes it out again. Nor is it
ever used: whatever is asked of a backend, its chain was checked before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from threading import Lock, Thread

from warifu.errors import WarifuError
from warifu.protocol.api import ChainCheck, error_body
from warifu.protocol.chains import Chain
from warifu.service.mistakes import survived

_GRACE_SECONDS = 5

_log = logging.getLogger("warifu.service")


class NetworkChecks:
    """One question a chain, each in a thread of its own: a backend may take a minute to be silent."""

    def __init__(self, checks: Mapping[Chain, Callable[[], None]]) -> None:
        """``checks`` return, or raise ``ChainUnavailable``."""
        self._checks = dict(checks)
        self._found = {chain: ChainCheck(chain=chain, state="asking", refusal=None) for chain in self._checks}
        self._lock = Lock()
        self._stopping = False
        self._threads = [
            Thread(target=self._ask, args=(chain,), name=f"check of {chain}", daemon=True)
            for chain in self._checks
        ]

    def start(self) -> None:
        """Ask, and do not wait."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give the questions that are still out a few seconds: their connections are closed next."""
        self._stopping = True
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_GRACE_SECONDS)

    def shown(self) -> tuple[ChainCheck, ...]:
        """What is known by now."""
        with self._lock:
            return tuple(self._found.values())

    def _ask(self, chain: Chain) -> None:
        with survived(lambda: self._stopping):
            try:
                self._checks[chain]()
            except WarifuError as error:
                self._note(ChainCheck(chain=chain, state="refused", refusal=error_body(error)))
                if not self._stopping:
                    _log.warning("%s: %s.%s: %s", chain, error.family, error.reason, error.message)
            else:
                self._note(ChainCheck(chain=chain, state="right", refusal=None))

    def _note(self, check: ChainCheck) -> None:
        with self._lock:
            self._found[check.chain] = check
