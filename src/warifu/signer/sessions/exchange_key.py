"""Generating an Ed25519 key for an account at an exchange: one ChillDKG among all devices of a wallet.

As a wallet is made (``keygen``), but that nothing is kept before the end: a key that not all devices got is registered
nowhere and is generated anew. Nothing of one generation serves in another: the channel is bound to the request.
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
        return "This device got no key for the account."
