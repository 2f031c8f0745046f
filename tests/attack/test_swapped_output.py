"""The service swaps what an authorized transfer pays: each signer reads the bytes itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.accounts import CROOK, ETHER, LOCAL, SHOP, TOKEN, ether_payment, sol_payment, token_call
from tests.support.attacker import Attacker, account, of_account, sol, with_outputs
from tests.support.simulator import BTC, FRIEND_SCRIPT, PASSPHRASE, THIEF_SCRIPT, Household, signed

from warifu.chains.bitcoin.transaction import TxOutput
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SOLANA_THIEF = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
Outputs = list[TxOutput]


def to_thief(amount: int) -> TxOutput:
    return TxOutput(Satoshi(amount), THIEF_SCRIPT)


def all_of_it(outputs: Outputs) -> Outputs:
    return [TxOutput(outputs[0].amount, THIEF_SCRIPT), *outputs[1:]]


def part_of_it(outputs: Outputs) -> Outputs:
    return [TxOutput(Satoshi(outputs[0].amount - 1000), FRIEND_SCRIPT), to_thief(1000), *outputs[1:]]


def one_more(outputs: Outputs) -> Outputs:
    change = TxOutput(Satoshi(outputs[1].amount - 50_000), outputs[1].script)
    return [outputs[0], change, to_thief(50_000)]


def the_change(outputs: Outputs) -> Outputs:
    return [outputs[0], TxOutput(outputs[1].amount, THIEF_SCRIPT)]


def both_exchanged(outputs: Outputs) -> Outputs:
    """The recipient gets what should come back, the wallet what should be paid."""
    return [TxOutput(outputs[1].amount, outputs[0].script), TxOutput(outputs[0].amount, outputs[1].script)]


def only_the_order(outputs: Outputs) -> Outputs:
    """The same payment in another transaction: of two such, both could happen."""
    return list(reversed(outputs))


SWAPS: list[tuple[Callable[[Outputs], Outputs], str]] = [
    (all_of_it, "transaction.swapped-output"),
    (part_of_it, "transaction.wrong-amount"),
    (one_more, "transaction.extra-output"),
    (the_change, "transaction.extra-output"),
    (both_exchanged, "transaction.wrong-amount"),
    (only_the_order, "transaction.other-transaction"),
]


@pytest.mark.parametrize(("swap", "code"), SWAPS)
def test_no_signer_signs_another_payment_than_the_owner_named(home, attacker, swap, code):
    payment = home.pay()
    notes = attacker.refused(code, lambda: attacker.show(payment, [with_outputs(payment, swap)]))
    assert {note.device for note in notes} == {"device0", "device1"}
    assert {note.by.kind for note in notes} == {"owner"}, (
        "the owner did ask for something, and sees what became of it"
    )
    assert home["device0"].status().wallets[0].tries_left == 5
    assert signed(payment, home.sign(payment)), "and what was asked for can still be done"


@pytest.mark.parametrize(("swap", "code"), SWAPS)
def test_a_corrupted_signer_that_agrees_to_it_is_alone(home, attacker, swap, code):
    attacker.corrupt("device1")
    payment = home.pay()
    attacker.refused(code, lambda: attacker.show(payment, [with_outputs(payment, swap)]))


def test_the_honest_signer_is_shown_the_truth_and_the_corrupted_one_the_lie(home, attacker):
    attacker.corrupt("device1")
    payment = home.pay()
    lie = with_outputs(payment, all_of_it)
    attacker.refused("peer.transaction-differs", lambda: attacker.show(payment, [payment.unsigned, lie]))


def test_each_of_two_honest_signers_is_shown_another_transaction(home, attacker):
    payment, other = home.pay(), home.pay(BTC // 2, first_coin=3)
    attacker.refused(
        "transaction.wrong-amount", lambda: attacker.show(payment, [payment.unsigned, other.unsigned])
    )


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (ether_payment(to=CROOK), "transaction.swapped-recipient"),
        (ether_payment(ETHER + 1), "transaction.wrong-amount"),
        (ether_payment(nonce=1), "transaction.other-transaction"),
        (ether_payment(0, to=TOKEN, data=token_call("a9059cbb", SHOP, 1)), "transaction.wrong-token"),
        (ether_payment(chain="eip155:1"), "transaction.wrong-chain"),
    ],
    ids=["recipient", "amount", "nonce", "token", "chain"],
)
def test_nor_on_ethereum(wide_home: Household, wide_attacker: Attacker, lie, code):
    payment = of_account(wide_home, LOCAL, ether_payment(), fee_ceiling=str(ETHER // 100))
    wide_attacker.refused(code, lambda: wide_attacker.show(payment, [lie]))
    assert sorted(wide_home["device0"].status().wallets[0].correlations) == [0, 2, 2], "nothing was used up"


def test_nor_a_token_s_recipient(wide_home: Household, wide_attacker: Attacker):
    payment = of_account(wide_home, LOCAL, ether_payment(0, to=TOKEN, data=token_call("a9059cbb", SHOP, 5)))
    lie = ether_payment(0, to=TOKEN, data=token_call("a9059cbb", CROOK, 5))
    wide_attacker.refused("transaction.swapped-recipient", lambda: wide_attacker.show(payment, [lie]))


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (lambda me: sol_payment(me, to=SOLANA_THIEF), "transaction.swapped-recipient"),
        (lambda me: sol_payment(me, 10**9 + 1), "transaction.wrong-amount"),
        (lambda me: sol_payment(me, blockhash=b"\x12" * 32), "transaction.other-transaction"),
    ],
    ids=["recipient", "amount", "another moment"],
)
def test_nor_on_solana(wide_home: Household, wide_attacker: Attacker, lie, code):
    payment = sol(wide_home)
    made = lie(account(wide_home, "solana"))
    wide_attacker.refused(code, lambda: wide_attacker.show(payment, [made]))


def test_the_passphrase_does_not_matter_where_the_transaction_is_another(home, attacker):
    """The envelope is not even opened: a swap costs the owner no try."""
    payment = home.pay()
    kept = home.authorized(payment.request, ("device0", "device1"), PASSPHRASE + "?")
    lie = with_outputs(payment, all_of_it)
    attacker.refused("transaction.swapped-output", lambda: attacker.show(payment, [lie], authorized=kept))
    assert home["device0"].status().wallets[0].tries_left == 5
