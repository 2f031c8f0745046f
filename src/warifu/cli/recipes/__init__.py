"""Policies to begin with, as TOML that an owner adapts. None lets anything leave to an address that nobody wrote in."""

from __future__ import annotations

from importlib import resources

RECIPES = ("saver", "trader", "family", "company")


def recipe(name: str) -> str:
    """The text of one of ``RECIPES``."""
    assert name in RECIPES, name
    return resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
