"""What two signers prepare for one signature: oblivious transfers in both directions, and a common seed.

A correlation belongs to one key, one signer and one peer, and to nothing else: no share, path, message or set of
signers went into it. It holds, of 128 random transfers towards the peer (in which this signer chose) the choices
``delta`` and the chosen keys; of 128 transfers from the peer both keys; and the seed of their part of the zero sharing.

It exists once. ``store`` empties the object and ``restore`` empties the buffer, so that it is either in memory or on
the disk; whoever stores it deletes it durably before anything that was computed from it leaves (``session.py``).

What a copy that survived would cost. Every value that a signer sends under a correlation is hidden by a hash of its
keys *and* of a commitment which this signer draws in this very session (``pair.py``), so that no mask ever repeats,
whatever disk was put back and whatever the peer replays. What does repeat is ``delta``: the peer may guess at one bit
more of it, one chance in two of being caught and named. That is the model in which transfers are reused on purpose;
it is what the pool in front of this module is there to avoid, not what the key hangs on.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple, NoReturn

import numpy as np

from warifu.threshold.ecdsa.base_ot import COUNT, KEY_BYTES
from warifu.threshold.ecdsa.binding import digest, integer, key_context
from warifu.threshold.ecdsa.bits import Bytes, wipe
from warifu.threshold.ecdsa.task import require_ecdsa_key
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.wiping import Secret

ID_BYTES = 32
SEED_BYTES = 32
_VERSION = b"\x01"
_OWNER_BYTES, _CHECK_BYTES = 32, 16
_DELTA_BYTES, _CHOSEN_BYTES, _KEYS_BYTES = COUNT // 8, COUNT * KEY_BYTES, 2 * COUNT * KEY_BYTES
_BODY_BYTES = _DELTA_BYTES + _CHOSEN_BYTES + _KEYS_BYTES + SEED_BYTES
STORED_BYTES = len(_VERSION) + _OWNER_BYTES + ID_BYTES + _CHECK_BYTES + _BODY_BYTES
"""6273 bytes."""


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

    def __init__(self, owner: bytes, correlation_id: bytes, material: Material) -> None:
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
        if not hmac.compare_digest(self._owner, owner_of(key, my_id, peer)):
            raise InvalidInput("this correlation was made for another key or pair of signers")

    def take(self) -> Material:
        """What is in it, once: AlreadyUsed on a second call."""
        try:
            return self._material.pop()  # list.pop is atomic: of two racing threads one gets it
        except IndexError:
            raise _used() from None

    def store(self) -> bytes:
        """STORED_BYTES to be kept encrypted; the object is empty from here on. AlreadyUsed as :meth:`take`."""
        material = self.take()
        body = b"".join(
            (
                np.packbits(material.delta).tobytes(),
                material.chosen.tobytes(),
                material.keys.tobytes(),
                material.seed.buffer,
            )
        )
        material.wipe()
        return b"".join((_VERSION, self._owner, self.id, _check(self._owner, self.id, body), body))

    @classmethod
    def restore(cls, stored: bytearray, key: ThresholdKey, my_id: int, peer: int) -> Correlation:
        """What :meth:`store` wrote; ``stored`` is overwritten with zeros, whatever comes of it.

        InvalidInput for another length or version, for a correlation of another key or pair, and for one that was
        altered: used as it is, it would make an honest peer look like a cheat.
        """
        try:
            return cls._parsed(memoryview(stored), owner_of(key, my_id, peer))
        finally:
            stored[:] = bytes(len(stored))

    @classmethod
    def _parsed(cls, stored: memoryview, owner: bytes) -> Correlation:
        if len(stored) != STORED_BYTES:
            raise InvalidInput("a stored correlation has another length")
        reader = _Reader(stored)
        version, owned, correlation_id, check = (
            bytes(reader.read(size)) for size in (len(_VERSION), _OWNER_BYTES, ID_BYTES, _CHECK_BYTES)
        )
        if version != _VERSION:
            raise InvalidInput("this version of stored correlations is not known")
        if not hmac.compare_digest(owned, owner):
            raise InvalidInput("this correlation was made for another key or pair of signers")
        if not hmac.compare_digest(check, _check(owned, correlation_id, reader.rest)):
            raise InvalidInput("this correlation was altered")
        delta, chosen, keys = (
            np.frombuffer(reader.read(size), np.uint8) for size in (_DELTA_BYTES, _CHOSEN_BYTES, _KEYS_BYTES)
        )
        material = Material(
            np.unpackbits(delta),
            chosen.reshape(COUNT, KEY_BYTES).copy(),
            keys.reshape(2, COUNT, KEY_BYTES).copy(),
            Secret(reader.rest),
        )
        return cls(owner, correlation_id, material)

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


def owner_of(key: ThresholdKey, my_id: int, peer: int) -> bytes:
    """32 bytes that name whose correlation it is, and with whom.

    InvalidInput where these are not two different participants of a key that threshold ECDSA serves.
    """
    require_ecdsa_key(key)
    if my_id == peer or not (0 <= my_id < key.n and 0 <= peer < key.n):
        raise InvalidInput("a correlation is between two different participants of the key")
    return digest("correlation/owner", key_context(key), integer(my_id), integer(peer))


class _Reader:
    def __init__(self, view: memoryview) -> None:
        self.rest = view

    def read(self, size: int) -> memoryview:
        part, self.rest = self.rest[:size], self.rest[size:]
        return part


def _check(owner: bytes, correlation_id: bytes, body: bytes | memoryview) -> bytes:
    return digest("correlation/stored", _VERSION, owner, correlation_id, body)[:_CHECK_BYTES]


def _used() -> AlreadyUsed:
    return AlreadyUsed("this correlation was used, stored or wiped before")
