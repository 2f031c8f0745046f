"""Which bank is meant, who may ask for a bank transfer at all, and what a policy lacks for one."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from warifu.cli.exchanges import banks as exchange_banks
from warifu.cli.exchanges.banks import banking_of, chosen, require_rules, require_whole
from warifu.errors import InputRefused, PolicyDenied
from warifu.exchanges.banking import Bank, BankTransfer
from warifu.exchanges.banks import BANKING
from warifu.protocol.policy import ExchangeRules

pytestmark = pytest.mark.unit

HOME, WORK = (
    Bank(
        f"{number}3562370-3e5c-51db-87da-752af5ab9559", f"Bank ****{number}", "ACH", "USD", True, number == 1
    )
    for number in (1, 2)
)


def account(exchange: str = "coinbase", key: str = "es256") -> Any:
    return SimpleNamespace(account=SimpleNamespace(exchange=exchange, key=key))


def test_a_bank_is_named_by_identifier_or_name_or_is_the_only_one_that_can() -> None:
    assert chosen([HOME, WORK], "withdrawal", None) == HOME  # the other one takes deposits alone
    assert chosen([HOME, WORK], "deposit", WORK.id) == chosen([HOME, WORK], "deposit", WORK.name) == WORK
    for banks, direction, named in (
        ([HOME, WORK], "deposit", None),
        ([HOME, WORK], "withdrawal", WORK.id),
        ([], "deposit", None),
        ([HOME, HOME], "deposit", HOME.name),
        ([HOME], "deposit", HOME.id[:8]),
    ):
        with pytest.raises(InputRefused) as refused:
            chosen(banks, direction, named)  # type: ignore[arg-type]
        assert refused.value.reason == "which-bank"


def test_it_takes_an_exchange_that_has_banks_and_a_key_that_is_whole() -> None:
    assert banking_of(account()) is BANKING["coinbase"]
    with pytest.raises(InputRefused) as nowhere:
        banking_of(account("binance", "ed25519-born"))
    assert nowhere.value.reason == "no-bank"
    require_whole(account(key="hmac"))
    with pytest.raises(PolicyDenied) as shared:
        require_whole(account(key="ed25519-split"))
    assert shared.value.reason == "not-comparable" and "ES256" in shared.value.remedy


@pytest.mark.parametrize(
    ("endpoints", "inside", "reason", "said"),
    [
        (("POST /v2/accounts/*/withdrawals",), (HOME.place,), None, ()),
        (("POST /v2/accounts/*/withdrawals",), (), "destination", (f'inside = ["{HOME.place}"]',)),
        (("POST /v2/accounts/*/withdrawals",), (WORK.place,), "destination", (HOME.id,)),
        ((), (HOME.place,), "endpoint", ('"POST /v2/accounts/*/withdrawals"',)),
        ((), (), "endpoint", ('"POST /v2/accounts/*/withdrawals"', HOME.place)),
    ],
)
def test_what_a_policy_lacks_is_said_in_lines_that_can_be_added_to_it(
    monkeypatch: pytest.MonkeyPatch,
    endpoints: tuple[str, ...],
    inside: tuple[str, ...],
    reason: str | None,
    said: tuple[str, ...],
) -> None:
    rules = ExchangeRules("coinbase", endpoints, (), (), inside=inside)
    monkeypatch.setattr(exchange_banks, "rules_of", lambda _: rules)
    wanted = BankTransfer("withdrawal", HOME.id, Decimal(1), "USD", "wallet-1")
    asked = (BANKING["coinbase"].transfer(wanted).unsigned,)
    if reason is None:
        require_rules(account(), asked, HOME.place)
        return
    with pytest.raises(PolicyDenied) as denied:
        require_rules(account(), asked, HOME.place)
    assert denied.value.reason == reason
    assert all(line in denied.value.message for line in said)
