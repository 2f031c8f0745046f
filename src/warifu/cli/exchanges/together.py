"""What several owners have to want at an exchange: laid before the others, waited for, and only then asked of devices.

The command waits, and nothing of it is kept: neither a credential that is on its way to the devices, nor the key that
the answer is sealed to. Whoever ends it meanwhile has asked for nothing: the others' approvals alone, which the service
has, make no call. They cover the request; the first one, given at the end, covers the parcels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from warifu.cli.approvers import OwnCredential
from warifu.cli.client import Client
from warifu.cli.context import now
from warifu.cli.files import write_private
from warifu.cli.known_wallet import Wallet
from warifu.cli.proposals import Words, fetch_words, propose
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_requests import (
    CallRequest,
    ExchangeCall,
)
from warifu.protocol.request import AtExchange

PATIENCE = 3600
"""Seconds for which something stays authorized that others have to approve first."""
_MARGIN = 30
"""Seconds before its end in which it is not begun any more."""
_PAUSE = 1.0


class NotAsked(AuthorizationRefused):
    """Said by this client itself: the other owners did not approve it, so nothing of it left."""


@dataclass(frozen=True)
class Together:
    """One owner's hands at an exchange, and the other owners behind him."""

    client: Client
    screen: Screen
    wallet: Wallet
    own: OwnCredential
    needed: int
    """How many owners must want it (:func:`owners_needed`). The signers decide."""
    pause: Callable[[], None] = lambda: time.sleep(_PAUSE)

    def lifetime(self, alone: int) -> int:
        """Seconds for which a request is good, which would be good for ``alone`` if it took one owner."""
        return alone if self.needed == 1 else max(alone, PATIENCE)

    def approved(self, request: AtExchange) -> list[Approval]:
        """The other owners' approvals, as soon as there are enough; at once where none is needed.

        :class:`NotAsked` (``approvals-missing``, ``owner-refused``)."""
        if self.needed == 1:
            return []
        identifier = propose(self.client, request, b"", approve_request(self.own.approve, request))
        self._say(identifier, by_file=isinstance(request, CallRequest))
        with self.screen.waiting(tr("waiting for the other owners")):
            while True:
                words = fetch_words(self.client, self.wallet, request)
                if len({self.own.credential, *words.approved}) >= self.needed:
                    return [each for each in words.approvals if each.credential != self.own.credential]
                self._require_hope(words)
                if now() > request.expires - _MARGIN:
                    raise NotAsked(
                        "approvals-missing",
                        f"not enough owners approved it in time; {self.needed} must",
                        not_done="Nothing was asked of the devices.",
                        remedy="Ask again, when the other owners are there.",
                    )
                self.pause()

    def _say(self, identifier: str, *, by_file: bool) -> None:
        self.screen.line(tr("This takes {needed} owners. Yours is the first.", needed=self.needed))
        command = f"warifu approval give {identifier}{' --call FILE' if by_file else ''}"
        self.screen.line(tr("The others approve it with: {command}", command=command))
        self.screen.line(tr("It goes on here by itself when they have. Ctrl-C: nothing is asked for."))
        if self.screen.json:
            click.echo(identifier, err=True)  # the one object on standard output comes at the end

    def _require_hope(self, words: Words) -> None:
        left = len(self.wallet.rules.owners) - len(words.refused)
        if left < self.needed:
            raise NotAsked(
                "owner-refused",
                f"{len(words.refused)} of the owners refused it, and {self.needed} must approve",
                not_done="Nothing was asked of the devices.",
                remedy="Talk with them. What they refused may be asked for again.",
            )


def require_new(file: Path | None) -> Path:
    """Where what is asked for is written. ``InputRefused`` (``call-file``): that is not said, or a file is there."""
    if file is not None and not file.exists():
        return file
    raise InputRefused(
        "call-file",
        "this takes other owners, and the service must not see what they approve: name a new file for it"
        if file is None
        else f"{file} exists already",
        not_done="Nothing was asked.",
        remedy="Name a new file ('--out FILE'), and hand it to them yourself: they approve with '--call FILE'.",
    )


def hand_over(call: ExchangeCall, file: Path | None) -> None:
    """Write what is asked for where its owner takes it from for the others."""
    write_private(require_new(file), encode(call), replace=False)
