"""The endorsement key: what the maker of the TPM put into it and certified (TCG EK Credential Profile for TPM 2.0).

The key is not stored: the TPM computes it anew from its endorsement seed and the standard template. Its certificate
lies in the TPM's NV storage. It decrypts, and signs nothing; the attestation key is bound to it by
TPM2_ActivateCredential.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tpm2_pytss import (
    ESYS_TR,
    TPM2B_ENCRYPTED_SECRET,
    TPM2B_ID_OBJECT,
    TPM2B_SENSITIVE_CREATE,
)

from warifu.attestation.tpm.keys import read_key
from warifu.errors import InputRefused, PlatformRefused
from warifu.tee.tpm.chip import Chip, public_of
from warifu.tee.tpm.counters import NV_FIRST
from warifu.tee.tpm.refusals import refusing
from warifu.tee.tpm.structures import endorsement_key_template, is_rsa

_ECC_CERTIFICATE, _RSA_CERTIFICATE = 0x01C0000A, 0x01C00002
_MAX_CERTIFICATE = 8192
_NV_CHUNK = 512
_MAX_CREDENTIAL = 1024


@dataclass(frozen=True)
class Endorsement:
    """An endorsement key that this TPM really has, and what its maker says of it."""

    public: bytes
    """TPMT_PUBLIC."""
    certificate: bytes
    """DER; empty, like ``public``, where the TPM has none: a maker that certifies nothing."""


def read_endorsement(chip: Chip, endorsement_auth: bytes = b"") -> Endorsement:
    """The first endorsement key that has a certificate in the TPM, elliptic curves first: they are quicker."""
    present = chip.handles(NV_FIRST)
    for index in (_ECC_CERTIFICATE, _RSA_CERTIFICATE):
        certificate = _certificate_at(chip, index) if index in present else b""
        if certificate:
            with _made(chip, rsa=index == _RSA_CERTIFICATE, endorsement_auth=endorsement_auth) as (_, public):
                if _certifies(certificate, public):
                    return Endorsement(public, certificate)
    return Endorsement(b"", b"")


def activated(
    chip: Chip,
    attestation_key: ESYS_TR,
    endorsement_public: bytes,
    credential: tuple[bytes, bytes],
    endorsement_auth: bytes,
) -> bytearray:
    """TPM2_ActivateCredential; see ``Attester.activate``."""
    if not endorsement_public:
        raise PlatformRefused(
            "activation",
            "this TPM has no certificate of its endorsement key",
            remedy="Nobody but its owner can vouch for it: pin its attestation key when the device is enrolled.",
        )
    blob, secret = _read_credential(credential)
    rsa = is_rsa(endorsement_public)
    with _made(chip, rsa=rsa, endorsement_auth=endorsement_auth) as (key, _), _endorsed(chip) as session:
        try:
            with refusing("activating"):
                opened = chip.esapi.activate_credential(
                    attestation_key,
                    key,
                    blob,
                    secret,
                    session1=ESYS_TR.PASSWORD,  # the AK has no auth value
                    session2=session,
                )
        except PlatformRefused as refused:
            if refused.reason != "tpm":
                raise
            raise PlatformRefused(
                "activation",
                "this credential was made for another TPM or another attestation key",
                not_done="It was not opened.",
            ) from None
    return bytearray(bytes(opened))


@contextmanager
def _endorsed(chip: Chip) -> Iterator[ESYS_TR]:
    """A session that satisfies the policy of endorsement keys: who opens it knows the endorsement authorization."""
    with refusing("proving the endorsement authorization"), chip.policy_session() as session:
        chip.esapi.policy_secret(ESYS_TR.ENDORSEMENT, session)
        yield session


@contextmanager
def _made(chip: Chip, *, rsa: bool, endorsement_auth: bytes) -> Iterator[tuple[ESYS_TR, bytes]]:
    """The key's handle, and its public area (TPMT_PUBLIC)."""
    template = public_of(endorsement_key_template(rsa=rsa))
    with refusing("making its endorsement key"), chip.session() as session:
        chip.esapi.tr_set_auth(ESYS_TR.ENDORSEMENT, endorsement_auth)
        handle, public, *_ = chip.esapi.create_primary(
            TPM2B_SENSITIVE_CREATE(), template, ESYS_TR.ENDORSEMENT, session1=session
        )
    with chip.flushed(handle):
        yield handle, public.publicArea.marshal()


def _certifies(certificate: bytes, public: bytes) -> bool:
    try:
        certified = x509.load_der_x509_certificate(certificate).public_key()
    except ValueError:
        return False
    spki = certified.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return read_key(public).spki == spki


def _certificate_at(chip: Chip, index: int) -> bytes:
    """The certificate in an NV index, without the padding that some makers put behind it; empty where none is."""
    content = b""
    try:
        with refusing("reading its endorsement certificate"):
            handle = chip.esapi.tr_from_tpmpublic(index)
            public, _ = chip.esapi.nv_read_public(handle)
            size = min(int(public.nvPublic.dataSize), _MAX_CERTIFICATE)
            while len(content) < size:
                wanted = min(_NV_CHUNK, size - len(content))
                content += bytes(chip.esapi.nv_read(handle, wanted, len(content), auth_handle=handle))
            chip.esapi.tr_close(handle)
    except PlatformRefused as refused:
        if refused.reason != "tpm":
            raise
        return b""  # an index of another use, which may not be read
    return _without_padding(content)


def _without_padding(content: bytes) -> bytes:
    """X.690: a SEQUENCE whose length is in two bytes, as every certificate's is."""
    if content[:2] != b"\x30\x82":
        return b""
    return content[: 4 + int.from_bytes(content[2:4], "big")]


def _read_credential(credential: tuple[bytes, bytes]) -> tuple[TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET]:
    """Both from outside: one TPM2B each, and nothing behind it."""
    for part in credential:
        if not 2 < len(part) <= _MAX_CREDENTIAL or int.from_bytes(part[:2], "big") != len(part) - 2:
            raise InputRefused("credential", "this is not a credential for a TPM")
    blob, secret = credential
    return TPM2B_ID_OBJECT(blob[2:]), TPM2B_ENCRYPTED_SECRET(secret[2:])
