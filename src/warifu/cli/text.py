"""The words that the command line speaks: English in the code, other languages in a catalogue beside it.

An English sentence is its own key, so the code reads as what it prints. ``tests/cli/test_text.py`` finds every
sentence that lacks a translation, and every translation that nothing uses.
"""

from __future__ import annotations

from collections.abc import Mapping

from warifu.cli.text_ja import JAPANESE

LANGUAGES = ("en", "ja")
_CATALOGUES: dict[str, Mapping[str, str]] = {"en": {}, "ja": JAPANESE}
_spoken = "en"


def speak(language: str) -> None:
    """From now on, ``tr`` answers in ``language`` (``en`` or ``ja``)."""
    global _spoken
    _spoken = language if language in LANGUAGES else "en"


def spoken() -> str:
    """The language that ``tr`` answers in."""
    return _spoken


def language_of(environment: Mapping[str, str]) -> str:
    """The language that the user's locale asks for (``LC_ALL``, ``LC_MESSAGES``, ``LANG``: POSIX's order)."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def tr(text: str, **values: object) -> str:
    """``text`` in the language spoken, with ``{name}`` replaced by ``values``."""
    translated = _CATALOGUES[_spoken].get(text, text)
    return translated.format(**values) if values else translated
