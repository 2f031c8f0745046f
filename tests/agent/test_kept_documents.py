"""What lies beside a device to judge it by travels with its evidence, as much of it as there is room for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.attested import CLAIMS

from warifu.agent.running import kept_documents
from warifu.endorsements.entry import Entry
from warifu.endorsements.store import EndorsementStore
from warifu.protocol.attesting import MAX_DOCUMENT_BYTES, Binding
from warifu.signer.evidence import Attester
from warifu.tee.unsafe_software import UnsafeSoftware

pytestmark = pytest.mark.unit
QUESTION = Binding(
    purpose="session", nonce=bytes(16), identity=bytes(32), key=bytes(32), rules_hash=b"", transcript=b""
)


def kept(place: Path, **documents: bytes) -> Path:
    store = EndorsementStore(place)
    for name, content in documents.items():
        store.put(Entry(name, content, 1, (1,), 2))
    return place


def test_nothing_is_kept_where_nothing_was_fetched(tmp_path):
    assert kept_documents(tmp_path / "endorsements") == ()


def test_what_fits_is_told_in_the_order_of_names(tmp_path):
    place = kept(tmp_path / "e", b=b"second", a=b"first", c=bytes(MAX_DOCUMENT_BYTES + 1))
    assert kept_documents(place) == (b"first", b"second")


def test_more_than_fits_into_one_message_stays_behind(tmp_path):
    documents = {f"d{number}": bytes([number]) * 20_000 for number in range(5)}
    assert len(kept_documents(kept(tmp_path / "e", **documents))) == 2
    many = {f"m{number}": bytes([number]) for number in range(20)}
    assert len(kept_documents(kept(tmp_path / "f", **many))) == 8


def test_a_damaged_document_stops_nothing(tmp_path):
    place = kept(tmp_path / "e", a=b"first", b=b"second")
    (place / "a.endorsement").write_bytes(b"noise")
    assert kept_documents(place) == (b"second",)


def test_they_travel_with_the_evidence_and_are_no_part_of_what_it_is_bound_to():
    attester = Attester(UnsafeSoftware(bytes(32)))
    alone = attester.attest(QUESTION)
    attester.kept = (b"collateral", b"collateral", b"list")
    beside = attester.attest(QUESTION)
    assert beside.endorsements == (b"collateral", b"list")
    assert beside.evidence == alone.evidence
    assert "survives_upgrade" in beside.claims.capabilities and not CLAIMS.capabilities
