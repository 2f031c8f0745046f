"""What an owner's client believes of what devices tell it of comparisons, and what it hands in for him."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.support.exchange_accounts import policy_for, rules_for

from warifu.cli.approvers import OwnCredential
from warifu.cli.exchanges.comparisons import (
    Told,
    ask_devices,
    ban_carrier,
    open_calls,
    settle,
    show,
    told_object,
)
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.errors import InputRefused, PolicyDenied, WarifuError
from warifu.protocol import api
from warifu.protocol.api import error_body
from warifu.protocol.authorization import Authorization
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_comparisons import Comparisons, ComparisonShown, seal_comparisons
from warifu.protocol.exchange_requests import CarrierBanRequest, ComparisonsRequest, SettleRequest
from warifu.protocol.frames import KeyBirth, WalletBirth
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.request import Stretching, WalletRequest, decode_request, request_digest

pytestmark = pytest.mark.unit

ME, PI, HOME, SERVICE = (IdentityKey(bytes([number]) * 32) for number in (1, 2, 3, 4))
OWN = OwnCredential(DeviceKey(ME.public), approver(ME))
ABOUT, OTHER = bytes([0xAB]) * 32, bytes([0xAC]) * 32
SHOWN = ComparisonShown(
    ABOUT, "trading", PI.public, 1000, 1200, "differs", "100 USD for BTC-USD", ("size: 5",)
)


def wallet() -> Wallet:
    request = WalletRequest(
        bytes(16),
        "regtest",
        ("bip340",),
        2,
        (DeviceRef("pi", PI.public), DeviceRef("home", HOME.public)),
        (DeviceKey(ME.public),),
        policy_for(rules_for("coinbase")),
        Stretching(64, 3),
        1,
        2,
    )
    keys = (KeyBirth("bip340", bytes(33), bytes(32), (bytes(33), bytes(33)), bytes(32)),)
    return Wallet("savings", request, WalletBirth(request_digest(request), keys))


WALLET = wallet()
SAID = Comparisons(WALLET.wallet_id, (SHOWN,), 0, (PI.public,))


class Service:
    """Carries a question to devices of which each answers by ``answer``, and keeps what was handed in."""

    def __init__(self, answer: Callable[[ComparisonsRequest, IdentityKey], bytes | WarifuError]) -> None:
        self.handed_in: list[Any] = []
        self._answer = answer

    def post(self, path: str, question: Any, kind: type[Any]) -> Any:
        authorization = decode(Authorization, question.authorization, 2**16)
        request = decode_request(authorization.request)
        self.handed_in.append(request)
        if path == "/instructions":
            return kind(
                id="00", kind="", authorization=question.authorization, created=1, expires=2, devices=()
            )
        assert path == "/wallets/savings/exchange-comparisons"
        assert isinstance(request, ComparisonsRequest)
        told = []
        for name, key in (("pi", PI), ("home", HOME)):
            answer = self._answer(request, key)
            failed = isinstance(answer, WarifuError)
            told.append(
                api.AccountTold(
                    device=name,
                    identity=key.public,
                    answer=b"" if isinstance(answer, WarifuError) else answer,
                    refusal=error_body(answer) if isinstance(answer, WarifuError) else None,
                )
            )
            assert failed == (told[-1].refusal is not None)
        return kind(devices=tuple(told))


def sealed(said: Comparisons, key: IdentityKey) -> Callable[[ComparisonsRequest], bytes]:
    return lambda request: encode(seal_comparisons(said, request_digest(request), request.reader, key))


def asked(answer: Callable[[ComparisonsRequest, IdentityKey], bytes | WarifuError]) -> Told:
    return ask_devices(Service(answer), OWN, WALLET)  # type: ignore[arg-type]  # all of a client that is needed


def test_each_devices_own_word_is_read_and_shown(capsys) -> None:
    told = asked(lambda request, key: sealed(SAID, key)(request))
    assert {device.name: said for device, said in told.of.items()} == {"pi": SAID, "home": SAID}
    show(Screen(), WALLET, told, None)
    words = " ".join(capsys.readouterr().out.split())
    assert "size: 5" in words and "100 USD for BTC-USD" in words and "pi" in words
    [pi, _] = told_object(told, None)
    assert pi["comparisons"][0]["words"] == ["size: 5"] and pi["bans"] == [PI.public.hex()]
    assert told_object(told, "another account")[0]["comparisons"] == []


@pytest.mark.parametrize(
    "forged",
    [
        lambda request, _key: sealed(SAID, SERVICE)(request),  # the service knows the reader's public key
        lambda request, _key: sealed(SAID, PI)(msgspec.structs.replace(request, request_id=bytes(16))),
        lambda request, key: sealed(msgspec.structs.replace(SAID, wallet_id=bytes(32)), key)(request),
        lambda _request, _key: b"",
    ],
)
def test_what_another_one_says_in_a_devices_place_is_not_believed(forged) -> None:
    told = asked(forged)
    assert told.of == {} and {device.name for device in told.silent} == {"pi", "home"}


def test_who_refuses_is_said_with_its_reason() -> None:
    def answer(request: ComparisonsRequest, key: IdentityKey) -> bytes | WarifuError:
        return PolicyDenied("frozen", "no") if key is PI else sealed(SAID, key)(request)

    told = asked(answer)
    [refused] = told.silent.values()
    assert refused.code == "policy.frozen" and len(told.of) == 1


def test_what_is_settled_is_what_the_devices_told_of_that_account() -> None:
    more = msgspec.structs.replace(SHOWN, about=OTHER, state="owed")
    foreign = msgspec.structs.replace(SHOWN, about=bytes(32), account="another")
    said = msgspec.structs.replace(SAID, shown=(SHOWN, more, foreign))
    told = asked(lambda request, key: sealed(said, key)(request))
    assert open_calls(told, "trading", ()) == [ABOUT, OTHER]
    assert open_calls(told, "trading", ("AC",)) == [OTHER]
    for beginnings in (("a",), ("00",)):
        with pytest.raises(InputRefused) as caught:
            open_calls(told, "trading", beginnings)
        assert caught.value.code == "input.unknown-id"
    with pytest.raises(InputRefused) as caught:
        open_calls(told, "nobody's", ())
    assert caught.value.code == "input.no-comparison"


def test_his_words_are_handed_in_as_instructions() -> None:
    service: Any = Service(lambda *_: b"")
    settle(service, Screen(json=True), OWN, WALLET, "trading", (ABOUT, OTHER))
    ban_carrier(service, Screen(json=True), OWN, WALLET, DeviceRef("pi", PI.public), lift=False)
    settled, ban = service.handed_in
    assert isinstance(settled, SettleRequest) and (settled.account, settled.about) == (
        "trading",
        (ABOUT, OTHER),
    )
    assert isinstance(ban, CarrierBanRequest) and (ban.identity, ban.lifted) == (PI.public, False)
