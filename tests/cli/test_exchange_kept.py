"""What was asked of an exchange is on the owner's disk before it is sent, and can be asked for afterwards."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.cli.exchanges.kept import (
    KeptTransfer,
    all_kept,
    forget,
    keep,
    keep_anew,
    kept_order,
    kept_withdrawal,
    new_identifier,
    recall,
)
from warifu.errors import InputRefused, StoreDamaged
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.market import Order, Pair

pytestmark = pytest.mark.unit

NOW = 1_800_000_000


def an_order(client_id: str, size: Decimal = Decimal("0.010")) -> Order:
    return Order(
        client_id, Pair("BTC", "USD"), "buy", "limit", size, price=Decimal("65000.10"), post_only=True
    )


def a_withdrawal(client_id: str) -> Withdrawal:
    return Withdrawal(client_id, "BTC", "BTC", "bcrt1qhome", Decimal("0.05"), without_memo=True, wallet="w-1")


@settings(max_examples=50, deadline=None)
@given(st.decimals(min_value="0.00000001", max_value="1000000", places=8))
def test_an_order_is_asked_for_as_it_was_sent_to_the_last_digit(size: Decimal) -> None:
    order = an_order(new_identifier(), size)
    assert kept_order("savings", "main", "binance", order, NOW, NOW + 300).order() == order


def test_what_is_kept_is_found_again_and_forgotten_once(tmp_path: Path) -> None:
    order, withdrawal = an_order(new_identifier()), a_withdrawal(new_identifier())
    keep(tmp_path, kept_order("savings", "main", "binance", order, NOW + 1, NOW + 300))
    keep(tmp_path, kept_withdrawal("savings", "main", "binance", withdrawal, NOW, NOW + 300))
    found = recall(tmp_path, order.client_id, "savings", "main")
    assert found == kept_order("savings", "main", "binance", order, NOW + 1, NOW + 300)
    assert [one.client_id for one in all_kept(tmp_path, "savings", "main")] == [
        withdrawal.client_id,
        order.client_id,
    ]
    for _ in range(2):
        forget(tmp_path, order.client_id)
    with pytest.raises(InputRefused):
        recall(tmp_path, order.client_id, "savings", "main")


def test_another_account_does_not_see_it(tmp_path: Path) -> None:
    order = an_order(new_identifier())
    keep(tmp_path, kept_order("savings", "main", "binance", order, NOW, NOW + 300))
    for wallet, account in (("savings", "other"), ("other", "main")):
        with pytest.raises(InputRefused):
            recall(tmp_path, order.client_id, wallet, account)
        assert all_kept(tmp_path, wallet, account) == []


def test_nothing_is_kept_twice_under_one_identifier(tmp_path: Path) -> None:
    order = an_order(new_identifier())
    keep(tmp_path, kept_order("savings", "main", "binance", order, NOW, NOW + 300))
    with pytest.raises(StoreDamaged):
        keep(tmp_path, kept_order("savings", "main", "binance", order, NOW, NOW + 300))


@pytest.mark.parametrize("identifier", ["", "../api-key", "x" * 36, "00000000-0000-0000-0000-000000000000"])
def test_an_identifier_that_is_none_leads_to_no_file(tmp_path: Path, identifier: str) -> None:
    with pytest.raises(InputRefused):
        recall(tmp_path, identifier, "savings", "main")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"kind_of":"order"}', b"\xff", b"[" * 8000])
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    order = an_order(new_identifier())
    keep(tmp_path, kept_order("savings", "main", "binance", order, NOW, NOW + 300))
    (tmp_path / "exchange" / order.client_id).write_bytes(content)
    with pytest.raises(StoreDamaged):
        recall(tmp_path, order.client_id, "savings", "main")


def test_identifiers_are_random_uuids() -> None:
    assert len({new_identifier() for _ in range(100)}) == 100
    for identifier in (new_identifier() for _ in range(100)):
        an_order(identifier)  # an order takes nothing else


def a_transfer(client_id: str, **fields: Any) -> KeptTransfer:
    made = KeptTransfer(
        wallet="savings",
        account="main",
        exchange="coinbase",
        made=NOW,
        until=NOW + 300,
        client_id=client_id,
        direction="withdrawal",
        bank="bank-1",
        bank_name="Bank ****1",
        amount=Decimal("250.25"),
        currency="USD",
        source="w-1",
        alike=("17", "18"),
    )
    return msgspec.structs.replace(made, **fields)


def test_a_bank_transfer_is_kept_before_it_is_sent_and_what_it_is_called_afterwards(tmp_path: Path) -> None:
    kept = a_transfer(new_identifier())
    keep(tmp_path, kept)
    assert recall(tmp_path, kept.client_id, "savings", "main") == kept
    wanted = kept.wanted()
    assert (wanted.direction, wanted.bank, wanted.amount) == ("withdrawal", "bank-1", Decimal("250.25"))
    named = msgspec.structs.replace(kept, transfer="19")
    keep_anew(tmp_path, named)
    assert all_kept(tmp_path, "savings", "main") == [named]
    with pytest.raises(StoreDamaged):
        keep(tmp_path, kept)  # what is kept is never overwritten by a new request
