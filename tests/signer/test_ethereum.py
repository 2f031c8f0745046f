"""Ethereum through the signers: prepared ahead, judged from the bytes, signed by the threshold as one ordinary key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account import Account
from nacl.utils import random
from tests.support.accounts import (
    CROOK,
    ETHER,
    GWEI,
    LOCAL,
    SHOP,
    TOKEN,
    account_request,
    ether_payment,
    ethereum_rules,
    token_call,
)
from tests.support.simulator import Household, Outcome, Spend, bitcoin_policy

from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.transaction import parse_unsigned
from warifu.protocol.encoding import decode
from warifu.protocol.frames import OpenCorrelating, SessionFailed, Spent, TransferSignatures, error_of
from warifu.protocol.policy import ContractRule, Policy

pytestmark = [pytest.mark.unit, pytest.mark.slow]

FEE = 21_000 * 30 * GWEI


def household(tmp_path: Path, n: int, t: int, policy: Policy | None = None) -> Household:
    home = Household(tmp_path, n)
    home.make_wallet(t, policy or bitcoin_policy(others=[ethereum_rules()]), schemes=("bip340", "ecdsa"))
    return home


@pytest.fixture
def home(tmp_path: Path):
    made = household(tmp_path, 3, 2)
    assert not made.correlate(3).failed
    yield made
    made.close()


def account(home: Household) -> str:
    assert home.birth is not None
    return home["device0"].device.wallets.born(home.birth.wallet_id).ethereum


def pay(
    home: Household, amount: int = ETHER, *, unsigned: bytes = b"", request: Any = None, **built: Any
) -> Spend:
    """An honest payment and its request; ``unsigned`` is what the service shows instead."""
    assert home.birth is not None
    honest = ether_payment(amount, **built)
    made = account_request(home.birth.wallet_id, LOCAL, honest, account(home), home.clock())
    return Spend(msgspec.structs.replace(made, **(request or {})), unsigned or honest)


def sent(home: Household, payment: Spend, outcome: Outcome) -> str:
    """The txid of the signed transaction, whose sender eth-account recovers from it."""
    (result,) = set(outcome.finished.values())
    (signature,) = decode(TransferSignatures, result, 2**20).signatures
    assert len(signature) == 65
    signed = parse_unsigned(payment.unsigned).with_signature(signature, account(home))
    assert Account.recover_transaction(signed.raw) == account(home)
    return signed.txid


def counts(home: Household, name: str) -> list[int]:
    return list(home[name].status().wallets[0].correlations)


@pytest.mark.parametrize(("n", "t", "who"), [(2, 2, 2), (3, 2, 2), (3, 2, 3), (5, 3, 3)])
def test_a_quorum_signs_what_recovers_to_the_wallets_account(tmp_path, n, t, who):
    home = household(tmp_path, n, t)
    assert not home.correlate(1, home.names[:who]).failed
    payment = pay(home)
    sent(home, payment, home.sign(payment, home.names[:who]))
    home.close()


def test_each_signature_uses_up_one_correlation_with_each_peer(home):
    assert sorted(counts(home, "device0")) == [0, 3, 3]
    payment = pay(home)
    sent(home, payment, home.sign(payment, ["device0", "device1"]))
    assert sorted(counts(home, "device0")) == [0, 2, 3]
    assert sorted(counts(home, "device2")) == [0, 3, 3]


def test_without_a_prepared_signature_nothing_is_used_up_and_the_service_is_told_what_to_do(tmp_path):
    home = household(tmp_path, 3, 2)
    payment = pay(home)
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    first = home.run(openings)
    assert first.code == "session.correlations-missing"
    assert home["device0"].status().wallets[0].tries_left == 5
    assert not home.correlate(1).failed
    again = {
        name: msgspec.structs.replace(opening, session=b"\x07" * 16) for name, opening in openings.items()
    }
    sent(home, payment, home.run(again))  # by the very same authorization and envelopes
    home.close()


def test_what_leaves_is_counted_in_wei(home):
    payment = pay(home)
    sent(home, payment, home.sign(payment))
    assert home["device0"].status().wallets[0].spent_today == (Spent(LOCAL, "", str(ETHER + FEE)),)


@pytest.mark.parametrize(
    ("records", "signed"),
    # Of each device: a Hello, what it runs on, what it holds, commitments, products, a share.
    [(6, 0), (8, 0), (9, 1), (10, 2)],
    ids=["used up", "committed", "one share is made", "both are"],
)
def test_what_breaks_before_a_share_could_leave_is_not_counted(home, records, signed):
    """The owner who asks anew would spend twice, by the day's limit, what was never signed."""
    who = ["device0", "device1"]
    relayed = []

    def fall_silent(_sender, receiver, frame):
        relayed.append(frame)
        return [(receiver, frame)] if len(relayed) <= records else []

    assert not home.sign(pay(home), who, tamper=fall_silent).finished
    assert sorted(counts(home, "device0")) == [0, 2, 3]
    counted = [bool(home[name].status().wallets[0].spent_today) for name in who]
    started = ["started" in home[name].kinds() for name in who]
    assert counted == started
    assert sum(counted) == signed


def test_two_payments_of_a_days_whole_limit_do_not_pass_each_other_in_the_same_moment(tmp_path):
    """Both were judged before either counted: the judgement that counts is the one before the share."""
    home = household(tmp_path, 2, 2, bitcoin_policy(others=[ethereum_rules(per_day=ETHER + FEE)]))
    assert not home.correlate(4).failed
    who = ["device0", "device1"]
    first, second = pay(home, ETHER), pay(home, ETHER, nonce=1)
    openings = [home.openings(payment.request, who, payment.unsigned) for payment in (first, second)]
    inner = []
    relayed = []

    def meanwhile(_sender, receiver, frame):
        relayed.append(frame)
        if len(relayed) == 6:
            inner.append(home.run(openings[1]))
        return [(receiver, frame)]

    outer = home.run(openings[0], meanwhile)
    sent(home, second, inner[0])
    assert outer.code == "policy.window-limit"
    assert home["device0"].status().wallets[0].spent_today == (Spent(LOCAL, "", str(ETHER + FEE)),)
    home.close()


def test_a_token_payment_counts_tokens_and_the_fee_in_ether(home):
    call = token_call("a9059cbb", SHOP, 25_000_000)
    payment = pay(home, 0, to=TOKEN, data=call)
    sent(home, payment, home.sign(payment))
    assert home["device0"].status().wallets[0].spent_today == (
        Spent(LOCAL, "", str(80_000 * 30 * GWEI)),
        Spent(LOCAL, TOKEN, "25000000"),
    )
    again = pay(home, 0, to=TOKEN, data=token_call("a9059cbb", SHOP, 100_000_001), nonce=1)
    assert home.sign(again).code == "policy.per-transaction-limit"


def test_an_approval_is_judged_as_if_it_had_been_paid(home):
    unlimited = pay(home, 0, to=TOKEN, data=token_call("095ea7b3", CROOK, 2**256 - 1))
    assert home.sign(unlimited).code == "policy.per-transaction-limit"
    small = pay(home, 0, to=TOKEN, data=token_call("095ea7b3", SHOP, 5))
    assert home.sign(small).finished


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (ether_payment(to=CROOK), "transaction.swapped-recipient"),
        (ether_payment(ETHER + 1), "transaction.wrong-amount"),
        (ether_payment(nonce=1), "transaction.other-transaction"),
        (ether_payment(max_fee=31 * GWEI), "transaction.fee-over-ceiling"),
        (ether_payment(chain="eip155:1"), "transaction.wrong-chain"),
        (ether_payment(0, to=TOKEN, data=token_call("a9059cbb", CROOK, 1)), "transaction"),
        (ether_payment()[:-1], "input"),
        (ether_payment() + b"\0", "input"),
        (b"\x02", "input"),
        (bytes(range(32)), "input"),  # a digest of something
    ],
)
def test_another_transaction_than_the_owner_named_is_refused_before_the_passphrase_is_touched(
    home, lie, code
):
    outcome = home.sign(pay(home, unsigned=lie), passphrase="not even the passphrase")
    assert outcome.code.startswith(code)
    assert home["device0"].status().wallets[0].tries_left == 5
    assert sorted(counts(home, "device0")) == [0, 3, 3]


def test_contracts_and_messages_are_signed_only_where_the_policy_says_so(tmp_path):
    contract = format_address(bytes.fromhex("11" * 20))
    rules = ethereum_rules(contracts=(ContractRule(contract, (), True),), messages=True)
    home = household(tmp_path, 2, 2, bitcoin_policy(others=[rules]))
    home.correlate(4)
    allowed = pay(home, 0, to=contract, data=b"\x12\x34\x56\x78" + bytes(32))
    assert home.sign(allowed).finished
    other = pay(home, 0, to=SHOP, data=b"\x12\x34\x56\x78" + bytes(32))
    assert home.sign(other).code == "policy.contract"
    assert home.birth is not None
    text = personal_message("Sign in to the shop")
    request = account_request(home.birth.wallet_id, LOCAL, text, account(home), home.clock())
    outcome = home.sign(Spend(request, text))
    (result,) = set(outcome.finished.values())
    (signature,) = decode(TransferSignatures, result, 2**20).signatures
    from eth_account.messages import encode_defunct

    vrs = signature[:64] + bytes([27 + signature[64]])
    assert Account.recover_message(encode_defunct(text="Sign in to the shop"), signature=vrs) == account(home)
    home.close()


def test_a_message_is_not_signed_where_the_policy_is_silent(home):
    assert home.birth is not None
    text = personal_message("Sign in to the shop")
    request = account_request(home.birth.wallet_id, LOCAL, text, account(home), home.clock())
    assert home.sign(Spend(request, text)).code == "policy.message"


# --- replacements -----------------------------------------------------------------------------------------------------


def bump(home: Household, first: Spend, **built: Any) -> Spend:
    return pay(home, request={"replaces": first.request.request_id}, **built)


def test_a_fee_bump_counts_only_what_it_adds_and_a_cancellation_nothing_but_its_fee(home):
    first = pay(home)
    sent(home, first, home.sign(first))
    second = bump(home, first, max_fee=40 * GWEI)
    sent(home, second, home.sign(second))
    most = ETHER + 21_000 * 40 * GWEI
    assert home["device0"].status().wallets[0].spent_today == (Spent(LOCAL, "", str(most)),)
    cancelled = bump(home, second, amount=0, to=account(home), max_fee=50 * GWEI)
    sent(home, cancelled, home.sign(cancelled))
    assert home["device0"].status().wallets[0].spent_today == (Spent(LOCAL, "", str(most)),)


def test_a_token_payment_can_be_cancelled_by_a_dearer_unit_though_in_all_it_costs_less(home):
    """Nodes compare the price of gas; sending nothing to oneself uses a quarter of a token payment's."""
    first = pay(home, 0, to=TOKEN, data=token_call("a9059cbb", SHOP, 25_000_000))
    sent(home, first, home.sign(first))
    before = home["device0"].status().wallets[0].spent_today
    cancelled = bump(home, first, amount=0, to=account(home), max_fee=33 * GWEI)
    assert int(cancelled.request.fee_ceiling) < int(first.request.fee_ceiling)
    sent(home, cancelled, home.sign(cancelled))
    assert home["device0"].status().wallets[0].spent_today == before
    again = bump(home, cancelled, amount=0, to=account(home), max_fee=32 * GWEI)
    assert home.sign(again).code == "transaction.fee-bump"
    revived = bump(home, cancelled, amount=0, to=TOKEN, data=token_call("a9059cbb", SHOP, 25_000_000))
    assert home.sign(revived).code == "transaction.not-a-replacement"


@pytest.mark.parametrize(
    ("built", "code"),
    [
        ({"nonce": 1, "max_fee": 40 * GWEI}, "transaction.not-a-replacement"),  # both could happen
        ({"to": CROOK, "max_fee": 40 * GWEI}, "transaction.not-a-replacement"),
        ({"amount": ETHER - 1, "max_fee": 40 * GWEI}, "transaction.not-a-replacement"),
        ({"max_fee": 20 * GWEI}, "transaction.fee-bump"),
    ],
)
def test_what_only_calls_itself_a_replacement_is_refused(home, built, code):
    first = pay(home)
    sent(home, first, home.sign(first))
    assert home.sign(bump(home, first, **built)).code == code


# --- preparing -------------------------------------------------------------------------------------------------------


def test_whoever_runs_the_service_cannot_have_correlations_made_with_strangers_or_for_other_wallets(home):
    device = home["device0"]

    def code(**fields: Any) -> str:
        assert home.birth is not None
        participants = tuple(sorted(home[name].identity for name in home.names))
        opening = OpenCorrelating(random(16), home.birth.wallet_id, participants, 1)
        (answer,) = device.send(msgspec.structs.replace(opening, **fields))
        assert isinstance(answer, SessionFailed)
        return error_of(answer.refusal).code

    assert code(wallet_id=bytes(32)) == "input.unknown-wallet"
    assert code(participants=tuple(sorted((device.identity, random(32))))) == "input.participants"
    assert code(participants=tuple(sorted(home[name].identity for name in ("device1", "device2")))) == (
        "input.participants"
    )


def test_a_wallet_without_an_ecdsa_key_has_nothing_to_prepare(tmp_path):
    home = Household(tmp_path, 2)
    home.make_wallet(2)
    assert home.correlate(1).code == "input.no-key"
    home.close()


def test_a_device_that_lost_its_pool_is_found_out_before_anything_is_signed(home):
    """One side forgot (here: a restart on a platform that does not recognise an old disk), the other did not."""
    home["device1"].restart()
    payment = pay(home)
    outcome = home.sign(payment, ["device0", "device1"])
    assert set(outcome.codes.values()) == {"session.correlations-missing"}
    assert not home.correlate(1, ["device0", "device1"]).failed
    sent(home, payment, home.sign(payment, ["device0", "device1"]))


def test_no_secret_of_a_correlation_lies_readable_on_the_disk(home):
    stored = [
        bytes(row[0]) for row in home["device0"].device.store.execute("SELECT stored FROM correlations")
    ]
    assert len(stored) == 6
    disk = home["device0"].disk()
    for correlation in stored:
        assert correlation[100:132] not in disk
