"""The last requests that this device judged, as it read them itself: what its operator can look at.

In memory only, and a few: those that an owner authorized apart from those that nobody did (dry runs), so that a service
that asks for a thousand dry runs pushes none of an owner's out. Looking signs nothing and counts nothing. What was
signed before the device's start, its journal still tells (``signer.looking``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from warifu.protocol.frames import Refusal
from warifu.protocol.operator import MAX_LINES, Glimpse, Judged, ShowJudged
from warifu.protocol.request import Outflow, TransferRequest
from warifu.signer.policy.facts import Verdict
from warifu.signer.reading import Seen

KEPT = 8
"""Of each of the two kinds."""
_MOST, _LONGEST = 512, 400
"""Of the rules' words: lines, and bytes of one."""
_NAME, _VALUE, _MESSAGE_BYTES = 200, 2000, 96 * 1024
"""Most that is shown of the name and of the value of one line of a message, in characters, and of all its lines."""


class Recent:
    """What was judged since the start."""

    def __init__(self) -> None:
        self._kept: dict[bool, OrderedDict[bytes, Judged]] = {True: OrderedDict(), False: OrderedDict()}

    def keep(self, judged: Judged) -> None:
        """Remember this judgement in place of an earlier one of the same request."""
        kept = self._kept[judged.authorized]
        kept.pop(judged.request, None)
        while len(kept) >= KEPT:
            kept.popitem(last=False)
        kept[judged.request] = judged

    def show(self, request_id: bytes) -> ShowJudged | None:
        """The request with this id (empty: the newest that an owner authorized, else the newest), and which others
        there are. None where there is none."""
        everything = [*self._kept[True].values(), *self._kept[False].values()]
        chosen = [each for each in everything if each.request_id == request_id or not request_id]
        if not chosen:
            return None
        shown = max(chosen, key=lambda each: (each.authorized, each.time))
        others = tuple(
            Glimpse(each.request_id, each.authorized, each.time)
            for each in everything
            if each.request != shown.request
        )
        return ShowJudged(shown, others)


def judgement(
    source: Literal["judged", "asked"],
    request: TransferRequest,
    digest: bytes,
    wallet: tuple[str, ...],
    seen: Seen,
    rules: tuple[str, ...],
    refusal: Refusal | None,
    now: int,
    *,
    authorized: bool,
) -> Judged:
    """What there is to show of ``request``, whose ``digest`` this is. ``wallet``: its devices' names."""
    reading = seen.reading
    message, left_out = bounded(seen.says)
    return Judged(
        source=source,
        request=digest,
        request_id=request.request_id,
        wallet=request.wallet_id,
        devices=wallet,
        authorized=authorized,
        time=now,
        chain=request.chain,
        transaction=reading.name,
        outflows=tuple(
            Outflow(each.kind.value, each.token, str(each.amount), each.to) for each in reading.outflows
        ),
        fee=str(reading.fee),
        replaces=request.replaces,
        expires=request.expires,
        message=message,
        left_out=left_out,
        rules=rules,
        refusal=refusal,
    )


def in_words(verdict: Verdict) -> tuple[str, ...]:
    """Each rule in one line: as many, and as long, as fit into an answer."""
    return tuple(
        _cut(f"{'allowed' if rule.allowed else 'DENIED'} ({rule.reason}): {rule.words}")
        for rule in verdict.rules[:_MOST]
    )


def _cut(text: str) -> str:
    return text.encode()[:_LONGEST].decode(errors="ignore")


def bounded(says: Sequence[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], int]:
    """As much of a message as fits into an answer, from its beginning, and how many lines are not shown whole: who
    sees only a part of what is signed has to be told so."""
    shown: list[tuple[str, str]] = []
    cut, room = 0, _MESSAGE_BYTES
    for name, value in says[:MAX_LINES]:
        line = name[:_NAME], value[:_VALUE]
        room -= sum(len(part.encode()) for part in line)
        if room < 0:
            break
        cut += line != (name, value)
        shown.append(line)
    return tuple(shown), len(says) - len(shown) + cut
