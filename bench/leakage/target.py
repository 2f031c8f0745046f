"""A function whose time is measured against one of its secrets."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from bench.leakage.welch import Classes, Result, Times, strongest, thresholds

_CHUNK = 10_000
_CHUNK_SECONDS = 0.5
_FIRST = 20
_CALIBRATION = 10_000


@dataclass(frozen=True)
class Target:
    """``call(prepare(secret))``, of which the call alone is timed."""

    name: str
    """The function, and which of its inputs is the secret."""
    fixed: bytes
    """The one secret of the first class: of a kind that would show, such as few or equal bits."""
    draw: Callable[[], bytes]
    """A secret of the second class."""
    prepare: Callable[[bytearray], Any]
    """What is called with: made for both classes alike, ahead of time, in memory of its own."""
    call: Callable[[Any], object]
    leaks: bool = False
    """A control that has to be found."""


@dataclass(frozen=True)
class Finding:
    """What came of one target."""

    target: Target
    measurements: int
    median_ns: float
    result: Result

    @property
    def as_expected(self) -> bool:
        return self.result.leaks == self.target.leaks

    def as_json(self) -> dict[str, object]:
        return {
            "function": self.target.name,
            "control": self.target.leaks,
            "measurements": self.measurements,
            "median_ns": round(self.median_ns),
            "t": round(self.result.t, 2),
            "difference_ns": round(self.result.difference_ns, 2),
            "kept": round(self.result.kept, 3),
            "leaks": self.result.leaks,
        }


def measure(target: Target, measurements: int, seconds: float) -> Finding:
    """As many ``measurements`` as fit into ``seconds``, the classes in random order."""
    times, classes, total = [], [], 0
    gc.collect()
    gc.disable()
    try:
        first, _ = _chunk(target, _FIRST)
        chunk = int(min(max(_CHUNK_SECONDS * 1e9 / np.median(first), _FIRST), _CHUNK, measurements))
        end = time.monotonic() + seconds
        while total < measurements and (time.monotonic() < end or not total):
            taken, fixed = _chunk(target, chunk)
            times.append(taken)
            classes.append(fixed)
            total += len(taken)
    finally:
        gc.enable()
    return _finding(target, np.concatenate(times), np.concatenate(classes))


def _finding(target: Target, times: Times, classes: Classes) -> Finding:
    calibration = min(_CALIBRATION, len(times) // 10)
    limits = thresholds(times[:calibration])
    result = strongest(times[calibration:], classes[calibration:], limits)
    return Finding(target, len(times) - calibration, float(np.median(times)), result)


def _chunk(target: Target, size: int) -> tuple[Times, Classes]:
    """Which class is whose is drawn at random, and all inputs lie ready before the first call."""
    fixed = np.frombuffer(os.urandom(size), dtype=np.uint8) < 128
    inputs = [target.prepare(_secret(target, bool(one))) for one in fixed]
    call, clock = target.call, time.perf_counter_ns
    taken: list[int] = []
    add = taken.append
    for given in inputs:
        start = clock()
        call(given)
        stop = clock()
        add(stop - start)
    return np.array(taken, dtype=np.float64), fixed


def _secret(target: Target, fixed: bool) -> bytearray:
    """Drawn for both classes, so that what lies where in memory tells nothing of the class."""
    secret = bytearray(target.draw())
    other = bytearray(target.fixed)
    secret[:] = other if fixed else bytearray(secret)
    return secret
