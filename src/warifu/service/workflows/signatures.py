"""How a transfer gets its signatures from the devices: a session among them, or their journals after a kill.

For ECDSA the devices first need something prepared with each other (``correlations``). That is made before the owner's
one-shot envelopes are used; a signer that finds nothing prepared refuses before it touches them, too.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from warifu.errors import (
    PassphraseRefused,
    PeerMisbehaved,
    PolicyDenied,
    ServiceRefused,
    SessionAborted,
    WarifuError,
)
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.chains import scheme_of
from warifu.protocol.encoding import decode
from warifu.protocol.envelope import Envelope
from warifu.protocol.frames import MAX_BODY_BYTES, AskResult, OpenSession, ResultAnswer, TransferSignatures
from warifu.protocol.request import decode_request, request_digest
from warifu.service.config import ServiceConfig
from warifu.service.hub.hub import Hub
from warifu.service.roads.road import Assembled, Road
from warifu.service.store.rows import StoredTransfer
from warifu.service.workflows.acknowledging import (
    ACKNOWLEDGEMENTS,
    NOTES_MISSING,
    Acknowledging,
    Witnessed,
)
from warifu.service.workflows.correlations import CORRELATIONS_MISSING, Correlations
from warifu.service.workflows.refresh import Refreshes

ASK_SECONDS = 10.0
_TRIES = 3
"""Sessions for one authorization, where devices say that they are not prepared though they had said they were."""

Note = Callable[[StoredTransfer, int, str, str | None], None]
"""Told the step, the words, and the device that did it."""


class Signatures:
    """Runs on the hub's event loop."""

    def __init__(
        self,
        hub: Hub,
        correlations: Correlations,
        acknowledging: Acknowledging,
        refreshes: Refreshes,
        config: ServiceConfig,
        note: Note,
    ) -> None:
        self._hub = hub
        self._correlations = correlations
        self._acknowledging = acknowledging
        self._refreshes = refreshes
        self._config = config
        self._note = note

    async def obtain(self, transfer: StoredTransfer, road: Road, *, fresh: bool) -> Assembled:
        """The signatures in their place. ``fresh``: whether no session was opened with these envelopes before.

        Raises the first refusal of a device, ``SessionAborted``, or ``ServiceRefused`` (``device-offline``).
        """
        judge = Judge(transfer, road)
        await self._wait_for_devices(transfer)
        await self._refreshes.catch_up(transfer.wallet, transfer.participants)
        if not fresh:
            # Killed while the signers worked. They may have finished: their journals know.
            found = await self._ask_results(transfer, judge)
            if found is not None:
                return found
        try:
            return await self._witnessed_session(transfer, judge)
        except WarifuError as error:
            found = await self._ask_results(transfer, judge)
            if found is not None:
                return found
            if not fresh and isinstance(error, PassphraseRefused) and error.reason.startswith("envelope"):
                raise interrupted() from None
            raise

    async def _wait_for_devices(self, transfer: StoredTransfer) -> None:
        if not await self._hub.wait_connected(transfer.participants, self._config.signer_wait):
            missing = [item for item in transfer.participants if not self._hub.connected(item)]
            names = [self._hub.name_of(item) for item in missing]
            raise ServiceRefused(
                "device-offline",
                f"not connected: {', '.join(names)}",
                remedy="Start the device, or choose another one, and authorize the transfer again.",
                blame=names[0] if len(names) == 1 else None,
            )

    async def _witnessed_session(self, transfer: StoredTransfer, judge: Judge) -> Assembled:
        """In a strict wallet with what its devices count. Devices refuse without it before they touch an envelope, so a
        wallet whose policy became strict since is found out by asking."""
        witnessed = await self._acknowledging.of_strict(transfer, self._config.signer_wait)
        for _ in range(_TRIES - 1):
            self._say_witnessed(transfer, witnessed)
            try:
                return await self._prepared_session(transfer, judge, witnessed)
            except (PolicyDenied, SessionAborted) as error:
                if error.reason not in (ACKNOWLEDGEMENTS, NOTES_MISSING):
                    raise
            witnessed = await self._acknowledging.witnessed(transfer, self._config.signer_wait)
        return await self._prepared_session(transfer, judge, witnessed)

    def _say_witnessed(self, transfer: StoredTransfer, witnessed: Witnessed) -> None:
        names = ", ".join(self._hub.name_of(item.identity) for item in witnessed.acknowledgements)
        if names:
            self._note(transfer, 2, f"{names} count the transfer from now on", None)

    async def _prepared_session(
        self, transfer: StoredTransfer, judge: Judge, witnessed: Witnessed
    ) -> Assembled:
        if scheme_of(transfer.chain) != "ecdsa":
            return await self._session(transfer, judge, witnessed)
        for _ in range(_TRIES - 1):
            if await self._correlations.ensure(transfer.wallet, transfer.participants):
                names = ", ".join(map(self._hub.name_of, transfer.participants))
                self._note(transfer, 2, f"{names} prepared an ECDSA signature with each other", None)
            try:
                return await self._session(transfer, judge, witnessed)
            except SessionAborted as error:
                if error.reason != CORRELATIONS_MISSING:
                    raise
            await self._correlations.renew(transfer.wallet, transfer.participants)
        return await self._session(transfer, judge, witnessed)

    async def _session(self, transfer: StoredTransfer, judge: Judge, witnessed: Witnessed) -> Assembled:
        authorization = decode(Authorization, transfer.authorization, MAX_AUTHORIZATION_BYTES)
        session = secrets.token_bytes(16)
        read = (decode(Envelope, envelope, 1024) for envelope in transfer.envelopes)
        openings = {
            envelope.identity: OpenSession(
                session,
                authorization,
                envelope,
                transfer.participants,
                transfer.unsigned,
                witnessed.acknowledgements,
                witnessed.confirmations,
            )
            for envelope in read
        }
        names = ", ".join(map(self._hub.name_of, transfer.participants))
        what = "transaction" if transfer.sends else "message"
        self._note(transfer, 2, f"authorization and passphrase envelopes are sent to {names}", None)
        results = await self._hub.run_session(
            openings,
            wanted=1,
            judge=judge,
            entered=lambda device: self._note(
                transfer, 3, f"read the {what}, judged it and opened its share", device
            ),
            timeout=self._config.session_seconds,
        )
        return judge.assembled(next(iter(results.values())))

    async def _ask_results(self, transfer: StoredTransfer, judge: Judge) -> Assembled | None:
        """What any connected participant has. A device that does not answer has nothing to give."""
        for identity in transfer.participants:
            try:
                answer = decode(
                    ResultAnswer,
                    await self._hub.call(
                        identity, lambda call: AskResult(call, judge.request), timeout=ASK_SECONDS
                    ),
                    MAX_BODY_BYTES * 2,
                )
                if answer.state == "finished":
                    return judge.assembled(answer.result)
            except WarifuError:
                continue
        return None


class Judge:
    """Whether what a signer hands in are the signatures of this transfer's transaction, each of them valid."""

    def __init__(self, transfer: StoredTransfer, road: Road) -> None:
        self.request = request_digest(decode_request(transfer.request))
        self._transfer = transfer
        self._road = road

    def __call__(self, identity: bytes, result: bytes) -> None:
        """For the hub; raises as ``assembled``."""
        del identity  # signatures speak for themselves
        self.assembled(result)

    def assembled(self, result: bytes) -> Assembled:
        """Raises ``InputRefused``, ``PeerMisbehaved`` or ``TransactionRefused``."""
        found = decode(TransferSignatures, result, MAX_BODY_BYTES)
        if found.request != self.request:
            raise PeerMisbehaved("result", "a device handed in the signatures of another request")
        return self._road.assemble(self._transfer.wallet, self._transfer.unsigned, found.signatures)


def interrupted() -> SessionAborted:
    """The service went away in the middle."""
    return SessionAborted(
        "interrupted",
        "the service stopped while the devices worked on this transfer",
        not_done="As far as the connected devices know nothing was signed, and nothing was sent.",
        remedy="Authorize the same transfer again: it is the same transaction, so it cannot pay twice.",
    )
