"""What only the owner of the simulation can do, and no exchange offers: make customers, move time, spoil the day.

One type for each deed; the control door takes them as JSON, a test as they are.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

import httpx
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from warifu.depth import is_deep
from warifu.errors import InputRefused
from warifu.sandbox.amounts import plain
from warifu.sandbox.faults import Fault, Faults
from warifu.sandbox.markets import State
from warifu.sandbox.orders import Side
from warifu.sandbox.people import Algorithm, Allowed, Api, Credential, Further, Permission
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue
from warifu.sandbox.web import MAX_DEPTH, Answer, Request, said

Exchange = Literal["coinbase", "binance"]
PREFIX = "/control/"


class _Deed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: every deed is done at one exchange."""

    exchange: Exchange


class SetAccount(_Deed, frozen=True):
    """Make a customer, or change one. ``gives``: what the account gets on top of what it has.

    What has a chain comes over the chain: the faucet pays the account's deposit address, and blocks are mined.
    """

    account: str
    gives: dict[str, Decimal] = {}
    allowlist_only: bool | None = None
    travel_rule: bool | None = None


class AddWallet(_Deed, frozen=True):
    """Give a customer of Coinbase a further account of an asset: a wallet, or a vault. ``gives``: from outside."""

    account: str
    asset: str
    kind: Literal["wallet", "vault"] = "wallet"
    gives: Decimal = Decimal(0)


class Move(_Deed, frozen=True):
    """The customer moves something from one account of an asset to another one, by hand. ``source``, ``to``: their
    UUIDs, or the asset's name for the first of it."""

    account: str
    asset: str
    amount: Decimal
    source: str
    to: str


class SetCredential(_Deed, frozen=True):
    """Let a key act for an account. ``verifier``: the secret in base64 (HS256), or the public key: PEM, or 32 bytes of
    Ed25519 in hexadecimal digits."""

    api: Api
    key: str
    account: str
    algorithm: Algorithm
    verifier: str
    passphrase: str = ""
    permissions: tuple[Permission, ...] = ("view", "trade", "transfer")


class RevokeCredential(_Deed, frozen=True):
    """Let a key act for nobody any more, as its owner or its end does."""

    api: Api
    key: str


class Allow(_Deed, frozen=True):
    """Put an address on an account's list of where withdrawals may go."""

    account: str
    asset: str
    address: str
    label: str = ""


class Disallow(_Deed, frozen=True):
    """Take it off."""

    account: str
    asset: str
    address: str


class SetMarket(_Deed, frozen=True):
    """Open, close or delist a pair."""

    pair: str
    state: State


class Trade(_Deed, frozen=True):
    """The house makes an offer; what it meets is traded with at once. So an order is filled, wholly or in part."""

    pair: str
    side: Side
    size: Decimal
    price: Decimal


class Turn(_Deed, frozen=True):
    """The house makes its offers anew; the price moves, unless ``steady``."""

    steady: bool = False


class SetPrice(_Deed, frozen=True):
    """What the house thinks that a pair is worth from now on. It makes its offers anew, around that."""

    pair: str
    price: Decimal


class SetClock(_Deed, frozen=True):
    """Milliseconds that the exchange's clock is ahead of this machine's; below zero: behind."""

    ahead: int


class SetStuck(_Deed, frozen=True):
    """Withdrawals are taken and not sent, until they are not stuck any more."""

    stuck: bool = True


class FailWithdrawal(_Deed, frozen=True):
    """One that was not sent yet: it fails, and its funds are free again."""

    id: str


class ShowAccount(_Deed, frozen=True):
    """What an account has, did and awaits."""

    account: str


class AddFault(Fault):
    """See :class:`~warifu.sandbox.faults.Fault`."""


class ClearFaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Good days again."""


_ASSET = re.compile(r"[A-Z0-9]{1,20}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


class Control:
    """The deeds, over the exchanges of one simulation."""

    def __init__(self, venues: Mapping[str, Venue], faults: Faults) -> None:
        self._venues, self._faults = venues, faults
        self._deeds: dict[str, tuple[Any, Callable[..., object]]] = {
            "account": (SetAccount, self._account),
            "wallet": (AddWallet, self._wallet),
            "move": (Move, self._move),
            "credential": (SetCredential, self._credential),
            "revoke": (RevokeCredential, self._revoke),
            "allow": (Allow, self._allow),
            "disallow": (Disallow, self._disallow),
            "market": (SetMarket, self._market),
            "trade": (Trade, self._trade),
            "turn": (Turn, self._turn),
            "price": (SetPrice, self._price),
            "clock": (SetClock, self._clock),
            "stuck": (SetStuck, self._stuck),
            "fail-withdrawal": (FailWithdrawal, self._fail),
            "show": (ShowAccount, self._show),
            "fault": (AddFault, self._fault),
            "clear-faults": (ClearFaults, self._clear),
        }

    def do(self, deed: Any) -> Any:  # noqa: ANN401  # one of the deeds above; what it says is JSON's
        """Do it. ``InputRefused`` (``sandbox``) for what cannot be done."""
        for kind, handler in self._deeds.values():
            if type(deed) is kind:
                return self._done(deed, handler)
        raise AssertionError("there is no such deed")

    def _done(self, deed: Any, handler: Callable[..., object]) -> object:  # noqa: ANN401  # as do()
        try:
            if isinstance(deed, _Deed):
                venue = self._venues[deed.exchange]
                with venue.lock:
                    return handler(venue, deed)
            return handler(deed)
        except Refusal as refusal:
            raise InputRefused("sandbox", f"the simulated exchange refuses: {refusal}") from None
        except httpx.HTTPError as error:
            raise InputRefused("sandbox", f"the local chain does not do it: {type(error).__name__}") from None

    def answer(self, request: Request) -> Answer:
        """One request to the control door: the deed's name in the path, the deed in the body, as JSON."""
        kind, handler = self._deeds.get(request.path.removeprefix(PREFIX), (None, None))
        if handler is None or request.method != "POST":
            return said({"error": "there is no such deed"}, 404)
        # A web page that is open on this machine can post text across origins, but not JSON, and not to a name of its
        # own that it lets point here.
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return said({"error": "deeds are application/json"}, 415)
        if request.host not in ("127.0.0.1", "localhost"):
            return said({"error": "deeds are for 127.0.0.1"}, 421)
        if is_deep(request.body, MAX_DEPTH):
            return said({"error": "that is nested too deeply"}, 400)
        try:
            return said(self._done(msgspec.json.decode(request.body, type=kind), handler))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return said({"error": str(error)}, 400)
        except InputRefused as refused:
            return said({"error": refused.message}, 400)

    # --- customers ------------------------------------------------------------------------------------------------

    def _account(self, venue: Venue, deed: SetAccount) -> object:
        _require(_NAME.match(deed.account) is not None, "an account has a short name of letters and digits")
        for asset, amount in deed.gives.items():
            _require(_ASSET.match(asset) is not None and amount > 0, "what is given is so much of an asset")
        account = venue.account(deed.account, make=True)
        if deed.allowlist_only is not None:
            account.allowlist_only = deed.allowlist_only
        if deed.travel_rule is not None:
            account.travel_rule = deed.travel_rule
        for asset, amount in deed.gives.items():
            venue.give(deed.account, asset, amount)
        return {"account": account.name, "uuid": account.uuid, "wallets": account.wallets}

    def _wallet(self, venue: Venue, deed: AddWallet) -> object:
        _require(venue.name == "coinbase", "only Coinbase has further accounts of an asset")
        _require(deed.asset in venue.assets() and deed.gives >= 0, "an account is of an asset that is traded")
        account = venue.account(deed.account)
        made = Further(uuid=str(uuid.uuid4()), asset=deed.asset, kind=deed.kind, moment=venue.now())
        account.further.append(made)
        if deed.gives:
            venue.give(deed.account, deed.asset, deed.gives, venue.app_account(account, made.uuid).key)
        return {"id": made.uuid}

    def _move(self, venue: Venue, deed: Move) -> object:
        account = venue.account(deed.account)
        source, to = venue.app_account(account, deed.source), venue.app_account(account, deed.to)
        _require(deed.amount > 0 and source.asset == to.asset == deed.asset, "both are of that asset")
        venue.custody.move(deed.asset, source.key, to.key, deed.amount)
        return {}

    def _credential(self, venue: Venue, deed: SetCredential) -> object:
        venue.account(deed.account)
        _require((deed.api == "binance") == (venue.name == "binance"), "this key is for another exchange")
        venue.state.people.put(
            Credential(
                api=deed.api,
                key=deed.key,
                account=deed.account,
                algorithm=deed.algorithm,
                verifier=_verifier(deed),
                permissions=deed.permissions,
                passphrase=deed.passphrase,
            )
        )
        return {"key": deed.key}

    def _revoke(self, venue: Venue, deed: RevokeCredential) -> object:
        _require(venue.state.people.revoke(deed.api, deed.key), "there is no such key")
        return {}

    def _allow(self, venue: Venue, deed: Allow) -> object:
        account, chain = venue.account(deed.account), venue.custody.chain(deed.asset)
        _require(chain.is_address(deed.address), "this is no address of that network")
        allowed = Allowed(
            uuid=str(uuid.uuid4()),
            asset=deed.asset,
            address=deed.address,
            network=chain.network,
            label=deed.label,
            moment=venue.now(),
        )
        account.allowlist.append(allowed)
        return {"id": allowed.uuid}

    def _disallow(self, venue: Venue, deed: Disallow) -> object:
        account = venue.account(deed.account)
        gone = (deed.asset, deed.address)
        account.allowlist[:] = [one for one in account.allowlist if (one.asset, one.address) != gone]
        return {}

    def _show(self, venue: Venue, deed: ShowAccount) -> object:
        account, ledger, state = venue.account(deed.account), venue.state.ledger, venue.state
        venue.settle(account.name)
        return {
            "account": account,
            "balances": {
                asset: {
                    "free": plain(ledger.free_of(account.name, asset)),
                    "held": plain(ledger.held_of(account.name, asset)),
                }
                for asset in ledger.assets_of(account.name)
            },
            "further": {
                found.uuid: {
                    "asset": found.asset,
                    "kind": found.kind,
                    "free": plain(ledger.free_of(found.key, found.asset)),
                    "held": plain(ledger.held_of(found.key, found.asset)),
                }
                for found in venue.app_accounts(account)
                if found.key != account.name
            },
            "orders": [one for one in state.trading.orders if one.terms.account == account.name],
            "fills": [one for one in state.trading.fills if one.account == account.name],
            "deposits": [one for one in state.vaults.deposits if one.account == account.name],
            "withdrawals": [one for one in state.vaults.withdrawals if one.account == account.name],
            "bank": venue.bank.of(account.name),
        }

    # --- the exchange ---------------------------------------------------------------------------------------------

    def _market(self, venue: Venue, deed: SetMarket) -> object:
        venue.set_state(deed.pair, deed.state)
        return {}

    def _trade(self, venue: Venue, deed: Trade) -> object:
        order = venue.house.trade(deed.pair, deed.side, deed.size, deed.price, venue.now())
        return {"filled": plain(order.filled), "status": order.status}

    def _turn(self, venue: Venue, deed: Turn) -> object:
        venue.house.turn(venue.now(), steady=deed.steady)
        return {}

    def _clock(self, venue: Venue, deed: SetClock) -> object:
        venue.state.ahead = deed.ahead
        return {"now": venue.now()}

    def _price(self, venue: Venue, deed: SetPrice) -> object:
        _require(deed.price > 0, "a price is above zero")
        venue.house.values(deed.pair, deed.price, venue.now())
        return {}

    def _stuck(self, venue: Venue, deed: SetStuck) -> object:
        venue.state.vaults.stuck = deed.stuck
        venue.settle()
        return {}

    def _fail(self, venue: Venue, deed: FailWithdrawal) -> object:
        for withdrawal in venue.state.vaults.withdrawals:
            if deed.id.replace("-", "") == withdrawal.uuid.replace("-", ""):
                venue.custody.fail(withdrawal)
                return {}
        raise Refusal("no-such", deed.id)

    # --- bad days -------------------------------------------------------------------------------------------------

    def _fault(self, deed: AddFault) -> object:
        _require(_is_pattern(deed.path), "the path of a fault is a regular expression")
        _require(
            deed.times >= 0 and 0 <= deed.seconds <= 600, "a fault has no such number of times or seconds"
        )
        self._faults.add(deed)
        return {}

    def _clear(self, _: ClearFaults) -> object:
        self._faults.clear()
        return {}


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _verifier(deed: SetCredential) -> str:
    """The secret, checked; or the public key as PEM."""
    if deed.algorithm == "HS256":
        try:
            base64.b64decode(deed.verifier, validate=True)
        except (ValueError, binascii.Error):
            raise InputRefused("sandbox", "an HMAC secret is base64") from None
        return deed.verifier
    try:
        if re.fullmatch(r"[0-9a-f]{64}", deed.verifier):
            public: Any = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(deed.verifier))
        else:
            public = serialization.load_pem_public_key(deed.verifier.encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        raise InputRefused("sandbox", "the public key cannot be read") from None
    fits = ed25519.Ed25519PublicKey if deed.algorithm == "EdDSA" else ec.EllipticCurvePublicKey
    _require(isinstance(public, fits), f"this is no key for {deed.algorithm}")
    pem: bytes = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode("ascii")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InputRefused("sandbox", message)
