"""The owner's own client code, against a whole service in this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from tests.support.keyless import SOFTWARE
from tests.support.peer_release import reference
from tests.support.service_world import Client, World
from tests.support.simulator import PASSPHRASE

from warifu.cli.device_key import DeviceKeyFile
from warifu.cli.profile import Profile
from warifu.cli.profile_records import WalletRecord
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import SignedBirth
from warifu.protocol.identity import IdentityKey


class Bridge:
    """The command line's client, over the test's own. ``change`` is what a service makes of answers to ``paths``."""

    def __init__(
        self,
        client: Client,
        loop: asyncio.AbstractEventLoop,
        paths: Sequence[str] = ("/hand-outs", "/boots"),
    ) -> None:
        self._client = client
        self._loop = loop
        self._paths = tuple(paths)
        self.change: Any = lambda answer: answer

    def __enter__(self) -> Bridge:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str, kind: Any, **query: object) -> Any:
        work = self._client.get(path, kind, **query)
        return self._changed(path, asyncio.run_coroutine_threadsafe(work, self._loop).result(30))

    def post(self, path: str, question: Any, kind: Any) -> Any:
        work = self._client.post(path, question, kind)
        answer = asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
        self.nonce = getattr(question, "nonce", b"")
        return self._changed(path, answer)

    def _changed(self, path: str, answer: Any) -> Any:
        return self.change(answer) if path.startswith(self._paths) else answer


def typed(passphrase: str = PASSPHRASE) -> int:
    """A descriptor from which a script's passphrase is read."""
    read_end, write_end = os.pipe()
    os.write(write_end, passphrase.encode() + b"\n")
    os.close(write_end)
    return read_end


async def profile_of(world: World, key: IdentityKey | None = None) -> Profile:
    """The owner's: devices pinned and accepted, the wallet known. ``key``: of another owner, on his own machine."""
    home = world.root / ("home" if key is None else "elsewhere")
    profile = Profile.create(home, "regtest", "https://127.0.0.1:1", bytes(32))
    DeviceKeyFile(home / "credential").write(key or world.owner, None, replace=True)
    for name, device in world.devices.items():
        profile.pin_device(device.ref)
        profile.accept_device(name, reference() if name == "server" else SOFTWARE, 1)
    for wallet in next(iter(world.devices.values())).device.wallets.all():
        signed = decode(SignedBirth, wallet.signed_birth or b"", 2**20)
        profile.add_wallet(WalletRecord("savings", encode(wallet.request), signed.birth, signed.recovery))
    return profile
