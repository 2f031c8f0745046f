"""Peer release, the keeper's side: hold pieces of other devices' sealing secrets, and release them to the right boot.

A keeper releases only when all of this holds: the request answers a challenge that it made a short while ago and uses
now; the boot key signed it (whoever has the device's unlock key); the evidence is genuine, fresh for exactly this
request and the key that the piece will be sealed to; and it shows what the *owner accepted the device as*
(``Expectation``), on a tier that is worth something. A changed program therefore gets its piece after the owner
approved it, and not before; there is no second road for approvals here.

Each release is counted before it leaves, and the count is the boot's number: of two boots at the same time one is let
in, and the owner sees in the keeper's journal how often that was. That of two boots from copies of one disk at most one
works with its peers is what these remember of journal heads (``signer.peers``), and no business of a keeper's.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Annotated, Literal, Protocol

import msgspec
from nacl.utils import random

from warifu.attestation.evidence import Tier
from warifu.attestation.expectation import Expectation
from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved, PolicyDenied
from warifu.protocol.encoding import Bytes32, Message, decode, encode
from warifu.protocol.identity import IdentityKey
from warifu.protocol.release import (
    Ask,
    AskRelease,
    Challenge,
    Handing,
    Kept,
    ReleaseSet,
    Signed,
    ask_binding,
    open_signed,
    seal_piece,
    sign,
)
from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.release import read_commitment, read_piece

CHALLENGE_LIFETIME = 120
"""Seconds in which evidence for a challenge has to come."""
MAX_CHALLENGES = 16
"""At a time; a further one pushes out the oldest. A service that asks for many only delays a boot."""
RELEASES_PER_HOUR = 20
"""To one device. No device boots more often; whoever asks on is told to wait."""
_MAX_KEPT_BYTES = 4096


Note = Callable[[Literal["kept", "released"], bytes, bytes, int], None]


class Shelf(Protocol):
    """Where pieces lie: encrypted, durable at the end of a transaction (the signer's store), and lasting where the
    keeper has a counter: a count that goes back would let a copy in again."""

    def get(self, name: str) -> bytes | None: ...

    def put(self, name: str, value: bytes) -> None: ...

    def remove(self, name: str) -> None: ...

    def transaction(self) -> AbstractContextManager[None]: ...


class _KeptPiece(Message, frozen=True):
    """As it lies on the shelf."""

    set: ReleaseSet
    device: Bytes32
    number: int
    piece: Bytes32

    def __repr__(self) -> str:
        return f"_KeptPiece(number={self.number})"


_SetOrNone = Annotated[bytes, msgspec.Meta(max_length=32)]


class _KeptOf(Message, frozen=True):
    """What is kept for one device: at most two sets, so that nobody fills the disk, and never fewer than it needs."""

    in_use: _SetOrNone = b""
    """What its store is sealed under. A dealing that breaks off half-way must not push this out."""
    coming: _SetOrNone = b""
    """What it was handed after that."""
    boots: int = 0
    """Releases so far, of all its sets."""


class Keeper:
    """The pieces that this device holds for others."""

    def __init__(
        self,
        identity: IdentityKey,
        shelf: Shelf,
        accepted: Callable[[bytes], Sequence[Expectation]],
        least_tier: Tier = 2,
        note: Note = lambda _deed, _device, _set, _number: None,
    ) -> None:
        """``accepted``: what the owner accepts a device (by its identity) as at this moment, in each wallet that it has
        a part in; all of it has to hold. Nothing for strangers. ``note`` writes down, in the transaction of the deed,
        that a piece was ``"kept"`` or is ``"released"``: device, set, and the boot's number.

        ``least_tier``: evidence of a lower tier releases nothing. Less than 2 is for simulations: anybody can write the
        evidence of a platform without hardware.
        """
        self._identity = identity
        self._shelf = shelf
        self._accepted = accepted
        self._least_tier = least_tier
        self._note = note
        self._challenges: OrderedDict[bytes, tuple[Challenge, int]] = OrderedDict()
        self._lately: dict[bytes, deque[int]] = {}
        """Moments of the last hour's releases, by device."""

    def accept(self, sender: bytes, handing: Handing) -> Kept:
        """Keep a piece for ``sender``, whom the end-to-end channel authenticated. A set that it handed over before and
        did not put to use goes.

        Raises ``InputRefused`` for strangers and for pieces that are not this keeper's, ``PeerMisbehaved``
        (``release-piece``) where the piece does not fit the commitment: better now than at a boot.
        """
        if not self._accepted(sender):
            raise InputRefused(
                "release-stranger", "only devices that share a wallet keep pieces for each other"
            )
        described, number = handing.set, handing.number
        if number > len(described.keepers) or described.keepers[number - 1] != self._identity.public:
            raise InputRefused("release-keeper", "this piece is for another keeper")
        _require_fitting(sender, handing)
        kept = _KeptPiece(described, sender, number, handing.piece)
        with self._shelf.transaction():
            self._put(sender, described.id, kept)
            self._note("kept", sender, described.id, self.latest_boot(sender))
        return Kept(described.id)

    def put_to_use(self, sender: bytes, set_id: bytes) -> None:
        """``sender``, whom the channel authenticated, has sealed its store under this set: an earlier one goes.
        ``InputRefused`` where it handed over no such set."""
        found = self._kept_of(sender)
        if set_id not in (found.in_use, found.coming) or not set_id:
            raise InputRefused("release-set", "no piece of this set is kept here for this device")
        with self._shelf.transaction():
            self._promote(sender, set_id, found)

    def challenge(self, set_id: bytes, now: int) -> Signed:
        """A fresh question to a boot that wants its piece of this set. ``InputRefused``: no such piece is here;
        ``AuthorizationRefused`` (``release-often``)."""
        kept = self._kept(set_id)
        self._forget_expired(now)
        self._require_seldom(kept.device, now)
        while len(self._challenges) >= MAX_CHALLENGES:
            self._challenges.popitem(last=False)
        challenge = Challenge(self._identity.public, set_id, random(32), self.latest_boot(kept.device) + 1)
        self._challenges[challenge.nonce] = (challenge, now + CHALLENGE_LIFETIME)
        return sign(self._identity, challenge)

    def release(self, request: AskRelease, now: int) -> Signed:
        """The piece, sealed to the boot that asked, if it may have it.

        Raises ``AuthorizationRefused`` (``signature``, ``release-stale``, ``release-boot``), ``PeerMisbehaved``
        (``evidence``), ``PolicyDenied`` (``tier``, ``host-posture``, ``release-unchecked``), ``InputRefused``.
        """
        kept = self._kept(request.set)
        ask = open_signed(Ask, request.ask, kept.set.boot)
        challenge = self._challenge_of(ask, now)
        self._require_accepted(kept, ask, challenge, now)
        released = seal_piece(ask, kept.set.boot, kept.piece)
        with self._shelf.transaction():
            self._promote(kept.device, request.set, self._kept_of(kept.device), boots=challenge.boot_number)
            self._note("released", kept.device, request.set, challenge.boot_number)
        self._lately.setdefault(kept.device, deque(maxlen=RELEASES_PER_HOUR)).append(now)
        return sign(self._identity, released)

    def latest_boot(self, device: bytes) -> int:
        """How many times a boot of ``device`` was let in: the number of its latest. 0 before the first."""
        return self._kept_of(device).boots

    def _require_accepted(self, kept: _KeptPiece, ask: Ask, challenge: Challenge, now: int) -> None:
        expectations = self._accepted(kept.device)
        if not expectations or any(_unchecked(each) for each in expectations):
            raise PolicyDenied(
                "release-unchecked",
                "a sealing secret is released only to a device whose evidence the owner accepted",
                not_done="No piece was released.",
                remedy="Accept what the device is ('warifu devices'), and start it again.",
            )
        for each in expectations:
            demanding = _at_least(each, self._least_tier)
            demanding.require(ask.attestation, ask_binding(challenge, kept.set.boot, ask.key), now)

    def _require_seldom(self, device: bytes, now: int) -> None:
        lately = self._lately.get(device, deque())
        if len(lately) >= RELEASES_PER_HOUR and (wait := lately[0] + 3600 - now) > 0:
            raise AuthorizationRefused(
                "release-often",
                f"{RELEASES_PER_HOUR} boots of this device were let in within the last hour",
                not_done="No piece was released.",
                remedy="Find out why it starts so often; then wait.",
                retry_after=wait,
            )

    def _challenge_of(self, ask: Ask, now: int) -> Challenge:
        """The challenge that ``ask`` answers, used up whatever becomes of it."""
        challenge, expires = self._challenges.pop(ask.nonce, (None, 0))
        if challenge is None or now >= expires:
            raise AuthorizationRefused(
                "release-stale",
                "this request answers no challenge that is open here",
                not_done="No piece was released.",
                remedy="Start the device again: it asks for a fresh challenge.",
            )
        if (ask.keeper, ask.set) != (challenge.keeper, challenge.set):
            raise AuthorizationRefused("release-stale", "this request answers another challenge")
        if (
            ask.boot_number != challenge.boot_number
            or challenge.boot_number != self.latest_boot(self._kept(ask.set).device) + 1
        ):
            raise AuthorizationRefused(
                "release-boot",
                "another boot of this device was let in meanwhile",
                not_done="No piece was released.",
                remedy="If you started it twice, start it once more. If not, somebody runs a copy of it.",
            )
        return challenge

    def _forget_expired(self, now: int) -> None:
        for nonce in [nonce for nonce, (_, expires) in self._challenges.items() if now >= expires]:
            del self._challenges[nonce]

    def _kept(self, set_id: bytes) -> _KeptPiece:
        data = self._shelf.get(_piece_name(set_id))
        if data is None:
            raise InputRefused("release-set", "no piece of this set is kept here")
        return decode(_KeptPiece, data, _MAX_KEPT_BYTES)

    def _kept_of(self, device: bytes) -> _KeptOf:
        data = self._shelf.get(_device_name(device))
        return decode(_KeptOf, data, _MAX_KEPT_BYTES) if data is not None else _KeptOf()

    def _put(self, device: bytes, set_id: bytes, kept: _KeptPiece) -> None:
        taken = self._shelf.get(_piece_name(set_id))
        if taken is not None and decode(_KeptPiece, taken, _MAX_KEPT_BYTES).device != device:
            raise InputRefused("release-set", "this set is another device's")
        found = self._kept_of(device)
        if found.coming and found.coming != set_id:
            self._shelf.remove(_piece_name(found.coming))
        self._shelf.put(_piece_name(set_id), encode(kept))
        if set_id != found.in_use:
            found = msgspec.structs.replace(found, coming=set_id)
        self._shelf.put(_device_name(device), encode(found))

    def _promote(self, device: bytes, set_id: bytes, found: _KeptOf, boots: int | None = None) -> None:
        """This set is the one in use (a boot that was let in by it opens its store with it). The earlier one goes, and
        what was handed over later stays."""
        if set_id == found.coming:
            if found.in_use:
                self._shelf.remove(_piece_name(found.in_use))
            found = msgspec.structs.replace(found, in_use=set_id, coming=b"")
        if boots is not None:
            found = msgspec.structs.replace(found, boots=boots)
        self._shelf.put(_device_name(device), encode(found))

    def __repr__(self) -> str:
        return "Keeper()"


def _require_fitting(sender: bytes, handing: Handing) -> None:
    try:
        commitment = read_commitment(handing.set.commitment)
        read_piece(commitment, handing.number, handing.piece).wipe()
    except InvalidInput as error:
        raise InputRefused("release-set", str(error)) from None
    except InvalidContribution:
        raise PeerMisbehaved(
            "release-piece",
            "a device handed over a piece that does not fit what it committed to",
            not_done="It was not kept.",
            blame=sender.hex()[:16],
        ) from None


def _unchecked(expectation: Expectation) -> bool:
    return expectation.reference is None or expectation.reference.unchecked


def _at_least(expectation: Expectation, tier: Tier) -> Expectation:
    """The same, with no less than ``tier``."""
    rules = expectation.rules
    return replace(expectation, rules=msgspec.structs.replace(rules, least_tier=max(rules.least_tier, tier)))


def _piece_name(set_id: bytes) -> str:
    return f"release/piece/{set_id.hex()}"


def _device_name(device: bytes) -> str:
    return f"release/device/{device.hex()}"
