"""Households under attack. The stores lie in memory, where the machine has such a place (``tests/signer``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.signer.conftest import shared_path, tmp_path
from tests.support.attacker import ALL_CHAINS, Attacker, every_chain
from tests.support.founding import founded
from tests.support.simulator import Household

__all__ = ["shared_path", "tmp_path"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    """Three devices, two of which sign, with a Bitcoin wallet that may pay anybody."""
    household = founded(tmp_path, 2)
    yield household
    household.close()


@pytest.fixture
def attacker(home: Household) -> Attacker:
    """Who runs the service of ``home``."""
    return Attacker(home)


def _wide(place: Path) -> Iterator[Household]:
    household = Household(place, 3)
    household.make_wallet(2, every_chain(), schemes=ALL_CHAINS)
    assert not household.correlate(2).failed
    yield household
    household.close()


@pytest.fixture
def fresh_wide_home(tmp_path: Path) -> Iterator[Household]:
    """As ``home``, with keys and rules for every kind of chain, and ECDSA prepared."""
    yield from _wide(tmp_path)


@pytest.fixture(scope="module")
def _shared_wide_home(shared_path: Path) -> Iterator[Household]:
    yield from _wide(shared_path)


@pytest.fixture
def wide_home(_shared_wide_home: Household) -> Household:
    """One for all attempts of a module, an hour after the last: of those that failed nothing is left."""
    _shared_wide_home.clock.pass_(3601)
    for device in _shared_wide_home.devices.values():
        device.tick()
    return _shared_wide_home


@pytest.fixture
def wide_attacker(wide_home: Household) -> Attacker:
    """Who runs the service of ``wide_home``."""
    return Attacker(wide_home)
