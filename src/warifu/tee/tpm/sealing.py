"""Sealed secrets: a key in the TPM, and under it the data.

A TPM holds at most 128 bytes in an object, so it holds a 32-byte key, and the data is XChaCha20-Poly1305 (libsodium)
under a key out of that one *and* the device's unlock key. Everything is authenticated under the unlock key before the
TPM is asked, so that damaged or moved data never costs a try, and a refused authorization means exactly that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
)
from nacl.exceptions import CryptoError
from nacl.utils import random
from tpm2_pytss import (
    ESYS_TR,
    TPM2B_PRIVATE,
    TPM2B_SENSITIVE_CREATE,
    TPMS_SENSITIVE_CREATE,
    TSS2_Exception,
)

from warifu.errors import InputRefused, PlatformRefused
from warifu.protocol.encoding import Message, decode, encode
from warifu.tee.platform import AUTH_BYTES, MAX_CONTEXT_BYTES, MAX_SEALED_BYTES
from warifu.tee.tpm.approving import Approvals
from warifu.tee.tpm.chip import Chip, Key, public_of
from warifu.tee.tpm.keys import TAG_BYTES, Keys
from warifu.tee.tpm.policy import sealing_policy
from warifu.tee.tpm.refusals import LOCKED_OUT, WRONG_AUTH, code, refusal, refusing
from warifu.tee.tpm.structures import sealed_template

_HEADER = b"warifu-tpm-sealed\x00\x01"
_KEY_BYTES = 32
_OVERHEAD = 4096
_NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Blob = Annotated[bytes, msgspec.Meta(min_length=1, max_length=1024)]


class Sealed(Message, frozen=True):
    """What :func:`seal` returns, between its header and its tag."""

    with_auth: bool
    public: _Blob
    """TPMT_PUBLIC of the object that holds the key."""
    private: _Blob
    """Its TPM2B_PRIVATE, which the TPM encrypted under its storage root key."""
    nonce: Annotated[bytes, msgspec.Meta(min_length=_NONCE_BYTES, max_length=_NONCE_BYTES)]
    ciphertext: Annotated[bytes, msgspec.Meta(min_length=16, max_length=MAX_SEALED_BYTES + 16)]


class Sealer:
    """Seals and opens with one TPM, one unlock key and the owner's approvals."""

    def __init__(self, chip: Chip, root: Key, keys: Keys, approvals: Approvals) -> None:
        self._chip = chip
        self._root = root
        self._keys = keys
        self._approvals = approvals

    def seal(self, plaintext: bytes | bytearray, context: bytes, auth: bytes | bytearray | None) -> bytes:
        """``warifu.tee.platform.Platform.seal``."""
        _require("seal", context, auth)
        if len(plaintext) > MAX_SEALED_BYTES:
            raise PlatformRefused("seal", f"{len(plaintext)} bytes are too many to seal")
        key, nonce = bytearray(random(_KEY_BYTES)), random(_NONCE_BYTES)
        try:
            public, private = self._into_chip(key, auth)
            ciphertext = crypto_aead_xchacha20poly1305_ietf_encrypt(
                bytes(plaintext), context, nonce, self._keys.key("payload", key)
            )
        finally:
            key[:] = bytes(len(key))
        body = encode(Sealed(auth is not None, public, private, nonce, ciphertext))
        return _HEADER + body + self._keys.tag("sealed", context, body)

    def unseal(self, sealed: bytes, context: bytes, auth: bytes | bytearray | None) -> bytearray:
        """``warifu.tee.platform.Platform.unseal``."""
        _require("unseal", context, auth)
        parts = self._read(sealed, context, with_auth=auth is not None)
        key = self._from_chip(parts, auth)
        try:
            return bytearray(
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    parts.ciphertext, context, parts.nonce, self._keys.key("payload", key)
                )
            )
        except CryptoError:
            raise _does_not_open() from None
        finally:
            key[:] = bytes(len(key))

    def _read(self, sealed: bytes, context: bytes, *, with_auth: bool) -> Sealed:
        body, tag = sealed[len(_HEADER) : -TAG_BYTES], sealed[-TAG_BYTES:]
        sound = (
            len(sealed) <= MAX_SEALED_BYTES + _OVERHEAD
            and sealed.startswith(_HEADER)
            and self._keys.is_tag(tag, "sealed", context, body)
        )
        try:
            parts = decode(Sealed, body, MAX_SEALED_BYTES + _OVERHEAD) if sound else None
        except InputRefused:
            parts = None
        if parts is None or parts.with_auth != with_auth:
            raise _does_not_open()
        return parts

    def _into_chip(self, key: bytearray, auth: bytes | bytearray | None) -> tuple[bytes, bytes]:
        policy = sealing_policy(
            self._approvals.update_key, self._approvals.reference, with_auth=auth is not None
        )
        sensitive = TPM2B_SENSITIVE_CREATE(
            TPMS_SENSITIVE_CREATE(userAuth=bytes(auth or b""), data=bytes(key))
        )
        with refusing("sealing"), self._chip.session() as session:
            private, public, *_ = self._chip.esapi.create(
                self._root.handle, sensitive, public_of(sealed_template(policy)), session1=session
            )
        return public.publicArea.marshal(), private.marshal()

    def _from_chip(self, parts: Sealed, auth: bytes | bytearray | None) -> bytearray:
        with (
            self._chip.session(),
            self._loaded(parts) as secret,
            self._chip.policy_session() as session,
        ):
            self._approvals.satisfy(session)
            with refusing("opening a sealed secret"):
                if auth is not None:
                    self._chip.esapi.policy_auth_value(session)
                    self._chip.esapi.tr_set_auth(secret, bytes(auth))
                return self._unsealed(secret, session)

    def _unsealed(self, secret: ESYS_TR, session: ESYS_TR) -> bytearray:
        """Only here does a refused authorization mean that the auth value is wrong: another one that the TPM refuses on
        the way (a counter's, the root key's) is trouble with the TPM, and must never count as a wrong passphrase."""
        try:
            return bytearray(bytes(self._chip.esapi.unseal(secret, session1=session)))
        except TSS2_Exception as error:
            if code(error) in WRONG_AUTH:
                raise PlatformRefused(
                    "auth", "the auth value is not the one that this was sealed with"
                ) from None
            if code(error) == LOCKED_OUT:
                locked = refusal(error, "opening a sealed secret")
                locked.retry_after = self._chip.facts.recovery_seconds
                raise locked from None
            raise

    @contextmanager
    def _loaded(self, parts: Sealed) -> Iterator[ESYS_TR]:
        try:
            with refusing("reading a sealed secret"), self._chip.session() as session:
                private, _ = TPM2B_PRIVATE.unmarshal(parts.private)
                handle = self._chip.esapi.load(
                    self._root.handle, private, public_of(parts.public), session1=session
                )
        except PlatformRefused as refused:
            if refused.reason == "tpm":  # the object was altered, or is another TPM's
                raise _does_not_open() from None
            raise
        with self._chip.flushed(handle):
            yield handle


def _require(reason: str, context: bytes, auth: bytes | bytearray | None) -> None:
    if len(context) > MAX_CONTEXT_BYTES:
        raise PlatformRefused(
            reason, f"a sealing context of {len(context)} bytes is over {MAX_CONTEXT_BYTES}"
        )
    if auth is not None and len(auth) != AUTH_BYTES:
        raise PlatformRefused(reason, f"an auth value has {AUTH_BYTES} bytes, not {len(auth)}")


def _does_not_open() -> PlatformRefused:
    return PlatformRefused(
        "unseal",
        "sealed data does not open: it was altered, moved, or sealed on another device or with another unlock key",
        not_done="Nothing was opened.",
        remedy="Check that this device was started with its own unlock key; otherwise restore or repair the device.",
    )
