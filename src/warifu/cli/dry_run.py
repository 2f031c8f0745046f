"""What each device says of a request: would it sign, and by which rules. Nothing is signed by asking, or counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warifu.cli.client import Client
from warifu.cli.screen import Screen, error_object
from warifu.cli.text import tr
from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.api import DecisionOf, DecisionQuestion, Decisions, error_from
from warifu.protocol.comparing import comparison_digits
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, Decision, error_of
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import TransferRequest, request_digest

_OFF = frozenset({"service.device-offline", "service.device-silent"})


@dataclass(frozen=True)
class Told:
    """One device's answer, or why there is none."""

    device: str
    allowed: bool
    rules: tuple[str, ...]
    refusal: WarifuError | None

    @property
    def off(self) -> bool:
        """Whether the device did not answer at all."""
        return self.refusal is not None and self.refusal.code in _OFF


def decisions_of(
    client: Client,
    request: TransferRequest,
    unsigned: bytes,
    devices: Sequence[DeviceRef],
    approvals: Sequence[bytes] = (),
) -> list[Told]:
    """Ask ``devices`` through the service. It can alter what they say; nothing moves by that.

    ``approvals``: encoded, of owners, given so far."""
    question = DecisionQuestion(
        request=encode(request),
        unsigned=unsigned,
        identities=tuple(device.identity for device in devices),
        approvals=tuple(approvals),
    )
    answers = {of.identity: of for of in client.post("/decisions", question, Decisions).decisions}
    return [_told(device.name, answers.get(device.identity)) for device in devices]


def show_decisions(screen: Screen, request: TransferRequest, told: Sequence[Told]) -> dict[str, Any]:
    """For people; returned is the same for scripts."""
    digits = comparison_digits(request_digest(request))
    shown = show_told(screen, told)
    screen.line(tr("Compare on a device ('warifu signer show'): {digits}", digits=digits))
    return {"comparison": digits, "decisions": shown}


def show_told(screen: Screen, told: Sequence[Told]) -> list[dict[str, Any]]:
    """Each device's answer, for people; returned is the same for scripts."""
    for each in told:
        verdict = tr("is off") if each.off else tr("would sign") if each.allowed else tr("would refuse")
        screen.line(f"{each.device}: {verdict}", style="bold")
        for rule in each.rules:
            screen.line(f"  {rule}")
        if each.refusal is not None:
            screen.line(f"  {each.refusal.message} ({each.refusal.code})")
    return [
        {
            "device": each.device,
            "allowed": each.allowed,
            "off": each.off,
            "rules": list(each.rules),
            "refusal": error_object(each.refusal) if each.refusal is not None else None,
        }
        for each in told
    ]


def exit_code_of(told: Sequence[Told], threshold: int) -> int:
    """0 where enough devices would sign; else the code of the first that would not, or that of a device that is off."""
    if sum(each.allowed for each in told) >= threshold:
        return 0
    refusals = [each.refusal for each in told if each.refusal is not None and not each.off]
    return refusals[0].exit_code if refusals else ServiceRefused.exit_code


def _told(device: str, answered: DecisionOf | None) -> Told:
    if answered is None:
        return Told(
            device, False, (), ServiceRefused("answer", "the service did not bring the device's answer")
        )
    refusal = error_from(answered.refusal) if answered.refusal is not None else None
    if answered.decision is None:
        return Told(device, False, (), refusal)
    try:
        return told_by(device, decode(Decision, answered.decision, MAX_BODY_BYTES))
    except InputRefused as error:
        return Told(device, False, (), error)


def told_by(device: str, decision: Decision) -> Told:
    """What the device decided."""
    refusal = error_of(decision.refusal) if decision.refusal is not None else None
    return Told(device, decision.allowed, decision.rules, refusal)
