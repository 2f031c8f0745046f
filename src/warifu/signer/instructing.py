"""What owners say about the wallet itself, as each device judges it alone: other rules, notices, vetoes, freezes; and
of calls at exchanges that were made (``exchanges.afterwards``).

*Tightening takes effect at once and takes one credential.* A thief who has the laptop can only make the wallet do less
by it, and an owner in a hurry must not be kept by a passphrase. *Loosening* takes the passphrase, as many owners as the
largest payment that the rules in force can let them make, and time: it waits the ``loosening_delay`` of the rules that
it is to replace, by this device's own clock, from the moment at which this device heard it. The end of a freeze is a
loosening.

While something waits, any owner's credential vetoes it, without a passphrase, and so does any device of the wallet. A
veto is remembered: what it is about is refused also where it comes later than its veto. There is one change of the
rules that waits at a time: a second one is refused, so that what everybody has looked at cannot be exchanged for
something else. A tightening takes effect beside it at once and ends it, because what was asked for would undo the
tightening, and was compared with other rules. A freeze ends all that waits.

At the moment itself it is in force, and a veto comes too late.
"""

from __future__ import annotations

from warifu.errors import AuthorizationRefused, InputRefused, PolicyDenied
from warifu.protocol import notes
from warifu.protocol.authorization import Authorized
from warifu.protocol.events.wallets import (
    Announced,
    RulesAsked,
    RulesChanged,
    UnfreezeAsked,
    Vetoed,
    WalletFrozen,
    WalletThawed,
)
from warifu.protocol.exchange_requests import RemoveAccountRequest
from warifu.protocol.frames import MAX_WORDS, Instruct, Instructed
from warifu.protocol.journal import DEVICE, OPERATOR, Asker
from warifu.protocol.request import (
    AfterCall,
    Instruction,
    NoticeRequest,
    RestoredRequest,
    RulesRequest,
    UnfreezeRequest,
    VetoRequest,
    decode_request,
)
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.asking import asker, require_enough_owners
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.afterwards import hear
from warifu.signer.exchanges.keeping import remove_account
from warifu.signer.expecting import accepted, require_own
from warifu.signer.policy.compare import Change, compare, loosening
from warifu.signer.policy.words import duration
from warifu.signer.restoring import require_restorable, take_back
from warifu.signer.rules import Waiting
from warifu.signer.sound import check_rules
from warifu.signer.unlocking import require_try, unlock
from warifu.signer.vault import Role
from warifu.signer.wallets import Wallet

_NOTHING = "Nothing was changed."


def instruct(device: Device, frame: Instruct) -> Instructed:
    """Do what an owner of the wallet says, at once or after a wait. The same instruction again changes nothing.

    Raises ``AuthorizationRefused`` (also ``rules-stale``, ``vetoed``), ``InputRefused`` (``rules``), ``PolicyDenied``
    (``approvals``, ``change-waits``, ``too-late``, ``too-many-notices``), ``PassphraseRefused``.
    """
    now = device.clock.now()
    request = decode_request(frame.authorization.request)
    if not isinstance(request, Instruction):
        raise InputRefused("request-kind", "this says nothing about the wallet itself", not_done=_NOTHING)
    wallet = device.wallets.born(request.wallet_id)
    owners = device.rules.of(wallet.id).owners
    authorized = device.approvals.check(frame.authorization, owners, frame.envelope, now)
    by = asker(frame.authorization)
    if device.rules.outcome(wallet.id, authorized.digest) == "vetoed":
        raise AuthorizationRefused(
            "vetoed",
            "this was vetoed, or overtaken by another change",
            not_done=_NOTHING,
            remedy="If it is wanted all the same, ask for it anew.",
        )
    if isinstance(request, RulesRequest):
        return _Loosening(device, wallet, frame, authorized, by, now).change(request)
    if isinstance(request, UnfreezeRequest):
        return _Loosening(device, wallet, frame, authorized, by, now).unfreeze(request)
    if isinstance(request, RestoredRequest):
        return _Loosening(device, wallet, frame, authorized, by, now).take_back(request)
    if isinstance(request, NoticeRequest):
        return _announce(device, request, authorized.digest, by, now)
    if device.rules.outcome(wallet.id, authorized.digest) == "done":
        return _done(now)
    if isinstance(request, RemoveAccountRequest):
        remove_account(device, request, authorized.digest, by)
        return _done(now)
    if isinstance(request, AfterCall):
        hear(device, wallet, request, authorized, by)
        return _done(now)
    with device.epoch.lasting():
        if isinstance(request, VetoRequest):
            veto(device, wallet.id, request.about, by, now)
        else:
            hear_freeze(device, wallet.id, request.reason, by, now)
        device.rules.settle(wallet.id, authorized.digest, "done")
    return _done(now)


def settle(device: Device, now: int) -> None:
    """What has waited long enough takes effect. Called before anything else is judged.

    ``StoreDamaged`` or ``PlatformRefused`` where it cannot be kept: then the old rules stay in force.
    """
    for waiting in device.rules.due(now):
        with device.epoch.lasting():
            device.rules.drop(waiting)
            if isinstance(waiting.request, RulesRequest):
                _put_in_force(device, waiting.request, waiting.digest, DEVICE, now, waiting.effect)
            else:
                device.rules.thaw(waiting.request.wallet_id)
                device.rules.settle(waiting.request.wallet_id, waiting.digest, "done")
                device.journal.append(WalletThawed(waiting.request.wallet_id, waiting.digest), now, DEVICE)


def veto(device: Device, wallet: bytes, about: bytes, by: Asker, now: int) -> None:
    """Inside a transaction: as ``hear_veto``. ``PolicyDenied`` (``too-late``) where it is in force already."""
    if device.rules.outcome(wallet, about) == "done":
        raise PolicyDenied(
            "too-late",
            "what is to be vetoed is done, or in force, already",
            not_done=_NOTHING,
            remedy="Change the rules anew ('warifu policy change'), or freeze the wallet ('warifu policy freeze').",
        )
    hear_veto(device, wallet, about, by, now)


def hear_veto(device: Device, wallet: bytes, about: bytes, by: Asker, now: int) -> bool:
    """Inside a transaction: what the request ``about`` (a digest) asked for does not happen, whether it waits here, was
    announced here, or has not come here yet. Whether that is news: not where it is done, or was vetoed before."""
    if device.rules.outcome(wallet, about) is not None:
        return False
    for waiting in device.rules.waiting(wallet):
        if waiting.digest == about:
            device.rules.drop(waiting)
    device.notices.veto(wallet, about)
    device.rules.settle(wallet, about, "vetoed")
    device.journal.append(Vetoed(wallet, about), now, by)
    return True


def hear_freeze(device: Device, wallet: bytes, reason: str, by: Asker, now: int) -> None:
    """Inside a transaction: nothing leaves the wallet from now on, and nothing takes effect that waits."""
    for waiting in device.rules.waiting(wallet):
        device.rules.drop(waiting)
        device.rules.settle(wallet, waiting.digest, "vetoed")
        device.journal.append(Vetoed(wallet, waiting.digest), now, by)
    if device.rules.frozen(wallet) is None:
        device.rules.freeze(wallet, reason)
        device.journal.append(WalletFrozen(wallet, reason), now, by)


def veto_here(device: Device, wallet_id: bytes, about: bytes) -> None:
    """The operator of this device vetoes, and the wallet's others are told. ``InputRefused``, ``PolicyDenied``."""
    wallet, now = device.wallets.born(wallet_id), device.clock.now()
    with device.epoch.lasting():
        veto(device, wallet.id, about, OPERATOR, now)
        device.notes.write(wallet.id, notes.Vetoed(about))


def freeze_wallets(device: Device, reason: str) -> None:
    """The operator of this device freezes its wallets, and their other devices are told."""
    now = device.clock.now()
    for wallet in device.wallets.all():
        if device.rules.frozen(wallet.id) is None:
            with device.epoch.lasting():
                hear_freeze(device, wallet.id, reason, OPERATOR, now)
                device.notes.write(wallet.id, notes.Frozen(reason))


def freeze_for(device: Device, wallet: bytes, reason: str) -> None:
    """This device freezes one of its wallets for what it saw, and the wallet's other devices are told. ``reason``: for
    everybody to read, the service too."""
    now = device.clock.now()
    if device.rules.frozen(wallet) is None:
        with device.epoch.lasting():
            hear_freeze(device, wallet, reason, DEVICE, now)
            device.notes.write(wallet, notes.Frozen(reason))


def words_of(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Each rule that differs, in words, the loosening ones first; as many as an answer takes."""
    ordered = sorted(changes, key=lambda change: change.effect != "loosens")
    said = [f"{change.effect} ({change.rule}): {change.words}" for change in ordered]
    if len(said) > MAX_WORDS:
        said[MAX_WORDS - 1 :] = [f"and {len(said) - MAX_WORDS + 1} more"]
    return tuple(said)


class _Loosening:
    """One request that may loosen, with all that it is judged by."""

    def __init__(
        self, device: Device, wallet: Wallet, frame: Instruct, authorized: Authorized, by: Asker, now: int
    ) -> None:
        self._device = device
        self._wallet = wallet
        self._frame = frame
        self._authorized = authorized
        self._by = by
        self._now = now
        self._rules = device.rules.of(wallet.id)

    def change(self, request: RulesRequest) -> Instructed:
        """Other rules: at once where all that differs tightens."""
        device, wallet, named = self._device, self._wallet, self._authorized.digest
        after = rules_hash(request.rules)
        if after == device.rules.hash(wallet.id):
            return _done(self._now)
        for waiting in device.rules.waiting(wallet.id):
            if waiting.digest == named:
                return Instructed("waits", waiting.effect, self._words(request.rules))
        self._require_next(request)
        check_rules(request.rules, wallet.request.network)
        changes = compare(self._rules, request.rules)
        if not loosening(changes):
            with device.epoch.lasting():
                _put_in_force(device, request, named, self._by, self._now, self._now)
            return Instructed("done", self._now, words_of(changes))
        self._require_allowed("rules")
        effect = self._now + self._rules.policy.loosening_delay
        before, revision = device.rules.hash(wallet.id), request.rules.revision
        self._wait(request, effect, RulesAsked(wallet.id, named, before, after, revision, effect))
        return Instructed("waits", effect, words_of(changes))

    def unfreeze(self, request: UnfreezeRequest) -> Instructed:
        """The end of a freeze, after the wait of a loosening."""
        device, wallet, named = self._device, self._wallet, self._authorized.digest
        if device.rules.frozen(wallet.id) is None:
            return _done(self._now)
        if device.rules.outcome(wallet.id, named) == "done":
            raise AuthorizationRefused(
                "replayed", "this ended an earlier freeze", not_done=_NOTHING, remedy="Ask for it anew."
            )
        for waiting in device.rules.waiting(wallet.id):
            if waiting.digest == named:
                return Instructed("waits", waiting.effect)
        self._require_allowed("unfreeze")
        effect = self._now + self._rules.policy.loosening_delay
        self._wait(request, effect, UnfreezeAsked(wallet.id, named, effect))
        return Instructed("waits", effect)

    def take_back(self, request: RestoredRequest) -> Instructed:
        """A device whose older disk was put back on purpose: at once, and once."""
        device, wallet, named = self._device, self._wallet, self._authorized.digest
        if device.rules.outcome(wallet.id, named) != "done":
            require_restorable(device, wallet, request)
            self._require_allowed("restored")
            with device.epoch.lasting():
                take_back(device, request, self._by, self._now)
                device.rules.settle(wallet.id, named, "done")
        return _done(self._now)

    def _wait(
        self, request: RulesRequest | UnfreezeRequest, effect: int, event: RulesAsked | UnfreezeAsked
    ) -> None:
        device = self._device
        with device.epoch.lasting():
            device.rules.wait(Waiting(request, self._authorized.digest, self._now, effect))
            device.journal.append(event, self._now, self._by)
        settle(device, self._now)  # where the rules in force let nothing wait

    def _words(self, rules: Rules) -> tuple[str, ...]:
        return words_of(compare(self._rules, rules))

    def _require_next(self, request: RulesRequest) -> None:
        """It names the rules in force here, and is later. An old request, however genuine, does neither."""
        here, asked = self._rules.revision, request.rules.revision
        if request.replaces != self._device.rules.hash(self._wallet.id) or asked <= here:
            raise AuthorizationRefused(
                "rules-stale",
                f"this is revision {asked} of other rules than those in force here, which are revision {here}",
                not_done=_NOTHING,
                remedy="See what is in force ('warifu policy pending'), and bring the devices that are behind to it "
                "('warifu policy sync').",
            )

    def _require_allowed(self, kind: str) -> None:
        """Enough owners, nothing of its kind that waits, and the passphrase: one counted try."""
        device, wallet, rules = self._device, self._wallet, self._rules
        require_enough_owners(self._authorized, rules)
        for waiting in device.rules.waiting(wallet.id):
            if waiting.kind == kind:
                raise PolicyDenied(
                    "change-waits",
                    f"another change waits already, for {duration(max(0, waiting.effect - self._now))} more",
                    not_done=_NOTHING,
                    remedy="Veto that one first ('warifu policy veto'), or wait until it is in force.",
                    retry_after=max(1, waiting.effect - self._now),
                )
        envelope = self._frame.envelope
        if envelope is None:
            raise AuthorizationRefused(
                "passphrase-needed",
                "this allows more than the rules that are in force here, and came without the passphrase",
                not_done=_NOTHING,
                remedy="Ask again with the passphrase; if the device missed a change, 'warifu policy sync' brings it.",
            )
        device.freeze.require_none()
        require_own(device, accepted(device, wallet)[device.identity.public])
        require_try(device, wallet, envelope, self._now)
        role = Role("share", wallet.request.schemes[0])
        lock, opened = unlock(device, wallet, [role], envelope, self._authorized.digest, self._by)
        lock.wipe()
        for share in opened:
            share.wipe()


def _put_in_force(
    device: Device, request: RulesRequest, named: bytes, by: Asker, now: int, effect: int
) -> None:
    """Inside a transaction. What waits to replace the rules that were in force until now waits for nothing any more.
    ``effect``: the moment from which on they are in force, which a device that was off finds in the past."""
    wallet, before = request.wallet_id, device.rules.hash(request.wallet_id)
    for waiting in device.rules.waiting(wallet):
        if waiting.kind == "rules":
            device.rules.drop(waiting)
            device.rules.settle(wallet, waiting.digest, "vetoed")
            device.journal.append(Vetoed(wallet, waiting.digest), now, by)
    device.rules.put(wallet, request.rules, effect)
    loading.expect(device.store.directory, request.rules.policy)
    device.rules.settle(wallet, named, "done")
    device.journal.append(
        RulesChanged(wallet, named, before, rules_hash(request.rules), request.rules.revision), now, by
    )


def _announce(device: Device, request: NoticeRequest, named: bytes, by: Asker, now: int) -> Instructed:
    if not device.notices.heard(named):
        with device.epoch.lasting():
            device.notices.take(request, named, now)
            device.journal.append(
                Announced(request.wallet_id, named, request.chain, request.outflows, request.destinations),
                now,
                by,
            )
    return _done(now)


def _done(now: int) -> Instructed:
    return Instructed("done", now)
