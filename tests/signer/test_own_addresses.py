"""Which addresses are the wallet's own: derived by each device, in their one text form, and within its window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.simulator import Household

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.signer.wallets import Wallet

pytestmark = pytest.mark.unit

WINDOW = 10


@pytest.fixture(scope="module")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallet]:
    root: Path = tmp_path_factory.mktemp("own")
    household = Household(root, 2)
    birth = household.make_wallet(2, schemes=("bip340", "ed25519"))
    device = household["device0"].device
    assert device is not None
    yield device.wallets.born(birth.wallet_id)
    household.close()


@pytest.mark.parametrize("branch", list(Branch))
def test_a_bitcoin_address_within_the_window_is_its_own_on_bitcoin_alone(wallet, branch):
    last, beyond = (wallet.bitcoin.address(KeyPath(branch, index)) for index in (WINDOW - 1, WINDOW))
    assert wallet.owns("bitcoin", last, WINDOW)
    assert not wallet.owns("bitcoin", beyond, WINDOW)  # no recovery would find it
    assert not wallet.owns("solana", last, WINDOW)
    assert not wallet.owns("bitcoin", last.upper(), WINDOW)  # the same script, in another form


def test_its_account_on_solana_is_its_own_there_alone(wallet):
    assert wallet.owns("solana", wallet.solana, WINDOW)
    assert not wallet.owns("bitcoin", wallet.solana, WINDOW)
    assert not wallet.owns("solana", wallet.solana[:-1], WINDOW)


@pytest.mark.parametrize("chain", ["bitcoin", "solana", "eip155:1"])
@pytest.mark.parametrize("address", ["", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0x" + "1" * 40])
def test_what_is_anothers_or_no_address_is_not(wallet, chain, address):
    """Also where the wallet has no key for the chain."""
    assert not wallet.owns(chain, address, WINDOW)
