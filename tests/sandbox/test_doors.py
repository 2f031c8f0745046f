"""The simulation's doors by themselves: who is let in, what strangers are told, what survives."""

import json
import socket
import ssl
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from tests.support.exchange_days import order
from tests.support.sandbox import customer, sandbox

from warifu.errors import HostUnsuitable, InputRefused, StoreDamaged
from warifu.sandbox.control import Turn
from warifu.sandbox.running import run
from warifu.sandbox.simulation import Simulation

D = Decimal
pytestmark = pytest.mark.real

HOSTS = ["api.exchange.coinbase.com", "api.coinbase.com", "api.binance.com"]
FEEDS = [
    "advanced-trade-ws.coinbase.com",
    "advanced-trade-ws-user.coinbase.com",
    "ws-feed.exchange.coinbase.com",
    "stream.binance.com",
    "ws-api.binance.com",
]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("sandbox")) as simulation:
        yield simulation


def dialled(simulation, host, context=None):
    context = context or ssl.create_default_context(cafile=str(simulation.authority_file))
    bare = socket.create_connection(simulation.address, timeout=10)
    return context.wrap_socket(bare, server_hostname=host)


def said(simulation, host, request: bytes) -> tuple[int, bytes]:
    """Status and body of one raw request."""
    with dialled(simulation, host) as connection:
        connection.sendall(request)
        data = b""
        while piece := connection.recv(65536):
            data += piece
            head, _, body = data.partition(b"\r\n\r\n")
            length = next(
                (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")),
                None,
            )  # fmt: skip
            if length is not None and len(body) >= length:
                break
        return int(data.split(b" ", 2)[1]), body


def get(host, path, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("host", HOSTS)
def test_its_certificate_is_for_each_exchange_by_an_authority_of_its_own(running, host):
    with dialled(running, host) as connection:
        assert connection.version() == "TLSv1.3"


def test_it_is_nobody_for_who_was_not_told_of_its_authority(running):
    with pytest.raises(ssl.SSLCertVerificationError):
        dialled(running, HOSTS[0], ssl.create_default_context())


def test_an_older_tls_is_refused(running):
    context = ssl.create_default_context(cafile=str(running.authority_file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        dialled(running, HOSTS[0], context)


@pytest.mark.parametrize(
    ("host", "path", "form"),
    [
        (HOSTS[0], "/nowhere", {"message": "NotFound"}),
        (HOSTS[1], "/api/v3/brokerage/nowhere", {"error": "NOT_FOUND"}),
        (HOSTS[1], "/v2/nowhere", {"errors": [{"id": "not_found", "message": "Not found"}]}),
        (HOSTS[2], "/api/v3/nowhere", {"status": 404, "path": "/api/v3/nowhere"}),
    ],
)
def test_a_path_that_is_not_there_is_answered_in_the_exchanges_own_form(running, host, path, form):
    status, body = said(running, host, get(host, path))
    assert status == 404
    assert form.items() <= json.loads(body).items()


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        (HOSTS[0], "/accounts", 401),
        (HOSTS[1], "/api/v3/brokerage/accounts", 401),
        (HOSTS[1], "/v2/accounts", 401),
        (HOSTS[2], "/api/v3/account", 401),
    ],
)
def test_without_a_key_nothing_is_shown(running, host, path, status):
    assert said(running, host, get(host, path))[0] == status


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v3/account?symbol=A&symbol=B", ()),
        ("/api/v3/depth?symbol=BTCUSDT&limit=99999999999999999999", ()),
        ("/api/v3/depth?symbol=%00", ()),
        ("/api/v3/depth", ()),
        ("/api/v3/account?timestamp=1&signature=a&signature=b", ("X-MBX-APIKEY: nobody",)),
        ("/api/v3/account?timestamp=" + "9" * 400 + "&signature=x", ("X-MBX-APIKEY: nobody",)),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_ends_nothing(running, path, headers):
    status, body = said(running, HOSTS[2], get(HOSTS[2], path, *headers))
    assert 400 <= status < 500
    assert json.loads(body)["code"] < 0
    assert said(running, HOSTS[2], get(HOSTS[2], "/api/v3/ping"))[0] == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: nowhere.example.com\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: api.exchange.coinbase.com\r\nContent-Length: 70000\r\n\r\n" + b"[" * 70000,
        b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: api.binance.com\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_ends_nothing(running, request_):
    assert 400 <= said(running, HOSTS[0], request_)[0] < 500
    assert said(running, HOSTS[0], get(HOSTS[0], "/time"))[0] == 200


def test_json_without_end_is_refused_before_it_is_read(running):
    ada = customer(running, "coinbase", account="deep")
    call = ada.exchange.place(order("coinbase"))
    deep = b'{"order_configuration":' * 3000 + b"{}" + b"}" * 3000
    object.__setattr__(call.unsigned, "body", deep[:60000])
    with pytest.raises(Exception, match="invalid"):
        ada.ask(call)


# --- the control door ---------------------------------------------------------------------------------------------


def posted(running, deed, body, **headers):
    return httpx.post(f"{running.control_url}/control/{deed}", content=json.dumps(body), headers=headers)


JSON = {"content-type": "application/json"}


def test_a_deed_is_done_over_http(running):
    given = {"exchange": "binance", "account": "bob", "gives": {"USDT": "12.5"}}
    assert posted(running, "account", given, **JSON).status_code == 200
    shown = posted(running, "show", {"exchange": "binance", "account": "bob"}, **JSON).json()
    assert shown["balances"] == {"USDT": {"free": "12.5", "held": "0"}}


@pytest.mark.parametrize(
    ("deed", "body", "headers", "status"),
    [
        ("account", {"exchange": "binance", "account": "eve"}, {"content-type": "text/plain"}, 415),
        ("nothing", {}, JSON, 404),
        ("account", {"exchange": "kraken", "account": "eve"}, JSON, 400),
        ("account", {"exchange": "binance", "account": "../eve"}, JSON, 400),
        ("account", {"exchange": "binance", "account": "eve", "gives": {"USDT": "-1"}}, JSON, 400),
        ("account", {"exchange": "binance", "account": "eve", "more": 1}, JSON, 400),
        ("show", {"exchange": "binance", "account": "nobody"}, JSON, 400),
        ("market", {"exchange": "binance", "pair": "BTC-XXX", "state": "open"}, JSON, 400),
        ("account", {"exchange": "binance", "account": "eve"}, {**JSON, "host": "eve.example.com"}, 421),
        ("fault", {"kind": "cut", "path": "("}, JSON, 400),
        ("fault", {"kind": "latency", "seconds": 1e9}, JSON, 400),
    ],
)
def test_what_is_no_deed_is_refused(running, deed, body, headers, status):
    assert posted(running, deed, body, **headers).status_code == status
    assert "eve" not in running.venues["binance"].state.people.accounts


# --- what it remembers --------------------------------------------------------------------------------------------


def test_it_remembers_everything_over_a_restart(tmp_path):
    with sandbox(tmp_path) as simulation:
        ada = customer(simulation, "coinbase-exchange", USD="50000")
        ada.ask(ada.exchange.place(order("coinbase-exchange")))
    with sandbox(tmp_path) as simulation:
        ada.simulation = simulation
        [found] = ada.all(ada.exchange.find_order(order("coinbase-exchange")))
        assert (found.status, found.filled) == ("open", D(0))
        ada.ask(ada.exchange.cancel(found))
        assert {one.asset: one.free for one in ada.all(ada.exchange.balances())}["USD"] == 50_000
        assert len(simulation.venues["coinbase"].engine.books["BTC-USD"].side("sell")) == 5  # the house's


def test_its_keys_are_readable_to_their_user_alone(tmp_path):
    with sandbox(tmp_path / "kept"):
        modes = {file.name: file.stat().st_mode & 0o077 for file in (tmp_path / "kept").iterdir()}
        assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
        assert modes["seed"] == modes["server.pem"] == 0


def test_the_command_says_where_it_is_and_ends_on_ctrl_c(tmp_path):
    command = [
        Path(sys.executable).with_name("warifu"),
        "sandbox",
        "--json",
        "--directory",
        tmp_path / "kept",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            begun = json.loads(process.stdout.readline())
            assert begun["simulation"] is True
            assert begun["hosts"] == [*HOSTS, *FEEDS]
            context = ssl.create_default_context(cafile=begun["authority_file"])
            with socket.create_connection(("127.0.0.1", begun["port"]), timeout=10) as bare:
                context.wrap_socket(bare, server_hostname=HOSTS[2]).close()
            assert httpx.get(f"{begun['bitcoin']}/blocks/tip/height").text.isdigit()
        finally:
            process.send_signal(2)
        assert process.wait(20) == 0


def test_a_simulation_can_be_closed_twice(tmp_path):
    simulation = Simulation(tmp_path)
    simulation.close()
    simulation.close()


def test_one_directory_has_one_simulation(tmp_path):
    with sandbox(tmp_path), pytest.raises(HostUnsuitable, match="another simulation"):
        Simulation(tmp_path)


def test_what_cannot_be_read_is_not_guessed_at(tmp_path):
    with sandbox(tmp_path):
        pass
    (tmp_path / "binance.json").write_text("{")
    with pytest.raises(StoreDamaged):
        Simulation(tmp_path)


@pytest.mark.parametrize("url", ["https://mempool.space/api", "http://127.0.0.1:9"])
def test_a_chain_that_is_not_there_or_not_here_is_refused(tmp_path, url):
    with pytest.raises(InputRefused, match="local chain"):
        run(tmp_path, bitcoin=url, port=0, pace=0, depth=1, ready=lambda *_: None)


def test_the_houses_offers_do_not_fill_the_memory(tmp_path):
    with sandbox(tmp_path) as simulation:
        orders = simulation.venues["binance"].state.trading.orders
        for _ in range(20):
            simulation.do(Turn(exchange="binance"))
        assert len(orders) == 40
        numbers = [one.number for one in orders]
        assert len(set(numbers)) == 40
        assert min(numbers) > 500
