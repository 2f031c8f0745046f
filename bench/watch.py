"""``python -m bench.watch [--blocks N] [--json FILE]``: what ``warifu host watch`` costs the signers it watches.

Tracepoints are the whole machine's, so it cannot watch one household and leave another alone: three real, isolated
signers sign in blocks, by turns without a watch and with one, within one run; which comes first is drawn for each
pair of blocks. A pair's two medians are compared, and the median of these ratios is the cost. Needs root, bpftrace and
tracefs.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.end_to_end import transfers
from bench.household import CheapDevice, processes
from bench.machine import RESULTS, machine, write
from bench.measure import processor_ms

_BLOCK = 25
_WARM_UP = 10


@dataclass(frozen=True)
class Cost:
    """Medians over all blocks; percent is the median of the pairs' ratios."""

    what: str
    transfers: int
    unwatched_ms: float
    watched_ms: float
    latency_percent: float
    unwatched_processor_ms: float
    watched_processor_ms: float
    processor_percent: float


@dataclass(frozen=True)
class Block:
    """One block's median transfer, and what the signers' processes took of a processor for one, on average."""

    wall: float
    processor: float


@contextmanager
def watched(pids: Sequence[int]) -> Iterator[None]:
    """``warifu host watch`` over these processes, in a process of its own, as always."""
    command = (sys.executable, "-m", "warifu.cli", "host", "watch", "--json", "--log", "/dev/null")
    named = ("--pids", ",".join(map(str, pids)))
    with subprocess.Popen(
        (*command, *named), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as watch:
        assert watch.stdout is not None, "it was asked for"
        try:
            for said in map(json.loads, watch.stdout):
                if "error" in said:
                    raise SystemExit(
                        f"the watch did not begin: {said['error']['message']}\n{said['error']['remedy']}"
                    )
                if said["kind"] == "watching":
                    break
            else:
                raise SystemExit("the watch ended before it began")
            yield
        finally:
            watch.terminate()


def cost(blocks: int) -> Cost:
    """``blocks`` pairs of blocks."""
    pairs: list[tuple[Block, Block]] = []
    with processes(3, CheapDevice) as household:
        household.make_wallet(2)
        transfer = transfers(household)
        pids = [device.enclave.process.pid for device in household.running]

        def with_watch() -> Block:
            with watched(pids):
                return _block(transfer, pids)

        for _ in range(_WARM_UP):
            transfer()
        for _ in range(blocks):
            if random.getrandbits(1):
                bare = _block(transfer, pids)
                pairs.append((bare, with_watch()))
            else:
                seen = with_watch()
                pairs.append((_block(transfer, pids), seen))
    return Cost(
        "2-of-3 through isolated processes, under warifu host watch",
        2 * blocks * _BLOCK,
        *_compared(pairs, lambda block: block.wall),
        *_compared(pairs, lambda block: block.processor),
    )


def _block(transfer: Callable[[], object], pids: Sequence[int]) -> Block:
    times, before = [], processor_ms(pids)
    for _ in range(_BLOCK):
        begin = time.perf_counter_ns()
        transfer()
        times.append((time.perf_counter_ns() - begin) / 1e6)
    return Block(statistics.median(times), (processor_ms(pids) - before) / _BLOCK)


def _compared(
    pairs: Sequence[tuple[Block, Block]], of: Callable[[Block], float]
) -> tuple[float, float, float]:
    bare, seen = ([of(pair[side]) for pair in pairs] for side in (0, 1))
    ratio = statistics.median(after / before for before, after in zip(bare, seen, strict=True))
    return round(statistics.median(bare), 3), round(statistics.median(seen), 3), round((ratio - 1) * 100, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--json", type=Path, default=RESULTS / "watch.json")
    options = parser.parse_args(arguments)
    row = cost(options.blocks)
    print(
        f"{row.what}, {row.transfers} transfers: {row.unwatched_ms} ms without, {row.watched_ms} ms with "
        f"({row.latency_percent:+} %); processor {row.unwatched_processor_ms} ms without, "
        f"{row.watched_processor_ms} ms with ({row.processor_percent:+} %)"
    )
    write(options.json, machine(), [asdict(row)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
