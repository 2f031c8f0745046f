"""Addresses that look like an allowed one, are of another network, or are written otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.accounts import (
    CROOK,
    ETHER,
    LOCAL,
    PAYEE,
    SHOP,
    ether_payment,
    ethereum_rules,
    sol_payment,
    solana_rules,
)
from tests.support.attacker import ALL_CHAINS, PAIR, Attacker, account, of_account
from tests.support.simulator import (
    FRIEND,
    FRIEND_SCRIPT,
    THIEF,
    THIEF_SCRIPT,
    Household,
    bitcoin_policy,
    signed,
)

from warifu.chains.bitcoin.address import address_for
from warifu.chains.bitcoin.network import Network
from warifu.protocol.request import Outflow

pytestmark = [pytest.mark.unit, pytest.mark.slow]

ALIKE_SCRIPT = FRIEND_SCRIPT[:-1] + bytes([FRIEND_SCRIPT[-1] ^ 1])
ALIKE = address_for(ALIKE_SCRIPT, Network.REGTEST) or ""
"""One bit of the key's hash is another: the address begins as the friend's does."""


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Household]:
    """A wallet that pays one friend, one shop and one account, and nobody else."""
    household = Household(tmp_path, 2)
    rules = [
        ethereum_rules(any_destination=False, destinations=(SHOP,)),
        msgspec.structs.replace(solana_rules(), any_destination=False, destinations=(PAYEE,)),
    ]
    household.make_wallet(2, bitcoin_policy(destinations=[FRIEND], others=rules), schemes=ALL_CHAINS)
    assert not household.correlate(1).failed
    yield household
    household.close()


def test_what_is_on_the_list_is_paid(listed: Household):
    payment = listed.pay()
    assert signed(payment, listed.sign(payment))


def test_a_look_alike_that_the_owner_was_made_to_authorize(listed: Household):
    """The client's screen showed it, the owner compared its ends and said yes. The policy compares all of it."""
    assert ALIKE[:36] == FRIEND[:36] and ALIKE != FRIEND
    attacker = Attacker(listed)
    for to, script in ((ALIKE, ALIKE_SCRIPT), (THIEF, THIEF_SCRIPT)):
        attacker.refused("policy.destination", listed.sign, listed.pay(to=to, script=script))


def test_a_look_alike_in_the_bytes_under_the_friends_name(listed: Household):
    attacker = Attacker(listed)
    lie = listed.pay(to=ALIKE, script=ALIKE_SCRIPT)
    named = msgspec.structs.replace(lie.request, outflows=(Outflow("payment", "", "60000", FRIEND),))
    lie.request = named
    attacker.refused("transaction.swapped-output", lambda: listed.sign(lie))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (FRIEND[:10] + FRIEND[10:].upper(), "input.address"),
        (FRIEND[:-1] + ("q" if FRIEND[-1] != "q" else "p"), "input.address"),
        (FRIEND + " ", "input.address"),
        (" " + FRIEND, "input.address"),
        (FRIEND + "\0", "input.address"),
        (FRIEND.replace("q", "\u0430", 1), "input.address"),
        (FRIEND.replace("1", "l", 1), "input.address"),
        ("\u202e" + FRIEND, "input.address"),
        ("bitcoin:" + FRIEND, "input.address"),
        (address_for(FRIEND_SCRIPT, Network.BITCOIN), "input.wrong-network"),
        (address_for(FRIEND_SCRIPT, Network.TESTNET), "input.wrong-network"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "input.wrong-network"),
        ("", "input.address"),
        ("a" * 100, "input.address"),
    ],
    ids=range(14),
)
def test_bitcoin_addresses_that_are_written_otherwise_or_are_of_another_network(
    listed: Household, address, code
):
    payment = listed.pay(outflows=(Outflow("payment", "", "60000", address),))
    Attacker(listed).refused(code, lambda: listed.sign(payment))


def test_capital_letters_are_the_same_address_and_the_same_place_on_the_list(listed: Household):
    """BIP-173 allows it, for QR codes. What the policy compares is what the signer read in the bytes."""
    payment = listed.pay(outflows=(Outflow("payment", "", "60000", FRIEND.upper()),))
    assert signed(payment, listed.sign(payment))
    theft = listed.pay(
        to=THIEF, script=THIEF_SCRIPT, outflows=(Outflow("payment", "", "60000", THIEF.upper()),)
    )
    Attacker(listed).refused("policy.destination", lambda: listed.sign(theft))


@pytest.mark.parametrize(
    "address",
    [
        SHOP.lower(),
        SHOP.upper().replace("0X", "0x"),
        SHOP.swapcase().replace("0X", "0x"),
        SHOP[2:],
        "0X" + SHOP[2:],
        SHOP + " ",
        SHOP + "\0",
        "0x" + SHOP[2:].replace("8", "\uff18", 1),
        SHOP[:-1],
        "0x00" + SHOP[2:],
        "shop.eth",
        "",
    ],
    ids=range(12),
)
def test_an_account_has_one_spelling(listed: Household, address):
    """Who authorizes another spelling authorizes nobody: it is compared whole, and never resolved."""
    payment = of_account(
        listed, LOCAL, ether_payment(), outflows=(Outflow("payment", "", str(ETHER), address),)
    )
    Attacker(listed).refused({"transaction.swapped-recipient"}, lambda: listed.sign(payment, PAIR))


def test_accounts_that_begin_and_end_like_the_shop_s(listed: Household):
    attacker = Attacker(listed)
    for middle in ("0" * 30, "f" * 30):
        from warifu.chains.ethereum.address import format_address

        alike = format_address(bytes.fromhex(SHOP[2:7] + middle + SHOP[37:]))
        assert alike[:7].lower() == SHOP[:7].lower() and alike[-5:].lower() == SHOP[-5:].lower()
        agreed = of_account(listed, LOCAL, ether_payment(to=alike))
        attacker.refused("policy.destination", listed.sign, agreed, PAIR)
    crook = of_account(listed, LOCAL, ether_payment(to=CROOK))
    attacker.refused("policy.destination", lambda: listed.sign(crook, PAIR))


def test_the_same_address_on_another_chain_is_another_account(listed: Household):
    other = of_account(listed, "eip155:1", ether_payment(chain="eip155:1"))
    Attacker(listed).refused("policy.chain", lambda: listed.sign(other, PAIR))


@pytest.mark.parametrize(
    "address", [PAYEE.lower(), PAYEE + " ", PAYEE[:-1], "1" + PAYEE, PAYEE.replace("1", "l", 1) + "l"]
)
def test_a_solana_account_has_one_spelling(listed: Household, address):
    me = account(listed, "solana")
    payment = of_account(
        listed, "solana", sol_payment(me), outflows=(Outflow("payment", "", str(10**9), address),)
    )
    Attacker(listed).refused("transaction.swapped-recipient", lambda: listed.sign(payment, PAIR))


def test_a_solana_account_that_is_not_on_the_list(listed: Household):
    thief = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
    agreed = of_account(listed, "solana", sol_payment(account(listed, "solana"), to=thief))
    Attacker(listed).refused("policy.destination", lambda: listed.sign(agreed, PAIR))
