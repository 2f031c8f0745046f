"""What a layer of isolation is, what it needs to know, and how it reports."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Protocol

import msgspec

FIRST_UID, LAST_UID = 61184, 65519
"""The range that systemd keeps for users that exist only while a service runs (DynamicUser=)."""

CONNECTION_FD = 3

NOT_BORN = "it was not started as a signer is"

_Reason = Annotated[str, msgspec.Meta(max_length=1000)]
_Name = Annotated[str, msgspec.Meta(max_length=40)]
_Uid = Annotated[int, msgspec.Meta(ge=FIRST_UID, le=LAST_UID)]

DEFAULT_REQUIRED = ("no-new-privileges", "not-dumpable", "no-core-file", "seccomp")


class IsolationProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the starter decided. Parsed from the handover, so every field is bounded."""

    store: Annotated[str, msgspec.Meta(min_length=2, max_length=4096, pattern=r"^/[^/\x00][^\x00]*\Z")]
    """The one directory that the signer may read and write: absolute, and never the root."""
    user: _Uid | None = None
    """The user (and group) of its own that a signer started by root becomes."""
    no_user_because: _Reason = "it was not started as root"
    """Why there is no ``user``."""
    starters: Annotated[dict[_Name, int], msgspec.Meta(max_length=16)] = {}
    """The agent's namespaces, kind by kind, so that the process can see whether it left them."""
    no_own_users: _Reason = NOT_BORN
    """Why it has no user namespace of its own; empty where it has. Filled in by the process itself, as the next."""
    no_own_processes: _Reason = NOT_BORN
    """Why it has no process namespace of its own; empty where it has."""
    connection: Annotated[int, msgspec.Meta(ge=3, le=1023)] = CONNECTION_FD
    platform: Annotated[int, msgspec.Meta(ge=3, le=1023)] | None = None
    """The one further descriptor that may stay open: that of the platform's device (a TPM), opened by the signer
    before it shuts itself in."""
    required: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=64)] = DEFAULT_REQUIRED
    """Names of the layers without which the owner does not want this signer to work."""


class PlatformChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The platform that a device was set up for (``tee.platform.PlatformSettings``). Another is never tried."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] = "unsafe-software"
    device: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """How its device is reached, such as ``device:/dev/tpmrm0``; empty where there is only one way."""
    development: bool = False
    """A simulator, or an enclave in debug mode, is accepted."""


UNSAFE_SOFTWARE = PlatformChoice()
PLATFORM_DIRECTORY = "platform"
"""Where in the store's directory a platform keeps what is its own."""


class State(StrEnum):
    """How a layer ended."""

    ON = "on"
    UNAVAILABLE = "unavailable"
    """The kernel or the way of starting does not offer it."""
    REFUSED = "refused"
    """It is there, but was refused, or a trial showed that it has no effect."""


class Unavailable(Exception):
    """Raised by ``Layer.apply``: this layer cannot be had here, for this reason (plain words)."""


class Layer(Protocol):
    """One layer. ``apply`` cannot be undone."""

    name: ClassVar[str]
    reason: ClassVar[str]
    """Which attack it stops."""

    def apply(self, profile: IsolationProfile, /) -> None:
        """Raises ``Unavailable`` or ``OSError``."""
        ...

    def probe(self, profile: IsolationProfile, /) -> str | None:
        """Try what the layer forbids. None: it holds; otherwise what is still possible."""
        ...


class LayerResult(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    reason: str
    state: State
    detail: str
    """Why it is not on; empty where it is."""
    required: bool
    milliseconds: float = 0.0
    """What applying and probing it took, once, at the start."""


class IsolationReport(msgspec.Struct, frozen=True):
    """All layers, in the order in which they were applied. ``msgspec.json.encode`` makes it JSON."""

    layers: tuple[LayerResult, ...]

    @property
    def missing(self) -> tuple[LayerResult, ...]:
        """The layers that are not on."""
        return tuple(result for result in self.layers if result.state is not State.ON)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(name, "on" or the state with its reason), as the operator is told."""
        return tuple(
            (result.name, f"{result.state.value}: {result.detail}" if result.detail else result.state.value)
            for result in self.layers
        )
