"""A whole service in this process: real store, real workflows, real API, real signers, a real (embedded) chain.

The HTTP API is called through ASGI and the signers' frames travel over queues, so no port is opened but the chain's.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from nacl.utils import random
from tests.support.api_app import app_of
from tests.support.simulator import FRIEND, GENEROUS, PASSPHRASE, SimulatedDevice

from warifu.chains.accounts import AccountChain
from warifu.chains.bitcoin.transaction import parse_hash
from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.server import serving
from warifu.chains.bitcoin_network.backends.base import Backend
from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.errors import WarifuError
from warifu.protocol import api
from warifu.protocol.authorization import authorize
from warifu.protocol.chains import Scheme
from warifu.protocol.credential import Approval, Credential, DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.envelope import CertifiedEnvelopeKey, Envelope, check_envelope_key, seal
from warifu.protocol.frames import SignedBirth, WalletBirth
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import BeginJoin, ConfirmJoin, ShowAuthenticationString, decode_for_operator
from warifu.protocol.policy import Policy
from warifu.protocol.request import (
    Outflow,
    Request,
    Stretching,
    TransferRequest,
    WalletRequest,
    request_digest,
)
from warifu.service.config import ServiceConfig
from warifu.service.hub.link import LinkClosed
from warifu.service.service import Service
from warifu.service.setup import found_service
from warifu.service.store.database import Database, open_database
from warifu.service.workflows import engine
from warifu.units import Satoshi

T = TypeVar("T")
engine.POLL_SECONDS = 0.02  # stopping a service takes as long
ENDED = ("broadcast", "confirmed", "refused", "rejected", "replaced", "needs-authorization")


@contextmanager
def embedded_chain(directory: Path) -> Iterator[tuple[EmbeddedChain, str]]:
    """A chain with mature coins in its faucet, and the URL of its Esplora interface."""
    chain = EmbeddedChain(directory)
    try:
        if chain.height < 101:
            chain.mine(101)
        with serving(chain) as url:
            yield chain, url
    finally:
        chain.close()


def now() -> int:
    return int(time.time())


class Pipe:
    """One end of an in-memory connection, as the hub and as a device's driver want it."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.other: Pipe | None = None
        self.closed = False

    async def receive(self) -> bytes:
        data = await self.inbox.get()
        if data is None:
            self.closed = True
            raise LinkClosed
        return data

    async def send(self, data: bytes) -> None:
        assert self.other is not None
        if self.closed or self.other.closed:
            raise LinkClosed
        self.other.inbox.put_nowait(data)

    async def close(self) -> None:
        assert self.other is not None
        self.closed = True
        self.other.inbox.put_nowait(None)
        self.inbox.put_nowait(None)


def pipe() -> tuple[Pipe, Pipe]:
    one, other = Pipe(), Pipe()
    one.other, other.other = other, one
    return one, other


async def drive(device: SimulatedDevice, end: Any, shown: list[str] | None = None) -> None:
    """What the agent does: frames from the connection into the signer, its answers back. Ends with the connection."""
    with contextlib.suppress(LinkClosed):
        while True:
            await _answer(device, end, Origin.SERVICE, await end.receive(), shown)


async def _answer(
    device: SimulatedDevice, end: Any, origin: Origin, payload: bytes, shown: list[str] | None
) -> None:
    for answer_origin, data in device.signer.receive(origin, payload):
        if answer_origin is Origin.SERVICE:
            await end.send(data)
        elif shown is not None:
            message = decode_for_operator(data)
            if isinstance(message, ShowAuthenticationString):
                shown.append(message.digits)


@dataclass
class Client:
    """The owner's client: the API with one key, and the owner's credential."""

    http: httpx.AsyncClient
    owner: IdentityKey

    async def get(self, path: str, kind: type[T], **query: object) -> T:
        answer = await self.http.get(f"/v1{path}", params={k: str(v) for k, v in query.items()})
        return api.read_answer(kind, answer.status_code, answer.content)

    async def post(self, path: str, question: object, kind: type[T]) -> T:
        answer = await self.http.post(
            f"/v1{path}", content=api.write_json(question), headers={"Content-Type": "application/json"}
        )
        return api.read_answer(kind, answer.status_code, answer.content)

    async def put(self, path: str, question: object, kind: type[T]) -> T:
        answer = await self.http.put(
            f"/v1{path}", content=api.write_json(question), headers={"Content-Type": "application/json"}
        )
        return api.read_answer(kind, answer.status_code, answer.content)

    async def envelopes(
        self, request: Request, identities: Sequence[bytes], passphrase: str = PASSPHRASE
    ) -> list[Envelope]:
        nonce = random(32)
        answer = await self.post(
            "/envelope-keys",
            api.EnvelopeKeyQuestion(identities=tuple(identities), nonce=nonce),
            api.EnvelopeKeys,
        )
        named = request_digest(request)
        return [
            seal(
                check_envelope_key(
                    CertifiedEnvelopeKey(key.statement, key.signature), identity, nonce, now()
                ),
                named,
                passphrase.encode(),
            )
            for key, identity in zip(answer.keys, identities, strict=True)
        ]

    async def authorized(
        self,
        request: Request,
        identities: Sequence[bytes],
        passphrase: str = PASSPHRASE,
        further: Sequence[Approval] = (),
    ) -> tuple[bytes, tuple[bytes, ...]]:
        envelopes = await self.envelopes(request, identities, passphrase)
        signed = authorize(approver(self.owner), request, encode(request), envelopes, further)
        return encode(signed), tuple(map(encode, envelopes))

    async def until(self, transfer: str, states: Sequence[str] = ENDED, seconds: float = 30) -> api.Transfer:
        """The transfer once it is in one of these states."""
        end = time.monotonic() + seconds
        while True:
            found = await self.get(f"/transfers/{transfer}", api.Transfer)
            if found.state in states:
                return found
            assert time.monotonic() < end, (found.state, [event.text for event in found.events])
            await asyncio.sleep(0.02)


@dataclass
class Payment:
    """A draft and the request for it."""

    request: TransferRequest
    unsigned: bytes

    @property
    def id(self) -> str:
        return self.request.request_id.hex()


@dataclass
class World:
    """Everything, and the short ways of doing it."""

    root: Path
    chain: EmbeddedChain
    url: str
    storage_key: bytes = field(default_factory=lambda: random(32))
    owner: IdentityKey = field(default_factory=IdentityKey.generate)
    devices: dict[str, SimulatedDevice] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    make_backend: Callable[[str], Backend | None] = Esplora
    chains: Sequence[AccountChain] = ()
    others: tuple[Credential, ...] = ()
    """Owners beside this one."""
    wallet_id: bytes = b""
    api_key: str = ""
    _drivers: dict[str, tuple[asyncio.Task[None], asyncio.Task[None], Pipe]] = field(default_factory=dict)

    def copy(self, root: Path, chain: EmbeddedChain, url: str) -> World:
        """The same world in another place, where its files were copied to."""
        devices = {
            name: SimulatedDevice(name, root / name, now, unlock_key=device.unlock_key)
            for name, device in self.devices.items()
        }
        return World(
            root,
            chain,
            url,
            storage_key=self.storage_key,
            owner=self.owner,
            others=self.others,
            devices=devices,
            wallet_id=self.wallet_id,
            api_key=self.api_key,
        )

    @property
    def data_dir(self) -> Path:
        return self.root / "service"

    def found(self) -> None:
        self.api_key = found_service(self.data_dir, self.storage_key).api_key.key

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Client]:
        """The service from its start to its end, all devices connected."""
        config = ServiceConfig(
            data_dir=str(self.data_dir),
            network="regtest",
            poll_seconds=0.1,
            **{"signer_wait": 2.0, "session_seconds": 20.0, **self.settings},
        )
        self.database: Database = open_database(self.data_dir, self.storage_key)
        self.backend: Any = self.make_backend(self.url)
        self.service = Service(config, self.database, self.backend, self.chains)
        await self.service.start()
        try:
            for name in self.devices:
                await self.connect(name)
            with app_of(self.service) as app:
                async with httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app),
                    base_url="http://service",
                    headers={"Authorization": f"Bearer {self.api_key}"},
                    timeout=60,
                ) as http:
                    yield Client(http, self.owner)
        finally:
            for name in list(self._drivers):
                await self.disconnect(name)
            await self.service.stop()
            if self.backend is not None:
                self.backend.close()
            self.database.close()

    # --- devices ---

    async def connect(self, name: str) -> None:
        """The device's connection is there and known to the hub, if the device is enrolled."""
        device = self.devices[name]
        theirs, ours = pipe()
        attending = asyncio.create_task(self.service.hub.attend(theirs))
        driving = asyncio.create_task(drive(device, ours))
        self._drivers[name] = (attending, driving, ours)
        if device.signer.joined:
            assert await self.service.hub.wait_connected((device.identity,), 60)

    async def disconnect(self, name: str) -> None:
        attending, driving, end = self._drivers.pop(name)
        await end.close()
        await asyncio.gather(attending, driving)

    @contextlib.asynccontextmanager
    async def passing_time(self, name: str) -> AsyncIterator[None]:
        """The device looks at its clock now and then, as it does in a process of its own."""

        async def look() -> None:
            while True:
                await asyncio.sleep(0.1)
                for origin, data in self.devices[name].signer.tick():
                    assert origin is Origin.SERVICE
                    await self._drivers[name][2].send(data)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()

    def new_device(self, name: str) -> SimulatedDevice:
        """A device that was never started."""
        return SimulatedDevice(name, self.root / name, now)

    async def add_device(self, client: Client, name: str) -> SimulatedDevice:
        """Enrol a new device by the whole flow, digits compared."""
        device = self.new_device(name)
        self.devices[name] = device
        invitation = await client.post("/invitations", api.NewInvitation(name=name), api.CreatedInvitation)
        theirs, ours = pipe()
        attending = asyncio.create_task(self.service.hub.attend(theirs))
        shown: list[str] = []
        driving = asyncio.create_task(drive(device, ours, shown))
        self._drivers[name] = (attending, driving, ours)
        await _answer(device, ours, Origin.OPERATOR, encode(BeginJoin(name, invitation.secret)), shown)
        await client.get(f"/joins/{name}", api.Join, after="invited", wait=5)
        question = api.JoinOwner(credential=self.owner.public, nonce=random(32))
        await client.post(f"/joins/{name}/owner", question, api.Join)
        join = await client.get(f"/joins/{name}", api.Join, after="owner-sent", wait=5)
        assert join.stage == "revealed" and join.identity == device.identity and len(shown) == 1
        device.operator(ConfirmJoin(True))
        confirmation = api.JoinConfirmation(identity=device.identity, same=True)
        assert (await client.post(f"/joins/{name}/confirm", confirmation, api.Join)).stage == "enrolled"
        return device

    # --- the owner ---

    def wallet_request(
        self, threshold: int, policy: Policy = GENEROUS, schemes: Sequence[Scheme] = ("bip340",)
    ) -> WalletRequest:
        return WalletRequest(
            random(16),
            "regtest",
            tuple(schemes),
            threshold,
            tuple(device.ref for device in self.devices.values()),
            (DeviceKey(self.owner.public), *self.others),
            policy,
            Stretching(64, 3),
            now(),
            now() + 3600,
        )

    async def create_wallet(
        self,
        client: Client,
        name: str = "savings",
        threshold: int = 2,
        policy: Policy = GENEROUS,
        schemes: Sequence[Scheme] = ("bip340",),
    ) -> api.Ceremony:
        request = self.wallet_request(threshold, policy, schemes)
        identities = [device.identity for device in self.devices.values()]
        authorization, envelopes = await client.authorized(request, identities)
        question = api.NewWallet(name=name, authorization=authorization, envelopes=envelopes)
        accepted = await client.post("/wallets", question, api.Accepted)
        while True:
            found = await client.get(f"/ceremonies/{accepted.id}", api.Ceremony)
            if found.state != "running":
                break
            await asyncio.sleep(0.02)
        self.wallet_id = request_digest(request)
        return found

    async def ready(
        self,
        client: Client,
        n: int = 3,
        threshold: int = 2,
        amount: int = 100_000_000,
        policy: Policy = GENEROUS,
    ) -> None:
        """n devices, one wallet, some money; nothing to do where they are there already."""
        if self.wallet_id:
            return
        for number in range(n):
            await self.add_device(client, f"device{number}")
        ceremony = await self.create_wallet(client, threshold=threshold, policy=policy)
        assert ceremony.state == "finished", ceremony.refusal
        births = {decode(SignedBirth, birth, 2**20).birth for birth in ceremony.births}
        assert len(births) == 1
        assert decode(WalletBirth, births.pop(), 2**20).wallet_id == self.wallet_id
        await self.fund(client, amount)

    async def fund(self, client: Client, amount: int) -> None:
        given = await client.post("/wallets/savings/addresses", None, api.Address)
        await asyncio.to_thread(self.chain.fund, given.address, Satoshi(amount))
        await asyncio.to_thread(self.chain.mine, 1)

    async def payment(self, client: Client, amount: int = 60_000, to: str = FRIEND, **wanted: Any) -> Payment:
        """A draft and a request that fits it."""
        question = (
            api.NewDraft(**wanted)
            if wanted
            else api.NewDraft(recipients=(api.DraftRecipient(address=to, amount=amount),), fee_rate=2000)
        )
        draft = await client.post("/wallets/savings/drafts", question, api.Draft)
        request = TransferRequest(
            random(16),
            self.wallet_id,
            "bitcoin",
            (Outflow("payment", "", str(amount), to),),
            str(draft.fee),
            parse_hash(draft.txid),
            bytes.fromhex(draft.replaces) if draft.replaces else None,
            now(),
            now() + 600,
        )
        return Payment(request, draft.psbt)

    async def question(
        self, client: Client, payment: Payment, names: Sequence[str] = (), passphrase: str = PASSPHRASE
    ) -> api.NewTransfer:
        chosen = [self.devices[name].identity for name in names or list(self.devices)[:2]]
        authorization, envelopes = await client.authorized(payment.request, chosen, passphrase)
        return api.NewTransfer(authorization=authorization, envelopes=envelopes, unsigned=payment.unsigned)

    async def send(
        self, client: Client, payment: Payment, names: Sequence[str] = (), passphrase: str = PASSPHRASE
    ) -> api.Transfer:
        question = await self.question(client, payment, names, passphrase)
        accepted = await client.post("/transfers", question, api.Accepted)
        assert accepted.id == payment.id
        return await client.until(accepted.id)

    def mempool(self) -> list[bytes]:
        with self.chain.lock:
            return [entry.transaction.txid for entry in self.chain.mempool]


async def refusal(work: Any) -> WarifuError:
    """The error that ``work`` raises."""
    try:
        await work
    except WarifuError as error:
        return error
    raise AssertionError("nothing was refused")


def changed(message: Any, **fields: object) -> Any:
    return msgspec.structs.replace(message, **fields)


def made_ready(root: Path, policy: Policy = GENEROUS, **fields: Any) -> World:
    """Three devices, a wallet, some money, and a service that was stopped: to be copied, for test after test."""

    async def prepare(made: World) -> None:
        async with made.running() as client:
            await made.ready(client, policy=policy)

    with embedded_chain(root / "chain") as (chain, url):
        made = World(root, chain, url, **fields)
        made.found()
        asyncio.run(prepare(made))
        for device in made.devices.values():
            device.signer.close()
    return made


@contextmanager
def copied(template: World, root: Path) -> Iterator[World]:
    """What was made ready, in a place of its own and as if nobody had touched it."""
    shutil.copytree(template.root, root)
    with embedded_chain(root / "chain") as (chain, url):
        yield template.copy(root, chain, url)
