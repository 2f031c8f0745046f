"""Calls at exchanges: a session of the devices that the owner chose, and what came of it, once.

What was handed in is stored before anything else. Before the first device is told it becomes ``running``, durably, and
from then on this service never opens a session for it again: a request that may be out is asked for and not sent a
second time. Killed at any moment, it asks the carrier afterwards, which wrote down that it sends before it sent
(``AskResult``). As long as the carrier is away, nobody knows; it is asked when it comes.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from warifu.errors import PeerMisbehaved, ServiceRefused, SessionAborted, WarifuError
from warifu.protocol.api import ExchangeCallShown, ExchangePieces, error_body
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import CallResult, Cosigned
from warifu.protocol.frames import MAX_BODY_BYTES, AskResult, OpenCall, ResultAnswer
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.doors import Parcelled, body_digest, call_request, check_owner, read_parcelled
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import log_mistake, survived
from warifu.service.store import exchange_calls as store
from warifu.service.store import exchange_pieces
from warifu.service.store.database import Database
from warifu.service.store.exchange_calls import StoredCall
from warifu.service.store.instructions import owners_of
from warifu.service.store.wallets import wallet_named
from warifu.service.workflows.acknowledging import UNWITNESSED, Acknowledging, Witnessed
from warifu.service.workflows.answer_pieces import AnswerPieces
from warifu.service.workflows.at_work import AtWork
from warifu.service.workflows.refresh import Refreshes

ROUND_SECONDS = 2.0
ROUNDS_BETWEEN_TIDYING = 300
_ASK_SECONDS = 10.0
_LONGEST_PAUSE = 60.0
_ASKED_FOR_SECONDS = 7 * 24 * 3600
"""A carrier that has not said by then what came of a call is not asked any more; its owner can look at the exchange."""
_REMEMBERED_SECONDS = 20 * 3600
"""A carrier forgets a call a day after its request expired, by its own clock. That it knows nothing of an older one
does not say that it never sent it."""


@dataclass
class _Pause:
    until: float = 0.0
    seconds: float = ROUND_SECONDS


class ExchangeCalls:
    """Runs on the hub's event loop."""

    def __init__(
        self,
        database: Database,
        hub: Hub,
        bell: Bell,
        refreshes: Refreshes,
        acknowledging: Acknowledging,
        config: ServiceConfig,
        ended: Callable[[str], None],
    ) -> None:
        """``ended`` is told the name of a wallet for which a call has just ended, or broken off."""
        self._database = database
        self._hub = hub
        self._bell = bell
        self._refreshes = refreshes
        self._acknowledging = acknowledging
        self._config = config
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_work = AtWork()
        """By a call's id."""
        self._pauses: dict[str, _Pause] = {}
        self._pieces: dict[str, AnswerPieces] = {}
        """Of the calls whose sessions run now."""

    def start(self) -> None:
        """Take up what was unfinished, and begin to ask for what is not known."""
        for call in store.calls_in(self._database, "waiting"):
            self._work(call, self._run(call))
        for call in store.calls_in(self._database, "running"):
            self._work(call, self._take_up(call))
        self._spawn(self._ask_again())

    async def close(self) -> None:
        """End what is running; what was told to devices is asked for at the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def begin(
        self,
        name: str,
        parcelled: Parcelled,
        parcels: tuple[bytes, ...],
        makers: tuple[bytes, ...] | None = None,
    ) -> str:
        """The call's id; a repeated question gets the same. ``makers``: who of those with a parcel makes it, after all
        of them counted it; None: all. Raises ``InputRefused``, ``AuthorizationRefused`` or
        ``ServiceRefused``."""
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        request = call_request(parcelled, wallet.request, makers)
        check_owner(parcelled, await asyncio.to_thread(owners_of, self._database, wallet))
        call = StoredCall(
            request.request_id.hex(),
            name,
            request.account,
            parcelled.digest,
            request.carrier,
            parcelled.encoded,
            tuple(parcels),
            int(time.time()),
            makers,
        )
        body = body_digest(parcelled.encoded, parcels, name.encode(), *(makers or ()))
        with self._at_work.on(call.id):
            if await asyncio.to_thread(store.add_call, self._database, call, body):
                self._work(call, self._run(call))
        return call.id

    def read(self, wallet: str, identifier: str, after: int) -> ExchangeCallShown:
        """As the API shows it. Raises ``ServiceRefused`` (``unknown-call``)."""
        self._is_read(identifier)
        return store.read_call(self._database, wallet, identifier, after)

    def pieces(self, wallet: str, identifier: str, after: int) -> ExchangePieces:
        """What came of the answer. As :meth:`read`."""
        self._is_read(identifier)
        return exchange_pieces.read_pieces(self._database, wallet, identifier, after)

    def _is_read(self, identifier: str) -> None:
        live = self._pieces.get(identifier)
        if live is not None:
            live.seen()

    async def stop(self, wallet: str, identifier: str) -> None:
        """Its owner has heard enough, or wants it no more. What is out already has an answer, which is waited for.

        Raises ``ServiceRefused`` (``unknown-call``)."""
        shown = await asyncio.to_thread(store.read_call, self._database, wallet, identifier, 0)
        live = self._pieces.get(identifier)
        if live is not None:
            live.stop()
        elif shown.state == "waiting":
            refusal = error_body(_stopped())
            await asyncio.to_thread(store.refuse_call, self._database, identifier, refusal, store.WAITING)
            self._bell.ring()

    # --- one call -------------------------------------------------------------------------------------------------

    async def _run(self, call: StoredCall) -> None:
        told = False
        try:
            parcelled = read_parcelled(call.authorization, call.parcels, timely=False)
            makers = parcelled.participants if call.makers is None else call.makers
            await self._wait_for_devices(makers)
            await self._refreshes.catch_up(call.wallet, makers)
            witnessed = await self._witnessed(call, parcelled)
            if not await asyncio.to_thread(store.begin_call, self._database, call.id):
                return
            told = True
            await self._finish(call, await self._session(call, parcelled, makers, witnessed))
        except WarifuError as error:
            await self._broke_off(call, error, told=told)
        except Exception as error:  # noqa: BLE001 - nobody foresaw it, and it must not stand as running for ever
            log_mistake(error)
            await self._broke_off(call, _interrupted(), told=told)
        finally:
            self._bell.ring()

    async def _witnessed(self, call: StoredCall, parcelled: Parcelled) -> Witnessed:
        """What a strict wallet's devices say before it is made. Until then nothing can leave: killed meanwhile, the
        service asks them once more."""
        if call.makers is None:
            return UNWITNESSED
        wait, seconds = self._config.signer_wait, self._config.session_seconds
        witnessed = await self._acknowledging.of_call(call.wallet, parcelled, call.makers, wait, seconds)
        names = ", ".join(self._hub.name_of(item.identity) for item in witnessed.acknowledgements)
        self._note(call, f"{names} count the call from now on")
        return witnessed

    async def _wait_for_devices(self, makers: tuple[bytes, ...]) -> None:
        if not await self._hub.wait_connected(makers, self._config.signer_wait):
            names = [self._hub.name_of(item) for item in makers if not self._hub.connected(item)]
            raise ServiceRefused(
                "device-offline",
                f"not connected: {', '.join(names)}",
                not_done="No device was told, and nothing was sent.",
                remedy="Start the device, or choose another one, and make the call again.",
                blame=names[0] if len(names) == 1 else None,
            )

    async def _session(
        self, call: StoredCall, parcelled: Parcelled, makers: tuple[bytes, ...], witnessed: Witnessed
    ) -> CallResult:
        session = secrets.token_bytes(16)
        openings = {
            identity: OpenCall(
                session,
                parcelled.authorization,
                parcelled.parcels[identity],
                makers,
                witnessed.acknowledgements,
                witnessed.confirmations,
            )
            for identity in makers
        }
        self._note(call, "authorization and parcels are sent to the devices")
        pieces = AnswerPieces(self._database, self._bell, call.id, lambda text: self._note(call, text))
        self._pieces[call.id] = pieces
        try:
            results = await self._run_session(call, openings, pieces)
        finally:
            del self._pieces[call.id]
            await pieces.close()  # the result speaks of them: they are there before it is
        return _result_of(call, results[call.carrier])

    async def _run_session(
        self, call: StoredCall, openings: Mapping[bytes, OpenCall], pieces: AnswerPieces
    ) -> dict[bytes, bytes]:
        return await self._hub.run_session(
            openings,
            wanted=len(openings),
            judge=lambda identity, result: _judge(call, identity, result),
            entered=lambda device: self._note(call, "judged the request and entered the session", device),
            timeout=self._config.session_seconds,
            decisive=call.carrier,
            note=lambda text: self._note(call, text),
            pieces=pieces,
        )

    async def _take_up(self, call: StoredCall) -> None:
        """This service was stopped or killed after it had told the devices."""
        with survived():
            await self._hub.wait_connected((call.carrier,), self._config.signer_wait)
            await self._broke_off(call, _interrupted(), told=True)
            self._bell.ring()

    async def _broke_off(self, call: StoredCall, error: WarifuError, *, told: bool) -> None:
        """No result came. Where devices were told, the carrier is the one who knows whether anything left."""
        if not told:
            await asyncio.to_thread(store.refuse_call, self._database, call.id, error_body(error))
            return
        if not await self._settled(call, error):
            await asyncio.to_thread(store.doubt_call, self._database, call.id, error_body(error))
        self._ended(
            call.wallet
        )  # who signed it may owe a comparison, whether or not its carrier is ever heard again

    async def _settled(self, call: StoredCall, error: WarifuError) -> bool:
        """Ask the carrier; whether it knew. ``error``: what to say where it never began."""
        try:
            answer = decode(
                ResultAnswer,
                await self._hub.call(
                    call.carrier, lambda number: AskResult(number, call.request), timeout=_ASK_SECONDS
                ),
                MAX_BODY_BYTES * 2,
            )
            if answer.state == "finished":
                await self._finish(call, _result_of(call, answer.result))
                return True
        except WarifuError:
            return False
        if answer.state == "unknown" and time.time() < call.created + _REMEMBERED_SECONDS:
            await asyncio.to_thread(store.refuse_call, self._database, call.id, error_body(error))
            return True
        return False

    async def _finish(self, call: StoredCall, result: CallResult) -> None:
        await asyncio.to_thread(store.finish_call, self._database, call.id, result)
        self._ended(call.wallet)

    # --- what nobody knows ----------------------------------------------------------------------------------------

    async def _ask_again(self) -> None:
        for count in itertools.count():
            with survived():
                if count % ROUNDS_BETWEEN_TIDYING == 0:
                    await asyncio.to_thread(store.tidy, self._database, int(time.time()))
                unknown = await asyncio.to_thread(store.calls_in, self._database, "unknown")
                for identifier in self._pauses.keys() - {call.id for call in unknown}:
                    del self._pauses[identifier]
                await asyncio.gather(
                    *map(self._ask_if_there, unknown)
                )  # a silent carrier delays no other one
                await self._end_orphans()
            await asyncio.sleep(ROUND_SECONDS)

    async def _end_orphans(self) -> None:
        """What nobody works on any more: its end could not be written down (a full disk). Nothing waits for a restart
        that could make it then."""
        before = self._at_work.all()
        waiting = await asyncio.to_thread(store.calls_in, self._database, "waiting")
        running = await asyncio.to_thread(store.calls_in, self._database, "running")
        busy = before | self._at_work.all()
        for call in waiting:
            if call.id not in busy:
                refusal = error_body(_interrupted())
                await asyncio.to_thread(store.refuse_call, self._database, call.id, refusal, store.WAITING)
                self._bell.ring()
        for call in running:
            if call.id not in busy:
                self._work(call, self._take_up(call))

    async def _ask_if_there(self, call: StoredCall) -> None:
        pause = self._pauses.setdefault(call.id, _Pause())
        old = call.created + _ASKED_FOR_SECONDS < time.time()
        if old or not self._hub.connected(call.carrier) or pause.until > time.monotonic():
            return
        with survived():
            if await self._settled(call, _interrupted()):
                self._bell.ring()
                return
        pause.until = time.monotonic() + pause.seconds
        pause.seconds = min(2 * pause.seconds, _LONGEST_PAUSE)

    def _note(self, call: StoredCall, text: str, device: str | None = None) -> None:
        store.note_call(self._database, call.id, text, device=device)
        self._bell.ring()

    def _work(self, call: StoredCall, work: Coroutine[None, None, None]) -> None:
        async def survives() -> None:
            with survived():
                await work

        self._at_work.begins(call.id)
        self._spawn(survives()).add_done_callback(lambda _: self._at_work.ends(call.id))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _judge(call: StoredCall, identity: bytes, result: bytes) -> None:
    """A device's end of the session: the carrier's result, or another's word that it did its part."""
    if identity == call.carrier:
        _result_of(call, result)
    elif decode(Cosigned, result, MAX_BODY_BYTES).request != call.request:
        raise _other_request()


def _result_of(call: StoredCall, result: bytes) -> CallResult:
    found = decode(CallResult, result, MAX_BODY_BYTES)
    if found.request != call.request:
        raise _other_request()
    return found


def _stopped() -> SessionAborted:
    return SessionAborted(
        "stopped", "the call was given up before any device was told", not_done="Nothing was sent."
    )


def _other_request() -> PeerMisbehaved:
    return PeerMisbehaved("result", "a device handed in the result of another call")


def _interrupted() -> SessionAborted:
    return SessionAborted(
        "interrupted",
        "the service stopped while the devices worked on this call",
        not_done="As far as the carrier knows, nothing was sent.",
        remedy="Make the call again.",
    )
