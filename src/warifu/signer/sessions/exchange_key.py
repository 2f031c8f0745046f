"""Generating an Ed25519 key for an account at an exchange: one ChillDKG among all devices of a wallet.

As a wallet is made (``keygen``); who misses the end recovers its share (``signer.exchanges.generating``). Nothing of
one generation serves in another: the channel is bound to the request.
"""

from __future__ import annotations

from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.keygen import Cradle, KeygenCeremony


class ExchangeKeyCeremony(KeygenCeremony):
    """See the module."""

    kind = "exchange-key"
    again = "Generate the key again."

    def __init__(self, seat: Seat, cradle: Cradle, account: str) -> None:
        super().__init__(seat, cradle)
        self.account = account

    @property
    def not_done(self) -> str:
        if not self._kept:
            return "This device got no key for the account."
        return "This device has no share of the key. If another has, this one can recover its own."
