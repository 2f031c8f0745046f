"""What all tests have in common.

A shell that starts them in the background has them, and what they start, ignore Ctrl-C and hanging up. Tests send both,
so the signals get back here what they mean at a terminal. And no test fails because a neighbour is using the processor:
time is measured in ``bench/``.
"""

from __future__ import annotations

import fcntl
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

for _number, _default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _default)


@pytest.fixture
def passkey_port() -> Iterator[None]:
    """The one port of the passkeys' page (it is enrolled) belongs to one test at a time, whichever worker runs it."""
    with (Path(tempfile.gettempdir()) / "warifu-tests-passkey-port.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
