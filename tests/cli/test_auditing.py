"""The owner's client reads journals through a service that does what it can, and from files that somebody touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from tests.support.simulator import Household

from warifu.cli.audits.auditing import NOT_WHOLE, WRONG, Audited, run_audit
from warifu.cli.audits.export import json_lines, report
from warifu.cli.audits.journal_words import _KINDS, Names
from warifu.cli.audits.known_heads import known_heads
from warifu.cli.audits.words import sentence
from warifu.cli.client import Client
from warifu.cli.context import Setting
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import speak
from warifu.errors import InputRefused, ServiceRefused, StoreDamaged, WarifuError
from warifu.protocol.api import History, JournalPage, JournalQuestion, Transfers
from warifu.protocol.authorization import Authorization
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import decode, encode
from warifu.protocol.events.device import Thawed
from warifu.protocol.frames import AskJournal
from warifu.protocol.identity import IdentityKey
from warifu.protocol.journal import OPERATOR, Event
from warifu.protocol.journal_pages import SealedPage

pytestmark = [pytest.mark.unit, pytest.mark.slow]

Road = Callable[[JournalQuestion, Callable[[], bytes]], bytes]
"""What the service makes of a question for a page, which it can carry by the second argument."""


def honest(_question: JournalQuestion, carry: Callable[[], bytes]) -> bytes:
    return carry()


class Service:
    """Carries questions to simulated devices, by whatever road."""

    def __init__(self, home: Household) -> None:
        self.home = home
        self.road: Road = honest
        self.asked = 0

    def post(self, path: str, question: object, _kind: type) -> JournalPage:
        assert path == "/journals" and isinstance(question, JournalQuestion)
        self.asked += 1
        return JournalPage(page=self.road(question, lambda: self.carry(question)))

    def carry(self, question: JournalQuestion) -> bytes:
        device = self.home[self.home.name_of(question.identity)]
        authorization = decode(Authorization, question.authorization, 2**20)
        return encode(device.call(AskJournal(1, authorization, question.first), SealedPage))

    def get(self, path: str, kind: type, **_query: str) -> object:
        if path == "/transfers":
            return Transfers(transfers=())
        assert path == "/wallets/savings/transactions" and kind is History
        return History(transactions=(), height=1)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None: ...


class Owner(Setting):
    """A client that knows the wallet, and a service."""

    def __init__(self, home: Path, household: Household) -> None:
        super().__init__(home)
        self.service = Service(household)
        self.household = household

    def profile(self) -> Profile:
        household = self.household
        assert household.wallet_request is not None and household.birth is not None
        wallet = Wallet("savings", household.wallet_request, household.birth)
        return cast("Profile", Known(self.home, wallet, household.owner))

    def client(self, _profile: Profile) -> Client:
        return cast("Client", self.service)


class Known:
    """As much of a profile as an audit looks at."""

    def __init__(self, home: Path, wallet: Wallet, owner: IdentityKey) -> None:
        self.home, self._wallet, self._owner = home, wallet, owner
        self.content = type("Content", (), {"devices": ()})

    def wallet(self, name: str) -> Wallet:
        assert name == "savings"
        return self._wallet

    @property
    def device_key(self) -> DeviceKey:
        return DeviceKey(self._owner.public)

    def credential(self) -> IdentityKey:
        return self._owner


@pytest.fixture
def household(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    made = Household(tmp_path / "devices", 2)
    made.make_wallet(2)
    made.sign(made.pay())
    monkeypatch.setattr("warifu.cli.audits.auditing.now", made.clock)
    yield made
    made.close()


@pytest.fixture
def owner(tmp_path: Path, household: Household) -> Owner:
    home = tmp_path / "owner"
    home.mkdir(mode=0o700)
    return Owner(home, household)


def audit(owner: Owner, *files: Path) -> Audited:
    return run_audit(owner, "savings", files, Screen(json=True), None)


def codes(audited: Audited) -> set[tuple[str, str, str]]:
    return {(each.level, each.code, each.device) for each in audited.result.findings}


def test_honest_devices_through_an_honest_service(owner):
    audited = audit(owner)
    assert audited.result.wrong == () and audited.exit_code == 0
    assert codes(audited) == {("open", "not-on-chain", "")}


def test_what_the_client_saw_it_remembers_and_a_device_that_goes_back_is_caught(owner, household):
    audit(owner)
    remembered = {item.identity: item.head.length for item in known_heads(owner.home)}
    assert remembered == {
        device.identity: device.device.journal.head[0] for device in household.devices.values()
    }
    both = [household["device0"], household["device1"]]
    for device in both:  # all of them together, the service with them
        device.device.store.execute(
            "DELETE FROM journal WHERE sequence > ?", (device.device.journal.head[0] - 1,)
        )
    audited = audit(owner)
    assert audited.exit_code == WRONG
    assert ("wrong", "shorter-than-known", "device0") in codes(audited)
    assert {item.identity: item.head.length for item in known_heads(owner.home)} == remembered


def test_a_service_that_carries_nothing_makes_the_audit_incomplete(owner):
    def silent(_question: JournalQuestion, _carry: Callable[[], bytes]) -> bytes:
        raise ServiceRefused("device-offline", "device 'device0' is not connected")

    owner.service.road = silent
    audited = audit(owner)
    assert audited.exit_code == NOT_WHOLE
    assert ("missing", "not-read", "device0") in codes(audited)
    assert set(audited.failed) == {"device0", "device1"}


def swapped_devices(service: Service) -> Road:
    """The other device's page in place of the asked one's."""

    def road(question: JournalQuestion, _carry: Callable[[], bytes]) -> bytes:
        others = [
            device.identity
            for device in service.home.devices.values()
            if device.identity != question.identity
        ]
        other = JournalQuestion(
            authorization=question.authorization, identity=others[0], first=question.first
        )
        return service.carry(other)

    return road


def flipped(_service: Service) -> Road:
    def road(_question: JournalQuestion, carry: Callable[[], bytes]) -> bytes:
        page = decode(SealedPage, carry(), 2**20)
        text = bytearray(page.ciphertext)
        text[-1] ^= 1
        return encode(SealedPage(page.encapsulated, bytes(text)))

    return road


def rubbish(_service: Service) -> Road:
    return lambda _question, _carry: b"rubbish"


@pytest.mark.parametrize("attack", [swapped_devices, flipped, rubbish])
def test_a_page_that_the_service_made_up_is_no_page(owner, attack):
    owner.service.road = attack(owner.service)
    audited = audit(owner)
    assert {code for _, code, _ in codes(audited)} >= {"not-read"}
    assert audited.exit_code == NOT_WHOLE
    assert all(isinstance(error, InputRefused) for error in audited.failed.values())


def test_a_page_of_an_earlier_reading_opens_for_no_later_one(owner):
    kept: list[bytes] = []

    def played_again(_question: JournalQuestion, carry: Callable[[], bytes]) -> bytes:
        kept.append(carry())
        return kept[0]

    owner.service.road = played_again
    first = audit(owner)  # the first device's page, played again in place of every later one
    assert set(first.failed) == {"device1"}
    second = audit(owner)
    assert set(second.failed) == {"device0", "device1"}


def test_what_devices_do_while_they_are_read_one_after_the_other_is_no_denial(owner, household):
    """A payment between the reading of the one and of the other: read again, everything is there."""
    once: list[bool] = []

    def busy(question: JournalQuestion, carry: Callable[[], bytes]) -> bytes:
        page = carry()
        if not once:
            once.append(True)
            assert not household.sign(household.pay(first_coin=7)).failed
        return page

    owner.service.road = busy
    audited = audit(owner)
    assert audited.result.wrong == ()
    assert owner.service.asked == 4


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def exported(owner: Owner, tmp_path: Path) -> Path:
    audited = audit(owner)
    file = tmp_path / "savings.jsonl"
    lines = [line for taken in audited.taken for line in json_lines(taken, Names(None, audited.wallet))]
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


def changed(file: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Path:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    other = file.with_name("other.jsonl")
    other.write_text("".join(json.dumps(line) + "\n" for line in change(lines)))
    return other


def test_a_file_is_as_good_as_the_service(owner, exported):
    audited = audit(owner, exported)
    assert codes(audited) == {("note", "offline", "")}


def test_what_a_file_says_for_people_is_not_believed(owner, exported):
    def pretty(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**line, "words": "all is well", "event": {}, "kind": "born"} if "number" in line else line
            for line in lines
        ]

    assert codes(audit(owner, changed(exported, pretty))) == {("note", "offline", "")}


def test_a_line_that_is_gone_is_named(owner, exported):
    audited = audit(owner, changed(exported, lambda lines: lines[:3] + lines[4:]))
    finding = audited.result.wrong[0]
    assert (finding.code, finding.device, finding.entry) == ("entry-missing", "device0", 3)
    assert "entries 3 to 3 are missing" in sentence(finding)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [{}, *lines],
        lambda lines: [{**lines[0], "state": "zz"}, *lines[1:]],
        lambda lines: [lines[0], {**lines[1], "hash": "00"}, *lines[2:]],
        lambda lines: [lines[0], {**lines[1], "number": 0}, *lines[2:]],
        lambda lines: [lines[0], {**lines[1], "number": "1"}, *lines[2:]],
        lambda lines: [lines[0], lines[0], *lines[1:]],
        lambda lines: [lines[0], {**lines[1], "withheld": True}, *lines[2:]],
    ],
)
def test_a_file_that_is_no_journal_is_refused(owner, exported, change):
    with pytest.raises(InputRefused) as refused:
        audit(owner, changed(exported, change))
    assert refused.value.reason == "journal-file"


def test_a_word_that_the_device_did_not_sign_is_refused(owner, exported):
    with pytest.raises(WarifuError) as refused:
        audit(owner, changed(exported, lambda lines: [{**lines[0], "signature": "00" * 64}, *lines[1:]]))
    assert refused.value.code == "authorization.signature"


def test_a_memory_that_cannot_be_read_ends_the_audit(owner):
    audit(owner)
    (owner.home / "journal-heads").write_text("rubbish")
    with pytest.raises(StoreDamaged):
        audit(owner)


# --- the report ------------------------------------------------------------------------------------------------------


def test_the_report_names_owners_devices_payments_and_every_entry(owner, household):
    audited = audit(owner)
    text = report(audited, Names(None, audited.wallet), household.clock())
    assert "owner 1" in text and "0.0006 BTC to" in text
    assert "device0, device1" in text or "device1, device0" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    entries = sum(len(journal.entries) for journal in audited.result.journals)
    assert len(rows) == entries + 1 + 2 * 3  # the transfer, and two lines of head for each table


def test_what_a_device_writes_cannot_break_out_of_the_report(owner, household):
    household["device0"].device.freeze.freeze("a | b\n# <b>\x1b[2J", household.clock(), OPERATOR)
    audited = audit(owner)
    (line,) = [
        line
        for line in report(audited, Names(), household.clock()).splitlines()
        if "| device frozen |" in line
    ]
    assert "a \\| b?# &lt;b>?[2J" in line


def test_a_moment_that_no_calendar_has_breaks_no_report(owner, household):
    household["device0"].device.journal.append(Thawed(), 2**39, OPERATOR)
    text = report(audit(owner), Names(), household.clock())
    assert f"| {2**39} | device thawed |" in text


def test_a_device_that_never_ends_its_journal_fills_no_memory(owner, household, monkeypatch):
    monkeypatch.setattr("warifu.cli.audits.journals._MAX_JOURNAL_BYTES", 1000)
    audited = audit(owner)
    assert set(audited.failed) == {"device0", "device1"} and audited.exit_code == NOT_WHOLE


def test_the_report_speaks_japanese(owner, household):
    audited = audit(owner)
    speak("ja")
    try:
        text = report(audited, Names(None, audited.wallet), household.clock())
    finally:
        speak("en")
    assert "ウォレット savings の監査" in text and "所有者 1" in text and "| 署名の開始 |" in text


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: str(kind.__struct_config__.tag))
def test_every_kind_of_entry_has_a_word_for_people(kind):
    assert str(kind.__struct_config__.tag) in _KINDS
