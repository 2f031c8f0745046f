"""What single files of a machine, and single answers of its kernel, come to."""

import gzip

import pytest
from tests.host.recorded import NOW, RecordedKernel, built

from warifu.host.doctor import examine_machine

pytestmark = pytest.mark.unit

EFI = "/sys/firmware/efi/efivars"
SECURE_BOOT = f"{EFI}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SETUP_MODE = f"{EFI}/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
ROOT_ON_SDA = "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
UNTAINTED = {"/proc/sys/kernel/tainted": "0\n"}
MODULES = {**UNTAINTED, "/proc/modules": "ext4 1 1 - Live 0x0\n"}
SECURITYFS = {"/sys/kernel/security/lsm": "capability,yama"}
FAULTS = "/sys/devices/system/cpu/vulnerabilities"
MICROCODE = {"/sys/devices/system/cpu/cpu0/microcode/version": "0xf0\n", f"{FAULTS}/mds": "Not affected\n"}
RELEASE = {"/proc/sys/kernel/osrelease": "6.1.0-40-amd64\n"}
CONFIG = "/boot/config-6.1.0-40-amd64"
SECURITY = "/var/lib/apt/lists/security.debian.org_debian-security_dists_bookworm-security"
PACKAGES = f"{SECURITY}_main_binary-amd64_Packages"
HERE = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n"
AUTOMATIC = "Package: unattended-upgrades\nStatus: install ok installed\nArchitecture: all\nVersion: 2.9\n\n"


def seen(machine, name):
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
    ("core-dumps-off", {"/proc/sys/kernel/core_pattern": "core\n"}, "ok", "'core'"),
    ("core-dumps-off", {"/proc/sys/kernel/core_pattern": "|/bin/false\n"}, "ok", "thrown away"),
    (
        "core-dumps-off",
        {"/proc/sys/kernel/core_pattern": "|/usr/lib/systemd/systemd-coredump %P"},
        "missing",
        "handed",
    ),
    ("core-dumps-off", {"/proc/sys/kernel/core_pattern": "|/bin/false-but-not"}, "missing", "handed"),
    ("core-dumps-off", {}, "ok", "no core files"),
    ("swap-safe", {}, "ok", "cannot swap"),
    ("swap-safe", {"/proc/swaps": SWAPS}, "ok", "no swap"),
    ("swap-safe", {"/proc/swaps": f"{SWAPS}/dev/sda2 partition 1 0 -2\n"}, "missing", "/dev/sda2"),
    ("swap-safe", {"/proc/swaps": f"{SWAPS}/swapfile file 1 0 -2\n"}, "missing", "/swapfile"),
    ("swap-safe", {"/proc/swaps": f"{SWAPS}/dev/zram0 partition 1 0 -2\n"}, "ok", "zram0"),
    (
        "swap-safe",
        {
            "/proc/swaps": f"{SWAPS}/dev/zram0 partition 1 0 -2\n",
            "/sys/class/block/zram0/backing_dev": "/dev/sda3\n",
        },
        "missing",
        "zram0",
    ),
    (
        "swap-safe",
        {
            "/proc/swaps": f"{SWAPS}/dev/dm-1 partition 1 0 -2\n",
            "/sys/class/block/dm-1/dm/uuid": "CRYPT-PLAIN-swap",
        },
        "ok",
        "dm-1",
    ),
    (
        "swap-safe",
        {"/proc/swaps": f"{SWAPS}/dev/dm-1 partition 1 0 -2\n", "/sys/class/block/dm-1/dm/uuid": "LVM-abc"},
        "missing",
        "dm-1",
    ),
    ("disk-encrypted", {"/proc/self/mountinfo": ROOT_ON_SDA}, "missing", "/ (ext4)"),
    (
        "disk-encrypted",
        {
            "/proc/self/mountinfo": "22 1 254:0 / / rw - ext4 /dev/dm-0 rw\n",
            "/sys/dev/block/254:0/dm/uuid": "CRYPT-LUKS2-1",
        },
        "ok",
        "encrypted",
    ),
    (
        "disk-encrypted",  # LVM on LUKS
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
        "disk-encrypted",  # a mirror of one encrypted disk and one in clear
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
        "disk-encrypted",  # devices that carry each other in a circle end all the same
        {
            "/proc/self/mountinfo": "22 1 9:0 / / rw - ext4 /dev/md0 rw\n",
            "/sys/dev/block/9:0/slaves/a": None,
            "/sys/class/block/a/slaves/a": None,
        },
        "missing",
        "does not encrypt",
    ),
    (
        "disk-encrypted",
        {"/proc/self/mountinfo": f"{ROOT_ON_SDA}23 22 0:40 / /var/lib/device rw - tmpfs tmpfs rw\n"},
        "ok",
        "RAM",
    ),
    (
        "disk-encrypted",
        {"/proc/self/mountinfo": f"{ROOT_ON_SDA}23 22 0:40 / /var/lib rw - btrfs /dev/sdb rw\n"},
        "unknown",
        "btrfs",
    ),
    (
        "disk-encrypted",  # a neighbour with a longer name is not the store's mount
        {"/proc/self/mountinfo": f"{ROOT_ON_SDA}23 22 0:40 / /var/lib/device2 rw - tmpfs tmpfs rw\n"},
        "missing",
        "/ (ext4)",
    ),
    ("disk-encrypted", {"/proc/self/mountinfo": "garbage\n- -\n\n1 2 3\n"}, "unknown", "does not show"),
    ("yama", {"/proc/sys/kernel/yama/ptrace_scope": "0\n"}, "missing", "trace each other"),
    ("yama", {"/proc/sys/kernel/yama/ptrace_scope": "2\n"}, "ok", "scope 2"),
    ("yama", {}, "missing", "no Yama"),
    ("unprivileged-bpf-off", {"/proc/sys/kernel/unprivileged_bpf_disabled": "0\n"}, "missing", "any user"),
    ("unprivileged-bpf-off", {"/proc/sys/kernel/unprivileged_bpf_disabled": "2\n"}, "ok", "root only"),
    ("unprivileged-bpf-off", {}, "ok", "no bpf"),
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
    ("secure-boot", {SECURE_BOOT: b"\x06\0\0\0\x01", SETUP_MODE: b"\x06\0\0\0\x01"}, "missing", "setup mode"),
    ("lockdown", {"/sys/kernel/security/lockdown": "none [invented]\n"}, "missing", "root may"),
    ("module-signatures", UNTAINTED, "ok", "no modules"),
    (
        "module-signatures",
        {**MODULES, "/sys/module/module/parameters/sig_enforce": "Y\n"},
        "ok",
        "only signed",
    ),
    ("module-signatures", {**MODULES, "/proc/sys/kernel/modules_disabled": "1\n"}, "ok", "no further"),
    (
        "module-signatures",
        {**MODULES, "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n"},
        "ok",
        "lockdown integrity",
    ),
    ("module-signatures", {**MODULES, **SECURITYFS}, "missing", "without a signature"),
    ("module-signatures", MODULES, "unknown", "securityfs"),
    (
        "module-signatures",  # enforced now, but too late
        {
            **MODULES,
            "/proc/sys/kernel/tainted": "8192\n",
            "/sys/module/module/parameters/sig_enforce": "Y\n",
        },
        "missing",
        "was loaded",
    ),
    ("kernel-untainted", {"/proc/sys/kernel/tainted": "4096\n"}, "ok", "nothing untoward"),
    ("kernel-untainted", {"/proc/sys/kernel/tainted": "128\n"}, "missing", "had a fault"),
    ("kernel-untainted", {"/proc/sys/kernel/tainted": "-1\n"}, "unknown", "form"),
    ("kernel-untainted", {"/proc/sys/kernel/tainted": "9" * 5000}, "unknown", "form"),
    ("ima", {"/sys/kernel/security/ima/runtime_measurements_count": "200\n"}, "ok", "200 measurements"),
    ("ima", {"/sys/kernel/security/ima/runtime_measurements_count": "1\n"}, "missing", "no policy"),
    ("ima", {"/sys/kernel/security/ima/runtime_measurements_count": "many\n"}, "unknown", "does not say"),
    ("ima", SECURITYFS, "missing", "does not measure"),
    ("ima", {}, "unknown", "securityfs"),
    ("mandatory-access", {"/sys/kernel/security/lsm": "yama,apparmor,bpf"}, "ok", "apparmor"),
    ("mandatory-access", SECURITYFS, "missing", "none of"),
    ("mandatory-access", {"/sys/kernel/security/lsm": "selinux"}, "missing", "only logs"),
    (
        "mandatory-access",
        {"/sys/kernel/security/lsm": "selinux", "/sys/fs/selinux/enforce": "1"},
        "ok",
        "selinux",
    ),
    ("yama", {"/proc/sys/kernel/yama/ptrace_scope": "nonsense\n"}, "missing", "trace each other"),
    ("unprivileged-bpf-off", {"/proc/sys/kernel/unprivileged_bpf_disabled": "\n"}, "missing", "any user"),
    ("user-namespaces-off", {"/proc/sys/user/max_user_namespaces": "0\n"}, "ok", "none can"),
    ("user-namespaces-off", {}, "ok", "has none"),
    ("user-namespaces-off", {"/proc/sys/user/max_user_namespaces": "9\n"}, "missing", "any user"),
    (
        "user-namespaces-off",
        {
            "/proc/sys/user/max_user_namespaces": "9\n",
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
        },
        "ok",
        "AppArmor",
    ),
    ("pointers-hidden", {"/proc/sys/kernel/kptr_restrict": "1\n"}, "ok", "kptr_restrict=1"),
    ("pointers-hidden", {"/proc/sys/kernel/kptr_restrict": "3\n"}, "missing", "wanted 2"),
    ("pointers-hidden", {"/proc/sys/kernel/kptr_restrict": "2 2\n"}, "unknown", "not a number"),
    ("kexec-off", {}, "ok", "no kexec"),
    ("kernel-log-closed", {}, "missing", "does not know"),
    ("cpu-mitigated", {f"{FAULTS}/mds": "Unknown: No mitigations\n"}, "unknown", "mds"),
    (
        "cpu-mitigated",
        {f"{FAULTS}/{letter}": "Vulnerable\n" for letter in "abcdef"},
        "missing",
        "a, b, c, d and 2 more",
    ),
    ("cpu-mitigated", {}, "unknown", "not there"),
    ("cores-not-shared", {}, "unknown", "does not say"),
    (
        "cores-not-shared",
        {"/sys/devices/system/cpu/smt/active": "1", f"{FAULTS}/mds": "Not affected"},
        "ok",
        "no known leak",
    ),
    ("microcode", {}, "unknown", "no microcode"),
    ("microcode", {**MICROCODE, f"{FAULTS}/old_microcode": "Vulnerable\n"}, "missing", "known to be old"),
    ("microcode", {**MICROCODE, f"{FAULTS}/taa": "Vulnerable: Attempted, no microcode"}, "missing", "taa"),
    ("microcode", {**MICROCODE, "/proc/cpuinfo": "flags\t: fpu hypervisor sse\n"}, "unknown", "guest"),
    ("microcode", MICROCODE, "unknown", "dpkg"),
    ("updates-applied", {PACKAGES: "", f"{SECURITY}_InRelease": ""}, "unknown", "dpkg"),
    ("updates-applied", {f"{PACKAGES}.lz4": ""}, "unknown", "compressed"),
    ("updates-applied", {}, "unknown", "no list"),
    (
        "updates-applied",
        {PACKAGES: "", "/var/lib/dpkg/status": HERE, f"{SECURITY}_InRelease": ""},
        "unknown",
        "do not say",
    ),
    (
        "updates-applied",
        {
            PACKAGES: "",
            "/var/lib/dpkg/status": HERE,
            f"{SECURITY}_InRelease": "Date: Thu, 20 Nov 2025 00:00:00 UTC\n",
        },
        "ok",
        "no security update",
    ),
    (
        "updates-applied",
        {
            PACKAGES: "",
            "/var/lib/dpkg/status": HERE,
            f"{SECURITY}_InRelease": "Valid-Until: Wed, 19 Nov 2025 00:00:00 UTC\n",
        },
        "unknown",
        "out of date",
    ),
    (
        "updates-applied",
        {
            PACKAGES: "",
            "/var/lib/dpkg/status": HERE,
            f"{SECURITY}_InRelease": "Date: the day before yesterday\n",
        },
        "unknown",
        "form",
    ),
    (
        "updates-applied",
        {PACKAGES: "Package: a\nVersion: 1\n\n", "/var/lib/dpkg/status": HERE},
        "unknown",
        "unexpected form",
    ),
    ("restarted", {**RELEASE, "/boot/vmlinuz-6.1.0-40-amd64": ""}, "ok", "newest"),
    (
        "restarted",
        {**RELEASE, "/boot/vmlinuz-6.1.0-40-amd64": "", "/boot/vmlinuz-6.1.0-9-amd64": ""},
        "ok",
        "newest",
    ),
    (
        "restarted",
        {**RELEASE, "/boot/vmlinuz-6.1.0-40-amd64": "", "/boot/vmlinuz-6.1.0-100-amd64": ""},
        "missing",
        "6.1.0-100-amd64",
    ),
    (
        "restarted",  # another flavour is no update of this one
        {**RELEASE, "/boot/vmlinuz-6.1.0-40-amd64": "", "/boot/vmlinuz-6.1.0-41-rt-amd64": ""},
        "ok",
        "newest",
    ),
    ("restarted", RELEASE, "unknown", "not among"),
    ("restarted", {"/proc/sys/kernel/osrelease": "../../etc/passwd\n"}, "unknown", "does not name"),
    ("updates-automatic", {"/var/lib/dpkg/status": HERE}, "missing", "not installed"),
    ("updates-automatic", {"/var/lib/dpkg/status": AUTOMATIC}, "missing", "not switched on"),
    (
        "updates-automatic",
        {
            "/var/lib/dpkg/status": AUTOMATIC,
            "/etc/apt/apt.conf.d/20a": 'APT::Periodic::Unattended-Upgrade "1";\n',
            "/etc/apt/apt.conf.d/99b": 'APT::Periodic::Unattended-Upgrade "0";\n',
        },
        "missing",
        "not switched on",
    ),
    (
        "updates-automatic",
        {
            "/var/lib/dpkg/status": AUTOMATIC,
            "/etc/apt/apt.conf.d/20a": '// APT::Periodic::Unattended-Upgrade "1";\n',
        },
        "missing",
        "not switched on",
    ),
    ("slab-nomerge", {"/proc/cmdline": "quiet slab_nomerge\n"}, "ok", "slab_nomerge"),
    ("slab-nomerge", {"/proc/cmdline": "quiet\n", **RELEASE}, "unknown", "configuration"),
    ("init-on-alloc", {"/proc/cmdline": "init_on_alloc=1 init-on-alloc=0\n"}, "missing", "=0 was given"),
    (
        "init-on-free",
        {"/proc/cmdline": "quiet -- init_on_free=1", **RELEASE, CONFIG: "CONFIG_X=y\n"},
        "missing",
        "",
    ),
    ("init-on-free", {"/proc/cmdline": 'x="a init_on_free=0 b" init_on_free=1'}, "ok", "=1"),
    ("init-on-free", {"/proc/cmdline": "x", **RELEASE, CONFIG: "no configuration"}, "unknown", "form"),
    ("early-dma-off", {"/proc/cmdline": "efi=runtime,disable_early_pci_dma"}, "ok", "efi="),
    ("vsyscall-off", {"/proc/cmdline": "x", **RELEASE, CONFIG: "CONFIG_ARM64=y\n"}, "ok", "concern"),
    ("mitigations-on", {"/proc/cmdline": "mitigations=auto,nosmt"}, "ok", ""),
    ("mitigations-on", {"/proc/cmdline": "nopti"}, "missing", "nopti"),
    ("mitigations-on", {}, "unknown", "/proc/cmdline"),
    ("memory-device-off", {**RELEASE, CONFIG: "# CONFIG_DEVMEM is not set\nCONFIG_X=y\n"}, "ok", "not set"),
    ("kernel-read-only", {"/proc/config.gz": b"\x1f\x8b garbage"}, "unknown", "damaged"),
    ("kernel-hardening-checker", {}, "unknown", "not asked"),
]


@pytest.mark.parametrize(("name", "files", "state", "words"), FILE_CASES)
def test_what_the_files_of_a_machine_say(tmp_path, name, files, state, words):
    found, detail = seen(built(tmp_path, files), name)
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
        ("time-synchronised", {"synchronised": True}, "ok", ""),
        ("time-synchronised", {"synchronised": False}, "missing", ""),
        ("time-synchronised", {"synchronised": None}, "unknown", "may not ask"),
    ],
)
def test_what_the_kernel_says(tmp_path, name, kernel, state, words):
    found, detail = seen(built(tmp_path, {}, RecordedKernel(**kernel)), name)
    assert (found, words in detail) == (state, True), detail


def test_a_configuration_that_unpacks_to_more_than_any_kernel_has_is_not_read(tmp_path):
    bomb = gzip.compress(b"CONFIG_DEVMEM_=y\n" * 1_000_000)
    assert seen(built(tmp_path, {"/proc/config.gz": bomb}), "memory-device-off") == (
        "unknown",
        "/proc/config.gz is cut off or too long",
    )


def test_a_compressed_configuration_is_read(tmp_path):
    packed = gzip.compress(b"CONFIG_X86=y\nCONFIG_DEVMEM=y\n")
    assert seen(built(tmp_path, {"/proc/config.gz": packed}), "memory-device-off")[0] == "missing"


def test_without_a_clock_package_lists_are_not_called_fresh(tmp_path):
    files = {
        PACKAGES: "",
        "/var/lib/dpkg/status": HERE,
        f"{SECURITY}_InRelease": "Date: Thu, 20 Nov 2025 00:00:00 UTC\n",
    }
    assert seen(built(tmp_path, files, now=None), "updates-applied")[0] == "unknown"
    assert seen(built(tmp_path, files, now=NOW + 20 * 86400), "updates-applied")[0] == "unknown"
