"""Each platform is opened by its own name or not at all; where it is absent, nothing weaker takes its place."""

import pytest

from warifu.attestation.registry import VERIFIERS
from warifu.errors import PlatformRefused
from warifu.tee import configfs_tsm, nitro_nsm, sgx
from warifu.tee.platform import PlatformSettings
from warifu.tee.registry import PLATFORMS, open_platform

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ["sev-snp", "tdx", "sgx", "nitro"])
@pytest.mark.parametrize("development", [False, True])
def test_on_a_machine_without_it_the_device_does_not_start(name, development, tmp_path, monkeypatch):
    monkeypatch.setattr(configfs_tsm, "ROOT", tmp_path / "configfs")
    monkeypatch.setattr(sgx, "ROOT", tmp_path / "attestation")
    monkeypatch.setattr(nitro_nsm, "DEVICE", tmp_path / "nsm")
    with pytest.raises(PlatformRefused) as refusal:
        open_platform(PlatformSettings(name=name, development=development), bytearray(32))
    assert refusal.value.not_done and refusal.value.remedy


def test_every_platform_has_a_verifier():
    assert set(PLATFORMS) <= set(VERIFIERS)
