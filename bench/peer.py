"""Other implementations, each in a Node process of its own: installed under ``.cache`` and asked line by line.

``bench/peers`` has a module for each and the versions, locked. Nothing of it belongs to the product.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

SOURCES = Path(__file__).resolve().parent / "peers"
INSTALLED = Path(__file__).resolve().parents[1] / ".cache" / "bench-peers"

PACKAGES = {
    "silence": "@silencelaboratories/dkls-wasm-ll-node",
    "zerox_carbon": "@0xcarbon/dkls23-wasm",
    "noble": "@noble/curves",
    "cmdcode": "@cmdcode/frost",
    "wasm_mps": "@bitgo/wasm-mps",
}
"""The npm package that each module of ``bench/peers`` drives."""


class PeerError(Exception):
    """A peer cannot be installed, or failed at what it was asked to do."""


def install() -> None:
    """``npm ci`` of exactly what is locked, without running what packages bring along; nothing where it is there.

    PeerError where there is no Node or npm, or the packages cannot be had.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise PeerError(f"there is no {program} here; the peers need Node 20 or later")
    lock = (SOURCES / "package-lock.json").read_bytes()
    stamp = INSTALLED / "installed.json"
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.iterdir():
        shutil.copyfile(source, INSTALLED / source.name)
    if stamp.exists() and stamp.read_bytes() == lock:
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=INSTALLED, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"npm ci failed: {done.stderr.strip()[-500:]}")
    stamp.write_bytes(lock)


def versions() -> dict[str, str]:
    """The locked version of each package."""
    packages = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in PACKAGES.values()}


class Peer:
    """One peer's process. It runs on the processors that this process may run on."""

    def __init__(self, module: str) -> None:
        self.package = PACKAGES[module]
        self._process = subprocess.Popen(
            ["node", "serve.mjs", module],
            cwd=INSTALLED,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, operation: str, threshold: int, count: int, calls: int) -> tuple[list[float], int]:
        """Milliseconds of each of ``calls``, and the bytes that all parties sent in one. PeerError where it fails."""
        request = {"operation": operation, "threshold": threshold, "count": count, "calls": calls}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerError(f"{self.package} does not run under the Node here")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(f"{self.package}: {answer['error']}")
        return answer["ms"], answer["bytes"]

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def peers(modules: list[str]) -> Iterator[dict[str, Peer]]:
    """All of these, running."""
    with contextlib.ExitStack() as stack:
        yield {module: stack.enter_context(Peer(module)) for module in modules}
