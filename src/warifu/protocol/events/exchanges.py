"""What a journal says of accounts at exchanges and of the calls there."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.encoding import Bytes16, Bytes32, Message, Name
from warifu.protocol.events.word import Word
from warifu.protocol.exchange_requests import MAX_TRAVEL_RULE_FIELDS, Identities, KeyKind
from warifu.protocol.request import MAX_SIGNERS

MAX_DIFFERS = 16
"""Words in which something differs."""


class ExchangeKeyBorn(Message, frozen=True, tag="exchange-key-born"):
    """The share of a key for an account at an exchange is kept."""

    wallet: Bytes32
    request: Bytes32
    account: Name
    exchange: Name
    public: Bytes32


class ExchangeAccountKept(Message, frozen=True, tag="exchange-account-kept"):
    """This device's part of a credential at an exchange is kept. Neither the API key nor a secret is in it."""

    wallet: Bytes32
    request: Bytes32
    account: Name
    exchange: Name
    key: KeyKind
    holders: Identities
    public: Annotated[bytes, msgspec.Meta(max_length=32)]
    """Of a shared key."""
    simulation: bool


class ExchangeAccountReplaced(Message, frozen=True, tag="exchange-account-replaced"):
    """Another key took the place of an account's: every holder keeps it. The one of before is forgotten."""

    wallet: Bytes32
    account: Name
    exchange: Name
    public: Bytes32
    replaced: Bytes32
    """Public key of before."""


class ExchangeAccountRemoved(Message, frozen=True, tag="exchange-account-removed"):
    """An account and this device's part of its credential are forgotten."""

    wallet: Bytes32
    request: Bytes32
    account: Name
    exchange: Name


class Given(Message, frozen=True):
    """The most that a call gives away of one asset, by the exchange's symbol, as a decimal number."""

    symbol: Word
    amount: Word


class CallStarted(Message, frozen=True, tag="call-started"):
    """Every rule allowed it: this device's signature share for the call may leave or, where it is the carrier itself,
    the call."""

    request: Bytes32
    request_id: Bytes16
    wallet: Bytes32
    session: Bytes16
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    carrier: Bytes32
    account: Word
    exchange: Word
    endpoint: Word
    """Which of the exchange's: ``NEW_ORDER``."""
    gives: Annotated[tuple[Given, ...], msgspec.Meta(max_length=16)]
    to: Annotated[str, msgspec.Meta(max_length=512)]
    """Where funds go; empty where they stay."""
    rules: Bytes32
    """Hash of the rules that allowed it."""
    identifier: Word = ""
    """By what the exchange knows an order or a withdrawal again; empty where it names none."""


class CallAcknowledged(Message, frozen=True, tag="call-acknowledged"):
    """Every rule allowed it, and it counts from now on, whoever makes it (strict wallets)."""

    wallet: Bytes32
    request: Bytes32
    account: Word
    exchange: Word
    endpoint: Word
    gives: Annotated[tuple[Given, ...], msgspec.Meta(max_length=16)]
    to: Annotated[str, msgspec.Meta(max_length=512)]
    """As in ``CallStarted``."""
    rules: Bytes32
    """Hash of the rules that allowed it."""


class CallEnded(Message, frozen=True, tag="call-ended"):
    """What came of a call that this device carried (``exchange_answers.Outcome``)."""

    wallet: Bytes32
    request: Bytes32
    session: Bytes16
    outcome: Word
    reason: Word


class CallCompared(Message, frozen=True, tag="call-compared"):
    """What this device found at the exchange of a call that it signed and another one carried."""

    wallet: Bytes32
    request: Bytes32
    session: Bytes16
    account: Word
    outcome: Word
    """``done``: it is what was signed. ``not-there``: it never happened. ``differs``: the wallet was frozen."""
    differs: Annotated[tuple[Word, ...], msgspec.Meta(max_length=MAX_DIFFERS)]
    words: Annotated[tuple[Word, ...], msgspec.Meta(max_length=MAX_DIFFERS)] = ()
    """What is there, and what was signed for: for the owner."""


class ComparisonSettled(Message, frozen=True, tag="comparison-settled"):
    """Owners looked at the exchange themselves: what this device had to compare of that call, or found to differ in it,
    is settled by their word."""

    wallet: Bytes32
    request: Bytes32
    """Digest of their ``SettleRequest``."""
    about: Bytes32
    """Of the call, as in ``CallCompared.request``."""
    account: Word
    differed: bool
    """Whether it had found something else."""


class CarrierBanned(Message, frozen=True, tag="carrier-banned"):
    """An owner lets that device carry nothing to an exchange any more."""

    wallet: Bytes32
    request: Bytes32
    device: Bytes32


class CarrierAllowed(Message, frozen=True, tag="carrier-allowed"):
    """Owners let it again."""

    wallet: Bytes32
    request: Bytes32
    device: Bytes32


class TravelRuleKept(Message, frozen=True, tag="travel-rule-kept"):
    """An owner stated, for an exchange's questions, who is paid by what comes home; or took that back."""

    wallet: Bytes32
    request: Bytes32
    """Digest of what was authorized."""
    account: Word
    fields: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=160)], ...],
        msgspec.Meta(max_length=MAX_TRAVEL_RULE_FIELDS),
    ]
    """Names of what is stated; none where it was taken back."""
