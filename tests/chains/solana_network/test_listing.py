"""Everything that names an account, page after page: what is hidden, repeated, endless or forgotten is not passed off
as all."""

from __future__ import annotations

import base64
from itertools import count
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.chains.solana.messages import ALICE, BOB
from tests.chains.solana_network.conftest import SENDER, World, endpoint
from tests.chains.solana_network.lying import Lie, LyingNode

from warifu.chains.accounts import Payment
from warifu.chains.reading import COIN
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.solana.base58 import encode_base58
from warifu.chains.solana.signers import read_signed
from warifu.chains.solana_network import listing as module
from warifu.chains.solana_network.building import nonce_address
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import Cluster
from warifu.chains.solana_network.listing import listing
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.real

SIGNATURES = "getSignaturesForAddress"


def sent(world: World, amount: int = 10**6) -> str:
    return world.do(world.chain.draft(SENDER, Payment(str(BOB), amount, COIN), ())).txid


def through(world: World, *nodes: LyingNode, honest: int = 0, quorum: int = 1) -> SolanaChain:
    others = [endpoint(world.url, f"honest-{number}") for number in range(honest)]
    return SolanaChain(Endpoints([*nodes, *others]), Cluster.LOCAL, quorum=quorum)


def lying(world: World, **lies: Lie) -> LyingNode:
    return LyingNode(world.url, "liar", **lies)


def refusal(chain: SolanaChain) -> str:
    with pytest.raises(ChainUnavailable) as refused:
        chain.listing(SENDER)
    chain.close()
    return refused.value.reason


def test_what_left_is_listed_and_shown_with_its_signature(world):
    made = [sent(world, 10**6 + number) for number in range(3)]
    found = world.chain.listing(SENDER)
    assert list(found.txids) == made[::-1]
    assert found.since is None
    for txid in made:
        raw = world.chain.transaction(txid)
        assert raw is not None and read_signed(raw).signers == (bytes(ALICE),)
    assert world.chain.transaction(encode_base58(bytes(range(64)))) is None


def test_a_history_longer_than_a_page_is_read_to_its_end(world, monkeypatch):
    made = [sent(world, 10**6 + number) for number in range(7)]
    monkeypatch.setattr(module, "SIGNATURES", 3)
    node = lying(world)
    chain = through(world, node)
    assert list(chain.listing(SENDER).txids) == made[::-1]
    assert node.asked.count(SIGNATURES) == 4 + 8  # 3, 3, 1, 0; and eight nonces that never were
    chain.close()


def test_a_durable_nonce_tells_what_the_accounts_own_list_hides(world):
    """Whoever uses up its value needs the account's signature, so both lists have it."""
    world.with_nonce()
    spent = sent(world)
    account = [SENDER]

    def hidden(params: Any, truth: Any) -> Any:
        return [item for item in truth if item["signature"] != spent] if params[0] in account else truth

    chain = through(world, lying(world, **{SIGNATURES: hidden}))
    assert spent in chain.listing(SENDER).txids
    account.append(str(Pubkey.from_bytes(nonce_address(bytes(ALICE), 0))))
    assert spent not in chain.listing(SENDER).txids
    chain.close()


def test_what_one_node_hides_another_tells(world):
    spent = sent(world)
    liar = lying(world, **{SIGNATURES: lambda _params, _truth: []})
    chain = through(world, liar, honest=1, quorum=2)
    assert spent in chain.listing(SENDER).txids
    chain.close()


def test_too_few_nodes_that_answer_are_no_answer(world):
    chain = through(world, lying(world, **{SIGNATURES: lambda params, truth: truth * 2}), honest=1, quorum=2)
    sent(world)
    assert refusal(chain) == "quorum"


def test_pages_that_repeat_each_other_are_no_list(world):
    sent(world)

    def again(params: Any, truth: Any) -> Any:
        return truth or [{"signature": params[1]["before"], "slot": 5}] if "before" in params[1] else truth

    assert refusal(through(world, lying(world, **{SIGNATURES: again}))) == "answer-form"


@pytest.mark.parametrize("page", [1, 900])
def test_a_list_that_never_ends_is_given_up(world, page):
    numbers = count(1)

    def endless(_params: Any, _truth: Any) -> Any:
        return [
            {"signature": encode_base58(next(numbers).to_bytes(64, "big")), "slot": 5} for _ in range(page)
        ]

    node = lying(world, **{SIGNATURES: endless})
    assert refusal(through(world, node)) == "answer-size"
    assert node.asked.count(SIGNATURES) <= module.MAX_PAGES


def test_a_page_longer_than_was_asked_for_and_a_signature_that_is_none(world):
    for lie in (
        [{"signature": encode_base58(number.to_bytes(64, "big")), "slot": 5} for number in range(1001)],
        [{"signature": "1", "slot": 5}],
        [{"signature": "0OIl", "slot": 5}],
    ):
        chain = through(world, lying(world, **{SIGNATURES: lambda _params, _truth, lie=lie: lie}))
        assert refusal(chain) == "answer-form"


def test_a_list_takes_no_longer_than_its_time(world):
    moments = iter([0.0, 1.0, 29.0, 31.0])
    with pytest.raises(ChainUnavailable) as refused:
        listing(world.chain._nodes, SENDER, lambda: next(moments))
    assert refused.value.reason == "time-out"


@pytest.mark.parametrize(
    ("first", "moment", "since"),
    [(0, None, None), (1, None, None), (250_000, 1_800_000_000, 1_800_000_000)],
)
def test_how_far_the_history_goes_back_is_told_with_it(world, first, moment, since):
    node = lying(
        world,
        getFirstAvailableBlock=lambda _params, _truth: first,
        getBlockTime=lambda _params, _truth: moment,
    )
    chain = through(world, node)
    assert chain.listing(SENDER).since == since
    chain.close()


def test_of_two_nodes_the_shorter_history_counts(world):
    short = lying(
        world,
        getFirstAvailableBlock=lambda _params, _truth: 9,
        getBlockTime=lambda _params, _truth: 1_800_000_000,
    )
    chain = through(world, short, honest=1, quorum=2)
    assert chain.listing(SENDER).since == 1_800_000_000
    chain.close()


def test_a_history_whose_beginning_nobody_dates_is_none(world):
    assert refusal(through(world, lying(world, getFirstAvailableBlock=lambda _p, _t: 9))) == "no-history"


def test_a_transaction_that_is_shown_as_no_base64_is_not_shown(world):
    spent = sent(world)
    for said in (["????", "base64"], [base64.b64encode(b"x").decode(), "base58"]):

        def lie(_params: Any, truth: Any, said: list[str] = said) -> Any:
            return {**truth, "transaction": said}

        chain = through(world, lying(world, getTransaction=lie))
        assert chain.transaction(spent) is None
        chain.close()
