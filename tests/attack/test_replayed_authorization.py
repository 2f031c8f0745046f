"""The service keeps every authorization that an owner ever gave, and plays it again: for the same, for something else,
to other devices, beside itself, after a restart."""

from __future__ import annotations

import msgspec
import pytest
from nacl.utils import random
from tests.support.attacker import PAIR, Attacker, shares_that_leave
from tests.support.simulator import BTC, Household, signed

from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import encode
from warifu.protocol.events.transfers import Started
from warifu.protocol.request import TransferRequest

pytestmark = [pytest.mark.unit, pytest.mark.slow]


def counted(home: Household, name: str = "device0") -> list[int]:
    """What each request that this device signed has counted, from its journal: one that is signed again counts once."""
    contents = home[name].device.journal.contents()
    started = [entry.event for entry in contents if isinstance(entry.event, Started)]
    return list(
        {event.request: sum(int(moved.counted) for moved in event.moved) for event in started}.values()
    )


def test_what_was_signed_is_answered_from_memory_and_neither_signed_nor_counted_again(home, attacker):
    payment = home.pay()
    kept = home.authorized(payment.request, PAIR)
    first = attacker.show(payment, [payment.unsigned], authorized=kept)
    assert signed(payment, first)
    before = counted(home)
    with shares_that_leave() as shares:
        again = attacker.show(payment, [payment.unsigned], authorized=kept)
    assert again.finished == first.finished and not shares
    assert counted(home) == before == [61_000]


def test_played_to_a_device_that_the_owner_sealed_nothing_to(home: Household, attacker: Attacker):
    """Two quorums for one authorization: the third device gets the envelope of another, or one of the service's own."""
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, PAIR)
    _, own = home.authorized(payment.request, ("device1", "device2"), "a guess")
    for envelope, code in (
        (envelopes["device1"], "authorization.other-device"),
        (own["device2"], "authorization.other-envelope"),
    ):
        openings = home.openings_of(authorization, {"device1": envelopes["device1"], "device2": envelope})
        opening = msgspec.structs.replace(openings["device2"], unsigned=payment.unsigned)
        attacker.refused(code, attacker.send, "device2", opening)
    assert home["device2"].status().wallets[0].tries_left == 5


@pytest.mark.parametrize(
    "change",
    [
        {"fee_ceiling": "100000"},
        {"request_id": bytes(16)},
        {"expires": 2**39},
        {"transaction": bytes(32)},
        {"replaces": bytes(16)},
        {"wallet_id": bytes(32)},
        {"chain": "solana"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_moved_to_another_request(home: Household, attacker: Attacker, change):
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, PAIR)
    other: TransferRequest = msgspec.structs.replace(payment.request, **change)
    moved = msgspec.structs.replace(authorization, request=encode(other))
    codes = {"authorization.signature", "input.unknown-wallet"}
    notes = attacker.refused(codes, lambda: home.run(home.openings_of(moved, envelopes, payment.unsigned)))
    assert {note.by.kind for note in notes} == {"service"}, "no owner asked for that"


def test_an_approval_of_one_request_beside_the_authorization_of_another(home: Household, attacker: Attacker):
    small, large = home.pay(1_000), home.pay(BTC // 2, first_coin=4)
    mine, _ = home.authorized(small.request, PAIR)
    theirs, envelopes = home.authorized(large.request, PAIR)
    for approvals in ((mine.approvals[0],), (theirs.approvals[0], mine.approvals[0])):
        mixed = msgspec.structs.replace(theirs, approvals=approvals)
        attacker.refused(
            "authorization.signature",
            home.run,
            home.openings_of(mixed, envelopes, large.unsigned),
        )


def test_the_authorization_of_the_wallets_birth_moves_no_money(home: Household, attacker: Attacker):
    """The owner's signature over another kind of request, with the transfer's bytes beside it."""
    assert home.wallet_request is not None
    payment = home.pay()
    fresh = msgspec.structs.replace(home.wallet_request, request_id=random(16))
    authorization, envelopes = home.authorized(fresh, PAIR)
    openings = home.openings_of(
        Authorization(encode(payment.request), authorization.envelopes, authorization.approvals),
        envelopes,
        payment.unsigned,
    )
    attacker.refused("authorization.signature", lambda: home.run(openings))


def test_beside_itself_it_is_signed_for_one_transaction_and_counted_once(home: Household, attacker: Attacker):
    payment = home.pay()
    first = home.openings(payment.request, PAIR, payment.unsigned)
    second = home.openings(payment.request, ("device1", "device2"), payment.unsigned)
    inner = []
    outer = home.run(first, opened=lambda: inner.append(home.run(second)))
    assert {signed(payment, each).txid for each in (outer, *inner)} == {payment.request.transaction}
    assert [counted(home, name) for name in home.names] == [[61_000]] * 3


def test_after_a_restart_nothing_that_was_recorded_opens_a_session(home: Household, attacker: Attacker):
    payment, other = home.pay(), home.pay(70_000, first_coin=2)
    unused = home.openings(other.request, PAIR, other.unsigned)
    assert signed(payment, home.sign(payment))
    for device in home.devices.values():
        device.restart()
    attacker.refused("passphrase.envelope-used", lambda: home.run(unused))


def test_a_corrupted_signer_plays_it_with_the_service(home: Household, attacker: Attacker):
    """The id was used for a payment of the owner's; now the same id is to carry another, as genuinely authorized by an
    owner whose client draws ids badly."""
    payment = home.pay()
    assert signed(payment, home.sign(payment))
    attacker.corrupt("device1")
    other = home.pay(70_000, first_coin=5, request_id=payment.request.request_id)
    attacker.refused("authorization.replayed", lambda: home.sign(other))
    for device in home.devices.values():
        device.restart()
    attacker.corrupt("device1")
    attacker.refused("authorization.replayed", lambda: home.sign(other))
