"""How a rule says durations."""

from __future__ import annotations

from warifu.protocol.policy import DAY, HOUR


def duration(seconds: int) -> str:
    """``30 days``, ``1 hour``, ``1 day 2 hours``: the two largest parts that are not zero."""
    parts = []
    rest = abs(seconds)
    for size, name in ((DAY, "day"), (HOUR, "hour"), (60, "minute"), (1, "second")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return ("-" if seconds < 0 else "") + (" ".join(parts[:2]) or "no time")
