"""Accounts, the credentials that act for them, and where their withdrawals may go."""

from __future__ import annotations

from typing import Literal

import msgspec

from warifu.sandbox.refusal import Refusal

Api = Literal["coinbase-exchange", "coinbase", "binance"]
"""Which door a credential opens; ``coinbase`` is Advanced Trade and the App."""
Permission = Literal["view", "trade", "transfer", "margin", "futures"]
"""The last two are only said of a key: nothing here can be done with them."""
Algorithm = Literal["HS256", "ES256", "EdDSA"]


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """An address that withdrawals may go to."""

    uuid: str
    asset: str
    address: str
    network: str
    label: str = ""
    moment: int = 0


class Further(msgspec.Struct, frozen=True, kw_only=True):
    """An account of Coinbase's App beside the first of its asset."""

    uuid: str
    asset: str
    kind: Literal["wallet", "vault"]
    """From a vault nothing is sent that a key asks for."""
    moment: int = 0


class Account(msgspec.Struct, kw_only=True):
    """One customer."""

    name: str
    uuid: str
    number: int
    wallets: dict[str, str] = {}
    """Asset, and the name (a UUID) of the wallet that has it."""
    further: list[Further] = []
    allowlist: list[Allowed] = []
    allowlist_only: bool = False
    """Whether withdrawals go to the addresses on the list alone."""
    travel_rule: bool = False
    """Whether a withdrawal has to say who is paid."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange keeps of a key: for HS256 the secret, otherwise the public key."""

    api: Api
    key: str
    """The key's name."""
    account: str
    algorithm: Algorithm
    verifier: str
    """HS256: the secret in base64. ES256, EdDSA: the public key as PEM."""
    permissions: tuple[Permission, ...] = ("view", "trade", "transfer")
    passphrase: str = ""

    def require(self, permission: Permission) -> None:
        """``Refusal`` (``permission``)."""
        if permission not in self.permissions:
            raise Refusal("permission", permission)


class People(msgspec.Struct):
    """All customers of one exchange."""

    accounts: dict[str, Account] = {}
    credentials: list[Credential] = []

    def credential(self, api: Api, key: str) -> Credential:
        """``Refusal`` (``authentication``) for a key that is not known."""
        for one in self.credentials:
            if (one.api, one.key) == (api, key):
                return one
        raise Refusal("authentication")

    def put(self, credential: Credential) -> None:
        """Instead of the one of that name, if there was one."""
        kept = [one for one in self.credentials if (one.api, one.key) != (credential.api, credential.key)]
        self.credentials[:] = [*kept, credential]

    def revoke(self, api: Api, key: str) -> bool:
        """Whether there was such a key."""
        kept = [one for one in self.credentials if (one.api, one.key) != (api, key)]
        there = len(kept) < len(self.credentials)
        self.credentials[:] = kept
        return there
