"""How the passphrase comes in: typed without echo, or over a descriptor that a script opens for it.

Never as an argument or in the environment, where every process of the user (and often every user) can read it.
Python cannot promise that no copy stays in memory; the buffers that can be wiped are wiped.
"""

from __future__ import annotations

import getpass
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.protocol.envelope import MAX_PASSPHRASE_BYTES
from warifu.signer.isolation.layers.privileges import close_to_others

MINIMUM_CHARACTERS = 12
MINIMUM_PIN = 8

AskPin = Callable[[], AbstractContextManager[bytearray]]


@contextmanager
def existing_passphrase(descriptor: int | None) -> Iterator[bytearray]:
    """The wallet's passphrase, asked once; wiped when the context ends."""
    with _wiped(_obtain(tr("Passphrase of the wallet: "), descriptor)) as passphrase:
        yield passphrase


@contextmanager
def passphrase_when_needed(descriptor: int | None) -> Iterator[Callable[[], bytearray]]:
    """Asks for the wallet's passphrase the first time that it is called for, and not again; wiped when the context
    ends."""
    with ExitStack() as stack:
        asked: list[bytearray] = []

        def ask() -> bytearray:
            if not asked:
                asked.append(stack.enter_context(existing_passphrase(descriptor)))
            return asked[0]

        yield ask


@contextmanager
def new_passphrase(descriptor: int | None) -> Iterator[bytearray]:
    """A passphrase for a new wallet: strong enough, and typed the same twice; wiped when the context ends."""
    with _wiped(_obtain(tr("New passphrase of the wallet: "), descriptor)) as passphrase:
        _require_strength(passphrase)
        if descriptor is None:
            with _wiped(_obtain(tr("The same again: "), None)) as again:
                if again != passphrase:
                    raise _refused("passphrases-differ", "the two passphrases are not the same")
        yield passphrase


@contextmanager
def pin_of_this_client(descriptor: int | None = None) -> Iterator[bytearray]:
    """The PIN of this client's key, asked once; wiped when the context ends."""
    with _wiped(_obtain(tr("PIN of this client: "), descriptor, "PIN", "--pin-fd")) as pin:
        yield pin


@contextmanager
def new_pin(descriptor: int | None) -> Iterator[bytearray]:
    """A PIN for this client's key, typed the same twice; wiped when the context ends."""
    with _wiped(_obtain(tr("New PIN of this client: "), descriptor, "PIN", "--pin-fd")) as pin:
        if len(pin.decode()) < MINIMUM_PIN:
            raise _refused("pin-weak", f"a PIN has at least {MINIMUM_PIN} characters, digits or others")
        if descriptor is None:
            with _wiped(_obtain(tr("The same again: "), None, "PIN", "--pin-fd")) as again:
                if again != pin:
                    raise _refused("pins-differ", "the two PINs are not the same")
        yield pin


def read_descriptor(descriptor: int) -> bytearray:
    """The first line (without its end) of what can be read from ``descriptor``; it is closed afterwards."""
    buffer = bytearray(MAX_PASSPHRASE_BYTES + 2)
    view = memoryview(buffer)
    length = 0
    try:
        while length < len(buffer) and b"\n" not in view[:length].tobytes():
            count = os.readv(descriptor, [view[length:]])
            if count == 0:
                break
            length += count
    except OSError as error:
        raise _refused(
            "passphrase-descriptor",
            f"no passphrase can be read from descriptor {descriptor}: {error.strerror}",
        ) from None
    finally:
        if descriptor > 2:
            os.close(descriptor)
    view.release()
    end = buffer.find(b"\n")
    line = buffer[: length if end < 0 else end]
    buffer[:] = bytes(len(buffer))
    if len(line) > MAX_PASSPHRASE_BYTES:
        raise _refused("passphrase-length", f"a passphrase has at most {MAX_PASSPHRASE_BYTES} bytes")
    return line


def _obtain(
    prompt: str, descriptor: int | None, what: str = "passphrase", option: str = "--passphrase-fd"
) -> bytearray:
    # From here on no other program of this user may read this process, and a crash leaves no core file.
    close_to_others()
    if descriptor is not None:
        with _wiped(read_descriptor(descriptor)) as line:
            return _encoded(line.decode("utf-8", "surrogateescape"))
    if sys.stdin.isatty():
        return _encoded(getpass.getpass(prompt))
    raise _refused(
        "no-terminal",
        f"there is no terminal to type the {what} at",
        f"Run this at a terminal, or hand the {what} over with {option}.",
    )


def _encoded(text: str) -> bytearray:
    """One passphrase, whatever keyboard or system it is typed at (NFKC, docs/protocol.md section 5)."""
    try:
        encoded = bytearray(unicodedata.normalize("NFKC", text).encode())
    except UnicodeEncodeError:
        raise _refused("passphrase-encoding", "the passphrase is not valid UTF-8") from None
    if not 0 < len(encoded) <= MAX_PASSPHRASE_BYTES:
        raise _refused("passphrase-length", f"a passphrase has 1 to {MAX_PASSPHRASE_BYTES} bytes")
    return encoded


def _require_strength(passphrase: bytearray) -> None:
    """One plain rule. Length is what a guesser pays for; rules about digits and signs make people predictable."""
    text = passphrase.decode()
    if len(text) < MINIMUM_CHARACTERS:
        raise _refused(
            "passphrase-weak",
            f"the passphrase has fewer than {MINIMUM_CHARACTERS} characters",
            "Four or more random words are easy to remember and hard to guess.",
        )
    if len(set(text)) < 5:
        raise _refused("passphrase-weak", "the passphrase repeats fewer than 5 different characters")


@contextmanager
def _wiped(buffer: bytearray) -> Iterator[bytearray]:
    try:
        yield buffer
    finally:
        buffer[:] = bytes(len(buffer))


def _refused(reason: str, message: str, remedy: str = "") -> InputRefused:
    return InputRefused(reason, message, remedy=remedy)
