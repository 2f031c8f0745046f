"""Import everything that a signer will ever need, now: after isolation no module file can be read any more.

Python, codecs and libraries import some parts at first use. What is missing here shows up as ModuleNotFoundError or
PermissionError in the isolation tests, which work through every library under full isolation.
"""

from __future__ import annotations

from importlib import import_module

_STANDARD = (
    "encodings.ascii encodings.idna encodings.latin_1 encodings.punycode encodings.utf_8 encodings.utf_16 "
    "encodings.utf_16_le stringprep base64 binascii bisect calendar collections.abc contextlib copy dataclasses "
    "datetime decimal enum fractions functools gc hashlib heapq hmac itertools json linecache locale logging math "
    "operator pickle queue random re secrets select selectors signal socket string struct tempfile textwrap "
    "threading time tokenize traceback typing unicodedata uuid warnings weakref zlib _strptime"
)

_LIBRARIES = (
    "msgspec msgspec.json msgspec.msgpack sqlcipher3 sqlcipher3.dbapi2 "
    "nacl.bindings nacl.exceptions nacl.hash nacl.hashlib nacl.public nacl.pwhash nacl.pwhash.argon2id nacl.secret "
    "nacl.signing nacl.utils nacl.encoding coincurve coincurve._libsecp256k1 "
    "cryptography.exceptions cryptography.hazmat.backends cryptography.hazmat.backends.openssl.backend "
    "cryptography.hazmat.primitives.asymmetric.x25519 cryptography.hazmat.primitives.asymmetric.ed25519 "
    "cryptography.hazmat.primitives.asymmetric.ec cryptography.hazmat.primitives.asymmetric.x448 "
    "cryptography.hazmat.primitives.ciphers.aead cryptography.hazmat.primitives.constant_time "
    "cryptography.hazmat.primitives.hashes cryptography.hazmat.primitives.hmac "
    "cryptography.hazmat.primitives.kdf.hkdf cryptography.hazmat.primitives.serialization pyhpke"
)

_OWN = "warifu.errors warifu.threshold.libsecp256k1"  # the latter makes its one cffi callback on import


def preload() -> None:
    """Import all of it. ``ImportError`` where something is not installed: better now than while signing."""
    for name in f"{_STANDARD} {_LIBRARIES} {_OWN}".split():
        import_module(name)
