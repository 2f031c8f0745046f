"""Whether this device is frozen: while it is, it opens no envelope, makes no key and signs nothing.

Whoever can reach the agent's door freezes it: the operator, or a watch over the machine that saw somebody reach for the
enclave's memory. Only the operator lifts it. The service can do neither: to freeze would be a way to deny the owner his
money, and to lift it would be a thief's first step.

The freeze holds from the moment it is heard, in memory, and is durable when it is answered: a disk that cannot take it
must not keep the device signing, and a restart must not thaw it.
"""

from __future__ import annotations

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.events.device import Frozen, Thawed
from warifu.protocol.journal import OPERATOR, Asker
from warifu.signer.epoch import Epoch
from warifu.signer.journal import Journal
from warifu.signer.store import Store

_KEY = "frozen"


class Freeze:
    """The device's freeze, in its store."""

    def __init__(self, store: Store, journal: Journal, epoch: Epoch) -> None:
        self._store = store
        self._epoch = epoch
        self._journal = journal
        kept = store.get(_KEY)
        self._reason = kept.decode() if kept is not None else None

    @property
    def reason(self) -> str | None:
        """Why the device is frozen; None where it is not."""
        return self._reason

    def freeze(self, reason: str, now: int, by: Asker) -> None:
        """From now on nothing is signed. The first reason stays: what came after it is the watch's to tell."""
        self._reason = self._reason or reason
        if self._store.get(_KEY) is not None:
            return
        with self._epoch.lasting():
            self._store.put(_KEY, self._reason.encode())
            self._journal.append(Frozen(self._reason), now, by)

    def lift(self, now: int) -> None:
        """The operator looked into it. ``InputRefused`` (``not-frozen``) on a device that is not frozen."""
        if self._reason is None:
            raise InputRefused("not-frozen", "this device is not frozen", not_done="Nothing was changed.")
        with self._store.transaction():
            self._store.remove(_KEY)
            self._journal.append(Thawed(), now, OPERATOR)
        self._reason = None

    def require_none(self) -> None:
        """``PolicyDenied`` (``frozen``) while the device is frozen."""
        if self._reason is not None:
            raise PolicyDenied(
                "frozen",
                f"this device is frozen: {self._reason}",
                remedy="Find out what happened on its machine before you lift the freeze, on the device itself: "
                "'warifu signer unfreeze'. The wallet's other devices can sign without it.",
            )
