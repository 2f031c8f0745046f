"""EncPedPop: SimplPedPop with the secret shares encrypted, so that an untrusted coordinator can add them up.

BIP text, "DKG Protocol EncPedPop". A share travels as share + pad; the pad comes from a Diffie-Hellman secret of the
sender's one-time nonce and the receiver's static key. The encryption is additive: the coordinator adds the encrypted
shares, and the receiver takes the sum of the pads away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from warifu.threshold.dkg import simplpedpop
from warifu.threshold.dkg.errors import (
    FaultyCoordinator,
    FaultyParticipantOrCoordinator,
    UnknownFaultyParticipantOrCoordinator,
)
from warifu.threshold.dkg.simplpedpop import PublicOutput
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.wire import Reader, encode_elements, encode_scalars, index_bytes
from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.wiping import Secret

# Messages


@dataclass(frozen=True)
class ParticipantMessage:
    """From a participant to the coordinator. ``encrypted_shares[j]`` is for participant ``j``."""

    inner: simplpedpop.ParticipantMessage
    pubnonce: bytes
    encrypted_shares: tuple[int, ...]

    @staticmethod
    def length(suite: DkgSuite, t: int, n: int) -> int:
        group = suite.group
        return simplpedpop.ParticipantMessage.length(suite, t) + group.element_bytes + group.scalar_bytes * n

    @classmethod
    def decode(cls, suite: DkgSuite, data: bytes, t: int, n: int) -> ParticipantMessage:
        """InvalidInput for a wrong length; Malformed for bytes that are no points or scalars.

        The public nonce stays unparsed: it is each receiver's to judge.
        """
        reader = Reader(suite.group, data, length=cls.length(suite, t, n), what="participant's first message")
        inner = simplpedpop.ParticipantMessage.read(suite, reader, t)
        (pubnonce,) = reader.chunks(1, suite.group.element_bytes)
        return cls(inner, pubnonce, reader.scalars(n, "encrypted share"))

    def encode(self, suite: DkgSuite) -> bytes:
        return self.inner.encode() + self.pubnonce + encode_scalars(suite.group, self.encrypted_shares)


@dataclass(frozen=True)
class CoordinatorMessage:
    """From the coordinator to all."""

    inner: simplpedpop.CoordinatorMessage
    pubnonces: tuple[bytes, ...]

    @staticmethod
    def length(suite: DkgSuite, t: int, n: int) -> int:
        return simplpedpop.CoordinatorMessage.length(suite, t, n) + suite.group.element_bytes * n

    @classmethod
    def read(cls, suite: DkgSuite, reader: Reader, t: int, n: int) -> CoordinatorMessage:
        inner = simplpedpop.CoordinatorMessage.read(suite, reader, t, n)
        return cls(inner, reader.chunks(n, suite.group.element_bytes))

    def encode(self) -> bytes:
        return self.inner.encode() + b"".join(self.pubnonces)


@dataclass(frozen=True)
class InvestigationMessage:
    """From the coordinator to one participant: what each sender contributed to its sum. Nothing in it is secret."""

    encrypted_shares: tuple[int, ...]
    partial_pubshares: tuple[Element, ...]

    @staticmethod
    def length(suite: DkgSuite, n: int) -> int:
        return (suite.group.scalar_bytes + suite.group.element_bytes) * n

    @classmethod
    def decode(cls, suite: DkgSuite, data: bytes, n: int) -> InvestigationMessage:
        """InvalidInput for a wrong length; Malformed for bytes that are no points or scalars."""
        reader = Reader(suite.group, data, length=cls.length(suite, n), what="investigation message")
        shares = reader.scalars(n, "encrypted partial share")
        return cls(shares, reader.elements(n, "partial public share"))

    def encode(self, suite: DkgSuite) -> bytes:
        return encode_scalars(suite.group, self.encrypted_shares) + encode_elements(self.partial_pubshares)


# Encryption


@dataclass(frozen=True)
class Keys:
    """One participant's view of the static encryption keys, in the order of the participants."""

    suite: DkgSuite
    t: int
    index: int
    decryption_key: Secret
    encryption_keys: tuple[Element, ...]

    @property
    def context(self) -> bytes:
        """Hashed into every pad, so that no pad serves two sets of participants or two thresholds."""
        return _context(self.t, self.encryption_keys)

    def pad_to(self, receiver: int, secnonce: Secret, pubnonce: bytes) -> Secret:
        """The pad for what this participant sends to another one."""
        key = self.encryption_keys[receiver]
        with self.suite.shared_secret(secnonce, key) as shared:
            return self._pad(shared, pubnonce + key.encoded, receiver)

    def pad_from(self, pubnonce: Element) -> Secret:
        """The pad of what this participant receives from another one."""
        own = self.encryption_keys[self.index]
        with self.suite.shared_secret(self.decryption_key, pubnonce) as shared:
            return self._pad(shared, pubnonce.encoded + own.encoded, self.index)

    def pad_to_self(self, pubnonce: bytes) -> Secret:
        """Both ends are this participant: its key serves as a symmetric one, which saves a product."""
        return self.suite.scalar(
            "encaps_multi self_pad",
            self.decryption_key.buffer,
            pubnonce,
            index_bytes(self.index),
            self.context,
        )

    def _pad(self, shared: Secret, keys: bytes, receiver: int) -> Secret:
        return self.suite.scalar("encpedpop ecdh", shared.buffer, keys, index_bytes(receiver), self.context)


def encrypt_shares(
    keys: Keys, secnonce: Secret, pubnonce: bytes, shares: Sequence[Secret]
) -> tuple[int, ...]:
    """Each share plus its pad. The shares are wiped: in the clear they have no further use."""
    group = keys.suite.group
    encrypted = []
    for receiver, share in enumerate(shares):
        own = receiver == keys.index
        pad = keys.pad_to_self(pubnonce) if own else keys.pad_to(receiver, secnonce, pubnonce)
        with share, pad, group.secret_add(share, pad) as ciphertext:
            encrypted.append(group.scalar_from_bytes(ciphertext.expose()))
    return tuple(encrypted)


def receiving_pads(keys: Keys, pubnonces: Sequence[bytes]) -> list[Secret]:
    """The pad of each sender's share for this participant.

    FaultyParticipantOrCoordinator for a nonce that is no point.
    """
    pads = []
    for sender, encoded in enumerate(pubnonces):
        if sender == keys.index:
            pads.append(keys.pad_to_self(encoded))
            continue
        try:
            pubnonce = keys.suite.group.element_from_bytes(encoded)
        except InvalidInput as error:
            raise FaultyParticipantOrCoordinator(sender, "public nonce") from error
        pads.append(keys.pad_from(pubnonce))
    return pads


def decrypt_sum(suite: DkgSuite, pads: Sequence[Secret], encrypted_sum: int) -> Secret:
    """The sum of the shares: what the coordinator added up, without the pads."""
    total = pads[0].clone()
    for pad in pads[1:]:
        with total as previous:
            total = suite.group.secret_add(previous, pad)
    with total, suite.group.secret_negate(total) as negated:
        return suite.group.secret_add_public(negated, encrypted_sum)


# Participant


@dataclass(frozen=True)
class ParticipantState:
    """What a participant keeps between its steps: nothing secret."""

    inner: simplpedpop.ParticipantState
    pubnonce: bytes


class Investigation:
    """What a participant with a wrong share keeps to find out whose fault it is. Holds the pads: wipe it."""

    def __init__(
        self, suite: DkgSuite, index: int, pubshare: Element, encrypted_sum: int, pads: list[Secret]
    ) -> None:
        self.suite = suite
        self.index = index
        self.pubshare = pubshare
        self.encrypted_sum = encrypted_sum
        self.pads = pads

    @property
    def n(self) -> int:
        return len(self.pads)

    def wipe(self) -> None:
        for pad in self.pads:
            pad.wipe()


def participant_step1(keys: Keys, seed: Secret, random: bytes) -> tuple[ParticipantState, ParticipantMessage]:
    """Make and encrypt the shares. ``seed``: long-lived, high entropy; ``random``: 32 fresh bytes.

    The one-time nonce is derived from the same session seed as the shares: the same nonce never meets other shares.
    """
    suite = keys.suite
    n = len(keys.encryption_keys)
    with (
        Secret(suite.digest("encpedpop seed", seed.buffer, random, keys.context)) as session_seed,
        suite.scalar("encpedpop secnonce", session_seed.buffer) as secnonce,
    ):
        aux = suite.digest("simplpedpop aux", session_seed.buffer)
        inner, message, shares = simplpedpop.participant_step1(
            suite, session_seed, keys.t, n, keys.index, keys.context, aux
        )
        pubnonce = suite.group.base_mul(secnonce).encoded
        encrypted = encrypt_shares(keys, secnonce, pubnonce, shares)
    return ParticipantState(inner, pubnonce), ParticipantMessage(message, pubnonce, encrypted)


def participant_step2(
    keys: Keys, state: ParticipantState, message: CoordinatorMessage, encrypted_sum: int
) -> tuple[Secret, PublicOutput, bytes]:
    """Decrypt and check; return the final share, the public output, and the transcript.

    Raises FaultyCoordinator, FaultyParticipantOrCoordinator, UnknownFaultyParticipantOrCoordinator.
    """
    if message.pubnonces[keys.index] != state.pubnonce:
        raise FaultyCoordinator("public nonce in this participant's own name")
    pads = receiving_pads(keys, message.pubnonces)
    investigation = None
    try:
        with decrypt_sum(keys.suite, pads, encrypted_sum) as summed_share:
            share, output, inner = simplpedpop.participant_step2(
                keys.suite, state.inner, message.inner, summed_share
            )
    except simplpedpop.WrongShareError as error:
        investigation = Investigation(keys.suite, keys.index, error.pubshare, encrypted_sum, pads)
        raise UnknownFaultyParticipantOrCoordinator(investigation) from error
    finally:
        if investigation is None:
            for pad in pads:
                pad.wipe()
    return share, output, inner + _transcript(keys.encryption_keys, message.pubnonces)


def participant_investigate(investigation: Investigation, message: InvestigationMessage) -> NoReturn:
    """Find whose share is wrong: raises FaultyCoordinator or FaultyParticipantOrCoordinator. Wipes the pads."""
    group = investigation.suite.group
    try:
        if sum(message.encrypted_shares) % group.order != investigation.encrypted_sum:
            raise FaultyCoordinator("sum of encrypted shares")
        # (share + pad) G - pad G: the share itself may be zero, which no Secret can be.
        share_points = [
            group.element_sub(group.base_mul_public(encrypted), group.base_mul(pad))
            for encrypted, pad in zip(message.encrypted_shares, investigation.pads, strict=True)
        ]
    finally:
        investigation.wipe()
    simplpedpop.investigate(
        investigation.suite,
        investigation.index,
        investigation.pubshare,
        message.partial_pubshares,
        share_points,
    )


# Coordinator


def coordinator_step(
    suite: DkgSuite, messages: Sequence[ParticipantMessage], t: int, encryption_keys: tuple[Element, ...]
) -> tuple[CoordinatorMessage, tuple[int, ...], PublicOutput, bytes]:
    """Add everything up; return the message to all, the encrypted share sums, the public output, the transcript.

    Raises FaultyParticipant.
    """
    inner, output, inner_transcript = simplpedpop.coordinator_step(
        suite, [message.inner for message in messages], t, _context(t, encryption_keys)
    )
    pubnonces = tuple(message.pubnonce for message in messages)
    sums = tuple(
        sum(message.encrypted_shares[receiver] for message in messages) % suite.group.order
        for receiver in range(len(messages))
    )
    transcript = inner_transcript + _transcript(encryption_keys, pubnonces)
    return CoordinatorMessage(inner, pubnonces), sums, output, transcript


def coordinator_investigate(messages: Sequence[ParticipantMessage]) -> list[InvestigationMessage]:
    """One investigation message for each participant."""
    pubshares = simplpedpop.coordinator_investigate([message.inner for message in messages])
    return [
        InvestigationMessage(
            tuple(message.encrypted_shares[receiver] for message in messages), pubshares[receiver]
        )
        for receiver in range(len(messages))
    ]


def _context(t: int, encryption_keys: tuple[Element, ...]) -> bytes:
    return index_bytes(t) + encode_elements(encryption_keys)


def _transcript(encryption_keys: tuple[Element, ...], pubnonces: tuple[bytes, ...]) -> bytes:
    """What this layer adds: agreement on the keys excludes a man in the middle, on the nonces allows recovery."""
    return encode_elements(encryption_keys) + b"".join(pubnonces)
