"""Who signs: a subset of the participants with their public shares, checked against the threshold public key.

BIP 445, "Signers Context" and ``ValidateSignersCtx``; RFC 9591, section 4.2. Participants are numbered from 0
everywhere in Warifu; participant ``id`` holds the polynomial's value at ``id + 1``, which is its identifier in
RFC 9591.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element, Group
from warifu.threshold.polynomial import interpolating_coefficient

MAX_PARTICIPANTS = 255


@dataclass(frozen=True)
class Signers:
    """A validated set of signers; :meth:`parse` is the only door."""

    group: Group
    t: int
    n: int
    ids: tuple[int, ...]
    """In ascending order: a set, so that its order can change nothing that is hashed or signed."""
    pubshares: Mapping[int, Element]
    coefficients: Mapping[int, int]
    """The Lagrange coefficient at zero of each signer."""
    threshold_key: Element

    @classmethod
    def parse(
        cls,
        group: Group,
        *,
        t: int,
        n: int,
        ids: Sequence[int],
        pubshares: Sequence[bytes],
        threshold_pubkey: bytes,
    ) -> Signers:
        """Check everything; ``pubshares[k]`` belongs to participant ``ids[k]``. InvalidInput names what is wrong."""
        if not 1 <= t <= n <= MAX_PARTICIPANTS:
            raise InvalidInput(f"the threshold must be 1 <= t <= n <= {MAX_PARTICIPANTS}")
        if not t <= len(ids) <= n:
            raise InvalidInput("the number of signers must be between t and n")
        if len(pubshares) != len(ids):
            raise InvalidInput("there must be one public share for each signer")
        if any(not 0 <= participant < n for participant in ids):
            raise InvalidInput("a participant identifier is out of range")
        points = [_parse_pubshare(group, encoded, who) for encoded, who in zip(pubshares, ids, strict=True)]
        if len(set(ids)) != len(ids):
            raise InvalidInput("a participant identifier is repeated")
        shares = dict(sorted(zip(ids, points, strict=True)))
        coefficients = _coefficients(group, shares)
        # Without this check a coordinator could mix keys, and the signature would be for nobody.
        interpolated = group.element_add(
            *(group.element_mul_public(point, coefficients[who]) for who, point in shares.items())
        )
        if interpolated.encoded != threshold_pubkey or group.is_identity(interpolated):
            raise InvalidInput("the public shares do not belong to this threshold public key")
        return cls(
            group,
            t,
            n,
            tuple(shares),
            MappingProxyType(shares),
            MappingProxyType(coefficients),
            interpolated,
        )

    def require_member(self, participant: int) -> None:
        """InvalidInput unless ``participant`` signs here."""
        if participant not in self.pubshares:
            raise InvalidInput(f"participant {participant} is not among the signers")

    def require_exactly(self, contributors: Iterable[int], what: str) -> None:
        """InvalidInput unless there is a contribution from each signer and from nobody else."""
        if set(contributors) != set(self.ids):
            raise InvalidInput(f"there must be exactly one {what} from each signer")


def _parse_pubshare(group: Group, encoded: bytes, participant: int) -> Element:
    try:
        return group.element_from_bytes(encoded)
    except InvalidInput as error:
        raise InvalidInput(f"the public share of participant {participant} is invalid") from error


def _coefficients(group: Group, participants: Iterable[int]) -> dict[int, int]:
    points = {participant: participant + 1 for participant in participants}
    return {who: interpolating_coefficient(group, list(points.values()), x) for who, x in points.items()}
