"""A device of this machine, run from the command line: started, joined, and kept connected."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import click

from warifu.agent.device import DeviceDirectory
from warifu.agent.invitation import Invitation
from warifu.agent.joining import join
from warifu.agent.staying import Unlock, standing, stay
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol.operator import Joined, Ready
from warifu.tee.registry import WITHOUT_SEALING_KEY


async def join_device(
    screen: Screen,
    directory: DeviceDirectory,
    key: bytearray,
    invitation: Invitation,
    *,
    stays: bool,
    unlock: Unlock | None,
) -> Joined:
    """Enrol the device in ``directory``; with ``stays``, keep it connected afterwards (ends by an error or a signal).

    ``unlock``: the key once more; None where it was typed.
    """

    async def compare(digits: str) -> bool:
        click.echo(f"\n    {digits}\n", err=screen.json)
        return await _asked(tr("Does the owner's screen show exactly these digits?"), screen)

    needs_keepers = directory.platform().name in WITHOUT_SEALING_KEY
    if needs_keepers and not stays:
        raise _ends_with_its_process()
    async with standing(directory, key, screen.line) as device:
        _tell_isolation(screen, device.ready)
        if device.ready.joined:
            raise InputRefused(
                "enrolled",
                "this device is enrolled already",
                not_done="Nothing was changed.",
                remedy="Use an empty --device-dir for another device.",
            )
        joined = await join(device.agent, directory, invitation, compare)
        screen.line(tr("This device is enrolled as {name}.", name=invitation.name), style="green")
        if needs_keepers:
            screen.warn(
                tr(
                    "Nobody holds this device's sealing secret yet: if it ends now, it is lost. Make its wallet, then "
                    "run 'warifu devices hand-out {name}'.",
                    name=invitation.name,
                )
            )
        screen.result({"name": invitation.name, "identity": joined.identity.hex()})
        if stays:
            await stay(device, directory, unlock, screen.line)
        return joined


async def run_device(
    screen: Screen, directory: DeviceDirectory, key: bytearray, unlock: Unlock | None
) -> None:
    """Keep an enrolled device connected; ends by an error or a signal. ``unlock``: the key once more; None where it
    was typed."""
    if directory.enrolment() is None:
        raise _not_enrolled()
    async with standing(directory, key, screen.line) as device:
        _tell_isolation(screen, device.ready)
        if not device.ready.joined:  # its enrolment broke off at the last step
            raise _not_enrolled()
        await stay(device, directory, unlock, screen.line)


def _not_enrolled() -> ServiceRefused:
    return ServiceRefused(
        "not-enrolled",
        "this device is not enrolled with a service yet",
        not_done="The device was not started.",
        remedy="Make an invitation on the owner's client ('warifu signer invite NAME') and join with it here.",
    )


def _ends_with_its_process() -> InputRefused:
    return InputRefused(
        "must-stay",
        "this device's platform has no sealing key: until keepers hold its secret, it is lost when its process ends",
        not_done="The device was not enrolled.",
        remedy="Join with --run, and keep it running until 'warifu devices hand-out' is done.",
    )


def _tell_isolation(screen: Screen, ready: Ready) -> None:
    missing = [(layer, state) for layer, state in ready.isolation if state != "on"]
    screen.line(
        tr(
            "The enclave process is up: {count} layers of isolation on.",
            count=len(ready.isolation) - len(missing),
        )
    )
    for layer, state in missing:
        screen.line(tr("not on: {layer} ({state})", layer=layer, state=state), style="yellow")


async def _asked(question: str, screen: Screen) -> bool:
    """Ask without stopping the loop. In a thread of its own that may be left waiting, so that Ctrl-C works."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bool] = loop.create_future()

    def settle(value: bool) -> None:
        if not answer.done():
            answer.set_result(value)

    def ask() -> None:
        said = _confirmed(lambda: click.confirm(question, err=screen.json))
        loop.call_soon_threadsafe(settle, said)

    threading.Thread(target=ask, daemon=True).start()
    return await answer


def _confirmed(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except click.Abort:
        return False
