"""``python -m warifu.cli.service_process CONFIG [HOST=ADDRESS:PORT ..]``: the custody service as a process of its own.

The further arguments are simulated exchanges, beside those of the file.

The key of its database (32 bytes) comes over standard input, once the process has said that it closed itself: before
that, another program of the same user could take the pipe out of /proc. When standard input ends, whoever started it is
gone, and it stops.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from warifu.cli.screen import Screen
from warifu.cli.service_lines import CLOSED, READY
from warifu.errors import WarifuError
from warifu.service.config import read_config, with_simulations
from warifu.service.run import Listening, serve_until
from warifu.signer.isolation.layers.privileges import close_to_others

KEY_BYTES = 32
_STDIN = 0


def main(config: Path, simulated: Sequence[str] = ()) -> int:
    """Serve until standard input ends or a signal comes; the exit code."""
    close_to_others()
    _tell(CLOSED)
    key = bytearray(KEY_BYTES)
    filled = 0
    while filled < KEY_BYTES:
        count = os.readv(_STDIN, [memoryview(key)[filled:]])
        if count == 0:
            return 0  # the starter ended first
        filled += count
    try:
        asyncio.run(_serve(config, simulated, key))
    except WarifuError as error:
        Screen().error(error)
        return error.exit_code
    return 0


async def _serve(config: Path, simulated: Sequence[str], key: bytearray) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_stop_at_the_end, args=(loop, stop), daemon=True).start()
    taken = bytes(key)
    key[:] = bytes(len(key))
    named = dict(each.partition("=")[::2] for each in simulated)
    await serve_until(with_simulations(read_config(config), named), taken, _say, stop)


def _stop_at_the_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(_STDIN, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


def _say(listening: Listening) -> None:
    _tell(f"{READY}{listening.url} {listening.fingerprint.hex()}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
