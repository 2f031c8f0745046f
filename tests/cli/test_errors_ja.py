"""Every error that the program can raise is said in Japanese, and nothing else is."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from warifu.cli.errors_ja import FAMILIES, japanese
from warifu.cli.errors_ja.not_done import NOT_DONE
from warifu.cli.screen import Screen
from warifu.cli.text import speak, spoken
from warifu.errors import FAMILIES as KINDS
from warifu.errors import InputRefused, PassphraseRefused, PolicyDenied, WarifuError

pytestmark = pytest.mark.unit

TOOL = Path(__file__).resolve().parents[2] / "tools" / "error_codes.py"


@cache
def codes() -> dict[str, set[str]]:
    spec = importlib.util.spec_from_file_location("error_codes", TOOL)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    sys.modules["error_codes"] = tool  # dataclasses look their module up
    spec.loader.exec_module(tool)
    found: dict[str, set[str]] = tool.error_codes()
    return found


def entries() -> Iterator[tuple[str, str, str]]:
    for family, reasons in FAMILIES.items():
        for reason, (gist, remedy) in reasons.items():
            yield f"{family}.{reason}", gist, remedy


@pytest.fixture
def in_japanese():
    before = spoken()
    speak("ja")
    yield
    speak(before)


def test_every_code_has_a_japanese_sentence_and_every_sentence_a_code():
    found = codes()
    assert found.keys() == FAMILIES.keys() == KINDS.keys()
    lacking = {f"{family}.{reason}" for family in found for reason in found[family] - set(FAMILIES[family])}
    left_over = {f"{family}.{reason}" for family in found for reason in set(FAMILIES[family]) - found[family]}
    assert (sorted(lacking), sorted(left_over)) == ([], [])


def test_the_codes_are_found_that_come_by_parameters_tables_and_other_errors():
    """One of each kind, so that what finds them is known to look there."""
    found = codes()
    for code in (
        "input.psbt-form",  # of the reader's kind
        "platform.owner-auth",  # a word put together
        "store.full",  # by a function of the same file
        "chain.time-out",  # by one of another file
        "policy.window-limit",  # a rule's
        "broadcast.nonce-gap",  # of a table
        "evidence.pcr-values",  # a check's
        "exchange.travel-rule",  # a type's
    ):
        family, _, reason = code.partition(".")
        assert reason in found[family], code


def test_sentences_are_japanese_and_whole():
    for code, gist, remedy in entries():
        for sentence in (gist, *([remedy] if remedy else [])):
            assert sentence.endswith(("。", "）")), code
            assert any("HIRAGANA" in unicodedata.name(mark, "") for mark in sentence), code
            assert "  " not in sentence and not any(
                unicodedata.category(mark) in ("Cc", "Cf") for mark in sentence
            ), code


def test_commands_that_a_remedy_names_are_there():
    """As written in ``docs/cli.md``, which is made from the commands themselves."""
    page = (TOOL.parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^## (warifu[a-z -]*)$", page, re.MULTILINE))
    for code, gist, remedy in entries():
        for named in re.findall(r"'(warifu(?: [a-z][a-z-]*)+)", gist + remedy):
            words = named.split()
            assert any(" ".join(words[:length]) in known for length in (2, 3)), (code, named)
            assert " ".join(words[:3]) in known or " ".join(words[:2]) in known, (code, named)


def test_what_a_draft_refuses_as_a_signer_would_is_said_by_the_signers_word():
    assert japanese("input.reserved-address") == japanese("transaction.reserved-address")


def test_a_code_of_a_newer_program_is_unknown():
    assert japanese("input.never-heard-of") is None
    assert japanese("nothing") is None


def sentences_in_the_source() -> set[str]:
    """Every plain string, its parts put together."""
    return {
        node.value
        for path in (TOOL.parents[1] / "src" / "warifu").rglob("*.py")
        if "errors_ja" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_what_was_not_done_is_japanese_and_none_is_left_over():
    assert sorted(set(NOT_DONE) - sentences_in_the_source()) == []
    assert WarifuError("x", "x").not_done in NOT_DONE
    assert all(said.endswith(("。", "）")) for said in NOT_DONE.values())


def test_japanese_comes_first_and_the_exact_english_below(capsys, in_japanese):
    error = PolicyDenied(
        "window-limit", "0.2 BTC would have left in 1 day; the limit is 0.1 BTC", remedy="Wait."
    )
    Screen().error(error)
    shown = capsys.readouterr().err
    said = japanese("policy.window-limit")
    assert said is not None
    order = [
        said.gist,
        "0.2 BTC would have left",
        "何も署名せず、何も送っていません。",
        said.remedy,
        "Wait.",
        "policy.window-limit (5)",
    ]
    places = [shown.replace("\n    ", "").find(part) for part in order]
    assert -1 not in places and places == sorted(places), shown


def test_an_unknown_code_is_said_by_its_family(capsys, in_japanese):
    Screen().error(InputRefused("never-heard-of", "something new"))
    shown = capsys.readouterr().err
    assert "入力の形が正しくない" in shown and "something new" in shown


def test_a_script_gets_what_it_got_before(capsys, in_japanese):
    Screen(json=True).error(
        PassphraseRefused("wrong", "the passphrase is wrong", remedy="Type it again, slowly.")
    )
    said = capsys.readouterr().out
    assert '"message":"the passphrase is wrong"' in said and '"remedy":"Type it again, slowly."' in said
    assert said.isascii()


def test_nothing_of_it_is_loaded_until_an_error_is_shown_in_japanese():
    import subprocess

    script = "import sys, warifu.cli.screen, warifu.cli.text; print('warifu.cli.errors_ja' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
