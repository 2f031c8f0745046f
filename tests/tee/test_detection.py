"""What a machine offers is shown as it is, on trees as such machines have them, and nothing is chosen for the owner."""

import pytest

from warifu.errors import PlatformRefused
from warifu.host.kernel import NoKernel
from warifu.host.machine import Machine
from warifu.tee.detection import Offer, offers, require_offered
from warifu.tee.registry import PLATFORMS

pytestmark = pytest.mark.unit

AMD_GUEST = "flags\t\t: fpu vme hypervisor sev sev_es sev_snp\n"
INTEL_GUEST = "flags\t\t: fpu vme hypervisor tdx_guest\n"
PLAIN = "processor\t: 0\nflags\t\t: fpu vme\n\nprocessor\t: 1\nflags\t\t: fpu vme\n"
TPM2 = {"dev/tpmrm0": "", "dev/tpm0": "", "sys/class/tpm/tpm0/tpm_version_major": "2\n"}


@pytest.fixture
def look(tmp_path):
    """A function from the files of a machine to what it offers, by platform."""

    def looked(files: dict[str, str]) -> dict[str, Offer]:
        for directory in ("proc", "sys", "dev"):
            (tmp_path / directory).mkdir(exist_ok=True)
        for name, content in {"proc/cpuinfo": PLAIN, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return {offer.platform: offer for offer in offers(Machine(tmp_path, NoKernel()))}

    return looked


def usable(found: dict[str, Offer]) -> set[str]:
    return {name for name, offer in found.items() if offer.usable}


def test_an_ordinary_machine_offers_software_and_says_what_it_lacks(look):
    found = look({})
    assert usable(found) == {"unsafe-software"}
    assert "no TEE" in found["unsafe-software"].seen
    assert "/dev/tpmrm0" in found["tpm"].seen
    assert set(found) >= set(PLATFORMS)


@pytest.mark.parametrize(
    ("files", "platform"),
    [
        (TPM2, "tpm"),
        ({"proc/cpuinfo": AMD_GUEST, "dev/sev-guest": "", "sys/kernel/config/tsm/report/x": ""}, "sev-snp"),
        ({"proc/cpuinfo": INTEL_GUEST, "sys/kernel/config/tsm/report/x": ""}, "tdx"),
        ({"dev/tdx_guest": "", "sys/kernel/config/tsm/report/x": ""}, "tdx"),
        ({"dev/attestation/attestation_type": "dcap"}, "sgx"),
        ({"dev/nsm": ""}, "nitro"),
    ],
)
def test_each_platform_is_seen_where_it_is(look, files, platform):
    found = look(files)
    assert usable(found) == {platform, "unsafe-software"}
    assert require_offered(tuple(found.values()), platform, development=False) is found[platform]


@pytest.mark.parametrize(
    ("files", "platform", "words"),
    [
        ({"dev/tpm0": ""}, "tpm", "resource manager"),
        ({"dev/tpmrm0": "", "sys/class/tpm/tpm0/tpm_version_major": "1\n"}, "tpm", "version 1"),
        ({"dev/tpmrm0": ""}, "tpm", "unknown"),
        ({"proc/cpuinfo": AMD_GUEST}, "sev-snp", "no such guest"),
        ({"dev/sev-guest": ""}, "sev-snp", "tsm/report is missing"),
        ({"proc/cpuinfo": INTEL_GUEST}, "tdx", "tsm/report is missing"),
        ({"proc/cpuinfo": "flags: tdx_host_platform\n"}, "tdx", "host"),
        ({"dev/sgx_enclave": ""}, "sgx", "no enclave"),
        ({"dev/attestation/attestation_type": "none"}, "sgx", "'none'"),
        ({"sys/kernel/config/tsm/report/x": ""}, "sev-snp", "no sign"),
    ],
)
def test_half_a_platform_is_none_and_the_words_say_what_is_missing(look, files, platform, words):
    found = look(files)
    assert usable(found) == {"unsafe-software"}
    assert words in found[platform].seen
    with pytest.raises(PlatformRefused, match="does not offer") as refusal:
        require_offered(tuple(found.values()), platform, development=True)
    assert refusal.value.code == "platform.not-offered"
    assert "no other platform" in refusal.value.not_done


def test_a_simulated_tpm_is_for_development_only(look):
    found = look({**TPM2, "sys/devices/virtual/tpm/tpm0/x": ""})
    assert found["tpm"].simulated
    with pytest.raises(PlatformRefused) as refusal:
        require_offered(tuple(found.values()), "tpm", development=False)
    assert refusal.value.code == "platform.simulator"
    assert require_offered(tuple(found.values()), "tpm", development=True) is found["tpm"]


def test_a_hypervisors_tpm_is_said_to_be_its_hosts(look):
    found = look({**TPM2, "proc/cpuinfo": "flags: fpu hypervisor\n"})
    assert found["tpm"].usable and not found["tpm"].simulated
    assert "whoever runs the host" in found["tpm"].seen


def test_several_are_all_shown_and_none_is_preferred(look):
    found = look({**TPM2, "dev/nsm": ""})
    assert usable(found) == {"tpm", "nitro", "unsafe-software"}


def test_what_cannot_be_seen_is_not_offered(tmp_path):
    found = {offer.platform: offer for offer in offers(Machine(tmp_path, NoKernel()))}
    assert usable(found) == {"unsafe-software"}
    assert "cannot be told" in found["sev-snp"].seen


def test_a_platform_that_nobody_knows_is_not_offered(look):
    with pytest.raises(PlatformRefused) as refusal:
        require_offered(tuple(look({}).values()), "x" * 1000, development=True)
    assert len(str(refusal.value)) < 200


def test_a_machine_with_very_many_processors_is_read(look):
    many = PLAIN * 20_000 + "\n"
    assert len(many) > 1024 * 1024
    assert usable(look({"proc/cpuinfo": many})) == {"unsafe-software"}
