"""What the owner authorized against what the service built: every difference has its own reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.bitcoin_coins import (
    COIN,
    FRIEND,
    FRIEND_SCRIPT,
    KEYS,
    STRANGER,
    THIEF,
    THIEF_SCRIPT,
    WINDOW,
    change,
    outpoint,
    pay,
    spend,
    with_transaction,
)

from warifu.chains.bitcoin.authorized import AuthorizedTransfer, check_payment
from warifu.chains.bitcoin.descriptor import Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import read_payment
from warifu.chains.bitcoin.psbt import Psbt
from warifu.chains.bitcoin.transaction import TxInput, TxOutput
from warifu.errors import InputRefused, TransactionRefused
from warifu.units import Satoshi

pytestmark = pytest.mark.unit

OTHER = STRANGER.address(KeyPath(Branch.RECEIVE, 7))
OTHER_SCRIPT = STRANGER.script(KeyPath(Branch.RECEIVE, 7))
OWN = KeyPath(Branch.RECEIVE, 1)


def built(*outputs: TxOutput, coins: int = 100_000) -> Psbt:
    """What the service made of the request."""
    return spend([(COIN, coins)], outputs)


def wanted(
    *recipients: tuple[str, int], of: Psbt, ceiling: int = 5_000, network: Network = Network.REGTEST
) -> AuthorizedTransfer:
    """What the owner signed, naming the transaction ``of``."""
    return AuthorizedTransfer(
        tuple((address, Satoshi(amount)) for address, amount in recipients),
        Satoshi(ceiling),
        of.transaction.txid,
        network,
    )


def check(psbt: Psbt, authorized: AuthorizedTransfer) -> None:
    check_payment(read_payment(psbt.serialize(), KEYS, WINDOW), authorized)


HONEST: dict[str, tuple[Psbt, Sequence[tuple[str, int]]]] = {
    "with change": (built(pay(FRIEND_SCRIPT, 60_000), change(39_000)), [(FRIEND, 60_000)]),
    "change first": (built(change(39_000), pay(FRIEND_SCRIPT, 60_000)), [(FRIEND, 60_000)]),
    "without change": (built(pay(FRIEND_SCRIPT, 99_000)), [(FRIEND, 99_000)]),
    "in capitals": (built(pay(FRIEND_SCRIPT, 99_000)), [(FRIEND.upper(), 99_000)]),
    "two recipients": (
        built(pay(OTHER_SCRIPT, 10_000), pay(FRIEND_SCRIPT, 60_000), change(29_000)),
        [(FRIEND, 60_000), (OTHER, 10_000)],
    ),
    "one recipient twice": (
        built(pay(FRIEND_SCRIPT, 40_000), pay(FRIEND_SCRIPT, 40_000), change(19_000)),
        [(FRIEND, 40_000), (FRIEND, 40_000)],
    ),
    "to an own receive address": (
        built(pay(KEYS.script(OWN), 60_000), change(39_000)),
        [(KEYS.address(OWN), 60_000)],
    ),
    "to an own change address": (
        built(change(60_000), change(39_000)),
        [(KEYS.address(KeyPath(Branch.CHANGE, 2)), 60_000)],
    ),
}


@pytest.mark.parametrize(("psbt", "recipients"), HONEST.values(), ids=HONEST.keys())
def test_what_was_authorized_passes(psbt: Psbt, recipients: Sequence[tuple[str, int]]):
    check(psbt, wanted(*recipients, of=psbt))


FRIEND_GETS_60K = ((FRIEND, 60_000),)
ATTACKS: dict[str, tuple[Psbt, Sequence[tuple[str, int]], str]] = {
    "recipient swapped": (
        built(pay(THIEF_SCRIPT, 60_000), change(39_000)),
        FRIEND_GETS_60K,
        "swapped-output",
    ),
    "recipient swapped for more": (built(pay(THIEF_SCRIPT, 99_000)), FRIEND_GETS_60K, "swapped-output"),
    "one of two swapped": (
        built(pay(FRIEND_SCRIPT, 60_000), pay(THIEF_SCRIPT, 10_000), change(29_000)),
        [(FRIEND, 60_000), (OTHER, 10_000)],
        "swapped-output",
    ),
    "one satoshi less": (built(pay(FRIEND_SCRIPT, 59_999), change(39_001)), FRIEND_GETS_60K, "wrong-amount"),
    "one satoshi more": (built(pay(FRIEND_SCRIPT, 60_001), change(38_999)), FRIEND_GETS_60K, "wrong-amount"),
    "amounts exchanged": (
        built(pay(FRIEND_SCRIPT, 10_000), pay(OTHER_SCRIPT, 60_000), change(29_000)),
        [(FRIEND, 60_000), (OTHER, 10_000)],
        "wrong-amount",
    ),
    "recipient left out": (built(change(99_000)), FRIEND_GETS_60K, "missing-output"),
    "paid once instead of twice": (
        built(pay(FRIEND_SCRIPT, 40_000), change(59_000)),
        [(FRIEND, 40_000), (FRIEND, 40_000)],
        "missing-output",
    ),
    "paid twice instead of once": (
        built(pay(FRIEND_SCRIPT, 40_000), pay(FRIEND_SCRIPT, 40_000), change(19_000)),
        [(FRIEND, 40_000)],
        "extra-output",
    ),
    "change to the thief": (
        built(pay(FRIEND_SCRIPT, 60_000), pay(THIEF_SCRIPT, 39_000)),
        FRIEND_GETS_60K,
        "extra-output",
    ),
    "a little for the thief": (
        built(pay(FRIEND_SCRIPT, 60_000), change(38_000), pay(THIEF_SCRIPT, 1_000)),
        FRIEND_GETS_60K,
        "extra-output",
    ),
    "change to a receive address": (
        built(pay(FRIEND_SCRIPT, 60_000), pay(KEYS.script(OWN), 39_000)),
        FRIEND_GETS_60K,
        "extra-output",
    ),
    "change beyond the window": (
        built(pay(FRIEND_SCRIPT, 60_000), change(39_000, KeyPath(Branch.CHANGE, WINDOW))),
        FRIEND_GETS_60K,
        "extra-output",
    ),
    "change shredded": (
        built(pay(FRIEND_SCRIPT, 60_000), change(20_000), change(19_000)),
        FRIEND_GETS_60K,
        "extra-change",
    ),
    "change to the miner": (built(pay(FRIEND_SCRIPT, 60_000)), FRIEND_GETS_60K, "fee-over-ceiling"),
    "one satoshi too dear": (
        built(pay(FRIEND_SCRIPT, 60_000), change(34_999)),
        FRIEND_GETS_60K,
        "fee-over-ceiling",
    ),
}


@pytest.mark.parametrize(("psbt", "recipients", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
def test_what_differs_is_refused_even_if_the_owner_was_made_to_name_its_txid(
    psbt: Psbt, recipients: Sequence[tuple[str, int]], reason: str
):
    with pytest.raises(TransactionRefused) as caught:
        check(psbt, wanted(*recipients, of=psbt))
    assert caught.value.code == f"transaction.{reason}"


def test_a_fee_of_exactly_the_ceiling_passes():
    psbt = built(pay(FRIEND_SCRIPT, 60_000), change(35_000))
    check(psbt, wanted((FRIEND, 60_000), of=psbt, ceiling=5_000))


def test_the_same_payment_in_another_transaction_is_refused():
    """A hostile service shows one transaction to each quorum: both pay the friend, and both could confirm."""
    shown = built(pay(FRIEND_SCRIPT, 60_000), change(39_000))
    other_coin = with_transaction(shown, inputs=(TxInput(outpoint(5)),))
    other_fee = built(pay(FRIEND_SCRIPT, 60_000), change(38_000))
    other_lock = with_transaction(shown, locktime=800_000)
    for other in (other_coin, other_fee, other_lock):
        with pytest.raises(TransactionRefused) as caught:
            check(other, wanted((FRIEND, 60_000), of=shown))
        assert caught.value.code == "transaction.other-transaction"


def test_a_request_for_another_network_is_refused():
    psbt = built(pay(FRIEND_SCRIPT, 99_000))
    with pytest.raises(TransactionRefused) as caught:
        check(psbt, wanted((FRIEND, 99_000), of=psbt, network=Network.BITCOIN))
    assert caught.value.code == "transaction.wrong-network"


def test_an_authorized_address_of_another_network_is_refused():
    psbt = built(pay(FRIEND_SCRIPT, 99_000))
    with pytest.raises(InputRefused) as caught:
        check(psbt, wanted(("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", 99_000), of=psbt))
    assert caught.value.code == "input.wrong-network"


def test_a_transfer_to_nobody_cannot_be_authorized():
    with pytest.raises(InputRefused):
        wanted(of=built(change(99_000)))


def test_the_refusal_of_a_swap_names_both_addresses():
    psbt = built(pay(THIEF_SCRIPT, 60_000), change(39_000))
    with pytest.raises(TransactionRefused, match=THIEF) as caught:
        check(psbt, wanted((FRIEND, 60_000), of=psbt))
    assert FRIEND in caught.value.message
    assert caught.value.not_done == "Nothing was signed and nothing was sent."


# Whatever the service builds: if it passes, each stranger's script got exactly what the owner typed for it.
_places = st.sampled_from(
    [FRIEND_SCRIPT, OTHER_SCRIPT, THIEF_SCRIPT, KEYS.script(OWN), KEYS.script(KeyPath(Branch.CHANGE, 2))]
)
_addresses = {
    FRIEND_SCRIPT: FRIEND,
    OTHER_SCRIPT: OTHER,
    THIEF_SCRIPT: THIEF,
    KEYS.script(OWN): KEYS.address(OWN),
}
_amounts = st.sampled_from([1_000, 2_000])


@settings(max_examples=200)
@given(
    st.lists(st.tuples(_places, _amounts), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(sorted(_addresses)), _amounts), min_size=1, max_size=3),
)
def test_what_passes_pays_strangers_exactly_what_was_typed(
    outputs: list[tuple[bytes, int]], typed: list[tuple[bytes, int]]
):
    psbt = built(*(pay(script, amount) for script, amount in outputs), coins=10_000)
    recipients = [(_addresses[script], amount) for script, amount in typed]
    try:
        check(psbt, wanted(*recipients, of=psbt, ceiling=10_000))
    except TransactionRefused:
        return
    change_script = KEYS.script(KeyPath(Branch.CHANGE, 2))
    paid = sorted(item for item in outputs if item[0] != change_script)
    assert paid == sorted(typed)
    assert len(outputs) - len(paid) <= 1


def test_a_wallet_of_another_network_reads_its_own_addresses():
    main = WalletKeys(KEYS.threshold_public, KEYS.chain_code, Network.BITCOIN)
    psbt = built(pay(FRIEND_SCRIPT, 99_000))
    payment = read_payment(psbt.serialize(), main, WINDOW)
    assert payment.recipients[0].address.startswith("bc1q")
    with pytest.raises(TransactionRefused):
        check_payment(payment, replace(wanted((FRIEND, 99_000), of=psbt), network=Network.REGTEST))
