"""TPMs for these tests. Setting one up takes a second, so it is done once, and each test gets a copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.swtpm import Maker

if TYPE_CHECKING:
    from tests.support.tpm_home import Home

    from warifu.tee.tpm.platform import Tpm


@pytest.fixture(scope="session")
def maker() -> Iterator[Maker]:
    made = Maker()
    yield made
    made.close()


@dataclass(frozen=True)
class Kept:
    """A home as it was left, to be copied."""

    home: Home
    state: dict[str, bytes]
    pinned: bytes


@pytest.fixture(scope="session")
def new_tpm(maker: Maker) -> dict[str, bytes]:
    """The state of a TPM that nobody has set up yet."""
    tpm = maker.new()
    tpm.stop()
    return tpm.saved()


@pytest.fixture(scope="session")
def kept(maker, new_tpm, tmp_path_factory) -> Kept:
    from tests.support.tpm_home import Home

    home = Home(maker.copy(new_tpm), tmp_path_factory.mktemp("home"))
    home.provision()
    home.approve_boot()
    home.tpm.stop()
    return Kept(home, home.tpm.saved(), (home.directory / "tpm.pinned").read_bytes())


@pytest.fixture
def home(maker, kept, tmp_path) -> Iterator[Home]:
    """A device that was set up with its TPM; its owner approved the boot."""
    (tmp_path / "tpm.pinned").write_bytes(kept.pinned)
    copied = replace(kept.home, tpm=maker.copy(kept.state), directory=tmp_path)
    yield copied
    copied.tpm.stop()


@pytest.fixture
def bare(maker, new_tpm, tmp_path) -> Iterator[Home]:
    """A device whose TPM nobody has set up."""
    from tests.support.tpm_home import Home

    (tmp_path / "bare").mkdir()
    made = Home(maker.copy(new_tpm), tmp_path / "bare")
    yield made
    made.tpm.stop()


@pytest.fixture(scope="session")
def _strange_tpm(maker: Maker) -> dict[str, bytes]:
    tpm = maker.new()
    tpm.stop()
    return tpm.saved()


@pytest.fixture
def stranger(maker, _strange_tpm, tmp_path) -> Iterator[Home]:
    """Another device with another TPM, not set up."""
    from tests.support.tpm_home import Home

    (tmp_path / "stranger").mkdir()
    made = Home(maker.copy(_strange_tpm), tmp_path / "stranger")
    yield made
    made.tpm.stop()


@pytest.fixture
def platform(home) -> Iterator[Tpm]:
    opened = home.open()
    yield opened
    opened.forget()


@pytest.fixture
def wire(maker: Maker) -> Path:
    """Where an interposer listens: a short path."""
    place = maker.directory / f"w{len(list(maker.directory.glob('w*')))}"
    place.mkdir()
    return place / "s"
