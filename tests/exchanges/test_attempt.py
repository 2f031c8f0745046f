"""Whatever is lost, held back, answered late or killed in between: it happens once, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.exchange_keys import STAMP, unsigned

from warifu.exchanges.attempt import LONGEST_PAUSE, SETTLE, Attempt, State, Step
from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.coinbase.credentials import CdpKey, ExchangeKey
from warifu.exchanges.failures import OutcomeUnknown, Refused, TryAgain
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

NOW, LIFETIME = 1_000_000, 30_000
SENT = Attempt().sending(NOW, LIFETIME)


def test_the_good_day():
    assert Attempt().next is Step.SEND
    assert SENT.done().next is Step.NOTHING


def test_what_may_be_sent_again_is_what_did_not_happen():
    again = SENT.failed(TryAgain("rate-limit", retry_after=7), NOW)
    assert (again.state, again.next, again.not_before) == (State.STORED, Step.SEND, NOW + 7000)
    assert SENT.failed(Refused("funds"), NOW).next is Step.NOTHING


def test_an_unknown_outcome_is_asked_for_and_never_sent():
    unknown = SENT.failed(OutcomeUnknown("no-answer"), NOW)
    assert unknown.next is Step.ASK
    with pytest.raises(ValueError):
        unknown.sending(NOW, LIFETIME)


def test_a_restart_in_the_middle_of_sending_asks():
    assert SENT.next is Step.ASK


def test_a_duplicate_means_that_an_earlier_one_arrived():
    assert SENT.failed(Refused("duplicate"), NOW).next is Step.ASK


def test_not_there_is_believed_only_when_it_is_too_late_for_it_to_come():
    unknown = SENT.failed(OutcomeUnknown("no-answer"), NOW)
    for asked in (NOW + 1, NOW + LIFETIME, NOW + LIFETIME + SETTLE):
        assert unknown.not_there(asked).next is Step.ASK
    never = unknown.not_there(NOW + LIFETIME + SETTLE + 1)
    assert (never.state, never.next) == (State.STORED, Step.SEND)


def test_asking_in_vain_changes_nothing_but_the_pause():
    unknown = SENT
    for _ in range(40):
        unknown = unknown.not_answered(NOW)
    assert (unknown.next, unknown.not_before) == (Step.ASK, NOW + LONGEST_PAUSE)


@pytest.mark.parametrize("end", [SENT.done(), SENT.failed(Refused("funds"), NOW)])
def test_an_end_is_an_end(end):
    for leave in (
        lambda: end.sending(NOW, LIFETIME),
        end.done,
        lambda: end.failed(TryAgain("busy"), NOW),
        lambda: end.not_there(NOW * 9),
    ):
        with pytest.raises(ValueError):
            leave()


class World:
    """An exchange that does whatever it is told each time, as Binance may, and a road that an enemy owns.

    The enemy holds requests back as long as it likes. The exchange takes them while they live, and lists what it
    took only after a while.
    """

    def __init__(self, choices) -> None:
        self.choices = choices
        self.now = NOW
        self.held: list[int] = []  # dead_after of requests on their way
        self.executed: list[int] = []

    def pass_time(self) -> None:
        self.now += self.choices(st.integers(0, 50_000))
        for dead_after in list(self.held):
            if self.choices(st.booleans()):
                self.held.remove(dead_after)
                if self.now <= dead_after:
                    self.executed.append(self.now)

    def listed(self) -> bool:
        return any(self.now >= taken + self.choices(st.sampled_from([0, SETTLE])) for taken in self.executed)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=300, deadline=None)
def test_it_happens_once_or_not_at_all(data):
    world, attempt = World(data.draw), Attempt()
    for _ in range(25):
        world.pass_time()
        if attempt.next is Step.NOTHING:
            break
        world.now = max(world.now, attempt.not_before)
        if attempt.next is Step.SEND:
            assert not any(world.now <= dead for dead in world.held), "two living requests at once"
            attempt = attempt.sending(world.now, LIFETIME)
            world.held.append(attempt.dead_after)
            what = data.draw(st.sampled_from(["answer", "silence", "killed", "limit", "refused"]))
            match what:
                case "answer":
                    world.held.pop()
                    world.executed.append(world.now)
                    attempt = attempt.done()
                case "silence":
                    attempt = attempt.failed(OutcomeUnknown("no-answer"), world.now)
                case "limit":
                    world.held.pop()
                    attempt = attempt.failed(TryAgain("rate-limit"), world.now)
                case "refused":
                    world.held.pop()
                    attempt = attempt.failed(Refused("funds"), world.now)
        else:
            what = data.draw(st.sampled_from(["asked", "asked", "silence"]))
            if what == "silence":
                attempt = attempt.not_answered(world.now)
            else:
                attempt = attempt.done() if world.listed() else attempt.not_there(world.now)
        assert len(world.executed) <= 1
    if attempt.state is State.DONE:
        assert len(world.executed) == 1
    if attempt.state is State.REFUSED:
        for _ in range(5):
            world.pass_time()
        assert world.executed == []


def test_every_credential_says_how_long_its_requests_live():
    assert CdpKey("organizations/a/apiKeys/b", "EdDSA").lifetime == 120_000
    assert ExchangeKey("0" * 32, Secret(b"x")).lifetime == 30_000
    assert BinanceKey("x" * 64, window=2000).lifetime == 2000
    message = BinanceKey("x" * 64, window=2000).prepare(unsigned(body=b""), STAMP).message
    assert b"recvWindow=2000&" in message
