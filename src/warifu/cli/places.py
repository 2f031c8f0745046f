"""Where things lie on this machine unless the owner says otherwise (XDG base directories)."""

from __future__ import annotations

import os
from pathlib import Path


def _data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "warifu"


def default_device_directory() -> Path:
    """The device's sealed store."""
    return _data() / "device"


def default_service_directory() -> Path:
    """The custody service's certificate and encrypted database."""
    return _data() / "service"


def default_endorsements_directory() -> Path:
    """Vendors' documents by which evidence is judged: no secrets."""
    return _data() / "endorsements"
