"""A release's reference values: build it twice, cleanly, and say what both builds are. They must be the same.

Prints one JSON object. Exit status 1 where the two builds differ. ``release`` is what a signer of this release states
in its attestation; ``warifu devices show NAME`` prints it for comparison.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from warifu import __version__
from warifu.release import libraries_of, release_digest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "src/warifu")
APPLIANCE = ROOT / "tools" / "measure-appliance.sh"


def build(place: Path) -> Path:
    """A wheel of the tracked sources, built in ``place``."""
    source = place / "source"
    source.mkdir()
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--", *SOURCES], check=True, capture_output=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--no-build-isolation", "--wheel-dir", str(place), str(source)),
        ],
        check=True,
        stdout=sys.stderr,
        env={**os.environ, "SOURCE_DATE_EPOCH": _date()},
    )
    (wheel,) = place.glob("*.whl")
    return wheel


def measured(wheel: Path) -> dict[str, str]:
    """What is said of one build."""
    with zipfile.ZipFile(wheel) as packed:
        files = [
            (name.removeprefix("warifu/"), packed.read(name))
            for name in packed.namelist()
            if name.startswith("warifu/")
        ]
    return {
        "version": __version__,
        "release": release_digest(files, libraries_of()).hex(),
        "wheel_sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }


def _date() -> str:
    """The moment of the last commit: the same for everybody who builds it."""
    told = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


def main() -> int:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first, second = (measured(build(Path(place))) for place in (one, other))
    if first != second:
        print(json.dumps({"first": first, "second": second}, indent=2))
        print("measure: two clean builds differ", file=sys.stderr)
        return 1
    result: dict[str, object] = {**first, "libraries": sorted(libraries_of())}
    if "--appliance" in sys.argv[1:]:
        told = subprocess.run([str(APPLIANCE)], check=True, capture_output=True, text=True)
        result["appliance"] = json.loads(told.stdout)
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
