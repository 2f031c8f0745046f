"""Enrolment as the service sees it: it carries three messages between a device and the owner's client.

Invitations live in memory only: they are good for minutes, and a service that restarts has the owner make another.
The service learns nothing here that would let it sit in the middle (see ``warifu.protocol.enrolment``).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from warifu.errors import PeerMisbehaved, ServiceRefused, WarifuError
from warifu.protocol.api import CreatedInvitation, ErrorBody, Join, JoinStage, error_body
from warifu.protocol.enrolment import open_commitment
from warifu.protocol.frames import JoinCommit, JoinReveal
from warifu.protocol.frames import JoinOwner as JoinOwnerFrame
from warifu.service.hub.link import Link
from warifu.service.store.database import Database
from warifu.service.store.devices import add_device, device_of, list_devices

INVITATION_LIFETIME = 15 * 60
MAX_INVITATIONS = 64
_OPEN: tuple[JoinStage, ...] = ("invited", "committed", "owner-sent", "revealed")


@dataclass
class _Pending:
    """One device on its way in."""

    name: str
    secret_hash: bytes
    expires: float
    stage: JoinStage = "invited"
    link: Link | None = None
    commitment: bytes | None = None
    identity: bytes | None = None
    nonce: bytes | None = None
    refusal: ErrorBody | None = None
    used: bool = field(default=False, repr=False)


class Joins:
    """All pending enrolments, by device name. Runs on the hub's event loop; ``show`` may be called from any thread."""

    def __init__(
        self, database: Database, changed: Callable[[], None], now: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._changed = changed
        self._now = now
        self._pending: dict[str, _Pending] = {}

    def invite(self, name: str) -> CreatedInvitation:
        """A fresh one-time secret for a device of this name; an earlier invitation for it is void.

        Raises ``ServiceRefused``: ``name-taken``, ``too-many``.
        """
        if any(device.name == name for device in list_devices(self._database)):
            raise ServiceRefused(
                "name-taken",
                f"a device '{name}' is enrolled already",
                not_done="No invitation was made.",
                remedy="Choose another name, or remove that device first.",
            )
        self._forget_old()
        if name not in self._pending and len(self._pending) >= MAX_INVITATIONS:
            raise ServiceRefused("too-many", "too many invitations are open", retry_after=INVITATION_LIFETIME)
        earlier = self._pending.get(name)
        if earlier is not None and earlier.link is not None and earlier.stage in _OPEN:
            earlier.link.drop()
        secret = secrets.token_bytes(16)
        expires = self._now() + INVITATION_LIFETIME
        self._pending[name] = _Pending(name, _hash(secret), expires)
        self._changed()
        return CreatedInvitation(name=name, secret=secret, expires=int(expires))

    def commit(self, link: Link, frame: JoinCommit) -> None:
        """The device's first message. Raises ``ServiceRefused`` (``invitation``): unknown, expired, used, other's."""
        pending = next(
            (item for item in self._pending.values() if item.secret_hash == _hash(frame.invitation)), None
        )
        if pending is None or pending.used or pending.name != frame.name or self._now() > pending.expires:
            raise ServiceRefused("invitation", "the invitation is unknown, expired or used")
        pending.used = True
        pending.link = link
        pending.commitment = frame.commitment
        self._go(pending, "committed")

    def owner(self, name: str, credential: bytes, nonce: bytes) -> Join:
        """The client's message: passed on, once. Raises ``ServiceRefused`` (``unknown-join``, ``join-stage``)."""
        pending = self._at(name, "committed")
        assert pending.link is not None
        pending.link.say(JoinOwnerFrame(credential, nonce))
        self._go(pending, "owner-sent")
        return self.show(name)

    def reveal(self, link: Link, frame: JoinReveal) -> None:
        """The device opens its commitment. Raises ``PeerMisbehaved`` or ``ServiceRefused``, and the join is over."""
        pending = self.of_link(link)
        if pending is None or pending.stage != "owner-sent" or pending.commitment is None:
            raise PeerMisbehaved("enrolment", "a device spoke out of turn during its enrolment")
        try:
            open_commitment(pending.commitment, pending.name, frame.identity, frame.nonce)
            if device_of(self._database, frame.identity) is not None:
                raise ServiceRefused("name-taken", "a device with this identity is enrolled already")
        except WarifuError as error:
            self._refuse(pending, error)
            raise
        pending.identity, pending.nonce = frame.identity, frame.nonce
        self._go(pending, "revealed")

    def confirm(self, name: str, identity: bytes, same: bool) -> tuple[Join, Link | None]:
        """The owner compared the digits. Returns the join and, where the device is enrolled and there, its link.

        Raises ``ServiceRefused``: ``unknown-join``, ``join-stage``, ``name-taken``.
        """
        pending = self._at(name, "revealed")
        if not same or identity != pending.identity:
            self._refuse(
                pending,
                ServiceRefused(
                    "not-same",
                    "the owner did not confirm the device",
                    not_done="The device was not enrolled.",
                    remedy="Somebody may sit between you and the device. Make a new invitation and join again.",
                ),
            )
            return self.show(name), None
        add_device(self._database, name, identity)
        self._go(pending, "enrolled")
        return self.show(name), pending.link

    def lost(self, link: Link) -> None:
        """The device's connection ended. Once it has revealed itself the owner may still confirm it."""
        pending = self.of_link(link)
        if pending is None:
            return
        pending.link = None
        if pending.stage in ("committed", "owner-sent"):
            self._refuse(
                pending,
                ServiceRefused(
                    "device-left",
                    "the device's connection ended during its enrolment",
                    not_done="The device was not enrolled.",
                    remedy="Make a new invitation and join again.",
                    blame=pending.name,
                ),
            )

    def show(self, name: str) -> Join:
        """As the API shows it. Raises ``ServiceRefused`` (``unknown-join``)."""
        pending = self._pending.get(name)
        if pending is None:
            raise ServiceRefused(
                "unknown-join",
                f"nobody invited a device '{name}'",
                remedy="Make an invitation first ('warifu signer invite NAME').",
            )
        expired = pending.stage in _OPEN and self._now() > pending.expires
        return Join(
            name=name,
            stage="expired" if expired else pending.stage,
            expires=int(pending.expires),
            commitment=pending.commitment,
            identity=pending.identity,
            nonce=pending.nonce,
            refusal=pending.refusal,
        )

    def of_link(self, link: Link) -> _Pending | None:
        """The enrolment that this connection is for."""
        return next((item for item in self._pending.values() if item.link is link), None)

    def _at(self, name: str, stage: JoinStage) -> _Pending:
        shown = self.show(name)
        if shown.stage != stage:
            raise ServiceRefused(
                "join-stage", f"the enrolment of '{name}' is at '{shown.stage}', not at '{stage}'"
            )
        return self._pending[name]

    def _go(self, pending: _Pending, stage: JoinStage) -> None:
        pending.stage = stage
        self._changed()

    def _refuse(self, pending: _Pending, error: WarifuError) -> None:
        pending.refusal = error_body(error)
        if pending.link is not None:
            pending.link.drop()
        self._go(pending, "refused")

    def _forget_old(self) -> None:
        limit = self._now() - INVITATION_LIFETIME
        for name in [name for name, item in self._pending.items() if item.expires < limit]:
            forgotten = self._pending.pop(name)
            if forgotten.link is not None and forgotten.stage in _OPEN:
                forgotten.link.drop()


def _hash(secret: bytes) -> bytes:
    """Compared by hash, so that timing tells nothing about a secret that somebody guesses at."""
    return hashlib.sha256(b"warifu/v1/invitation" + secret).digest()
