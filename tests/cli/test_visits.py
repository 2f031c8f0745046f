"""What an owner's client believes of what devices say of his visits, through a service that is believed nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.cli.test_exchange_together import founding, wallet_of

from warifu.cli.context import now
from warifu.cli.exchanges.visits import Said, Seen, left_behind, look, provers, together, visit_request
from warifu.cli.exchanges.visits_shown import seen_object, show_refusals, show_seen
from warifu.cli.screen import Screen
from warifu.errors import InputRefused
from warifu.protocol import api
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_requests import VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import There, VisitShown, Worth, say_visits
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.policy import ExchangeLimits, ExchangeRules, Window
from warifu.protocol.request import request_digest

pytestmark = pytest.mark.unit

HONEST, HOSTILE = (IdentityKey(bytes([number]) * 32) for number in (5, 6))
DEVICES = (DeviceRef("pi", HONEST.public), DeviceRef("phone", HOSTILE.public))
WALLET = wallet_of(msgspec.structs.replace(founding(needed=1), devices=DEVICES, threshold=2))
REQUEST = VisitRequest(
    bytes(16), WALLET.wallet_id, "main", VisitAsset("BTC", "bitcoin"), "", "5", (), 9000, 1000, 2000
)
STEPS: Any = ("permissions", "balance", "address")


def shown(address: str, request: VisitRequest = REQUEST) -> VisitShown:
    named = request_digest(REQUEST)
    return VisitShown(named, request, "binance", "proven", None, STEPS, STEPS, address, 1000, "0", (), ())


def looked(*said: tuple[IdentityKey, tuple[VisitShown, ...]]) -> Any:
    """What the client makes of these answers: (agreed address, who is not believed)."""
    answers = tuple(
        api.VisitsOf(
            device="x",
            identity=key.public,
            answer=encode(say_visits(key, WALLET.wallet_id, now(), visits)),
            refusal=None,
        )
        for key, visits in said
    )

    class Service:
        def get(self, _path: str, _kind: Any) -> api.VisitsShown:
            return api.VisitsShown(devices=answers)

    found = look(Service(), WALLET)  # type: ignore[arg-type]
    addresses = [seen.address(2) for seen in together(found)]
    return addresses, [each.device for each in found if each.refusal is not None]


def test_an_address_counts_once_two_devices_fetched_it():
    assert looked((HONEST, (shown("here"),)), (HOSTILE, (shown("here"),))) == (["here"], [])
    assert looked((HONEST, (shown("here"),)), (HOSTILE, (shown("there"),))) == ([None], [])


@pytest.mark.parametrize(("strict", "needed"), [(False, 2), (True, 3)])
def test_a_strict_wallet_wants_as_many_to_have_fetched_it_as_must_count_the_transfer(strict, needed):
    policy = msgspec.structs.replace(founding(needed=1).policy, strict=strict)
    third = DeviceRef("friend", bytes(32))
    wallet = wallet_of(
        msgspec.structs.replace(founding(needed=1), devices=(*DEVICES, third), threshold=2, policy=policy)
    )
    assert provers(wallet) == needed


def test_a_device_that_shows_a_visit_twice_is_not_two_that_fetched_its_address():
    assert looked((HOSTILE, (shown("there"), shown("there"))), (HONEST, (shown("here"),))) == (
        [None],
        ["phone"],
    )


def test_a_device_that_shows_another_visit_under_the_id_of_one_is_not_believed():
    other = msgspec.structs.replace(REQUEST, amount="7")
    assert looked((HOSTILE, (shown("here", other),)), (HONEST, (shown("here"),))) == ([None], ["phone"])


def test_one_that_says_what_cannot_be_believed_keeps_no_other_from_being_heard():
    """Else one device of three had an owner see no visit, and end none."""
    good = encode(say_visits(HONEST, WALLET.wallet_id, now(), (shown("here"),)))
    forged = encode(say_visits(HONEST, WALLET.wallet_id, now(), (shown("here"),)))
    for bad in (b"", b"garbage", forged):

        class Service:
            def get(self, _path: str, _kind: Any, bad: bytes = bad) -> api.VisitsShown:
                told = ((HOSTILE.public, bad), (HONEST.public, good))
                return api.VisitsShown(
                    devices=tuple(
                        api.VisitsOf(device="x", identity=identity, answer=answer, refusal=None)
                        for identity, answer in told
                    )
                )

        said = look(Service(), WALLET)  # type: ignore[arg-type]
        assert [(each.device, len(each.visits), each.refusal is None) for each in said] == [
            ("pi", 1, True),
            ("phone", 0, False),
        ]


@pytest.mark.parametrize(
    ("said", "amount"), [("0.5 BTC", "50000000"), ("1200 sat", "1200"), ("2 gwei", "2000000000")]
)
def test_what_is_brought_is_said_in_any_unit_of_its_coin(said: str, amount: str):
    request = visit_request(WALLET, "main", said, 60)
    assert request.amount == amount
    assert request.brings.symbol == ("ETH" if "gwei" in said else "BTC")


@pytest.mark.parametrize("said", ["0.5", "", "0,5 BTC", "BTC", "0.5 BTC 1", "0.000000001 BTC"])
def test_an_amount_without_its_unit_or_with_too_much_in_it_is_said_to_be_none(said: str):
    with pytest.raises(InputRefused) as refused:
        visit_request(WALLET, "main", said, 60)
    assert refused.value.reason == "amount-form" and refused.value.remedy


def test_what_all_devices_refuse_alike_is_said_once(capsys: pytest.CaptureFixture[str]):
    alike = [
        Said(name, bytes(32), (), InputRefused("account", "no such account")) for name in ("pi", "phone")
    ]
    show_refusals(Screen(), alike)
    assert capsys.readouterr().err == ""
    show_refusals(Screen(), [alike[0], Said("phone", bytes(32), (), None)])
    assert "pi: no such account" in capsys.readouterr().err


def test_a_visit_to_a_simulation_is_called_one_as_soon_as_one_device_says_so():
    real, simulated = shown("here"), msgspec.structs.replace(shown("here"), simulation=True)
    assert not Seen((("pi", real), ("phone", real))).simulation
    for seen in (Seen((("pi", real), ("phone", simulated))), Seen((("pi", simulated), ("phone", real)))):
        assert seen.simulation and seen_object(seen, 2)["simulation"] is True


def test_who_removes_an_account_is_told_of_what_is_still_there():
    home = msgspec.structs.replace(shown("here"), state="home")
    assert not Seen((("pi", home), ("phone", home))).stays_with("main")
    one_is_not = Seen((("pi", home), ("phone", shown("here"))))
    assert one_is_not.stays_with("main") and not one_is_not.stays_with("other")


# --- what it is worth -------------------------------------------------------------------------------------------------


def worth_in_words(**fields: Any) -> str:
    worth = msgspec.structs.replace(Worth(500, "0.5", "0.45", 1000, 1000, 0, (), ""), **fields)
    view = msgspec.structs.replace(shown("here"), state="trading", worth=worth)
    screen = Recorded()
    show_seen(screen, Seen((("pi", view),)), 2)  # type: ignore[arg-type]
    return dict(screen.said)["pi"]


class Recorded:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def line(self, text: str, style: str = "") -> None:
        pass

    def facts(self, facts: list[tuple[str, str]]) -> None:
        self.said += facts


def test_value_and_loss_are_said_and_never_none_where_nobody_could_measure_it():
    assert worth_in_words() == "there; worth 0.45 of 0.5 BTC, 10.00% lost"
    assert "0.00% lost" in worth_in_words(value="0.6")
    assert "lost" not in worth_in_words(value="", credited="0", unvalued="no-look")
    assert "not known now" in worth_in_words(unvalued="no-price")
    assert worth_in_words(credited="0", value="-0.1", unvalued="").startswith("there; worth: not known")


@pytest.mark.parametrize("state", ["sweeping", "stuck", "trading", "home"])
def test_what_lies_in_a_vault_is_said_and_warned_of_where_it_came_during_the_visit(state):
    class Warned(Recorded):
        def warn(self, text: str) -> None:
            self.said.append(("warned", text))

    def said(*there: There) -> list[tuple[str, str]]:
        screen = Warned()
        view = msgspec.structs.replace(shown("here"), state=state, there=there)
        show_seen(screen, Seen((("pi", view),)), 2)  # type: ignore[arg-type]
        return screen.said[-2:]

    savings = There("BTC", "0", "0", 1000, "2.5", "0")
    assert "in vaults, not to be swept: 2.5 BTC" in dict(said(savings))["pi"]
    assert "warned" not in dict(said(savings))
    warned = dict(said(msgspec.structs.replace(savings, came="0.5"))).get("warned", "")
    assert ("0.5 BTC came into a vault" in warned) is (
        state != "home"
    )  # which it can not be with something in there
    whole = seen_object(Seen((("pi", msgspec.structs.replace(shown("here"), there=(savings,))),)), 2)
    assert whole["devices"]["pi"]["there"][0]["locked"] == "2.5"


def test_what_could_be_bought_and_would_stay_there_is_known_before():
    day = (Window(24, "1"),)
    limits = (ExchangeLimits("BTC", 8, "1", day),)
    rules = ExchangeRules("binance", (), ("BTC-USDT", "DOT-EUR", "ETH-USDT", "SOL-ETH"), limits)
    assert left_behind(rules, REQUEST) == ("ETH", "SOL", "USDT")
    also = tuple(VisitAsset(symbol, "eip155:1") for symbol in ("ETH", "USDT"))
    assert left_behind(rules, msgspec.structs.replace(REQUEST, others=also)) == ("SOL",)
    assert left_behind(None, REQUEST) == ()


def test_each_asset_has_a_home_that_is_named_or_the_wallets_only_address_on_its_chain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "warifu.cli.exchanges.visits.account_of", lambda _wallet, chain: f"the account on {chain}"
    )
    also = ["ETH", "LTC@bitcoin=bcrt1there", "USDC@solana=Here", "BTC", "SOL"]
    request = visit_request(WALLET, "main", "0.5 BTC", 60, also, home="bcrt1here")
    homes = {asset.symbol: asset.home for asset in request.assets}
    assert homes == {
        "BTC": "bcrt1here",
        "ETH": "the account on eip155:1",
        "LTC": "bcrt1there",
        "SOL": "the account on solana",
        "USDC": "Here",
    }
    assert [each.symbol for each in request.others] == ["ETH", "LTC", "SOL", "USDC"]
    assert visit_request(WALLET, "main", "0.5 BTC", 60).brings.home == ""  # a fresh one each time
    assert visit_request(WALLET, "main", "0.5 BTC", 60, loss=250).loss == 250
    with pytest.raises(InputRefused):
        visit_request(WALLET, "main", "0.5 BTC", 60, ["USDC=Here"])
