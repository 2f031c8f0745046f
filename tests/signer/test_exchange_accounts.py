"""What a device keeps of accounts at exchanges: whole or not at all, sealed, and opened for one call."""

from __future__ import annotations

import hmac
from typing import get_args

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.dealer import deal
from tests.support.simulator import Household

from warifu.errors import AuthorizationRefused, InputRefused, PolicyDenied, StoreDamaged
from warifu.exchanges import signing
from warifu.protocol import exchange_requests
from warifu.protocol.authorization import MAX_LIFETIME
from warifu.protocol.exchange_requests import AccountTerms, Ed25519Part, Es256Secret, HmacSecret
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.opening import KeyShare, WholeKey
from warifu.signer.exchanges.parts import secret_part
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import AlreadyUsed

pytestmark = pytest.mark.unit

API_KEYS = {
    "coinbase-exchange": "0123456789abcdef" * 2,
    "coinbase": "organizations/one/apiKeys/two",
    "binance": "Aa1" * 21 + "B",
}
SECRET = HmacSecret(b"a secret of thirty-two bytes ok!", "open sesame")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    household = Household(tmp_path_factory.mktemp("accounts"), 2)
    birth = household.make_wallet(2)
    yield household, birth.wallet_id
    household.close()


def account(household, wallet, name="main", exchange="coinbase-exchange", kind="hmac", **fields):
    holders = tuple(sorted(device.identity for device in household.devices.values()))
    whole = kind in ("hmac", "es256")
    made = Account(
        wallet,
        name,
        exchange,
        kind,
        (household["device0"].identity,) if whole else holders,
        AccountTerms(API_KEYS[exchange], b"", (), ""),
        False,
        None,
        household.clock(),
    )
    return msgspec.structs.replace(made, **fields)


def keep(household, kept, secret, request=b"", created=1):
    device = household["device0"].device
    with device.store.transaction():
        device.accounts.put(kept, request or kept.name.encode().rjust(32, b"."), created, secret)
    return device.accounts


def test_there_is_one_list_of_the_kinds_of_key():
    assert get_args(exchange_requests.KeyKind) == get_args(signing.KeyKind)


def test_an_hmac_triplet_signs_and_shows_its_passphrase_to_the_exchange_alone(made):
    household, wallet = made
    accounts = keep(household, account(household, wallet), secret_part(SECRET))
    with accounts.load(wallet, "main") as opened:
        assert isinstance(opened.key, WholeKey)
        assert opened.key.signing.sign(b"message") == hmac.digest(SECRET.secret, b"message", "sha256")
        assert opened.credential.passphrase.expose() == b"open sesame"
        assert "sesame" not in repr(opened) + repr(opened.account) + repr(opened.credential)
        passphrase, whole = opened.credential.passphrase, opened.key.signing
    assert passphrase.wiped
    with pytest.raises(AlreadyUsed):
        whole.sign(b"message")


def test_a_p256_key_signs_as_jose_has_it(made):
    household, wallet = made
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kept = account(household, wallet, "cdp", "coinbase", "es256")
    with keep(household, kept, secret_part(Es256Secret(der))).load(wallet, "cdp") as opened:
        assert isinstance(opened.key, WholeKey)
        assert opened.credential.algorithm == "ES256"
        assert len(opened.key.signing.sign(b"message")) == 64


def test_a_share_of_a_split_key_comes_with_the_key_and_this_devices_place(made):
    household, wallet = made
    dealt = deal(2, 2, ED25519)
    terms = AccountTerms(API_KEYS["coinbase"], dealt.key.threshold_pubkey, dealt.key.pubshares, "")
    kept = account(household, wallet, "split", "coinbase", "ed25519-split", terms=terms)
    place = kept.holders.index(household["device0"].identity)
    share = secret_part(Ed25519Part(dealt.shares[place].expose()))
    with keep(household, kept, share).load(wallet, "split") as opened:
        assert opened.key == KeyShare(dealt.key, opened.key.share, place)
        assert ED25519.base_mul(opened.key.share).encoded == dealt.key.pubshares[place]
        assert opened.credential.algorithm == "EdDSA"
        taken = opened.key.share
    assert taken.wiped


def test_the_disk_and_the_tables_show_no_secret(made):
    household, wallet = made
    accounts = keep(household, account(household, wallet, "hidden"), secret_part(SECRET))
    rows = household["device0"].device.store.execute("SELECT * FROM exchange_accounts")
    assert not any(
        isinstance(value, bytes) and (SECRET.secret in value or b"sesame" in value)
        for row in rows
        for value in row
    )
    assert SECRET.secret not in household["device0"].disk()
    assert API_KEYS["coinbase-exchange"].encode() not in household["device0"].disk()
    assert accounts.get(wallet, "hidden") is not None


def test_a_secret_opens_for_its_own_account_alone(made):
    household, wallet = made
    accounts = keep(household, account(household, wallet, "mine"), secret_part(SECRET))
    keep(household, account(household, wallet, "other"), secret_part(SECRET))
    store = household["device0"].device.store
    (secret,) = store.execute("SELECT secret FROM exchange_accounts WHERE account = 'mine'")[0]
    store.execute("UPDATE exchange_accounts SET secret = ? WHERE account = 'other'", (secret,))
    with pytest.raises(StoreDamaged):
        accounts.load(wallet, "other")


def test_no_call_is_made_for_an_account_that_is_not_there_or_not_finished(made):
    household, wallet = made
    accounts = household["device0"].device.accounts
    with pytest.raises(InputRefused) as refused:
        accounts.load(wallet, "nobodys")
    assert refused.value.reason == "unknown-account"
    born = account(household, wallet, "waits", "binance", "ed25519-born", terms=None)
    keep(household, born, secret_part(Ed25519Part(bytes(31) + b"\x01")))
    with pytest.raises(InputRefused) as refused:
        accounts.load(wallet, "waits")
    assert refused.value.reason == "account-unfinished"


def test_a_process_that_was_started_without_the_exchanges_says_what_to_do(made):
    household, wallet = made
    device = household["device1"]
    device.loaded = None
    device.restart()
    with pytest.raises(PolicyDenied) as denied:
        device.device.accounts.load(wallet, "main")
    assert denied.value.reason == "exchanges-not-loaded" and "warifu signer run" in denied.value.remedy


def test_a_name_remembers_what_was_done_with_it_also_when_the_account_is_gone(made):
    household, wallet = made
    store = household["device0"].device.store
    accounts = keep(household, account(household, wallet, "gone"), secret_part(SECRET), created=100)
    with store.transaction():
        accounts.remove(wallet, "gone", 200, 200)
    assert accounts.get(wallet, "gone") is None
    for created in (99, 150, 200):
        with pytest.raises(AuthorizationRefused) as refused:
            accounts.require_newer(wallet, "gone", created)
        assert refused.value.reason == "replayed"
    accounts.require_newer(wallet, "gone", 201)


def test_a_name_is_forgotten_when_no_request_of_its_time_can_be_alive(made):
    household, wallet = made
    device = household["device1"].device
    with device.store.transaction():
        device.accounts.remove(wallet, "long-gone", 1000, 1000)
    with device.store.transaction():
        device.accounts.remove(wallet, "another", 1001, 1000 + 2 * MAX_LIFETIME)
    assert device.accounts.newest(wallet, "long-gone") == 1000
    with device.store.transaction():
        device.accounts.remove(wallet, "another", 1002, 1001 + 2 * MAX_LIFETIME)
    assert device.accounts.newest(wallet, "long-gone") == -1
    assert device.accounts.newest(wallet, "another") == 1002
