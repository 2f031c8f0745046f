"""The whole road over a real node: command line, service, agents, isolated enclaves, and Bitcoin Knots on regtest.

What the embedded chain's own mempool rules could get wrong, a real node judges here. The tests are one story, in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.node_chain import NodeChain
from tests.support.single_key import with_corrupted_witness
from tests.support.terminal import script

from warifu.chains.bitcoin.transaction import display_hash
from warifu.chains.bitcoin_network.backends.base import Broadcast
from warifu.cli.screen import Screen
from warifu.demo.opening import give_birth, start_everybody
from warifu.demo.payments import PAYEE, draft, requested, sealed
from warifu.demo.processes import Processes
from warifu.demo.scene import DEVICES, FUNDING, WALLET, Scene
from warifu.demo.telling import Telling
from warifu.errors import BroadcastRejected, ServiceRefused
from warifu.protocol.api import Accepted, Devices, NewTransfer, Transfer
from warifu.service.chain import make_backend
from warifu.service.config import read_config

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeChain]:
    chain = NodeChain(tmp_path_factory.mktemp("node"))
    yield chain
    chain.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, node: NodeChain) -> Iterator[Scene]:
    """Service, devices, and a wallet of three with its first coin."""
    root = tmp_path_factory.mktemp("stage")
    for folder in (root.parent, root.parent.parent):
        folder.chmod(0o711)  # as root, enclaves are users of their own and must be able to pass
    with Processes() as processes:
        scene = Scene(root, processes, Telling(Screen(json=True)))
        scene.play_on(node)
        try:
            start_everybody(scene)
            give_birth(scene)
            yield scene
        finally:
            scene.close()


def owner(stage: Scene, *arguments: str) -> dict[str, Any]:
    """One of the owner's commands that succeeds."""
    passphrase = bytes(stage.passphrase) if arguments[0] in ("send", "bump") else None
    code, shown = script(stage.home, *arguments, passphrase=passphrase)
    assert code == 0, shown
    return shown


def send(stage: Scene, amount: str, *options: str) -> dict[str, Any]:
    return owner(stage, "send", WALLET, PAYEE, amount, "--yes", *options)


def told(stage: Scene, transfer: str) -> Transfer:
    """What the service says of a transfer now."""
    return stage.client.get(f"/transfers/{transfer}", Transfer, after=0, wait=0)


def history(stage: Scene) -> dict[str, dict[str, Any]]:
    return {entry["txid"]: entry for entry in owner(stage, "history", WALLET)["transactions"]}


def raw_transaction(node: NodeChain, txid: str) -> bytes:
    return bytes.fromhex(node.node.rpc.call("getrawtransaction", txid, kind=str))


def test_two_of_three_pay_and_the_node_accepts_and_mines_it(stage, node):
    sent = send(stage, "0.05 BTC", "--fee-rate", "2", "--devices", "home,friend")
    assert sent["state"] == "broadcast"
    assert node.mempool() == {sent["txid"]}
    assert history(stage)[sent["txid"]]["height"] is None

    node.mine()
    done = owner(stage, "resume", WALLET, sent["transfer"], "--wait", "1")
    assert (done["state"], done["confirmations"], node.mempool()) == ("confirmed", 1, set())
    wait_until(lambda: len(told(stage, sent["transfer"]).journal) == 2, "both journals' heads", 20)
    assert {head.device for head in told(stage, sent["transfer"]).journal} == {"home", "friend"}
    assert node.status(sent["txid"])[0]
    entry = history(stage)[sent["txid"]]
    assert entry["height"] == node.node.rpc.call("getblockcount", kind=int)
    assert owner(stage, "balance", WALLET)["bitcoin"]["confirmed"] == FUNDING - 5_000_000 - entry["fee"]
    steps = {event.number: event for event in told(stage, sent["transfer"]).events}.values()
    assert [step for step in range(1, 9) if any(event.step == step for event in steps)] == [*range(1, 9)]


def test_after_a_bump_the_mempool_holds_only_the_replacement(stage, node):
    first = send(stage, "0.02 BTC", "--fee-rate", "1")
    second = owner(stage, "bump", WALLET, first["txid"], "--fee-rate", "8", "--yes")
    assert node.mempool() == {second["txid"]}
    assert first["txid"] not in history(stage)
    node.mine()
    done = owner(stage, "resume", WALLET, second["transfer"], "--wait", "1")
    assert (done["state"], node.status(first["txid"])[0]) == ("confirmed", False)
    wait_until(lambda: told(stage, first["transfer"]).state == "replaced", "the end of the first", 20)
    assert told(stage, first["transfer"]).replaced_by == second["txid"]


def test_a_child_pays_for_its_parent(stage, node):
    parent = send(stage, "0.03 BTC", "--fee-rate", "1")
    child = owner(stage, "bump", WALLET, parent["txid"], "--fee-rate", "20", "--cpfp", "--yes")
    assert node.mempool() == {parent["txid"], child["txid"]}
    entry = node.node.rpc.call("getmempoolentry", child["txid"], kind=dict)
    package_rate = entry["fees"]["ancestor"] * 100_000_000 / entry["ancestorsize"]
    assert entry["depends"] == [parent["txid"]]
    assert 20 <= package_rate < 21
    block = node.mine()
    assert node.status(child["txid"]) == node.status(parent["txid"]) == (True, block)
    assert owner(stage, "resume", WALLET, child["transfer"], "--wait", "1")["state"] == "confirmed"


def test_the_same_request_handed_in_again_pays_once(stage, node):
    before = owner(stage, "balance", WALLET)["bitcoin"]["total"]
    reading = draft(stage, 700_000)
    request = requested(stage, reading, 700_000)
    authorization, envelopes = sealed(stage, request, DEVICES[:2], stage.passphrase)
    question = NewTransfer(authorization=authorization, envelopes=envelopes, unsigned=reading.psbt)
    first = stage.client.post("/transfers", question, Accepted)
    at_once = stage.client.post("/transfers", question, Accepted)
    wait_until(lambda: told(stage, first.id).state == "broadcast", "the broadcast", 30)
    afterwards = stage.client.post("/transfers", question, Accepted)
    assert {first.id, at_once.id, afterwards.id} == {request.request_id.hex()}
    assert node.mempool() == {reading.txid}
    node.mine()
    wait_until(lambda: told(stage, first.id).state == "confirmed", "its confirmation", 20)
    assert stage.client.post("/transfers", question, Accepted).id == first.id
    assert node.mempool() == set()
    assert owner(stage, "balance", WALLET)["bitcoin"]["total"] == before - 700_000 - reading.payment.fee


def test_a_corrupted_witness_is_never_taken_for_success(stage, node):
    sent = send(stage, "0.01 BTC", "--fee-rate", "3")
    genuine = raw_transaction(node, sent["txid"])
    corrupted = with_corrupted_witness(genuine)
    # The backend as the service itself makes it from the file that 'warifu init' wrote.
    backend = make_backend(read_config(stage.service / "service.toml"))
    assert backend is not None
    try:
        assert backend.broadcast(genuine).result is Broadcast.ALREADY_KNOWN
        assert node.node.rpc.call("sendrawtransaction", corrupted.hex(), kind=str) == sent["txid"]
        with pytest.raises(BroadcastRejected) as refused:
            backend.broadcast(corrupted)
        assert refused.value.code == "broadcast.other-witness"
        assert raw_transaction(node, sent["txid"]) == genuine
    finally:
        backend.close()
    node.mine()
    assert owner(stage, "resume", WALLET, sent["transfer"], "--wait", "1")["state"] == "confirmed"


def test_a_reorganisation_takes_the_confirmation_back_and_gives_it_again(stage, node):
    sent = send(stage, "0.04 BTC", "--fee-rate", "4")
    block = node.mine()
    assert owner(stage, "resume", WALLET, sent["transfer"], "--wait", "1")["state"] == "confirmed"

    node.take_out(block)
    wait_until(lambda: told(stage, sent["transfer"]).state == "broadcast", "the way back", 20)
    assert told(stage, sent["transfer"]).confirmations == 0
    assert sent["txid"] in node.mempool()
    assert history(stage)[sent["txid"]]["height"] is None

    node.mine(2)
    done = owner(stage, "resume", WALLET, sent["transfer"], "--wait", "2")
    assert (done["state"], done["txid"]) == ("confirmed", sent["txid"])
    assert node.status(sent["txid"])[1] not in ("", block)
    texts = [event.text for event in told(stage, sent["transfer"]).events]
    assert any("reorganisation" in text for text in texts)


def test_while_the_node_is_away_errors_are_clear_and_a_signed_transfer_waits_for_it(stage, node):
    parent = send(stage, "0.008 BTC", "--fee-rate", "2")["txid"]
    reading = draft(stage, 900_000)  # spends the change of that one
    request = requested(stage, reading, 900_000)
    assert parent in {display_hash(coin.outpoint.txid) for coin in reading.payment.inputs}
    node.go_away()

    for arguments in (("balance", WALLET), ("send", WALLET, PAYEE, "0.01 BTC", "--fee-rate", "2", "--yes")):
        passphrase = bytes(stage.passphrase) if arguments[0] == "send" else None
        code, shown = script(stage.home, *arguments, passphrase=passphrase)
        assert (code, shown["error"]["code"], shown["error"]["blame"]) == (11, "chain.unreachable", "core")
    authorization, envelopes = sealed(stage, request, (DEVICES[1], DEVICES[2]), stage.passphrase)
    question = NewTransfer(authorization=authorization, envelopes=envelopes, unsigned=reading.psbt)
    transfer = stage.client.post("/transfers", question, Accepted).id
    wait_until(
        lambda: any("not sent yet" in event.text for event in told(stage, transfer).events), "the try", 30
    )
    assert told(stage, transfer).state == "signed"

    node.come_back("-persistmempool=0")  # with another cookie, and with a memory that is gone
    wait_until(lambda: told(stage, transfer).state != "signed", "the broadcast", 30)
    assert told(stage, transfer).state == "broadcast"
    assert node.mempool() == {parent, reading.txid}
    node.mine()
    wait_until(lambda: told(stage, transfer).state == "confirmed", "its confirmation", 20)


def test_compact_filters_of_the_same_node_receive_send_and_confirm(stage, node):
    stage.processes.stop("up")
    config = stage.service / "service.toml"
    peer = f'[[backends]]\nkind = "compact-filters"\nurl = "127.0.0.1:{node.node.p2p_port}"\n'
    config.write_text(config.read_text().partition("[[backends]]")[0] + peer)
    up = stage.processes.start("up", "warifu.cli", "--home", stage.home, "up")
    up.expect("The service answers at", 60)
    wait_until(lambda: connected(stage) == set(DEVICES), "the return of every device", 60)

    before = owner(stage, "balance", WALLET)["bitcoin"]
    node.fund(owner(stage, "address", WALLET)["address"], 6_000_000)
    wait_until(
        lambda: owner(stage, "balance", WALLET)["bitcoin"]["confirmed"] == before["confirmed"] + 6_000_000,
        "the deposit",
        30,
    )
    sent = send(stage, "0.06 BTC", "--fee-rate", "5")
    assert sent["state"] == "broadcast"
    wait_until(lambda: sent["txid"] in node.mempool(), "its way to the node, offered anew if need be", 90)
    node.mine()
    done = owner(stage, "resume", WALLET, sent["transfer"], "--wait", "1")
    assert (done["state"], node.status(sent["txid"])[0]) == ("confirmed", True)
    fee = history(stage)[sent["txid"]]["fee"]
    assert owner(stage, "balance", WALLET)["bitcoin"]["confirmed"] == before["confirmed"] - fee


def connected(stage: Scene) -> set[str]:
    try:
        devices = stage.client.get("/devices", Devices).devices
    except ServiceRefused:  # it is starting
        return set()
    return {device.name for device in devices if device.connected}
