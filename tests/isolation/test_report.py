"""No layer is silently skipped: it is on, or the report says why not, or the signer does not start."""

import json
import os
import subprocess
import sys

import msgspec
import pytest
from tests.support.isolated import answer_of, isolated, open_folder

from warifu.signer.isolation.apply import LAYERS, apply_all
from warifu.signer.isolation.layer import (
    DEFAULT_REQUIRED,
    IsolationProfile,
    IsolationReport,
    LayerResult,
    State,
)
from warifu.signer.isolation.trial import try_isolation

pytestmark = pytest.mark.real
NAMES = [layer.name for layer in LAYERS]


def test_each_layer_has_a_name_of_its_own_and_a_reason():
    assert len(set(NAMES)) == len(LAYERS) == 19
    assert all(layer.reason for layer in LAYERS)
    assert set(DEFAULT_REQUIRED) == {"no-new-privileges", "not-dumpable", "no-core-file", "seccomp"}
    assert set(DEFAULT_REQUIRED) < set(NAMES)


def test_a_trial_reports_every_layer_in_order(tmp_path):
    report = try_isolation(tmp_path)
    assert [result.name for result in report.layers] == NAMES
    assert all(bool(result.detail) == (result.state is not State.ON) for result in report.layers)
    states = {result.name: result.state for result in report.layers}
    assert all(states[name] is State.ON for name in DEFAULT_REQUIRED)
    assert all(result.milliseconds > 0 for result in report.layers), "each was measured"
    assert list(tmp_path.iterdir()) == [], "the trial leaves nothing behind"


def test_the_trial_works_whatever_numbers_the_descriptors_have():
    """In a fresh interpreter the socket pair takes descriptors 3 and 4, which the child needs for other things."""
    program = "from warifu.signer.isolation.trial import try_isolation; print(len(try_isolation().layers))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    assert result.stdout == b"19\n"


def test_where_ordinary_programs_may_make_no_user_namespace_a_signer_starts_and_says_so(tmp_path):
    """As on hardened kernels, for an agent that is not root; for root's, all but the user namespace remain."""
    program = """
import errno, json, sys
from pathlib import Path
import pyseccomp
from warifu.signer.isolation.trial import try_isolation
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "unshare", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 0x10000000, 0x10000000))
rules.load()
print(json.dumps(try_isolation(Path(sys.argv[1])).pairs()))
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=True, timeout=60
    )
    states = dict(json.loads(result.stdout))
    assert states["user-namespace"] == "unavailable: the kernel refused it: Operation not permitted"
    others = {states[name] for name in ("namespaces", "other-namespaces", "private-root")}
    if os.geteuid() == 0:
        assert others == {"on"}
    else:
        assert all(state.startswith("unavailable: ") for state in others)
    assert {states[name] for name in DEFAULT_REQUIRED} == {"on"}


def test_a_layer_that_is_not_given_is_said_with_its_reason(tmp_path):
    with isolated("hold", open_folder(tmp_path), own_user=False) as (process, connection):
        connection.sendall(b"done")
        assert connection.recv(4) == b"held"
        layers = answer_of(process, connection)["layers"]
    assert layers["own-user"].startswith("unavailable: it runs as the user of its agent")
    assert list(layers) == NAMES


@pytest.mark.parametrize("required", [("own-user",), ("own-user", "seccomp"), ("seccmop",)])
def test_a_required_layer_that_is_not_given_stops_the_signer(tmp_path, required):
    store = open_folder(tmp_path)
    with isolated("work", store, own_user=False, required=required) as (process, connection):
        assert connection.recv(1) == b"", "it must not say a word"
        assert process.wait(30) == 1
    assert any("HostUnsuitable" in line for line in process.log), list(process.log)
    assert list(store.iterdir()) == []


def test_a_second_thread_would_escape_and_is_refused(tmp_path):
    program = """
import sys, threading, time
from warifu.errors import HostUnsuitable
from warifu.signer.isolation.apply import apply_all
from warifu.signer.isolation.layer import IsolationProfile
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
try:
    apply_all(IsolationProfile(store=sys.argv[1]))
except HostUnsuitable as refusal:
    print(refusal.code)
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=True, timeout=60
    )
    assert result.stdout == b"host.isolation-threads\n"


def test_the_report_is_ready_for_json_and_for_the_operator():
    report = IsolationReport(
        (
            LayerResult("a", "why", State.ON, "", True),
            LayerResult("b", "why", State.UNAVAILABLE, "old kernel", False),
        )
    )
    assert report.pairs() == (("a", "on"), ("b", "unavailable: old kernel"))
    assert [result.name for result in report.missing] == ["b"]
    encoded = msgspec.json.encode(report)
    assert json.loads(encoded)["layers"][1]["state"] == "unavailable"
    assert msgspec.json.decode(encoded, type=IsolationReport) == report


def test_memory_that_is_locked_includes_memory_to_come(tmp_path):
    """With the right to lock (root), the real call; its probe must see the difference."""
    program = """
from warifu.signer.isolation.layer import IsolationProfile
from warifu.signer.isolation.layers.locked_memory import LockedMemory, lock_all
profile = IsolationProfile(store="/tmp")
print(LockedMemory().probe(profile))
try:
    lock_all()
except OSError as error:
    print("not allowed", error.errno)
else:
    print(LockedMemory().probe(profile))
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, timeout=60, text=True
    )
    before, after = result.stdout.splitlines()
    assert before == "new memory is not locked"
    if after.startswith("not allowed"):
        pytest.skip("this user may not lock this much memory")
    assert after == "None"


def test_apply_refuses_before_it_changes_anything():
    """In this very process: an unknown requirement must leave it as it was."""
    mask = os.umask(0o022)
    try:
        with pytest.raises(Exception, match="layers that do not exist: seccmop"):
            apply_all(IsolationProfile(store="/tmp", required=("seccmop",)))
        assert os.umask(0o022) == 0o022
        assert os.environ
    finally:
        os.umask(mask)
