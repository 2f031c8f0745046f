"""The three ways into an endpoint, and the bad days behind its door."""

from __future__ import annotations

import pytest
from tests.support.quicknode import BAD_DAYS

from warifu.chains.quicknode.access import QuickNodeAccess
from warifu.chains.quicknode.jwt import Algorithm, JwtKey
from warifu.chains.rpc.endpoint import Question
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.secret import Secret
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = pytest.mark.real


@pytest.fixture
def access(quicknode) -> QuickNodeAccess:
    return QuickNodeAccess.parse(quicknode.path_url)


@pytest.fixture
def endpoint(access, retries):
    made = access.endpoint("quicknode", retries=retries)
    yield made
    made.close()


def reason_of(work) -> str:
    with pytest.raises(ChainUnavailable) as error:
        work()
    return error.value.reason


class TestWaysIn:
    def test_a_token_in_the_path(self, quicknode, endpoint):
        assert endpoint.call("eth_chainId", [], str) == "0x1"
        assert quicknode.asked[0].path == f"/{quicknode.token}/"

    def test_a_token_in_a_header(self, quicknode):
        endpoint = QuickNodeAccess.parse(quicknode.bare_url, token=quicknode.token).endpoint("quicknode")
        assert endpoint.call("getHealth", [], str) == "ok"
        assert quicknode.asked[0].headers["x-token"] == quicknode.token
        assert quicknode.token not in quicknode.asked[0].path

    @pytest.mark.parametrize("algorithm", Algorithm)
    def test_a_jwt(self, quicknode, algorithm):
        key = JwtKey.generate(algorithm, "warifu-1")
        quicknode.jwt_keys["warifu-1"] = key.public_pem
        access = QuickNodeAccess.parse(
            quicknode.path_url, jwt_key=key.private_pem().reveal(), jwt_kid="warifu-1"
        )
        endpoint = access.endpoint("quicknode")
        assert endpoint.call("eth_chainId", [], str) == "0x1"
        assert endpoint.call("eth_blockNumber", [], str) == "0x14d2f1a"
        assert len(set(quicknode.seen_jwts)) == 1, "one token serves many questions"

    def test_the_wrong_token(self, quicknode):
        for access in (
            QuickNodeAccess.parse(quicknode.bare_url),
            QuickNodeAccess.parse(f"{quicknode.base}/wrongwrongwrong/"),
            QuickNodeAccess.parse(quicknode.bare_url, token="wrongwrongwrong"),
        ):
            assert (
                reason_of(lambda asked=access: asked.endpoint("q").call("eth_chainId", [], str))
                == "credentials"
            )

    def test_a_jwt_of_another_key(self, quicknode):
        quicknode.jwt_keys["warifu-1"] = JwtKey.generate(Algorithm.ES256, "warifu-1").public_pem
        access = QuickNodeAccess(Secret(quicknode.path_url), jwt=JwtKey.generate(Algorithm.ES256, "warifu-1"))
        assert reason_of(lambda: access.endpoint("q").call("eth_chainId", [], str)) == "credentials"


class TestConfiguration:
    @pytest.mark.parametrize(
        "url",
        [
            "https://blue-moon.btc.quiknode.pro/0123456789abcdef/",
            "https://blue-moon.quiknode.pro/0123456789abcdef",
            "https://blue-moon.avalanche-mainnet.quiknode.pro/0123456789abcdef/ext/bc/C/rpc/",
            "https://rpc.example.org/",
            "http://127.0.0.1:8545/",
            "http://[::1]:8545/",
        ],
    )
    def test_addresses_that_are_ones(self, url):
        assert QuickNodeAccess.parse(url).url == Secret(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://blue-moon.quiknode.pro/0123456789abcdef/",
            "http://localhost/0123456789abcdef/",
            "http://127.0.0.1.example.org/0123456789abcdef/",
            "wss://blue-moon.quiknode.pro/0123456789abcdef/",
            "https://user:password@blue-moon.quiknode.pro/",
            "https://blue-moon.quiknode.pro/?token=0123456789abcdef",
            "https://blue-moon.quiknode.pro/#0123456789abcdef",
            "https:///0123456789abcdef",
            "https://[::1/",
            "https://x:99999/",
            "",
            "https://x/" + "y" * 2000,
        ],
    )
    def test_addresses_that_would_give_the_token_away_or_are_none(self, url):
        with pytest.raises(InputRefused) as refused:
            QuickNodeAccess.parse(url)
        assert refused.value.code == "input.backend-address"
        assert "0123456789" not in str(refused.value)

    @pytest.mark.parametrize("token", ["two words", "line\r\nbreak", "ü", "x" * 513])
    def test_a_token_that_would_break_a_header(self, token):
        with pytest.raises(InputRefused) as refused:
            QuickNodeAccess.parse("https://x.quiknode.pro/", token=token)
        assert refused.value.code == "input.backend-token"
        assert token not in str(refused.value)

    def test_a_key_and_its_name_come_together(self):
        for options in ({"jwt_key": "x"}, {"jwt_kid": "k"}):
            with pytest.raises(InputRefused):
                QuickNodeAccess.parse("https://x.quiknode.pro/", **options)

    def test_nothing_of_it_is_shown(self):
        access = QuickNodeAccess.parse(
            "https://blue-moon.quiknode.pro/0123456789abcdef/", token="fedcba9876543210"
        )
        assert "0123456789" not in repr(access) + str(access) + repr(access.endpoint("q"))
        assert "fedcba" not in repr(access)


EXPECTED = {
    "bad request": ("bad-request", 1),
    "unauthorized": ("credentials", 1),
    "disabled": ("credentials", 1),
    "no such endpoint": ("not-found", 1),
    "too large": ("too-large", 1),
    "limited": ("busy", 3),
    "limited, enveloped": ("busy", 3),
    "limited, with status 200": ("busy", 3),
    "limited, other code": ("busy", 3),
    "limited, as text": ("busy", 3),
    "quota of the day": ("credits", 1),
    "broken": ("server-fault", 3),
    "bad gateway": ("busy", 3),
    "unavailable": ("busy", 3),
    "gateway time-out": ("busy", 3),
    "a web page with status 200": ("answer-form", 1),
}


@pytest.mark.parametrize("day", BAD_DAYS)
class TestBadDays:
    def test_each_is_told_apart_and_tried_again_only_where_that_may_help(self, quicknode, endpoint, day):
        quicknode.bad_days = [BAD_DAYS[day]] * 5
        reason, tries = EXPECTED[day]
        assert reason_of(lambda: endpoint.call("eth_chainId", [], str)) == reason
        assert len(quicknode.asked) == tries

    def test_a_batch_fares_no_better(self, quicknode, endpoint, day):
        quicknode.bad_days = [BAD_DAYS[day]] * 5
        assert reason_of(lambda: endpoint.batch([Question("eth_chainId", [], str)] * 2)) == EXPECTED[day][0]

    def test_one_that_passes_is_not_noticed(self, quicknode, endpoint, slept, day):
        quicknode.bad_days = [BAD_DAYS[day]]
        if EXPECTED[day][1] == 1:
            assert reason_of(lambda: endpoint.call("eth_chainId", [], str)) == EXPECTED[day][0]
        else:
            assert endpoint.call("eth_chainId", [], str) == "0x1"
            assert len(slept) == 1

    def test_another_endpoint_answers_instead(self, quicknode, endpoint, access, retries, day):
        quicknode.bad_days = [BAD_DAYS[day]] * EXPECTED[day][1]
        both = Endpoints([endpoint, access.endpoint("other", retries=retries)])
        assert both.first("eth_chainId", [], str) == "0x1"


def test_a_refusal_of_the_node_is_no_bad_day(endpoint, slept):
    with pytest.raises(RpcRefused) as refused:
        endpoint.call("eth_call", [{}, "latest"], str)
    assert (refused.value.code, slept) == (3, [])
    with pytest.raises(RpcRefused) as refused:
        endpoint.call("debug_everything", [], str)
    assert refused.value.code == -32601
