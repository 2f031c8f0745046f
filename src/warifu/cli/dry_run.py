"""What each device says of an order that nobody authorized: would it sign, and by which rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.cli.client import Client
from warifu.cli.order import Order
from warifu.cli.screen import Screen, error_object
from warifu.cli.text import tr
from warifu.errors import WarifuError
from warifu.protocol.api import DecisionOf, DecisionQuestion, Decisions, error_from
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, Decision, error_of
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import TransferRequest


@dataclass(frozen=True)
class Told:
    """One device's answer, or why there is none."""

    device: str
    allowed: bool
    rules: tuple[str, ...]
    refusal: WarifuError | None


def decisions_of(
    client: Client, order: Order, request: TransferRequest, devices: Sequence[DeviceRef]
) -> list[Told]:
    """Ask ``devices`` through the service. It can alter what they say; nothing moves by that."""
    question = DecisionQuestion(
        request=encode(request),
        unsigned=order.unsigned,
        identities=tuple(device.identity for device in devices),
    )
    answer = client.post("/decisions", question, Decisions)
    return [_told(device.name, of) for device, of in zip(devices, answer.decisions, strict=False)]


def show_decisions(screen: Screen, order: Order, told: Sequence[Told]) -> None:
    """For people, and for scripts."""
    for each in told:
        verdict = tr("would sign") if each.allowed else tr("would refuse")
        screen.line(f"{each.device}: {verdict}", style="bold")
        for rule in each.rules:
            screen.line(f"  {rule}")
        if each.refusal is not None:
            screen.line(f"  {each.refusal.message} ({each.refusal.code})")
    decisions = [
        {
            "device": each.device,
            "allowed": each.allowed,
            "rules": list(each.rules),
            "refusal": error_object(each.refusal) if each.refusal is not None else None,
        }
        for each in told
    ]
    screen.result({**order.described, "decisions": decisions})


def _told(device: str, answered: DecisionOf) -> Told:
    refusal: WarifuError | None = error_from(answered.refusal) if answered.refusal is not None else None
    if answered.decision is None:
        return Told(device, False, (), refusal)
    decision = decode(Decision, answered.decision, MAX_BODY_BYTES)
    if decision.refusal is not None:
        refusal = error_of(decision.refusal)
    return Told(device, decision.allowed, decision.rules, refusal)
