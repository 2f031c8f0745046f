"""An owner trades at simulated exchanges and brings home what is his: real commands, service, and isolated devices.

The exchanges are a simulation on this machine, with the real ones' authentication; the coins that leave them are real
transactions on the local chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.sandbox import BINANCE_KEY, EXCHANGE_KEY, EXCHANGE_PASSPHRASE, EXCHANGE_SECRET
from tests.support.terminal import script

from warifu.cli.profile import Profile
from warifu.demo.chain import EmbeddedChain
from warifu.demo.opening import BITCOIN_POLICY
from warifu.demo.payments import PAYEE
from warifu.demo.scene import DEVICES, Scene, wait_until
from warifu.sandbox.control import Allow, SetAccount, SetCredential, Trade
from warifu.sandbox.simulation import Simulation

from .conftest import PASSPHRASE
from .test_devices import connected, start_again

pytestmark = [pytest.mark.real, pytest.mark.slow]

WALLET = "trading"
EXCHANGES_POLICY = """
[exchanges.binance]
pairs = ["BTC-USDT"]
endpoints = [
  "GET /api/v3/account",
  "GET /api/v3/exchangeInfo",
  "GET /api/v3/time",
  "GET /api/v3/order",
  "POST /api/v3/order",
  "DELETE /api/v3/order",
  "GET /sapi/v1/account/apiRestrictions",
  "GET /sapi/v1/capital/deposit/address",
  "GET /sapi/v1/capital/withdraw/history",
  "POST /sapi/v1/capital/withdraw/apply",
]

[exchanges.binance.limits.BTC]
decimals = 8
per_order = "0.2 BTC"
per_day = "1 BTC"

[exchanges.binance.limits.USDT]
decimals = 8
per_order = "20000 USDT"
per_day = "50000 USDT"

[exchanges.coinbase-exchange]
pairs = ["BTC-USD"]
endpoints = ["GET /accounts", "GET /time"]

[exchanges.coinbase-exchange.limits.USD]
decimals = 2
per_order = "1000 USD"
per_day = "1000 USD"
"""


@pytest.fixture(scope="module")
def simulation(scene: Scene) -> Iterator[Simulation]:
    assert isinstance(scene.chain, EmbeddedChain), "the stage of this folder has one"
    made = Simulation(scene.root / "sandbox", bitcoin=scene.chain.url)
    made.do(SetAccount(exchange="binance", account="ada", gives={"BTC": Decimal(1), "USDT": Decimal(50_000)}))
    made.do(SetAccount(exchange="coinbase", account="ada", gives={"USD": Decimal(1000)}))
    yield made
    made.close()


@pytest.fixture(scope="module")
def trader(scene: Scene, simulation: Simulation) -> Iterator[str]:
    """A wallet whose policy knows exchanges, devices that have loaded what asks them, a service that knows where the
    simulation is."""
    file = scene.root / "trader.toml"
    file.write_text(BITCOIN_POLICY + EXCHANGES_POLICY)
    code, shown = script(
        scene.home,
        *("wallet", "create", WALLET, "--threshold", "2", "--memory-mib", "64", "--passes", "3"),
        *("--device", "home,pi", "--device", "friend", "--policy", file),
        passphrase=PASSPHRASE.encode(),
    )
    assert code == 0, shown
    # The owner is told beforehand; and each device, whose unlock key lies in a file, does it by itself.
    assert shown["start_again"] == list(DEVICES)
    for process in scene.processes.running():
        if process.name in ("up", "pi", "friend"):
            process.expect("the enclave process is started again", 60)
    wait_until(
        lambda: {exchanges_of(scene, name) for name in DEVICES} == {"loaded"},
        "every device, with all that it takes",
        60,
    )
    _restart(scene, *_simulated(simulation))
    yield WALLET
    _restart(scene)


def exchanges_of(scene: Scene, device: str) -> str | None:
    code, shown = script(scene.home, "signer", "status", device)
    return shown["exchanges"] if code == 0 else None


def _simulated(simulation: Simulation) -> list[str]:
    address, port = simulation.address
    return [
        part for host in simulation.hosts for part in ("--simulated-exchange", f"{host}={address}:{port}")
    ]


def _restart(scene: Scene, *arguments: str) -> None:
    for name in ("up", "pi", "friend"):
        scene.processes.stop(name)
    up = scene.processes.start("up", "warifu.cli", "--home", scene.home, "up", *arguments)
    up.expect("connected to the service", 60)
    for name in ("pi", "friend"):
        start_again(scene, name)
    wait_until(lambda: connected(scene) == set(DEVICES), "the return of every device", 60)


def exchange(scene: Scene, *arguments: str | Path, **more: Any) -> dict[str, Any]:  # of script
    """A command that works."""
    code, shown = script(scene.home, "exchange", *arguments, **more)
    assert code == 0, shown
    return shown


@pytest.fixture(scope="module")
def binance(scene: Scene, simulation: Simulation, trader: str) -> str:
    """An account whose key the devices made."""
    authorities = ("--authorities", simulation.authority_file)
    born = exchange(scene, "add", trader, "binance", "--exchange", "binance", "--yes", *authorities)
    assert not born["finished"]
    simulation.do(
        SetCredential(
            exchange="binance",
            api="binance",
            key=BINANCE_KEY,
            account="ada",
            algorithm="EdDSA",
            verifier=born["public_key"],
        )
    )
    told = exchange(
        scene, "finish", trader, "binance", "--yes", *authorities, secrets={"--api-key-fd": BINANCE_KEY}
    )
    assert told["simulation"] is True
    assert told["permissions"] == {
        "reads": True,
        "trades": True,
        "withdraws": True,
        "bound_to_addresses": told["permissions"]["bound_to_addresses"],
    }
    return "binance"


def free(scene: Scene, trader: str, account: str, asset: str) -> Decimal:
    told = exchange(scene, "balances", trader, account)["balances"]
    return sum((Decimal(one["free"]) for one in told if one["asset"] == asset), Decimal(0))


def kept(scene: Scene, trader: str, account: str) -> list[str]:
    """Identifiers of what has no known end."""
    return [one["client_id"] for one in exchange(scene, "orders", trader, account)["kept"]]


def test_devices_trade_with_a_key_that_never_was_whole(scene, simulation, trader, binance):
    before = free(scene, trader, binance, "BTC")
    price = "1000"  # far below the market: it waits
    placed = exchange(
        scene, *("buy", trader, binance, "BTC-USDT", "--size", "0.02", "--limit", price, "--yes")
    )["order"]
    assert placed["status"] == "open"
    assert placed["client_id"] in kept(scene, trader, binance)
    simulation.do(
        Trade(exchange="binance", pair="BTC-USDT", side="sell", size=Decimal("0.006"), price=Decimal(price))
    )
    part = exchange(scene, "status", trader, binance, placed["client_id"])["order"]
    assert (part["status"], Decimal(part["filled"])) == ("open", Decimal("0.006"))
    ended = exchange(scene, "cancel", trader, binance, placed["client_id"], "--yes")["order"]
    assert (ended["status"], Decimal(ended["filled"])) == ("cancelled", Decimal("0.006"))
    assert placed["client_id"] not in kept(scene, trader, binance)
    assert before < free(scene, trader, binance, "BTC") <= before + Decimal("0.006")


def test_a_dry_run_places_nothing(scene, trader, binance):
    shown = exchange(
        scene,
        *("sell", trader, binance, "BTC-USDT", "--size", "0.0123456789", "--limit", "99000"),
        "--dry-run",
    )
    assert shown["placed"] is False
    assert Decimal(shown["order"]["size"]) < Decimal("0.0123456789"), "cut down to the market's step"
    assert shown["order"]["client_id"] not in kept(scene, trader, binance)


def test_what_the_policy_does_not_allow_no_device_signs(scene, trader, binance):
    code, shown = script(
        scene.home,
        *("exchange", "sell", trader, binance, "BTC-USDT", "--size", "0.5", "--limit", "99000", "--yes"),
    )
    assert (code, shown["error"]["code"]) == (5, "policy.order-limit"), shown
    # The service brought this refusal, and could have made it up: the order is asked for until it cannot be there.
    (identifier,) = kept(scene, trader, binance)
    assert identifier in shown["error"]["remedy"]
    assert exchange(scene, "status", trader, binance, identifier)["known"] is False


def test_what_is_withdrawn_comes_home_on_the_chain(scene, simulation, trader, binance):
    code, shown = script(
        scene.home,
        *("exchange", "withdraw", trader, binance, "BTC", "0.05", "--network", "BTC", "--to", PAYEE),
        "--yes",
    )
    assert (code, shown["error"]["code"]) == (5, "policy.destination"), shown

    address = script(scene.home, "address", trader)[1]["address"]
    simulation.do(Allow(exchange="binance", account="ada", asset="BTC", address=address))
    made = exchange(
        scene, *("withdraw", trader, binance, "BTC", "0.05", "--network", "BTC", "--to", address, "--yes")
    )
    identifier = made["withdrawal"]["client_id"]

    def arrived() -> bool:
        scene.chain.mine(1)
        told = exchange(scene, "status", trader, binance, identifier)["withdrawal"]
        return bool(told["status"] == "done")

    wait_until(arrived, "the end of the withdrawal", 40)
    balance = script(scene.home, "balance", trader)[1]["bitcoin"]
    fee = Decimal("0.05") * 10**8 - balance["confirmed"]
    assert 0 <= fee < 100_000, balance
    assert identifier not in kept(scene, trader, binance)


def test_a_secret_of_coinbase_is_whole_in_one_device_and_says_so(scene, simulation, trader):
    simulation.do(
        SetCredential(
            exchange="coinbase",
            api="coinbase-exchange",
            key=EXCHANGE_KEY,
            account="ada",
            algorithm="HS256",
            verifier=EXCHANGE_SECRET,
            passphrase=EXCHANGE_PASSPHRASE,
        )
    )
    exchange(
        scene,
        *("add", trader, "pro", "--exchange", "coinbase-exchange", "--holder", "pi", "--yes"),
        *("--authorities", simulation.authority_file),
        secrets={
            "--api-key-fd": EXCHANGE_KEY,
            "--secret-fd": EXCHANGE_SECRET,
            "--exchange-passphrase-fd": EXCHANGE_PASSPHRASE,
        },
    )
    (listed,) = [one for one in exchange(scene, "list", trader)["accounts"] if one["account"] == "pro"]
    assert (listed["key"], listed["holders"], listed["simulation"]) == ("hmac", ["pi"], True)
    assert free(scene, trader, "pro", "USD") == 1000
    code, shown = script(scene.home, "exchange", "market", trader, "pro", "BTC-USD")
    assert (code, shown["error"]["code"]) == (5, "policy.endpoint"), "the policy does not name it"
    exchange(scene, "remove", trader, "pro", "--yes")
    assert "pro" not in [one["account"] for one in exchange(scene, "list", trader)["accounts"]]


def test_nothing_of_a_credential_is_in_what_the_service_keeps(scene, trader, binance):
    secrets = [BINANCE_KEY, EXCHANGE_KEY, EXCHANGE_SECRET, EXCHANGE_PASSPHRASE]
    for file in [path for path in Path(scene.service).rglob("*") if path.is_file()]:
        content = file.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content, file
    assert Profile.load(scene.home).wallet(trader).rules.revision == 1
