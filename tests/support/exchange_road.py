"""The whole road to an exchange: the owner's client, the service, real devices, and a simulated exchange behind TLS."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from nacl.utils import random
from tests.support.exchange_scripts import ended, parcelled
from tests.support.exchange_world import policy
from tests.support.sandbox import (
    BINANCE_KEY,
    CDP_KEY,
    EXCHANGE_KEY,
    EXCHANGE_PASSPHRASE,
    EXCHANGE_SECRET,
    venue_of,
)
from tests.support.service_world import Client, Pipe, World, now

from warifu.cli.exchanges.keys import (
    NewAccount,
    agreed_key,
    for_born_key,
    from_cdp_file,
    from_triplet,
    new_key_request,
)
from warifu.exchanges.calls import Call
from warifu.exchanges.http import HttpAnswer
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AccountStatus, AnswerKey, KeyBorn, SealedAnswer, Told
from warifu.protocol.exchange_decisions import open_decision
from warifu.protocol.exchange_pieces import Pieces
from warifu.protocol.exchange_requests import (
    NOBODY,
    CallRequest,
    ExchangeCall,
    ExchangeKeyRequest,
    call_digest,
)
from warifu.protocol.frames import Decision
from warifu.protocol.policy import Policy
from warifu.protocol.request import request_digest
from warifu.sandbox.control import AddFault, SetAccount, SetCredential, ShowAccount
from warifu.sandbox.simulation import Simulation

T = TypeVar("T")
ALL = ("device0", "device1", "device2")
CUSTOMER = "ada"


@dataclass
class Asked:
    """A call as the owner's client has it."""

    request: CallRequest
    reader: AnswerKey
    question: api.NewExchangeCall
    content: bytes

    @property
    def id(self) -> str:
        return self.request.request_id.hex()

    def told(self, shown: api.ExchangeCallShown) -> Told:
        """What the carrier tells, opened with the reader's key."""
        assert shown.answer is not None, shown
        sealed = decode(SealedAnswer, shown.answer, 2**18)
        return self.reader.open(sealed, request_digest(self.request), self.request.carrier)


@dataclass
class Road:
    """A world whose service reaches the simulation in the exchanges' place."""

    world: World
    simulation: Simulation

    @property
    def identities(self) -> tuple[bytes, ...]:
        return tuple(sorted(device.identity for device in self.world.devices.values()))

    @property
    def authorities(self) -> str:
        return self.simulation.authority_file.read_text()

    async def prepare(self, client: Client, names: Sequence[str] = ALL, **rules: Any) -> None:
        """Three devices, two of which sign, in a wallet with rules for every exchange."""
        for name in names:
            await self.world.add_device(client, name)
        ceremony = await self.world.create_wallet(client, policy=generous(**rules))
        assert ceremony.state == "finished", ceremony.refusal

    # --- accounts ---

    async def add_born(self, client: Client) -> None:
        """At Binance: a key that never existed whole."""
        request = new_key_request(self.world.wallet_id, "binance", "binance", now(), now() + 600)
        authorization, _ = await parcelled(client, request, {})
        question = api.NewExchangeKey(authorization=authorization)
        accepted = await client.post("/wallets/savings/exchange-keys", question, api.Accepted)
        public = agreed(self.world, request, await born(client, accepted.id))
        self.customer("binance", BINANCE_KEY, "EdDSA", public.hex(), USDT="100000", BTC="2")
        await self._add(
            client, for_born_key(BINANCE_KEY, public, self.identities, self.authorities), "binance"
        )

    async def add_split(self, client: Client, key_file: str, public: bytes) -> None:
        """At Coinbase: a CDP key that the owner's client splits."""
        new = from_cdp_file(key_file, self.identities[0], self.identities, 2, self.authorities)
        self.customer("coinbase", CDP_KEY, "EdDSA", public.hex(), USD="100000", BTC="2")
        await self._add(client, new, "coinbase")

    async def add_whole(self, client: Client, key_file: str, public_pem: str) -> None:
        """At Coinbase: a CDP key (ES256), whole in device0."""
        holder = self.world.devices["device0"].identity
        new = from_cdp_file(key_file, holder, self.identities, 2, self.authorities)
        self.customer("coinbase", CDP_KEY, "ES256", public_pem, USD="100000", BTC="2")
        await self._add(client, new, "coinbase")

    async def add_triplet(self, client: Client) -> None:
        """At Coinbase's Exchange API: whole in device0."""
        holder = self.world.devices["device0"].identity
        new = from_triplet(EXCHANGE_KEY, EXCHANGE_SECRET, EXCHANGE_PASSPHRASE, holder, self.authorities)
        self.customer(
            "coinbase-exchange", EXCHANGE_KEY, "HS256", EXCHANGE_SECRET, EXCHANGE_PASSPHRASE, USD="100000"
        )
        await self._add(client, new, "coinbase-exchange")

    def customer(
        self, name: str, key: str, algorithm: Any, verifier: str, passphrase: str = "", **gives: str
    ) -> None:
        amounts = {asset: Decimal(amount) for asset, amount in gives.items()}
        self.simulation.do(SetAccount(exchange=venue_of(name), account=CUSTOMER, gives=amounts))
        self.simulation.do(
            SetCredential(
                exchange=venue_of(name),
                api=name,  # type: ignore[arg-type]
                key=key,
                account=CUSTOMER,
                algorithm=algorithm,
                verifier=verifier,
                passphrase=passphrase,
            )
        )

    async def _add(self, client: Client, new: NewAccount, exchange: str) -> None:
        request = new.request(self.world.wallet_id, exchange, exchange, now(), now() + 600)
        authorization, parcels = await parcelled(
            client, request, {identity: bytes(part) for identity, part in new.parts.items()}
        )
        question = api.NewExchangeAccount(authorization=authorization, parcels=parcels)
        told = await client.post("/wallets/savings/exchange-accounts", question, api.ExchangeAccountTold)
        assert [device.refusal for device in told.devices] == [None] * len(new.holders)

    async def statuses(self, client: Client) -> dict[str, dict[str, AccountStatus]]:
        """Device -> account -> what it says of it."""
        shown = await client.get("/wallets/savings/exchange-accounts", api.ExchangeAccounts)
        read = {
            each.device: [decode(AccountStatus, item, 2**16) for item in each.accounts]
            for each in shown.devices
        }
        return {name: {status.account: status for status in found} for name, found in read.items()}

    # --- calls ---

    async def asked(
        self,
        client: Client,
        account: str,
        call: Call[Any],
        names: Sequence[str] = ALL[:2],
        carrier: bytes | None = None,
        makers: Sequence[str] = (),
    ) -> Asked:
        """Authorized and sealed; the first of ``names`` carries it unless another is said to. ``makers``: who of these
        makes it, in a strict wallet."""
        unsigned = call.unsigned
        content = ExchangeCall(
            unsigned.method, unsigned.host, unsigned.path, unsigned.query, unsigned.body, random(32)
        )
        reader = AnswerKey()
        request = CallRequest(
            random(16),
            self.world.wallet_id,
            account,
            call_digest(content),
            carrier or self.world.devices[(makers or names)[0]].identity,
            reader.public,
            now(),
            now() + 600,
        )
        contents = {self.world.devices[name].identity: encode(content) for name in names}
        authorization, parcels = await parcelled(client, request, contents)
        making = tuple(sorted(self.world.devices[name].identity for name in makers)) or None
        question = api.NewExchangeCall(authorization=authorization, parcels=parcels, makers=making)
        return Asked(request, reader, question, encode(content))

    async def hand_in(self, client: Client, asked: Asked) -> None:
        await client.post("/wallets/savings/exchange-calls", asked.question, api.Accepted)

    async def shown(
        self, client: Client, account: str, call: Call[Any], names: Sequence[str] = ALL[:2]
    ) -> tuple[Asked, api.ExchangeCallShown]:
        """A call from the owner's yes to its end. What its devices owe of earlier ones at Binance is compared first."""
        for name in names if account == "binance" else ():
            await settle(client, self, name, account)
        asked = await self.asked(client, account, call, names)
        await self.hand_in(client, asked)
        return asked, await ended(client, asked.id)

    async def answer(self, client: Client, account: str, call: Call[T], names: Sequence[str] = ALL[:2]) -> T:
        """The typed answer of a call that works."""
        asked, shown = await self.shown(client, account, call, names)
        assert shown.state == "done", (shown.refusal, [event.text for event in shown.events])
        return call.read(http_of(await self.whole(client, asked, shown)))

    async def whole(self, client: Client, asked: Asked, shown: api.ExchangeCallShown) -> Told:
        """What the carrier tells, its answer put together of all pieces."""
        assert shown.answer is not None, shown
        pieces = Pieces(asked.reader, request_digest(asked.request), asked.request.carrier)
        body = b""
        while found := (await self.pieces(client, asked, pieces.count)).pieces:
            body += b"".join(pieces.take(decode(SealedAnswer, each.piece, 2**18)) for each in found)
        told = pieces.end(decode(SealedAnswer, shown.answer, 2**18))
        if told.answer is None:
            return told
        answer = msgspec.structs.replace(told.answer, body=body + told.answer.body)
        return msgspec.structs.replace(told, answer=answer)

    async def pieces(self, client: Client, asked: Asked, after: int, wait: float = 0) -> api.ExchangePieces:
        """What there is of its answer."""
        path = f"/wallets/savings/exchange-calls/{asked.id}/pieces"
        return await client.get(path, api.ExchangePieces, after=after, wait=wait)

    async def decisions(self, client: Client, account: str, call: Call[Any]) -> list[Decision]:
        """What two devices say in a dry run."""
        asked = await self.asked(client, account, call, carrier=NOBODY)
        question = api.ExchangeDecisionQuestion(
            authorization=asked.question.authorization, parcels=asked.question.parcels
        )
        answer = await client.post("/wallets/savings/exchange-decisions", question, api.ExchangeDecisions)
        found = []
        for each in answer.decisions:
            assert each.decision is not None, each.refusal
            sealed, named = decode(SealedAnswer, each.decision, 2**18), request_digest(asked.request)
            found.append(open_decision(asked.reader, sealed, named, each.identity))
        return found

    def orders(self, exchange: str) -> list[Any]:
        """What the exchange has of the customer's."""
        found: list[Any] = self.simulation.do(ShowAccount(exchange=venue_of(exchange), account=CUSTOMER))[
            "orders"
        ]
        return found

    def fault(self, **fields: Any) -> None:
        self.simulation.do(AddFault(**fields))


async def born(client: Client, identifier: str, *states: str) -> api.ExchangeKeyShown:
    """The key that was asked for, once it is in one of these states (finished or refused, if none)."""
    seen = 0
    while True:
        shown = await client.get(
            f"/wallets/savings/exchange-keys/{identifier}", api.ExchangeKeyShown, after=seen, wait=5
        )
        if shown.state in (states or ("finished", "refused")):
            return shown
        seen = max([seen, *(event.number for event in shown.events)])


def agreed(world: World, request: ExchangeKeyRequest, shown: api.ExchangeKeyShown) -> bytes:
    """The one key that all devices state, as the owner's client checks it."""
    assert shown.state == "finished" and shown.missing == (), shown
    names = {device.identity: name for name, device in world.devices.items()}
    return agreed_key([decode(KeyBorn, birth, 2**16) for birth in shown.births], request, names, 2)


def http_of(told: Told) -> HttpAnswer:
    assert told.answer is not None, told
    return HttpAnswer(told.answer.status, told.answer.headers, told.answer.body)


def generous(**fields: Any) -> Policy:
    """As the household's, and orders may be looked for."""
    found = policy(**fields)
    looked_for = {
        "binance": "GET /api/v3/order",
        "coinbase": "GET /api/v3/brokerage/orders/historical/batch",
        "coinbase-exchange": "GET /orders",
    }
    rules = tuple(
        msgspec.structs.replace(rule, endpoints=tuple(sorted({*rule.endpoints, looked_for[rule.exchange]})))
        for rule in found.exchanges
    )
    made: Policy = msgspec.structs.replace(found, exchanges=rules)
    return made


@contextlib.contextmanager
def road(root: Path, **settings: Any) -> Iterator[Road]:
    """A world and a simulation; nobody is enrolled yet."""
    simulation = Simulation(root / "simulation", bitcoin=None, depth=2)
    host, port = simulation.address
    try:
        world = World(
            root,
            None,  # type: ignore[arg-type]
            "",
            settings={
                "signer_wait": 2.0,
                "session_seconds": 30.0,
                "simulated_exchanges": dict.fromkeys(simulation.hosts, f"{host}:{port}"),
                **settings,
            },
            make_backend=lambda _: None,
        )
        world.found()
        yield Road(world, simulation)
    finally:
        simulation.close()


# --- what the service sees ---------------------------------------------------------------------------------------


@dataclass
class Record:
    """Every byte that came to the service or left it, and what a reader of JSON would make of it."""

    data: bytearray = field(default_factory=bytearray)

    def add(self, data: bytes) -> None:
        self.data += data + b"\n"

    def add_json(self, data: bytes) -> None:
        """Bytes are base64 there: as they are, and decoded."""
        self.add(data)
        for text in data.split(b'"'):
            with contextlib.suppress(ValueError):
                self.add(base64.b64decode(text, validate=True))

    def holds(self, secret: bytes) -> list[str]:
        """In which form the secret is in it."""
        forms = {
            "plain": secret,
            "hexadecimal": secret.hex().encode(),
            **{f"base64, {shift} off": _inner_base64(secret, shift) for shift in range(3)},
        }
        # what is left of a few bytes in base64 is in any long record by chance
        return [
            name for name, form in forms.items() if (name == "plain" or len(form) >= 12) and form in self.data
        ]


def _inner_base64(secret: bytes, shift: int) -> bytes:
    """What base64 makes of a secret that begins ``shift`` bytes off, without what its neighbours have a say in."""
    encoded = base64.b64encode(bytes(shift) + secret).rstrip(b"=")
    return encoded[4 if shift else 0 : -4]


@contextlib.asynccontextmanager
async def recorded(client: Client, record: Record) -> AsyncIterator[None]:
    """While inside, all frames of all devices and all of the API's questions and answers are written down."""
    original = Pipe.send

    async def send(self: Pipe, data: bytes) -> None:
        record.add(data)
        await original(self, data)

    async def asked(request: httpx.Request) -> None:
        record.add(
            str(request.url).encode() + b"\n" + b"\n".join(b"%b: %b" % item for item in request.headers.raw)
        )
        record.add_json(await request.aread())

    async def answered(response: httpx.Response) -> None:
        record.add_json(await response.aread())

    hooks = client.http.event_hooks
    client.http.event_hooks = {"request": [asked], "response": [answered]}
    Pipe.send = send  # type: ignore[method-assign]
    try:
        yield
    finally:
        Pipe.send = original  # type: ignore[method-assign]
        client.http.event_hooks = hooks


def record_database(record: Record, world: World) -> None:
    """Every cell of the service's database, and the files of it."""
    with world.database.reading() as connection:
        names = (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        )
        for name in names:
            for row in connection.exec_driver_sql(f"SELECT * FROM {name}"):
                for cell in row:
                    record.add(cell if isinstance(cell, bytes) else str(cell).encode())
    for path in world.data_dir.rglob("*"):
        if path.is_file():
            record.add(path.read_bytes())


async def settle(client: Client, road: Road, name: str, account: str, *, waits: bool = False) -> None:
    """Once this device owes no comparison of the account. ``waits``: until it is connected, too."""
    while True:
        told = (await road.statuses(client)).get(name, {}).get(account)
        if (told is None and not waits) or (told is not None and not told.due):
            return
        await asyncio.sleep(0.05)


async def all_looked(client: Client, account: str) -> None:
    """Once no device that is connected owes a comparison of the account."""
    while True:
        shown = await client.get("/wallets/savings/exchange-accounts", api.ExchangeAccounts)
        told = [decode(AccountStatus, item, 2**16) for each in shown.devices for item in each.accounts]
        if not any(status.due for status in told if status.account == account):
            return
        await asyncio.sleep(0.05)
