"""The keys that this client had a wallet's devices make for an exchange: what it asked for, and what it saw made.

A device's status is carried by the service and signed by nobody. Whoever registered a key that the service named, and
then brought the API key, would open his account to a device that knows that key. So what ``agreed_key`` made sure of is
remembered until the account is finished.

What was asked for is remembered as well, before it is: whatever happens to this client or the service in between, the
same command goes on with the same key, and tells how far it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from warifu.cli.files import private_directory, read_private, write_private
from warifu.errors import InputRefused
from warifu.protocol.encoding import decode, digest, encode
from warifu.protocol.exchange_requests import ExchangeKeyRequest, ReplacingKeyRequest

_MAX_REQUEST = 4096


def remember(home: Path, wallet: bytes, account: str, public: bytes) -> None:
    """All devices of the wallet (its id) said, signed, that they made this key (32 bytes) for the account."""
    write_private(_place(home, wallet, account), public)


def seen(home: Path, wallet: bytes, account: str) -> bytes | None:
    """The key that this client saw made for the account and that is not finished; None where there is none."""
    place = _place(home, wallet, account)
    return read_private(place, 32) if place.exists() else None


def remembered(home: Path, wallet: bytes, account: str) -> bytes:
    """``InputRefused`` (``unknown-key``) where this client did not see the key made."""
    public = seen(home, wallet, account)
    if public is None:
        raise InputRefused(
            "unknown-key",
            f"this client did not see the devices make a key for {account[:40]!r}",
            not_done="Nothing was added.",
            remedy="Finish it where 'warifu exchange add' was run. If that was here and broke off, run it again: it "
            "goes on, or has another key made.",
        )
    return public


def forget(home: Path, wallet: bytes, account: str) -> None:
    """The account is finished, or the devices have no such key any more."""
    _place(home, wallet, account).unlink(missing_ok=True)


def remember_asked(home: Path, request: ExchangeKeyRequest) -> None:
    """On disk when this returns, and before anybody is asked."""
    write_private(_asked_place(home, request.wallet_id, request.account), encode(request))


def asked(home: Path, wallet: bytes, account: str) -> ExchangeKeyRequest | None:
    """What this client asked for last and does not know the end of."""
    place = _asked_place(home, wallet, account)
    if not place.exists():
        return None
    kind = cast("type[ExchangeKeyRequest]", ExchangeKeyRequest | ReplacingKeyRequest)
    return decode(kind, read_private(place, _MAX_REQUEST), _MAX_REQUEST)


def forget_asked(home: Path, wallet: bytes, account: str) -> None:
    """Its end is known."""
    _asked_place(home, wallet, account).unlink(missing_ok=True)


def _place(home: Path, wallet: bytes, account: str) -> Path:
    return _directory(home) / digest("exchange-born", wallet, account.encode()).hex()


def _asked_place(home: Path, wallet: bytes, account: str) -> Path:
    return _directory(home) / digest("exchange-asked", wallet, account.encode()).hex()


def _directory(home: Path) -> Path:
    return private_directory(home / "exchange-keys")
