"""Binding an attestation key to a chip: a credential that only the TPM with the certified EK *and* this AK can open.

TPM 2.0 Library Specification, Part 1, "Credential Protection" (what TPM2_MakeCredential computes; no TPM is needed for
it) with the key derivations KDFa and KDFe of Part 1, "Cryptographic Primitives", and annexes B.10 and C.6 for how a
seed is shared with an RSA and an ECC key. KDFa is SP 800-108 in counter mode with HMAC, KDFe is the concatenation KDF
of SP 800-56A: both are those of ``cryptography``, as are all ciphers.

Why it proves what it proves: the EK decrypts credentials only (it is restricted, which its maker certifies), and before
it does, the TPM compares the AK's *name* in the credential with the one of the key that is loaded. Whoever returns the
secret has this AK, with these attributes, in this chip.

Refused: an EK without a certificate that leads to a root of the caller's, or with another key than the certified one: a
program can make a key and call it an EK.
"""

from __future__ import annotations

import struct

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode
from nacl.utils import random

from warifu.attestation.certificates import read_documents
from warifu.attestation.chain import Roots
from warifu.attestation.tpm.endorsement import EkCertificate, check_ek_certificate, require_endorsement_key
from warifu.attestation.tpm.keys import TpmKey, read_key, require_attestation_key
from warifu.attestation.verifier import CheckFailed, Endorsements

SECRET_BYTES = 32
_IDENTITY = b"IDENTITY\0"
_STORAGE, _INTEGRITY = b"STORAGE", b"INTEGRITY"
_HASHES: dict[int, hashes.HashAlgorithm] = {
    0x000B: hashes.SHA256(),
    0x000C: hashes.SHA384(),
    0x000D: hashes.SHA512(),
}


def challenge(
    ek_public: bytes,
    ek_certificate: bytes,
    ak_public: bytes,
    secret: bytes | bytearray,
    endorsements: Endorsements,
    now: int,
) -> tuple[EkCertificate, bytes, bytes]:
    """Check the EK and the AK (TPMT_PUBLIC each), then put ``secret`` (32 bytes, fresh) into a credential for them.

    Returns what the EK's maker says, and the two parameters of TPM2_ActivateCredential. Whoever gives the secret back
    has bound the AK: its SubjectPublicKeyInfo belongs among the pinned keys. ``CheckFailed`` otherwise.
    """
    ek, ak = read_key(ek_public), read_key(ak_public)
    require_endorsement_key(ek)
    require_attestation_key(ak)
    documents = read_documents(each for each in endorsements.documents if each.lstrip()[:1] != b"{")
    endorsed = check_ek_certificate(ek_certificate, documents, Roots().with_callers(endorsements), now)
    if endorsed.spki != ek.spki:
        raise CheckFailed("ek-certificate", "the certificate is for another key than the one that was shown")
    return endorsed, *make_credential(ek, ak.name, secret)


def make_credential(ek: TpmKey, ak_name: bytes, secret: bytes | bytearray) -> tuple[bytes, bytes]:
    """TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET: ``secret`` (32 bytes) for the chip of ``ek``, if it holds the key
    named ``ak_name``. Nothing is checked here about either key: see :func:`challenge`."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a credential holds {SECRET_BYTES} bytes here, not {len(secret)}")
    digest = _HASHES[ek.algorithm]
    if isinstance(ek.public, rsa.RSAPublicKey):
        seed, encrypted_seed = _seed_for_rsa(ek.public, digest)
    else:
        seed, encrypted_seed = _seed_for_ecc(ek.public, digest)
    key = _kdfa(digest, seed, _STORAGE, ak_name, ek.symmetric_bits)
    encryptor = Cipher(
        AES(key), CFB(bytes(AES.block_size // 8))
    ).encryptor()  # the key is used once, so zeros will do
    identity = encryptor.update(_sized(bytes(secret))) + encryptor.finalize()
    outer = hmac.HMAC(_kdfa(digest, seed, _INTEGRITY, b"", digest.digest_size * 8), digest)
    outer.update(identity + ak_name)
    return _sized(_sized(outer.finalize()) + identity), _sized(encrypted_seed)


def _seed_for_rsa(public: rsa.RSAPublicKey, digest: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """Annex B.10.3: a random seed under OAEP, whose label ends with a zero byte."""
    seed = random(digest.digest_size)
    return seed, public.encrypt(seed, padding.OAEP(padding.MGF1(digest), digest, _IDENTITY))


def _seed_for_ecc(public: ec.EllipticCurvePublicKey, digest: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """Annex C.6.3: the seed is derived from one-pass Diffie-Hellman with a key that is used once."""
    ephemeral = ec.generate_private_key(public.curve)
    ours = ephemeral.public_key().public_numbers()
    width = (public.curve.key_size + 7) // 8
    x, y, theirs = (number.to_bytes(width, "big") for number in (ours.x, ours.y, public.public_numbers().x))
    shared = ephemeral.exchange(ec.ECDH(), public)
    seed = ConcatKDFHash(digest, digest.digest_size, _IDENTITY + x + theirs).derive(shared)
    return seed, _sized(x) + _sized(y)


def _kdfa(digest: hashes.HashAlgorithm, key: bytes, label: bytes, context: bytes, bits: int) -> bytes:
    return KBKDFHMAC(
        algorithm=digest,
        mode=Mode.CounterMode,
        length=bits // 8,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=label,
        context=context,
        fixed=None,
    ).derive(key)


def _sized(content: bytes) -> bytes:
    return struct.pack(">H", len(content)) + content
