"""What a journal says of a wallet: its birth, its shares, its rules, what waits, freezes, whom it trusts."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Bytes16, Bytes32, Message, Seconds
from warifu.protocol.frames.bounds import PublicKey
from warifu.protocol.request import MAX_ANNOUNCED, MAX_REASON, Outflow


class WalletPending(Message, frozen=True, tag="wallet-pending"):
    """The host secret key is kept; the transcript signature may leave."""

    wallet: Bytes32
    session: Bytes16
    host_public: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=3)]
    """One for each scheme of the wallet."""


class WalletBorn(Message, frozen=True, tag="wallet-born"):
    """The share is kept. ``recovered``: from a peer's recovery data."""

    wallet: Bytes32
    threshold_public: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=3)]
    """One for each scheme of the wallet."""
    recovered: bool


class SharesKept(Message, frozen=True, tag="shares-kept"):
    """New shares are kept beside those in force; the word that they are may leave."""

    wallet: Bytes32
    session: Bytes16
    epoch: int
    statement: Bytes32
    """Digest of the ``protocol.epochs.EpochStatement``."""


class SharesRefreshed(Message, frozen=True, tag="shares-refreshed"):
    """All devices gave their word: the shares of that statement are in force, and those of before are deleted."""

    wallet: Bytes32
    epoch: int
    statement: Bytes32


class ReferenceApproved(Message, frozen=True, tag="reference-approved"):
    """The owner accepts a device as something else from now on (``protocol.attesting.reference_digest`` of both)."""

    wallet: Bytes32
    identity: Bytes32
    before: Bytes32
    after: Bytes32


class RulesAsked(Message, frozen=True, tag="rules-asked"):
    """An owner asked for other rules, which allow more than those in force: they wait until ``effect``."""

    wallet: Bytes32
    request: Bytes32
    before: Bytes32
    after: Bytes32
    """``rules_hash`` of both."""
    revision: int
    effect: Seconds


class RulesChanged(Message, frozen=True, tag="rules-changed"):
    """Other rules are in force from now on."""

    wallet: Bytes32
    request: Bytes32
    before: Bytes32
    after: Bytes32
    """``rules_hash`` of both."""
    revision: int


class Announced(Message, frozen=True, tag="announced"):
    """An owner announced a payment, or destinations."""

    wallet: Bytes32
    request: Bytes32
    chain: Chain
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=MAX_ANNOUNCED)]
    destinations: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=100)], ...], msgspec.Meta(max_length=MAX_ANNOUNCED)
    ]


class Vetoed(Message, frozen=True, tag="vetoed"):
    """What the request with this digest asked for does not happen."""

    wallet: Bytes32
    about: Bytes32


class WalletFrozen(Message, frozen=True, tag="wallet-frozen"):
    """Nothing leaves the wallet from now on; what waited for it is vetoed."""

    wallet: Bytes32
    reason: Annotated[str, msgspec.Meta(max_length=MAX_REASON)]


class UnfreezeAsked(Message, frozen=True, tag="unfreeze-asked"):
    """An owner asked that the wallet sign again: that waits until ``effect``."""

    wallet: Bytes32
    request: Bytes32
    effect: Seconds


class WalletThawed(Message, frozen=True, tag="wallet-thawed"):
    """The wallet signs again."""

    wallet: Bytes32
    request: Bytes32


class WrongPassphrase(Message, frozen=True, tag="wrong-passphrase"):
    """A genuinely authorized request came with a passphrase that opens nothing."""

    wallet: Bytes32
    request: Bytes32
    wrong: int


class Restored(Message, frozen=True, tag="restored"):
    """The owners want that device taken back as it is, though this one remembers a later state of it."""

    wallet: Bytes32
    device: Bytes32
    remembered: int
    """Entries in its journal when it was last met; 0: never."""
    taken: int
    """Entries from which on it must not go back again."""
