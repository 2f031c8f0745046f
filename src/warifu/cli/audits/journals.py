"""Devices' journals in this client's hands: read through the service, or from files that the devices wrote themselves.

The service carries pages that are sealed to a key of this client's; a file may come by any road. Neither is believed:
``warifu.audit`` checks every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from nacl.utils import random

from warifu.agent.door import ask_at_door, ask_for
from warifu.cli.approvers import OwnCredential
from warifu.cli.client import Client
from warifu.cli.known_wallet import Wallet
from warifu.depth import is_deep
from warifu.errors import InputRefused, WarifuError
from warifu.protocol.api import JournalPage, JournalQuestion
from warifu.protocol.attesting import SignedHead
from warifu.protocol.authorization import authorize
from warifu.protocol.encoding import Bytes32, Bytes64, Name, decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES
from warifu.protocol.identity import DeviceRef
from warifu.protocol.journal_pages import (
    OPERATOR,
    Number,
    Page,
    ReaderKey,
    SealedPage,
    Shown,
    SignedState,
    State,
    open_state,
)
from warifu.protocol.operator import AskOwnJournal, OwnJournal
from warifu.protocol.request import JournalRequest, request_digest

MOST_ENTRIES = 10_000_000
LIFETIME = 3600
"""Seconds for which a reading stays authorized."""
_MAX_LINE_BYTES = 1024 * 1024
_MAX_JOURNAL_BYTES = 1024**3
"""More than a million transfers; a device that is taken over must not fill this machine's memory."""
_MAX_FILE_BYTES = 4 * 1024**3

Progress = Callable[[str, int, int], None]
"""(device, entries so far, entries in all)."""


@dataclass(frozen=True)
class Taken:
    """A journal as it came, with the device's word on how far it is."""

    device: DeviceRef
    state: SignedState
    request: bytes
    """What the word is an answer to."""
    said: State
    entries: tuple[Shown, ...]


def read_through_service(
    client: Client, own: OwnCredential, wallet: Wallet, now: int, progress: Progress
) -> tuple[list[Taken], dict[str, WarifuError]]:
    """Every device's journal that could be read, and why the others' could not. One authorization serves for all."""
    reader = ReaderKey()
    request = JournalRequest(
        random(16), wallet.wallet_id, reader.public, 1, MOST_ENTRIES, now, now + LIFETIME
    )
    authorization = encode(authorize(own.approve, request, encode(request), ()))
    named = request_digest(request)
    taken: list[Taken] = []
    failed: dict[str, WarifuError] = {}

    def ask(device: DeviceRef, first: int) -> Page:
        question = JournalQuestion(authorization=authorization, identity=device.identity, first=first)
        answer = client.post("/journals", question, JournalPage)
        sealed = decode(SealedPage, answer.page, MAX_BODY_BYTES)
        return reader.open(sealed, named, device.identity, first)

    for device in wallet.request.devices:
        try:
            taken.append(read_pages(device, named, partial(ask, device), progress))
        except WarifuError as error:
            failed[device.name] = error
    return taken, failed


def head_of(client: Client, own: OwnCredential, wallet: Wallet, device: DeviceRef, now: int) -> SignedHead:
    """How far the device's journal is at this moment, by its own signature."""
    reader = ReaderKey()
    request = JournalRequest(random(16), wallet.wallet_id, reader.public, 1, 1, now, now + LIFETIME)
    authorization = encode(authorize(own.approve, request, encode(request), ()))
    question = JournalQuestion(authorization=authorization, identity=device.identity, first=1)
    answer = client.post("/journals", question, JournalPage)
    sealed = decode(SealedPage, answer.page, MAX_BODY_BYTES)
    page = reader.open(sealed, request_digest(request), device.identity, 1)
    return open_state(page.state, device.identity, request_digest(request)).head


def read_pages(device: DeviceRef, request: bytes, ask: Callable[[int], Page], progress: Progress) -> Taken:
    """Page after page, until the device says that there is no more."""
    entries: list[Shown] = []
    first, size = 1, 0
    while True:
        page = ask(first)
        size += sum(len(entry.content) for entry in page.entries)
        if size > _MAX_JOURNAL_BYTES:
            raise InputRefused(
                "journal-page", f"the journal of {device.name} is longer than any", blame=device.name
            )
        said = open_state(page.state, device.identity, request)
        entries += page.entries
        progress(device.name, len(entries), said.head.length)
        if not page.entries or len(entries) >= min(said.head.length, MOST_ENTRIES):
            return Taken(device, page.state, request, said, tuple(entries))
        following = page.entries[-1].number + 1
        if following <= first:
            raise InputRefused(
                "journal-page", f"device {device.name} shows its journal in no order", blame=device.name
            )
        first = following


async def own_journal(door: Path) -> Taken:
    """All of the journal of the device whose agent listens at ``door``. Raises as ``agent.door.ask_for``."""
    status = await ask_at_door(door)
    device = DeviceRef(status.name, status.identity)
    entries: list[Shown] = []
    while True:
        page = (await ask_for(door, OwnJournal, AskOwnJournal(len(entries) + 1))).page
        said = open_state(page.state, device.identity, OPERATOR)
        entries += page.entries
        if not page.entries or len(entries) >= said.head.length:
            return Taken(device, page.state, OPERATOR, said, tuple(entries))


# --- files -----------------------------------------------------------------------------------------------------------


class _StateLine(msgspec.Struct, frozen=True):
    """The device's signed word; further fields are for people."""

    device: Name
    identity: Bytes32
    request: Bytes32
    state: Annotated[bytes, msgspec.Meta(max_length=128 * 1024)]
    signature: Bytes64


class _EntryLine(msgspec.Struct, frozen=True):
    """One entry; further fields are for people."""

    identity: Bytes32
    number: Number
    content: bytes
    withheld: bool
    hash: Bytes32
    signature: Bytes64


def state_line(taken: Taken) -> dict[str, object]:
    """The first line of a journal in a file."""
    return {
        "device": taken.device.name,
        "identity": taken.device.identity.hex(),
        "length": taken.said.head.length,
        "time": taken.said.time,
        "request": taken.request.hex(),
        "state": taken.state.state.hex(),
        "signature": taken.state.signature.hex(),
    }


def entry_line(device: DeviceRef, entry: Shown) -> dict[str, object]:
    """What of an entry proves it."""
    return {
        "device": device.name,
        "identity": device.identity.hex(),
        "number": entry.number,
        "content": entry.content.hex(),
        "withheld": entry.withheld,
        "hash": entry.hash.hex(),
        "signature": entry.signature.hex(),
    }


def read_files(files: Sequence[Path], devices: Iterable[DeviceRef]) -> list[Taken]:
    """The journals of ``devices`` that are in these files. What is in them of others is left out.

    ``InputRefused`` (``journal-file``, ``file``) where a file is none of these; two journals of one device are refused.
    """
    known = {device.identity: device for device in devices}
    states: dict[bytes, _StateLine] = {}
    entries: dict[bytes, list[Shown]] = {identity: [] for identity in known}
    for file in files:
        for number, line in _lines(file):
            read = _line(file, number, line)
            if read.identity not in known:
                continue
            if isinstance(read, _StateLine):
                if read.identity in states:
                    raise InputRefused(
                        "journal-file", f"{file}: there are two journals of {read.device} in these files"
                    )
                states[read.identity] = read
            else:
                if read.withheld and len(read.content) != 32:
                    raise _no_journal(file, number)
                entries[read.identity].append(
                    Shown(read.number, read.content, read.withheld, read.hash, read.signature)
                )
    return [_taken(known[identity], line, entries[identity]) for identity, line in states.items()]


def _taken(device: DeviceRef, line: _StateLine, entries: Sequence[Shown]) -> Taken:
    signed = SignedState(line.state, line.signature)
    return Taken(
        device, signed, line.request, open_state(signed, device.identity, line.request), tuple(entries)
    )


def _lines(file: Path) -> Iterable[tuple[int, bytes]]:
    try:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise InputRefused("file", f"{file} is longer than {_MAX_FILE_BYTES} bytes")
        with file.open("rb") as opened:
            number = 0
            while line := opened.readline(_MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > _MAX_LINE_BYTES:
                    raise _no_journal(file, number)
                yield number, line
    except OSError as error:
        raise InputRefused("file", f"{file} cannot be read: {error.strerror}") from None


def _line(file: Path, number: int, line: bytes) -> _StateLine | _EntryLine:
    try:
        if is_deep(line):
            raise ValueError
        raw = msgspec.json.decode(line, type=dict[str, object])
        kind: type[_StateLine] | type[_EntryLine] = _StateLine if "state" in raw else _EntryLine
        unhexed = {
            name: _unhexed(name, value) for name, value in raw.items() if name in kind.__struct_fields__
        }
        return msgspec.convert(unhexed, kind)
    except (msgspec.MsgspecError, ValueError, UnicodeDecodeError):
        raise _no_journal(file, number) from None


def _unhexed(name: str, value: object) -> object:
    if name in ("device", "number", "withheld"):
        return value
    return bytes.fromhex(value) if isinstance(value, str) else value


def _no_journal(file: Path, number: int) -> InputRefused:
    return InputRefused(
        "journal-file",
        f"{file}, line {number}: this is no line of a journal",
        not_done="Nothing was checked.",
        remedy="Give files that 'warifu signer journal' or 'warifu audit export --format jsonl' wrote.",
    )
