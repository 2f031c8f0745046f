"""Money of a country over the whole road: real devices, their own TLS, and the simulated Coinbase with its bank."""

import asyncio
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.exchange_road import ALL, CUSTOMER, Road, generous, road
from tests.support.sandbox import CDP_KEY, public_pem

from warifu.exchanges.calls import Call
from warifu.exchanges.coinbase import app, exchange, fiat
from warifu.protocol.policy import ExchangeRules, Policy
from warifu.sandbox.control import SetAccount, ShowAccount

pytestmark = pytest.mark.real

APP, EXCHANGE = app.api(), exchange.api()
D = Decimal
HOLDER = ALL[:1]
"""Both keys are whole: this device is asked alone."""
STRANGERS = "83562370-3e5c-51db-87da-752af5ab9559"
ASKED = {
    "coinbase": (
        "GET /v2/accounts",
        "GET /v2/accounts/*/withdrawals",
        "GET /v2/payment-methods",
        "POST /v2/accounts/*/withdrawals/*/commit",
    ),
    "coinbase-exchange": ("GET /payment-methods", "POST /withdrawals/payment-method"),
}


def paying(bank: str) -> Policy:
    """Payments to one bank, at two of Coinbase's doors."""

    def rules(found: ExchangeRules) -> ExchangeRules:
        endpoints = tuple(sorted({*found.endpoints, *ASKED.get(found.exchange, ())}))
        return msgspec.structs.replace(found, endpoints=endpoints, inside=(f"payment-method:{bank}",))

    made: Policy = generous()
    return msgspec.structs.replace(made, exchanges=tuple(map(rules, made.exchanges)))


def key_file(key: ec.EllipticCurvePrivateKey) -> str:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return msgspec.json.encode({"name": CDP_KEY, "privateKey": pem.decode()}).decode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    with road(tmp_path_factory.mktemp("road")) as made:
        made.simulation.do(SetAccount(exchange="coinbase", account=CUSTOMER))

        async def prepare() -> None:
            key = ec.generate_private_key(ec.SECP256R1())
            async with made.world.running() as client:
                for name in ALL:
                    await made.world.add_device(client, name)
                ceremony = await made.world.create_wallet(client, policy=paying(bank_of(made)))
                assert ceremony.state == "finished", ceremony.refusal
                await made.add_whole(client, key_file(key), public_pem(key.public_key()))
                await made.add_triplet(client)

        asyncio.run(prepare())
        yield made


def bank_of(home: Road) -> str:
    venue = home.simulation.venues["coinbase"]
    return venue.bank.method(venue.account(CUSTOMER))


def wallet_of(home: Road) -> str:
    return home.simulation.venues["coinbase"].account(CUSTOMER).wallets["USD"]


def paid(home: Road) -> list[Any]:
    """What the bank has of the customer's, newest first."""
    found: list[Any] = home.simulation.do(ShowAccount(exchange="coinbase", account=CUSTOMER))["bank"]
    return found


def wanted(home: Road, amount: str, bank: str = "") -> fiat.NewTransfer:
    return fiat.NewTransfer(
        account_id=wallet_of(home),
        amount=D(amount),
        currency="USD",
        payment_method=bank or bank_of(home),
        commit=True,
    )


def withdraw(ask: fiat.NewTransfer) -> Call[fiat.Made]:
    return APP.call(fiat.NEW_WITHDRAWAL, ask)


def from_the_exchange(home: Road, amount: str, bank: str = "") -> Call[exchange.funds.Moved]:
    ask = exchange.funds.FromPaymentMethod(
        amount=D(amount), currency="USD", payment_method_id=bank or bank_of(home)
    )
    return EXCHANGE.call(exchange.funds.WITHDRAW_TO_PAYMENT_METHOD, ask)


async def test_it_goes_to_the_bank_that_the_policy_names(home: Road) -> None:
    async with home.world.running() as client:
        [bank] = (
            await home.answer(client, "coinbase", APP.call(fiat.LINKED_BANKS, app.Paged()), HOLDER)
        ).data
        made = await home.answer(client, "coinbase", withdraw(wanted(home, "250.25", bank.id)), HOLDER)
        [one] = paid(home)
        assert (one.uuid, one.amount, one.direction) == (made.id, D("250.25"), "withdrawal")
        assert one.committed is not None
        moved = await home.answer(client, "coinbase-exchange", from_the_exchange(home, "17"), HOLDER)
        assert [(one.uuid, one.amount) for one in paid(home)] == [
            (moved.id, D(17)),
            (made.id, D("250.25")),
        ]


async def test_no_device_signs_a_payment_to_another_bank_too_large_a_one_or_a_commit(home: Road) -> None:
    before = paid(home)
    commit = fiat.OfWithdrawal(account_id=wallet_of(home), withdrawal_id=STRANGERS)
    async with home.world.running() as client:
        for account, call, reason in (
            ("coinbase", withdraw(wanted(home, "1", STRANGERS)), "policy.destination"),
            ("coinbase-exchange", from_the_exchange(home, "1", STRANGERS), "policy.destination"),
            ("coinbase", withdraw(wanted(home, "20000.01")), "policy.order-limit"),
            ("coinbase", APP.call(fiat.COMMIT_WITHDRAWAL, commit), "input.exchange-not-understood"),
        ):
            _, shown = await home.shown(client, account, call, HOLDER)
            assert shown.state == "refused" and shown.refusal is not None
            assert shown.refusal.code == reason
    assert paid(home) == before


async def test_one_whose_answer_was_lost_is_found_in_the_list_and_is_not_made_again(home: Road) -> None:
    asked, first, before = wanted(home, "33.33"), int(time.time() * 1000), len(paid(home))
    async with home.world.running() as client:
        home.fault(kind="lose-answer", api="coinbase-app", method="POST", times=1)
        _, shown = await home.shown(client, "coinbase", withdraw(asked), HOLDER)
        assert (shown.state, shown.outcome) == ("done", "unknown")
        listed = APP.call(fiat.WITHDRAWALS, fiat.TransfersOf(account_id=wallet_of(home)))
        page = await home.answer(client, "coinbase", listed, HOLDER)
    found = fiat.outcome(asked, page, first, int(time.time() * 1000))
    assert [one.id for one in found.made] == [paid(home)[0].uuid]
    assert found.whole and len(paid(home)) == before + 1
