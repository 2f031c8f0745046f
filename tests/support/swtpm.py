"""Simulated TPMs for tests: real ``swtpm`` processes on a UNIX socket, each with its own state, ended by their pid."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

_STATE = ("tpm2-00.permall", "tpm2-00.volatilestate", "tpm2-00.savestate")
_STARTS_IN = 20.0


class Swtpm:
    """One simulated TPM. Starting it is a machine's power-on: PCRs are zero, NV storage is what it was."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.state / "s"

    @property
    def device(self) -> str:
        """How ``PlatformSettings`` names it."""
        return f"swtpm:path={self.socket}"

    @property
    def pid(self) -> int:
        """Of its process, while it is on."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Power on."""
        self.socket.unlink(missing_ok=True)
        # Its output goes nowhere: a child that holds a pipe hangs whoever reads it.
        self._process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
             "--server", f"type=unixio,path={self.socket}", "--flags", "not-need-init,startup-clear"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + _STARTS_IN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("swtpm did not start")
            time.sleep(0.005)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def stop(self) -> None:
        """Pull the plug: no orderly shutdown, as when power fails."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Off and on again."""
        self.stop()
        self.start()

    def saved(self) -> dict[str, bytes]:
        """The state files, as a thief copies them."""
        return {name: (self.state / name).read_bytes() for name in _STATE if (self.state / name).exists()}

    def restore(self, files: dict[str, bytes]) -> None:
        """Copy an old state back, and power on."""
        self.stop()
        for name in _STATE:
            (self.state / name).unlink(missing_ok=True)
        for name, content in files.items():
            (self.state / name).write_bytes(content)
        self.start()


class Maker:
    """Makes TPMs: gives each an endorsement key, and certifies it by a certification authority of its own."""

    def __init__(self) -> None:
        """Skips the calling test, with the reason, where swtpm is not to be had."""
        if shutil.which("swtpm") is None or shutil.which("swtpm_setup") is None:
            pytest.skip("swtpm is not installed; tools/setup-tpm.sh brings it")
        # A short absolute path: the name of a UNIX socket has at most 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="swtpm-"))
        self._made: list[Swtpm] = []
        authority = self.directory / "ca"
        authority.mkdir()
        (self.directory / "localca.conf").write_text(
            f"statedir = {authority}\nsigningkey = {authority}/signkey.pem\n"
            f"issuercert = {authority}/issuercert.pem\ncertserial = {authority}/certserial\n"
        )
        (self.directory / "localca.options").write_text(
            "--platform-manufacturer Test\n--platform-version 1\n--platform-model Simulated\n"
        )
        (self.directory / "setup.conf").write_text(
            f"create_certs_tool = {shutil.which('swtpm_localca')}\n"
            f"create_certs_tool_config = {self.directory}/localca.conf\n"
            f"create_certs_tool_options = {self.directory}/localca.options\n"
            "active_pcr_banks = sha256\n"
        )

    @property
    def certificates(self) -> tuple[bytes, bytes]:
        """Of the issuing authority and of its root, PEM."""
        authority = self.directory / "ca"
        return (authority / "issuercert.pem").read_bytes(), (
            authority / "swtpm-localca-rootca-cert.pem"
        ).read_bytes()

    def new(self) -> Swtpm:
        """A TPM as it leaves the factory, started."""
        made = self._place()
        subprocess.run(
            ["swtpm_setup", "--tpm2", "--tpm-state", made.state, "--create-ek-cert", "--lock-nvram",
             "--config", self.directory / "setup.conf", "--logfile", made.state / "log"],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        made.start()
        return made

    def copy(self, files: dict[str, bytes]) -> Swtpm:
        """A TPM with the state of another, started: as if time had stood still there."""
        made = self._place()
        made.restore(files)
        return made

    def close(self) -> None:
        """End all that were started, and remove their files."""
        for each in self._made:
            each.stop()
        shutil.rmtree(self.directory)

    def _place(self) -> Swtpm:
        state = self.directory / str(len(self._made))
        state.mkdir()
        self._made.append(Swtpm(state))
        return self._made[-1]
