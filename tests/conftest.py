"""A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C and hanging up.

Tests send both, so the signals get back here what they mean at a terminal.
"""

from __future__ import annotations

import signal

for _number, _default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _default)
