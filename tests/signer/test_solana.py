"""Solana through the signers: the same passphrase, policy and devices, another curve; the whole message is signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.signing import VerifyKey
from solders.pubkey import Pubkey
from tests.chains.solana import messages
from tests.support.accounts import PAYEE, SOL, account_request, sol_payment, solana_rules
from tests.support.simulator import Household, Outcome, Spend, bitcoin_policy

from warifu.protocol.chains import Scheme
from warifu.protocol.encoding import decode
from warifu.protocol.frames import Spent, TransferSignatures

pytestmark = [pytest.mark.unit, pytest.mark.slow]

THIEF = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
SCHEMES: tuple[Scheme, ...] = ("bip340", "ed25519")


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 3)
    household.make_wallet(2, bitcoin_policy(others=[solana_rules()]), schemes=SCHEMES)
    yield household
    household.close()


def account(home: Household) -> str:
    device = home["device0"].device
    assert home.birth is not None
    return device.wallets.born(home.birth.wallet_id).solana


def pay(home: Household, amount: int = SOL, *, unsigned: bytes = b"", **fields: Any) -> Spend:
    assert home.birth is not None
    message = unsigned or sol_payment(account(home), amount)
    honest = sol_payment(account(home), amount)
    request = account_request(home.birth.wallet_id, "solana", honest, account(home), home.clock(), **fields)
    return Spend(request, message)


def signature(home: Household, payment: Spend, outcome: Outcome) -> bytes:
    (result,) = set(outcome.finished.values())
    (made,) = decode(TransferSignatures, result, 2**20).signatures
    key = home.birth.key("ed25519").threshold_public if home.birth else b""
    VerifyKey(key).verify(payment.unsigned, made)
    return made


@pytest.mark.parametrize(
    "who", [("device0", "device1"), ("device1", "device2"), ("device0", "device1", "device2")]
)
def test_any_quorum_signs_the_message_as_one_ordinary_ed25519_key(home, who):
    payment = pay(home)
    signature(home, payment, home.sign(payment, who))


def test_what_leaves_is_counted_with_its_fee_and_apart_from_bitcoin(home):
    payment = pay(home)
    signature(home, payment, home.sign(payment))
    assert home["device0"].status().wallets[0].spent_today == (Spent("solana", "", str(SOL + 5000)),)
    bitcoin = home.pay()
    assert not home.sign(bitcoin).failed
    assert [spent.chain for spent in home["device0"].status().wallets[0].spent_today] == ["bitcoin", "solana"]


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (lambda me: sol_payment(me, to=THIEF), "transaction.swapped-recipient"),
        (lambda me: sol_payment(me, SOL + 1), "transaction.wrong-amount"),
        (lambda me: sol_payment(me, blockhash=b"\x12" * 32), "transaction.other-transaction"),
        (lambda me: sol_payment(THIEF), "transaction.foreign-account"),
        (lambda me: sol_payment(me)[:-1], "input.message-form"),
        (lambda me: b"", "input.message-form"),
    ],
)
def test_another_message_than_the_owner_named_is_refused_before_the_passphrase_is_touched(home, lie, code):
    payment = pay(home, unsigned=lie(account(home)) or b"\0")
    outcome = home.sign(payment, passphrase="not even the passphrase")
    assert outcome.code == code
    assert home["device0"].status().wallets[0].tries_left == 5


def test_the_policy_of_the_chain_is_asked(home):
    assert home.sign(pay(home, 2 * SOL)).code == "policy.per-transaction-limit"  # with the fee
    assert home.sign(pay(home, 2 * SOL - 5000)).finished


def test_a_log_in_by_a_transaction_of_words_alone_is_signed_only_where_messages_are(home):
    words = messages.message(messages.memo(b"sign in"), payer=Pubkey.from_string(account(home)))
    assert home.birth is not None
    request = account_request(home.birth.wallet_id, "solana", words, account(home), home.clock())
    assert [outflow.kind for outflow in request.outflows] == ["message"]
    assert home.sign(Spend(request, words)).code == "policy.message"
    silent = msgspec.structs.replace(request, outflows=())
    assert home.sign(Spend(silent, words)).code == "transaction.extra-outflow"


def test_a_wallet_without_such_a_key_signs_nothing_there(tmp_path):
    home = Household(tmp_path, 2)
    birth = home.make_wallet(2, bitcoin_policy(others=[solana_rules()]))
    payment = Spend(
        account_request(birth.wallet_id, "solana", sol_payment(PAYEE), PAYEE, home.clock()),
        sol_payment(PAYEE),
    )
    assert home.sign(payment).code == "input.no-key"
    home.close()


def test_a_chain_without_rules_lets_nothing_leave(tmp_path):
    home = Household(tmp_path, 2)
    home.make_wallet(2, bitcoin_policy(), schemes=SCHEMES)
    assert home.sign(pay(home)).code == "policy.chain"
    home.close()


def test_a_dry_run_explains_every_rule(home):
    payment = pay(home, 3 * SOL)
    decision = home["device0"].decide(payment.request, payment.unsigned)
    assert not decision.allowed
    assert any("DENIED (per-transaction-limit): 3.000005 SOL" in rule for rule in decision.rules)


def test_one_authorization_is_for_one_chain(home):
    payment = pay(home)
    payment.request = msgspec.structs.replace(payment.request, chain="bitcoin")
    assert home.sign(payment).code.startswith("input.")


def test_the_same_request_again_is_answered_from_memory(home):
    payment = pay(home)
    first = signature(home, payment, home.sign(payment))
    assert signature(home, payment, home.sign(payment)) == first
    assert home["device0"].status().wallets[0].spent_today == (Spent("solana", "", str(SOL + 5000)),)
