"""Starts the appliance of a device and ends it: for the agent, what ``agent.enclave`` is for a signer's process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from warifu.agent.agent import Agent
from warifu.agent.appliance.image import KERNEL, Image
from warifu.agent.appliance.kvm import accelerator
from warifu.agent.appliance.machine import EMULATOR, Machine, boot, prepared, tool
from warifu.agent.appliance.port import MAX_QUESTION_BYTES, Begin, Purpose
from warifu.agent.appliance.setting import image_folder
from warifu.agent.device import DeviceDirectory
from warifu.agent.link import EnclaveLink, enclave_gone
from warifu.errors import InputRefused
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import error_of
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.operator import OperatorRefused, decode_for_operator
from warifu.tee.tpm.policy import Approval, ApprovalRequest

Approve = Callable[[ApprovalRequest], Approval]
"""The owner's answer to what was booted: signed by the update key, or an exception."""

BOOT_SECONDS = 300.0
"""An emulated machine on a busy computer takes that long; one with KVM some seconds."""


@contextlib.asynccontextmanager
async def started(
    directory: DeviceDirectory, unlock_key: bytearray, report: Callable[[str], None]
) -> AsyncIterator[tuple[Agent, Machine]]:
    """The agent of a fresh start of the device's appliance, which ends with the context.

    ``unlock_key``: 32 secret bytes; wiped here as soon as the appliance has them. The agent does not listen yet.
    """
    folder = image_folder(directory.path)
    assert folder is not None, "whoever calls this saw that the device is an appliance"
    directory.make()
    begin = Begin(Purpose.WORK, unlock_key)
    try:
        machine, connection = await asyncio.to_thread(_boot, directory.path, Image.at(folder), begin, report)
    finally:
        begin.wipe()
    try:
        link = await EnclaveLink.open(connection)
        try:
            yield Agent(link, report), machine
        finally:
            await link.close()
    finally:
        await asyncio.shield(asyncio.to_thread(machine.stop))


def approved(
    directory: DeviceDirectory,
    image: Image,
    begin: Begin,
    approve: Approve,
    report: Callable[[str], None],
) -> None:
    """Start the appliance once to set its TPM up or to have ``image`` approved; it is switched off again at the end.

    ``begin`` is the caller's to wipe. Raises what ``approve`` raises, and what kept the appliance from asking or from
    keeping the answer.
    """
    machine, connection = _boot(directory.path, image, begin, report)
    try:
        have_boot_approved(connection, approve)
        _hear_ready(connection)
    finally:
        connection.close()
        machine.stop()


def have_boot_approved(connection: socket.socket, approve: Approve) -> None:
    """Hear what the appliance booted, and give it the owner's answer.

    Raises what kept the appliance from asking, what ``approve`` raises, ``PlatformRefused`` where it ended.
    """
    request = decode_question(_first_frame(connection))
    connection.sendall(frame(Origin.OPERATOR, encode(approve(request))))


def decode_question(said: bytes) -> ApprovalRequest:
    """What the appliance asks its owner to approve. Raises the refusal that came in its place."""
    try:
        return decode(ApprovalRequest, said, MAX_QUESTION_BYTES)
    except InputRefused:
        _raise_refusal(said)
    raise enclave_gone("the appliance gave an answer that does not belong here")


def _hear_ready(connection: socket.socket) -> None:
    """The signer's first word: the approval was kept, and what is sealed opens under it."""
    _raise_refusal(_first_frame(connection))


def _raise_refusal(said: bytes) -> None:
    message = decode_for_operator(said)
    if isinstance(message, OperatorRefused):
        raise error_of(message.refusal)


def _first_frame(connection: socket.socket) -> bytes:
    """The next frame's payload. Nothing follows it before the appliance is answered, or the signer is."""
    connection.settimeout(BOOT_SECONDS)
    cutter = FrameReader()
    frames: list[tuple[Origin, bytes]] = []
    while not frames:
        try:
            data = connection.recv(MAX_QUESTION_BYTES)
        except TimeoutError:
            raise enclave_gone(f"the appliance said nothing within {BOOT_SECONDS:.0f} seconds") from None
        if not data:
            raise enclave_gone("the appliance ended; its console.log may say why")
        frames = cutter.feed(data)
    (_, said), *_ = frames
    return said


def _boot(
    device: Path, image: Image, begin: Begin, report: Callable[[str], None]
) -> tuple[Machine, socket.socket]:
    by = accelerator(tool(EMULATOR), image.part(KERNEL))
    report(
        f"appliance: starts by {by}" + (", which emulates the processor and is slow" if by == "tcg" else "")
    )
    return boot(prepared(device), image, begin, by=by)
