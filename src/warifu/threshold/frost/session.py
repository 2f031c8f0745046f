"""One signer's part in signing one message, as a state machine without I/O.

    start  ->  committed  --sign-->  signed  --aggregate-->  VerifiedSignature
                   |                    |
                   +------close---------+---> closed

Invariants, in the order in which they hold:

1. ``start``: key, signers, message and tweaks were checked together and never change again.
2. The public nonce that leaves was drawn from the operating system's randomness for this session alone.
3. ``sign`` happens at most once, for exactly the agreed signers, with this signer's own commitment unaltered among
   theirs. Whatever comes of it, nonce and share are wiped.
4. No signature leaves ``aggregate`` that does not verify under the tweaked public key.

A transaction with several inputs takes one session for each. Sessions run side by side without harm: each has its
own nonce, and the binding factor ties it to its message and signers (this is what stops ROS-style forgeries).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import NoReturn

from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput
from warifu.threshold.frost.aggregation import Aggregation, VerifiedSignature
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.frost.nonces import SecretNonce
from warifu.threshold.frost.scheme import Scheme, Task
from warifu.threshold.wiping import Secret

MAX_SESSION_ID_BYTES = 64


class SigningSession:
    """See the module. Use as a context manager, or ``close`` it, so that an abandoned nonce is wiped at once."""

    def __init__(self, task: Task, my_id: int, share: Secret, nonce: SecretNonce) -> None:
        """Internal: :meth:`start` is the door. Takes ownership of ``share`` and ``nonce``."""
        self._task = task
        self._my_id = my_id
        self._share = share
        self._nonce = nonce
        self._aggregation: Aggregation | None = None

    @classmethod
    def start(
        cls,
        key: ThresholdKey,
        share: Secret,
        my_id: int,
        participants: Sequence[int],
        message: bytes,
        tweaks: Sequence[tuple[bytes, bool]],
        session_id: bytes,
        *,
        scheme: Scheme = BIP340,
    ) -> tuple[SigningSession, bytes]:
        """Round one: the session and this signer's public nonce, to be sent to the other signers.

        ``share`` is this signer's 32-byte secret share; the session works on a copy of its own and the caller keeps
        (and wipes) the original. ``participants`` are the identifiers (from 0) of all who sign, this one included.
        ``message`` has 32 bytes on BIP-340, and up to 65536 on Ed25519, where it is what is signed and no digest of
        it. ``tweaks`` are (32 bytes, is_xonly) in order, on BIP-340 alone. ``session_id`` (1 to 64 bytes, not all
        zero, never repeated: whoever keeps a table of sessions sees to that) keeps nonces apart should the randomness
        fail. ``scheme`` is BIP-340 or ``rfc9591.FROST_ED25519``.
        InvalidInput where any of this is out of range or does not fit together; nothing was drawn then.
        """
        if not 1 <= len(session_id) <= MAX_SESSION_ID_BYTES:
            raise InvalidInput(f"a session identifier has 1 to {MAX_SESSION_ID_BYTES} bytes")
        if not any(session_id):  # what a caller hands in that forgot to make one
            raise InvalidInput("a session identifier is not all zero")
        signers = key.signers(scheme.group, participants)
        signers.require_member(my_id)
        task = scheme.task(signers, message, tweaks)
        own_share = scheme.group.secret_from_bytes(share.buffer)
        if scheme.group.base_mul(own_share) != signers.pubshares[my_id]:
            raise InvalidInput(f"the secret share is not the one of participant {my_id}")
        nonce = task.draw_nonce(my_id, own_share, session_id)
        return cls(task, my_id, own_share, nonce), nonce.public.encode()

    @property
    def public_key(self) -> bytes:
        """The tweaked key under which the signature will verify: 32 bytes, x-only on BIP-340."""
        return self._task.public_key

    @property
    def signed(self) -> bool:
        """Whether :meth:`sign` succeeded."""
        return self._aggregation is not None

    def sign(self, pubnonces: Mapping[int, bytes]) -> bytes:
        """Round two: this signer's 32-byte signature share for everybody's public nonces, its own included. Once.

        A public nonce has 66 bytes on BIP-340 and 64 on Ed25519.

        InvalidContribution(None, "own pubnonce") where this signer's commitment is missing or altered, and
        InvalidContribution(id, "pubnonce") for a malformed one; InvalidInput where another is missing or too many;
        AlreadyUsed on a second call and in a process forked since. After any of these the session is dead: start a new
        one.
        """
        if self._nonce.used:
            raise AlreadyUsed("this session has signed or was closed; start a new one")
        own = self._nonce.public.encode()
        try:
            # A commitment that is not the one drawn here would make others blame this signer for its share.
            if not hmac.compare_digest(pubnonces.get(self._my_id, b""), own):
                raise InvalidContribution(None, "own pubnonce")
            aggregation = Aggregation(self._task, pubnonces, {self._my_id: self._nonce.public})
            signed = aggregation.equation.sign(self._my_id, self._nonce, self._share)
        finally:
            self.close()
        self._aggregation = aggregation
        return signed

    def aggregate(self, partials: Mapping[int, bytes]) -> VerifiedSignature:
        """The finished signature from everybody's shares; errors as :meth:`Aggregation.aggregate`.

        AlreadyUsed where :meth:`sign` did not succeed before.
        """
        if self._aggregation is None:
            raise AlreadyUsed("this session has not signed")
        return self._aggregation.aggregate(partials)

    def close(self) -> None:
        """Wipe nonce and share. Harmless where they are gone already; :meth:`aggregate` still works after signing."""
        self._nonce.wipe()
        self._share.wipe()

    def __enter__(self) -> SigningSession:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing session cannot be stored or copied: its nonce would sign twice")

    def __repr__(self) -> str:
        state = "signed" if self.signed else "closed" if self._nonce.used else "committed"
        return f"SigningSession(<participant {self._my_id}, {state}>)"
