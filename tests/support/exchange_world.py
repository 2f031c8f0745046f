"""A household with accounts at stand-ins for exchanges, which live by the household's clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from nacl.utils import random
from tests.support import exchange_accounts as accounts
from tests.support.exchange_calls import Asked, Bend, Tunnels, as_it_is, compare, prepare, run
from tests.support.exchange_stand_in import StandIn
from tests.support.founding import founded
from tests.support.simulator import FRIEND, GENEROUS, Household, Outcome, SimulatedDevice, Tamper, honest

from warifu.exchanges.calls import Call
from warifu.protocol.attesting import HostClaims
from warifu.protocol.credential import Approval, Credential
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import AccountKept, CallResult, Told
from warifu.protocol.exchange_requests import AccountRequest
from warifu.protocol.frames import KeepAccount, OpenTelling
from warifu.protocol.operator import TellHost
from warifu.protocol.policy import (
    ApprovalTier,
    ChainRules,
    ExchangeLimits,
    ExchangeRules,
    Policy,
    Window,
)

SEED = bytes(range(32))


def policy(*, declared: bool = True, **fields: Any) -> Policy:
    """An order may give 20,000 of a currency, a day 50,000; what is withdrawn goes to the friend or home. ``declared``:
    that the exchanges' own lists of addresses are on."""

    def limits(symbol: str, decimals: int) -> ExchangeLimits:
        windows = (Window(24, str(50_000 * 10**decimals)),)
        return ExchangeLimits(symbol, decimals, str(20_000 * 10**decimals), windows)

    def rules(name: str, quote: str, *endpoints: str) -> ExchangeRules:
        return ExchangeRules(
            name,
            tuple(sorted(endpoints)),
            (f"BTC-{quote}",),
            (limits("BTC", 8), limits(quote, 2)),
            inside=("payment-method:b-1",),
            declared_allowlist=declared,
        )

    exchanges = (
        rules(
            "binance",
            "USDT",
            "FEED /trade",
            "FEED /user",
            "GET /api/v3/account",
            "GET /api/v3/exchangeInfo",
            "POST /api/v3/order",
            "POST /api/v3/order/test",
            "POST /api/v3/orderList/oco",
            "POST /sapi/v1/capital/withdraw/apply",
        ),
        rules(
            "coinbase",
            "USD",
            "FEED /ticker",
            "FEED /user",
            "GET /api/v3/brokerage/accounts",
            "POST /api/v3/brokerage/orders",
            "POST /api/v3/brokerage/orders/batch_cancel",
            "POST /v2/accounts/*/deposits",
            "POST /v2/accounts/*/transactions",
            "POST /v2/accounts/*/withdrawals",
        ),
        rules("coinbase-exchange", "USD", "FEED /user", "GET /accounts", "POST /orders"),
    )
    return msgspec.structs.replace(GENEROUS, chains=(_friend(),), exchanges=exchanges, **fields)


def _friend() -> ChainRules:
    (bitcoin,) = GENEROUS.chains
    return msgspec.structs.replace(bitcoin, any_destination=False, destinations=(FRIEND,))


def tiered(policy: Policy, symbol: str, above: int) -> Policy:
    """Two owners for what gives more than that away of the asset, at every exchange."""
    tiers = (ApprovalTier(str(above), 2),)
    exchanges = tuple(
        msgspec.structs.replace(
            rules,
            limits=tuple(
                msgspec.structs.replace(each, approvals=tiers) if each.symbol == symbol else each
                for each in rules.limits
            ),
        )
        for rules in policy.exchanges
    )
    return msgspec.structs.replace(policy, exchanges=exchanges)


def looked_at(home: Household, *seen: str) -> TellHost:
    """What a device's agent tells it of the host now."""
    now = home.clock()
    return TellHost(HostClaims(now, now + 900, tuple((name, "ok") for name in sorted(seen))))


class World:
    """t of n devices, and what stands for all exchanges."""

    def __init__(
        self,
        root: Path,
        n: int = 3,
        t: int = 2,
        others: Sequence[Credential] = (),
        make_device: Callable[[str, Path, Callable[[], int]], SimulatedDevice] = SimulatedDevice,
        amend: Callable[[Policy], Policy] = lambda policy: policy,
        seen: Sequence[str] = (),
        **rules: Any,
    ) -> None:
        """``make_device``: devices of another kind, which live by the machine's clock, as the exchanges do then.
        ``amend``: what the wallet's policy is instead; ``seen``: what was seen of each device's host."""
        chosen = amend(policy(**rules))
        if seen or make_device is not SimulatedDevice:
            self.home = Household(root, n, make_device=make_device)
            for device in self.home.devices.values() if seen else ():
                device.operator(looked_at(self.home, *seen))
            self.home.make_wallet(t, chosen, others=others)
        else:
            self.home = founded(root, t, chosen, n=n, others=others, today=True)
        real = make_device is not SimulatedDevice
        self.stand_in = StandIn(root, (lambda: int(time.time())) if real else self.home.clock)
        self.tunnels = Tunnels(self.stand_in)

    def close(self) -> None:
        self.tunnels.close()
        self.stand_in.close()
        self.home.close()

    # --- accounts ---

    @property
    def authorities(self) -> str:
        return self.stand_in.authority.pem

    def born(self) -> None:
        """At Binance: a key that never existed whole."""
        accounts.add_born(self.home, authorities=self.authorities)
        kept = self.home["device0"].device.accounts.get(self.wallet, "main")
        assert kept is not None
        self.stand_in.ed25519_public = kept.public

    def split(
        self,
        further: Callable[[AccountRequest], Sequence[Approval]] = lambda _request: (),
        name: str = "main",
    ) -> None:
        """At Coinbase: a CDP key that was split. ``further``: other owners' approvals."""
        new = accounts.split_key(self.home, SEED, self.authorities)
        request = accounts.request_for(self.home, new, name, "coinbase")
        contents = {self.home.name_of(identity): part for identity, part in new.parts.items()}
        authorization, parcels = self.home.authorized_parcels(request, contents, further(request))
        for device, parcel in parcels.items():
            self.home[device].call(KeepAccount(31, authorization, parcel), AccountKept)
        key = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
        self.stand_in.ed25519_public = key.public_key().public_bytes_raw()

    def triplet(self) -> None:
        """At Coinbase's Exchange API: whole in device0."""
        accounts.add_triplet(self.home, authorities=self.authorities)
        self.stand_in.hmac_secret = accounts.HMAC_SECRET
        self.stand_in.passphrase = "open sesame"

    def es256(self) -> None:
        """At Coinbase: whole in device0."""
        key = ec.generate_private_key(ec.SECP256R1())
        new = accounts.cdp(self.home, key, "device0", self.authorities)
        accounts.add(self.home, new, "main", "coinbase")
        self.stand_in.es256 = key.public_key()

    @property
    def wallet(self) -> bytes:
        assert self.home.birth is not None
        return self.home.birth.wallet_id

    # --- calls ---

    def ask(
        self,
        call: Call[Any],
        names: Sequence[str] = ("device0", "device1"),
        *,
        tamper: Tamper = honest,
        outward: Bend = as_it_is,
        inward: Bend = as_it_is,
        **fields: Any,
    ) -> tuple[Asked, Outcome]:
        """A call from the owner's yes to its end."""
        asked = prepare(self.home, call, names, **fields)
        self.tunnels.outward, self.tunnels.inward = outward, inward
        return asked, run(self.home, asked.openings, self.tunnels, tamper)

    def told(self, call: Call[Any], names: Sequence[str] = ("device0", "device1"), **fields: Any) -> Told:
        """What the owner hears of a call; all that was asked for took part."""
        asked, outcome = self.ask(call, names, **fields)
        carrier = self.home.name_of(asked.request.carrier)
        assert carrier in outcome.finished, outcome.codes
        return asked.told(outcome.finished[carrier], outcome.pieces)

    def strictly(
        self,
        asked: Asked,
        witnesses: Sequence[str],
        *,
        tamper: Tamper = honest,
    ) -> Outcome:
        """All that a strict wallet's call takes, as an honest service does it but for the telling."""
        said = asked.acknowledged(witnesses)
        heard = asked.confirmed(witnesses, said)
        return run(self.home, asked.witnessed(said, heard), self.tunnels, tamper)

    def tell(self, *names: str) -> Outcome:
        """Have these devices of a strict wallet tell each other what they count."""
        participants = tuple(sorted(self.home[name].identity for name in names))
        opening = OpenTelling(random(16), self.wallet, participants)
        return run(self.home, dict.fromkeys(names, opening), self.tunnels)

    def refused(
        self, call: Call[Any], names: Sequence[str] = ("device0", "device1"), **fields: Any
    ) -> dict[str, str]:
        """By what rule each device refuses a call; nothing was said to any exchange."""
        before = len(self.stand_in.requests)
        _, outcome = self.ask(call, names, **fields)
        assert not outcome.finished and len(self.stand_in.requests) == before
        return outcome.codes

    def compare(
        self,
        about: bytes,
        carrier: str = "device1",
        names: Sequence[str] = ("device1", "device2"),
        **fields: Any,
    ) -> CallResult:
        """What the carrier finds of an earlier call."""
        outcome = compare(self.home, about, carrier, names, self.tunnels, **fields)
        assert carrier in outcome.finished, outcome.codes
        return decode(CallResult, outcome.finished[carrier], 2**16)

    def compare_all(self, *names: str) -> None:
        """Whoever of these (of all, if none) owes a comparison is brought to it, as an honest service does it after
        each call."""
        there = names or tuple(self.home.names)
        for name in there:
            for about in self.due(name):
                partner = next(each for each in there if each != name)
                assert self.compare(about, name, (name, partner)).outcome in ("done", "not-there")

    def frozen(self) -> set[str]:
        """Names of the devices on which the wallet is frozen."""
        return {
            name
            for name, device in self.home.devices.items()
            if device.device.rules.frozen(self.wallet) is not None
        }

    def due(self, name: str) -> list[bytes]:
        device = self.home[name].device
        return device.calls.due(self.wallet, "main", device.clock.now())
