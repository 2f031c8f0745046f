"""Random and half-right input at the doors: refused in our own words, never a crash."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from warifu.chains.bitcoin_embedded.esplora import EsploraApi
from warifu.chains.bitcoin_network.changes import (
    Anchor,
    Changes,
    ForeignOutput,
    decode_changes,
    encode_changes,
    merge,
)
from warifu.errors import StoreDamaged

pytestmark = pytest.mark.real

ints = st.integers(min_value=-(2**63), max_value=2**64 - 1) | st.integers(0, 1000)
hashes = st.binary(max_size=40) | st.binary(min_size=32, max_size=32)


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b"\x81\xa7\x00\x00\x00\x00\x00\x00\x80")  # a key that is no UTF-8
def test_bytes_that_are_no_change_set(data):
    for entry in (data, b"\x01" + data):
        try:
            decode_changes(entry)
        except StoreDamaged:
            continue


@settings(deadline=None, max_examples=200)
@given(
    st.builds(
        Changes,
        network=st.sampled_from([None, "regtest", "bitcoin", "", "x" * 500]),
        descriptor=st.none() | st.text(max_size=60),
        checkpoints=st.lists(st.tuples(ints, st.none() | hashes), max_size=3).map(tuple),
        transactions=st.lists(st.binary(max_size=80), max_size=2).map(tuple),
        foreign_outputs=st.lists(
            st.builds(ForeignOutput, hashes, ints, ints, st.binary(max_size=40)), max_size=2
        ).map(tuple),
        anchors=st.lists(st.builds(Anchor, ints, hashes, ints, hashes), max_size=2).map(tuple),
        last_seen=st.lists(st.tuples(hashes, ints), max_size=2).map(tuple),
        last_revealed=st.lists(st.tuples(hashes, ints), max_size=2).map(tuple),
        reserved=st.lists(st.tuples(hashes, ints, st.booleans()), max_size=2).map(tuple),
    )
)
def test_well_formed_change_sets_with_impossible_values(changes):
    try:
        merge([encode_changes(changes)])
    except StoreDamaged:
        return


@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", ""]),
    path=st.lists(
        st.sampled_from(
            ["blocks", "tip", "height", "hash", "tx", "block", "block-height", "scripthash", "address", "txs", "chain",
             "outspend", "outspends", "raw", "status", "mempool", "merkle-proof", "00" * 32, "ff" * 32, "0",
             "999999999", "4294967296", "-1", "txid", "header", ""]
        )
        | st.text(string.printable, max_size=10),
        max_size=6,
    ).map(lambda parts: "/" + "/".join(parts)),
    body=st.binary(max_size=60) | st.text("0123456789abcdef", max_size=200).map(str.encode),
)  # fmt: skip
def test_esplora_answers_anything(chain, method, path, body):
    assert EsploraApi(chain).answer(method, path, body).status in (200, 400, 404)
    assert EsploraApi(chain).answer("POST", "/tx", body).status == 400
