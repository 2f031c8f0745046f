"""Devices: how they join and connect, what they are and run on, their one-shot keys, what they would decide."""

from __future__ import annotations

import asyncio

from litestar import Router, WebSocket, delete, get, post, websocket
from litestar.exceptions import WebSocketException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromQuery, JSONBody

from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.api import (
    Activation,
    ActivationQuestion,
    CreatedInvitation,
    DecisionOf,
    DecisionQuestion,
    Decisions,
    Device,
    DeviceEndorsement,
    Devices,
    DeviceStatus,
    EnvelopeKeyOf,
    EnvelopeKeyQuestion,
    EnvelopeKeys,
    Join,
    JoinConfirmation,
    JoinOwner,
    JoinStage,
    NewInvitation,
    NewReference,
    ReferencesTaken,
    ReferenceTaken,
    error_body,
)
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import decode
from warifu.protocol.frames import (
    MAX_BODY_BYTES,
    MAX_FRAME_BYTES,
    ActivationAnswer,
    ApproveReference,
    AskActivation,
    AskDecision,
    AskEndorsement,
    AskEnvelopeKey,
    AskStatus,
    EnvelopeKeyAnswer,
)
from warifu.service.api.access import needs
from warifu.service.api.inputs import NamePath, Wait, strictly
from warifu.service.doors import read_authorized
from warifu.service.hub.link import LinkClosed
from warifu.service.service import Service
from warifu.service.store.devices import EnrolledDevice, device_named, list_devices, remove_device


class WebSocketTransport:
    """A signer's WebSocket as the hub wants it: binary messages and nothing else."""

    def __init__(self, socket: WebSocket) -> None:  # type: ignore[type-arg]
        self._socket = socket

    async def receive(self) -> bytes:
        try:
            return await self._socket.receive_bytes()
        except (WebSocketException, KeyError, RuntimeError):
            raise LinkClosed from None

    async def send(self, data: bytes) -> None:
        try:
            await self._socket.send_bytes(data)
        except (WebSocketException, RuntimeError, OSError):
            raise LinkClosed from None

    async def close(self) -> None:
        try:
            await self._socket.close()
        except (WebSocketException, RuntimeError, OSError):
            raise LinkClosed from None


def router(service: Service) -> Router:
    """The routes of this group."""
    handlers = [*_enrolment(service), *_enrolled(service), *_questions(service), *_evidence(service)]
    return Router("", route_handlers=handlers, tags=["devices"])


def _enrolment(service: Service) -> list[BaseRouteHandler]:
    """From the invitation to the comparison of digits, and every later connection."""
    database, hub = service.database, service.hub

    @websocket("/signers")
    async def signers(socket: WebSocket) -> None:  # type: ignore[type-arg]
        """A device's connection: it proves itself, or shows an invitation."""
        await socket.accept()
        await hub.attend(WebSocketTransport(socket))

    @post("/invitations", guards=[needs(database, "admin")], before_request=strictly(NewInvitation))
    async def invite(data: JSONBody[NewInvitation]) -> CreatedInvitation:
        """Let a device of this name join, once, within 15 minutes."""
        return hub.joins.invite(data.name)

    @get("/joins/{name:str}", guards=[needs(database, "admin")])
    async def join(name: NamePath, after: FromQuery[JoinStage | None] = None, wait: Wait = 0) -> Join:
        """How far an enrolment is."""
        return await service.bell.wait_for_news(
            lambda: hub.joins.show(name), lambda seen: seen.stage != after, wait if after else 0
        )

    @post(
        "/joins/{name:str}/owner",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(JoinOwner),
    )
    async def owner(name: NamePath, data: JSONBody[JoinOwner]) -> Join:
        """Pass the owner's credential and nonce to the device."""
        return hub.joins.owner(name, data.credential, data.nonce)

    @post(
        "/joins/{name:str}/confirm",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(JoinConfirmation),
    )
    async def confirm(name: NamePath, data: JSONBody[JoinConfirmation]) -> Join:
        """Say whether the digits were the same."""
        state, link = hub.joins.confirm(name, data.identity, data.same)
        if link is not None:
            hub.enrolled(data.identity, link)
        return state

    return [signers, invite, join, owner, confirm]


def _enrolled(service: Service) -> list[BaseRouteHandler]:
    """Which devices there are, and how they are."""
    database, hub = service.database, service.hub

    def shown(device: EnrolledDevice) -> Device:
        return Device(
            name=device.name,
            identity=device.identity,
            connected=hub.connected(device.identity),
            enrolled=device.enrolled,
            last_seen=device.last_seen,
            waiting=hub.boots.waiting(device.identity),
        )

    @get("/devices", guards=[needs(database, "read", "admin")], sync_to_thread=True)
    def devices() -> Devices:
        """The enrolled devices."""
        return Devices(devices=tuple(map(shown, list_devices(database))))

    @get("/devices/{name:str}/status", guards=[needs(database, "read", "admin")])
    async def status(name: NamePath) -> DeviceStatus:
        """Ask the device how it is."""
        device = await asyncio.to_thread(device_named, database, name)
        answer = await hub.call(device.identity, AskStatus)
        return DeviceStatus(device=shown(device), status=answer)

    @delete("/devices/{name:str}", guards=[needs(database, "admin")])
    async def remove(name: NamePath) -> None:
        """Forget a device. Its share stays where it is."""
        device = await asyncio.to_thread(remove_device, database, name)
        hub.disconnect(device.identity)

    return [devices, status, remove]


def _questions(service: Service) -> list[BaseRouteHandler]:
    """What an owner's client asks devices before it authorizes something."""
    database, hub = service.database, service.hub

    @post(
        "/envelope-keys",
        guards=[needs(database, "transfer", "admin")],
        status_code=200,
        before_request=strictly(EnvelopeKeyQuestion),
    )
    async def envelope_keys(data: JSONBody[EnvelopeKeyQuestion]) -> EnvelopeKeys:
        """One-shot keys of these devices."""
        _check_distinct(data.identities)
        answers = await asyncio.gather(
            *(
                hub.call(identity, lambda call: AskEnvelopeKey(call, data.nonce, data.wallet_id or b""))
                for identity in data.identities
            )
        )
        return EnvelopeKeys(
            keys=tuple(
                _envelope_key(identity, answer)
                for identity, answer in zip(data.identities, answers, strict=True)
            )
        )

    @post(
        "/decisions",
        guards=[needs(database, "draft", "transfer", "admin")],
        status_code=200,
        before_request=strictly(DecisionQuestion),
    )
    async def decisions(data: JSONBody[DecisionQuestion]) -> Decisions:
        """A dry run: would these devices sign?"""
        _check_distinct(data.identities)
        if len(data.request) + len(data.unsigned) > MAX_FRAME_BYTES - 1024:
            raise InputRefused("too-long", "request and transaction together are over the limit of a frame")

        approvals = tuple(decode(Approval, each, MAX_FRAME_BYTES) for each in data.approvals)

        async def ask(identity: bytes) -> DecisionOf:
            try:
                answer = await hub.call(
                    identity, lambda call: AskDecision(call, data.request, data.unsigned, approvals)
                )
            except WarifuError as error:
                return DecisionOf(identity=identity, decision=None, refusal=error_body(error))
            return DecisionOf(identity=identity, decision=answer, refusal=None)

        return Decisions(decisions=tuple(await asyncio.gather(*map(ask, data.identities))))

    return [envelope_keys, decisions]


def _evidence(service: Service) -> list[BaseRouteHandler]:
    """What the owner's client asks devices, and tells them, about what they run on."""
    database, hub = service.database, service.hub

    @post(
        "/activations",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(ActivationQuestion),
    )
    async def activations(data: JSONBody[ActivationQuestion]) -> Activation:
        """A challenge to the chip of one device."""
        answer = await hub.call(data.identity, lambda call: AskActivation(call, data.credential, data.secret))
        try:
            return Activation(proof=decode(ActivationAnswer, answer, MAX_BODY_BYTES).proof)
        except InputRefused:
            raise _unreadable(data.identity) from None

    @post(
        "/references",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(NewReference),
    )
    async def references(data: JSONBody[NewReference]) -> ReferencesTaken:
        """Have the devices accept one of them as something else from now on."""
        authorized = read_authorized(data.authorization, data.envelopes)

        async def tell(identity: bytes) -> ReferenceTaken:
            envelope = authorized.envelopes[identity]
            try:
                await hub.call(
                    identity, lambda call: ApproveReference(call, authorized.authorization, envelope)
                )
            except WarifuError as error:
                return ReferenceTaken(identity=identity, refusal=error_body(error))
            return ReferenceTaken(identity=identity, refusal=None)

        return ReferencesTaken(devices=tuple(await asyncio.gather(*map(tell, authorized.participants))))

    @get("/devices/{name:str}/endorsement", guards=[needs(database, "admin")])
    async def endorsement(name: NamePath) -> DeviceEndorsement:
        """Ask the device which chip vouches for its evidence."""
        device = await asyncio.to_thread(device_named, database, name)
        return DeviceEndorsement(endorsement=await hub.call(device.identity, AskEndorsement))

    return [activations, references, endorsement]


def _check_distinct(identities: tuple[bytes, ...]) -> None:
    if len(set(identities)) != len(identities):
        raise InputRefused("identities", "a device is named twice")


def _envelope_key(identity: bytes, answer: bytes) -> EnvelopeKeyOf:
    """Passed on as it is: only the client can tell whether it is genuine."""
    try:
        key = decode(EnvelopeKeyAnswer, answer, MAX_BODY_BYTES).key
    except InputRefused:
        raise _unreadable(identity) from None
    return EnvelopeKeyOf(identity=identity, statement=key.statement, signature=key.signature)


def _unreadable(identity: bytes) -> ServiceRefused:
    return ServiceRefused(
        "device-answer", "a device gave an answer that cannot be read", blame=identity.hex()[:16]
    )
