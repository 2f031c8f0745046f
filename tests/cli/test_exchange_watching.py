"""What came of a watch, on the owner's screen: another's words, which may be hostile."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from warifu.cli.commands.exchange_watching import conclude, show_text, watch
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.screen import Screen
from warifu.errors import SessionAborted, WarifuError
from warifu.exchanges.feeds import FORBIDDEN, FULL, SILENT, SLOW, STOPPED, TIME, Hearing
from warifu.exchanges.registry import EXCHANGES

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


class Losing:
    """An account whose watch is lost after these messages."""

    exchange = EXCHANGES["coinbase"]

    def __init__(self, *heard: bytes, error: WarifuError) -> None:
        self._heard, self._error = heard, error

    def listen(self, _call: object, _seconds: int, take: Callable[[bytes], None]) -> None:
        for each in self._heard:
            take(each)
        raise self._error


def watched(monkeypatch: pytest.MonkeyPatch, losing: Losing, *options: str) -> Result:
    def opened(*_arguments: object) -> Any:
        return contextlib.nullcontext(losing)

    monkeypatch.setattr(Exchanging, "open", opened)
    arguments = ["savings", "main", "BTC-USD", "ETH-USD", "--channel", "ticker", "--seconds", "600", *options]
    return CliRunner().invoke(watch, arguments, obj=object())


TICKER = (
    b'{"channel":"ticker","client_id":"","timestamp":"2023-02-09T20:30:37Z","sequence_num":%d,"events":[]}\n'
)
AGAIN = "warifu exchange watch savings main BTC-USD ETH-USD --channel ticker --seconds 600"


def lost(reason: str = "watch-lost") -> SessionAborted:
    return SessionAborted(reason, "somebody was lost on the way", remedy="See to it.")


def test_a_watch_that_is_lost_says_what_stands_what_is_lost_and_how_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = watched(monkeypatch, Losing(TICKER % 0, TICKER % 1, b'{"half', error=lost()))
    assert isinstance(told.exception, SessionAborted)
    assert told.exception.remedy == f"See to it. To go on: {AGAIN}"
    words = " ".join(told.output.split())
    assert "2 messages." in words and "the last message was cut off" in words
    assert "these messages stand" in words and "does not say it again" in words


def test_for_scripts_the_last_line_says_that_it_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    told = watched(monkeypatch, Losing(TICKER % 0, error=lost()), "--json")
    last = json.loads(told.stdout.splitlines()[-1])
    assert (last["messages"], last["ended"]) == (1, "session.watch-lost")


def test_a_watch_that_never_began_has_its_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    told = watched(monkeypatch, Losing(error=lost("busy")))
    assert isinstance(told.exception, SessionAborted) and told.exception.remedy == "See to it."
    assert "stand" not in told.output


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
