"""What a signer makes of a message: what leaves, what it costs, and everything for which it is not signed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import (
    AssignParams,
    CreateAccountParams,
    WithdrawNonceAccountParams,
    assign,
    create_account,
    create_nonce_account_with_seed,
    withdraw_nonce_account,
)
from tests.chains.solana import messages
from tests.chains.solana.messages import (
    ALICE,
    BLOCKHASH,
    BOB,
    MALLORY,
    MINT,
    NONCE,
    OTHER_MINT,
    SYSTEM,
    TOKEN_2022,
    WALLET,
    advance,
    associated,
    compute_limit,
    compute_price,
    make_nonce,
    memo,
    message,
    pay,
    pay_token,
    token,
)

from warifu.chains.reading import COIN, Kind, Outflow, Scheme, ToSign
from warifu.chains.solana import fees, programs
from warifu.chains.solana.durable import nonce_value
from warifu.chains.solana.reading import read
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit

SIGNATURE = 5000
STRANGE = Pubkey.from_bytes(sha256(b"an unknown program").digest())


def refused(*instructions: Instruction, **how) -> str:
    """The reason for which this message is not signed."""
    with pytest.raises(TransactionRefused) as error:
        read(message(*instructions, **how), WALLET)
    return error.value.reason


# --- what is signed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, 0])
def test_a_payment_of_sol(version):
    raw = message(pay(BOB, 1_500_000_000), version=version)
    reading = read(raw, WALLET).reading
    assert reading.chain == "solana"
    assert reading.scheme is Scheme.ED25519
    assert reading.outflows == (Outflow(Kind.PAYMENT, COIN, 1_500_000_000, str(BOB)),)
    assert reading.fee == SIGNATURE
    assert reading.name == sha256(raw).digest()
    assert reading.to_sign == (ToSign(raw, ()),)
    assert reading.excludes == (reading.name,)


def test_every_payment_is_seen_in_its_order():
    reading = read(message(pay(BOB, 1), pay(MALLORY, 2), pay(BOB, 3)), WALLET).reading
    assert [(flow.to, flow.amount) for flow in reading.outflows] == [
        (str(BOB), 1),
        (str(MALLORY), 2),
        (str(BOB), 3),
    ]


def test_what_comes_back_to_the_wallet_is_no_outflow():
    assert read(message(pay(ALICE, 5)), WALLET).reading.outflows == ()
    own = pay_token(associated(ALICE))
    assert read(message(own), WALLET).reading.outflows == ()


@pytest.mark.parametrize("program", [messages.TOKEN, TOKEN_2022])
def test_a_payment_of_tokens_to_a_person_is_proven_by_the_account_that_it_makes(program):
    raw = message(messages.create_account(BOB, program=program), pay_token(program=program))
    reading = read(raw, WALLET).reading
    assert reading.outflows == (Outflow(Kind.PAYMENT, str(MINT), 2_500_000, str(BOB)),)
    assert reading.fee == SIGNATURE + fees.token_account_rent(bytes(program))


def test_without_that_proof_the_recipient_is_the_token_account_itself():
    reading = read(message(pay_token()), WALLET).reading
    assert reading.outflows == (Outflow(Kind.PAYMENT, str(MINT), 2_500_000, str(associated(BOB))),)
    assert reading.fee == SIGNATURE


def test_a_proof_for_another_mint_or_after_the_payment_proves_nothing():
    own = messages.create_account(ALICE, OTHER_MINT)
    assert read(message(own, pay_token()), WALLET).reading.outflows[0].to == str(associated(BOB))
    late = message(pay_token(), messages.create_account(BOB))
    assert read(late, WALLET).reading.outflows[0].to == str(associated(BOB))


def test_an_approval_is_an_outflow():
    accounts = [(associated(ALICE), True), (MINT, False), (MALLORY, False)]
    approve = token(13, (2**64 - 1).to_bytes(8, "little") + b"\x06", accounts)
    assert read(message(approve), WALLET).reading.outflows == (
        Outflow(Kind.APPROVAL, str(MINT), 2**64 - 1, str(MALLORY)),
    )


def test_revoking_moves_nothing_and_a_memo_beside_a_payment_nothing_more():
    revoke = token(5, b"", [(associated(ALICE), True)])
    assert read(message(revoke), WALLET).reading.outflows == ()
    understood = read(message(pay(BOB, 7), memo("für Bob".encode())), WALLET)
    assert understood.reading.outflows == (Outflow(Kind.PAYMENT, COIN, 7, str(BOB)),)
    assert understood.memos == ("für Bob",)


@pytest.mark.parametrize(
    "idle",
    [
        (),
        (advance(),),
        (compute_limit(20_000),),
        (pay(ALICE, 1),),
        (token(5, b"", [(associated(ALICE), True)]),),
    ],
    ids=["alone", "behind a nonce", "with a limit", "with a payment to itself", "with a revocation"],
)
def test_words_with_which_nothing_leaves_are_a_message(idle):
    """Sites log people in by such a transaction: no less than by a signed message."""
    understood = read(message(*idle, memo(b"example.org wants you to sign in")), WALLET)
    assert understood.reading.outflows == (Outflow(Kind.MESSAGE, COIN, 0, ""),)


def test_an_unknown_program_is_a_call_that_policy_must_name():
    call = Instruction(STRANGE, b"\x01\x02", [AccountMeta(ALICE, True, True), AccountMeta(BOB, False, True)])
    assert read(message(call), WALLET).reading.outflows == (Outflow(Kind.CALL, COIN, 0, str(STRANGE)),)


def test_a_payment_behind_a_call_is_seen_too():
    call = Instruction(STRANGE, b"", [])
    kinds = [flow.kind for flow in read(message(call, pay()), WALLET).reading.outflows]
    assert kinds == [Kind.CALL, Kind.PAYMENT]


# --- what it costs -------------------------------------------------------------------------------------------------


def test_the_priority_fee_is_limit_times_price_rounded_up():
    raw = message(compute_limit(1_000), compute_price(1_001), pay())
    assert read(raw, WALLET).reading.fee == SIGNATURE + 2


def test_a_limit_without_a_price_costs_nothing():
    assert read(message(compute_limit(1_400_000), pay()), WALLET).reading.fee == SIGNATURE


def test_the_dearest_price_is_not_cut():
    raw = message(compute_limit(1_400_000), compute_price(2**64 - 1), pay())
    assert read(raw, WALLET).reading.fee == SIGNATURE + -(-1_400_000 * (2**64 - 1) // 10**6)


def test_rent_is_the_chains_own():
    """``getMinimumBalanceForRentExemption`` of 80 and 165 bytes, as on mainnet-beta."""
    assert fees.NONCE_RENT == 1_447_680
    assert fees.TOKEN_ACCOUNT_RENT == 2_039_280


@pytest.mark.parametrize(
    "budget",
    [
        [compute_price(5)],
        [compute_limit(5), compute_limit(6)],
        [compute_limit(5), compute_price(1), compute_price(2)],
    ],
    ids=["a price for how much?", "two limits", "two prices"],
)
def test_an_unclear_price_is_refused(budget):
    assert refused(*budget, pay()) == "compute-budget"


@pytest.mark.parametrize(
    "data", [b"\x00" * 9, b"\x01\x00\x00\x04\x00", b"\x02\x00\x00\x00\x00", b"\x02\x05", b"\x03\x01", b""]
)
def test_other_budget_instructions_are_refused(data):
    budget = Instruction(Pubkey.from_bytes(programs.COMPUTE_BUDGET), data, [])
    assert refused(budget, pay()) == "instruction"


def test_a_signature_checker_that_costs_more_is_refused():
    for program in programs.SIGNATURE_CHECKERS:
        assert refused(Instruction(Pubkey.from_bytes(program), b"\x00\x00", []), pay()) == "instruction"


# --- durable nonces ------------------------------------------------------------------------------------------------

USED_BLOCK = Hash.hash(b"the block in which the nonce was advanced")
VALUE = Hash.from_bytes(nonce_value(bytes(USED_BLOCK)))
PROOF = bytes(USED_BLOCK)


def test_two_messages_on_one_proven_nonce_value_exclude_each_other():
    one = read(message(advance(), pay(BOB, 1), blockhash=VALUE) + PROOF, WALLET)
    two = read(
        message(advance(), compute_limit(9), compute_price(9), pay(BOB, 1), blockhash=VALUE) + PROOF, WALLET
    )
    assert one.nonce == two.nonce == bytes(NONCE)
    assert one.proven
    assert two.proven
    assert one.reading.name != two.reading.name
    assert one.reading.excludes == two.reading.excludes
    assert len(one.reading.excludes[0]) == 32


def test_the_proof_is_not_signed_and_not_part_of_the_name():
    raw = message(advance(), pay(), blockhash=VALUE)
    with_proof, without = read(raw + PROOF, WALLET).reading, read(raw, WALLET).reading
    assert with_proof.name == without.name
    assert with_proof.to_sign == without.to_sign == (ToSign(raw, ()),)


def test_a_recent_blockhash_in_a_nonces_place_excludes_nothing():
    """The double payment: the runtime takes both messages, for neither value was a nonce's."""
    one = read(message(advance(), pay(BOB, 1)), WALLET)
    two = read(message(advance(), pay(BOB, 1), memo(b"again")), WALLET)
    assert not one.proven
    assert not set(one.reading.excludes) & set(two.reading.excludes)
    for proof in (bytes(BLOCKHASH), PROOF, bytes(32)):
        with pytest.raises(TransactionRefused) as error:
            read(message(advance(), pay(BOB, 1)) + proof, WALLET)
        assert error.value.reason == "nonce-proof"


def test_other_values_and_other_nonce_accounts_do_not_exclude():
    other = Pubkey.create_with_seed(ALICE, "warifu-nonce-1", SYSTEM)
    later = Hash.hash(b"a later block")
    found = {
        read(message(advance(nonce), pay(), blockhash=value) + proof, WALLET).reading.excludes
        for nonce in (NONCE, other)
        for value, proof in (
            (VALUE, PROOF),
            (Hash.from_bytes(nonce_value(bytes(later))), bytes(later)),
        )
    }
    assert len(found) == 4


def test_a_proof_without_a_nonce_is_trailing_bytes():
    with pytest.raises(InputRefused, match="follow its end"):
        read(message(pay(), blockhash=VALUE) + PROOF, WALLET)


@pytest.mark.parametrize("length", [1, 31, 33, 64])
def test_a_proof_of_another_length_is_trailing_bytes(length):
    with pytest.raises(InputRefused, match="follow its end"):
        read(message(advance(), blockhash=VALUE) + (PROOF * 2)[:length], WALLET)


def test_cancelling_only_uses_up_the_value():
    assert read(message(advance(), blockhash=VALUE) + PROOF, WALLET).reading.outflows == ()


@pytest.mark.parametrize(
    "order", [[pay(), advance()], [advance(), pay(), advance()], [compute_limit(9), advance()]]
)
def test_a_nonce_is_advanced_first_and_once(order):
    assert refused(*order) == "nonce-order"


def test_a_nonce_of_somebody_else_is_refused():
    assert refused(advance(authority=MALLORY), pay()) == "foreign-signer"


def test_making_a_nonce_account_costs_its_rent_and_nothing_leaves():
    understood = read(message(*make_nonce()), WALLET)
    assert understood.reading.outflows == ()
    assert understood.reading.fee == SIGNATURE + 1_447_680
    assert understood.nonce is None


def test_a_nonce_account_whose_authority_is_another_is_refused():
    assert refused(*make_nonce(authority=MALLORY)) == "nonce-account"


def test_a_nonce_account_left_without_authority_is_refused():
    create, initialize = make_nonce()
    assert refused(create) == "nonce-account"
    assert refused(initialize) == "nonce-account"
    assert refused(initialize, create) == "nonce-account"
    assert refused(create, make_nonce(seed="another")[1]) == "nonce-account"
    assert refused(create, memo(b"between"), initialize) == "nonce-account"


def test_more_than_rent_does_not_go_into_a_nonce_account():
    assert refused(*make_nonce(lamports=1_447_681)) == "nonce-account"


def test_an_account_that_is_not_derived_from_the_wallet_is_refused():
    create, initialize = make_nonce()
    accounts = list(create.accounts)
    accounts[1] = AccountMeta(MALLORY, False, True)
    assert refused(Instruction(SYSTEM, create.data, accounts), initialize) == "nonce-account"


def test_an_account_that_is_derived_from_another_base_is_refused():
    """Consistent in itself, and yet not where the wallet looks for its nonces: Bob could sign for its base."""
    nonce = Pubkey.create_with_seed(BOB, "seed", SYSTEM)
    create, initialize = create_nonce_account_with_seed(ALICE, nonce, BOB, "seed", ALICE, 1_447_680)
    unsigned = [AccountMeta(ALICE, True, True), AccountMeta(nonce, False, True)]
    assert refused(Instruction(SYSTEM, create.data, unsigned), initialize) == "nonce-account"


@pytest.mark.parametrize("place", [1, 2])
def test_another_account_in_a_system_variables_place_is_refused(place):
    create, initialize = make_nonce()
    accounts = list(initialize.accounts)
    accounts[place] = AccountMeta(MALLORY, False, False)
    assert refused(create, Instruction(SYSTEM, initialize.data, accounts)) == "instruction"
    accounts = list(advance().accounts)
    accounts[1] = AccountMeta(MALLORY, False, False)
    assert refused(Instruction(SYSTEM, advance().data, accounts)) == "instruction"


@pytest.mark.parametrize(
    "instruction",
    [
        pay(),
        advance(),
        pay_token(),
        messages.create_account(),
        make_nonce()[0],
        make_nonce()[1],
        compute_limit(5),
    ],
    ids=[
        "transfer",
        "advance",
        "token transfer",
        "token account",
        "create nonce",
        "initialize nonce",
        "budget",
    ],
)
def test_an_instruction_with_another_number_of_accounts_is_refused(instruction):
    """Among them a fifth account of a token transfer: a program of the mint's own that would be called."""
    more = [*instruction.accounts, AccountMeta(MALLORY, False, False)] * (
        2 if not instruction.accounts else 1
    )
    changed = Instruction(
        instruction.program_id, instruction.data, [*more, AccountMeta(STRANGE, False, False)]
    )
    assert refused(changed) == "instruction"
    if instruction.accounts:
        fewer = Instruction(instruction.program_id, instruction.data, instruction.accounts[:1])
        assert refused(fewer) == "instruction"


@pytest.mark.parametrize("place", [4, 5])
def test_another_program_in_the_place_of_system_or_token_is_refused(place):
    create = messages.create_account()
    accounts = list(create.accounts)
    accounts[place] = AccountMeta(MALLORY, False, False)
    assert refused(Instruction(create.program_id, create.data, accounts), pay_token()) == "instruction"


def test_an_account_for_another_program_is_refused():
    create, initialize = make_nonce()
    data = create.data[:-32] + bytes(MALLORY)
    assert refused(Instruction(SYSTEM, data, create.accounts), initialize) == "nonce-account"


@pytest.mark.parametrize("cut", [1, 8, 32, 40, 60])
def test_a_cut_creation_is_refused(cut):
    create, initialize = make_nonce()
    broken = Instruction(SYSTEM, create.data[:-cut], create.accounts)
    assert refused(broken, initialize) == "instruction"


# --- what is not signed --------------------------------------------------------------------------------------------


def test_another_payer_is_refused():
    assert refused(pay(payer=MALLORY), payer=MALLORY) == "foreign-account"


def test_another_signer_is_refused():
    assert refused(pay(), pay(payer=MALLORY)) == "foreign-signer"
    assert refused(pay(payer=MALLORY)) == "foreign-signer"


def test_an_empty_message_is_refused():
    assert refused() == "empty"


@pytest.mark.parametrize(
    "instruction",
    [
        assign(AssignParams(pubkey=ALICE, owner=MALLORY)),
        create_account(
            CreateAccountParams(from_pubkey=ALICE, to_pubkey=ALICE, lamports=10**9, space=0, owner=MALLORY)
        ),
        withdraw_nonce_account(
            WithdrawNonceAccountParams(
                nonce_pubkey=NONCE, authorized_pubkey=ALICE, to_pubkey=MALLORY, lamports=1
            )
        ),
        Instruction(SYSTEM, b"", []),
        Instruction(SYSTEM, b"\x02\x00\x00\x00", [AccountMeta(ALICE, True, True)]),
        Instruction(SYSTEM, b"\xff" * 12, [AccountMeta(ALICE, True, True)]),
    ],
    ids=["assign", "create", "withdraw-nonce", "no data", "half a transfer", "unknown tag"],
)
def test_what_else_the_system_program_can_do_is_refused(instruction):
    """``Assign`` alone would give the whole account away."""
    assert refused(instruction) == "instruction"


@pytest.mark.parametrize("tag", [*range(3), *range(6, 12), *range(14, 45), 255])
def test_what_else_a_token_program_can_do_is_refused(tag):
    """Among them ``SetAuthority`` (6), ``Burn`` (8), ``CloseAccount`` (9), and Token-2022's extensions."""
    for program in (messages.TOKEN, TOKEN_2022):
        hidden = token(tag, b"\x02\x01" + bytes(MALLORY), [(associated(ALICE), True)], program)
        assert refused(pay(), hidden) == "instruction"


@pytest.mark.parametrize("tag", [3, 4])
def test_a_token_instruction_that_does_not_name_its_mint_is_refused(tag):
    unchecked = token(tag, (1).to_bytes(8, "little"), [(associated(ALICE), True), (associated(BOB), True)])
    assert refused(unchecked) == "unchecked-token"


def test_tokens_from_another_account_are_refused():
    assert refused(pay_token(source=associated(ALICE, OTHER_MINT))) == "foreign-token-account"
    assert refused(pay_token(source=associated(MALLORY))) == "foreign-token-account"


def test_tokens_of_the_other_token_program_are_not_the_same_account():
    source = associated(ALICE, MINT, messages.TOKEN)
    assert refused(pay_token(program=TOKEN_2022, source=source)) == "foreign-token-account"


def test_a_look_alike_mint_is_another_token():
    legitimate = read(message(messages.create_account(), pay_token()), WALLET).reading
    fake = message(messages.create_account(mint=OTHER_MINT), pay_token(mint=OTHER_MINT))
    assert read(fake, WALLET).reading.outflows[0].token == str(OTHER_MINT) != legitimate.outflows[0].token


def test_a_known_token_with_other_decimals_is_refused():
    usdc = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
    assert read(message(pay_token(mint=usdc)), WALLET).reading.outflows[0].amount == 2_500_000
    assert refused(pay_token(mint=usdc, decimals=9)) == "decimals"


@pytest.mark.parametrize(
    "address",
    [MALLORY, associated(MALLORY), associated(BOB, OTHER_MINT), associated(BOB, MINT, TOKEN_2022)],
    ids=["anybody", "another's", "of another mint", "of the other program"],
)
def test_a_token_account_that_only_looks_like_the_recipients_is_refused(address):
    thief = messages.create_account(BOB, address=address)
    assert refused(thief, pay_token(address)) == "look-alike-account"


def test_a_token_account_whose_owner_can_have_no_key_is_refused():
    nobody = associated(BOB)
    assert not nobody.is_on_curve()
    create = messages.create_account(nobody)
    assert refused(create, pay_token(associated(nobody))) == "off-curve"


def test_a_token_account_made_for_nothing_is_refused():
    assert refused(messages.create_account(MALLORY)) == "idle-account"
    assert refused(messages.create_account(MALLORY), messages.create_account(), pay_token()) == "idle-account"


def test_the_wallets_own_token_account_may_be_made_for_later():
    reading = read(message(messages.create_account(ALICE)), WALLET).reading
    assert reading.outflows == ()
    assert reading.fee == SIGNATURE + 2_039_280


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x02", b"\x01\x00"])
def test_other_instructions_of_the_associated_token_program_are_refused(data):
    """``Create`` proves as much, but fails where the account exists; ``RecoverNested`` moves tokens."""
    assert refused(messages.create_account(data=data), pay_token()) == "instruction"


def test_an_account_that_no_instruction_names_is_refused():
    raw = bytearray(message(pay()))
    raw[2] += 1  # one more read-only account
    raw[3] += 1
    with pytest.raises(TransactionRefused) as error:
        read(bytes(raw[: 4 + 96]) + bytes(MALLORY) + bytes(raw[4 + 96 :]), WALLET)
    assert error.value.reason == "idle-account"


@pytest.mark.parametrize(("place", "change"), [(2, -1), (2, 1)], ids=["program writable", "payee read-only"])
def test_a_header_that_lies_about_what_is_changed_is_refused(place, change):
    raw = bytearray(message(pay()))
    raw[place] += change
    with pytest.raises(TransactionRefused) as error:
        read(bytes(raw), WALLET)
    assert error.value.reason == "account-flags"


def test_a_memo_that_is_not_text_is_refused():
    assert refused(memo(b"\xff\xfe")) == "instruction"


def test_a_memo_that_another_signs_is_refused():
    signed = Instruction(Pubkey.from_bytes(programs.MEMO), b"yes", [AccountMeta(MALLORY, False, False)])
    assert refused(signed) == "foreign-signer"


def test_a_message_that_fits_in_no_packet_is_refused():
    raw = message(pay(), memo(b"m" * 990))
    assert 1167 < len(raw) <= 1232
    with pytest.raises(InputRefused) as error:
        read(raw, WALLET)
    assert error.value.reason == "too-long"


@pytest.mark.parametrize(
    "account", ["", "alice", WALLET[:-9], WALLET + "1", "1" * 33, WALLET.replace("F", "O")]
)
def test_an_account_that_is_no_address_is_refused(account):
    with pytest.raises(InputRefused) as error:
        read(message(pay()), account)
    assert error.value.reason == "address"


@pytest.mark.slow
@given(st.data())
@settings(max_examples=400)
def test_no_flipped_bit_goes_unnoticed(data):
    """Refused, or another name; and what is read differs wherever recipient, token or amount do."""
    raw = message(
        advance(),
        compute_limit(9_000),
        compute_price(5),
        messages.create_account(),
        pay_token(),
        pay(),
        memo(b"m"),
    )
    honest = read(raw, WALLET).reading
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        found = read(bytes(changed), WALLET).reading
    except (InputRefused, TransactionRefused):
        return
    assert found.name != honest.name
    assert found.to_sign[0].message == bytes(changed)
