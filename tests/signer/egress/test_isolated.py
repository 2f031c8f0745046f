"""Behind all walls, in a process of the signer's kind: TLS, the exchanges, and accounts that are kept there.

After isolation no file of the program can be read and no module loaded. A device that has rules for an exchange loads
all of it before; one that has none does not, and says so.
"""

from __future__ import annotations

import json
import selectors
import socket
from pathlib import Path

import pytest
from tests.support.enclaves import enclave_device, let_pass
from tests.support.exchange_accounts import (
    add,
    add_born,
    add_triplet,
    es256,
    frames,
    request_for,
    triplet,
)
from tests.support.exchange_days import GOOD, UUID, order
from tests.support.exchange_world import World
from tests.support.https_exchange import NAME, Authority, Exchange
from tests.support.simulator import Household

from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.exchanges.market import Pair
from warifu.protocol.frames import CallRefused, error_of
from warifu.signer.egress.trust import client_context
from warifu.signer.exchanges import loading
from warifu.signer.isolation.spawn import spawn_python

pytestmark = [pytest.mark.real, pytest.mark.slow]

PROGRAM = """
import sys
sys.path.insert(0, {repository!r})
from warifu.signer.isolation.handover import receive
handover = receive()
import warifu.signer.running
from warifu.signer.exchanges import loading
from warifu.signer.isolation.apply import apply_all
loading.load()
loaded = set(sys.modules)
from tests.support import exchange_deeds
brought = sorted(name for name in set(sys.modules) - loaded if not name.startswith("tests"))
report = {{"layers": dict(apply_all(handover.profile).pairs()), "brought": brought}}
exchange_deeds.ask(handover.connection, {host!r}, {authorities!r}, report)
"""


def test_a_signer_that_is_shut_in_speaks_tls_and_reads_every_exchange(tmp_path, shared_path):
    authority = Authority(tmp_path)
    said = json.dumps(GOOD["coinbase-exchange"]["balances"]).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
    server = Exchange(authority.server_context(), lambda _request: [answer])
    repository = str(Path(__file__).resolve().parents[3])
    program = PROGRAM.format(repository=repository, host=NAME, authorities=authority.pem)
    store = shared_path / "walls"
    store.mkdir(mode=0o700)
    let_pass(store)
    ours, theirs = socket.socketpair()
    with ours, socket.create_connection(server.address) as tunnel:
        with spawn_python(("-c", program), theirs, store, bytes(32)) as process:
            theirs.close()
            carry(ours, tunnel)
            process.wait(30)
        assert process.returncode == 0, list(process.log)
    balances, told = server.heard
    server.close()
    assert b"\r\nCB-ACCESS-SIGN: " in balances
    report = json.loads(told.partition(b"\r\n\r\n")[2])
    assert report["layers"]["seccomp"] == report["layers"]["landlock"] == "on"
    assert report["brought"] == [], "what the exchanges need and the loading forgets"
    assert report["balances"] == ["BTC"] and len(report["understood"]) == 8


def carry(one: socket.socket, other: socket.socket) -> None:
    """Bytes both ways, until one of the two ends."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(one, selectors.EVENT_READ, other)
        waiting.register(other, selectors.EVENT_READ, one)
        while True:
            ready = waiting.select(30)
            assert ready, "nobody says anything"
            for key, _ in ready:
                source = key.fileobj
                assert isinstance(source, socket.socket)
                data = source.recv(65536)
                if not data:
                    return
                key.data.sendall(data)


@pytest.fixture(scope="module")
def world(shared_path):
    made = World(shared_path, 2, make_device=enclave_device)
    yield made
    made.close()


def test_a_device_asks_an_exchange_from_behind_its_walls_once_it_has_loaded_them(world):
    """From the wallet's birth to an order in the books of an exchange: by the enclave processes themselves."""
    home = world.home
    for device in home.devices.values():
        assert loading.wanted(device.directory)
    new = triplet(home)
    request = request_for(home, new, "first", "coinbase-exchange")
    (refused,) = home["device0"].send(frames(home, request, new.parts)["device0"])
    assert isinstance(refused, CallRefused)
    assert error_of(refused.refusal).code == "policy.exchanges-not-loaded"
    for device in home.devices.values():
        device.restart()
        assert device.isolation["seccomp"] == "on"
    world.split()
    assert world.told(Coinbase().place(order("coinbase"))).outcome == "done"
    [placed] = world.stand_in.orders
    assert placed["client_order_id"] == UUID
    world.stand_in.says = ['{"channel":"ticker","timestamp":"t","sequence_num":0,"events":[]}']
    told = world.told(Coinbase().feeds.watch("ticker", (Pair("BTC", "USD"),), 5), ["device0"])
    assert (told.outcome, len(world.stand_in.subscriptions)) == ("done", 1)


def test_a_device_keeps_every_kind_of_key_behind_its_walls(world):
    home = world.home
    add_triplet(home, "first")
    add(home, es256(home, "device1"), "second", "coinbase")
    add_born(home, "third")
    shown = {each.account: each.key for each in home["device0"].status().accounts}
    assert shown == {"main": "ed25519-split", "first": "hmac", "third": "ed25519-born"}
    disk = b"".join(device.disk() for device in home.devices.values())
    assert b"open sesame" not in disk and bytes(range(64)) not in disk


def test_a_device_without_rules_for_an_exchange_forgets_that_it_had_any(shared_path):
    home = Household(shared_path / "other", 1, make_device=enclave_device)
    device = home["device0"]
    (device.directory / "asks-exchanges").touch(mode=0o600)
    device.restart()
    assert not loading.wanted(device.directory)
    home.close()


def test_the_programs_authorities_can_be_read_and_are_no_more_than_they_may_be():
    context = client_context(loading.load().authorities)
    assert len(context.get_ca_certs()) > 100
