"""What devices show of a visit, where some of them may have been taken over.

Such a device shows whatever it likes: another visit, a round that nobody can follow on, a withdrawal that is under way
for ever. As many devices as sign bring a visit home without it. So what is shown counts in a step for those that take
part in it, and otherwise where as many show it as have to sign for it to be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from warifu.protocol.exchange_visits import SweepShown, VisitShown
from warifu.protocol.request import request_digest

Signing = Callable[[bytes], Collection[bytes] | None]
"""Who takes part where a device carries; None where too few are there."""


def genuine(shown: Sequence[VisitShown]) -> list[VisitShown]:
    """Those whose request is the one that they are known by."""
    return [each for each in shown if request_digest(each.request) == each.visit]


def common(views: Mapping[bytes, VisitShown]) -> VisitShown:
    """One of those on whose exchange and kind of key most of them agree."""
    kinds = Counter((view.exchange, view.wants) for _, view in sorted(views.items()))
    [(kind, _)] = kinds.most_common(1)
    return next(view for _, view in sorted(views.items()) if (view.exchange, view.wants) == kind)


def newest(view: VisitShown, symbol: str) -> SweepShown | None:
    """Its latest round of an asset."""
    return max(
        (sweep for sweep in view.sweeps if sweep.symbol == symbol),
        key=lambda sweep: sweep.round,
        default=None,
    )


def standing(
    views: Mapping[bytes, VisitShown], symbol: str, signing: Collection[bytes], threshold: int
) -> list[SweepShown]:
    """The latest rounds of an asset that the next one has to follow on, and may have to wait for."""
    shown = {identity: sweep for identity, view in views.items() if (sweep := newest(view, symbol))}
    alike = Counter((sweep.round, sweep.again_from) for sweep in shown.values())
    return [
        sweep
        for identity, sweep in shown.items()
        if identity in signing or alike[sweep.round, sweep.again_from] >= threshold
    ]
