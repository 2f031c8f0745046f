"""Which program this is: one digest over its own files and the versions of the libraries that it runs with.

A signer computes it before it shuts itself in and states it in its attestation; ``make measure`` computes it from a
clean build. The statement is the program's own: what vouches for it is measured boot, or nothing.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

_DOMAIN = b"warifu/v1/release"
_REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")


def release_digest(files: Iterable[tuple[str, bytes | Path]], libraries: Sequence[str]) -> bytes:
    """32 bytes over ``files`` (path below the package, and its content or where that is read) and ``libraries``
    (``name==version``), in any order.

    Every part is length-prefixed, so that no two sets of files share a digest. A file is read when its turn comes: a
    signer that held all of them at once would keep the memory for good.
    """
    state = hashlib.sha256()
    for part in chain((_DOMAIN,), _parts(files), (library.encode() for library in sorted(libraries))):
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()


def package_files(package: Path) -> list[tuple[str, Path]]:
    """What belongs to the program below ``package``: everything but what Python compiles for itself."""
    return [
        (path.relative_to(package).as_posix(), path)
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def libraries_of(distribution: str = "warifu") -> list[str]:
    """``name==version`` of all that ``distribution`` needs without extras, directly or through others.

    Read from the installed distributions themselves: ``importlib.metadata`` would leave megabytes of modules in a
    signer that never uses them again.
    """
    installed = _installed()
    found: dict[str, str] = {}
    waiting = [distribution]
    while waiting:
        for name in _needs(installed[waiting.pop()]):
            if name in installed and name not in found:  # others are for other machines or versions of Python
                found[name] = installed[name].name.removesuffix(".dist-info").rpartition("-")[2]
                waiting.append(name)
    return [f"{name}=={version}" for name, version in found.items()]


def own_digest() -> bytes:
    """Of the program that is running, as its files are now."""
    return release_digest(package_files(Path(__file__).parent), libraries_of())


def _parts(files: Iterable[tuple[str, bytes | Path]]) -> Iterator[bytes]:
    for path, content in sorted(files, key=lambda file: file[0]):
        yield path.encode()
        yield content.read_bytes() if isinstance(content, Path) else content


def _installed() -> dict[str, Path]:
    """Canonical name -> what pip wrote down about it, of all that can be imported."""
    found: dict[str, Path] = {}
    for place in sys.path:
        for directory in sorted(Path(place).glob("*.dist-info")) if place else ():
            found.setdefault(
                _canonical(directory.name.removesuffix(".dist-info").rpartition("-")[0]), directory
            )
    return found


def _needs(directory: Path) -> list[str]:
    """The canonical names in the header of a distribution's METADATA, those of its extras left out."""
    header = (directory / "METADATA").read_text(encoding="utf-8").partition("\n\n")[0]
    needed = [
        line.removeprefix("Requires-Dist: ")
        for line in header.splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line.partition(";")[2]
    ]
    return [_canonical(found[0]) for requirement in needed if (found := _REQUIREMENT.match(requirement))]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
