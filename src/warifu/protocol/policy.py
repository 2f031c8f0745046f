"""The policy document of a wallet: what its signers may sign. The judge is ``warifu.signer.policy``.

The owner writes TOML (``warifu.protocol.policy_text``); the canonical encoding is hashed, and the hash is in each
signer's evidence. Default deny: a chain without rules, an asset without limits, and a wallet without an allowed
destination can receive and nothing else.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.attesting import ClaimName
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Amount, Message, digest, encode
from warifu.units import MAX_QUANTITY

Address = Annotated[str, msgspec.Meta(min_length=14, max_length=100)]
Addresses = Annotated[tuple[Address, ...], msgspec.Meta(max_length=1000)]
POLICY_VERSION = 3
MAX_POLICY_BYTES = 128 * 1024
MAX_CHAINS = 32
MAX_ASSETS = 200


class AssetLimits(Message, frozen=True):
    """Limits of one asset in its smallest unit."""

    token: Annotated[str, msgspec.Meta(max_length=64)]
    """Contract or mint in its one text form; empty for the chain's own coin."""
    symbol: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    """For words only: what it is called decides nothing."""
    decimals: Annotated[int, msgspec.Meta(ge=0, le=36)]
    per_transaction: Amount
    per_day: Amount
    """Most that may leave in any 24 hours, by the signer's own clock and its own memory of what it signed."""

    def __post_init__(self) -> None:
        if max(int(self.per_transaction), int(self.per_day)) > MAX_QUANTITY:
            raise ValueError("a limit is more than there can be")


class ChainRules(Message, frozen=True):
    """What may leave on one chain: what goes to others, what others may take (approvals), and the fee."""

    chain: Chain
    fee_ceiling: Amount
    """Most that one transaction may cost, whatever the request says, in the coin's smallest unit."""
    any_destination: bool
    destinations: Addresses
    assets: Annotated[tuple[AssetLimits, ...], msgspec.Meta(min_length=1, max_length=MAX_ASSETS)]
    """The coin first, then tokens in ascending order."""
    contracts: Addresses
    """Contracts and programs that may be called with data that no signer understands, or, with ``messages``, be given
    signed messages that no signer understands (orders)."""
    messages: bool
    """Whether messages that move nothing by themselves may be signed: log-ins, and what the ``contracts`` take."""

    def __post_init__(self) -> None:
        if self.any_destination and self.destinations:
            raise ValueError("'any_destination' and 'destinations' exclude each other")
        for listed in (self.destinations, self.contracts, tuple(item.token for item in self.assets)):
            if list(listed) != sorted(set(listed)):
                raise ValueError("lists must be sorted and without repetition")
        if self.assets[0].token:
            raise ValueError("the first asset is the chain's own coin")


class DeviceRules(Message, frozen=True):
    """What a device has to show before the others work with it. Each signer judges all, and itself."""

    least_tier: Annotated[int, msgspec.Meta(ge=0, le=2)] = 0
    host: Annotated[tuple[ClaimName, ...], msgspec.Meta(max_length=32)] = ()
    """Claims about the host that must hold (``warifu doctor`` lists their names), sorted, none twice."""
    declared_counts: bool = False
    """Whether what the owner declares and nobody can see is enough for ``host``."""

    def __post_init__(self) -> None:
        if list(self.host) != sorted(set(self.host)):
            raise ValueError("'host' must be sorted and without repetition")


class Policy(Message, frozen=True):
    """One wallet's rules. ``chains``: in ascending order, none twice."""

    version: Annotated[int, msgspec.Meta(ge=POLICY_VERSION, le=POLICY_VERSION)]
    passphrase_tries: Annotated[int, msgspec.Meta(ge=1, le=20)]
    """Wrong passphrases in a row after which this device's share stays shut."""
    chains: Annotated[tuple[ChainRules, ...], msgspec.Meta(max_length=MAX_CHAINS)]
    devices: DeviceRules = DeviceRules()

    def __post_init__(self) -> None:
        names = [rules.chain for rules in self.chains]
        if names != sorted(set(names)):
            raise ValueError("'chains' must be sorted and without repetition")

    def rules(self, chain: str) -> ChainRules | None:
        """Those of ``chain``; None where nothing may leave."""
        return next((rules for rules in self.chains if rules.chain == chain), None)


def policy_hash(policy: Policy) -> bytes:
    """32 bytes that name exactly this policy."""
    return digest("policy", encode(policy))
