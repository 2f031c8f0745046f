"""What this client believes of what a service shows it of a call."""

from __future__ import annotations

from typing import Any

import pytest

from warifu.cli.exchange_calls import told_in
from warifu.errors import WarifuError
from warifu.exchanges.failures import OutcomeUnknown
from warifu.protocol import api
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import AnswerKey, Told, seal_told
from warifu.protocol.identity import IdentityKey

pytestmark = pytest.mark.unit

CARRIER, SERVICE = IdentityKey(bytes([1]) * 32), IdentityKey(bytes([2]) * 32)
NAMED, OTHER = bytes([7]) * 32, bytes([8]) * 32
REFUSED = Told(NAMED, "refused", "funds", 0, None)


def shown(answer: bytes | None, **said: Any) -> api.ExchangeCallShown:
    fields: dict[str, Any] = {
        "id": "07" * 16,
        "wallet": "savings",
        "account": "main",
        "request": NAMED,
        "state": "done",
        "carrier": CARRIER.public,
        "outcome": "refused",
        "reason": "funds",
        "retry_after": 0,
        "answer": answer,
        "refusal": None,
        "compared": (),
        "events": (),
        "created": 1,
    }
    return api.ExchangeCallShown(
        **{name: (fields | said)[name] for name in api.ExchangeCallShown.__struct_fields__}
    )


@pytest.mark.parametrize("outcome", ["refused", "try-again", "done", "not-there"])
def test_that_nothing_happened_is_no_word_of_the_services(outcome):
    """It says that the exchange refused an order that was made: who believes it orders once more."""
    with pytest.raises(OutcomeUnknown):
        told_in(shown(None, outcome=outcome), AnswerKey(), NAMED, CARRIER.public)


def test_what_the_carrier_signed_is_believed_whatever_the_service_says_beside_it():
    reader = AnswerKey()
    sealed = encode(seal_told(REFUSED, reader.public, CARRIER))
    assert told_in(shown(sealed, outcome="done", reason=""), reader, NAMED, CARRIER.public) == REFUSED


def test_what_somebody_else_signed_or_of_another_request_or_for_another_reader_is_not_believed():
    reader = AnswerKey()
    for answer in (
        seal_told(REFUSED, reader.public, SERVICE),
        seal_told(Told(OTHER, "refused", "funds", 0, None), reader.public, CARRIER),
        seal_told(REFUSED, AnswerKey().public, CARRIER),
    ):
        with pytest.raises(WarifuError):
            told_in(shown(encode(answer)), reader, NAMED, CARRIER.public)
