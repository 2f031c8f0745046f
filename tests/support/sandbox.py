"""The simulated exchanges for tests, and our own road to them: typed calls, real signatures, TLS over a real socket.

``sandbox(directory)`` starts them in threads of this process: a tenth of a second without a chain, a second with one.
"""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha512
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.server import serving
from warifu.exchanges.adapter import Exchange
from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.calls import Call, Listed
from warifu.exchanges.coinbase.credentials import CdpKey, ExchangeKey
from warifu.exchanges.feeds import Watched
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.registry import EXCHANGES
from warifu.exchanges.signing import Credential, Signing, Stamp, Subscription, openly, unauthenticated
from warifu.sandbox.control import Exchange as Venue
from warifu.sandbox.control import SetAccount, SetCredential
from warifu.sandbox.simulation import Simulation
from warifu.signer.egress.client import HttpsClient
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.keys import Es256Key, HmacKey
from warifu.signer.egress.trust import client_context
from warifu.signer.egress.websocket import FeedClient
from warifu.threshold.wiping import Secret

T = TypeVar("T")

EXCHANGE_KEY = "7d1f0a6be4c3925887f2c0d19be6431a"
EXCHANGE_SECRET = base64.b64encode(
    sha512(b"a secret of no pattern, so that it is in no memory by chance").digest()
).decode()
EXCHANGE_PASSPHRASE = "a passphrase of the exchange's"
CDP_KEY = "organizations/4ac1c2d4-1111-4111-8111-111111111111/apiKeys/7a5e0d6f-2222-4222-8222-222222222222"
BINANCE_KEY = "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO"


def venue_of(name: str) -> Venue:
    """What the simulation calls the exchange that our registry calls ``name``."""
    return "binance" if name == "binance" else "coinbase"


class WholeKey:
    """An Ed25519 key in one piece."""

    algorithm = "EdDSA"

    def __init__(self) -> None:
        self.key = ed25519.Ed25519PrivateKey.generate()

    @property
    def verifier(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@dataclass
class Customer:
    """One account at one simulated exchange, and a credential that acts for it, through our own adapter."""

    simulation: Simulation
    exchange: Exchange
    credential: Credential
    signing: Signing
    account: str
    answers: list[HttpAnswer] = field(default_factory=list)

    def ask(self, call: Call[T], *, ahead: int = 0) -> T:
        """The typed answer, or what the exchange or the road says. ``ahead``: milliseconds that our clock is wrong."""
        venue = self.simulation.venues[venue_of(self.exchange.name)]
        stamp = Stamp(venue.now() + ahead, bytes(range(32)))
        unsigned = call.unsigned
        request = (
            self.credential.prepare(unsigned, stamp).signed(self.signing)
            if unsigned.signed
            else unauthenticated(unsigned)
        )
        context = client_context(self.simulation.authority_file.read_text())
        client = HttpsClient(unsigned.host, context)
        with socket.create_connection(self.simulation.address, timeout=10) as connection:
            try:
                client.ask(request)
                answer = _carried(client, connection)
            except EgressFailed as failure:
                raise call.unanswered(sent=failure.sent, words=str(failure)) from failure
        self.answers.append(answer)
        return call.read(answer)

    def watch(
        self,
        call: Call[Watched],
        meanwhile: Callable[[], None] = lambda: None,
        *,
        until: Callable[[list[Any]], bool],
    ) -> list[Any]:
        """What the exchange says to such a subscription, read as JSON, until it is enough. ``meanwhile``: done once it
        has subscribed and something came."""
        venue, unsigned = self.simulation.venues[venue_of(self.exchange.name)], call.unsigned
        stamp = Stamp(venue.now(), bytes(range(32)))
        said = (
            self.credential.subscribe(unsigned, stamp).signed(self.signing)
            if unsigned.signed
            else openly(unsigned)
        )
        assert isinstance(said, Subscription)
        client = FeedClient(said.host, client_context(self.simulation.authority_file.read_text()))
        client.open(self.exchange.feeds.target(unsigned))
        client.say(said.text)
        told: list[Any] = []
        with socket.create_connection(self.simulation.address, timeout=10) as connection:
            while not until(told):
                connection.sendall(client.outgoing())
                client.receive(connection.recv(65536))
                whole, line_feed, rest = client.heard.rpartition(b"\n")
                first = not told and bool(line_feed)
                told += [json.loads(text) for text in whole.splitlines()]
                client.heard = bytearray(rest)
                if first:
                    meanwhile()
        return told

    def all(self, call: Call[Listed[T]]) -> list[T]:
        """Every page of a list."""
        items: list[T] = []
        more: Call[Listed[T]] | None = call
        while more is not None:
            page = self.ask(more)
            items += page.items
            more = page.more
        return items

    def do(self, deed: Any) -> Any:
        return self.simulation.do(deed)


def _carried(client: HttpsClient, connection: socket.socket) -> HttpAnswer:
    while True:
        connection.sendall(client.outgoing())
        try:
            data = connection.recv(65536)
        except ConnectionResetError:
            data = b""
        answer = client.receive(data)
        if answer is not None:
            return answer


def customer(
    simulation: Simulation,
    name: str,
    *,
    account: str = "ada",
    algorithm: str = "EdDSA",
    named: str = "",
    **gives: str,
) -> Customer:
    """A new customer of the exchange that our registry calls ``name``, with a key; ``gives``: ``BTC="1.5"``.

    ``named``: what the key is called, where not as all tests call theirs.
    """
    exchange = EXCHANGES[name]
    venue = venue_of(name)
    simulation.do(SetAccount(exchange=venue, account=account, gives=_amounts(gives)))
    key: Any = WholeKey()
    credential: ExchangeKey | CdpKey | BinanceKey
    verifier, passphrase = key.verifier, ""
    if name == "coinbase-exchange":
        key, verifier, passphrase = HmacKey.from_base64(EXCHANGE_SECRET), EXCHANGE_SECRET, EXCHANGE_PASSPHRASE
        credential = ExchangeKey(named or EXCHANGE_KEY, Secret(EXCHANGE_PASSPHRASE.encode()))
    elif name == "coinbase":
        if algorithm == "ES256":
            whole = ec.generate_private_key(ec.SECP256R1())
            key, verifier = Es256Key(whole), public_pem(whole.public_key())
        credential = CdpKey(named or CDP_KEY, "ES256" if algorithm == "ES256" else "EdDSA")
    else:
        credential = BinanceKey(named or BINANCE_KEY)
    simulation.do(
        SetCredential(
            exchange=venue,
            api=name,  # type: ignore[arg-type]
            key=credential.name if isinstance(credential, CdpKey) else credential.key,
            account=account,
            algorithm=key.algorithm,
            verifier=verifier,
            passphrase=passphrase,
        )
    )
    return Customer(simulation, exchange, credential, key, account)


def _amounts(gives: dict[str, str]) -> dict[str, Any]:
    return {asset: Decimal(amount) for asset, amount in gives.items()}


def public_pem(key: Any) -> str:
    pem: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


@contextmanager
def sandbox(
    directory: Path,
    *,
    bitcoin: str | None = None,
    ethereum: str | None = None,
    solana: str | None = None,
    depth: int = 2,
) -> Iterator[Simulation]:
    """The exchanges in threads of this process; what has the address of an embedded chain moves on it."""
    simulation = Simulation(directory, bitcoin=bitcoin, ethereum=ethereum, solana=solana, depth=depth)
    try:
        yield simulation
    finally:
        simulation.close()


@contextmanager
def bitcoin_chain(directory: Path) -> Iterator[tuple[EmbeddedChain, str]]:
    """A regtest chain and the address of its Esplora interface."""
    chain = EmbeddedChain(directory)
    with serving(chain) as url:
        yield chain, url
    chain.close()
