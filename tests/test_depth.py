"""How deeply text is nested is told without recursion, whatever it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.depth import is_deep

TREES = st.recursive(
    st.none() | st.text(alphabet='"\\[]{}a', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('"\\[{', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def depth(tree: object) -> int:
    if isinstance(tree, dict):
        return 1 + max(map(depth, tree.values()), default=0)
    if isinstance(tree, list):
        return 1 + max(map(depth, tree), default=0)
    return 0


@given(TREES)
def test_brackets_count_and_those_in_strings_do_not(tree: object) -> None:
    text, deep = json.dumps(tree).encode(), depth(tree)
    assert not is_deep(text, deep)
    assert deep == 0 or is_deep(text, deep - 1)


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (b"[" * 200_000, True),
        (b'{"a":' * 200_000, True),
        (b'"[[[[' * 40_001, True),
        (b'["' + b"\\" * 200_001, False),
        (b'"' + b"[" * 200_000, False),
    ],
)
def test_text_that_never_ends_is_told_all_the_same(text: bytes, deep: bool) -> None:
    assert is_deep(text, 12) is deep


@given(st.binary(max_size=60))
def test_whatever_it_is_there_is_an_answer(text: bytes) -> None:
    assert is_deep(text, 60) is False
