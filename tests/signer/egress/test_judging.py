"""From a request's bytes to the policy's verdict."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.support.exchange_days import HOME, NETWORKS, PAIRS, SANDBOX, UUID, WALLETS, order, withdrawal

from warifu.errors import InputRefused
from warifu.exchanges.coinbase import app
from warifu.exchanges.coinbase import exchange as coinbase_exchange
from warifu.exchanges.coinbase.exchange import funds
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.policy import WINDOWS, ExchangeLimits, ExchangeRules, Window
from warifu.protocol.policy_text import read_policy
from warifu.signer.egress.judging import read_call
from warifu.signer.policy.exchanges import Destination, ExchangeFacts, judge_call

pytestmark = pytest.mark.unit

D = Decimal
every = pytest.mark.parametrize("name", sorted(EXCHANGES.keys() - {SANDBOX}))


def rules(name) -> ExchangeRules:
    def limits(symbol, decimals):
        return ExchangeLimits(symbol, decimals, "100", (Window(hours=24, amount="1000"),))

    pair = PAIRS[name]
    return ExchangeRules(
        name,
        (),
        (str(pair),),
        tuple(sorted((limits("BTC", 8), limits(pair.quote, 2)), key=lambda x: x.symbol)),
    )


@every
def test_a_withdrawal_is_counted_in_the_policys_smallest_unit(name):
    unsigned = EXCHANGES[name].withdraw(withdrawal(name)).unsigned
    call, understood = read_call(EXCHANGES[name], unsigned, rules(name))
    assert (call.exchange, call.method, call.path) == (name, "POST", unsigned.path)
    assert (call.pair, call.amounts) == (None, {"BTC": 25_000_000})
    assert understood.meaning.destination is not None
    assert understood.meaning.destination.network == NETWORKS[name]
    assert call.destination == Destination("bitcoin", HOME)


@every
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"network": "lightning"}, Destination(None, HOME)),
        ({"asset": "WBTC"}, Destination(None, HOME)),  # not on Bitcoin
        ({"memo": "7"}, Destination("bitcoin", HOME, memo=True)),
    ],
)
def test_where_it_arrives_is_known_or_said_to_be_unknown(name, changed, expected):
    unsigned = EXCHANGES[name].withdraw(replace(withdrawal(name), **changed)).unsigned
    call, _ = read_call(EXCHANGES[name], unsigned, rules(name))
    assert call.destination == expected


def test_where_the_exchange_would_choose_the_network_the_chain_is_unknown():
    ask = app.Send(account_id="a", to=HOME, amount=D(1), currency="BTC", idem=UUID)
    call, _ = read_call(EXCHANGES["coinbase"], app.api().call(app.SEND, ask).unsigned, rules("coinbase"))
    assert call.destination == Destination(None, HOME)


def test_what_stays_inside_of_the_exchange_goes_to_a_place_there():
    ask = funds.FromPaymentMethod(amount=D(1), currency="USD", payment_method_id="bank")
    unsigned = coinbase_exchange.api().call(funds.WITHDRAW_TO_PAYMENT_METHOD, ask).unsigned
    call, _ = read_call(EXCHANGES["coinbase-exchange"], unsigned, rules("coinbase-exchange"))
    assert call.destination == Destination(None, "", "payment-method:bank")


@every
def test_an_order_is_counted_upwards(name):
    """10,000.005 of money with two decimals is 10,000.01 where a limit is counted."""
    call, _ = read_call(EXCHANGES[name], EXCHANGES[name].place(order(name)).unsigned, rules(name))
    assert (call.pair, call.amounts) == (str(PAIRS[name]), {PAIRS[name].quote: 1_000_001})


@every
def test_the_largest_amounts_stay_exact(name):
    huge = withdrawal(name, amount=D("12345678901234567890123456789.123456789"))
    call, _ = read_call(EXCHANGES[name], EXCHANGES[name].withdraw(huge).unsigned, rules(name))
    assert call.amounts == {"BTC": 1234567890123456789012345678912345679}


@every
def test_what_is_not_understood_is_not_judged_at_all(name):
    unsigned = EXCHANGES[name].withdraw(withdrawal(name, wallet=WALLETS[name])).unsigned
    with pytest.raises(InputRefused):
        read_call(EXCHANGES[name], replace(unsigned, query=(*unsigned.query, ("x", "1"))), rules(name))


# With a policy in its own language

PATHS = {
    "coinbase": ("/api/v3/brokerage/orders", "/v2/accounts/*/transactions", "/api/v3/brokerage/accounts"),
    "coinbase-exchange": ("/orders", "/withdrawals/crypto", "/accounts"),
    SANDBOX: ("/orders", "/withdrawals/crypto", "/accounts"),
    "binance": ("/api/v3/order", "/sapi/v1/capital/withdraw/apply", "/api/v3/account"),
}


def verdict(name, unsigned, *, own=True) -> str | None:
    """The reason of the first denial; None for a yes."""
    orders, withdrawals, accounts = PATHS[name]
    pair = PAIRS[name]
    policy = read_policy(
        f"""
        passphrase_tries = 5

        [exchanges.{name}]
        endpoints = ["GET {accounts}", "POST {orders}", "POST {withdrawals}"]
        pairs = ["{pair}"]

        [exchanges.{name}.limits.BTC]
        decimals = 8
        per_order = "0.25 BTC"
        per_day = "1 BTC"

        [exchanges.{name}.limits.{pair.quote}]
        decimals = 2
        per_order = "10000.01 {pair.quote}"
        per_day = "20000 {pair.quote}"
        """
    )
    [rules] = policy.exchanges
    call, _ = read_call(EXCHANGES[name], unsigned, rules)
    facts = ExchangeFacts(1_800_273_600, {hours: {} for hours in WINDOWS}, own=own, approvals=1)
    refusal = judge_call(policy, call, facts).refusal
    return None if refusal is None else refusal.reason


@every
def test_each_request_meets_the_rule_that_it_should(name):
    exchange = EXCHANGES[name]
    assert verdict(name, exchange.balances().unsigned) is None
    assert verdict(name, exchange.withdraw(withdrawal(name)).unsigned) is None
    assert verdict(name, exchange.place(order(name)).unsigned) is None
    more = withdrawal(name, amount=D("0.25000001"))
    assert verdict(name, exchange.withdraw(more).unsigned) == "order-limit"
    dearer = order(name, price=D("20000.03"))  # half of it is a cent and a half over the limit
    assert verdict(name, exchange.place(dearer).unsigned) == "order-limit"
    sold = replace(order(name), side="sell")
    assert verdict(name, exchange.place(sold).unsigned) == "order-limit"  # half a bitcoin
    other = replace(withdrawal(name), asset="ETH", network=exchange.networks.ethereum or "")
    assert verdict(name, exchange.withdraw(other).unsigned) == "asset"
    assert verdict(name, exchange.withdraw(replace(other, asset="BTC")).unsigned) == "destination"
    assert verdict(name, exchange.find_withdrawal(withdrawal(name)).unsigned) == "endpoint"
    assert verdict(name, exchange.withdraw(withdrawal(name)).unsigned, own=False) == "destination"


def test_what_an_exchanges_own_sandbox_pays_out_never_comes_home():
    """It pays nothing on any chain: an own address is none there. What is traded there is judged as anywhere."""
    sandbox = EXCHANGES[SANDBOX]
    unsigned = sandbox.withdraw(withdrawal(SANDBOX)).unsigned
    call, _ = read_call(sandbox, unsigned, rules(SANDBOX))
    assert call.destination == Destination(None, HOME)
    assert verdict(SANDBOX, unsigned) == "destination"
    assert verdict(SANDBOX, sandbox.place(order(SANDBOX)).unsigned) is None
    dearer = order(SANDBOX, price=D("20000.03"))
    assert verdict(SANDBOX, sandbox.place(dearer).unsigned) == "order-limit"
