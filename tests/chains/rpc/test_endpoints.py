"""Several servers as one: order, rest, agreement among liars, a broadcast that reaches all, no wrong chain."""

from __future__ import annotations

from threading import Barrier

import pytest

from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import REST_SECONDS, Endpoints
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = [pytest.mark.unit, pytest.mark.slow]


class Scripted(JsonRpcEndpoint):
    """An endpoint without a network: says ``answer``, or raises it."""

    def __init__(self, name: str, answer: object = None) -> None:
        super().__init__("http://127.0.0.1:9", name)
        self.answer = answer
        self.asked: list[str] = []

    def call(self, method, params, kind, **_):
        self.asked.append(method)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def down(name: str = "x", reason: str = "unreachable", retry_after: int | None = None) -> ChainUnavailable:
    return unavailable(reason, "down", name, retry_after=retry_after)


def refused(code: int = -32000) -> RpcRefused:
    return RpcRefused(code, "no")


def reason_of(work) -> str:
    with pytest.raises(ChainUnavailable) as error:
        work()
    return error.value.reason


def test_a_chain_has_some_endpoints_with_names_of_their_own():
    with pytest.raises(InputRefused):
        Endpoints([])
    with pytest.raises(InputRefused):
        Endpoints([Scripted("a"), Scripted("a")])
    endpoints = Endpoints([Scripted("a"), Scripted("b")])
    assert [endpoint.name for endpoint in endpoints] == ["a", "b"]
    assert (len(endpoints), endpoints[1].name) == (2, "b")


class TestFirst:
    def test_is_the_first_in_order(self):
        one, two = Scripted("a", 1), Scripted("b", 2)
        assert Endpoints([one, two]).first("m", [], int) == 1
        assert two.asked == []

    def test_falls_over_to_the_next(self):
        endpoints = Endpoints([Scripted("a", down()), Scripted("b", down()), Scripted("c", 3)])
        assert endpoints.first("m", [], int) == 3

    def test_lets_one_that_failed_rest(self):
        clock = Clock()
        one, two = Scripted("a", down()), Scripted("b", 2)
        endpoints = Endpoints([one, two], clock=clock)
        endpoints.first("m", [], int)
        one.answer = 1
        assert endpoints.first("m", [], int) == 2
        clock.now = REST_SECONDS + 1
        assert endpoints.first("m", [], int) == 1

    def test_lets_one_rest_as_long_as_it_asks_for(self):
        clock = Clock()
        one, two = Scripted("a", down(reason="credits", retry_after=3600)), Scripted("b", 2)
        endpoints = Endpoints([one, two], clock=clock)
        endpoints.first("m", [], int)
        one.answer = 1
        clock.now = 3599
        assert endpoints.first("m", [], int) == 2

    def test_asks_a_resting_one_where_nobody_else_answers(self):
        one, two = Scripted("a", down()), Scripted("b", 2)
        endpoints = Endpoints([one, two])
        endpoints.first("m", [], int)
        one.answer, two.answer = 1, down()
        assert endpoints.first("m", [], int) == 1

    def test_raises_the_last_failure(self):
        endpoints = Endpoints([Scripted("a", down()), Scripted("b", down(reason="time-out"))])
        assert reason_of(lambda: endpoints.first("m", [], int)) == "time-out"

    def test_takes_a_refusal_for_an_answer(self):
        one, two = Scripted("a", refused()), Scripted("b", 2)
        with pytest.raises(RpcRefused):
            Endpoints([one, two]).first("m", [], int)
        assert two.asked == []

    @pytest.mark.parametrize("code", [-32601, -32603])
    def test_asks_the_next_where_one_does_not_know(self, code):
        assert Endpoints([Scripted("a", refused(code)), Scripted("b", 2)]).first("m", [], int) == 2
        with pytest.raises(RpcRefused):
            Endpoints([Scripted("a", refused(code)), Scripted("b", down())]).first("m", [], int)


class TestAgreed:
    def test_is_what_so_many_say_and_no_more_are_asked(self):
        three = Scripted("c", 5)
        assert Endpoints([Scripted("a", 5), Scripted("b", 5), three]).agreed("m", [], int, 2) == 5
        assert three.asked == []

    def test_needs_nobody_else_where_there_is_nobody_else(self):
        assert Endpoints([Scripted("a", 5)]).agreed("m", [], int, 3) == 5
        assert reason_of(lambda: Endpoints([Scripted("a", down())]).agreed("m", [], int, 3)) == "unreachable"

    @pytest.mark.parametrize("liar", [0, 1, 2])
    def test_one_liar_of_three_stops_it_and_everybody_is_named(self, liar):
        endpoints = [Scripted(name, 5) for name in "abc"]
        endpoints[liar].answer = 10**18
        with pytest.raises(ChainUnavailable) as error:
            Endpoints(endpoints).agreed("m", [], int, 3)
        assert error.value.reason == "disagreement"
        for endpoint in endpoints:
            assert f"{endpoint.name}: {endpoint.answer}" in error.value.message

    def test_what_may_honestly_differ_is_left_out(self):
        endpoints = Endpoints([Scripted("a", {"n": 1, "at": 100}), Scripted("b", {"n": 1, "at": 101})])
        assert endpoints.agreed("m", [], dict, 2, same=lambda answer: answer["n"]) == {"n": 1, "at": 100}
        assert reason_of(lambda: endpoints.agreed("m", [], dict, 2)) == "disagreement"

    def test_silence_is_no_agreement(self):
        endpoints = Endpoints([Scripted("a", 5), Scripted("b", down("b")), Scripted("c", refused(-32601))])
        with pytest.raises(ChainUnavailable) as error:
            endpoints.agreed("m", [], int, 2)
        assert error.value.reason == "quorum"
        assert "b: down" in error.value.message

    def test_the_silent_are_replaced_by_those_behind_them(self):
        assert (
            Endpoints([Scripted("a", 5), Scripted("b", down()), Scripted("c", 5)]).agreed("m", [], int, 2)
            == 5
        )

    def test_more_than_there_are_can_not_agree(self):
        assert (
            reason_of(lambda: Endpoints([Scripted("a", 5), Scripted("b", 5)]).agreed("m", [], int, 3))
            == "quorum"
        )

    def test_agreeing_refusals_are_a_refusal(self):
        with pytest.raises(RpcRefused):
            Endpoints([Scripted("a", refused(3)), Scripted("b", refused(3))]).agreed("m", [], int, 2)
        for other in (5, refused(4)):
            endpoints = Endpoints([Scripted("a", refused(3)), Scripted("b", other)])
            assert reason_of(lambda found=endpoints: found.agreed("m", [], int, 2)) == "disagreement"

    def test_what_liars_say_is_shown_short_and_printable(self):
        endpoints = Endpoints([Scripted("a", "\x1b[31m" + "9" * 5000), Scripted("b", "5")])
        with pytest.raises(ChainUnavailable) as error:
            endpoints.agreed("m", [], str, 2)
        assert len(error.value.message) < 300
        assert error.value.message.isprintable()


class TestEvery:
    def test_reaches_all_and_tells_each_one_s_answer(self):
        failure, no = down(), refused()
        endpoints = Endpoints([Scripted("a", failure), Scripted("b", "txid"), Scripted("c", no)])
        assert endpoints.every("send", ["0x"], str) == [("a", failure), ("b", "txid"), ("c", no)]

    def test_asks_all_at_the_same_time(self):
        barrier = Barrier(3)

        class Waiting(Scripted):
            def call(self, method, params, kind, **_):
                barrier.wait(60)  # breaks unless all three are here together
                return "txid"

        answers = Endpoints([Waiting(name) for name in "abc"]).every("send", [], str)
        assert [answer for _, answer in answers] == ["txid"] * 3


class TestProbe:
    @staticmethod
    def probe(endpoint):
        if endpoint.call("chain", [], int) != 5:
            raise unavailable("wrong-network", "another chain", endpoint.name)

    def test_comes_before_the_first_question_and_once(self):
        one = Scripted("a", 5)
        endpoints = Endpoints([one], self.probe)
        endpoints.first("m", [], int)
        endpoints.first("m", [], int)
        assert one.asked == ["chain", "m", "m"]

    @pytest.mark.parametrize("way", ["first", "agreed", "every"])
    def test_keeps_the_wrong_chain_out(self, way):
        wrong, right, other = Scripted("a", 6), Scripted("b", 5), Scripted("c", 5)
        endpoints = Endpoints([wrong, right, other], self.probe)
        for _ in range(2):
            match way:
                case "first":
                    assert endpoints.first("m", [], int) == 5
                case "agreed":
                    assert endpoints.agreed("m", [], int, 2) == 5
                case "every":
                    assert [name for name, found in endpoints.every("m", [], int) if found == 5] == ["b", "c"]
        assert "m" not in wrong.asked

    def test_a_refusal_of_the_probe_is_no_pass(self):
        endpoints = Endpoints([Scripted("a", refused())], self.probe)
        assert reason_of(lambda: endpoints.first("m", [], int)) == "wrong-network"

    def test_check_wants_one_that_is_right_and_none_that_is_wrong(self):
        Endpoints([Scripted("a", down()), Scripted("b", 5)], self.probe).check()
        assert reason_of(Endpoints([Scripted("a", 6), Scripted("b", 5)], self.probe).check) == "wrong-network"
        assert reason_of(Endpoints([Scripted("a", down())], self.probe).check) == "unreachable"

    def test_a_new_probe_is_asked_of_everybody_anew(self):
        one = Scripted("a", 5)
        endpoints = Endpoints([one])
        endpoints.first("m", [], int)
        endpoints.check(self.probe)
        endpoints.check(self.probe)
        assert one.asked == ["m", "chain", "chain"]
