"""A service with embedded Ethereum and Solana behind JSON-RPC: the real network halves, and signers as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
from nacl.utils import random
from tests.support.limits import limits
from tests.support.service_world import Client, Payment, World, now
from tests.support.simulator import bitcoin_policy
from tests.support.whole_key import WholeKey, WholeKeySigner

from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.networks import DataFee, EvmNetwork
from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.server import serving
from warifu.chains.ethereum_network.chain import EvmChain
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.solana_embedded.chain import EmbeddedChain as EmbeddedSolana
from warifu.chains.solana_embedded.server import serving as serving_solana
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import Cluster
from warifu.errors import ChainUnavailable
from warifu.protocol import api
from warifu.protocol.authorization import authorize
from warifu.protocol.chains import SCHEMES, SOLANA
from warifu.protocol.credential import approver
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import Envelope
from warifu.protocol.policy import AssetLimits, ChainRules, Policy
from warifu.protocol.request import Outflow, TransferRequest, request_digest
from warifu.service.roads.forms import account_address
from warifu.service.store.ceremonies import begin_ceremony, finish_ceremony
from warifu.service.store.database import Database, open_database
from warifu.service.store.devices import add_device
from warifu.service.store.wallets import wallet_named

EVM = "eip155:31337"
FRIEND = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
THIEF = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
ETHER = 10**18
FINAL = 3
"""Confirmations that make a transaction final in these tests."""


def evm_rules(tokens: Sequence[AssetLimits] = ()) -> ChainRules:
    """Whatever anybody could want."""
    coin = limits("", "ETH", 18, 1000 * ETHER, 1000 * ETHER)
    return ChainRules(EVM, str(ETHER), True, (), (coin, *tokens), (), True)


@dataclass
class LocalEvm:
    """The embedded chain's two doors."""

    url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def control(self, what: str, **body: Any) -> Any:
        return self.http.post(f"{self.url}/control/{what}", json=body).raise_for_status().json()

    def rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self.http.post(self.url, json=body).raise_for_status().json()["result"]

    def mine(self, blocks: int = 1) -> None:
        self.control("mine", blocks=blocks)

    def fund(self, address: str, wei: int) -> None:
        self.control("fund", address=address, amount=str(wei))

    def token(self) -> str:
        found = self.control("deploy-token", name="Test Dollar", symbol="TUSD", decimals=6)["token"]
        return format_address(bytes.fromhex(found[2:]))

    def waiting(self) -> int:
        """How many transactions wait for a block."""
        block = self.rpc("eth_getBlockByNumber", "pending", False)
        return len(block["transactions"])

    def balance(self, address: str) -> int:
        return int(self.rpc("eth_getBalance", address, "latest"), 16)


@contextmanager
def local_evm() -> Iterator[LocalEvm]:
    with serving(EmbeddedEthereum()) as url:
        made = LocalEvm(url)
        yield made
        made.http.close()


def evm_chain(url: str, confirmations: int = FINAL) -> EvmChain:
    """The product's own network half, over one endpoint."""
    network = EvmNetwork(31337, "Local", "ETH", DataFee.NONE, confirmations, test=True)
    return EvmChain(network, Endpoints([JsonRpcEndpoint(url, "rpc")]))


@dataclass
class LocalSolana:
    """The embedded cluster's two doors."""

    url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def control(self, what: str, **body: Any) -> Any:
        return self.http.post(f"{self.url}/control/{what}", json=body).raise_for_status().json()

    def fund(self, address: str, lamports: int) -> None:
        self.control("airdrop", address=address, lamports=lamports)

    def advance(self, slots: int = 1) -> None:
        self.control("advance", slots=slots)

    def balance(self, address: str) -> int:
        body = {"jsonrpc": "2.0", "id": 1, "method": "getBalance", "params": [address]}
        found = self.http.post(self.url, json=body).raise_for_status().json()["result"]
        return int(found["value"])


@contextmanager
def local_solana() -> Iterator[LocalSolana]:
    with serving_solana(EmbeddedSolana()) as url:
        made = LocalSolana(url)
        yield made
        made.http.close()


def solana_chain(url: str) -> SolanaChain:
    """The product's own network half, over one endpoint."""
    return SolanaChain(Endpoints([JsonRpcEndpoint(url, "rpc")]), Cluster.LOCAL)


def solana_rules() -> ChainRules:
    """Whatever anybody could want."""
    coin = limits("", "SOL", 9, 10**15, 10**15)
    return ChainRules(SOLANA, str(10**9), True, (), (coin,), (), False)


@dataclass
class AccountWorld(World):
    """A wallet on chains of accounts. Its signers hold a whole key each (``whole_key``), or are real (``enrol``)."""

    evm: LocalEvm = field(default_factory=lambda: LocalEvm(""))
    key: WholeKey = field(default_factory=WholeKey)
    tokens: tuple[AssetLimits, ...] = ()
    address: str = ""
    solana_address: str = ""

    def populate(self, names: Sequence[str] = ("device0", "device1", "device2")) -> None:
        """Devices and a wallet, as if they had been enrolled and had generated keys."""
        self.found()
        signers = {name: WholeKeySigner(name, self.key) for name in names}
        self.devices = cast("Any", signers)
        request = self.wallet_request(2, self.policy, ("ecdsa", "ed25519"))
        self.wallet_id = request_digest(request)
        for signer in signers.values():
            signer.request = request
        envelopes = [
            Envelope(signer.identity, random(32), now() + 600, random(32), random(272))
            for signer in signers.values()
        ]
        authorization = encode(authorize(approver(self.owner), request, encode(request), envelopes))
        database = open_database(self.data_dir, self.storage_key)
        for signer in signers.values():
            add_device(database, signer.name, signer.identity)
        begin_ceremony(database, request.request_id.hex(), "savings", b"")
        births = tuple(signer.birth() for signer in signers.values())
        finish_ceremony(database, request.request_id.hex(), self.wallet_id, authorization, births)
        self._addresses(database)
        database.close()

    @property
    def policy(self) -> Policy:
        return bitcoin_policy(others=(evm_rules(self.tokens), solana_rules()))

    async def enrol(self, client: Client) -> None:
        """Real devices, and a wallet with all its keys, by the whole ceremonies."""
        for number in range(3):
            await self.add_device(client, f"device{number}")
        ceremony = await self.create_wallet(client, policy=self.policy, schemes=SCHEMES)
        assert ceremony.state == "finished", ceremony.refusal
        self._addresses(self.database)

    def _addresses(self, database: Database) -> None:
        birth = wallet_named(database, "savings").birth
        self.address = account_address(birth, EVM)
        self.solana_address = account_address(birth, SOLANA)

    def signer(self, name: str) -> WholeKeySigner:
        return cast("WholeKeySigner", self.devices[name])

    async def draft(self, client: Client, chain: str = EVM, **wanted: Any) -> api.AccountDraft:
        """As a person would have one: where a node is behind, which it says is over in a second, asked for again."""
        question = api.NewAccountDraft(chain=chain, **wanted)
        async with asyncio.timeout(30):
            while True:
                try:
                    return await client.post("/wallets/savings/account-drafts", question, api.AccountDraft)
                except ChainUnavailable as error:
                    if error.reason != "behind":
                        raise
                    await asyncio.sleep(1)

    async def pay(
        self,
        client: Client,
        amount: int = ETHER,
        to: str = FRIEND,
        token: str = "",
        chain: str = EVM,
        **wanted: Any,
    ) -> Payment:
        """A draft and a request that fits it; ``wanted``: bump, cancel or prepare instead of a payment."""
        pays = not {"cancel", "prepare"} & set(wanted)
        if not wanted:
            wanted = {"payment": api.AccountPayment(to=to, amount=str(amount), token=token)}
        draft = await self.draft(client, chain, **wanted)
        return self.asked(draft, (Outflow("payment", token, str(amount), to),) if pays else ())

    def asked(self, draft: api.AccountDraft, outflows: tuple[Outflow, ...]) -> Payment:
        """The owner's request for what was drafted."""
        request = TransferRequest(
            random(16),
            self.wallet_id,
            draft.chain,
            outflows,
            draft.fee,
            bytes.fromhex(draft.transaction),
            bytes.fromhex(draft.replaces) if draft.replaces else None,
            now(),
            now() + 600,
        )
        return Payment(request, draft.unsigned)

    async def hand_in(self, client: Client, payment: Payment, names: Sequence[str] = ()) -> str:
        question = await self.question(client, payment, names)
        return (await client.post("/transfers", question, api.Accepted)).id

    async def mine(self, blocks: int = 1) -> None:
        await asyncio.to_thread(self.evm.mine, blocks)


def account_world(root: Path, evm: LocalEvm, ether: int = 100, **fields: Any) -> AccountWorld:
    """With simulated devices, a wallet and money."""
    made = AccountWorld(root, cast("Any", None), "", make_backend=lambda _: None, evm=evm, **fields)
    made.chains = [evm_chain(evm.url)]
    made.populate()
    evm.fund(made.address, ether * ETHER)
    return made
