"""The files that come with the program (``files/``)."""

from __future__ import annotations

from importlib import resources

_ROOM = "warifu.host.hardening.files"


def packaged(name: str) -> str:
    """The text of one of them."""
    return resources.files(_ROOM).joinpath(name).read_text(encoding="utf-8")
