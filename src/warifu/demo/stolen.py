"""What a thief finds: every byte of a directory is searched for everything that must not be there."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from warifu.agent.device import DeviceDirectory
from warifu.agent.running import listening
from warifu.errors import WarifuError

MAX_FILE_BYTES = 256 * 1024 * 1024


def forms_of_text(text: str) -> tuple[bytes, ...]:
    """How a text may lie in a file."""
    return (text.encode(), text.encode("utf-16-le"), text.encode().hex().encode())


def forms_of_bytes(value: bytes) -> tuple[bytes, ...]:
    """How a key or a hash may lie in a file: raw, backwards, and in hexadecimal."""
    return (value, value[::-1], value.hex().encode(), value[::-1].hex().encode())


def forms_of_amount(satoshi: int) -> tuple[bytes, ...]:
    """How an amount may lie in a file: in digits, in BTC, and as a number of 8 bytes, or of 4 in MessagePack."""
    whole, rest = divmod(satoshi, 100_000_000)
    return (
        str(satoshi).encode(),
        f"{whole}.{rest:08d}".encode(),
        satoshi.to_bytes(8, "little"),
        satoshi.to_bytes(8, "big"),
        b"\xce" + satoshi.to_bytes(4, "big"),
    )


def files_below(directory: Path) -> list[Path]:
    """All regular files, links not followed."""
    return sorted(path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())


def search(files: Iterable[Path], wanted: Mapping[str, Iterable[bytes]]) -> list[tuple[str, Path]]:
    """(what, where) for everything of ``wanted`` that occurs in a file, or in a file's name."""
    found = []
    for path in files:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES) + b"\n" + str(path).encode()
        found += [(what, path) for what, forms in wanted.items() if any(form in content for form in forms)]
    return found


def open_with(directory: Path, unlock_key: bytearray) -> WarifuError | None:
    """Start the stolen device with this unlock key: the refusal, or None where it really opened."""

    async def attempt() -> WarifuError | None:
        try:
            async with listening(DeviceDirectory(directory), unlock_key, lambda _: None):
                return None
        except WarifuError as error:
            return error

    return asyncio.run(attempt())


def is_readable_database(path: Path) -> bool:
    """Whether a plain SQLite can read the file."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
    return True
