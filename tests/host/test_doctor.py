"""What the doctor sees on recorded machines: what is there, what is missing, and what cannot be seen."""

import json
import os
from pathlib import Path

import pytest

from warifu.host.check import State
from warifu.host.doctor import CHECKS, HostReport, examine, examine_machine, to_json
from warifu.host.kernel import Kernel
from warifu.host.machine import Machine

pytestmark = pytest.mark.unit

SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
ROOT_ON_SDA = "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"


class RecordedKernel(Kernel):
    """Answers as recorded."""

    def __init__(self, landlock=7, secret=True, mdwe=True, lockable=None, synchronised=True) -> None:
        self.answers = (landlock, secret, mdwe, lockable, synchronised)

    def landlock_abi(self):
        return self.answers[0]

    def memfd_secret(self):
        return self.answers[1]

    def refuses_new_code(self):
        return self.answers[2]

    def lockable_bytes(self):
        return self.answers[3]

    def clock_synchronised(self):
        return self.answers[4]


@pytest.fixture
def machine(tmp_path):
    """Builds a machine from {path: content}; a content of None makes a folder."""

    def build(files, kernel=None, store="/var/lib/device"):
        for path, content in {"/proc/sys/kernel/x": "", "/sys/x": "", **files}.items():
            target = tmp_path / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Machine(tmp_path, kernel or RecordedKernel(), Path(store))

    return build


def seen(machine: Machine, name: str) -> tuple[str, str]:
    finding = next(finding for finding in examine_machine(machine).findings if finding.name == name)
    return finding.state.value, finding.detail


FILE_CASES = [
    # check, files, state, words of the detail
    ("seccomp", {"/proc/sys/kernel/seccomp/actions_avail": "kill_process errno log allow\n"}, "ok", "errno"),
    (
        "seccomp",
        {"/proc/sys/kernel/seccomp/actions_avail": "kill_thread allow\n"},
        "missing",
        "errno, kill_process",
    ),
    ("seccomp", {}, "missing", "cannot filter"),
    ("core-dumps", {"/proc/sys/kernel/core_pattern": "core\n"}, "ok", "'core'"),
    ("core-dumps", {"/proc/sys/kernel/core_pattern": "|/bin/false\n"}, "ok", "thrown away"),
    (
        "core-dumps",
        {"/proc/sys/kernel/core_pattern": "|/usr/lib/systemd/systemd-coredump %P"},
        "missing",
        "handed",
    ),
    ("core-dumps", {"/proc/sys/kernel/core_pattern": "|/bin/false-but-not"}, "missing", "handed"),
    ("core-dumps", {}, "ok", "no core files"),
    ("swap", {}, "ok", "cannot swap"),
    ("swap", {"/proc/swaps": SWAPS}, "ok", "no swap"),
    ("swap", {"/proc/swaps": f"{SWAPS}/dev/sda2 partition 1 0 -2\n"}, "missing", "/dev/sda2"),
    ("swap", {"/proc/swaps": f"{SWAPS}/swapfile file 1 0 -2\n"}, "missing", "/swapfile"),
    ("swap", {"/proc/swaps": f"{SWAPS}/dev/zram0 partition 1 0 -2\n"}, "ok", "zram0"),
    (
        "swap",
        {
            "/proc/swaps": f"{SWAPS}/dev/zram0 partition 1 0 -2\n",
            "/sys/class/block/zram0/backing_dev": "/dev/sda3\n",
        },
        "missing",
        "zram0",
    ),
    (
        "swap",
        {
            "/proc/swaps": f"{SWAPS}/dev/dm-1 partition 1 0 -2\n",
            "/sys/class/block/dm-1/dm/uuid": "CRYPT-PLAIN-swap",
        },
        "ok",
        "dm-1",
    ),
    (
        "swap",
        {"/proc/swaps": f"{SWAPS}/dev/dm-1 partition 1 0 -2\n", "/sys/class/block/dm-1/dm/uuid": "LVM-abc"},
        "missing",
        "dm-1",
    ),
    ("store-encryption", {"/proc/self/mountinfo": ROOT_ON_SDA}, "missing", "/ (ext4)"),
    (
        "store-encryption",
        {
            "/proc/self/mountinfo": "22 1 254:0 / / rw - ext4 /dev/dm-0 rw\n",
            "/sys/dev/block/254:0/dm/uuid": "CRYPT-LUKS2-1",
        },
        "ok",
        "encrypted",
    ),
    (
        "store-encryption",  # LVM on LUKS
        {
            "/proc/self/mountinfo": "22 1 254:1 / / rw - ext4 /dev/dm-1 rw\n",
            "/sys/dev/block/254:1/dm/uuid": "LVM-x",
            "/sys/dev/block/254:1/slaves/dm-0": None,
            "/sys/class/block/dm-0/dm/uuid": "CRYPT-LUKS2-1",
        },
        "ok",
        "encrypted",
    ),
    (
        "store-encryption",  # a mirror of one encrypted disk and one in clear
        {
            "/proc/self/mountinfo": "22 1 9:0 / / rw - ext4 /dev/md0 rw\n",
            "/sys/dev/block/9:0/slaves/dm-0": None,
            "/sys/dev/block/9:0/slaves/sdb": None,
            "/sys/class/block/dm-0/dm/uuid": "CRYPT-LUKS2-1",
            "/sys/class/block/sdb/size": "1",
        },
        "missing",
        "does not encrypt",
    ),
    (
        "store-encryption",  # devices that carry each other in a circle end all the same
        {
            "/proc/self/mountinfo": "22 1 9:0 / / rw - ext4 /dev/md0 rw\n",
            "/sys/dev/block/9:0/slaves/a": None,
            "/sys/class/block/a/slaves/a": None,
        },
        "missing",
        "does not encrypt",
    ),
    (
        "store-encryption",
        {"/proc/self/mountinfo": f"{ROOT_ON_SDA}23 22 0:40 / /var/lib/device rw - tmpfs tmpfs rw\n"},
        "ok",
        "RAM",
    ),
    (
        "store-encryption",
        {"/proc/self/mountinfo": f"{ROOT_ON_SDA}23 22 0:40 / /var/lib rw - btrfs /dev/sdb rw\n"},
        "unknown",
        "btrfs",
    ),
    (
        "store-encryption",  # a neighbour with a longer name is not the store's mount
        {"/proc/self/mountinfo": f"{ROOT_ON_SDA}23 22 0:40 / /var/lib/device2 rw - tmpfs tmpfs rw\n"},
        "missing",
        "/ (ext4)",
    ),
    ("store-encryption", {"/proc/self/mountinfo": "garbage\n- -\n\n1 2 3\n"}, "unknown", "does not show"),
    ("ptrace-scope", {"/proc/sys/kernel/yama/ptrace_scope": "0\n"}, "missing", "trace each other"),
    ("ptrace-scope", {"/proc/sys/kernel/yama/ptrace_scope": "2\n"}, "ok", "scope 2"),
    ("ptrace-scope", {}, "missing", "no Yama"),
    ("unprivileged-bpf", {"/proc/sys/kernel/unprivileged_bpf_disabled": "0\n"}, "missing", "any user"),
    ("unprivileged-bpf", {"/proc/sys/kernel/unprivileged_bpf_disabled": "2\n"}, "ok", "root only"),
    ("unprivileged-bpf", {}, "ok", "no bpf"),
    (
        "lockdown",
        {"/sys/kernel/security/lockdown": "none integrity [confidentiality]\n"},
        "ok",
        "confidentiality",
    ),
    (
        "lockdown",
        {"/sys/kernel/security/lockdown": "[none] integrity confidentiality\n"},
        "missing",
        "root may",
    ),
    ("lockdown", {"/sys/kernel/security/lockdown": ""}, "missing", "root may"),
    ("lockdown", {"/sys/kernel/security/lsm": "capability"}, "missing", "without lockdown"),
    ("lockdown", {}, "unknown", "securityfs"),
    ("secure-boot", {SECURE_BOOT: b"\x06\0\0\0\x01"}, "ok", "on"),
    ("secure-boot", {SECURE_BOOT: b"\x06\0\0\0\x00"}, "missing", "off"),
    ("secure-boot", {SECURE_BOOT: b"\x01"}, "unknown", "form"),
    ("secure-boot", {"/sys/firmware/efi/efivars/Boot0001": b"x"}, "missing", "does not know"),
    ("secure-boot", {"/sys/firmware/efi/systab": ""}, "unknown", "efivarfs"),
    ("secure-boot", {}, "unknown", "not started by UEFI"),
    ("lkrg", {"/sys/module/lkrg/version": "1", "/proc/sys/lkrg/kint_enforce": "2\n"}, "ok", "enforcing"),
    ("lkrg", {"/proc/sys/lkrg/kint_enforce": "2\n"}, "ok", "enforcing"),  # it can hide its module
    ("lkrg", {"/sys/module/p_lkrg/version": "0"}, "ok", "loaded"),
    ("lkrg", {"/proc/sys/lkrg/kint_enforce": "0\n"}, "missing", "only logs"),
    (
        "lkrg",
        {"/sys/module/ved/version": "1", "/proc/sys/lkrg/kint_enforce": "2"},
        "missing",
        "VED is loaded",
    ),
    ("lkrg", {}, "missing", "not loaded"),
    ("ved", {"/sys/module/ved/version": "1", "/proc/sys/lkrg/kint_enforce": "2"}, "ok", "enforcing"),
    ("ved", {"/proc/sys/lkrg/kint_enforce": "2"}, "missing", "not loaded"),
    (
        "grsecurity",
        {"/proc/sys/kernel/grsecurity": None, "/proc/self/status": "PaX:\tPeMRs\n"},
        "ok",
        "PaX PeMRs",
    ),
    ("grsecurity", {"/proc/self/status": "Name:\tx\nPaX:\tPEMRS\n"}, "ok", "PaX PEMRS"),
    ("grsecurity", {"/proc/self/status": "Name:\tPaX: fake\n"}, "missing", "neither"),
    ("ako", {}, "unknown", "declared"),
]


@pytest.mark.parametrize(("name", "files", "state", "words"), FILE_CASES)
def test_what_the_files_of_a_machine_say(machine, name, files, state, words):
    found, detail = seen(machine(files), name)
    assert (found, words in detail) == (state, True), detail


@pytest.mark.parametrize(
    ("name", "kernel", "state", "words"),
    [
        ("landlock", {"landlock": 7}, "ok", "ABI 7"),
        ("landlock", {"landlock": 2}, "ok", "files only"),
        ("landlock", {"landlock": None}, "missing", "switched off"),
        ("memfd-secret", {"secret": True}, "ok", ""),
        ("memfd-secret", {"secret": False}, "missing", ""),
        ("no-new-code", {"mdwe": True}, "ok", ""),
        ("no-new-code", {"mdwe": False}, "missing", "6.3"),
        ("memory-lock", {"lockable": None}, "ok", "no limit"),
        ("memory-lock", {"lockable": 8 * 1024 * 1024}, "missing", "8192 KiB"),
        ("memory-lock", {"lockable": 2**31}, "ok", "KiB"),
        ("clock", {"synchronised": True}, "ok", ""),
        ("clock", {"synchronised": False}, "missing", ""),
    ],
)
def test_what_the_kernel_says(machine, name, kernel, state, words):
    found, detail = seen(machine({}, RecordedKernel(**kernel)), name)
    assert (found, words in detail) == (state, True), detail


def test_a_hidden_tree_is_unknown_not_missing(tmp_path):
    (tmp_path / "proc").mkdir()  # as in a container with ProcSubset=pid: no /proc/sys, no /sys
    report = examine_machine(Machine(tmp_path, RecordedKernel(), Path("/store")))
    blind = (
        "seccomp",
        "core-dumps",
        "ptrace-scope",
        "unprivileged-bpf",
        "lockdown",
        "secure-boot",
        "lkrg",
        "ved",
    )
    assert {name: report.state(name).value for name in blind} == dict.fromkeys(blind, "unknown")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_unknown(machine):
    built = machine({"/proc/sys/kernel/core_pattern": "core"})
    (built.root / "proc/sys/kernel/core_pattern").chmod(0)
    assert seen(built, "core-dumps")[0] == "unknown"


def test_a_folder_where_a_file_should_be_is_unknown(machine):
    state, detail = seen(machine({"/proc/sys/kernel/core_pattern": None}), "core-dumps")
    assert (state, "cannot be read" in detail) == ("unknown", True)


def test_a_recorded_tree_never_asks_this_machines_kernel(tmp_path):
    report = examine(tmp_path)
    assert report.kernel == ""
    for name in ("landlock", "memfd-secret", "no-new-code", "memory-lock", "clock", "store-encryption"):
        assert report.state(name) is State.UNKNOWN


def test_every_check_explains_itself_and_every_gap_has_a_remedy(tmp_path):
    assert len({check.name for check in CHECKS}) == len(CHECKS) == 17
    assert all(check.reason and check.source and check.remedy for check in CHECKS)
    for report in (examine(tmp_path), examine("/", tmp_path)):
        assert [finding.name for finding in report.findings] == [check.name for check in CHECKS]
        assert all(finding.detail for finding in report.findings)
        assert all(bool(finding.remedy) == (finding.state is not State.OK) for finding in report.findings)


def test_this_very_machine_can_be_examined(tmp_path):
    report = examine("/", tmp_path)
    assert os.uname().release in report.kernel
    assert report.state("seccomp") is State.OK
    with pytest.raises(KeyError):
        report.state("no-such-check")


def test_the_report_is_json(tmp_path):
    report: HostReport = examine(tmp_path)
    shown = json.loads(to_json(report))
    assert set(shown["findings"][0]) == {"name", "state", "detail", "reason", "source", "remedy"}
