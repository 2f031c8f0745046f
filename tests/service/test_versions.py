"""Which transfers are versions of one payment: those of which the chain executes one, as far as they may be signed."""

from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.service.store.rows import StoredTransfer
from warifu.service.versions import versions

pytestmark = pytest.mark.unit


@dataclass
class Row:
    """As much of a ``StoredTransfer`` as is looked at."""

    id: str
    replaces: str | None = None
    raw: bytes | None = b"signed"
    state: str = "broadcast"
    sends: bool = True


def of(one: str, *rows: Row) -> set[str]:
    known = cast(list[StoredTransfer], list(rows))
    return {item.id for item in versions(known, next(item for item in known if item.id == one))}


@pytest.mark.parametrize("one", ["first", "bump", "rejected", "second bump"])
def test_all_that_replace_each_other_whichever_is_asked_for(one: str):
    rows = [
        Row("first"),
        Row("rejected", "first", state="rejected"),
        Row("bump", "first"),
        Row("second bump", "bump"),
        Row("another payment"),
        Row("its bump", "another payment"),
    ]
    assert of(one, *rows) == {"first", "rejected", "bump", "second bump"}


def test_what_no_signer_can_have_signed_is_none():
    rows = [
        Row("first"),
        Row("refused", "first", raw=None, state="refused"),
        Row("broke off", "first", raw=None, state="needs-authorization"),
        Row("a message", "first", state="signed", sends=False),
    ]
    assert of("first", *rows) == {"first", "broke off"}


def test_a_version_of_what_this_service_never_saw_stands_for_itself():
    assert of("bump", Row("bump", "of another service"), Row("other")) == {"bump"}


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.none() | st.integers(0, 5)), min_size=1, unique_by=lambda r: r[0]
    )
)
def test_it_ends_whatever_claims_to_replace_what(links: list[tuple[int, int | None]]):
    """What replaces what is the owner's client's word: it may go round in a circle."""
    rows = [Row(str(name), None if other is None else str(other)) for name, other in links]
    assert rows[0].id in of(rows[0].id, *rows)
