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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warifu.errors import InputRefused, SessionAborted, WarifuError
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, AskStatus, OpenCorrelating, Status
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import survived
from warifu.service.store.database import Database
from warifu.service.store.wallets import StoredWallet, list_wallets, wallet_named

CORRELATIONS_MISSING = "correlations-missing"
"""The reason with which a signer refuses a session for which it is not prepared."""
TARGET = 16
"""How many each two devices keep prepared: a batch, whose base transfers cost most of it however few they are for. More
are made once half of them are used up."""
ROUND_SECONDS = 10.0
_STATUS_SECONDS = 10.0
_SESSION_SECONDS = 30.0
"""A transfer waits for a session that is running: a silent device must not hold it up for longer."""
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
        self._timeout = min(timeout, _SESSION_SECONDS)
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

    async def ensure(self, name: str, participants: Sequence[bytes]) -> bool:
        """Return once each two of ``participants`` have at least one; whether any had to be made.

        Raises what kept them from it.
        """
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        async with self._lock(wallet):
            said = dict(
                zip(
                    participants,
                    await asyncio.gather(*(self._said(wallet, identity) for identity in participants)),
                    strict=True,
                )
            )
            missing = [pair for pair in _pairs(participants) if _prepared(said, pair) < 1]
            for pair in missing:
                await self._make(wallet, pair, 1)
        return bool(missing)

    async def renew(self, name: str, participants: Sequence[bytes]) -> None:
        """One more for each two, whatever they said that they have. Raises what kept them from it."""
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        async with self._lock(wallet):
            for pair in _pairs(participants):
                await self._make(wallet, pair, 1)

    async def fill(self, wallet: StoredWallet) -> None:
        """One round: bring each two connected devices of ``wallet`` to ``TARGET``. Failures wait, longer each time."""
        said: dict[bytes, Mapping[bytes, int]] = {}
        for device in wallet.request.devices:
            if self._hub.connected(device.identity):
                with contextlib.suppress(WarifuError):  # whoever does not answer is left out of this round
                    said[device.identity] = await self._said(wallet, device.identity)
        for pair in _pairs(list(said)):
            prepared = _prepared(said, pair)
            if prepared <= TARGET // 2 and self._pause(wallet, pair).until <= time.monotonic():
                await self._try(wallet, pair, TARGET - prepared)

    async def _run(self) -> None:
        while True:
            with survived():
                for wallet in await asyncio.to_thread(list_wallets, self._database):
                    if "ecdsa" in wallet.request.schemes:
                        with survived():  # one wallet's failure takes no other one's turn
                            await self.fill(wallet)
            await asyncio.sleep(ROUND_SECONDS)

    async def _try(self, wallet: StoredWallet, pair: Pair, count: int) -> None:
        pause = self._pause(wallet, pair)
        try:
            async with self._lock(wallet):  # a transfer that waits gets its turn between two sessions
                await self._make(wallet, pair, count)
            await self._require_prepared(wallet, pair)
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

    async def _require_prepared(self, wallet: StoredWallet, pair: Pair) -> None:
        """A hostile device says in each round that it has nothing, and so has the other one make batches in vain."""
        one, other = pair
        said = {one: await self._said(wallet, one), other: await self._said(wallet, other)}
        if _prepared(said, pair) <= TARGET // 2:
            raise SessionAborted("no-correlations", "what was just prepared is not there")

    async def _said(self, wallet: StoredWallet, identity: bytes) -> Mapping[bytes, int]:
        """What this device has with each of the others, by identity."""
        status = decode(Status, await self._hub.call(identity, AskStatus, _STATUS_SECONDS), MAX_BODY_BYTES)
        found = next((item for item in status.wallets if item.wallet_id == wallet.id), None)
        said = {} if found is None else dict(zip(found.devices, found.correlations, strict=False))
        devices = wallet.request.devices
        if any(device.name not in said for device in devices):
            name = self._hub.name_of(identity)
            raise SessionAborted(
                "no-correlations", f"device '{name}' does not say what it has prepared", blame=name
            )
        return {device.identity: said[device.name] for device in devices}

    def _pause(self, wallet: StoredWallet, pair: Pair) -> _Pause:
        return self._pauses.setdefault((wallet.id, pair), _Pause())

    def _lock(self, wallet: StoredWallet) -> asyncio.Lock:
        """Never two sessions for one wallet at the same time: each device's pools have one writer."""
        return self._locks.setdefault(wallet.id, asyncio.Lock())


def _prepared(said: Mapping[bytes, Mapping[bytes, int]], pair: Pair) -> int:
    """The smaller of what the two say, and never less than nothing, which a hostile one could say."""
    one, other = pair
    return max(0, min(said[one][other], said[other][one]))


def _pairs(identities: Sequence[bytes]) -> list[Pair]:
    if len(set(identities)) != len(identities):
        raise InputRefused("identities", "a device is named twice")
    return list(itertools.combinations(sorted(identities), 2))
