"""What devices say of a call at an exchange in a dry run: each for itself, sealed to the owner and signed.

The service carries it and hears no reason: that would tell what is traded.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.cli.dry_run import Told, told_by
from warifu.errors import ServiceRefused, WarifuError
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import MAX_ANSWER_BYTES, AnswerKey, SealedAnswer
from warifu.protocol.exchange_decisions import open_decision
from warifu.protocol.identity import DeviceRef


def read_decisions(
    answer: api.ExchangeDecisions, devices: Sequence[DeviceRef], reader: AnswerKey, request: bytes
) -> list[Told]:
    """What each of these devices says of the request with this digest, or why it does not."""
    answered = {each.identity: each for each in answer.decisions}
    return [_read(device, answered.get(device.identity), reader, request) for device in devices]


def _read(
    device: DeviceRef, answered: api.ExchangeDecisionOf | None, reader: AnswerKey, request: bytes
) -> Told:
    if answered is None or (answered.decision is None and answered.refusal is None):
        missing = ServiceRefused("answer", "the service did not bring the device's answer")
        return Told(device.name, False, (), missing)
    if answered.decision is None:
        assert answered.refusal is not None, "one of them is there"
        return Told(device.name, False, (), error_from(answered.refusal))
    try:
        sealed = decode(SealedAnswer, answered.decision, 2 * MAX_ANSWER_BYTES)
        return told_by(device.name, open_decision(reader, sealed, request, device.identity))
    except WarifuError as error:
        return Told(device.name, False, (), error)
