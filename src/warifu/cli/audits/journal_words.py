"""A journal's entry in words: who asked, what was decided, by which rule, with which result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.text import tr
from warifu.protocol.chains import BITCOIN, coin_decimals, coin_symbol, spoken
from warifu.protocol.credential import credential_digest
from warifu.protocol.events.refusals import Denied, Refused
from warifu.protocol.events.transfers import FinishedTransfer, Started
from warifu.protocol.journal import Asker, Content, Event, kind_of
from warifu.protocol.request import Outflow
from warifu.units import format_quantity


class Names:
    """How devices, owners and assets of a wallet are called; without a wallet (on a device) by the beginnings of their
    keys."""

    def __init__(self, profile: Profile | None = None, wallet: Wallet | None = None) -> None:
        self._names: dict[bytes, str] = {}
        self._assets: dict[tuple[str, str], tuple[int, str]] = {}
        if wallet is not None:
            self._names |= {device.identity: device.name for device in wallet.request.devices}
            for number, owner in enumerate(wallet.rules.owners, start=1):
                self._names[credential_digest(owner)] = tr("owner {number}", number=number)
            self._assets = {
                (rules.chain, asset.token): (asset.decimals, asset.symbol)
                for rules in wallet.rules.policy.chains
                for asset in rules.assets
            }
        if profile is not None:
            self._names |= {record.identity: record.name for record in profile.content.devices}

    def of(self, key: bytes) -> str:
        """A name for a device's identity or a credential."""
        return self._names.get(key, key.hex()[:16])

    def amount(self, chain: str, token: str, amount: int) -> str:
        """An amount of an asset, with its unit where that is known."""
        if token == "":
            return format_quantity(amount, coin_decimals(chain), coin_symbol(chain))
        decimals, symbol = self._assets.get((chain, token), (0, token))
        return format_quantity(amount, decimals, symbol)


def asked_by(by: Asker, names: Names) -> str:
    """Who asked."""
    who = ", ".join(map(names.of, by.ids))
    match by.kind:
        case "owner":
            return who
        case "peer":
            return tr("device {who}", who=who)
        case "operator":
            return tr("the operator")
        case "service":
            return tr("the service")
        case "device":
            return tr("the device itself")


def told(content: Content, names: Names) -> str:
    """What was decided, and what came of it, in one line."""
    event = content.event
    match event:
        case Started():
            return _started(event, names)
        case FinishedTransfer():
            return tr("the signatures for request {request} are there", request=event.request.hex()[:16])
        case Denied():
            return tr(
                "refused by rule {code}: request {request}", code=event.code, request=event.request.hex()[:16]
            ) + _unwritten(event.unwritten)
        case Refused():
            return tr("refused by rule {code} ({door})", code=event.code, door=event.door) + _unwritten(
                event.unwritten
            )
    return "; ".join(f"{name} {value}" for name, value in _fields(event, names))


def kind_word(event: Event) -> str:
    """The kind of an entry, for people."""
    word = _KINDS.get(kind_of(event))
    return word() if word is not None else kind_of(event)


def event_object(event: Event) -> dict[str, Any]:
    """The event for scripts: every field by its name, bytes in hexadecimal."""
    return {name: _plain(getattr(event, name)) for name in event.__struct_fields__}


def paid(chain: str, outflow: Outflow, names: Names) -> str:
    """One outflow in words."""
    amount = names.amount(chain, outflow.token, int(outflow.amount))
    match outflow.kind:
        case "payment":
            return tr("{amount} to {to}", amount=amount, to=outflow.to)
        case "approval":
            return tr("{to} may take {amount}", amount=amount, to=outflow.to)
        case "call":
            return tr("a call of {to} with {amount}", amount=amount, to=outflow.to)
        case "message":
            return tr("a message for {to}", to=outflow.to or "-")


def transaction_name(chain: str, transaction: bytes) -> str:
    """How people know it: on Bitcoin the txid."""
    return display_hash(transaction) if chain == BITCOIN else transaction.hex()


def _started(event: Started, names: Names) -> str:
    outflows = ", ".join(paid(event.chain, each, names) for each in event.outflows)
    return tr(
        "request {request} allowed on {chain}: {outflows}; fee at most {fee}; {transaction}; with {devices}; "
        "rules {rules}",
        request=event.request.hex()[:16],
        chain=spoken(event.chain),
        outflows=outflows or "-",
        fee=names.amount(event.chain, "", int(event.fee)),
        transaction=transaction_name(event.chain, event.transaction),
        devices=", ".join(map(names.of, event.participants)),
        rules=event.rules.hex()[:16],
    )


def _unwritten(count: int) -> str:
    return tr(" (and {count} more were not written)", count=count) if count else ""


def _fields(event: Event, names: Names) -> Iterator[tuple[str, str]]:
    for name in event.__struct_fields__:
        if name != "wallet":  # everything in a report is of one
            yield name, _short(getattr(event, name), names)


def _short(value: object, names: Names) -> str:
    if isinstance(value, bytes):
        return names.of(value)
    if isinstance(value, tuple):
        return ", ".join(_short(item, names) for item in value) or "-"
    if isinstance(value, msgspec.Struct):
        return " ".join(_short(getattr(value, name), names) for name in value.__struct_fields__)
    return str(value)


def _plain(value: object) -> Any:  # noqa: ANN401  # any field of any event
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        named: dict[str, Any] = {"kind": tag} if tag is not None else {}
        return named | {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


_KINDS: dict[str, Callable[[], str]] = {
    "born": lambda: tr("born"),
    "joined": lambda: tr("owner joined"),
    "banned": lambda: tr("device banned"),
    "ban-lifted": lambda: tr("ban lifted"),
    "frozen": lambda: tr("device frozen"),
    "thawed": lambda: tr("device thawed"),
    "handed-over": lambda: tr("secret handed out"),
    "piece-kept": lambda: tr("piece kept"),
    "piece-released": lambda: tr("piece released"),
    "wallet-pending": lambda: tr("wallet pending"),
    "wallet-born": lambda: tr("wallet born"),
    "shares-kept": lambda: tr("new shares kept"),
    "shares-refreshed": lambda: tr("shares refreshed"),
    "reference-approved": lambda: tr("device accepted anew"),
    "rules-asked": lambda: tr("rules asked for"),
    "rules-changed": lambda: tr("rules changed"),
    "announced": lambda: tr("payment announced"),
    "vetoed": lambda: tr("vetoed"),
    "wallet-frozen": lambda: tr("wallet frozen"),
    "unfreeze-asked": lambda: tr("unfreezing asked for"),
    "wallet-thawed": lambda: tr("wallet thawed"),
    "wrong-passphrase": lambda: tr("wrong passphrase"),
    "met": lambda: tr("session entered"),
    "heads-seen": lambda: tr("peers' journals seen"),
    "started": lambda: tr("signing started"),
    "finished": lambda: tr("signed"),
    "acknowledged": lambda: tr("payment acknowledged"),
    "noted": lambda: tr("payment noted"),
    "exchange-key-born": lambda: tr("exchange key born"),
    "exchange-account-kept": lambda: tr("exchange account kept"),
    "exchange-account-replaced": lambda: tr("exchange account's key replaced"),
    "exchange-account-removed": lambda: tr("exchange account removed"),
    "travel-rule-kept": lambda: tr("travel-rule data kept"),
    "visit-opened": lambda: tr("visit opened"),
    "visit-ended": lambda: tr("visit ended"),
    "visit-lost": lambda: tr("visit ended by its loss"),
    "sweep-signed": lambda: tr("sweep signed"),
    "restored": lambda: tr("device taken back"),
    "call-started": lambda: tr("exchange asked"),
    "call-acknowledged": lambda: tr("call at an exchange acknowledged"),
    "call-ended": lambda: tr("exchange answered"),
    "call-compared": lambda: tr("compared at the exchange"),
    "comparison-settled": lambda: tr("comparison settled by an owner"),
    "carrier-banned": lambda: tr("device carries nothing to exchanges"),
    "carrier-allowed": lambda: tr("device carries to exchanges again"),
    "denied": lambda: tr("refused"),
    "refused": lambda: tr("refused, nobody's request"),
}
