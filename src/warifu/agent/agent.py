"""One device's agent: a pump between the uplink and the enclave, and the operator's voice beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from warifu.agent.backoff import Backoff
from warifu.agent.link import EnclaveLink, enclave_gone
from warifu.agent.uplink import Uplink
from warifu.errors import PlatformRefused
from warifu.protocol.frames import error_of
from warifu.protocol.framing import Origin
from warifu.protocol.operator import (
    FromSignerToOperator,
    OperatorRefused,
    Ready,
    StartAgain,
    ToSignerFromOperator,
    Waiting,
    decode_for_operator,
)

T = TypeVar("T")
ANSWER_TIMEOUT = 60.0
_INBOX = 64


class Agent:
    """Pumps frames. ``run`` lives as long as the enclave does; ``ask`` speaks with it as its operator."""

    def __init__(self, link: EnclaveLink, report: Callable[[str], None]) -> None:
        self._link = link
        self._report = report
        self._inbox: asyncio.Queue[FromSignerToOperator] = asyncio.Queue(_INBOX)
        self._turn = asyncio.Lock()
        self._ended = asyncio.Event()
        self.uplink: Uplink | None = None
        self.start_again: asyncio.Queue[StartAgain] = asyncio.Queue(1)
        """That the enclave wants to be started again, once it said so."""

    async def listen(self) -> None:
        """Carry what the enclave says to where it belongs. Ends only by an error: ``PlatformRefused``."""
        try:
            async for origin, payload in self._link.frames():
                if origin is Origin.OPERATOR:
                    self._take(decode_for_operator(payload))
                elif self.uplink is not None:
                    await self.uplink.send(payload)
            raise enclave_gone("the enclave process ended")
        finally:
            self._ended.set()

    def connect(self, url: str, fingerprint: bytes, backoff: Backoff | None = None) -> Uplink:
        """Prepare the connection to the service; its ``run`` makes it. It takes the place of an earlier one."""
        self.uplink = Uplink(url, fingerprint, self._link.from_service, self._report, backoff)
        return self.uplink

    async def awake(self, timeout: float | None = ANSWER_TIMEOUT) -> Ready | Waiting:
        """The enclave's first word, and after each ``Waiting`` the next: it is ready, or waits for its keepers.

        ``timeout`` None: a keeper may be off for days. Raises what kept it from starting.
        """
        answer = await self._next(timeout)
        if isinstance(answer, OperatorRefused):
            raise error_of(answer.refusal)
        if not isinstance(answer, Ready | Waiting):
            raise enclave_gone("the enclave process gave an answer that does not belong here")
        return answer

    async def ready(self, timeout: float = ANSWER_TIMEOUT) -> Ready:
        """The enclave's first word: it is up, isolated, and its store is open. Raises what kept it from that."""
        return await self.hear(Ready, timeout)

    async def ask(self, message: ToSignerFromOperator, kind: type[T], timeout: float = ANSWER_TIMEOUT) -> T:
        """Say ``message`` as the operator and return the answer, a ``kind``. Raises the enclave's refusal."""
        async with self._turn:
            await self._link.from_operator(message)
            return await self.hear(kind, timeout)

    async def tell(self, message: ToSignerFromOperator) -> None:
        """Say ``message`` as the operator; what it leads to is heard later."""
        await self._link.from_operator(message)

    async def hear(self, kind: type[T], timeout: float = ANSWER_TIMEOUT) -> T:
        """The enclave's next word to its operator, which must be a ``kind``."""
        answer = await self._next(timeout)
        if isinstance(answer, OperatorRefused):
            raise error_of(answer.refusal)
        if not isinstance(answer, kind):
            raise enclave_gone("the enclave process gave an answer that does not belong here")
        return answer

    async def close(self) -> None:
        """Close the descriptor; the enclave ends."""
        await self._link.close()

    async def _next(self, timeout: float | None) -> FromSignerToOperator:
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        word = asyncio.create_task(self._inbox.get())
        end = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait((word, end), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if word.done():
                return word.result()
            if end.done():
                raise enclave_gone("the enclave process ended before it answered")
            raise PlatformRefused(
                "enclave-silent",
                f"the enclave process did not answer within {timeout:.0f} seconds",
                not_done="What was asked was not done.",
                remedy="Start the device again.",
            )
        finally:
            word.cancel()
            end.cancel()

    def _take(self, message: FromSignerToOperator) -> None:
        if isinstance(message, StartAgain) and not self.start_again.full():
            self.start_again.put_nowait(message)
            return
        if self._inbox.full():
            raise enclave_gone("the enclave process talks without being asked")
        self._inbox.put_nowait(message)
