"""Host keys and session parameters: what all agree on before they begin (BIP text, "DKG Parties and Inputs").

The authenticity of the host public keys is what everything stands on. The caller obtains them over authenticated
channels, or compares :attr:`SessionParams.id` out of band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from warifu.threshold.dkg.errors import (
    DuplicateHostPubkey,
    HostSeckeyError,
    InvalidHostPubkey,
    ThresholdOrCountError,
)
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.wire import encode_elements, index_bytes
from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.wiping import Secret

MAX_COUNT = 2**32 - 1
"""The largest number of participants whose identifiers fit their 4 bytes."""


def hostpubkey_gen(hostseckey: Secret, suite: DkgSuite = BIP340) -> bytes:
    """The host public key (33 bytes on secp256k1, 32 on Ed25519) of a host secret key of 32 random bytes.

    InvalidInput for another length, HostSeckeyError for zero and for what is not below the group order.
    """
    if len(hostseckey) != suite.group.scalar_bytes:
        raise InvalidInput(f"a host secret key has {suite.group.scalar_bytes} bytes")
    try:
        with suite.group.secret_from_bytes(hostseckey.buffer) as scalar:
            return suite.group.base_mul(scalar).encoded
    except InvalidInput as error:
        raise HostSeckeyError("the host secret key is zero or not below the group order") from error


@dataclass(frozen=True)
class SessionParams:
    """The threshold ``t`` and the host public keys of all participants: 1 <= t <= n, all valid, no two the same.

    The position of a host public key is its participant's identifier, from 0; all must have the same order. Making one
    raises ThresholdOrCountError, InvalidHostPubkey or DuplicateHostPubkey, in this order.
    """

    hostpubkeys: tuple[bytes, ...]
    t: int
    suite: DkgSuite = BIP340
    points: tuple[Element, ...] = field(init=False, repr=False, compare=False)
    """The host public keys, decoded."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hostpubkeys", tuple(bytes(key) for key in self.hostpubkeys))
        if not 1 <= self.t <= self.n <= MAX_COUNT:
            raise ThresholdOrCountError("the threshold must be between 1 and the number of participants")
        object.__setattr__(self, "points", _decoded(self.hostpubkeys, self.suite))
        _refuse_duplicates(self.hostpubkeys)

    @property
    def n(self) -> int:
        return len(self.hostpubkeys)

    @property
    def id(self) -> bytes:
        """32 bytes that stand for the parameters (``params_hash``): where all participants see the same, all agree."""
        return self.suite.digest("params_hash", index_bytes(self.t), encode_elements(self.points))

    def index_of(self, hostseckey: Secret) -> int:
        """The identifier of the participant who has this host secret key.

        InvalidInput and HostSeckeyError as :func:`hostpubkey_gen`; HostSeckeyError also where nobody has it.
        """
        hostpubkey = hostpubkey_gen(hostseckey, self.suite)
        if hostpubkey not in self.hostpubkeys:
            raise HostSeckeyError("the host secret key belongs to none of the host public keys")
        return self.hostpubkeys.index(hostpubkey)


def _decoded(hostpubkeys: Sequence[bytes], suite: DkgSuite) -> tuple[Element, ...]:
    points = []
    for index, hostpubkey in enumerate(hostpubkeys):
        try:
            points.append(suite.group.element_from_bytes(hostpubkey))
        except InvalidInput as error:
            raise InvalidHostPubkey(index) from error
    return tuple(points)


def _refuse_duplicates(hostpubkeys: Sequence[bytes]) -> None:
    """One key in two places would give one device two shares of a threshold that counts devices."""
    first_seen: dict[bytes, int] = {}
    for index, hostpubkey in enumerate(hostpubkeys):
        if hostpubkey in first_seen:
            raise DuplicateHostPubkey(first_seen[hostpubkey], index)
        first_seen[hostpubkey] = index
