"""What another owner wants at an exchange, in words: read here from its bytes, by the reader that signers have.

Of a call the service has a digest alone. The call itself comes in a file from whoever asks for it, and is shown only if
it is the very one that the request names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.cli.exchanges.shown import KINDS
from warifu.cli.exchanges.visits import owners_of_visit
from warifu.cli.exchanges.visits_shown import amount_of, loss_of
from warifu.cli.files import read_input
from warifu.cli.known_wallet import Wallet
from warifu.cli.text import tr
from warifu.cli.waiting_shown import moment
from warifu.cli.wallet_keys import WINDOW, account_of, keys_of
from warifu.errors import InputRefused, WarifuError
from warifu.exchanges.adapter import Exchange
from warifu.exchanges.amounts import plain
from warifu.exchanges.calls import Effect, Unsigned
from warifu.exchanges.feeds import FEED
from warifu.exchanges.reading import Destination, Understood
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.chains import BITCOIN
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_requests import (
    MAX_CALL_BYTES,
    AccountRequest,
    CallRequest,
    ExchangeCall,
    ExchangeKeyRequest,
    ReplacingKeyRequest,
    SettleRequest,
    VisitAsset,
    VisitRequest,
    call_digest,
)
from warifu.protocol.request import AfterCall
from warifu.signer.egress.judging import read_call

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Proposed:
    """For people, in one line, and for scripts."""

    facts: Facts
    gist: str
    described: dict[str, Any]
    needed: int
    """How many owners must approve; of a call that was not shown, at least."""


def read_call_file(file: Path, request: CallRequest) -> ExchangeCall:
    """What ``request`` names. ``InputRefused`` (``file``, ``call-file``) for anything else."""
    try:
        call = decode(ExchangeCall, read_input(file, MAX_CALL_BYTES), MAX_CALL_BYTES)
    except InputRefused as error:
        if error.reason == "file":
            raise
        raise _not_it(f"{file} holds no call at an exchange") from None
    if call_digest(call) != request.call:
        raise _not_it(f"{file} holds another call than the one that is to be approved")
    return call


def call_in_words(wallet: Wallet, request: CallRequest, call: ExchangeCall | None) -> Proposed:
    """``call`` None: whoever looks has no file, and sees that something is asked of which account.

    ``InputRefused`` (``call-file``, ``exchange-not-understood``)."""
    account = (tr("account"), request.account)
    if call is None:
        unseen = tr("in the file of the owner who asks ('warifu approval give ID --call FILE')")
        gist = f"{tr('a call at the exchange of account')} {request.account}"
        facts = ((tr("Wallet"), wallet.name), account, (tr("What is asked"), unseen))
        least = wallet.rules.policy.approvals_needed
        return Proposed(facts, gist, {"account": request.account, "call": None}, _owners(wallet, least))
    adapter, understood, needed = _understood(wallet, call)
    meaning = understood.meaning
    gives = {symbol: _short(amount) for symbol, amount in sorted(meaning.gives.items())}
    asked = f"{call.method} {call.host}{call.path}"
    told: list[tuple[str, str]] = [(tr("Wallet"), wallet.name), account, (tr("exchange"), adapter.name)]
    told.append((tr("What is asked"), asked))
    if meaning.pair is not None:
        told.append((tr("Pair"), str(meaning.pair)))
    told += [(tr("Gives at most"), f"{amount} {symbol}") for symbol, amount in gives.items()]
    if meaning.destination is not None:
        told += _where(wallet, adapter, meaning.destination)
    fields = dict(_fields(msgspec.to_builtins(understood.ask)))
    told += [(f"  {name}", value) for name, value in fields.items()]
    gist = ", ".join(f"{amount} {symbol}" for symbol, amount in gives.items()) or asked
    to = meaning.destination
    described = {
        "account": request.account,
        "call": {
            "exchange": adapter.name,
            "endpoint": understood.name,
            "pair": None if meaning.pair is None else str(meaning.pair),
            "gives_at_most": gives,
            "to": None if to is None else (to.inside or to.address),
            "fields": fields,
        },
    }
    return Proposed(tuple(told), f"{request.account}: {gist}", described, _owners(wallet, needed))


def after_call_in_words(wallet: Wallet, request: AfterCall) -> Proposed:
    """What another owner wants to say of calls that were made."""
    if isinstance(request, SettleRequest):
        wanted = tr("to settle what was not compared, or differed: an owner looked at the exchange")
        calls = [about.hex() for about in request.about]
        facts = [(tr("Wallet"), wallet.name), (tr("account"), request.account), (tr("Wanted"), wanted)]
        facts += [(tr("call"), call) for call in calls]
        gist = f"{request.account}: {wanted}"
        described: dict[str, Any] = {"account": request.account, "settle": calls}
        return Proposed(tuple(facts), gist, described, wallet.rules.owners_needed)
    name = next((one.name for one in wallet.request.devices if one.identity == request.identity), "?")
    wanted = (
        tr("to let this device carry to exchanges again:")
        if request.lifted
        else tr("to let this device carry nothing to exchanges:")
    )
    facts = [(tr("Wallet"), wallet.name), (tr("Wanted"), f"{wanted} {name}")]
    needed = wallet.rules.owners_needed if request.lifted else 1
    described = {"device": name, "carries": request.lifted}
    return Proposed(tuple(facts), f"{wanted} {name}", described, needed)


def account_in_words(wallet: Wallet, request: AccountRequest | ExchangeKeyRequest) -> Proposed:
    """A credential that devices are to keep, or a key that they are to generate."""
    facts = [
        (tr("Wallet"), wallet.name),
        (tr("account"), request.account),
        (tr("exchange"), request.exchange),
    ]
    described: dict[str, Any] = {"account": request.account, "exchange": request.exchange}
    if isinstance(request, ExchangeKeyRequest):
        replacing = isinstance(request, ReplacingKeyRequest)
        wanted = (
            tr("all devices of the wallet generate another key, to take the place of its own")
            if replacing
            else tr("all devices of the wallet generate a key for it")
        )
        facts.append((tr("Wanted"), wanted))
        described |= {"generate": True, "replaces": replacing}
        return Proposed(tuple(facts), f"{request.account}: {wanted}", described, wallet.rules.owners_needed)
    wanted = tr("the devices keep a credential for it")
    holders = [device.name for device in wallet.request.devices if device.identity in request.holders]
    facts += [
        (tr("Wanted"), wanted),
        (tr("Kind"), tr(KINDS[request.key])),
        (tr("devices"), ", ".join(holders)),
        (tr("digest"), request.terms.hex()),
    ]
    if request.simulation:
        facts.append((tr("SIMULATION"), tr("no exchange, no money")))
    described |= {"key": request.key, "holders": holders, "simulation": request.simulation}
    return Proposed(tuple(facts), f"{request.account}: {wanted}", described, wallet.rules.owners_needed)


def visit_in_words(wallet: Wallet, request: VisitRequest) -> Proposed:
    """Funds that are to go to an exchange, and to come home."""
    wanted, brings = tr("a visit to an exchange"), amount_of(request)
    facts = (
        (tr("Wallet"), wallet.name),
        (tr("account"), request.account),
        (tr("Wanted"), wanted),
        (tr("brings at most"), brings),
        (tr("until"), moment(request.until)),
        (tr("also comes home"), ", ".join(_other(wallet, each) for each in request.others) or "-"),
        (tr("home is"), _home(wallet, request.brings)),
        (tr("may lose at most"), loss_of(request.loss)),
    )
    described = {
        "account": request.account,
        "visit": {
            "asset": request.brings.symbol,
            "chain": request.brings.chain,
            "token": request.token,
            "amount": request.amount,
            "until": request.until,
            "also": [{"asset": each.symbol, "home": each.home} for each in request.others],
            "home": request.brings.home,
            "loss": request.loss,
        },
    }
    needed = owners_of_visit(wallet, request)
    return Proposed(facts, f"{request.account}: {wanted}, {brings}", described, needed)


def _other(wallet: Wallet, asset: VisitAsset) -> str:
    return f"{asset.symbol} -> {_home(wallet, asset)}" if asset.home else asset.symbol


def _home(wallet: Wallet, asset: VisitAsset) -> str:
    """Devices let nothing go to an address that is not the wallet's own."""
    home = asset.home
    if not home:
        return tr("a fresh address of the wallet's own")
    own = _is_own(wallet, asset.chain, home)
    return home if own else f"{home} ({tr('not known here as an address of this wallet')})"


def _owners(wallet: Wallet, needed: int) -> int:
    return min(needed, len(wallet.rules.owners))


def _understood(wallet: Wallet, call: ExchangeCall) -> tuple[Exchange, Understood, int]:
    """As a signer of the wallet reads it, and how many owners it takes."""
    unsigned = Unsigned(
        call.method, call.host, call.path, call.query, call.body, Effect.PAYS_OUT, signed=True
    )
    for name, adapter in EXCHANGES.items():
        rules = wallet.rules.policy.rules_at(name)
        if call.host in adapter.hosts and rules is not None:
            policy = wallet.rules.policy
            asked, understood = read_call(adapter, unsigned, rules)
            needed = policy.approvals_at(name, asked.amounts)
            if call.method == FEED:  # nobody is asked about one whose token names a path
                needed = policy.most_approvals_at(name)
            return adapter, understood, needed
    raise InputRefused(
        "exchange-not-understood", "it is at no exchange that the wallet's policy has rules for"
    )


def _where(wallet: Wallet, adapter: Exchange, to: Destination) -> list[tuple[str, str]]:
    if to.inside:
        return [(tr("To"), f"{tr('inside the exchange, or a bank')}: {to.inside}")]
    chain = adapter.networks.chain_of(to.asset, to.network)
    own = chain is not None and _is_own(wallet, chain, to.address)
    whose = (
        tr("this wallet's own address") if own else tr("another address: the wallet's policy must name it")
    )
    facts = [(tr("To"), to.address), ("", whose), (tr("Network"), to.network or "-")]
    return facts if to.memo is None else [*facts, (tr("Memo"), to.memo)]


def _is_own(wallet: Wallet, chain: str, address: str) -> bool:
    """Derived here; the devices decide for themselves."""
    try:
        if chain != BITCOIN:
            return account_of(wallet, chain) == address
        keys = keys_of(wallet)
    except WarifuError:  # it has no key for such a chain
        return False
    return any(keys.address(KeyPath(Branch.RECEIVE, index)) == address for index in range(WINDOW))


def _short(amount: Decimal) -> str:
    """Without the zeros that only say how it was reckoned."""
    text = plain(amount)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fields(said: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401  # whatever an exchange takes
    """Every field of the request that is said, by its name."""
    if isinstance(said, Mapping):
        for name, value in said.items():
            yield from _fields(value, f"{path}.{name}" if path else str(name))
    elif isinstance(said, list | tuple):
        for number, value in enumerate(said):
            yield from _fields(value, f"{path}.{number}")
    elif said is not None:
        yield path, str(said)


def _not_it(message: str) -> InputRefused:
    return InputRefused(
        "call-file",
        message,
        not_done="Nothing was approved.",
        remedy="Get the file from the owner who asks, by a road on which nobody changes it, and look again.",
    )
