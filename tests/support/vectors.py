"""Where the official test vectors lie: ``WARIFU_VECTORS``, or ``shared/vectors`` beside the checkout."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "vectors"


def vectors_dir() -> Path:
    """The folder of official vectors; skips the calling test, with the reason, where it is not to be had."""
    folder = Path(os.environ.get("WARIFU_VECTORS", _BESIDE))
    if not folder.is_dir():
        pytest.skip(
            f"official test vectors not found at {folder}; set WARIFU_VECTORS", allow_module_level=True
        )
    return folder


def load_vectors(relative: str) -> Any:
    """One JSON vector file, for example ``bip445/tweak_vectors.json``."""
    return json.loads((vectors_dir() / relative).read_text(encoding="utf-8"))
