"""The admin API: everything that it does, its pages, its refusals, and that its secrets stay unseen."""

from __future__ import annotations

import io
import json
import logging
import traceback

import pytest
from tests.support.quicknode import API_KEY, BAD_DAYS
from tests.support.rpc_server import Say

from warifu.chains.quicknode.access import QuickNodeAccess
from warifu.chains.quicknode.admin import AdminApi
from warifu.chains.quicknode.admin_types import EndpointStatus, Limits
from warifu.chains.quicknode.jwt import Algorithm, JwtKey, JwtPublicKey
from warifu.chains.rpc.secret import Secret
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = pytest.mark.real


@pytest.fixture
def admin(quicknode, retries):
    made = AdminApi(Secret(API_KEY), base_url=quicknode.admin_url, retries=retries)
    yield made
    made.close()


@pytest.fixture
def made(admin) -> str:
    """The id of a fresh Ethereum endpoint."""
    return str(admin.create_endpoint("ethereum", "mainnet").id)


def test_an_endpoint_from_its_making_to_its_end(admin):
    made = admin.create_endpoint("ethereum", "mainnet")
    assert (made.chain, made.network, made.rate_limits.rps) == ("ethereum", "mainnet", 50)
    admin.rename_endpoint(made.id, "warm wallet")
    admin.set_status(made.id, EndpointStatus.PAUSED)
    found = admin.endpoint(made.id)
    assert (found.label, found.status, found.http_url) == ("warm wallet", "paused", made.http_url)
    urls = admin.urls(made.id)
    assert urls.http_url == made.http_url
    assert set(urls.multichain_urls) == {"base-mainnet"}
    admin.archive_endpoint(made.id)
    assert admin.endpoints() == []
    with pytest.raises(ChainUnavailable) as error:
        admin.endpoint(made.id)
    assert error.value.reason == "not-found"


def test_a_list_is_read_to_its_end(admin, quicknode):
    for number in range(45):
        admin.create_endpoint("ethereum", "mainnet" if number % 3 else "sepolia")
    assert [found.id for found in admin.endpoints()] == [str(number) for number in range(1, 46)]
    assert {found.network for found in admin.endpoints(networks=["sepolia"])} == {"sepolia"}
    assert "networks%5B%5D=sepolia" in quicknode.asked[-1].path


@pytest.mark.parametrize(
    "pages",
    [
        lambda _: {
            "data": [{"id": "1", "chain": "c", "network": "n", "http_url": "u"}],
            "pagination": {"total": 10**9, "limit": 1, "offset": 0},
        },
        lambda _: {"data": [{"id": "1", "chain": "c", "network": "n", "http_url": "u"}] * 10_001},
        lambda _: {"data": [{"id": 1}]},
        lambda _: {"data": {"id": "1"}},
    ],
    ids=["endless", "huge", "no endpoint", "no list"],
)
def test_a_list_that_never_ends_or_is_none(admin, quicknode, pages):
    quicknode.server.script = lambda asked: Say(json.dumps(pages(asked)).encode())
    with pytest.raises(ChainUnavailable) as error:
        admin.endpoints()
    assert error.value.reason in ("answer-size", "answer-form")
    assert len(quicknode.asked) == 1


def test_a_jwt_key_is_registered_and_opens_the_endpoint(admin, quicknode, made):
    key = JwtKey.generate(Algorithm.ES256, "warifu-1")
    registered = admin.register_jwt(made, key, "warm wallet")
    assert (registered.kid, registered.name, registered.public_key) == (
        "warifu-1",
        "warm wallet",
        key.public_pem,
    )
    admin.set_security_options(made, {"jwts": True, "tokens": False})
    security = admin.security(made)
    assert (security.options.jwts, security.options.tokens) == (True, False)
    assert [found.kid for found in security.jwts] == ["warifu-1"]
    quicknode.jwt_keys = {found.kid: found.public_key for found in security.jwts}
    access = QuickNodeAccess(admin.endpoint(made).http_url, jwt=key)
    assert access.endpoint("quicknode").call("eth_chainId", [], str) == "0x1"
    admin.delete_jwt(made, registered.id)
    assert admin.security(made).jwts == []


def test_the_public_half_alone_is_registered_just_so(admin, quicknode, made):
    key = JwtKey.generate(Algorithm.ES256, "warifu-1")
    admin.register_jwt(made, key, "warm wallet")
    with_the_whole_key = quicknode.asked[-1].json
    admin.register_jwt(made, JwtPublicKey.from_pem(key.public_pem, "warifu-1"), "warm wallet")
    assert quicknode.asked[-1].json == with_the_whole_key


def test_who_may_use_an_endpoint(admin, made):
    token = admin.create_token(made)
    first = admin.security(made).tokens[0]
    admin.delete_token(made, first.id)
    assert admin.security(made).tokens == [token]
    referrer = admin.add_referrer(made, "wallet.example.org")
    ip = admin.add_ip(made, "198.51.100.7")
    mask = admin.add_domain_mask(made, "rpc.example.org")
    only = admin.allow_only(made, ["eth_call"])
    admin.change_filter(made, only, ["eth_call", "eth_getBalance"])
    security = admin.security(made)
    assert (security.referrers, security.ips, security.domain_masks) == ([referrer], [ip], [mask])
    assert security.request_filters[0].method == ["eth_call", "eth_getBalance"]
    admin.delete_referrer(made, referrer.id)
    admin.delete_ip(made, ip.id)
    admin.delete_domain_mask(made, mask.id)
    admin.delete_filter(made, only)
    security = admin.security(made)
    assert (security.referrers, security.ips, security.domain_masks, security.request_filters) == (
        [],
        [],
        [],
        [],
    )


def test_switches(admin, made):
    switched = admin.set_security_options(made, {"ips": True, "domainMasks": True, "tokens": False})
    state = {option.option: option.status for option in switched}
    assert (state["ips"], state["domainMasks"], state["tokens"]) == ("enabled", "enabled", "disabled")
    assert admin.security_options(made) == switched


def test_limits(admin, made):
    assert [(limit.bucket, limit.source) for limit in admin.rate_limits(made)] == [("rps", "plan_default")]
    admin.set_rate_limits(made, Limits(rps=20))
    (limit,) = admin.rate_limits(made)
    assert (limit.rate_limit, limit.source) == (20, "user_override")
    admin.delete_rate_limit(made, limit.id)
    assert admin.rate_limits(made)[0].source == "plan_default"
    for_methods = admin.limit_methods(made, ["eth_call"], 5)
    admin.change_method_limit(made, for_methods.id, 9)
    assert [(found.methods, found.rate) for found in admin.method_rate_limits(made)] == [(["eth_call"], 9)]
    admin.delete_method_limit(made, for_methods.id)
    assert admin.method_rate_limits(made) == []


def test_what_it_costs(admin, made):
    usage = admin.usage(1_700_000_000, 1_702_000_000)
    assert (usage.credits_used, usage.credits_remaining, usage.limit) == (60, 940, 1000)
    assert admin.usage_by_endpoint()[0].methods_breakdown[0].method_name == "eth_call"
    assert admin.usage_by_method()[0].credits_used == 40
    assert admin.usage_by_chain()[0].name == "ethereum"
    assert admin.endpoint_metrics(made, "day", "method_calls_over_time")[0].data == [[1700000000, 7]]
    assert admin.account_metrics("day", "credits_over_time", "p99")[0].tag == ["p99"]
    assert admin.chains()[0].networks[0].chain_id == 1
    assert admin.prices("ethereum")[0].credits == 20


class TestRefusals:
    def test_have_quicknode_s_own_reason(self, admin):
        with pytest.raises(InputRefused) as refused:
            admin.create_endpoint("dogecoin", "mainnet")
        assert refused.value.code == "input.quicknode-refused"
        assert "chain is not supported" in refused.value.message

    def test_a_wrong_key(self, quicknode):
        admin = AdminApi(Secret("QN_ffffffffffffffff"), base_url=quicknode.admin_url)
        with pytest.raises(ChainUnavailable) as error:
            admin.usage()
        assert error.value.reason == "credentials"

    @pytest.mark.parametrize("wrong", ["../usage", "a/b", "", "a?b", "a b", "x" * 129, "é"])
    def test_an_id_that_would_lead_elsewhere(self, admin, quicknode, wrong):
        for ask in (
            admin.endpoint,
            admin.archive_endpoint,
            lambda it: admin.delete_token("1", it),
            admin.prices,
        ):
            with pytest.raises(InputRefused):
                ask(wrong)
        assert quicknode.asked == []

    @pytest.mark.parametrize("url", ["http://api.quicknode.com/v0", "ftp://x", ""])
    def test_an_address_that_would_give_the_key_away(self, url):
        with pytest.raises(InputRefused):
            AdminApi(Secret(API_KEY), base_url=url)

    @pytest.mark.parametrize("key", ["", "a b", "a\r\nb"])
    def test_a_key_that_would_break_a_header(self, key):
        with pytest.raises(InputRefused):
            AdminApi(Secret(key))

    def test_an_error_with_status_200(self, admin, quicknode):
        quicknode.bad_days = [Say(b'{"data":null,"error":"Endpoint limit reached for your plan"}')]
        with pytest.raises(InputRefused) as refused:
            admin.usage()
        assert "Endpoint limit reached" in refused.value.message

    def test_what_was_not_done(self, admin, quicknode, made):
        quicknode.bad_days = [Say(b'{"data":false,"error":null}')]
        with pytest.raises(InputRefused):
            admin.archive_endpoint(made)

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{}", b'{"data":null}', b'{"data":{}}', b"<html>", b'{"data":"x"}']
    )
    def test_an_answer_that_is_none(self, admin, quicknode, body):
        quicknode.bad_days = [Say(body)]
        with pytest.raises(ChainUnavailable) as error:
            admin.usage()
        assert error.value.reason == "answer-form"


@pytest.mark.parametrize("day", BAD_DAYS)
def test_bad_days_are_waited_out_where_that_may_help_and_harms_nobody(admin, quicknode, slept, day):
    quicknode.bad_days = [BAD_DAYS[day]]
    try:
        admin.usage()
        assert len(slept) == 1
    except (ChainUnavailable, InputRefused):
        assert slept == []
    quicknode.bad_days = [BAD_DAYS[day]]
    del quicknode.asked[:], slept[:]
    with pytest.raises((ChainUnavailable, InputRefused)):
        admin.create_endpoint("ethereum", "mainnet")
    assert (len(quicknode.asked), slept) == (1, []), "a second POST could make a second endpoint"


def test_nothing_secret_is_shown(admin, quicknode, made):
    found = admin.endpoint(made)
    token = found.security.tokens[0].token.reveal()
    shown = repr(admin) + repr(vars(admin)) + repr(found) + repr(admin.endpoints()) + repr(admin.urls(made))
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        for body, status in (
            (API_KEY, 400),
            (API_KEY, 401),
            (API_KEY, 500),
            (f'{{"error":"{API_KEY}"}}', 422),
            (f'{{"error":"{API_KEY}"}}', 200),
        ):
            quicknode.bad_days = [Say(body.encode(), status, {"X-Key": API_KEY})] * 3
            with pytest.raises((ChainUnavailable, InputRefused)) as error:
                admin.usage()
            trace = traceback.TracebackException.from_exception(error.value, capture_locals=True)
            frames = "".join(trace.format()).split('  File "')
            shown += "".join(frame for frame in frames if "test_admin.py" not in frame) + repr(
                vars(error.value)
            )
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert API_KEY not in shown + logged.getvalue()
    assert token not in shown + logged.getvalue()


@pytest.mark.parametrize(
    "names",
    [("domain_masks", "request_filters"), ("domainMasks", "requestFilters")],
    ids=["SDK", "documentation"],
)
def test_no_open_door_is_overlooked_however_it_is_spelled(admin, quicknode, names):
    masks, filters = names
    data = {masks: [{"id": "1", "domain": "e.org"}], filters: [{"id": "2", "method": ["eth_call"]}]}
    quicknode.bad_days = [Say(json.dumps({"data": data, "error": None}).encode())]
    security = admin.security("1")
    assert [mask.domain for mask in security.domain_masks] == ["e.org"]
    assert [item.method for item in security.request_filters] == [["eth_call"]]


@pytest.mark.parametrize("address", [5, None, ["u"], {}])
def test_an_address_that_is_no_text_is_an_answer_of_a_wrong_form(admin, quicknode, address):
    data = {"id": "1", "chain": "c", "network": "n", "http_url": address}
    quicknode.server.script = lambda _: Say(json.dumps({"data": data}).encode())
    with pytest.raises(ChainUnavailable) as error:
        admin.endpoint("1")
    assert error.value.reason == "answer-form"
