"""How many owners an account, a call and a visit at an exchange take, as each device counts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from math import ceil
from uuid import uuid4

import msgspec
import pytest
from tests.support.exchange_accounts import add_triplet, frames, request_for, triplet
from tests.support.exchange_calls import prepare, run
from tests.support.exchange_days import PAIRS, order
from tests.support.exchange_world import World, tiered
from tests.support.simulator import Household
from tests.support.visiting import BTC, visiting_policy

from warifu.errors import WarifuError
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.authorization import approve_request, authorize
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import AccountKept
from warifu.protocol.exchange_requests import EndVisitRequest, VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import Visits, VisitShown
from warifu.protocol.frames import KeepAccount, TellVisit
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import Request

pytestmark = pytest.mark.unit

SECOND = IdentityKey(bytes([9]) * 32)
TENTH = BTC // 10
COINBASE = EXCHANGES["coinbase"]


@pytest.fixture
def home(tmp_path) -> Iterator[Household]:
    """One device with an account at the Exchange API, and two owners, for visits of more than a tenth of a bitcoin."""
    made = Household(tmp_path, 1)
    made.make_wallet(1, tiered(visiting_policy(), "BTC", TENTH), others=[DeviceKey(SECOND.public)])
    yield made
    made.close()


def keep_by_both(home: Household) -> None:
    new = triplet(home)
    request = request_for(home, new, "main", "coinbase-exchange")
    authorization, parcels = home.authorized_parcels(
        request,
        {"device0": new.parts[home["device0"].identity]},
        [approve_request(approver(SECOND), request)],
    )
    home["device0"].call(KeepAccount(1, authorization, parcels["device0"]), AccountKept)


def visit(home: Household, amount: int, number: int = 1) -> VisitRequest:
    now = home.clock()
    assert home.birth is not None
    brings = VisitAsset("BTC", "bitcoin")
    return VisitRequest(
        bytes([number]) * 16,
        home.birth.wallet_id,
        "main",
        brings,
        "",
        str(amount),
        (),
        now + 7200,
        now,
        now + 600,
    )


def tell(home: Household, request: Request, *, both: bool) -> VisitShown:
    further = [approve_request(approver(SECOND), request)] if both else []
    signed = authorize(approver(home.owner), request, encode(request), (), further)
    [shown] = home["device0"].call(TellVisit(1, signed), Visits).visits
    return shown


def refusal(home: Household, request: Request, *, both: bool = False) -> str:
    with pytest.raises(WarifuError) as refused:
        tell(home, request, both=both)
    return refused.value.code


def test_an_account_takes_as_many_as_the_largest_payment_though_small_ones_take_one(home):
    """One of two owners could else remove an account, add his own in its place, and have the other approve what is
    large for it."""
    new = triplet(home)
    with pytest.raises(WarifuError) as refused:
        add_triplet(home)
    assert refused.value.code == "policy.approvals"
    keep_by_both(home)
    request = request_for(home, new, "other", "coinbase-exchange")
    (frame,) = frames(home, request, new.parts).values()
    with pytest.raises(WarifuError) as refused:
        home["device0"].call(frame, AccountKept)
    assert refused.value.code == "policy.approvals"


def test_a_visit_takes_as_many_as_its_amount_and_its_end_takes_one(home):
    keep_by_both(home)
    assert refusal(home, visit(home, TENTH + 1)) == "policy.approvals"
    small = tell(home, visit(home, TENTH, 2), both=False)
    large = tell(home, visit(home, TENTH + 1, 3), both=True)
    now = home.clock()
    for number, each in enumerate((small, large), 4):
        wallet = each.request.wallet_id
        end = EndVisitRequest(bytes([number]) * 16, wallet, each.visit, now, now + 600)
        assert tell(home, end, both=False).ended is not None


def test_one_owner_who_approves_twice_is_one(home):
    keep_by_both(home)
    request = visit(home, TENTH + 1)
    again = [approve_request(approver(home.owner), request)]
    signed = authorize(approver(home.owner), request, encode(request), (), again)
    with pytest.raises(WarifuError) as refused:
        home["device0"].call(TellVisit(1, signed), Visits)
    assert refused.value.code == "policy.approvals"


def test_what_was_opened_by_enough_is_not_opened_again_by_fewer_as_something_else(home):
    """The same request is known; one that differs in its amount is another, and takes its own approvals."""
    keep_by_both(home)
    opened = tell(home, visit(home, TENTH), both=False)
    assert tell(home, visit(home, TENTH), both=False) == opened
    assert refusal(home, visit(home, 2 * TENTH)) == "policy.approvals"


def test_a_call_takes_as_many_as_what_it_gives_away(tmp_path):
    """A buy gives away its price times its size."""
    small = order("coinbase")
    assert small.size is not None and small.price is not None
    most = ceil(small.size * small.price * 100)  # half a cent is judged as a cent
    world = World(
        tmp_path, others=(DeviceKey(SECOND.public),), amend=lambda policy: tiered(policy, "USD", most)
    )
    try:
        world.split(further=lambda request: [approve_request(approver(SECOND), request)])
        large = COINBASE.place(replace(small, size=small.size + Decimal("0.001"), client_id=str(uuid4())))
        assert set(world.refused(large).values()) == {"policy.approvals"}
        assert world.told(COINBASE.place(small)).outcome == "done"
        names = ("device0", "device2")  # the other one has to compare what it signed first
        asked = prepare(world.home, large, names)
        second = approve_request(approver(SECOND), asked.request)
        openings = {
            name: msgspec.structs.replace(
                opening,
                authorization=msgspec.structs.replace(
                    opening.authorization, approvals=(*opening.authorization.approvals, second)
                ),
            )
            for name, opening in asked.openings.items()
        }
        outcome = run(world.home, openings, world.tunnels)
        assert asked.told(outcome.finished["device0"]).outcome == "done"
    finally:
        world.close()


def test_a_token_that_names_no_path_takes_as_many_as_anything_there(tmp_path):
    """Its carrier could perhaps do anything with it, also what takes the most owners."""
    world = World(
        tmp_path, others=(DeviceKey(SECOND.public),), amend=lambda policy: tiered(policy, "BTC", BTC)
    )
    try:
        world.split(further=lambda request: [approve_request(approver(SECOND), request)])
        assert COINBASE.feeds is not None
        feed = COINBASE.feeds.watch("user", (PAIRS["coinbase"],), 10)
        assert set(world.refused(feed).values()) == {"policy.approvals"}
    finally:
        world.close()
