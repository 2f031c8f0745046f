"""Keys for accounts at exchanges: one session of all devices, and who missed its end is brought home.

What was asked is stored before the first device is told. Killed at any moment, the service asks the devices what came
of it (``AskResult``): one that states the key has what the others recover their shares by; if none does, and one of
them never gave its word for a transcript, there is no such key and never will be. As long as it cannot be told, because
a device is away, it is asked when it comes. The service remembers nothing that the devices do not know.

A key is finished when *every* device states it. Only then the owner's client gives it to an exchange.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from warifu.errors import (
    AuthorizationRefused,
    InputRefused,
    PeerMisbehaved,
    ServiceRefused,
    SessionAborted,
    WarifuError,
)
from warifu.protocol.api import ExchangeKeyShown, error_body
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import KeyBorn
from warifu.protocol.exchange_requests import ExchangeKeyRequest
from warifu.protocol.frames import (
    MAX_BODY_BYTES,
    AskKeyRecovery,
    AskResult,
    KeyRecovered,
    OpenExchangeKey,
    RecoverExchangeKey,
    ResultAnswer,
)
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.doors import Parcelled
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import log_mistake
from warifu.service.store import exchange_births as store
from warifu.service.store.database import Database
from warifu.service.store.exchange_births import StoredBirth
from warifu.service.store.wallets import StoredWallet, wallet_named
from warifu.service.workflows.refresh import Refreshes

ROUND_SECONDS = 0.5
RECOVERY_SECONDS = 5.0
"""After so long a device is asked again that could not make its share: it was frozen, or the line was cut."""
_LOOK_SECONDS = 60.0
_ASK_SECONDS = 10.0
LONGEST_SECONDS = 7 * 24 * 3600
"""A device that has not come back by then is not waited for any more."""
_UNHEARD = ("device-offline", "device-silent", "device-busy")
"""Reasons for which a device is asked again: it may not have heard it."""


@dataclass
class _Seen:
    """What the wallet's devices say of one key."""

    births: dict[bytes, bytes] = field(default_factory=dict)
    """Of those that have their share."""
    began: set[bytes] = field(default_factory=set)
    """They gave their word for a transcript, and did not see the end."""
    strange: set[bytes] = field(default_factory=set)
    """They know nothing of it: without their word there is no key."""
    away: set[bytes] = field(default_factory=set)


class ExchangeBirths:
    """Runs on the hub's event loop."""

    def __init__(
        self, database: Database, hub: Hub, bell: Bell, refreshes: Refreshes, config: ServiceConfig
    ) -> None:
        self._database = database
        self._hub = hub
        self._bell = bell
        self._refreshes = refreshes
        self._config = config
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Take up what was unfinished."""
        for birth in store.running_births(self._database):
            self._spawn(self._run(birth))

    async def close(self) -> None:
        """End what is running; it is taken up at the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def begin(self, wallet: StoredWallet, parcelled: Parcelled, request: ExchangeKeyRequest) -> str:
        """The key's id; a repeated question gets the same. Raises ``ServiceRefused``."""
        birth = StoredBirth(
            request.request_id.hex(),
            wallet.name,
            request.account,
            parcelled.digest,
            parcelled.encoded,
            int(time.time()),
            {},
        )
        if await asyncio.to_thread(store.add_birth, self._database, birth):
            self._spawn(self._run(birth))
        return birth.id

    def read(self, wallet: StoredWallet, identifier: str, after: int) -> ExchangeKeyShown:
        """As the API shows it. Raises ``ServiceRefused`` (``unknown-exchange-key``)."""
        return store.read_birth(self._database, wallet, identifier, after)

    # --- one key --------------------------------------------------------------------------------------------------

    async def _run(self, birth: StoredBirth) -> None:
        try:
            wallet = await asyncio.to_thread(wallet_named, self._database, birth.wallet)
            await self._bear(birth, wallet)
        except WarifuError as error:
            await self._refuse(birth, error)
        except Exception as error:  # noqa: BLE001 - nobody foresaw it, and it must not stand as running for ever
            log_mistake(error)
            await self._refuse(birth, _interrupted())
        finally:
            self._bell.ring()

    async def _bear(self, birth: StoredBirth, wallet: StoredWallet) -> None:
        """Until every device states the key, or none ever can. Raises why."""
        known, opened = dict(birth.births), False
        failure: WarifuError | None = None
        while await asyncio.to_thread(store.still_running, self._database, birth.id):
            seen = await self._look(birth, wallet, known)
            if len(seen.births) == len(wallet.request.devices):
                await self._keep(birth, seen.births, finished=True)
                return
            if seen.births != known:
                known = dict(seen.births)
                await self._keep(birth, known, finished=False)
            if known and seen.strange:
                raise _lost(wallet, seen.strange)
            if known and seen.began:
                await self._recover(birth, wallet, seen)
            elif known or (seen.began and seen.away and not seen.strange):
                await self._await(seen.away)
            elif seen.began or opened:
                raise failure or _interrupted()
            elif seen.strange:
                opened, failure = True, await self._session(birth, wallet)
            else:
                await self._await(seen.away)
            if time.time() > birth.created + LONGEST_SECONDS:
                raise failure or _interrupted()

    async def _session(self, birth: StoredBirth, wallet: StoredWallet) -> WarifuError | None:
        """Why it broke off; what came of it the devices are asked."""
        identities = _identities(wallet)
        births = Births(birth.request)
        opening = OpenExchangeKey(secrets.token_bytes(16), self._authorization(birth), identities)
        try:
            await self._hub.wait_connected(identities, self._config.signer_wait)
            await self._refreshes.catch_up(birth.wallet, identities)
            await self._hub.run_session(
                dict.fromkeys(identities, opening),
                wanted=len(identities),
                judge=births.judge,
                entered=lambda device: self._note(birth, "judged the request and entered", device),
                timeout=self._config.session_seconds,
            )
        except WarifuError as error:
            self._note(birth, f"the session broke off: {error.message}", error.blame)
            return error
        return None

    async def _look(self, birth: StoredBirth, wallet: StoredWallet, known: dict[bytes, bytes]) -> _Seen:
        """Ask those who have not stated it yet."""
        seen, births = _Seen(dict(known)), Births(birth.request)
        for identity, stated in known.items():
            births.judge(identity, stated)

        async def ask(identity: bytes) -> None:
            try:
                told = await self._hub.call(
                    identity, lambda call: AskResult(call, birth.request), _ASK_SECONDS
                )
            except ServiceRefused as refused:
                if refused.reason not in _UNHEARD:
                    raise
                seen.away.add(identity)
                return
            answer = decode(ResultAnswer, told, MAX_BODY_BYTES)
            if answer.state == "finished":
                births.judge(identity, answer.result)
                seen.births[identity] = answer.result
            else:
                (seen.began if answer.state == "started" else seen.strange).add(identity)

        others = [identity for identity in _identities(wallet) if identity not in known]
        await asyncio.gather(*map(ask, others))
        return seen

    async def _recover(self, birth: StoredBirth, wallet: StoredWallet, seen: _Seen) -> None:
        """Have those that are there and lack it make their shares from what another device tells. Raises why one
        cannot, where asking again would not help."""
        lasting: WarifuError | None = None
        passing: WarifuError | None = None
        for source in sorted(seen.births):
            try:
                told = await self._hub.call(
                    source, lambda call: AskKeyRecovery(call, birth.request), _ASK_SECONDS
                )
                data = decode(KeyRecovered, told, MAX_BODY_BYTES).recovery
                for identity in sorted(seen.began):
                    await self._hub.call(identity, _recovering(birth.request, data), _ASK_SECONDS)
                    self._note(birth, "made its share from what another device told", _name(wallet, identity))
                return
            except WarifuError as error:
                if isinstance(error, InputRefused | AuthorizationRefused | PeerMisbehaved):
                    lasting = error
                else:
                    passing = error
        if passing is None and lasting is not None:
            raise lasting
        if passing is not None:
            self._note(birth, f"not every device has its share yet: {passing.message}", passing.blame)
        await asyncio.sleep(RECOVERY_SECONDS)

    async def _await(self, away: set[bytes]) -> None:
        """Until one of these is there, and not for longer than a while."""
        end = time.monotonic() + _LOOK_SECONDS
        while not any(map(self._hub.connected, away)) and time.monotonic() < end:
            await asyncio.sleep(ROUND_SECONDS)

    async def _keep(self, birth: StoredBirth, births: dict[bytes, bytes], *, finished: bool) -> None:
        await asyncio.to_thread(store.keep_births, self._database, birth.id, births, finished=finished)
        self._bell.ring()

    async def _refuse(self, birth: StoredBirth, error: WarifuError) -> None:
        await asyncio.to_thread(store.refuse_birth, self._database, birth.id, error_body(error))

    def _authorization(self, birth: StoredBirth) -> Authorization:
        return decode(Authorization, birth.authorization, MAX_AUTHORIZATION_BYTES)

    def _note(self, birth: StoredBirth, text: str, device: str | None = None) -> None:
        store.note_birth(self._database, birth.id, text, device)
        self._bell.ring()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Births:
    """Wants the same key from every device. The owner's client does this again, with the signatures."""

    def __init__(self, request: bytes) -> None:
        """``request``: digest of the ``ExchangeKeyRequest``."""
        self._request = request
        self._key: tuple[bytes, tuple[bytes, ...]] | None = None

    def judge(self, identity: bytes, result: bytes) -> None:
        """``PeerMisbehaved`` (``birth``), or ``InputRefused`` for what is no ``KeyBorn``."""
        born = decode(KeyBorn, result, MAX_BODY_BYTES)
        if born.request != self._request or born.identity != identity:
            raise PeerMisbehaved("birth", "a device stated the key of another request")
        if self._key not in (None, (born.public, born.public_shares)):
            raise PeerMisbehaved("birth", "the devices state different keys")
        self._key = born.public, born.public_shares


def _recovering(request: bytes, data: bytes) -> Callable[[int], RecoverExchangeKey]:
    return lambda call: RecoverExchangeKey(call, request, data)


def _identities(wallet: StoredWallet) -> tuple[bytes, ...]:
    return tuple(sorted(device.identity for device in wallet.request.devices))


def _name(wallet: StoredWallet, identity: bytes) -> str:
    return next(device.name for device in wallet.request.devices if device.identity == identity)


def _lost(wallet: StoredWallet, identities: set[bytes]) -> SessionAborted:
    names = sorted(_name(wallet, identity) for identity in identities)
    return SessionAborted(
        "key-lost",
        f"these devices know nothing of the key that the others have: {', '.join(names)}",
        not_done="This key is not to be registered at the exchange.",
        remedy="Have another key generated: it takes the place of this one.",
        blame=names[0] if len(names) == 1 else None,
    )


def _interrupted() -> SessionAborted:
    return SessionAborted(
        "interrupted",
        "the key generation broke off before any device had the key",
        not_done="There is no such key, on no device.",
        remedy="Have a key generated again.",
    )
