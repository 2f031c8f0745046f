"""From a wish to a final transaction, on a chain whose execution is real."""

from __future__ import annotations

import base64

import pytest
from nacl.signing import SigningKey
from solders.pubkey import Pubkey
from tests.chains.solana.messages import ALICE, BOB, MALLORY, associated, person
from tests.chains.solana_network.conftest import SENDER, START, World, endpoint

from warifu.chains.accounts import Outcome, Payment, Sent
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.solana import fees, programs
from warifu.chains.solana.actions import ComputeLimit, ComputePrice
from warifu.chains.solana.reading import read
from warifu.chains.solana_network.building import nonce_address
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import Cluster
from warifu.chains.solana_network.priority import PriorityBounds
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused, StoreDamaged, TransactionRefused

pytestmark = pytest.mark.real

PAY = Payment(str(BOB), 1_500_000_000, COIN)


def mint_for_alice(world: World, amount: int = 9_000_000, *, token_2022: bool = False) -> str:
    return world.control("mint", address=SENDER, amount=amount, token_2022=token_2022)["mint"]


# --- SOL -----------------------------------------------------------------------------------------------------------


def test_sol_is_drafted_signed_sent_and_followed_to_the_end(world):
    draft = world.chain.draft(SENDER, PAY, ())
    reading = read(draft.unsigned, SENDER).reading
    assert reading.outflows == (Outflow(Kind.PAYMENT, COIN, PAY.amount, PAY.to),)
    assert (draft.name, draft.fee, draft.slot) == (reading.name, reading.fee, None)
    signed = world.sign(draft)
    assert world.chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
    assert world.chain.broadcast(signed.raw) == (Sent.ACCEPTED, "embedded")
    status = world.chain.status(SENDER, signed.raw)
    assert (status.outcome, status.confirmations) == (Outcome.SUCCEEDED, 1)
    world.control("advance", slots=40)
    status = world.chain.status(SENDER, signed.raw)
    assert status.confirmations == world.chain.confirmations
    assert status.fee == draft.likely_fee == draft.fee
    assert world.balance(BOB) == PAY.amount
    assert world.balance(SENDER) == START - PAY.amount - draft.fee
    assert status.height is not None
    assert status.height < world.chain.height()


def test_sent_twice_is_sent_once(world):
    signed = world.do(world.chain.draft(SENDER, PAY, ()))
    assert world.chain.broadcast(signed.raw) == (Sent.ALREADY_KNOWN, "embedded")
    world.control("expire")
    assert world.chain.broadcast(signed.raw) == (Sent.ALREADY_KNOWN, "embedded")
    assert world.balance(BOB) == PAY.amount


def test_an_old_blockhash_expires_and_is_known_to_have(world):
    signed = world.sign(world.chain.draft(SENDER, PAY, ()))
    assert world.chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
    world.control("advance", slots=151)
    with pytest.raises(BroadcastRejected) as refused:
        world.chain.broadcast(signed.raw)
    assert refused.value.reason == "expired"
    assert world.chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN  # for all that is known by then
    world.control("advance", slots=131)
    assert world.chain.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN  # and not final yet
    world.control("advance", slots=2)
    assert world.chain.status(SENDER, signed.raw).outcome is Outcome.EXPIRED


def test_a_service_that_was_started_anew_waits_longer_before_it_says_expired(world):
    signed = world.sign(world.chain.draft(SENDER, PAY, ()))
    world.control("advance", slots=1_000)
    again = SolanaChain(Endpoints([endpoint(world.url)]), Cluster.LOCAL)
    assert again.status(SENDER, signed.raw).outcome is Outcome.UNKNOWN
    world.control("advance", slots=300)
    assert again.status(SENDER, signed.raw).outcome is Outcome.EXPIRED
    again.close()


def test_a_bad_signature_never_leaves(world):
    draft = world.chain.draft(SENDER, PAY, ())
    message = read(draft.unsigned, SENDER).message.raw
    good = world.sign(draft)
    for signature in (
        bytes(64),
        SigningKey(bytes(32)).sign(message).signature,
        good.raw[1:64],
        good.raw[1:66],
    ):
        with pytest.raises(TransactionRefused) as refused:
            world.chain.assemble(draft.unsigned, [signature], SENDER)
        assert refused.value.reason == "signature"
    with pytest.raises(TransactionRefused):
        world.chain.assemble(draft.unsigned, [], SENDER)
    with pytest.raises(TransactionRefused):
        world.chain.assemble(draft.unsigned, [good.raw[1:65]], str(BOB))
    for bit in (9, 8 * 64 + 3, 8 * len(good.raw) - 1):
        changed = bytearray(good.raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((TransactionRefused, InputRefused)):
            world.chain.broadcast(bytes(changed))
    assert world.balance(BOB) == 0


def test_a_failed_execution_is_told_with_its_cost(world):
    """Both drafts are good when made; the second has nothing left to pay with when it is sent without preflight."""
    world.with_nonce()
    draft = world.chain.draft(SENDER, Payment(str(BOB), 6 * 10**9, COIN), ())
    world.do(world.chain.draft(SENDER, Payment(str(MALLORY), 6 * 10**9, COIN), {0}))
    signed = world.sign(draft)
    with pytest.raises(BroadcastRejected) as refused:
        world.chain.broadcast(signed.raw)
    assert refused.value.reason == "execution"
    send_blindly(world, signed.raw)
    status = world.chain.status(SENDER, signed.raw)
    assert (status.outcome, status.fee) == (Outcome.FAILED, draft.fee)
    assert "InstructionError" in status.why


def send_blindly(world: World, raw: bytes) -> None:
    """As a hostile node would."""
    options = {"encoding": "base64", "skipPreflight": True}
    encoded = base64.b64encode(raw).decode()
    endpoint(world.url).call("sendTransaction", [encoded, options], str)


# --- tokens --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token_2022", [False, True])
def test_tokens_reach_a_person_who_had_no_account_for_them(world, token_2022):
    mint = mint_for_alice(world, token_2022=token_2022)
    program = Pubkey.from_bytes(programs.TOKEN_2022 if token_2022 else programs.TOKEN)
    draft = world.chain.draft(SENDER, Payment(str(BOB), 2_000_000, mint), ())
    reading = read(draft.unsigned, SENDER).reading
    assert reading.outflows == (Outflow(Kind.PAYMENT, mint, 2_000_000, str(BOB)),)
    signed = world.do(draft)
    world.control("advance", slots=40)
    status = world.chain.status(SENDER, signed.raw)
    assert status.outcome is Outcome.SUCCEEDED
    assert status.fee is not None
    assert status.fee <= draft.likely_fee == draft.fee
    if not token_2022:
        assert status.fee == draft.likely_fee
    (_, held) = world.chain.holdings(str(BOB), [mint])
    assert (held.amount, held.token.decimals) == (2_000_000, 6)
    again = world.chain.draft(SENDER, Payment(str(BOB), 1, mint), ())
    assert again.likely_fee == again.fee - fees.token_account_rent(bytes(program))
    assert world.chain.holdings(SENDER, [mint])[1].amount == 7_000_000


def test_a_token_account_that_is_named_as_the_recipient_is_paid_itself(world):
    mint = mint_for_alice(world)
    world.do(world.chain.draft(SENDER, Payment(str(BOB), 1, mint), ()))
    theirs = str(associated(BOB, Pubkey.from_string(mint)))
    draft = world.chain.draft(SENDER, Payment(theirs, 5, mint), ())
    assert read(draft.unsigned, SENDER).reading.outflows == (Outflow(Kind.PAYMENT, mint, 5, theirs),)
    world.do(draft)
    assert world.chain.holdings(str(BOB), [mint])[1].amount == 6


def test_holdings_are_in_the_order_of_the_question(world):
    one, two = mint_for_alice(world, 1), mint_for_alice(world, 2)
    held = world.chain.holdings(SENDER, [two, one, two])
    assert [item.amount for item in held[1:]] == [2, 1, 2]
    assert [item.token.address for item in held[1:]] == [two, one, two]
    assert [item.amount for item in world.chain.holdings(str(person("nobody")), [one])] == [0, 0]


# --- what is not drafted -------------------------------------------------------------------------------------------


def refusal(world: World, to: object, amount: int, token: str = COIN) -> str:
    with pytest.raises(InputRefused) as refused:
        world.chain.draft(SENDER, Payment(str(to), amount, token), ())
    return refused.value.reason


def test_recipients_who_could_not_have_it_are_refused(world):
    mint = mint_for_alice(world)
    other = mint_for_alice(world)
    own_tokens = associated(ALICE, Pubkey.from_string(mint))
    nobody = associated(BOB)
    token_program = Pubkey.from_bytes(programs.TOKEN)
    assert refusal(world, "nonsense", 10**9) == "address"
    assert refusal(world, SENDER, 10**9) == "address"
    assert refusal(world, nobody, 10**9) == "address"
    assert refusal(world, own_tokens, 10**9) == "address"
    assert refusal(world, mint, 10**9) == "address"
    assert refusal(world, token_program, 10**9) == "address"
    assert refusal(world, nobody, 1, mint) == "address"
    assert refusal(world, own_tokens, 1, other) == "address"
    assert refusal(world, mint, 1, mint) == "address"


def test_what_the_account_does_not_have_is_refused(world):
    mint = mint_for_alice(world, 10)
    assert refusal(world, BOB, START) == "insufficient-funds"
    assert refusal(world, BOB, START - 6_000) == "insufficient-funds"  # what stays is less than rent
    assert refusal(world, BOB, 11, mint) == "insufficient-funds"
    assert refusal(world, BOB, 2**64, mint) == "amount-range"
    assert refusal(world, BOB, 0) == "amount-range"
    assert refusal(world, BOB, 1) == "amount"  # a new account holds its rent or nothing
    assert refusal(world, BOB, 1, SENDER) == "token"
    assert refusal(world, BOB, 1, "no mint") == "address"


# --- durable nonces ------------------------------------------------------------------------------------------------


def test_an_approval_may_take_hours_with_a_durable_nonce(world):
    world.with_nonce()
    draft = world.chain.draft(SENDER, PAY, ())
    understood = read(draft.unsigned, SENDER)
    assert draft.slot == 0
    assert understood.proven
    world.control("advance", slots=30_000)
    signed = world.sign(draft)
    assert world.chain.broadcast(signed.raw)[0] is Sent.ACCEPTED
    assert world.chain.broadcast(signed.raw)[0] is Sent.ALREADY_KNOWN
    assert world.chain.status(SENDER, signed.raw).outcome is Outcome.SUCCEEDED
    assert world.balance(BOB) == PAY.amount


def test_the_rent_of_a_nonce_account_is_what_a_draft_of_it_says(world):
    draft = world.chain.prepare(SENDER, ())
    assert draft.slot == 0
    assert read(draft.unsigned, SENDER).reading.outflows == ()
    signed = world.do(draft)
    assert world.chain.status(SENDER, signed.raw).fee == draft.fee == draft.likely_fee
    assert world.balance(SENDER) == START - draft.fee


def test_each_transfer_under_way_has_a_nonce_of_its_own(world):
    world.with_nonce()
    world.with_nonce()
    first = world.chain.draft(SENDER, PAY, ())
    second = world.chain.draft(SENDER, PAY, {first.slot})
    third = world.chain.draft(SENDER, PAY, {0, 1})
    assert (first.slot, second.slot, third.slot) == (0, 1, None)
    excluded = [read(draft.unsigned, SENDER).reading.excludes for draft in (first, second, third)]
    assert len({*excluded}) == 3
    for draft in (third, second, first):
        world.do(draft)
    assert world.balance(BOB) == 3 * PAY.amount
    assert world.chain.prepare(SENDER, {2}).slot == 3


def test_a_used_nonce_serves_again(world):
    world.with_nonce()
    for _ in range(3):
        draft = world.chain.draft(SENDER, PAY, ())
        assert draft.slot == 0
        assert read(draft.unsigned, SENDER).proven
        world.do(draft)
    assert world.balance(BOB) == 3 * PAY.amount


def test_there_are_not_more_nonces_than_are_looked_at(world):
    for index in range(8):
        assert world.chain.prepare(SENDER, range(index)).slot == index
    with pytest.raises(InputRefused) as refused:
        world.chain.prepare(SENDER, range(8))
    assert refused.value.reason == "nothing-to-prepare"


def test_somebody_who_pays_into_a_place_for_a_nonce_does_not_stop_the_next(world):
    place = str(Pubkey.from_bytes(nonce_address(bytes(ALICE), 0)))
    world.control("airdrop", address=place, lamports=10**9)
    draft = world.chain.prepare(SENDER, ())
    assert draft.slot == 1
    world.do(draft)
    assert world.chain.draft(SENDER, PAY, ()).slot == 1


# --- replacing -----------------------------------------------------------------------------------------------------


def price_of(unsigned: bytes) -> int:
    return next(a.micro_lamports for a in read(unsigned, SENDER).actions if isinstance(a, ComputePrice))


def test_a_replacement_pays_the_same_for_more_and_only_one_is_executed(world):
    world.with_nonce()
    first = world.chain.draft(SENDER, PAY, ())
    better = world.chain.replace(SENDER, first.unsigned, cancel=False)
    one, two = (read(draft.unsigned, SENDER).reading for draft in (first, better))
    assert one.outflows == two.outflows
    assert one.excludes == two.excludes
    assert one.name != two.name
    assert price_of(better.unsigned) >= 2 * price_of(first.unsigned)
    assert better.slot == first.slot == 0
    loser = world.sign(first)
    winner = world.do(better)
    with pytest.raises(BroadcastRejected) as refused:
        world.chain.broadcast(loser.raw)
    assert refused.value.reason == "expired"
    assert world.chain.status(SENDER, winner.raw).outcome is Outcome.SUCCEEDED
    assert world.chain.status(SENDER, loser.raw).outcome is Outcome.UNKNOWN
    world.control("advance", slots=32)
    assert world.chain.status(SENDER, loser.raw).outcome is Outcome.REPLACED
    assert world.balance(BOB) == PAY.amount
    with pytest.raises(InputRefused) as late:
        world.chain.replace(SENDER, better.unsigned, cancel=True)
    assert late.value.reason == "not-replaceable"


def test_cancelling_uses_up_the_nonce_and_pays_nobody(world):
    world.with_nonce()
    first = world.chain.draft(SENDER, PAY, ())
    nothing = world.chain.replace(SENDER, first.unsigned, cancel=True)
    reading = read(nothing.unsigned, SENDER).reading
    assert reading.outflows == ()
    assert reading.excludes == read(first.unsigned, SENDER).reading.excludes
    loser = world.sign(first)
    world.do(nothing)
    world.control("advance", slots=32)
    assert world.chain.status(SENDER, loser.raw).outcome is Outcome.REPLACED
    assert world.balance(BOB) == 0


def test_a_token_payment_is_replaced_with_its_proof_of_the_recipient(world):
    world.with_nonce()
    mint = mint_for_alice(world)
    first = world.chain.draft(SENDER, Payment(str(BOB), 3, mint), ())
    better = world.chain.replace(SENDER, first.unsigned, cancel=False)
    assert read(better.unsigned, SENDER).reading.outflows == (Outflow(Kind.PAYMENT, mint, 3, str(BOB)),)
    world.do(better)
    assert world.chain.holdings(str(BOB), [mint])[1].amount == 3


def test_what_excludes_nothing_is_not_replaced(world):
    plain = world.chain.draft(SENDER, PAY, ())
    world.with_nonce()
    durable = world.chain.draft(SENDER, PAY, ())
    unproven = read(durable.unsigned, SENDER).message.raw
    for unsigned in (plain.unsigned, unproven):
        with pytest.raises(InputRefused) as refused:
            world.chain.replace(SENDER, unsigned, cancel=False)
        assert refused.value.reason == "not-replaceable"


def test_the_bound_on_fees_ends_the_bidding(world):
    world.with_nonce()
    chain = SolanaChain(
        Endpoints([endpoint(world.url)]), Cluster.LOCAL, bounds=PriorityBounds(least=10, most=40, total=10**6)
    )
    unsigned, prices = chain.draft(SENDER, PAY, ()).unsigned, []
    with pytest.raises(InputRefused) as refused:
        while True:
            prices.append(price_of(unsigned))
            unsigned = chain.replace(SENDER, unsigned, cancel=False).unsigned
    assert refused.value.reason == "fee-bound"
    assert prices == [10, 20, 40]
    chain.close()


def test_the_compute_limit_is_what_the_simulation_needs(world):
    draft = world.chain.draft(SENDER, PAY, ())
    (limit,) = (a.units for a in read(draft.unsigned, SENDER).actions if isinstance(a, ComputeLimit))
    assert 450 <= limit <= 2_000


# --- the right cluster ---------------------------------------------------------------------------------------------


def test_another_cluster_is_refused(world):
    for cluster, genesis in ((Cluster.MAINNET, None), (Cluster.DEVNET, None), (Cluster.LOCAL, "1" * 32)):
        chain = SolanaChain(Endpoints([endpoint(world.url)]), cluster, genesis=genesis)
        with pytest.raises(ChainUnavailable) as refused:
            chain.check()
        assert refused.value.reason == "wrong-network"
        with pytest.raises(ChainUnavailable):
            chain.draft(SENDER, PAY, ())
        chain.close()


def test_a_local_cluster_is_known_by_the_genesis_hash_that_it_had(world):
    assert world.chain.genesis is None
    world.chain.check()
    again = SolanaChain(Endpoints([endpoint(world.url)]), Cluster.LOCAL, genesis=world.chain.genesis)
    again.check()
    again.close()


def test_who_keeps_the_genesis_hash_is_told_once_and_before_anything_is_asked(world):
    told: list[str] = []
    chain = SolanaChain(Endpoints([endpoint(world.url)]), Cluster.LOCAL, met=told.append)
    chain.check()
    chain.check()
    assert told == [chain.genesis]
    chain.close()

    def cannot(_genesis: str) -> None:
        raise StoreDamaged("write", "the disk is full")

    chain = SolanaChain(Endpoints([endpoint(world.url)]), Cluster.LOCAL, met=cannot)
    with pytest.raises(StoreDamaged):
        chain.holdings(SENDER, [])
    assert chain.genesis is None, "what could not be kept is not relied on"
    chain.close()
