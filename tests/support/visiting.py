"""A household that visits the simulated Binance, whose coins move on a local chain; time is the household's."""

from __future__ import annotations

import base64
import re
import select
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import msgspec
import pytest
from nacl.utils import random
from tests.support.dealer import deal
from tests.support.exchange_accounts import BINANCE_KEY, CDP_NAME, add_born, add_split
from tests.support.exchange_calls import Tunnels, compare, prepare, run
from tests.support.sandbox import (
    EXCHANGE_KEY,
    EXCHANGE_PASSPHRASE,
    EXCHANGE_SECRET,
    bitcoin_chain,
    sandbox,
)
from tests.support.simulator import (
    COIN,
    Household,
    Outcome,
    SimulatedDevice,
    Spend,
    bitcoin_policy,
    signed,
)

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.chains.bitcoin.transaction import OutPoint, TxInput, parse_hash
from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.exchanges.calls import Call
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.chains import Scheme
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import CallResult, Told
from warifu.protocol.exchange_requests import (
    AccountTerms,
    EndVisitRequest,
    HmacSecret,
    KeyKind,
    VisitAsset,
    VisitRequest,
)
from warifu.protocol.exchange_visits import ErrandDone, Visits, VisitShown, sweep_digest
from warifu.protocol.frames import AskVisits, OpenErrand, TellVisit
from warifu.protocol.policy import ExchangeLimits, ExchangeRules, Policy, Window
from warifu.protocol.request import Request
from warifu.sandbox.control import (
    AddWallet,
    Allow,
    ClearFaults,
    Move,
    SetAccount,
    SetClock,
    SetCredential,
    Turn,
)
from warifu.sandbox.simulation import Simulation
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.parts import secret_part
from warifu.threshold.ed25519 import ED25519
from warifu.units import satoshi

BINANCE = EXCHANGES["binance"]
BTC = 100_000_000


def visiting_policy(**fields: Any) -> Policy:
    """Nobody is paid but by a visit: half a bitcoin at Binance, for two hours."""
    day = (Window(24, str(10**12)),)
    rules = ExchangeRules(
        "binance",
        (
            "DELETE /api/v3/openOrders",
            "GET /api/v3/account",
            "GET /api/v3/exchangeInfo",
            "GET /api/v3/order",
            "GET /api/v3/ticker/bookTicker",
            "GET /sapi/v1/account/apiRestrictions",
            "GET /sapi/v1/capital/deposit/address",
            "GET /sapi/v1/capital/withdraw/history",
            "POST /api/v3/order",
            "POST /sapi/v1/capital/withdraw/apply",
        ),
        ("BTC-USDT",),
        (
            ExchangeLimits("BTC", 8, str(BTC // 10), day, str(BTC // 2)),
            ExchangeLimits("USDT", 2, str(10**9), day),
        ),
        (),
        7200,
    )
    rules = msgspec.structs.replace(rules, **fields)
    whole = msgspec.structs.replace(
        rules,
        exchange="coinbase-exchange",
        endpoints=(
            "DELETE /orders",
            "GET /accounts",
            "GET /products/*/ticker",
            "GET /transfers",
            "POST /withdrawals/crypto",
        ),
        pairs=("BTC-USD",),
    )
    cdp = msgspec.structs.replace(
        rules,
        exchange="coinbase",
        endpoints=(
            "GET /api/v3/brokerage/accounts",
            "GET /api/v3/brokerage/key_permissions",
            "GET /api/v3/brokerage/market/product_book",
            "GET /api/v3/brokerage/orders/historical/batch",
            "GET /v2/accounts",
            "GET /v2/accounts/*/addresses",
            "GET /v2/accounts/*/transactions",
            "POST /api/v3/brokerage/orders",
            "POST /api/v3/brokerage/orders/batch_cancel",
            "POST /v2/accounts/*/addresses",
            "POST /v2/accounts/*/transactions",
        ),
        pairs=("BTC-USD",),
        limits=(rules.limits[0], ExchangeLimits("USD", 2, str(10**9), day)),
        declared_allowlist=True,
    )
    return msgspec.structs.replace(bitcoin_policy(destinations=()), exchanges=(rules, cdp, whole))


def keep_account(
    devices: Iterable[SimulatedDevice], wallet: bytes, simulation: Simulation, customer: str
) -> None:
    """Each of them keeps its share of an Ed25519 key, which the simulated Binance knows this customer by."""
    public = _keep_shares(devices, wallet, simulation, "binance", "ed25519-born", BINANCE_KEY)
    simulation.do(SetAccount(exchange="binance", account=customer, gives={}))
    allow(simulation, customer, public, ("view", "trade", "transfer"))


def keep_split(
    devices: Iterable[SimulatedDevice], wallet: bytes, simulation: Simulation, customer: str, listed: str
) -> None:
    """Each of them keeps its share of a CDP key; the simulated Coinbase pays out to its list alone."""
    public = _keep_shares(devices, wallet, simulation, "coinbase", "ed25519-split", CDP_NAME)
    open_cdp(simulation, customer, public.hex(), listed)


def _keep_shares(
    devices: Iterable[SimulatedDevice],
    wallet: bytes,
    simulation: Simulation,
    exchange: str,
    kind: KeyKind,
    api_key: str,
) -> bytes:
    """Of a key for the account ``main``, 2 of 3; its public half."""
    dealt = deal(2, 3, ED25519)
    holders = sorted(devices, key=lambda each: each.identity)
    public = dealt.key.threshold_pubkey
    terms = AccountTerms(api_key, public, dealt.key.pubshares, simulation.authority_file.read_text())
    identities = tuple(each.identity for each in holders)
    for device, share in zip(holders, dealt.shares, strict=True):
        now = device.clock()
        account = Account(wallet, "main", exchange, kind, identities, terms, True, None, now)
        with device.device.store.transaction():
            device.device.accounts.put(account, random(32), now, share)
    return public


def open_cdp(
    simulation: Simulation, customer: str, verifier: str, listed: str, algorithm: Any = "EdDSA"
) -> None:
    """An account at the simulated Coinbase, whose list has this one address."""
    simulation.do(SetAccount(exchange="coinbase", account=customer, gives={}, allowlist_only=True))
    simulation.do(Allow(exchange="coinbase", account=customer, asset="BTC", address=listed))
    simulation.do(
        SetCredential(
            exchange="coinbase",
            api="coinbase",
            key=CDP_NAME,
            account=customer,
            algorithm=algorithm,
            verifier=verifier,
        )
    )


def allow(simulation: Simulation, customer: str, public: bytes, permissions: Sequence[Any]) -> None:
    """What the key may do at the exchange."""
    simulation.do(
        SetCredential(
            exchange="binance",
            api="binance",
            key=BINANCE_KEY,
            account=customer,
            algorithm="EdDSA",
            verifier=public.hex(),
            permissions=tuple(permissions),
        )
    )


@dataclass
class At:
    """Where tunnels lead: the simulation, whatever host a signer names."""

    simulation: Simulation

    def address(self, _host: str) -> tuple[str, int]:
        return self.simulation.address


class Patient(Tunnels):
    """A session whose carrier waits for a device that has left it is over when nothing has come for a while."""

    def wait(self) -> list[tuple[str, Any]] | None:
        lines = [line for _, line in self._lines.values()]
        return super().wait() if lines and select.select(lines, [], [], 1)[0] else None


@dataclass
class Stage:
    """A 2-of-3 household, its account at Binance, and the world around it."""

    home: Household
    chain: EmbeddedChain
    simulation: Simulation
    customer: str
    venue: str = "binance"
    coins: dict[int, tuple[OutPoint, int]] = field(default_factory=dict)
    """The wallet's, by the index of their receiving address."""

    @classmethod
    def make(
        cls,
        root: Path,
        chain: EmbeddedChain,
        simulation: Simulation,
        customer: str,
        policy: Policy,
        schemes: Sequence[Scheme] = ("bip340",),
    ) -> Self:
        home = Household(root, 3, make_device=lambda name, place, clock: SimulatedDevice(name, place, clock))
        home.make_wallet(2, policy, schemes=schemes)
        stage = cls(home, chain, simulation, customer)
        stage._open_account()
        return stage

    def _open_account(self) -> None:
        """Its Ed25519 key is born among the devices, and never whole."""
        add_born(self.home, authorities=self.simulation.authority_file.read_text())
        account = self.home["device0"].device.accounts.get(self.wallet, "main")
        assert account is not None and account.kind == "ed25519-born"
        self.simulation.do(SetAccount(exchange="binance", account=self.customer, gives={}))
        self.allow("view", "trade", "transfer")

    def allow(self, *permissions: Any) -> None:
        """What the key may do at the exchange."""
        account = self.home["device0"].device.accounts.get(self.wallet, "main")
        assert account is not None
        allow(self.simulation, self.customer, account.public, permissions)

    def keep_whole(self, gives: str) -> None:
        """An account "whole" at Coinbase's Exchange API, whose key device0 has alone, with so much BTC in it."""
        device, public = self.home["device0"], self.simulation.authority_file.read_text()
        secret = secret_part(HmacSecret(base64.b64decode(EXCHANGE_SECRET), EXCHANGE_PASSPHRASE))
        terms = AccountTerms(EXCHANGE_KEY, b"", (), public)
        account = Account(
            self.wallet,
            "whole",
            "coinbase-exchange",
            "hmac",
            (device.identity,),
            terms,
            True,
            None,
            self.home.clock(),
        )
        with device.device.store.transaction():
            device.device.accounts.put(account, random(32), self.home.clock(), secret)
        name, amount = self.customer, Decimal(gives)
        self.simulation.do(SetAccount(exchange="coinbase", account=name, gives={"BTC": amount}))
        self.simulation.do(
            SetCredential(
                exchange="coinbase",
                api="coinbase-exchange",
                key=EXCHANGE_KEY,
                account=name,
                algorithm="HS256",
                verifier=EXCHANGE_SECRET,
                passphrase=EXCHANGE_PASSPHRASE,
            )
        )

    @property
    def wallet(self) -> bytes:
        assert self.home.birth is not None
        return self.home.birth.wallet_id

    # --- time, and the chain ------------------------------------------------------------------------------------

    def pass_(self, seconds: int) -> None:
        self.home.clock.pass_(seconds)

    def sync(self) -> None:
        """The exchanges' clocks are the household's."""
        ahead = 1000 * self.home.clock() + 500 - time.time_ns() // 1_000_000
        self.simulation.do(SetClock(exchange="binance", ahead=ahead))
        self.simulation.do(SetClock(exchange="coinbase", ahead=ahead))

    def mine(self, count: int = 2) -> None:
        for venue in self.simulation.venues.values():
            venue.settle()  # what waits to be sent is sent
        self.chain.mine(count)
        for venue in self.simulation.venues.values():
            venue.settle()

    def address(self, index: int) -> str:
        """Of the wallet's own, to be paid to."""
        assert self.home.keys is not None
        return self.home.keys.address(KeyPath(Branch.RECEIVE, index))

    def receives(self, amount: int) -> None:
        """The wallet gets coins."""
        txid = self.chain.fund(self.address(0), satoshi(amount))
        self.chain.mine(1)
        self.keep(txid, 0)

    def keep(self, txid: bytes, index: int) -> int:
        """Whatever that transaction pays to this address of the wallet's is the wallet's to spend. How much it is."""
        assert self.home.keys is not None
        script = self.home.keys.script(KeyPath(Branch.RECEIVE, index))
        transaction = self.chain.find(txid)
        assert transaction is not None
        for number, output in enumerate(transaction.outputs):
            if output.script == script:
                self.coins[index] = OutPoint(txid, number), output.amount
                return int(output.amount)
        raise AssertionError("it pays nothing there")

    # --- the owner ----------------------------------------------------------------------------------------------

    def request(self, loss: int | None = None, **fields: Any) -> VisitRequest:
        now = self.home.clock()
        made = VisitRequest(
            random(16),
            self.wallet,
            "main",
            VisitAsset("BTC", "bitcoin"),
            "",
            str(BTC // 2),
            (),
            now + 7200,
            now,
            now + 600,
        )
        return msgspec.structs.replace(made, loss=loss, **fields)

    def tell(self, request: Request, names: Sequence[str] = ()) -> VisitShown:
        """What the last of these devices (all, if none) says."""
        shown: tuple[VisitShown, ...] = ()
        for name in names or self.home.names:
            frame = TellVisit(41, self.home.authorized_alone(request))
            shown = self.home[name].call(frame, Visits).visits
        return shown[0]

    def opened(self, names: Sequence[str] = (), **fields: Any) -> bytes:
        """A visit; its digest."""
        return self.tell(self.request(**fields), names).visit

    def end(self, visit: bytes, names: Sequence[str] = ()) -> None:
        now = self.home.clock()
        self.tell(EndVisitRequest(random(16), self.wallet, visit, now, now + 600), names)

    def payment(self, to: str, amount: int, coin: int = 0) -> Spend:
        """Of a real coin of the wallet's."""
        point, value = self.coins[coin]
        script = script_for(to, Network.REGTEST)
        path = KeyPath(Branch.RECEIVE, coin) if coin else COIN
        made = self.home.pay(amount, to=to, script=script, coins=((path, value),))
        psbt = parse_psbt(made.unsigned)
        inputs = tuple(TxInput(point, sequence=0xFFFFFFFD) for _ in psbt.transaction.inputs)
        psbt = replace(psbt, transaction=replace(psbt.transaction, inputs=inputs))
        request = msgspec.structs.replace(made.request, transaction=psbt.transaction.txid)
        return Spend(request, psbt.serialize())

    def pays(self, payment: Spend, names: Sequence[str]) -> None:
        """Signed by these, sent, and confirmed."""
        outcome = self.home.sign(payment, names)
        assert not outcome.failed, outcome.codes
        self.chain.send(signed(payment, outcome))
        self.mine()

    def asks(self, call: Call[Any], names: Sequence[str], carrier: str) -> Told:
        """A call of the owner's own. Who owes a look at an earlier one has it first, by an honest service."""
        self.sync()
        self._looks_first(names)
        asked = prepare(self.home, call, names, carrier=carrier)
        outcome = run(self.home, asked.openings, self._tunnels())
        assert carrier in outcome.finished, {name: str(error) for name, error in outcome.failed.items()}
        return asked.told(outcome.finished[carrier])

    def _looks_first(self, names: Sequence[str]) -> None:
        now = self.home.clock()
        for name in names if self.venue == "binance" else ():
            for about in self.home[name].device.calls.due(self.wallet, "main", now):
                outcome = compare(self.home, about, name, names, self._tunnels())
                assert not outcome.failed, {each: str(error) for each, error in outcome.failed.items()}

    # --- the service --------------------------------------------------------------------------------------------

    def errand(
        self, visit: bytes, step: str, names: Sequence[str], *, twice: bool = False, **fields: Any
    ) -> Outcome:
        """One step, carried by the first of these. ``twice``: in two sessions side by side."""
        self.sync()
        opening = OpenErrand(
            random(16),
            self.wallet,
            visit,
            step,  # type: ignore[arg-type]
            "BTC",
            "",
            0,
            "",
            tuple(sorted(self.home[name].identity for name in names)),
            self.home[names[0]].identity,
        )
        opening = msgspec.structs.replace(opening, **fields)
        other = msgspec.structs.replace(opening, session=random(16))
        beside = dict.fromkeys(names, other) if twice else None
        return run(self.home, dict.fromkeys(names, opening), self._tunnels(), beside=beside)  # type: ignore[arg-type]

    def does(self, visit: bytes, step: str, names: Sequence[str], **fields: Any) -> ErrandDone:
        outcome = self.errand(visit, step, names, **fields)
        assert not outcome.failed, {name: str(error) for name, error in outcome.failed.items()}
        return decode(ErrandDone, outcome.finished[names[0]], 2**20)

    def funded(self, *pairs: Sequence[str], amount: int = BTC // 2, most: int = BTC // 2) -> bytes:
        """A visit whose way back these pairs have seen, each the first of its pair, and whose funds are there."""
        visit = self.opened(amount=str(most))
        self.pays(self.payment(self.proves(visit, *pairs), amount), pairs[0])
        return visit

    def arrives(self, visit: bytes, names: Sequence[str], number: int, index: int = 1) -> int:
        """One round of a sweep, by these, to the address of that index, until it is there; how much arrived."""
        self.does(visit, "balance", names)
        done = self.does(visit, "sweep", names, home=self.address(index), round=number)
        assert done.outcome == "done", done
        self.mine(2)
        done = self.does(visit, "outcome", names, round=number)
        assert done.outcome == "done" and done.shown.sweeps[-1].state == "done", done
        return self.keep(parse_hash(done.shown.sweeps[-1].transaction), index)

    def all_see(self, visit: bytes, *pairs: Sequence[str]) -> None:
        """Each device looks for itself what is there: the first of each pair."""
        for names in pairs:
            assert self.does(visit, "balance", names).shown.state == "home"

    def proves(self, visit: bytes, *pairs: Sequence[str]) -> str:
        """The way back, to the first of each pair; the deposit address."""
        done: ErrandDone | None = None
        for names in pairs:
            for step in ("permissions", "balance", "address"):
                done = self.does(visit, step, names)
                assert (done.outcome, done.reason) == ("done", ""), (step, done)
        assert done is not None
        return done.shown.address

    def shows(self, name: str, visit: bytes) -> VisitShown:
        answer = self.home[name].call(AskVisits(42, self.wallet), Visits)
        return next(each for each in answer.visits if each.visit == visit)

    def turn(self) -> None:
        """Somebody makes offers."""
        self.simulation.do(Turn(exchange=self.venue, steady=True))  # type: ignore[arg-type]

    def free(self) -> Decimal:
        """What the customer has at the exchange."""
        ledger = self.simulation.venues[self.venue].state.ledger
        return ledger.free_of(self.customer, "BTC")

    def _tunnels(self) -> Tunnels:
        return Patient(At(self.simulation))  # type: ignore[arg-type]


S = TypeVar("S", bound=Stage)


@dataclass
class CdpStage(Stage):
    """The same with a shared CDP key, at the simulated Coinbase, which pays out to its list alone."""

    venue: str = "coinbase"

    def _open_account(self) -> None:
        add_split(self.home, authorities=self.simulation.authority_file.read_text())
        account = self.home["device0"].device.accounts.get(self.wallet, "main")
        assert account is not None and account.kind == "ed25519-split"
        open_cdp(self.simulation, self.customer, account.public.hex(), self.address(1))

    def request(self, loss: int | None = None, **fields: Any) -> VisitRequest:
        brings = VisitAsset("BTC", "bitcoin", self.address(1))
        return super().request(loss, **{"brings": brings, **fields})

    def proves(self, visit: bytes, *pairs: Sequence[str]) -> str:
        for names in pairs:
            assert self.does(visit, "wallets", names).outcome == "done"
        if self.does(visit, "address", pairs[0]).reason == "no-address":
            assert self.does(visit, "new-address", pairs[0]).outcome == "done"
        return super().proves(visit, *pairs)

    def compares(self, visit: bytes, names: Sequence[str], number: int = 0) -> CallResult:
        """The first of these looks what was made of its signature for a sweep."""
        self.sync()
        about = sweep_digest(visit, "BTC", number)
        outcome = compare(self.home, about, names[0], names, self._tunnels())
        assert not outcome.failed, {name: str(error) for name, error in outcome.failed.items()}
        return decode(CallResult, outcome.finished[names[0]], 2**18)

    def looks(self, about: bytes, names: Sequence[str]) -> None:
        """The first of these looks what was made of a call, as soon as it is there, and once its token is dead."""
        self.sync()
        outcome = compare(self.home, about, names[0], names, self._tunnels())
        assert decode(CallResult, outcome.finished[names[0]], 2**18).outcome == "done"

    def adds(self, kind: Literal["wallet", "vault"], gives: str = "0", asset: str = "BTC") -> str:
        """A further account of the customer's; what Coinbase calls it."""
        made = self.simulation.do(
            AddWallet(
                exchange="coinbase", account=self.customer, asset=asset, kind=kind, gives=Decimal(gives)
            )
        )
        return str(made["id"])

    def moves(self, amount: str, source: str, to: str) -> None:
        """By the customer's own hand, between accounts; ``BTC``: the first one."""
        deed = Move(
            exchange="coinbase",
            account=self.customer,
            asset="BTC",
            amount=Decimal(amount),
            source=source,
            to=to,
        )
        self.simulation.do(deed)

    def has(self, name: str) -> Decimal:
        """What is free in an account of the customer's."""
        venue = self.simulation.venues["coinbase"]
        found = venue.app_account(venue.account(self.customer), name)
        return venue.state.ledger.free_of(found.key, found.asset)

    def sent_by_customer(self) -> list[Any]:
        """What the simulated Coinbase sends for it, or will."""
        withdrawals = self.simulation.venues["coinbase"].state.vaults.withdrawals
        return [each for each in withdrawals if each.account == self.customer]

    def gives(self, amount: str) -> None:
        """The customer gets so much, and pays out to any address from now on."""
        gives = {"BTC": Decimal(amount)}
        self.simulation.do(
            SetAccount(exchange="coinbase", account=self.customer, gives=gives, allowlist_only=False)
        )

    def sends(self, amount: str, to: str) -> None:
        """By the customer's own hand, on the exchange's site."""
        venue = self.simulation.venues["coinbase"]
        venue.custody.withdraw(
            venue.account(self.customer),
            asset="BTC",
            network="bitcoin",
            address=to,
            memo="",
            amount=Decimal(amount),
            on_top=True,
            client_id="",
        )


@contextmanager
def chain_and_exchanges(roots: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedChain, Simulation]]:
    """For the tests of one file."""
    with (
        bitcoin_chain(roots.mktemp("chain")) as (chain, url),
        sandbox(roots.mktemp("sandbox"), bitcoin=url) as simulation,
    ):
        yield chain, simulation


@contextmanager
def on_stage(
    kind: type[S],
    world: tuple[EmbeddedChain, Simulation],
    root: Path,
    test: str,
    policy: Policy | None = None,
) -> Iterator[S]:
    """A stage with one BTC in the wallet and a customer of its own, called after the test; no fault is left behind."""
    chain, simulation = world
    simulation.do(ClearFaults())
    customer = re.sub("[^a-z0-9]", "-", test.lower())[-40:].strip("-")
    made = kind.make(root, chain, simulation, customer, policy or visiting_policy())
    made.receives(BTC)
    try:
        yield made
    finally:
        simulation.do(ClearFaults())
        made.home.close()


def reason(outcome: Outcome, name: str) -> str:
    """The reason of a device that took no part."""
    return str(outcome.failed[name].reason)
