"""Accounts at exchanges while devices come and go: an older disk that is put back, a device that its keepers open."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nacl.utils import random
from tests.support.exchange_accounts import (
    EVERY_EXCHANGE,
    add,
    add_born,
    add_split,
    add_triplet,
    identities,
    key_request,
    removal_frame,
    removal_of,
    remove,
    triplet,
)
from tests.support.instructing import Owner
from tests.support.keyless import Home
from tests.support.peer_release import FORMAT, SimulatedVerifier
from tests.support.refreshing import refresh, refreshed
from tests.support.simulator import PASSPHRASE, Household, signed

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.errors import InputRefused
from warifu.protocol.exchange_requests import AccountTerms
from warifu.protocol.frames import OpenExchangeKey, SessionFailed, error_of
from warifu.protocol.operator import UnfreezeDevice
from warifu.protocol.request import RestoredRequest
from warifu.signer import hand_outs
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.opening import KeyShare
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit
NAMES = ("device0", "device1", "device2")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    made = Household(tmp_path, 3)
    made.make_wallet(2, EVERY_EXCHANGE)
    yield made
    made.close()


def copied(home: Household) -> Path:
    device = home["device1"]
    device.crash()
    copy = Path(shutil.copytree(device.directory, home.root / "copy"))
    device.start()
    return copy


def put_back(home: Household, copy: Path) -> None:
    """device1's disk of before, which the others notice, with its owner's word that it is to be taken as it is."""
    device, owner = home["device1"], Owner(home)
    for number, peer in enumerate(("device0", "device2")):  # they met since
        assert home.sign(home.pay(1_000, first_coin=5 + number), [peer, "device1"]).finished
    device.crash()
    shutil.rmtree(device.directory)
    shutil.copytree(copy, device.directory)
    device.start()
    noticed = home.sign(home.pay(1_000, first_coin=7), ["device0", "device1"])
    assert noticed.codes == {"device0": "peer.rolled-back", "device1": "store.rolled-back"}
    now = home.clock()
    assert home.birth is not None
    request = RestoredRequest(
        random(16),
        home.birth.wallet_id,
        device.identity,
        device.device.journal.signed_head(),
        now,
        now + 3600,
    )
    for name in ("device0", "device2"):
        assert owner.tell(name, request, PASSPHRASE).state == "done"
    device.operator(UnfreezeDevice())
    spent = home.pay(2_000, first_coin=8)
    assert signed(spent, home.sign(spent, ["device0", "device1"]))


def having(home: Household, name: str = "main") -> list[str]:
    return [each for each in NAMES if name in {one.account for one in home[each].status().accounts}]


def forgets(home: Household) -> None:
    home.clock.pass_(5)
    remove(home, NAMES)


@pytest.mark.parametrize("adds", [add_born, add_split, add_triplet])
def test_an_older_disk_has_again_what_was_removed_since_alone_and_until_it_is_told_anew(
    home: Household, adds: Callable[[Household], object]
):
    """It cannot know better. A shared key is of no use to it alone; a whole one is why it is told again."""
    adds(home)
    before = having(home)
    copy = copied(home)
    forgets(home)
    assert having(home) == []
    put_back(home, copy)
    assert having(home) == [each for each in before if each == "device1"]
    home.clock.pass_(5)
    frame = removal_frame(home, removal_of(home, "main"))
    for name in NAMES:
        home[name].send(frame)
    assert having(home) == []


def test_what_was_asked_before_a_removal_does_not_bring_the_account_back_to_the_devices_that_know(
    home: Household,
):
    add_triplet(home)
    copy = copied(home)
    old = removal_frame(home, removal_of(home, "main"))
    forgets(home)
    put_back(home, copy)
    home.clock.pass_(5)
    add_triplet(home)
    home["device0"].send(old)
    assert having(home) == ["device0"], "the removal of before the second adding is not heard"


def test_a_device_whose_older_disk_lacks_an_account_is_named_before_a_refresh_and_the_others_keep_it(
    home: Household,
):
    copy = copied(home)
    add_born(home)
    put_back(home, copy)
    assert having(home) == ["device0", "device2"]
    outcome = refresh(home)
    assert not outcome.finished
    assert set(outcome.codes.values()) == {"session.accounts-differ"}
    assert all("device1" in str(error) for name, error in outcome.failed.items() if name != "device1")
    assert home.birth is not None
    for name in ("device0", "device2"):
        with home[name].device.accounts.load(home.birth.wallet_id, "main") as account:
            assert account.account.public
    with pytest.raises(InputRefused, match="keeps no account"):
        home["device1"].device.accounts.load(home.birth.wallet_id, "main")
    forgets(home)
    home.clock.pass_(5)
    add_born(home)
    assert having(home) == list(NAMES)
    refreshed(home, refresh(home))


def test_a_half_born_key_that_an_older_disk_has_is_not_taken_for_the_one_that_was_born_since(
    home: Household,
):
    add_born(home)
    copy = copied(home)
    forgets(home)
    home.clock.pass_(5)
    add_born(home)
    assert home.birth is not None
    new = home["device0"].device.accounts.get(home.birth.wallet_id, "main")
    put_back(home, copy)
    old = home["device1"].device.accounts.get(home.birth.wallet_id, "main")
    assert new is not None and old is not None and new.public != old.public
    assert set(refresh(home).codes.values()) == {"session.accounts-differ"}


def test_a_whole_key_of_a_device_that_is_lost_is_added_to_another_one_under_its_name(home: Household):
    """What the lost device had is revoked at the exchange; it has it again if it comes back, and is told then."""
    add_triplet(home)
    home.clock.pass_(5)
    add(home, triplet(home, "device1"), "main", "coinbase-exchange")
    assert having(home) == ["device0", "device1"]
    home.clock.pass_(5)
    remove(home, ["device0"])
    assert having(home) == ["device1"]


def test_a_shared_key_signs_on_without_a_device_that_is_lost_and_no_other_is_made_without_it(home: Household):
    add_born(home)
    assert home.birth is not None
    for name in ("device0", "device2"):
        with home[name].device.accounts.load(home.birth.wallet_id, "main") as account:
            assert isinstance(account.key, KeyShare) and account.key.key.t == 2
    home.clock.pass_(5)
    request = key_request(home, "second")
    frame = OpenExchangeKey(random(16), home.authorized_alone(request), identities(home)[:2])
    (answer,) = home[home.name_of(identities(home)[0])].send(frame)
    assert isinstance(answer, SessionFailed)
    assert error_of(answer.refusal).code == "input.participants"


# --- keepers ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def entrusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))
    monkeypatch.setattr(hand_outs, "WITHOUT_SEALING_KEY", {FORMAT})
    made = Home(tmp_path)
    assert set(made.hand_out().finished) == {"server", *made.names}
    yield made
    made.close()


@pytest.mark.slow
def test_a_device_that_its_keepers_open_has_its_credentials_and_without_them_nobody_has(entrusted: Home):
    birth = entrusted.household.birth
    assert birth is not None
    terms = AccountTerms("an API key", b"", (), "")
    account = Account(
        birth.wallet_id,
        "main",
        "coinbase-exchange",
        "hmac",
        (entrusted.server.identity,),
        terms,
        False,
        None,
        entrusted.household.clock(),
    )
    secret = ED25519.random_secret()
    credential = secret.expose()
    device = entrusted.server.device
    with device.store.transaction(), Secret(bytearray(credential)) as kept:
        device.accounts.put(account, random(32), entrusted.household.clock(), kept)
    for _ in range(2):
        entrusted.power_cut()
        assert entrusted.server.booting is not None and credential not in entrusted.server.disk()
        entrusted.boot()
        device = entrusted.server.device
        found = device.accounts.get(birth.wallet_id, "main")
        assert found == account
        with device.accounts.secret(found) as opened:
            assert opened.expose() == credential
