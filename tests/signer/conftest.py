"""Places for hundreds of stores that sync every commit: in memory, where the machine has such a place.

Not below pytest's own directory: each run of pytest closes that to other users, and an enclave may have a user of its
own that must be able to reach its store.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

_IN_MEMORY = "/dev/shm"  # a fresh directory with a random name is made in it


def _place():
    parent = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="warifu-test-", dir=parent) as place:
        yield Path(place)


@pytest.fixture
def tmp_path():
    """As pytest's own, but without waiting for a disk."""
    yield from _place()


@pytest.fixture(scope="module")
def shared_path():
    """One for all tests of a module."""
    yield from _place()
