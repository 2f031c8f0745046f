"""How far the exchange's clock is from ours, and how exactly that can be known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Skew:
    """Milliseconds. ``ahead``: the exchange's clock minus ours; the truth lies within ``uncertainty`` of it."""

    ahead: int
    uncertainty: int

    def stamp(self, ours: int) -> int:
        """Our moment on the exchange's clock."""
        return ours + self.ahead


def skew(asked: int, told: int, answered: int) -> Skew:
    """From our clock before asking, the exchange's own answer, and our clock after it; milliseconds each."""
    if answered < asked:
        raise ValueError("an answer comes after its question")
    return Skew(told - (asked + answered) // 2, (answered - asked + 1) // 2)
