"""Money of a country over the whole road: real devices, their own TLS, and the simulated Coinbase with its bank."""

import asyncio
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.service.test_policy_commands import Owner
from tests.service.test_recovery import owners_profile
from tests.support.exchange_road import ALL, CUSTOMER, Road, generous, road
from tests.support.sandbox import CDP_KEY, public_pem

from warifu.cli.commands import exchange as command
from warifu.cli.commands import exchange_looking as looking
from warifu.cli.creating import adopt
from warifu.cli.exchanges import banks as exchange_banks
from warifu.errors import InputRefused, PolicyDenied, WarifuError
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
        "GET /api/v3/brokerage/payment_methods",
        "GET /v2/accounts",
        "GET /v2/accounts/*/deposits",
        "GET /v2/accounts/*/withdrawals",
        "GET /v2/payment-methods",
        "POST /v2/accounts/*/deposits",
        "POST /v2/accounts/*/withdrawals/*/commit",
    ),
    "coinbase-exchange": (
        "GET /payment-methods",
        "GET /transfers",
        "POST /deposits/payment-method",
        "POST /withdrawals/payment-method",
    ),
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


# --- the owner's commands -------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("account", ["coinbase", "coinbase-exchange"])
LOST = {"coinbase": "coinbase-app", "coinbase-exchange": "coinbase-exchange"}


class At:
    """The owner at his command line."""

    def __init__(self, home: Road, client: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._owner = Owner(client, owners_profile(home.world, place))
        monkeypatch.setattr(self._owner, "home", place, raising=False)
        monkeypatch.setattr(self._owner._bridge, "delete", lambda path: None, raising=False)

    async def ready(self) -> "At":
        await asyncio.to_thread(adopt, self._owner._bridge, self._owner.profile(), "savings")
        return self

    async def says(self, *arguments: str) -> dict[str, Any]:
        return await self._owner.says(*arguments, of=command.group)

    async def banks(self, *arguments: str) -> dict[str, Any]:
        return await self.says("bank", *arguments)

    async def shows(self, *arguments: str, types: str = "") -> Any:
        """Without ``--json``: what a person sees."""
        owner = self._owner
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(command.group, list(arguments), obj=owner, input=types)
        )


@BOTH
async def test_an_owner_sees_his_bank_pays_to_it_and_takes_from_it_and_asks_how_far_it_is(
    home: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    bank, before = bank_of(home), len(paid(home))
    async with home.world.running() as client:
        owner = await At(home, client, tmp_path / "owner", monkeypatch).ready()
        listed = (await owner.banks("list", "savings", account))["banks"]
        assert [(one["id"], one["inside"], one["currency"]) for one in listed] == [
            (bank, f"payment-method:{bank}", "USD")
        ]
        dry = await owner.banks("withdraw", "savings", account, "12.50", "--dry-run")
        assert (dry["moved"], dry["transfer"]["bank"], dry["transfer"]["amount"]) == (False, bank, "12.50")
        [decided] = dry["decisions"]
        assert (decided["device"], decided["allowed"]) == (HOLDER[0], True)
        large = await owner.banks("withdraw", "savings", account, "20000.01", "--dry-run")
        assert [each["allowed"] for each in large["decisions"]] == [False]  # more than a call may give away
        assert len(paid(home)) == before
        for verb, direction in (("withdraw", "withdrawal"), ("deposit", "deposit")):
            made = await owner.banks(verb, "savings", account, "12.50", "--bank", bank, "--yes")
            one = paid(home)[0]
            assert (one.direction, one.amount) == (direction, D("12.50"))
            assert (made["state"]["id"], made["moved"]) == (one.uuid, True)
            kept = (await owner.says("orders", "savings", account))["kept"]
            assert [(each["client_id"], each["kind"]) for each in kept] == [
                (made["client_id"], f"bank-{direction}")
            ]
            state = await owner.says("status", "savings", account, made["client_id"])
            [found] = state["found"]
            assert (found["id"], found["status"], D(found["amount"])) == (one.uuid, "done", D("12.50"))
            assert (await owner.says("orders", "savings", account))["kept"] == []
        assert len(paid(home)) == before + 2


@BOTH
async def test_one_whose_answer_was_lost_is_found_by_its_owner_beside_others_like_it(
    home: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    """The one like it that was there before is not taken for it; what is never sent again is made once."""
    async with home.world.running() as client:
        owner = await At(home, client, tmp_path / "owner", monkeypatch).ready()
        first = await owner.banks("withdraw", "savings", account, "21.21", "--yes")
        home.fault(kind="lose-answer", api=LOST[account], method="POST", times=1)
        with pytest.raises(WarifuError) as lost:
            await owner.banks("withdraw", "savings", account, "21.21", "--yes")
        assert "warifu exchange status savings" in lost.value.remedy
        assert [one.amount for one in paid(home)[:2]] == [D("21.21")] * 2
        kept = (await owner.says("orders", "savings", account))["kept"]
        [unknown] = [one["client_id"] for one in kept if one["client_id"] != first["client_id"]]
        found = (await owner.says("status", "savings", account, unknown))["found"]
        assert [one["id"] for one in found] == [paid(home)[0].uuid] != [first["state"]["id"]]


@BOTH
async def test_one_that_never_came_is_told_from_one_that_may_still_come(
    home: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    before = len(paid(home))
    async with home.world.running() as client:
        owner = await At(home, client, tmp_path / "owner", monkeypatch).ready()
        home.fault(kind="cut", api=LOST[account], method="POST", times=1)
        with pytest.raises(WarifuError):
            await owner.banks("withdraw", "savings", account, "9.09", "--yes")
        [kept] = (await owner.says("orders", "savings", account))["kept"]
        asked = await owner.says("status", "savings", account, kept["client_id"])
        assert (asked["known"], asked["over"]) == (False, False)
        monkeypatch.setattr(looking, "now", lambda: int(time.time()) + 3 * 24 * 3600)
        asked = await owner.says("status", "savings", account, kept["client_id"])
        assert (asked["known"], asked["over"]) == (False, True)
        assert (await owner.says("orders", "savings", account))["kept"] == []
    assert len(paid(home)) == before


async def test_two_that_cannot_be_told_apart_are_both_shown_and_the_owner_is_told(
    home: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with home.world.running() as client:
        owner = await At(home, client, tmp_path / "owner", monkeypatch).ready()
        home.fault(kind="lose-answer", api="coinbase-app", method="POST", times=1)
        with pytest.raises(WarifuError):
            await owner.banks("withdraw", "savings", "coinbase", "31.31", "--yes")
        await home.answer(client, "coinbase-exchange", from_the_exchange(home, "31.31"), HOLDER)
        [kept] = (await owner.says("orders", "savings", "coinbase"))["kept"]
        shown = await owner.shows("status", "savings", "coinbase", kept["client_id"])
    assert shown.exit_code == 0 and "cannot be told" in " ".join(shown.output.split())
    assert all(one.uuid in shown.output for one in paid(home)[:2])


async def test_the_owner_is_shown_amount_bank_and_fee_and_may_still_say_no(
    home: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(paid(home))
    async with home.world.running() as client:
        owner = await At(home, client, tmp_path / "owner", monkeypatch).ready()
        arguments = ("bank", "withdraw", "savings", "coinbase", "250.25")
        refused = await owner.shows(*arguments, types="n\n")
        words = " ".join(refused.output.split())
        assert refused.exit_code != 0 and len(paid(home)) == before
        for word in ("Simulation ******0001", bank_of(home), "250.25 USD", "with its answer, and not before"):
            assert word in words, words
        taken = await owner.shows(*arguments, types="y\n")
    assert taken.exit_code == 0 and paid(home)[0].amount == D("250.25"), taken.output


async def test_what_the_policy_lacks_is_said_in_its_own_lines_before_anything_is_asked(
    home: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, before = bank_of(home), len(paid(home))
    async with home.world.running() as client:
        owner = await At(home, client, tmp_path / "owner", monkeypatch).ready()

        def with_rules(**changes: Any) -> None:
            """As if the owner had not written all of them yet."""
            found = paying(bank).rules_at("coinbase")
            assert found is not None
            rules = msgspec.structs.replace(found, **changes)
            monkeypatch.setattr(exchange_banks, "rules_of", lambda _: rules)

        with_rules(inside=())
        for flags in (("--dry-run",), ("--yes",)):
            with pytest.raises(PolicyDenied) as denied:
                await owner.banks("withdraw", "savings", "coinbase", "1", *flags)
            assert denied.value.reason == "destination"
            assert f'inside = ["payment-method:{bank}"]' in denied.value.message
        deposit = await owner.banks("deposit", "savings", "coinbase", "1", "--dry-run")
        assert deposit["moved"] is False  # which names no place
        with_rules(endpoints=("GET /api/v3/brokerage/payment_methods", "GET /v2/accounts"), inside=())
        with pytest.raises(PolicyDenied) as denied:
            await owner.banks("withdraw", "savings", "coinbase", "1", "--dry-run")
        assert denied.value.reason == "endpoint"
        for line in ("POST /v2/accounts/*/withdrawals", "GET /v2/accounts/*/withdrawals", "inside = "):
            assert line in denied.value.message
    assert len(paid(home)) == before


async def test_another_bank_than_those_that_are_linked_is_asked_of_nobody(
    home: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(paid(home))
    async with home.world.running() as client:
        owner = await At(home, client, tmp_path / "owner", monkeypatch).ready()
        with pytest.raises(InputRefused) as unknown:
            await owner.banks("withdraw", "savings", "coinbase", "1", "--bank", STRANGERS, "--yes")
        assert unknown.value.reason == "which-bank" and bank_of(home) in unknown.value.remedy
        with pytest.raises(InputRefused) as nothing:
            await owner.banks("withdraw", "savings", "coinbase", "0", "--yes")
        assert nothing.value.reason == "exchange-amount"
    assert len(paid(home)) == before
