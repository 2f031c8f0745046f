"""Looking afterwards: a device that signed a call and did not carry it asks the exchange what became of it.

No owner is asked, because nothing is to be decided: what is looked for follows from what was signed. The device that
owes the comparison carries the question itself, over its own TLS; its co-signers give their shares for questions of
exactly this kind and for nothing else.

- Found as it was signed: in order, and settled once its signature cannot be taken any more and nothing else came by
  it. Nobody promises that an exchange takes a token once only: who carried the call can send another one after it.
- Found otherwise, or something else in its place: the wallet is frozen here, and its other devices are told.
- Wholly signed for, so that it can only be there too often (Binance): good for now if it is there once or not yet, and
  settled by a second look as above.
- Not there: settled once it cannot come any more (``exchanges.attempt``), and nothing else came in its place.
- A list that is longer than a page is gone through in further sessions, page after page, once the signature is dead.
- Everything else leaves the comparison owed: an exchange that says too little proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from nacl.utils import random

from warifu.errors import InputRefused, PolicyDenied
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.afterwards import Comparison, Found, Once, Wanted
from warifu.exchanges.attempt import SETTLE, Attempt, State, Step
from warifu.exchanges.failures import ExchangeFailed, TryAgain
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.registry import EXCHANGES, LOOKERS
from warifu.exchanges.signing import Stamp, ToSign
from warifu.protocol.encoding import digest, encode
from warifu.protocol.events.exchanges import MAX_DIFFERS, CallCompared
from warifu.protocol.events.word import MAX_WORD
from warifu.protocol.exchange_answers import MORE_PAGES, CallResult, Outcome
from warifu.protocol.exchange_requests import ExchangeCall
from warifu.protocol.frames import OpenComparison
from warifu.protocol.journal import DEVICE
from warifu.signer.device import Device
from warifu.signer.egress.client import Limits
from warifu.signer.exchanges.book import MOST_PAGES, Made, Progress
from warifu.signer.exchanges.calling import TOLERANCE, Signers
from warifu.signer.exchanges.calls import context_for, milliseconds, require_near, seen_digest
from warifu.signer.exchanges.carrying import Carrying, Errand, Heard
from warifu.signer.exchanges.cosigning import Cosignature, Cosigning
from warifu.signer.exchanges.errand_answers import canonical
from warifu.signer.exchanges.judging import require_look, unsigned_of
from warifu.signer.exchanges.opening import KeyShare, OpenAccount
from warifu.signer.instructing import freeze_for
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.messages import Stamped
from warifu.signer.transfers import check_participants
from warifu.signer.wallets import Wallet

_ALIKE = Comparison((), ())
_LIMITS = Limits(body=1024 * 1024)
"""Of a list that is looked through here and handed on to nobody."""


def purpose(frame: OpenComparison) -> bytes:
    """32 bytes that name what the session is for."""
    return digest("request/comparison", frame.wallet_id, frame.account.encode(), frame.about, frame.carrier)


def open_comparison(device: Device, frame: OpenComparison, seat: Seat) -> Carrying | Cosigning:
    """Take part, or refuse: ``InputRefused`` (``no-comparison``, ``participants``), ``PolicyDenied``
    (``frozen-wallet``), ``SessionAborted`` (``busy``)."""
    wallet = device.wallets.born(frame.wallet_id)
    check_participants(wallet, frame.participants, device.identity.public)
    if frame.carrier not in frame.participants:
        raise InputRefused("participants", "the device that is to compare does not take part")
    if device.rules.policy(wallet.id).frozen and not device.visits.is_out(wallet.id, frame.account):
        raise PolicyDenied(
            "frozen-wallet",
            "the wallet is frozen and has nothing at the exchange: it is not asked",
            remedy="The owners unfreeze it by a change of the policy, which waits before it is in force.",
        )
    account = device.accounts.load(wallet.id, frame.account)
    try:
        key = account.key
        if not isinstance(key, KeyShare):
            raise InputRefused("no-comparison", "this account's key is whole in one device")
        holders = account.account.holders
        if not set(frame.participants) <= set(holders):
            raise InputRefused("participants", "not all of these devices hold a part of the account's key")
        numbers = {identity: holders.index(identity) for identity in frame.participants}
        signers = Signers(frame.carrier, seen_digest(account, frame.about), numbers)
        if frame.carrier == device.identity.public:
            return _Looking(device, wallet, account, _owed(device, frame)).ceremony(seat, signers, key)
        return Cosigning(seat, signers, _cosignature(device, account, key, frame))
    except BaseException:
        account.wipe()
        raise


def _owed(device: Device, frame: OpenComparison) -> Made:
    made = device.calls.owed(frame.about)
    if made is None or (made.wallet, made.account) != (frame.wallet_id, frame.account):
        raise InputRefused("no-comparison", "this device has nothing to compare about that call")
    return made


def _cosignature(device: Device, account: OpenAccount, key: KeyShare, frame: OpenComparison) -> Cosignature:
    def prepare(stamped: Stamped) -> ToSign:
        if stamped.call is None:
            raise InputRefused("comparison", "the device that compares does not say what it asks")
        exchange = EXCHANGES[account.account.exchange]
        understood = exchange.understand(unsigned_of(stamped.call))
        require_look(account, exchange.name, understood)
        device.calls.admit_look(frame.carrier, device.clock.now())
        return account.credential.prepare(understood.call.unsigned, require_near(device, stamped))

    def signed(_stamped: Stamped) -> None:
        """A question can be asked twice: nothing has to be remembered."""

    return Cosignature(frame.about, key, prepare, signed, account.wipe)


class _Looking:
    """One comparison, of the device that owes it."""

    def __init__(self, device: Device, wallet: Wallet, account: OpenAccount, made: Made) -> None:
        self._device = device
        self._wallet = wallet
        self._account = account
        self._made = made
        self._session = b""
        name = account.account.exchange
        wanted = _wanted(name, made.call)
        if wanted is None:
            raise InputRefused("no-comparison", "the account is not any more at the exchange of that call")
        self._wanted = wanted
        first = (
            made.stamp - 1000 * TOLERANCE
        )  # a stamp can be ahead of the exchange, and it can take it all the same
        self._before = device.calls.progress(made.request)
        last = made.dead_after + SETTLE
        self._look = LOOKERS[name].look(wanted, first, last, self._before.after)

    def ceremony(self, seat: Seat, signers: Signers, key: KeyShare) -> Carrying:
        self._session = seat.session
        device, unsigned = self._device, self._look.unsigned
        asked = ExchangeCall(
            unsigned.method, unsigned.host, unsigned.path, unsigned.query, unsigned.body, random(32)
        )
        errand = Errand(
            call=self._look,
            credential=self._account.credential,
            key=key,
            time=EXCHANGES[self._account.account.exchange].time(),
            context=context_for(self._account.authorities),
            limits=_LIMITS,
            seconds=device.clock.now,
            milliseconds=milliseconds,
            sending=lambda _stamp: None,
            ended=self._ended,
            close=self._account.wipe,
            shown=asked,
        )
        return Carrying(seat, signers, errand)

    def _known(self) -> dict[str, Wanted]:
        """What this device took part in or was told of, by its identifiers. This session's notes are in by now."""
        calls, made = self._device.calls, self._made
        name = self._account.account.exchange
        beside = [other.call for other in calls.beside(made)] + calls.noted(made.wallet, made.account)
        known = {wanted.client_id: wanted for call in beside if (wanted := _wanted(name, call)) is not None}
        return {**known, self._wanted.client_id: self._wanted}

    def _strange(self, found: Found, known: Mapping[str, Wanted]) -> Comparison:
        """In what it differs, if something was made in its place or beside it: what is not known here, or is otherwise
        than that."""
        strange = sorted(
            each for each in found.identifiers - known.keys() if not self._went_home(found, each)
        )
        if strange:
            words = (f"not signed for here: {thing.words}" for each in strange for thing in found.of(each))
            return Comparison(("another identifier",), (), words=tuple(words))
        ours = sorted(found.identifiers & known.keys())
        compared = [found.differs(known[each], self._before.of(each)) for each in ours]
        # each once: a carrier that made a hundred would fill the journal's entry
        return Comparison(
            tuple(sorted({what for each in compared for what in each.differs})),
            (),
            words=tuple(f"of another call: {said}" for each in compared for said in each.words),
        )

    def _went_home(self, found: Found, identifier: str) -> bool:
        """What other devices swept, or their owner sent home: whoever made it took nothing."""
        wanted, device, wallet = self._wanted, self._device, self._wallet
        if not isinstance(wanted, Withdrawal):
            return False
        exchange = EXCHANGES[self._account.account.exchange]
        chain = exchange.networks.chain_of(wanted.asset, wanted.network)
        if chain is None:
            return False
        window = device.wallets.window(wallet.id)
        with suppress(InputRefused):  # it is no address there
            places = {canonical(wallet, chain, thing.to) for thing in found.of(identifier)}
            return bool(places) and all(wallet.owns(chain, to, window) for to in places)
        return False

    def _ended(self, heard: Heard, stamp: Stamp | None) -> bytes:
        outcome, reason, wait = self._judged(heard, stamp)
        return encode(CallResult(self._made.request, outcome, reason, wait, None))

    def _judged(self, heard: Heard, stamp: Stamp | None) -> tuple[Outcome, str, int]:
        if not isinstance(heard, HttpAnswer):
            return "unanswered", heard.reason, 0
        try:
            found = self._look.read(heard)
        except ExchangeFailed as failure:
            if not isinstance(failure, TryAgain):
                self._device.calls.goes_on(self._made.request, None)  # it may be the cursor that is refused
            return "unanswered", failure.reason, 0
        before, wanted = self._before, self._wanted
        if (ours := found.differs(wanted, before.of(wanted.client_id))).differs:
            return self._settle("differs", ours)
        is_there = before.there or found.is_there(wanted)
        if not is_there and wanted.client_id in found.identifiers:
            return "unanswered", "too-little-said", 0
        assert stamp is not None, "a question that was answered had a stamp"
        dead_after = self._made.dead_after
        after = Attempt(State.SENDING, dead_after).not_there(stamp.milliseconds)
        if after.next is not Step.SEND:
            left = dead_after + SETTLE - stamp.milliseconds
            return self._early(max(1, left // 1000 + 1), is_there=is_there)
        known = self._known()
        if (strange := self._strange(found, known)).differs:
            return self._settle("differs", strange)
        if not found.whole:
            return self._next_page(found, known, is_there=is_there)
        return self._settle("done" if is_there else "not-there")

    def _next_page(
        self, found: Found, known: Mapping[str, Wanted], *, is_there: bool
    ) -> tuple[Outcome, str, int]:
        """Nothing strange on this one: the rest of the list is looked at in further sessions, so many pages of it. What
        does not come to an end proves nothing; it is settled by its owner then."""
        calls, request, before = self._device.calls, self._made.request, self._before
        if not found.after or before.pages + 1 >= MOST_PAGES:
            calls.goes_on(request, None)
            return "unanswered", "too-little-said", 0
        ids = dict(before.ids)
        for identifier in found.identifiers & known.keys():
            ids[identifier] = before.of(identifier) | {thing.id for thing in found.of(identifier)}
        calls.goes_on(request, Progress(found.after, before.pages + 1, is_there, ids))
        return "unanswered", MORE_PAGES, 0

    def _early(self, wait: int, *, is_there: bool) -> tuple[Outcome, str, int]:
        """Its signature is still good: what is there is no end of it, and what is not there may come. Where all that
        can come is more of the same, it is no worse if none of it is there yet."""
        if not is_there and not isinstance(self._wanted, Once):
            return "unanswered", "too-early", wait
        device, made = self._device, self._made
        with device.store.transaction():
            device.calls.found(made.request)
        here = (made.dead_after + SETTLE) // 1000 - device.clock.now() + 1  # until it is owed again
        return "done", "too-early", max(wait, here)

    def _settle(self, outcome: Outcome, differs: Comparison = _ALIKE) -> tuple[Outcome, str, int]:
        """Frozen first: a device that is interrupted in between finds the comparison owed still."""
        device, made = self._device, self._made
        device.calls.goes_on(made.request, None)
        words = tuple(said[:MAX_WORD] for said in differs.words[:MAX_DIFFERS])
        if outcome == "differs":
            freeze_for(
                device,
                self._wallet.id,
                f"at the exchange of account {made.account} is something else than this device signed for: "
                "'warifu exchange compare' tells its owner what",
            )
        with device.store.transaction():
            if outcome == "differs":
                device.calls.differed(made.request, words)
                device.visits.differs(made.wallet, made.request)
            else:
                device.calls.settle(made.request)
            device.journal.append(
                CallCompared(
                    made.wallet, made.request, self._session, made.account, outcome, differs.differs, words
                ),
                device.clock.now(),
                DEVICE,
            )
        return outcome, "", 0


def _wanted(exchange: str, call: ExchangeCall) -> Wanted | None:
    """None where the call is none of this exchange's."""
    looker = LOOKERS.get(exchange)
    try:
        return looker.wanted(unsigned_of(call)) if looker else None
    except InputRefused:
        return None
