"""Banks of both Coinbases in the same words, and which of the listed transfers a lost request can have made."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from warifu.errors import InputRefused
from warifu.exchanges.banking import Bank, BankTransfer, Direction
from warifu.exchanges.banks import BANKING
from warifu.exchanges.calls import Call
from warifu.exchanges.failures import ExchangeFailed
from warifu.exchanges.http import HttpAnswer

pytestmark = pytest.mark.unit

D = Decimal
NAMES = ("coinbase", "coinbase-exchange")
BANK, OTHER = "83562370-3e5c-51db-87da-752af5ab9559", "11111111-3e5c-51db-87da-752af5ab9559"
FIRST, LAST = 1_800_000_000_000, 1_800_000_600_000
DURING, BEFORE = "2027-01-15T08:03:20Z", "2027-01-15T07:50:00Z"
BOTH = pytest.mark.parametrize("name", NAMES)


def answered(body: Any, after: str = "") -> HttpAnswer:
    headers = (("cb-after", after),) if after else ()
    return HttpAnswer(200, headers, json.dumps(body).encode())


def wanted(direction: Direction = "withdrawal", amount: str = "250.25") -> BankTransfer:
    return BankTransfer(direction, BANK, D(amount), "USD", "wallet-1")


def one(name: str, number: str, made: str, bank: str = BANK, amount: str = "250.25", **more: Any) -> Any:
    if name == "coinbase-exchange":
        return {
            "id": number,
            "type": "withdraw",
            "created_at": made,
            "amount": amount,
            "currency": "USD",
            "details": {"coinbase_payment_method_id": bank},
            **more,
        }
    return {
        "id": number,
        "status": "completed",
        "amount": {"amount": amount, "currency": "USD"},
        "committed": True,
        "payment_method": {"id": bank},
        "created_at": made,
        **more,
    }


def page(name: str, *items: Any, after: str = "") -> HttpAnswer:
    if name == "coinbase-exchange":
        return answered(list(items), after)
    return answered({"data": list(items), "pagination": {"next_starting_after": after or None}})


def alike(name: str) -> Call[Any]:
    return BANKING[name].alike(wanted(), FIRST, LAST)


@BOTH
def test_a_bank_is_what_the_policy_can_name(name: str) -> None:
    method = {"id": BANK, "type": "ACH", "name": "Bank ****1", "currency": "USD", "allow_withdraw": True}
    body = [method] if name == "coinbase-exchange" else {"payment_methods": [method]}
    found = BANKING[name].banks().read(answered(body))
    assert found.items == (Bank(BANK, "Bank ****1", "ACH", "USD", False, True),)
    assert found.items[0].place == f"payment-method:{BANK}"
    assert found.items[0].takes("withdrawal") and not found.items[0].takes("deposit")


@BOTH
def test_each_way_is_asked_for_by_its_own_path_and_committed_at_once(name: str) -> None:
    asked = {
        direction: BANKING[name].transfer(wanted(direction)).unsigned
        for direction in ("deposit", "withdrawal")
    }
    assert {
        direction: each.path.split("/")[-1 if name == "coinbase" else 1] for direction, each in asked.items()
    } == {
        "deposit": "deposits",
        "withdrawal": "withdrawals",
    }
    for each in asked.values():
        body = json.loads(each.body)
        assert (each.method, body["amount"], body["currency"]) == ("POST", "250.25", "USD")
        assert BANK in body.values() and body.get("commit", True) is True


@BOTH
def test_only_what_is_of_this_bank_amount_and_time_can_be_it(name: str) -> None:
    found = alike(name).read(
        page(
            name,
            one(name, "1", DURING),
            one(name, "2", DURING, bank=OTHER),
            one(name, "3", DURING, amount="250.26"),
            one(name, "4", BEFORE),
        )
    )
    assert [each.id for each in found.items] == ["1"]
    assert found.more is None


@BOTH
def test_the_list_is_read_on_until_it_reaches_back_to_before(name: str) -> None:
    first = alike(name).read(page(name, one(name, "1", DURING), after="17"))
    assert first.more is not None
    assert ("after" if name == "coinbase-exchange" else "starting_after", "17") in first.more.unsigned.query
    last = first.more.read(page(name, one(name, "2", DURING), one(name, "3", BEFORE), after="18"))
    assert ([each.id for each in last.items], last.more) == (["2"], None)


def test_how_far_it_is_and_what_it_cost() -> None:
    [app] = (
        alike("coinbase")
        .read(page("coinbase", one("coinbase", "1", DURING, fee={"amount": "1.50", "currency": "USD"})))
        .items
    )
    assert (app.status, app.fee) == ("done", D("1.50"))
    states = [
        alike("coinbase-exchange").read(
            page("coinbase-exchange", one("coinbase-exchange", "1", DURING, **more))
        )
        for more in ({}, {"completed_at": DURING}, {"canceled_at": DURING})
    ]
    assert [found.items[0].status for found in states] == ["pending", "done", "cancelled"]
    with pytest.raises(ExchangeFailed):  # a state that no table knows is not guessed at
        alike("coinbase").read(page("coinbase", one("coinbase", "1", DURING, status="held")))


def test_an_amount_is_above_zero() -> None:
    with pytest.raises(InputRefused):
        wanted(amount="0")
