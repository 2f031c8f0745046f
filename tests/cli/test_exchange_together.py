"""Several owners at an exchange: who asks waits for the others, and they read by themselves what they approve."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.support.bitcoin_coins import KEYS
from tests.support.exchange_accounts import policy_for, rules_for

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.cli.approvers import OwnCredential
from warifu.cli.approving import read_proposal
from warifu.cli.exchanges import together as exchange_together
from warifu.cli.exchanges.asking import changing
from warifu.cli.exchanges.kept import all_kept, keep, kept_order
from warifu.cli.exchanges.proposed import read_call_file
from warifu.cli.exchanges.together import PATIENCE, NotAsked, Together, hand_over, require_new
from warifu.cli.exchanges.visits import open_visit
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.cli.wallet_keys import keys_of
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.calls import Call
from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.api import Accepted, GivenApproval, NewProposal, Proposal
from warifu.protocol.authorization import (
    Authorization,
    approve_request,
    authorize,
    check_authorization,
    refuse_request,
)
from warifu.protocol.credential import Approval, DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_requests import (
    AccountRequest,
    CallRequest,
    CarrierBanRequest,
    ExchangeCall,
    ExchangeKeyRequest,
    SettleRequest,
    VisitAsset,
    VisitRequest,
    call_digest,
)
from warifu.protocol.frames import KeyBirth, WalletBirth
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.policy import ApprovalTier, ExchangeLimits, Window
from warifu.protocol.request import Stretching, WalletRequest, request_digest

pytestmark = pytest.mark.unit

ME, PARTNER, THIRD, STRANGE = (IdentityKey(bytes([number]) * 32) for number in (1, 2, 3, 4))
RULES = msgspec.structs.replace(rules_for("binance"), pairs=("BTC-USDT",))
POLICY = policy_for(RULES, approvals_needed=2)
BINANCE = EXCHANGES["binance"]
DAY = (Window(24, "100000000000"),)
ORDER = Order(
    "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
    Pair("BTC", "USDT"),
    "buy",
    "limit",
    Decimal("0.02"),
    None,
    Decimal("50000"),
)


def founding(owners: tuple[IdentityKey, ...] = (ME, PARTNER), needed: int = 2) -> WalletRequest:
    return WalletRequest(
        bytes(16),
        "regtest",
        ("bip340",),
        1,
        (DeviceRef("pi", bytes(32)),),
        tuple(DeviceKey(owner.public) for owner in owners),
        msgspec.structs.replace(POLICY, approvals_needed=needed),
        Stretching(64, 3),
        1,
        2,
    )


def wallet_of(request: WalletRequest) -> Wallet:
    key = KeyBirth("bip340", KEYS.threshold_public, KEYS.chain_code, (KEYS.threshold_public,), bytes(32))
    return Wallet("family", request, WalletBirth(request_digest(request), (key,)))


WALLET = wallet_of(founding())


def content_of(call: Call[Any]) -> ExchangeCall:
    asked = call.unsigned
    return ExchangeCall(asked.method, asked.host, asked.path, asked.query, asked.body, bytes([5]) * 32)


def request_for(content: ExchangeCall, wallet: Wallet = WALLET, until: int = 2000) -> CallRequest:
    return CallRequest(
        bytes([7]) * 16, wallet.wallet_id, "binance", call_digest(content), bytes(32), bytes(32), 1000, until
    )


BUY = content_of(BINANCE.place(ORDER))
REQUEST = request_for(BUY)


def word(approval: Approval, *, refuses: bool = False) -> GivenApproval:
    return GivenApproval(approval=encode(approval), refuses=refuses, given=1)


def proposal(request: Any, *words: GivenApproval) -> Proposal:
    return Proposal(
        id=request.request_id.hex(),
        wallet="family",
        chain=None,
        state="proposed",
        request=encode(request),
        unsigned=b"",
        words=words,
        created=1000,
        expires=request.expires,
    )


# --- the one who asks -------------------------------------------------------------------------------------------------


class Service:
    """Keeps what is proposed, and gains a word each time that it is looked at."""

    def __init__(self, *coming: Callable[[Any], GivenApproval]) -> None:
        self.proposed: list[NewProposal] = []
        self.looks = 0
        self.request: Any = None
        self._coming = coming

    def post(self, path: str, question: NewProposal, _kind: type[Accepted]) -> Accepted:
        assert path == "/proposals"
        self.proposed.append(question)
        return Accepted(id=self.request.request_id.hex())

    def get(self, path: str, _kind: type[Proposal]) -> Proposal:
        assert path == f"/proposals/{self.request.request_id.hex()}"
        self.looks += 1
        return proposal(self.request, *(come(self.request) for come in self._coming[: self.looks - 1]))


def yes(key: IdentityKey) -> Callable[[Any], GivenApproval]:
    return lambda request: word(approve_request(approver(key), request))


def no(key: IdentityKey) -> Callable[[Any], GivenApproval]:
    return lambda request: word(refuse_request(approver(key), request), refuses=True)


def together(service: Service, wallet: Wallet = WALLET) -> Together:
    own = OwnCredential(DeviceKey(ME.public), approver(ME))
    needed = wallet.rules.policy.approvals_needed
    return Together(service, Screen(json=True), wallet, own, needed, lambda: None)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(exchange_together, "now", lambda: 1000)


def test_he_waits_for_the_others_and_gets_an_authorization_that_signers_take(capsys) -> None:
    service = Service(yes(STRANGE), yes(PARTNER))
    service.request = REQUEST
    further = together(service).approved(REQUEST)
    assert service.looks == 3, "nobody, somebody whose word does not count, and the partner"
    (asked,) = service.proposed
    assert (asked.request, asked.unsigned) == (encode(REQUEST), b"")
    assert encode(BUY) not in encode(asked), "the service gets the digest alone"
    assert REQUEST.request_id.hex() in capsys.readouterr().err
    signed = authorize(approver(ME), REQUEST, encode(REQUEST), [], further)
    assert check_authorization(signed, WALLET.rules.owners, None, 1500).approvals == 2


def test_where_one_is_enough_nobody_is_asked() -> None:
    service = Service()
    alone = together(service, wallet_of(founding(needed=1)))
    assert (alone.needed, alone.approved(REQUEST), alone.lifetime(300)) == (1, [], 300)
    assert (service.proposed, service.looks) == ([], 0)


def test_there_is_time_for_others_to_look() -> None:
    assert together(Service()).lifetime(300) == PATIENCE


def test_what_cannot_get_enough_approvals_any_more_is_given_up() -> None:
    service = Service(no(PARTNER))
    service.request = REQUEST
    with pytest.raises(NotAsked) as refused:
        together(service).approved(REQUEST)
    assert refused.value.code == "authorization.owner-refused"


def test_a_no_is_no_veto_where_enough_others_are_left() -> None:
    wallet = wallet_of(founding((ME, PARTNER, THIRD)))
    request = request_for(BUY, wallet)
    service = Service(no(PARTNER), yes(THIRD))
    service.request = request
    assert [each.credential for each in together(service, wallet).approved(request)] == [
        DeviceKey(THIRD.public)
    ]


def test_his_own_approval_does_not_count_twice_and_time_runs_out(monkeypatch) -> None:
    service = Service(yes(ME), yes(ME))
    service.request = REQUEST
    moments = iter(range(1000, 3000, 300))
    monkeypatch.setattr(exchange_together, "now", lambda: next(moments))
    with pytest.raises(NotAsked) as missing:
        together(service).approved(REQUEST)
    assert missing.value.code == "authorization.approvals-missing"


@pytest.mark.parametrize(
    ("error", "forgotten"),
    [
        (NotAsked("owner-refused", "said by this client before anything left"), True),
        (AuthorizationRefused("owner-refused", "said by a service that may have had it made"), False),
        (AuthorizationRefused("approvals-missing", "said by a service that may have had it made"), False),
    ],
)
def test_what_devices_refuse_is_not_taken_for_this_clients_own_word(tmp_path: Path, error, forgotten) -> None:
    """Whose word it is decides whether an order is forgotten, and could be asked for again."""
    keep(tmp_path, kept_order("family", "main", "binance", ORDER, 1000, 1300))
    exchanging = SimpleNamespace(wallet=WALLET, account=SimpleNamespace(account="main"))

    def refuse() -> None:
        raise error

    with pytest.raises(AuthorizationRefused):
        changing(SimpleNamespace(home=tmp_path), exchanging, ORDER.client_id, refuse)  # type: ignore[arg-type]
    assert (all_kept(tmp_path, "family", "main") == []) is forgotten


def test_who_ends_the_command_while_an_order_is_under_way_is_told_to_ask_before_he_repeats_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path, kept_order("family", "main", "binance", ORDER, 1000, 1300))
    exchanging = SimpleNamespace(
        wallet=WALLET, account=SimpleNamespace(account="main"), screen=Screen(json=True)
    )

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        changing(SimpleNamespace(home=tmp_path), exchanging, ORDER.client_id, interrupted)  # type: ignore[arg-type]
    assert all_kept(tmp_path, "family", "main") != []
    said = " ".join(capsys.readouterr().err.split())
    assert f"warifu exchange status family main {ORDER.client_id}" in said


# --- the file ---------------------------------------------------------------------------------------------------------


def test_what_is_asked_for_is_handed_over_in_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "order.call"
    hand_over(BUY, file)
    assert file.stat().st_mode & 0o077 == 0
    assert read_call_file(file, REQUEST) == BUY
    for unusable in (None, file):
        with pytest.raises(InputRefused) as refused:
            require_new(unusable)
        assert refused.value.code == "input.call-file"


def test_another_call_than_the_one_that_is_named_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "order.call"
    other = content_of(BINANCE.place(dataclasses.replace(ORDER, price=Decimal("50001"))))
    salted = msgspec.structs.replace(BUY, salt=bytes(32))
    for content in (encode(other), encode(salted), encode(BUY)[:-1], b"rubbish", encode(REQUEST)):
        file.write_bytes(content)
        with pytest.raises(InputRefused) as refused:
            read_call_file(file, REQUEST)
        assert refused.value.code == "input.call-file"


# --- the other owner --------------------------------------------------------------------------------------------------


class Home:
    def wallets(self) -> list[Wallet]:
        return [WALLET]


def read(request: Any, content: ExchangeCall | None, tmp_path: Path) -> Any:
    file = None
    if content is not None:
        file = tmp_path / "a.call"
        file.write_bytes(encode(content))
    return read_proposal(Home(), proposal(request), file)  # type: ignore[arg-type]  # all of a profile that is needed


def test_an_order_is_shown_as_signers_read_it(tmp_path: Path) -> None:
    asked = read(REQUEST, BUY, tmp_path)
    assert (asked.needed, asked.missing) == (2, 2)
    call = asked.described["call"]
    assert (call["exchange"], call["pair"], call["gives_at_most"]) == (
        "binance",
        "BTC-USDT",
        {"USDT": "1000"},
    )
    assert {"BUY", "0.02", "50000"} <= set(call["fields"].values())
    values = [value for _, value in asked.facts]
    assert "1000 USDT" in values and "50000" in values


@pytest.mark.parametrize("own", [True, False])
def test_a_withdrawal_is_shown_with_its_address_and_whose_it_is(tmp_path: Path, own: bool) -> None:
    address = keys_of(WALLET).address(KeyPath(Branch.RECEIVE, 3))
    to = address if own else "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
    withdrawal = Withdrawal(ORDER.client_id, "BTC", "BTC", to, Decimal("0.05"), None, True, "")
    content = content_of(BINANCE.withdraw(withdrawal))
    asked = read(request_for(content), content, tmp_path)
    assert asked.described["call"]["to"] == to
    words = "this wallet's own address" if own else "another address: the wallet's policy must name it"
    assert words in [value for _, value in asked.facts]


def test_without_the_file_only_that_something_is_asked_is_seen(tmp_path: Path) -> None:
    asked = read(REQUEST, None, tmp_path)
    assert asked.described == {"account": "binance", "call": None}
    assert "binance" in asked.gist


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "api.example.org"},
        {"query": (*BUY.query, ("surprise", "1"))},
        {"path": "/api/v3/unknown"},
        {"method": "GET"},
    ],
)
def test_what_this_client_does_not_understand_to_the_last_byte_is_not_shown(tmp_path: Path, changed) -> None:
    content = msgspec.structs.replace(BUY, **changed)
    with pytest.raises(InputRefused) as refused:
        read(request_for(content), content, tmp_path)
    assert refused.value.code == "input.exchange-not-understood"


def tiered_wallet(**tiers: int) -> Wallet:
    """One owner for what is small, two for more than 1,000 USDT and for more than a tenth of a bitcoin."""
    limits = (
        ExchangeLimits("BTC", 8, "100000000", DAY, "100000000", (ApprovalTier("10000000", 2),)),
        ExchangeLimits("USDT", 2, "10000000", DAY, approvals=(ApprovalTier("100000", 2),)),
    )
    policy = policy_for(msgspec.structs.replace(RULES, limits=limits), **tiers)
    return wallet_of(msgspec.structs.replace(founding(), policy=policy))


class Elsewhere:
    """A profile with one wallet."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def wallets(self) -> list[Wallet]:
        return [self._wallet]


@pytest.mark.parametrize(("price", "needed"), [("50000", 1), ("50000.01", 2)])
def test_how_many_must_approve_an_order_follows_from_what_it_gives_away(
    tmp_path: Path, price, needed
) -> None:
    wallet = tiered_wallet()
    content = content_of(BINANCE.place(dataclasses.replace(ORDER, price=Decimal(price))))
    file = tmp_path / "a.call"
    file.write_bytes(encode(content))
    request = request_for(content, wallet)
    asked = read_proposal(Elsewhere(wallet), proposal(request), file)  # type: ignore[arg-type]
    assert asked.needed == needed


@pytest.mark.parametrize(("amount", "needed"), [("10000000", 1), ("10000001", 2)])
def test_a_visit_is_shown_with_all_that_is_approved_and_takes_as_many_as_its_amount(amount, needed) -> None:
    wallet = tiered_wallet()
    home = keys_of(wallet).address(KeyPath(Branch.RECEIVE, 3))
    request = VisitRequest(
        bytes([7]) * 16,
        wallet.wallet_id,
        "main",
        VisitAsset("BTC", "bitcoin", home),
        "",
        amount,
        (VisitAsset("ETH", "eip155:1"),),
        9000,
        1000,
        2000,
        loss=500,
    )
    asked = read_proposal(Elsewhere(wallet), proposal(request))  # type: ignore[arg-type]
    assert (asked.needed, asked.described["visit"]["amount"]) == (needed, amount)
    assert asked.described["account"] == "main"
    values = [value for _, value in asked.facts]
    assert {"main", "ETH", home} <= set(values)
    assert asked.described["visit"]["loss"] == 500 and any("5 %" in value for value in values), values
    strange = msgspec.structs.replace(
        request, brings=VisitAsset("BTC", "bitcoin", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080")
    )
    asked = read_proposal(Elsewhere(wallet), proposal(strange))  # type: ignore[arg-type]
    assert any("not known here" in value for _, value in asked.facts)


def test_a_visit_with_two_owners_waits_for_the_other_and_is_handed_in_with_both_words() -> None:
    wallet = tiered_wallet()
    request = VisitRequest(
        bytes([7]) * 16,
        wallet.wallet_id,
        "main",
        VisitAsset("BTC", "bitcoin"),
        "",
        "10000001",
        (),
        9000,
        1000,
        2000,
    )
    handed: list[Any] = []

    class Asking(Service):
        def get(self, path: str, kind: Any) -> Any:
            return api.Devices(devices=()) if path == "/devices" else super().get(path, kind)

        def post(self, path: str, question: Any, kind: Any) -> Any:
            if path == "/proposals":
                return super().post(path, question, kind)
            handed.append((path, question))
            return api.VisitsShown(devices=())

    service = Asking(yes(PARTNER))
    service.request = request
    own = OwnCredential(DeviceKey(ME.public), approver(ME))
    assert open_visit(service, Screen(json=True), wallet, own, request) == []  # type: ignore[arg-type]
    [(path, question)] = handed
    signed = decode(Authorization, question.authorization, 2**17)
    assert path == "/wallets/family/visits"
    assert check_authorization(signed, wallet.rules.owners, None, 1500).approvals == 2
    assert request_digest(request) == check_authorization(signed, wallet.rules.owners, None, 1500).digest


def test_a_credential_and_a_key_take_as_many_as_the_largest_payment(tmp_path: Path) -> None:
    wallet = tiered_wallet()
    key = ExchangeKeyRequest(bytes([8]) * 16, wallet.wallet_id, "binance", "binance", 1000, 2000)
    asked = read_proposal(Elsewhere(wallet), proposal(key))  # type: ignore[arg-type]
    assert (wallet.rules.policy.approvals_needed, asked.needed) == (1, 2)


def test_a_credential_and_a_key_that_are_to_come_are_shown(tmp_path: Path) -> None:
    account = AccountRequest(
        bytes([8]) * 16,
        WALLET.wallet_id,
        "pro",
        "binance",
        "hmac",
        (bytes(32),),
        bytes([9]) * 32,
        True,
        1000,
        2000,
    )
    asked = read(account, None, tmp_path)
    assert asked.described == {
        "account": "pro",
        "exchange": "binance",
        "key": "hmac",
        "holders": ["pi"],
        "simulation": True,
    }
    assert (bytes([9]) * 32).hex() in [value for _, value in asked.facts]
    key = ExchangeKeyRequest(bytes([8]) * 16, WALLET.wallet_id, "binance", "binance", 1000, 2000)
    assert read(key, None, tmp_path).described["generate"] is True


def test_what_is_said_of_calls_that_were_made_is_shown_and_takes_as_many_as_the_largest_payment(
    tmp_path: Path,
) -> None:
    about = tuple(bytes([number]) * 32 for number in (1, 2))
    settled = SettleRequest(bytes(16), WALLET.wallet_id, "binance", about, 1000, 2000)
    asked = read(settled, None, tmp_path)
    assert asked.needed == WALLET.rules.owners_needed
    assert asked.described == {"account": "binance", "settle": [each.hex() for each in about]}
    assert {each.hex() for each in about} <= {value for _, value in asked.facts}
    for lifted, needed in ((True, WALLET.rules.owners_needed), (False, 1)):
        ban = CarrierBanRequest(bytes(16), WALLET.wallet_id, bytes(32), lifted, 1000, 2000)
        asked = read(ban, None, tmp_path)
        assert (asked.needed, asked.described) == (needed, {"device": "pi", "carries": lifted})
        assert "pi" in asked.gist
