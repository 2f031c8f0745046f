"""A secret can be used and not seen."""

from __future__ import annotations

import copy
import pickle

import pytest

from warifu.chains.rpc.secret import HIDDEN, Secret, hide

pytestmark = pytest.mark.unit

TOKEN = Secret("c0ffee00c0ffee00")


def test_no_way_of_showing_it_shows_it():
    shown = [
        repr(TOKEN),
        str(TOKEN),
        f"{TOKEN}",
        f"{TOKEN!s:>40}",
        f"{TOKEN:>40}",
        repr([TOKEN]),
        repr({"a": TOKEN}),
    ]
    assert not any("c0ffee" in text for text in shown)
    assert TOKEN.reveal() == "c0ffee00c0ffee00"
    assert not hasattr(TOKEN, "__dict__")


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_not_copied_by_accident(way):
    with pytest.raises(TypeError):
        way(TOKEN)


def test_two_secrets_of_the_same_text_are_equal_and_no_text_is():
    assert Secret("abcdefgh") == Secret("abcdefgh")
    assert len({Secret("abcdefgh"), Secret("abcdefgh")}) == 1
    assert Secret("abcdefgh") != "abcdefgh"


def test_hiding_takes_the_longest_first_and_leaves_short_words_alone():
    url = Secret("https://x.quiknode.pro/c0ffee00c0ffee00/")
    assert hide(f"POST {url.reveal()} failed", [TOKEN, url]) == f"POST {HIDDEN} failed"
    assert hide("/c0ffee00c0ffee00/", [TOKEN]) == f"/{HIDDEN}/"
    assert hide("a user", [Secret("user")]) == "a user"
