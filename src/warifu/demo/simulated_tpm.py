"""A TPM for one device of the demo: a simulator (``swtpm``), spoken to by the real commands. It protects nothing."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from warifu.agent.device import DeviceDirectory
from warifu.cli.boot_approval import read_request, update_key, write_approval, write_update_key
from warifu.cli.text import tr
from warifu.cli.tpm_set_up import settings_of
from warifu.demo.scene import Scene
from warifu.errors import SessionAborted
from warifu.tee.tpm.policy import approve

_STARTING = 10.0
_REQUEST = re.compile(r"warifu-boot:\S+")
_PCR = 9
"""What the boot loader measured of the kernel's command line and initial RAM disk."""


class SimulatedTpm:
    """One simulator with its state in a directory of its own, ended by :meth:`stop`."""

    def __init__(self) -> None:
        """Raises ``OSError``, ``subprocess.SubprocessError``."""
        # A short path: the address of a UNIX socket has at most 107 bytes.
        self._place = Path(tempfile.mkdtemp(prefix="warifu-tpm-"))
        # As root, the enclave that speaks to it is a user of its own.
        self._place.chmod(0o711)
        subprocess.run(  # noqa: S603  # a program of the system, and arguments made here
            [_program("swtpm_setup"), "--tpm2", "--tpm-state", self._place, "--pcr-banks", "sha256"],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
        self._process = self._started()

    @property
    def address(self) -> str:
        """As ``warifu tpm set-up --tpm`` takes it."""
        return f"swtpm:path={self._place / 's'}"

    def power_cycle(self) -> None:
        """Off and on: what was measured is forgotten, what was stored stays."""
        self._end()
        self._process = self._started()

    def stop(self) -> None:
        """End it and remove its files."""
        self._end()
        shutil.rmtree(self._place, ignore_errors=True)

    def _started(self) -> subprocess.Popen[bytes]:
        socket = self._place / "s"
        socket.unlink(missing_ok=True)
        process = subprocess.Popen(  # noqa: S603  # a program of the system, and arguments made here
            [
                *(_program("swtpm"), "socket", "--tpm2", "--tpmstate", f"dir={self._place}"),
                *("--server", f"type=unixio,path={socket}", "--flags", "not-need-init,startup-clear"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + _STARTING
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise SessionAborted(
                    "demo", "the TPM simulator did not start", not_done="The demo did not go on."
                )
            time.sleep(0.01)
        return process

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(_STARTING)


def missing() -> str:
    """Why there is no simulator for the demo; empty where there is."""
    if importlib.util.find_spec("tpm2_pytss") is None:
        return tr("the library tpm2-pytss is not installed")
    return "" if shutil.which("swtpm") and shutil.which("swtpm_setup") else tr("swtpm is not installed")


def set_up_device(scene: Scene, name: str) -> None:
    """Set the device ``name`` up with a simulated TPM, its owner's approval of the boot included, by the commands that
    a person would type."""
    tpm = scene.tpm = SimulatedTpm()
    public = write_update_key(update_key(scene.home, make=True))
    places = ("--device-dir", scene.device(name), "--unlock-key", scene.unlock_key(name))
    device = scene.processes.start(
        "tpm",
        *("warifu.cli", "tpm", "set-up", *places, "--new-unlock-key", "--update-key", public),
        *("--tpm", tpm.address, "--development"),
    )
    device.type("y")
    asked = device.expect(_REQUEST.pattern, 60)[0]
    scene.processes.stop("tpm")
    approval = write_approval(approve(update_key(scene.home, make=False), read_request(asked)))
    taking = scene.processes.start("tpm", "warifu.cli", "tpm", "take", approval, *places)
    taking.expect("The approval is kept", 60)
    scene.processes.stop("tpm")


def boot_something_else(directory: Path) -> None:
    """What a thief's boot does: another command line is measured, and cannot be unmeasured before the next start."""
    from tpm2_pytss import ESYS_TR, TPM2_ALG, TPML_DIGEST_VALUES, TPMT_HA, TPMU_HA

    from warifu.tee.tpm.chip import Chip

    chip = Chip.open(settings_of(DeviceDirectory(directory)))
    try:
        measured = TPMT_HA(hashAlg=TPM2_ALG.SHA256, digest=TPMU_HA(sha256=b"init=/bin/sh".ljust(32)))
        chip.esapi.pcr_extend(ESYS_TR(ESYS_TR.PCR0 + _PCR), TPML_DIGEST_VALUES([measured]))
    finally:
        chip.close()


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, "missing() is asked first"
    return found
