"""An account at an exchange, spoken to through the service and the signers: the signers alone see what is said.

What is asked goes to each signer in a parcel, and the answer comes back sealed to a key of this client's. The service
carries both, opens the tunnels, and learns that something was asked of an account.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, get_args

from nacl.utils import random

from warifu.cli.approvers import OwnCredential, own_credential, wanted
from warifu.cli.authorizing import ask_envelope_keys, choose_signers, require_awake
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting, now
from warifu.cli.dry_run import Told as Decided
from warifu.cli.exchanges.accounts import accounts_of
from warifu.cli.exchanges.pieces import Begun, Listener, kept_pieces, told_in
from warifu.cli.exchanges.places import own_address
from warifu.cli.exchanges.rehearsing import read_decisions
from warifu.cli.exchanges.together import Together, hand_over, require_new
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused, PeerMisbehaved, PolicyDenied, WarifuError
from warifu.exchanges.adapter import Exchange
from warifu.exchanges.calls import Call, Effect, Listed, Unsigned
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown, Reason, Refused, TryAgain
from warifu.exchanges.feeds import FEED
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.patience import before_again, before_next
from warifu.exchanges.reading import Understood
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import Authorization, authorize
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import AccountStatus, AnswerKey, Told
from warifu.protocol.exchange_requests import NOBODY, CallRequest, ExchangeCall, call_digest
from warifu.protocol.identity import DeviceRef
from warifu.protocol.parcel import Parcel, seal_parcel
from warifu.protocol.request import request_digest
from warifu.signer.egress.judging import read_call
from warifu.signer.policy.exchanges import ExchangeCall as JudgedCall

A = TypeVar("A")
B = TypeVar("B")

LIFETIME = 300
"""Seconds for which a call stays authorized: markets move."""
MOST_PAGES = 50
PATIENCE = 150.0
"""Seconds after which nobody waits any longer: a session of the devices ends after 120."""
_WAIT = 20
WHOLE = ("hmac", "es256")
REASONS = frozenset(get_args(Reason))


class Exchanging:
    """One account of a wallet at an exchange."""

    def __init__(
        self,
        client: Client,
        profile: Profile,
        wallet: Wallet,
        screen: Screen,
        account: AccountStatus,
        tiers: dict[bytes, int],
        bans: Counter[bytes],
        own: OwnCredential,
        out: Path | None,
    ) -> None:
        """``own``: what has the owner say yes. ``tiers``: of the connected devices that have a part of the account's
        key, by identity. ``bans``: how many of them say that owners let a device carry nothing. ``out``: where what
        other owners have to approve is written for them."""
        self._client = client
        self._profile = profile
        self.wallet = wallet
        self.screen = screen
        self.account = account
        self._tiers = tiers
        self._bans = bans
        self._own = own
        self._out = out
        self.exchange: Exchange = EXCHANGES[account.exchange]

    @classmethod
    @contextlib.contextmanager
    def open(
        cls,
        setting: Setting,
        wallet: str,
        account: str,
        screen: Screen,
        credential: str | None,
        out: Path | None = None,
    ) -> Iterator[Exchanging]:
        """``out``: a new file for what other owners have to approve.

        ``InputRefused`` (``unknown-account``) where no connected device of the wallet has such an account."""
        profile = setting.profile()
        with setting.client(profile) as client:
            found = profile.wallet(wallet)
            told = accounts_of(client, found)
            having = {
                identity: (status, account_status)
                for identity, (status, kept) in told.items()
                for account_status in kept
                if account_status.account == account
            }
            if not having:
                raise InputRefused(
                    "unknown-account",
                    f"no connected device of {wallet} has an account {account[:40]!r}",
                    not_done="Nothing was asked.",
                    remedy="See 'warifu exchange list'; connect the devices that have it, or 'warifu exchange add'.",
                )
            first = next(iter(having.values()))[1]
            if not first.finished:
                raise InputRefused(
                    "unfinished-account",
                    f"the API key of {account} was not brought yet",
                    not_done="Nothing was asked.",
                    remedy=f"Register the public key at the exchange, then: warifu exchange finish {wallet} {account}",
                )
            if first.exchange not in EXCHANGES:
                raise InputRefused(
                    "unknown-exchange", f"this version does not know the exchange {first.exchange!r}"
                )
            if first.simulation:
                screen.warn(tr("{account} is a SIMULATION: no exchange, no money.", account=account))
            tiers = {identity: status.tier for identity, (status, _) in having.items()}
            bans = Counter(
                banned
                for status, _ in told.values()
                for one in status.wallets
                if one.wallet_id == found.wallet_id
                for banned in one.carrier_bans
            )
            facts = wanted(found, account)
            own = own_credential(profile, screen, found, credential, facts)
            yield cls(client, profile, found, screen, first, tiers, bans, own, out)

    def ask(self, call: Call[A]) -> A:
        """What the exchange answers, typed. Raises ``ExchangeFailed``, and what a device or the service refuses.

        A question is asked a few times where the exchange is busy; what changes something is asked once."""
        return self._asked(call)[0]

    def _asked(self, call: Call[A]) -> tuple[A, HttpAnswer]:
        tries = 0
        while True:
            tries += 1
            try:
                answer = self.told(call)
                return call.read(answer), answer
            except ExchangeFailed as failure:
                wait = None if call.effect else before_again(failure, tries)
                if wait is None:
                    raise
                self._rest(wait, failure.reason)

    def _rest(self, seconds: int, why: str) -> None:
        with self.screen.waiting(tr("the exchange wants a pause ({why})", why=why)):
            time.sleep(seconds)

    def read_all(self, call: Call[Listed[B]]) -> list[B]:
        """Every page, a bounded number of them."""
        items: list[B] = []
        following: Call[Listed[B]] | None = call
        for _ in range(MOST_PAGES):
            assert following is not None, "there is a page to read"
            page, answer = self._asked(following)
            items += page.items
            following = page.more
            if following is None:
                return items
            if pause := before_next(self.exchange.allowances(answer)):
                self._rest(pause, "rate-limit")
        raise InputRefused("exchange-pages", "the exchange's list does not end")

    def told(self, call: Call[A]) -> HttpAnswer:
        """The answer as it came through the carrier. Raises ``ExchangeFailed`` where none came."""
        begun = self._begun(call)
        with open_only_where_something_changes(call.unsigned.effect):
            with self.screen.waiting(tr("the devices ask the exchange")):
                shown = follow_call(self._client, begun.road)
                told = self._whole(call, begun, shown)
            with contextlib.suppress(WarifuError):  # it goes by itself in a day, and what came of it is here
                self._client.delete(f"{begun.road}/answer")
            return _answer_of(told)

    def rehearsed(self, call: Call[A]) -> list[Decided]:
        """What each connected device that holds a part of the key says of it: would it sign, and by which rules.
        Nothing is signed by asking, or counted."""
        moment = now()
        content = _content_of(call.unsigned)
        devices = [each for each in self.wallet.request.devices if each.identity in self._tiers]
        devices = [each for each in devices if each.name in self.account.holders]
        reader = AnswerKey()
        request = self._request(content, NOBODY, reader, moment, moment + LIFETIME)
        authorization, parcels = self._sealed(content, request, devices, ())
        question = api.ExchangeDecisionQuestion(
            authorization=encode(authorization), parcels=tuple(encode(parcel) for parcel in parcels)
        )
        road = f"/wallets/{segment(self.wallet.name)}/exchange-decisions"
        answer = self._client.post(road, question, api.ExchangeDecisions)
        return read_decisions(answer, devices, reader, request_digest(request))

    def listen(self, call: Call[A], seconds: int, take: Callable[[bytes], None]) -> HttpAnswer:
        """Watch, for so many seconds or until an interruption: ``take`` is given what comes while it comes. The answer
        says how it ended. As :meth:`told`, and as :meth:`Listener.run`."""
        begun = self._begun(call)
        with contextlib.ExitStack() as waiting:
            waiting.enter_context(self.screen.waiting(tr("a device listens; Ctrl-C ends it")))

            def shown(data: bytes) -> None:
                waiting.close()
                take(data)

            told = Listener(self._client, begun, shown, seconds).run()
        return _answer_of(told)

    def _whole(self, call: Call[A], begun: Begun, shown: api.ExchangeCallShown) -> Told:
        """Of a question a piece that is missing is an error; of what changes something it leaves open what happened."""
        try:
            return told_in(shown, begun, lambda after: kept_pieces(self._client, begun.road, after))
        except InputRefused as error:
            if error.reason != "answer-pieces" or call.unsigned.effect is Effect.READS:
                raise
            raise OutcomeUnknown("no-answer") from None

    def _begun(self, call: Call[A]) -> Begun:
        """The call, authorized, sealed and handed in."""
        unsigned, moment = call.unsigned, now()
        content = _content_of(unsigned)
        together = self._together(unsigned)
        asks_others = together.needed > 1
        devices = self._participants()
        carrier = max(devices, key=self._trust)
        reader = AnswerKey()
        until = moment + together.lifetime(LIFETIME)
        request = self._request(content, carrier.identity, reader, moment, until)
        if asks_others:
            hand_over(content, self._out)
        further = together.approved(request)
        named = request_digest(request)
        devices = self._participants(carrier) if asks_others else devices  # who is there now
        makers = tuple(device.identity for device in devices)
        witnessed = self.wallet.rules.policy.strict and self._gives(unsigned)
        if witnessed:
            all_devices, threshold = self.wallet.request.devices, self.wallet.request.threshold
            devices = require_awake(self._client, all_devices, threshold)
        authorization, parcels = self._sealed(content, request, devices, further)
        question = api.NewExchangeCall(
            authorization=encode(authorization),
            parcels=tuple(encode(parcel) for parcel in parcels),
            makers=makers if witnessed else None,
        )
        road = f"/wallets/{segment(self.wallet.name)}/exchange-calls"
        accepted = self._client.post(road, question, api.Accepted)
        return Begun(f"{road}/{segment(accepted.id)}", reader, named, carrier.identity)

    def _request(
        self, content: ExchangeCall, carrier: bytes, reader: AnswerKey, made: int, until: int
    ) -> CallRequest:
        account, named = self.account.account, call_digest(content)
        return CallRequest(
            random(16), self.wallet.wallet_id, account, named, carrier, reader.public, made, until
        )

    def _sealed(
        self,
        content: ExchangeCall,
        request: CallRequest,
        devices: Sequence[DeviceRef],
        further: Sequence[Approval],
    ) -> tuple[Authorization, list[Parcel]]:
        """The request, authorized, with a parcel for each of these devices."""
        moment = now()
        keys = ask_envelope_keys(
            self._client, self._profile, devices, self.wallet.request, self.wallet.acceptable(moment), moment
        )
        parcels = [seal_parcel(key, request_digest(request), encode(content)) for key in keys]
        return authorize(self._own.approve, request, encode(request), parcels, further), parcels

    def require_out(self) -> None:
        """``InputRefused`` (``call-file``) where other owners must approve whatever is more than a question, and it is
        not said where they find what."""
        if min(self.wallet.rules.policy.approvals_needed, len(self.wallet.rules.owners)) > 1:
            require_new(self._out)

    def lifetime(self, call: Call[A]) -> int:
        """Seconds for which it stays authorized. ``InputRefused`` (``call-file``) as :meth:`require_out`, for this very
        call."""
        together = self._together(call.unsigned)
        if together.needed > 1:
            require_new(self._out)
        return together.lifetime(LIFETIME)

    def _trust(self, device: DeviceRef) -> tuple[int, int, bytes]:
        """Who carries: none that owners banned, as far as devices say so; then the highest tier. A device that lies
        about either gains the carrying, and the others judge it."""
        identity = device.identity
        return -self._bans[identity], self._tiers.get(identity, 0), identity

    def _together(self, unsigned: Unsigned) -> Together:
        return Together(self._client, self.screen, self.wallet, self._own, self._needed(unsigned))

    def _needed(self, unsigned: Unsigned) -> int:
        """How many owners must want it. A shared key's token for a feed names no path: it takes as many as anything
        there."""
        policy, name = self.wallet.rules.policy, self.exchange.name
        call, understood = self._read(unsigned)
        if unsigned.method == FEED and understood.call.unsigned.signed and self.account.key not in WHOLE:
            return self._owners(policy.most_approvals_at(name))
        return 1 if call.reads else self._owners(policy.approvals_at(name, call.amounts))

    def _gives(self, unsigned: Unsigned) -> bool:
        """Whether it gives something away."""
        return bool(self._read(unsigned)[1].meaning.gives)

    def _read(self, unsigned: Unsigned) -> tuple[JudgedCall, Understood]:
        """As a signer of the wallet reads it."""
        name = self.exchange.name
        rules = self.wallet.rules.policy.rules_at(name)
        if rules is None:
            raise PolicyDenied(
                "exchange", f"the wallet's policy has no rules for {name}", not_done="Nothing was asked."
            )
        asked = Unsigned(
            unsigned.method,
            unsigned.host,
            unsigned.path,
            unsigned.query,
            unsigned.body,
            Effect.PAYS_OUT,
            signed=True,
        )
        return read_call(self.exchange, asked, rules)

    def _owners(self, needed: int) -> int:
        return min(needed, len(self.wallet.rules.owners))

    def own_address(self, asset: str, network: str) -> str:
        """Where the asset comes home (:func:`warifu.cli.exchanges.places.own_address`)."""
        return own_address(self._client, self.wallet, self.exchange, asset, network)

    def _participants(self, carrier: DeviceRef | None = None) -> list[DeviceRef]:
        """Who signs: the one that has the key whole, or as many of the connected ones as it takes; ``carrier`` if it is
        connected, then those that answered, and of these the ones that are trusted most, so that the best of all can
        carry."""
        trusted = sorted(self.wallet.request.devices, key=self._trust, reverse=True)
        devices = sorted(trusted, key=lambda device: (device != carrier, device.identity not in self._tiers))
        holders = [device for device in devices if device.name in self.account.holders]
        threshold = 1 if self.account.key in WHOLE else self.wallet.request.threshold
        return sorted(choose_signers(self._client, holders, threshold, ()), key=lambda item: item.identity)


@contextlib.contextmanager
def open_only_where_something_changes(effect: Effect) -> Iterator[None]:
    """A question that nobody answered changed nothing, and is asked again: there is no identifier to look for it by."""
    try:
        yield
    except OutcomeUnknown as unknown:
        if effect is not Effect.READS:
            raise
        raise TryAgain(unknown.reason, unknown.words) from None


def _content_of(unsigned: Unsigned) -> ExchangeCall:
    """What the devices are told of it."""
    return ExchangeCall(
        unsigned.method, unsigned.host, unsigned.path, unsigned.query, unsigned.body, random(32)
    )


def follow_call(client: Client, road: str) -> api.ExchangeCallShown:
    """The call, come to rest: done, or nobody knows. Raises why it was refused before anything was sent."""
    seen, end = 0, time.monotonic() + PATIENCE
    while True:
        shown = client.get(road, api.ExchangeCallShown, after=seen, wait=_WAIT)
        seen = max([seen, *(event.number for event in shown.events)])
        if shown.state == "done":
            return shown
        if shown.state == "refused":
            if shown.refusal is None:
                raise PeerMisbehaved(
                    "no-reason", "the service says that it was refused, but not why", blame="service"
                )
            raise error_from(shown.refusal)
        if time.monotonic() > end:
            return shown


def _answer_of(told: Told) -> HttpAnswer:
    if told.answer is None:
        raise failed(told.outcome, told.reason, told.retry_after)
    return HttpAnswer(told.answer.status, told.answer.headers, told.answer.body)


def failed(outcome: str, reason: str, retry_after: int) -> ExchangeFailed:
    """Why there is no answer, in the exchanges' own words."""
    known: Reason = reason if reason in REASONS else "no-answer"  # type: ignore[assignment]  # it is one of them
    if outcome == "refused":
        return Refused(known)
    if outcome == "try-again":
        return TryAgain(known, retry_after=retry_after or None)
    return OutcomeUnknown(known)
