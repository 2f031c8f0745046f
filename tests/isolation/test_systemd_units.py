"""The unit files: what they promise, and that what they forbid leaves a signer able to shut itself in."""

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real
UNITS = Path(__file__).resolve().parents[2] / "packaging" / "systemd"
SIGNER, SERVICE = UNITS / "warifu-signer@.service", UNITS / "warifu-service.service"
BOTH = pytest.mark.parametrize("unit", [SIGNER, SERVICE], ids=lambda unit: unit.name)
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here"
)


def directives(unit: Path) -> dict[str, str]:
    """The [Service] section; of a directive that is repeated, the last."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep upper case, as its documentation shows
    parser.read_string(unit.read_text())
    return dict(parser["Service"])


@BOTH
@pytest.mark.parametrize(
    ("directive", "value"),
    [
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("AmbientCapabilities", ""),
        ("LimitCORE", "0"),
        ("UMask", "0077"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("ProtectProc", "invisible"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("MemorySwapMax", "0"),
        ("MemoryDenyWriteExecute", "yes"),
        ("PrivateIPC", "yes"),
        ("RestrictSUIDSGID", "yes"),
        ("SystemCallArchitectures", "native"),
        ("StateDirectoryMode", "0700"),
    ],
)
def test_both_are_closed_in(unit, directive, value):
    assert directives(unit)[directive] == value


@BOTH
def test_keys_come_as_credentials_and_no_path_is_someones_home(unit):
    text = unit.read_text()
    assert re.search(r"^LoadCredential=(unlock|storage)-key:/", text, re.MULTILINE)
    assert re.search(r"--(unlock|storage)-key %d/(unlock|storage)-key", directives(unit)["ExecStart"])
    assert not re.search(r"/(home|root|work)/", text)
    assert "Environment" not in text


def test_a_signers_memory_may_be_locked():
    assert directives(SIGNER)["LimitMEMLOCK"] == "infinity"


def test_a_signer_may_make_the_namespaces_that_it_leaves_for_and_the_service_none():
    assert set(directives(SIGNER)["RestrictNamespaces"].split()) == {"user", "pid", "mnt", "net"}
    assert directives(SERVICE)["RestrictNamespaces"] == "yes"


def test_with_a_tpm_one_device_is_let_in():
    tpm = directives(UNITS / "warifu-signer@.service.d" / "tpm.conf")
    assert tpm == {
        "DeviceAllow": "/dev/tpmrm0 rw",
        "BindPaths": "/dev/tpmrm0",
        "SupplementaryGroups": "tss",
    }
    assert directives(SIGNER)["DevicePolicy"] == "closed"


@needs_systemd
@BOTH
def test_systemd_judges_the_exposure_low(unit):
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=19", "--no-pager", str(unit)],
        capture_output=True,
        check=False,
        timeout=30,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-300:] + result.stderr


def syscall_sets() -> dict[str, set[str]]:
    listing = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"],
        capture_output=True,
        check=True,
        timeout=30,
        text=True,
    ).stdout
    sets: dict[str, set[str]] = {}
    for line in listing.splitlines():
        if line.startswith("@"):
            sets[line.strip()] = current = set()
        elif line.startswith("    ") and not line.strip().startswith("#") and sets:
            current.add(line.strip())
        elif line.startswith("#"):
            break  # what the running kernel knows and no set names
    return sets


def allowed_by(unit: Path) -> list[str]:
    """Every call that the unit's SystemCallFilter= lines leave, expanded as systemd.exec(5) says."""
    sets = syscall_sets()

    def expand(name: str) -> set[str]:
        return set().union(*(expand(member) for member in sets[name])) if name.startswith("@") else {name}

    allowed: set[str] = set()
    for value in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text(), re.MULTILINE):
        named = set().union(*(expand(name) for name in value.removeprefix("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    return sorted(allowed | expand("@default"))


@needs_systemd
def test_under_the_units_filter_a_signer_still_shuts_itself_in(tmp_path):
    program = """
import ctypes, errno, json, mmap, sys
import pyseccomp
names = json.load(sys.stdin)
rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
for name in names:
    if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) != -1:
        rules.add_rule(pyseccomp.ALLOW, name)
rules.load()
assert ctypes.CDLL(None).prctl(65, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3) in (0, -1)  # MemoryDenyWriteExecute=
unshare = ctypes.CDLL(None).unshare
refused = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
for kind in (0x02000000, 0x04000000, 0x08000000):  # RestrictNamespaces= does not name cgroup, uts and ipc
    refused.add_rule(pyseccomp.ERRNO(errno.EPERM), "unshare", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, kind, kind))
refused.load()
from pathlib import Path
from warifu.signer.isolation.trial import try_isolation
print(json.dumps(try_isolation(Path(sys.argv[1]), own_user=False).pairs()))
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        input=json.dumps(allowed_by(SIGNER)),
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    states = dict(json.loads(result.stdout))
    for name in ("own-user", "locked-memory", "empty-environment"):  # the unit's own part, not the filter's
        states.pop(name)
    assert states.pop("other-namespaces").startswith("unavailable: its starter does not let it make more")
    assert set(states.values()) == {"on"}, states
