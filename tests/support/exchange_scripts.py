"""The owner's side of exchanges over the service's API, and devices whose part in it a test writes itself.

Such a device is a real one in everything else: it is enrolled, has its share and certifies its one-shot keys. Only what
the service says to it about exchanges is answered by the test's script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nacl.utils import random
from tests.support.service_world import Client, World, now
from tests.support.simulator import SimulatedDevice

from warifu.protocol import api
from warifu.protocol.authorization import Authorization, authorize
from warifu.protocol.credential import Approval, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.envelope import CertifiedEnvelopeKey, check_envelope_key
from warifu.protocol.exchange_answers import CallResult, Cosigned, SealedAnswer
from warifu.protocol.exchange_requests import CallRequest, ExchangeCall, call_digest
from warifu.protocol.frames import (
    AskResult,
    AskStatus,
    Carried,
    CloseSession,
    Finished,
    KeepAccount,
    OpenCall,
    OpenComparison,
    OpenExchangeKey,
    PieceTaken,
    Reply,
    ResultAnswer,
    SessionFailed,
    Status,
    StopCall,
    TunnelEnded,
    decode_to_signer,
    refusal_of,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.parcel import seal_parcel
from warifu.protocol.request import MAX_REQUEST_BYTES, Request, decode_request, request_digest

CALL = ExchangeCall("POST", "api.exchange.example.com", "/orders", (), b'{"a secret": "order"}', bytes(32))
TOLD = SealedAnswer(bytes(32), b"for the owner alone")


ALL = ("device0", "device1", "device2")


def scripted_world(root: Path) -> World:
    """A service without a chain, and a wallet of three devices, two of which sign: what they say, tests decide."""
    world = World(
        root,
        None,  # type: ignore[arg-type]
        "",
        settings={"session_seconds": 5.0, "signer_wait": 0.3},
        make_backend=lambda _: None,
    )
    world.found()

    async def prepare() -> None:
        async with world.running() as client:
            for name in ALL:
                await world.add_device(client, name)
            assert (await world.create_wallet(client)).state == "finished"

    asyncio.run(prepare())
    return world


def speak_for_themselves(world: World) -> None:
    """The devices follow no script any more."""
    for device in world.devices.values():
        device.signer.__dict__.pop("receive", None)


@dataclass
class Script:
    """What one device answers about exchanges. ``say`` gets each such frame and returns what the device says to it."""

    device: SimulatedDevice
    say: Callable[[Any], list[Any]] = lambda _: []
    status: Callable[[Status], Status] = lambda status: status
    heard: list[Any] = field(default_factory=list)
    silent: int = 0
    """How many of the questions how it stands it leaves without an answer, its connection open all the while."""

    def __post_init__(self) -> None:
        self._original = self.device.signer.receive
        self.device.signer.receive = self._receive  # type: ignore[method-assign]

    def count(self, kind: type[object]) -> int:
        """How many frames of this kind it heard."""
        return sum(isinstance(frame, kind) for frame in self.heard)

    def end(self) -> None:
        """It is its real self again."""
        del self.device.signer.receive

    def _receive(self, origin: Origin, payload: bytes) -> Any:
        frame = decode_to_signer(payload) if origin is Origin.SERVICE else None
        match frame:
            case AskStatus() if self.silent:
                self.silent -= 1
                return []
            case AskStatus():
                return [self._with_accounts(*answer) for answer in self._original(origin, payload)]
            case (
                KeepAccount()
                | OpenCall()
                | OpenExchangeKey()
                | OpenComparison()
                | AskResult()
                | Carried()
                | TunnelEnded()
                | CloseSession()
                | PieceTaken()
                | StopCall()
            ):
                self.heard.append(frame)
                return [(Origin.SERVICE, encode(said)) for said in self.say(frame)]
            case _:
                return self._original(origin, payload)

    def _with_accounts(self, origin: Origin, data: bytes) -> tuple[Origin, bytes]:
        reply = decode(Reply, data, 2**20)
        return origin, encode(Reply(reply.call, encode(self.status(decode(Status, reply.answer, 2**20)))))


def carries(outcome: Any = "done", told: SealedAnswer | None = TOLD) -> Callable[[Any], list[Any]]:
    """A carrier that is through at once."""

    def say(frame: Any) -> list[Any]:
        match frame:
            case OpenCall():
                result = CallResult(digest_of(frame.authorization), outcome, "", 0, told)
                return [Finished(frame.session, encode(result))]
            case _:
                return cosigns(frame)

    return say


def speaks_for_another(frame: Any) -> list[Any]:
    """A helper in a comparison that says what the one that owes it should say."""
    if isinstance(frame, OpenComparison):
        return [Finished(frame.session, encode(CallResult(frame.about, "done", "", 0, None)))]
    return []


def cosigns(frame: Any) -> list[Any]:
    """Another participant that did its part at once."""
    match frame:
        case OpenCall():
            return [Finished(frame.session, encode(Cosigned(digest_of(frame.authorization))))]
        case OpenComparison():
            return [Finished(frame.session, encode(Cosigned(frame.about)))]
        case _:
            return []


def refuses(error: Any, state: str = "unknown", result: bytes = b"") -> Callable[[Any], list[Any]]:
    """A device that refuses to take part, and says afterwards that it knows so much of it."""

    def say(frame: Any) -> list[Any]:
        match frame:
            case OpenCall() | OpenComparison():
                return [SessionFailed(frame.session, refusal_of(error))]
            case AskResult():
                return [Reply(frame.call, encode(ResultAnswer(state, result)))]
            case _:
                return []

    return say


def knows(state: str, result: bytes = b"") -> Callable[[Any], list[Any]]:
    """A device that takes part in nothing, and says so much when it is asked what came of a call."""

    def say(frame: Any) -> list[Any]:
        if isinstance(frame, AskResult):
            return [Reply(frame.call, encode(ResultAnswer(state, result)))]
        return []

    return say


def digest_of(authorization: Authorization) -> bytes:
    return request_digest(decode_request(authorization.request))


def result_of(request: CallRequest, outcome: Any = "done") -> bytes:
    """What a carrier has in its books."""
    return encode(CallResult(request_digest(request), outcome, "", 0, TOLD))


def call_request(world: World, carrier: str, account: str = "binance") -> CallRequest:
    return CallRequest(
        random(16),
        world.wallet_id,
        account,
        call_digest(CALL),
        world.devices[carrier].identity,
        random(32),
        now(),
        now() + 600,
    )


async def parcelled(
    client: Client,
    request: Request,
    contents: Mapping[bytes, bytes],
    key: IdentityKey | None = None,
    further: Sequence[Approval] = (),
) -> tuple[bytes, tuple[bytes, ...]]:
    """The owner's authorization with a parcel of each device's content, by identity. ``further``: other owners'."""
    nonce, identities = random(32), sorted(contents)
    parcels = []
    if identities:
        question = api.EnvelopeKeyQuestion(identities=tuple(identities), nonce=nonce)
        answer = await client.post("/envelope-keys", question, api.EnvelopeKeys)
        for certified, identity in zip(answer.keys, identities, strict=True):
            made = check_envelope_key(
                CertifiedEnvelopeKey(certified.statement, certified.signature), identity, nonce, now()
            )
            parcels.append(seal_parcel(made, request_digest(request), contents[identity]))
    signed = authorize(approver(key or client.owner), request, encode(request), parcels, further)
    assert len(encode(request)) < MAX_REQUEST_BYTES
    return encode(signed), tuple(map(encode, parcels))


async def call_question(
    world: World, client: Client, request: CallRequest, names: Sequence[str], key: IdentityKey | None = None
) -> api.NewExchangeCall:
    contents = {world.devices[name].identity: encode(CALL) for name in names}
    authorization, parcels = await parcelled(client, request, contents, key)
    return api.NewExchangeCall(authorization=authorization, parcels=parcels)


async def show_call(
    client: Client, identifier: str, wallet: str = "savings", **query: Any
) -> api.ExchangeCallShown:
    return await client.get(f"/wallets/{wallet}/exchange-calls/{identifier}", api.ExchangeCallShown, **query)


async def ended(client: Client, identifier: str, *states: str) -> api.ExchangeCallShown:
    """The call once it is in one of ``states``; in one in which nothing is under way where none is named."""
    after = 0
    while True:
        shown = await show_call(client, identifier, after=after, wait=5)
        if shown.state in (states or ("done", "refused", "unknown")):
            return await show_call(client, identifier)
        after = max([after, *(event.number for event in shown.events)])
