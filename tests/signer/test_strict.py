"""Strict wallets: a spend takes the word of so many devices that any two spends meet in an honest memory, twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.accounts import ETHER, LOCAL, account_request, ether_payment, ethereum_rules
from tests.support.founding import founded
from tests.support.simulator import (
    BTC,
    FRIEND,
    THIEF,
    THIEF_SCRIPT,
    Household,
    Outcome,
    Spend,
    bitcoin_policy,
    signed,
    with_witnesses,
)
from tests.support.visiting import visiting_policy

from warifu.errors import WarifuError
from warifu.protocol.acknowledging import (
    MAX_KNOWN,
    acknowledge,
    acknowledged_digest,
    confirm,
    witnesses_needed,
)
from warifu.protocol.exchange_requests import VisitAsset, VisitRequest
from warifu.protocol.frames import AskStatus
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import DAY, Policy
from warifu.protocol.request import request_digest
from warifu.signer.exchanges.visits import Visit
from warifu.signer.transfers import Transfers

pytestmark = [pytest.mark.unit, pytest.mark.slow]

LIMIT = 150_000
ALL = ["device0", "device1", "device2"]
WHO = ALL[:2]


def strict(per_day: int = LIMIT) -> Policy:
    return msgspec.structs.replace(bitcoin_policy(per_day=per_day), strict=True)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    """2 of 3: all three must be awake."""
    household = founded(tmp_path, 2, strict())
    yield household
    household.close()


@pytest.fixture
def five(tmp_path: Path) -> Iterator[Household]:
    """2 of 5: four must be."""
    household = Household(tmp_path, 5)
    household.make_wallet(2, strict())
    yield household
    household.close()


def code(work: Callable[[], object]) -> str:
    with pytest.raises(WarifuError) as refused:
        work()
    return refused.value.code


@pytest.mark.parametrize(
    ("threshold", "devices", "needed"),
    [
        (1, 1, 1),
        (1, 2, 2),
        (2, 2, 2),
        (2, 3, 3),
        (2, 4, 3),
        (3, 4, 4),
        (2, 5, 4),
        (3, 5, 4),
        (4, 5, 5),
        (9, 16, 13),
    ],
)
def test_any_two_spends_share_more_devices_than_may_be_hostile(threshold, devices, needed):
    assert witnesses_needed(threshold, devices) == needed
    assert 2 * needed - devices > threshold - 1 >= 2 * (needed - 1) - devices


def test_it_is_signed_with_the_word_of_all_three(home):
    spend = home.pay(60_000)
    outcome = home.sign_strictly(spend, WHO, ALL)
    assert signed(spend, outcome)
    assert all(home[name].status().wallets[0].spent_today for name in ALL)


@pytest.mark.parametrize("witnesses", [[], WHO])
def test_with_fewer_nothing_is_tried_and_the_missing_are_named(home, witnesses):
    spend = home.pay(60_000)
    said = home.acknowledged(spend, witnesses)
    openings = with_witnesses(home.openings(spend.request, WHO, spend.unsigned), said, ())
    outcome = home.run(openings)
    assert outcome.code == "policy.acknowledgements"
    assert all("device2" in error.remedy for error in outcome.failed.values())
    assert home["device0"].device.tries.state(home["device0"].device.wallets.all()[0].id).wrong == 0
    assert signed(spend, home.sign_strictly(spend, WHO, ALL))


def test_confirmations_are_needed_as_well(home):
    spend = home.pay(60_000)
    said = home.acknowledged(spend, ALL)
    openings = with_witnesses(home.openings(spend.request, WHO, spend.unsigned), said, ())
    assert home.run(openings).code == "policy.acknowledgements"


def test_the_share_leaves_only_with_them_also_where_the_wallet_became_strict_meanwhile(home, monkeypatch):
    """Judged at the opening, and once more in the step that lets the share leave."""
    real, calls = Transfers._require_confirmed, []

    def seen(self: Transfers, *rest: Any) -> None:
        calls.append(len(self._device.store.execute("SELECT 1 FROM transfers WHERE how = 'started'")))
        real(self, *rest)

    monkeypatch.setattr(Transfers, "_require_confirmed", seen)
    assert home.sign_strictly(home.pay(60_000), WHO, ALL).finished
    assert calls == [0, 0, 0, 0]  # twice on each of the two devices, before anything was started there


def altered(home: Household, spend: Spend, change: Callable[[Any, Any], tuple[Any, Any]]) -> Outcome:
    said = home.acknowledged(spend, ALL)
    heard = home.confirmed(spend, ALL, said)
    openings = home.openings(spend.request, WHO, spend.unsigned)
    return home.run(with_witnesses(openings, *change(said, heard)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda said, heard: (said[:2], heard), "policy.acknowledgements"),
        (lambda said, heard: (said, heard[:2]), "policy.acknowledgements"),
        (lambda said, heard: ((said[0], said[0], said[2]), heard), "input.acknowledgements"),
        (lambda said, heard: (said[::-1], heard), "input.acknowledgements"),
        (lambda said, heard: (said, (heard[0], heard[0], heard[2])), "input.acknowledgements"),
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
def test_what_is_missing_doubled_or_forged_is_refused(home, change, expected):
    assert altered(home, home.pay(60_000), change).code == expected


def test_a_stranger_is_no_witness(home):
    key = IdentityKey.generate()
    spend = home.pay(60_000)
    stranger = acknowledge(key, spend.request.wallet_id, spend.digest)

    def change(said: Any, heard: Any) -> tuple[Any, Any]:
        return tuple(sorted((*said[:2], stranger), key=lambda item: item.identity)), heard

    assert altered(home, spend, change).code == "input.acknowledgements"


def test_words_about_another_transfer_do_not_serve_this_one(home):
    other = home.pay(1_000, first_coin=9)
    said = home.acknowledged(other, ALL)
    heard = home.confirmed(other, ALL, said)
    assert altered(home, home.pay(2_000), lambda *_: (said, heard)).code == "authorization.acknowledgement"


def test_a_confirmation_from_before_all_had_counted_it_does_not_serve(home):
    """A hostile device may sign that at any time; an honest one signs it for the acknowledgements that it was shown."""
    spend = home.pay(60_000)
    said = home.acknowledged(spend, ALL)
    early = tuple(
        sorted(
            (confirm(home[name].device.identity, acknowledged_digest(said[:2]), ()) for name in ALL),
            key=lambda item: item.identity,
        )
    )
    assert altered(home, spend, lambda said, _: (said, early)).code == "authorization.confirmation"
    assert code(lambda: home.confirmed(spend, ALL, said[:2])) == "policy.acknowledgements"


def test_no_device_confirms_what_it_does_not_count_itself(five):
    spend = five.pay(60_000)
    said = five.acknowledged(spend, five.names[:4])
    assert code(lambda: five.confirmed(spend, ["device4"], said)) == "input.unknown-request"


def test_what_was_acknowledged_counts_also_where_it_is_never_signed(home):
    """Said in docs/limits.md. Until the request has expired and the window has passed, and not longer."""
    spend = home.pay(99_000, first_coin=1)
    home.acknowledged(spend, ALL)
    other = home.pay(60_000, first_coin=2)
    assert code(lambda: home.acknowledged(other, ["device2"])) == "policy.window-limit"
    home.clock.time = spend.request.expires + DAY
    again = home.pay(60_000, first_coin=2)
    assert signed(again, home.sign_strictly(again, WHO, ALL))


def test_it_is_acknowledged_once_and_said_again(home):
    spend = home.pay(60_000)
    first, again = home.acknowledged(spend, ALL), home.acknowledged(spend, ALL)
    assert first == again
    assert home["device2"].kinds().count("acknowledged") == 1
    assert home["device2"].kinds()[-1] == "acknowledged"


def test_an_acknowledgement_outlives_a_crash(home):
    spend = home.pay(99_000, first_coin=1)
    said = home.acknowledged(spend, ALL)
    home["device2"].restart()
    assert (
        code(lambda: home.acknowledged(home.pay(60_000, first_coin=2), ["device2"])) == "policy.window-limit"
    )
    assert home.confirmed(spend, ["device2"], said)


def test_it_judges_all_that_a_signer_judges(home):
    """From the bytes: another transaction than the owner named, and one beyond a limit."""
    spend, other = home.pay(60_000, first_coin=1), home.pay(60_000, first_coin=2)
    swapped = Spend(spend.request, other.unsigned)
    assert code(lambda: home.acknowledged(swapped, ["device2"])).startswith("transaction.")
    assert code(lambda: home.acknowledged(home.pay(200_000), ["device2"])) == "policy.window-limit"
    home.clock.time = spend.request.expires + 1
    assert code(lambda: home.acknowledged(spend, ["device2"])) == "authorization.expired"


def test_a_wallet_that_is_not_strict_acknowledges_nothing(tmp_path):
    """It would only use up limits."""
    household = founded(tmp_path, 2, bitcoin_policy(per_day=LIMIT))
    assert code(lambda: household.acknowledged(household.pay(), ["device0"])) == "input.not-strict"
    household.close()


def test_spends_that_run_side_by_side_meet(home):
    """Both are acknowledged before either is confirmed; together they are over the limit."""
    first, second = home.pay(99_000, first_coin=1), home.pay(60_000, first_coin=2)
    home.acknowledged(first, ALL)
    assert code(lambda: home.acknowledged(second, ALL)) == "policy.window-limit"


def test_what_a_participant_was_not_told_of_must_be_brought_first(five):
    """device4 counts nothing of the first spend until somebody tells it."""
    first, second = five.pay(50_000, first_coin=1), five.pay(50_000, first_coin=2)
    assert signed(first, five.sign_strictly(first, five.names[:2], five.names[:4]))
    outcome = five.sign_strictly(second, ["device3", "device4"], five.names[1:])
    assert outcome.codes["device4"] == "session.notes-missing"
    five.carry("device3", "device4")
    assert signed(second, five.sign_strictly(second, ["device3", "device4"], five.names[1:]))


def test_one_round_would_not_have_been_enough(five):
    """Four spends of 50,000, each counted by another four of five, one of which is hostile (device4): each honest one
    counts three of them, and each is within the limit there. What its participant hears in the second round is more."""
    household = five
    hostile = "device4"
    quorums = [[name for name in household.names[:4] if name != f"device{left_out}"] for left_out in range(4)]
    spends = [household.pay(49_000, first_coin=coin) for coin in range(4)]
    said = [
        household.acknowledged(spend, [*quorum, hostile] if index == 0 else quorum)
        for index, (spend, quorum) in enumerate(zip(spends, quorums, strict=True))
    ]
    key = household[hostile].device.identity
    for spend, quorum, words in zip(spends, quorums, said, strict=True):
        own = acknowledge(key, spend.request.wallet_id, spend.digest)
        full = tuple(sorted({*words, own}, key=lambda item: item.identity))
        heard = household.confirmed(spend, quorum, full)
        lie = confirm(key, acknowledged_digest(full), ())
        confirmations = tuple(sorted((*heard, lie), key=lambda item: item.identity))
        for source in quorum:
            household.carry(source, quorum[0])
        openings = household.openings(spend.request, [quorum[0], hostile], spend.unsigned)
        only_honest = with_witnesses({quorum[0]: openings[quorum[0]]}, full, confirmations)
        outcome = household.run(only_honest)
        assert outcome.codes == {quorum[0]: "policy.window-limit"}  # together they are 200,000


def test_a_device_that_counts_too_many_confirms_none(home, monkeypatch):
    from warifu.signer import acknowledging

    monkeypatch.setattr(acknowledging, "MAX_KNOWN", 1)
    for coin in range(2):
        home.acknowledged(home.pay(1_000, first_coin=coin), ALL)
    spend = home.pay(1_000, first_coin=5)
    said = home.acknowledged(spend, ALL)
    assert code(lambda: home.confirmed(spend, ["device0"], said)) == "policy.too-many-spends"
    assert MAX_KNOWN == 1000


def test_a_device_that_is_frozen_acknowledges_nothing(home):
    from warifu.protocol.operator import FreezeDevice

    home["device2"].operator(FreezeDevice("tests"))
    assert code(lambda: home.acknowledged(home.pay(), ["device2"])) == "policy.frozen"
    assert home["device2"].send(AskStatus(1))


def test_an_ethereum_payment_takes_the_same_words(tmp_path):
    """Threshold ECDSA judges once more in between: nothing that was prepared is used up without them."""
    household = Household(tmp_path, 3)
    policy = msgspec.structs.replace(bitcoin_policy(others=[ethereum_rules()]), strict=True)
    birth = household.make_wallet(2, policy, schemes=("bip340", "ecdsa"))
    assert not household.correlate(1, WHO).failed
    account = household["device0"].device.wallets.born(birth.wallet_id).ethereum
    unsigned = ether_payment(ETHER // 100)
    spend = Spend(account_request(birth.wallet_id, LOCAL, unsigned, account, household.clock()), unsigned)
    assert household.sign(spend, WHO).code == "policy.acknowledgements"
    assert household["device0"].status().wallets[0].correlations != (0, 0, 0)
    assert household.sign_strictly(spend, WHO, ALL).finished
    household.close()


# --- visits to exchanges ---------------------------------------------------------------------------------------------

HALF = BTC // 2
"""Most that may be at the exchange at once."""


def visit_of(household: Household, number: int, amount: int) -> Visit:
    """Proven: funds may go to its deposit address."""
    now = household.clock()
    assert household.birth is not None
    request = VisitRequest(
        bytes([number]) * 16,
        household.birth.wallet_id,
        "main",
        VisitAsset("BTC", "bitcoin"),
        "",
        str(amount),
        (),
        now + 7200,
        now,
        now + 600,
    )
    opened = Visit(request_digest(request), request, "binance", now, ("permissions", "balance", "address"))
    return opened.permits().sees({}, now).deposits_to(FRIEND, now)


def keep_visit(household: Household, visit: Visit, names: Sequence[str]) -> None:
    for name in names:
        device = household[name].device
        with device.store.transaction():
            device.visits.put(visit)


@pytest.fixture
def visitors(tmp_path: Path) -> Iterator[Household]:
    """2 of 5, of which four must count a transfer; half a bitcoin may be at Binance."""
    household = Household(tmp_path, 5)
    chains = bitcoin_policy(destinations=[THIEF]).chains
    household.make_wallet(2, msgspec.structs.replace(visiting_policy(), strict=True, chains=chains))
    yield household
    household.close()


def test_visits_that_not_all_devices_were_told_of_do_not_pass_each_others_exposure(visitors):
    """Four visits of a third of the exposure, each opened on another four of five devices: each honest one knows of
    three. In the second round whoever is to sign hears of the fourth, and waits until it is told."""
    household, hostile = visitors, "device4"
    key = household[hostile].device.identity
    quorums = [[name for name in household.names[:4] if name != f"device{left_out}"] for left_out in range(4)]
    visits = [visit_of(household, number + 1, HALF // 3) for number in range(4)]
    for visit, quorum in zip(visits, quorums, strict=True):
        keep_visit(household, visit, [*quorum, hostile])
    spends = [household.pay(HALF // 3, first_coin=coin) for coin in range(4)]
    said = [household.acknowledged(spend, quorum) for spend, quorum in zip(spends, quorums, strict=True)]
    for spend, quorum, words in zip(spends, quorums, said, strict=True):
        full = tuple(
            sorted(
                (*words, acknowledge(key, spend.request.wallet_id, spend.digest)),
                key=lambda item: item.identity,
            )
        )
        lie = confirm(key, acknowledged_digest(full), ())
        heard = sorted((*household.confirmed(spend, quorum, full), lie), key=lambda item: item.identity)
        for source in household.names[:4]:
            household.carry(source, quorum[0])
        openings = household.openings(spend.request, [quorum[0], hostile], spend.unsigned)
        outcome = household.run(with_witnesses({quorum[0]: openings[quorum[0]]}, full, tuple(heard)))
        assert outcome.codes == {quorum[0]: "session.notes-missing"}


def test_a_transfer_that_brings_nothing_there_asks_for_no_visit(visitors):
    """A device that was away when a visit was opened signs everything else as ever."""
    household, told = visitors, visitors.names[:4]
    visit = visit_of(household, 1, HALF)
    keep_visit(household, visit, told)
    there = household.pay(HALF, first_coin=1)
    names = household.names
    assert signed(there, household.sign_strictly(there, names[:2], told))
    for source in told:
        household.carry(source, "device4")
    elsewhere = household.pay(1_000, to=THIEF, script=THIEF_SCRIPT, first_coin=2)
    assert signed(elsewhere, household.sign_strictly(elsewhere, ["device3", "device4"], names[1:]))
