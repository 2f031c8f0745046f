"""What bpftrace says, with names that would rather be something else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.host.watch.alarm import WORDS, Alarm, judge
from warifu.host.watch.lines import (
    KINDS,
    MAX_LINE_BYTES,
    Alive,
    Begins,
    Event,
    Lost,
    Nothing,
    Task,
    Unreadable,
    read_line,
)
from warifu.host.watch.processes import Rights, rights_of

pytestmark = pytest.mark.unit


def printed(text: str) -> bytes:
    return json.dumps({"type": "printf", "data": text}).encode()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (printed("ptrace 7 1000 41 16 gdb"), Event("ptrace", 7, 1000, 41, 16, "gdb")),
        (printed("measure 7 0 -1 0 perf"), Event("measure", 7, 0, -1, 0, "perf")),
        (printed("joins 43"), Task(True, 43)),
        (printed("leaves 43"), Task(False, 43)),
        (printed("begins 99"), Begins(99)),
        (printed("alive 3"), Alive()),
        (b'{"type": "lost_events", "data": {"events": 5}}', Lost(5)),
        (b'{"type": "attached_probes", "data": {"probes": 9}}', Nothing()),
        (b'{"type": "map", "data": {"@ours": {"1": 1}}}', Nothing()),
        (b"", Nothing()),
    ],
)
def test_each_form_is_read(line, said):
    assert read_line(line) == said


@pytest.mark.parametrize(
    "line",
    [
        b"ptrace 7 1000 41 16 gdb",
        b"[]",
        b"7",
        b"{",
        b'{"type": "printf"}',
        b'{"type": "printf", "data": 7}',
        b'{"type": "printf", "data": "alive 1", "more": 1}',
        b'{"type": "lost_events", "data": {"events": "none"}}',
        b'{"type": "lost_events", "data": {"events": true}}',
        b'{"type": "time", "data": "x"}',
        printed("ptrace 7 1000 41 gdb"),
        printed("ptrace 7 1000 41 16"),
        printed("Ptrace 7 1000 41 16 gdb"),
        printed("ptrace -7 1000 41 16 gdb"),
        printed("ptrace 7 1000 41 16gdb"),
        printed("ptrace 99999999999 1000 41 16 gdb"),
        printed("alive 1 alive 2"),
        printed("joins x"),
        printed(""),
        b"[" * 4000,
        b"x" * (MAX_LINE_BYTES + 1),
    ],
)
def test_what_is_of_no_known_form_is_unreadable(line):
    assert isinstance(read_line(line), Unreadable)


@given(st.text(max_size=15), st.sampled_from(KINDS))
def test_whatever_a_process_calls_itself_it_stays_a_name(name, kind):
    assert read_line(printed(f"{kind} 7 1000 41 0 {name}")) == Event(kind, 7, 1000, 41, 0, name)


@pytest.mark.parametrize(
    "name", ['"}\n{"type": "pr', "\nleaves 41", "alive 1", "1 2 3 4 x", " ", "\\u0000\x00", ""]
)
def test_a_name_that_looks_like_another_line_or_field_is_a_name(name):
    line = printed(f"ptrace 7 1000 41 16 {name}")
    assert b"\n" not in line
    assert read_line(line) == Event("ptrace", 7, 1000, 41, 16, name)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data):
    read_line(data)


# --- judged -----------------------------------------------------------------------------------------------------------


def test_every_kind_of_event_has_words_for_people():
    assert set(KINDS) <= set(WORDS)


def test_the_watchs_own_doings_are_no_alarm():
    assert judge(Event("bpf", 99, 0, 0, 5, "bpftrace"), {41}, {99}) is None
    assert judge(Event("bpf", 98, 0, 0, 5, "bpftrace"), {41}, {99}) is not None


@pytest.mark.parametrize(
    ("program_type", "alarmed"),
    [(2, True), (5, True), (17, True), (26, True), (29, True), (8, False), (15, False)],
)
def test_programs_that_trace_are_alarms_and_those_of_systemd_are_not(program_type, alarmed):
    assert (judge(Event("bpf", 7, 0, 0, program_type, "x"), {41}, set()) is not None) is alarmed


@pytest.mark.parametrize(
    ("directory", "alarmed"),
    [("41", True), ("42", False), ("self", False), ("", False), ("41 ", False), ("\u0664\u0661", False)],
)
def test_only_our_own_memory_matters(directory, alarmed):
    alarm = judge(Event("opened-memory", 7, 0, 0, 0, directory), {41}, set())
    assert (alarm is not None) is alarmed
    assert alarm is None or alarm.target == 41


def test_a_hostile_name_is_made_harmless_and_a_sentence_is_short():
    alarm = judge(Event("ptrace", 7, 0, 41, 16, "\x1b[2Ja\nb\u202e"), {41}, set())
    assert alarm is not None and alarm.name == "?[2Ja?b?"
    assert len(Alarm("memory-write", 2**32, 2**32, 1, "x" * 16).words()) <= 200


# --- rights -----------------------------------------------------------------------------------------------------------

STATUS = (
    "Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nTracerPid:\t{tracer}\nCapPrm:\t{cap:016x}\nCapEff:\t{cap:016x}\n"
    "NoNewPrivs:\t{closed}\n"
)


def status(uid: int = 1000, cap: int = 0, closed: int = 1, tracer: int = 0) -> Rights:
    found = rights_of(STATUS.format(uid=uid, cap=cap, closed=closed, tracer=tracer))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "now", "gained"),
    [
        (status(), status(), False),
        (status(), status(uid=0), True),
        (status(), status(cap=1 << 21), True),
        (status(), status(closed=0), True),
        (status(uid=0, cap=3, closed=0), status(uid=61234), False),
        (status(cap=3), status(cap=1), False),
    ],
)
def test_rights_may_be_given_up_and_not_gained(before, now, gained):
    assert now.exceed(before) is gained


def test_a_tracer_is_seen():
    assert status(tracer=77).tracer == 77


@pytest.mark.parametrize("text", ["", "Name:\tx\n", "Uid:\t0\t0\t0\t0\n"])
def test_a_status_without_rights_is_none(text):
    assert rights_of(text) is None
