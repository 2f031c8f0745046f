"""The device's side of enrolment (``warifu.protocol.enrolment``): commit, hear the owner once, reveal, and wait for
the operator's "the same". Only that last word, which cannot come from the network, makes the credential the owner's.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.errors import InputRefused
from warifu.protocol.enrolment import authentication_string, commitment, new_nonce
from warifu.protocol.events.device import JoinedOwner
from warifu.protocol.frames import JoinCommit, JoinOwner, JoinReveal
from warifu.protocol.journal import OPERATOR
from warifu.protocol.operator import BeginJoin, ConfirmJoin, Joined, ShowAuthenticationString
from warifu.signer.device import Device


@dataclass(frozen=True)
class _Joining:
    name: str
    nonce: bytes
    credential: bytes | None = None


class Enrolment:
    """One attempt at a time; a new one forgets the old."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._joining: _Joining | None = None

    def begin(self, message: BeginJoin) -> JoinCommit:
        """The operator read an invitation. ``InputRefused`` (``already-joined``) on a device that has an owner."""
        if self._device.owner is not None:
            raise InputRefused(
                "already-joined",
                f"this device is enrolled already, as '{self._device.name}'",
                not_done="Its enrolment was not changed.",
            )
        self._joining = _Joining(message.name, new_nonce())
        return JoinCommit(
            message.invitation,
            message.name,
            commitment(message.name, self._device.identity.public, self._joining.nonce),
        )

    def hear_owner(self, message: JoinOwner) -> tuple[JoinReveal, ShowAuthenticationString]:
        """The owner's credential and nonce arrive. Once: a second set would let the service try digits again."""
        joining = self._joining
        if joining is None or joining.credential is not None:
            raise InputRefused("out-of-turn", "no enrolment waits for an owner")
        self._joining = _Joining(joining.name, joining.nonce, message.credential)
        identity = self._device.identity.public
        digits = authentication_string(
            joining.name, identity, joining.nonce, message.credential, message.nonce
        )
        return JoinReveal(identity, joining.nonce), ShowAuthenticationString(digits)

    def confirm(self, message: ConfirmJoin) -> Joined | None:
        """The operator compared: enrolled, or the attempt is forgotten (None)."""
        joining, self._joining = self._joining, None
        if joining is None or joining.credential is None:
            raise InputRefused("out-of-turn", "no enrolment waits for a comparison")
        device = self._device
        if not message.same:
            device.journal.refuse(
                "join", "peer.digits-differ", joining.credential, device.clock.now(), OPERATOR
            )
            return None
        with device.store.transaction():
            device.store.put("name", joining.name.encode())
            device.store.put("credential", joining.credential)
            device.journal.append(JoinedOwner(joining.name, joining.credential), device.clock.now(), OPERATOR)
        return Joined(device.identity.public, joining.credential)
