"""A born key takes the place of an account's: the service brings each device the word of all that they keep it.

Which keys wait is asked of the devices (``Status``), at a start, when a device comes and when an API key was brought:
so the service remembers nothing of it, and can be killed between any two devices. Until every holder keeps the new key
nobody is told anything, and the old one is in force everywhere. From then on whoever has switched tells by what, so the
others are brought to it though a holder is lost meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from warifu.errors import WarifuError
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import Succession
from warifu.protocol.frames import MAX_BODY_BYTES, AskStatus, AskSuccession, PutAccountInForce, Status
from warifu.protocol.identity import verify
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import survived
from warifu.service.store.database import Database
from warifu.service.store.wallets import StoredWallet
from warifu.service.workflows.attention import Attention
from warifu.service.workflows.rounds import Rounds, Tries

ROUND_SECONDS = 1.0
_ASK_SECONDS = 10.0


@dataclass(frozen=True)
class _Waiting:
    """One key that waits somewhere."""

    wallet: bytes
    account: str
    succession: bytes
    holders: tuple[bytes, ...]
    """Identities, ascending."""

    def all_said(self, words: tuple[bytes, ...]) -> bool:
        """Whether every holder signed that it keeps it. One that says something else keeps the switch from being made,
        and does nothing more."""
        if len(words) != len(self.holders):
            return False
        try:
            for identity, word in zip(self.holders, words, strict=True):
                verify(identity, word, "exchange-succession", self.succession)
        except WarifuError:
            return False
        return True

    def asking(self, call: int) -> AskSuccession:
        return AskSuccession(call, self.wallet, self.account, self.succession)

    def putting(self, together: tuple[bytes, ...]) -> Callable[[int], PutAccountInForce]:
        return lambda call: PutAccountInForce(call, self.wallet, self.account, self.succession, together)


class ExchangeSuccessions:
    """Runs on the hub's event loop."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._hub = hub
        self._tries: dict[bytes, Tries] = {}
        """Wallet -> when it is tried again, where a device has a key that waits."""
        self._rounds = Rounds(Attention(database, hub), lambda: ROUND_SECONDS, self._ripe, self.bring)

    def start(self) -> None:
        """Begin to look which keys wait."""
        self._rounds.start()

    async def close(self) -> None:
        """End what is running; the devices know how it stands."""
        await self._rounds.close()

    async def bring(self, wallet: StoredWallet) -> None:
        """Have each key put in force that every holder keeps, at each device where it waits. What cannot be done now is
        tried again."""
        done = True
        for waiting, identities in (await self._waiting(wallet)).items():
            together = await self._together(waiting)
            for identity in identities:
                done = done and together is not None
                if together is not None:
                    done = await self._put(waiting, identity, together) and done
        if done:
            self._tries.pop(wallet.id, None)
        else:
            self._tries.setdefault(wallet.id, Tries()).later()

    def _ripe(self, wallet: StoredWallet) -> bool:
        tries = self._tries.get(wallet.id)
        return tries is not None and tries.until <= time.monotonic()

    async def _waiting(self, wallet: StoredWallet) -> dict[_Waiting, list[bytes]]:
        """What waits, and at which of the connected devices."""
        there = [item.identity for item in wallet.request.devices if self._hub.connected(item.identity)]
        answers = await asyncio.gather(*map(self._status, there), return_exceptions=True)
        found: dict[_Waiting, list[bytes]] = {}
        for identity, answer in zip(there, answers, strict=True):
            if isinstance(answer, Status):
                for account in answer.accounts:
                    if account.wallet_id == wallet.id and account.ready:
                        holders = _identities(wallet, account.holders)
                        waiting = _Waiting(wallet.id, account.account, account.ready, holders)
                        found.setdefault(waiting, []).append(identity)
            elif not isinstance(answer, WarifuError):
                raise answer
        return found

    async def _together(self, waiting: _Waiting) -> tuple[bytes, ...] | None:
        """Every holder's word: as one that has switched has it, or each one's own; None where one is missing."""
        told = await asyncio.gather(
            *(self._asked(identity, waiting) for identity in waiting.holders), return_exceptions=True
        )
        words: list[bytes] = []
        for answer in told:
            if isinstance(answer, Succession):
                if waiting.all_said(answer.together):
                    return answer.together
                words.append(answer.signature)
            elif not isinstance(answer, WarifuError):
                raise answer
        return tuple(words) if waiting.all_said(tuple(words)) else None

    async def _put(self, waiting: _Waiting, identity: bytes, together: tuple[bytes, ...]) -> bool:
        switched: list[bytes] = []
        with survived():
            switched.append(await self._hub.call(identity, waiting.putting(together), _ASK_SECONDS))
        return bool(switched)

    async def _asked(self, identity: bytes, waiting: _Waiting) -> Succession:
        return decode(
            Succession, await self._hub.call(identity, waiting.asking, _ASK_SECONDS), MAX_BODY_BYTES
        )

    async def _status(self, identity: bytes) -> Status:
        return decode(Status, await self._hub.call(identity, AskStatus, _ASK_SECONDS), MAX_BODY_BYTES)


def _identities(wallet: StoredWallet, names: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(sorted(each.identity for each in wallet.request.devices if each.name in names))
