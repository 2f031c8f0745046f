"""Who did not carry a request looks afterwards: a carrier that changed the body under the same JWT is found out."""

import json
from dataclasses import replace
from decimal import Decimal

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from tests.support.exchange_days import GOOD, order, withdrawal
from tests.support.exchange_keys import STAMP, quorums

from warifu.exchanges.adapter import OrderState, Terms, WithdrawalState
from warifu.exchanges.afterwards import Comparison, compare_order, compare_withdrawal
from warifu.exchanges.coinbase.credentials import CdpKey
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.registry import EXCHANGES

pytestmark = pytest.mark.unit

D = Decimal
NETWORKS = EXCHANGES["coinbase"].networks
WANTED = order("coinbase")
HONEST = OrderState(
    "28", WANTED.client_id, WANTED.pair, "open", D(0), D(0), D(0), Terms("buy", D("0.5"), None, D("20000.01"))
)


def test_an_order_that_is_what_was_wanted():
    assert compare_order(WANTED, HONEST) == Comparison((), ())


@pytest.mark.parametrize(
    ("found", "differs", "unsaid"),
    [
        (replace(HONEST, terms=Terms("sell", D("0.5"), None, D("20000.01"))), ("side",), ()),
        (replace(HONEST, terms=Terms("buy", D(50), None, D("20000.01"))), ("size",), ()),
        (replace(HONEST, terms=Terms("buy", D("0.5"), None, D(99999))), ("price",), ()),
        (replace(HONEST, terms=Terms("buy", D("0.5"), None, D("20000.01"), D(1))), ("stop price",), ()),
        (replace(HONEST, terms=Terms("buy", None, D(10**6), None)), (), ("price", "size")),
        (replace(HONEST, terms=None), (), ("side", "price", "size")),
        (replace(HONEST, client_id="another"), ("identifier",), ()),
    ],
)
def test_what_is_not_what_was_wanted(found, differs, unsaid):
    assert compare_order(WANTED, found) == Comparison(differs, unsaid)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"address": "bc1qevil"}, ("address",)),
        ({"amount": D(9)}, ("amount",)),
        ({"memo": "7"}, ("memo",)),
    ],
)
def test_a_withdrawal_that_goes_elsewhere(change, differs):
    wanted = withdrawal("coinbase")
    honest = WithdrawalState("w", "sent", D("0.25"), D("0.0001"), "beef", wanted.address)
    assert compare_withdrawal(wanted, honest, NETWORKS) == Comparison((), ())
    net = replace(honest, amount=D("0.2499"))  # the fee was taken from it
    assert compare_withdrawal(wanted, net, NETWORKS) == Comparison((), ())
    assert compare_withdrawal(wanted, replace(honest, **change), NETWORKS).differs == differs


@pytest.mark.parametrize(
    ("asset", "network", "said", "differs", "unsaid"),
    [
        ("ETH", "ethereum", "ethereum", (), ()),
        ("ETH", "ethereum", "Ethereum", (), ()),
        ("USDC", "ethereum", "solana", ("network",), ()),
        (
            "USDC",
            "ethereum",
            "base",
            (),
            ("network",),
        ),  # another name of the same, for all that is known here
        ("USDC", "ethereum", None, (), ("network",)),
        ("USDC", "solana", None, (), ()),  # its address is on no other chain
        ("USDC", "solana", "ethereum", ("network",), ()),
        ("BTC", "bitcoin", None, (), ()),
        ("USDC", "base", "base", (), ()),
        ("USDC", "base", "ethereum", ("network",), ()),
    ],
)
def test_the_network_is_compared_where_it_is_said_and_wanted_where_the_address_does_not_say_it(
    asset, network, said, differs, unsaid
):
    wanted = replace(withdrawal("coinbase"), asset=asset, network=network)
    found = WithdrawalState("w", "sent", wanted.amount, None, None, wanted.address, network=said)
    assert compare_withdrawal(wanted, found, NETWORKS) == Comparison(differs, unsaid)


def test_capitals_of_an_address_of_the_evm_are_a_checksum_and_no_part_of_it():
    """An exchange that writes them small would have the wallet frozen for every withdrawal."""
    checked = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    wanted = replace(withdrawal("coinbase"), asset="ETH", network="ethereum", address=checked)
    found = WithdrawalState("w", "sent", wanted.amount, None, None, checked.lower(), network="ethereum")
    assert compare_withdrawal(wanted, found, NETWORKS) == Comparison((), ())
    other = replace(found, address=checked[:-1] + "e")
    assert compare_withdrawal(wanted, other, NETWORKS).differs == ("address",)
    bitcoin = replace(wanted, asset="BTC", network="bitcoin", address="1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
    small = replace(found, address=bitcoin.address.lower(), network="bitcoin")
    assert compare_withdrawal(bitcoin, small, NETWORKS).differs == ("address",)


def test_a_person_is_told_what_is_there_and_what_was_signed_for():
    found = replace(HONEST, terms=Terms("sell", D(50), None, D("20000.01")))
    assert compare_order(WANTED, found).words == (
        "side: sell (signed for: buy)",
        "size: 50 (signed for: 0.5)",
    )


def test_a_hostile_carrier_changes_the_body_and_coinbase_takes_it_and_the_second_signer_sees_it():
    """The hole of a CDP key, shown open: two of three sign an order, its carrier asks for a hundred times as much."""
    quorum = next(quorums())
    exchange = EXCHANGES["coinbase"]
    signed = (
        CdpKey("organizations/a/apiKeys/b", "EdDSA")
        .prepare(exchange.place(WANTED).unsigned, STAMP)
        .signed(quorum)
    )
    carried = replace(signed, body=signed.body.replace(b'"base_size":"0.5"', b'"base_size":"50"'))
    assert carried.body != signed.body

    # What Coinbase checks holds for the changed request as for the honest one.
    token = dict(carried.headers)["Authorization"].removeprefix("Bearer ")
    key = ed25519.Ed25519PublicKey.from_public_bytes(quorum.public)
    claims = jwt.decode(token, key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_nbf": False})
    assert claims["uri"] == f"POST {carried.host}{carried.target}"

    # And so it keeps the order that the carrier sent; the others find it by the identifier that they all signed for.
    kept = json.loads(carried.body)
    said = json.loads(json.dumps(GOOD["coinbase"]["find_order"]))
    said["orders"][0]["order_configuration"] = kept["order_configuration"]
    answer = HttpAnswer(200, (), json.dumps(said).encode())
    [found] = exchange.find_order(WANTED).read(answer).items
    assert compare_order(WANTED, found).differs == ("size",)


@pytest.mark.parametrize("name", sorted(EXCHANGES))
def test_every_exchange_says_what_the_comparison_needs(name):
    """Where one says too little, it is not taken for honest."""
    answer = HttpAnswer(200, (), json.dumps(GOOD[name]["find_order"]).encode())
    [found] = EXCHANGES[name].find_order(order(name)).read(answer).items
    compared = compare_order(order(name), found)
    assert compared.differs == ()
    assert set(compared.unsaid) <= {"size", "price"}  # the shortened examples
