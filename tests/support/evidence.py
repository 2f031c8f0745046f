"""Where recorded evidence of real hardware lies: ``WARIFU_EVIDENCE``, or ``shared/evidence`` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "evidence"


def evidence_file(relative: str) -> Path:
    """One recorded file, for example ``nitro/document.cbor``; skips the calling test, with the reason, without it."""
    file = Path(os.environ.get("WARIFU_EVIDENCE", _BESIDE)) / relative
    if not file.is_file():
        pytest.skip(f"recorded evidence not found at {file}; set WARIFU_EVIDENCE")
    return file


def recorded(relative: str) -> bytes:
    """What is in it."""
    return evidence_file(relative).read_bytes()
