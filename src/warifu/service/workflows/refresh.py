"""Refreshing a wallet's shares: one session of all its devices, and its end carried to whoever missed it.

What was asked is stored before anything else. Killed at any moment, the service asks the devices first what came of it:
one that has the certificate answers for all, because without all of them there is none. If none has, the same session
is opened once more; a device whose one-shot envelope was used up by then refuses, and the owner asks again. In no case
is a share lost, whatever this service does: that is the devices' own affair (``docs/protocol.md``, 7.6).

Certificates are exchanged with every device of a wallet until both sides have the same. So a device that is behind
catches up, and a service learns of an end that it missed: cut off from all devices just then, or put back to an old
database.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

import msgspec

from warifu.errors import PassphraseRefused, PeerMisbehaved, ServiceRefused, SessionAborted, WarifuError
from warifu.protocol.api import Refresh, error_body
from warifu.protocol.authorization import check_times
from warifu.protocol.epochs import (
    AT_BIRTH,
    EpochStatement,
    check_certificate,
    position,
    read_statement,
    statement_in,
)
from warifu.protocol.frames import OpenSession, ShowEpoch
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.doors import Authorized, body_digest, read_authorized, refresh_request
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import log_mistake, survived
from warifu.service.store.database import Database
from warifu.service.store.refreshes import (
    StoredRefresh,
    begin_refresh,
    learn_epoch,
    note_refresh,
    read_refresh,
    refuse_refresh,
    running_refreshes,
)
from warifu.service.store.wallets import StoredWallet, list_wallets, wallet_named

ROUND_SECONDS = 5.0
_ASK_SECONDS = 10.0


class Refreshes:
    """Runs on the hub's event loop."""

    def __init__(self, database: Database, hub: Hub, bell: Bell, config: ServiceConfig) -> None:
        self._database = database
        self._hub = hub
        self._bell = bell
        self._config = config
        self._tasks: set[asyncio.Task[None]] = set()
        self._shown: dict[tuple[bytes, bytes], bytes] = {}
        """Wallet and device -> position that this device has in force, or a later one: its own word, in this run."""

    def start(self) -> None:
        """Take up what was running, and begin to show certificates."""
        for refresh in running_refreshes(self._database):
            self._spawn(self._run(refresh, fresh=False))
        self._spawn(self._carry())

    async def close(self) -> None:
        """End what is running; what was asked for is taken up at the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def begin(self, name: str, authorized: Authorized, envelopes: tuple[bytes, ...]) -> str:
        """The refresh's id; a repeated question gets the same. Raises ``InputRefused`` or ``ServiceRefused``."""
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        request = refresh_request(authorized, wallet.request)
        asked = StoredRefresh(
            request.request_id.hex(),
            name,
            request.epoch,
            authorized.digest,
            authorized.encoded,
            tuple(envelopes),
        )
        body = body_digest(authorized.encoded, envelopes, name.encode())
        if await asyncio.to_thread(begin_refresh, self._database, asked, body):
            self._spawn(self._run(asked, fresh=True))
        return asked.id

    def read(self, identifier: str, after: int) -> Refresh:
        """As the API shows it. Raises ``ServiceRefused`` (``unknown-refresh``)."""
        found = read_refresh(self._database, identifier, after)
        if found.state != "finished":
            return found
        wallet = wallet_named(self._database, found.wallet)
        behind = tuple(
            device.name for device in wallet.request.devices if self._is_behind(wallet, device.identity)
        )
        return msgspec.structs.replace(found, behind=behind)

    async def catch_up(self, name: str, identities: Iterable[bytes]) -> None:
        """Before a session of these devices: whoever is behind is shown the wallet's certificate. A device that does
        not take it in is left to its peers."""
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        if wallet.certificate:
            await self._exchange(wallet, (each for each in identities if self._is_behind(wallet, each)))

    # --- one refresh ----------------------------------------------------------------------------------------------

    async def _run(self, refresh: StoredRefresh, *, fresh: bool) -> None:
        try:
            ceremony = await asyncio.to_thread(self._ceremony, refresh)
            certificate = await self._certificate(ceremony, fresh=fresh)
            await asyncio.to_thread(learn_epoch, self._database, refresh.wallet, certificate)
            self._bell.ring()
            await self.catch_up(refresh.wallet, ceremony.identities)
        except WarifuError as error:
            await self._refuse(refresh, error)
        except Exception as error:  # noqa: BLE001 - nobody foresaw it, and it must not stand as running for ever
            log_mistake(error)
            await self._refuse(refresh, _interrupted())
        finally:
            self._bell.ring()

    async def _refuse(self, refresh: StoredRefresh, error: WarifuError) -> None:
        """Unless a device that could not be asked knows better: all are asked again."""
        await asyncio.to_thread(refuse_refresh, self._database, refresh.id, error_body(error))
        wallet = await asyncio.to_thread(wallet_named, self._database, refresh.wallet)
        for device in wallet.request.devices:
            self._shown.pop((wallet.id, device.identity), None)

    def _ceremony(self, refresh: StoredRefresh) -> _Ceremony:
        wallet = wallet_named(self._database, refresh.wallet)
        return _Ceremony(
            refresh, wallet, read_authorized(refresh.authorization, refresh.envelopes, timely=False)
        )

    async def _certificate(self, ceremony: _Ceremony, *, fresh: bool) -> bytes:
        await self._wait_for_devices(ceremony)
        if not fresh:
            found = await self._found(ceremony)
            if found is not None:
                return found
        try:
            return await self._session(ceremony)
        except WarifuError as error:
            found = await self._found(ceremony)
            if found is not None:
                return found
            if not fresh and isinstance(error, PassphraseRefused) and error.reason.startswith("envelope"):
                raise _interrupted() from None
            raise

    async def _found(self, ceremony: _Ceremony) -> bytes | None:
        """The certificate of this refresh, if any connected device has it."""
        await self._exchange(ceremony.wallet, ceremony.identities)
        wallet = await asyncio.to_thread(wallet_named, self._database, ceremony.wallet.name)
        if (
            wallet.certificate
            and read_statement(statement_in(wallet.certificate)).request == ceremony.refresh.request
        ):
            return wallet.certificate
        return None

    async def _wait_for_devices(self, ceremony: _Ceremony) -> None:
        """All must be there. Who is missing is told while there is still time to switch it on."""
        missing = self._missing(ceremony)
        if missing:
            self._note(ceremony.refresh, f"waiting for: {', '.join(missing)}")
        if not await self._hub.wait_connected(ceremony.identities, self._config.signer_wait):
            names = self._missing(ceremony)
            raise ServiceRefused(
                "device-offline",
                f"not connected: {', '.join(names)}",
                not_done="Nothing was refreshed.",
                remedy="All devices of the wallet take part in a refresh. Switch them on, and ask again.",
                blame=names[0] if len(names) == 1 else None,
            )

    def _missing(self, ceremony: _Ceremony) -> list[str]:
        return [self._hub.name_of(item) for item in ceremony.identities if not self._hub.connected(item)]

    async def _session(self, ceremony: _Ceremony) -> bytes:
        request, identities = ceremony.authorized.request, ceremony.identities
        check_times(request.created, request.expires, int(time.time()))
        await self.catch_up(ceremony.refresh.wallet, identities)
        session = secrets.token_bytes(16)
        openings = {
            identity: OpenSession(session, ceremony.authorized.authorization, envelope, identities, b"")
            for identity, envelope in ceremony.authorized.envelopes.items()
        }
        self._note(ceremony.refresh, "authorization and envelopes are sent to the devices")
        results = await self._hub.run_session(
            openings,
            wanted=len(openings),
            judge=lambda identity, result: self._handed_in(ceremony, identity, result),
            entered=lambda device: self._note(
                ceremony.refresh, "judged the request and entered the ceremony", device
            ),
            timeout=self._config.session_seconds,
        )
        return next(iter(results.values()))

    def _handed_in(self, ceremony: _Ceremony, identity: bytes, result: bytes) -> None:
        """A device's result: the certificate of this refresh, which it uses. The owner's client judges it again."""
        statement = _checked(ceremony.wallet, result)
        if statement.request != ceremony.refresh.request or statement.epoch != ceremony.refresh.epoch:
            raise PeerMisbehaved("certificate", "a device handed in the certificate of another refresh")
        self._shown[ceremony.wallet.id, identity] = position(statement_in(result))

    # --- certificates ---------------------------------------------------------------------------------------------

    async def _carry(self) -> None:
        while True:
            with survived():
                for wallet in await asyncio.to_thread(list_wallets, self._database):
                    behind = [
                        item.identity
                        for item in wallet.request.devices
                        if self._is_behind(wallet, item.identity)
                    ]
                    await self._exchange(wallet, behind)
            await asyncio.sleep(ROUND_SECONDS)

    async def _exchange(self, wallet: StoredWallet, identities: Iterable[bytes]) -> None:
        """Each of these devices that is connected is shown the wallet's certificate, and shows its own."""
        connected = [identity for identity in identities if self._hub.connected(identity)]
        await asyncio.gather(*(self._exchange_with(wallet, identity) for identity in connected))

    async def _exchange_with(self, wallet: StoredWallet, identity: bytes) -> None:
        """One that does not answer, or answers nonsense, is asked again in another round."""
        with contextlib.suppress(WarifuError):
            theirs = await self._hub.call(
                identity, lambda call: ShowEpoch(call, wallet.id, wallet.certificate), timeout=_ASK_SECONDS
            )
            if theirs:
                _checked(wallet, theirs)
            place = position(statement_in(theirs)) if theirs else AT_BIRTH
            if place > _position(wallet):
                await asyncio.to_thread(learn_epoch, self._database, wallet.name, theirs)
            self._shown[wallet.id, identity] = place
            self._bell.ring()

    def _is_behind(self, wallet: StoredWallet, identity: bytes) -> bool:
        """Whether this device has not said in this run that it uses the wallet's newest shares."""
        return self._shown.get((wallet.id, identity), b"") < _position(wallet)

    def _note(self, refresh: StoredRefresh, text: str, device: str | None = None) -> None:
        note_refresh(self._database, refresh.id, text, device=device)
        self._bell.ring()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@dataclass(frozen=True)
class _Ceremony:
    """One refresh with all that a session among the devices needs."""

    refresh: StoredRefresh
    wallet: StoredWallet
    authorized: Authorized

    @property
    def identities(self) -> tuple[bytes, ...]:
        """All devices, ascending."""
        return self.authorized.participants


def _checked(wallet: StoredWallet, certificate: bytes) -> EpochStatement:
    """What the certificate says, if every device of the wallet signed it."""
    identities = sorted(device.identity for device in wallet.request.devices)
    return check_certificate(certificate, wallet.id, identities, wallet.request.schemes)


def _position(wallet: StoredWallet) -> bytes:
    return position(statement_in(wallet.certificate)) if wallet.certificate else AT_BIRTH


def _interrupted() -> SessionAborted:
    return SessionAborted(
        "interrupted",
        "the service stopped during the refresh",
        not_done="As far as the connected devices know the wallet's shares are what they were.",
        remedy="Refresh again.",
    )
