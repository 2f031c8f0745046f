"""The first moments of a service: its database, its TLS identity, and the owner's first API key (``warifu init``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warifu.protocol.api import SCOPES, CreatedApiKey
from warifu.service.store.api_keys import create_api_key
from warifu.service.store.database import create_database
from warifu.service.tls import tls_identity


@dataclass(frozen=True)
class Founded:
    """What the owner's profile keeps: a key with every scope, and the certificate's fingerprint (32 bytes)."""

    api_key: CreatedApiKey
    fingerprint: bytes


def found_service(data_dir: Path, storage_key: bytes, name: str = "owner") -> Founded:
    """Make the encrypted database in ``data_dir``. Raises ``StoreDamaged`` (``exists``) where there is one."""
    database = create_database(data_dir, storage_key)
    try:
        return Founded(create_api_key(database, name, SCOPES), tls_identity(database).fingerprint)
    finally:
        database.close()
