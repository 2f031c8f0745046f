"""One node for all tests that ask noble."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.interop.noble import Noble, running


@pytest.fixture(scope="module")
def noble() -> Iterator[Noble]:
    with running() as servant:
        yield servant
