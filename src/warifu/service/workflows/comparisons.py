"""Comparisons: a device that signed what a signature does not wholly cover looks afterwards what is at the exchange.

Which of them are due is asked of the devices, each time: the service remembers nothing about them, so it can be killed
and put back as one likes. A device that is not brought to its comparison signs no further trade or withdrawal of that
account: a service that leaves it out gains nothing, and its owner has an account that stands still.

Nothing is signed by it but the one question that follows from what was signed, and no owner is asked.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections import Counter
from dataclasses import dataclass

from warifu.errors import PeerMisbehaved, WarifuError
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import MORE_PAGES, CallResult, Cosigned
from warifu.protocol.frames import MAX_BODY_BYTES, AskStatus, OpenComparison, Status
from warifu.service.bell import Bell
from warifu.service.hub.hub import Hub
from warifu.service.store import exchange_calls as store
from warifu.service.store.database import Database
from warifu.service.store.wallets import StoredWallet
from warifu.service.workflows.attention import Attention
from warifu.service.workflows.refresh import Refreshes
from warifu.service.workflows.rounds import Rounds, Tries, with_helpers

ROUND_SECONDS = 1.0
_ASK_SECONDS = 10.0
_LONGEST_WAIT = 600.0
"""Seconds that a device can have us wait, which says when there will be something to compare."""
_SESSION_SECONDS = 60.0
"""A silent device holds up the comparisons of its wallet for no longer."""
_AT_ONCE = 8
"""Comparisons of one device in a round, and none after one that failed: what others owe is not behind all that one says
it owes."""
_SILENT_SECONDS = 15.0
"""After so long devices are asked again of which one did not say what it owes. It need not connect anew before it
speaks again: a machine that was asleep or busy keeps its connection."""


@dataclass(frozen=True)
class _Due:
    """What one device of a wallet owes."""

    wallet: bytes
    identity: bytes
    account: str
    about: bytes
    holders: tuple[str, ...]
    """Names of the devices that have a share of the credential."""

    @property
    def key(self) -> tuple[bytes, bytes, bytes]:
        return self.wallet, self.identity, self.about


class Comparisons:
    """Runs on the hub's event loop."""

    def __init__(
        self, database: Database, hub: Hub, bell: Bell, refreshes: Refreshes, timeout: float
    ) -> None:
        self._database = database
        self._hub = hub
        self._bell = bell
        self._refreshes = refreshes
        self._timeout = min(timeout, _SESSION_SECONDS)
        self._due: dict[bytes, list[_Due]] = {}
        """Wallet -> what its devices said that they owe, when they were asked last."""
        self._again: dict[bytes, set[int]] = {}
        """Wallet -> when something may be owed again (whole seconds, monotonic): what was found is looked at once more,
        each in its own time, and who did not answer is asked again. No more than seconds in the longest wait."""
        self._tries: dict[tuple[bytes, bytes, bytes], Tries] = {}
        self._rounds = Rounds(
            Attention(database, hub), lambda: ROUND_SECONDS, self._ripe, self._look_and_compare
        )

    def start(self) -> None:
        """Begin to look what is due."""
        self._rounds.start()

    async def close(self) -> None:
        """End what is running."""
        await self._rounds.close()

    def soon(self, name: str) -> None:
        """A call of the wallet ``name`` has ended: something may be due. From any thread."""
        self._rounds.soon(name)

    def _ripe(self, wallet: StoredWallet) -> bool:
        now = time.monotonic()
        return any(moment <= now for moment in self._again.get(wallet.id, ())) or any(
            self._tried(due).until <= now and self._participants(wallet, due) is not None
            for due in self._due.get(wallet.id, ())
        )

    async def _look_and_compare(self, wallet: StoredWallet) -> None:
        now = time.monotonic()
        later = {moment for moment in self._again.pop(wallet.id, ()) if moment > now}
        if later:
            self._again[wallet.id] = later
        self._due[wallet.id] = await self._said(wallet)
        known = {due.key for due in self._due[wallet.id]}
        for key in [key for key in self._tries if key[0] == wallet.id and key not in known]:
            del self._tries[key]
        left = Counter(due.identity for due in self._due[wallet.id])
        left = Counter({identity: min(number, _AT_ONCE) for identity, number in left.items()})
        for due in self._due[wallet.id]:
            if left[due.identity] and self._tried(due).until <= time.monotonic():
                left[due.identity] -= 1
                if not await self._try(wallet, due):
                    left[due.identity] = 0

    async def _said(self, wallet: StoredWallet) -> list[_Due]:
        """What each connected device says that it owes. Who does not answer is left out of this round."""
        there = [item.identity for item in wallet.request.devices if self._hub.connected(item.identity)]
        answers = await asyncio.gather(*map(self._status, there), return_exceptions=True)
        found = []
        for identity, answer in zip(there, answers, strict=True):
            if isinstance(answer, Status):
                found += [
                    _Due(wallet.id, identity, account.account, about, account.holders)
                    for account in answer.accounts
                    if account.wallet_id == wallet.id
                    for about in account.due
                ]
            elif isinstance(answer, WarifuError):
                self._look_again(wallet.id, _SILENT_SECONDS)
            else:
                raise answer
        return found

    def _look_again(self, wallet: bytes, seconds: float) -> None:
        self._again.setdefault(wallet, set()).add(math.ceil(time.monotonic() + seconds))

    async def _status(self, identity: bytes) -> Status:
        return decode(Status, await self._hub.call(identity, AskStatus, _ASK_SECONDS), MAX_BODY_BYTES)

    async def _try(self, wallet: StoredWallet, due: _Due) -> bool:
        """Whether there is a result, or too few are there to try."""
        participants = self._participants(wallet, due)
        if participants is None:
            return True  # as soon as enough are there
        tries, least = self._tried(due), 0.0
        try:
            result = await self._compare(wallet, due, participants)
        except WarifuError as error:
            name = self._hub.name_of(due.identity)
            said = f"{name} could not compare it with the exchange: {error.message}"
            # What a hostile helper says is another thing each time: one of each kind is enough.
            once = f"comparison-{due.identity.hex()}-{error.family}"
            await asyncio.to_thread(store.note_about, self._database, due.about, said, once)
            return False
        else:
            name = self._hub.name_of(due.identity)
            said = f"{name} compared it with the exchange: {result.outcome}"
            await asyncio.to_thread(
                store.put_comparison, self._database, due.about, due.identity, result.outcome, said
            )
            least = min(float(result.retry_after), _LONGEST_WAIT)
            if result.reason == MORE_PAGES:
                tries.count = 0  # it gets on
            if least:
                self._look_again(wallet.id, least)
        finally:
            tries.later(least)
            self._bell.ring()
        return True

    def _participants(self, wallet: StoredWallet, due: _Due) -> tuple[bytes, ...] | None:
        """The one that owes it and as many others as sign, other ones with each try; None where too few are there."""
        if not self._hub.connected(due.identity):
            return None
        others = [
            device.identity
            for device in wallet.request.devices
            if device.name in due.holders
            and device.identity != due.identity
            and self._hub.connected(device.identity)
        ]
        return with_helpers(due.identity, others, wallet.request.threshold - 1, self._tried(due).count)

    async def _compare(self, wallet: StoredWallet, due: _Due, participants: tuple[bytes, ...]) -> CallResult:
        await self._refreshes.catch_up(wallet.name, participants)
        opening = OpenComparison(
            secrets.token_bytes(16), wallet.id, due.account, due.about, participants, due.identity
        )
        results = await self._hub.run_session(
            dict.fromkeys(participants, opening),
            wanted=len(participants),
            judge=lambda identity, result: _judge(due, identity, result),
            entered=lambda _device: None,
            timeout=self._timeout,
            decisive=due.identity,
        )
        return decode(CallResult, results[due.identity], MAX_BODY_BYTES)

    def _tried(self, due: _Due) -> Tries:
        return self._tries.setdefault(due.key, Tries())


def _judge(due: _Due, identity: bytes, result: bytes) -> None:
    about = (
        decode(CallResult, result, MAX_BODY_BYTES).request
        if identity == due.identity
        else decode(Cosigned, result, MAX_BODY_BYTES).request
    )
    if about != due.about:
        raise PeerMisbehaved("result", "a device handed in the result of another comparison")
