"""Devices whose TEE has no sealing key: handing their secret out, and looking at one that waits for its keepers."""

from __future__ import annotations

import asyncio
import secrets

from litestar import Router, post
from litestar.params import JSONBody

from warifu.errors import InputRefused
from warifu.protocol.api import Boot, BootQuestion, HandOut, NewHandOut
from warifu.protocol.frames import OpenSession
from warifu.protocol.request import HandOutRequest
from warifu.service.api.access import needs
from warifu.service.api.inputs import strictly
from warifu.service.doors import Authorized, read_authorized
from warifu.service.service import Service


def router(service: Service) -> Router:
    """The routes of this group."""

    @post(
        "/hand-outs",
        guards=[needs(service.database, "admin")],
        status_code=200,
        before_request=strictly(NewHandOut),
    )
    async def hand_out(data: JSONBody[NewHandOut]) -> HandOut:
        """Have a device deal its sealing secret anew to the keepers that its owner named. Answered when all have it."""
        openings, dealer = _openings(read_authorized(data.authorization, data.envelopes))
        results = await service.hub.run_session(
            openings,
            wanted=len(openings),
            judge=lambda _identity, _result: None,  # the device's word is its owner's to judge
            entered=lambda _device: None,
            timeout=service.config.session_seconds,
        )
        return HandOut(result=results[dealer])

    @post(
        "/boots",
        guards=[needs(service.database, "admin")],
        status_code=200,
        before_request=strictly(BootQuestion),
    )
    async def boot(data: JSONBody[BootQuestion]) -> Boot:
        """Ask a device that waits for its keepers what it runs on."""
        name = await asyncio.to_thread(service.hub.name_of, data.identity)
        return Boot(shown=await service.hub.boots.ask(data.identity, data.nonce, name))

    return Router("", route_handlers=[hand_out, boot], tags=["devices"])


def _openings(authorized: Authorized) -> tuple[dict[bytes, OpenSession], bytes]:
    """What each device is sent, and which of them deals. The one envelope is the dealing device's: no other needs the
    passphrase, but each can see by it that this is what the owner authorized."""
    request = authorized.request
    if not isinstance(request, HandOutRequest):
        raise InputRefused("request", "this is not a request to hand out a sealing secret")
    if authorized.participants != (request.identity,):
        raise InputRefused(
            "envelopes", "there is not exactly one passphrase envelope, for the device that deals"
        )
    participants = tuple(sorted({request.identity, *request.keepers}))
    opening = OpenSession(
        secrets.token_bytes(16),
        authorized.authorization,
        authorized.envelopes[request.identity],
        participants,
        b"",
    )
    return dict.fromkeys(participants, opening), request.identity
