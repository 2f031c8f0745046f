"""What each step wants of which machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.host.hardening.trees import RecordingHand, debian, everything

from warifu.errors import HostUnsuitable, InputRefused
from warifu.host.hardening import run
from warifu.host.hardening.changes import Act, CopyTree, FileChange, Symlink, Verify, Write
from warifu.host.hardening.plan import Standing
from warifu.host.hardening.step import Port, Source, Wanted, Wishes
from warifu.host.hardening.steps import STEPS, boot, firewall, kernel_module, mounts, services, sysctl
from warifu.host.hardening.target import Target
from warifu.host.hardening.trees import digest_of

pytestmark = pytest.mark.unit


def want(name: str, target: Target, wishes: Wishes | None = None) -> Wanted:
    (step,) = (step for step in STEPS if step.name == name)
    return step.want(target, wishes or Wishes())


def written(wanted: Wanted) -> dict[str, str]:
    return {change.path: change.content.decode() for change in wanted.changes if isinstance(change, Write)}


def linked(wanted: Wanted) -> dict[str, str]:
    return {change.path: change.target for change in wanted.changes if isinstance(change, Symlink)}


def commands(wanted: Wanted) -> list[tuple[str, ...]]:
    return [change.do for change in wanted.changes if isinstance(change, Act) and change.do]


def test_every_step_says_why_what_may_break_how_it_is_undone_and_who_recommends_it():
    assert len({step.name for step in STEPS}) == len(STEPS)
    for step in STEPS:
        assert all((step.title, step.reason, step.may_break, step.undo, step.source)), step.name


def test_every_file_says_who_wrote_it_and_how_it_goes(tmp_path):
    target = debian(tmp_path, {"/usr/sbin/nft": "", "/usr/sbin/apparmor_parser": "", "/etc/default/grub": ""})
    for step in STEPS:
        for path, content in written(step.want(target, Wishes())).items():
            assert "warifu host harden" in content.splitlines()[0], path


# --- which machines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "release", ["ID=fedora\n", 'ID="ubuntu"\nID_LIKE=debian\n', "", "NAME=debian\n", "ID=debian; rm\n"]
)
def test_anything_but_debian_is_refused(tmp_path, release):
    debian(tmp_path, {"/etc/os-release": release})
    with pytest.raises(HostUnsuitable) as caught:
        run.target_at(tmp_path)
    assert caught.value.reason == "not-debian"


@pytest.mark.parametrize("release", ["ID=debian\n", 'ID="raspbian"\nID_LIKE=debian\n'])
def test_debian_and_raspberry_pi_os_are_taken(tmp_path, release):
    debian(tmp_path, {"/etc/os-release": release})
    assert not run.target_at(tmp_path).live


def test_a_machine_without_systemd_is_not_hardened_in_place(tmp_path):
    target = debian(tmp_path)
    before = everything(tmp_path)
    with pytest.raises(HostUnsuitable) as caught:
        run.harden(Target(tmp_path, live=True), Wishes())
    assert caught.value.reason == "no-systemd" and everything(target.root) == before


def test_the_machine_that_runs_is_no_image():
    with pytest.raises(InputRefused):
        run.target_at(Path("/"))


# --- sysctl ---------------------------------------------------------------------------------------------------------


def test_the_settings_are_lines_that_sysctl_reads_each_once(tmp_path):
    text = written(want("sysctl", debian(tmp_path, {"/usr/lib/x86_64-linux-gnu/x": ""})))[sysctl.PATH]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    keys = [re.fullmatch(r"-?([a-z0-9_.]+) = (\S+)", line) for line in lines]
    assert all(keys) and len({key[1] for key in keys if key}) == len(keys) > 30


def test_it_comes_after_what_debian_ships():
    shipped = ["50-pid-max.conf", "99-protect-links.conf", "99-sysctl.conf"]
    assert sorted([*shipped, Path(sysctl.PATH).name])[-1] == Path(sysctl.PATH).name


def test_addresses_of_a_pc_are_not_asked_of_a_raspberry_pi(tmp_path):
    assert "mmap_rnd_bits" not in written(want("sysctl", debian(tmp_path)))[sysctl.PATH]


def test_what_is_set_now_is_what_undo_sets_again(tmp_path):
    now = {
        "/proc/sys/kernel/kptr_restrict": "0\n",
        "/proc/sys/kernel/randomize_va_space": "2\n",
        "/proc/sys/kernel/kexec_load_disabled": "0\n",  # one way: a running kernel refuses it
        "/proc/sys/net/ipv4/conf/all/rp_filter": "2\n",
    }
    target = debian(tmp_path, now, live=True)
    (load,) = (change for change in want("sysctl", target).changes if isinstance(change, Act))
    assert load.undo[-2:] == ("kernel.kptr_restrict=0", "net.ipv4.conf.all.rp_filter=2")
    hand = RecordingHand()
    run.harden(target, Wishes(), only=("sysctl",), hand=hand)
    (tmp_path / "proc/sys/kernel/kptr_restrict").write_text("2\n")  # what the command did
    assert run.plan_for(target, Wishes(), only=("sysctl",))[0].standing is Standing.DONE
    run.undo(target, hand)
    assert hand.commands == [load.do, load.undo]


# --- boot -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        ("console=tty1 root=/dev/sda1 rw\n", ["a=1", "b"], "console=tty1 root=/dev/sda1 rw a=1 b\n"),
        ("a=0 quiet", ["a=1"], "quiet a=1\n"),
        ("a=1 quiet", ["a=1"], "quiet a=1\n"),
        ("", ["a"], "a\n"),
        ("ab=1 a", ["a=2"], "ab=1 a=2\n"),
    ],
)
def test_a_command_line_keeps_what_is_not_ours(before, words, after):
    assert boot.extended(before, words) == after
    assert boot.extended(after, words) == after


@pytest.mark.parametrize("path", boot.RASPBERRY)
def test_a_raspberry_pi_has_one_line_that_stays_one_line_and_comes_back(tmp_path, path):
    line = "console=serial0,115200 root=PARTUUID=1-02 rootfstype=ext4 rootwait\n"
    target = debian(tmp_path, {path: line})
    (tmp_path / path.lstrip("/")).chmod(0o755)  # as a FAT file system shows it
    before = everything(tmp_path)
    run.harden(target, Wishes(), only=("boot",))
    text = (tmp_path / path.lstrip("/")).read_text()
    assert text.startswith(line.strip()) and text.count("\n") == 1 and "slab_nomerge" in text
    assert "vsyscall" not in text
    assert (tmp_path / path.lstrip("/")).stat().st_mode & 0o777 == 0o755
    assert run.harden(target, Wishes(), only=("boot",)) == []
    run.undo(target)
    assert everything(tmp_path) == before


def test_grub_gets_a_file_of_its_own_and_is_told(tmp_path):
    wanted = want(
        "boot", debian(tmp_path, {"/etc/default/grub": "GRUB_TIMEOUT=5\n", "/lib/x86_64-linux-gnu/x": ""})
    )
    text = written(wanted)[boot.GRUB]
    assert text.splitlines()[1].startswith('GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX slab_nomerge ')
    assert "vsyscall=none" in text and "lockdown=integrity" in text
    assert commands(wanted) == [("update-grub",)]


def test_systemd_boot_gets_its_line_and_each_kernel_its_entry(tmp_path):
    target = debian(tmp_path, {"/etc/kernel/cmdline": "root=/dev/vda1\n", "/boot/vmlinuz-6.1-amd64": ""})
    wanted = want("boot", target)
    assert written(wanted)["/etc/kernel/cmdline"].startswith("root=/dev/vda1 slab_nomerge")
    assert commands(wanted) == [("kernel-install", "add", "6.1-amd64", "/boot/vmlinuz-6.1-amd64")]


def test_without_a_boot_loader_nothing_is_done(tmp_path):
    assert want("boot", debian(tmp_path)).inapplicable


def test_lockdown_does_not_lock_out_the_module_that_the_owner_builds(tmp_path):
    target = debian(tmp_path, {"/etc/default/grub": ""})
    wishes = Wishes(lkrg=Source(tmp_path, "00"))
    assert "lockdown" not in written(want("boot", target, wishes))[boot.GRUB]


# --- services -------------------------------------------------------------------------------------------------------


def test_only_what_is_installed_is_masked_and_never_what_somebody_wrote(tmp_path):
    target = debian(
        tmp_path,
        {
            "/lib/systemd/system/avahi-daemon.service": "",
            "/usr/lib/systemd/system/cups.socket": "",
            "/lib/systemd/system/bluetooth.service": "",
            "/etc/systemd/system/bluetooth.service": "[Service]\n",
            "/lib/systemd/system/ssh.service": "",
        },
    )
    wanted = want("services", target)
    masked = {"/etc/systemd/system/avahi-daemon.service", "/etc/systemd/system/cups.socket"}
    assert linked(wanted) == dict.fromkeys(masked, "/dev/null")
    assert any("bluetooth" in note for note in wanted.notes)


def test_ssh_is_in_no_list():
    assert not [unit for unit in services.UNITS if unit.startswith("ssh")]


def test_a_service_that_runs_is_stopped_and_after_undo_it_runs_again(tmp_path, monkeypatch):
    target = debian(tmp_path, {"/lib/systemd/system/cups.service": ""}, live=True)
    monkeypatch.setattr(Target, "active", lambda _self, unit: unit == "cups.service")
    before, hand = everything(tmp_path), RecordingHand()
    run.harden(target, Wishes(), only=("services",), hand=hand)
    run.undo(target, hand)
    reload = ("systemctl", "daemon-reload")
    assert hand.commands == [
        ("systemctl", "stop", "cups.service"),
        reload,
        reload,
        ("systemctl", "start", "cups.service"),
    ]
    assert everything(tmp_path) == before


# --- mounts ---------------------------------------------------------------------------------------------------------


def test_a_directory_in_fstab_stays_the_owners(tmp_path):
    target = debian(tmp_path, {"/etc/fstab": "# /var/tmp is not\ntmpfs /tmp tmpfs defaults 0 0\n"})
    wanted = want("mounts", target)
    assert f"/etc/systemd/system/{mounts._SHARED['/tmp']}" not in written(wanted)
    assert "/etc/systemd/system/var-tmp.mount" in written(wanted)
    assert any("/tmp is in /etc/fstab" in note for note in wanted.notes)


def test_where_debian_mounts_tmp_itself_only_its_options_change(tmp_path):
    target = debian(tmp_path, {"/usr/lib/systemd/system/tmp.mount": "[Mount]\n"})
    files = written(want("mounts", target))
    assert "noexec" in files["/etc/systemd/system/tmp.mount.d/90-warifu.conf"]
    assert "/etc/systemd/system/tmp.mount" not in files


def test_logins_still_see_processes(tmp_path):
    target = debian(tmp_path, {"/lib/systemd/system/systemd-logind.service": ""})
    files = written(want("mounts", target))
    assert "SupplementaryGroups=adm" in files["/etc/systemd/system/systemd-logind.service.d/90-warifu.conf"]
    assert "/etc/systemd/system/polkit.service.d/90-warifu.conf" not in files


# --- the packet filter ----------------------------------------------------------------------------------------------

SSHD = {"/usr/sbin/sshd": ""}


@pytest.mark.parametrize(
    ("files", "ports"),
    [
        ({}, []),
        (SSHD, [22]),
        ({**SSHD, "/etc/ssh/sshd_config": "#Port 22\n"}, [22]),
        ({**SSHD, "/etc/ssh/sshd_config": "Port 2222\nport 2200 # spare\n"}, [2200, 2222]),
        ({**SSHD, "/etc/ssh/sshd_config.d/x.conf": "Port=443\n"}, [443]),
        (
            {**SSHD, "/etc/ssh/sshd_config": "ListenAddress 192.168.1.2:2022\nListenAddress [::1]:2023\n"},
            [2022, 2023],
        ),
        ({**SSHD, "/etc/ssh/sshd_config": "Port 99999\nPort 22\n"}, [22]),
        (
            {**SSHD, "/etc/systemd/system/ssh.socket.d/port.conf": "[Socket]\nListenStream=0.0.0.0:2024\n"},
            [22, 2024],
        ),
    ],
)
def test_the_ports_of_ssh_are_found_where_they_are_set(tmp_path, files, ports):
    assert firewall.ssh_ports(debian(tmp_path, files), Wishes()) == ports


def test_the_port_of_a_running_sshd_and_of_this_session_are_found_too(tmp_path):
    head = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    )
    line = "   {n}: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1\n"
    tcp = (
        head
        + line.format(n=0, address="00000000:0929", state="0A", inode=7001)
        + line.format(n=1, address="00000000:1F90", state="0A", inode=7002)
        + line.format(n=2, address="00000000:0BB8", state="01", inode=7003)
    )
    target = debian(
        tmp_path, {"/proc/net/tcp": tcp, "/proc/70/comm": "sshd\n", "/proc/71/comm": "other\n"}, live=True
    )
    for pid, inodes in ((70, (7001, 7003)), (71, (7002,))):
        (tmp_path / f"proc/{pid}/fd").mkdir()
        for number, inode in enumerate(inodes):
            (tmp_path / f"proc/{pid}/fd/{number}").symlink_to(f"socket:[{inode}]")
    assert firewall.ssh_ports(target, Wishes(session_port=2500)) == [0x0929, 2500]


def test_nothing_is_open_but_ssh_and_what_was_named(tmp_path):
    target = debian(tmp_path, {**SSHD, "/usr/sbin/nft": ""})
    wanted = want("firewall", target, Wishes(open_ports=(Port(8443), Port(51820, "udp"))))
    opened = re.findall(r"^\t\t(tcp|udp) dport (\d+) accept$", written(wanted)[firewall.RULES], re.MULTILINE)
    assert opened == [("tcp", "22"), ("tcp", "8443"), ("udp", "51820")]
    assert "policy drop" in written(wanted)[firewall.RULES]
    (verify,) = (change for change in wanted.changes if isinstance(change, Verify))
    assert verify.given.decode() == written(wanted)[firewall.RULES]
    assert any("SSH stays reachable: port 22" in note for note in wanted.notes)


def test_without_nftables_there_is_no_filter(tmp_path):
    assert "apt-get install nftables" in want("firewall", debian(tmp_path)).inapplicable


# --- kernel modules -------------------------------------------------------------------------------------------------

DKMS = (
    'PACKAGE_NAME="lkrg"\nPACKAGE_VERSION="1.0.1"\nBUILT_MODULE_NAME[0]="lkrg"\n'
    'MAKE[0]="make -C ${kernel_source_dir}"\n'
)


def source_tree(place: Path, configuration: str = DKMS) -> Source:
    place.mkdir()
    (place / "dkms.conf").write_text(configuration)
    (place / "main.c").write_text("int x;\n")
    return Source(place, digest_of(place))


def test_a_module_is_copied_measured_built_installed_and_loaded(tmp_path):
    target, source = (
        debian(tmp_path / "root", {"/usr/sbin/dkms": ""}, live=True),
        source_tree(tmp_path / "source"),
    )
    before, hand = everything(target.root), RecordingHand()
    outcomes = run.harden(target, Wishes(lkrg=source), only=("lkrg",), hand=hand)
    assert not [outcome for outcome in outcomes if outcome.trouble]
    assert [command[:2] for command in hand.commands] == [
        ("dkms", "add"),
        ("dkms", "build"),
        ("dkms", "install"),
        ("modprobe", "lkrg"),
    ]
    assert (target.root / "usr/src/lkrg-1.0.1/main.c").exists()
    hand.commands.clear()
    run.undo(target, hand)
    assert hand.commands == [
        ("modprobe", "--remove", "lkrg"),
        ("dkms", "remove", "-m", "lkrg", "-v", "1.0.1", "--all"),
    ]
    assert everything(target.root) == before


def test_a_module_that_does_not_build_is_not_loaded_at_the_next_start(tmp_path):
    target, source = (
        debian(tmp_path / "root", {"/usr/sbin/dkms": ""}, live=True),
        source_tree(tmp_path / "source"),
    )
    build = ("dkms", "build", "-m", "lkrg", "-v", "1.0.1")
    hand = RecordingHand(answers={build: "no headers"})
    (failed,) = (
        each for each in run.harden(target, Wishes(lkrg=source), only=("lkrg",), hand=hand) if each.trouble
    )
    assert failed.what == " ".join(build)
    assert not target.exists("/etc/modules-load.d/90-warifu-lkrg.conf")


def test_in_an_image_the_source_is_laid_ready_and_nothing_is_built(tmp_path):
    target = debian(tmp_path / "root", {"/usr/sbin/dkms": ""})
    wanted = want("ved", target, Wishes(ved=source_tree(tmp_path / "source")))
    assert [type(change) for change in wanted.changes] == [CopyTree]


@pytest.mark.parametrize(
    "configuration",
    [
        "",
        DKMS.replace('"lkrg"', '"$(reboot)"', 1),
        DKMS.replace('"1.0.1"', '"../../etc"'),
        DKMS.replace('"1.0.1"', '"1 0"'),
        DKMS + 'PACKAGE_NAME="other"\n',
        DKMS.replace("BUILT_MODULE_NAME[0]", "BUILT_MODULE_NAME[1]"),
        DKMS.replace('"lkrg"', '"-rf"', 1),
    ],
)
def test_a_dkms_conf_that_does_not_say_its_name_plainly_is_refused(tmp_path, configuration):
    with pytest.raises(InputRefused):
        kernel_module.module_of(source_tree(tmp_path / "source", configuration))


def test_without_dkms_or_source_there_is_nothing_to_do(tmp_path):
    assert want("lkrg", debian(tmp_path / "a")).inapplicable
    wishes = Wishes(lkrg=source_tree(tmp_path / "source"))
    assert "apt-get install dkms" in want("lkrg", debian(tmp_path / "b"), wishes).inapplicable


# --- all together ---------------------------------------------------------------------------------------------------


def test_a_whole_small_tree_is_hardened_twice_and_comes_back(tmp_path):
    target = debian(
        tmp_path,
        {"/etc/default/grub": "", "/usr/sbin/nft": "", "/lib/systemd/system/cups.service": ""},
        live=True,
    )
    before, hand = everything(tmp_path), RecordingHand()
    assert not [each for each in run.harden(target, Wishes(), hand=hand) if each.trouble]
    paths = [
        change.change.path
        for planned in run.plan_for(target, Wishes())
        for change in planned.changes
        if isinstance(change.change, FileChange)
    ]
    assert len(paths) == len(set(paths)) > 10
    assert run.harden(target, Wishes(), hand=hand) == []
    run.undo(target, hand)
    assert everything(tmp_path) == before
