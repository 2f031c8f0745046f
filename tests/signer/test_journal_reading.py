"""Reading a journal: what an owner authorized, sealed to him, page after page; other wallets' entries as digests."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.simulator import Household, SimulatedDevice, bitcoin_policy

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.attesting import SignedHead
from warifu.protocol.authorization import Authorization, authorize
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.events.sessions import PeerHead
from warifu.protocol.frames import MAX_BODY_BYTES, AskJournal
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.journal import (
    MAX_CONTENT_BYTES,
    NO_HEAD,
    content_digest,
    decode_content,
    entry_hash,
    wallet_of,
)
from warifu.protocol.journal import OPERATOR as BY_OPERATOR
from warifu.protocol.journal_pages import (
    ENTRY_OVERHEAD,
    MAX_PAGE_BYTES,
    MAX_REMEMBERED,
    OPERATOR,
    Page,
    ReaderKey,
    SealedPage,
    Shown,
    SignedState,
    State,
    open_state,
    seal_page,
)
from warifu.protocol.operator import MAX_OPERATOR_BYTES, AskOwnJournal, OwnJournal
from warifu.protocol.request import JournalRequest, request_digest

pytestmark = pytest.mark.unit


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 2)
    household.make_wallet(2)
    household.sign(household.pay())
    yield household
    household.close()


def question(home: Household, reader: ReaderKey, **fields: object) -> JournalRequest:
    assert home.birth is not None
    now = home.clock()
    request = JournalRequest(random(16), home.birth.wallet_id, reader.public, 1, 10_000, now, now + 600)
    return msgspec.structs.replace(request, **fields)


def authorized(request: JournalRequest, owner: IdentityKey) -> Authorization:
    return authorize(approver(owner), request, encode(request), ())


def ask(device: SimulatedDevice, authorization: Authorization, first: int = 1) -> SealedPage:
    return device.call(AskJournal(1, authorization, first), SealedPage)


def read(home: Household, name: str = "device0", first: int = 1) -> Page:
    reader = ReaderKey()
    request = question(home, reader)
    sealed = ask(home[name], authorized(request, home.owner), first)
    return reader.open(sealed, request_digest(request), home[name].identity, first)


def test_one_owner_reads_alone_where_every_payment_takes_two(tmp_path):
    """Nothing changes by it, and who suspects the other owner has to be able to look without him."""
    household = Household(tmp_path, 1)
    other = IdentityKey.generate()
    policy = msgspec.structs.replace(bitcoin_policy(), approvals_needed=2)
    household.make_wallet(1, policy, others=[DeviceKey(other.public)])
    reader = ReaderKey()
    request = question(household, reader)
    sealed = ask(household["device0"], authorized(request, other))
    assert reader.open(sealed, request_digest(request), household["device0"].identity, 1).entries
    household.close()


def check_chain(entries: tuple[Shown, ...], identity: bytes, before: bytes = NO_HEAD) -> bytes:
    for entry in entries:
        content = entry.content if entry.withheld else content_digest(entry.content)
        before = entry_hash(before, entry.number, content)
        assert before == entry.hash
        verify(identity, entry.signature, "journal", entry.hash)
    return before


def test_an_owner_reads_the_whole_chain_and_the_device_stands_by_its_end(home):
    page = read(home)
    device = home["device0"]
    assert check_chain(page.entries, device.identity) == device.device.journal.head[1]
    kinds = [type(decode_content(entry.content).event).__name__ for entry in page.entries]
    assert kinds[-4:] == ["Met", "HeadsSeen", "Started", "FinishedTransfer"]


def test_the_devices_word_names_the_request_its_head_and_what_its_peers_showed(home):
    reader = ReaderKey()
    request = question(home, reader)
    named = request_digest(request)
    device, peer = home["device0"], home["device1"]
    page = reader.open(ask(device, authorized(request, home.owner)), named, device.identity, 1)
    state = open_state(page.state, device.identity, named)
    assert (state.head.length, state.head.hash) == device.device.journal.head
    (remembered,) = state.remembered
    assert remembered.identity == peer.identity
    verify(peer.identity, remembered.head.signature, "journal-head", *remembered.head.stated)
    with pytest.raises(InputRefused):
        open_state(page.state, device.identity, bytes(32))


@pytest.mark.slow
def test_a_long_journal_comes_in_pages_that_follow_each_other(home):
    device = home["device0"]
    for number in range(400):
        device.device.freeze.freeze(f"{number} " + "x" * 180, home.clock(), BY_OPERATOR)
        device.device.freeze.lift(home.clock())
    head, first, pages = NO_HEAD, 1, 0
    while first <= device.device.journal.head[0]:
        page = read(home, first=first)
        assert len(encode(page)) < MAX_PAGE_BYTES + 8192
        head = check_chain(page.entries, device.identity, head)
        first, pages = page.entries[-1].number + 1, pages + 1
    assert head == device.device.journal.head[1]
    assert pages > 1


def test_entries_of_another_wallet_are_digests_and_the_chain_holds(home):
    first = home.birth
    home.make_wallet(1, names=["device0"])
    assert home.birth is not None and first is not None
    page = read(home)
    device = home["device0"]
    assert check_chain(page.entries, device.identity) == device.device.journal.head[1]
    withheld = [entry for entry in page.entries if entry.withheld]
    assert len(withheld) == sum(
        wallet_of(event) == first.wallet_id for _, event in device.device.journal.entries()
    )
    assert all(
        wallet_of(decode_content(entry.content).event) in (b"", home.birth.wallet_id)
        for entry in page.entries
        if not entry.withheld
    )


def test_a_frozen_device_shows_its_journal(home):
    home["device0"].device.freeze.freeze("somebody looked at its memory", home.clock(), BY_OPERATOR)
    last = read(home).entries[-1]
    assert type(decode_content(last.content).event).__name__ == "Frozen"


def test_nobody_but_an_owner_reads(home):
    reader, thief = ReaderKey(), IdentityKey.generate()
    with pytest.raises(AuthorizationRefused) as refused:
        ask(home["device0"], authorized(question(home, reader), thief))
    assert refused.value.reason == "unknown-credential"


def test_an_old_request_to_read_opens_nothing_any_more(home):
    authorization = authorized(question(home, ReaderKey()), home.owner)
    home.clock.pass_(601)
    with pytest.raises(AuthorizationRefused) as refused:
        ask(home["device0"], authorization)
    assert refused.value.reason == "expired"


def test_an_authorization_of_something_else_reads_nothing(home):
    payment = home.pay()
    with pytest.raises(InputRefused) as refused:
        ask(home["device0"], authorize(approver(home.owner), payment.request, encode(payment.request), ()))
    assert refused.value.reason == "request-kind"


@pytest.mark.parametrize("first", [4, 7, 10_000])
def test_only_the_part_that_was_asked_for_is_shown(home, first):
    authorization = authorized(question(home, ReaderKey(), first=5, count=2), home.owner)
    with pytest.raises(InputRefused) as refused:
        ask(home["device0"], authorization, first)
    assert refused.value.reason == "journal-page"


def test_a_page_opens_for_its_own_question_and_its_own_reader_alone(home):
    reader, other = ReaderKey(), ReaderKey()
    request = question(home, reader)
    named, device = request_digest(request), home["device0"]
    sealed = ask(device, authorized(request, home.owner))
    for key, digest, identity, first in (
        (other, named, device.identity, 1),
        (reader, bytes(32), device.identity, 1),
        (reader, named, home["device1"].identity, 1),
        (reader, named, device.identity, 2),
    ):
        with pytest.raises(InputRefused):
            key.open(sealed, digest, identity, first)
    flipped = bytearray(sealed.ciphertext)
    flipped[len(flipped) // 2] ^= 1
    with pytest.raises(InputRefused):
        reader.open(SealedPage(sealed.encapsulated, bytes(flipped)), named, device.identity, 1)


def test_the_operator_at_the_device_reads_all_of_it(home):
    device = home["device0"]
    (answer,) = device.operator(AskOwnJournal(1))
    assert isinstance(answer, OwnJournal)
    assert check_chain(answer.page.entries, device.identity) == device.device.journal.head[1]
    state = open_state(answer.page.state, device.identity, OPERATOR)
    assert state.head.length == len(answer.page.entries)


def test_the_longest_page_fits_into_an_answer_and_through_the_door():
    """Entries up to the limit, the longest content as the last of them, and as many heads as there can be."""
    many = [
        Shown(2**53 - 1, bytes(150), False, bytes(32), bytes(64))
        for _ in range(MAX_PAGE_BYTES // (150 + ENTRY_OVERHEAD))
    ]
    last = Shown(2**53 - 1, bytes(MAX_CONTENT_BYTES), False, bytes(32), bytes(64))
    head = SignedHead(2**53 - 1, bytes(32), bytes(64))
    remembered = tuple(PeerHead(bytes(32), head) for _ in range(MAX_REMEMBERED))
    state = State("x" * 32, bytes(32), bytes(32), 2**40 - 1, head, remembered)
    page = Page(SignedState(encode(state), bytes(64)), (*many, last))
    sealed = seal_page(page, ReaderKey().public, bytes(32), bytes(32), 1)
    assert len(encode(sealed)) <= MAX_BODY_BYTES
    assert len(encode(OwnJournal(page))) <= MAX_OPERATOR_BYTES


def test_an_entry_has_less_beside_its_content_than_is_reckoned():
    entry = Shown(2**53 - 1, bytes(MAX_CONTENT_BYTES), False, bytes(32), bytes(64))
    assert len(encode(entry)) - MAX_CONTENT_BYTES < ENTRY_OVERHEAD
