"""Signing a transfer by FROST (BIP 445, RFC 9591): a session for each signature, all in the same messages.

Invariants, in the order in which they hold:

1. Everything was judged before this begins: request, transaction, policy, passphrase.
2. Nonces are drawn when the channel stands, live in memory only, and are bound to the channel's transcript.
3. ``started`` is durable before the first partial signature exists.
4. ``finished`` is durable before a signature leaves, and only verified signatures get there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warifu.errors import PeerMisbehaved
from warifu.protocol.encoding import digest
from warifu.protocol.frames import FromSigner
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.messages import Nonces, Partials, SessionMessage
from warifu.signer.sessions.signing import Bodies, SigningCeremony
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.frost.aggregation import VerifiedSignature
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class ToSign:
    """One signature: what is signed (32 bytes; on Ed25519 a whole message), and the tweaks that lead from the threshold
    key to the key that signs."""

    message: bytes
    tweaks: tuple[tuple[bytes, bool], ...]


@dataclass(frozen=True)
class Task:
    """What is signed, by whom. ``signers``: each participant's identity and its identifier (from 0)."""

    scheme: Scheme
    key: ThresholdKey
    signers: dict[bytes, int]
    signatures: tuple[ToSign, ...]
    started: Callable[[bytes], None]
    """Makes durable that partial signatures may leave (32 bytes: digest of all public nonces), or raises."""
    finished: Callable[[tuple[VerifiedSignature, ...]], bytes]
    """Makes the result durable and returns it, or raises."""


class FrostCeremony(SigningCeremony[SigningSession]):
    """See the module. Takes ownership of ``share``."""

    kind = "frost"

    def __init__(self, seat: Seat, task: Task, share: Secret) -> None:
        super().__init__(seat, share, task.signers, len(task.signatures))
        self._task = task
        self._nonces: dict[bytes, Bodies] = {}

    def _opening(self) -> bytes:
        """32 bytes over all that will be signed. A txid alone does not fix the amounts of the inputs: a service that
        lies about them to one signer would otherwise make its honest signature share look like a forged one."""
        return digest("to-sign", *(item.message for item in self._task.signatures))

    def _established(self) -> list[FromSigner]:
        """Draw the nonces. From here on the share lives inside the signing sessions alone."""
        task, me = self._task, self.seat.key.public
        public = []
        for index, item in enumerate(task.signatures):
            signing, nonce = SigningSession.start(
                task.key,
                self._share,
                task.signers[me],
                list(task.signers.values()),
                item.message,
                item.tweaks,
                self._once(index),
                scheme=task.scheme,
            )
            self._signing.append(signing)
            public.append(nonce)
        self._share.wipe()
        self._nonces[me] = tuple(public)
        return self._say_to_all(Nonces(tuple(public))) + self._sign_when_ready()

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        if isinstance(message, Nonces):
            self._nonces[peer] = self._one_for_each_signature(peer, message.public)
            return self._sign_when_ready()
        assert isinstance(message, Partials), "the table lets nothing else through"
        self._shares[peer] = self._one_for_each_signature(peer, message.partial)
        return self._aggregate_when_ready()

    def _sign_when_ready(self) -> list[FromSigner]:
        if len(self._nonces) < len(self._task.signers):
            return []
        in_order = [nonce for peer in sorted(self._nonces) for nonce in self._nonces[peer]]
        self._task.started(digest("nonces", *in_order))
        with self._naming_culprits():
            partials = tuple(
                signing.sign(self._of_signature(self._nonces, index))
                for index, signing in enumerate(self._signing)
            )
        self._shares[self.seat.key.public] = partials
        return self._say_to_all(Partials(partials)) + self._aggregate_when_ready()

    def _aggregate_when_ready(self) -> list[FromSigner]:
        if len(self._shares) < len(self._task.signers):
            return []
        with self._naming_culprits():
            signatures = tuple(
                signing.aggregate(self._of_signature(self._shares, index))
                for index, signing in enumerate(self._signing)
            )
        return [self._finish(self._task.finished(signatures))]

    def _convicted(self, culprit: bytes | None, error: InvalidContribution) -> PeerMisbehaved:
        name = None if culprit is None else self.seat.names[culprit]
        return PeerMisbehaved(
            "signature-share" if error.what == "psig" else "public-nonce",
            f"device {name or '(unknown)'} sent an invalid {error.what}",
            remedy="Sign with other devices; this one may be broken or taken over." if name else "",
            blame=name,
        )
