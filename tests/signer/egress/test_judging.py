"""From a request's bytes to the policy's verdict."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.support.exchange_days import NETWORKS, PAIRS, WALLETS, order, withdrawal

from warifu.errors import InputRefused
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.policy import ExchangeLimits, ExchangeRules, Window
from warifu.signer.egress.judging import read_call

pytestmark = pytest.mark.unit

D = Decimal
every = pytest.mark.parametrize("name", sorted(EXCHANGES))


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
