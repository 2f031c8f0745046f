"""Strict wallets: before anything is signed that spends, enough of the wallet's devices count it, and then say what
else they count (``protocol.acknowledging``). The service only collects it; each participant verifies all of it itself.

A call at an exchange is as a transfer, but for two things. What is asked is in a parcel for each device, so only those
are asked that have one. And what devices tell each other of calls the service never carries: where one of those that
make a call does not count what others do, they meet in a session and tell it (``OpenTelling``).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from warifu.errors import ServiceRefused, WarifuError
from warifu.protocol.acknowledging import Acknowledgement, Confirmation, witnesses_needed
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.encoding import Message, decode
from warifu.protocol.frames import (
    MAX_BODY_BYTES,
    AskAcknowledge,
    AskAcknowledgeCall,
    AskConfirmation,
    OpenTelling,
    ToSigner,
)
from warifu.protocol.request import decode_request, request_digest
from warifu.service.doors import Parcelled
from warifu.service.hub.hub import Hub
from warifu.service.store.database import Database
from warifu.service.store.instructions import rules_of
from warifu.service.store.rows import StoredTransfer
from warifu.service.store.wallets import StoredWallet, wallet_named
from warifu.service.workflows.carrying import Carrier

ACKNOWLEDGEMENTS = "acknowledgements"
"""The reason with which a strict wallet's device refuses what too few of them count."""
NOTES_MISSING = "notes-missing"
_ASK_SECONDS = 20.0
_TELLINGS = 3
"""Sessions for one call in which devices tell each other what they count: what does not fit is told in the next."""
T = TypeVar("T", bound=Message)


@dataclass(frozen=True)
class Witnessed:
    """What a session of a strict wallet is opened with."""

    acknowledgements: tuple[Acknowledgement, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()


UNWITNESSED = Witnessed()


class Acknowledging:
    """Runs on the hub's event loop."""

    def __init__(self, database: Database, hub: Hub, carrier: Carrier) -> None:
        self._database = database
        self._hub = hub
        self._carrier = carrier

    async def of_strict(self, transfer: StoredTransfer, wait: float) -> Witnessed:
        """As ``witnessed`` for a wallet that is strict as far as its devices said; nothing for any other one."""
        wallet = await asyncio.to_thread(wallet_named, self._database, transfer.wallet)
        rules = await asyncio.to_thread(rules_of, self._database, wallet)
        return await self.witnessed(transfer, wait) if rules.policy.strict else UNWITNESSED

    async def witnessed(self, transfer: StoredTransfer, wait: float) -> Witnessed:
        """Have the wallet's connected devices count the transfer, and say what else they count.

        First they are told what the others know, so that nobody counts what another one will refuse. ``wait``: seconds
        for enough of them to be there. Raises ``ServiceRefused`` (``device-offline``), or a device's refusal.
        """
        wallet = await asyncio.to_thread(wallet_named, self._database, transfer.wallet)
        devices = [item.identity for item in wallet.request.devices]
        there = await self._there(wallet, wait, devices)
        await self._carrier.spread(transfer.wallet)
        authorization = decode(Authorization, transfer.authorization, MAX_AUTHORIZATION_BYTES)
        acknowledged = await self._ask(
            wallet,
            there,
            lambda _identity, call: AskAcknowledge(call, authorization, transfer.unsigned),
            Acknowledgement,
        )
        request = request_digest(decode_request(transfer.request))
        confirmed = await self._confirmed(wallet, request, acknowledged)
        await self._carrier.spread(transfer.wallet)
        return Witnessed(acknowledged, confirmed)

    async def of_call(
        self, name: str, parcelled: Parcelled, makers: Sequence[bytes], wait: float, seconds: float
    ) -> Witnessed:
        """As ``witnessed``, for a call at an exchange, of those devices of the wallet ``name`` that have a parcel.
        ``makers``: who makes it; ``seconds``: for a session in which they are told what they do not know."""
        wallet = await asyncio.to_thread(wallet_named, self._database, name)
        there = await self._there(wallet, wait, parcelled.participants)
        acknowledged = await self._ask(
            wallet,
            there,
            lambda identity, call: AskAcknowledgeCall(
                call, parcelled.authorization, parcelled.parcels[identity]
            ),
            Acknowledgement,
        )
        confirmed = await self._confirmed(wallet, parcelled.digest, acknowledged)
        for _ in range(_TELLINGS):
            if not _unheard(confirmed, parcelled.digest, makers):
                break
            await self._tell(wallet, {*makers, *(item.identity for item in confirmed)}, seconds)
            confirmed = await self._confirmed(wallet, parcelled.digest, acknowledged)
        return Witnessed(acknowledged, confirmed)

    async def _confirmed(
        self, wallet: StoredWallet, request: bytes, acknowledged: tuple[Acknowledgement, ...]
    ) -> tuple[Confirmation, ...]:
        return await self._ask(
            wallet,
            [item.identity for item in acknowledged],
            lambda _identity, call: AskConfirmation(call, wallet.id, request, acknowledged),
            Confirmation,
        )

    async def _tell(self, wallet: StoredWallet, identities: Collection[bytes], seconds: float) -> None:
        opening = OpenTelling(secrets.token_bytes(16), wallet.id, tuple(sorted(identities)))
        await self._hub.run_session(
            dict.fromkeys(identities, opening),
            wanted=len(identities),
            judge=lambda _identity, _result: None,  # it has no result
            entered=lambda _device: None,
            timeout=seconds,
        )

    async def _there(self, wallet: StoredWallet, wait: float, among: Sequence[bytes]) -> list[bytes]:
        """Those of ``among`` that are connected, once they are enough."""
        devices = wallet.request.devices
        needed = witnesses_needed(wallet.request.threshold, len(devices))
        end = asyncio.get_running_loop().time() + wait
        while True:
            there = [identity for identity in among if self._hub.connected(identity)]
            if len(there) >= needed:
                return there
            if asyncio.get_running_loop().time() >= end:
                missing = [item.name for item in devices if item.identity not in there]
                raise ServiceRefused(
                    "device-offline",
                    f"the wallet is strict: {needed} of its {len(devices)} devices must be awake and asked, and are "
                    f"not: {', '.join(missing)}",
                    remedy="Start them, and ask again.",
                    blame=missing[0] if len(missing) == 1 else None,
                )
            await asyncio.sleep(0.05)

    async def _ask(
        self,
        wallet: StoredWallet,
        identities: Sequence[bytes],
        make: Callable[[bytes, int], ToSigner],
        kind: type[T],
    ) -> tuple[T, ...]:
        """The answers of those that give one, ascending by identity. Raises the first refusal where too few do."""
        needed = witnesses_needed(wallet.request.threshold, len(wallet.request.devices))
        ordered = sorted(identities)
        answers = await asyncio.gather(
            *(self._answer(identity, make, kind) for identity in ordered), return_exceptions=True
        )
        given = tuple(answer for answer in answers if not isinstance(answer, BaseException))
        refusals = [answer for answer in answers if isinstance(answer, BaseException)]
        for refusal in refusals:
            if len(given) < needed or not isinstance(refusal, WarifuError):
                raise refusal
        return given

    async def _answer(self, identity: bytes, make: Callable[[bytes, int], ToSigner], kind: type[T]) -> T:
        answer = await self._hub.call(identity, lambda call: make(identity, call), _ASK_SECONDS)
        return decode(kind, answer, MAX_BODY_BYTES)


def _unheard(confirmed: Sequence[Confirmation], request: bytes, makers: Sequence[bytes]) -> bool:
    """Whether one of those that make the call does not count what another device says that it counts."""
    known = {item.identity: {*item.known, request} for item in confirmed}
    everything = set().union(*known.values()) if known else set()
    return any(known.get(maker, set()) != everything for maker in makers)
