"""Lay out the Python half of the appliance: the rooms of Warifu that a signer needs, and the packages these need.

``python_tree.py TARGET`` writes the tree; ``python_tree.py --digest`` prints what it would be made of as one SHA-256.
The packages come from this interpreter's environment, which ``tools/setup.sh`` filled from ``requirements.lock``. Each
of their files is compared with the hash in the package's own list: a file that was changed after it was installed would
otherwise be measured into the reference value as if it were the release's.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]

ROOMS = (
    "__init__.py",
    "depth.py",
    "errors.py",
    "units.py",
    "agent/__init__.py",
    "agent/appliance/__init__.py",
    "agent/appliance/boots.py",
    "agent/appliance/guest.py",
    "agent/appliance/port.py",
    "agent/appliance/system.py",
    "attestation",
    "chains/__init__.py",
    "chains/authorized.py",
    "chains/bitcoin",
    "chains/ethereum",
    "chains/reading.py",
    "chains/solana",
    "exchanges",
    "protocol",
    "release.py",
    "signer",
    "tee",
    "threshold",
)
"""What the import contract of a signer allows, and the program that starts it."""

NOT_A_SIGNERS = {"click", "rich", "solders", "websockets"}
"""Dependencies of the terminal, of the service's Solana and of the agent on the host; the import contract keeps them
out of a signer."""

TESTS = re.compile(r"(^|/)(tests?|SelfTest)/")


def main(arguments: list[str]) -> int:
    if arguments == ["--digest"]:
        sys.stdout.write(digest() + "\n")
        return 0
    if len(arguments) != 1:
        sys.stderr.write("usage: python_tree.py TARGET | --digest\n")
        return 2
    target = Path(arguments[0])
    for name, content in files():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return 0


def digest() -> str:
    summary = hashlib.sha256()
    for name, content in files():
        summary.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return summary.hexdigest()


def files() -> Iterator[tuple[str, bytes]]:
    """(path below the target, content), sorted within each part."""
    source = ROOT / "src" / "warifu"
    for room in ROOMS:
        place = source / room
        found = [place] if place.is_file() else sorted(place.rglob("*.py"))
        if not found:
            raise SystemExit(f"python_tree: src/warifu/{room} is missing")
        for path in found:
            yield f"warifu/{path.relative_to(source)}", path.read_bytes()
    own = distribution("warifu")
    yield f"warifu-{own.version}.dist-info/METADATA", str(own.read_text("METADATA")).encode()
    for package in packages():
        yield from _files_of(package)


def packages() -> list[Distribution]:
    """The closure of the signer's dependencies, and of the TPM's where pyproject.toml names them, sorted by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"].get("tpm", [])
    found: dict[str, Distribution] = {}
    waiting = [Requirement(line) for line in wanted]
    while waiting:
        requirement = waiting.pop()
        name = _canonical(requirement.name)
        if name in found or name in NOT_A_SIGNERS:
            continue
        found[name] = distribution(name)
        needs = (Requirement(line) for line in found[name].requires or [])
        waiting += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return [found[name] for name in sorted(found)]


def _files_of(package: Distribution) -> Iterator[tuple[str, bytes]]:
    """What its RECORD lists with a hash: no scripts, no bytecode, no tests, nothing that lies outside of its folder."""
    for file in sorted(package.files or [], key=str):
        name = str(file)
        if file.hash is None or name.startswith("..") or TESTS.search(name):
            continue
        if name.endswith((".pyi", ".h", ".pxd", ".a")):
            continue
        if ".dist-info/" in name and not name.endswith("/METADATA"):  # which tells a library its own version
            continue
        content = Path(str(file.locate())).read_bytes()
        found = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, content).digest()).rstrip(b"=").decode()
        if found != file.hash.value:
            raise SystemExit(
                f"python_tree: {name} is not what {package.name} installed; make a new environment"
            )
        yield name, content


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
