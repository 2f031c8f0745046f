"""By which rules devices judged: none of theirs that was not in force there, and nothing while they were frozen."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.support.journals import Journals, audited, rewritten, taken

from warifu.protocol.events.device import Frozen, Thawed
from warifu.protocol.events.wallets import RulesChanged, Vetoed, WalletFrozen, WalletThawed
from warifu.protocol.journal import OPERATOR, Content, Event, decode_content, encode_content
from warifu.protocol.journal_pages import Shown

pytestmark = pytest.mark.unit

OTHER = bytes(range(32))


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    return taken(tmp_path_factory.mktemp("household"))


def entry(event: Event) -> Shown:
    return Shown(
        1, encode_content(Content(bytes(16), 1_800_000_000, OPERATOR, event)), False, bytes(32), bytes(64)
    )


def told(
    journals: Journals, device: str, change: Callable[[list[Shown]], list[Shown]]
) -> set[tuple[str, str]]:
    result = audited(rewritten(journals, device, change))
    return {(finding.code, finding.device) for finding in result.findings}


def before_the_last_start(
    journals: Journals, device: str, *events: Event
) -> Callable[[list[Shown]], list[Shown]]:
    started = journals.of(device, "started")[-1]

    def put(entries: list[Shown]) -> list[Shown]:
        at = entries.index(started)
        return [*entries[:at], *map(entry, events), *entries[at:]]

    return put


def test_a_start_under_rules_that_no_entry_brought_is_found(journals):
    started = journals.of("device2", "started")[-1]
    content = decode_content(started.content)
    said = msgspec.structs.replace(content, event=msgspec.structs.replace(content.event, rules=OTHER))
    new = msgspec.structs.replace(started, content=encode_content(said))
    found = told(journals, "device2", lambda entries: [new if each is started else each for each in entries])
    assert ("unknown-rules", "device2") in found


def test_rules_that_a_change_brought_are_those_of_what_follows(journals):
    wallet, first = journals.record.wallet, journals.record.rules
    changed = RulesChanged(wallet, bytes(32), first, OTHER, 2)
    found = told(journals, "device2", before_the_last_start(journals, "device2", changed))
    assert ("unknown-rules", "device2") in found  # its start names the ones of before
    after = told(journals, "device2", lambda entries: [*entries, entry(changed)])
    assert not {code for code, _ in after} & {"unknown-rules", "rules-chain"}
    assert ("rules-not-known", "device2") in after  # an owner changed them elsewhere: worth a look
    assert {("rules-behind", "device0"), ("rules-behind", "device1")} <= after


def test_a_change_of_rules_that_were_not_in_force_is_found(journals):
    changed = RulesChanged(journals.record.wallet, bytes(32), OTHER, bytes(32), 2)
    assert ("rules-chain", "device1") in told(journals, "device1", lambda entries: [*entries, entry(changed)])


@pytest.mark.parametrize("frozen", ["device", "wallet"])
def test_what_is_signed_while_frozen_is_found(journals, frozen):
    wallet = journals.record.wallet
    freeze: Event = Frozen("look") if frozen == "device" else WalletFrozen(wallet, "look")
    thaw: Event = Thawed() if frozen == "device" else WalletThawed(wallet, bytes(32))
    code = ("signed-while-frozen", "device0")
    assert code in told(journals, "device0", before_the_last_start(journals, "device0", freeze))
    assert code not in told(journals, "device0", before_the_last_start(journals, "device0", freeze, thaw))


def test_another_wallets_freeze_stops_nothing_of_this_one(journals):
    found = told(journals, "device0", before_the_last_start(journals, "device0", WalletFrozen(OTHER, "look")))
    assert ("signed-while-frozen", "device0") not in found


def test_a_change_that_another_device_knows_to_be_vetoed_is_told(journals):
    wallet, first = journals.record.wallet, journals.record.rules
    vetoed = rewritten(journals, "device1", lambda entries: [*entries, entry(Vetoed(wallet, OTHER))])
    changed = RulesChanged(wallet, OTHER, first, bytes(32), 2)
    both = rewritten(vetoed, "device2", lambda entries: [*entries, entry(changed)])
    levels = {(finding.code, finding.device): finding.level for finding in audited(both).findings}
    assert levels["veto-ignored", "device2"] == "open"
