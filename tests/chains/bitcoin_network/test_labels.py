"""BIP-329 labels: what other wallets write is read, and what is written they can read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.bitcoin_network.labels import Label, check_label, export_labels, import_labels
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

TXID = "f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd"

EVERY_KIND = [
    Label("tx", TXID, "Transaction", origin="wpkh([d34db33f/84'/0'/0'])"),
    Label("addr", "bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c", "Address"),
    Label("pubkey", "0283409659355b6d1cc3c32decd5d561abaac86c37a353b52895a5e6c196d6f448", "Public key"),
    Label("input", f"{TXID}:0", "Input"),
    Label("output", f"{TXID}:1", "Output", spendable=False),
    Label("xpub", "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8", "xpub"),
]


def test_every_kind_comes_back_as_it_went():
    assert import_labels(export_labels(EVERY_KIND)) == EVERY_KIND


def test_a_line_is_the_json_that_the_bip_shows():
    (line,) = export_labels([EVERY_KIND[4]]).splitlines()
    assert json.loads(line) == {"type": "output", "ref": f"{TXID}:1", "label": "Output", "spendable": False}


def test_fields_of_later_versions_are_ignored_and_empty_lines_too():
    text = f'\n{{"type":"tx","ref":"{TXID}","label":"rent","height":900000,"heading":"x"}}\n\n'
    assert import_labels(text) == [Label("tx", TXID, "rent")]


def test_the_last_line_on_a_thing_counts():
    assert import_labels(export_labels([Label("tx", TXID, "old"), Label("tx", TXID, "new")])) == [
        Label("tx", TXID, "new")
    ]


@given(st.text(max_size=255).filter(str.isprintable))
def test_any_printable_text_survives(text):
    label = Label("tx", TXID, text)
    assert import_labels(export_labels([label])) == [label]


@pytest.mark.parametrize(
    "line",
    [
        "rent",
        "[]",
        '{"type":"tx"}',
        f'{{"type":"memo","ref":"{TXID}"}}',
        '{"type":"tx","ref":"f91d"}',
        f'{{"type":"output","ref":"{TXID}"}}',
        f'{{"type":"output","ref":"{TXID}:01"}}',
        f'{{"type":"tx","ref":"{TXID}","spendable":true}}',
        f'{{"type":"tx","ref":"{TXID}","label":"{"x" * 256}"}}',
        f'{{"type":"tx","ref":"{TXID}","label":"bell\\u0007"}}',
        f'{{"type":"tx","ref":"{TXID}","label":5}}',
        f'{{"type":"tx","ref":"{TXID}","origin":"{"x" * 256}"}}',
        '{"type":"addr","ref":"bc1q; DROP TABLE"}',
    ],
)
def test_a_bad_line_refuses_the_whole_file_and_is_named(line):
    with pytest.raises(InputRefused) as refused:
        import_labels(export_labels([Label("tx", TXID, "good")]) + line + "\n")
    assert refused.value.code == "input.labels"
    assert "line 2" in refused.value.message


def test_too_much_is_refused():
    with pytest.raises(InputRefused):
        import_labels("\n" * (8 * 1024 * 1024 + 1))
    with pytest.raises(InputRefused):
        import_labels("".join(f'{{"type":"addr","ref":"a{n}"}}\n' for n in range(20_001)))


def test_what_is_stored_is_checked_like_what_is_imported():
    check_label(EVERY_KIND[0])
    with pytest.raises(InputRefused):
        check_label(Label("tx", TXID, "two\nlines"))
