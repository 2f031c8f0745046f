"""What this client remembers of transfers that are not finished: the request, so that it can authorize it again.

The same request names the same transaction, so authorizing it twice is still one payment. What the service says about
a transfer cannot take its place: a hostile one would have another transaction authorized as the continuation.
"""

from __future__ import annotations

import re
from pathlib import Path

from warifu.cli.files import private_directory, read_private, write_private
from warifu.errors import InputRefused, StoreDamaged
from warifu.protocol.encoding import encode
from warifu.protocol.request import MAX_REQUEST_BYTES, TransferRequest, decode_request

_ID = re.compile(r"[0-9a-f]{32}")


def remember(home: Path, request: TransferRequest) -> str:
    """Keep ``request`` before it is sent; the id under which it is found (32 hexadecimal digits)."""
    transfer = request.request_id.hex()
    write_private(_place(home, transfer), encode(request))
    return transfer


def recall(home: Path, transfer: str, wallet: bytes) -> TransferRequest:
    """The request that was sent under this id from the wallet with the id ``wallet`` (32 bytes).

    Raises ``InputRefused`` (``transfer-id``, ``unknown-transfer``, ``other-wallet``) or ``StoreDamaged``. With another
    wallet's passphrase, it would cost a try on each device that has shares of both.
    """
    if not _ID.fullmatch(transfer):
        raise InputRefused("transfer-id", f"{transfer[:40]!r} is not the id of a transfer")
    path = _place(home, transfer)
    if not path.exists():
        raise InputRefused(
            "unknown-transfer",
            "this client did not send that transfer, or it is finished",
            remedy="See 'warifu history'.",
        )
    request = decode_request(read_private(path, MAX_REQUEST_BYTES))
    if not isinstance(request, TransferRequest):
        raise StoreDamaged("profile", f"{path} does not hold a transfer")
    if request.wallet_id != wallet:
        raise InputRefused(
            "other-wallet", "that transfer is not of this wallet", remedy="Name its own wallet."
        )
    return request


def forget(home: Path, transfer: str) -> None:
    """A finished transfer needs no memory here."""
    _place(home, transfer).unlink(missing_ok=True)


def _place(home: Path, transfer: str) -> Path:
    return private_directory(home / "transfers") / transfer
