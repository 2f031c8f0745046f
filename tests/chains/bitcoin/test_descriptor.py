"""The wallet's addresses: BIP-86's example, another implementation, and the window that bounds what is ours."""

from __future__ import annotations

import pytest
from embit import base58  # type: ignore[import-untyped]  # embit ships no types
from embit.descriptor import Descriptor  # type: ignore[import-untyped]  # as above
from tests.support.bitcoin_coins import CHAIN_CODE, KEYS, STRANGER

from warifu.chains.bitcoin.descriptor import MAX_WINDOW, Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.network import Network
from warifu.errors import InputRefused
from warifu.threshold.taproot import bip86_key

pytestmark = pytest.mark.unit

# BIP-86, "Test vectors": the account key m/86'/0'/0'.
BIP86_ACCOUNT = (
    "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9Qyr"
    "LprQ3VCECoY49yfdDEHGCtMMj92pReUsQ"
)


def fresh() -> WalletKeys:
    """The wallet without anything remembered."""
    return WalletKeys(KEYS.threshold_public, KEYS.chain_code, KEYS.network)


def test_the_addresses_of_bip86_come_out():
    payload = base58.decode_check(BIP86_ACCOUNT)
    keys = WalletKeys(payload[45:], payload[13:45], Network.BITCOIN)
    assert [
        keys.address(KeyPath(Branch.RECEIVE, 0)),
        keys.address(KeyPath(Branch.RECEIVE, 1)),
        keys.address(KeyPath(Branch.CHANGE, 0)),
    ] == [
        "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
        "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh",
        "bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7",
    ]


@pytest.mark.parametrize("branch", list(Branch))
@pytest.mark.parametrize("network", list(Network))
def test_embit_derives_the_same_scripts_from_our_descriptors(branch: Branch, network: Network):
    keys = WalletKeys(KEYS.threshold_public, CHAIN_CODE, network)
    descriptor = Descriptor.from_string(keys.descriptor(branch))
    for index in (0, 1, 7, 2**31 - 1):
        assert descriptor.derive(index).script_pubkey().data == keys.script(KeyPath(branch, index))


def test_main_and_test_networks_have_their_own_descriptors():
    assert fresh().descriptor(Branch.RECEIVE).startswith("tr(tpub")
    main = WalletKeys(KEYS.threshold_public, CHAIN_CODE, Network.BITCOIN)
    assert main.descriptor(Branch.CHANGE).startswith("tr(xpub")


def test_own_scripts_are_found_on_both_branches_and_others_are_not():
    keys = fresh()
    for path in (KeyPath(Branch.RECEIVE, 0), KeyPath(Branch.CHANGE, 9), KeyPath(Branch.RECEIVE, 9)):
        assert keys.find(KEYS.script(path), 10) == path
    assert keys.find(STRANGER.script(KeyPath(Branch.RECEIVE, 0)), 10) is None
    assert keys.find(b"\x00\x14" + bytes(20), 10) is None


def test_an_address_outside_the_window_is_foreign_until_the_window_grows():
    keys, far = fresh(), KeyPath(Branch.CHANGE, 10)
    assert keys.find(KEYS.script(far), 10) is None
    assert keys.find(KEYS.script(far), 11) == far
    assert keys.find(KEYS.script(far), 10) is None  # also after it was remembered


def test_a_true_hint_saves_deriving_the_window():
    near = KeyPath(Branch.RECEIVE, 90_000)
    assert fresh().find(KEYS.script(near), MAX_WINDOW, hint=near) == near


def test_a_true_hint_does_not_reach_beyond_the_window():
    """Change held to ransom: an address that is the wallet's, at an index that no recovery will ever try."""
    far = KeyPath(Branch.CHANGE, 2**31 - 1)
    assert fresh().find(KEYS.script(far), 20, hint=far) is None


@pytest.mark.parametrize(
    "lie", [KeyPath(Branch.RECEIVE, 5), KeyPath(Branch.CHANGE, 4), KeyPath(Branch.RECEIVE, 2**31), None]
)
def test_a_lying_hint_changes_nothing(lie: KeyPath | None):
    keys, true = fresh(), KeyPath(Branch.RECEIVE, 4)
    assert keys.find(KEYS.script(true), 6, hint=lie) == true
    assert keys.find(STRANGER.script(true), 6, hint=true) is None


def test_the_tweaks_for_signing_lead_to_the_address():
    key = KEYS.key(KeyPath(Branch.CHANGE, 3))
    assert b"\x51\x20" + key.output_key == KEYS.script(KeyPath(Branch.CHANGE, 3))
    assert [is_xonly for _, is_xonly in key.tweaks] == [False, False, True]


def test_a_key_is_the_same_whatever_was_asked_for_before():
    """The newest few are remembered."""
    keys = fresh()
    asked = [KeyPath(branch, index) for index in range(50) for branch in Branch]
    for path in (*asked, *reversed(asked)):
        expected = bip86_key(keys.threshold_public, keys.chain_code, (path.branch, path.index))
        assert keys.key(path) == expected


@pytest.mark.parametrize("window", [0, -1, MAX_WINDOW + 1])
def test_a_window_out_of_bounds_is_refused(window: int):
    with pytest.raises(InputRefused):
        KEYS.find(KEYS.script(KeyPath(Branch.RECEIVE, 0)), window)


@pytest.mark.parametrize("index", [-1, 2**31])
def test_there_is_no_address_at_a_hardened_index(index: int):
    with pytest.raises(InputRefused):
        KEYS.address(KeyPath(Branch.RECEIVE, index))


@pytest.mark.parametrize(
    ("public", "chain_code"),
    [(bytes(33), bytes(32)), (KEYS.threshold_public[:32], bytes(32)), (KEYS.threshold_public, bytes(31))],
)
def test_keys_that_are_none_are_refused(public: bytes, chain_code: bytes):
    with pytest.raises(InputRefused) as caught:
        WalletKeys(public, chain_code, Network.REGTEST)
    assert caught.value.reason == "wallet-keys"
