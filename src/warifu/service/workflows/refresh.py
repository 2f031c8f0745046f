"""Refreshing a wallet's shares: one session of all its devices, and its end carried to whoever missed it.

What was asked is stored before anything else. Killed at any moment, the service asks the devices first what came of it:
one that has the certificate answers for all, because without all of them there is none. If none has, the same session
is opened once more; a device whose one-shot envelope was used up by then refuses, and the owner asks again. A device
that could not be asked is asked when it comes back: what was taken for a refusal is found to have come to its end then.
In no case is a share lost, whatever this service does: that is the devices' own affair (``docs/protocol.md``, 7.6).

A certificate is shown to every device of its wallet, as often as it takes. Until then a device that is behind signs
with the old shares, which no other device uses any more.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

import msgspec

from warifu.errors import PassphraseRefused, PeerMisbehaved, ServiceRefused, SessionAborted, WarifuError
from warifu.protocol.api import Refresh, error_body
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization, check_times
from warifu.protocol.encoding import decode
from warifu.protocol.epochs import check_certificate, epoch_at, position, statement_in
from warifu.protocol.frames import MAX_BODY_BYTES, AskResult, OpenSession, ResultAnswer, ShowEpoch
from warifu.protocol.request import decode_request, request_digest
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.doors import Authorized, body_digest, read_authorized, refresh_request
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import log_mistake, survived
from warifu.service.store.database import Database
from warifu.service.store.refreshes import (
    StoredRefresh,
    begin_refresh,
    finish_refresh,
    note_refresh,
    read_refresh,
    refuse_refresh,
    refused_refreshes,
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
        self._asked: set[tuple[str, bytes]] = set()
        """Refused refreshes and devices that have no certificate of them."""

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
            request.request_id.hex(), name, request.epoch, authorized.encoded, tuple(envelopes)
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
        for identity in identities:
            await self._show(wallet, identity)

    # --- one refresh ----------------------------------------------------------------------------------------------

    async def _run(self, refresh: StoredRefresh, *, fresh: bool) -> None:
        try:
            ceremony = await asyncio.to_thread(self._ceremony, refresh)
            certificate = await self._certificate(ceremony, fresh=fresh)
            await asyncio.to_thread(finish_refresh, self._database, refresh, certificate)
            self._bell.ring()
            await self.catch_up(refresh.wallet, ceremony.sought.identities)
        except WarifuError as error:
            await asyncio.to_thread(refuse_refresh, self._database, refresh.id, error_body(error))
        except Exception as error:  # noqa: BLE001 - nobody foresaw it, and it must not stand as running for ever
            log_mistake(error)
            await asyncio.to_thread(refuse_refresh, self._database, refresh.id, error_body(_interrupted()))
        finally:
            self._bell.ring()

    def _ceremony(self, refresh: StoredRefresh) -> _Ceremony:
        wallet = wallet_named(self._database, refresh.wallet)
        authorized = read_authorized(refresh.authorization, refresh.envelopes, timely=False)
        return _Ceremony(_Sought(refresh, wallet, authorized.digest), authorized)

    async def _certificate(self, ceremony: _Ceremony, *, fresh: bool) -> bytes:
        await self._wait_for_devices(ceremony)
        if not fresh:
            found = await self._ask(ceremony.sought)
            if found is not None:
                return found
        try:
            return await self._session(ceremony)
        except WarifuError as error:
            found = await self._ask(ceremony.sought)
            if found is not None:
                return found
            if not fresh and isinstance(error, PassphraseRefused) and error.reason.startswith("envelope"):
                raise _interrupted() from None
            raise

    async def _wait_for_devices(self, ceremony: _Ceremony) -> None:
        """All must be there. Who is missing is told while there is still time to switch it on."""
        missing = self._missing(ceremony)
        if missing:
            self._note(ceremony.sought.refresh, f"waiting for: {', '.join(missing)}")
        if not await self._hub.wait_connected(ceremony.sought.identities, self._config.signer_wait):
            names = self._missing(ceremony)
            raise ServiceRefused(
                "device-offline",
                f"not connected: {', '.join(names)}",
                not_done="Nothing was refreshed.",
                remedy="All devices of the wallet take part in a refresh. Switch them on, and ask again.",
                blame=names[0] if len(names) == 1 else None,
            )

    def _missing(self, ceremony: _Ceremony) -> list[str]:
        return [
            self._hub.name_of(item) for item in ceremony.sought.identities if not self._hub.connected(item)
        ]

    async def _session(self, ceremony: _Ceremony) -> bytes:
        sought, request = ceremony.sought, ceremony.authorized.request
        check_times(request.created, request.expires, int(time.time()))
        await self.catch_up(sought.refresh.wallet, sought.identities)
        session = secrets.token_bytes(16)
        openings = {
            identity: OpenSession(
                session, ceremony.authorized.authorization, envelope, sought.identities, b""
            )
            for identity, envelope in ceremony.authorized.envelopes.items()
        }
        self._note(sought.refresh, "authorization and envelopes are sent to the devices")
        results = await self._hub.run_session(
            openings,
            wanted=len(openings),
            judge=lambda identity, result: self._heard(sought, identity, result),
            entered=lambda device: self._note(
                sought.refresh, "judged the request and entered the ceremony", device
            ),
            timeout=self._config.session_seconds,
        )
        return next(iter(results.values()))

    async def _ask(self, sought: _Sought, asked: set[tuple[str, bytes]] | None = None) -> bytes | None:
        """The certificate, if any connected device has it. ``asked``: those that are not asked any more, to which those
        are added that have it not."""
        asked = set() if asked is None else asked
        for identity in sought.identities:
            if (sought.refresh.id, identity) in asked or not self._hub.connected(identity):
                continue
            try:
                reply = await self._hub.call(
                    identity, lambda call: AskResult(call, sought.digest), timeout=_ASK_SECONDS
                )
                answer = decode(ResultAnswer, reply, MAX_BODY_BYTES * 2)
                if answer.state == "finished":
                    self._heard(sought, identity, answer.result)
                    return answer.result
            except WarifuError:
                continue
            asked.add((sought.refresh.id, identity))
        return None

    def _heard(self, sought: _Sought, identity: bytes, result: bytes) -> None:
        """The certificate, from a device that uses its new shares."""
        sought.judge(result)
        self._shown[sought.wallet.id, identity] = position(statement_in(result))

    # --- certificates ---------------------------------------------------------------------------------------------

    async def _seek(self) -> None:
        """What was taken for a refusal, while a device that knows better was away."""
        for refresh in await asyncio.to_thread(refused_refreshes, self._database):
            wallet = await asyncio.to_thread(wallet_named, self._database, refresh.wallet)
            if refresh.epoch != epoch_of(wallet) + 1:
                continue
            found = await self._ask(_Sought(refresh, wallet, _digest(refresh)), self._asked)
            if found is not None:
                await asyncio.to_thread(finish_refresh, self._database, refresh, found)
                self._bell.ring()

    async def _carry(self) -> None:
        while True:
            with survived():
                await self._seek()
                for wallet in await asyncio.to_thread(list_wallets, self._database):
                    for device in wallet.request.devices:
                        await self._show(wallet, device.identity)
            await asyncio.sleep(ROUND_SECONDS)

    async def _show(self, wallet: StoredWallet, identity: bytes) -> None:
        if not self._is_behind(wallet, identity) or not self._hub.connected(identity):
            return
        try:
            await self._hub.call(
                identity, lambda call: ShowEpoch(call, wallet.id, wallet.certificate), timeout=_ASK_SECONDS
            )
        except WarifuError:
            return
        self._shown[wallet.id, identity] = _position(wallet)
        self._bell.ring()

    def _is_behind(self, wallet: StoredWallet, identity: bytes) -> bool:
        """Whether this device has not said in this run that it uses the wallet's newest shares."""
        return bool(wallet.certificate) and self._shown.get((wallet.id, identity), b"") < _position(wallet)

    def _note(self, refresh: StoredRefresh, text: str, device: str | None = None) -> None:
        note_refresh(self._database, refresh.id, text, device=device)
        self._bell.ring()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@dataclass(frozen=True)
class _Sought:
    """The certificate of one refresh."""

    refresh: StoredRefresh
    wallet: StoredWallet
    digest: bytes
    """Of the request."""

    @property
    def identities(self) -> tuple[bytes, ...]:
        """All devices, ascending."""
        return tuple(sorted(device.identity for device in self.wallet.request.devices))

    def judge(self, result: bytes) -> None:
        """Whether this is it. The owner's client does this again."""
        statement = check_certificate(result, self.wallet.id, self.identities, self.wallet.request.schemes)
        if statement.request != self.digest or statement.epoch != self.refresh.epoch:
            raise PeerMisbehaved("certificate", "a device handed in the certificate of another refresh")


@dataclass(frozen=True)
class _Ceremony:
    """One refresh with all that a session among the devices needs."""

    sought: _Sought
    authorized: Authorized


def epoch_of(wallet: StoredWallet) -> int:
    """How many times the wallet's shares were refreshed, as far as this service knows."""
    return epoch_at(_position(wallet)) if wallet.certificate else 0


def _position(wallet: StoredWallet) -> bytes:
    return position(statement_in(wallet.certificate))


def _digest(refresh: StoredRefresh) -> bytes:
    authorization = decode(Authorization, refresh.authorization, MAX_AUTHORIZATION_BYTES)
    return request_digest(decode_request(authorization.request))


def _interrupted() -> SessionAborted:
    return SessionAborted(
        "interrupted",
        "the service stopped during the refresh",
        not_done="As far as the connected devices know the wallet's shares are what they were.",
        remedy="Refresh again.",
    )
