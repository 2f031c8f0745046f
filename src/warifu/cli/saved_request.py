"""A request in a file, with the transaction that it names: to be judged by devices and looked at, before anybody says
yes. It authorizes nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec

from warifu.cli.files import read_input, write_private
from warifu.depth import is_deep
from warifu.errors import InputRefused
from warifu.protocol.encoding import encode
from warifu.protocol.frames import MAX_UNSIGNED_BYTES
from warifu.protocol.request import MAX_REQUEST_BYTES, TransferRequest, decode_request

_MAX_BYTES = 4 * (MAX_REQUEST_BYTES + MAX_UNSIGNED_BYTES)


class _Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: JSON, with bytes in base64."""

    request: bytes
    unsigned: bytes


def save_request(path: Path, request: TransferRequest, unsigned: bytes) -> None:
    """Write them; ``StoreDamaged`` (``exists``) where the file is there already."""
    write_private(path, msgspec.json.encode(_Saved(encode(request), unsigned)) + b"\n", replace=False)


def read_saved(path: Path) -> tuple[TransferRequest, bytes]:
    """The request and its unsigned transaction. ``InputRefused`` (``file``, ``request-file``)."""
    try:
        content = read_input(path, _MAX_BYTES)
        if is_deep(content):
            raise ValueError
        saved = msgspec.json.decode(content, type=_Saved)
    except (msgspec.DecodeError, ValueError):
        raise InputRefused(
            "request-file",
            f"{path} holds no saved request",
            not_done="Nothing was asked.",
            remedy="Make one with 'warifu send ... --dry-run --save FILE'.",
        ) from None
    request = decode_request(saved.request)
    if not isinstance(request, TransferRequest):
        raise InputRefused(
            "request-file", f"{path} holds a request of another kind", not_done="Nothing was asked."
        )
    return request, saved.unsigned
