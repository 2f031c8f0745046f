"""Welch's t-test between two classes of times, once for all of them and once for each of a hundred crops.

The slowest times are the machine's (interrupts, other processes) and hide what is small; so the test is repeated on
what lies below each of a hundred thresholds, and the strongest result counts (dudect, section 3 and reference code).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
Classes = NDArray[np.bool_]

LIMIT = 4.5
"""|t| from which the means are held to differ (ISO/IEC 17825 and TVLA; dudect itself is content below 10)."""
LEAST_PER_CLASS = 500
"""Crops that leave fewer are passed over: t says little there."""
_CROPS = 100


@dataclass(frozen=True)
class Result:
    """The strongest of all tests on one set of times."""

    t: float
    """Above zero where the fixed secret took longer."""
    difference_ns: float
    """Of the means of the two classes, in the crop of ``t``."""
    kept: float
    """The part of the times that this crop leaves; zero where there were too few times for any test."""

    @property
    def leaks(self) -> bool:
        return abs(self.t) >= LIMIT


def thresholds(calibration: Times) -> Times:
    """Percentiles that lie the denser the lower, from times that are then used for nothing else."""
    percentiles = 100 * (1 - 0.5 ** (10 * np.arange(1, _CROPS + 1) / _CROPS))
    return np.asarray(np.percentile(calibration, percentiles), dtype=np.float64)


def strongest(times: Times, fixed: Classes, limits: Times) -> Result:
    """Test all ``times`` and what lies at or below each of ``limits``; ``fixed`` says which had the fixed secret."""
    order = np.argsort(times, kind="stable")
    ordered, labels = times[order] - np.median(times), fixed[order]
    ends = np.append(np.searchsorted(times[order], limits, side="right"), len(times))
    fixed_n, fixed_mean, fixed_error = _statistics(ordered, labels, ends)
    random_n, random_mean, random_error = _statistics(ordered, ~labels, ends)
    enough = (fixed_n >= LEAST_PER_CLASS) & (random_n >= LEAST_PER_CLASS)
    difference = fixed_mean - random_mean
    spread = np.sqrt(fixed_error + random_error)
    t = np.where(enough & (spread > 0), difference / np.where(spread > 0, spread, 1), 0.0)
    if not enough.any():
        return Result(0.0, 0.0, 0.0)
    best = int(np.argmax(np.abs(t)))
    return Result(float(t[best]), float(difference[best]), float(ends[best] / len(times)))


def _statistics(ordered: Times, chosen: Classes, ends: NDArray[np.intp]) -> tuple[Times, Times, Times]:
    """Count, mean, and variance over count of the chosen among the first ``ends`` of ``ordered``."""
    values = np.where(chosen, ordered, 0.0)
    counts = _before(chosen.astype(np.float64), ends)
    safe = np.maximum(counts, 2)
    mean = _before(values, ends) / safe
    variance = np.maximum(_before(values * values, ends) / safe - mean * mean, 0) * safe / (safe - 1)
    return counts, mean, variance / safe


def _before(values: Times, ends: NDArray[np.intp]) -> Times:
    return np.asarray(np.concatenate([[0.0], np.cumsum(values)])[ends], dtype=np.float64)
