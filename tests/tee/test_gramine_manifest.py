"""The manifest that makes the signer an SGX enclave: what must stand in it, and what must never."""

import re
import tomllib
from pathlib import Path

import pytest

from warifu.tee.sgx import KEY_FILE

pytestmark = pytest.mark.unit

TEMPLATE = Path(__file__).parents[2] / "packaging" / "gramine" / "warifu-signer.manifest.template"


@pytest.fixture(scope="module")
def manifest():
    """As TOML; what ``gramine-manifest`` would fill in is left as a word of its own."""
    text = re.sub(r"\{%.*?%\}\n", "", TEMPLATE.read_text(encoding="utf-8"))
    return tomllib.loads(re.sub(r"\{\{.*?\}\}", "/filled-in", text))


def test_it_is_no_debug_enclave_and_attests_by_dcap(manifest):
    assert manifest["sgx"]["debug"] is False
    assert manifest["sgx"]["remote_attestation"] == "dcap"


def test_nothing_comes_in_unmeasured(manifest):
    assert manifest["sgx"]["file_check_policy"] == "strict"
    assert "allowed_files" not in manifest["sgx"]
    assert manifest["sgx"]["trusted_files"]
    trusted = tuple(path.removeprefix("file:").rstrip("/") for path in manifest["sgx"]["trusted_files"])
    for mount in manifest["fs"]["mounts"]:
        kind = mount.get("type", "chroot")
        assert kind in ("encrypted", "tmpfs") or mount["uri"].removeprefix("file:").startswith(trusted)


def test_no_setting_that_gramine_itself_calls_insecure():
    assert "insecure__" not in TEMPLATE.read_text(encoding="utf-8")
    assert "passthrough" not in TEMPLATE.read_text(encoding="utf-8")


def test_arguments_and_environment_are_measured_and_python_is_isolated(manifest):
    assert manifest["loader"]["argv"][1:] == ["-I", "-B", "-m", "warifu.signer.process"]
    assert set(manifest["loader"]["env"]) == {"LD_LIBRARY_PATH", "MALLOC_ARENA_MAX"}


def test_the_file_system_and_the_signer_use_different_keys(manifest):
    (encrypted,) = [mount for mount in manifest["fs"]["mounts"] if mount.get("type") == "encrypted"]
    assert encrypted["key_name"].startswith("_sgx_")
    assert f"keys/{encrypted['key_name']}" != KEY_FILE
