"""The table of certificates that a host hands to its guest together with a report (56421, section 4.1.8.1), which the
kernel passes on as ``auxblob``: entries of (GUID, offset, length), an entry of zeros, and the certificates behind it.

The host wrote it, so it is worth as much as any other endorsement: nothing, until the certificates lead to a root.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from warifu.attestation.verifier import CheckFailed

_ENTRY_BYTES = 24
_MAX_ENTRIES = 16
_CERTIFICATES = frozenset(
    uuid.UUID(guid).bytes
    for guid in (
        "63da758d-e664-4564-adc5-f4b93be8accd",  # VCEK
        "a8074bc2-a25a-483e-aae6-39c045a0b8a1",  # VLEK
        "4ab7b379-bbac-4fe4-a02f-05aef327c782",  # ASK, or ASVK
        "c0b406a4-a803-4952-9743-3fb6014cd0ae",  # ARK
        "92f81bc3-5811-4d3d-97ff-d19f88dc67ea",  # a revocation list
    )
)


def is_certificate_table(document: bytes) -> bool:
    """Does it begin with an entry for a certificate? Neither PEM nor DER does."""
    return document[:16] in _CERTIFICATES


def split_certificate_table(document: bytes) -> Iterator[bytes]:
    """The certificates and lists in it, each as it stands; ``CheckFailed`` (``endorsements``) where it is malformed.
    Entries with another GUID are not for a verifier and are passed over."""
    for number in range(_MAX_ENTRIES):
        entry = document[number * _ENTRY_BYTES : (number + 1) * _ENTRY_BYTES]
        if len(entry) < _ENTRY_BYTES:
            raise CheckFailed("endorsements", "the table of certificates has no end")
        if not any(entry):
            return
        offset, length = int.from_bytes(entry[16:20], "little"), int.from_bytes(entry[20:24], "little")
        if offset + length > len(document) or not length:
            raise CheckFailed("endorsements", "the table of certificates points outside of itself")
        if entry[:16] in _CERTIFICATES:
            yield document[offset : offset + length]
    raise CheckFailed("endorsements", f"the table of certificates has more than {_MAX_ENTRIES} entries")
