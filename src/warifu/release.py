"""Which program this is: one digest over its own files and the versions of the libraries that it runs with.

A signer computes it before it shuts itself in and states it in its attestation; ``make measure`` computes it from a
clean build. The statement is the program's own: what vouches for it is measured boot, or nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

_DOMAIN = b"warifu/v1/release"
_REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")


def release_digest(files: Iterable[tuple[str, bytes]], libraries: Sequence[str]) -> bytes:
    """32 bytes over ``files`` (path below the package, content) and ``libraries`` (``name==version``), in any order.

    Every part is length-prefixed, so that no two sets of files share a digest.
    """
    state = hashlib.sha256()
    for part in (_DOMAIN, *_parts(sorted(files)), *(library.encode() for library in sorted(libraries))):
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()


def package_files(package: Path) -> list[tuple[str, bytes]]:
    """What belongs to the program below ``package``: everything but what Python compiles for itself."""
    return [
        (path.relative_to(package).as_posix(), path.read_bytes())
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def libraries_of(distribution: str = "warifu") -> list[str]:
    """``name==version`` of all that ``distribution`` needs without extras, directly or through others."""
    versions: dict[str, str] = {}
    waiting = [distribution]
    while waiting:
        for requirement in metadata.requires(waiting.pop()) or []:
            name = _needed(requirement)
            if name is not None and name not in versions:
                try:
                    versions[name] = metadata.version(name)
                except metadata.PackageNotFoundError:  # a dependency of other machines or versions of Python
                    continue
                waiting.append(name)
    return [f"{name}=={version}" for name, version in versions.items()]


def own_digest() -> bytes:
    """Of the program that is running, as its files are now."""
    return release_digest(package_files(Path(__file__).parent), libraries_of())


def _parts(files: Iterable[tuple[str, bytes]]) -> Iterable[bytes]:
    for path, content in files:
        yield path.encode()
        yield content


def _needed(requirement: str) -> str | None:
    """The canonical name in a requirement; None for one that belongs to an extra."""
    if "extra ==" in requirement.partition(";")[2]:
        return None
    found = _REQUIREMENT.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found is not None else None
