"""The lists of methods are what the code calls: read out of its source, so that neither can change alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import warifu.chains
from warifu.chains.quicknode.methods import METHODS, family_of_slug, methods_of

pytestmark = pytest.mark.unit

CHAINS = Path(next(iter(warifu.chains.__path__)))
ETHEREUM = re.compile(r"[a-z0-9]+_[a-z][A-Za-z]+")
SOLANA = re.compile(r"[a-z]+[A-Z][A-Za-z]+")
ASKING = {
    *("call", "calls", "batch", "first", "every", "agreed", "Question", "_ask"),
    *("_first", "_agreed", "_each", "_reached_by_quorum", "_history"),
}
"""What takes a method's name: of the endpoints, and of the modules that ask them."""


def named_in(node: ast.AST) -> set[str]:
    """The texts that are handed, directly, to what asks."""
    return {
        argument.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and (getattr(call.func, "attr", None) or getattr(call.func, "id", None)) in ASKING
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def called_in(room: str) -> set[str]:
    return set().union(*(named_in(ast.parse(file.read_text())) for file in (CHAINS / room).glob("*.py")))


def texts_in(room: str, shape: re.Pattern[str]) -> set[str]:
    """Every text that looks like a method, wherever it stands: what a new way of asking could not hide."""
    return {
        node.value
        for file in (CHAINS / room).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and shape.fullmatch(node.value)
    }


def class_in(file: str, name: str) -> dict[str, ast.FunctionDef]:
    found = next(
        node
        for node in ast.parse((CHAINS / file).read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    return {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}


def attributes(node: ast.AST, of: str) -> set[str]:
    """The names behind ``of.`` in ``node``."""
    return {
        found.attr
        for found in ast.walk(node)
        if isinstance(found, ast.Attribute) and ast.unparse(found.value) == of
    }


def reached(functions: dict[str, ast.FunctionDef], start: set[str]) -> set[str]:
    """The methods that ``start``, and what they call of their own class, ask for."""
    seen: set[str] = set()
    waiting = set(start)
    while waiting:
        name = waiting.pop()
        if name in functions and name not in seen:
            seen.add(name)
            waiting |= attributes(functions[name], "self")
    return set().union(*(named_in(functions[name]) for name in seen))


def test_ethereum_s_list_is_what_its_network_half_calls():
    assert called_in("ethereum_network") == set(METHODS["eip155"])
    assert {text for text in texts_in("ethereum_network", ETHEREUM) if text.startswith("eth_")} == set(
        METHODS["eip155"]
    )


def test_solana_s_list_is_what_its_network_half_calls():
    called = {text for text in called_in("solana_network") if SOLANA.fullmatch(text)}
    assert called == set(METHODS["solana"])
    verbs = ("get", "send", "simulate", "request", "is", "minimum")
    assert {text for text in texts_in("solana_network", SOLANA) if text.startswith(verbs)} == set(
        METHODS["solana"]
    )


def test_bitcoin_s_list_is_what_its_backend_reaches_in_the_node_and_in_blockbook():
    backend = class_in("quicknode/bitcoin.py", "QuickNodeBitcoin").values()
    asked = {
        part: set().union(*(attributes(way, f"self.{part}") for way in backend))
        for part in ("_core", "_blockbook")
    }
    node = reached(class_in("bitcoin_network/backends/core_rpc.py", "CoreRpc"), asked["_core"])
    index = reached(class_in("quicknode/blockbook.py", "Blockbook"), asked["_blockbook"])
    assert {"block_hash", "broadcast", "status"} <= asked["_core"]
    assert node | index == set(METHODS["bitcoin"])


def test_several_families_are_let_through_together():
    assert methods_of(["solana", "bitcoin"]) == tuple(sorted(METHODS["solana"] + METHODS["bitcoin"]))
    assert methods_of([]) == ()


def test_a_chain_that_is_not_known_is_of_no_family():
    assert (family_of_slug("btc"), family_of_slug("solana"), family_of_slug("base")) == (
        "bitcoin",
        "solana",
        "eip155",
    )
    assert family_of_slug("sui") is None
