"""One digest names the program, and two clean builds of it are the same."""

import json
import re
import subprocess
import sys
import tracemalloc
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from warifu.release import libraries_of, own_digest, package_files, release_digest

ROOT = Path(__file__).resolve().parents[1]
FILES = [("a.py", b"x = 1\n"), ("b/c.py", b"")]


@pytest.mark.unit
def test_the_order_in_which_a_disk_lists_files_does_not_matter():
    assert release_digest(FILES, ["b==2", "a==1"]) == release_digest(FILES[::-1], ["a==1", "b==2"])


@pytest.mark.unit
@pytest.mark.parametrize(
    ("files", "libraries"),
    [
        ([("a.py", b"x = 2\n"), FILES[1]], ["a==1"]),
        ([FILES[0]], ["a==1"]),
        ([*FILES, ("d.py", b"")], ["a==1"]),
        ([("a.p", b"yx = 1\n"), FILES[1]], ["a==1"]),
        (FILES, ["a==2"]),
        (FILES, []),
        (FILES, ["a==", "1"]),
    ],
    ids=["content", "missing", "added", "moved over the border", "library", "no library", "split"],
)
def test_anything_else_is_another_program(files, libraries):
    assert release_digest(files, libraries) != release_digest(FILES, ["a==1"])


@pytest.mark.unit
@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.binary(max_size=5)), max_size=4, unique_by=lambda file: file[0]
    )
)
def test_no_two_sets_of_files_share_a_digest(files):
    assert (release_digest(files, []) == release_digest(FILES, [])) is (sorted(files) == sorted(FILES))


@pytest.mark.unit
def test_its_files_are_never_in_memory_all_at_once():
    """A signer digests its program at its start: what it held then, its heap would keep for as long as it runs."""
    files = package_files(ROOT / "src" / "warifu")
    whole = sum(place.stat().st_size for _, place in files)
    tracemalloc.start()
    try:
        release_digest(files, ["a==1"])
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert highest < whole / 4


def as_the_standard_library_reads_them() -> list[str]:
    found: dict[str, str] = {}
    waiting = ["warifu"]
    while waiting:
        for text in metadata.requires(waiting.pop()) or []:
            name = canonicalize_name(re.split(r"[^A-Za-z0-9._-]", text)[0])
            if "extra ==" in text or name in found:
                continue
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
            waiting.append(name)
    return [f"{name}=={version}" for name, version in found.items()]


@pytest.mark.unit
def test_it_is_about_this_program_and_what_a_signer_runs_with():
    names = {library.partition("==")[0] for library in libraries_of()}
    assert {"msgspec", "pynacl", "sqlcipher3"} <= names
    assert not names & {"litestar", "dbos", "pytest"}  # of the service, of the tests
    assert sorted(libraries_of()) == sorted(as_the_standard_library_reads_them())
    files = dict(package_files(ROOT / "src" / "warifu"))
    assert files["release.py"] == ROOT / "src" / "warifu" / "release.py"
    assert not any("__pycache__" in name for name in files)
    contents = [(name, place.read_bytes()) for name, place in files.items()]
    assert own_digest() == release_digest(contents, libraries_of())


@pytest.mark.real
@pytest.mark.slow
def test_two_clean_builds_are_the_same_and_are_what_is_tracked():
    told = json.loads(
        subprocess.run(
            [sys.executable, "tools/measure.py"], check=True, capture_output=True, cwd=ROOT, timeout=100
        ).stdout
    )
    listed = subprocess.run(
        ["git", "ls-files", "-z", "src/warifu"], check=True, capture_output=True, cwd=ROOT
    ).stdout.decode()
    tracked = [
        (name.removeprefix("src/warifu/"), (ROOT / name).read_bytes())
        for name in listed.split("\0")
        if name and (ROOT / name).is_file()
    ]
    assert told["release"] == release_digest(tracked, libraries_of()).hex()
