"""The addresses that the client shows: the wallet's, and such that a coin paid there can be spent again."""

from __future__ import annotations

import pytest
from tests.support.bitcoin_coins import KEYS

from warifu.chains.bitcoin.descriptor import DEFAULT_WINDOW, Branch, KeyPath
from warifu.cli.wallet_keys import check_address
from warifu.errors import PeerMisbehaved

pytestmark = pytest.mark.unit


def told(index: int) -> str:
    return KEYS.address(KeyPath(Branch.RECEIVE, index))


def test_an_address_that_devices_recognise_is_shown():
    assert check_address(KEYS, DEFAULT_WINDOW - 1, told(DEFAULT_WINDOW - 1)) == told(DEFAULT_WINDOW - 1)


@pytest.mark.parametrize("index", [DEFAULT_WINDOW, 100_000, 2**31 - 1])
def test_the_wallets_own_address_is_not_shown_where_no_device_would_find_the_coin(index):
    """It is derived from the right key, and yet a coin paid to it could never be spent: the service's hostage."""
    with pytest.raises(PeerMisbehaved) as refused:
        check_address(KEYS, index, told(index))
    assert (refused.value.reason, refused.value.blame) == ("address-window", "service")
