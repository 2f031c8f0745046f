"""Take times the same way everywhere: warm up, many rounds, median and tenth percentile."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table. Times in milliseconds; ``ratio`` is the median over the peer's median."""

    name: str
    median_ms: float
    p10_ms: float
    p90_ms: float
    rounds: int
    peer: str | None = None
    ratio: float | None = None
    goal: str | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def times(action: Callable[[], object], rounds: int, warm_up: int = 3) -> list[float]:
    """Milliseconds of each of ``rounds`` calls, garbage collector off."""
    for _ in range(warm_up):
        action()
    gc.collect()
    gc.disable()
    try:
        taken = []
        for _ in range(rounds):
            start = time.perf_counter_ns()
            action()
            taken.append((time.perf_counter_ns() - start) / 1e6)
    finally:
        gc.enable()
    return taken


def processor_ms(pids: Sequence[int]) -> float:
    """Time on a processor, of all of these processes, to the nanosecond (/proc/PID/schedstat)."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e6


def row(name: str, taken: list[float], *, peer: Row | None = None, goal: str | None = None) -> Row:
    """Summarise ``taken`` and compare it with a peer that was measured in the same run."""
    ordered = sorted(taken)
    median = statistics.median(ordered)
    return Row(
        name=name,
        median_ms=round(median, 4),
        p10_ms=round(ordered[len(ordered) // 10], 4),
        p90_ms=round(ordered[len(ordered) * 9 // 10], 4),
        rounds=len(ordered),
        peer=peer.name if peer else None,
        ratio=round(median / peer.median_ms, 2) if peer else None,
        goal=goal,
    )
