"""The official SDKs against the same stand-in: what they ask is what we ask, and they understand what it answers.

This is what makes the stand-in more than our own idea of QuickNode. Where an SDK and our client see a bad day
differently, the difference is written down here.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.support.quicknode import API_KEY, BAD_DAYS, quicknode_stand_in
from tests.support.quicknode_sdk import node_sdk, python_sdk

from warifu.chains.quicknode.access import QuickNodeAccess
from warifu.chains.quicknode.admin import AdminApi
from warifu.chains.quicknode.admin_types import EndpointStatus, Limits
from warifu.chains.quicknode.jwt import Algorithm, JwtKey
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.real

KEY = JwtKey.generate(Algorithm.ES256, "warifu-1")

OPERATIONS: dict[str, tuple[Any, str, tuple[str, ...], dict[str, Any]]] = {
    "list": (
        lambda a: a.endpoints(search="x", networks=["mainnet"]),
        "get_endpoints",
        (),
        {"search": "x", "networks": ["mainnet"], "limit": 100, "offset": 0},
    ),
    "create": (
        lambda a: a.create_endpoint("solana", "mainnet"),
        "create_endpoint",
        (),
        {"chain": "solana", "network": "mainnet"},
    ),
    "show": (lambda a: a.endpoint("1"), "show_endpoint", ("1",), {}),
    "rename": (lambda a: a.rename_endpoint("1", "x"), "update_endpoint", ("1",), {"label": "x"}),
    "pause": (
        lambda a: a.set_status("1", EndpointStatus.PAUSED),
        "update_endpoint_status",
        ("1",),
        {"status": "paused"},
    ),
    "urls": (lambda a: a.urls("1"), "get_endpoint_urls", ("1",), {}),
    "archive": (lambda a: a.archive_endpoint("1"), "archive_endpoint", ("1",), {}),
    "security": (lambda a: a.security("1"), "get_endpoint_security", ("1",), {}),
    "options": (lambda a: a.security_options("1"), "get_security_options", ("1",), {}),
    "switch": (
        lambda a: a.set_security_options(
            "1", {"jwts": True, "domainMasks": False, "requestFilters": True, "ipCustomHeader": False}
        ),
        "update_security_options",
        ("1",),
        {
            "jwts": "enabled",
            "domain_masks": "disabled",
            "request_filters": "enabled",
            "ip_custom_header": "disabled",
        },
    ),
    "token": (lambda a: a.create_token("1"), "create_token", ("1",), {}),
    "no token": (lambda a: a.delete_token("1", "tok-1"), "delete_token", ("1", "tok-1"), {}),
    "jwt": (
        lambda a: a.register_jwt("1", KEY, "n"),
        "create_jwt",
        ("1",),
        {"public_key": KEY.public_pem, "kid": "warifu-1", "name": "n"},
    ),
    "no jwt": (lambda a: a.delete_jwt("1", "j"), "delete_jwt", ("1", "j"), {}),
    "referrer": (lambda a: a.add_referrer("1", "e.org"), "create_referrer", ("1",), {"referrer": "e.org"}),
    "no referrer": (lambda a: a.delete_referrer("1", "r"), "delete_referrer", ("1", "r"), {}),
    "ip": (lambda a: a.add_ip("1", "192.0.2.1"), "create_ip", ("1",), {"ip": "192.0.2.1"}),
    "no ip": (lambda a: a.delete_ip("1", "i"), "delete_ip", ("1", "i"), {}),
    "mask": (
        lambda a: a.add_domain_mask("1", "e.org"),
        "create_domain_mask",
        ("1",),
        {"domain_mask": "e.org"},
    ),
    "no mask": (lambda a: a.delete_domain_mask("1", "m"), "delete_domain_mask", ("1", "m"), {}),
    "filter": (
        lambda a: a.allow_only("1", ["eth_call"]),
        "create_request_filter",
        ("1",),
        {"method": ["eth_call"]},
    ),
    "other filter": (
        lambda a: a.change_filter("1", "f", ["eth_call"]),
        "update_request_filter",
        ("1", "f"),
        {"method": ["eth_call"]},
    ),
    "no filter": (lambda a: a.delete_filter("1", "f"), "delete_request_filter", ("1", "f"), {}),
    "limits": (lambda a: a.rate_limits("1"), "get_rate_limits", ("1",), {}),
    "limit": (
        lambda a: a.set_rate_limits("1", Limits(rps=3, rpd=9)),
        "update_rate_limits",
        ("1",),
        {"rps": 3, "rpd": 9},
    ),
    "no limit": (lambda a: a.delete_rate_limit("1", "o"), "delete_rate_limit_override", ("1", "o"), {}),
    "method limits": (lambda a: a.method_rate_limits("1"), "get_method_rate_limits", ("1",), {}),
    "method limit": (
        lambda a: a.limit_methods("1", ["eth_call"], 5),
        "create_method_rate_limit",
        ("1",),
        {"interval": "second", "methods": ["eth_call"], "rate": 5},
    ),
    "other method limit": (
        lambda a: a.change_method_limit("1", "l", 5),
        "update_method_rate_limit",
        ("1", "l"),
        {"rate": 5},
    ),
    "no method limit": (
        lambda a: a.delete_method_limit("1", "l"),
        "delete_method_rate_limit",
        ("1", "l"),
        {},
    ),
    "usage": (lambda a: a.usage(1, 2), "get_usage", (), {"start_time": 1, "end_time": 2}),
    "by endpoint": (lambda a: a.usage_by_endpoint(), "get_usage_by_endpoint", (), {}),
    "by method": (lambda a: a.usage_by_method(), "get_usage_by_method", (), {}),
    "by chain": (lambda a: a.usage_by_chain(1), "get_usage_by_chain", (), {"start_time": 1}),
    "metrics": (
        lambda a: a.endpoint_metrics("1", "day", "m"),
        "get_endpoint_metrics",
        ("1",),
        {"period": "day", "metric": "m"},
    ),
    "account metrics": (
        lambda a: a.account_metrics("week", "m", "p50"),
        "get_account_metrics",
        (),
        {"period": "week", "metric": "m", "percentile": "p50"},
    ),
    "chains": (lambda a: a.chains(), "list_chains", (), {}),
    "prices": (lambda a: a.prices("ethereum"), "get_api_credits", ("ethereum",), {}),
}
"""Ours; the SDK's name for it, with its arguments."""


def sdk(stand_in):
    module = python_sdk()
    config = module.SdkFullConfig(
        api_key=API_KEY, admin=module.AdminConfig(base_url=stand_in.admin_url + "/")
    )
    return module.QuicknodeSdk(config)


def admin_of(stand_in) -> AdminApi:
    return AdminApi(Secret(API_KEY), base_url=stand_in.admin_url, retries=Retries(tries=1))


def seen(stand_in):
    """The last request, without what may differ: the order of a query, the way JSON is written."""
    asked = stand_in.asked[-1]
    parts = urlsplit(asked.path)
    body = json.loads(asked.body) if asked.body else None
    return asked.method, parts.path, sorted(parse_qsl(parts.query)), body, asked.headers["x-api-key"]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_the_sdk_and_we_send_the_same(operation):
    ours, name, arguments, options = OPERATIONS[operation]
    requests = []
    with quicknode_stand_in() as stand_in:
        admin_of(stand_in).create_endpoint("ethereum", "mainnet")
        try:
            ours(admin_of(stand_in))
        except ChainUnavailable as error:
            assert error.reason == "not-found"  # to take away what is not there
        requests.append(seen(stand_in))
    with quicknode_stand_in() as stand_in:
        admin_of(stand_in).create_endpoint("ethereum", "mainnet")
        client = sdk(stand_in)
        try:
            await getattr(client.admin, name)(*arguments, **options)
        except python_sdk().ApiError as error:
            assert error.status == 404
        requests.append(seen(stand_in))
    assert requests[0] == requests[1]


async def test_the_sdk_understands_the_stand_in(quicknode):
    ours = admin_of(quicknode)
    made = ours.create_endpoint("ethereum", "mainnet")
    ours.register_jwt(made.id, KEY, "n")
    ours.add_domain_mask(made.id, "e.org")
    ours.allow_only(made.id, ["eth_call"])
    theirs = (await sdk(quicknode).admin.show_endpoint(made.id)).data
    found: Any = ours.endpoint(made.id)
    assert theirs.http_url == found.http_url.reveal()
    assert (
        [jwt.kid for jwt in theirs.security.jwts] == [jwt.kid for jwt in found.security.jwts] == ["warifu-1"]
    )
    assert theirs.security.options.tokens is found.security.options.tokens is True
    assert theirs.security.options.domain_masks is found.security.options.domain_masks is False
    assert [mask.domain for mask in theirs.security.domain_masks] == ["e.org"]
    assert [item.method for item in theirs.security.request_filters] == [["eth_call"]]
    assert theirs.rate_limits.rps == found.rate_limits.rps == 50
    listed = await sdk(quicknode).admin.get_endpoints(limit=100, offset=0)
    assert (listed.data[0].id, listed.pagination.total) == (made.id, 1)
    usage = (await sdk(quicknode).admin.get_usage()).data
    assert (usage.credits_used, usage.limit) == (ours.usage().credits_used, ours.usage().limit)


async def test_the_sdk_reads_results_as_we_do(quicknode):
    endpoint = QuickNodeAccess.parse(quicknode.path_url).endpoint("quicknode")
    for method in ("eth_chainId", "eth_blockNumber", "eth_getTransactionReceipt", "getHealth", "getBalance"):
        theirs = await sdk(quicknode).rpc.call(method, [], endpoint_url=quicknode.path_url)
        assert theirs == endpoint.call(method, [], object)
    assert quicknode.asked[0].json.keys() == quicknode.asked[1].json.keys()


async def test_the_sdk_and_we_see_the_node_s_refusal(quicknode):
    with pytest.raises(python_sdk().RpcError) as error:
        await sdk(quicknode).rpc.call("eth_call", [{}, "latest"], endpoint_url=quicknode.path_url)
    assert error.value.code == 3


TAKEN_FOR_NOTHING = {"limited, with status 200", "limited, other code"}
"""The SDK returns None, as if the node had said null; ours says ``busy``."""


@pytest.mark.parametrize("day", BAD_DAYS)
async def test_bad_days_as_the_sdk_sees_them(quicknode, day):
    module = python_sdk()
    quicknode.bad_days = [BAD_DAYS[day]] * 9
    with pytest.raises(ChainUnavailable):
        QuickNodeAccess.parse(quicknode.path_url).endpoint("q", retries=Retries(tries=1)).call(
            "eth_chainId", [], str
        )
    if day in TAKEN_FOR_NOTHING:
        assert await sdk(quicknode).rpc.call("eth_chainId", endpoint_url=quicknode.path_url) is None
    else:
        with pytest.raises(module.QuicknodeError):
            await sdk(quicknode).rpc.call("eth_chainId", endpoint_url=quicknode.path_url)


NODE = """
import { createRequire } from 'node:module'
const require = createRequire(process.cwd() + '/x.js')
const { Core, Solana } = require('@quicknode/sdk')
const url = process.argv[2]
const chain = { id: 1, name: 'stand-in', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
                rpcUrls: { default: { http: [url] } } }
const core = new Core({ endpointUrl: url, chain })
const client = core.client
const receipt = await client.getTransactionReceipt({ hash: '0x' + '11'.repeat(32) }).catch(error => error.name)
const call = await client.call({ to: '0x' + '22'.repeat(20) }).catch(error => error.shortMessage)
const solana = new Solana({ endpointUrl: url })
const { PublicKey } = require('@solana/web3.js')
console.log(JSON.stringify({
  chainId: await client.getChainId(),
  block: String(await client.getBlockNumber()),
  balance: String(await client.getBalance({ address: '0x' + '33'.repeat(20) })),
  nonce: await client.getTransactionCount({ address: '0x' + '33'.repeat(20) }),
  receipt, call,
  lamports: await solana.connection.getBalance(new PublicKey('11111111111111111111111111111111')),
}))
"""


def test_the_node_sdk_reads_results_as_we_do(quicknode):
    theirs = node_sdk(NODE, quicknode.path_url)
    endpoint = QuickNodeAccess.parse(quicknode.path_url).endpoint("quicknode")
    assert theirs["chainId"] == int(endpoint.call("eth_chainId", [], str), 16)
    assert theirs["block"] == str(int(endpoint.call("eth_blockNumber", [], str), 16))
    assert theirs["balance"] == str(
        int(endpoint.call("eth_getBalance", ["0x" + "33" * 20, "latest"], str), 16)
    )
    assert theirs["nonce"] == int(
        endpoint.call("eth_getTransactionCount", ["0x" + "33" * 20, "latest"], str), 16
    )
    assert theirs["receipt"] == "TransactionReceiptNotFoundError"
    assert "revert" in theirs["call"].lower()
    assert theirs["lamports"] == endpoint.call("getBalance", ["1" * 32], dict)["value"]
