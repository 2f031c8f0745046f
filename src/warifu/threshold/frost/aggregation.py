"""From signature shares to a verified signature, or to the name of whoever spoiled it."""

from __future__ import annotations

from collections.abc import Mapping

from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.frost.nonces import PublicNonce
from warifu.threshold.frost.scheme import Task


class VerifiedSignature(bytes):
    """A signature that was verified under the (tweaked) public key of its session: 64 bytes (65 on RFC 9591 secp256k1).

    Only :class:`Aggregation` makes one; whoever asks for this type cannot be handed unverified bytes by mistake.
    """

    __slots__ = ()


class Aggregation:
    """The public half of a session, for signers and for a coordinator that signs nothing. Holds no secret."""

    def __init__(
        self, task: Task, pubnonces: Mapping[int, bytes], own: Mapping[int, PublicNonce] | None = None
    ) -> None:
        """``pubnonces``: the encoded public nonce of exactly the signers (66 bytes on BIP 445, 64 on Ed25519).

        ``own``: what of them was drawn here, and need not be read. InvalidInput for a missing or foreign one;
        InvalidContribution("pubnonce") names the sender of a malformed one.
        """
        task.signers.require_exactly(pubnonces, "public nonce")
        self._task = task
        drawn = own or {}
        self._nonces = {who: drawn.get(who) or _parse(task, who, pubnonces[who]) for who in task.signers.ids}
        self.equation = task.equation(self._nonces)

    def aggregate(self, partials: Mapping[int, bytes]) -> VerifiedSignature:
        """The finished signature, verified.

        Shares are verified one by one only where the whole does not verify, to find the culprit: InvalidContribution
        ("psig") names the lowest-numbered one, or None where every share is right and the nonces were made to cancel
        out (all signers together). InvalidInput where a share is missing or foreign.
        """
        signature = self._task.encode_signature(self.equation, self.equation.combine(partials))
        if self._task.verifies(signature):
            return VerifiedSignature(signature)
        raise InvalidContribution(self._culprit(partials), "psig")

    def _culprit(self, partials: Mapping[int, bytes]) -> int | None:
        for participant, nonce in self._nonces.items():
            if not self.equation.verify_share(participant, partials[participant], nonce):
                return participant
        return None


def _parse(task: Task, participant: int, encoded: bytes) -> PublicNonce:
    try:
        return PublicNonce.parse(task.signers.group, encoded)
    except InvalidInput as error:
        raise InvalidContribution(participant, "pubnonce") from error
