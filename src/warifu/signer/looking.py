"""What the operator looks at, on the device itself: a request that was judged, or one that he brings.

From a request that an owner's client saved the device reads the same bytes with its own eyes and judges them as in a
dry run: no service carried it, none is asked, and nothing of it is kept, counted or signed.

The judgements since the start are in memory (``signer.recent``). Where there is none, or not that one, the journal
tells what was let be signed before: what left, for how much, and when. What each rule said then, until when the request
was in time, and the text of a message are not in it.
"""

from __future__ import annotations

from warifu.errors import InputRefused
from warifu.protocol.events.transfers import Started
from warifu.protocol.journal import Content
from warifu.protocol.operator import Glimpse, Judged, LookAt, ShowJudged
from warifu.protocol.request import TransferRequest, decode_request
from warifu.signer.device import Device
from warifu.signer.recent import KEPT
from warifu.signer.transfers import Transfers

LOOKED_BACK = 1000
"""Entries of the journal, of signings that were let go, among which an earlier one is looked for."""


def show(device: Device, transfers: Transfers, request_id: bytes) -> ShowJudged:
    """The request with this id; empty: the newest that there is. ``InputRefused`` (``not-seen``)."""
    shown = transfers.recent.show(request_id) or _before_the_start(device, request_id)
    if shown is None:
        raise InputRefused(
            "not-seen",
            "this device has judged no such request since it was started, and let none such be signed before",
            not_done="Nothing is shown.",
            remedy="Have it judged: 'warifu send --dry-run' or '--rehearse', 'warifu policy check', or, from a file, "
            "'warifu signer show --file'. What was refused before the start is in 'warifu signer journal'.",
        )
    return shown


def look(transfers: Transfers, frame: LookAt) -> ShowJudged:
    """As this device reads it now. Raises ``InputRefused``, ``TransactionRefused`` for what is not what it says."""
    request = decode_request(frame.request)
    if not isinstance(request, TransferRequest):
        raise InputRefused(
            "request-kind", "only a transfer can be shown before it is done", not_done="Nothing is shown."
        )
    return ShowJudged(transfers.look(request, frame.unsigned), ())


def _before_the_start(device: Device, request_id: bytes) -> ShowJudged | None:
    found: dict[bytes, Judged] = {}
    for content in device.journal.newest("started", LOOKED_BACK):
        assert isinstance(content.event, Started), "the kind that was asked for"
        found.setdefault(content.event.request, _remembered(device, content, content.event))
        if content.event.request_id == request_id:
            break
    chosen = [each for each in found.values() if each.request_id == request_id or not request_id]
    if not chosen:
        return None
    others = [each for each in found.values() if each is not chosen[0]][:KEPT]
    return ShowJudged(chosen[0], tuple(Glimpse(each.request_id, True, each.time) for each in others))


def _remembered(device: Device, content: Content, event: Started) -> Judged:
    names = device.wallets.born(event.wallet).names
    return Judged(
        source="journal",
        request=event.request,
        request_id=event.request_id,
        wallet=event.wallet,
        devices=tuple(names.values()),
        authorized=True,
        time=content.time,
        chain=event.chain,
        transaction=event.transaction,
        outflows=event.outflows,
        fee=event.fee,
        replaces=event.replaces,
        expires=0,
        message=(),
        left_out=0,
        rules=(),
        refusal=None,
    )
