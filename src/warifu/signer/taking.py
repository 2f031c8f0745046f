"""What this device makes of notes that others made, whoever brought them.

A note of a spend counts if an owner of the wallet authorized it: a hostile device can tell of what was authorized and
never signed, and so use up limits that the owner meant to use, and it can keep quiet. It can invent nothing. Its word
is not needed for how much, or when: that is in the owner's request (``signer.ledger``).

What is not understood, is older than any window, or was authorized by somebody who is no owner (any more), is left
aside. Only what cannot come from an honest device is refused: a note that its maker did not sign, or an authorization
that nobody gave.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.chains.reading import Reading
from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved, WarifuError
from warifu.protocol.authorization import MAX_LIFETIME, read_authorization
from warifu.protocol.encoding import decode, encode
from warifu.protocol.events.transfers import Noted
from warifu.protocol.exchange_requests import CallRequest, ExchangeCall, call_digest
from warifu.protocol.frames import TakeNotes
from warifu.protocol.journal import peer
from warifu.protocol.notes import MAX_NOTE_BYTES, MAX_NOTED_CALL, Called, Note, Spent, Told, Vetoed
from warifu.protocol.request import MAX_REASON, TransferRequest, decode_request, request_digest
from warifu.signer.device import Device
from warifu.signer.instructing import hear_freeze, hear_veto
from warifu.signer.ledger import LONGEST, How
from warifu.signer.notes import FOR_EVER, about
from warifu.signer.reading import read
from warifu.signer.wallets import Wallet

_OF_ITS_OWN: tuple[How, ...] = ("started", "acknowledged")
"""Transfers that a device knows by its own judgement."""


class WalletExchange:
    """What one session's participants tell each other of its wallet. They count what they hear before anything of the
    session is judged for good, and nobody but them reads it."""

    def __init__(self, device: Device, wallet: Wallet) -> None:
        self._device = device
        self._wallet = wallet
        self._heard: dict[bytes, tuple[Told, list[Note]]] = {}
        """What each peer told, and what of it could be news."""

    def told(self, peer: bytes) -> Told:
        """What ``peer`` is told."""
        return self._device.notes.told(self._wallet.id, peer)

    def hear(self, peer: bytes, name: str, told: Told) -> None:
        """Look at what ``peer`` tells; ``PeerMisbehaved`` (``note``) for what no honest device passes on. What this
        device counts already, as most of what those tell who signed with it, is not verified once more."""
        try:
            possible = [note for note in told.notes if not _counted(self._device, self._wallet, note)]
            require_genuine(self._wallet, possible)
        except (AuthorizationRefused, InputRefused) as error:
            raise PeerMisbehaved(
                "note", f"device {name} told what nobody said: {error.message}", blame=name
            ) from None
        self._heard[peer] = told, possible

    def take_in(self) -> None:
        """Inside a transaction: what was heard counts from now on."""
        device, now = self._device, self._device.clock.now()
        device.notes.forget(now)
        for identity, (told, possible) in self._heard.items():
            take_in(device, self._wallet, possible, now)
            device.notes.took(self._wallet.id, identity, told)


def _counted(device: Device, wallet: Wallet, note: Note) -> bool:
    """Whether it tells of a transfer that this device judged itself: then whatever it says changes nothing here.
    ``InputRefused`` for a request that cannot be read."""
    if note.wallet_id != wallet.id or not isinstance(note.body, Spent):
        return False
    return device.ledger.known(about(note)) in _OF_ITS_OWN


def take_notes(device: Device, frame: TakeNotes) -> None:
    """As in a session, for notes that the service carries to a device that was asleep. Where it says that it brought
    them all it is not believed: in a session they come once more. ``AuthorizationRefused``, ``InputRefused``."""
    wallet = device.wallets.born(frame.wallet_id)
    require_genuine(wallet, frame.notes)
    with device.store.transaction():
        take_in(device, wallet, frame.notes, device.clock.now())


def require_genuine(wallet: Wallet, notes: Sequence[Note]) -> None:
    """Return if all of these could come from an honest device that tells of this wallet.

    Raises ``AuthorizationRefused`` (``signature``, ``assertion``) and ``InputRefused`` (``note``).
    """
    for note in notes:
        if note.wallet_id != wallet.id or len(encode(note)) > MAX_NOTE_BYTES:
            raise InputRefused("note", "a note is about another wallet, or longer than any")
        note.check()
        if isinstance(note.body, Spent | Called):
            request = read_authorization(note.body.authorization).request
            wanted = TransferRequest if isinstance(note.body, Spent) else CallRequest
            if not isinstance(request, wanted) or request.wallet_id != wallet.id:
                raise InputRefused("note", "a note of a spend is about something else")
        if isinstance(note.body, Called) and _called_for(note.body)[0].carrier not in wallet.identities:
            raise InputRefused("note", "a note is about a call that no device of the wallet can have made")


def take_in(device: Device, wallet: Wallet, notes: Sequence[Note], now: int) -> int:
    """Inside a transaction: what these genuine notes tell counts, and others will hear it. How many were news."""
    return sum(_taken_in(device, wallet, note, now) for note in notes)


def _taken_in(device: Device, wallet: Wallet, note: Note, now: int) -> bool:
    if note.identity not in wallet.identities:
        return False
    if isinstance(note.body, Called):
        return _called(device, wallet, note, note.body, now)
    if isinstance(note.body, Spent):  # also of its own making, where an old disk was put back
        return _spent(device, wallet, note, note.body, now)
    if note.identity == device.identity.public or not device.rules.hear(
        wallet.id, note.identity, about(note)
    ):
        return False
    device.notes.keep(note, until=FOR_EVER)
    if isinstance(note.body, Vetoed):
        return hear_veto(device, wallet.id, note.body.about, peer(note.identity), now)
    reason = f"device {wallet.names[note.identity]}: {note.body.reason}"[:MAX_REASON]
    hear_freeze(device, wallet.id, reason, peer(note.identity), now)
    return True


def _spent(device: Device, wallet: Wallet, note: Note, body: Spent, now: int) -> bool:
    request = decode_request(body.authorization.request)
    assert isinstance(request, TransferRequest), "looked at before, as its signatures were"
    named = request_digest(request)
    if device.ledger.known(named) in _OF_ITS_OWN:
        return False
    if not _counts(device, wallet, body, request, now):
        return False
    seen = _read(device, wallet, request, body.unsigned)
    news = device.ledger.note(request, named, seen)
    if news:
        device.notes.keep(note, until=request.expires + LONGEST)
        device.notices.used_elsewhere(request, device.ledger.payment(named))
        device.journal.append(Noted(wallet.id, named), now, peer(note.identity))
    return news


def _called(device: Device, wallet: Wallet, note: Note, body: Called, now: int) -> bool:
    """What it gives away is read when a call is judged: only then the exchanges have to be loaded."""
    request, named = _called_for(body)
    if device.calls.knows(named) or not _counts(device, wallet, body, request, now):
        return False
    device.calls.note(wallet.id, named, request, body.call)
    device.notes.keep(note, until=request.expires + LONGEST)
    device.journal.append(Noted(wallet.id, named), now, peer(note.identity))
    return True


def _called_for(body: Called) -> tuple[CallRequest, bytes]:
    """The request and its digest, if the call is the one that it names; ``InputRefused`` (``note``)."""
    request = decode_request(body.authorization.request)
    if (
        not isinstance(request, CallRequest)
        or call_digest(decode(ExchangeCall, body.call, MAX_NOTED_CALL)) != request.call
    ):
        raise InputRefused("note", "a note of a call is about another call than its owner authorized")
    return request, request_digest(request)


def _counts(
    device: Device, wallet: Wallet, body: Spent | Called, request: TransferRequest | CallRequest, now: int
) -> bool:
    """Whether owners of the wallet authorized it, as it is, and some window can still see it."""
    credentials = tuple(dict.fromkeys(approval.credential for approval in body.authorization.approvals))
    if not device.rules.were_owners(wallet.id, credentials, request.created):
        return False
    long_ago = request.expires + LONGEST < now
    return not long_ago and request.created < request.expires <= min(request.created, now) + MAX_LIFETIME


def _read(device: Device, wallet: Wallet, request: TransferRequest, unsigned: bytes) -> Reading | None:
    """The transaction, where these are its bytes. They are worth something only as what the owner named."""
    if not unsigned:
        return None
    try:
        return read(wallet, request, unsigned, device.wallets.window(wallet.id)).reading
    except WarifuError:
        return None
