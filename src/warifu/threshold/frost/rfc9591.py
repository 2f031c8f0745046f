"""FROST as RFC 9591 writes it: a binding factor for each signer, nonce commitments listed, not aggregated.

Section 4.3 (lists), 4.4 (binding factors), 4.5 (group commitment), 4.6 (challenge), 5.1 (nonces). The signature share,
its verification and the sum (5.2 to 5.4) are methods of :class:`Equation`. A participant ``id`` (from 0) appears on
the wire as the identifier ``id + 1``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.frost.equation import Equation, weighted
from warifu.threshold.frost.nonces import PublicNonce, SecretNonce
from warifu.threshold.frost.scheme import Scheme, Task
from warifu.threshold.frost.signers import Signers
from warifu.threshold.frost.suite import Ciphersuite
from warifu.threshold.frost.suites import ED25519_SHA512, SECP256K1_SHA256
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.wiping import Secret

MAX_MESSAGE_BYTES = 1 << 16


def nonce_generate(
    suite: Ciphersuite, share: Secret, hiding_randomness: bytes, binding_randomness: bytes
) -> SecretNonce:
    """``nonce_generate``, twice: hiding and binding, each from 32 fresh random bytes and the secret share."""
    return SecretNonce(
        suite.group,
        _one_nonce(suite, share, hiding_randomness),
        _one_nonce(suite, share, binding_randomness),
    )


def binding_factor_inputs(
    suite: Ciphersuite, signers: Signers, message: bytes, nonces: Mapping[int, PublicNonce]
) -> dict[int, bytes]:
    """What each signer's binding factor hashes: key, message, the whole list of commitments, the signer."""
    listed = b"".join(_identifier(suite, who) + nonces[who].encode() for who in signers.ids)
    common = signers.threshold_key.encoded + suite.message_hash(message) + suite.commitment_hash(listed)
    return {who: common + _identifier(suite, who) for who in signers.ids}


def session_values(
    suite: Ciphersuite, signers: Signers, message: bytes, nonces: Mapping[int, PublicNonce]
) -> Equation:
    """Binding factors, group commitment and challenge for the public nonces of exactly the signers.

    InvalidContribution(None, "pubnonce") where the commitments add up to the identity.
    """
    signers.require_exactly(nonces, "public nonce")
    group = suite.group
    inputs = binding_factor_inputs(suite, signers, message, nonces)
    binding = {who: suite.binding_factor(data) for who, data in inputs.items()}
    commitments = {(who, nonces[who]): weighted(group, nonces[who], binding[who]) for who in signers.ids}
    commitment = group.element_add(*commitments.values())
    if group.is_identity(commitment):
        raise InvalidContribution(
            None, "pubnonce"
        )  # section 3.1: the identity has no encoding, so no signature
    challenge = suite.challenge(commitment.encoded + signers.threshold_key.encoded + message)
    return Equation(
        signers=signers,
        binding=binding,
        nonce=commitment,
        nonce_sign=1,
        challenge=challenge,
        offset=0,
        commitments=commitments,
    )


def encode_signature(suite: Ciphersuite, equation: Equation, z: int) -> bytes:
    """R || z. Not verified."""
    return equation.nonce.encoded + suite.group.scalar_to_bytes(z)


@dataclass(frozen=True)
class Rfc9591Task(Task):
    """A message under the threshold public key of one ciphersuite."""

    signers: Signers
    message: bytes
    suite: Ciphersuite

    @property
    def public_key(self) -> bytes:
        return self.signers.threshold_key.encoded

    def draw_nonce(self, my_id: int, share: Secret, session_id: bytes) -> SecretNonce:
        """Section 5.1, whose random bytes are fresh ones hashed together with all that this session is about.

        The RFC hedges with the share alone. Where a restored or forked machine draws the same randomness again, two
        messages would then meet one nonce, and the share would be lost; BIP 445 hedges as this does.
        """
        context = length_prefixed(
            self.suite.name.encode(),
            session_id,
            self.public_key,
            b"".join(participant.to_bytes(4, "big") for participant in (my_id, *self.signers.ids)),
            self.suite.message_hash(self.message),
        )
        hiding, binding = (
            tagged_hash("Warifu FROST/nonce randomness", os.urandom(32), bytes([half]), context)
            for half in (0, 1)
        )
        return nonce_generate(self.suite, share, hiding, binding)

    def equation(self, nonces: Mapping[int, PublicNonce]) -> Equation:
        return session_values(self.suite, self.signers, self.message, nonces)

    def encode_signature(self, equation: Equation, z: int) -> bytes:
        return encode_signature(self.suite, equation, z)

    def verifies(self, signature: bytes) -> bool:
        return self.suite.verifies(self.signers.threshold_key, self.message, signature)


class Rfc9591(Scheme):
    """RFC 9591 with one of its ciphersuites; untweaked keys, messages up to 64 KiB."""

    def __init__(self, name: str, suite: Ciphersuite) -> None:
        self.name = name
        self.suite = suite
        self.group = suite.group

    def task(self, signers: Signers, message: bytes, tweaks: Sequence[tuple[bytes, bool]]) -> Rfc9591Task:
        if tweaks:
            raise InvalidInput("RFC 9591 does not tweak keys")
        if len(message) > MAX_MESSAGE_BYTES:
            raise InvalidInput(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
        return Rfc9591Task(signers, message, self.suite)


FROST_ED25519 = Rfc9591("ed25519", ED25519_SHA512)
FROST_SECP256K1 = Rfc9591("secp256k1", SECP256K1_SHA256)


def _one_nonce(suite: Ciphersuite, share: Secret, randomness: bytes) -> Secret:
    if len(randomness) != 32:
        raise InvalidInput("a nonce takes 32 bytes of randomness")
    joined = bytearray(randomness)
    joined += share.buffer
    with Secret(joined) as seed:
        joined[:] = bytes(len(joined))
        return suite.nonce(seed)


def length_prefixed(*parts: bytes) -> bytes:
    """All parts, each after its length in 4 bytes: no two lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _identifier(suite: Ciphersuite, participant: int) -> bytes:
    return suite.group.scalar_to_bytes(participant + 1)
