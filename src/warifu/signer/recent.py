"""The last requests that this device judged, as it read them itself: what its operator can look at.

In memory only, and a few: those that an owner authorized apart from those that nobody did (dry runs), so that a service
that asks for a thousand dry runs pushes none of an owner's out. Looking signs nothing and counts nothing.
"""

from __future__ import annotations

from collections import OrderedDict

from warifu.chains.reading import Reading
from warifu.errors import InputRefused
from warifu.protocol.frames import refusal_of
from warifu.protocol.operator import Glimpse, Judged
from warifu.protocol.request import Outflow, TransferRequest
from warifu.signer.policy.facts import Verdict

KEPT = 8
"""Of each of the two kinds."""
_MOST, _LONGEST = 512, 400


class Recent:
    """What was judged since the start."""

    def __init__(self) -> None:
        self._kept: dict[bool, OrderedDict[bytes, Judged]] = {True: OrderedDict(), False: OrderedDict()}

    def keep(
        self,
        request: TransferRequest,
        digest: bytes,
        wallet: tuple[str, ...],
        reading: Reading,
        verdict: Verdict,
        now: int,
        *,
        authorized: bool,
    ) -> None:
        """Remember this judgement in place of an earlier one of the same request. ``wallet``: its devices' names."""
        kept = self._kept[authorized]
        kept.pop(digest, None)
        while len(kept) >= KEPT:
            kept.popitem(last=False)
        refusal = verdict.refusal
        kept[digest] = Judged(
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
            rules=in_words(verdict),
            refusal=refusal_of(refusal) if refusal is not None else None,
        )

    def show(self, request_id: bytes) -> tuple[Judged, tuple[Glimpse, ...]]:
        """The request with this id (empty: the newest that an owner authorized, else the newest), and which others
        there are. ``InputRefused`` (``not-seen``)."""
        everything = [*self._kept[True].values(), *self._kept[False].values()]
        chosen = [each for each in everything if each.request_id == request_id or not request_id]
        if not chosen:
            raise InputRefused(
                "not-seen",
                "this device has judged no such request since it was started",
                not_done="Nothing is shown.",
                remedy="Have it judged: 'warifu send --dry-run', 'warifu policy check' or 'warifu send --rehearse'.",
            )
        shown = max(chosen, key=lambda each: (each.authorized, each.time))
        others = tuple(
            Glimpse(each.request_id, each.authorized, each.time)
            for each in everything
            if each.request != shown.request
        )
        return shown, others


def in_words(verdict: Verdict) -> tuple[str, ...]:
    """Each rule in one line: as many, and as long, as fit into an answer."""
    return tuple(
        f"{'allowed' if rule.allowed else 'DENIED'} ({rule.reason}): {rule.words}"[:_LONGEST]
        for rule in verdict.rules
    )[:_MOST]
