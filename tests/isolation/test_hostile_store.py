"""A signer starts over a store into which another program put tricks: it refuses, soon, and follows none of them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.utils import random
from tests.support.enclaves import Enclave

from warifu.protocol.operator import OperatorRefused, Ready

pytestmark = pytest.mark.real
GIB = 1024**3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A store that a signer made, and its unlock key."""
    directory, key = tmp_path_factory.mktemp("device") / "data", random(32)
    with Enclave(directory, key) as signer:
        assert isinstance(signer.hear(), Ready)
        signer.hang_up()
        signer.process.wait(60)
    return directory, key


def replaced(name: str, trick: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
    """The file ``name`` of the store gives way to what ``trick`` makes in its place."""

    def play(store: Path, outside: Path) -> None:
        (store / name).rename(outside / "aside") if (store / name).exists() else None
        trick(store / name, outside)

    return play


def pipe(place: Path, _outside: Path) -> None:
    os.mkfifo(place, 0o600)


def link(place: Path, outside: Path) -> None:
    place.symlink_to(outside / "aside")


def link_to_nothing(place: Path, outside: Path) -> None:
    place.symlink_to(outside / "made-by-the-signer")


def hard_link(place: Path, outside: Path) -> None:
    (outside / "precious").write_text("another's")
    place.hardlink_to(outside / "precious")


def endless(place: Path, _outside: Path) -> None:
    place.touch(0o600)
    os.truncate(place, 64 * GIB)


def directory(place: Path, _outside: Path) -> None:
    place.mkdir()


@pytest.mark.parametrize(
    ("name", "trick"),
    [
        *(
            ("store/root.sealed", trick)
            for trick in (pipe, link, link_to_nothing, hard_link, endless, directory)
        ),
        *(("store/store.db-wal", trick) for trick in (pipe, link_to_nothing, hard_link)),
        *(("store/store.db", trick) for trick in (pipe, link)),
        *(("lock", trick) for trick in (pipe, link_to_nothing)),
    ],
)
def test_a_trick_in_the_place_of_a_file_is_refused_or_without_effect(made, tmp_path, name, trick):
    if trick is hard_link and os.geteuid() != 0:
        pytest.skip("a file that the attacker may write to is his to change")
    store, key = made
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    outside.chmod(0o777)
    owner = store.stat()
    replaced(name, trick)(store, outside)
    place = store / name
    if not place.is_symlink() and trick is not hard_link:  # that one stays root's
        os.chown(place, owner.st_uid, owner.st_gid)
    before = {path.name: path.read_bytes() for path in outside.iterdir()}
    try:
        with Enclave(store, key) as signer:
            answer = signer.hear()
            assert isinstance(answer, Ready | OperatorRefused), list(signer.process.log)
            signer.hang_up()
            signer.process.wait(60)
    finally:
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink(missing_ok=True)
        if (outside / "aside").exists():
            (outside / "aside").rename(place)
    if isinstance(answer, Ready):
        assert name in ("lock", "store/store.db-wal"), "what it needs was not there"
    after = {path.name: path.read_bytes() for path in outside.iterdir() if path.name != "aside"}
    assert after == {name: content for name, content in before.items() if name != "aside"}


def test_a_first_start_that_was_interrupted_is_cleared_away_behind_the_walls(tmp_path):
    begun = tmp_path / "data" / "store.new"
    begun.mkdir(parents=True)
    (begun / "store.db").write_bytes(b"half")
    with Enclave(tmp_path / "data", random(32)) as signer:
        assert isinstance(signer.hear(), Ready)
    assert not begun.exists()


def test_the_store_itself_was_not_hurt_by_all_of_that(made):
    store, key = made
    with Enclave(store, key) as signer:
        assert isinstance(signer.hear(), Ready)
