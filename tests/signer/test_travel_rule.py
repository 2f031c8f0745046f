"""What an owner states about who is paid: sealed to the devices, put into each sweep by each co-signer, shown by the
names of its fields alone. And what the exchange says before funds go there: its questions, and its own list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from nacl.utils import random
from tests.signer.test_visiting import DEAD, FEE, FIRST, SECOND, home_again
from tests.support.exchange_accounts import remove
from tests.support.sandbox import bitcoin_chain, sandbox
from tests.support.visiting import BTC, CdpStage, Stage, visiting_policy

from warifu.errors import AuthorizationRefused, InputRefused, PolicyDenied, WarifuError
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import AccountKept
from warifu.protocol.exchange_requests import (
    TravelRulePart,
    TravelRuleRequest,
    VisitAsset,
    travel_rule_digest,
)
from warifu.protocol.frames import KeepTravelRule
from warifu.protocol.identity import verify
from warifu.protocol.policy import Policy
from warifu.sandbox.control import AddFault, Allow, ClearFaults, Disallow, SetAccount

pytestmark = pytest.mark.real

ANSWERS = '{ "isAddressOwner": 1, "bnfType": 0, "country": "jp", "kanjiName": "\u5c71\u7530" }'
COINBASE = '{"is_self": "IS_SELF_TRUE", "beneficiary_wallet_type": "WALLET_TYPE_SELF_HOSTED"}'


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with (
        bitcoin_chain(tmp_path_factory.mktemp("chain")) as (chain, url),
        sandbox(tmp_path_factory.mktemp("sandbox"), bitcoin=url) as simulation,
    ):
        yield chain, simulation


def asking_policy(*further: str, **fields) -> Policy:
    """The devices may ask Binance what it wants to know, and tell it."""
    policy = visiting_policy()
    rules = policy.exchanges[0]
    endpoints = (*rules.endpoints, "POST /sapi/v1/localentity/withdraw/apply", *further)
    endpoints += ("GET /sapi/v2/localentity/withdraw/history",)
    rules = msgspec.structs.replace(rules, endpoints=tuple(sorted(set(endpoints))), **fields)
    return msgspec.structs.replace(policy, exchanges=(rules, *policy.exchanges[1:]))


def staged(world, tmp_path, request, policy: Policy, kind: type[Stage] = Stage) -> Iterator[Stage]:
    chain, simulation = world
    simulation.do(ClearFaults())
    customer = re.sub("[^a-z0-9]", "-", request.node.name.lower())[-40:].strip("-")
    made = kind.make(tmp_path, chain, simulation, customer, policy)
    made.receives(BTC)
    yield made
    made.home.close()


@pytest.fixture
def stage(world, tmp_path, request) -> Iterator[Stage]:
    yield from staged(world, tmp_path, request, asking_policy())


@pytest.fixture
def cdp(world, tmp_path, request) -> Iterator[Stage]:
    yield from staged(world, tmp_path, request, asking_policy(), CdpStage)


def demanded(stage: Stage, exchange: str = "binance") -> None:
    """From now on it wants to know who is paid."""
    stage.simulation.do(SetAccount(exchange=exchange, account=stage.customer, travel_rule=True))  # type: ignore[arg-type]


def frames(stage: Stage, text: str, names: Sequence[str], **fields) -> dict[str, KeepTravelRule]:
    part, now = TravelRulePart(text, random(32)), stage.home.clock()
    asked = TravelRuleRequest(random(16), stage.wallet, "main", travel_rule_digest(part), now, now + 600)
    asked = msgspec.structs.replace(asked, **fields)
    authorization, parcels = stage.home.authorized_parcels(asked, {name: encode(part) for name in names})
    return {name: KeepTravelRule(51, authorization, parcel) for name, parcel in parcels.items()}


def states(stage: Stage, text: str, names: Sequence[str] = (), **fields) -> None:
    for name, frame in frames(stage, text, names or stage.home.names, **fields).items():
        kept = stage.home[name].call(frame, AccountKept)
        verify(stage.home[name].identity, kept.signature, "exchange-account", kept.request)
    stage.pass_(1)


def funded(stage: Stage) -> bytes:
    visit = stage.opened()
    there = stage.proves(visit, FIRST, SECOND)
    stage.pays(stage.payment(there, BTC // 2), FIRST)
    return visit


def test_an_exchange_that_wants_to_know_who_is_paid_is_stuck_until_its_owner_states_it(stage):
    visit = funded(stage)
    demanded(stage)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.reason, done.shown.state) == ("refused", "travel-rule", "stuck")
    stage.pass_(DEAD)
    states(stage, ANSWERS)
    done, arrived = home_again(stage, visit, FIRST, 1, number=1)
    assert (done.shown.state, arrived) == ("home", BTC // 2 - FEE)
    for name in stage.home.names:
        [account] = stage.home[name].status().accounts
        assert account.travel_rule == ("bnfType", "country", "isAddressOwner", "kanjiName")
        assert "\u5c71".encode() not in encode(stage.home[name].status())


def test_a_lost_answer_is_asked_for_in_the_list_of_what_was_sent_with_answers(stage):
    states(stage, ANSWERS)
    visit = funded(stage)
    demanded(stage)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    stage.simulation.do(AddFault(kind="lose-answer", path=".*/localentity/withdraw/apply"))
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert done.outcome == "unknown"
    with pytest.raises(PolicyDenied) as refused:
        states(stage, "")  # it would be asked for in the other list
    assert refused.value.reason == "sweep-under-way"
    assert stage.does(visit, "outcome", FIRST).shown.sweeps[0].state == "sent"


def test_devices_that_keep_different_things_sign_nothing_together(stage):
    visit = funded(stage)
    states(stage, ANSWERS, ["device0"])
    states(stage, ANSWERS.replace("jp", "fr"), ["device1"])
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    assert str(outcome.failed["device1"].reason) == "errand-differs"
    states(stage, ANSWERS)
    assert stage.does(visit, "sweep", FIRST, home=stage.address(1)).outcome == "done"


def test_with_a_cdp_key_it_is_in_the_send_and_each_co_signer_finds_it_as_it_was_signed(cdp):
    visit = cdp.opened()
    there = cdp.proves(visit, FIRST, SECOND)
    cdp.pays(cdp.payment(there, BTC // 2), FIRST)
    demanded(cdp, "coinbase")
    cdp.end(visit)
    cdp.does(visit, "balance", FIRST)
    done = cdp.does(visit, "sweep", FIRST, home=cdp.address(1))
    assert (done.outcome, done.shown.sweeps[0].reason) == ("refused", "travel-rule")
    cdp.pass_(400)
    cdp.compares(visit, SECOND)  # it never happened
    states(cdp, COINBASE)
    cdp.does(visit, "balance", FIRST)
    assert cdp.does(visit, "sweep", FIRST, home=cdp.address(1), round=1).outcome == "done"
    assert [each.stated for each in cdp.sent_by_customer()] == [True]
    assert cdp.compares(visit, SECOND, 1).outcome == "done"
    for name in cdp.home.names:
        assert cdp.home[name].device.rules.frozen(cdp.wallet) is None


def test_nothing_of_it_is_in_what_a_service_carries_or_a_device_writes_down(stage):
    """But for the parcel, which it cannot open: no name, no town, in no frame, answer, journal entry or error."""
    secret = "Hakone-12345"
    sent = frames(stage, f'{{"isAddressOwner":1,"city":"{secret}"}}', stage.home.names)
    assert all(secret.encode() not in encode(frame) for frame in sent.values())
    for name, frame in sent.items():
        answer = stage.home[name].call(frame, AccountKept)
        assert secret.encode() not in encode(answer)
        entries = stage.home[name].device.store.execute("SELECT content FROM journal")
        assert entries and all(secret.encode() not in bytes(content) for (content,) in entries)
    assert secret not in repr(TravelRulePart(secret, bytes(32)))
    for bad in (
        f'{{"city": {{"a": {{"b": {{"c": "{secret}"}}}}}}}}',
        f'["{secret}"]',
        f'{{"a": ["{secret}"]}}',
    ):
        stage.pass_(1)
        with pytest.raises(WarifuError) as refused:
            states(stage, bad)
        assert (
            refused.value.reason == "travel-rule" and secret not in str(refused.value) + refused.value.remedy
        )


def test_what_is_older_is_not_heard_and_the_same_again_changes_nothing(stage):
    old = frames(stage, ANSWERS, ["device0"])["device0"]
    stage.pass_(1)
    states(stage, ANSWERS.replace("jp", "fr"), ["device0"])
    with pytest.raises(AuthorizationRefused) as refused:
        stage.home["device0"].call(old, AccountKept)
    assert refused.value.reason == "replayed"
    again = frames(stage, "", ["device0"])["device0"]
    first = stage.home["device0"].call(again, AccountKept)
    assert stage.home["device0"].call(again, AccountKept) == first
    assert stage.home["device0"].status().accounts[0].travel_rule == ()
    assert stage.home["device0"].kinds().count("travel-rule-kept") == 2


def test_it_goes_with_the_account_and_a_parcel_that_says_something_else_is_not_kept(stage):
    states(stage, ANSWERS)
    now = stage.home.clock()
    part = TravelRulePart(ANSWERS, random(32))
    asked = TravelRuleRequest(random(16), stage.wallet, "main", bytes(32), now, now + 600)
    authorization, parcels = stage.home.authorized_parcels(asked, {"device0": encode(part)})
    with pytest.raises(InputRefused) as refused:
        stage.home["device0"].call(KeepTravelRule(51, authorization, parcels["device0"]), AccountKept)
    assert refused.value.reason == "travel-rule"
    remove(stage.home, stage.home.names)
    for name in stage.home.names:
        assert stage.home[name].device.accounts.travel_rule(stage.wallet, "main") == ""


def test_what_could_not_be_sent_for_its_length_is_not_kept(stage):
    """In a query each sign of it has nine letters: it would be signed, and never leave, each time that funds are to
    come home."""
    answers = '{"kanjiName": "%s"}' % ("\u5c71" * 900)
    for frame in frames(stage, answers, ["device0"]).values():
        with pytest.raises(InputRefused) as refused:
            stage.home["device0"].call(frame, AccountKept)
        assert refused.value.reason == "travel-rule"


def test_it_is_kept_only_where_the_policy_lets_it_be_sent(world, tmp_path, request):
    for made in staged(world, tmp_path, request, visiting_policy()):
        with pytest.raises(PolicyDenied) as refused:
            states(made, ANSWERS)
        assert refused.value.reason == "endpoint"
        assert "POST /sapi/v1/localentity/withdraw/apply" in refused.value.remedy


# --- before funds go there ------------------------------------------------------------------------------------------


def test_funds_go_there_once_the_exchanges_questions_are_answered(world, tmp_path, request):
    policy = asking_policy("GET /sapi/v1/localentity/questionnaire-requirements")
    for stage in staged(world, tmp_path, request, policy):
        visit = stage.opened()
        there = stage.proves(visit, FIRST, SECOND)
        demanded(stage)
        assert stage.shows("device0", visit).state == "opened"
        done = stage.does(visit, "travel-rule", FIRST)
        assert (done.outcome, done.reason, done.shown.missing) == ("refused", "travel-rule", ("travel-rule",))
        assert (
            stage.home.sign(stage.payment(there, 1_000_000), FIRST).codes["device0"] == "policy.destination"
        )
        states(stage, ANSWERS)
        for names in (FIRST, SECOND):
            shown = stage.does(visit, "travel-rule", names).shown
            assert (shown.state, shown.missing) == ("proven", ())
        stage.pays(stage.payment(there, BTC // 2), FIRST)


def test_funds_go_there_once_every_home_is_on_the_exchanges_own_list(world, tmp_path, request):
    policy = asking_policy("GET /sapi/v1/capital/withdraw/address/list", declared_allowlist=True)
    for stage in staged(world, tmp_path, request, policy):
        home = stage.address(1)
        stage.simulation.do(SetAccount(exchange="binance", account=stage.customer, allowlist_only=True))
        with pytest.raises(WarifuError) as refused:
            stage.opened()
        assert refused.value.reason == "visit-home"
        visit = stage.opened(brings=VisitAsset("BTC", "bitcoin", home))
        there = stage.proves(visit, FIRST, SECOND)
        stage.simulation.do(
            Allow(exchange="binance", account=stage.customer, asset="BTC", address=stage.address(2))
        )
        done = stage.does(visit, "listed", FIRST)
        assert (done.outcome, done.reason, done.shown.missing) == ("refused", "listed", ("listed",))
        assert (
            stage.home.sign(stage.payment(there, 1_000_000), FIRST).codes["device0"] == "policy.destination"
        )
        stage.simulation.do(Allow(exchange="binance", account=stage.customer, asset="BTC", address=home))
        for names in (FIRST, SECOND):
            assert stage.does(visit, "listed", names).shown.state == "proven"
        stage.simulation.do(Disallow(exchange="binance", account=stage.customer, asset="BTC", address=home))
        assert (
            stage.does(visit, "listed", FIRST).shown.state == "opened"
        )  # what was found before does not count
