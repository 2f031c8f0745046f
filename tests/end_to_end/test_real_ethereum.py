"""The whole road over a real Ethereum node: command line, service, agents, three isolated enclaves, threshold ECDSA,
and Anvil, whose execution and mempool nobody here wrote.

What py-evm and the mempool around it could get wrong, another engine judges here. The tests are one story, in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from eth_account import Account
from tests.support.anvil import anvil_path
from tests.support.anvil_chain import BASE_ID, AnvilChain
from tests.support.ethereum_road import (
    authorized,
    connected,
    drafted,
    entry,
    hand_in,
    kill_the_service,
    mine,
    news,
    not_sent_yet,
    owner,
    prepared,
    send,
    service_process,
    start_the_service,
    told,
    until,
)
from tests.support.ethereum_stage import BASE, ethereum_stage
from tests.support.quicknode import BAD_DAYS
from tests.support.quicknode_anvil import AnvilBehindQuickNode, quicknode_before
from tests.support.terminal import script, terminal

from warifu.chains.ethereum.signature import HALF_ORDER
from warifu.demo.account_chains import ETHEREUM, TOKEN_SYMBOL
from warifu.demo.accounts import ETHEREUM_PAYEE
from warifu.demo.payments import sealed
from warifu.demo.scene import DEVICES, WALLET, Scene
from warifu.protocol.api import Accepted, NewAuthorization

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]

ETHER, TOKEN = 10**18, 10**6
FINAL = 3
"""Blocks after which the service calls a transaction final, from its first restart on; before that it is one."""
CEILING = ("--fee-ceiling", "0.01 ETH")
DATA_FEE = 5 * 10**13


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnvilChain]:
    anvil_path()
    chain = AnvilChain(tmp_path_factory.mktemp("anvil"))
    yield chain
    chain.close()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnvilChain]:
    """A chain with the number of Base and its oracle of data fees, here one that always says the same."""
    anvil_path()
    chain = AnvilChain(tmp_path_factory.mktemp("base"), BASE_ID)
    chain.answer_always("0x420000000000000000000000000000000000000F", DATA_FEE)
    yield chain
    chain.close()


@pytest.fixture(scope="module")
def quicknode(base: AnvilChain) -> Iterator[AnvilBehindQuickNode]:
    """What the service has of that chain: QuickNode's doors, with a simulation's bad days."""
    with quicknode_before(base.node) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory,
    node: AnvilChain,
    base: AnvilChain,
    quicknode: AnvilBehindQuickNode,
) -> Iterator[Scene]:
    """Service, devices, and a wallet of three with one ether and forty tokens; the other two chains stay in this
    process."""
    with ethereum_stage(tmp_path_factory.mktemp("stage"), node, quicknode, FINAL) as scene:
        node.fund(mine(scene), ETHER)
        node.mint(scene.token, mine(scene), 40 * TOKEN)
        base.fund(mine(scene), ETHER)
        yield scene


# --- payments -------------------------------------------------------------------------------------------------------


def test_two_of_three_pay_and_the_node_accepts_and_mines_it(stage, node):
    sent = send(stage, "0.05 ETH", "--devices", "home,friend")
    assert (sent["state"], node.waiting(mine(stage))) == ("broadcast", {sent["txid"]})
    waiting = node.transaction(sent["txid"])
    assert waiting is not None
    assert waiting["from"] == mine(stage).lower()
    assert int(waiting["s"], 16) <= HALF_ORDER
    raw = node.node.rpc("eth_getRawTransactionByHash", sent["txid"])
    assert Account.recover_transaction(raw) == mine(stage)

    node.mine()
    done = owner(stage, "resume", WALLET, sent["transfer"], "--wait", "1")
    assert (done["state"], node.waiting(mine(stage))) == ("confirmed", set())
    assert node.balance(ETHEREUM_PAYEE) == ETHER // 20
    receipt = node.receipt(sent["txid"])
    assert receipt is not None
    assert receipt["status"] == "0x1"
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert entry(stage, sent["transfer"]).fee == str(fee)
    assert node.balance(mine(stage)) == ETHER - ETHER // 20 - fee
    wait_until(lambda: len(told(stage, sent["transfer"]).journal) == 2, "both journals' heads", 20)
    assert {head.device for head in told(stage, sent["transfer"]).journal} == {"home", "friend"}
    assert {event.step for event in told(stage, sent["transfer"]).events} == {*range(1, 9)}


def test_a_token_moves_by_its_symbol(stage, node):
    sent = send(stage, f"10 {TOKEN_SYMBOL}", "--token", TOKEN_SYMBOL, *CEILING)
    node.mine()
    assert owner(stage, "resume", WALLET, sent["transfer"], "--wait", "1")["state"] == "confirmed"
    assert node.balance(ETHEREUM_PAYEE, stage.token) == 10 * TOKEN
    assert node.balance(mine(stage), stage.token) == 30 * TOKEN


def test_of_a_bump_and_its_original_exactly_one_happens(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    first = send(stage, "0.02 ETH")
    second = owner(stage, "bump", WALLET, first["transfer"], "--chain", ETHEREUM, "--yes", *CEILING)
    assert node.waiting(mine(stage)) == {second["txid"]}
    node.mine()
    assert owner(stage, "resume", WALLET, second["transfer"], "--wait", "1")["state"] == "confirmed"
    assert until(stage, first["transfer"], "replaced").replaced_by == second["txid"]
    assert node.receipt(first["txid"]) is None
    assert node.balance(ETHEREUM_PAYEE) == before + ETHER // 50
    assert node.executed(mine(stage)) == executed + 1


def test_a_cancelled_transfer_pays_nobody(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    first = send(stage, "0.03 ETH")
    second = owner(stage, "cancel", WALLET, first["transfer"], "--chain", ETHEREUM, "--yes", *CEILING)
    assert node.waiting(mine(stage)) == {second["txid"]}
    node.mine()
    assert owner(stage, "resume", WALLET, second["transfer"], "--wait", "1")["state"] == "confirmed"
    assert until(stage, first["transfer"], "replaced").replaced_by == second["txid"]
    assert node.balance(ETHEREUM_PAYEE) == before
    assert node.executed(mine(stage)) == executed + 1


def test_the_same_request_handed_in_again_pays_once(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    request, question = authorized(stage, drafted(stage, ETHER // 100))
    first = stage.client.post("/transfers", question, Accepted)
    at_once = stage.client.post("/transfers", question, Accepted)
    txid = until(stage, first.id, "broadcast").txid
    afterwards = stage.client.post("/transfers", question, Accepted)
    assert {first.id, at_once.id, afterwards.id} == {request.request_id.hex()}
    assert node.waiting(mine(stage)) == {txid}
    node.mine()
    until(stage, first.id, "confirmed")
    assert stage.client.post("/transfers", question, Accepted).id == first.id
    assert node.waiting(mine(stage)) == set()
    assert node.balance(ETHEREUM_PAYEE) == before + ETHER // 100
    assert node.executed(mine(stage)) == executed + 1


def test_two_sends_at_the_same_moment_take_two_nonces(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    with ThreadPoolExecutor(2) as people:
        sent = [*people.map(lambda amount: send(stage, amount), ("0.01 ETH", "0.015 ETH"))]
    waiting = [node.transaction(one["txid"]) for one in sent]
    assert {int(one["nonce"], 16) for one in waiting if one} == {executed, executed + 1}
    node.mine()
    for one in sent:
        until(stage, one["transfer"], "confirmed")
    assert node.balance(ETHEREUM_PAYEE) == before + ETHER // 40


def test_a_failed_execution_is_told_with_its_reason_and_its_fee(stage, node):
    """Both payments were drafted while there was enough for either; not for both."""
    early, late = drafted(stage, 20 * TOKEN, TOKEN_SYMBOL), drafted(stage, 25 * TOKEN, TOKEN_SYMBOL)
    paid = hand_in(stage, early)
    until(stage, paid, "broadcast")
    node.mine()
    until(stage, paid, "confirmed")
    tokens, ether = node.balance(mine(stage), stage.token), node.balance(mine(stage))

    transfer = hand_in(stage, late)
    txid = until(stage, transfer, "broadcast").txid
    node.mine()
    failed = until(stage, transfer, "rejected")
    assert failed.refusal is not None
    assert failed.refusal.code == "broadcast.execution-failed"
    assert "the contract says" in failed.refusal.message
    receipt = node.receipt(txid)
    assert receipt is not None
    assert receipt["status"] == "0x0"
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert entry(stage, transfer).fee == str(fee)
    assert node.balance(mine(stage)) == ether - fee
    assert node.balance(mine(stage), stage.token) == tokens == 10 * TOKEN


def test_a_no_and_a_dry_run_leave_no_gap_behind_which_others_wait(stage, node):
    executed = node.executed(mine(stage))
    owner(stage, "send", WALLET, ETHEREUM_PAYEE, "0.01 ETH", "--chain", ETHEREUM, "--dry-run")
    person = terminal(stage.home, "send", WALLET, ETHEREUM_PAYEE, "0.01 ETH", "--chain", ETHEREUM)
    person.until(r"Sign and send this\?")
    person.type("n")
    assert person.end().code != 0
    sent = send(stage, "0.01 ETH")
    node.mine()
    assert until(stage, sent["transfer"], "confirmed").txid == sent["txid"]
    assert node.executed(mine(stage)) == executed + 1


# --- what stops in the middle ---------------------------------------------------------------------------------------


def test_a_device_that_lost_what_it_had_prepared_is_supplied_again_by_nobodys_hand(stage, node):
    wait_until(lambda: min(prepared(stage, "friend").values()) > 0, "a filled pool", 40)
    stage.processes.stop("friend")
    friend = stage.processes.start(
        "friend",
        *("warifu.cli", "signer", "run", "--device-dir", stage.device("friend")),
        *("--unlock-key", stage.unlock_key("friend")),
    )
    assert friend.process.poll() is None
    wait_until(lambda: connected(stage) == set(DEVICES), "its return", 40)
    wait_until(lambda: min(prepared(stage, "friend").values()) > 0, "a filled pool", 40)
    sent = send(stage, "0.01 ETH", "--devices", "pi,friend")
    assert node.waiting(mine(stage)) == {sent["txid"]}
    node.mine()
    until(stage, sent["transfer"], "confirmed")


def test_killed_while_the_devices_sign_the_service_comes_back_to_one_transaction_with_one_nonce(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    request, question = authorized(stage, drafted(stage, ETHER // 50))
    service = service_process(stage)
    transfer = stage.client.post("/transfers", question, Accepted).id
    wait_until(
        lambda: any("envelopes are sent" in event.text for event in news(stage, transfer)), "the session", 40
    )
    kill_the_service(stage, service)  # the devices open their shares now, which takes a tenth of a second

    start_the_service(stage)
    resting = ("needs-authorization", "broadcast")  # the latter where the devices were quicker
    wait_until(lambda: told(stage, transfer).state in resting, "an outcome", 60)
    if told(stage, transfer).state == "needs-authorization":
        authorization, envelopes = sealed(stage, request, ("home", "friend"), stage.passphrase)
        again = NewAuthorization(authorization=authorization, envelopes=envelopes)
        stage.client.post(f"/transfers/{transfer}/authorize", again, Accepted)
    txid = until(stage, transfer, "broadcast").txid
    assert node.waiting(mine(stage)) == {txid}
    node.mine()
    until(stage, transfer, "confirmed")
    assert node.balance(ETHEREUM_PAYEE) == before + ETHER // 50
    assert node.executed(mine(stage)) == executed + 1
    mined = node.transaction(txid)
    assert mined is not None
    assert int(mined["nonce"], 16) == executed


def test_on_a_roll_up_behind_quicknode_the_owner_sees_the_data_fee_too_and_the_payment_goes_through(
    stage, base, quicknode
):
    """The backend that was added is used since the service started again. It lets in nobody but who has a JWT of the
    key that the service made; in the middle it is at its limit, in two of the ways in which it says so."""
    before = base.balance(ETHEREUM_PAYEE)
    arguments = ("send", WALLET, ETHEREUM_PAYEE, "0.05 ETH", "--chain", BASE)
    shown = owner(stage, *arguments, "--dry-run")
    assert [decision["allowed"] for decision in shown["decisions"]] == [True, True, True]
    assert int(shown["fee"]) > 2 * DATA_FEE
    quicknode.bad_days += [BAD_DAYS["limited"], BAD_DAYS["limited, with status 200"]]
    sent = owner(stage, *arguments, "--yes")
    assert base.waiting(mine(stage)) == {sent["txid"]}
    base.mine()
    assert owner(stage, "resume", WALLET, sent["transfer"], "--wait", "1")["state"] == "confirmed"
    assert base.balance(ETHEREUM_PAYEE) == before + ETHER // 20
    assert quicknode.seen_jwts


def test_what_lets_the_service_in_at_quicknode_is_in_no_file_and_in_nothing_that_was_said(stage, quicknode):
    lines = [line for running in stage.processes.running() for line in running.lines]
    told = "\n".join([*lines, json.dumps(owner(stage, "backend", "list"))]).encode()
    files = [path.read_bytes() for path in stage.root.rglob("*") if path.is_file()]
    assert any(stage.ethereum.url.encode() in content for content in files), "what is no secret is found"
    for secret in (quicknode.token, *quicknode.seen_jwts, "PRIVATE KEY"):
        assert not any(secret.encode() in content for content in (told, *files))


def test_while_the_node_is_away_a_transfer_is_signed_and_then_sent_once(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    question = authorized(stage, drafted(stage, ETHER // 100))[1]
    node.go_away()
    code, shown = script(
        stage.home,
        *("send", WALLET, ETHEREUM_PAYEE, "0.01 ETH", "--chain", ETHEREUM, "--yes"),
        passphrase=bytes(stage.passphrase),
    )
    assert (code, shown["error"]["code"]) == (11, "chain.unreachable")
    transfer = stage.client.post("/transfers", question, Accepted).id
    not_sent_yet(stage, transfer)

    node.come_back()
    txid = until(stage, transfer, "broadcast").txid
    assert node.waiting(mine(stage)) == {txid}
    node.mine()
    until(stage, transfer, "confirmed")
    assert node.balance(ETHEREUM_PAYEE) == before + ETHER // 100
    assert node.executed(mine(stage)) == executed + 1


def test_killed_between_signing_and_sending_the_service_sends_what_was_signed(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    question = authorized(stage, drafted(stage, ETHER // 100))[1]
    node.go_away()
    transfer = stage.client.post("/transfers", question, Accepted).id
    not_sent_yet(stage, transfer)
    signed = told(stage, transfer).txid
    kill_the_service(stage, service_process(stage))
    start_the_service(stage)  # while there is still no node
    node.come_back()
    assert until(stage, transfer, "broadcast").txid == signed
    assert node.waiting(mine(stage)) == {signed}
    node.mine()
    until(stage, transfer, "confirmed")
    assert node.balance(ETHEREUM_PAYEE) == before + ETHER // 100
    assert node.executed(mine(stage)) == executed + 1


def test_a_reorganisation_takes_the_confirmation_back_and_the_same_transaction_confirms_again(stage, node):
    before, executed = node.balance(ETHEREUM_PAYEE), node.executed(mine(stage))
    sent = send(stage, "0.01 ETH", "--devices", "home,pi")
    node.mine()
    confirmed = until(stage, sent["transfer"], "confirmed")
    assert not confirmed.settled
    heads = [owner(stage, "signer", "status", name)["journal_head"] for name in ("home", "pi")]

    node.node.reorganise(1)
    back = until(stage, sent["transfer"], "broadcast")
    assert (back.confirmations, back.height) == (0, None)
    wait_until(lambda: node.waiting(mine(stage)) == {sent["txid"]}, "that it is sent again", 20)
    node.mine(FINAL)
    wait_until(lambda: told(stage, sent["transfer"]).settled, "its end", 20)
    assert told(stage, sent["transfer"]).state == "confirmed"
    assert node.balance(ETHEREUM_PAYEE) == before + ETHER // 100
    assert node.executed(mine(stage)) == executed + 1
    assert [owner(stage, "signer", "status", name)["journal_head"] for name in ("home", "pi")] == heads, (
        "nobody signed"
    )
    assert any("reorganisation" in event.text for event in told(stage, sent["transfer"]).events)
