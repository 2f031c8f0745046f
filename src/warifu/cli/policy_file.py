"""The file in which an owner writes a policy."""

from __future__ import annotations

from pathlib import Path

from warifu.cli.files import read_input
from warifu.errors import InputRefused
from warifu.protocol.policy import Policy
from warifu.protocol.policy_text import MAX_TEXT_BYTES, read_policy


def policy_from(path: Path) -> Policy:
    """The policy that is written there (``-``: standard input). Raises ``InputRefused`` (``file``, ``policy``)."""
    try:
        return read_policy(read_input(path, MAX_TEXT_BYTES).decode("utf-8"))
    except UnicodeDecodeError:
        raise InputRefused("policy", f"{path} is not a text in UTF-8") from None
