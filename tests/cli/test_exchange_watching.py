"""What came of a watch, on the owner's screen: another's words, which may be hostile."""

from __future__ import annotations

import json

import pytest

from warifu.cli.commands.exchange_watching import conclude, show_text
from warifu.cli.screen import Screen
from warifu.exchanges.feeds import FORBIDDEN, FULL, SILENT, SLOW, STOPPED, TIME, Hearing

pytestmark = pytest.mark.unit

HOSTILE = '{"price":"1","words":"\x1b[2J‮moc.live"}'.encode()


def test_no_message_redraws_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    show_text(Screen(), HOSTILE)
    show_text(Screen(), b"\xff\x07")
    shown = capsys.readouterr().out
    assert shown.splitlines() == ['{"price":"1","words":"?[2J?moc.live"}', "\ufffd?"]


def test_for_scripts_each_message_is_an_object_in_plain_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    """A number with a fraction stays as it was written; what is no JSON is said to be none."""
    screen = Screen(json=True)
    for text in ('{"price":"1€","size":0.10,"words":"‮"}'.encode(), HOSTILE, b"[" * 5000, b"\xff"):
        show_text(screen, text)
    out = capsys.readouterr().out
    assert out.isascii() and "\x1b" not in out
    first, *others = [json.loads(line) for line in out.splitlines()]
    assert first == {"message": {"price": "1€", "size": "0.10", "words": "‮"}}
    assert [list(each) for each in others] == [["unreadable"]] * 3


def hearing(messages: int = 0, gaps: tuple[str, ...] = (), unreadable: int = 0) -> Hearing:
    made = Hearing(lambda _text: None)
    made.messages, made.gaps, made.unreadable = messages, list(gaps), unreadable
    return made


def test_how_it_ended_is_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    conclude(Screen(json=True), "ticker", hearing(1, ("message 6 came after 4",), 2), FULL)
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "channel": "ticker",
        "messages": 1,
        "gaps": ["message 6 came after 4"],
        "unreadable": 2,
        "ended": "full",
    }
    for words in ("message 6 came after 4", "2 messages", "more came"):
        assert words in told.err


@pytest.mark.parametrize(
    ("ended", "warned"),
    [
        (TIME, ""),
        (STOPPED, ""),
        (SLOW, "took in time"),
        (SILENT, "did not answer"),
        (FORBIDDEN, "not allowed"),
        ("closed 1001", "closed 1001"),
        ("tunnel-cut", "tunnel-cut"),
    ],
)
def test_an_end_before_its_time_is_warned_of(
    capsys: pytest.CaptureFixture[str], ended: str, warned: str
) -> None:
    conclude(Screen(), "ticker", hearing(), ended)
    err = " ".join(capsys.readouterr().err.split())
    assert (warned in err) if warned else not err
