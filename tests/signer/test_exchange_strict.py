"""Strict wallets at exchanges: what gives something away takes the word of so many devices that any two such calls meet
in an honest memory, twice, as a transfer does (``test_strict``)."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.exchange_calls import Asked, prepare, run
from tests.support.exchange_days import order, withdrawal
from tests.support.exchange_world import World, looked_at, tiered
from tests.support.power import PowerFailure, fail_at
from tests.support.simulator import FRIEND, THIEF

from warifu.errors import WarifuError
from warifu.exchanges.calls import Call
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.acknowledging import acknowledge, acknowledged_digest, confirm
from warifu.protocol.authorization import CLOCK_SKEW
from warifu.protocol.credential import DeviceKey
from warifu.protocol.events.exchanges import CallAcknowledged
from warifu.protocol.frames import OpenTelling
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import FreezeDevice
from warifu.protocol.policy import DeviceRules
from warifu.signer import acknowledging
from warifu.signer.exchanges import calls

pytestmark = [pytest.mark.real, pytest.mark.slow]

BINANCE, PRO = EXCHANGES["binance"], EXCHANGES["coinbase-exchange"]
THREE = ("device0", "device1", "device2")
FIVE = (*THREE, "device3", "device4")
DAY = 24 * 3600


def order_of(dollars: int, exchange: str = "binance") -> Call[Any]:
    """The policy lets 50,000 go in a day, and 20,000 at once."""
    wanted = replace(order(exchange), client_id=str(uuid.uuid4()), size=Decimal(1), price=Decimal(dollars))
    return EXCHANGES[exchange].place(wanted)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """2 of 3: all three must count it."""
    made = World(tmp_path, strict=True)
    made.born()
    yield made
    made.close()


@pytest.fixture
def five(tmp_path: Path) -> Iterator[World]:
    """2 of 5: four must."""
    made = World(tmp_path, 5, 2, strict=True)
    made.born()
    yield made
    made.close()


def asked_of(
    world: World, dollars: int, makers: Sequence[str] = THREE[:2], witnesses: Sequence[str] = THREE
) -> Asked:
    return prepare(world.home, order_of(dollars), witnesses, carrier=makers[0], makers=makers)


def code(work: Callable[[], object]) -> str:
    with pytest.raises(WarifuError) as refused:
        work()
    return refused.value.code


def spent(world: World, name: str, exchange: str = "binance", symbol: str = "USDT") -> int:
    """What the device counts in a day, in cents."""
    device = world.home[name].device
    rules = device.rules.of(world.wallet).policy.rules_at(exchange)
    assert rules is not None
    return device.calls.spent(world.wallet, exchange, rules.limits, device.clock.now())[24][symbol]


def sent(world: World) -> int:
    return sum(each.path == "/api/v3/order" for each in world.stand_in.requests)


def test_it_is_made_with_the_word_of_all_three_and_counts_once_on_each(world):
    asked = asked_of(world, 20_000)
    outcome = world.strictly(asked, THREE)
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    assert [spent(world, name) for name in THREE] == [2_000_000] * 3
    assert sent(world) == 1
    assert world.home["device2"].kinds().count("call-acknowledged") == 1


def test_a_limit_is_used_up_to_its_last_cent(world):
    """What a device counted when it gave its word does not count once more when it is made."""
    for dollars in (20_000, 20_000, 10_000):
        assert world.strictly(asked_of(world, dollars), THREE).finished
        world.compare_all()
    assert [spent(world, name) for name in THREE] == [5_000_000] * 3
    assert code(lambda: asked_of(world, 1).acknowledged(["device2"])) == "policy.window-limit"


@pytest.mark.parametrize("witnesses", [(), THREE[:2]])
def test_with_fewer_nothing_leaves_and_the_missing_are_named(world, witnesses):
    asked = asked_of(world, 20_000)
    said = asked.acknowledged(witnesses)
    outcome = run(world.home, asked.witnessed(said, ()), world.tunnels)
    assert set(outcome.codes.values()) == {"policy.acknowledgements"} and not outcome.finished
    assert all("device2" in error.remedy for error in outcome.failed.values())
    assert not world.stand_in.requests


def test_confirmations_are_needed_as_well(world):
    asked = asked_of(world, 20_000)
    said = asked.acknowledged(THREE)
    outcome = run(world.home, asked.witnessed(said, ()), world.tunnels)
    assert set(outcome.codes.values()) == {"policy.acknowledgements"}
    assert not world.stand_in.requests


def test_a_withdrawal_takes_them_too_and_what_gives_nothing_away_takes_none(world):
    out = BINANCE.withdraw(replace(withdrawal("binance"), address=FRIEND))
    assert set(world.refused(out).values()) == {"policy.acknowledgements"}
    asked = prepare(world.home, out, THREE, makers=THREE[:2])
    outcome = world.strictly(asked, THREE)
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    assert world.told(BINANCE.balances()).outcome == "done"


def altered(world: World, change: Callable[[Any, Any], tuple[Any, Any]]) -> set[str]:
    asked = asked_of(world, 20_000)
    said = asked.acknowledged(THREE)
    heard = asked.confirmed(THREE, said)
    outcome = run(world.home, asked.witnessed(*change(said, heard)), world.tunnels)
    assert not outcome.finished and not sent(world)
    return set(outcome.codes.values())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda said, heard: (said[:2], heard), "policy.acknowledgements"),
        (lambda said, heard: (said, heard[:2]), "policy.acknowledgements"),
        (lambda said, heard: ((said[0], said[0], said[2]), heard), "input.acknowledgements"),
        (lambda said, heard: (said[::-1], heard), "input.acknowledgements"),
        (
            lambda said, heard: ((msgspec.structs.replace(said[0], signature=bytes(64)), *said[1:]), heard),
            "authorization.signature",
        ),
        (
            lambda said, heard: (said, (msgspec.structs.replace(heard[0], known=(bytes(32),)), *heard[1:])),
            "authorization.signature",
        ),
    ],
)
def test_what_is_missing_doubled_or_forged_is_refused(world, change, expected):
    assert altered(world, change) == {expected}


def test_a_confirmation_names_what_counts_at_that_exchange_in_the_longest_window_and_a_little_longer(world):
    """Devices' clocks may differ by five minutes."""
    first = asked_of(world, 20_000)
    assert world.strictly(first, THREE).finished
    elsewhere = prepare(world.home, order_of(20_000, "coinbase-exchange"), THREE)
    elsewhere.acknowledged(THREE)

    def named() -> set[bytes]:
        asked = asked_of(world, 1)
        [heard] = asked.confirmed(["device2"], asked.acknowledged(THREE))
        return set(heard.known) - {asked.digest}

    assert named() == {first.digest}
    world.home.clock.time = first.request.expires + DAY + CLOCK_SKEW - 1
    assert first.digest in named()
    world.home.clock.pass_(1)
    assert first.digest not in named()


def test_words_about_another_call_do_not_serve_this_one_nor_does_a_strangers(world):
    other = asked_of(world, 1)
    said = other.acknowledged(THREE)
    heard = other.confirmed(THREE, said)
    assert altered(world, lambda *_: (said, heard)) == {"authorization.acknowledgement"}
    key = IdentityKey.generate()

    def change(said: Any, heard: Any) -> tuple[Any, Any]:
        stranger = acknowledge(key, world.wallet, said[0].request)
        return tuple(sorted((*said[:2], stranger), key=lambda item: item.identity)), heard

    assert altered(world, change) == {"input.acknowledgements"}


def test_no_device_says_what_else_it_counts_before_enough_count_this_and_it_itself(five):
    """What it says holds for exactly the words that it was shown, so no maker takes it with others (below); it is no
    oracle of what was counted, either."""
    asked, other = (asked_of(five, 1, FIVE[:2], FIVE[:4]) for _ in range(2))
    said, others = asked.acknowledged(FIVE[:4]), other.acknowledged(FIVE[:4])
    forged = (msgspec.structs.replace(said[0], signature=bytes(64)), *said[1:])
    strange = tuple(
        sorted(
            (*said[1:], acknowledge(IdentityKey.generate(), five.wallet, asked.digest)),
            key=lambda item: item.identity,
        )
    )
    mixed = (*said[:3], others[3])
    for words, expected in (
        ((), "policy.acknowledgements"),
        (said[:3], "policy.acknowledgements"),
        ((said[0], *said[:3]), "input.acknowledgements"),
        (said[::-1], "input.acknowledgements"),
        (strange, "input.acknowledgements"),
        (forged, "authorization.signature"),
        (others, "authorization.acknowledgement"),
        (mixed, "authorization.acknowledgement"),
    ):
        assert code(partial(asked.confirmed, ["device0"], words)) == expected
    assert asked.confirmed(["device0"], said)
    assert code(partial(asked.confirmed, ["device4"], said)) == "input.unknown-request"


def test_who_counts_more_than_a_confirmation_can_name_confirms_nothing(world, monkeypatch):
    """Else it would leave one out, and the call that it left out could be made once more."""
    monkeypatch.setattr(acknowledging, "MAX_KNOWN", 1)
    first, second, third = (asked_of(world, 1) for _ in range(3))
    first.acknowledged(THREE)
    assert second.confirmed(["device0"], second.acknowledged(THREE))
    said = third.acknowledged(THREE)
    assert code(partial(third.confirmed, ["device0"], said)) == "policy.too-many-spends"


def test_a_wallet_that_is_not_strict_confirms_nothing(tmp_path):
    loose = World(tmp_path)
    try:
        loose.born()
        asked = asked_of(loose, 1)
        keys = [loose.home[name].device.identity for name in THREE]
        said = tuple(
            sorted(
                (acknowledge(key, loose.wallet, asked.digest) for key in keys),
                key=lambda item: item.identity,
            )
        )
        assert code(partial(asked.confirmed, ["device0"], said)) == "input.not-strict"
    finally:
        loose.close()


def test_what_was_confirmed_before_another_device_gave_its_word_serves_no_maker(five):
    """A service shows some devices four words and others four more: each confirms those that it was shown, and a maker
    takes none that are about others."""
    asked = asked_of(five, 1, FIVE[:2], FIVE)
    every = asked.acknowledged(FIVE)
    early = asked.confirmed(FIVE[:2], every[:4])
    late = asked.confirmed(FIVE[2:], every)
    heard = tuple(sorted((*early, *late), key=lambda item: item.identity))
    outcome = run(five.home, asked.witnessed(every, heard), five.tunnels)
    assert set(outcome.codes.values()) == {"authorization.confirmation"} and not sent(five)


def test_two_calls_beyond_one_limit_are_not_both_counted(world):
    """Side by side, by a service that keeps the devices' words from each other."""
    first, second, third = (asked_of(world, 20_000) for _ in range(3))
    for each in (first, second):
        each.acknowledged(THREE)
    assert code(lambda: third.acknowledged(["device2"])) == "policy.window-limit"


def test_a_device_hears_from_the_others_what_it_was_away_for(five):
    """device4 counts nothing of the first call until somebody tells it; the service cannot."""
    first = asked_of(five, 20_000, FIVE[:2], FIVE[:4])
    assert five.strictly(first, FIVE[:4]).finished
    second = asked_of(five, 20_000, ("device4", "device3"), FIVE[1:])
    said = second.acknowledged(FIVE[1:])
    heard = second.confirmed(FIVE[1:], said)
    assert five.tell("device3", "device4").finished.keys() == {"device3", "device4"}
    outcome = run(five.home, second.witnessed(said, heard), five.tunnels)
    assert second.told(outcome.finished["device4"]).outcome == "done"
    assert [spent(five, name) for name in ("device3", "device4")] == [4_000_000] * 2


def test_what_a_device_was_told_counts_before_it_gives_its_word(five):
    """It gave no word for the two calls that use up 40,000 of 50,000, and signed for neither."""
    for _ in range(2):
        assert five.strictly(asked_of(five, 20_000, FIVE[:2], FIVE[:4]), FIVE[:4]).finished
        five.compare_all()
    third = asked_of(five, 20_000, FIVE[:2], FIVE)
    assert five.tell("device3", "device4").finished.keys() == {"device3", "device4"}
    assert code(lambda: third.acknowledged(["device4"])) == "policy.window-limit"


def test_what_a_device_was_told_between_its_two_words_it_names(five):
    first = asked_of(five, 20_000, FIVE[:2], FIVE[:4])
    assert five.strictly(first, FIVE[:4]).finished
    second = asked_of(five, 1, ("device4", "device3"), FIVE[1:])
    said = second.acknowledged(FIVE[1:])
    assert five.tell("device3", "device4").finished.keys() == {"device3", "device4"}
    [heard] = second.confirmed(["device4"], said)
    assert first.digest in heard.known


def test_whoever_was_not_told_gives_no_share(five):
    """Its partner has not heard of the first call either, so nothing is told in the session."""
    first = asked_of(five, 20_000, FIVE[:2], FIVE[:4])
    assert five.strictly(first, FIVE[:4]).finished
    hostile = five.home["device3"].device
    for table in ("notes", "noted_calls", "counted_calls", "call_totals"):
        hostile.store.execute(f"DELETE FROM {table}")
    second = asked_of(five, 20_000, ("device4", "device3"), FIVE[1:])
    outcome = five.strictly(second, FIVE[1:])
    assert not outcome.finished and sent(five) == 1
    assert set(outcome.codes.values()) == {"session.notes-missing"}
    assert five.tell("device1", "device3", "device4").finished
    third = asked_of(five, 10_000, ("device4", "device3"), FIVE[1:])
    assert five.strictly(third, FIVE[1:]).finished


def test_one_round_would_not_have_been_enough(five):
    """Four calls of 16,000, each counted by another four of five, one of which is hostile (device4): each honest device
    counts three of them, and each is within the limit of 50,000 there. What its maker hears in the second round, and is
    told, is more."""
    quorums = [tuple(name for name in FIVE[:4] if name != f"device{left_out}") for left_out in range(4)]
    key = five.home["device4"].device.identity
    calls = [asked_of(five, 16_000, (quorum[0], "device4"), (*quorum, "device4")) for quorum in quorums]
    said = [each.acknowledged(quorum) for each, quorum in zip(calls, quorums, strict=True)]
    assert [spent(five, name) for name in FIVE[:4]] == [4_800_000] * 4
    for each, quorum, words in zip(calls, quorums, said, strict=True):
        own = acknowledge(key, five.wallet, each.digest)
        full = tuple(sorted((*words, own), key=lambda item: item.identity))
        lie = confirm(key, acknowledged_digest(full), ())
        heard = (*each.confirmed(quorum, full), lie)
        confirmations = tuple(sorted(heard, key=lambda item: item.identity))
        assert five.tell(*FIVE[:4]).finished
        outcome = run(five.home, each.witnessed(full, confirmations), five.tunnels)
        assert not outcome.finished and outcome.codes[quorum[0]] == "policy.window-limit"
    assert sent(five) == 0


def test_quorums_as_disjoint_as_can_be_stay_within_one_limit(tmp_path):
    """2 of 4, so three must count it: without these words two pairs of devices would make four calls of 20,000."""
    names = FIVE[:4]
    for strict, made in ((False, 4), (True, 2)):
        world = World(tmp_path / str(strict), 4, 2, strict=strict)
        try:
            world.born()
            done = 0
            for makers in (names[:2], names[2:], names[:2], names[2:]):
                witnesses = names[:3] if makers[0] == "device0" else names[1:]
                asked = asked_of(world, 20_000, makers, witnesses)
                try:
                    outcome = (
                        world.strictly(asked, witnesses)
                        if strict
                        else run(world.home, asked.openings, world.tunnels)
                    )
                except WarifuError as error:
                    assert error.code == "policy.window-limit"
                    continue
                if outcome.codes.get(makers[0]) == "session.notes-missing":
                    assert world.tell(*names).finished
                done += bool(outcome.finished)
                world.compare_all(*makers)
            assert done == sent(world) == made
        finally:
            world.close()


def test_a_device_that_dies_between_the_rounds_takes_part_all_the_same(world):
    """What it was given in its parcel is kept: it opens only once, and no restart brings it back."""
    asked = asked_of(world, 20_000)
    said = asked.acknowledged(THREE)
    world.home["device1"].restart()
    heard = asked.confirmed(THREE, said)
    assert asked.acknowledged(["device1"]) == tuple(
        each for each in said if each.identity == world.home["device1"].identity
    )
    outcome = run(world.home, asked.witnessed(said, heard), world.tunnels)
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    assert [spent(world, name) for name in THREE] == [2_000_000] * 3


@pytest.mark.parametrize("after", [False, True])
def test_a_device_without_power_while_it_acknowledges_counts_it_wholly_or_not_at_all(world, after):
    asked = asked_of(world, 20_000)
    happened = fail_at(world.home["device2"], 0, after=after)
    with pytest.raises(PowerFailure):
        asked.acknowledged(["device2"])
    assert happened()
    world.home["device2"].restart()
    assert spent(world, "device2") == (2_000_000 if after else 0)
    assert ("call-acknowledged" in world.home["device2"].kinds()) is after
    if after:
        assert asked.acknowledged(["device2"])
    else:
        assert code(lambda: asked.acknowledged(["device2"])) == "passphrase.envelope-used"


@pytest.mark.parametrize("makers", [THREE[:2], ("device0", "device2")])
def test_nothing_is_made_twice_with_the_same_words(world, makers):
    """Its carrier says what came of it, whoever is to sign beside it this time."""
    asked = asked_of(world, 20_000)
    said = asked.acknowledged(THREE)
    heard = asked.confirmed(THREE, said)
    first = run(world.home, asked.witnessed(said, heard), world.tunnels)
    asked.openings = asked.again()
    participants = tuple(sorted(world.home[name].identity for name in makers))
    openings = {
        name: msgspec.structs.replace(opening, participants=participants)
        for name, opening in asked.witnessed(said, heard).items()
        if name in makers
    }
    outcome = run(world.home, openings, world.tunnels)
    assert outcome.finished == {"device0": first.finished["device0"]}
    assert outcome.codes == ({"device1": "authorization.call-made"} if "device1" in makers else {})
    assert sent(world) == 1
    assert [spent(world, name) for name in THREE] == [2_000_000] * 3


def test_what_was_acknowledged_counts_also_where_it_is_never_made_and_no_longer_than_it_could_be(world):
    asked = asked_of(world, 20_000)
    asked.acknowledged(THREE)
    asked_of(world, 20_000).acknowledged(THREE)
    assert code(lambda: asked_of(world, 20_000).acknowledged(["device2"])) == "policy.window-limit"
    world.home.clock.time = asked.request.expires + DAY + 1
    again = asked_of(world, 20_000)
    assert world.strictly(again, THREE).finished


def test_it_is_acknowledged_once_and_said_again(world):
    asked = asked_of(world, 20_000)
    assert asked.acknowledged(THREE) == asked.acknowledged(THREE)
    assert world.home["device2"].kinds().count("call-acknowledged") == 1
    [entry] = [
        event
        for _, event in world.home["device2"].device.journal.entries()
        if isinstance(event, CallAcknowledged)
    ]
    assert (entry.exchange, entry.gives[0].symbol, entry.gives[0].amount) == ("binance", "USDT", "20000")


def test_it_judges_all_that_any_device_can_judge(world):
    beyond = prepare(world.home, order_of(20_001), THREE)
    assert code(lambda: beyond.acknowledged(["device2"])) == "policy.order-limit"
    out = BINANCE.withdraw(replace(withdrawal("binance"), address=THIEF))
    assert code(lambda: prepare(world.home, out, THREE).acknowledged(["device2"])) == "policy.destination"
    asked = asked_of(world, 20_000)
    world.home.clock.time = asked.request.expires + 1
    assert code(lambda: asked.acknowledged(["device2"])) == "authorization.expired"


def test_it_takes_as_many_owners_as_what_it_gives_away_before_anybody_counts_it(tmp_path):
    second = IdentityKey(bytes([9]) * 32)
    world = World(
        tmp_path,
        others=(DeviceKey(second.public),),
        amend=lambda policy: tiered(policy, "USDT", 1_000_000),
        strict=True,
    )
    try:
        call = order_of(10_001)
        alone = prepare(world.home, call, THREE)
        assert code(lambda: alone.acknowledged(["device2"])) == "policy.approvals"
        less = prepare(world.home, order_of(10_000), THREE)
        assert less.acknowledged(["device2"])
    finally:
        world.close()


def test_a_device_that_falls_short_of_the_policy_gives_no_word(tmp_path):
    world = World(tmp_path, seen=("lkrg",), devices=DeviceRules(0, ("lkrg",)), strict=True)
    try:
        asked = asked_of(world, 20_000)
        assert asked.acknowledged(["device1"])
        world.home.clock.pass_(901)  # the look has expired
        world.home["device1"].operator(looked_at(world.home, "lkrg"))
        asked = asked_of(world, 20_000)
        assert asked.acknowledged(["device1"])
        assert code(lambda: asked.acknowledged(["device2"])) == "policy.host-posture"
    finally:
        world.close()


def test_what_the_others_could_not_be_told_of_is_not_counted(world, monkeypatch):
    monkeypatch.setattr(calls, "MAX_NOTED_CALL", 100)
    asked = asked_of(world, 20_000)
    assert code(lambda: asked.acknowledged(["device2"])) == "input.too-long-to-tell"
    assert spent(world, "device2") == 0


def test_an_id_that_was_used_is_counted_for_nothing_else(world):
    first = asked_of(world, 20_000)
    assert world.strictly(first, THREE).finished
    other = prepare(world.home, order_of(1), THREE, makers=THREE[:2], request_id=first.request.request_id)
    assert code(lambda: other.acknowledged(["device1"])) == "authorization.replayed"


def test_who_makes_what_only_others_counted_counts_it_as_long_as_they_do(tmp_path):
    """Whole keys' holders meet nobody in whose session they could hear of it."""
    world = World(tmp_path, 5, 2, strict=True)
    try:
        world.triplet()
        asked = prepare(world.home, order_of(20_000, "coinbase-exchange"), FIVE, makers=FIVE[:1])
        outcome = world.strictly(asked, FIVE[1:])
        assert asked.told(outcome.finished["device0"]).outcome == "done"
        world.home.clock.time = asked.request.expires + DAY - 1
        assert [spent(world, name, "coinbase-exchange", "USD") for name in FIVE] == [2_000_000] * 5
        world.home.clock.pass_(2)
        assert [spent(world, name, "coinbase-exchange", "USD") for name in FIVE] == [0] * 5
    finally:
        world.close()


def test_nobody_counts_what_would_only_use_up_the_limits(world, tmp_path):
    """A question; a dry run, which no device can make; and whatever it is in a wallet that is not strict."""
    question = prepare(world.home, BINANCE.balances(), THREE)
    assert code(lambda: question.acknowledged(["device2"])) == "input.gives-nothing"
    rehearsed = prepare(world.home, order_of(1), THREE, carrier="")
    assert code(lambda: rehearsed.acknowledged(["device2"])) == "input.participants"
    loose = World(tmp_path / "loose")
    try:
        loose.born()
        assert code(lambda: asked_of(loose, 1).acknowledged(["device2"])) == "input.not-strict"
        opening = OpenTelling(bytes(16), loose.wallet, (loose.home["device0"].identity,))
        [failed] = loose.home["device0"].send(opening)
        assert failed.refusal.reason == "not-strict"
    finally:
        loose.close()


def test_a_device_that_is_frozen_acknowledges_nothing(world):
    asked = asked_of(world, 20_000)
    world.home["device2"].operator(FreezeDevice("tests"))
    assert code(lambda: asked.acknowledged(["device2"])) == "policy.frozen"
    said = asked.acknowledged(THREE[:2])
    assert code(lambda: asked.confirmed(["device2"], said)) == "policy.frozen"


def test_another_parcel_or_another_call_in_it_is_no_ground_for_a_word(world):
    asked, other = asked_of(world, 20_000), asked_of(world, 1)
    swapped = msgspec.structs.replace(asked.witnesses["device2"], parcel=other.witnesses["device2"].parcel)
    asked.witnesses["device2"] = swapped
    assert code(lambda: asked.acknowledged(["device2"])) == "authorization.other-envelope"


def test_a_whole_key_takes_the_other_devices_words_too(tmp_path):
    """Its holder signs alone. That the others count it bounds what an owner's stolen approval gets, as long as the
    holder is honest; a holder that was taken over has the account, whatever anybody says."""
    world = World(tmp_path, strict=True)
    try:
        world.triplet()
        alone = ("device0",)
        bare = prepare(world.home, order_of(20_000, "coinbase-exchange"), alone)
        assert run(world.home, bare.openings, world.tunnels).codes == {"device0": "policy.acknowledgements"}
        for number in range(3):
            call = order_of(20_000, "coinbase-exchange")
            asked = prepare(world.home, call, THREE, makers=alone)
            if number == 2:
                assert code(partial(asked.acknowledged, THREE)) == "policy.window-limit"
                continue
            outcome = world.strictly(asked, THREE)
            assert asked.told(outcome.finished["device0"]).outcome == "done"
        assert spent(world, "device2", "coinbase-exchange", "USD") == 4_000_000
    finally:
        world.close()


def test_with_a_shared_key_of_coinbase_it_is_compared_afterwards_as_ever(tmp_path):
    """Whoever only counted it owes no comparison, and may count the next one."""
    world = World(tmp_path, strict=True)
    try:
        world.split()
        asked = prepare(world.home, order_of(20_000, "coinbase"), THREE, makers=THREE[:2])
        assert world.strictly(asked, THREE).finished
        assert (world.due("device1"), world.due("device2")) == ([asked.digest], [])
        second = prepare(world.home, order_of(20_000, "coinbase"), THREE, makers=("device0", "device1"))
        outcome = world.strictly(second, THREE)
        assert outcome.codes["device1"] == "policy.comparison-due"
    finally:
        world.close()


def test_a_telling_is_for_the_wallets_devices_and_says_nothing_to_the_service(five):
    first = asked_of(five, 20_000, FIVE[:2], FIVE[:4])
    assert five.strictly(first, FIVE[:4]).finished
    assert five.tell("device0", "device4").finished == {"device0": b"", "device4": b""}
    strangers = tuple(sorted((five.home["device0"].identity, bytes([1]) * 32)))
    [failed] = five.home["device0"].send(OpenTelling(bytes(16), five.wallet, strangers))
    assert failed.refusal.reason == "participants"


@pytest.mark.parametrize("patient", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_service_does_with_a_device_that_counts_nothing_no_limit_is_passed(
    tmp_path, seed, patient
):
    """Calls side by side, by any makers and witnesses, in any order of their rounds; devices that are told or not, and
    restarted; and one that gives its word for everything, remembers nothing, and tells of nothing (2 of 5).

    ``patient``: a service that has as few as it must count as much as they do, before it has anything made, by one of
    them beside the hostile device. It would get over the limit if no second round were asked for."""
    choose = random.Random(seed)
    world = World(tmp_path, 5, 2, strict=True)
    hostile: Any = world.home["device4"].device
    made: list[int] = []
    waiting: list[tuple[Asked, int, tuple[str, ...], tuple[Any, ...]]] = []

    def ordered(*words: Any) -> tuple[Any, ...]:
        return tuple(sorted(words, key=lambda item: item.identity))

    def begins() -> None:
        among = [name for name in FIVE[:4] if not patient or name != FIVE[len(waiting) % 4]]
        honest = tuple(choose.sample(among, 3 if patient else choose.choice((3, 4))))
        makers = (honest[0], "device4") if patient else tuple(choose.sample((*honest, "device4"), 2))
        dollars = 16_000 if patient else choose.choice((7_000, 11_000, 20_000))
        asked = asked_of(world, dollars, makers, (*honest, "device4"))
        with suppress(WarifuError):
            own = acknowledge(hostile.identity, world.wallet, asked.digest)
            waiting.append((asked, dollars, honest, ordered(own, *asked.acknowledged(honest))))

    def goes_on() -> None:
        if not waiting:
            return
        asked, dollars, honest, said = waiting.pop(choose.randrange(len(waiting)))
        own = confirm(hostile.identity, acknowledged_digest(said), ())
        heard = ordered(own, *asked.confirmed(honest, said))
        outcome = run(world.home, asked.witnessed(said, heard), world.tunnels)
        if world.home.name_of(asked.request.carrier) in outcome.finished:
            made.append(dollars)

    try:
        world.born()
        hostile.calls.counts = lambda _named: True  # so it counts nothing, and misses nothing
        told = hostile.notes.told
        hostile.notes.told = lambda *of: msgspec.structs.replace(told(*of), notes=())
        for number in range(28):
            step = choose.random()
            if patient:
                step = 0.0 if number < 4 else 0.5
            if step < 0.5 or not (waiting or patient):
                begins()
            elif step < 0.85:
                goes_on()
            elif step < 0.95:
                assert world.tell(*choose.sample(FIVE, 2)).finished
            else:
                world.home[choose.choice(FIVE[:4])].restart()
        assert sum(made) <= 50_000 and sent(world) == len(made)
        assert made or patient
    finally:
        world.close()
