"""Households that have their wallet already: each kind is founded once in a worker, by the product's own code, and each
test gets a copy of its devices' disks. To be born is most of what many a test takes.

A copy's devices have started a second time, and copies of one kind share their keys. Tests of enrolling, of key
generation, and of first starts found their own (``Household``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.support.simulator import GENEROUS, Household, SimulatedDevice

from warifu.chains.bitcoin.descriptor import WalletKeys
from warifu.protocol.chains import Scheme
from warifu.protocol.credential import Credential
from warifu.protocol.frames import WalletBirth
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import Policy
from warifu.protocol.request import WalletRequest

_REMEMBERED = 8
"""Kinds: tests of one kind come one after the other."""


@dataclass(frozen=True)
class _Disk:
    """What a device keeps: the files of its directory, and the unlock key."""

    files: dict[str, bytes]
    unlock_key: bytes


@dataclass(frozen=True)
class _Founded:
    """A household that was closed in order."""

    disks: dict[str, _Disk]
    owner: IdentityKey
    request: WalletRequest | None
    birth: WalletBirth | None
    keys: WalletKeys | None
    today: bool


def founded(
    root: Path,
    threshold: int,
    policy: Policy = GENEROUS,
    *,
    n: int = 3,
    schemes: Sequence[Scheme] = ("bip340",),
    others: Sequence[Credential] = (),
    today: bool = False,
) -> Household:
    """n devices in ``root`` with a wallet, as ``Household.make_wallet`` makes it. ``today``: their clock begins with
    the machine's, and not at ``START``."""
    return _copied(_founded(n, threshold, policy, tuple(schemes), tuple(others), today), root)


@lru_cache(maxsize=_REMEMBERED)
def _founded(
    n: int,
    threshold: int,
    policy: Policy,
    schemes: tuple[Scheme, ...],
    others: tuple[Credential, ...],
    today: bool,
) -> _Founded:
    with tempfile.TemporaryDirectory(prefix="warifu-test-") as place:
        household = Household(Path(place), n, make_device=SimulatedDevice if today else None)
        household.make_wallet(threshold, policy, schemes=schemes, others=others)
        household.close()
        disks = {
            name: _Disk(_files(device.directory), device.unlock_key)
            for name, device in household.devices.items()
        }
    return _Founded(
        disks,
        household.owner,
        household.wallet_request,
        household.birth,
        household.keys,
        today,
    )


def _files(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def _copied(template: _Founded, root: Path) -> Household:
    household = Household(root, 0, make_device=SimulatedDevice if template.today else None)
    household.owner = template.owner
    for name, disk in template.disks.items():
        directory = root / name.removeprefix("device")
        for path, content in disk.files.items():
            file = directory / path
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o600)
        household.devices[name] = SimulatedDevice(
            name, directory, household.clock, unlock_key=disk.unlock_key
        )
    household.wallet_request, household.birth, household.keys = (
        template.request,
        template.birth,
        template.keys,
    )
    return household
