"""The device's half of an enrolment (``docs/protocol.md``, section 3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from warifu.agent.agent import Agent
from warifu.agent.device import DeviceDirectory, Enrolment
from warifu.agent.invitation import Invitation
from warifu.errors import AuthorizationRefused, ServiceRefused
from warifu.protocol.operator import BeginJoin, ConfirmJoin, Joined, ShowAuthenticationString

_CONNECTING = 30.0
_OWNER_ANSWERS = 900.0
"""Seconds within which the owner's client must take up the invitation: as long as it is valid."""

Compare = Callable[[str], Awaitable[bool]]
"""Shows nine digits to the person at the device, and says whether the owner's screen shows the same."""


async def join(agent: Agent, directory: DeviceDirectory, invitation: Invitation, compare: Compare) -> Joined:
    """Enrol this device. ``agent`` listens already and has no connection yet; it keeps the one that is made here.

    Raises ``AuthorizationRefused`` (``digits-differ``), ``ServiceRefused``, and what the enclave refuses.
    """
    uplink = agent.connect(invitation.url, invitation.fingerprint)
    running = asyncio.create_task(uplink.run(once=True))
    try:
        await _connected(running, uplink.connected)
        await agent.tell(BeginJoin(invitation.name, invitation.secret))
        shown = await _unless_lost(
            running, asyncio.create_task(agent.hear(ShowAuthenticationString, _OWNER_ANSWERS))
        )
        same = await compare(shown.digits)
        if same:
            # Before the enclave has an owner: one that has an owner and lost its service (the power failed in
            # between) could neither connect nor be enrolled again.
            directory.set_enrolment(Enrolment(1, invitation.name, invitation.url, invitation.fingerprint))
        await agent.tell(ConfirmJoin(same))
        if not same:
            raise digits_differ()
        return await agent.hear(Joined)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def digits_differ() -> AuthorizationRefused:
    """The two ends do not show the same digits: somebody sits between them."""
    return AuthorizationRefused(
        "digits-differ",
        "the digits on the two screens differ: the device and the owner do not have each other's keys",
        not_done="The device was not enrolled.",
        remedy="Do not try again over the same service before you know who sits between.",
    )


async def _connected(running: asyncio.Task[None], connected: asyncio.Event) -> None:
    waiting = asyncio.create_task(connected.wait())
    try:
        async with asyncio.timeout(_CONNECTING):
            await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        raise _lost("the service does not answer") from None
    finally:
        waiting.cancel()
    if running.done():
        running.result()
        raise _lost("the service closed the connection")


async def _unless_lost(
    running: asyncio.Task[None], heard: asyncio.Task[ShowAuthenticationString]
) -> ShowAuthenticationString:
    await asyncio.wait((running, heard), return_when=asyncio.FIRST_COMPLETED)
    if heard.done():
        return heard.result()
    heard.cancel()
    running.result()
    raise _lost(
        "the service closed the connection: the invitation may be used, expired, or for another device"
    )


def _lost(message: str) -> ServiceRefused:
    return ServiceRefused(
        "enrolment",
        message,
        not_done="The device was not enrolled.",
        remedy="Make a new invitation with 'warifu signer invite' and join again.",
    )
