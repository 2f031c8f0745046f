"""Keys of accounts at exchanges that all devices share get new shares with the wallet's, or none of them does.

A thief who kept a device's old disk must find that it is worth nothing there, either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.exchange_accounts import (
    EVERY_EXCHANGE,
    add,
    add_born,
    add_split,
    add_triplet,
    born,
    born_key,
    frames,
    key_request,
    remove,
    request_for,
    split_key,
)
from tests.support.exchange_days import order
from tests.support.exchange_world import World
from tests.support.power import PowerFailure, fail_at
from tests.support.refreshing import (
    cheating,
    dealt,
    epochs,
    refresh,
    refreshed,
    without_the_last_word_to,
    without_words_to,
)
from tests.support.simulator import Household

from warifu.exchanges.binance.adapters import Binance
from warifu.protocol.encoding import encode
from warifu.protocol.epochs import (
    EpochAccount,
    EpochKey,
    EpochStatement,
    certify,
    position,
    statement_in,
)
from warifu.protocol.exchange_requests import MAX_ACCOUNTS
from warifu.protocol.frames import ShowEpoch
from warifu.protocol.frames.bounds import MAX_CERTIFICATE_BYTES
from warifu.protocol.request import MAX_SIGNERS
from warifu.signer.exchanges.accounts import Account
from warifu.signer.refreshes import Refreshes
from warifu.signer.sessions.messages import ZeroShares
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.polynomial import interpolating_coefficient
from warifu.threshold.refresh.refresh import keeps_key
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit
VILLAIN = "device2"
WAITING = "SELECT count(*) FROM kept_account_shares"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    made = Household(tmp_path, 3)
    made.make_wallet(2, EVERY_EXCHANGE, schemes=("bip340",))
    yield made
    made.close()


def account(home: Household, name: str, of: str = "main") -> Account:
    assert home.birth is not None
    found = home[name].device.accounts.get(home.birth.wallet_id, of)
    assert found is not None
    return found


def share(home: Household, name: str, of: str = "main") -> Secret:
    return home[name].device.accounts.secret(account(home, name, of))


def combined(home: Household, shares: dict[str, Secret]) -> bytes:
    """The public key of what these shares interpolate."""
    ordered = sorted(device.identity for device in home.devices.values())
    places = {name: ordered.index(home[name].identity) + 1 for name in shares}
    chosen = list(places.values())
    return ED25519.element_add(
        *(
            ED25519.element_mul_public(
                ED25519.base_mul(each), interpolating_coefficient(ED25519, chosen, places[name])
            )
            for name, each in shares.items()
        )
    ).encoded


def every_pair_has_the_key(home: Household, public: bytes, of: str = "main") -> None:
    for pair in combinations(home.names, 2):
        assert combined(home, {name: share(home, name, of) for name in pair}) == public
    keys = [account(home, name, of).threshold_key(2) for name in home.names]
    assert len({(key.threshold_pubkey, key.pubshares) for key in keys}) == 1
    assert keys[0].threshold_pubkey == public and keeps_key(ED25519, keys[0], keys[0].pubshares)


def waiting(home: Household) -> list[int]:
    """Shares that wait for the words of all, on each device."""
    return [int(device.device.store.execute(WAITING)[0][0]) for device in home.devices.values()]


# --- what it is for ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.real
def test_orders_are_placed_before_and_after_two_refreshes_by_every_pair(tmp_path):
    world = World(tmp_path)
    world.born()
    binance = Binance()
    number = iter(range(100))

    def every_pair_orders() -> None:
        for pair in combinations(("device0", "device1", "device2"), 2):
            client_id = f"1b9d6bcd-bbfd-4b2d-9b5d-0000000000{next(number):02}"
            wanted = replace(order("binance"), client_id=client_id, size=Decimal("0.01"))
            told = world.told(binance.place(wanted), pair, carrier=pair[0])
            assert told.outcome == "done", told
            world.compare_all()

    try:
        every_pair_orders()
        for epoch in (1, 2):
            statement = refreshed(world.home, refresh(world.home, epoch))
            assert [each.account for each in statement.accounts] == ["main"]
            world.home["device1"].restart()
            every_pair_orders()
    finally:
        world.close()


def test_a_stolen_old_share_is_worth_nothing_beside_a_new_one(home):
    add_split(home)
    public, old = account(home, "device0").public, share(home, "device0")
    refreshed(home, refresh(home))
    every_pair_has_the_key(home, public)
    assert combined(home, {"device0": old, "device1": share(home, "device1")}) != public
    assert share(home, "device0") != old


def test_shares_of_several_accounts_and_of_an_unfinished_one_are_refreshed_and_whole_keys_are_not(home):
    add_born(home, "binance")
    add_split(home, "coinbase")
    add_triplet(home, "pro")
    public = born_key(home, key_request(home, "later"))
    statement = refreshed(home, refresh(home))
    assert [each.account for each in statement.accounts] == ["binance", "coinbase", "later"]
    add(home, born(home, public), "later", "binance")  # the API key comes after the refresh
    for name in ("binance", "coinbase", "later"):
        every_pair_has_the_key(home, account(home, "device0", name).public, name)
        assert account(home, "device1", name).finished
    refreshed(home, refresh(home, 2))
    every_pair_has_the_key(home, public, "later")
    assert not account(home, "device0", "pro").refreshed
    assert waiting(home) == [0, 0, 0]


def test_the_same_request_again_still_finds_its_account(home):
    new = split_key(home)
    request = request_for(home, new, "main", "coinbase")
    first = frames(home, request, new.parts)
    for name, frame in first.items():
        home[name].send(frame)
    public = account(home, "device0").public
    refreshed(home, refresh(home))
    for name, frame in frames(home, request, new.parts).items():
        home[name].send(frame)  # the old share comes again, by an authorization that is still good
    every_pair_has_the_key(home, public)
    assert all(account(home, name).refreshed for name in home.names)


# --- who lacks something ----------------------------------------------------------------------------------------------


def test_a_device_that_lacks_an_account_is_named_and_nothing_is_dealt(home):
    add_split(home)
    remove(home, ["device1"])
    outcome = refresh(home)
    assert set(outcome.codes.values()) == {"session.accounts-differ"}
    words = {name: error.message for name, error in outcome.failed.items()}
    assert (
        "device1 has no account main" in words["device0"] or "device1 has no account main" in words["device2"]
    )
    assert "that this one has not" in words["device1"]
    assert epochs(home) == [0, 0, 0] and waiting(home) == [0, 0, 0]
    remove(home, ["device0", "device2"])
    refreshed(home, refresh(home))


def test_a_device_with_another_key_under_the_name_stops_it(home):
    """Of a generation of which it did not see the end."""
    born_key(home, key_request(home))
    store = home["device1"].device.store
    (missed,) = store.execute("SELECT * FROM exchange_accounts")
    home.clock.pass_(1)
    born_key(home, key_request(home))
    with store.transaction():
        store.execute("INSERT OR REPLACE INTO exchange_accounts VALUES (?, ?, ?, ?, ?, ?)", missed)
    assert set(refresh(home).codes.values()) == {"session.accounts-differ"}
    home.clock.pass_(1)
    public = born_key(home, key_request(home))
    refreshed(home, refresh(home))
    every_pair_has_the_key(home, public)


def test_an_account_that_is_forgotten_while_the_refresh_runs_ends_it(home):
    add_split(home)
    heard: list[bytes] = []

    def forget_meanwhile(_sender, receiver, frame):
        if receiver == home["device0"].identity:
            heard.append(frame.body)
            if len(heard) == 5:  # after Hello and evidence of both: what they deal
                remove(home, home.names)
        return [(receiver, frame)]

    outcome = refresh(home, 1, forget_meanwhile)
    assert outcome.failed and epochs(home) == [0, 0, 0]
    assert "session.superseded" in outcome.codes.values()
    assert waiting(home) == [0, 0, 0]


def test_an_account_that_is_forgotten_before_the_end_is_known_stays_forgotten(home, monkeypatch):
    add_split(home)
    certificate = without_the_last_word_to(home, "device1", monkeypatch)
    assert waiting(home) == [0, 1, 0]
    remove(home, home.names)
    assert waiting(home) == [0, 0, 0], "its waiting share goes with it"
    home.clock.pass_(1)
    add_split(home)  # the same key, dealt anew: other shares
    public = account(home, "device0").public
    home["device1"].send(ShowEpoch(1, home.birth.wallet_id, certificate))
    assert epochs(home) == [1, 1, 1]
    every_pair_has_the_key(home, public)
    assert not account(home, "device1").refreshed
    refreshed(home, refresh(home, 2))
    every_pair_has_the_key(home, public)


# --- who cheats -------------------------------------------------------------------------------------------------------


def test_a_wrong_share_of_an_accounts_key_is_proven_to_the_others(home, monkeypatch):
    add_split(home)

    def lie(ceremony, receiver, message):
        if not isinstance(message, ZeroShares) or receiver != "device0":
            return message
        last = message.evaluations[-1]
        return dealt(
            ceremony,
            receiver,
            message.commitments,
            (*message.evaluations[:-1], bytes([last[0] ^ 1]) + last[1:]),
        )

    cheating(monkeypatch, home, VILLAIN, lie)
    outcome = refresh(home)
    assert {(outcome.failed[name].blame, outcome.failed[name].reason) for name in ("device0", "device1")} == {
        (VILLAIN, "refresh-share")
    }
    assert epochs(home) == [0, 0, 0]


def test_a_dealer_that_leaves_an_account_out_is_at_fault(home, monkeypatch):
    add_split(home)

    def lie(ceremony, receiver, message):
        if not isinstance(message, ZeroShares):
            return message
        return dealt(ceremony, receiver, message.commitments[:-1], message.evaluations[:-1])

    cheating(monkeypatch, home, VILLAIN, lie)
    outcome = refresh(home)
    assert outcome.failed["device0"].blame == VILLAIN
    assert epochs(home) == [0, 0, 0]


def test_two_certified_attempts_at_one_epoch_split_nobody(home, monkeypatch):
    """As with the wallet's own keys: all honest devices have the shares of both, and agree on the greater."""
    add_split(home)
    public = account(home, "device0").public
    certificates = [words_to_nobody(home, monkeypatch) for _ in range(2)]
    assert waiting(home) == [2, 2, 2]
    lower, greater = sorted(certificates, key=lambda each: position(statement_in(each)))
    home["device0"].send(ShowEpoch(1, home.birth.wallet_id, lower))
    assert waiting(home) == [1, 2, 2]
    for device in home.devices.values():
        device.send(ShowEpoch(2, home.birth.wallet_id, greater))
    every_pair_has_the_key(home, public)
    assert waiting(home) == [0, 0, 0]
    home["device1"].send(ShowEpoch(3, home.birth.wallet_id, lower))
    every_pair_has_the_key(home, public)


def words_to_nobody(home: Household, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A refresh that all gave their words for and nobody heard the end of."""
    made: list[bytes] = []
    with monkeypatch.context() as patch:
        patch.setattr(
            Refreshes, "_put_in_force", lambda _self, _wallet, certificate, _by: made.append(certificate)
        )
        refresh(home)
    assert len(set(made)) == 1
    return made[0]


# --- power ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(6))
def test_the_key_outlives_a_power_failure_at_each_write(home, number, after):
    add_split(home)
    public = account(home, "device0").public
    happened = fail_at(home["device1"], number, after=after)
    with pytest.raises(PowerFailure):
        refresh(home)
    assert happened()
    home["device1"].restart()
    home.clock.pass_(200)
    for device in home.devices.values():
        device.tick()
    newest = max(
        (device.device.wallets.born(home.birth.wallet_id) for device in home.devices.values()),
        key=lambda wallet: wallet.position,
    )
    if newest.certificate:
        for device in home.devices.values():
            device.send(ShowEpoch(1, home.birth.wallet_id, newest.certificate))
    assert len(set(epochs(home))) == 1
    every_pair_has_the_key(home, public)
    for _ in range(
        2
    ):  # one more at the same epoch may still leave the attempt that broke off waiting: it is greater
        refreshed(home, refresh(home, epochs(home)[0] + 1))
        every_pair_has_the_key(home, public)
    assert waiting(home) == [0, 0, 0]


def test_an_attempt_that_broke_off_changes_nothing_and_the_next_one_counts(home, monkeypatch):
    add_split(home)
    public, before = account(home, "device0").public, share(home, "device0")
    without_words_to(home, home.names, monkeypatch)
    assert share(home, "device0") == before and waiting(home) == [1, 1, 1]
    every_pair_has_the_key(home, public)
    refreshed(home, refresh(home))
    every_pair_has_the_key(home, public)


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_the_largest_certificate_fits():
    names = [f"{number:032}" for number in range(MAX_ACCOUNTS)]
    shares = tuple(random(32) for _ in range(MAX_SIGNERS))
    statement = EpochStatement(
        bytes(32),
        bytes(32),
        2**32 - 1,
        tuple(
            EpochKey(scheme, tuple(bytes([2]) * 33 for _ in range(MAX_SIGNERS)))
            for scheme in ("bip340", "ecdsa", "ed25519")
        ),
        bytes(32),
        tuple(EpochAccount(name, bytes(32), shares) for name in names),
    )
    certificate = certify(encode(statement), [bytes(64)] * MAX_SIGNERS)
    assert len(certificate) <= MAX_CERTIFICATE_BYTES
    assert statement_in(certificate) == encode(statement)


def test_a_statement_names_each_account_once_and_in_order():
    one = EpochAccount("a", bytes(32), (bytes(32),))
    two = msgspec.structs.replace(one, account="b")
    key = EpochKey("bip340", (bytes([2]) * 33,))
    for accounts in ((two, one), (one, one)):
        with pytest.raises(ValueError, match="sorted"):
            EpochStatement(bytes(32), bytes(32), 1, (key,), bytes(32), accounts)
