"""Nobody tells a signer what time it is: not the service, not the owner's request, no peer. It goes by its own clock,
and what that jumps by opens no limit twice and makes no old word good again."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import inspect
from tests.support.attacker import PAIR, Attacker
from tests.support.simulator import PASSPHRASE, START, FakeClock, Household, Spend, bitcoin_policy, signed

from warifu.protocol.authorization import authorize
from warifu.protocol.credential import approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import CloseSession, OpenSession, Relay, ToSigner
from warifu.signer.clock import BELIEVED_BEHIND

pytestmark = [pytest.mark.unit, pytest.mark.slow]

DAY = 24 * 3600
LIMIT = 61_000


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Household]:
    """A day's limit that one payment uses up; each device with a clock of its own."""
    household = Household(tmp_path, 3)
    for device in household.devices.values():
        device.clock = FakeClock()
        device.restart()
    household.make_wallet(2, bitcoin_policy(per_transaction=LIMIT, per_day=LIMIT))
    yield household
    household.close()


def struct_info(kind: type) -> inspect.StructType:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info


def set_clock(home: Household, name: str, seconds: int) -> None:
    clock = home[name].clock
    assert isinstance(clock, FakeClock)
    clock.pass_(seconds)


def test_no_frame_of_the_service_has_a_field_for_the_time():
    """What is a number in a frame names a call, page, piece, round or tunnel, or says how many: nothing is a moment."""
    numbers = {
        (kind.__struct_config__.tag, field.name)
        for kind in typing.get_args(ToSigner)
        for field in struct_info(kind).fields
        if isinstance(field.type, inspect.IntType)
    }
    assert {name for _, name in numbers} <= {
        "call",
        "count",
        "first",
        "number",
        "revision",
        "round",
        "tunnel",
    }


@pytest.mark.parametrize("jump", [DAY, 10 * DAY])
def test_the_service_waits_for_a_day_that_the_owners_clock_has_and_the_signers_have_not(
    tight: Household, jump
):
    """The owner's machine was set ahead, so that its requests are of tomorrow, when the limit is open again."""
    attacker, first = Attacker(tight), tight.pay()
    assert signed(first, tight.sign(first))
    tight.clock.pass_(jump)
    second = tight.pay(first_coin=2, created=START + jump, expires=START + jump + 600)
    tight.clock.pass_(-jump)
    attacker.refused("authorization.not-yet", lambda: tight.sign(second))
    today = tight.pay(first_coin=2)
    attacker.refused("policy.window-limit", lambda: tight.sign(today))


@pytest.mark.parametrize("back", [1, 3600, DAY, 400 * DAY])
def test_a_clock_that_is_set_back_makes_no_expired_request_good(home: Household, attacker: Attacker, back):
    payment = home.pay()
    kept = home.openings(payment.request, PAIR, payment.unsigned)
    home.clock.pass_(601)
    for name in PAIR:
        home[name].tick()
    home.clock.pass_(-back)
    attacker.refused({"authorization.expired"}, lambda: home.run(kept))


@pytest.mark.parametrize("back", [3600, DAY, BELIEVED_BEHIND + 1, 400 * DAY])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_is_set_back_opens_no_limit(tight: Household, back, restarted):
    attacker, first = Attacker(tight), tight.pay()
    assert signed(first, tight.sign(first, PAIR))
    for name in PAIR:
        set_clock(tight, name, -back)
        if restarted:
            tight[name].restart()
    second = now_by(tight, "device0", first_coin=2)
    attacker.refused("policy.window-limit", lambda: tight.run(sealed(tight, second)))


def test_one_clock_that_is_set_ahead_is_one_signer_that_believes_it(tight: Household):
    """By forged NTP, which nobody signs: t clocks are t signers."""
    attacker, first = Attacker(tight), tight.pay()
    assert signed(first, tight.sign(first, PAIR))
    set_clock(tight, "device0", DAY + 1)
    second = tight.pay(first_coin=2)
    attacker.refused(
        {"policy.window-limit", "authorization.expired"}, lambda: tight.run(sealed(tight, second))
    )
    tomorrow = tight.pay(first_coin=2, created=START + DAY + 1, expires=START + DAY + 600)
    attacker.refused(
        {"policy.window-limit", "authorization.not-yet"}, lambda: tight.run(sealed(tight, tomorrow))
    )


def test_a_corrupted_signer_with_any_clock_it_likes(tight: Household):
    attacker, first = Attacker(tight), tight.pay()
    assert signed(first, tight.sign(first, PAIR))
    attacker.corrupt("device1")
    for jump in (-30 * DAY, 60 * DAY):
        set_clock(tight, "device1", jump)
        second = tight.pay(first_coin=2)
        attacker.refused("policy.window-limit", tight.run, sealed(tight, second))


def test_an_expired_session_is_not_kept_alive_by_messages(home: Household, attacker: Attacker):
    """The service holds a session open, and plays its messages when two minutes are over."""
    payment = home.pay(expires=START + 3600)
    openings = home.openings(payment.request, PAIR, payment.unsigned)
    attacker.refused("session.timeout", lambda: home.run(openings, opened=lambda: home.clock.pass_(120)))
    session = openings["device0"].session
    assert home["device0"].send(Relay(session, home["device1"].identity, b"late")) == []
    assert home["device0"].send(CloseSession(session, "why")) == []


def now_by(home: Household, name: str, first_coin: int) -> Spend:
    """A payment that is in time by that device's own clock."""
    now = home[name].device.clock.now()
    return home.pay(first_coin=first_coin, created=now, expires=now + 600)


def sealed(home: Household, payment: Spend) -> dict[str, OpenSession]:
    """The owner's yes with an envelope for each of the two, whatever their clocks say. (The owner's own client seals to
    no device whose clock is far from its own.)"""
    here, envelopes = home.clock.time, {}
    for name in PAIR:
        home.clock.time = home[name].device.clock.now()
        envelopes[name] = home.envelope(home[name], payment.digest, PASSPHRASE)
        home.clock.time = here
    yes = authorize(approver(home.owner), payment.request, encode(payment.request), list(envelopes.values()))
    return home.openings_of(yes, envelopes, payment.unsigned)
