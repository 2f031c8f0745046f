"""From the configuration to what lets the service in at QuickNode."""

from __future__ import annotations

import os
from pathlib import Path

from warifu.chains.quicknode.access import QuickNodeAccess
from warifu.errors import InputRefused
from warifu.service.config import BackendConfig

MAX_KEY_BYTES = 16 * 1024


def quicknode_access(item: BackendConfig) -> QuickNodeAccess:
    """Reads the key for tokens (JWT), where a file is named. Raises ``InputRefused``, whose text holds no secret."""
    key = _key(Path(item.jwt_key)) if item.jwt_key is not None else item.jwt_pem or ""
    return QuickNodeAccess.parse(item.url, token=item.token or "", jwt_key=key, jwt_kid=item.jwt_kid or "")


def _key(path: Path) -> str:
    """PEM, from a file that is its owner's alone."""
    try:
        with path.open("rb") as file:
            others = os.fstat(file.fileno()).st_mode & 0o077
            text = file.read(MAX_KEY_BYTES)
        if others:
            raise ValueError("others may read it: chmod 600")
        return text.decode("ascii")
    except (OSError, ValueError) as error:
        why = "it is no text" if isinstance(error, UnicodeError) else str(error)
        raise InputRefused(
            "jwt-key",
            f"the key file {path} cannot be used: {why}",
            not_done="The service did not start.",
        ) from None
