"""From a presignature to a signature: round three of DKLs23.

DKLs23 (IACR eprint 2023/765), section 3, protocol 3.6, the end of step 9 and step 10. With shares u_i of r phi, v_i of
sk phi and phi_i of phi, and R = r G:

    signer i   w_i = H(m) phi_i + r_x v_i                        sends w_i and u_i
    anybody    s = sum w_i / sum u_i = (H(m) + r_x sk) / r

A presignature signs once: two messages under one nonce give the key away. What leaves :meth:`Combination.combine` was
verified by libsecp256k1 under the derived key, has s in the lower half (EIP-2, BIP-146) and the recovery bit to it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.ecdsa.binding import digest
from warifu.threshold.ecdsa.messages import SignatureShare
from warifu.threshold.ecdsa.scalars import wipe
from warifu.threshold.ecdsa.task import Task
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

MESSAGE_BYTES = 32


class VerifiedSignature(bytes):
    """r and s, 32 bytes each: verified, low-s, with its recovery identifier. Only :class:`Combination` makes one."""

    recovery_id: int
    """Which of the points with this r is the nonce: 0 or 1 (2 or 3 with a probability of 2^-127)."""


@dataclass(frozen=True)
class Nonce:
    """The public nonce of a presignature."""

    point: Element
    """R"""
    transcript: bytes
    """Hash of all R_i and pk_i, as this signer received them."""

    @property
    def x(self) -> int:
        """The x coordinate of R modulo the order, not zero: r of the signature."""
        return int.from_bytes(self.point.encoded[1:], "big") % SECP256K1.order

    @property
    def recovery_id(self) -> int:
        """Whether y is odd, plus 2 where x is not below the order."""
        overflow = int.from_bytes(self.point.encoded[1:], "big") >= SECP256K1.order
        return (self.point.encoded[0] & 1) | overflow << 1


class Presignature:
    """One signer's share of one signature whose message is not known yet. Signs once, copies never."""

    __slots__ = ("_shares", "my_id", "nonce", "task")

    def __init__(self, task: Task, my_id: int, nonce: Nonce, phi: Secret, u: Secret, v: Secret) -> None:
        """Internal: ``presign.py`` makes them. Takes ownership of the secrets."""
        self.task = task
        self.my_id = my_id
        self.nonce = nonce
        self._shares = [(phi, u, v)]

    @property
    def used(self) -> bool:
        return not self._shares

    def sign(self, message: bytes, tweaks: Sequence[bytes]) -> tuple[bytes, Combination]:
        """This signer's share for a 32-byte digest, and what makes a signature of everybody's.

        ``tweaks`` are those that the presignature was made for, said again by whoever asks: InvalidInput where they
        differ, or where the message has not 32 bytes. AlreadyUsed on a second call. Whatever comes of it, the
        presignature is gone.
        """
        try:
            phi, u, v = self._shares.pop()  # list.pop is atomic: of two racing threads one gets the shares
        except IndexError:
            raise AlreadyUsed(
                "this presignature was used before; signing with it again would reveal the key"
            ) from None
        try:
            if tuple(tweaks) != self.task.tweaks:
                raise InvalidInput("this presignature was made for another derivation path")
            if len(message) != MESSAGE_BYTES:
                raise InvalidInput(f"the digest to sign has {MESSAGE_BYTES} bytes")
            return self._signed(bytes(message), phi, u, v)
        finally:
            wipe((phi, u, v))

    def wipe(self) -> None:
        """Destroy an unused presignature. Harmless on a used one."""
        while self._shares:
            wipe(self._shares.pop())

    def _signed(self, message: bytes, phi: Secret, u: Secret, v: Secret) -> tuple[bytes, Combination]:
        number = SECP256K1.scalar_reduce(message)
        with SECP256K1.secret_mul_public(v, self.nonce.x) as w:
            published_w = w.expose() if number == 0 else _plus_product(w, phi, number)
        combination = Combination(self.task, self.nonce, message)
        share = SignatureShare(published_w, u.expose(), self.nonce.transcript, combination.message_digest)
        combination.remember(self.my_id, share)
        return share.encode(), combination

    def __del__(self) -> None:
        if hasattr(self, "_shares"):  # absent where the constructor failed
            self.wipe()

    def __repr__(self) -> str:
        return f"Presignature(<participant {self.my_id}, {'used' if self.used else 'unused'}>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a presignature cannot be pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a presignature cannot be copied")

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise TypeError("a presignature cannot be copied")


class Combination:
    """What it takes to make a signature of everybody's shares, as one signer sees it. Holds no secret."""

    def __init__(self, task: Task, nonce: Nonce, message: bytes) -> None:
        self._task = task
        self._nonce = nonce
        self._message = message
        self._own: tuple[int, bytes] | None = None
        self.message_digest = digest("message", task.context, message)

    def remember(self, my_id: int, share: SignatureShare) -> None:
        """The share of this signer: it must come back unaltered, and is never suspected."""
        self._own = (my_id, share.encode())

    def combine(self, shares: Mapping[int, bytes]) -> VerifiedSignature:
        """The signature, verified. ``shares``: one of each signer, 128 bytes.

        InvalidInput where one is missing or foreign. InvalidContribution ("signature share") names the sender of a
        malformed share or of one for another message; of two signers also the sender of a wrong one. Among more it
        names nobody (None): the protocol binds each share to the sum alone. No signature comes of any of this.
        """
        self._task.signers.require_exactly(shares, "signature share")
        if self._own is not None and not hmac.compare_digest(shares[self._own[0]], self._own[1]):
            raise InvalidContribution(None, "own signature share")
        parsed = {who: self._parse(who, shares[who]) for who in self._task.signers.ids}
        order = SECP256K1.order
        numerator = sum(w for w, _ in parsed.values()) % order
        denominator = sum(u for _, u in parsed.values()) % order
        if numerator == 0 or denominator == 0:  # made to cancel out
            raise InvalidContribution(self._suspect, SignatureShare.NAME)
        return self._verified(numerator * SECP256K1.scalar_invert(denominator) % order)

    @property
    def _suspect(self) -> int | None:
        return None if self._own is None else self._task.suspect(self._own[0])

    def _parse(self, sender: int, encoded: bytes) -> tuple[int, int]:
        share = SignatureShare.parse(sender, encoded)
        if share.message != self.message_digest:
            raise InvalidContribution(sender, SignatureShare.NAME)
        if share.transcript != self._nonce.transcript:  # somebody told two signers two different things
            raise InvalidContribution(self._suspect, SignatureShare.NAME)
        try:
            return SECP256K1.scalar_from_bytes(share.w), SECP256K1.scalar_from_bytes(share.u)
        except InvalidInput as error:
            raise InvalidContribution(sender, SignatureShare.NAME) from error

    def _verified(self, s: int) -> VerifiedSignature:
        high = s > SECP256K1.order // 2
        low_s = SECP256K1.order - s if high else s
        encoded = SECP256K1.scalar_to_bytes(self._nonce.x) + SECP256K1.scalar_to_bytes(low_s)
        recovery_id = self._nonce.recovery_id ^ high  # -s belongs to -R
        if not self._holds(encoded, recovery_id):
            raise InvalidContribution(self._suspect, SignatureShare.NAME)
        signature = VerifiedSignature(encoded)
        signature.recovery_id = recovery_id
        return signature

    def _holds(self, signature: bytes, recovery_id: int) -> bool:
        key = self._task.public_key
        native = lib.point_parse(key.encoded)
        if native is None or not lib.ecdsa_verify(signature, self._message, native):
            return False
        recovered = lib.ecdsa_recover(signature, recovery_id, self._message)
        return recovered is not None and lib.point_serialize(recovered) == key.encoded


def _plus_product(w: Secret, phi: Secret, number: int) -> bytes:
    with SECP256K1.secret_mul_public(phi, number) as product, SECP256K1.secret_add(w, product) as result:
        return result.expose()
