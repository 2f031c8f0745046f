"""The description that the owner approves is not what the bytes do: what is signed is what was read, or nothing.

Here the owner was fooled as far as can be: the request names the very transaction, by its id, and describes it falsely.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from tests.support.accounts import (
    CROOK,
    ETHER,
    LOCAL,
    PAYEE,
    SHOP,
    SOL,
    TOKEN,
    ether_payment,
    sol_payment,
    token_call,
)
from tests.support.attacker import Attacker, account, of_account
from tests.support.simulator import FRIEND, THIEF, THIEF_SCRIPT, Household

from warifu.protocol.request import Outflow

pytestmark = [pytest.mark.unit, pytest.mark.slow]

TOKEN_PAID = ether_payment(0, to=TOKEN, data=token_call("a9059cbb", CROOK, 5_000_000))
APPROVED = ether_payment(0, to=TOKEN, data=token_call("095ea7b3", CROOK, 5_000_000))
CALLED = ether_payment(0, to=CROOK, data=bytes.fromhex("12345678") + bytes(32))


@pytest.mark.parametrize(
    ("outflows", "code"),
    [
        ((Outflow("payment", "", "60000", FRIEND),), "transaction.swapped-output"),
        ((Outflow("payment", "", "59999", THIEF),), "transaction.wrong-amount"),
        (
            (Outflow("payment", "", "60000", THIEF), Outflow("payment", "", "1000", FRIEND)),
            "transaction.missing-output",
        ),
        ((), "input.recipients"),
        ((Outflow("payment", TOKEN, "60000", THIEF),), "input.recipients"),
        ((Outflow("approval", "", "60000", THIEF),), "input.recipients"),
        ((Outflow("message", "", "0", THIEF),), "input.recipients"),
    ],
    ids=["recipient", "amount", "one less", "nobody", "a token", "an approval", "words"],
)
def test_bitcoin_that_is_described_as_something_else(home: Household, attacker: Attacker, outflows, code):
    theft = home.pay(to=THIEF, script=THIEF_SCRIPT)
    described = replace(theft, request=msgspec.structs.replace(theft.request, outflows=outflows))
    notes = attacker.refused(code, lambda: home.sign(described))
    assert {note.by.kind for note in notes} == {"owner"}


@pytest.mark.parametrize(
    ("unsigned", "outflows", "code"),
    [
        (TOKEN_PAID, (Outflow("payment", TOKEN, "5000000", SHOP),), "transaction.swapped-recipient"),
        (TOKEN_PAID, (Outflow("payment", "", "5000000", CROOK),), "transaction.wrong-token"),
        (TOKEN_PAID, (Outflow("payment", TOKEN, "5", CROOK),), "transaction.wrong-amount"),
        (TOKEN_PAID, (), "transaction.extra-outflow"),
        (APPROVED, (Outflow("payment", TOKEN, "5000000", CROOK),), "transaction.wrong-kind"),
        (APPROVED, (), "transaction.extra-outflow"),
        (CALLED, (Outflow("payment", "", "0", CROOK),), "transaction.wrong-kind"),
        (ether_payment(to=CROOK), (Outflow("call", "", str(ETHER), CROOK),), "transaction.wrong-kind"),
        (ether_payment(to=CROOK), (Outflow("message", "", "0", CROOK),), "transaction.wrong-kind"),
        (ether_payment(ETHER, to=CROOK), (Outflow("payment", "", "1", CROOK),), "transaction.wrong-amount"),
    ],
    ids=range(10),
)
def test_what_an_account_does_that_is_described_as_something_else(
    wide_home: Household, wide_attacker: Attacker, unsigned, outflows, code
):
    described = of_account(wide_home, LOCAL, unsigned, outflows=outflows)
    wide_attacker.refused(code, lambda: wide_home.sign(described))


@pytest.mark.parametrize(
    ("outflows", "code"),
    [
        ((Outflow("payment", "", str(SOL - 1), PAYEE),), "transaction.wrong-amount"),
        ((Outflow("payment", TOKEN, str(SOL), PAYEE),), "transaction.wrong-token"),
        ((), "transaction.extra-outflow"),
    ],
    ids=range(3),
)
def test_on_solana(wide_home: Household, wide_attacker: Attacker, outflows, code):
    unsigned = sol_payment(account(wide_home, "solana"))
    described = of_account(wide_home, "solana", unsigned, outflows=outflows)
    wide_attacker.refused(code, lambda: wide_home.sign(described))


def test_bytes_of_one_chain_under_a_request_for_another(wide_home: Household, wide_attacker: Attacker):
    paid = of_account(wide_home, LOCAL, ether_payment())
    for chain, code in (
        ("bitcoin", "input.recipients"),
        ("solana", "input.message-form"),
        ("eip155:1", "transaction.wrong-chain"),
    ):
        other = replace(
            paid, request=msgspec.structs.replace(paid.request, chain=chain, request_id=bytes(16))
        )
        wide_attacker.refused({code, "input.psbt-form"}, wide_home.sign, other)


def test_a_corrupted_signer_confirms_the_description(home: Household, attacker: Attacker):
    attacker.corrupt("device1")
    theft = home.pay(to=THIEF, script=THIEF_SCRIPT)
    lie = (Outflow("payment", "", "60000", FRIEND),)
    described = replace(theft, request=msgspec.structs.replace(theft.request, outflows=lie))
    attacker.refused("transaction.swapped-output", lambda: home.sign(described))
