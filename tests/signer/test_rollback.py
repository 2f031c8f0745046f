"""Old states put back, on real TPM commands (``swtpm``): the device sees an old disk, its peers see an old everything.

A simulated TPM is a file, so its counter can be copied back together with the disk: exactly the attack that a device
cannot see by itself. The devices that met it since remember a higher count.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.simulator import Household, SimulatedDevice
from tests.support.swtpm import Maker

from warifu.attestation.pinning import reference_of
from warifu.attestation.registry import VERIFIERS
from warifu.attestation.tpm.bundle import read_bundle
from warifu.attestation.tpm.keys import read_key
from warifu.attestation.verifier import Endorsements
from warifu.errors import StoreDamaged
from warifu.protocol.attesting import Reference
from warifu.tee.platform import Platform

if TYPE_CHECKING:
    from tests.support.tpm_home import Home

pytestmark = [pytest.mark.real, pytest.mark.slow]


class WithTpm(SimulatedDevice):
    """A device whose store is sealed by a TPM, and whose evidence is the TPM's."""

    home: Home

    def open_platform(self) -> Platform:
        return self.home.open()

    def crash(self) -> None:
        super().crash()
        self.platform.forget()  # type: ignore[attr-defined]  # a TPM's door takes one at a time


@pytest.fixture(scope="module")
def maker() -> Iterator[Maker]:
    pytest.importorskip("tpm2_pytss", reason="tools/setup-tpm.sh brings the TPM's library")
    made = Maker()
    yield made
    made.close()


@pytest.fixture
def household(maker: Maker, tmp_path: Path) -> Iterator[Household]:
    """Three devices; device1 has a TPM. The owner accepted it by its key."""
    from tests.support.tpm_home import Home

    directory = tmp_path / "tpm"
    directory.mkdir()
    home = Home(maker.new(), directory)
    home.provision()
    home.approve_boot()

    class OfThisTest(WithTpm):
        pass

    OfThisTest.home = home

    def make(name: str, place: Path, clock: object) -> SimulatedDevice:
        return (OfThisTest if name == "device1" else SimulatedDevice)(name, place, clock)  # type: ignore[arg-type]

    made = Household(tmp_path, 3, make_device=make)
    made.tpm = home  # type: ignore[attr-defined]
    yield made
    made.close()
    home.tpm.stop()


def accepted(home: Household) -> dict[str, Reference]:
    """What the owner's client accepts each device as."""
    body = home["device1"].platform.attest(bytes(64)).body
    key = read_key(read_bundle(body).ak_public).spki
    verified = VERIFIERS["tpm"].verify(body, Endorsements(pinned_keys=(key,)), home.clock())
    software = Reference("unsafe-software", 0, b"", b"", ())
    return {"device0": software, "device1": reference_of(verified, key, 0), "device2": software}


def with_wallet(home: Household) -> None:
    import msgspec

    references = accepted(home)
    request = home.new_wallet_request(2)
    request = msgspec.structs.replace(
        request, references=tuple(references[item.name] for item in request.devices)
    )
    outcome = home.run(home.openings(request, home.names))
    assert not outcome.failed, outcome.codes
    home.adopt(request, outcome)


def copied(directory: Path) -> Path:
    copy = directory.with_name(f"{directory.name}-copy")
    return Path(shutil.copytree(directory, copy))


def put_back(copy: Path, directory: Path) -> None:
    shutil.rmtree(directory)
    shutil.copytree(copy, directory)


def test_an_old_disk_of_a_device_with_a_tpm_does_not_start(household):
    with_wallet(household)
    device = household["device1"]
    old = copied(device.directory)
    assert household.sign(household.pay(), ["device0", "device1"]).finished
    device.crash()
    put_back(old, device.directory)
    with pytest.raises(StoreDamaged) as refused:
        device.start()
    assert refused.value.code == "store.rolled-back"
    device.platform.forget()
    device.directory = device.directory.with_name("fresh")
    device.directory.mkdir()
    device.start()


def test_disk_and_tpm_state_copied_back_together_are_caught_by_the_peers(household):
    with_wallet(household)
    device = household["device1"]
    assert household.sign(household.pay(), ["device0", "device1"]).finished
    device.crash()
    household.tpm.tpm.stop()
    old_disk, old_tpm = copied(device.directory), household.tpm.tpm.saved()
    household.tpm.tpm.start()
    device.start()
    assert household.sign(household.pay(first_coin=2), ["device0", "device1"]).finished
    device.crash()
    put_back(old_disk, device.directory)
    household.tpm.tpm.restore(old_tpm)
    device.start()  # to itself, everything looks as it should
    outcome = household.sign(household.pay(first_coin=3), ["device0", "device1"])
    assert outcome.failed["device0"].code == "peer.rolled-back"
    assert outcome.failed["device0"].blame == "device1"
    assert outcome.failed["device1"].code == "store.rolled-back"
    assert not any("started" in device.kinds()[-2:] for device in household.devices.values())


def test_a_device_whose_tpm_was_replaced_is_another_device(household, maker, tmp_path):
    """Its identity key is in the store, which only its own TPM opens: the store stays shut."""
    from tests.support.tpm_home import Home

    with_wallet(household)
    device = household["device1"]
    device.crash()
    household.tpm.tpm.stop()
    directory = tmp_path / "other"
    directory.mkdir()
    other = Home(maker.new(), directory, unlock_key=household.tpm.unlock_key)
    other.provision()
    other.approve_boot()
    type(device).home = other
    with pytest.raises(StoreDamaged) as refused:
        device.start()
    assert refused.value.code == "store.sealed"
    device.platform.forget()
    type(device).home = household.tpm
    household.tpm.tpm.start()
    device.start()
    other.tpm.stop()
