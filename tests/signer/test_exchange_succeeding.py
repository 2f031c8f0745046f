"""A born key takes the place of an account's: all keep it before any uses it, and a switch that breaks off is healed.

What a hostile service, a device that says something else, a lost device and a power failure can make of it.
"""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.exchange_accounts import (
    EVERY_EXCHANGE,
    NAMES,
    add,
    add_born,
    add_split,
    born,
    born_key,
    frames,
    generate,
    identities,
    key_request,
    new_name,
    remove,
    request_for,
    three_devices,
    unused_name,
)
from tests.support.https_exchange import Authority
from tests.support.instructing import Owner
from tests.support.power import PowerFailure, fail_at
from tests.support.refreshing import refresh, refreshed
from tests.support.simulator import Household, honest

from warifu.cli.exchanges.keys import new_key_request
from warifu.errors import PolicyDenied, WarifuError
from warifu.protocol.events.exchanges import ExchangeAccountReplaced
from warifu.protocol.exchange_answers import AccountKept, AccountStatus, KeyBorn, Succession
from warifu.protocol.exchange_requests import ExchangeKeyRequest
from warifu.protocol.frames import (
    AskKeyRecovery,
    AskSuccession,
    KeyRecovered,
    PutAccountInForce,
    RecoverExchangeKey,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import FreezeDevice, UnfreezeDevice
from warifu.protocol.request import request_digest
from warifu.threshold.ed25519 import ED25519

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def home(shared_path):
    yield from three_devices(shared_path)


@pytest.fixture
def name(home):
    yield from unused_name(home)


def replacing(home: Household, name: str, **fields: Any) -> ExchangeKeyRequest:
    assert home.birth is not None
    home.clock.pass_(5)
    now = home.clock()
    made = new_key_request(home.birth.wallet_id, name, "binance", now, now + 600, replacing=True)
    return msgspec.structs.replace(made, **fields)


def account(home: Household, device: str, name: str) -> AccountStatus:
    (found,) = [each for each in home[device].status().accounts if each.account == name]
    return found


def in_force(home: Household, name: str) -> dict[str, bytes]:
    return {device: account(home, device, name).public for device in NAMES}


def asked(home: Household, device: str, name: str, succession: bytes) -> Succession:
    assert home.birth is not None
    return home[device].call(AskSuccession(41, home.birth.wallet_id, name, succession), Succession)


def words(home: Household, name: str, succession: bytes) -> tuple[bytes, ...]:
    return tuple(asked(home, home.name_of(holder), name, succession).signature for holder in identities(home))


def put(
    home: Household, device: str, name: str, succession: bytes, together: tuple[bytes, ...]
) -> Succession:
    assert home.birth is not None
    frame = PutAccountInForce(42, home.birth.wallet_id, name, succession, together)
    return home[device].call(frame, Succession)


def ready(home: Household, name: str) -> tuple[bytes, bytes, bytes]:
    """(key in force, key that takes its place, what that is known by): every holder keeps both."""
    add_born(home, name)
    old = account(home, "device0", name).public
    public = born_key(home, replacing(home, name))
    add(home, born(home, public), name, "binance")
    return old, public, account(home, "device0", name).ready


def share_fits(home: Household, device: str, name: str) -> bool:
    """Whether the share that is in force there is of the public share that the account has."""
    accounts = home[device].device.accounts
    assert home.birth is not None
    kept = accounts.get(home.birth.wallet_id, name)
    assert kept is not None and kept.born is not None
    with accounts.secret(kept) as share:
        place = identities(home).index(home[device].identity)
        return ED25519.base_mul(share).encoded == kept.born.public_shares[place]


def cut_after(count: int):
    """The service hands on so many frames, and no more."""
    seen = itertools.count()
    return lambda sender, receiver, frame: honest(sender, receiver, frame) if next(seen) < count else []


def refusal(work) -> str:
    with pytest.raises(WarifuError) as caught:
        work()
    return caught.value.code


# --- the road -------------------------------------------------------------------------------------------------------


def test_the_old_key_is_in_force_until_every_holder_keeps_the_new_one_with_its_api_key(home, name):
    add_born(home, name)
    old = account(home, "device0", name).public
    public = born_key(home, replacing(home, name))
    assert public != old and in_force(home, name) == dict.fromkeys(NAMES, old)
    assert {account(home, each, name).successor for each in NAMES} == {public}
    assert {account(home, each, name).ready for each in NAMES} == {b""}
    add(home, born(home, public), name, "binance")
    (succession,) = {account(home, each, name).ready for each in NAMES}
    assert in_force(home, name) == dict.fromkeys(NAMES, old)
    together = words(home, name, succession)
    for device in NAMES:
        assert account(home, device, name).public == old
        assert put(home, device, name, succession, together).together == together
        home[device].restart()
        seen = account(home, device, name)
        assert (seen.public, seen.successor, seen.ready, seen.finished) == (public, b"", b"", True)
        assert share_fits(home, device, name)
        assert put(home, device, name, succession, together).together == together, "the same again"


def test_it_is_written_down_once_by_which_key_which_was_replaced(home, name):
    old, public, succession = ready(home, name)
    together = words(home, name, succession)
    put(home, "device1", name, succession, together)
    put(home, "device1", name, succession, together)
    written = home["device1"].device.journal.entries()
    events = [event for _, event in written if isinstance(event, ExchangeAccountReplaced)]
    assert [(e.account, e.public, e.replaced) for e in events if e.account == name] == [(name, public, old)]


def test_a_device_that_lost_the_account_takes_the_new_key_at_once_and_the_others_follow(home, name):
    """As after an older disk was put back."""
    add_born(home, name)
    home.clock.pass_(1)
    remove(home, ["device2"], name)
    public = born_key(home, replacing(home, name))
    assert account(home, "device2", name).public == public
    add(home, born(home, public), name, "binance")
    assert account(home, "device2", name).finished
    succession = account(home, "device0", name).ready
    together = words(home, name, succession)
    for device in ("device0", "device1"):
        put(home, device, name, succession, together)
    assert in_force(home, name) == dict.fromkeys(NAMES, public)


# --- what a service can make of it ------------------------------------------------------------------------------------


def test_no_device_switches_but_by_the_word_of_all(home, name):
    old, _, succession = ready(home, name)
    together = words(home, name, succession)
    stranger = IdentityKey.generate().sign("exchange-succession", succession)
    for bad in (
        together[:2],
        (*together, together[0]),
        (together[0], together[0], together[2]),
        (together[1], together[0], together[2]),
        (stranger, *together[1:]),
        (*together[:2], bytes(64)),
    ):
        code = refusal(lambda bad=bad: put(home, "device0", name, succession, bad))
        assert code in ("input.holders", "authorization.signature"), bad
    assert in_force(home, name) == dict.fromkeys(NAMES, old)


def test_no_word_is_given_for_what_is_not_kept(home, name):
    _, _, succession = ready(home, name)
    assert refusal(lambda: asked(home, "device0", name, random(32))) == "input.unknown-account"
    assert refusal(lambda: asked(home, "device0", "another", succession)) == "input.unknown-account"
    other = new_name()
    add_born(home, other)
    born_key(home, replacing(home, other))  # its API key was not brought
    accounts = home["device0"].device.accounts
    unfinished = accounts.successor(home.birth.wallet_id, other)
    finished = msgspec.structs.replace(unfinished, terms=accounts.get(home.birth.wallet_id, other).terms)
    assert refusal(lambda: asked(home, "device0", other, finished.succession)) == "input.unknown-account"


def test_words_for_one_key_put_no_other_in_force(home, name):
    old, _, first = ready(home, name)
    together = words(home, name, first)
    public = born_key(home, replacing(home, name))
    assert refusal(lambda: put(home, "device0", name, first, together)) == "input.unknown-account"
    add(home, born(home, public), name, "binance")
    second = account(home, "device0", name).ready
    assert refusal(lambda: put(home, "device0", name, second, together)) == "authorization.signature"
    assert in_force(home, name) == dict.fromkeys(NAMES, old)


def test_a_switch_that_was_cut_off_is_brought_to_its_end_though_a_holder_is_lost(home, name):
    _, public, succession = ready(home, name)
    put(home, "device0", name, succession, words(home, name, succession))
    home[
        "device0"
    ].restart()  # whoever brings the rest of it knows nothing of what came before; device1 is lost
    told = asked(home, "device0", name, succession).together
    put(home, "device2", name, succession, told)
    assert {account(home, each, name).public for each in ("device0", "device2")} == {public}


def test_finished_again_by_another_request_the_same_words_hold(home, name):
    """The first one reached a part of the devices, and one that has switched may be among them."""
    old, public, succession = ready(home, name)
    put(home, "device0", name, succession, words(home, name, succession))
    home.clock.pass_(5)
    add(home, born(home, public), name, "binance")
    assert {account(home, each, name).ready for each in ("device1", "device2")} == {succession}
    assert in_force(home, name) == {"device0": public, "device1": old, "device2": old}
    together = words(home, name, succession)
    for device in NAMES:
        put(home, device, name, succession, together)
    assert in_force(home, name) == dict.fromkeys(NAMES, public)


def test_an_api_key_that_reached_a_part_of_the_devices_changes_nothing(home, name):
    add_born(home, name)
    old = account(home, "device0", name).public
    public = born_key(home, replacing(home, name))
    new = born(home, public)
    request = request_for(home, new, name, "binance")
    home["device0"].call(frames(home, request, new.parts)["device0"], AccountKept)
    succession = account(home, "device0", name).ready
    assert refusal(lambda: asked(home, "device1", name, succession)) == "input.unknown-account"
    assert in_force(home, name) == dict.fromkeys(NAMES, old)
    home.clock.pass_(5)
    add(home, born(home, public), name, "binance")
    together = words(home, name, succession)
    for device in NAMES:
        put(home, device, name, succession, together)
    assert in_force(home, name) == dict.fromkeys(NAMES, public)


# --- who may ask for it -----------------------------------------------------------------------------------------------


def test_without_the_owners_saying_so_no_key_is_made_beside_another(home, name):
    add_born(home, name)
    home.clock.pass_(5)
    assert set(generate(home, key_request(home, name)).codes.values()) == {"input.account-name"}
    assert {account(home, each, name).successor for each in NAMES} == {b""}


def test_only_a_born_key_of_the_same_exchange_has_a_successor(home, name):
    add_split(home, name)
    assert set(generate(home, replacing(home, name)).codes.values()) == {"input.account-name"}


def test_an_older_request_makes_no_successor(home, name):
    request = replacing(home, name)
    home.clock.pass_(5)
    add_born(home, name)
    assert set(generate(home, request).codes.values()) == {"authorization.replayed"}


def test_a_real_exchanges_key_does_not_take_a_simulations_place(home, name, tmp_path):
    add_born(home, name, Authority(tmp_path).pem)
    public = born_key(home, replacing(home, name))
    assert refusal(lambda: add(home, born(home, public), name, "binance")) == "input.exchange-roots"
    assert {account(home, each, name).ready for each in NAMES} == {b""}


def test_the_old_keys_terms_are_not_brought_for_the_new_key(home, name):
    add_born(home, name)
    old = account(home, "device0", name).public
    born_key(home, replacing(home, name))
    assert refusal(lambda: add(home, born(home, old), name, "binance")) == "input.exchange-key"


def test_a_frozen_device_switches_when_it_is_thawed(home, name):
    old, public, succession = ready(home, name)
    together = words(home, name, succession)
    home["device0"].operator(FreezeDevice("somebody is at it"))
    try:
        with pytest.raises(PolicyDenied):
            put(home, "device0", name, succession, together)
        assert account(home, "device0", name).public == old
    finally:
        home["device0"].operator(UnfreezeDevice())
    put(home, "device0", name, succession, together)
    assert account(home, "device0", name).public == public


def test_a_frozen_wallet_keeps_no_new_key_and_ends_the_switch_that_all_gave_their_word_for(tmp_path):
    """What is abroad comes home in a freeze: by whichever key t devices have."""
    home = Household(tmp_path, 2)
    home.make_wallet(2, EVERY_EXCHANGE)
    _, public, succession = ready(home, "main")
    together = words(home, "main", succession)
    Owner(home).tell_all(Owner(home).freeze())
    home.clock.pass_(5)
    assert refusal(lambda: add(home, born(home, public), "main", "binance")) == "policy.frozen-wallet"
    assert set(generate(home, replacing(home, "main")).codes.values()) == {"policy.frozen-wallet"}
    for device in ("device0", "device1"):
        put(home, device, "main", succession, together)
        assert account(home, device, "main").public == public
    home.close()


# --- what ends it -----------------------------------------------------------------------------------------------------


def test_a_removal_forgets_both_and_no_word_brings_one_back(home, name):
    _, _, succession = ready(home, name)
    together = words(home, name, succession)
    home.clock.pass_(5)
    remove(home, NAMES, name)
    for device in NAMES:
        assert refusal(lambda device=device: put(home, device, name, succession, together)) == (
            "input.unknown-account"
        )
        assert all(each.account != name for each in home[device].status().accounts)


def test_a_refresh_forgets_a_key_that_waits_and_waits_for_one_that_is_ready(tmp_path):
    """Its shares are of before: one from a stolen disk and one of a device that is taken over would make the key."""
    home = Household(tmp_path, 2)
    home.make_wallet(2, EVERY_EXCHANGE)
    add_born(home)
    old = account(home, "device0", "main").public
    public = born_key(home, replacing(home, "main"))
    add(home, born(home, public), "main", "binance")
    assert set(refresh(home).codes.values()) == {"session.account-switching"}
    later = born_key(home, replacing(home, "main"))
    refreshed(home, refresh(home))
    for device in ("device0", "device1"):
        seen = account(home, device, "main")
        assert (seen.public, seen.successor) == (old, b"")
    assert refusal(lambda: add(home, born(home, later), "main", "binance")) == "input.exchange-key"
    home.close()


# --- what is cut off --------------------------------------------------------------------------------------------------


def test_who_missed_the_end_of_the_generation_recovers_its_share_beside_the_key_in_force(home, name):
    add_born(home, name)
    old = account(home, "device0", name).public
    for count in range(100):
        home.clock.pass_(300)
        request = replacing(home, name)
        generate(home, request, cut_after(count))
        home.clock.pass_(200)
        for device in NAMES:
            home[device].tick()
        states = {each: home[each].result(request_digest(request)).state for each in NAMES}
        having = [each for each in NAMES if states[each] == "finished"]
        if 0 < len(having) < len(NAMES):
            break
    assert in_force(home, name) == dict.fromkeys(NAMES, old)
    data = home[having[0]].call(AskKeyRecovery(7, request_digest(request)), KeyRecovered).recovery
    for device in NAMES:
        home[device].call(RecoverExchangeKey(8, request_digest(request), data), KeyBorn)
    (public,) = {account(home, each, name).successor for each in NAMES}
    add(home, born(home, public), name, "binance")
    succession = account(home, "device0", name).ready
    together = words(home, name, succession)
    for device in NAMES:
        put(home, device, name, succession, together)
        assert share_fits(home, device, name)


@pytest.mark.parametrize("after", [False, True])
def test_a_power_failure_while_it_is_put_beside_leaves_the_old_key_in_force(home, name, after):
    add_born(home, name)
    old = account(home, "device0", name).public
    public = born_key(home, replacing(home, name))
    for number in itertools.count():
        new = born(home, public)
        request = request_for(home, new, name, "binance")
        frame = frames(home, request, new.parts)["device0"]
        happened = fail_at(home["device0"], number, after=after)
        try:
            home["device0"].call(frame, AccountKept)
        except PowerFailure:
            assert happened()
        home["device0"].restart()
        assert account(home, "device0", name).public == old
        assert account(home, "device0", name).successor == public
        home.clock.pass_(5)
        if not happened():
            break
    assert number >= 1
    assert account(home, "device0", name).ready


@pytest.mark.parametrize("after", [False, True])
def test_a_power_failure_in_the_switch_leaves_one_key_or_the_other_whole(home, name, after):
    old, public, succession = ready(home, name)
    together, seen = words(home, name, succession), set()
    for number in itertools.count():
        happened = fail_at(home["device0"], number, after=after)
        try:
            put(home, "device0", name, succession, together)
        except PowerFailure:
            assert happened()
        home["device0"].restart()
        found = account(home, "device0", name)
        assert share_fits(home, "device0", name)
        assert (found.public, found.successor) in ((old, public), (public, b""))
        seen.add(found.public)
        if not happened():
            break
    assert public in seen and number >= 1
    assert put(home, "device1", name, succession, asked(home, "device0", name, succession).together)


def test_words_are_of_this_key_in_this_wallet_with_these_terms_and_holders(home, name):
    ready(home, name)
    successor = home["device0"].device.accounts.successor(home.birth.wallet_id, name)
    other_terms = msgspec.structs.replace(successor.terms, api_key="another")
    for changed in (
        {"wallet": random(32)},
        {"name": "other"},
        {"exchange": "coinbase"},
        {"holders": successor.holders[:2]},
        {"terms": other_terms},
        {"simulation": True},
        {"born": msgspec.structs.replace(successor.born, public=random(32))},
    ):
        assert msgspec.structs.replace(successor, **changed).succession != successor.succession, changed
