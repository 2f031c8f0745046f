"""The agent's local door: whoever may enter the device's directory may ask the running device how it is.

One question and one answer for each connection, then it ends. Only the status, the journal, what it judged or is to
judge without doing it, and the words that lift a ban, freeze the device and thaw it pass: no enrolment, no storage key.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeVar, cast

from warifu.agent.agent import Agent
from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import Refusal, Status, error_of, refusal_of
from warifu.protocol.operator import (
    MAX_ASKED_BYTES,
    MAX_OPERATOR_BYTES,
    AskJudged,
    AskLocalStatus,
    AskOwnJournal,
    FreezeDevice,
    LiftBan,
    LocalStatus,
    LookAt,
    OperatorRefused,
    OwnJournal,
    ShowJudged,
    UnfreezeDevice,
    VetoWaiting,
)

Question = (
    AskLocalStatus
    | LiftBan
    | FreezeDevice
    | UnfreezeDevice
    | VetoWaiting
    | AskOwnJournal
    | AskJudged
    | LookAt
)
Answer = LocalStatus | OwnJournal | ShowJudged
A = TypeVar("A", LocalStatus, OwnJournal, ShowJudged)
_PATIENCE = 20.0


@contextlib.asynccontextmanager
async def open_door(agent: Agent, path: Path) -> AsyncIterator[None]:
    """Answer at ``path`` (a Unix socket, mode 0600) for as long as the context lasts."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                asked = await _read_all(reader, MAX_ASKED_BYTES)
            question = decode(cast("type[Question]", Question), asked, MAX_ASKED_BYTES)
            said: Answer | OperatorRefused = await agent.ask(question, _answer_to(question))
        except WarifuError as error:
            said = OperatorRefused(refusal_of(error))
        except (OSError, TimeoutError):
            writer.close()
            return
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                writer.write(encode(said))
                await writer.drain()
                writer.close()
                await writer.wait_closed()

    path.unlink(missing_ok=True)  # of an agent that was killed
    before = os.umask(0o177)
    try:
        with _short(path) as place:
            server = await asyncio.start_unix_server(answer, place)
    finally:
        os.umask(before)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def ask_at_door(path: Path, question: Question | None = None) -> Status:
    """The status of the device whose agent listens at ``path``, after ``question`` (default: only the status).

    Raises as :func:`ask_for`.
    """
    return (await ask_for(path, LocalStatus, question or AskLocalStatus())).status


async def ask_for(path: Path, kind: type[A], question: Question) -> A:
    """What the device whose agent listens at ``path`` answers to ``question``: a ``kind``.

    ``ServiceRefused`` where none runs; else what the device refuses.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            with _short(path) as place:
                reader, writer = await asyncio.open_unix_connection(place)
            try:
                writer.write(encode(question))
                writer.write_eof()
                data = await _read_all(reader, MAX_OPERATOR_BYTES)
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise ServiceRefused(
            "device-not-running",
            f"no device runs from {path.parent} ({type(error).__name__})",
            not_done="Nothing was asked.",
            remedy="Start it with 'warifu up' or 'warifu signer run'.",
        ) from None
    kinds = cast("type[Answer | OperatorRefused]", Answer | OperatorRefused)
    said = decode(kinds, data, MAX_OPERATOR_BYTES)
    if isinstance(said, OperatorRefused):
        refusal: Refusal = said.refusal
        raise error_of(refusal)
    if not isinstance(said, kind):
        raise InputRefused("door", "the device gave an answer that does not belong here")
    return said


def _answer_to(question: Question) -> type[Answer]:
    if isinstance(question, AskOwnJournal):
        return OwnJournal
    return ShowJudged if isinstance(question, AskJudged | LookAt) else LocalStatus


async def _read_all(reader: asyncio.StreamReader, limit: int) -> bytes:
    """Everything until the other side has said all; ``InputRefused`` (``too-long``) for more than ``limit`` bytes."""
    data = b""
    while more := await reader.read(limit + 1):
        data += more
        if len(data) > limit:
            raise InputRefused("too-long", f"what came through the door is over {limit} bytes")
    return data


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Another way to say ``path``: the kernel takes 107 bytes as the address of a socket, and directories lie deep."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
