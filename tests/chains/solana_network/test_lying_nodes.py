"""What one node says is not enough where a lie, or an honest node that lags, would have somebody pay twice."""

from __future__ import annotations

import base64

import pytest
from tests.chains.solana.messages import BOB, MALLORY
from tests.chains.solana_network.conftest import SENDER, World, endpoint
from tests.chains.solana_network.lying import Lie, LyingNode

from warifu.chains.accounts import Outcome, Payment, Sent
from warifu.chains.reading import COIN
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.solana.actions import ComputePrice
from warifu.chains.solana.reading import read
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import Cluster
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.real

PAY = Payment(str(BOB), 10**9, COIN)


def with_liar(world: World, *, honest: int = 2, quorum: int = 2, **lies: Lie) -> SolanaChain:
    """The liar is asked first."""
    nodes = [LyingNode(world.url, "liar", **lies)]
    return SolanaChain(
        Endpoints([*nodes, *(endpoint(world.url, f"honest-{number}") for number in range(honest))]),
        Cluster.LOCAL,
        quorum=quorum,
    )


def unknown(_params, truth):
    return {**truth, "value": [None]}


def landed(_params, truth):
    status = {"slot": 5, "err": None, "confirmations": None, "confirmationStatus": "finalized"}
    return {**truth, "value": [status]}


def old(_params, _truth):
    return 2**40


def no_history(_params, _truth):
    raise RpcRefused(-32011, "Transaction history is not available from this node", None, "liar")


def test_one_node_that_says_executed_is_not_believed(world):
    chain = with_liar(world, getSignatureStatuses=landed)
    signed = world.sign(chain.draft(SENDER, PAY, ()))
    assert chain.status(SENDER, signed.raw).outcome is Outcome.PENDING
    chain.broadcast(signed.raw)
    status = chain.status(SENDER, signed.raw)
    assert (status.outcome, status.confirmations) == (Outcome.SUCCEEDED, 1)  # what the two honest ones say
    assert status.height != 5
    chain.close()


def test_one_node_that_says_failed_is_not_believed(world):
    def failed(_params, truth):
        for status in truth["value"]:
            if status is not None:
                status["err"] = {"InstructionError": [0, "Custom"]}
        return truth

    signed = world.do(world.chain.draft(SENDER, PAY, ()))
    for honest, outcome in ((2, Outcome.SUCCEEDED), (1, Outcome.PENDING)):
        chain = with_liar(world, honest=honest, getSignatureStatuses=failed)
        assert chain.status(SENDER, signed.raw).outcome is outcome
        chain.close()


def test_one_node_that_hides_a_transaction_does_not_make_it_expire(world):
    chain = with_liar(world, getSignatureStatuses=unknown, getBlockHeight=old)
    draft = chain.draft(SENDER, PAY, ())
    signed = world.do(draft)
    world.control("expire")
    assert chain.status(SENDER, signed.raw).outcome is Outcome.SUCCEEDED
    chain.close()


def test_one_node_that_says_too_old_is_not_believed(world):
    chain = with_liar(world, getBlockHeight=old)
    signed = world.sign(chain.draft(SENDER, PAY, ()))
    assert chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
    world.control("advance", slots=300)
    assert chain.status(SENDER, signed.raw).outcome is Outcome.EXPIRED
    chain.close()


def test_one_node_that_gives_a_blockhash_a_short_life_is_not_believed(world):
    """Taken for dead, the payment would be made again, and both would be executed."""

    def dying(_params, truth):
        truth["value"]["lastValidBlockHeight"] = 1
        return truth

    def low_when_asked_for_the_newest(params, truth):
        return 1 if params[0]["commitment"] == "processed" else truth

    chain = with_liar(world, getLatestBlockhash=dying, getBlockHeight=low_when_asked_for_the_newest)
    signed = world.sign(chain.draft(SENDER, PAY, ()))
    assert chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
    world.control("advance", slots=140)
    assert chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
    assert chain.broadcast(signed.raw)[0] is Sent.ACCEPTED
    chain.close()


def test_a_node_without_history_is_no_witness_of_absence(world):
    """Alone it cannot say that a transaction never was: it forgets after minutes."""
    chain = with_liar(world, honest=0, getSignatureStatuses=_forgetful)
    signed = world.do(chain.draft(SENDER, PAY, ()))
    for _ in range(3):
        assert chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
        world.control("advance", slots=1_000)
    chain.close()


def _forgetful(params, truth):
    if len(params) > 1:
        no_history(params, truth)
    return {**truth, "value": [None]}


def test_a_nonce_that_a_liar_calls_used_is_not_replaced(world):
    def other_value(_params, truth):
        for account in truth["value"]:
            if account is not None and account["space"] == 80:
                data = bytearray(base64.b64decode(account["data"][0]))
                data[40] ^= 1
                account["data"][0] = base64.b64encode(bytes(data)).decode()
        return truth

    world.with_nonce()
    draft = world.chain.draft(SENDER, PAY, ())
    signed = world.sign(draft)
    chain = with_liar(world, getMultipleAccounts=other_value)
    assert chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
    with pytest.raises(ChainUnavailable) as refused:
        chain.draft(SENDER, PAY, ())
    assert refused.value.reason == "disagreement"
    chain.close()


def test_a_node_that_forgot_who_used_a_nonce_is_no_witness(world):
    """It would not know our own transaction, either."""
    world.with_nonce()
    draft = world.chain.draft(SENDER, PAY, ())
    world.do(world.chain.replace(SENDER, draft.unsigned, cancel=True))
    loser = world.sign(draft)
    chain = with_liar(world, honest=0, quorum=1, getSignaturesForAddress=lambda _params, _truth: [])
    assert chain.status(SENDER, loser.raw).outcome is Outcome.UNKNOWN
    chain.close()
    world.control("advance", slots=32)  # who used it is told of what is final
    assert world.chain.status(SENDER, loser.raw).outcome is Outcome.REPLACED


def test_without_a_proof_of_its_nonce_a_draft_claims_no_exclusion(world):
    world.with_nonce()
    for lie in (
        lambda _params, truth: {**truth, "previousBlockhash": SENDER, "blockhash": str(BOB)},
        lambda _params, truth: {**truth, "previousBlockhash": "nonsense"},
        lambda _params, _truth: None,
    ):
        chain = with_liar(world, quorum=1, getBlock=lie)
        understood = read(chain.draft(SENDER, PAY, ()).unsigned, SENDER)
        assert not understood.proven
        assert understood.reading.excludes == (understood.reading.name,)
        chain.close()


def test_a_node_that_wants_fees_burnt_meets_the_bound(world):
    def dear(_params, _truth):
        return [{"slot": slot, "prioritizationFee": 10**15} for slot in range(150)]

    chain = with_liar(world, quorum=1, getRecentPrioritizationFees=dear)
    draft = chain.draft(SENDER, PAY, ())
    (price,) = (a.micro_lamports for a in read(draft.unsigned, SENDER).actions if isinstance(a, ComputePrice))
    assert price == 5_000_000
    assert draft.fee <= 5_000 + 5_000_000
    chain.close()


def test_balances_are_agreed_on(world):
    def rich(_params, truth):
        for account in truth["value"]:
            if account is not None:
                account["lamports"] += 1
        return truth

    chain = with_liar(world, getMultipleAccounts=rich)
    with pytest.raises(ChainUnavailable) as refused:
        chain.holdings(SENDER, [])
    assert refused.value.reason == "disagreement"
    chain.close()


def test_a_broadcast_that_one_node_swallows_reaches_another(world):
    def swallowed(_params, _truth):
        raise RpcRefused(-32002, "Transaction simulation failed: Blockhash not found", None, "liar")

    chain = with_liar(world, sendTransaction=swallowed)
    signed = world.sign(chain.draft(SENDER, PAY, ()))
    assert chain.broadcast(signed.raw)[0] in (Sent.ACCEPTED, Sent.ALREADY_KNOWN)
    assert world.balance(BOB) == PAY.amount
    chain.close()


def test_a_node_that_answers_with_another_signature_did_not_take_ours(world):
    chain = with_liar(world, honest=0, sendTransaction=lambda _params, _truth: str(MALLORY))
    signed = world.sign(chain.draft(SENDER, PAY, ()))
    with pytest.raises(ChainUnavailable) as refused:
        chain.broadcast(signed.raw)
    assert refused.value.reason == "answer-form"
    chain.close()


@pytest.mark.parametrize("said", [[], [None, None], {"slot": 1}, None, "x"])
def test_answers_of_another_form_are_no_answers(world, said):
    chain = with_liar(world, honest=0, getMultipleAccounts=lambda _params, truth: {**truth, "value": said})
    with pytest.raises(ChainUnavailable):
        chain.holdings(SENDER, [])
    chain.close()
