"""BIP 445: FROST whose signatures verify under BIP-340 (siv2r/bip-frost-signing at 29467ac).

What differs from RFC 9591: nonces are aggregated before anything is hashed, one binding factor serves all signers,
the halves k1 + b k2 are negated where R has an odd y coordinate, and the key may be tweaked. ``Sign``,
``PartialSigVerify`` and the sum in ``PartialSigAgg`` are methods of :class:`Equation`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warifu.threshold import bip340
from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.frost.equation import Equation
from warifu.threshold.frost.nonces import PublicNonce, SecretNonce
from warifu.threshold.frost.scheme import Scheme, Task
from warifu.threshold.frost.signers import Signers
from warifu.threshold.frost.tweaks import TweakContext
from warifu.threshold.group import Element
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.masking import xor
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

PUBLIC_NONCE_BYTES = 66
MAX_EXTRA_BYTES = 1 << 16  # BIP 445 would allow 2^32 - 1


def nonce_gen(
    *,
    rand: bytes,
    share: Secret | None = None,
    pubshare: bytes | None = None,
    threshold_xonly: bytes | None = None,
    message: bytes | None = None,
    extra: bytes | None = None,
) -> SecretNonce:
    """``NonceGen``: a secret nonce from 32 fresh random bytes and whatever of the rest is known already.

    ``share`` 32 bytes, ``pubshare`` 33, ``threshold_xonly`` (tweaked) 32, ``extra`` up to 65536. The optional parts
    keep nonces apart where the randomness fails. InvalidInput for other lengths.
    """
    _require_length(rand, 32, "the randomness")
    _require_length(pubshare, 33, "the public share")
    _require_length(threshold_xonly, 32, "the x-only threshold public key")
    if extra is not None and len(extra) > MAX_EXTRA_BYTES:
        raise InvalidInput(f"the extra input of a nonce has at most {MAX_EXTRA_BYTES} bytes")
    context = b"".join(
        (
            _prefixed(pubshare or b"", 1),
            _prefixed(threshold_xonly or b"", 1),
            b"\x00" if message is None else b"\x01" + _prefixed(message, 8),
            _prefixed(extra or b"", 4),
        )
    )
    with _masked(share, rand) if share is not None else Secret(rand) as seed:
        hiding, binding = (
            SECP256K1.secret_reduce(tagged_hash("BIP0445/nonce", seed.buffer, context, bytes([half])))
            for half in (0, 1)
        )
    return SecretNonce(SECP256K1, hiding, binding)


def nonce_agg(pubnonces: Mapping[int, PublicNonce]) -> bytes:
    """``NonceAgg``: 66 bytes. A half whose sum is the identity is 33 zero bytes."""
    return b"".join(
        SECP256K1.element_add(*halves).encoded
        for halves in (
            [nonce.hiding for nonce in pubnonces.values()],
            [nonce.binding for nonce in pubnonces.values()],
        )
    )


def parse_pubnonces(pubnonces: Mapping[int, bytes]) -> dict[int, PublicNonce]:
    """InvalidContribution("pubnonce") names the first participant whose 66 bytes are not two points."""
    parsed = {}
    for participant, encoded in pubnonces.items():
        try:
            parsed[participant] = PublicNonce.parse(SECP256K1, encoded)
        except InvalidInput as error:
            raise InvalidContribution(participant, "pubnonce") from error
    return parsed


def session_values(signers: Signers, tweaked: TweakContext, message: bytes, aggnonce: bytes) -> Equation:
    """``GetSessionValues``: the equation of a session; InvalidContribution(None, "aggnonce") for a bad aggregate."""
    first, second = _parse_aggnonce(aggnonce)
    participants = b"".join(participant.to_bytes(4, "big") for participant in signers.ids)
    binding = SECP256K1.scalar_reduce(
        tagged_hash("BIP0445/noncecoef", participants, aggnonce, tweaked.xonly, message)
    )
    nonce = SECP256K1.element_add(first, SECP256K1.element_mul_public(second, binding))
    if SECP256K1.is_identity(nonce):
        # Only a cheating signer brings this about. Going on with G keeps the session alive until its share,
        # which it cannot compute, gives it away (BIP 445, "Dealing with Infinity in Nonce Aggregation").
        nonce = SECP256K1.generator
    challenge = SECP256K1.scalar_reduce(
        tagged_hash("BIP0340/challenge", SECP256K1.xonly(nonce), tweaked.xonly, message)
    )
    key_sign = 1 if SECP256K1.has_even_y(tweaked.key) else -1
    return Equation(
        signers=signers,
        binding=dict.fromkeys(signers.ids, binding),
        nonce=nonce,
        nonce_sign=1 if SECP256K1.has_even_y(nonce) else -1,
        challenge=challenge * key_sign * tweaked.sign % SECP256K1.order,
        offset=challenge * key_sign * tweaked.offset % SECP256K1.order,
    )


def encode_signature(equation: Equation, z: int) -> bytes:
    """64 bytes as BIP-340 has them: x(R) and z. Not verified."""
    return SECP256K1.xonly(equation.nonce) + SECP256K1.scalar_to_bytes(z)


def deterministic_sign(
    *,
    share: Secret,
    my_id: int,
    aggothernonce: bytes | None,
    signers: Signers,
    tweaked: TweakContext,
    message: bytes,
    rand: bytes | None,
) -> tuple[bytes, bytes]:
    """``DeterministicSign``: public nonce (66 bytes) and signature share of the one signer who comes last.

    ``aggothernonce`` is the sum of the other signers' public nonces, None for a sole signer; InvalidContribution(None,
    "aggothernonce") where it is malformed. With ``rand`` None the nonce hangs on the inputs alone: at most ONE signer
    of a session may sign this way.
    """
    signers.require_member(my_id)
    _require_length(rand, 32, "the randomness")
    others = None if aggothernonce is None else _parse_other_nonces(aggothernonce)
    participants = b"".join(participant.to_bytes(4, "big") for participant in signers.ids)
    context = b"".join(
        (
            my_id.to_bytes(4, "big"),
            len(signers.ids).to_bytes(4, "big"),
            participants,
            aggothernonce or b"",
            tweaked.xonly,
            _prefixed(message, 8),
        )
    )
    with share.clone() if rand is None else _masked(share, rand) as seed:
        hiding, binding = (
            SECP256K1.secret_reduce(
                tagged_hash("BIP0445/deterministic/nonce", seed.buffer, context, bytes([half]))
            )
            for half in (0, 1)
        )
    nonce = SecretNonce(SECP256K1, hiding, binding)
    aggnonce = nonce_agg({0: nonce.public} if others is None else {0: nonce.public, 1: others})
    equation = session_values(signers, tweaked, message, aggnonce)
    return nonce.public.encode(), equation.sign(my_id, nonce, share)


@dataclass(frozen=True)
class Bip445Task(Task):
    """A 32-byte message (a BIP-341 signature hash) under a tweaked threshold public key."""

    signers: Signers
    message: bytes
    tweaked: TweakContext

    @property
    def public_key(self) -> bytes:
        """32 bytes, x-only."""
        return self.tweaked.xonly

    def draw_nonce(self, my_id: int, share: Secret, session_id: bytes) -> SecretNonce:
        return nonce_gen(
            rand=os.urandom(32),
            share=share,
            pubshare=self.signers.pubshares[my_id].encoded,
            threshold_xonly=self.public_key,
            message=self.message,
            extra=session_id,
        )

    def equation(self, nonces: Mapping[int, PublicNonce]) -> Equation:
        self.signers.require_exactly(nonces, "public nonce")
        return session_values(self.signers, self.tweaked, self.message, nonce_agg(nonces))

    def encode_signature(self, equation: Equation, z: int) -> bytes:
        return encode_signature(equation, z)

    def verifies(self, signature: bytes) -> bool:
        return bip340.verify(self.public_key, self.message, signature)


class Bip445(Scheme):
    """BIP 445 over secp256k1."""

    name = "bip340"
    group = SECP256K1

    def task(self, signers: Signers, message: bytes, tweaks: Sequence[tuple[bytes, bool]]) -> Bip445Task:
        _require_length(message, 32, "a signature hash")
        return Bip445Task(signers, message, TweakContext.start(signers.threshold_key).apply_all(tweaks))


BIP340 = Bip445()


def _parse_aggnonce(aggnonce: bytes) -> tuple[Element, Element]:
    if len(aggnonce) != PUBLIC_NONCE_BYTES:
        raise InvalidContribution(None, "aggnonce")
    try:
        return (
            SECP256K1.element_from_bytes(aggnonce[:33], allow_identity=True),
            SECP256K1.element_from_bytes(aggnonce[33:], allow_identity=True),
        )
    except InvalidInput as error:
        raise InvalidContribution(None, "aggnonce") from error


def _parse_other_nonces(encoded: bytes) -> PublicNonce:
    try:
        return PublicNonce.parse(SECP256K1, encoded)
    except InvalidInput as error:
        raise InvalidContribution(None, "aggothernonce") from error


def _masked(share: Secret, rand: bytes) -> Secret:
    """share XOR hash(rand), in a fresh buffer."""
    if len(share) != 32:
        raise InvalidInput("a secret share has 32 bytes")
    masked = share.clone()
    xor(masked, tagged_hash("BIP0445/aux", rand))
    return masked


def _prefixed(value: bytes, width: int) -> bytes:
    return len(value).to_bytes(width, "big") + value


def _require_length(value: bytes | None, length: int, what: str) -> None:
    if value is not None and len(value) != length:
        raise InvalidInput(f"{what} has {length} bytes")
