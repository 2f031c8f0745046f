"""What ``warifu init`` makes: a device with its unlock key, a service with its database, and the owner's profile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warifu.agent.device import DeviceDirectory
from warifu.agent.invitation import service_address
from warifu.agent.running import listening
from warifu.cli.files import private_directory, write_private
from warifu.cli.profile import Profile
from warifu.cli.profile_records import LocalRecord
from warifu.cli.screen import Screen
from warifu.cli.unlocking import new_unlock_key
from warifu.errors import StoreDamaged
from warifu.protocol.chains import BITCOIN, SOLANA, spoken
from warifu.protocol.operator import AskStorageKey, StorageKey
from warifu.protocol.request import Network
from warifu.service.config import read_config
from warifu.service.setup import found_service
from warifu.tee.unlock_key import create_unlock_key, read_unlock_key

_CLUSTERS = {"testnet": "testnet", "signet": "devnet", "regtest": "local"}
"""Coins without worth go with coins without worth."""


@dataclass(frozen=True)
class Plan:
    """What the owner wants on this machine."""

    network: Network
    url: str
    host: str
    port: int
    backends: Sequence[tuple[str, str, str]]
    """(chain, kind, address) of each."""
    cookie: Path | None
    """Of the nodes among ``backends``."""
    poll_seconds: float
    service_directory: Path
    storage_key: Path | None
    """A file for the key of the service's database; None: the local device keeps it."""
    device_name: str | None
    device_directory: Path
    unlock_key: Path | None


def found(home: Path, plan: Plan, screen: Screen, pin: bytearray | None = None) -> Profile:
    """Make everything that ``plan`` names; ``pin`` locks the client's key. What exists already is refused and stays."""
    if (home / "profile.json").exists():
        raise StoreDamaged(
            "exists",
            f"there is a profile in {home} already",
            not_done="Nothing was changed.",
            remedy="Choose another --home, or remove the old profile if you are sure that you need it no more.",
        )
    service_address(plan.url)
    private_directory(plan.service_directory)
    config = plan.service_directory / "service.toml"
    write_private(config, config_text(plan).encode(), replace=False)
    data = private_directory(Path(read_config(config).data_dir))
    key = _storage_key(plan, screen)
    try:
        founded = found_service(data, bytes(key))
    finally:
        key[:] = bytes(len(key))
    profile = Profile.create(home, plan.network, plan.url, founded.fingerprint, pin)
    profile.set_api_key(founded.api_key.key)
    profile.set_local(
        LocalRecord(
            service_config=str(config),
            storage_key=_text(plan.storage_key),
            device_name=plan.device_name,
            device_directory=_text(plan.device_directory) if plan.device_name else None,
            unlock_key=_text(plan.unlock_key) if plan.device_name else None,
        )
    )
    return profile


async def ask_storage_key(directory: DeviceDirectory, unlock: bytearray) -> bytearray:
    """The key of the service's database, which the local device derives from its sealed root (32 bytes)."""
    async with listening(directory, unlock, lambda _: None, may_wait=False) as (agent, _ready, _pump):
        return bytearray((await agent.ask(AskStorageKey(), StorageKey)).key)


def config_text(plan: Plan) -> str:
    """The service's configuration file. JSON's strings are TOML's."""
    lines = [
        "# The custody service of Warifu. Readable to its owner alone: tokens of chain backends may stand here.",
        f"network = {json.dumps(plan.network)}",
        'data_dir = "data"',
        f"host = {json.dumps(plan.host)}",
        f"port = {plan.port}",
        f"poll_seconds = {plan.poll_seconds}",
    ]
    for chain, kind, url in plan.backends:
        lines += ["", "[[backends]]"]
        if chain != BITCOIN:
            lines.append(f"chain = {json.dumps(spoken(chain))}")
        lines += [f"kind = {json.dumps(kind)}", f"url = {json.dumps(url)}"]
        if kind == "core" and plan.cookie is not None:
            lines.append(f"cookie = {json.dumps(str(plan.cookie))}")
    if any(chain == SOLANA for chain, _, _ in plan.backends) and plan.network != "bitcoin":
        lines += ["", "[[chains]]", 'chain = "solana"', f"cluster = {json.dumps(_CLUSTERS[plan.network])}"]
    return "\n".join(lines) + "\n"


def _storage_key(plan: Plan, screen: Screen) -> bytearray:
    if plan.device_name is not None:
        assert plan.unlock_key is not None, "a device has an unlock key"
        directory = DeviceDirectory(plan.device_directory)
        new_unlock_key(plan.unlock_key, directory, screen)
        if plan.storage_key is None:
            return asyncio.run(ask_storage_key(directory, read_unlock_key(plan.unlock_key, directory.path)))
    assert plan.storage_key is not None, "the command line asks for one of the two"
    create_unlock_key(plan.storage_key, plan.service_directory)
    return read_unlock_key(plan.storage_key, plan.service_directory)


def _text(path: Path | None) -> str | None:
    return str(path.absolute()) if path is not None else None
