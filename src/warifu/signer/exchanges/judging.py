"""What this device says of a call, from its bytes: what it does, what the policy says of that, and what else it takes.

Beside the policy's own rules there are those of what a signature covers. A CDP key's leaves query and body to whoever
carries the request. So with such a key, where it is shared:

- funds leave only where the owner declares that the exchange's own list of addresses is on;
- what gives something away must be such that it can be found at the exchange and compared afterwards;
- it takes a second signer to do that: with a threshold of 1 the key only reads;
- who has not compared an earlier one yet signs no further one.

A Binance key's covers all that is asked for, but whoever carries the request can send it again while it is good, and
Binance takes an identifier again. So who signs it with others looks afterwards, too, how often it was made, and signs
no further one before; nothing else follows from it, and what comes home is not kept from that.

The token for the user's feed names not even a path. That Coinbase's other doors take no such token is nowhere promised:
so where the key is shared it takes as many owners as anything can at that exchange, the exchange's own list, and no
comparison may be owed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from warifu.errors import InputRefused, PolicyDenied
from warifu.exchanges.adapter import Exchange
from warifu.exchanges.afterwards import Wanted
from warifu.exchanges.calls import Effect, Unsigned
from warifu.exchanges.feeds import FEED
from warifu.exchanges.reading import Understood
from warifu.exchanges.registry import EXCHANGES, LOOKERS
from warifu.protocol.exchange_requests import ExchangeCall
from warifu.protocol.policy import ExchangeLimits
from warifu.signer.device import Device
from warifu.signer.egress.judging import read_call
from warifu.signer.exchanges.gauge import Gone
from warifu.signer.exchanges.opening import KeyShare, OpenAccount
from warifu.signer.exchanges.visiting import banned
from warifu.signer.policy import exchanges as policy
from warifu.signer.policy.exchanges import ExchangeFacts, judge_call
from warifu.signer.policy.facts import Rule, Verdict
from warifu.signer.wallets import Wallet


@dataclass(frozen=True)
class Seen:
    """A call, as this device reads it."""

    exchange: Exchange
    asked: policy.ExchangeCall
    """What the policy judges."""
    understood: Understood

    @property
    def gives(self) -> bool:
        """Whether it gives something away."""
        return bool(self.understood.meaning.gives)


def unsigned_of(call: ExchangeCall) -> Unsigned:
    """As an adapter takes it. What it does, and whether it wants a credential, is only known once it is understood."""
    return Unsigned(call.method, call.host, call.path, call.query, call.body, Effect.PAYS_OUT, signed=True)


def see_anywhere(device: Device, wallet: Wallet, call: ExchangeCall) -> Seen:
    """As :func:`see`, at the exchange that the call's host is of: also where this device has no part of the account.
    ``PolicyDenied`` (``exchange``) where the wallet's policy has no rules for any such."""
    for name, adapter in EXCHANGES.items():
        if call.host in adapter.hosts:
            return see(device, wallet, name, call)
    raise PolicyDenied("exchange", "the wallet's policy does not allow this: it is at no exchange")


def see(device: Device, wallet: Wallet, exchange: str, call: ExchangeCall) -> Seen:
    """Read it. ``InputRefused`` (``exchange-not-understood``) where not every byte is understood; ``PolicyDenied``
    (``exchange``) where the wallet's policy has no rules for the exchange."""
    rules = device.rules.of(wallet.id).policy.rules_at(exchange)
    if rules is None:
        raise PolicyDenied(
            "exchange", f"the wallet's policy does not allow this: nothing may be asked of {exchange}"
        )
    adapter = EXCHANGES[exchange]
    asked, understood = read_call(adapter, unsigned_of(call), rules)
    return Seen(adapter, asked, understood)


def judged(
    device: Device,
    wallet: Wallet,
    account: OpenAccount,
    seen: Seen,
    named: bytes,
    approvals: int,
    now: int,
) -> Verdict:
    """What every rule says. ``named``: the request's digest; ``approvals``: how many of the owners approved."""
    of_all = judged_by_any(device, wallet, account.account.name, seen, named, approvals, now)
    return Verdict(
        (
            *of_all.rules,
            *_compared(device, wallet, account, seen, now),
            *_pathless(device, wallet, account, seen, approvals, now),
        )
    )


def judged_by_any(
    device: Device, wallet: Wallet, account: str, seen: Seen, named: bytes, approvals: int, now: int
) -> Verdict:
    """What the rules say of which a device can judge that has no part of the account's credential: all but those about
    what this device gives its share of. ``account``: its name."""
    rules = device.rules.policy(wallet.id)
    spent = device.calls.spent(wallet.id, seen.exchange.name, limits(device, wallet, seen), now, named)
    to = seen.asked.destination
    own = (
        to is not None
        and to.chain is not None
        and wallet.owns(to.chain, to.address, device.wallets.window(wallet.id))
    )
    verdict = judge_call(rules, seen.asked, ExchangeFacts(now, spent, own, approvals))
    return Verdict((*verdict.rules, *_visits(device, wallet, account, seen, now)))


def catch_up(device: Device, wallet: Wallet) -> None:
    """As :func:`count_noted`, in a transaction of its own."""
    if device.calls.unread(wallet.id):
        with device.store.transaction():
            count_noted(device, wallet)


def count_noted(device: Device, wallet: Wallet) -> None:
    """Inside a transaction: what other devices told of counts from now on, until its request has expired and the window
    has passed. What cannot be read under the rules in force, no honest device signed under them: it waits for others,
    which may come while its request is in time."""
    rules = device.rules.of(wallet.id).policy
    for told in device.calls.unread(wallet.id):
        call, expires = told.call, told.expires
        for name, adapter in EXCHANGES.items():
            at_exchange = rules.rules_at(name)
            if at_exchange is None or call.host not in adapter.hosts:
                continue
            with suppress(InputRefused):
                asked, understood = read_call(adapter, unsigned_of(call), at_exchange)
                if asked.amounts.keys() <= {each.symbol for each in at_exchange.limits}:
                    amounts, known = asked.amounts, at_exchange.limits
                    device.calls.count(told.named, wallet.id, name, amounts, known, expires, expires)
                    device.calls.read(told.named)
                    if asked.destination is not None:
                        gone = Gone(told.named, told.created, understood.meaning.gives)
                        device.visits.withdraws(wallet.id, told.account, gone)
                break


def limits(device: Device, wallet: Wallet, seen: Seen) -> tuple[ExchangeLimits, ...]:
    """The policy's, of what it gives away there."""
    rules = device.rules.of(wallet.id).policy.rules_at(seen.exchange.name)
    return tuple(each for each in (rules.limits if rules else ()) if each.symbol in seen.asked.amounts)


def wanted(account: OpenAccount, seen: Seen) -> Wanted | None:
    """What has to be looked for afterwards by those who did not carry it; None where nothing has."""
    if not seen.gives or not (leaves_body_open(account) or can_be_sent_again(account)):
        return None
    return LOOKERS[seen.exchange.name].wanted(seen.understood.call.unsigned)


def leaves_body_open(account: OpenAccount) -> bool:
    """Whether signers give a carrier a signature under which it can ask for something else."""
    return isinstance(account.key, KeyShare) and account.credential.covers == "method and path"


def can_be_sent_again(account: OpenAccount) -> bool:
    """Whether signers give a carrier a signature that says all, and that it can use more than once while it is good. A
    device that signs alone anyway gives it to nobody."""
    key = account.key
    return isinstance(key, KeyShare) and key.key.t > 1 and account.credential.covers == "parameters"


def require_looked_after(device: Device, wallet: Wallet, account: OpenAccount, carrier: bytes) -> None:
    """What is to come home by a signature that leaves to its carrier where it goes: only to the exchange's own list,
    only where somebody looks afterwards, and only where everything before was looked at. ``PolicyDenied``
    (``allowlist``, ``alone``, ``comparison-due``, ``carrier``)."""
    if not leaves_body_open(account):
        return
    assert isinstance(account.key, KeyShare), "looked at before"
    name = account.account.name
    rules = device.rules.policy(wallet.id).rules_at(account.account.exchange)
    if rules is None or not rules.declared_allowlist:
        raise PolicyDenied("allowlist", "the policy does not declare that the exchange's own list is on")
    if account.key.key.t < 2:
        raise PolicyDenied("alone", "nobody could look what was made of this signature")
    if device.calls.due(wallet.id, name, device.clock.now()):
        raise PolicyDenied(
            "comparison-due",
            f"an earlier call of account {name} was not compared at the exchange yet",
            remedy="The service brings devices to compare: try again soon. What stays owed: 'warifu exchange compare'.",
        )
    if carrier in banned(device, wallet.id):
        raise PolicyDenied(
            "carrier", "this device found out that the carrier changes what it is given to carry"
        )


def names_no_path(account: OpenAccount, seen: Seen) -> bool:
    """Whether signers give a carrier a token that does not say what it is for."""
    unsigned = seen.understood.call.unsigned
    return isinstance(account.key, KeyShare) and unsigned.method == FEED and unsigned.signed


def _visits(device: Device, wallet: Wallet, name: str, seen: Seen, now: int) -> Iterator[Rule]:
    """What is to come home is traded no more; an owner may cancel orders, and withdraw it himself."""
    if seen.gives and seen.asked.destination is None and device.visits.is_ending(wallet.id, name, now):
        words = f"a visit to account {name} is over, and its funds are not at home yet"
        yield Rule("visit-over", False, words)


def _compared(device: Device, wallet: Wallet, account: OpenAccount, seen: Seen, now: int) -> Iterator[Rule]:
    if can_be_sent_again(account) and seen.gives:
        yield from _counted_afterwards(device, wallet, account, seen, now)
    if not leaves_body_open(account) or seen.asked.reads:
        return
    assert isinstance(account.key, KeyShare), "looked at before"
    if account.key.key.t < 2:
        words = "one device could change what is asked for under this key's signature: alone it only reads"
        yield Rule("alone", False, words)
    if not seen.gives:
        return
    yield from _listed(device, wallet, seen)
    can = wanted(account, seen) is not None
    words = "what is asked for can be compared at the exchange afterwards"
    if not can:
        words = (
            "under this key's signature its carrier could change it, and it could not be compared afterwards"
        )
    yield Rule("not-comparable", can, words)
    yield _nothing_due(device, wallet, account, now)


def _counted_afterwards(
    device: Device, wallet: Wallet, account: OpenAccount, seen: Seen, now: int
) -> Iterator[Rule]:
    can = wanted(account, seen) is not None
    words = "how often its carrier makes it can be looked at afterwards"
    if not can:
        words = "its carrier could make it several times, and nobody could see that afterwards"
    yield Rule("not-comparable", can, words)
    yield _nothing_due(device, wallet, account, now)


def _pathless(
    device: Device, wallet: Wallet, account: OpenAccount, seen: Seen, approvals: int, now: int
) -> Iterator[Rule]:
    """Its carrier could perhaps do anything with such a token."""
    if not names_no_path(account, seen):
        return
    most = device.rules.policy(wallet.id).most_approvals_at(seen.exchange.name)
    yield policy.approved(most, approvals)
    if leaves_body_open(account):
        yield _declared(device, wallet, seen)
        yield _nothing_due(device, wallet, account, now)
    else:
        yield _logs_in(account)


def _logs_in(account: OpenAccount) -> Rule:
    """Binance takes the very same signature to log a connection in, which then trades without any: nobody gives a
    carrier that who is needed for each order."""
    assert isinstance(account.key, KeyShare), "looked at before"
    alone = account.key.key.t < 2
    words = "this device signs alone anyway"
    if not alone:
        words = "with this signature its carrier could trade by itself for a day: ask by request instead"
    return Rule("session-logon", alone, words)


def _nothing_due(device: Device, wallet: Wallet, account: OpenAccount, now: int) -> Rule:
    due = device.calls.due(wallet.id, account.account.name, now)
    words = f"an earlier call of account {account.account.name} was not compared at the exchange yet"
    return Rule("comparison-due", not due, words if due else "every earlier call was compared")


def _listed(device: Device, wallet: Wallet, seen: Seen) -> Iterator[Rule]:
    """What has left the exchange comes back by no freeze. Where a carrier could change the address, the exchange's own
    list is what holds, and the owner's word that it is on is all that can be had."""
    if seen.asked.destination is not None:
        yield _declared(device, wallet, seen)


def _declared(device: Device, wallet: Wallet, seen: Seen) -> Rule:
    rules = device.rules.of(wallet.id).policy.rules_at(seen.exchange.name)
    declared = rules is not None and rules.declared_allowlist
    words = f"the owner {'declares' if declared else 'does not declare'} that the exchange's own list is on"
    return Rule("allowlist", declared, words)


def in_one_line(call: ExchangeCall) -> str:
    """What a call asks for, for the owner: as much of it as this program reads."""
    for adapter in EXCHANGES.values():
        if call.host in adapter.hosts:
            with suppress(InputRefused):
                meaning = adapter.understand(unsigned_of(call)).meaning
                gives = ", ".join(f"{amount:f} {symbol}" for symbol, amount in sorted(meaning.gives.items()))
                pair = f" for {meaning.pair}" if meaning.pair is not None else ""
                to = meaning.destination
                return f"{gives}{pair}" + ("" if to is None else f" to {to.inside or to.address}")
    return f"{call.method} {call.host}{unsigned_of(call).target}"


@contextmanager
def without_words() -> Iterator[None]:
    """The service hears by which rule a call is refused, and not what was asked: the words are the owner's alone."""
    try:
        yield
    except (PolicyDenied, InputRefused) as error:
        raise type(error)(
            error.reason,
            f"this device refuses the call, by its rule '{error.reason}'",
            remedy="Ask the devices for their reasons by a dry run of the same call ('--dry-run').",
        ) from None


def require_look(account: OpenAccount, exchange: str, understood: Understood) -> None:
    """``InputRefused`` (``comparison``) unless it is a question by which somebody compares."""
    looker = LOOKERS.get(exchange)
    owes = leaves_body_open(account) or can_be_sent_again(account)
    if looker is None or not owes or not looker.is_look(understood):
        raise InputRefused("comparison", "this is no question by which a call is compared at the exchange")
