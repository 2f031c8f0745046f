"""A start whose store is shut until enough keepers release their pieces: frames in, frames out, no I/O.

It waits for as long as it takes. What the service loses, swaps, plays back or keeps from it is asked for again; a
keeper that is off or refuses is asked again after a pause, so that the owner's approval or a switched-on device is
enough. A keeper that is proven to have lied is named and asked no more. Everything from the service is judged by
``tee.peer_release``; a boot has no identity, signs nothing but its requests, and takes part in nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from warifu.errors import PeerMisbehaved, ServiceRefused, WarifuError
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import (
    AskBoot,
    AskKeeper,
    BootPresence,
    CallRefused,
    Challenge,
    Refusal,
    Reply,
    boot_binding,
    decode_to_boot,
    error_of,
    refusal_of,
    show_boot,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import (
    KeeperSeen,
    OperatorRefused,
    TellEndorsements,
    TellHost,
    Waiting,
    decode_operator,
)
from warifu.protocol.release import AskChallenge, AskRelease, Signed
from warifu.signer.entrusted import BootRecord, read_set
from warifu.signer.evidence import Attester
from warifu.tee.peer_release import Released, Requester

PATIENCE = 60.0
"""Seconds for one keeper's answer: longer than the service gives it."""
OFF_PAUSE, REFUSED_PAUSE = 3.0, 15.0
"""Seconds before a keeper is asked again: one that is off, one that refused (it judges evidence each time)."""
_MAX_ANSWER = 4096
_NOT_THERE = ("service.device-offline", "service.device-silent", "service.device-busy")

Frames = list[tuple[Origin, bytes]]
State = Literal["asked", "off", "refused", "released", "lied"]


@dataclass
class _Keeper:
    """How far it is with one of them."""

    name: str
    state: State = "asked"
    refusal: Refusal | None = None
    call: int | None = None
    """The question that it has not answered yet."""
    wants: Literal["challenge", "release"] = "challenge"
    until: float = 0.0
    """When the question counts as lost; without one, when it is asked again."""


class Booting:
    """One start. ``released`` is there once enough keepers answered."""

    def __init__(
        self, record: BootRecord, boot: IdentityKey, attester: Attester, now: Callable[[], float]
    ) -> None:
        """``now``: seconds, of a clock that only goes forward. Raises ``StoreDamaged``, ``InputRefused``."""
        described = read_set(record, boot)
        self._record = record
        self._boot = boot
        self._attester = attester
        self._now = now
        self._requester = Requester(described, boot, attester.attest)
        self._keepers = {
            identity: _Keeper(name) for identity, name in zip(described.keepers, record.names, strict=True)
        }
        self._last_call = 0
        self._connected = False
        self._said: Waiting | None = None
        self.released: Released | None = None

    def tick(self) -> Frames:
        """Let time pass: ask again those whose turn it is. Call it about once a second, and first of all."""
        frames: Frames = []
        for identity, keeper in self._keepers.items():
            if keeper.state in ("released", "lied") or self._now() < keeper.until or not self._connected:
                continue
            if keeper.call is not None:
                self._put_off(keeper, _silent(keeper.name))
            else:
                frames += self._ask(identity, keeper, self._requester.again(identity))
        return frames + self._news()

    def receive(self, origin: Origin, payload: bytes) -> Frames:
        """Take one frame; return the answers. Nothing that comes in raises."""
        if self.released is not None:
            return []
        try:
            frames = self._operator(payload) if origin is Origin.OPERATOR else self._service(payload)
        except WarifuError as error:
            return (
                [(Origin.OPERATOR, encode(OperatorRefused(refusal_of(error))))]
                if origin is Origin.OPERATOR
                else []
            )
        return frames + self._news()

    def _operator(self, payload: bytes) -> Frames:
        message = decode_operator(payload)
        if isinstance(message, TellEndorsements):
            self._attester.kept = message.documents
            return []
        if not isinstance(message, TellHost):
            raise ServiceRefused(
                "booting",
                "this device waits for its keepers, and its store is shut",
                not_done="Nothing was done.",
                remedy="Ask again when it is up.",
            )
        self._attester.host = message.host
        return []

    def _service(self, payload: bytes) -> Frames:
        message = decode_to_boot(payload)
        if isinstance(message, Challenge):
            return self._introduced(message.nonce)
        if isinstance(message, AskBoot):
            return [(Origin.SERVICE, encode(self._shown(message)))]
        found = next((item for item in self._keepers.items() if item[1].call == message.call), None)
        if found is None:
            return []
        identity, keeper = found
        keeper.call = None
        if isinstance(message, CallRefused):  # the service can write one itself: it proves nothing of anybody
            self._put_off(keeper, error_of(message.refusal))
            return []
        try:
            return self._answered(identity, keeper, message)
        except PeerMisbehaved as error:
            error.blame = keeper.name
            keeper.state, keeper.refusal = "lied", refusal_of(error)
        except WarifuError as error:
            self._put_off(keeper, error)
        return []

    def _introduced(self, nonce: bytes) -> Frames:
        """A connection begins: whatever was asked on an earlier one is not answered any more."""
        self._connected = True
        for keeper in self._keepers.values():
            keeper.call, keeper.until = None, 0.0
        record, boot = self._record, self._boot
        presence = BootPresence(
            record.identity, boot.public, record.certificate, boot.sign("boot-presence", nonce)
        )
        return [(Origin.SERVICE, encode(presence)), *self.tick()]

    def _shown(self, asked: AskBoot) -> Reply | CallRefused:
        """For the owner's client: this machine and program, by evidence that nobody can show in their place."""
        record, boot = self._record, self._boot
        try:
            attestation = self._attester.attest(boot_binding(record.identity, boot.public, asked.nonce))
        except WarifuError as error:
            return CallRefused(asked.call, refusal_of(error))
        return Reply(asked.call, encode(show_boot(boot, record.certificate, attestation, asked.nonce)))

    def _answered(self, identity: bytes, keeper: _Keeper, reply: Reply) -> Frames:
        signed = decode(Signed, reply.answer, _MAX_ANSWER)
        if keeper.wants == "challenge":
            return self._ask(identity, keeper, self._requester.challenged(identity, signed))
        self._requester.released(identity, signed)
        keeper.state, keeper.refusal = "released", None
        if self._requester.needed == 0:
            self.released = self._requester.finish()
        return []

    def _ask(self, identity: bytes, keeper: _Keeper, question: AskChallenge | AskRelease) -> Frames:
        self._last_call += 1
        keeper.call, keeper.until = self._last_call, self._now() + PATIENCE
        keeper.wants = "challenge" if isinstance(question, AskChallenge) else "release"
        return [(Origin.SERVICE, encode(AskKeeper(self._last_call, identity, question)))]

    def _put_off(self, keeper: _Keeper, error: WarifuError) -> None:
        """It did not release its piece, and why; it is asked again after a pause."""
        off = error.code in _NOT_THERE
        keeper.state, keeper.refusal = "off" if off else "refused", refusal_of(error)
        keeper.call, keeper.until = None, self._now() + (OFF_PAUSE if off else REFUSED_PAUSE)

    def _news(self) -> Frames:
        """What the operator sees, where it changed."""
        seen = tuple(
            KeeperSeen(keeper.name, keeper.state, keeper.refusal) for keeper in self._keepers.values()
        )
        waiting = Waiting(self._requester.needed if self.released is None else 0, seen)
        if waiting == self._said:
            return []
        self._said = waiting
        return [(Origin.OPERATOR, encode(waiting))]


def _silent(name: str) -> ServiceRefused:
    return ServiceRefused(
        "device-silent",
        f"keeper '{name}' did not answer within {PATIENCE:.0f} seconds, or the service lost its answer",
        not_done="Its piece was not released.",
        remedy="Check that device; it is asked again.",
        blame=name,
    )
