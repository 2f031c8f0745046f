"""What devices took part in together: one that leaves out, alters or invents its part is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.journals import (
    Journals,
    altered,
    audited,
    codes,
    event_of,
    journals_of,
    rewritten,
    taken,
)
from tests.support.simulator import Household

from warifu.protocol.events.sessions import Met
from warifu.protocol.events.transfers import FinishedTransfer, Started
from warifu.protocol.events.wallets import WalletBorn
from warifu.protocol.journal import Content, content_digest, decode_content, encode_content, owners
from warifu.protocol.journal_pages import Shown

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    return taken(tmp_path_factory.mktemp("household"))


def other(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda event: msgspec.structs.replace(event, **{name: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fee", "1"),
        ("transaction", bytes(32)),
        ("request", bytes(32)),
        ("request_id", bytes(16)),
        ("rules", bytes(32)),
        ("replaces", bytes(16)),
        ("chain", "solana"),
        ("outflows", ()),
        ("moved", ()),
    ],
)
def test_a_participant_that_tells_another_story_of_a_payment_is_found(journals, field, value):
    found = codes(altered(journals, "device2", "started", other(field, value)))
    assert any(code == "start-differs" for code, _ in found)


def test_one_request_that_became_two_transactions_is_found(tmp_path):
    home = Household(tmp_path, 3)
    home.make_wallet(2)
    payment = home.pay()
    assert not home.sign(payment, ("device0", "device1")).failed
    journals = journals_of(home)
    strange = altered(journals, "device0", "started", other("session", random(16)))
    strange = altered(strange, "device0", "started", other("transaction", bytes(32)))
    assert any(code == "two-transactions" for code, _ in codes(strange))
    home.close()


def test_a_participant_that_denies_what_the_others_finished_is_named(journals):
    met = journals.of("device2", "met")[-1]
    denied = rewritten(journals, "device2", lambda entries: entries[: met.number])
    assert codes(denied) == {("start-denied", "device2")}


def test_a_participant_that_denies_the_session_is_named_also_where_nothing_was_finished(tmp_path):
    home = Household(tmp_path, 2)
    home.make_wallet(2)
    taken_so_far = []

    def lose_partials(sender, receiver, frame):
        taken_so_far.append(frame)
        return [(receiver, frame)] if len(taken_so_far) <= 6 else []

    assert not home.sign(home.pay(), tamper=lose_partials).finished
    journals = journals_of(home)
    result = audited(journals)
    assert result.wrong == ()
    assert [finding.code for finding in result.findings if finding.level == "open"] == ["unfinished"]
    met = journals.of("device1", "met")[-1]
    found = codes(rewritten(journals, "device1", lambda entries: entries[: met.number - 1]))
    assert ("session-denied", "device1") in found
    home.close()


def test_signatures_without_a_start_of_their_own_are_found(journals):
    started = journals.of("device2", "started")[-1]
    found = codes(rewritten(journals, "device2", lambda entries: [e for e in entries if e is not started]))
    assert ("finish-without-start", "device2") in found


def test_a_session_that_a_device_tells_of_otherwise_than_it_showed_there_is_found(journals):
    changed = altered(journals, "device0", "heads-seen", lambda event: event)
    assert codes(changed) == set()  # nothing was met after it
    strange = altered(journals, "device2", "heads-seen", other("session", bytes(16)))
    assert any(code == "head-of-no-session" for code, _ in codes(strange))


def test_a_device_that_strikes_out_a_spend_of_which_another_has_its_note_is_found(journals):
    """The third device took no part in a payment; it has the signed note of one that did."""
    noted = decode_content(journals.of("device2", "noted")[0].content)
    maker = next(name for name, state in journals.states.items() if state.identity in noted.by.ids)
    request = event_of(journals.of("device2", "noted")[0]).request
    started = next(each for each in journals.of(maker, "started") if event_of(each).request == request)
    found = codes(rewritten(journals, maker, lambda entries: [e for e in entries if e is not started]))
    assert ("note-denied", maker) in found


def test_a_wallet_of_other_keys_than_the_client_verified_is_found(journals):
    found = codes(altered(journals, "device0", "wallet-born", other("threshold_public", (bytes(33),))))
    assert ("birth-differs", "device0") in found


def test_an_owner_that_the_wallet_does_not_have_is_found(journals):
    entry = journals.of("device0", "finished")[-1]
    content = msgspec.structs.replace(decode_content(entry.content), by=owners([bytes(32)]))
    new = msgspec.structs.replace(entry, content=encode_content(content))
    forged = rewritten(journals, "device0", lambda entries: [*entries[:-1], new])
    assert codes(forged) == {("unknown-owner", "device0")}


def test_what_another_wallet_did_with_the_same_devices_is_no_business_of_this_one(tmp_path: Path):
    home = Household(tmp_path, 2)
    home.make_wallet(2)
    home.sign(home.pay())
    first = journals_of(home)
    home.make_wallet(1, names=["device1"])
    home.sign(home.pay(), ["device1"])
    both = journals_of(home)
    home.close()

    def withheld(entry: Shown) -> Shown:
        event = decode_content(entry.content).event
        wallet = getattr(event, "wallet", b"")
        if wallet in (b"", first.record.wallet):
            return entry
        return msgspec.structs.replace(entry, content=content_digest(entry.content), withheld=True)

    shown = both
    for name in both.entries:
        shown = shown.with_entries(name, map(withheld, both.entries[name]))
    result = audited(replace(shown, record=first.record))
    assert result.wrong == ()
    assert len(result.transfers.requests()) == 1
    assert any(entry.withheld for journal in result.journals for entry in journal.entries)


def test_kinds_that_audits_look_at_are_what_devices_write(journals):
    kinds = {
        type(decode_content(entry.content).event)
        for entries in journals.entries.values()
        for entry in entries
    }
    assert {Started, FinishedTransfer, Met, WalletBorn} <= kinds
    assert all(isinstance(decode_content(entry.content), Content) for entry in journals.entries["device0"])
