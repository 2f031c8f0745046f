"""Every single entry that is taken out, changed, moved, put in or cut off is found, and so is every flipped bit.

The journals are real ones, of three devices that made payments with each other. A forger without the device's key is
found by signatures and the chain. One with the key writes a new history that fits together; the heads that he signed
before, and that his peers keep, find him.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.journals import KNOWN_TO_CLIENT, Journals, audited, rewritten, taken

from warifu.audit.findings import Finding
from warifu.protocol.attesting import SignedHead
from warifu.protocol.events.sessions import PeerHead
from warifu.protocol.events.wallets import Restored
from warifu.protocol.journal import Content, encode_content, owners
from warifu.protocol.journal_pages import Shown

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    return taken(tmp_path_factory.mktemp("household"))


def found(journals: Journals, device: str, entries: Sequence[Shown]) -> set[str]:
    """Codes of what is wrong, with these entries shown as the device's journal."""
    return {finding.code for finding in audited(journals.with_entries(device, entries)).wrong}


def test_honest_journals_have_nothing_wrong(journals):
    result = audited(journals)
    assert result.wrong == ()
    assert len(result.transfers.requests()) == 3
    assert len(result.transfers.finished) == 3


@dataclass(frozen=True)
class Place:
    device: str
    number: int


places = st.builds(Place, st.sampled_from(["device0", "device1", "device2"]), st.integers(0, 10_000))


def at(journals: Journals, place: Place) -> tuple[list[Shown], int]:
    entries = list(journals.entries[place.device])
    return entries, place.number % len(entries)


@settings(max_examples=60, deadline=None)
@given(place=places)
def test_an_entry_that_is_taken_out_is_found(journals, place):
    entries, index = at(journals, place)
    del entries[index]
    codes = found(journals, place.device, entries)
    assert codes & {"entry-missing", "truncated"}


@settings(max_examples=60, deadline=None)
@given(place=places)
def test_an_entry_that_is_taken_out_is_found_also_where_the_others_are_numbered_anew(journals, place):
    entries, index = at(journals, place)
    del entries[index]
    entries = [msgspec.structs.replace(entry, number=number) for number, entry in enumerate(entries, start=1)]
    assert found(journals, place.device, entries)


@settings(max_examples=60, deadline=None)
@given(place=places, other=st.integers(0, 10_000))
def test_two_entries_that_change_places_are_found(journals, place, other):
    entries, index = at(journals, place)
    second = other % len(entries)
    if index == second:
        second = (index + 1) % len(entries)
    entries[index], entries[second] = entries[second], entries[index]
    assert found(journals, place.device, entries)
    entries = [msgspec.structs.replace(entry, number=number) for number, entry in enumerate(entries, start=1)]
    assert found(journals, place.device, entries)


@settings(max_examples=60, deadline=None)
@given(place=places, other=places)
def test_an_entry_that_is_put_in_again_or_comes_from_another_device_is_found(journals, place, other):
    entries, index = at(journals, place)
    strangers, which = at(journals, other)
    entries.insert(index, strangers[which])
    assert found(journals, place.device, entries)
    entries = [msgspec.structs.replace(entry, number=number) for number, entry in enumerate(entries, start=1)]
    assert found(journals, place.device, entries)


@settings(max_examples=60, deadline=None)
@given(place=places)
def test_entries_that_are_cut_off_at_the_end_are_found(journals, place):
    entries, index = at(journals, place)
    codes = found(journals, place.device, entries[:index])
    assert codes & {"truncated", "shorter-than-known"}


@settings(max_examples=150, deadline=None)
@given(place=places, bit=st.integers(0, 10_000_000), part=st.sampled_from(["content", "hash", "signature"]))
def test_every_flipped_bit_is_found_where_it_is(journals, place, bit, part):
    entries, index = at(journals, place)
    altered = bytearray(getattr(entries[index], part))
    altered[bit // 8 % len(altered)] ^= 1 << bit % 8
    entries[index] = msgspec.structs.replace(entries[index], **{part: bytes(altered)})
    wrong = audited(journals.with_entries(place.device, entries)).wrong
    number = entries[index].number
    assert {finding.device for finding in wrong if finding.code in ("entry-forged", "entry-altered")} == {
        place.device
    }
    assert any(finding.entry == number for finding in wrong)


@settings(max_examples=60, deadline=None)
@given(place=places)
def test_a_digest_in_place_of_a_content_hides_nothing_that_the_chain_does_not_hold(journals, place):
    """To withhold what the owner may see is no forgery of the chain; a false digest is."""
    entries, index = at(journals, place)
    entries[index] = msgspec.structs.replace(entries[index], content=bytes(32), withheld=True)
    assert "entry-altered" in found(journals, place.device, entries)


# --- with the device's own key ---------------------------------------------------------------------------------------


def test_a_device_that_rewrites_its_journal_with_its_own_key_is_found_by_what_its_peers_remember(journals):
    """It leaves a payment out, and writes everything anew from there on: chain, signatures and head are right."""
    started = journals.first_of("device0", "started")
    forged = rewritten(journals, "device0", lambda entries: [e for e in entries if e is not started])
    result = audited(forged)
    (finding,) = [finding for finding in result.wrong if finding.code == "rewritten"]
    assert finding.device == "device0"
    assert finding.entry <= started.number <= int(finding.values["last"])
    assert finding.values["witnesses"] == "device2"  # who met it after that


@settings(max_examples=60, deadline=None)
@given(place=places, how=st.sampled_from(["removed", "altered", "swapped", "inserted", "cut"]))
def test_whatever_one_device_rewrites_of_what_it_once_showed_is_found(journals, place, how):
    seen = journals.seen_by_others(place.device)
    index = place.number % seen  # what it wrote since it was last met, nobody can hold against it

    def change(kept: list[Shown]) -> list[Shown]:
        match how:
            case "removed":
                return kept[:index] + kept[index + 1 :]
            case "altered":
                return [*kept[:index], journals.invented, *kept[index + 1 :]]
            case "swapped":
                other = (index + 1) % seen
                kept[index], kept[other] = kept[other], kept[index]
                return kept
            case "inserted":
                return [*kept[:index], journals.invented, *kept[index:]]
        return kept[:index]

    result = audited(rewritten(journals, place.device, change))
    assert {
        finding.device
        for finding in result.wrong
        if finding.code in ("rewritten", "shorter-than-known", "forked")
    } == {place.device}


def test_the_heads_in_peers_journals_narrow_down_where_a_rewritten_one_leaves_the_truth(journals):
    finished = journals.first_of("device0", "finished")
    forged = rewritten(journals, "device0", lambda entries: [e for e in entries if e is not finished])
    (finding,) = [finding for finding in audited(forged).wrong if finding.code == "rewritten"]
    assert (
        finding.entry == journals.of("device0", "met")[1].number + 1
    )  # the key generation's, the first payment's
    assert int(finding.values["last"]) == journals.of("device0", "met")[2].number


def test_what_a_device_leaves_out_since_it_was_last_met_is_found_by_those_it_did_it_with(journals):
    started = journals.last_of("device0", "started")
    forged = rewritten(journals, "device0", lambda entries: entries[: started.number - 1])
    codes = {(finding.code, finding.device) for finding in audited(forged).wrong}
    assert codes == {("start-denied", "device0")}


def test_a_device_that_shows_two_histories_is_caught_by_its_own_two_signatures(journals):
    forged = rewritten(journals, "device0", lambda entries: [*entries[:4], journals.invented, *entries[5:]])
    codes = {finding.code for finding in audited(forged).wrong if finding.device == "device0"}
    assert "forked" in codes or "rewritten" in codes


def test_what_all_devices_rewrite_together_is_found_by_what_the_client_remembers(journals):
    earlier = [journals.head("device0")]
    alone = journals.alone("device0")
    forged = rewritten(alone, "device0", lambda entries: entries[:-1])
    assert "shorter-than-known" not in {finding.code for finding in audited(forged).wrong}
    finding = next(
        finding for finding in audited(forged, earlier).wrong if finding.code == "shorter-than-known"
    )
    assert finding.values["witnesses"] == KNOWN_TO_CLIENT


def test_a_memory_that_the_device_never_signed_is_its_witness_fault(journals):
    result = audited(journals.with_false_memory("device1", of="device0"))
    assert [(finding.code, finding.device) for finding in result.wrong] == [("memory-forged", "device1")]


def test_a_head_that_is_not_the_journals_own_is_found(journals):
    assert {"head-forged"} <= {
        finding.code for finding in audited(journals.with_broken_head("device0")).wrong
    }


def test_a_device_that_is_not_there_makes_the_audit_incomplete_and_not_wrong(journals):
    result = audited(journals.without("device2"))
    assert result.wrong == () and not result.whole
    assert any(
        isinstance(f, Finding) and f.code == "not-read" and f.device == "device2" for f in result.findings
    )


def test_what_a_device_forgot_on_its_owners_word_is_told_as_open(journals):
    """Its disk was put back on purpose; the wallet's others wrote the owners' word for it down."""
    seen = journals.seen_by_others("device0")
    forgetful = rewritten(journals, "device0", lambda entries: entries[: seen - 2])
    assert audited(forgetful).wrong
    word = Restored(journals.record.wallet, journals.states["device0"].identity, seen, seen - 2)
    by = owners([bytes(32)])
    content = encode_content(Content(bytes(16), 1_800_000_000, by, word))
    entry = Shown(1, content, False, bytes(32), bytes(64))
    told = rewritten(forgetful, "device1", lambda entries: [*entries, entry])
    result = audited(told)
    assert {finding.code for finding in result.wrong} <= {"unknown-owner"}
    levels = {finding.code: finding.level for finding in result.findings if finding.device == "device0"}
    assert levels["restored"] == "note" and levels["shorter-than-known"] == "open"


def test_a_device_cannot_excuse_itself(journals):
    seen = journals.seen_by_others("device0")
    word = Restored(journals.record.wallet, journals.states["device0"].identity, seen, seen - 2)
    content = encode_content(Content(bytes(16), 1_800_000_000, owners([bytes(32)]), word))
    entry = Shown(1, content, False, bytes(32), bytes(64))
    forged = rewritten(journals, "device0", lambda entries: [*entries[: seen - 2], entry])
    assert "shorter-than-known" in {finding.code for finding in audited(forged).wrong}


# --- whatever a device shows -----------------------------------------------------------------------------------------

rubbish = st.builds(
    Shown,
    number=st.integers(1, 2**53 - 1),
    content=st.binary(max_size=200),
    withheld=st.just(False),
    hash=st.binary(min_size=32, max_size=32),
    signature=st.binary(min_size=64, max_size=64),
)
heads = st.builds(
    SignedHead,
    st.integers(0, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=64, max_size=64),
)


@settings(max_examples=60, deadline=None)
@given(shown=st.lists(rubbish, max_size=5), head=heads, remembered=heads, place=places)
def test_an_audit_ends_with_findings_whatever_a_device_shows(journals, shown, head, remembered, place):
    entries, index = at(journals, place)
    mixed = journals.with_entries(place.device, [*entries[:index], *shown, *entries[index:]])
    strange = mixed.with_state(
        place.device, head=head, remembered=(PeerHead(journals.states["device1"].identity, remembered),)
    )
    assert audited(strange).wrong
