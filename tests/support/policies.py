"""Random policies, readings and facts from a small world, so that rules and what they judge meet often.

Each strategy is made once: to make one takes hypothesis longer than to draw from it.
"""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme
from warifu.protocol.chains import coin_decimals, coin_symbol
from warifu.protocol.encoding import encode
from warifu.protocol.policy import (
    DAYS,
    POLICY_VERSION,
    WINDOWS,
    ApprovalTier,
    AssetLimits,
    ChainRules,
    ContractRule,
    DeviceRules,
    ExchangeLimits,
    ExchangeRules,
    Hours,
    Policy,
    Price,
    Window,
)
from warifu.signer.policy.exchanges import Destination, ExchangeCall, ExchangeFacts
from warifu.signer.policy.facts import Facts
from warifu.signer.policy.visits import Stay

NOW = 1_800_000_000
DELAY = 3600
CHAINS = ("bitcoin", "eip155:1")
TOKENS = ("0x" + "a" * 40, "0x" + "b" * 40)
ADDRESSES = tuple(f"0x{digit * 40}" for digit in "1234")
PLACES = ("bank:1", "profile:2")
METHODS = (b"\x01\x02\x03\x04", b"\x0a\x0b\x0c\x0d")

_amounts = st.integers(0, 12).map(str)


@cache
def _some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values)).map(lambda found: tuple(sorted(found)))


@cache
def windows() -> st.SearchStrategy[tuple[Window, ...]]:
    return st.dictionaries(st.sampled_from(WINDOWS), _amounts, min_size=1).map(
        lambda found: tuple(Window(hours, found[hours]) for hours in sorted(found))
    )


@cache
@st.composite
def tiers(draw: st.DrawFn) -> tuple[ApprovalTier, ...]:
    count = draw(st.integers(0, 2))
    above = sorted(draw(st.sets(st.integers(0, 12), min_size=count, max_size=count)))
    needed = sorted(draw(st.sets(st.integers(1, 4), min_size=count, max_size=count)))
    return tuple(ApprovalTier(str(one), other) for one, other in zip(above, needed, strict=True))


@cache
def prices() -> st.SearchStrategy[Price]:
    return st.builds(
        Price,
        st.just("EUR"),
        st.just("60000"),
        st.just("somewhere"),
        st.integers(NOW - 3 * DELAY, NOW + DELAY),
        st.sampled_from((DELAY, 2 * DELAY)),
    )


@cache
def assets(token: str, chain: str) -> st.SearchStrategy[AssetLimits]:
    return st.builds(
        AssetLimits,
        st.just(token),
        st.just(token[2:5].upper() or coin_symbol(chain)),
        st.just(0 if token else coin_decimals(chain)),
        _amounts,
        windows(),
        tiers(),
        st.none() | _amounts,
        st.none() | prices(),
    )


@cache
def contracts() -> st.SearchStrategy[ContractRule]:
    return st.builds(
        lambda contract, methods: ContractRule(contract, tuple(sorted(methods)), not methods),
        st.sampled_from(ADDRESSES),
        st.sets(st.sampled_from(METHODS)),
    )


@cache
def several_contracts() -> st.SearchStrategy[list[ContractRule]]:
    return st.lists(contracts(), max_size=3, unique_by=lambda rule: rule.contract)


@cache
@st.composite
def chain_rules(draw: st.DrawFn, chain: str) -> ChainRules:
    any_destination = draw(st.booleans())
    delay = draw(st.sampled_from((0, DELAY, 2 * DELAY))) if any_destination else 0
    share = draw(st.none() | st.integers(0, 10_000))
    named = draw(several_contracts()) if chain != "bitcoin" else []
    listed = draw(_some(TOKENS)) if chain != "bitcoin" else ()
    return ChainRules(
        chain,
        draw(_amounts),
        any_destination,
        () if any_destination and not delay else draw(_some(ADDRESSES)),
        tuple(draw(assets(token, chain)) for token in (COIN, *listed)),
        tuple(sorted(named, key=lambda rule: rule.contract)),
        chain != "bitcoin" and draw(st.booleans()),
        draw(_some(ADDRESSES)),
        delay,
        share,
        draw(_amounts) if share is not None else "0",
    )


@cache
@st.composite
def hours(draw: st.DrawFn) -> Hours:
    days = draw(st.sets(st.sampled_from(DAYS), min_size=1))
    first = draw(st.integers(0, 1439))
    return Hours(
        tuple(day for day in DAYS if day in days),
        first,
        draw(st.integers(first + 1, 1440)),
        draw(st.integers(-720, 840)),
    )


@cache
def exchanges() -> st.SearchStrategy[ExchangeRules]:
    limits = st.builds(
        ExchangeLimits, st.sampled_from(("BTC", "USD")), st.just(0), _amounts, windows(), _amounts, tiers()
    )
    return st.builds(
        ExchangeRules,
        st.sampled_from(("coinbase", "kraken")),
        _some(("GET /a/*", "GET /a/c:*", "POST /a/b")),
        _some(("BTC-USD", "ETH-USD")),
        st.lists(limits, max_size=2, unique_by=lambda item: item.symbol).map(
            lambda found: tuple(sorted(found, key=lambda item: item.symbol))
        ),
        _some(PLACES),
        st.sampled_from((0, DELAY, 2 * DELAY)),
        st.sampled_from((None, 1, 500, 9_999)),
    )


@cache
def several_exchanges() -> st.SearchStrategy[list[ExchangeRules]]:
    return st.lists(exchanges(), max_size=2, unique_by=lambda item: item.exchange)


@cache
def destinations() -> st.SearchStrategy[Destination]:
    on_chain = st.builds(
        Destination,
        st.sampled_from((*CHAINS, *CHAINS, None)),
        st.sampled_from(ADDRESSES),
        memo=st.sampled_from((False, False, False, True)),
    )
    return on_chain | on_chain | st.builds(Destination, st.none(), st.just(""), st.sampled_from(PLACES))


@cache
def exchange_calls() -> st.SearchStrategy[ExchangeCall]:
    return st.builds(
        ExchangeCall,
        st.sampled_from(("coinbase", "kraken")),
        st.sampled_from(("GET", "POST")),
        st.sampled_from(("/a/b", "/a/c:d")),
        st.none() | st.sampled_from(("BTC-USD", "ETH-USD")),
        st.dictionaries(st.sampled_from(("BTC", "USD")), st.integers(0, 12), max_size=2),
        st.none() | destinations() | destinations(),
        st.booleans(),
    )


@cache
@st.composite
def exchange_facts(draw: st.DrawFn) -> ExchangeFacts:
    amounts = st.dictionaries(st.sampled_from(("BTC", "USD")), st.integers(0, 9))
    spent: dict[int, dict[str, int]] = {hours: draw(amounts) for hours in WINDOWS}
    now = NOW + draw(st.integers(0, 7 * 24 * DELAY))
    return ExchangeFacts(now, spent, own=draw(st.booleans()), approvals=draw(st.integers(0, 4)))


@cache
def stays() -> st.SearchStrategy[Stay]:
    return st.builds(
        Stay,
        st.sampled_from(("coinbase", "kraken")),
        st.sampled_from(("BTC", "USD")),
        st.integers(0, 12),
        st.sampled_from((0, DELAY, DELAY + 1, 2 * DELAY)),
    )


@cache
def devices() -> st.SearchStrategy[DeviceRules]:
    return st.builds(
        DeviceRules,
        st.integers(0, 2),
        _some(("lkrg", "lockdown", "ved")),
        st.booleans(),
        st.sampled_from((60, 3600)),
    )


@cache
@st.composite
def policies(draw: st.DrawFn) -> Policy:
    named = draw(several_exchanges())
    return Policy(
        POLICY_VERSION,
        draw(st.integers(1, 20)),
        tuple(draw(chain_rules(chain)) for chain in draw(_some(CHAINS))),
        draw(devices()),
        tuple(sorted(named, key=lambda item: item.exchange)),
        tuple(sorted(draw(st.sets(hours(), max_size=2)), key=encode)),
        draw(st.integers(1, 3)),
        draw(st.sampled_from((0, DELAY, 2 * DELAY))),
        draw(st.sampled_from((0, DELAY, 2 * DELAY))),
        draw(st.booleans()),
        draw(st.sampled_from((False, False, False, True))),
    )


@cache
def outflows(chain: str) -> st.SearchStrategy[Outflow]:
    if chain == "bitcoin":
        return st.builds(
            Outflow, st.just(Kind.PAYMENT), st.just(COIN), st.integers(0, 9), st.sampled_from(ADDRESSES)
        )
    return st.builds(
        Outflow,
        st.sampled_from(tuple(Kind)),
        st.sampled_from((COIN, *TOKENS)),
        st.integers(0, 9),
        st.sampled_from((*ADDRESSES, "shop.example")),
        st.sampled_from((b"", *METHODS)),
    )


@cache
@st.composite
def readings(draw: st.DrawFn) -> Reading:
    chain = draw(st.sampled_from(CHAINS))
    listed = tuple(draw(st.lists(outflows(chain), max_size=3)))
    return Reading(chain, Scheme.ECDSA, bytes(32), listed, draw(st.integers(0, 3)), (), ())


@cache
@st.composite
def facts(draw: st.DrawFn) -> Facts:
    amounts = st.dictionaries(st.sampled_from((COIN, *TOKENS)), st.integers(0, 9))
    moments = st.integers(NOW - 3 * DELAY, NOW + DELAY)
    return Facts(
        NOW + draw(st.integers(0, 7 * 24 * DELAY)),
        draw(st.integers(0, 4)),
        draw(amounts),
        {hours: draw(amounts) for hours in WINDOWS},
        draw(st.dictionaries(st.sampled_from(ADDRESSES), moments)),
        draw(st.none() | moments),
    )
