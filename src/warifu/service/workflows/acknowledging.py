"""Strict wallets: before anything is signed, enough of the wallet's devices count the transfer, and then say what else
they count (``protocol.acknowledging``). The service only collects it; each participant verifies all of it itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from warifu.errors import ServiceRefused, WarifuError
from warifu.protocol.acknowledging import Acknowledgement, Confirmation, witnesses_needed
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.encoding import Message, decode
from warifu.protocol.frames import MAX_BODY_BYTES, AskAcknowledge, AskConfirmation, ToSigner
from warifu.protocol.request import decode_request, request_digest
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
        there = await self._there(wallet, wait)
        await self._carrier.spread(transfer.wallet)
        needed = witnesses_needed(wallet.request.threshold, len(wallet.request.devices))
        authorization = decode(Authorization, transfer.authorization, MAX_AUTHORIZATION_BYTES)
        acknowledged = await self._ask(
            there,
            lambda call: AskAcknowledge(call, authorization, transfer.unsigned),
            Acknowledgement,
            needed,
        )
        request = request_digest(decode_request(transfer.request))
        confirmed = await self._ask(
            [item.identity for item in acknowledged],
            lambda call: AskConfirmation(call, wallet.id, request, acknowledged),
            Confirmation,
            needed,
        )
        await self._carrier.spread(transfer.wallet)
        return Witnessed(acknowledged, confirmed)

    async def _there(self, wallet: StoredWallet, wait: float) -> list[bytes]:
        """Those that are connected, once they are enough."""
        devices = wallet.request.devices
        needed = witnesses_needed(wallet.request.threshold, len(devices))
        end = asyncio.get_running_loop().time() + wait
        while True:
            there = [item.identity for item in devices if self._hub.connected(item.identity)]
            if len(there) >= needed:
                return there
            if asyncio.get_running_loop().time() >= end:
                missing = [item.name for item in devices if item.identity not in there]
                raise ServiceRefused(
                    "device-offline",
                    f"the wallet is strict: {needed} of its {len(devices)} devices must be awake, and not connected "
                    f"are: {', '.join(missing)}",
                    remedy="Start them, and authorize the transfer again.",
                    blame=missing[0] if len(missing) == 1 else None,
                )
            await asyncio.sleep(0.05)

    async def _ask(
        self, identities: Sequence[bytes], make: Callable[[int], ToSigner], kind: type[T], needed: int
    ) -> tuple[T, ...]:
        """The answers of those that give one, ascending by identity. Raises the first refusal where too few do."""
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

    async def _answer(self, identity: bytes, make: Callable[[int], ToSigner], kind: type[T]) -> T:
        return decode(kind, await self._hub.call(identity, make, _ASK_SECONDS), MAX_BODY_BYTES)
