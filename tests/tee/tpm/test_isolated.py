"""A signer behind all its walls works with its TPM through the one descriptor that was opened before they stood."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from tests.support.enclaves import Enclave, EnclaveDevice, let_pass
from tests.support.simulator import Household, signed
from tests.support.tpm_home import Home

from warifu.protocol.framing import FrameReader
from warifu.protocol.operator import OperatorRefused, Ready
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY, PlatformChoice
from warifu.signer.isolation.spawn import spawn

pytestmark = pytest.mark.real


class WithPlatform(Enclave):
    """An enclave process of a device that was set up for this platform."""

    def __init__(self, directory: Path, unlock_key: bytes, platform: PlatformChoice) -> None:
        let_pass(directory)
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(30)
        self._reader = FrameReader()
        self._waiting = []
        with theirs:
            self.process = spawn("warifu.signer.process", theirs, directory, unlock_key, platform=platform)


class TpmDevice(EnclaveDevice):
    """The device of :func:`device` in a household."""

    home: Home

    def __post_init__(self) -> None:
        self.markers = itertools.count(2**40)

    def begin(self, home: Home) -> TpmDevice:
        self.home, self.unlock_key = home, home.unlock_key
        self.enclave = WithPlatform(self.directory, self.unlock_key, choice(home))
        ready = self.enclave.hear()
        assert isinstance(ready, Ready), ready
        self.isolation = dict(ready.isolation)
        self._identity = self.status().identity
        return self


def choice(home: Home, *, development: bool = True) -> PlatformChoice:
    return PlatformChoice(name="tpm", device=home.tpm.device, development=development)


@pytest.fixture
def home(maker, new_tpm, tmp_path) -> Iterator[Home]:
    """As the set-up leaves it: the platform's directory lies in the store's."""
    place = tmp_path / "store" / PLATFORM_DIRECTORY
    place.mkdir(parents=True)
    made = Home(maker.copy(new_tpm), place)
    made.provision()
    made.approve_boot()
    yield made
    made.tpm.stop()


def refused(home: Home, platform: PlatformChoice) -> str:
    with WithPlatform(home.directory.parent, home.unlock_key, platform) as enclave:
        answer = enclave.hear()
        assert isinstance(answer, OperatorRefused), answer
        return f"{answer.refusal.family}.{answer.refusal.reason}"


@pytest.mark.slow
def test_it_makes_a_wallet_and_signs_behind_all_walls(home, tmp_path):
    def make(name, _directory, clock):
        return TpmDevice(name, home.directory.parent, clock).begin(home)

    household = Household(tmp_path, 1, make_device=make)
    try:
        device = household["device0"]
        assert isinstance(device, TpmDevice)
        isolation = device.isolation
        assert {name: isolation[name] for name in ("landlock", "seccomp", "only-the-connection")} == {
            "landlock": "on",
            "seccomp": "on",
            "only-the-connection": "on",
        }
        household.make_wallet(1)
        payment = household.pay()
        assert signed(payment, household.sign(payment))
    finally:
        household.close()


def test_it_never_starts_on_a_simulator_outside_development(home):
    assert refused(home, choice(home, development=False)) == "platform.simulator"


def test_it_never_starts_without_its_tpm(home):
    home.tpm.stop()
    assert refused(home, choice(home)) == "platform.unreachable"
