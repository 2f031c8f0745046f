"""A wallet as this client verified it: what its record in the profile says, parsed."""

from __future__ import annotations

import msgspec

from warifu.cli.profile_records import WalletRecord
from warifu.errors import InputRefused, StoreDamaged
from warifu.protocol.authorization import CLOCK_SKEW
from warifu.protocol.encoding import decode
from warifu.protocol.epochs import read_statement, statement_in
from warifu.protocol.frames import WalletBirth
from warifu.protocol.request import MAX_SIGNERS, WalletRequest, decode_request
from warifu.protocol.rules import MAX_RULES_BYTES, Rules


class Asked(msgspec.Struct, frozen=True):
    """Rules that were asked for here and wait: the digest of the request, the rules, and the moment from which on a
    device may have them in force."""

    request: bytes
    rules: Rules
    effect: int


class Wallet(msgspec.Struct, frozen=True):
    """A wallet as this client verified it."""

    name: str
    request: WalletRequest
    birth: WalletBirth
    changed: Rules | None = None
    """The rules that its owner changed those of the request to."""
    certificate: bytes = b""
    """Of its epoch; empty where its shares were never refreshed."""
    asked: Asked | None = None

    @classmethod
    def read(cls, record: WalletRecord) -> Wallet:
        """The parsed form of a record; ``StoreDamaged`` where it does not parse."""
        try:
            request = decode_request(record.request)
            birth = decode(WalletBirth, record.birth, 64 * 1024)
            changed = decode(Rules, record.rules, MAX_RULES_BYTES) if record.rules else None
            asked = record.asked
            waits = (
                Asked(asked.request, decode(Rules, asked.rules, MAX_RULES_BYTES), asked.effect)
                if asked is not None
                else None
            )
        except InputRefused as error:
            raise _damaged(record.name) from error
        if not isinstance(request, WalletRequest) or len(request.devices) > MAX_SIGNERS:
            raise _damaged(record.name)
        return cls(record.name, request, birth, changed, record.certificate, waits)

    @property
    def rules(self) -> Rules:
        """Those in force, by the owner's own record: neither the service nor a device is asked."""
        return self.changed or self.request.rules

    def acceptable(self, now: int) -> tuple[Rules, ...]:
        """Those that a device may rightly have in force: the ones on record, and, once their wait may be over by a
        clock that is a little ahead, those that were asked for here."""
        if self.asked is None or now < self.asked.effect - CLOCK_SKEW:
            return (self.rules,)
        return self.rules, self.asked.rules

    @property
    def epoch(self) -> int:
        """How many times its shares were refreshed, as far as this client verified it."""
        return read_statement(statement_in(self.certificate)).epoch if self.certificate else 0

    @property
    def wallet_id(self) -> bytes:
        """32 bytes: the digest of the request that made it."""
        return self.birth.wallet_id


def _damaged(name: str) -> StoreDamaged:
    return StoreDamaged(
        "profile",
        f"the record of the wallet {name!r} is damaged",
        remedy="Restore the profile from your backup.",
    )
