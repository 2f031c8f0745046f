"""The policy document of a wallet: what its signers may sign. The judge is ``warifu.signer.policy``.

The owner writes TOML (``warifu.protocol.policy_text``, explained in ``docs/policy.md``); the canonical encoding is
hashed, and the hash is in each signer's evidence. Default deny: a chain without rules, an asset without limits, and a
wallet without an allowed destination can receive and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from warifu.protocol.attesting import MAX_CLAIM_SECONDS, ClaimName
from warifu.protocol.chains import Chain, family_of
from warifu.protocol.encoding import Amount, Message, Name, digest, encode
from warifu.units import MAX_QUANTITY

POLICY_VERSION = 5
MAX_POLICY_BYTES = 128 * 1024
MAX_CHAINS = 32
MAX_ASSETS = 200
MAX_ADDRESSES = 1000
MAX_EXCHANGES = 16
MAX_APPROVALS = 8
"""As many owners as a wallet can have."""
PRICE_SKEW = 300
"""Seconds by which the clock of whoever stated a price may be ahead of the signer's."""
HOUR, DAY = 3600, 24 * 3600
MAX_DELAY = 30 * DAY
DEFAULT_NOTICE_DELAY = DAY
DEFAULT_LOOSENING_DELAY = 2 * DAY
WindowHours = Literal[1, 24, 168, 720]
WINDOWS: tuple[WindowHours, ...] = (1, 24, 168, 720)
"""The rolling windows that a limit can be for, in hours: an hour, a day, a week, thirty days."""

Address = Annotated[str, msgspec.Meta(min_length=14, max_length=100)]
Addresses = Annotated[tuple[Address, ...], msgspec.Meta(max_length=MAX_ADDRESSES)]
Delay = Annotated[int, msgspec.Meta(ge=0, le=MAX_DELAY)]
"""Seconds that something waits."""
Selector = Annotated[bytes, msgspec.Meta(min_length=4, max_length=4)]
"""By which a call names a method of a contract: the first bytes of the hash of its signature."""
Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
"""For words only: what an asset is called decides nothing on a chain."""
Decimals = Annotated[int, msgspec.Meta(ge=0, le=36)]
LossBound = Annotated[int, msgspec.Meta(ge=1, lt=10_000)]
"""Most that a visit may lose of what it brought, in hundredths of a percent."""
Approvals = Annotated[int, msgspec.Meta(ge=1, le=MAX_APPROVALS)]
"""Distinct owners' credentials that approve one request."""


class Window(Message, frozen=True):
    """Most that may leave in any so many hours, by the signer's own clock and its own memory."""

    hours: WindowHours
    amount: Amount


class ApprovalTier(Message, frozen=True):
    """Where what leaves of the asset by one transaction, or is given away by one call at an exchange, is more than
    ``above``, so many owners must approve it."""

    above: Amount
    approvals: Approvals


class Price(Message, frozen=True):
    """The owner stated limits in money of a country, and this is at what price they were converted when the policy was
    read. Signers look no price up: they refuse one that has become too old."""

    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
    per_unit: Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?\Z")]
    """Of the currency, for one whole unit of the asset."""
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """Where the owner has it from, for people."""
    stated: Annotated[int, msgspec.Meta(ge=0, lt=253_402_300_800)]
    """Seconds since 1970-01-01 UTC, before the year 10000."""
    max_age: Annotated[int, msgspec.Meta(ge=HOUR, le=366 * DAY)]

    def __post_init__(self) -> None:
        if not self.per_unit.strip("0."):
            raise ValueError("a price of nothing is no price")
        if not self.source.isprintable():
            raise ValueError("a price's source is one line of words")

    def counts(self, now: int) -> bool:
        """Whether it is not too old; nor from the future, where it would never grow old."""
        return -PRICE_SKEW <= now - self.stated <= self.max_age


class AssetLimits(Message, frozen=True):
    """Limits of one asset in its smallest unit."""

    token: Annotated[str, msgspec.Meta(max_length=64)]
    """Contract or mint in its one text form; empty for the chain's own coin."""
    symbol: Symbol
    decimals: Decimals
    per_transaction: Amount
    windows: Annotated[tuple[Window, ...], msgspec.Meta(min_length=1, max_length=len(WINDOWS))]
    """The shortest first."""
    approvals: Annotated[tuple[ApprovalTier, ...], msgspec.Meta(max_length=MAX_APPROVALS)] = ()
    """Both ascending."""
    notice_above: Amount | None = None
    """What leaves by one transaction and is more than this must have been announced ``notice_delay`` before."""
    price: Price | None = None

    def __post_init__(self) -> None:
        amounts = [self.per_transaction, *(window.amount for window in self.windows)]
        amounts += [tier.above for tier in self.approvals] + [self.notice_above or "0"]
        _require_quantities(amounts)
        _require_windows(self.windows)
        _require_tiers(self.approvals)


class ContractRule(Message, frozen=True):
    """A contract or program that may be called with data that no signer understands: by these methods, or by any."""

    contract: Address
    methods: Annotated[tuple[Selector, ...], msgspec.Meta(max_length=64)]
    any_method: bool
    """Also without a method, and, where ``messages`` are allowed, by signed messages that no signer understands."""

    def __post_init__(self) -> None:
        if bool(self.methods) == self.any_method:
            raise ValueError("a contract is for the methods that are named, or for any")
        _require_sorted(self.methods)


class ChainRules(Message, frozen=True):
    """What may leave on one chain: what goes to others, what others may take (approvals), and the fee."""

    chain: Chain
    fee_ceiling: Amount
    """Most that one transaction may cost, whatever the request says, in the coin's smallest unit."""
    any_destination: bool
    destinations: Addresses
    """Those that may be paid; with ``destination_delay`` those that may be paid at once."""
    assets: Annotated[tuple[AssetLimits, ...], msgspec.Meta(min_length=1, max_length=MAX_ASSETS)]
    """The coin first, then tokens in ascending order."""
    contracts: Annotated[tuple[ContractRule, ...], msgspec.Meta(max_length=MAX_ADDRESSES)]
    """Ascending by address."""
    messages: bool
    """Whether messages that move nothing by themselves may be signed: log-ins, and what ``contracts`` take."""
    denied: Addresses = ()
    """Whom nothing goes to and whom nothing calls, whatever else is allowed."""
    destination_delay: Delay = 0
    """So long after it was announced a destination may be paid that is not in ``destinations``; 0: at once."""
    fee_share_bp: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    """Most that a fee may be of what is paid in the coin, in hundredths of a percent."""
    fee_share_above: Amount = "0"
    """The share is asked of fees above this. Where nothing is paid in the coin, no fee above it is allowed."""

    def __post_init__(self) -> None:
        if self.any_destination and self.destinations and not self.destination_delay:
            raise ValueError("'any_destination' and 'destinations' exclude each other without a delay")
        if self.destination_delay and not self.any_destination:
            raise ValueError("a delay for new destinations is for a policy that allows any destination")
        if self.fee_share_bp is None and self.fee_share_above != "0":
            raise ValueError("'fee_share_above' means nothing without a share")
        _require_quantities((self.fee_ceiling, self.fee_share_above))
        for listed in (self.destinations, self.denied):
            _require_sorted(listed)
        _require_sorted([item.token for item in self.assets])
        _require_sorted([item.contract for item in self.contracts])
        if not self.assets or self.assets[0].token:
            raise ValueError("the first asset is the chain's own coin")
        if family_of(self.chain) != "eip155" and any(item.methods for item in self.contracts):
            raise ValueError("only contracts of the EVM have methods that a signer can tell apart")

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that are named, in no particular order."""
        contracts = (item.contract for item in self.contracts)
        tokens = (item.token for item in self.assets if item.token)
        return (*self.destinations, *self.denied, *contracts, *tokens)


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_OF_1970 = DAYS.index("thu")
"""On which 1970-01-01 fell."""


class Hours(Message, frozen=True):
    """A part of these days, in minutes since midnight, at a fixed distance from UTC: no signer knows of summer time."""

    days: Annotated[tuple[Day, ...], msgspec.Meta(min_length=1, max_length=7)]
    """In the week's order."""
    from_minute: Annotated[int, msgspec.Meta(ge=0, lt=1440)]
    to_minute: Annotated[int, msgspec.Meta(gt=0, le=1440)]
    """The first minute that is no longer part of it."""
    utc_offset_minutes: Annotated[int, msgspec.Meta(ge=-12 * 60, le=14 * 60)]

    def __post_init__(self) -> None:
        if list(self.days) != [day for day in DAYS if day in self.days]:
            raise ValueError("days must be in the week's order and without repetition")
        if self.from_minute >= self.to_minute:
            raise ValueError("hours end after they begin, on the same day")

    def __str__(self) -> str:
        """As a policy's text has it: ``mon-fri 09:00-18:00 +09:00``."""
        places = [DAYS.index(day) for day in self.days]
        together = len(places) > 2 and places == list(range(places[0], places[-1] + 1))
        days = f"{self.days[0]}-{self.days[-1]}" if together else ",".join(self.days)
        sign = "-" if self.utc_offset_minutes < 0 else "+"
        offset = _clock(abs(self.utc_offset_minutes))
        return f"{days} {_clock(self.from_minute)}-{_clock(self.to_minute)} {sign}{offset}"

    def cover(self, moment: int) -> bool:
        """Whether ``moment`` (seconds since 1970-01-01 UTC) is in these hours."""
        day, second = divmod(moment + 60 * self.utc_offset_minutes, DAY)
        return (
            DAYS[(day + _DAY_OF_1970) % 7] in self.days
            and 60 * self.from_minute <= second < 60 * self.to_minute
        )


_PART = r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
Endpoint = Annotated[
    str,
    msgspec.Meta(
        max_length=200,
        pattern=rf"^(GET|POST|PUT|PATCH|DELETE|FEED) (/({_PART}(:({_PART}|\*))?|\*))+\Z",
    ),
]
"""A method and a path without a query, or ``FEED`` and a channel that may be watched, as in ``FEED /ticker``; ``*``
stands for exactly one part of the path, or, as in ``client:*``, for what follows the colon in it."""
Pair = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}\Z")]
"""What is traded for what: ``BTC-USD``."""
Inside = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[a-z][a-z-]{0,29}(:[A-Za-z0-9_.:/-]+)?\Z")]
"""A place at an exchange that funds can be moved to, by its kind and the exchange's name for it:
``payment-method:83562370-...``, ``profile:...``."""


class ExchangeLimits(Message, frozen=True):
    """Limits of what one asset is traded or moved for on an exchange, in its smallest unit."""

    symbol: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,16}\Z")]
    """As the exchange calls it: there is nothing else by which an asset is known there."""
    decimals: Decimals
    per_order: Amount
    """Most that one call gives away."""
    windows: Annotated[tuple[Window, ...], msgspec.Meta(min_length=1, max_length=len(WINDOWS))]
    exposure: Amount = "0"
    """Most that may be at the exchange at once when a visit brings it there."""
    approvals: Annotated[tuple[ApprovalTier, ...], msgspec.Meta(max_length=MAX_APPROVALS)] = ()
    """Of a call by what it gives away, of a visit by the most that it brings. Both ascending."""

    def __post_init__(self) -> None:
        amounts = [self.per_order, self.exposure, *(window.amount for window in self.windows)]
        _require_quantities(amounts + [tier.above for tier in self.approvals])
        _require_windows(self.windows)
        _require_tiers(self.approvals)


class ExchangeRules(Message, frozen=True):
    """What may be asked of one exchange (``warifu.signer.policy.exchanges``). All lists ascending."""

    exchange: Name
    endpoints: Annotated[tuple[Endpoint, ...], msgspec.Meta(max_length=200)]
    pairs: Annotated[tuple[Pair, ...], msgspec.Meta(max_length=200)]
    limits: Annotated[tuple[ExchangeLimits, ...], msgspec.Meta(max_length=MAX_ASSETS)]
    inside: Annotated[tuple[Inside, ...], msgspec.Meta(max_length=100)] = ()
    """Where funds may go that do not go to an address on a chain: accounts there, banks."""
    visit_seconds: Delay = 0
    """Longest time for which a visit brings funds there; 0: no visit does."""
    visit_loss: LossBound | None = None
    """Most that a visit may lose, and its owner can bound it closer; None: only where its owner bounds it."""
    declared_allowlist: bool = False
    """Whether the owner declares that the exchange itself pays out to nothing but its own list of addresses, which he
    turned on there. No signer can see that."""

    def __post_init__(self) -> None:
        _require_sorted(self.endpoints)
        _require_sorted(self.pairs)
        _require_sorted([item.symbol for item in self.limits])
        _require_sorted(self.inside)

    def limits_of(self, symbol: str) -> ExchangeLimits | None:
        """Those of one asset; None where nothing of it may be traded or moved."""
        return next((limits for limits in self.limits if limits.symbol == symbol), None)


class DeviceRules(Message, frozen=True):
    """What a device has to show before the others work with it. Each signer judges all, and itself."""

    least_tier: Annotated[int, msgspec.Meta(ge=0, le=2)] = 0
    host: Annotated[tuple[ClaimName, ...], msgspec.Meta(max_length=32)] = ()
    """Claims about the host that must hold (``warifu doctor`` lists their names), sorted, none twice."""
    declared_counts: bool = False
    """Whether what the owner declares and nobody can see is enough for ``host``."""
    host_max_age: Annotated[int, msgspec.Meta(ge=60, le=MAX_CLAIM_SECONDS)] = MAX_CLAIM_SECONDS
    """Seconds for which a look at the host counts, if its maker does not say less."""

    def __post_init__(self) -> None:
        if list(self.host) != sorted(set(self.host)):
            raise ValueError("'host' must be sorted and without repetition")


class Policy(Message, frozen=True):
    """One wallet's rules. ``chains`` and ``exchanges``: in ascending order, none twice."""

    version: Annotated[int, msgspec.Meta(ge=POLICY_VERSION, le=POLICY_VERSION)]
    passphrase_tries: Annotated[int, msgspec.Meta(ge=1, le=20)]
    """Wrong passphrases in a row after which this device's share stays shut."""
    chains: Annotated[tuple[ChainRules, ...], msgspec.Meta(max_length=MAX_CHAINS)]
    devices: DeviceRules = DeviceRules()
    exchanges: Annotated[tuple[ExchangeRules, ...], msgspec.Meta(max_length=MAX_EXCHANGES)] = ()
    hours: Annotated[tuple[Hours, ...], msgspec.Meta(max_length=16)] = ()
    """When the wallet signs; empty: at any time. Ascending by their encoding."""
    approvals_needed: Approvals = 1
    """For every transfer, however small, and whatever is more than a question to an exchange."""
    notice_delay: Delay = DEFAULT_NOTICE_DELAY
    """So long a payment above ``notice_above`` waits after it was announced, and can be vetoed."""
    loosening_delay: Delay = DEFAULT_LOOSENING_DELAY
    """So long a change of these rules waits that allows more, and can be vetoed."""
    strict: bool = False
    """Whether a spend needs the acknowledgement of so many signers that any two spends meet in an honest memory."""
    frozen: bool = False
    """Nothing leaves."""

    def __post_init__(self) -> None:
        _require_sorted([rules.chain for rules in self.chains])
        _require_sorted([rules.exchange for rules in self.exchanges])
        _require_sorted([encode(hours) for hours in self.hours])

    def rules(self, chain: str) -> ChainRules | None:
        """Those of ``chain``; None where nothing may leave."""
        return next((rules for rules in self.chains if rules.chain == chain), None)

    def rules_at(self, exchange: str) -> ExchangeRules | None:
        """Those of ``exchange``; None where nothing may be asked of it."""
        return next((rules for rules in self.exchanges if rules.exchange == exchange), None)

    def approvals_for(self, chain: str, leaving: Mapping[str, int]) -> int:
        """How many owners must approve a transfer by which so much leaves of each asset (by token)."""
        rules = self.rules(chain)
        tiers = [
            tier.approvals
            for limits in (rules.assets if rules is not None else ())
            for tier in limits.approvals
            if leaving.get(limits.token, 0) > int(tier.above)
        ]
        return max(self.approvals_needed, *tiers, 1)

    def approvals_at(self, exchange: str, giving: Mapping[str, int]) -> int:
        """How many owners must approve what gives so much away of each asset there (by symbol, in the policy's units),
        or lets a visit bring it."""
        rules = self.rules_at(exchange)
        tiers = [
            tier.approvals
            for limits in (rules.limits if rules is not None else ())
            for tier in limits.approvals
            if giving.get(limits.symbol, 0) > int(tier.above)
        ]
        return max(self.approvals_needed, *tiers, 1)

    def most_approvals_at(self, exchange: str) -> int:
        """As many as anything can need there."""
        rules = self.rules_at(exchange)
        limits = rules.limits if rules is not None else ()
        return max(self.approvals_needed, *(tier.approvals for item in limits for tier in item.approvals), 1)

    @property
    def most_approvals(self) -> int:
        """As many as anything can need, on a chain or at an exchange: a wallet with fewer owners could never do it."""
        tiers = [tier.approvals for rules in self.chains for item in rules.assets for tier in item.approvals]
        at_exchanges = [self.most_approvals_at(rules.exchange) for rules in self.exchanges]
        return max(self.approvals_needed, *tiers, *at_exchanges, 1)


def policy_hash(policy: Policy) -> bytes:
    """32 bytes that name exactly this policy."""
    return digest("policy", encode(policy))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _require_sorted(listed: Sequence[str] | Sequence[bytes]) -> None:
    if any(one >= other for one, other in pairwise(listed)):  # type: ignore[operator]  # both of one kind
        raise ValueError("lists must be sorted and without repetition")


def _require_windows(windows: Sequence[Window]) -> None:
    if any(one.hours >= other.hours for one, other in pairwise(windows)):
        raise ValueError("the windows must be sorted and without repetition")


def _require_tiers(tiers: Sequence[ApprovalTier]) -> None:
    for lower, higher in pairwise(tiers):
        if int(lower.above) >= int(higher.above) or lower.approvals >= higher.approvals:
            raise ValueError("more approvals are for larger amounts, in ascending order")


def _require_quantities(amounts: Sequence[Amount]) -> None:
    if any(int(amount) > MAX_QUANTITY for amount in amounts):
        raise ValueError("a limit is more than there can be")
