"""One participant's part in the refresh of one key: what it deals, what it takes, what comes out.

The caller hands each participant's commitment to all, and each evaluation to its one receiver over a channel that
nobody else reads; it keeps the outcome from being used before all participants agree on :attr:`Refresh.transcript`.

Invariants, in the order in which they hold:

1. An evaluation is taken only where it fits its dealer's commitment, one from each dealer.
2. There is an outcome only with one from every participant, and only for the same key.
3. The outcome is handed out once; the coefficients are gone by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from warifu.threshold.dkg.wire import index_bytes
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput, ThresholdError
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Element, Group
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.polynomial import interpolating_coefficient
from warifu.threshold.refresh.zero_sharing import ZeroCommitment, ZeroSharing
from warifu.threshold.wiping import Buffer, Secret


@dataclass(frozen=True)
class Refreshed:
    """The outcome: the same key with other public shares, and this participant's share of it, the caller's to wipe."""

    key: ThresholdKey
    share: Secret


class Refresh:
    """See the module. Single use; wipe it."""

    def __init__(self, group: Group, key: ThresholdKey, index: int, share: Secret) -> None:
        """``share``: participant ``index``'s, which stays the caller's.

        InvalidInput where it is not, and for a threshold of one: every share is the key itself then.
        """
        if key.t < 2:
            raise InvalidInput("with a threshold of one every share is the key: there is nothing to refresh")
        if not 0 <= index < key.n:
            raise InvalidInput("a participant identifier is out of range")
        if group.base_mul(share).encoded != key.pubshares[index]:
            raise InvalidInput("the share does not fit its public share")
        if not keeps_key(group, key, key.pubshares):
            raise InvalidInput("the public shares are not of this key")
        self._group = group
        self._key = key
        self._index = index
        self._sharing = ZeroSharing(group, key.t)
        self._sum = share.clone()
        self._commitments: dict[int, ZeroCommitment] = {}
        self._used = False
        with self._sharing.share_for(index) as own:
            self._add(index, self._sharing.commitment, own)

    @property
    def commitment(self) -> bytes:
        """What this participant tells all: t-1 points."""
        return self._sharing.commitment.encode()

    def evaluation_for(self, receiver: int) -> Secret:
        """What this participant tells ``receiver`` and nobody else; the caller's to wipe."""
        return self._sharing.share_for(receiver)

    def take(self, sender: int, commitment: bytes, evaluation: bytes | Buffer) -> None:
        """What ``sender`` dealt to this participant.

        InvalidContribution (a proven fault, if the channel is authentic): ``commitment`` where it is not t-1 points,
        ``secret share`` where the evaluation does not fit it, ``order of messages`` for a second one.
        """
        if self._used:
            raise AlreadyUsed("this refresh has ended")
        if not 0 <= sender < self._key.n or sender == self._index:
            raise InvalidInput("the sender is none of the other participants")
        if sender in self._commitments:
            raise InvalidContribution(sender, "order of messages")
        known, share = _read(self._group, self._key, sender, self._index, commitment, evaluation)
        with share:
            self._add(sender, known, share)

    @property
    def complete(self) -> bool:
        """Whether every participant's part was taken."""
        return len(self._commitments) == self._key.n

    @property
    def transcript(self) -> bytes:
        """32 bytes over the key as it was and all commitments, once it is complete."""
        if not self.complete:
            raise InvalidInput("somebody's part is missing")
        key = self._key
        ordered = (self._commitments[index].encode() for index in range(key.n))
        return tagged_hash(
            f"Warifu refresh/{self._group.name}/transcript",
            index_bytes(key.t),
            index_bytes(key.n),
            key.threshold_pubkey,
            *key.pubshares,
            *ordered,
        )

    def finish(self) -> Refreshed:
        """The outcome, once.

        InvalidContribution (``commitment``) naming the participant whose new public share is the identity: only it can
        have bent it so. ThresholdError where what came out is not this key: this machine computes wrongly.
        """
        if self._used:
            raise AlreadyUsed("this refresh has ended")
        group, key = self._group, self._key
        if not self.complete:
            raise InvalidInput("somebody's part is missing")
        total = ZeroCommitment.total(group, tuple(self._commitments[index] for index in range(key.n)))
        pubshares = []
        for index, before in enumerate(key.pubshares):
            after = group.element_add(group.element_from_bytes(before), total.at(index))
            if group.is_identity(after):
                raise InvalidContribution(index, "commitment")
            pubshares.append(after.encoded)
        refreshed = replace(key, pubshares=tuple(pubshares))
        fits = group.base_mul(self._sum).encoded == pubshares[self._index]
        if not fits or not keeps_key(group, key, pubshares):
            raise ThresholdError("the new shares are not of the same key: this machine computes wrongly")
        share = self._sum.clone()
        self.wipe()
        return Refreshed(refreshed, share)

    def wipe(self) -> None:
        """Forget coefficients and sums."""
        self._used = True
        self._sharing.wipe()
        self._sum.wipe()

    def _add(self, sender: int, commitment: ZeroCommitment, share: Secret) -> None:
        with self._sum as before:
            self._sum = self._group.secret_add(before, share)
        self._commitments[sender] = commitment


def fits(
    group: Group, key: ThresholdKey, dealer: int, receiver: int, commitment: bytes, evaluation: bytes | Buffer
) -> bool:
    """Whether ``dealer`` dealt to ``receiver`` as it should, as anybody can see who was shown both."""
    try:
        _read(group, key, dealer, receiver, commitment, evaluation)[1].wipe()
    except InvalidContribution:
        return False
    return True


def keeps_key(group: Group, key: ThresholdKey, pubshares: Sequence[bytes]) -> bool:
    """Whether any t of these public shares interpolate the key.

    Each t in a row do. Two neighbouring rows have t-1 points and the zero in common, so they lie on one polynomial of
    degree t-1, and so do all.
    """
    if len(pubshares) != key.n:
        return False
    try:
        points = [group.element_from_bytes(pubshare) for pubshare in pubshares]
    except InvalidInput:
        return False
    return all(
        _at_zero(group, points, range(first, first + key.t)).encoded == key.threshold_pubkey
        for first in range(key.n - key.t + 1)
    )


def _at_zero(group: Group, points: Sequence[Element], indices: Sequence[int]) -> Element:
    places = [index + 1 for index in indices]
    return group.element_add(
        *(
            group.element_mul_public(points[place - 1], interpolating_coefficient(group, places, place))
            for place in places
        )
    )


def _read(
    group: Group, key: ThresholdKey, sender: int, receiver: int, commitment: bytes, evaluation: bytes | Buffer
) -> tuple[ZeroCommitment, Secret]:
    try:
        known = ZeroCommitment.decode(group, commitment, key.t)
    except InvalidInput:
        raise InvalidContribution(sender, "commitment") from None
    try:
        share = group.secret_from_bytes(evaluation)  # never zero: a dealer that deals nothing deals badly
    except InvalidInput:
        raise InvalidContribution(sender, "secret share") from None
    if group.base_mul(share) != known.at(receiver):
        share.wipe()
        raise InvalidContribution(sender, "secret share")
    return known, share
