"""How an account at an exchange comes to a wallet's devices: who may bring it, what must fit, and what a hostile
service can make of it (nothing)."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.utils import random
from tests.support.exchange_accounts import (
    BINANCE_KEY,
    EVERY_EXCHANGE,
    EXCHANGE_KEY,
    NAMES,
    add,
    add_born,
    add_split,
    add_triplet,
    born,
    born_key,
    es256,
    frames,
    key_request,
    new_name,
    policy_for,
    removal_frame,
    removal_of,
    remove,
    request_for,
    rules_for,
    split_key,
    three_devices,
    triplet,
    unused_name,
)
from tests.support.https_exchange import Authority
from tests.support.instructing import Owner
from tests.support.power import PowerFailure, fail_at
from tests.support.simulator import GENEROUS, PASSPHRASE, Household

from warifu.cli.exchanges.keys import NewAccount
from warifu.errors import AuthorizationRefused
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.events.exchanges import ExchangeAccountKept, ExchangeAccountRemoved, ExchangeKeyBorn
from warifu.protocol.exchange_answers import AccountKept
from warifu.protocol.exchange_requests import (
    MAX_ACCOUNTS,
    AccountPart,
    AccountTerms,
    Ed25519Part,
    HmacSecret,
    terms_digest,
)
from warifu.protocol.frames import (
    CallRefused,
    CloseSession,
    KeepAccount,
    error_of,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.journal import OPERATOR
from warifu.protocol.operator import StartAgain, decode_for_operator
from warifu.protocol.request import RefreshRequest, request_digest
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.opening import KeyShare
from warifu.threshold.ed25519 import ED25519

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def home(shared_path):
    yield from three_devices(shared_path)


@pytest.fixture
def name(home):
    yield from unused_name(home)


def accounts(home, device):
    return {each.account: each for each in home[device].status().accounts}


def told(home, device, kind):
    return [event for _, event in home[device].device.journal.entries() if isinstance(event, kind)]


def refusal(home, device, frame) -> str:
    """The stable code with which the device refuses; it keeps nothing."""
    before = home[device].status().accounts
    (answer,) = home[device].send(frame)
    assert isinstance(answer, CallRefused), answer
    assert home[device].status().accounts == before
    return error_of(answer.refusal).code


def refused(home, new: NewAccount, name: str, exchange: str, device: str = "device0", **fields) -> str:
    request = request_for(home, new, name, exchange, **fields)
    return refusal(home, device, frames(home, request, new.parts)[device])


def changed(new: NewAccount, **terms) -> NewAccount:
    """The same keys under other terms, of which every holder is told alike."""
    other = msgspec.structs.replace(new.terms, **terms)
    parts = {
        identity: bytearray(encode(AccountPart(other, decode(AccountPart, part, 2**17).secret)))
        for identity, part in new.parts.items()
    }
    return NewAccount(new.key, new.holders, other, parts)


# --- what comes to be -------------------------------------------------------------------------------------------------


def test_a_triplet_is_kept_by_the_one_device_that_the_owner_chose(home, name):
    add_triplet(home, name)
    status = accounts(home, "device0")[name]
    assert (status.exchange, status.key, status.holders) == ("coinbase-exchange", "hmac", ("device0",))
    assert status.finished and not status.simulation and not status.public
    assert name not in accounts(home, "device1")
    with home["device0"].device.accounts.load(home.birth.wallet_id, name) as opened:
        assert opened.credential.key == EXCHANGE_KEY


def test_a_cdp_key_that_cannot_be_split_is_kept_by_one_device(home, name):
    add(home, es256(home, "device2"), name, "coinbase")
    assert accounts(home, "device2")[name].holders == ("device2",)


def test_a_split_key_is_kept_by_all_and_signs_under_the_original_public_key(home, name):
    add_split(home, name)
    public = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()
    places = set()
    for device in NAMES:
        assert accounts(home, device)[name].public == public
        with home[device].device.accounts.load(home.birth.wallet_id, name) as opened:
            assert isinstance(opened.key, KeyShare)
            places.add(opened.key.participant)
            assert (opened.key.key.t, opened.key.key.threshold_pubkey) == (2, public)
            shown = opened.key.key.pubshares[opened.key.participant]
            assert ED25519.base_mul(opened.key.share).encoded == shown
    assert places == {0, 1, 2}


def test_a_born_key_waits_for_its_api_key_and_is_an_account_then(home, name):
    public = born_key(home, key_request(home, name))
    for device in NAMES:
        waiting = accounts(home, device)[name]
        assert (waiting.finished, waiting.public, waiting.key) == (False, public, "ed25519-born")
    add(home, born(home, public), name, "binance")
    for device in NAMES:
        assert accounts(home, device)[name].finished
        with home[device].device.accounts.load(home.birth.wallet_id, name) as opened:
            assert opened.credential.key == BINANCE_KEY
            assert opened.key.key.threshold_pubkey == public


def test_the_journal_tells_of_it_and_names_no_api_key(home, name):
    add_born(home, name)
    home.clock.pass_(1)
    remove(home, NAMES, name)
    for device in NAMES:
        key, kept, gone = (
            told(home, device, kind)[-1]
            for kind in (ExchangeKeyBorn, ExchangeAccountKept, ExchangeAccountRemoved)
        )
        assert key.account == kept.account == gone.account == name
        assert key.public == kept.public and kept.holders == tuple(
            sorted(home[each].identity for each in NAMES)
        )
        assert BINANCE_KEY not in repr((key, kept, gone))


def test_no_secret_of_it_is_readable_on_the_disk(home, name):
    add_triplet(home, name)
    disk = home["device0"].disk()
    assert bytes(range(64)) not in disk and EXCHANGE_KEY.encode() not in disk and b"open sesame" not in disk


def test_an_exchange_with_authorities_of_its_own_is_shown_as_a_simulation(home, name, tmp_path):
    pem = Authority(tmp_path).pem
    add_triplet(home, name, authorities=pem)
    assert accounts(home, "device0")[name].simulation
    with home["device0"].device.accounts.load(home.birth.wallet_id, name) as opened:
        assert opened.authorities == pem


# --- who may bring it -------------------------------------------------------------------------------------------------


def test_nobody_else_can_bring_an_account(home, name):
    new = triplet(home)
    request = request_for(home, new, name, "coinbase-exchange")
    owner, home.owner = home.owner, IdentityKey.generate()
    try:
        frame = frames(home, request, new.parts)["device0"]
    finally:
        home.owner = owner
    assert refusal(home, "device0", frame) == "authorization.unknown-credential"


def test_as_many_owners_must_want_it_as_the_policy_asks_for(tmp_path):
    second = IdentityKey.generate()
    home = Household(tmp_path, 1)
    policy = policy_for(rules_for("coinbase-exchange"), approvals_needed=2)
    home.make_wallet(1, policy, others=[DeviceKey(second.public)])
    new = triplet(home)
    assert refused(home, new, "main", "coinbase-exchange") == "policy.approvals"
    request = request_for(home, new, "main", "coinbase-exchange")
    further = [approve_request(approver(second), request)]
    authorization, parcels = home.authorized_parcels(
        request, {"device0": new.parts[home["device0"].identity]}, further
    )
    assert home["device0"].call(KeepAccount(1, authorization, parcels["device0"]), AccountKept)
    home.close()


def test_an_exchange_that_the_policy_does_not_know_gets_no_account(tmp_path):
    home = Household(tmp_path, 1)
    home.make_wallet(1, GENEROUS)
    assert refused(home, triplet(home), "main", "coinbase-exchange") == "policy.exchange"
    home.close()


def test_a_frozen_wallet_gets_no_account(tmp_path):
    home = Household(tmp_path, 1)
    home.make_wallet(1, policy_for(rules_for("coinbase-exchange"), frozen=True))
    assert refused(home, triplet(home), "main", "coinbase-exchange") == "policy.frozen-wallet"
    home.close()


def test_a_device_that_has_not_loaded_the_exchanges_says_so(home, name):
    home["device1"].loaded = None
    home["device1"].restart()
    try:
        new = triplet(home, "device1")
        assert refused(home, new, name, "coinbase-exchange", "device1") == "policy.exchanges-not-loaded"
    finally:
        home["device1"].loaded = home["device0"].loaded
        home["device1"].restart()


def said_to_operator(home, device):
    return [
        decode_for_operator(data) for origin, data in home[device].signer.tick() if origin is Origin.OPERATOR
    ]


def test_a_device_asks_once_and_in_a_quiet_moment_to_be_started_again(home):
    """Not while somebody types what would have to be typed again, and not in the middle of a session."""
    device = home["device1"]
    device.loaded = None
    device.restart()
    try:
        assert device.status().exchanges == "start-again"
        home.envelope_key(device)  # somebody asked for one: a passphrase is about to come
        assert said_to_operator(home, "device1") == []
        home.clock.pass_(11)
        request = RefreshRequest(random(16), home.birth.wallet_id, 1, home.clock(), home.clock() + 600)
        opened = home.openings(request, NAMES)["device1"]
        device.send(opened)
        home.clock.pass_(11)
        assert said_to_operator(home, "device1") == []
        device.send(CloseSession(opened.session, "another device failed"))
        assert said_to_operator(home, "device1") == [StartAgain(by_itself=True)]
        assert said_to_operator(home, "device1") == []
    finally:
        device.loaded = home["device0"].loaded
        device.restart()
    assert device.status().exchanges == "loaded"
    assert said_to_operator(home, "device1") == []


def test_rules_that_name_an_exchange_are_loaded_for_at_the_next_start(tmp_path):
    """And those that are taken back are not, from the start after that on."""
    home = Household(tmp_path, 1)
    birth = home.make_wallet(1, msgspec.structs.replace(GENEROUS, loosening_delay=0))
    place = home["device0"].directory
    assert not loading.wanted(place)
    owner = Owner(home)
    change = owner.change(exchanges=EVERY_EXCHANGE.exchanges)
    owner.tell("device0", change, PASSPHRASE)
    assert loading.wanted(place)
    rules = home["device0"].device.rules.of(birth.wallet_id)
    loading.settle(place, [GENEROUS, rules.policy])
    assert loading.wanted(place)
    loading.settle(place, [GENEROUS])
    assert not loading.wanted(place)
    home.close()


def test_a_wallet_that_is_born_with_rules_for_an_exchange_is_loaded_for_at_the_next_start(home):
    assert all(loading.wanted(home[device].directory) for device in NAMES)


# --- what must fit ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "exchange"),
    [
        (triplet, "coinbase"),
        (triplet, "binance"),
        (es256, "coinbase-exchange"),
        (split_key, "binance"),
        (split_key, "coinbase-exchange"),
    ],
)
def test_each_exchange_takes_its_own_kinds_of_key(home, name, make, exchange):
    assert refused(home, make(home), name, exchange) == "input.exchange-key"


def test_an_exchange_that_nobody_knows_gets_no_account(tmp_path):
    home = Household(tmp_path, 1)
    home.make_wallet(1, policy_for(rules_for("krakatoa")))
    assert refused(home, triplet(home), "main", "krakatoa") == "input.unknown-exchange"
    home.close()


def test_a_device_keeps_nothing_that_is_another_holders(home, name):
    new = triplet(home, "device1")
    parts = {home["device0"].identity: new.parts[home["device1"].identity]}
    request = request_for(home, new, name, "coinbase-exchange")
    assert refusal(home, "device0", frames(home, request, parts)["device0"]) == "input.holders"


def test_a_shared_key_is_kept_by_all_devices_of_the_wallet_or_by_none(home, name):
    new = split_key(home)
    holders = tuple(sorted(home[each].identity for each in NAMES[:2]))
    assert refused(home, new, name, "coinbase", holders=holders) == "input.holders"
    stranger = tuple(sorted((*holders, random(32))))
    assert refused(home, new, name, "coinbase", holders=stranger) == "input.holders"


def test_terms_that_are_not_those_of_the_request_are_found_out(home, name):
    """The service cannot, but whoever seals the parcels could tell each device of another key."""
    new = split_key(home)
    request = request_for(home, new, name, "coinbase")
    other = changed(new, api_key="organizations/another/apiKeys/key")
    assert refusal(home, "device0", frames(home, request, other.parts)["device0"]) == "input.exchange-terms"


def test_a_share_of_another_key_is_found_out(home, name):
    new = split_key(home)
    share = encode(AccountPart(new.terms, Ed25519Part(ED25519.random_secret().expose())))
    parts = {**new.parts, home["device0"].identity: bytearray(share)}
    request = request_for(home, new, name, "coinbase")
    assert refusal(home, "device0", frames(home, request, parts)["device0"]) == "input.exchange-share"


def test_public_shares_that_do_not_belong_together_are_found_out(home, name):
    """Each device's own share fits, and no quorum without it would sign for this key."""
    new, other = split_key(home), split_key(home)
    place = new.holders.index(home["device0"].identity)
    mixed = list(other.terms.public_shares)
    mixed[place] = new.terms.public_shares[place]
    wrong = changed(new, public_shares=tuple(mixed))
    assert refused(home, wrong, name, "coinbase") == "input.exchange-share"
    assert refused(home, changed(new, public_shares=()), name, "coinbase") == "input.exchange-share"
    assert refused(home, changed(new, public=bytes(32)), name, "coinbase") == "input.exchange-share"


def test_a_whole_secret_comes_without_a_public_key_that_nobody_checked(home, name):
    assert refused(home, changed(triplet(home), public=bytes(32)), name, "coinbase-exchange") == (
        "input.exchange-key"
    )


@pytest.mark.parametrize(
    "secret",
    [HmacSecret(bytes(32), ""), Ed25519Part(bytes(32))],
    ids=["no passphrase", "another kind"],
)
def test_what_could_never_sign_is_not_kept(home, name, secret):
    new = triplet(home)
    parts = {home["device0"].identity: bytearray(encode(AccountPart(new.terms, secret)))}
    wrong = NewAccount(new.key, new.holders, new.terms, parts)
    assert refused(home, wrong, name, "coinbase-exchange") == "input.exchange-key"


def test_an_api_key_that_the_exchange_never_gave_is_not_kept(home, name):
    wrong = changed(triplet(home), api_key="no such key")
    assert refused(home, wrong, name, "coinbase-exchange") == "input.exchange-key"


def test_authorities_and_the_word_simulation_go_together(home, name, tmp_path):
    pem = Authority(tmp_path).pem
    real, simulated = triplet(home), triplet(home, authorities=pem)
    wrong = refused(home, real, name, "coinbase-exchange", simulation=True)
    assert wrong == refused(home, simulated, name, "coinbase-exchange", simulation=False)
    assert wrong == "input.exchange-roots"
    unreadable = changed(real, authorities="no certificate")
    assert refused(home, unreadable, name, "coinbase-exchange") == "input.exchange-roots"


def test_a_key_that_was_not_born_here_gets_no_api_key(home, name):
    assert refused(home, born(home, bytes(32)), name, "binance") == "input.exchange-key"
    born_key(home, key_request(home, name))
    assert refused(home, born(home, random(32)), name, "binance") == "input.exchange-key"


def test_a_content_that_is_no_part_of_an_account_is_refused(home, name):
    new = triplet(home)
    request = request_for(home, new, name, "coinbase-exchange")
    for content in (b"\x00", b"\xff" * 4096):
        frame = frames(home, request, {home["device0"].identity: bytearray(content)})["device0"]
        assert refusal(home, "device0", frame).startswith("input.")


def test_a_wallet_has_so_many_accounts_and_no_more(tmp_path):
    home = Household(tmp_path, 1)
    home.make_wallet(1, policy_for(rules_for("coinbase-exchange"), rules_for("binance")))
    for number in range(MAX_ACCOUNTS):
        add_triplet(home, f"one-{number}")
    assert refused(home, triplet(home), "more", "coinbase-exchange") == "input.too-many-accounts"
    with pytest.raises(AssertionError, match="too-many-accounts"):
        born_key(home, key_request(home, "more"))
    home.close()


# --- what a hostile service does --------------------------------------------------------------------------------------


def test_parcels_are_of_no_use_to_another_device_or_with_another_request(home, name):
    new = split_key(home)
    request = request_for(home, new, name, "coinbase")
    honest = frames(home, request, new.parts)
    swapped = msgspec.structs.replace(honest["device0"], parcel=honest["device1"].parcel)
    assert refusal(home, "device0", swapped) == "authorization.other-device"
    other = split_key(home)
    another = frames(home, request_for(home, other, name, "coinbase"), other.parts)
    mixed = msgspec.structs.replace(honest["device1"], parcel=another["device1"].parcel)
    assert refusal(home, "device1", mixed) == "authorization.other-envelope"


def test_a_lost_answer_is_given_again_and_changes_nothing(home, name):
    new = triplet(home)
    request = request_for(home, new, name, "coinbase-exchange")
    frame = frames(home, request, new.parts)["device0"]
    first = home["device0"].call(frame, AccountKept)
    home["device0"].restart()
    assert home["device0"].call(frame, AccountKept) == first
    assert len([event for event in told(home, "device0", ExchangeAccountKept) if event.account == name]) == 1


def test_exactly_the_same_account_may_be_brought_again(home, name):
    """A device that was off gets it later, by a new request, together with those that have it."""
    public = born_key(home, key_request(home, name))
    add(home, born(home, public), name, "binance")
    home.clock.pass_(5)
    add(home, born(home, public), name, "binance")
    new = triplet(home)
    home.clock.pass_(5)
    assert refused(home, new, name, "coinbase-exchange") == "input.account-name"


def test_another_credential_never_replaces_one_silently(home, name):
    add_triplet(home, name)
    home.clock.pass_(5)
    new = triplet(home)
    other = encode(AccountPart(new.terms, HmacSecret(bytes(32), "open sesame")))
    parts = {home["device0"].identity: bytearray(other)}
    wrong = NewAccount(new.key, new.holders, new.terms, parts)
    assert refused(home, wrong, name, "coinbase-exchange") == "input.account-name"


def test_a_removed_credential_does_not_come_back_by_its_old_request(home, name):
    new = triplet(home)
    request = request_for(home, new, name, "coinbase-exchange")
    frame = frames(home, request, new.parts)["device0"]
    home["device0"].call(frame, AccountKept)
    home.clock.pass_(5)
    remove(home, ["device0"], name)
    assert refusal(home, "device0", frame) == "authorization.replayed"
    # The same authorization with the same content in a fresh parcel is what only the owner could make; it is old.
    again = frames(home, request, new.parts)["device0"]
    assert refusal(home, "device0", again) == "authorization.replayed"


def test_a_request_that_the_service_held_back_is_not_heard_after_the_removal(home, name):
    new = triplet(home)
    held_back = frames(home, request_for(home, new, name, "coinbase-exchange"), new.parts)["device0"]
    home.clock.pass_(5)
    remove(home, ["device0"], name)
    assert refusal(home, "device0", held_back) == "authorization.replayed"
    home["device0"].restart()
    home.clock.pass_(5)
    add_triplet(home, name)


def test_an_old_removal_does_not_remove_what_was_added_after_it(home, name):
    add_triplet(home, name)
    home.clock.pass_(5)
    removal = remove(home, ["device0"], name)
    home.clock.pass_(5)
    add_triplet(home, name)
    assert refusal(home, "device0", removal) == "authorization.replayed"
    assert name in accounts(home, "device0")


def test_a_removal_takes_one_owner_and_no_freeze_stops_it(home, name):
    add_triplet(home, name)
    home["device0"].device.freeze.freeze("seen something", home.clock(), OPERATOR)
    home.clock.pass_(5)
    remove(home, ["device0"], name)
    home["device0"].device.freeze.lift(home.clock())
    assert name not in accounts(home, "device0")


def test_nobody_else_removes_an_account(home, name):
    add_triplet(home, name)
    home.clock.pass_(5)
    owner, home.owner = home.owner, IdentityKey.generate()
    try:
        with pytest.raises(AuthorizationRefused):
            remove(home, ["device0"], name)
    finally:
        home.owner = owner
    assert name in accounts(home, "device0")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deliveries=st.lists(st.sampled_from(["add 1", "remove 2", "add 3", "remove 4"]), max_size=6))
def test_however_the_service_orders_and_repeats_them_a_removal_stands_over_what_was_asked_before(
    home, deliveries
):
    """Each word was said at the moment in its name. The parcels are sealed anew each time, so that nothing but the
    order is judged: the service could not do that."""
    account, start = new_name(), home.clock() + 10
    home.clock.pass_(100)
    new = triplet(home)
    delivered = set()
    for said in deliveries:
        what, moment = said.split()
        created = start + int(moment)
        if what == "add":
            request = request_for(home, new, account, "coinbase-exchange", created=created)
            (answer,) = home["device0"].send(frames(home, request, new.parts)["device0"])
        else:
            removal = removal_of(home, account, created=created)
            (answer,) = home["device0"].send(removal_frame(home, removal))
        if isinstance(answer, CallRefused):
            assert error_of(answer.refusal).code == "authorization.replayed"
        delivered.add(created if what == "remove" else 0)
        kept = accounts(home, "device0").get(account)
        newest = home["device0"].device.accounts.newest(home.birth.wallet_id, account)
        assert kept is None or newest > max(delivered)
    home.clock.pass_(10)
    remove(home, ["device0"], account)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(2))
def test_a_power_failure_leaves_the_whole_account_or_nothing(home, name, number, after):
    new = triplet(home)
    request = request_for(home, new, name, "coinbase-exchange")
    frame = frames(home, request, new.parts)["device0"]
    happened = fail_at(home["device0"], number, after=after)
    try:
        home["device0"].call(frame, AccountKept)
    except PowerFailure:
        assert happened()
    home["device0"].restart()
    kept = name in accounts(home, "device0")
    journal = [event for event in told(home, "device0", ExchangeAccountKept) if event.account == name]
    assert len(journal) == kept
    if kept:
        assert home["device0"].call(frame, AccountKept).request == request_digest(request)
        home["device0"].device.accounts.load(home.birth.wallet_id, name).wipe()
    else:
        add_triplet(home, name)


def test_terms_are_named_by_a_digest_that_no_two_share():
    one = AccountTerms("key", b"", (), "")
    others = [
        msgspec.structs.replace(one, api_key="yek"),
        msgspec.structs.replace(one, public=bytes(32)),
        msgspec.structs.replace(one, public_shares=(bytes(32),)),
        msgspec.structs.replace(one, authorities="PEM"),
    ]
    assert len({terms_digest(each) for each in (one, *others)}) == 5
