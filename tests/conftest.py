"""What all tests have in common.

A shell that starts them in the background has them, and what they start, ignore Ctrl-C and hanging up. Tests send both,
so the signals get back here what they mean at a terminal. And no test fails because a neighbour is using the processor:
time is measured in ``bench/``.

The workers share the tests, file by file, and what takes long begins first, so that none waits for another at the end.
Most tests of ``end_to_end`` stay with one worker: they have one household.
"""

from __future__ import annotations

import fcntl
import gc
import signal
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from warifu.chains.bitcoin import descriptor
from warifu.signer import store
from warifu.threshold.taproot import bip86_key

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

for _number, _default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _default)

# The devices of a household are one process here, and each derives its wallet's thousands of addresses, the same ones:
# from public values, by a pure function.
pytest.MonkeyPatch().setattr(descriptor, "bip86_key", lru_cache(maxsize=2**15)(bip86_key))

# A million objects are made while the tests are collected, and live as long as the process. The garbage collector need
# not look through them: not while they are made, and not again and again while the tests run.
gc.disable()


def pytest_collection_finish() -> None:
    """What is there stays; what the tests make is collected as ever."""
    gc.freeze()
    gc.enable()


# SQLCipher locks and unlocks each piece of memory that it takes, page by page. A signer's own process has all of its
# memory locked and is refused the unlocking; here, where a household's devices are one process without walls, it was
# four fifths of the time that a store takes. ``tests/signer/test_store.py`` looks at a store where nobody does this.
_LOCKING = "cipher_memory_security = ON"
assert _LOCKING in store.PRAGMAS, "a signer's store locks its memory"
pytest.MonkeyPatch().setattr(store, "PRAGMAS", tuple(each for each in store.PRAGMAS if each != _LOCKING))

TOGETHER = "tests/end_to_end/"
APART = tuple(
    f"{TOGETHER}test_{name}.py" for name in ("demo", "real_ethereum", "real_node", "what_devices_run_on")
)
"""Those that found a household of their own."""
LONGEST = ("tests/appliance/test_appliance.py", TOGETHER)
"""What begins first: virtual machines, and the tests with a household in common."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest, then the files that have a slow test, then all others; each file as it stands."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def turn(item: pytest.Item) -> int:
        for number, place in enumerate(LONGEST):
            if scope_of(item.nodeid) == place:
                return number
        return len(LONGEST) + (item.path not in slow)

    items.sort(key=turn)


def scope_of(nodeid: str) -> str:
    """What one worker does: a file, whose tests share what its fixtures made; or all tests of the common household."""
    file = nodeid.split("::", 1)[0]
    return TOGETHER if file.startswith(TOGETHER) and file not in APART else file


class FileByFile(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return FileByFile(config, log)


@pytest.fixture
def passkey_port() -> Iterator[None]:
    """The one port of the passkeys' page (it is enrolled) belongs to one test at a time, whichever worker runs it."""
    with (Path(tempfile.gettempdir()) / "warifu-tests-passkey-port.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
