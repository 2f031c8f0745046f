"""What is kept is kept whole, and never replaced by something older."""

import pytest

from warifu.endorsements.entry import MAX_DOCUMENT_BYTES, Entry
from warifu.endorsements.store import MAX_ENTRIES, EndorsementStore
from warifu.errors import EvidenceRefused, StoreDamaged, WarifuError
from warifu.protocol.encoding import encode

pytestmark = pytest.mark.unit

NOW = 1_780_000_000


def entry(
    name: str = "tdx-00906ed50000-platform", marks: tuple[int, ...] = (5, 5), content: bytes = b"{}"
) -> Entry:
    return Entry(name, content, NOW, marks, NOW + 100)


@pytest.fixture
def store(tmp_path) -> EndorsementStore:
    return EndorsementStore(tmp_path / "endorsements")


def test_what_was_kept_is_found_by_its_name_also_by_another_process(store, tmp_path):
    assert store.put(entry()) is True
    again = EndorsementStore(tmp_path / "endorsements")
    assert again.get(entry().name) == entry()
    assert again.names() == (entry().name,)
    assert again.get("sgx-00906ed50000-platform") is None


def test_an_empty_cache_holds_nothing(store):
    assert store.names() == () and store.get(entry().name) is None


def test_the_same_document_again_is_no_news_but_was_seen_now(store):
    store.put(entry())
    assert store.put(Entry(entry().name, b"{}", NOW + 50, (5, 5), NOW + 100)) is False
    kept = store.get(entry().name)
    assert kept is not None and kept.fetched_at == NOW + 50


@pytest.mark.parametrize("marks", [(4, 5), (5, 4), (9, 4), (5,), (5, 5, 5)])
def test_a_document_of_which_any_part_is_older_is_refused_and_the_newer_one_stays(store, marks):
    store.put(entry(content=b"newer"))
    with pytest.raises(EvidenceRefused) as refused:
        store.put(entry(marks=marks, content=b"older"))
    assert refused.value.reason == "older-endorsement"
    kept = store.get(entry().name)
    assert kept is not None and kept.content == b"newer"


def test_a_newer_document_takes_its_place(store):
    store.put(entry())
    assert store.put(entry(marks=(5, 6), content=b"newer")) is True


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        encode(entry())[:-1],
        encode(entry()) + b"\0",
        encode(entry(name="another-document")),
        b"\0" * (MAX_DOCUMENT_BYTES + 5000),
    ],
    ids=["empty", "garbage", "cut", "longer", "another's", "too long"],
)
def test_a_file_that_is_not_what_was_written_is_damage_and_never_a_document(store, tmp_path, content):
    store.put(entry())
    (file,) = (tmp_path / "endorsements").iterdir()
    file.write_bytes(content)
    for use in (lambda: store.get(entry().name), lambda: store.put(entry())):
        with pytest.raises(StoreDamaged):
            use()


def test_a_link_is_not_followed(store, tmp_path):
    store.put(entry())
    (file,) = (tmp_path / "endorsements").iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreDamaged):
        store.get(entry().name)


def test_nothing_half_written_is_left_where_writing_fails(store, tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreDamaged):
        store.put(entry())
    monkeypatch.undo()
    assert list((tmp_path / "endorsements").iterdir()) == [] and store.get(entry().name) is None


def test_the_number_of_documents_is_bounded(store, monkeypatch):
    monkeypatch.setattr("warifu.endorsements.store.MAX_ENTRIES", 3)
    assert MAX_ENTRIES > 100
    for number in range(3):
        store.put(entry(name=f"document-{number}"))
    with pytest.raises(WarifuError) as refused:
        store.put(entry(name="document-3"))
    assert refused.value.code == "store.full"
    assert store.put(entry(name="document-2", content=b"newer"))  # what is there may still be renewed
