"""Threshold ECDSA among real signer processes, each shut in by all layers of isolation."""

from __future__ import annotations

import pytest
from eth_account import Account
from tests.support.accounts import LOCAL, account_request, ether_payment, ethereum_rules
from tests.support.enclaves import enclave_device
from tests.support.simulator import Household, Spend, bitcoin_policy

from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum.reading import PATH
from warifu.chains.ethereum.transaction import parse_unsigned
from warifu.protocol.encoding import decode
from warifu.protocol.frames import TransferSignatures
from warifu.threshold.derivation import derive

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def home(shared_path):
    household = Household(shared_path, 3, make_device=enclave_device)
    household.make_wallet(2, bitcoin_policy(others=[ethereum_rules()]), schemes=("ecdsa",))
    assert not household.correlate(2).failed
    yield household
    household.close()


def account(home: Household) -> str:
    assert home.birth is not None
    key = home.birth.key("ecdsa")
    return address_of(derive(key.threshold_public, key.chain_code, PATH).public_key)


def pays(home: Household, names: list[str], nonce: int) -> None:
    """Both devices sign, and the sender that eth-account recovers is the wallet's account."""
    assert home.birth is not None
    unsigned = ether_payment(nonce=nonce)
    request = account_request(home.birth.wallet_id, LOCAL, unsigned, account(home), home.clock())
    outcome = home.sign(Spend(request, unsigned), names)
    assert not outcome.failed, outcome.codes
    (result,) = set(outcome.finished.values())
    (signature,) = decode(TransferSignatures, result, 2**20).signatures
    signed = parse_unsigned(unsigned).with_signature(signature, account(home))
    assert Account.recover_transaction(signed.raw) == account(home)


def prepared(home: Household, name: str) -> list[int]:
    return sorted(home[name].status().wallets[0].correlations)


def test_isolated_processes_prepare_and_sign(home):
    assert [prepared(home, name) for name in home.names] == [[0, 2, 2]] * 3
    pays(home, ["device0", "device2"], 0)
    assert prepared(home, "device0") == prepared(home, "device2") == [0, 1, 2]
    assert prepared(home, "device1") == [0, 2, 2]


def test_a_process_that_was_killed_has_nothing_prepared_and_signs_when_it_has(home):
    """Its platform does not recognise an old disk. The others' halves are cleared when new ones are made."""
    home["device1"].crash()
    home["device1"].start()
    assert prepared(home, "device1") == [0, 0, 0]
    assert not home.correlate(1, ["device0", "device1"]).failed
    assert prepared(home, "device1") == [0, 0, 1]
    pays(home, ["device0", "device1"], 1)
    assert prepared(home, "device1") == [0, 0, 0]
