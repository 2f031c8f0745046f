"""What takes many of these tests half a second to make is made once, and copied."""

from __future__ import annotations

import pytest
from tests.support.service_world import World, made_ready


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three devices, a wallet with some money, a service. To be copied, never to be run."""
    return made_ready(tmp_path_factory.mktemp("template"))
