"""One signer's part in one ECDSA signature, as a state machine without I/O.

    prepare -> PREPARED --commit--> COMMITTED --multiply--> MULTIPLIED --finish--> PRESIGNED --sign--> SIGNED
                  |                     |                       |                     |                   |
                  +---------------------+--- any error, close --+---------------------+--> CLOSED      combine
                                                                                                          |
                                                                                              a VerifiedSignature

Three messages, of which the first two are sent before the message to be signed is known; the last one is 128 bytes.
Everything before it goes to one peer each, over a channel that authenticates and encrypts end to end (psi is secret),
and lives in memory only. Between ``prepare`` and ``commit`` the caller durably deletes what the correlations were
restored from: ``commit`` makes the first message that was computed from them.

Invariants, in the order in which they hold:

1. Key, signers, derivation, session identifier and correlations were checked together and never change again; none of
   the identifiers was ever seen here before.
2. Each step is taken once, in order. Whatever fails in a step, all transfers, seeds and shares of the session are
   destroyed, and the error names the culprit where one is proven. A missing message or a time-out is nobody's fault:
   the caller closes the session and blames no one.
3. A presignature signs one message, under the derivation it was made for.
4. No signature leaves ``combine`` that does not verify under the derived key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.presign import Presigning
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.sign import Combination, Presignature, VerifiedSignature
from warifu.threshold.ecdsa.steps import Steps
from warifu.threshold.ecdsa.task import Task
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret


class Phase(Enum):
    """What was done last."""

    PREPARED = auto()
    COMMITTED = auto()
    MULTIPLIED = auto()
    PRESIGNED = auto()
    SIGNED = auto()
    CLOSED = auto()


class SigningSession(Steps[Phase]):
    """See the module."""

    NAME = "session"

    def __init__(self, task: Task, my_id: int, presigning: Presigning) -> None:
        """Internal: :meth:`prepare` is the door. Takes ownership of ``presigning``."""
        super().__init__(Phase.PREPARED, Phase.CLOSED)
        self._task = task
        self._my_id = my_id
        self._presigning = presigning
        self._presignature: Presignature | None = None
        self._combination: Combination | None = None

    @classmethod
    def prepare(
        cls,
        key: ThresholdKey,
        share: Secret,
        my_id: int,
        participants: Sequence[int],
        tweaks: Sequence[bytes],
        session_id: bytes,
        correlations: Mapping[int, Correlation],
        seen: Seen,
    ) -> SigningSession:
        """The session, from which nothing was sent yet.

        ``share`` is this signer's 32-byte secret share; the session works on a copy of its own. ``participants`` are
        the identifiers (from 0) of all who sign, this one included: at least t, of at most 16, and t at least 2 (a key
        with a threshold of one has no threshold ECDSA). ``tweaks``: the plain tweaks of the derivation, 32 bytes each,
        none for the threshold key itself. ``session_id``: 16 to 64 bytes that all signers agree on, never all zero,
        never repeated (``seen``). ``correlations``: one with each peer, which both agreed on; they are the session's
        from here on. InvalidInput where any of this is out of range or does not fit together; AlreadyUsed for a
        repeated session or correlation.
        """
        task = Task.create(key, participants, tweaks, session_id)
        task.signers.require_member(my_id)
        if SECP256K1.base_mul(share) != task.signers.pubshares[my_id]:
            raise InvalidInput(f"the secret share is not the one of participant {my_id}")
        if set(correlations) != set(task.peers(my_id)):
            raise InvalidInput("there must be exactly one correlation with each peer")
        for peer, correlation in correlations.items():
            correlation.require_owner(key, my_id, peer)
        seen.claim(session_id, *(correlation.id for correlation in correlations.values()))
        return cls(task, my_id, Presigning(task, my_id, share.clone(), correlations))

    @property
    def public_key(self) -> Element:
        """The derived key under which the signature will verify."""
        return self._task.public_key

    def commit(self) -> dict[int, bytes]:
        """Round one: the first message to each peer. From here on the correlations are used up.

        What they were restored from must be gone durably before this is called, whatever becomes of the session: a
        correlation that could come back after a crash might be used twice. AlreadyUsed where the step is not due.
        """
        return self._step(Phase.PREPARED, Phase.COMMITTED, self._presigning.commit)

    def multiply(self, commitments: Mapping[int, bytes]) -> dict[int, bytes]:
        """Round two: the second message to each peer, for the first one of each.

        In this and the next step: InvalidContribution names the sender of what an honest signer never sends, or
        None where that cannot be told; InvalidInput where a message is missing or of a stranger. After any of these
        the session is closed. AlreadyUsed where the step is not due; that changes nothing.
        """
        return self._step(
            Phase.COMMITTED,
            Phase.MULTIPLIED,
            lambda: self._presigning.multiply(self._from_each_peer(commitments)),
        )

    def finish(self, products: Mapping[int, bytes]) -> None:
        """Makes the presignature of the second message of each peer: ready to sign."""
        self._presignature = self._step(
            Phase.MULTIPLIED,
            Phase.PRESIGNED,
            lambda: self._presigning.finish(self._from_each_peer(products)),
        )
        self._presigning.wipe()

    def sign(self, message: bytes, tweaks: Sequence[bytes]) -> bytes:
        """Round three: this signer's 128-byte share, the same for all, for a digest of 32 bytes. Once.

        ``tweaks``: those of :meth:`prepare`, said again. InvalidInput where they differ or the digest is too short or
        long; AlreadyUsed where there is no presignature (yet, or any more). After any of these it is gone.
        """
        presignature = self._presignature
        if self._phase is not Phase.PRESIGNED or presignature is None:
            raise AlreadyUsed("this session has no presignature")
        self._phase = Phase.CLOSED
        share, self._combination = presignature.sign(message, tweaks)
        self._phase = Phase.SIGNED
        return share

    def combine(self, shares: Mapping[int, bytes]) -> VerifiedSignature:
        """The finished signature; errors as :meth:`Combination.combine`. AlreadyUsed before :meth:`sign`."""
        if self._combination is None:
            raise AlreadyUsed("this session has not signed")
        return self._combination.combine(shares)

    def close(self) -> None:
        """Wipe everything. Harmless where it is gone already; :meth:`combine` still works after signing."""
        self._presigning.wipe()
        if self._presignature is not None:
            self._presignature.wipe()
        if self._phase is not Phase.SIGNED:
            self._phase = Phase.CLOSED

    def _from_each_peer(self, messages: Mapping[int, bytes]) -> Mapping[int, bytes]:
        if set(messages) != set(self._task.peers(self._my_id)):
            raise InvalidInput("there must be exactly one message from each peer")
        return messages

    def __repr__(self) -> str:
        return f"SigningSession(<participant {self._my_id}, {self._phase.name.lower()}>)"
