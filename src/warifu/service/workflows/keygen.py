"""Key generation: a ceremony of all devices of a new wallet. Its result is durable, its course is not.

A key generation that breaks off left nothing that anybody could spend to: the owner simply asks again. So it is no
durable workflow; what was running when the service stopped is shown as ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from warifu.chains.bitcoin_network.backends.base import Backend
from warifu.errors import ChainUnavailable, PeerMisbehaved, ServiceRefused, SessionAborted, WarifuError
from warifu.protocol.api import error_body
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, OpenSession, RecoverWallet, SignedBirth, WalletBirth
from warifu.protocol.identity import verify
from warifu.protocol.request import WalletRequest, request_digest
from warifu.service.bell import Bell
from warifu.service.doors import Authorized, body_digest, recovery_request, wallet_request
from warifu.service.hub.hub import Hub
from warifu.service.store.ceremonies import (
    Unfinished,
    begin_ceremony,
    finish_ceremony,
    keep_unfinished,
    note_ceremony,
    refuse_ceremony,
    running_ceremonies,
    unfinished_wallet,
)
from warifu.service.store.database import Database
from warifu.service.store.devices import list_devices

BIRTHDAY_MARGIN = 144
"""Blocks below the tip at a wallet's creation: a reorganisation may put its first payment into an earlier block."""


class Keygens:
    """Runs on the hub's event loop."""

    def __init__(
        self, database: Database, hub: Hub, bell: Bell, timeout: float, backend: Backend | None = None
    ) -> None:
        self._database = database
        self._hub = hub
        self._bell = bell
        self._timeout = timeout
        self._backend = backend
        self._recovering = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def end_interrupted(self) -> None:
        """At the start: say of those that were running that they ended."""
        for identifier in running_ceremonies(self._database):
            refuse_ceremony(
                self._database,
                identifier,
                error_body(
                    SessionAborted(
                        "interrupted",
                        "the service stopped during the key generation",
                        not_done="No wallet came into use. A device may keep a share of one that nobody can pay to.",
                        remedy="Create the wallet again.",
                    )
                ),
            )

    async def begin(self, name: str, authorized: Authorized, envelopes: tuple[bytes, ...]) -> str:
        """The ceremony's id; a repeated question gets the same. Raises ``InputRefused`` or ``ServiceRefused``."""
        request = wallet_request(authorized)
        known = {device.identity for device in await asyncio.to_thread(list_devices, self._database)}
        for device in request.devices:
            if device.identity not in known:
                raise ServiceRefused(
                    "unknown-device",
                    f"device '{device.name}' is not enrolled at this service",
                    not_done="No wallet was made.",
                    remedy="Enrol it first ('warifu signer invite NAME').",
                )
        identifier = request.request_id.hex()
        body = body_digest(authorized.encoded, envelopes, name.encode())
        if await asyncio.to_thread(begin_ceremony, self._database, identifier, name, body):
            task = asyncio.create_task(self._run(identifier, authorized))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return identifier

    async def close(self) -> None:
        """End what is running."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, identifier: str, authorized: Authorized) -> None:
        births = _Births(wallet_request(authorized))
        birthday = 0
        try:
            birthday = await asyncio.to_thread(self._birthday)
            await self._generate(identifier, authorized, births)
            await asyncio.to_thread(
                finish_ceremony,
                self._database,
                identifier,
                authorized.digest,
                authorized.encoded,
                births.stated,
                birthday,
            )
        except WarifuError as error:
            if births.stated:
                left = Unfinished(identifier, authorized.digest, authorized.encoded, birthday, births.stated)
                await asyncio.to_thread(keep_unfinished, self._database, left, error_body(error))
            else:
                await asyncio.to_thread(refuse_ceremony, self._database, identifier, error_body(error))
        finally:
            self._bell.ring()

    async def _generate(self, identifier: str, authorized: Authorized, births: _Births) -> None:
        session = secrets.token_bytes(16)
        openings = {
            identity: OpenSession(session, authorized.authorization, envelope, authorized.participants, b"")
            for identity, envelope in authorized.envelopes.items()
        }
        self._note(identifier, "authorization and envelopes are sent to the devices")
        await self._hub.run_session(
            openings,
            wanted=len(openings),
            judge=births.judge,
            entered=lambda device: self._note(
                identifier, "judged the request and entered the ceremony", device
            ),
            timeout=self._timeout,
        )

    async def recover(self, name: str, authorized: Authorized) -> str:
        """Have the device of the one envelope recover its share from another's birth; the ceremony's id.

        The device verifies the recovery data itself: this service could alter it, and would only be refused.
        Raises the device's refusal, or ``ServiceRefused`` (``unknown-wallet``, ``device-offline``).
        """
        request = recovery_request(authorized)
        (envelope,) = authorized.envelopes.values()
        async with self._recovering:
            left = await asyncio.to_thread(unfinished_wallet, self._database, name, authorized.digest)
            births = _Births(request)
            for birth in left.births:
                births.judge(decode(SignedBirth, birth, MAX_BODY_BYTES).identity, birth)
            data = decode(SignedBirth, left.births[0], MAX_BODY_BYTES).recovery
            answer = await self._hub.call(
                envelope.identity,
                lambda call: RecoverWallet(call, authorized.authorization, envelope, data),
                self._timeout,
            )
            births.judge(envelope.identity, answer)
            await asyncio.to_thread(self._keep, left, births.stated, len(request.devices))
        self._bell.ring()
        return left.ceremony

    def _keep(self, left: Unfinished, births: tuple[bytes, ...], wanted: int) -> None:
        if len(births) == wanted:
            finish_ceremony(self._database, left.ceremony, left.id, left.authorization, births, left.birthday)
        else:
            kept = Unfinished(left.ceremony, left.id, left.authorization, left.birthday, births)
            keep_unfinished(self._database, kept, None)

    def _birthday(self) -> int:
        """Taken before the key exists. A chain that does not answer costs a longer scan later, not the wallet."""
        if self._backend is None:
            return 0
        try:
            return max(0, self._backend.tip().height - BIRTHDAY_MARGIN)
        except ChainUnavailable:
            return 0

    def _note(self, identifier: str, text: str, device: str | None = None) -> None:
        note_ceremony(self._database, identifier, 0, text, device=device)
        self._bell.ring()


class _Births:
    """Wants the same birth from every device. The owner's client does this again against what it pinned."""

    def __init__(self, request: WalletRequest) -> None:
        self._wallet_id = request_digest(request)
        self._schemes = request.schemes
        self._birth: bytes | None = None
        self._stated: dict[bytes, bytes] = {}

    @property
    def stated(self) -> tuple[bytes, ...]:
        """The births that were found good, by identity."""
        return tuple(self._stated[identity] for identity in sorted(self._stated))

    def judge(self, identity: bytes, result: bytes) -> None:
        signed = decode(SignedBirth, result, MAX_BODY_BYTES)
        birth = decode(WalletBirth, signed.birth, MAX_BODY_BYTES)
        verify(identity, signed.signature, "birth", signed.birth)
        if signed.identity != identity or birth.wallet_id != self._wallet_id:
            raise PeerMisbehaved("birth", "a device stated the birth of another wallet")
        if tuple(key.scheme for key in birth.keys) != self._schemes:
            raise PeerMisbehaved("birth", "a device stated other keys than the owner asked for")
        stated = tuple(key.recovery_digest for key in birth.keys)
        if stated != tuple(hashlib.sha256(data).digest() for data in signed.recovery):
            raise PeerMisbehaved("birth", "a device handed in other recovery data than it stated")
        if self._birth not in (None, signed.birth):
            raise PeerMisbehaved("birth", "the devices state different births")
        self._birth = signed.birth
        self._stated[identity] = result
