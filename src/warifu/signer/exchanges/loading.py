"""Whether this process has loaded what it takes to ask an exchange: TLS, the exchanges, and whom to believe a name.

That is five MiB that most devices never need, and after isolation no module file can be read any more. So a file in
the device's own directory says that a wallet of its has rules for an exchange, and it is looked at before the walls
stand, when the store is still shut. Whoever puts that file there or takes it away changes what a process weighs, or has
it refuse calls: nothing else depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Literal

from warifu.errors import PolicyDenied
from warifu.protocol.policy import Policy
from warifu.signer.store import write_durably

_FILE = "asks-exchanges"
_LIBRARIES = ("ssl", "h11", "wsproto")
_ALONE = ("warifu.exchanges.registry",)
"""Brings all that it registers."""
_WHOLE = ("warifu.signer.egress", "warifu.signer.exchanges")
"""Rooms of which every module is loaded."""
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n")


@dataclass(frozen=True)
class Loaded:
    """What only a process that asks exchanges has."""

    authorities: str = field(repr=False)
    """PEM of the program's certificate authorities: those that Mozilla believes, as certifi has them."""


def wanted(directory: Path) -> bool:
    """Whether the device in ``directory`` is to load it."""
    return (directory / _FILE).exists()


def state(loaded: Loaded | None, directory: Path) -> Literal["not-loaded", "loaded", "start-again"]:
    """How it stands with the device in ``directory``, of whose process ``loaded`` is."""
    if loaded is not None:
        return "loaded"
    return "start-again" if wanted(directory) else "not-loaded"


def load() -> Loaded:
    """Load all of it, before this process is shut in. ``ImportError`` where something is not installed."""
    for name in (*_LIBRARIES, *_ALONE, *_modules()):
        import_module(name)
    import certifi

    return Loaded("".join(_CERTIFICATE.findall(certifi.contents())))


def expect(directory: Path, policy: Policy) -> None:
    """The wallet's policy is this one from now on: at its next start the device loads what that asks for. Where the
    disk cannot take it, the start after the next one does (:func:`settle`)."""
    if policy.exchanges and not wanted(directory):
        with suppress(OSError):
            write_durably(directory / _FILE, b"")


def settle(directory: Path, policies: list[Policy]) -> None:
    """At a start, once the store is open: the file says what the policies of all wallets ask for."""
    if any(policy.exchanges for policy in policies):
        for policy in policies:
            expect(directory, policy)
    else:
        with suppress(OSError):
            (directory / _FILE).unlink(missing_ok=True)


def require(loaded: Loaded | None) -> Loaded:
    """``PolicyDenied`` (``exchanges-not-loaded``) in a process that was started before it had to ask an exchange."""
    if loaded is None:
        raise PolicyDenied(
            "exchanges-not-loaded",
            "this device was started before a wallet of its had rules for an exchange: it has not loaded what asks one",
            remedy="Start the device again ('warifu signer run'): it loads that at its start.",
        )
    return loaded


def _modules() -> Iterator[str]:
    for room in _WHOLE:
        package = import_module(room)
        yield from (f"{room}.{found.name}" for found in iter_modules(package.__path__))
