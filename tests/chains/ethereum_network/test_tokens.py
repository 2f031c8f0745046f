"""Tokens that lie about themselves, and nodes that lie about tokens."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from tests.chains.ethereum_network.scripted import ScriptedNode, chain_of, same_nodes, word
from tests.chains.ethereum_network.worlds import Account

from warifu.chains.accounts import Payment, Token
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.networks import NETWORKS
from warifu.chains.ethereum_network.registry import TokenRegistry
from warifu.chains.rpc.faults import RpcRefused
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = pytest.mark.unit

ALICE, BOB = Account(), Account()
CONTRACT = Account().address
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


def text(value: str) -> str:
    return "0x" + encode(["string"], [value]).hex()


def token(
    symbol: str = text("TUSD"),
    decimals: str = word(6),
    balance: str = word(100),
    done: object = word(1),
):
    """A contract's answers."""
    answers = {
        "symbol()": symbol,
        "decimals()": decimals,
        "balanceOf(address)": balance,
        "transfer(address,uint256)": done,
        "approve(address,uint256)": done,
    }
    by_selector: dict[str, object] = {
        keccak256(name.encode())[:4].hex(): answer for name, answer in answers.items()
    }
    return lambda call, _: by_selector[call["input"][2:10]]


def test_what_it_says_is_read_and_kept(tmp_path):
    registry = TokenRegistry(tmp_path / "tokens.json")
    found = chain_of(ScriptedNode("node", eth_call=token()), registry=registry).token(CONTRACT)
    assert found == Token(CONTRACT, "TUSD", 6)
    later = ScriptedNode("later", eth_call=token(decimals=word(18)))
    again = chain_of(later, registry=TokenRegistry(tmp_path / "tokens.json"))
    assert again.token(CONTRACT) == found, "what it was, it is"


def test_old_tokens_give_their_symbol_as_32_bytes():
    answers = token(symbol="0x" + b"MKR".ljust(32, b"\0").hex())
    assert chain_of(ScriptedNode("node", eth_call=answers)).token(CONTRACT).symbol == "MKR"


@pytest.mark.parametrize(
    "answers",
    [
        token(decimals=word(37)),
        token(decimals=word((1 << 256) - 1)),
        token(decimals="0x"),
        token(decimals="0x06"),
        token(symbol=text("")),
        token(symbol=text("X" * 21)),
        token(symbol=text("\x1b[2JUSD")),
        token(symbol=text("US\u202eD")),
        token(symbol="0x" + "ff" * 64),
        token(symbol="0x"),
        RpcRefused(3, "execution reverted", "0x"),
    ],
)
def test_what_cannot_be_shown_as_it_is_is_no_token(answers):
    with pytest.raises(InputRefused) as refused:
        chain_of(ScriptedNode("node", eth_call=answers)).token(CONTRACT)
    assert refused.value.code == "input.token"


def test_one_node_cannot_make_up_decimals():
    liar = ScriptedNode("liar", eth_call=token(decimals=word(2)))
    with pytest.raises(ChainUnavailable) as refused:
        chain_of(liar, ScriptedNode("honest", eth_call=token())).token(CONTRACT)
    assert refused.value.code == "chain.disagreement"


def test_one_node_cannot_make_up_a_balance():
    liar = ScriptedNode("liar", eth_call=token(balance=word(10**9)))
    with pytest.raises(ChainUnavailable) as refused:
        chain_of(liar, ScriptedNode("honest", eth_call=token())).holdings(ALICE.address, [CONTRACT])
    assert refused.value.code == "chain.disagreement"


def test_no_more_tokens_are_asked_for_than_a_person_looks_at():
    node = ScriptedNode("node", eth_call=token())
    with pytest.raises(InputRefused) as refused:
        chain_of(node).holdings(ALICE.address, [CONTRACT] * 65)
    assert refused.value.code == "input.token"
    assert node.asked == []
    assert len(chain_of(node).holdings(ALICE.address, [CONTRACT] * 64)) == 65


def mainnet(answers):
    node = ScriptedNode("node", eth_chainId="0x1", eth_call=answers)
    return chain_of(node, network=NETWORKS[1])


def test_a_shipped_token_goes_by_its_shipped_name():
    assert mainnet(token(symbol=text("renamed"))).token(USDC) == Token(USDC, "USDC", 6)


def test_a_shipped_token_with_other_decimals_is_refused():
    with pytest.raises(InputRefused) as refused:
        mainnet(token(decimals=word(18))).token(USDC)
    assert refused.value.code == "input.token-changed"
    assert "6 decimals" in refused.value.message


def test_a_token_that_borrows_a_shipped_name_is_refused():
    with pytest.raises(InputRefused) as refused:
        mainnet(token(symbol=text("usdc"))).token(CONTRACT)
    assert refused.value.code == "input.token-lookalike"
    assert USDC in refused.value.message


def test_unless_the_owner_entered_it_under_another_name():
    registry = TokenRegistry()
    own = Token(CONTRACT, "USDC (old bridge)", 6)
    registry.remember("eip155:1", own)
    node = ScriptedNode("node", eth_chainId="0x1", eth_call=token(symbol=text("USDC")))
    assert chain_of(node, network=NETWORKS[1], registry=registry).token(CONTRACT) == own


def test_more_than_there_is_is_not_paid():
    chain = chain_of(*same_nodes(2, eth_call=token(balance=word(5)), eth_estimateGas=hex(60_000)))
    chain.draft(ALICE.address, Payment(BOB.address, 5, CONTRACT), ())
    with pytest.raises(InputRefused) as refused:
        chain.draft(ALICE.address, Payment(BOB.address, 6, CONTRACT), ())
    assert refused.value.code == "input.insufficient-funds"
    assert "5 of the 6" in refused.value.message


def test_tokens_without_coin_for_the_fee_are_not_paid():
    chain = chain_of(
        ScriptedNode("node", eth_call=token(), eth_getBalance="0x0", eth_estimateGas=hex(60_000))
    )
    with pytest.raises(InputRefused) as refused:
        chain.draft(ALICE.address, Payment(BOB.address, 5, CONTRACT), ())
    assert refused.value.code == "input.insufficient-funds"
    assert "with the fee" in refused.value.message


@pytest.mark.parametrize("done", [word(0), word(2), "0x" + "00" * 64])
def test_a_token_that_answers_no_instead_of_failing_is_not_paid_with(done):
    chain = chain_of(ScriptedNode("node", eth_call=token(done=done), eth_estimateGas=hex(60_000)))
    for draft in (
        lambda: chain.draft(ALICE.address, Payment(BOB.address, 5, CONTRACT), ()),
        lambda: chain.draft_approval(ALICE.address, CONTRACT, BOB.address, 5, ()),
    ):
        with pytest.raises(InputRefused) as refused:
            draft()
        assert refused.value.code == "input.would-fail"


def test_a_token_that_answers_nothing_is_an_old_one_and_paid_with():
    chain = chain_of(ScriptedNode("node", eth_call=token(done="0x"), eth_estimateGas=hex(60_000)))
    assert chain.draft(ALICE.address, Payment(BOB.address, 5, CONTRACT), ()).slot == 5


@pytest.mark.parametrize("amount", [-1, 1 << 256])
def test_an_approval_is_within_what_a_contract_counts(amount):
    with pytest.raises(InputRefused) as refused:
        chain_of(ScriptedNode("node")).draft_approval(ALICE.address, CONTRACT, BOB.address, amount, ())
    assert refused.value.code == "input.amount"
