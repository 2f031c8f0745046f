"""What an owner can ask for, in the one form that is shown, hashed and signed.

``docs/protocol.md``, "Requests". A request is authorized by a credential's signature over its digest; the signers
compare every field with what they are about to do, and with their own clock.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec

from warifu.protocol.attesting import Reference, SignedHead
from warifu.protocol.chains import Chain, Scheme
from warifu.protocol.encoding import Amount, Bytes16, Bytes32, Message, Seconds, decode, digest, encode
from warifu.protocol.exchange_requests import (
    AccountRequest,
    CallRequest,
    CarrierBanRequest,
    ComparisonsRequest,
    EndVisitRequest,
    ExchangeKeyRequest,
    RemoveAccountRequest,
    ReplacingKeyRequest,
    SettleRequest,
    TravelRuleRequest,
    VisitRequest,
)
from warifu.protocol.identity import DeviceRef
from warifu.protocol.policy import Policy
from warifu.protocol.release import MAX_KEEPERS
from warifu.protocol.rules import FIRST_REVISION, Owners, Rules
from warifu.units import MAX_QUANTITY

MAX_REQUEST_BYTES = 256 * 1024
MAX_SIGNERS = 16
MAX_EPOCH = 2**32 - 1
MAX_REASON = 200
MAX_ANNOUNCED = 100
Network = Literal["bitcoin", "testnet", "signet", "regtest"]


class Outflow(Message, frozen=True):
    """One thing that leaves the wallet, or may (``warifu.chains.reading.Outflow``, as it is authorized)."""

    kind: Literal["payment", "approval", "call", "message"]
    token: Annotated[str, msgspec.Meta(max_length=64)]
    """Contract or mint in its one text form; empty for the chain's own coin."""
    amount: Amount
    """Exactly so much, in the asset's smallest unit."""
    to: Annotated[str, msgspec.Meta(max_length=100)]
    """The address in its one text form."""

    def __post_init__(self) -> None:
        if int(self.amount) > MAX_QUANTITY:
            raise ValueError("an amount is more than there can be")


class Stretching(Message, frozen=True):
    """Argon2id parameters of the passphrase lock (RFC 9106): memory in MiB, at least 64, and passes."""

    memory_mib: Annotated[int, msgspec.Meta(ge=64, le=4096)]
    passes: Annotated[int, msgspec.Meta(ge=3, le=100)]


class TransferRequest(Message, frozen=True, tag="transfer"):
    """Sign exactly this transaction, or this message, on one chain.

    ``transaction`` (32 bytes, ``warifu.chains.reading.Reading.name``: on Bitcoin the txid in hash order, on Ethereum
    the signing hash, on Solana SHA-256 of the message) names the one unsigned transaction that the owner saw: two
    quorums can therefore never sign two payments for one request, even where they share no signer.
    """

    request_id: Bytes16
    wallet_id: Bytes32
    chain: Chain
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=100)]
    fee_ceiling: Amount
    """The most that it may cost beside the outflows, in the smallest unit of the chain's coin."""
    transaction: Bytes32
    replaces: Bytes16 | None
    """The ``request_id`` of the transfer whose transaction this one replaces (fee bump, cancellation), or None."""
    created: Seconds
    expires: Seconds


class WalletRequest(Message, frozen=True, tag="wallet"):
    """Create a wallet: have these devices generate a key for each scheme, of which each device gets one share.

    The digest of this request is the wallet's id, so the id alone fixes devices, threshold, owners and first policy.
    """

    request_id: Bytes16
    network: Network
    """Of its Bitcoin addresses."""
    schemes: Annotated[tuple[Scheme, ...], msgspec.Meta(min_length=1, max_length=3)]
    """In ascending order, none twice."""
    threshold: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIGNERS)]
    devices: Annotated[tuple[DeviceRef, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    owners: Owners
    policy: Policy
    stretching: Stretching
    created: Seconds
    expires: Seconds
    references: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=MAX_SIGNERS)] = ()
    """What the owner accepted each of ``devices`` as, in that order; or none at all: then any genuine evidence of a
    device passes that satisfies the policy."""

    def __post_init__(self) -> None:
        if len(self.references) not in (0, len(self.devices)):
            raise ValueError("there must be a reference for each device, or none")
        if list(self.schemes) != sorted(set(self.schemes)):
            raise ValueError("'schemes' must be sorted and without repetition")
        if "ecdsa" in self.schemes and self.threshold < 2:
            raise ValueError("threshold ECDSA takes two devices: the threshold must be at least 2")

    @property
    def rules(self) -> Rules:
        """Those that the wallet starts with."""
        return Rules(FIRST_REVISION, self.owners, self.policy)


class ReferenceRequest(Message, frozen=True, tag="reference"):
    """From now on accept this device as ``reference``: after an upgrade, a new kernel, another chip."""

    request_id: Bytes16
    wallet_id: Bytes32
    identity: Bytes32
    """The device in question. It is asked as well: what it is itself must not be news to it."""
    reference: Reference
    replaces: Bytes32
    """``reference_digest`` of what it was accepted as so far: an old approval cannot be played back over a newer."""
    created: Seconds
    expires: Seconds


class HandOutRequest(Message, frozen=True, tag="hand-out"):
    """Have a device whose TEE has no sealing key deal its sealing secret, a new one each time, to these devices of the
    wallet: from now on so many of them open its store, and no others."""

    request_id: Bytes16
    wallet_id: Bytes32
    identity: Bytes32
    """The device that deals."""
    keepers: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]
    """Identities, ascending."""
    threshold: Annotated[int, msgspec.Meta(ge=1, le=MAX_KEEPERS)]
    created: Seconds
    expires: Seconds

    def __post_init__(self) -> None:
        if list(self.keepers) != sorted(set(self.keepers)):
            raise ValueError("'keepers' must be sorted and without repetition")
        if self.identity in self.keepers:
            raise ValueError("a device is no keeper of its own secret")
        if self.threshold > len(self.keepers):
            raise ValueError("more keepers are needed than there are")


class RefreshRequest(Message, frozen=True, tag="refresh"):
    """Give every device of the wallet a new share of the same keys, and have it delete the old one."""

    request_id: Bytes16
    wallet_id: Bytes32
    epoch: Annotated[int, msgspec.Meta(ge=1, le=MAX_EPOCH)]
    """The one that begins: one more than the one in force."""
    created: Seconds
    expires: Seconds


class JournalRequest(Message, frozen=True, tag="journal"):
    """Show me the journals of the wallet's devices, sealed to a key that I have. No passphrase goes with it."""

    request_id: Bytes16
    wallet_id: Bytes32
    reader: Bytes32
    """X25519 public key, made for this reading."""
    first: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    """Number of the first entry."""
    count: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
    created: Seconds
    expires: Seconds


class RulesRequest(Message, frozen=True, tag="rules"):
    """From now on let the wallet be signed for by ``rules``: at once where they only tighten, else after a wait."""

    request_id: Bytes16
    wallet_id: Bytes32
    replaces: Bytes32
    """``rules_hash`` of those that they replace: no old request is played back over newer rules."""
    rules: Rules
    """Of a later revision; of the next one, but for a device that missed some."""
    created: Seconds
    expires: Seconds


class NoticeRequest(Message, frozen=True, tag="notice"):
    """Make known what is going to be paid, so that whoever does not want it can veto it before it can happen."""

    request_id: Bytes16
    wallet_id: Bytes32
    chain: Chain
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=MAX_ANNOUNCED)]
    """All that one transfer lets leave; empty where only destinations are announced."""
    destinations: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...],
        msgspec.Meta(max_length=MAX_ANNOUNCED),
    ]
    """Those that are going to be paid, sorted."""
    created: Seconds
    expires: Seconds

    def __post_init__(self) -> None:
        if not self.outflows and not self.destinations:
            raise ValueError("a notice announces outflows, or destinations, or both")
        if list(self.destinations) != sorted(set(self.destinations)):
            raise ValueError("'destinations' must be sorted and without repetition")


class VetoRequest(Message, frozen=True, tag="veto"):
    """Do not let happen what waits: a change of the rules, the end of a freeze, or what was announced."""

    request_id: Bytes16
    wallet_id: Bytes32
    about: Bytes32
    """Digest of the request that asked for it."""
    created: Seconds
    expires: Seconds


class FreezeRequest(Message, frozen=True, tag="freeze"):
    """Let nothing leave the wallet from now on, and let nothing take effect that waits."""

    request_id: Bytes16
    wallet_id: Bytes32
    reason: Annotated[str, msgspec.Meta(max_length=MAX_REASON)]
    created: Seconds
    expires: Seconds


class UnfreezeRequest(Message, frozen=True, tag="unfreeze"):
    """Let the wallet sign again, once that has waited as every loosening does."""

    request_id: Bytes16
    wallet_id: Bytes32
    created: Seconds
    expires: Seconds


class RestoredRequest(Message, frozen=True, tag="restored"):
    """Take this device back as it is: its newest disk is gone, and an older one was put back on purpose."""

    request_id: Bytes16
    wallet_id: Bytes32
    identity: Bytes32
    head: SignedHead
    """Of its journal as it is now, signed by it: from there on it must not go back."""
    created: Seconds
    expires: Seconds


AfterCall = SettleRequest | CarrierBanRequest
"""What owners say of calls at exchanges that were made."""
Instruction = (
    RulesRequest
    | NoticeRequest
    | VetoRequest
    | FreezeRequest
    | UnfreezeRequest
    | RestoredRequest
    | AfterCall
    | RemoveAccountRequest
)
"""What an owner tells the signers about the wallet itself: none of it signs anything, and nothing in it is secret, so
that a service can keep it for devices that are away."""
DeviceRequest = ReferenceRequest | HandOutRequest | RestoredRequest
"""What owners say of a wallet's devices: each changes whom the wallet trusts."""
AtExchange = ExchangeKeyRequest | AccountRequest | CallRequest | VisitRequest | AfterCall
"""What several owners may have to approve at an exchange: an account, and what is said of calls that were made, as the
largest payment; the others by what they give away or bring there (``Policy.approvals_at``)."""
Shared = TransferRequest | RulesRequest | UnfreezeRequest | DeviceRequest | AtExchange
"""What several owners may have to approve."""
Request = (
    TransferRequest
    | WalletRequest
    | ReferenceRequest
    | HandOutRequest
    | RefreshRequest
    | JournalRequest
    | ExchangeKeyRequest
    | ReplacingKeyRequest
    | AccountRequest
    | TravelRuleRequest
    | CallRequest
    | VisitRequest
    | EndVisitRequest
    | ComparisonsRequest
    | Instruction
)


def request_digest(request: Request) -> bytes:
    """32 bytes that name exactly this request."""
    return digest("request", encode(request))


def decode_request(data: bytes) -> Request:
    """Read a request from its one encoding; ``InputRefused`` for anything else."""
    return decode(cast("type[Request]", Request), data, MAX_REQUEST_BYTES)
