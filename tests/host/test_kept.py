"""Root's look, kept for an agent that may see less: believed only where it is root's own, fresh and whole."""

import os

import msgspec
import pytest
from tests.host.recorded import NOW, recorded

from warifu.errors import HostUnsuitable
from warifu.host.check import State
from warifu.host.claims import claims_of
from warifu.host.doctor import HostReport, examine_machine, to_json
from warifu.host.kept import FRESH_SECONDS, completed, keep, kept

pytestmark = pytest.mark.unit

ME = os.getuid()


@pytest.fixture
def roots(tmp_path) -> HostReport:
    return examine_machine(recorded("hardened-debian", tmp_path / "roots", now=NOW))


@pytest.fixture
def own(tmp_path) -> HostReport:
    """As an agent sees it that may not look into LKRG's settings: a folder cannot be read as a file."""
    machine = recorded("hardened-debian", tmp_path / "own", now=NOW + 30)
    for setting in (tmp_path / "own/proc/sys/lkrg").iterdir():
        setting.unlink()
        setting.mkdir()
    return examine_machine(machine)


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    return folder / "host.json"


def test_what_the_agent_cannot_see_is_taken_from_root(own, roots):
    assert (own.state("lkrg"), own.state("kernel-guard")) == (State.UNKNOWN, State.UNKNOWN)
    both = completed(own, roots)
    finding = next(finding for finding in both.findings if finding.name == "lkrg")
    assert (finding.state, finding.remedy) == (State.OK, "")
    assert finding.detail.endswith("(seen by root)")
    assert both.measured_at == NOW  # of the older look, so that the claims do not outlive it
    assert own.score < both.score == roots.score
    assert claims_of(both).unmet(["lkrg"], NOW + 30, declared_counts=False) == ()
    assert claims_of(own).unmet(["lkrg"], NOW + 30, declared_counts=False) == ("lkrg",)


def test_what_the_agent_sees_itself_is_never_overruled(tmp_path, roots):
    careless = examine_machine(recorded("careless", tmp_path / "careless"))
    both = completed(careless, roots)
    assert [finding for finding in both.findings if finding.state is State.OK] == []


def test_where_root_saw_nothing_either_it_stays_unknown(tmp_path, own):
    blind = examine_machine(recorded("container", tmp_path / "blind"))
    assert completed(own, blind) == own
    assert completed(own, None) == own


def test_what_is_kept_is_found_again(place, roots):
    keep(roots, place)
    assert place.stat().st_mode & 0o777 == 0o644
    keep(roots, place)  # over the last one
    assert [path.name for path in place.parent.iterdir()] == ["host.json"]
    assert kept(NOW, place, ME) == roots


@pytest.mark.parametrize(
    ("now", "found"),
    [(NOW, True), (NOW + FRESH_SECONDS, True), (NOW + FRESH_SECONDS + 1, False), (NOW - 1, False)],
)
def test_only_a_fresh_look_counts(place, roots, now, found):
    keep(roots, place)
    assert (kept(now, place, ME) is not None) == found


def test_what_others_could_have_written_is_not_believed(place, roots):
    keep(roots, place)
    assert kept(NOW, place, ME + 1) is None  # another's file
    for mode in (0o664, 0o646):
        place.chmod(mode)
        assert kept(NOW, place, ME) is None
    place.chmod(0o644)
    for mode in (0o775, 0o777, 0o1777):
        place.parent.chmod(mode)
        assert kept(NOW, place, ME) is None
    place.parent.chmod(0o755)
    assert kept(NOW, place, ME) is not None


def test_a_link_a_fifo_and_a_folder_are_not_believed(place, roots, tmp_path):
    keep(roots, tmp_path / "elsewhere.json")
    place.symlink_to(tmp_path / "elsewhere.json")
    assert kept(NOW, place, ME) is None
    place.unlink()
    os.mkfifo(place, 0o644)
    assert kept(NOW, place, ME) is None
    place.unlink()
    place.mkdir(mode=0o755)
    assert kept(NOW, place, ME) is None
    assert kept(NOW, tmp_path / "no/such/host.json", ME) is None


@pytest.mark.parametrize("change", ["cut", "more", "state", "long"])
def test_a_file_of_another_form_is_not_believed(place, roots, change):
    data = to_json(roots)
    broken = {
        "cut": data[:-1],
        "more": data + b"{}",
        "state": data.replace(b'"ok"', b'"fine"', 1),
        "long": data + b" " * (256 * 1024),
    }
    place.write_bytes(broken[change])
    place.chmod(0o644)
    assert kept(NOW, place, ME) is None


def test_a_name_that_no_check_has_changes_nothing(own, roots):
    invented = msgspec.structs.replace(roots.findings[0], name="invented")
    assert completed(own, msgspec.structs.replace(roots, findings=(invented,))) == own


def test_where_it_cannot_be_kept_nothing_is_left_behind(tmp_path, roots):
    with pytest.raises(HostUnsuitable, match="cannot be written"):
        keep(roots, tmp_path / "no-such-folder/host.json")
    (tmp_path / "host.json").mkdir()
    with pytest.raises(HostUnsuitable, match="cannot be written"):
        keep(roots, tmp_path / "host.json")
    assert not list(tmp_path.glob(".host.json*"))
