"""What all tests have in common.

A shell that starts them in the background has them, and what they start, ignore Ctrl-C and hanging up. Tests send both,
so the signals get back here what they mean at a terminal. And no test fails because a neighbour is using the processor:
time is measured in ``bench/``.
"""

from __future__ import annotations

import signal

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
