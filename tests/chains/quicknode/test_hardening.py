"""Hardening an endpoint: what it asks for, in which order, and that it may be stopped by anything at any moment."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.quicknode import API_KEY, StandIn, quicknode_stand_in
from tests.support.rpc_server import Asked, Say

from warifu.chains.quicknode.admin import AdminApi
from warifu.chains.quicknode.hardening import Step, Wanted, plan, public_address
from warifu.chains.quicknode.jwt import Algorithm, JwtKey, JwtPublicKey
from warifu.chains.quicknode.methods import METHODS
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret
from warifu.errors import ChainUnavailable, InputRefused, WarifuError

pytestmark = pytest.mark.real

KEY = JwtPublicKey.from_pem(JwtKey.generate(Algorithm.ES256, "warifu-1").public_pem, "warifu-1")
OTHER_KEY = JwtKey.generate(Algorithm.ES256, "other").public_pem
OURS, STRANGE = "1.1.1.1", "9.9.9.9"
METHODS_WANTED = METHODS["eip155"]
WANTED = Wanted(KEY, (OURS,), METHODS_WANTED)


def opened(stand_in: StandIn) -> AdminApi:
    return AdminApi(Secret(API_KEY), base_url=stand_in.admin_url, retries=Retries(tries=1))


def harden(stand_in: StandIn, wanted: Wanted = WANTED) -> list[Step]:
    steps = plan(opened(stand_in), "1", wanted)
    for step in steps:
        step.do()
    return steps


def switch(stand_in: StandIn, **on: bool) -> dict[str, Any]:
    """A fresh endpoint with these checks; its security, as it is in the stand-in."""
    opened(stand_in).create_endpoint("ethereum", "mainnet")
    security: dict[str, Any] = stand_in.account.endpoints["1"]["security"]
    security["options"].update(on)
    return security


def fresh(stand_in: StandIn) -> dict[str, Any]:
    return switch(stand_in)


def crowded(stand_in: StandIn) -> dict[str, Any]:
    """Others' addresses and methods, none of them checked."""
    security = switch(stand_in)
    security["ips"].append({"id": "ip-0", "ip": STRANGE})
    for number, methods in enumerate((["debug_traceCall"], ["eth_call", "eth_getLogs"], ["eth_accounts"])):
        security["request_filters"].append({"id": f"f-{number}", "method": methods})
    return security


def crowded_and_checked(stand_in: StandIn) -> dict[str, Any]:
    security = crowded(stand_in)
    security["options"].update(ips=True, requestFilters=True)
    return security


WORLDS = [fresh, crowded, crowded_and_checked]


def enters(security: dict[str, Any], *, ip: str, kids: set[str], token: bool, method: str) -> bool:
    """QuickNode's rule, written down once more: every check that is on must let the request in."""
    on = security["options"]
    return (
        (not on["tokens"] or token)
        and (not on["jwts"] or bool(kids & {key["kid"] for key in security["jwts"]}))
        and (not on["ips"] or ip in {item["ip"] for item in security["ips"]})
        and (
            not on["requestFilters"]
            or method in {name for item in security["request_filters"] for name in item["method"]}
        )
    )


def entering(security: dict[str, Any]) -> tuple[set[str], set[tuple[str, str]]]:
    """The wallet's methods with which its owner gets in; (address, method) of one who found the token and no more."""
    owner = {
        method
        for method in METHODS_WANTED
        if enters(security, ip=OURS, kids={"warifu-1"}, token=True, method=method)
    }
    thief = {
        (ip, method)
        for ip, method in itertools.product(
            (OURS, STRANGE, "8.8.8.8"), (*METHODS_WANTED, "debug_traceCall", "eth_getLogs")
        )
        if enters(security, ip=ip, kids=set(), token=True, method=method)
    }
    return owner, thief


def test_a_fresh_endpoint_is_closed_by_these_steps_and_in_this_order(quicknode):
    security = fresh(quicknode)
    assert [step.kind for step in harden(quicknode)] == ["methods", "jwt", "ip", "read", "switch"]
    on = {name for name, value in security["options"].items() if value}
    assert on == {"tokens", "jwts", "ips", "requestFilters", "cors"}
    assert entering(security) == (set(METHODS_WANTED), set())


def test_a_second_time_there_is_nothing_to_do(quicknode):
    fresh(quicknode)
    harden(quicknode)
    assert plan(opened(quicknode), "1", WANTED) == []


def test_making_the_plan_changes_nothing(quicknode):
    crowded(quicknode)
    plan(opened(quicknode), "1", WANTED)
    assert {asked.method for asked in quicknode.asked[1:]} == {"GET"}


def test_checks_that_were_not_asked_for_stay_as_they_are(quicknode):
    security = fresh(quicknode)
    harden(quicknode, Wanted(None, (), METHODS_WANTED))
    assert (security["options"]["jwts"], security["options"]["ips"]) == (False, False)
    assert security["options"]["requestFilters"] is True


def test_only_the_wallet_s_methods_are_left_of_several_filters(quicknode):
    security = crowded_and_checked(quicknode)
    harden(quicknode)
    assert [set(item["method"]) for item in security["request_filters"]] == [set(METHODS_WANTED)]


def test_a_filter_that_fits_already_is_kept_and_the_others_go(quicknode):
    security = fresh(quicknode)
    security["request_filters"] += [
        {"id": "f-0", "method": ["eth_accounts"]},
        {"id": "f-1", "method": list(METHODS_WANTED)},
    ]
    assert [step.kind for step in harden(quicknode, Wanted(None, (), METHODS_WANTED))] == [
        "fewer-methods",
        "read",
        "switch",
    ]
    assert [item["id"] for item in security["request_filters"]] == ["f-1"]


def test_a_filter_that_looks_at_parameters_is_not_taken_for_one_of_methods(quicknode):
    security = fresh(quicknode)
    narrow = {"id": "f-0", "method": list(METHODS_WANTED), "params": {"0": "latest"}}
    security["request_filters"].append(narrow)
    harden(quicknode)
    assert narrow not in security["request_filters"]
    assert [set(item["method"]) for item in security["request_filters"]] == [set(METHODS_WANTED)]


def test_an_address_is_the_same_however_it_is_written(quicknode):
    security = fresh(quicknode)
    security["ips"].append({"id": "ip-0", "ip": "2606:4700:4700:0:0:0:0:1111"})
    harden(quicknode, Wanted(None, (public_address("2606:4700:4700::1111"),), METHODS_WANTED))
    assert len(security["ips"]) == 1


def broken_before(stand_in: StandIn, number: int) -> Callable[[Asked], Say]:
    """From the request ``number`` (counted from now) on, nothing arrives any more."""
    left = itertools.count()
    return lambda asked: Say(b"", 500) if next(left) >= number else stand_in.script(asked)


def broken_after(stand_in: StandIn, number: int) -> Callable[[Asked], Say]:
    """The request ``number`` is carried out and its answer lost; later ones do not arrive."""
    left = itertools.count()

    def say(asked: Asked) -> Say:
        turn = next(left)
        answer = stand_in.script(asked) if turn <= number else Say(b"", 500)
        return answer if turn < number else Say(b"", 500)

    return say


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("broken", [broken_before, broken_after])
def test_wherever_it_is_stopped_the_owner_gets_in_and_a_thief_does_not_get_further(world, broken):
    for number in itertools.count():
        with quicknode_stand_in() as stand_in:
            security = world(stand_in)
            owner, thief = entering(security)
            assert stand_in.server is not None
            stand_in.server.script = broken(stand_in, number)
            try:
                harden(stand_in)
            except WarifuError:
                stopped = True
            else:
                stopped = False
            now_owner, now_thief = entering(security)
            assert now_owner >= owner, f"stopped at request {number}"
            # What the wallet itself calls is let through before what is too much is taken away.
            assert {(ip, method) for ip, method in now_thief - thief if method not in METHODS_WANTED} == set()
            assert {ip for ip, _ in now_thief} <= {ip for ip, _ in thief} | {OURS}
            stand_in.server.script = stand_in.script
            harden(stand_in)
            assert entering(security) == (set(METHODS_WANTED), set())
            assert len(security["request_filters"]) == len(security["jwts"]) == 1
        if not stopped:
            assert number > 5
            return


class TestNoCheckIsSwitchedOn:
    """...when that would lock the owner out."""

    def told_but_not_done(self, stand_in: StandIn, collection: str) -> None:
        """The stand-in says that it added, and forgets it."""

        def say(asked: Asked) -> Say:
            answer = stand_in.script(asked)
            if asked.method == "POST":
                stand_in.account.endpoints["1"]["security"][collection].clear()
            return answer

        assert stand_in.server is not None
        stand_in.server.script = say

    @pytest.mark.parametrize("collection", ["jwts", "ips", "request_filters"])
    def test_where_what_was_added_is_not_there(self, quicknode, collection):
        security = fresh(quicknode)
        self.told_but_not_done(quicknode, collection)
        before = dict(security["options"])
        with pytest.raises(ChainUnavailable) as error:
            harden(quicknode)
        assert error.value.reason == "answer-form"
        assert security["options"] == before

    def test_where_the_key_s_name_is_another_key_s(self, quicknode):
        security = fresh(quicknode)
        security["jwts"].append({"id": "j", "public_key": OTHER_KEY, "kid": "warifu-1", "name": "x"})
        with pytest.raises(InputRefused) as refused:
            harden(quicknode)
        assert refused.value.code == "input.jwt-kid"
        assert {asked.method for asked in quicknode.asked[1:]} == {"GET"}


def test_a_switch_that_was_not_turned_is_no_success(quicknode):
    fresh(quicknode)
    unmoved = b'{"data":[{"option":"jwts","status":"enabled","value":null}],"error":null}'
    quicknode.server.script = lambda asked: (
        Say(unmoved)
        if asked.path.endswith("security_options") and asked.method == "PATCH"
        else quicknode.script(asked)
    )
    with pytest.raises(ChainUnavailable) as error:
        harden(quicknode)
    assert "ips" in error.value.message
    assert "requestFilters" in error.value.message


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "x",
            "1.1.1.1/24",
            "0.0.0.0",
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.2",
            "169.254.1.1",
            "224.0.0.1",
        ),
        *(
            "::",
            "::1",
            "fe80::1",
            "fe80::1%eth0",
            "fd00::1",
            "ff02::1",
            "::ffff:1.1.1.1",
            "1.1.1.1\n",
            "01.1.1.1",
        ),
        *("100.64.0.1", "203.0.113.1", "1.1.1.1,9.9.9.9", "*"),
    ],
)
def test_an_address_that_nobody_comes_from(text):
    with pytest.raises(InputRefused) as refused:
        public_address(text)
    assert refused.value.code == "input.ip-address"


def test_addresses_that_somebody_comes_from():
    assert public_address("1.1.1.1") == "1.1.1.1"
    assert public_address("2606:4700:4700:0::1111") == "2606:4700:4700::1111"
