"""Starts the appliance of a device and ends it; the counterpart of ``agent.enclave`` for a signer in a machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

from warifu.agent.agent import Agent
from warifu.agent.appliance.image import KERNEL, Image
from warifu.agent.appliance.kvm import accelerator
from warifu.agent.appliance.machine import EMULATOR, Machine, boot, prepared, tool
from warifu.agent.appliance.port import MAX_QUESTION_BYTES, Begin, Purpose
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
    directory: DeviceDirectory,
    image: Image,
    begin: Begin,
    report: Callable[[str], None],
    approve: Approve | None = None,
) -> AsyncIterator[tuple[Agent, Machine]]:
    """The agent of a fresh appliance, which ends with the context. ``begin`` is wiped here.

    ``approve`` is needed where ``begin`` is for more than work. The agent does not listen yet.
    """
    directory.make()
    try:
        by = await asyncio.to_thread(accelerator, tool(EMULATOR), image.part(KERNEL))
        report(f"appliance: starting by {by}" + (" (emulated: slow)" if by == "tcg" else ""))
        machine, connection = boot(prepared(directory.path), image, begin, by=by)
    finally:
        begin.wipe()
    try:
        if begin.purpose is not Purpose.WORK:
            assert approve is not None, "whoever sets up or approves brings the owner's answer"
            await asyncio.to_thread(have_boot_approved, connection, approve)
        link = await EnclaveLink.open(connection)
    except BaseException:
        connection.close()
        await asyncio.shield(asyncio.to_thread(machine.stop))
        raise
    try:
        yield Agent(link, report), machine
    finally:
        await link.close()
        await asyncio.shield(asyncio.to_thread(machine.stop))


def have_boot_approved(
    connection: socket.socket, approve: Approve, patience: float = BOOT_SECONDS
) -> ApprovalRequest:
    """Hear what the appliance booted, and give it the owner's answer. Returns what was approved.

    Raises what kept the appliance from asking, what ``approve`` raises, ``PlatformRefused`` where it ended.
    """
    request = _question(connection, patience)
    connection.sendall(frame(Origin.OPERATOR, encode(approve(request))))
    connection.settimeout(None)
    return request


def _question(connection: socket.socket, patience: float) -> ApprovalRequest:
    connection.settimeout(patience)
    cutter = FrameReader()
    frames: list[tuple[Origin, bytes]] = []
    while not frames:
        data = connection.recv(MAX_QUESTION_BYTES)
        if not data:
            raise enclave_gone("the appliance ended before it said what was booted")
        frames = cutter.feed(data)
    (_, said), *_ = frames
    try:
        return decode(ApprovalRequest, said, MAX_QUESTION_BYTES)
    except InputRefused:
        refused = decode_for_operator(said)
    if isinstance(refused, OperatorRefused):
        raise error_of(refused.refusal)
    raise enclave_gone("the appliance gave an answer that does not belong here")
