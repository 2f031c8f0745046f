"""Keeps prepared what ECDSA signing uses up: correlations between each two devices of a wallet, a few ahead of time.

Making them moves nothing, needs no owner and no passphrase, and takes longer than signing with them. So a loop in the
background fills each pair's pool while devices are connected, and a transfer that finds a pool empty waits for one.
How many there are is asked of the devices, each time: the service remembers nothing about them.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from warifu.errors import InputRefused, SessionAborted, WarifuError
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, AskStatus, OpenCorrelating, Status
from warifu.service.hub.hub import Hub
from warifu.service.store.database import Database
from warifu.service.store.wallets import StoredWallet, list_wallets, wallet_named

CORRELATIONS_MISSING = "correlations-missing"
"""The reason with which a signer refuses a session for which it is not prepared."""
TARGET = 4
"""How many each two devices keep prepared."""
ROUND_SECONDS = 10.0
_STATUS_SECONDS = 10.0
_FIRST_PAUSE = 10.0
_LONGEST_PAUSE = 600.0

Pair = tuple[bytes, bytes]
"""Two identities, ascending."""


@dataclass
class _Pause:
    """After failures of a pair: not before this moment (monotonic), and how long next time."""

    until: float = 0.0
    seconds: float = _FIRST_PAUSE


class Correlations:
    """Runs on the hub's event loop."""

    def __init__(self, database: Database, hub: Hub, timeout: float) -> None:
        self._database = database
        self._hub = hub
        self._timeout = timeout
        self._locks: dict[bytes, asyncio.Lock] = {}
        self._pauses: dict[tuple[bytes, Pair], _Pause] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fill pools."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End what is running."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def ensure(self, name: str, participants: Sequence[bytes]) -> None:
        """Return once each two of ``participants`` have at least one. Raises what kept them from it."""
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        async with self._lock(wallet):
            for pair, prepared in (await self._prepared(wallet, participants)).items():
                if prepared < 1:
                    await self._make(wallet, pair, 1)

    async def renew(self, name: str, participants: Sequence[bytes]) -> None:
        """One more for each two, whatever they said that they have. Raises what kept them from it."""
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        async with self._lock(wallet):
            for pair in _pairs(participants):
                await self._make(wallet, pair, 1)

    async def fill(self, wallet: StoredWallet) -> None:
        """One round: bring each two connected devices of ``wallet`` to ``TARGET``. Failures wait, longer each time."""
        async with self._lock(wallet):
            connected = [
                device.identity for device in wallet.request.devices if self._hub.connected(device.identity)
            ]
            now = time.monotonic()
            due = [pair for pair in _pairs(connected) if self._pause(wallet, pair).until <= now]
            members = sorted({identity for pair in due for identity in pair})
            with contextlib.suppress(WarifuError):
                prepared = await self._prepared(wallet, members)
                for pair in due:
                    if prepared[pair] < TARGET:
                        await self._try(wallet, pair, TARGET - prepared[pair])

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(WarifuError):
                for wallet in await asyncio.to_thread(list_wallets, self._database):
                    if "ecdsa" in wallet.request.schemes:
                        await self.fill(wallet)
            await asyncio.sleep(ROUND_SECONDS)

    async def _try(self, wallet: StoredWallet, pair: Pair, count: int) -> None:
        pause = self._pause(wallet, pair)
        try:
            await self._make(wallet, pair, count)
        except WarifuError:
            pause.until = time.monotonic() + pause.seconds
            pause.seconds = min(2 * pause.seconds, _LONGEST_PAUSE)
        else:
            self._pauses.pop((wallet.id, pair), None)

    async def _make(self, wallet: StoredWallet, pair: Pair, count: int) -> None:
        session = secrets.token_bytes(16)
        await self._hub.run_session(
            {identity: OpenCorrelating(session, wallet.id, pair, count) for identity in pair},
            wanted=len(pair),
            judge=lambda _identity, _result: None,  # what was made is the devices' alone
            entered=lambda _device: None,
            timeout=self._timeout,
        )

    async def _prepared(self, wallet: StoredWallet, identities: Sequence[bytes]) -> dict[Pair, int]:
        """For each pair the smaller of what the two say."""
        answers = await asyncio.gather(*(self._of_device(wallet, identity) for identity in identities))
        said = dict(zip(identities, answers, strict=True))
        return {(one, other): min(said[one][other], said[other][one]) for one, other in _pairs(identities)}

    async def _of_device(self, wallet: StoredWallet, identity: bytes) -> dict[bytes, int]:
        """What this device has with each of the others, by identity."""
        status = decode(Status, await self._hub.call(identity, AskStatus, _STATUS_SECONDS), MAX_BODY_BYTES)
        found = next((item for item in status.wallets if item.wallet_id == wallet.id), None)
        devices = wallet.request.devices
        if found is None or len(found.correlations) != len(devices):
            name = self._hub.name_of(identity)
            raise SessionAborted(
                "no-share", f"device '{name}' has no part in this wallet, as far as it says", blame=name
            )
        return {device.identity: count for device, count in zip(devices, found.correlations, strict=True)}

    def _pause(self, wallet: StoredWallet, pair: Pair) -> _Pause:
        return self._pauses.setdefault((wallet.id, pair), _Pause())

    def _lock(self, wallet: StoredWallet) -> asyncio.Lock:
        """Never two sessions for one wallet at the same time: each device's pools have one writer."""
        return self._locks.setdefault(wallet.id, asyncio.Lock())


def _pairs(identities: Sequence[bytes]) -> list[Pair]:
    if len(set(identities)) != len(identities):
        raise InputRefused("identities", "a device is named twice")
    return list(itertools.combinations(sorted(identities), 2))
