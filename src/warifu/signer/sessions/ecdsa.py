"""Signing a transfer by threshold ECDSA (DKLs23): a session for each signature, all in the same messages.

Invariants, in the order in which they hold:

1. Everything was judged before this begins: request, transaction, policy, passphrase; no participant is banned.
2. Each two participants use correlations that both said they hold.
3. That these correlations are used up is durable before the first message that was computed from them exists.
4. ``started`` is durable before this device's first signature share exists: as for FROST, what breaks before that was
   not signed, and counts against no limit.
5. ``finished`` is durable before a signature leaves, and only verified signatures get there.
6. A device that is proven to have cheated is banned, durably, before anybody hears of it. A time-out, a lost record or
   a quarrel that does not show who lied bans nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from warifu.errors import PeerMisbehaved
from warifu.protocol.encoding import digest
from warifu.protocol.frames import FromSigner
from warifu.signer.pool import WalletPool, missing
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.messages import (
    EcdsaCommitments,
    EcdsaProducts,
    EcdsaShares,
    Held,
    SessionMessage,
)
from warifu.signer.sessions.signing import Bodies, SigningCeremony
from warifu.threshold.ecdsa.binding import PROTOCOL
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.session import SigningSession
from warifu.threshold.ecdsa.sign import VerifiedSignature
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class ToSign:
    """One signature: 32 bytes to sign, and the plain tweaks that lead from the threshold key to the key that signs."""

    message: bytes
    tweaks: tuple[bytes, ...]


@dataclass(frozen=True)
class Task:
    """What is signed, and with what. Who signs: the participants, under their numbers in ``pool``."""

    pool: WalletPool
    signatures: tuple[ToSign, ...]
    seen: Seen
    use_up: Callable[[Callable[[], None]], None]
    """Calls what takes the correlations, and makes that durable; raises where this is not to be signed any more."""
    started: Callable[[bytes], None]
    """Makes durable that signature shares may leave (32 bytes: digest of the correlations that were used up), or
    raises."""
    finished: Callable[[tuple[VerifiedSignature, ...]], bytes]
    """Makes the result durable and returns it, or raises."""


class EcdsaCeremony(SigningCeremony[SigningSession]):
    """See the module. Takes ownership of ``share``."""

    kind = "ecdsa"

    def __init__(self, seat: Seat, task: Task, share: Secret) -> None:
        """Raises as :meth:`WalletPool.require`."""
        super().__init__(seat, share, task.pool.numbers, len(task.signatures))
        task.pool.require(seat.participants, len(task.signatures), seat.names)
        self._task = task
        self._held: dict[bytes, tuple[bytes, ...]] = {}
        self._shared: dict[bytes, tuple[bytes, ...]] = {}
        self._used = b""
        self._commitments: dict[bytes, Bodies] = {}
        self._products: dict[bytes, Bodies] = {}

    def _opening(self) -> bytes:
        """32 bytes over what is signed, and how: devices that differ in it would take each other for cheats."""
        parts = (digest("signature", item.message, *item.tweaks) for item in self._task.signatures)
        return digest("to-sign/ecdsa", PROTOCOL, *parts)

    def _established(self) -> list[FromSigner]:
        self._held = {peer: self._task.pool.held(peer) for peer in self._channel.peers}
        return [self._say(peer, Held(ids)) for peer, ids in self._held.items()]

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        self._task.pool.require_not_banned(peer, self.seat.names[peer])  # in another session, meanwhile
        if isinstance(message, Held):
            self._shared[peer] = self._task.pool.shared(peer, self._held[peer], message.ids)
            return self._commit_when_ready()
        if isinstance(message, EcdsaCommitments):
            self._commitments[peer] = self._one_for_each_signature(peer, message.bodies)
            return self._multiply_when_ready()
        if isinstance(message, EcdsaProducts):
            self._products[peer] = self._one_for_each_signature(peer, message.bodies)
            return self._sign_when_ready()
        assert isinstance(message, EcdsaShares), "the table lets nothing else through"
        self._shares[peer] = self._one_for_each_signature(peer, message.bodies)
        return self._combine_when_ready()

    def _commit_when_ready(self) -> list[FromSigner]:
        if len(self._shared) < len(self._channel.peers):
            return []
        taken = self._take_correlations({peer: self._choose(ids) for peer, ids in self._shared.items()})
        self._prepare(taken)
        committed = [signing.commit() for signing in self._signing]
        return self._to_each(EcdsaCommitments, committed) + self._multiply_when_ready()

    def _choose(self, shared: Sequence[bytes]) -> Sequence[bytes]:
        """The same on both sides, and another for each session, so that sessions side by side seldom want the same."""
        count = len(self._task.signatures)
        if len(shared) < count:
            raise missing()
        return sorted(shared, key=lambda each: digest("choice", self._channel.transcript, each))[:count]

    def _take_correlations(self, chosen: Mapping[bytes, Sequence[bytes]]) -> dict[bytes, list[Correlation]]:
        pool, taken = self._task.pool, dict[bytes, list[bytes]]()

        def take() -> None:
            for peer, ids in chosen.items():
                taken[peer] = [pool.take(peer, each) for each in ids]

        used = [each for peer in sorted(chosen) for each in chosen[peer]]
        self._used = digest("correlations", *used)
        self._task.use_up(take)
        assert taken.keys() == chosen.keys(), "they are taken inside its transaction"
        return {
            peer: [pool.unsealed(peer, each, self._share) for each in stored]
            for peer, stored in taken.items()
        }

    def _prepare(self, taken: Mapping[bytes, Sequence[Correlation]]) -> None:
        """From here on the share lives inside the signing sessions alone."""
        task, numbers = self._task, self._numbers
        for index, item in enumerate(task.signatures):
            signing = SigningSession.prepare(
                task.pool.key,
                self._share,
                numbers[task.pool.me],
                [numbers[participant] for participant in self.seat.participants],
                item.tweaks,
                self._once(index),
                {numbers[peer]: correlations[index] for peer, correlations in taken.items()},
                task.seen,
            )
            self._signing.append(signing)
        self._share.wipe()

    def _multiply_when_ready(self) -> list[FromSigner]:
        if not self._signing or len(self._commitments) < len(self._channel.peers):
            return []
        with self._naming_culprits():
            products = [
                signing.multiply(self._of_signature(self._commitments, index))
                for index, signing in enumerate(self._signing)
            ]
        return self._to_each(EcdsaProducts, products) + self._sign_when_ready()

    def _sign_when_ready(self) -> list[FromSigner]:
        if len(self._products) < len(self._channel.peers):
            return []
        with self._naming_culprits():
            for index, signing in enumerate(self._signing):
                signing.finish(self._of_signature(self._products, index))
        self._task.started(self._used)
        shares = tuple(
            signing.sign(item.message, item.tweaks)
            for signing, item in zip(self._signing, self._task.signatures, strict=True)
        )
        self._shares[self.seat.key.public] = shares
        return self._say_to_all(EcdsaShares(shares)) + self._combine_when_ready()

    def _combine_when_ready(self) -> list[FromSigner]:
        if len(self._shares) < len(self.seat.participants):
            return []
        with self._naming_culprits():
            signatures = tuple(
                signing.combine(self._of_signature(self._shares, index))
                for index, signing in enumerate(self._signing)
            )
        return [self._finish(self._task.finished(signatures))]

    def _to_each(
        self, kind: type[EcdsaCommitments | EcdsaProducts], messages: Sequence[Mapping[int, bytes]]
    ) -> list[FromSigner]:
        return [
            self._say(peer, kind(tuple(each[self._numbers[peer]] for each in messages)))
            for peer in self._channel.peers
        ]

    def _convicted(self, culprit: bytes | None, error: InvalidContribution) -> PeerMisbehaved:
        name = None if culprit is None else self.seat.names[culprit]
        if culprit is not None:
            self._task.pool.ban(culprit, error.what)
        return PeerMisbehaved(
            "ecdsa",
            f"device {name or '(unknown)'} sent an invalid {error.what}",
            remedy="Sign with other devices, and replace that one: it is taken over, or broken."
            if name
            else "",
            blame=name,
        )
