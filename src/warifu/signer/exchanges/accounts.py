"""An account at an exchange, as a device was told of it: all but its secret part."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.encoding import Bytes32, Bytes64, Message, Name, Seconds, digest
from warifu.protocol.exchange_answers import KeyBorn
from warifu.protocol.exchange_requests import MAX_SHARES, AccountTerms, Identities, KeyKind, terms_digest
from warifu.threshold.frost.key import ThresholdKey


class Account(Message, frozen=True):
    """An account, without this device's secret part. Stored as it is."""

    wallet: Bytes32
    name: Name
    exchange: Name
    kind: KeyKind
    holders: Identities
    terms: AccountTerms | None
    """None: the key was born, and the exchange's API key was not brought yet."""
    simulation: bool
    born: KeyBorn | None
    """Of a key that the devices generated."""
    since: Seconds
    refreshed: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_SHARES)] = ()
    """Of a shared key: the public shares in force since the wallet's last refresh; empty: those that it came with."""
    together: Annotated[tuple[Bytes64, ...], msgspec.Meta(max_length=MAX_SHARES)] = ()
    """Of a key that took another one's place: every holder's word that it keeps it, in the order of the holders."""

    @property
    def finished(self) -> bool:
        return self.terms is not None

    @property
    def public(self) -> bytes:
        """Of a shared key, 32 bytes; empty for a whole secret."""
        if self.born is not None:
            return self.born.public
        return self.terms.public if self.terms is not None else b""

    @property
    def succession(self) -> bytes:
        """Of a finished one with a shared key: 32 bytes that name it among its holders, the same at each."""
        assert self.terms is not None, "an unfinished account takes nobody's place"
        named = self.name.encode(), self.exchange.encode(), self.kind.encode(), bytes([self.simulation])
        return digest(
            "exchange-succession", self.wallet, *named, self.public, terms_digest(self.terms), *self.holders
        )

    def threshold_key(self, t: int) -> ThresholdKey:
        """Of a shared key. ``t``: the wallet's threshold."""
        assert self.public, "a whole secret is no threshold key"
        shares = self.born.public_shares if self.born is not None else ()
        if self.terms is not None and self.terms.public_shares:
            shares = self.terms.public_shares
        return ThresholdKey(t, len(self.holders), self.public, self.refreshed or shares)
