"""The bpftrace program: only numbers go in, and only what the kernel offers is asked of it."""

from __future__ import annotations

import re

import pytest

from warifu.errors import InputRefused
from warifu.host.watch.lines import KINDS
from warifu.host.watch.program import MAX_TASKS, Offered, program, template, unwatched

pytestmark = pytest.mark.unit

EVERYTHING = frozenset(
    {
        "module_load",
        *re.findall(r"sys_(?:enter|exit)_\w+", template()),
    }
)
ALL = Offered(EVERYTHING, types=True)


def test_threads_and_processes_are_in_it_as_numbers():
    text = program([41, 42], [41], ALL)
    assert "@ours[(uint64)41] = (uint64)1;" in text and "@ours[(uint64)42] = (uint64)1;" in text
    assert '$name == "/proc/41/mem"' in text and "/proc/42/mem" not in text
    assert not re.search(r"@[A-Z]+@|//::", text)


def test_where_the_kernel_offers_everything_every_kind_of_event_is_asked_for():
    text = program([1], [1], ALL)
    assert {kind for kind in KINDS if f'printf("{kind} ' in text} == set(KINDS)
    assert unwatched(ALL) == []


def test_what_the_kernel_does_not_have_is_left_out_and_said():
    poor = Offered(frozenset({"sys_enter_ptrace", "sys_enter_openat", "sys_exit_openat"}), types=False)
    text = program([1], [1], poor)
    assert re.findall(r"tracepoint:syscalls:\w+", text) == [
        "tracepoint:syscalls:sys_enter_ptrace",
        "tracepoint:syscalls:sys_enter_openat",
    ]
    assert {"sys_enter_bpf", "module_load", "opened"} <= set(unwatched(poor))


@pytest.mark.parametrize(
    "hostile", ["1", "1; system()", 0, -1, True, 2**22 + 1, 1.0, None, '1] = 1; } END { system("id")']
)
def test_what_is_no_process_id_never_becomes_program(hostile):
    for tasks, processes in (([hostile], [1]), ([1], [hostile])):
        with pytest.raises(InputRefused):
            program(tasks, processes, ALL)


@pytest.mark.parametrize(("tasks", "processes"), [([], []), ([1], []), (range(1, MAX_TASKS + 2), [1])])
def test_nobody_and_too_many_are_refused(tasks, processes):
    with pytest.raises(InputRefused):
        program(list(tasks), list(processes), ALL)


def test_a_foreign_name_is_only_ever_the_last_thing_of_a_line():
    for form in re.findall(r'printf\("([^"]*)"', template()):
        assert "%s" not in form.removesuffix("%s"), form
        assert form.split()[0] in (*KINDS, "joins", "leaves", "begins", "alive"), form
