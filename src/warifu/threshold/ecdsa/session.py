"""One signer's part in one ECDSA signature, as a state machine without I/O.

    start -> GREETED --extend--> EXTENDED --multiply--> MULTIPLIED --finish--> PRESIGNED --sign--> SIGNED --combine-->
                |                   |                       |                      |            a VerifiedSignature
                +-------------------+--- any error, close --+----------------------+--> CLOSED

Four messages, of which three are sent before the message to be signed is known; the last one is 128 bytes. Everything
before it goes to one peer each, over a channel that authenticates and encrypts end to end (the seeds and psi are
secret), and lives in memory only.

Invariants, in the order in which they hold:

1. Key, signers, derivation and session identifier were checked together and never change again; the identifier was
   never seen here before.
2. Each step is taken once, in order. Whatever fails in a step, all transfers, seeds and shares of the session are
   destroyed, and the error names the culprit where one is proven. A missing message or a time-out is nobody's fault:
   the caller closes the session and blames no one.
3. A presignature signs one message, under the derivation it was made for.
4. No signature leaves ``combine`` that does not verify under the derived key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import TypeVar

from warifu.threshold.ecdsa.presign import Presigning
from warifu.threshold.ecdsa.sign import Combination, Presignature, VerifiedSignature
from warifu.threshold.ecdsa.task import Task
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

Result = TypeVar("Result")


class Phase(Enum):
    """What was done last."""

    GREETED = auto()
    EXTENDED = auto()
    MULTIPLIED = auto()
    PRESIGNED = auto()
    SIGNED = auto()
    CLOSED = auto()


class SeenSessions:
    """The session identifiers that were used with one key, so that none is used twice.

    In memory, like the sessions themselves: after a restart all secrets of a replayed session would be drawn anew.
    Make a new one for each run of the signer.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def claim(self, session_id: bytes) -> None:
        """AlreadyUsed where this identifier was claimed before."""
        if bytes(session_id) in self._seen:
            raise AlreadyUsed("this session identifier was used before")
        self._seen.add(bytes(session_id))


class SigningSession:
    """See the module. Use as a context manager, or ``close`` it, so that an abandoned session is wiped at once."""

    def __init__(self, task: Task, my_id: int, share: Secret) -> None:
        """Internal: :meth:`start` is the door. Takes ownership of ``share``."""
        self._task = task
        self._my_id = my_id
        self._presigning = Presigning(task, my_id, share)
        self._presignature: Presignature | None = None
        self._combination: Combination | None = None
        self._phase = Phase.GREETED

    @classmethod
    def start(
        cls,
        key: ThresholdKey,
        share: Secret,
        my_id: int,
        participants: Sequence[int],
        tweaks: Sequence[bytes],
        session_id: bytes,
        seen: SeenSessions,
    ) -> tuple[SigningSession, dict[int, bytes]]:
        """The session, and the first message to each peer.

        ``share`` is this signer's 32-byte secret share; the session works on a copy of its own. ``participants`` are
        the identifiers (from 0) of all who sign, this one included: at least t and at least two, of at most 16.
        ``tweaks``: the plain tweaks of the derivation, 32 bytes each, none for the threshold key itself.
        ``session_id``: 16 to 64 bytes that all signers agree on, never all zero, never repeated (``seen``).
        InvalidInput where any of this is out of range or does not fit together; AlreadyUsed for a repeated session.
        """
        task = Task.create(key, participants, tweaks, session_id)
        task.signers.require_member(my_id)
        if SECP256K1.base_mul(share) != task.signers.pubshares[my_id]:
            raise InvalidInput(f"the secret share is not the one of participant {my_id}")
        seen.claim(session_id)
        session = cls(task, my_id, share.clone())
        return session, session._presigning.hello()

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def public_key(self) -> Element:
        """The derived key under which the signature will verify."""
        return self._task.public_key

    def extend(self, hellos: Mapping[int, bytes]) -> dict[int, bytes]:
        """Round one: the second message to each peer, for the first one of each.

        In this and the next two steps: InvalidContribution names the sender of what an honest signer never sends, or
        None where that cannot be told; InvalidInput where a message is missing or of a stranger. After any of these
        the session is closed. AlreadyUsed where the step is not due; that changes nothing.
        """
        return self._step(Phase.GREETED, Phase.EXTENDED, hellos, self._presigning.extend)

    def multiply(self, extensions: Mapping[int, bytes]) -> dict[int, bytes]:
        """Round two: the third message to each peer, for the second one of each."""
        return self._step(Phase.EXTENDED, Phase.MULTIPLIED, extensions, self._presigning.multiply)

    def finish(self, products: Mapping[int, bytes]) -> None:
        """Makes the presignature of the third message of each peer: ready to sign."""
        self._presignature = self._step(Phase.MULTIPLIED, Phase.PRESIGNED, products, self._presigning.finish)
        self._presigning.wipe()

    def sign(self, message: bytes, tweaks: Sequence[bytes]) -> bytes:
        """Round three: this signer's 128-byte share, the same for all, for a digest of 32 bytes. Once.

        ``tweaks``: those of :meth:`start`, said again. InvalidInput where they differ or the digest is too short or
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

    def _step(
        self,
        before: Phase,
        after: Phase,
        messages: Mapping[int, bytes],
        step: Callable[[Mapping[int, bytes]], Result],
    ) -> Result:
        if self._phase is not before:
            raise AlreadyUsed(
                "this step of the session was taken before, or is not due, or the session is closed"
            )
        self._phase = Phase.CLOSED
        try:
            if set(messages) != set(self._task.peers(self._my_id)):
                raise InvalidInput("there must be exactly one message from each peer")
            result = step(messages)
        except BaseException:
            self.close()
            raise
        self._phase = after
        return result

    def __enter__(self) -> SigningSession:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SigningSession(<participant {self._my_id}, {self._phase.name.lower()}>)"
