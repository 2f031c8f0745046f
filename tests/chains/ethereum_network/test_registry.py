"""What is remembered of tokens, and what a damaged file does."""

from __future__ import annotations

import json

import pytest

from warifu.chains.accounts import Token
from warifu.chains.ethereum.address import parse_address
from warifu.chains.ethereum_network.registry import TokenRegistry
from warifu.errors import InputRefused, StoreDamaged

pytestmark = pytest.mark.unit

CHAIN = "eip155:31337"
DOLLAR = Token("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "TUSD", 6)
EURO = Token("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "TEUR", 6)


def test_what_was_met_is_there_after_a_restart(tmp_path):
    path = tmp_path / "tokens.json"
    registry = TokenRegistry(path)
    registry.remember(CHAIN, DOLLAR)
    registry.remember(CHAIN, EURO)
    registry.remember("eip155:1", DOLLAR)
    again = TokenRegistry(path)
    assert again.get(CHAIN, parse_address(DOLLAR.address)) == DOLLAR
    assert again.of(CHAIN) == (DOLLAR, EURO)
    assert again.of("eip155:1") == (DOLLAR,)
    assert again.of("eip155:10") == ()


def test_without_a_file_it_remembers_for_its_own_time():
    registry = TokenRegistry()
    registry.remember(CHAIN, DOLLAR)
    assert registry.of(CHAIN) == (DOLLAR,)


@pytest.mark.parametrize("now", [Token(DOLLAR.address, "TUSD", 18), Token(DOLLAR.address, "USDC", 6)])
def test_a_token_does_not_change(tmp_path, now):
    path = tmp_path / "tokens.json"
    registry = TokenRegistry(path)
    registry.remember(CHAIN, DOLLAR)
    before = path.read_bytes()
    with pytest.raises(InputRefused) as refused:
        registry.remember(CHAIN, now)
    assert refused.value.code == "input.token-changed"
    assert path.read_bytes() == before
    registry.remember(CHAIN, DOLLAR)  # the same again is no change


ENTRY = {"chain": CHAIN, "address": DOLLAR.address, "symbol": "TUSD", "decimals": 6}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        json.dumps({"version": 2, "tokens": []}),
        json.dumps({"version": 1, "tokens": [ENTRY, ENTRY]}),
        json.dumps({"version": 1, "tokens": [ENTRY], "more": 1}),
        json.dumps({"version": 1, "tokens": [{**ENTRY, "decimals": -1}]}),
        json.dumps({"version": 1, "tokens": [{**ENTRY, "decimals": 37}]}),
        json.dumps({"version": 1, "tokens": [{**ENTRY, "decimals": "6"}]}),
        json.dumps({"version": 1, "tokens": [{**ENTRY, "symbol": ""}]}),
        json.dumps({"version": 1, "tokens": [{**ENTRY, "symbol": "TUSD\x1b"}]}),
        json.dumps({"version": 1, "tokens": [{**ENTRY, "address": DOLLAR.address.lower()}]}),
        json.dumps({"version": 1, "tokens": [{**ENTRY, "chain": "ethereum"}]}),
        " " * (4 * 1024 * 1024 + 1),
    ],
)
def test_a_damaged_file_is_refused_whole(tmp_path, content):
    path = tmp_path / "tokens.json"
    path.write_text(content)
    with pytest.raises(StoreDamaged) as damaged:
        TokenRegistry(path)
    assert damaged.value.code == "store.token-registry"


def test_what_cannot_be_written_is_not_remembered(tmp_path):
    registry = TokenRegistry(tmp_path / "missing" / "tokens.json")
    with pytest.raises(StoreDamaged):
        registry.remember(CHAIN, DOLLAR)
    assert registry.of(CHAIN) == ()
