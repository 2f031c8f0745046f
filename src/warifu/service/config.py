"""The service's configuration: a small TOML file without secrets.

network = "regtest"            # bitcoin, testnet, signet, regtest
host = "127.0.0.1"             # where to listen; loopback unless said otherwise
port = 8443                    # 0: any free port
settle_depth = 6               # confirmations after which a transfer is no longer watched
poll_seconds = 10              # how often the chain is asked

[[backends]]                   # in order of preference; the next one is asked where one fails
kind = "esplora"               # esplora, core, electrum, compact-filters
url = "http://127.0.0.1:3002"
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from warifu.errors import InputRefused
from warifu.protocol.request import Network

MAX_CONFIG_BYTES = 64 * 1024


class BackendConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source of chain data. ``cookie``: path of Bitcoin Core's cookie file, read at each start.

    A URL with a token in it is a secret of its provider's: keep the file's mode 0600. One with a user and a password
    is taken from no other file.
    """

    kind: Literal["esplora", "core", "electrum", "compact-filters"]
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    cookie: str | None = None

    def __repr__(self) -> str:
        return f"BackendConfig(kind={self.kind!r})"


class ServiceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. ``data_dir`` holds the encrypted database and nothing else."""

    data_dir: str
    network: Network
    backends: Annotated[tuple[BackendConfig, ...], msgspec.Meta(max_length=8)] = ()
    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8443
    settle_depth: Annotated[int, msgspec.Meta(ge=1, le=100)] = 6
    poll_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 10.0
    signer_wait: Annotated[float, msgspec.Meta(ge=0, le=600)] = 30.0
    """Seconds for which a transfer waits for devices that are not connected."""
    session_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 130.0
    """Seconds after which a ceremony is given up; the signers themselves give up after 120."""


def read_config(path: Path) -> ServiceConfig:
    """Read the file; a relative ``data_dir`` counts from the folder of the file. Raises ``InputRefused``."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
            others = os.fstat(file.fileno()).st_mode & 0o077
        if len(text) > MAX_CONFIG_BYTES:
            raise ValueError("it is too long")
        config = msgspec.convert(tomllib.loads(text.decode()), ServiceConfig)
        if others and any("@" in backend.url for backend in config.backends):
            raise ValueError("it holds a backend's password, and others may read it: chmod 600")
    except (OSError, ValueError) as error:
        raise InputRefused(
            "config",
            f"the service's configuration {path} cannot be used: {error}",
            not_done="The service did not start.",
            remedy="Correct the file, or make a new one with 'warifu init'.",
        ) from None
    return msgspec.structs.replace(config, data_dir=str(path.parent / config.data_dir))
