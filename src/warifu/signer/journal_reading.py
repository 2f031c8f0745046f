"""Showing the journal: to an owner of a wallet who authorized it, and to the operator at the device itself.

One owner is enough, whatever the policy asks for payments: nothing changes by reading, and whoever suspects the others
must be able to look alone. He sees what concerns the device and his wallet; of an entry that is another wallet's he
gets the digest, so that the chain can be followed. A frozen device shows its journal as well: that is when it is asked
for.
"""

from __future__ import annotations

from collections.abc import Callable

from warifu.errors import InputRefused
from warifu.protocol.events.sessions import PeerHead
from warifu.protocol.frames import AskJournal
from warifu.protocol.journal import content_digest
from warifu.protocol.journal_pages import (
    ENTRY_OVERHEAD,
    MAX_PAGE_BYTES,
    MAX_REMEMBERED,
    OPERATOR,
    Page,
    SealedPage,
    Shown,
    State,
    seal_page,
    sign_state,
)
from warifu.protocol.request import JournalRequest, decode_request
from warifu.signer.asking import owners_of
from warifu.signer.device import Device
from warifu.signer.status import UNJOINED

_ROWS = 500


def show_to_owner(device: Device, frame: AskJournal) -> SealedPage:
    """The page from entry ``frame.first`` on, within what the owner asked for.

    Raises ``AuthorizationRefused``, ``InputRefused`` (``request-kind``, ``journal-page``, ``reader-key``).
    """
    request = decode_request(frame.authorization.request)
    if not isinstance(request, JournalRequest):
        raise InputRefused("request-kind", "this is no request to read a journal")
    owners = owners_of(device, request)
    named = device.approvals.check(frame.authorization, owners, None, device.clock.now()).digest
    end = request.first + request.count
    if not request.first <= frame.first < end:
        raise InputRefused("journal-page", "the owner did not ask for that part of the journal")
    wallet = device.wallets.born(request.wallet_id)
    page = _page(
        device, frame.first, end, named, wallet.names, lambda whose: whose in (b"", request.wallet_id)
    )
    return seal_page(page, request.reader, named, device.identity.public, frame.first)


def show_to_operator(device: Device, first: int) -> Page:
    """All of it, from entry ``first`` on."""
    return _page(device, first, 2**53, OPERATOR, None, lambda _whose: True)


def _page(
    device: Device,
    first: int,
    end: int,
    request: bytes,
    known: dict[bytes, str] | None,
    visible: Callable[[bytes], bool],
) -> Page:
    remembered = tuple(
        PeerHead(identity, head)
        for identity, head in device.peers.heads()
        if known is None or identity in known
    )[:MAX_REMEMBERED]
    state = State(
        device.name or UNJOINED,
        device.identity.public,
        request,
        device.clock.now(),
        device.journal.signed_head(),
        remembered,
    )
    entries: list[Shown] = []
    length = 0
    for number, whose, content, named, signature in device.journal.rows(first, min(end, first + _ROWS)):
        shown = content if visible(whose) else content_digest(content)
        entries.append(Shown(number, shown, not visible(whose), named, signature))
        length += len(shown) + ENTRY_OVERHEAD
        if length >= MAX_PAGE_BYTES:
            break
    return Page(sign_state(device.identity, state), tuple(entries))
