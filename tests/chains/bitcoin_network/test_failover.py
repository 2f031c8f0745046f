"""Several backends: order, rest after a failure, one refusal not the last word, agreement for what costs money."""

from __future__ import annotations

import pytest
from tests.support.single_key import SingleKey

from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin_network.backends.base import (
    IN_MEMPOOL,
    UNKNOWN,
    Broadcast,
    BroadcastOutcome,
    TxStatus,
    confirmed,
)
from warifu.chains.bitcoin_network.backends.failover import Backends
from warifu.chains.bitcoin_network.backends.rejection import is_already_known, rejection
from warifu.chains.bitcoin_network.fees import FeeEstimates, FeeRate, estimates_from
from warifu.chains.bitcoin_network.genesis import GENESIS
from warifu.chains.bitcoin_network.wallet import ChainTip
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused

pytestmark = pytest.mark.unit

TXID = bytes(32)
CONFIRMED = confirmed(7, "11" * 32)


class Fake:
    """A backend with the answers of a test."""

    def __init__(
        self, name, *, genesis=GENESIS[Network.REGTEST], height=100, status=UNKNOWN, refuses=None
    ) -> None:
        self.name = name
        self.genesis = genesis
        self.height = height
        self.fork: bytes = b""
        self.down = False
        self.refuses = refuses
        self.seen: TxStatus = status
        self.asked = 0
        self.synced = 0
        self.offered: list[bytes] = []

    def _answer(self) -> None:
        self.asked += 1
        if self.down:
            raise unavailable("unreachable", "down", self.name)

    def block_hash(self, height: int) -> bytes:
        self._answer()
        return self.genesis if height == 0 else (self.fork + height.to_bytes(4, "big")).ljust(32, b"\0")

    def tip(self):
        self._answer()
        return ChainTip(self.height, self.block_hash(self.height))

    def sync(self, wallet):
        self._answer()
        self.synced += 1

    def fee_rates(self):
        self._answer()
        return FeeEstimates({})

    def broadcast(self, raw):
        self._answer()
        self.offered.append(raw)
        if self.refuses:
            raise rejection(self.refuses, self.name)
        return BroadcastOutcome(TXID, Broadcast.ACCEPTED, self.name)

    def status(self, txid):
        self._answer()
        return self.seen

    def close(self):
        self.down = True


def combined(*backends) -> Backends:
    return Backends(backends, Network.REGTEST)


def test_the_first_one_answers_and_the_next_when_it_cannot():
    first, second = Fake("first"), Fake("second")
    wallet = SingleKey("alice").wallet()
    backends = combined(first, second)
    backends.sync(wallet)
    first.down = True
    backends.sync(wallet)
    assert (first.synced, second.synced) == (1, 1)


def test_one_that_failed_rests():
    first, second = Fake("first"), Fake("second")
    backends = combined(first, second)
    first.down = True
    backends.tip()
    asked = first.asked
    backends.tip()
    assert first.asked == asked


def test_when_all_are_down_the_error_names_one():
    first, second = Fake("first"), Fake("second")
    first.down = second.down = True
    with pytest.raises(ChainUnavailable) as refused:
        combined(first, second).tip()
    assert refused.value.blame == "second"


def test_one_of_another_network_is_passed_over_and_never_given_a_transaction():
    wrong, right = Fake("wrong", genesis=GENESIS[Network.BITCOIN]), Fake("right")
    assert combined(wrong, right).broadcast(b"raw").backend == "right"
    with pytest.raises(ChainUnavailable) as refused:
        combined(wrong).broadcast(b"raw")
    assert refused.value.code == "chain.wrong-network"


def test_a_transaction_goes_to_all_so_that_nobody_can_hold_it_back():
    liar, honest, third = Fake("liar"), Fake("honest"), Fake("third")
    outcome = combined(liar, honest, third).broadcast(b"raw")
    assert (outcome.backend, outcome.result) == ("liar", Broadcast.ACCEPTED)
    assert [backend.offered for backend in (liar, honest, third)] == [[b"raw"]] * 3


def test_one_that_rests_is_only_asked_where_nobody_else_takes_a_transaction():
    tired, awake = Fake("tired"), Fake("awake")
    both = combined(tired, awake)
    tired.down = True
    both.fee_rates()
    tired.down = False
    assert both.broadcast(b"raw").backend == "awake"
    assert tired.offered == []
    awake.refuses = "dust"
    assert both.broadcast(b"raw").backend == "tired"


def test_one_refusal_is_not_the_last_word_but_all_are():
    strict, mild = Fake("strict", refuses="min relay fee not met"), Fake("mild")
    assert combined(strict, mild).broadcast(b"raw").backend == "mild"
    stricter = Fake("stricter", refuses="dust")
    with pytest.raises(BroadcastRejected) as refused:
        combined(strict, stricter).broadcast(b"raw")
    assert refused.value.code == "broadcast.fee-too-low", "the first refusal"
    down = Fake("down")
    down.down = True
    with pytest.raises(BroadcastRejected):
        combined(down, strict).broadcast(b"raw")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ((UNKNOWN, UNKNOWN), UNKNOWN),
        ((UNKNOWN, IN_MEMPOOL), IN_MEMPOOL),
        ((IN_MEMPOOL, CONFIRMED), CONFIRMED),
        ((UNKNOWN, CONFIRMED), CONFIRMED),
    ],
)
def test_the_furthest_status_counts(seen, expected):
    assert combined(*(Fake(str(n), status=status) for n, status in enumerate(seen))).status(TXID) == expected


def test_agreement_is_just_below_the_lowest_tip():
    assert combined(Fake("a", height=105), Fake("b", height=103)).agreed_tip(2).height == 102


def test_disagreement_and_too_few_answers_are_told_apart():
    liar, honest = Fake("liar"), Fake("honest")
    liar.fork = b"\xff"
    with pytest.raises(ChainUnavailable) as refused:
        combined(liar, honest).agreed_tip(2)
    assert refused.value.code == "chain.disagreement"
    liar.down = True
    with pytest.raises(ChainUnavailable) as refused:
        combined(liar, honest).agreed_tip(2)
    assert refused.value.code == "chain.quorum"


def test_none_at_all_is_a_mistake():
    with pytest.raises(InputRefused):
        combined()


def test_closing_closes_all():
    backends = [Fake("a"), Fake("b")]
    combined(*backends).close()
    assert all(backend.down for backend in backends)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("min relay fee not met, 10 < 141", "broadcast.fee-too-low"),
        ("mempool min fee not met", "broadcast.fee-too-low"),
        ("insufficient fee, rejecting replacement abc", "broadcast.replacement-fee"),
        ("bad-txns-inputs-missingorspent", "broadcast.spent-coins"),
        ("missing-inputs", "broadcast.spent-coins"),
        ("txn-mempool-conflict", "broadcast.conflict"),
        ("mempool-script-verify-flag-failed (Invalid Schnorr signature)", "broadcast.signature"),
        ("mandatory-script-verify-flag-failed", "broadcast.signature"),
        ("bad-txns-premature-spend-of-coinbase", "broadcast.immature"),
        ("non-final", "broadcast.not-yet"),
        ("dust, tx with dust output must be 0-fee", "broadcast.dust"),
        ("too-long-mempool-chain", "broadcast.too-long-chain"),
        ("Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)", "broadcast.fee-too-high"),
        ("max-fee-exceeded", "broadcast.fee-too-high"),
        ("txn-same-nonwitness-data-in-mempool", "broadcast.other-witness"),
        ("something new", "broadcast.refused"),
        ("", "broadcast.refused"),
    ],
)
def test_a_node_s_words_become_a_stable_code(words, code):
    error = rejection(words, "node")
    assert error.code == code
    assert not is_already_known(words)


@pytest.mark.parametrize(
    "words",
    [
        "txn-already-in-mempool",
        "txn-already-known",
        'sendrawtransaction RPC error: {"code":-27,"message":"Transaction already in block chain"}',
        "Transaction outputs already in utxo set",
    ],
)
def test_what_a_node_has_already_is_no_refusal(words):
    assert is_already_known(words)


def test_fee_rates_carry_their_unit_and_their_bounds():
    assert FeeRate.per_vb("1.5").sat_per_kvb == 1500
    assert FeeRate.per_vb(3).fee(141) == 423
    assert FeeRate(1001).fee(1) == 2, "rounded up"
    assert FeeRate(1001).sat_per_kwu == 251
    assert str(FeeRate(1500)) == "1.5 sat/vB"
    for wrong in ("", "x", "NaN", "Infinity", "1.0005", "0.09", "-1", "5001", "1e9"):
        with pytest.raises(InputRefused) as refused:
            FeeRate.per_vb(wrong)
        assert refused.value.code == "input.fee-rate"


def test_estimates_answer_for_the_nearest_target_within():
    estimates = estimates_from({2: 20.0, 6: 10.0, 144: 0.5, 3: float("nan"), 0: 5.0})
    assert estimates.within(1) == estimates.within(2) == FeeRate.per_vb(20)
    assert estimates.within(5) == FeeRate.per_vb(20)
    assert estimates.within(10) == FeeRate.per_vb(10)
    assert estimates.within(1000) == FeeRate.per_vb(1), "never below what is relayed"
    assert FeeEstimates({}).within(6) == FeeRate.per_vb(1)
