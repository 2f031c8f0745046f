"""What the signer's reader says, held against what Solana's own runtime does; and the attacks that it must see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from tests.chains.solana import messages
from tests.chains.solana.messages import (
    ALICE,
    BOB,
    MALLORY,
    NONCE,
    WALLET,
    advance,
    associated,
    compute_limit,
    compute_price,
    create_account,
    key_of,
    make_nonce,
    memo,
    message,
    pay,
    pay_token,
    person,
)

from warifu.chains.reading import COIN, Kind
from warifu.chains.solana import programs
from warifu.chains.solana.durable import nonce_value
from warifu.chains.solana.reading import read
from warifu.chains.solana_embedded.chain import EmbeddedChain, Landed, Rejected, parse
from warifu.chains.solana_embedded.faucet import Faucet
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.real

SIGNATURE = 5_000


@dataclass
class Engine:
    """A chain on which Alice has SOL, two tokens and a durable nonce."""

    chain: EmbeddedChain
    mints: list[tuple[Pubkey, Pubkey]]
    """Mint and token program."""

    def blockhash(self) -> Hash:
        return self.chain.latest_blockhash()[0]

    def run(self, raw: bytes, signer: str = "alice") -> Landed:
        return self.chain.execute(parse(b"\x01" + key_of(signer).sign(raw).signature + raw))

    def tokens(self, account: Pubkey) -> int:
        found = self.chain.svm.get_account(account)
        return int.from_bytes(found.data[64:72], "little") if found is not None else 0

    def nonce(self) -> Hash:
        account = self.chain.svm.get_account(NONCE)
        assert account is not None
        return Hash.from_bytes(account.data[40:72])

    def proof(self) -> bytes:
        """The blockhash behind the nonce's value, looked for among all blocks."""
        slots = range(self.chain.first_slot, self.chain.slot)
        blocks = (self.chain.block(slot) for slot in slots)
        return next(
            bytes(block.parent_hash)
            for block in blocks
            if block is not None and nonce_value(bytes(block.parent_hash)) == bytes(self.nonce())
        )


@pytest.fixture(scope="module")
def engine() -> Engine:
    chain = EmbeddedChain()
    faucet = Faucet(chain)
    faucet.airdrop(bytes(ALICE), 10**14)
    for other in (BOB, MALLORY):
        faucet.airdrop(bytes(other), 10**10)
    mints = []
    for token_2022 in (False, True):
        mint = faucet.new_mint(6, token_2022=token_2022)
        faucet.mint_to(mint, bytes(ALICE), 10**15)
        mints.append((Pubkey.from_bytes(mint), messages.TOKEN_2022 if token_2022 else messages.TOKEN))
    engine = Engine(chain, mints)
    engine.run(message(*make_nonce(), blockhash=engine.blockhash()))
    return engine


PEOPLE = [ALICE, BOB, MALLORY, *(person(f"stranger {number}") for number in range(3))]


@st.composite
def wishes(draw, engine: Engine) -> list[Instruction]:
    """What somebody could have Alice sign."""
    wanted: list[Instruction] = []
    for _ in range(draw(st.integers(1, 4))):
        to, (mint, program) = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(engine.mints))
        match draw(st.sampled_from(["sol", "person", "account", "own", "memo", "nonce"])):
            case "sol":
                wanted.append(pay(to, draw(st.integers(0, 3_000_000))))
            case "person":
                wanted.append(create_account(to, mint, program))
                wanted.append(
                    pay_token(associated(to, mint, program), draw(st.integers(0, 50)), mint, program)
                )
            case "account":
                wanted.append(
                    pay_token(associated(to, mint, program), draw(st.integers(0, 50)), mint, program)
                )
            case "own":
                wanted.append(create_account(ALICE, mint, program))
            case "memo":
                wanted.append(memo(draw(st.text(max_size=8)).encode()))
            case "nonce":
                lamports = draw(st.sampled_from([1_447_680, 10**6]))
                wanted += make_nonce(seed=draw(st.text("ab", max_size=4)), lamports=lamports)
    if draw(st.booleans()):
        wanted[:0] = [
            compute_limit(draw(st.integers(1, 400_000))),
            compute_price(draw(st.integers(0, 10**7))),
        ]
    return wanted


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_moves_that_was_not_read(engine, data):
    """Honest messages and ones with flipped bits, signed and executed: the reading tells where everything went."""
    durable = data.draw(st.booleans())
    wanted = data.draw(wishes(engine))
    if durable:
        wanted.insert(0, advance())
    raw = bytearray(message(*wanted, blockhash=engine.nonce() if durable else engine.blockhash()))
    for bit in data.draw(st.lists(st.integers(0, 8 * len(raw) - 1), max_size=2)):
        raw[bit // 8] ^= 1 << bit % 8
    try:
        reading = read(bytes(raw), WALLET).reading
    except (InputRefused, TransactionRefused):
        reject()
    assume(all(flow.kind is Kind.PAYMENT for flow in reading.outflows))
    before = {mint: engine.tokens(associated(ALICE, mint, program)) for mint, program in engine.mints}
    reached = _token_accounts(engine)
    held = {account: engine.tokens(account) for account in reached}
    try:
        landed = engine.run(bytes(raw))
    except Rejected:
        reject()
    paid: Counter[tuple[str, str]] = Counter()
    if landed.error is None:
        for flow in reading.outflows:
            paid[flow.token, flow.to] += flow.amount
    _check_lamports(landed, paid, reading.fee)
    for mint, program in engine.mints:
        left = before[mint] - engine.tokens(associated(ALICE, mint, program))
        assert left == sum(amount for (token, _), amount in paid.items() if token == str(mint))
    for account, (mint, owner) in reached.items():
        gained = engine.tokens(account) - held[account]
        assert gained == paid[str(mint), str(owner)] + paid[str(mint), str(account)]


def _token_accounts(engine: Engine) -> dict[Pubkey, tuple[Pubkey, Pubkey]]:
    """Of everybody but Alice: account, with mint and owner."""
    return {
        associated(owner, mint, program): (mint, owner)
        for mint, program in engine.mints
        for owner in PEOPLE
        if owner != ALICE
    }


def _check_lamports(landed: Landed, paid: Counter[tuple[str, str]], most: int) -> None:
    out = sum(amount for (token, _), amount in paid.items() if token == COIN)
    for key, (before, after) in zip(landed.keys, landed.balances, strict=True):
        if key == WALLET:
            assert landed.fee <= before - after - out <= most
        elif (COIN, key) in paid:
            assert after - before == paid[COIN, key]
        else:
            assert after >= before  # rent, deposited by Alice, which her fee bounds


# --- attacks, carried out ------------------------------------------------------------------------------------------


def test_without_the_proof_of_a_nonce_original_and_replacement_would_both_be_paid(engine):
    """The reason for ``durable``: a recent blockhash where the nonce's value belongs. The runtime takes both."""
    before = engine.chain.svm.get_balance(MALLORY)
    recent = engine.blockhash()
    original = message(advance(), pay(MALLORY, 1_000), blockhash=recent)
    replacement = message(advance(), pay(MALLORY, 1_000), memo(b"again"), blockhash=recent)
    for raw in (original, replacement):
        engine.chain.advance(1)
        assert engine.run(raw).error is None
    assert engine.chain.svm.get_balance(MALLORY) == before + 2_000
    one, two = (read(raw, WALLET).reading for raw in (original, replacement))
    assert not set(one.excludes) & set(two.excludes)


def test_with_the_proof_only_one_of_the_two_is_executed(engine):
    value, proof = engine.nonce(), engine.proof()
    original = message(advance(), pay(BOB, 1_000), blockhash=value)
    replacement = message(advance(), pay(BOB, 1_000), memo(b"again"), blockhash=value)
    one, two = (read(raw + proof, WALLET).reading for raw in (original, replacement))
    assert one.excludes == two.excludes
    engine.run(original)
    with pytest.raises(Rejected):
        engine.run(replacement)


def test_tokens_do_not_go_to_somebody_who_took_over_the_recipients_account(engine):
    """Bob gave his token account to Mallory: the recipient's proof fails on the chain, and with it the payment."""
    mint, program = engine.mints[0]
    given = associated(BOB, mint, program)
    engine.run(
        message(
            create_account(BOB, mint, program),
            pay_token(given, 5, mint, program),
            blockhash=engine.blockhash(),
        )
    )
    set_owner = Instruction(
        program,
        bytes([6, 2, 1]) + bytes(MALLORY),
        [AccountMeta(given, False, True), AccountMeta(BOB, True, False)],
    )
    engine.run(message(set_owner, payer=BOB, blockhash=engine.blockhash()), "bob")
    before = engine.tokens(given)
    raw = message(
        create_account(BOB, mint, program), pay_token(given, 7, mint, program), blockhash=engine.blockhash()
    )
    assert read(raw, WALLET).reading.outflows[0].to == str(BOB)
    assert engine.run(raw).error is not None
    assert engine.tokens(given) == before
    back = Instruction(
        program,
        bytes([6, 2, 1]) + bytes(BOB),
        [AccountMeta(given, False, True), AccountMeta(MALLORY, True, False)],
    )
    engine.run(message(back, payer=MALLORY, blockhash=engine.blockhash()), "mallory")


def test_an_uninitialised_nonce_account_would_belong_to_whoever_comes_first(engine):
    """The reason why creation and initialisation are signed together only: Mallory needs no signature of Alice's."""
    create, _ = make_nonce(seed="alone")
    nonce = Pubkey.create_with_seed(ALICE, "alone", messages.SYSTEM)
    raw = message(create, blockhash=engine.blockhash())
    with pytest.raises(TransactionRefused):
        read(raw, WALLET)
    engine.run(raw)
    take = Instruction(
        messages.SYSTEM,
        (6).to_bytes(4, "little") + bytes(MALLORY),
        [
            AccountMeta(nonce, False, True),
            AccountMeta(Pubkey.from_bytes(programs.RECENT_BLOCKHASHES), False, False),
            AccountMeta(Pubkey.from_bytes(programs.RENT), False, False),
        ],
    )
    assert engine.run(message(take, payer=MALLORY, blockhash=engine.blockhash()), "mallory").error is None
    account = engine.chain.svm.get_account(nonce)
    assert account is not None
    assert bytes(account.data[8:40]) == bytes(MALLORY)


def test_a_signature_checker_would_cost_more_than_the_header_shows(engine):
    """The reason why precompiles are refused: each signature in their data is paid for."""
    key = key_of("alice")
    signature, said = key.sign(b"x").signature, b"x"
    offsets = b"".join(
        value.to_bytes(2, "little") for value in (48, 0xFFFF, 16, 0xFFFF, 112, len(said), 0xFFFF)
    )
    data = b"\x01\x00" + offsets + bytes(key.verify_key) + signature + said
    checker = Instruction(Pubkey.from_string("Ed25519SigVerify111111111111111111111111111"), data, [])
    raw = message(checker, blockhash=engine.blockhash())
    with pytest.raises(TransactionRefused):
        read(raw, WALLET)
    assert engine.run(raw).fee == 2 * SIGNATURE
