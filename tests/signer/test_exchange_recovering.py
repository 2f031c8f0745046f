"""A key for an account whose generation is cut off: all devices come to have it, or none ever does.

What a hostile service, a power failure or a lost line can make of the end of a generation, and what a device that
missed it takes from the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec
import pytest
from nacl.utils import random
from tests.support.exchange_accounts import (
    EVERY_EXCHANGE,
    NAMES,
    add,
    born,
    born_key,
    generate,
    identities,
    key_request,
    new_name,
    remove,
    three_devices,
    unused_name,
)
from tests.support.power import PowerFailure, fail_at
from tests.support.refreshing import refresh, refreshed
from tests.support.simulator import Household, honest

from warifu.cli.exchanges.keys import agreed_key
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import KeyBorn
from warifu.protocol.exchange_requests import ExchangeKeyRequest
from warifu.protocol.frames import (
    AskKeyRecovery,
    CallRefused,
    KeyRecovered,
    OpenExchangeKey,
    RecoverExchangeKey,
    SessionFailed,
    error_of,
)
from warifu.protocol.journal import OPERATOR
from warifu.protocol.request import request_digest
from warifu.signer.sessions.messages import Generation
from warifu.threshold.ed25519 import ED25519

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def home(shared_path):
    yield from three_devices(shared_path)


@pytest.fixture
def name(home):
    yield from unused_name(home)


def cut_after(count: int):
    """The service hands on so many frames, and no more."""
    seen = itertools.count()
    return lambda sender, receiver, frame: honest(sender, receiver, frame) if next(seen) < count else []


def over(home) -> None:
    """What was under way is given up by all."""
    home.clock.pass_(200)
    for device in NAMES:
        home[device].tick()


def states(home, request: ExchangeKeyRequest) -> dict[str, str]:
    return {name: home[name].result(request_digest(request)).state for name in NAMES}


def recovery(home: Household, request: ExchangeKeyRequest, of: str) -> bytes:
    return home[of].call(AskKeyRecovery(7, request_digest(request)), KeyRecovered).recovery


def brought(home: Household, request: ExchangeKeyRequest, name: str, data: bytes) -> KeyBorn:
    return home[name].call(RecoverExchangeKey(8, request_digest(request), data), KeyBorn)


def refused(home, name: str, frame: object) -> str:
    (answer,) = home[name].send(frame)
    assert isinstance(answer, CallRefused), answer
    return error_of(answer.refusal).code


def agreed(home, request: ExchangeKeyRequest) -> bytes:
    """The key that all devices state, as the owner's client checks it."""
    told = [decode(KeyBorn, home[name].result(request_digest(request)).result, 2**16) for name in NAMES]
    return agreed_key(told, request, {home[name].identity: name for name in NAMES}, 2)


def part_of(home, request: ExchangeKeyRequest, name: str) -> bytes:
    """The public half of the share that this device really has."""
    accounts = home[name].device.accounts
    with accounts.secret(accounts.get(home.birth.wallet_id, request.account)) as share:
        return ED25519.base_mul(share).encoded


def partial(home, name: str, *, missing: int = 1) -> tuple[ExchangeKeyRequest, list[str], list[str]]:
    """A generation that was cut off so that ``missing`` devices lack the end: the request, who has it, who does not."""
    for count in range(100):
        home.clock.pass_(300)
        request = key_request(home, name)
        generate(home, request, cut_after(count))
        over(home)
        seen = states(home, request)
        lacking = [each for each in NAMES if seen[each] == "started"]
        having = [each for each in NAMES if seen[each] == "finished"]
        if having and len(lacking) == missing:
            return request, having, lacking
    raise AssertionError("it was never cut off there")


@pytest.mark.slow
def test_wherever_it_is_cut_off_all_come_to_have_the_key_or_nobody_has_it(home, name):
    ends = set()
    for count in itertools.count():
        home.clock.pass_(300)
        request = key_request(home, name)
        outcome = generate(home, request, cut_after(count))
        over(home)
        seen = states(home, request)
        having = [each for each in NAMES if seen[each] == "finished"]
        ends.add(len(having))
        if having:
            assert "unknown" not in seen.values(), seen
            data = recovery(home, request, having[0])
            for each in NAMES:
                assert brought(home, request, each, data).identity == home[each].identity
            key, place = agreed(home, request), identities(home).index
            shares = brought(home, request, NAMES[0], data).public_shares
            assert [part_of(home, request, each) for each in NAMES] == [
                shares[place(home[each].identity)] for each in NAMES
            ]
            assert {kept.public for each in NAMES for kept in home[each].status().accounts} == {key}
        if len(outcome.finished) == len(NAMES):
            break
    assert ends >= {0, 1, 3}, "it was cut off before the end, at the end of one device, and not at all"


@pytest.mark.slow
@pytest.mark.parametrize("device", NAMES)
@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("after", [False, True])
def test_a_power_failure_at_any_write_leaves_a_key_that_all_can_have_or_none(
    home, name, device, number, after
):
    request = key_request(home, name)
    happened = fail_at(home[device], number, after=after)
    with pytest.raises(PowerFailure):
        generate(home, request)
    assert happened()
    home[device].restart()
    over(home)
    seen = states(home, request)
    having = [each for each in NAMES if seen[each] == "finished"]
    if having:
        data = recovery(home, request, having[0])
        for each in NAMES:
            brought(home, request, each, data)
        add(home, born(home, agreed(home, request)), name, "binance")
    else:
        assert set(seen.values()) <= {"started", "unknown"}
        assert born_key(home, key_request(home, name))


def test_what_was_recovered_outlives_a_restart_and_is_finished_as_what_was_not(home, name):
    request, having, (lost,) = partial(home, name)
    home[lost].restart()
    brought(home, request, lost, recovery(home, request, having[0]))
    home[lost].restart()
    key = agreed(home, request)
    add(home, born(home, key), name, "binance")
    assert {kept.public for each in NAMES for kept in home[each].status().accounts} == {key}


def test_a_power_failure_while_it_recovers_loses_nothing(home, name):
    request, having, (lost,) = partial(home, name)
    data = recovery(home, request, having[0])
    for after in (False, True):
        fail_at(home[lost], 0, after=after)
        with pytest.raises(PowerFailure):
            brought(home, request, lost, data)
        home[lost].restart()
        assert states(home, request)[lost] == ("finished" if after else "started")
    assert agreed(home, request)


def test_two_that_missed_the_end_are_brought_home_by_the_third(home, name):
    request, having, lost = partial(home, name, missing=2)
    data = recovery(home, request, having[0])
    for each in lost:
        brought(home, request, each, data)
    assert agreed(home, request)


# --- what is not taken ------------------------------------------------------------------------------------------------


def test_a_device_that_took_no_part_recovers_nothing(home, name):
    request, having, _ = partial(home, name)
    data = recovery(home, request, having[0])
    other = key_request(home, new_name())
    for each in NAMES:
        code = refused(home, each, RecoverExchangeKey(8, request_digest(other), data))
        assert code == "input.unknown-key"
        assert refused(home, each, AskKeyRecovery(7, request_digest(other))) == "input.unknown-key"


def test_data_of_another_generation_or_altered_data_is_refused_and_changes_nothing(home, name):
    request, having, (lost,) = partial(home, name)
    data = recovery(home, request, having[0])
    other = key_request(home, new_name())
    generate(home, other)
    forged = [recovery(home, other, "device0"), data[:-1], data + b"\0", random(len(data))]
    forged += [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (3, 40, 150, len(data) - 1)]
    for each in forged:
        code = refused(home, lost, RecoverExchangeKey(8, request_digest(request), each))
        assert code == "input.recovery-data"
    assert states(home, request)[lost] == "started"
    brought(home, request, lost, data)


def test_no_second_session_takes_the_place_of_what_a_device_recovers_by(home, name):
    """The service opens the same request again: what the device has of the first one would be gone."""
    request, having, (lost,) = partial(home, name)
    frame = OpenExchangeKey(random(16), home.authorized_alone(request), identities(home))
    (answer,) = home[lost].send(frame)
    assert isinstance(answer, SessionFailed)
    assert error_of(answer.refusal).code == "session.interrupted"
    brought(home, request, lost, recovery(home, request, having[0]))


def later(home, name: str, lost: str) -> None:
    home.clock.pass_(5)
    born_key(home, key_request(home, name))


def removed(home, name: str, lost: str) -> None:
    home.clock.pass_(5)
    remove(home, [lost], name)


def frozen(home, name: str, lost: str) -> None:
    home[lost].device.freeze.freeze("stolen", home.clock(), OPERATOR)


@pytest.mark.parametrize(
    ("happens", "code"),
    [(later, "input.unknown-key"), (removed, "input.unknown-key"), (frozen, "policy.frozen")],
)
def test_what_its_owner_wanted_since_is_not_undone(
    home, name, happens: Callable[[Household, str, str], None], code: str
):
    request, having, (lost,) = partial(home, name)
    data = recovery(home, request, having[0])
    happens(home, name, lost)
    before = home[lost].status().accounts
    try:
        assert refused(home, lost, RecoverExchangeKey(8, request_digest(request), data)) == code
    finally:
        if home[lost].device.freeze.reason is not None:
            home[lost].device.freeze.lift(home.clock())
    assert home[lost].status().accounts == before


# --- what is left of it -----------------------------------------------------------------------------------------------


def rows(home, name: str, device: str) -> list[tuple[bool, bool]]:
    """Whether there is a host secret key, and recovery data."""
    return [
        (bool(host), bool(data))
        for host, data in home[device].device.store.execute(
            "SELECT host IS NOT NULL, recovery IS NOT NULL FROM exchange_births WHERE account = ?", (name,)
        )
    ]


def test_a_host_secret_key_is_gone_once_the_share_is_kept_and_all_once_the_account_is_finished(home, name):
    request, having, (lost,) = partial(home, name)
    assert rows(home, name, lost) == [(True, False)]
    assert [rows(home, name, each) for each in having] == [[(False, True)]] * len(having)
    brought(home, request, lost, recovery(home, request, having[0]))
    assert rows(home, name, lost) == [(False, True)]
    add(home, born(home, agreed(home, request)), name, "binance")
    assert [rows(home, name, each) for each in NAMES] == [[]] * 3
    assert refused(home, lost, AskKeyRecovery(7, request_digest(request))) == "input.unknown-key"


def test_no_host_secret_key_is_readable_on_the_disk(home, name):
    request, _, (lost,) = partial(home, name)
    with home[lost].device.accounts.generations.host_key(request_digest(request)) as host_key:
        assert host_key.expose() not in home[lost].disk()


def test_recovery_data_of_before_a_refresh_gives_nobody_shares_of_before(tmp_path):
    home = Household(tmp_path, 3)
    home.make_wallet(2, EVERY_EXCHANGE)
    request = key_request(home, "main")
    generate(home, request)
    recovery(home, request, "device0")
    refreshed(home, refresh(home))
    assert [rows(home, "main", each) for each in NAMES] == [[]] * 3
    assert refused(home, "device0", AskKeyRecovery(7, request_digest(request))) == "input.unknown-key"
    home.close()


def test_no_signature_of_a_transcript_leaves_before_the_host_secret_key_is_durable(home, name, monkeypatch):
    """Whoever has the others' signatures has a key; one that gave its own and forgot its host secret key never will."""
    left: list[tuple[str, bool]] = []
    request = key_request(home, name)
    for device in NAMES:
        ceremonies = home[device].signer._ceremonies
        honest_opening = ceremonies._exchange_key

        def spied(frame, device=device, honest_opening=honest_opening):
            ceremony, ended = honest_opening(frame)
            said = ceremony._say

            def saying(peer, message):
                if isinstance(message, Generation):
                    left.append((device, bool(rows(home, name, device))))
                return said(peer, message)

            ceremony._say = saying
            return ceremony, ended

        monkeypatch.setattr(ceremonies, "_exchange_key", spied)
    outcome = generate(home, request)
    assert len(outcome.finished) == 3
    for device in NAMES:
        kept = [durable for who, durable in left if who == device]
        assert kept[-1] and not kept[0], "it is kept only when it is needed, and then for all that follows"


def test_a_wallet_without_rules_for_the_exchange_recovers_no_key_for_it(tmp_path, monkeypatch):
    home = Household(tmp_path, 3)
    home.make_wallet(2, EVERY_EXCHANGE)
    request, having, (lost,) = partial(home, "main")
    data = recovery(home, request, having[0])
    original = home[lost].device.rules.policy
    monkeypatch.setattr(
        home[lost].device.rules,
        "policy",
        lambda wallet: msgspec.structs.replace(original(wallet), exchanges=()),
    )
    assert refused(home, lost, RecoverExchangeKey(8, request_digest(request), data)) == "policy.exchange"
    home.close()
