"""The owner's side of one transfer, when the service falls silent, or says that the network refused it."""

from __future__ import annotations

import io
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import click
import pytest

from warifu.cli.client import Client
from warifu.cli.context import Setting
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import Order
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.sent import recall, remember
from warifu.cli.transferring import Sender
from warifu.errors import BroadcastRejected, InputRefused, ServiceRefused, StoreDamaged, WarifuError
from warifu.protocol.api import AccountDraft, AccountPayment, NewAccountDraft, Transfer, error_body
from warifu.protocol.policy import POLICY_VERSION, Policy
from warifu.protocol.request import Outflow, TransferRequest

pytestmark = pytest.mark.unit

REQUEST = TransferRequest(bytes(16), bytes(32), "eip155:1", (), "1", bytes(32), None, 1, 2)
TRANSFER = REQUEST.request_id.hex()


class Named:
    name = "savings"
    wallet_id = bytes(32)
    request = SimpleNamespace(devices=(), threshold=2)
    rules = SimpleNamespace(policy=Policy(POLICY_VERSION, 5, ()))


class Service:
    """Answers every question with this, or raises it."""

    def __init__(self, answer: Transfer | WarifuError) -> None:
        self._answer = answer

    def get(self, _path: str, _kind: type, **_query: object) -> Transfer:
        if isinstance(self._answer, WarifuError):
            raise self._answer
        return self._answer


def watch(home: Path, answer: Transfer | WarifuError) -> None:
    """Sent before, and remembered; ends as the service's answer makes it end."""
    remember(home, REQUEST)
    sender = Sender(
        Setting(home),
        cast("Profile", None),
        cast("Wallet", Named()),
        cast("Client", Service(answer)),
        Screen(json=True),
    )
    sender.follow(REQUEST, (), 0, None)


def rejected(*, settled: bool) -> Transfer:
    refusal = error_body(BroadcastRejected("rejected", "the nonce is too low"))
    return Transfer(
        id=TRANSFER,
        wallet="savings",
        chain="eip155:1",
        state="rejected",
        settled=settled,
        txid="",
        confirmations=0,
        height=None,
        replaces=None,
        replaced_by=None,
        created=1,
        events=(),
        refusal=refusal,
        journal=(),
    )


@pytest.mark.parametrize(
    "lost",
    [
        ServiceRefused("unreachable", "?", remedy="asking again does nothing twice"),
        ServiceRefused("answer", "?"),
        ServiceRefused("internal", "?"),
        StoreDamaged("write", "?", remedy="repeating is safe"),
    ],
    ids=lambda error: error.code,
)
def test_who_does_not_know_what_became_of_his_transfer_is_told_to_look_on_and_not_to_send_anew(
    tmp_path: Path, lost: WarifuError
) -> None:
    """Sending anew is another request with the next nonce or other coins: a second payment."""
    with pytest.raises(type(lost)) as caught:
        watch(tmp_path, lost)
    assert f"warifu resume savings {TRANSFER}" in caught.value.remedy
    assert "may still be signed and sent" in caught.value.not_done
    assert recall(tmp_path, TRANSFER, REQUEST.wallet_id) == REQUEST


def test_a_definite_no_keeps_its_own_remedy(tmp_path: Path) -> None:
    with pytest.raises(ServiceRefused) as caught:
        watch(tmp_path, ServiceRefused("slot-taken", "?", remedy="Draft the payment again."))
    assert caught.value.remedy == "Draft the payment again."


def test_what_a_node_refused_and_may_have_kept_can_still_be_resumed_bumped_and_cancelled(
    tmp_path: Path,
) -> None:
    with pytest.raises(BroadcastRejected):
        watch(tmp_path, rejected(settled=False))
    assert recall(tmp_path, TRANSFER, REQUEST.wallet_id) == REQUEST
    with pytest.raises(BroadcastRejected):
        watch(tmp_path, rejected(settled=True))
    with pytest.raises(InputRefused):
        recall(tmp_path, TRANSFER, REQUEST.wallet_id)


class Drafting:
    """Builds a draft for ``chain``, and hears that it is not wanted; may have no ear for it."""

    def __init__(self, chain: str, deaf: WarifuError | None = None) -> None:
        self._draft = AccountDraft(
            chain=chain, unsigned=b"?", transaction="ab" * 32, fee="1", likely_fee="1", replaces=None
        )
        self._deaf = deaf
        self.dropped: list[str] = []

    def post(self, _path: str, _question: NewAccountDraft, _kind: type) -> AccountDraft:
        return self._draft

    def delete(self, path: str) -> None:
        self.dropped.append(path)
        if self._deaf is not None:
            raise self._deaf


@pytest.mark.parametrize("deaf", [None, ServiceRefused("unreachable", "?")])
@pytest.mark.parametrize("chain", ["eip155:1", "eip155:10"])
def test_a_draft_that_nobody_hands_in_is_dropped_once(
    tmp_path: Path, chain: str, deaf: WarifuError | None
) -> None:
    """Else it keeps its account nonce, and the owner's next transfer waits behind it."""
    service = Drafting(chain, deaf)
    sender = Sender(
        Setting(tmp_path),
        cast("Profile", None),
        cast("Wallet", Named()),
        cast("Client", service),
        Screen(json=True),
    )
    question = NewAccountDraft(chain="eip155:1", payment=AccountPayment(to="0x", amount="1", token=""))
    with pytest.raises(ServiceRefused) if chain != question.chain else nullcontext():
        sender.account_draft(question)
    sender.drop_draft()
    sender.drop_draft()
    assert service.dropped == ["/wallets/savings/account-drafts/" + "ab" * 32]


def test_a_transfer_is_not_authorized_again_as_another_wallets(tmp_path: Path) -> None:
    """The owner would type that one's passphrase, which counts as a wrong one of this."""
    remember(tmp_path, REQUEST)
    with pytest.raises(InputRefused) as caught:
        recall(tmp_path, TRANSFER, b"\x01" * 32)
    assert caught.value.reason == "other-wallet"


def order(outflows: tuple[Outflow, ...], fee_ceiling: int | None) -> Order:
    """At a fee of 100 wei."""
    return Order("eip155:1", b"?", bytes(32), outflows, 100, fee_ceiling, None, (), {}, (), 0)


TOKENS = (Outflow("payment", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "5000000", "0x"),)


@pytest.mark.parametrize(
    ("outflows", "fee_ceiling", "code"),
    [
        (TOKENS, None, "input.dear-fee"),
        ((), None, "input.dear-fee"),
        ((Outflow("payment", "", "1999", "0x"),), None, "input.dear-fee"),
        (TOKENS, 100, "service.unreachable"),
        ((), 100, "service.unreachable"),
        ((Outflow("payment", "", "2000", "0x"),), None, "service.unreachable"),
    ],
    ids=["tokens", "nobody", "too little", "tokens, a ceiling", "nobody, a ceiling", "enough"],
)
def test_a_script_that_does_not_ask_names_a_ceiling_where_nothing_else_bounds_the_fee(
    tmp_path: Path, outflows: tuple[Outflow, ...], fee_ceiling: int | None, code: str
) -> None:
    """What is not refused goes on to the devices, of which this service knows nothing."""
    sender = Sender(
        Setting(tmp_path),
        cast("Profile", None),
        cast("Wallet", Named()),
        cast("Client", Service(ServiceRefused("unreachable", "?"))),
        Screen(json=True),
    )
    with pytest.raises(WarifuError) as caught:
        sender.send(order(outflows, fee_ceiling), None, ask=False)
    assert caught.value.code == code


@pytest.mark.parametrize("makes_a_key", [False, True])
def test_the_warning_of_a_key_is_said_before_the_question(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    makes_a_key: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody answers
    sender = Sender(
        Setting(tmp_path),
        cast("Profile", None),
        cast("Wallet", Named()),
        cast("Client", Service(ServiceRefused("unreachable", "?"))),
        Screen(json=False),
    )
    message = replace(
        order((Outflow("message", "", "0", ""),), 100), fee=0, sent=False, makes_a_key=makes_a_key
    )
    with pytest.raises(click.Abort):
        sender.send(message, None, ask=True)
    assert ("it can never be made again" in " ".join(capsys.readouterr().err.split())) == makes_a_key
