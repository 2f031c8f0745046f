"""An owner trades at simulated exchanges and brings home what is his: real commands, service, and isolated devices.

The exchanges are a simulation on this machine, with the real ones' authentication; the coins that leave them are real
transactions on the local chain.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.sandbox import BINANCE_KEY, EXCHANGE_KEY, EXCHANGE_PASSPHRASE, EXCHANGE_SECRET
from tests.support.spying import in_memory
from tests.support.terminal import (
    PATIENCE,
    Terminal,
    environment,
    script,
    script_lines,
    terminal,
    warifu,
)

from warifu.cli.profile import Profile
from warifu.demo.chain import EmbeddedChain
from warifu.demo.opening import BITCOIN_POLICY
from warifu.demo.payments import PAYEE
from warifu.demo.scene import DEVICES, Scene
from warifu.sandbox.control import Allow, SetAccount, SetCredential, Trade, Turn
from warifu.sandbox.simulation import Simulation

from .conftest import PASSPHRASE
from .test_approvals import connect
from .test_devices import connected, start_again
from .test_secrets import process_running
from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]

WALLET = "trading"
COUPLES_KEY = BINANCE_KEY[::-1]
SECRETS = (BINANCE_KEY, COUPLES_KEY, EXCHANGE_KEY, EXCHANGE_SECRET, EXCHANGE_PASSPHRASE)
EXCHANGES_POLICY = """
[exchanges.binance]
longest_visit = "8h"
pairs = ["BTC-USDT"]
endpoints = [
  "FEED /bookTicker",
  "DELETE /api/v3/openOrders",
  "GET /api/v3/account",
  "GET /api/v3/allOrders",
  "GET /api/v3/exchangeInfo",
  "GET /api/v3/time",
  "GET /api/v3/order",
  "GET /api/v3/ticker/bookTicker",
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
exposure = "2 BTC"

[exchanges.binance.limits.USDT]
decimals = 8
per_order = "20000 USDT"
per_day = "50000 USDT"

[exchanges.coinbase-exchange]
pairs = ["BTC-USD"]
endpoints = ["GET /accounts", "GET /time", "FEED /balance", "FEED /user"]

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
    made.do(SetAccount(exchange="binance", account="couple", gives={"USDT": Decimal(50_000)}))
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


def nothing_owed(scene: Scene, trader: str) -> bool:
    """Whether no device has to look at a call any more."""
    return all(one["comparisons"] == [] for one in exchange(scene, "compare", trader)["devices"])


def traded(scene: Scene, *order: str | Path) -> dict[str, Any]:
    """An order, as soon as its devices were brought to what they owe."""
    end = time.monotonic() + 60
    while True:
        code, shown = script(scene.home, "exchange", *order)
        if code == 0:
            return dict(shown["order"])
        assert shown["error"]["code"] == "policy.comparison-due" and time.monotonic() < end, shown
        time.sleep(0.5)


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
        "bound_to_addresses": False,
        "more": [],
    }
    require_nobody_between_knows(scene)
    return "binance"


def require_nobody_between_knows(scene: Scene) -> None:
    """Credentials that were brought are in no memory of the service or an agent: looked at from outside."""
    wanted = {name: name.encode() for name in SECRETS}
    service = process_running(scene, b"warifu.cli.service_process")
    assert in_memory(service, {"name": b"friend"}) == {"name"}, "the spy must see what is really there"
    for pid in (service, *(scene.processes.pids()[name] for name in ("up", "pi", "friend"))):
        assert in_memory(pid, wanted) == set()


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


def test_devices_ask_with_new_shares_after_the_wallets_refresh(scene, trader, binance):
    code, told = script(scene.home, "wallet", "refresh", trader, "--yes", passphrase=PASSPHRASE.encode())
    assert (code, told["epoch"], told["accounts"]) == (0, 1, ["binance"]), told
    assert free(scene, trader, binance, "BTC") > 0


def test_a_dry_run_places_nothing(scene, trader, binance):
    shown = exchange(
        scene,
        *("sell", trader, binance, "BTC-USDT", "--size", "0.0123456789", "--limit", "99000"),
        "--dry-run",
    )
    assert shown["placed"] is False
    assert {each["device"]: each["allowed"] for each in shown["decisions"]} == dict.fromkeys(DEVICES, True)
    assert Decimal(shown["order"]["size"]) < Decimal("0.0123456789"), "cut down to the market's step"
    assert shown["order"]["client_id"] not in kept(scene, trader, binance)


def test_what_the_policy_does_not_allow_no_device_signs(scene, trader, binance):
    order = ("sell", trader, binance, "BTC-USDT", "--size", "0.5", "--limit", "99000")
    paid_out = ("withdraw", trader, binance, "BTC", "0.5", "--network", "BTC", "--no-memo")
    for asked in (order, paid_out):
        for each in exchange(scene, *asked, "--dry-run")["decisions"]:
            assert not each["allowed"] and each["refusal"]["code"] == "policy.order-limit"
            assert any("the limit is 0.2 BTC" in rule for rule in each["rules"]), "the owner hears why"
    assert kept(scene, trader, binance) == []
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
    require_nobody_between_knows(scene)
    code, shown = script(scene.home, "exchange", "market", trader, "pro", "BTC-USD")
    assert (code, shown["error"]["code"]) == (5, "policy.endpoint"), "the policy does not name it"

    code, lines = script_lines(
        scene.home, *("exchange", "watch", trader, "pro", "BTC-USD", "--channel", "user", "--seconds", "5")
    )
    *messages, ended = lines
    assert code == 0 and messages[0]["message"]["type"] == "subscriptions"
    assert ended == {
        "channel": "user",
        "messages": len(messages),
        "gaps": [],
        "unreadable": 0,
        "ended": "time",
    }
    balances = exchange(scene, "balances", trader, "pro")["balances"]
    (dollars,) = [one["wallet"] for one in balances if one["asset"] == "USD"]
    code, lines = script_lines(
        scene.home,
        *("exchange", "watch", trader, "pro", "--channel", "balance", "--account-id", dollars),
        *("--seconds", "5"),
    )
    (of,) = lines[0]["message"]["channels"]
    assert (code, of["name"], of["account_ids"]) == (0, "balance", [dollars])

    listening = ("exchange", "watch", trader, "pro", "BTC-USD", "--channel", "user", "--seconds", "3600")
    with subprocess.Popen(
        [*warifu(scene.home, *listening), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(scene.home),
    ) as watching:
        assert watching.stdout is not None
        first = json.loads(watching.stdout.readline())
        assert first["message"]["type"] == "subscriptions", "it is shown while the watch goes on"
        watching.send_signal(signal.SIGINT)
        rest, errors = watching.communicate(timeout=PATIENCE)
    assert watching.returncode == 0, errors
    assert json.loads(rest.splitlines()[-1])["ended"] == "stopped"

    code, lines = script_lines(
        scene.home, *("exchange", "watch", trader, "pro", "BTC-USD", "--channel", "matches")
    )
    assert (code, lines[0]["error"]["code"]) == (5, "policy.endpoint"), "the policy does not name it"
    exchange(scene, "remove", trader, "pro", "--yes")
    assert "pro" not in [one["account"] for one in exchange(scene, "list", trader)["accounts"]]


def test_a_device_that_its_owner_banned_carries_nothing_until_he_lets_it_again(scene, trader, binance):
    wait_until(lambda: nothing_owed(scene, trader), "the second look at each order", 120)
    identities = {one["device"]: one for one in exchange(scene, "compare", trader)["devices"]}
    assert set(identities) == set(DEVICES)
    assert all(one["comparisons"] == [] and one["bans"] == [] for one in identities.values())
    code, told = script(scene.home, "devices", "ban-carrier", trader, "pi")
    assert code == 0 and {one["state"] for one in told["devices"]} == {"done"}, told
    bans = {tuple(one["bans"]) for one in exchange(scene, "compare", trader)["devices"]}
    ((banned,),) = bans
    assert exchange(scene, "balances", trader, binance)["balances"]  # another one carries
    code, told = script(scene.home, "devices", "ban-carrier", trader, "friend", "--lift")
    assert code == 0, told
    assert {tuple(one["bans"]) for one in exchange(scene, "compare", trader)["devices"]} == {(banned,)}
    code, told = script(scene.home, "devices", "ban-carrier", trader, "pi", "--lift")
    assert code == 0, told
    assert {tuple(one["bans"]) for one in exchange(scene, "compare", trader)["devices"]} == {()}
    code, told = script(scene.home, "exchange", "compare", trader, binance, "--accept", "--yes")
    assert (code, told["error"]["code"]) == (2, "input.no-comparison"), told


def test_an_audit_names_what_no_device_signed_for_at_the_exchange(scene, trader, binance):
    code, told = script(scene.home, "audit", "verify", trader, "--exchange", binance)
    assert code == 0, told
    codes = [one["code"] for one in told["findings"]]
    assert "made-unsigned" not in codes and "exchange-unread" not in codes, told["findings"]


def test_binances_streams_are_shown(scene, trader, binance):
    watch = ("exchange", "watch", trader, binance, "BTC-USDT", "--channel", "bookTicker", "--seconds", "5")
    code, lines = script_lines(scene.home, *watch)
    *messages, ended = lines
    assert code == 0 and messages[1]["message"]["stream"] == "btcusdt@bookTicker"
    assert (ended["ended"], ended["gaps"], ended["unreadable"]) == ("time", [], 0)
    code, lines = script_lines(scene.home, "exchange", "watch", trader, binance, "--channel", "user")
    assert (code, lines[0]["error"]["code"]) == (5, "policy.endpoint")


# --- two owners -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def iris(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other owner's profile, on another machine."""
    home = tmp_path_factory.mktemp("iris") / "owner"
    code, made = script(scene.home, "api-key", "create", "iris", "--scope", "read", "--scope", "transfer")
    assert code == 0, made
    connect(scene, home, made["key"])
    return home


@pytest.fixture(scope="module")
def couple(scene: Scene, trader: str, iris: Path) -> str:
    """A wallet of both, of which whatever is more than a question takes both; what spends, all devices' word too."""
    del trader  # the devices have loaded what asks exchanges by then
    card, file = iris.with_name("iris.owner"), iris.with_name("policy.toml")
    assert script(iris, "credential", "export", "--as", "iris", "--out", card)[0] == 0
    file.write_text("approvals_needed = 2\nstrict = true\n" + BITCOIN_POLICY + EXCHANGES_POLICY)
    code, made = script(
        scene.home,
        *("wallet", "create", "couple", "--threshold", "2", "--memory-mib", "64", "--passes", "3"),
        *("--device", "home,pi,friend", "--policy", file, "--owner", card, "--key", "bitcoin"),
        passphrase=PASSPHRASE.encode(),
    )
    assert code == 0, made
    assert made["start_again"] == [], "every device has it already"
    assert script(iris, "wallet", "adopt", "couple", "--id", made["id"])[0] == 0
    return "couple"


def asked_of_the_other(person: Terminal) -> str:
    """The id of what waits for the other owner."""
    return person.until(r"approval give\s+[0-9a-f]{32}").split()[-1]


def test_both_owners_add_an_account_and_trade_and_the_other_reads_what_for(
    scene, simulation, couple, iris, tmp_path
):
    place = ("--exchange", "binance", "--yes", "--authorities", str(simulation.authority_file))
    person = terminal(scene.home, "exchange", "add", couple, "ours", *place)
    code, given = script(iris, "approval", "give", asked_of_the_other(person), "--yes")
    assert (code, given["account"], given["generate"], given["missing"]) == (0, "ours", True, 0), given
    person.until("Register this public key")
    assert person.end().code == 0
    (born,) = exchange(scene, "list", couple)["accounts"]
    simulation.do(
        SetCredential(
            exchange="binance",
            api="binance",
            key=COUPLES_KEY,
            account="couple",
            algorithm="EdDSA",
            verifier=born["public"],
        )
    )
    person = terminal(scene.home, "exchange", "finish", couple, "ours", *place[2:])
    person.until("API key: ")
    person.type(COUPLES_KEY)
    code, given = script(iris, "approval", "give", asked_of_the_other(person), "--yes")
    assert (code, given["key"], given["simulation"]) == (0, "ed25519-born", True), given
    person.until("Withdraws")
    assert person.end().code == 0
    assert free(scene, couple, "ours", "USDT") > 0, "a question takes one owner"

    order = ("buy", couple, "ours", "BTC-USDT", "--size", "0.02", "--limit", "1000", "--yes")
    code, shown = script(scene.home, "exchange", *order)
    assert (code, shown["error"]["code"]) == (2, "input.call-file")
    file = tmp_path / "order.call"
    person = terminal(scene.home, "exchange", *order, "--out", str(file))
    identifier = asked_of_the_other(person)
    code, blind = script(iris, "approval", "give", identifier, "--yes")
    assert (code, blind["error"]["code"]) == (2, "input.call-file"), "nobody approves a digest"
    code, given = script(iris, "approval", "give", identifier, "--call", file, "--yes")
    assert code == 0, given
    assert (given["call"]["pair"], given["call"]["gives_at_most"]) == ("BTC-USDT", {"USDT": "20"}), given
    person.until("open")
    assert person.end().code == 0
    (client_id,) = kept(scene, couple, "ours")
    assert exchange(scene, "status", couple, "ours", client_id)["order"]["status"] == "open"


def test_what_the_other_owner_refuses_is_not_asked_for(scene, couple, tmp_path, iris):
    before = kept(scene, couple, "ours")
    order = ("sell", couple, "ours", "BTC-USDT", "--size", "0.01", "--limit", "90000", "--yes")
    person = terminal(scene.home, "exchange", *order, "--out", str(tmp_path / "order.call"))
    code, _ = script(iris, "approval", "refuse", asked_of_the_other(person), "--yes")
    assert code == 0
    person.until("authorization.owner-refused")
    assert person.end().code == 3
    assert kept(scene, couple, "ours") == before, "this client knows that nothing of it left"


def test_a_visit_is_opened_by_both_owners_and_ended_by_either(scene, couple, iris):
    person = terminal(scene.home, "visit", "open", couple, "ours", "0.01 BTC", "--for", "1h", "--yes")
    code, given = script(iris, "approval", "give", asked_of_the_other(person), "--yes")
    assert (code, given["account"], given["missing"]) == (0, "ours", 0), given
    assert (given["visit"]["asset"], given["visit"]["amount"]) == ("BTC", "1000000"), given
    person.until("warifu send")
    assert person.end().code == 0
    code, told = script(iris, "visit", "show", couple)
    (opened,) = told["visits"]
    assert code == 0 and opened["address"], "as many devices as must count a transfer fetched it"
    code, closed = script(iris, "visit", "close", couple, opened["id"][:8])
    assert code == 0 and all(each["ended"] for each in closed["devices"].values()), closed


@pytest.mark.timeout(300)
def test_a_visit_comes_home_by_another_run_of_the_service_with_a_device_gone(
    scene, simulation, trader, binance
):
    """It brings 0.02 BTC, each device measures what that is worth, an order holds a part of it, and all that the
    customer has there comes home."""
    scene.chain.fund(script(scene.home, "address", trader)[1]["address"], 3_000_000)
    scene.chain.mine(1)
    wait_until(lambda: confirmed(scene, trader) >= 3_000_000, "the deposit", 40)
    person = terminal(
        scene.home,
        *("visit", "open", trader, binance, "0.02 BTC", "--for", "1h", "--send", "--fee-rate", "2"),
        *("--stop-loss", "50%"),
    )
    person.until(r"Open this visit\?")
    person.type("y")
    person.until(r"Sign and send this\?")
    person.type("y")
    person.until("[Pp]assphrase")
    person.type(PASSPHRASE)
    shown = person.end()
    assert shown.code == 0, shown.text
    code, told = script(scene.home, "visit", "show", trader)
    (opened,) = told["visits"]
    assert opened["address"] is not None and opened["address"] in shown.text
    assert "funded" in {each["state"] for each in opened["devices"].values()}

    def there() -> bool:
        scene.chain.mine(1)
        return "trading" in states(scene, trader, opened["id"])

    wait_until(there, "the funds at the exchange", 60)
    wait_until(
        lambda: {worth["credited"] for worth in worths(scene, trader, opened["id"])} == {"0.02"},
        "a look of each device",
        60,
    )
    simulation.do(Turn(exchange="binance", steady=True))  # an earlier story used up what was bid
    sold = traded(scene, "sell", trader, binance, "BTC-USDT", "--size", "0.002", "--yes")
    assert Decimal(sold["filled"]) == Decimal("0.002"), sold
    wait_until(
        lambda: all(
            not worth["unvalued"] and Decimal("0.019") < Decimal(worth["value"]) < Decimal("0.02")
            for worth in worths(scene, trader, opened["id"])
        ),
        "a look of each device at prices",
        90,
    )
    order = ("sell", trader, binance, "BTC-USDT", "--size", "0.01", "--limit", "900000", "--yes")
    assert traded(scene, *order)["status"] == "open"
    before, at_exchange = confirmed(scene, trader), free(scene, trader, binance, "BTC") + Decimal("0.01")

    scene.processes.stop("friend")
    _restart_without(scene, "friend", *_simulated(simulation))
    code, closed = script(scene.home, "visit", "close", trader, opened["id"][:8])
    assert code == 0 and closed["id"] == opened["id"], closed

    def home() -> bool:
        scene.chain.mine(1)
        return set(states(scene, trader, opened["id"])) == {"home"}

    wait_until(home, "its way home", 120)
    assert free(scene, trader, binance, "BTC") == 0
    all_of_it = Decimal(before) + at_exchange * 10**8

    def arrived() -> bool:
        scene.chain.mine(1)
        return confirmed(scene, trader) >= all_of_it - 10_000

    wait_until(arrived, "all but the exchange's fee, on the chain", 60)
    assert confirmed(scene, trader) < all_of_it
    start_again(scene, "friend")
    wait_until(lambda: connected(scene) == set(DEVICES), "the return of every device", 60)


def states(scene: Scene, trader: str, visit: str) -> list[str]:
    return [view["state"] for view in views(scene, trader, visit)]


def worths(scene: Scene, trader: str, visit: str) -> list[dict[str, Any]]:
    return [view["worth"] for view in views(scene, trader, visit)]


def views(scene: Scene, trader: str, visit: str) -> list[dict[str, Any]]:
    code, shown = script(scene.home, "visit", "show", trader)
    assert code == 0, shown
    (found,) = [each for each in shown["visits"] if each["id"] == visit]
    return list(found["devices"].values())


def confirmed(scene: Scene, trader: str) -> int:
    return int(script(scene.home, "balance", trader)[1]["bitcoin"]["confirmed"])


def _restart_without(scene: Scene, gone: str, *arguments: str) -> None:
    """Another run of the service, and of every device but one."""
    for name in {"up", "pi", "friend"} - {gone}:
        scene.processes.stop(name)
    scene.processes.start("up", "warifu.cli", "--home", scene.home, "up", *arguments).expect(
        "connected to the service", 60
    )
    for name in {"pi", "friend"} - {gone}:
        start_again(scene, name)
    wait_until(lambda: connected(scene) == set(DEVICES) - {gone}, "the return of the others", 60)


def test_nothing_of_a_credential_is_in_what_the_service_keeps_or_remembers(scene, trader, binance):
    require_nobody_between_knows(scene)
    for file in [path for path in Path(scene.service).rglob("*") if path.is_file()]:
        content = file.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in content, file
    assert Profile.load(scene.home).wallet(trader).rules.revision == 1
