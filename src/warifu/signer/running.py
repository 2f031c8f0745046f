"""A signer at work: shut in, then its store, then one loop over the one connection."""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from warifu.errors import InputRefused, WarifuError
from warifu.protocol.encoding import encode
from warifu.protocol.frames import refusal_of
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import OperatorRefused, Ready
from warifu.release import own_digest
from warifu.signer.booting import Booting
from warifu.signer.device import Device
from warifu.signer.entrusted import Entrusted, read_boot_record
from warifu.signer.evidence import Attester
from warifu.signer.exchanges import loading
from warifu.signer.isolation.apply import apply_all
from warifu.signer.isolation.handover import Handover
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY, IsolationProfile, PlatformChoice
from warifu.signer.signer import Signer
from warifu.signer.store import Store
from warifu.tee.peer_release import boot_key
from warifu.tee.platform import Platform, PlatformSettings
from warifu.tee.registry import open_platform
from warifu.tee.sealing_key import NeedsSealer

_CHUNK = 256 * 1024
_TICK = 1.0
"""Seconds after which time is looked at where nothing comes in."""


class _HungUp(Exception):
    """The agent ended the connection while this signer waited for its keepers."""


def run(handover: Handover) -> int:
    """Isolate, open the store in the working directory, say that it is ready, and work until the connection ends.

    A store that only the device's keepers can open is waited for. Returns the exit status: 0, or that of the error that
    kept it from working, which the operator is told.
    """
    connection, reader = handover.connection, FrameReader()
    try:
        signer, isolation = _start(handover, reader)
    except _HungUp:
        return 0
    except WarifuError as error:
        connection.sendall(frame(Origin.OPERATOR, encode(OperatorRefused(refusal_of(error)))))
        return error.exit_code
    gc.collect()  # what starting left behind
    try:
        connection.sendall(frame(Origin.OPERATOR, encode(Ready(signer.joined, isolation))))
        _serve(signer, connection, reader)
    except InputRefused as error:  # the agent speaks no frames
        return error.exit_code
    finally:
        signer.close()
        connection.close()
    return 0


def _start(handover: Handover, reader: FrameReader) -> tuple[Signer, tuple[tuple[str, str], ...]]:
    """Nothing of the store is touched before the walls stand; behind them neither the program's own files can be read
    nor the platform's device be opened."""
    try:
        release = own_digest()
        loaded = loading.load() if loading.wanted(Path()) else None
        platform = open_platform(_settings(handover.platform, handover.profile.user), handover.unlock_key)
        report = apply_all(_leaving_open(handover.profile, platform))
        boot = boot_key(handover.unlock_key) if isinstance(platform, NeedsSealer) else None
    finally:
        handover.unlock_key[:] = bytes(len(handover.unlock_key))
    attester = Attester(platform, release, report.pairs())
    entrusted = _entrusted(attester, boot, handover.connection, reader) if boot is not None else None
    store = Store.open(Path(), platform)
    try:
        device = Device.start(
            store,
            platform,
            lambda: int(time.time()),
            attester=attester,
            entrusted=entrusted,
            loaded=loaded,
        )
        loading.settle(Path(), [device.rules.of(wallet.id).policy for wallet in device.wallets.all()])
    except BaseException:
        store.close()
        raise
    return Signer(device, report.pairs()), report.pairs()


def _entrusted(
    attester: Attester, boot: IdentityKey, connection: socket.socket, reader: FrameReader
) -> Entrusted:
    """Give a platform without a sealing key the one that its keepers release, or a new one at the very first start."""
    platform, record = attester.platform, read_boot_record(Path())
    assert isinstance(platform, NeedsSealer), "only these have a boot key"
    name = platform.capabilities.name
    if record is None:
        entrusted = Entrusted.first(Path(), name, boot)
    else:
        booting = Booting(record, boot, attester, time.monotonic)
        _serve(booting, connection, reader, lambda: booting.released is not None)
        if booting.released is None:
            raise _HungUp
        entrusted = Entrusted.released(Path(), name, boot, record, booting.released)
    platform.seal_by(entrusted.sealing_key())
    return entrusted


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


class _Worker(Protocol):
    """Frames in, frames out: a signer, or one that waits for its keepers."""

    def receive(self, origin: Origin, payload: bytes) -> list[tuple[Origin, bytes]]: ...

    def tick(self) -> list[tuple[Origin, bytes]]: ...


def _serve(
    worker: _Worker,
    connection: socket.socket,
    reader: FrameReader,
    done: Callable[[], bool] = lambda: False,
) -> None:
    """Carry frames until the connection ends, or ``worker`` is done."""
    while not done():
        ready, _, _ = select.select([connection], [], [], _TICK)
        answers = worker.tick()
        if ready:
            data = connection.recv(_CHUNK)
            if not data:
                return
            for origin, payload in reader.feed(data):
                answers += worker.receive(origin, payload)
        for origin, payload in answers:
            connection.sendall(frame(origin, payload))
