"""The image's bytes depend on its content and on nothing of the machine that builds it."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from warifu.agent.appliance.image import Image
from warifu.errors import HostUnsuitable

pytestmark = pytest.mark.unit

PACKAGING = Path(__file__).resolve().parents[2] / "packaging" / "appliance"


def program(name: str) -> ModuleType:
    found = spec_from_file_location(name, PACKAGING / f"{name}.py")
    assert found is not None and found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def packed(folder: Path) -> bytes:
    out = io.BytesIO()
    program("initrd").write(folder, out)
    return out.getvalue()


def tree(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    (folder / "link").symlink_to(names[0])
    return folder


def test_the_same_content_packs_to_the_same_bytes(tmp_path):
    names = ["b/x", "a", "b/a"]
    first = tree(tmp_path / "first", names)
    second = tree(tmp_path / "second", names[::-1])
    (second / "link").unlink()
    (second / "link").symlink_to(names[0])
    for path in second.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    (second / "a").chmod(0o600)
    assert packed(first) == packed(second)


def test_another_content_or_another_name_packs_to_other_bytes(tmp_path):
    plain = packed(tree(tmp_path / "plain", ["a", "b"]))
    assert packed(tree(tmp_path / "renamed", ["a", "c"])) != plain
    changed = tree(tmp_path / "changed", ["a", "b"])
    (changed / "b").write_bytes(b"B")
    assert packed(changed) != plain
    runnable = tree(tmp_path / "runnable", ["a", "b"])
    (runnable / "b").chmod(0o700)
    assert packed(runnable) != plain


def test_it_is_the_kernels_format(tmp_path):
    """As the kernel reads it: header, name, content, each padded to four bytes, until the trailer."""
    content, at, found = packed(tree(tmp_path, ["dir/file"])), 0, {}
    while True:
        assert content[at : at + 6] == b"070701"
        fields = [int(content[at + 6 + 8 * number : at + 14 + 8 * number], 16) for number in range(13)]
        mode, uid, gid, mtime, size, name_size = (fields[number] for number in (1, 2, 3, 5, 6, 11))
        name = content[at + 110 : at + 110 + name_size - 1].decode()
        start = -(-(at + 110 + name_size) // 4) * 4
        if name == "TRAILER!!!":
            break
        assert (uid, gid, mtime) == (0, 0, 0)
        assert not mode & 0o222 or name == "link"
        found[name] = content[start : start + size]
        at = -(-(start + size) // 4) * 4
    assert found == {"dir": b"", "dir/file": b"dir/file", "link": b"dir/file"}


def test_what_is_no_file_is_not_packed(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SystemExit):
        packed(tmp_path)


def installed(root: Path, name: str, content: bytes, recorded: bytes) -> SimpleNamespace:
    """A package whose list says that its one file has the hash of ``recorded``."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    value = base64.urlsafe_b64encode(hashlib.sha256(recorded).digest()).rstrip(b"=").decode()

    class Listed(str):
        hash = SimpleNamespace(mode="sha256", value=value)

        def locate(self) -> Path:
            return path

    return SimpleNamespace(name="package", files=[Listed(name)])


def test_a_file_that_was_changed_after_it_was_installed_does_not_get_in(tmp_path):
    files_of = program("python_tree")._files_of
    assert list(files_of(installed(tmp_path, "p/a.py", b"honest", b"honest"))) == [("p/a.py", b"honest")]
    with pytest.raises(SystemExit, match="is not what package installed"):
        list(files_of(installed(tmp_path, "p/a.py", b"changed", b"honest")))


@pytest.mark.parametrize("name", ["../bin/tool", "p/tests/test_a.py", "p-1.dist-info/RECORD"])
def test_scripts_tests_and_lists_stay_out(tmp_path, name):
    (tmp_path / "site").mkdir()
    assert list(program("python_tree")._files_of(installed(tmp_path / "site", name, b"x", b"x"))) == []


def test_the_rooms_of_the_image_are_a_signers_and_hold_no_door_of_the_owner():
    rooms = set(program("python_tree").ROOMS)
    assert not rooms & {"cli", "service", "demo", "host", "agent", "chains"}
    assert {"signer", "tee", "threshold", "agent/appliance/guest.py"} <= rooms


def test_a_folder_that_lacks_a_part_is_no_image(tmp_path):
    for name in ("vmlinuz", "cmdline", "firmware.fd", "variables.fd"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(HostUnsuitable, match="initrd missing"):
        Image.at(tmp_path)
    (tmp_path / "initrd").write_bytes(b"x")
    assert Image.at(tmp_path).cmdline == "x"
    (tmp_path / "cmdline").write_bytes("é".encode())
    with pytest.raises(HostUnsuitable):
        Image.at(tmp_path)
