"""Every sentence that the command line can say in English, it can say in Japanese; and none is left over."""

from __future__ import annotations

import ast
import string
from functools import lru_cache
from pathlib import Path

import click
import pytest

import warifu.cli
from warifu.cli.base import help_paragraphs
from warifu.cli.device_evidence import CAPABILITIES, MEANING, NOT_PROVEN, STATES
from warifu.cli.exchanges.shown import KINDS, WORDS
from warifu.cli.main import main
from warifu.cli.progress import STEPS
from warifu.cli.text import language_of, speak, spoken, tr
from warifu.cli.text_ja import JAPANESE
from warifu.errors import FAMILIES

pytestmark = pytest.mark.unit

SOURCES = sorted(
    file
    for room in ("cli", "demo")
    for file in Path(warifu.cli.__file__).parent.parent.joinpath(room).rglob("*.py")
)


@lru_cache(maxsize=1)
def spoken_in_code() -> frozenset[str]:
    """The argument of every ``tr(...)``; one that is not a plain string must come from a table below."""
    found = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                argument = node.args[0]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value)
    return frozenset(found)


def spoken_in_help() -> set[str]:
    found: set[str] = set()
    waiting: list[click.Command] = [main]
    while waiting:
        command = waiting.pop()
        found |= set(help_paragraphs(command.help or ""))
        found |= {
            parameter.help
            for parameter in command.params
            if isinstance(parameter, click.Option) and parameter.help
        }
        if isinstance(command, click.Group):
            waiting += command.commands.values()
    return found


def families() -> set[str]:
    return {" ".join((kind.__doc__ or "").split()) for kind in FAMILIES.values()}


def all_spoken() -> frozenset[str]:
    tables = {*STEPS, *MEANING.values(), *NOT_PROVEN.values(), *CAPABILITIES.values(), *STATES}
    tables |= {*KINDS.values(), *WORDS}
    return spoken_in_code() | spoken_in_help() | tables | families()


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_english_sentence_has_a_japanese_one():
    assert sorted(all_spoken() - set(JAPANESE)) == []


def test_no_japanese_sentence_is_left_over():
    assert sorted(set(JAPANESE) - all_spoken()) == []


def test_translations_fill_in_the_same_values():
    for english in spoken_in_code():
        assert fields(JAPANESE[english]) == fields(english), english


def test_there_is_enough_to_translate():
    assert len(spoken_in_code()) > 50
    assert len(spoken_in_help()) > 50


def test_the_language_is_the_locales():
    assert language_of({"LANG": "ja_JP.UTF-8"}) == "ja"
    assert language_of({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}) == "en"
    assert language_of({"LANG": "de_DE.UTF-8"}) == "en"
    assert language_of({}) == "en"


def test_an_unknown_sentence_stays_english():
    before = spoken()
    try:
        speak("ja")
        assert tr("never said {x}", x=1) == "never said 1"
        assert tr("Stopped.") != "Stopped."
        speak("xx")
        assert tr("Stopped.") == "Stopped."
    finally:
        speak(before)
