"""Whether this process has loaded what it takes to ask an exchange: TLS, the exchanges, and whom to believe a name."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.errors import PolicyDenied


@dataclass(frozen=True)
class Loaded:
    """What only a process that asks exchanges has."""

    authorities: str
    """PEM of the program's certificate authorities."""


def require(loaded: Loaded | None) -> Loaded:
    """``PolicyDenied`` (``exchanges-not-loaded``) in a process that was started before it had to ask an exchange."""
    if loaded is None:
        raise PolicyDenied(
            "exchanges-not-loaded",
            "this device was started before a wallet of its had rules for an exchange: it has not loaded what asks one",
            remedy="Start the device again ('warifu signer run'): it loads that at its start.",
        )
    return loaded
