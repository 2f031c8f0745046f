"""A service that answers with a valid transaction which nobody asked for, while a script says yes to what comes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.bitcoin_coins import (
    COIN,
    FRIEND,
    FRIEND_SCRIPT,
    KEYS,
    THIEF_SCRIPT,
    change,
    outpoint,
    pay,
    spend,
)

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.payment import read_payment
from warifu.chains.bitcoin.psbt import Psbt
from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.asked import check_imported, check_rate, recipients_of_bump
from warifu.cli.paying import Reading, Recipient, check_reading
from warifu.cli.wallet_keys import WINDOW
from warifu.errors import InputRefused, PeerMisbehaved, TransactionRefused
from warifu.units import Satoshi

pytestmark = pytest.mark.unit

AMOUNT, CHANGE = 60_000, 39_000
OTHER_COIN = KeyPath(Branch.RECEIVE, 3)


def paying(script: bytes, fee: int, coins: tuple[KeyPath, ...] = (COIN,)) -> Psbt:
    value = (AMOUNT + CHANGE) // len(coins)
    return spend([(coin, value) for coin in coins], [pay(script, AMOUNT), change(CHANGE - fee)])


def reading(psbt: Psbt, replaces: bytes | None = bytes(16)) -> Reading:
    return Reading(psbt.serialize(), read_payment(psbt.serialize(), KEYS, WINDOW), KEYS, replaces)


FIRST = paying(FRIEND_SCRIPT, 1000)
TXID = display_hash(FIRST.transaction.txid)


def test_a_fee_bump_pays_those_whom_the_named_transaction_pays():
    bumped = reading(paying(FRIEND_SCRIPT, 5000))
    wanted = recipients_of_bump(bumped, FIRST.serialize(), TXID)
    assert wanted == (Recipient(FRIEND, Satoshi(AMOUNT)),)
    check_reading(bumped, wanted, 5000)


def test_a_fee_bump_that_pays_somebody_else_does_not_pass_for_one():
    stolen = reading(paying(THIEF_SCRIPT, 5000))
    wanted = recipients_of_bump(stolen, FIRST.serialize(), TXID)
    with pytest.raises(TransactionRefused) as refused:
        check_reading(stolen, wanted, 5000)
    assert refused.value.reason == "swapped-output"


def test_a_service_cannot_name_another_transaction_as_the_replaced_one():
    stolen = paying(THIEF_SCRIPT, 5000)
    with pytest.raises(PeerMisbehaved) as refused:
        recipients_of_bump(reading(stolen), paying(THIEF_SCRIPT, 1000).serialize(), TXID)
    assert refused.value.reason == "other-transaction"


def test_a_fee_bump_from_other_coins_would_be_a_second_payment():
    first = paying(FRIEND_SCRIPT, 5000)
    (item,) = first.transaction.inputs
    elsewhere = replace(first.transaction, inputs=(replace(item, outpoint=outpoint(7)),))
    second = reading(replace(first, transaction=elsewhere))
    with pytest.raises(PeerMisbehaved) as refused:
        recipients_of_bump(second, FIRST.serialize(), TXID)
    assert refused.value.reason == "not-a-replacement"


def test_a_fee_bump_may_add_coins():
    more = reading(paying(FRIEND_SCRIPT, 5000, (COIN, OTHER_COIN)))
    assert recipients_of_bump(more, FIRST.serialize(), TXID)


def test_the_draft_of_a_file_is_the_files_transaction():
    check_imported(reading(FIRST, None), FIRST.serialize())
    with pytest.raises(PeerMisbehaved) as refused:
        check_imported(reading(paying(THIEF_SCRIPT, 1000), None), FIRST.serialize())
    assert refused.value.reason == "other-transaction"
    with pytest.raises(InputRefused):
        check_imported(reading(FIRST, None), b"rubbish")
    with pytest.raises(PeerMisbehaved) as refused:
        check_imported(reading(FIRST), FIRST.serialize())
    assert refused.value.reason == "not-a-replacement"


@pytest.mark.parametrize(("fee", "rate"), [(308, 2000), (1500, 2000), (1540, 10_000)])
def test_a_fee_at_the_asked_rate_passes(fee, rate):
    """Change that is not worth making may go to the miner."""
    check_rate(reading(paying(FRIEND_SCRIPT, fee)).payment, rate)


@pytest.mark.parametrize(("fee", "rate"), [(2000, 2000), (30_000, 10_000)])
def test_a_fee_that_nobody_asked_for_is_refused(fee, rate):
    with pytest.raises(PeerMisbehaved) as refused:
        check_rate(reading(paying(FRIEND_SCRIPT, fee)).payment, rate)
    assert (refused.value.reason, refused.value.blame) == ("fee", "service")
