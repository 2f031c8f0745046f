"""Run the sessions with the published references: ``python tests/interop/with_references.py BIP445 CHILLDKG``.

The arguments are checkouts of siv2r/bip-frost-signing and BlockstreamResearch/bip-frost-dkg (``docs/interop.md``). It
says which commits they are, runs ``test_references.py`` against them and ends with its exit status; where a checkout is
not one, with 2. Nothing of the references is copied.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

_TESTS = Path(__file__).with_name("test_references.py")
_ROOT = Path(__file__).resolve().parents[2]

PINNED = {"BIP 445": "29467ac", "ChillDKG": "a918968"}


def _commit(checkout: Path) -> str:
    """The commit that is checked out, with a mark where files differ from it."""
    done = subprocess.run(
        ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return done.stdout.strip() or "unknown (no git checkout)"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Run our participants together with the published references'."
    )
    parser.add_argument("bip445", type=Path, help="checkout of siv2r/bip-frost-signing")
    parser.add_argument("chilldkg", type=Path, help="checkout of BlockstreamResearch/bip-frost-dkg")
    given = parser.parse_args(arguments)
    for name, checkout, package in (
        ("BIP 445", given.bip445, "frost_ref"),
        ("ChillDKG", given.chilldkg, "chilldkg_ref"),
    ):
        if not (checkout / "python" / package).is_dir():
            sys.stderr.write(f"{checkout} is no checkout of the reference of {name}: no python/{package}\n")
            return 2
        sys.stdout.write(f"{name}: {_commit(checkout)} (the pinned one is {PINNED[name]})\n")
        sys.stdout.flush()
    environment = {
        **os.environ,
        "WARIFU_BIP445": str(given.bip445.resolve()),
        "WARIFU_CHILLDKG": str(given.chilldkg.resolve()),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(_TESTS)]
    return subprocess.run(command, cwd=_ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
