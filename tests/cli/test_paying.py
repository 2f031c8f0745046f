"""The client beside a service that builds, or tells, something else than the owner asked for."""

from __future__ import annotations

from typing import ClassVar, cast

import msgspec
import pytest
from tests.support.bitcoin_coins import (
    COIN,
    FRIEND,
    FRIEND_SCRIPT,
    KEYS,
    STRANGER,
    THIEF,
    THIEF_SCRIPT,
    change,
    outpoint,
    pay,
    spend,
)

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.psbt import Psbt, PsbtInput
from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.accounts import Watching
from warifu.cli.commands.send import _bitcoin_payment
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import LIFETIME
from warifu.cli.paying import (
    Recipient,
    bitcoin_order,
    check_reading,
    parse_fee_rate,
    read_draft,
    recipient,
    recipients_of,
    recipients_of_child,
)
from warifu.cli.transferring import Sender
from warifu.cli.wallet_keys import check_address
from warifu.errors import InputRefused, PeerMisbehaved, TransactionRefused
from warifu.protocol.api import Draft
from warifu.protocol.credential import DeviceKey
from warifu.protocol.frames import KeyBirth, WalletBirth
from warifu.protocol.identity import DeviceRef
from warifu.protocol.policy import POLICY_VERSION, Policy
from warifu.protocol.request import Outflow, Stretching, WalletRequest
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]

AMOUNT, CHANGE, FEE = 60_000, 39_000, 1_000
WANTED = (Recipient(FRIEND, Satoshi(AMOUNT)),)
WALLET = Wallet(
    "savings",
    WalletRequest(
        bytes(16),
        "regtest",
        ("bip340",),
        1,
        (DeviceRef("pi", bytes(32)),),
        (DeviceKey(bytes(32)),),
        Policy(POLICY_VERSION, 5, ()),
        Stretching(64, 3),
        1,
        2,
    ),
    WalletBirth(
        bytes(32),
        (KeyBirth("bip340", KEYS.threshold_public, KEYS.chain_code, (KEYS.threshold_public,), bytes(32)),),
    ),
)


def draft_of(psbt: Psbt, **told: object) -> Draft:
    """The service's answer; ``told`` is where it lies."""
    honest = Draft(
        psbt=psbt.serialize(),
        txid=display_hash(psbt.transaction.txid),
        fee=FEE,
        vsize=150,
        fee_rate=6000,
        replaces=None,
    )
    return msgspec.structs.replace(honest, **told)


def honest() -> Psbt:
    return spend([(COIN, AMOUNT + CHANGE + FEE)], [pay(FRIEND_SCRIPT, AMOUNT), change(CHANGE)])


def test_an_honest_draft_becomes_a_request_for_exactly_this_transaction():
    reading = read_draft(WALLET, draft_of(honest()))
    assert recipients_of(reading.payment) == WANTED
    order = bitcoin_order(WALLET, reading, WANTED, None, (), 0)
    request = order.request(WALLET, 1000)
    assert (request.chain, request.transaction) == ("bitcoin", honest().transaction.txid)
    assert request.outflows == (Outflow("payment", "", str(AMOUNT), FRIEND),)
    assert request.fee_ceiling == str(FEE)
    assert (request.created, request.expires) == (1000, 1000 + LIFETIME)
    assert order.request(WALLET, 1000).request_id != request.request_id


@pytest.mark.parametrize("told", [{"txid": "00" * 32}, {"fee": FEE - 1}])
def test_a_service_that_tells_something_else_than_it_built_is_named(told):
    with pytest.raises(PeerMisbehaved) as caught:
        read_draft(WALLET, draft_of(honest(), **told))
    assert caught.value.blame == "service"


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ([pay(THIEF_SCRIPT, AMOUNT), change(CHANGE)], "swapped-output"),
        ([pay(FRIEND_SCRIPT, AMOUNT + 1), change(CHANGE - 1)], "wrong-amount"),
        ([pay(FRIEND_SCRIPT, AMOUNT), pay(THIEF_SCRIPT, CHANGE)], "extra-output"),
        ([change(AMOUNT + CHANGE)], "missing-output"),
    ],
)
def test_a_draft_that_pays_something_else_is_refused_before_it_is_shown(outputs, reason):
    reading = read_draft(WALLET, draft_of(spend([(COIN, AMOUNT + CHANGE + FEE)], outputs)))
    with pytest.raises(TransactionRefused) as caught:
        check_reading(reading, WANTED, FEE)
    assert caught.value.reason == reason


@pytest.mark.parametrize("amount", [f"{AMOUNT} sat", "all"])
def test_a_new_payment_that_would_take_the_place_of_an_earlier_one_is_refused(amount):
    """Of two payments to one friend only one would happen."""
    swept = spend([(COIN, AMOUNT + FEE)], [pay(FRIEND_SCRIPT, AMOUNT)])

    class Service:
        wallet = WALLET
        told: ClassVar[dict[str, object]] = {}

        def draft(self, _question: object) -> Draft:
            return draft_of(swept if amount == "all" else honest(), **self.told)

    ask = (cast("Sender", Service()), FRIEND, amount, None, Watching(None, (), 0))
    assert _bitcoin_payment(*ask).replaces is None
    Service.told["replaces"] = "00" * 16
    with pytest.raises(PeerMisbehaved) as caught:
        _bitcoin_payment(*ask)
    assert caught.value.reason == "not-a-replacement"


def test_a_fee_over_the_ceiling_is_refused():
    reading = read_draft(WALLET, draft_of(honest()))
    for build in (
        lambda: check_reading(reading, WANTED, FEE - 1),
        lambda: bitcoin_order(WALLET, reading, WANTED, FEE - 1, (), 0),
    ):
        with pytest.raises(TransactionRefused) as caught:
            build()
        assert caught.value.reason == "fee-over-ceiling"


def test_a_draft_that_spends_a_strangers_coin_is_refused():
    psbt = honest()
    coin = pay(STRANGER.script(COIN), AMOUNT + CHANGE + FEE)
    stolen = Psbt(psbt.transaction, (PsbtInput(witness_utxo=coin, spent=coin),), psbt.outputs)
    with pytest.raises(TransactionRefused) as caught:
        read_draft(WALLET, draft_of(stolen))
    assert caught.value.reason == "foreign-input"


@pytest.mark.parametrize("rubbish", [b"x", b"psbt\xff", b"psbt\xff" + bytes(100)])
def test_a_draft_that_is_no_psbt_is_refused(rubbish):
    with pytest.raises(InputRefused):
        read_draft(WALLET, msgspec.structs.replace(draft_of(honest()), psbt=rubbish))


PARENT = display_hash(outpoint(0).txid)


def test_a_child_brings_everything_home_and_is_authorized_as_such():
    reading = read_draft(WALLET, draft_of(spend([(COIN, CHANGE + FEE)], [change(CHANGE)])))
    home = recipients_of_child(reading, PARENT)
    assert [(to.address, to.amount) for to in home] == [(reading.payment.outputs[0].address, CHANGE)]
    check_reading(reading, home, FEE)


@pytest.mark.parametrize(
    ("outputs", "parent", "reason"),
    [
        ([pay(THIEF_SCRIPT, CHANGE)], PARENT, "extra-output"),
        ([change(CHANGE - 1000), pay(THIEF_SCRIPT, 1000)], PARENT, "extra-output"),
        ([change(CHANGE)], "00" * 32, "other-transaction"),
    ],
)
def test_a_child_that_pays_somebody_else_or_spends_nothing_of_its_parent_is_refused(outputs, parent, reason):
    reading = read_draft(WALLET, draft_of(spend([(COIN, CHANGE + FEE)], outputs)))
    with pytest.raises(TransactionRefused) as caught:
        recipients_of_child(reading, parent)
    assert caught.value.reason == reason


def test_a_child_that_replaces_is_refused():
    reading = read_draft(
        WALLET, draft_of(spend([(COIN, CHANGE + FEE)], [change(CHANGE)]), replaces="00" * 16)
    )
    with pytest.raises(TransactionRefused):
        recipients_of_child(reading, PARENT)


def test_a_draft_that_is_all_change_pays_nobody():
    reading = read_draft(WALLET, draft_of(spend([(COIN, CHANGE + FEE)], [change(CHANGE)])))
    with pytest.raises(TransactionRefused):
        recipients_of(reading.payment)


def test_the_services_address_is_shown_only_if_it_is_the_wallets():
    mine = KEYS.address(KeyPath(Branch.RECEIVE, 5))
    assert check_address(KEYS, 5, mine) == mine
    for told in (
        THIEF,
        KEYS.address(KeyPath(Branch.RECEIVE, 6)),
        KEYS.address(KeyPath(Branch.CHANGE, 5)),
        "",
    ):
        with pytest.raises(PeerMisbehaved):
            check_address(KEYS, 5, told)
    for index in (-1, 2**31):
        with pytest.raises(InputRefused):
            check_address(KEYS, index, mine)


def test_what_the_owner_types_is_one_form():
    assert recipient(WALLET, FRIEND.upper(), "0.0006 BTC") == WANTED[0]
    for address, amount in ((FRIEND, "60000"), (FRIEND, "0 sat"), ("bc1q", "1 sat"), (FRIEND[:-1], "1 sat")):
        with pytest.raises(InputRefused):
            recipient(WALLET, address, amount)


@pytest.mark.parametrize(
    ("text", "rate"), [("1", 1000), ("2.5", 2500), ("10000", 10_000_000), ("1.001", 1001)]
)
def test_fee_rates_are_exact(text, rate):
    assert parse_fee_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0", "0.999", "10001", "-1", "1e3", "1,5", "1.0001", "٣", "nan"])
def test_other_fee_rates_are_refused(text):
    with pytest.raises(InputRefused):
        parse_fee_rate(text)
