"""Which kernel guards are recognised, in which state and version; and what could pass for one and does not."""

import pytest
from tests.host.recorded import built, recorded, sees_everything

from warifu.host.doctor import examine_machine
from warifu.host.machine import Machine

pytestmark = pytest.mark.unit

NONE = "missing", "no sign of it"


def seen(machine: Machine, name: str) -> tuple[str, str]:
    finding = next(finding for finding in examine_machine(machine).findings if finding.name == name)
    return finding.state.value, finding.detail


@pytest.mark.parametrize(
    ("tree", "lkrg", "ved", "guard"),
    [
        ("plain-debian", NONE, NONE, ("missing", "none of LKRG")),
        ("lkrg-loaded", ("ok", "loaded (DKMS built 1.0.1), enforcing"), NONE, ("ok", "LKRG: loaded")),
        (
            "lkrg-hidden",
            ("ok", "loaded, not on the list of modules, enforcing"),
            NONE,
            ("ok", "LKRG: loaded"),
        ),
        (
            "lkrg-only-logs",
            ("missing", "kint_enforce is 0, pint_enforce is 0"),
            NONE,
            ("missing", "LKRG: loaded, but"),
        ),
        (
            "ved-loaded",
            ("missing", "VED is loaded"),
            ("ok", "(DKMS built 0.9.5), enforcing"),
            ("ok", "VED: "),
        ),
        ("ved-hidden", ("missing", "VED is loaded"), ("ok", "not on the list of modules"), ("ok", "VED: ")),
        ("ved-with-lkrg-names", ("missing", "VED is loaded"), ("ok", "DKMS built 0.9.5"), ("ok", "VED: ")),
        (
            "ved-without-wcfi",
            ("missing", "VED is loaded"),
            ("missing", "wcfi_validate is 0"),
            ("missing", "VED: "),
        ),
        ("grsecurity", NONE, NONE, ("ok", "grsecurity 6.6.58-grsec, PaX PeMRs, settings locked")),
        ("ako-declared", NONE, NONE, ("declared", "AKO: by the owner: AKO in kernel 5.15.0-ako1")),
        ("ved-ebpf", NONE, NONE, ("missing", "none of LKRG")),  # it watches and stops nothing
        ("hardened-debian", ("ok", "loaded (DKMS built 1.0.1), enforcing"), NONE, ("ok", "LKRG")),
        ("container", ("unknown", "hidden"), ("unknown", "hidden"), ("unknown", "cannot be told")),
    ],
)
def test_guards_of_whole_machines(tmp_path, tree, lkrg, ved, guard):
    machine = recorded(tree, tmp_path)
    for name, (state, words) in {"lkrg": lkrg, "ved": ved, "kernel-guard": guard}.items():
        found, detail = seen(machine, name)
        assert (found, words in detail) == (state, True), f"{name}: {detail}"


LKRG = {
    f"/proc/sys/lkrg/{name}": "2\n"
    for what in ("kint", "pint", "pcfi", "umh")
    for name in (f"{what}_validate", f"{what}_enforce")
}


@pytest.mark.parametrize(
    ("name", "files", "state", "words"),
    [
        ("lkrg", LKRG, "ok", "enforcing"),
        ("lkrg", {**LKRG, "/proc/sys/lkrg/kint_validate": "1\n"}, "missing", "kint_validate is 1"),
        ("lkrg", {**LKRG, "/proc/sys/lkrg/kint_enforce": "1\n"}, "ok", "kernel text is only logged"),
        ("lkrg", {**LKRG, "/proc/sys/lkrg/pint_enforce": "yes\n"}, "unknown", "only root"),
        ("lkrg", {**LKRG, "/proc/sys/lkrg/pint_enforce": None}, "unknown", "only root"),
        ("lkrg", {"/proc/sys/lkrg": None}, "unknown", "does not show whether"),  # a folder proves nothing
        ("lkrg", {"/sys/module/p_lkrg/initstate": "live"}, "unknown", "does not show whether"),
        ("lkrg", {"/proc/modules": "lkrg 1 0 - Live 0x0\n"}, "unknown", "not on the list"),
        ("lkrg", {"/proc/modules": "not_lkrg 1 0 - Live 0x0\n"}, "missing", "no sign"),
        (
            "lkrg",
            {**LKRG, "/var/lib/dkms/lkrg/1.0/x": "", "/var/lib/dkms/lkrg/1.1/x": ""},
            "ok",
            "loaded, not",
        ),
        ("lkrg", {**LKRG, "/var/lib/dkms/lkrg/1\x1b[31m/x": ""}, "ok", "loaded, not"),
        ("ved", LKRG, "missing", "no sign"),
        ("ved", {**LKRG, "/sys/module/ved/initstate": "live"}, "ok", "enforcing"),
        ("ved", {"/proc/modules": "ved 1 0 - Live 0x0\n"}, "unknown", "does not show whether"),
        ("grsecurity", {"/proc/self/status": "Name:\tx\nPaX:\tPEMRS\n"}, "ok", "PaX PEMRS"),
        ("grsecurity", {"/proc/self/status": "Name:\tPaX: fake\n"}, "missing", "neither"),
        ("grsecurity", {"/proc/self/status": "PaX:\t\x1b[32m\n"}, "missing", "neither"),
        ("grsecurity", {"/proc/sys/kernel/grsecurity/grsec_lock": "0\n"}, "ok", "settings not locked"),
        ("grsecurity", {"/proc/sys/kernel/grsecurity": None}, "ok", "fixed when it was built"),
        ("grsecurity", {"/proc/sys/kernel/grsecurity/grsec_lock": None}, "ok", "only root"),
        ("ako", {}, "unknown", "not declared"),
    ],
)
def test_signs_one_by_one(tmp_path, name, files, state, words):
    found, detail = seen(built(tmp_path, files), name)
    assert (found, words in detail) == (state, True), detail


@pytest.mark.parametrize(("tree", "name"), [("lkrg-loaded", "lkrg"), ("ved-loaded", "ved")])
def test_settings_that_only_root_can_read_make_it_unknown(tmp_path, tree, name):
    if sees_everything(tmp_path):
        pytest.skip("this process reads every file")
    machine = recorded(tree, tmp_path)
    for setting in (tmp_path / "proc/sys/lkrg").iterdir():
        setting.chmod(0)  # as LKRG and VED have them for everybody but root
    assert seen(machine, name) == ("unknown", seen(machine, name)[1])
    assert "only root can see" in seen(machine, "kernel-guard")[1]


class TestVedEbpf:
    def test_probes_held_by_its_process_are_counted(self, tmp_path):
        state, detail = seen(recorded("ved-ebpf", tmp_path), "ved-ebpf")
        assert (state, "process 977 holds 2 kernel probes" in detail) == ("ok", True)

    def test_a_name_without_probes_is_not_enough(self, tmp_path):
        machine = recorded("ved-ebpf", tmp_path)
        for descriptor in (5, 9):
            (tmp_path / f"proc/977/fdinfo/{descriptor}").unlink()
        assert seen(machine, "ved-ebpf") == ("missing", "process 977 is called bpf_ed, but holds no probes")

    def test_probes_of_another_type_are_not_counted(self, tmp_path):
        machine = recorded("ved-ebpf", tmp_path)
        for descriptor in (5, 9):
            (tmp_path / f"proc/977/fdinfo/{descriptor}").write_text("prog_type:\t25\nprog_id:\t2\n")
        assert seen(machine, "ved-ebpf")[0] == "missing"

    def test_in_a_container_nothing_can_be_said(self, tmp_path):
        machine = recorded("ved-ebpf", tmp_path)
        namespace = tmp_path / "proc/self/ns/pid"
        namespace.unlink()
        namespace.symlink_to("pid:[4026532999]")
        assert seen(machine, "ved-ebpf")[0] == "unknown"

    def test_where_processes_of_others_are_hidden_nothing_can_be_said(self, tmp_path):
        machine = recorded("plain-debian", tmp_path)
        (tmp_path / "proc/1/comm").unlink()
        (tmp_path / "proc/1").rmdir()
        assert seen(machine, "ved-ebpf") == ("unknown", "processes of other users are hidden from this one")
