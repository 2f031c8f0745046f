"""The public keys that this client saw a wallet's devices make: nothing else is given to an exchange.

A device's status is carried by the service and signed by nobody. Whoever registered a key that the service named, and
then brought the API key, would open his account to a device that knows that key. So what ``agreed_key`` made sure of is
remembered until the account is finished.
"""

from __future__ import annotations

from pathlib import Path

from warifu.cli.files import private_directory, read_private, write_private
from warifu.errors import InputRefused
from warifu.protocol.encoding import digest


def remember(home: Path, wallet: bytes, account: str, public: bytes) -> None:
    """All devices of the wallet (its id) said, signed, that they made this key (32 bytes) for the account."""
    write_private(_place(home, wallet, account), public)


def remembered(home: Path, wallet: bytes, account: str) -> bytes:
    """``InputRefused`` (``unknown-key``) where this client did not see the key made."""
    place = _place(home, wallet, account)
    if not place.exists():
        raise InputRefused(
            "unknown-key",
            f"this client did not see the devices make a key for {account[:40]!r}",
            not_done="Nothing was added.",
            remedy="Finish it where 'warifu exchange add' was run, or have another key made: warifu exchange add.",
        )
    return read_private(place, 32)


def forget(home: Path, wallet: bytes, account: str) -> None:
    """The account is finished."""
    _place(home, wallet, account).unlink(missing_ok=True)


def _place(home: Path, wallet: bytes, account: str) -> Path:
    return private_directory(home / "exchange-keys") / digest("exchange-born", wallet, account.encode()).hex()
