"""What an owner of a household tells its signers about the wallet: other rules, notices, vetoes, freezes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from nacl.utils import random
from tests.support.simulator import PASSPHRASE, Household

from warifu.errors import WarifuError
from warifu.protocol.authorization import Authorization, authorize
from warifu.protocol.credential import Approval, Approver, approver
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import Envelope
from warifu.protocol.frames import Instruct, Instructed, WalletStatus
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import Policy
from warifu.protocol.request import (
    FreezeRequest,
    Instruction,
    NoticeRequest,
    Outflow,
    RulesRequest,
    UnfreezeRequest,
    VetoRequest,
    request_digest,
)
from warifu.protocol.rules import Rules, rules_hash


class Owner:
    """One who instructs. ``rules``: those that he believes to be in force."""

    def __init__(self, home: Household) -> None:
        assert home.wallet_request is not None and home.birth is not None
        self.home = home
        self.wallet_id = home.birth.wallet_id
        self.rules = home.wallet_request.rules

    # --- what he asks for ---

    def change(self, policy: Policy | None = None, **fields: Any) -> RulesRequest:
        """Rules of the next revision with this policy, or with these fields of the policy changed."""
        changed = policy or msgspec.structs.replace(self.rules.policy, **fields)
        return self.asks(Rules(self.rules.revision + 1, self.rules.owners, changed))

    def asks(self, rules: Rules) -> RulesRequest:
        return RulesRequest(random(16), self.wallet_id, rules_hash(self.rules), rules, *self._times())

    def veto(self, about: Instruction) -> VetoRequest:
        return VetoRequest(random(16), self.wallet_id, request_digest(about), *self._times())

    def freeze(self, reason: str = "stop") -> FreezeRequest:
        return FreezeRequest(random(16), self.wallet_id, reason, *self._times())

    def unfreeze(self) -> UnfreezeRequest:
        return UnfreezeRequest(random(16), self.wallet_id, *self._times())

    def notice(self, outflows: Sequence[Outflow] = (), destinations: Sequence[str] = ()) -> NoticeRequest:
        return NoticeRequest(
            random(16),
            self.wallet_id,
            "bitcoin",
            tuple(outflows),
            tuple(sorted(destinations)),
            *self._times(),
        )

    def _times(self) -> tuple[int, int]:
        now = self.home.clock()
        return now, now + 3600

    # --- how it comes to a device ---

    def tell(
        self,
        name: str,
        request: Instruction,
        passphrase: str | None = None,
        key: IdentityKey | None = None,
        further: Sequence[Approval] = (),
        approve: Approver | None = None,
    ) -> Instructed:
        """Hand ``request`` to the device, with an envelope where there is a passphrase; raises the refusal."""
        frame = self.frame(name, request, passphrase, key, further, approve)
        return self.home[name].call(frame, Instructed)

    def tell_all(self, request: Instruction, passphrase: str | None = None) -> list[Instructed]:
        return [self.tell(name, request, passphrase) for name in self.home.names]

    def frame(
        self,
        name: str,
        request: Instruction,
        passphrase: str | None = None,
        key: IdentityKey | None = None,
        further: Sequence[Approval] = (),
        approve: Approver | None = None,
    ) -> Instruct:
        envelope = (
            self.home.envelope(self.home[name], request_digest(request), passphrase) if passphrase else None
        )
        return Instruct(9, self.yes(request, envelope, key, further, approve), envelope)

    def yes(
        self,
        request: Instruction,
        envelope: Envelope | None = None,
        key: IdentityKey | None = None,
        further: Sequence[Approval] = (),
        approve: Approver | None = None,
    ) -> Authorization:
        envelopes = [envelope] if envelope is not None else []
        return authorize(
            approve or approver(key or self.home.owner), request, encode(request), envelopes, further
        )

    def refused(self, name: str, request: Instruction, passphrase: str | None = None, **how: Any) -> str:
        """The code with which the device refuses it."""
        try:
            self.tell(name, request, passphrase, **how)
        except WarifuError as error:
            return error.code
        raise AssertionError("it was not refused")

    # --- what came of it ---

    def status(self, name: str) -> WalletStatus:
        (status,) = self.home[name].status().wallets
        return status

    def adopt(self, request: RulesRequest) -> None:
        """They are in force: what he asks for next replaces them."""
        self.rules = request.rules

    def loosen(self, name: str, **fields: Any) -> RulesRequest:
        """Ask one device for what waits."""
        request = self.change(**fields)
        assert self.tell(name, request, PASSPHRASE).state == "waits"
        return request
