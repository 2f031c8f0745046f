"""What comes from outside cannot make the terminal show something else than it says."""

import json

import pytest

from warifu.cli.screen import Screen, clean
from warifu.errors import PolicyDenied

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2K\rpaid", "\x07", "a\u202eb", "a\u200bb", "\x9b31m", "line\nbreak", "\u2028"],
)
def test_control_characters_and_direction_marks_are_shown_as_question_marks(hostile):
    assert "?" in clean(hostile)
    assert all(mark.isprintable() for mark in clean(hostile))


def test_japanese_and_markup_pass_as_they_are(capsys):
    Screen().line("割符 [red]not markup[/red] :smile:")
    assert capsys.readouterr().out == "割符 [red]not markup[/red] :smile:\n"


def test_a_label_cannot_redraw_an_amount(capsys):
    screen = Screen()
    screen.table(["a", "b>"], [["\x1b[1A0.1", "2"]])
    screen.facts([("a", "\x1b[1A")])
    screen.exact("\x1b[1A")
    screen.warn("\x1b[1A")
    captured = capsys.readouterr()
    assert "\x1b[1A" not in captured.out + captured.err


ERROR = PolicyDenied("limit", "over the limit", remedy="send less", blame="pi", retry_after=30)


def test_an_error_says_what_happened_what_was_not_done_and_what_to_do(capsys):
    Screen().error(ERROR)
    shown = capsys.readouterr().err
    for part in ("over the limit", "Nothing was signed", "send less", "pi", "30", "policy.limit (5)"):
        assert part in shown


def test_with_json_there_is_one_object_and_nothing_else_on_standard_output(capsys):
    screen = Screen(json=True)
    screen.line("for people")
    screen.table(["a"], [["b"]])
    screen.error(ERROR)
    shown = json.loads(capsys.readouterr().out)
    assert shown["error"]["code"] == "policy.limit"
    assert shown["error"]["exit_code"] == 5
    assert shown["error"]["retry_after"] == 30
