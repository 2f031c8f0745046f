"""A device of the simulator's household whose signer runs in an appliance: real QEMU, real firmware, simulated TPM."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.utils import random
from tests.support.enclaves import Enclave, EnclaveDevice
from tests.support.simulator import Household, SimulatedDevice
from tests.support.tpm_home import public_bytes

from warifu.agent.appliance.image import KERNEL, Image
from warifu.agent.appliance.kvm import accelerator
from warifu.agent.appliance.machine import EMULATOR, boot, prepared, tool
from warifu.agent.appliance.port import Begin, Purpose
from warifu.agent.appliance.running import BOOT_SECONDS, have_boot_approved
from warifu.attestation.expectation import appraise_shown
from warifu.attestation.pinning import reference_of
from warifu.attestation.rules import Bound
from warifu.attestation.tpm.bundle import read_bundle
from warifu.attestation.tpm.keys import read_key
from warifu.cli.sealing import binding_of
from warifu.protocol.attesting import Reference
from warifu.protocol.envelope import check_envelope_key
from warifu.protocol.frames import AskEnvelopeKey, EnvelopeKeyAnswer
from warifu.protocol.framing import FrameReader
from warifu.protocol.operator import Ready
from warifu.protocol.request import WalletRequest
from warifu.tee.tpm.policy import approve

ROOT = Path(__file__).resolve().parents[2]


@cache
def image() -> Image:
    """The image of these sources, built if it is not there yet; skips where it cannot be."""
    for script in ("setup-appliance.sh", "build-appliance.sh"):
        done = subprocess.run(
            [ROOT / "tools" / script, Path(sys.executable).parents[1]],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip(f"no appliance here: {done.stderr.strip().splitlines()[-1:]}")
    return Image.at(Path(done.stdout.strip()))


@cache
def accelerated_by() -> str:
    return accelerator(tool(EMULATOR), image().part(KERNEL))


@cache
def measured() -> dict[str, str]:
    """``pcr4`` and ``pcr9`` as ``make measure`` computes them from the image's files."""
    found = spec_from_file_location("measure", ROOT / "packaging" / "appliance" / "measure.py")
    assert found is not None and found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    values: dict[str, str] = module.expected(image())
    return values


class Appliance(Enclave):
    """A running appliance, seen from its agent."""

    def __init__(self, place: Path, begin: Begin, cmdline: str | None = None) -> None:
        self.place = place
        self.machine, self.connection = boot(place, image(), begin, by=accelerated_by(), cmdline=cmdline)
        self.connection.settimeout(BOOT_SECONDS)
        self._reader = FrameReader()
        self._waiting: list[Any] = []

    def close(self) -> None:
        self.connection.close()
        self.machine.stop()

    def pull_the_plug(self) -> None:
        self.machine.kill()
        self.connection.close()

    def console(self) -> str:
        return (self.place / "console.log").read_text(encoding="utf-8", errors="replace")

    def pcrs(self) -> dict[int, str]:
        """What its first process says that the firmware measured."""
        return {
            int(number): value for number, value in re.findall(r"PCR (\d+) ([0-9a-f]{64})", self.console())
        }


class ApplianceDevice(EnclaveDevice):
    """A device whose signer is in an appliance, set up at its first start."""

    def __post_init__(self) -> None:
        self.update_key = ec.generate_private_key(ec.SECP256R1())
        self.place = prepared(self.directory)
        self.purpose = Purpose.SET_UP
        super().__post_init__()

    def start(self) -> None:
        self.enclave = self.running = self.boot()
        try:
            ready = self.enclave.hear()
            assert isinstance(ready, Ready), (ready, self.running.console())
        except BaseException:
            self.enclave.close()
            raise
        self.isolation = dict(ready.isolation)
        self._identity = self.status().identity

    def boot(self, cmdline: str | None = None, place: Path | None = None) -> Appliance:
        """Start it, without waiting for the signer; for work, once it was set up."""
        begin = Begin(self.purpose, bytearray(self.unlock_key))
        if self.purpose is Purpose.SET_UP:
            begin = Begin(
                Purpose.SET_UP, begin.unlock_key, bytearray(random(32)), public_bytes(self.update_key)
            )
        appliance = Appliance(place or self.place, begin, cmdline)
        if self.purpose is Purpose.WORK:
            return appliance
        try:
            have_boot_approved(appliance.connection, lambda request: approve(self.update_key, request))
        except BaseException:
            appliance.close()
            raise
        appliance.connection.settimeout(BOOT_SECONDS)
        self.purpose = Purpose.WORK
        return appliance

    def crash(self) -> None:
        self.running.pull_the_plug()


def appliance_device(name: str, directory: Path, clock: Callable[[], int]) -> ApplianceDevice:
    return ApplianceDevice(name, directory, clock, unlock_key=random(32))


class MixedHousehold(Household):
    """A household whose owner looked at what each device shows before he made a wallet among them, and accepts nothing
    else since."""

    def new_wallet_request(self, *arguments: Any, **named: Any) -> WalletRequest:
        request = super().new_wallet_request(*arguments, **named)
        shown = tuple(self._reference(self[device.name]) for device in request.devices)
        return msgspec.structs.replace(request, references=shown)

    def _reference(self, device: SimulatedDevice) -> Reference:
        """Of an appliance: its key, its PCRs, and a tier of 0, because its TPM is a simulated one."""
        nonce = random(32)
        key = device.call(AskEnvelopeKey(6, nonce), EnvelopeKeyAnswer).key
        asked = check_envelope_key(key, device.identity, nonce, self.clock())
        shown = asked.attestation
        bound = b""
        if shown.evidence.format == "tpm":
            bound = read_key(read_bundle(shown.evidence.body).ak_public).spki
        rule = Bound(binding_of(asked).report_data(shown.claims))
        verified = appraise_shown(shown, rule, self.clock(), bound).verified
        assert verified is not None
        return reference_of(verified, bound, tier=0)
