"""Debian's versions in their order, and what counts as an update that waits."""

import pytest
from tests.host.recorded import built

from warifu.host.machine import CannotTell
from warifu.host.packages import installed, newer, security_lists, version_key

pytestmark = pytest.mark.unit

LIST = "security.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages"


def stanza(name, version, architecture="amd64", status="install ok installed"):
    said = f"Status: {status}\n" if status else ""
    return f"Package: {name}\n{said}Architecture: {architecture}\nVersion: {version}\nDescription: x\n y\n\n"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("1.0-1", "1.0-2"),
        ("1.0", "1.0-1"),
        ("1.0~rc1-1", "1.0-1"),
        ("1.0~~", "1.0~"),
        ("1.0", "1.0+b1"),
        ("1.0a", "1.0+"),  # letters before all else
        ("1.9", "1.10"),
        ("2.0", "1:0.1"),
        ("1.0-1-1", "1.0-1-2"),
        ("3.0.16-1~deb12u1", "3.0.17-1~deb12u3"),
        ("6.1.0-9-amd64", "6.1.0-40-amd64"),
        ("1.0-1~deb12u1", "1.0-1"),
    ],
)
def test_versions_are_ordered_as_dpkg_orders_them(earlier, later):
    assert version_key(earlier) < version_key(later)


@pytest.mark.parametrize(
    ("one", "other"), [("1.0", "1.0-0"), ("0:1", "1"), ("1.00", "1.0"), ("1.0-00", "1.0-0")]
)
def test_versions_that_are_the_same(one, other):
    assert version_key(one) == version_key(other)


@pytest.mark.parametrize("text", ["", "1 2", "1:", "1\n2", "1" * 300, "1;rm"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(CannotTell):
        version_key(text)


@pytest.mark.parametrize(
    ("here", "offered", "waiting"),
    [
        (stanza("a", "1.0-1"), stanza("a", "1.0-2", status=""), ["a"]),
        (stanza("a", "1.0-2"), stanza("a", "1.0-2", status=""), []),
        (stanza("a", "1.0-3"), stanza("a", "1.0-2", status=""), []),
        (stanza("a", "1.0-1"), stanza("a", "1.0-2", "i386", status=""), []),
        (stanza("a", "1.0-1", "all"), stanza("a", "1.0-2", "amd64", status=""), ["a"]),
        (stanza("a", "1.0-1", status="deinstall ok config-files"), stanza("a", "1.0-2", status=""), []),
        (stanza("a", "1.0-1", status="install ok half-configured"), stanza("a", "1.0-2", status=""), []),
        (stanza("a", "1.0-1"), stanza("aa", "1.0-2", status=""), []),
        (stanza("a", "1") + stanza("a", "1", "i386"), stanza("a", "2", "i386", status=""), ["a"]),
        ("", stanza("a", "2", status=""), []),
    ],
)
def test_an_update_waits_where_what_is_installed_is_older(tmp_path, here, offered, waiting):
    machine = built(tmp_path, {"/var/lib/dpkg/status": here, f"/var/lib/apt/lists/{LIST}": offered})
    assert newer(machine, security_lists(machine)) == waiting


def test_lists_of_other_archives_are_not_looked_at(tmp_path):
    other = "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages"
    machine = built(tmp_path, {f"/var/lib/apt/lists/{other}": ""})
    with pytest.raises(CannotTell, match="no list of a security archive"):
        security_lists(machine)


def test_a_stanza_without_a_version_is_refused(tmp_path):
    machine = built(tmp_path, {"/var/lib/dpkg/status": "Package: a\nStatus: install ok installed\n\n"})
    with pytest.raises(CannotTell, match="unexpected form"):
        installed(machine)
