"""Every allowed system call is allowed for a seen reason: the list is held against traces of signers at work."""

import os
import shutil

import pytest
from tests.support.traces import Seen, differences, read, trace

from warifu.signer.isolation.layers.seccomp_rules import ALLOWED, TRACED, conditional

pytestmark = pytest.mark.real
RECORD = """execve("/usr/bin/python3", ["python3"], 0x7ffd) = 0
socket(AF_UNIX, SOCK_STREAM, 0)         = 9
seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=90, filter=0x1}) = 0
socket(AF_INET, SOCK_STREAM, 0)         = -1 EPERM (Operation not permitted)
openat(AT_FDCWD, "absent", O_RDONLY)    = -1 ENOENT (No such file or directory)
exit_group(0)                           = ?
+++ exited with 0 +++
"""
KILLED = """seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=90, filter=0x1}) = 0
poll([{fd=3, events=POLLIN}], 1, -1)    = ? ERESTART_RESTARTBLOCK (Interrupted by signal)
munlock(0x7f0000000000, 4096)           = ?
munlock(0x7f0000000000, 4096 <unfinished ...>
+++ killed by SIGKILL +++
"""


def test_of_a_record_what_comes_after_the_last_wall_counts(tmp_path):
    (tmp_path / "trace.1").write_text(RECORD)
    (tmp_path / "trace.2").write_text(RECORD.replace("seccomp", "prctl"))
    assert read(tmp_path) == Seen({"openat", "exit_group"}, {"socket"}, 1)


def test_of_a_call_in_which_a_process_was_killed_nobody_knows_the_answer(tmp_path):
    (tmp_path / "trace.1").write_text(KILLED)
    assert read(tmp_path) == Seen({"poll"}, set(), 1)


def test_each_disagreement_is_found():
    assert differences(Seen(set(TRACED), {"socket"}, 1)) == []
    assert differences(Seen(set(TRACED) - {"fsync"}, set(), 1)) == ["said to be traced, and not seen: fsync"]
    (unsaid,) = differences(Seen({*TRACED, "writev"}, set(), 1))
    assert unsaid.startswith("seen, and allowed without")
    (answered,) = differences(Seen({*TRACED, "io_uring_setup"}, set(), 1))
    assert answered == "answered although it is not allowed: io_uring_setup"
    (refused,) = differences(Seen(set(TRACED), {"memfd_create"}, 1))
    assert refused.endswith("memfd_create")


def test_no_call_is_allowed_twice_or_both_whole_and_in_part():
    assert len(set(ALLOWED)) == len(ALLOWED)
    assert not set(ALLOWED) & {rule.call for rule in conditional(1)}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the list's first half was traced on x86-64")
def test_traces_of_signers_at_work_show_what_the_list_says(tmp_path):
    """Again where the first disagrees: a signer that is killed leaves half a record, a wrong list is wrong again."""
    wrong = []
    for attempt in ("first", "second"):
        folder = tmp_path / attempt
        folder.mkdir()
        for place in (tmp_path, folder):
            place.chmod(0o755)
        seen = trace(folder)
        assert seen.signers >= 8
        wrong = differences(seen)
        if not wrong:
            break
    assert wrong == []
