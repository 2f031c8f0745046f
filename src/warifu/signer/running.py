"""A signer at work: shut in, then its store, then one loop over the one connection."""

from __future__ import annotations

import gc
import select
import socket
import time
from pathlib import Path

import msgspec

from warifu.errors import InputRefused, WarifuError
from warifu.protocol.encoding import encode
from warifu.protocol.frames import refusal_of
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.operator import OperatorRefused, Ready
from warifu.release import own_digest
from warifu.signer.device import Device
from warifu.signer.evidence import Attester
from warifu.signer.isolation.apply import apply_all
from warifu.signer.isolation.handover import Handover
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY, IsolationProfile, PlatformChoice
from warifu.signer.signer import Signer
from warifu.signer.store import Store
from warifu.tee.platform import Platform, PlatformSettings
from warifu.tee.registry import open_platform

_CHUNK = 256 * 1024
_TICK = 1.0
"""Seconds after which time is looked at where nothing comes in."""


def run(handover: Handover) -> int:
    """Isolate, open the store in the working directory, say that it is ready, and work until the connection ends.

    Returns the exit status: 0, or that of the error that kept it from working, which the operator is told.
    """
    connection = handover.connection
    try:
        signer, isolation = _start(handover)
    except WarifuError as error:
        connection.sendall(frame(Origin.OPERATOR, encode(OperatorRefused(refusal_of(error)))))
        return error.exit_code
    gc.collect()  # what starting left behind
    try:
        connection.sendall(frame(Origin.OPERATOR, encode(Ready(signer.joined, isolation))))
        _serve(signer, connection)
    except InputRefused as error:  # the agent speaks no frames
        return error.exit_code
    finally:
        signer.close()
        connection.close()
    return 0


def _start(handover: Handover) -> tuple[Signer, tuple[tuple[str, str], ...]]:
    """Nothing of the store is touched before the walls stand; behind them neither the program's own files can be read
    nor the platform's device be opened."""
    try:
        release = own_digest()
        platform = open_platform(_settings(handover.platform, handover.profile.user), handover.unlock_key)
        report = apply_all(_leaving_open(handover.profile, platform))
    finally:
        handover.unlock_key[:] = bytes(len(handover.unlock_key))
    store = Store.open(Path(), platform)
    try:
        attester = Attester(platform, release, report.pairs())
        device = Device.start(store, platform, lambda: int(time.time()), attester=attester)
    except BaseException:
        store.close()
        raise
    return Signer(device, report.pairs()), report.pairs()


def _settings(choice: PlatformChoice, user: int | None) -> PlatformSettings:
    directory = Path(PLATFORM_DIRECTORY)
    return PlatformSettings(
        name=choice.name,
        directory=directory if directory.is_dir() else None,
        device=choice.device,
        development=choice.development,
        user=user,
    )


def _leaving_open(profile: IsolationProfile, platform: Platform) -> IsolationProfile:
    """The one descriptor that a platform goes on to use, if it has one."""
    descriptor = getattr(platform, "descriptor", None)
    return msgspec.structs.replace(profile, platform=descriptor) if isinstance(descriptor, int) else profile


def _serve(signer: Signer, connection: socket.socket) -> None:
    reader = FrameReader()
    while True:
        ready, _, _ = select.select([connection], [], [], _TICK)
        answers = signer.tick()
        if ready:
            data = connection.recv(_CHUNK)
            if not data:
                return
            for origin, payload in reader.feed(data):
                answers += signer.receive(origin, payload)
        for origin, payload in answers:
            connection.sendall(frame(origin, payload))
