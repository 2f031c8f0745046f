"""A backend that lies, stalls, floods or breaks off: a clear error in bounded time, and a wallet as it was."""

from __future__ import annotations

import gzip
import http.server
import re
import time
from threading import Event, Thread

import httpx
import pytest

from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput, display_hash
from warifu.chains.bitcoin_network.backends.base import Place
from warifu.chains.bitcoin_network.backends.core_rpc import CoreRpc
from warifu.chains.bitcoin_network.backends.deadline import Deadline
from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.chains.rpc import retries
from warifu.chains.rpc.http import BoundedHttp
from warifu.chains.rpc.retries import Retries
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused
from warifu.units import satoshi

pytestmark = pytest.mark.real

RAW = Transaction(
    2,
    (TxInput(OutPoint(bytes(32), 0), witness=(bytes(64),)),),
    (TxOutput(satoshi(5000), b"\x51\x20" + bytes(32)),),
)


class Hostile:
    """Answers as the test tells it, and counts."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes | str, dict[str, str]]] = {}
        self.asked: list[str] = []
        self.url = ""
        self.let_go = Event()

    def say(self, path, status=200, body=b"", **headers):
        self.answers[path] = (status, body, headers)


@pytest.fixture
def server():
    hostile = Hostile()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            hostile.asked.append(self.path)
            asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body, headers = hostile.answers.get(self.path, (404, b"", {}))
            if isinstance(body, str):  # stall
                hostile.let_go.wait(30)
                body = b""
            number = re.search(rb'"id":(\d+)', asked)
            body = body.replace(b"ID", number[1] if number else b"")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = "Content_Length" in headers

        def do_GET(self):
            self._answer()

        def do_POST(self):
            self._answer()

        def log_message(self, *_):
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        hostile.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield hostile
        hostile.let_go.set()
        listening.shutdown()
        thread.join(5)


@pytest.fixture
def esplora(server):
    backend = Esplora(server.url)
    yield backend
    backend.close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)


def code_of(work) -> str:
    with pytest.raises((ChainUnavailable, BroadcastRejected)) as refused:
        work()
    return refused.value.code


@pytest.mark.parametrize("body", [b"", b"<html>", b"-1", b"9" * 400, "\u0661".encode(), b"1.5"])
def test_a_height_that_is_none(server, esplora, body):
    server.say("/blocks/tip/height", body=body)
    assert code_of(esplora.tip) == "chain.answer-form"


@pytest.mark.parametrize("body", [b"", b"00", b"z" * 64, b"0" * 65])
def test_a_block_hash_that_is_none(server, esplora, body):
    server.say("/block-height/0", body=body)
    assert code_of(lambda: esplora.block_hash(0)) == "chain.answer-form"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"confirmed":true}',
        b'{"confirmed":true,"block_height":1,"block_hash":"00"}',
        b'{"confirmed":"yes"}',
        b'{"confirmed":true,"block_height":2147483648,"block_hash":"%s"}' % (b"00" * 32),
        b'{"confirmed":true,"block_height":9223372036854775808,"block_hash":"%s"}' % (b"00" * 32),
        b'{"confirmed":true,"block_height":-1,"block_hash":"%s"}' % (b"00" * 32),
    ],
)
def test_a_status_that_is_none(server, esplora, body):
    server.say(f"/tx/{display_hash(RAW.txid)}/status", body=body)
    assert code_of(lambda: esplora.status(RAW.txid)) == "chain.answer-form"


def test_a_transaction_never_seen_is_not_in_the_mempool_because_a_server_says_unconfirmed(server, esplora):
    server.say(f"/tx/{display_hash(RAW.txid)}/status", body=b'{"confirmed":false}')
    assert esplora.status(RAW.txid).place is Place.UNKNOWN


def test_another_transaction_than_the_one_asked_for(server, esplora):
    server.say(f"/tx/{display_hash(RAW.txid)}/raw", body=Transaction(1, RAW.inputs, RAW.outputs).serialize())
    assert code_of(lambda: esplora.broadcast(RAW.serialize())) == "chain.answer-form"


def test_a_broadcast_answered_with_another_id(server, esplora):
    server.say("/tx", body=b"00" * 32)
    assert code_of(lambda: esplora.broadcast(RAW.serialize())) == "chain.answer-form"


def test_a_refusal_in_the_node_s_words_is_cleaned_and_cut(server, esplora):
    server.say("/tx", status=400, body=b"\x1b[2Jbad-txns-inputs-missingorspent" + b"!" * 5000)
    with pytest.raises(BroadcastRejected) as refused:
        esplora.broadcast(RAW.serialize())
    assert refused.value.code == "broadcast.spent-coins"
    assert "\x1b" not in refused.value.message
    assert len(refused.value.message) < 400


def test_fee_rates_that_burn_money_are_not_believed(server, esplora):
    server.say("/fee-estimates", body=b'{"1":1e300,"2":-5,"3":0,"6":4.5,"x":9,"999999":3,"144":6000}')
    assert {target: rate.sat_per_kvb for target, rate in esplora.fee_rates().by_target.items()} == {6: 4500}


def test_an_endless_answer_is_cut_off(server):
    server.say("/big", body=b"x" * 200_000)
    with pytest.raises(ChainUnavailable) as refused:
        BoundedHttp(server.url, "hostile").request("GET", "/big", limit=100_000)
    assert refused.value.code == "chain.answer-size"
    assert server.asked == ["/big"], "no second helping"


def test_a_compressed_bomb_is_measured_unpacked(server):
    server.say("/bomb", body=gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
    with pytest.raises(ChainUnavailable) as refused:
        BoundedHttp(server.url, "hostile").request("GET", "/bomb", limit=1_000_000)
    assert refused.value.code == "chain.answer-size"


def test_a_silent_server_is_left(server):
    server.say("/slow", body="stall")
    client = BoundedHttp(server.url, "hostile", timeout=httpx.Timeout(0.2))
    with pytest.raises(ChainUnavailable) as refused:
        client.request("GET", "/slow")
    assert refused.value.code == "chain.time-out"
    assert server.asked == ["/slow"], "waiting once is enough"


def test_a_connection_that_breaks_is_tried_again_and_then_named(server):
    server.say("/cut", body=b"half", Content_Length="4000")
    with pytest.raises(ChainUnavailable) as refused:
        BoundedHttp(server.url, "hostile").request("GET", "/cut")
    assert refused.value.code == "chain.unreachable"
    assert len(server.asked) == Retries().tries


def test_a_busy_server_says_when_to_come_back(server):
    server.say("/busy", status=429, Retry_After="17")
    with pytest.raises(ChainUnavailable) as refused:
        BoundedHttp(server.url, "hostile").request("GET", "/busy")
    assert (refused.value.code, refused.value.retry_after) == ("chain.busy", 17)


def test_a_redirect_is_not_followed(server, esplora):
    server.say("/block-height/0", status=302, Location="http://127.0.0.1:1/elsewhere")
    assert code_of(lambda: esplora.block_hash(0)) == "chain.answer-form"


def test_a_failed_synchronisation_leaves_the_wallet_as_it_was(server, esplora, alice):
    wallet = alice.wallet()
    server.say("/blocks/tip/height", body=b"5")
    server.say("/block-height/5", body=b"11" * 32)
    assert code_of(lambda: esplora.sync(wallet)) == "chain.answer-form"
    assert wallet.tip().height == 0


def test_a_library_call_that_hangs_is_left_and_not_piled_up():
    gate = Event()
    deadline = Deadline("hanging", 0.05)
    for _ in range(3):
        with pytest.raises(ChainUnavailable):
            deadline.call(gate.wait)
    gate.set()
    time.sleep(0.05)
    assert deadline.call(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        deadline.call(lambda: 1 // 0)


def test_an_address_s_token_stays_out_of_errors(server):
    backend = Esplora(server.url + "/v1/s3cret-token", "quiknode")
    with pytest.raises(ChainUnavailable) as refused:
        backend.tip()
    assert "s3cret" not in str(refused.value) + repr(refused.value.__dict__)
    with pytest.raises(InputRefused):
        Esplora("file:///etc/passwd")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"id":ID,"result":"x","error":null}', b'{"id":ID,"error":{"code":"x"}}', b'{"result":5}'],
)
def test_a_node_that_speaks_nonsense(server, body):
    server.say("/", body=body)
    assert code_of(CoreRpc(server.url, login=("u", "p")).tip) == "chain.answer-form"


def test_a_node_that_is_starting_is_waited_for(server):
    server.say(
        "/", status=500, body=b'{"id":ID,"result":null,"error":{"code":-28,"message":"Loading block index"}}'
    )
    with pytest.raises(ChainUnavailable) as refused:
        CoreRpc(server.url, login=("u", "p")).tip()
    assert (refused.value.code, refused.value.retry_after) == ("chain.starting", 10)


def test_a_node_that_judges_another_transaction_is_not_believed(server):
    server.say("/", body=b'{"id":ID,"result":[{"txid":"00","wtxid":"00","allowed":true}],"error":null}')
    node = CoreRpc(server.url, login=("u", "p"))
    assert code_of(lambda: node.broadcast(RAW.serialize())) == "chain.answer-form"
    assert len(server.asked) == 1, "nothing was sent after that"


def test_a_cookie_that_is_missing_is_a_node_that_ended_and_one_that_is_none_is_named(server, tmp_path):
    cookie = tmp_path / ".cookie"
    node = CoreRpc(server.url, cookie=cookie)
    assert code_of(node.tip) == "chain.unreachable"
    cookie.write_bytes(b"\xff\xfe")
    assert code_of(node.tip) == "chain.credentials"
    assert not server.asked
