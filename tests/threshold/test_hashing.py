"""The tagged hash of BIP-340."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.threshold.hashing import tagged_hash

pytestmark = pytest.mark.unit


@given(st.text(max_size=20), st.lists(st.binary(max_size=100), max_size=4))
def test_it_is_what_bip340_defines(tag, parts):
    prefix = hashlib.sha256(tag.encode()).digest()
    assert tagged_hash(tag, *parts) == hashlib.sha256(prefix + prefix + b"".join(parts)).digest()


def test_domains_are_apart():
    assert tagged_hash("TapTweak", b"x") != tagged_hash("TapLeaf", b"x")
    assert tagged_hash("a", b"bc") != tagged_hash("ab", b"c")
