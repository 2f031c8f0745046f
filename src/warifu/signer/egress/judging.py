"""From the bytes of a request to what the policy judges: nobody's word in between.

``warifu.exchanges.reading`` understands the request wholly or not at all; here its amounts become whole numbers of the
smallest unit that the policy counts in, rounded up, because a limit is a limit.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, localcontext

from warifu.exchanges.adapter import Exchange
from warifu.exchanges.calls import Effect, Unsigned
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import Understood
from warifu.protocol.policy import ExchangeRules
from warifu.signer.policy.exchanges import Destination, ExchangeCall


def read_call(
    exchange: Exchange, unsigned: Unsigned, rules: ExchangeRules
) -> tuple[ExchangeCall, Understood]:
    """The call for ``judge_call``, and all that was understood.

    What pays out without saying where has a destination that no rule names. What tries an order out gives away what the
    order does, and does not only read: at Binance it has the order's signature.

    ``InputRefused`` (``exchange-not-understood``) for a request that is not, to its last byte, one of the exchange's.
    """
    pairs = [Pair(*pair.split("-", 1)) for pair in rules.pairs]
    understood = exchange.understand(unsigned, pairs)
    decimals = {limits.symbol: limits.decimals for limits in rules.limits}
    meaning = understood.meaning
    call = ExchangeCall(
        exchange=exchange.name,
        method=unsigned.method,
        path=unsigned.path,
        pair=None if meaning.pair is None else str(meaning.pair),
        amounts={symbol: _units(given, decimals.get(symbol, 0)) for symbol, given in meaning.gives.items()},
        destination=_destination(exchange, understood),
        reads=understood.effect is Effect.READS and not meaning.gives,
    )
    return call, understood


def _destination(exchange: Exchange, understood: Understood) -> Destination | None:
    to = understood.meaning.destination
    if to is None:
        return Destination(None, "") if understood.effect is Effect.PAYS_OUT else None
    if to.inside:
        return Destination(None, to.address, to.inside, to.memo is not None)
    return Destination(exchange.networks.chain_of(to.asset, to.network), to.address, memo=to.memo is not None)


def _units(amount: Decimal, decimals: int) -> int:
    with localcontext() as context:
        context.prec = 250  # twice the most digits that an amount has, and the policy's
        return int(amount.scaleb(decimals).to_integral_value(ROUND_CEILING))
