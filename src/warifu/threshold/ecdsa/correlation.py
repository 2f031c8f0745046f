"""What two signers prepare for one signature: oblivious transfers in both directions, and a common seed.

A correlation belongs to one key, one signer and one peer, and to nothing else: no share, path, message or set of
signers went into it. It holds, of 128 random transfers towards the peer (in which this signer chose) the choices
``delta`` and the chosen keys; of 128 transfers from the peer both keys; and the seed of their part of the zero sharing.

It exists once. ``store`` empties the object, so that it is either in memory or on the disk; whoever stores it deletes
it durably before anything that was computed from it leaves (``session.py``). What is stored is sealed to the signer's
public share (``sealing.py``): nobody reads it before the share itself is unlocked, to sign.

What a copy that survived would cost. Every value that a signer sends under a correlation is hidden by a hash of its
keys *and* of a commitment which this signer draws in this very session (``pair.py``), so that no mask ever repeats,
whatever disk was put back and whatever the peer replays. What does repeat is ``delta``: the peer may guess at one bit
more of it, one chance in two of being caught and named. That is the model in which transfers are reused on purpose;
it is what the pool in front of this module is there to avoid, not what the key hangs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import numpy as np

from warifu.threshold.ecdsa.base_ot import COUNT, KEY_BYTES
from warifu.threshold.ecdsa.binding import digest, integer, key_context
from warifu.threshold.ecdsa.bits import Bytes, unpacked, wipe
from warifu.threshold.ecdsa.sealing import OVERHEAD_BYTES, seal, unseal
from warifu.threshold.ecdsa.task import require_ecdsa_key
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

ID_BYTES = 32
SEED_BYTES = 32
_VERSION = b"\x01"
_OWNER_BYTES = 32
_DELTA_BYTES, _CHOSEN_BYTES, _KEYS_BYTES = COUNT // 8, COUNT * KEY_BYTES, 2 * COUNT * KEY_BYTES
_BODY_BYTES = _DELTA_BYTES + _CHOSEN_BYTES + _KEYS_BYTES + SEED_BYTES
_HEADER_BYTES = len(_VERSION) + _OWNER_BYTES + ID_BYTES
STORED_BYTES = _HEADER_BYTES + OVERHEAD_BYTES + _BODY_BYTES
"""6306 bytes."""


@dataclass(frozen=True)
class Owner:
    """Whose correlation it is, and with whom."""

    name: bytes
    """32 bytes, of both and the key."""
    public_share: Element

    @classmethod
    def of(cls, key: ThresholdKey, my_id: int, peer: int) -> Owner:
        """InvalidInput where these are not two different participants of a key that threshold ECDSA serves."""
        require_ecdsa_key(key)
        if my_id == peer or not (0 <= my_id < key.n and 0 <= peer < key.n):
            raise InvalidInput("a correlation is between two different participants of the key")
        name = digest("correlation/owner", key_context(key), integer(my_id), integer(peer))
        return cls(name, SECP256K1.element_from_bytes(key.pubshares[my_id]))


class Material(NamedTuple):
    """What a correlation is made of; the holder wipes it."""

    delta: Bytes
    """This signer's COUNT choices, one a byte, of the transfers towards the peer."""
    chosen: Bytes
    """The chosen keys, shaped (COUNT, KEY_BYTES)."""
    keys: Bytes
    """Both keys of the transfers in which the peer chose, shaped (2, COUNT, KEY_BYTES)."""
    seed: Secret
    """SEED_BYTES that both signers know."""

    def wipe(self) -> None:
        """Destroy it."""
        wipe(self.delta, self.chosen, self.keys)
        self.seed.wipe()


class Correlation:
    """See the module. Used once, stored or taken; copies never."""

    __slots__ = ("_material", "_owner", "id")

    def __init__(self, owner: Owner, correlation_id: bytes, material: Material) -> None:
        """Internal: ``correlating.py`` makes them. Takes ownership of ``material``."""
        self.id = correlation_id
        """32 bytes: hash of the transcript that it came from. Not secret, the same for both signers."""
        self._owner = owner
        self._material = [material]

    @property
    def used(self) -> bool:
        return not self._material

    def require_owner(self, key: ThresholdKey, my_id: int, peer: int) -> None:
        """InvalidInput unless it was made for this key, signer and peer; AlreadyUsed where it was used or stored."""
        if self.used:
            raise _used()
        if self._owner != Owner.of(key, my_id, peer):
            raise InvalidInput("this correlation was made for another key or pair of signers")

    def take(self) -> Material:
        """What is in it, once: AlreadyUsed on a second call."""
        try:
            return self._material.pop()  # list.pop is atomic: of two racing threads one gets it
        except IndexError:
            raise _used() from None

    def store(self) -> bytes:
        """STORED_BYTES, sealed; the object is empty from here on. AlreadyUsed as :meth:`take`."""
        material = self.take()
        parts = np.packbits(material.delta), material.chosen, material.keys, material.seed.buffer
        body = b"".join(bytes(part) for part in parts)
        material.wipe()
        header = _header(self._owner, self.id)
        return header + seal(self._owner.public_share, body, header)

    @classmethod
    def restore(cls, stored: bytes, key: ThresholdKey, my_id: int, peer: int, share: Secret) -> Correlation:
        """What :meth:`store` wrote, with this signer's ``share``, which stays the caller's.

        InvalidInput for another length or version, for a correlation of another key or pair, and for one that was
        altered: used as it is, it would make an honest peer look like a cheat.
        """
        owner = Owner.of(key, my_id, peer)
        if len(stored) != STORED_BYTES:
            raise InvalidInput("a stored correlation has another length")
        header, sealed = stored[:_HEADER_BYTES], stored[_HEADER_BYTES:]
        correlation_id = header[-ID_BYTES:]
        if header != _header(owner, correlation_id):
            raise InvalidInput("this correlation is of another version, or another key or pair of signers")
        body = unseal(share, sealed, header)
        correlation = cls(owner, correlation_id, _parsed(body))
        body[:] = bytes(len(body))
        return correlation

    def wipe(self) -> None:
        """Destroy it. Harmless on a used one."""
        while self._material:
            self._material.pop().wipe()

    def __del__(self) -> None:
        if hasattr(self, "_material"):  # absent where the constructor failed
            self.wipe()

    def __repr__(self) -> str:
        return f"Correlation(<{self.id.hex()[:16]}, {'used' if self.used else 'unused'}>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a correlation cannot be pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a correlation cannot be copied")

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise TypeError("a correlation cannot be copied")


def _header(owner: Owner, correlation_id: bytes) -> bytes:
    return _VERSION + owner.name + correlation_id


def _parsed(body: bytearray) -> Material:
    assert len(body) == _BODY_BYTES, "the length was looked at before it was opened"
    rest = memoryview(body)
    parts = []
    for size in (_DELTA_BYTES, _CHOSEN_BYTES, _KEYS_BYTES):
        parts.append(np.frombuffer(rest[:size], np.uint8).copy())
        rest = rest[size:]
    packed, chosen, keys = parts
    delta = unpacked(packed)
    wipe(packed)
    return Material(delta, chosen.reshape(COUNT, KEY_BYTES), keys.reshape(2, COUNT, KEY_BYTES), Secret(rest))


def _used() -> AlreadyUsed:
    return AlreadyUsed("this correlation was used, stored or wiped before")
