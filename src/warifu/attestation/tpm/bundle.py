"""What a TPM's attester sends: the quote and everything that a verifier needs beside it, in one bounded message.

A TPM has no document of its own for this. The structures inside are the TPM's, byte for byte, because signatures and
names are made over those bytes; the frame is ours and proves nothing. Both ``attest`` and ``counter_attest`` carry
:func:`qualifying_data`: a digest, because a TPM takes no more there (TPM 2.0 Library, Part 2, TPM2B_DATA). It is of
``report_data`` *and of every part that no signature of the TPM covers otherwise*. So no bit of the message can be
altered after the TPM signed, and no part taken out of it: the event log, of which only some of the digests lead to
PCR values, no more than the rest.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.attestation.verifier import CheckFailed
from warifu.errors import InputRefused
from warifu.protocol.encoding import Bytes32, Bytes64, Message, decode, digest

FORMAT = "tpm"
MAX_EVENT_LOG_BYTES = 96 * 1024
MAX_BUNDLE_BYTES = 128 * 1024
PCRS = 24
"""PCRs of the PC Client profile: 0 to 23."""

Structure = Annotated[bytes, msgspec.Meta(min_length=1, max_length=2048)]
"""One marshalled TPM structure."""
OptionalStructure = Annotated[bytes, msgspec.Meta(max_length=2048)]
Certificate = Annotated[bytes, msgspec.Meta(max_length=8192)]
"""One X.509 certificate, DER; empty where there is none."""
PcrIndex = Annotated[int, msgspec.Meta(ge=0, lt=PCRS)]


class TpmEvidence(Message, frozen=True):
    """Build it, ``encode`` it, and it is the body of an ``Evidence`` of format ``tpm``."""

    report_data: Bytes64
    attest: Structure
    """TPMS_ATTEST of TPM2_Quote, without the TPM2B's length."""
    signature: Structure
    """TPMT_SIGNATURE over ``attest`` by the attestation key (AK)."""
    ak_public: Structure
    """TPMT_PUBLIC of the AK, without the TPM2B's length."""
    ak_parent: Annotated[bytes, msgspec.Meta(min_length=4, max_length=66)]
    """Qualified name of the AK's parent; of a primary key, the four bytes of its hierarchy's handle. With it, the
    ``qualifiedSigner`` that the TPM signed binds ``ak_public`` to the last bit (Part 1, "Names"): else attributes and
    policy of the key could be altered beside its signature."""
    ak_certificate: Certificate
    ek_certificate: Certificate
    """Of the endorsement key, as it lies in the TPM's NV storage without padding after the certificate."""
    pcrs: Annotated[tuple[tuple[PcrIndex, Bytes32], ...], msgspec.Meta(min_length=1, max_length=PCRS)]
    """The quoted PCRs of the SHA-256 bank, in ascending order: their values as they were read."""
    event_log: Annotated[bytes, msgspec.Meta(max_length=MAX_EVENT_LOG_BYTES)]
    """The firmware's log in the crypto-agile form (TCG PC Client Platform Firmware Profile); empty where none is."""
    counter_public: OptionalStructure
    """TPMS_NV_PUBLIC of the NV counter, of which its name is the digest: without it nobody could tell a counter
    from storage that can be written at will. Empty where there is no counter, as the next two."""
    counter_attest: OptionalStructure
    """TPMS_ATTEST of TPM2_NV_Certify over the counter's eight bytes, by the same AK."""
    counter_signature: OptionalStructure


def qualifying_data(
    report_data: bytes,
    *,
    ak_certificate: bytes,
    ek_certificate: bytes,
    event_log: bytes,
    counter_public: bytes,
) -> bytes:
    """What is handed to TPM2_Quote and TPM2_NV_Certify for ``report_data`` and what is sent beside it, 32 bytes."""
    return digest("tpm-evidence", report_data, ak_certificate, ek_certificate, event_log, counter_public)


def read_bundle(body: bytes) -> TpmEvidence:
    """The parts of ``body``; ``CheckFailed("form")`` where it is not such a message."""
    try:
        bundle = decode(TpmEvidence, body, MAX_BUNDLE_BYTES)
    except InputRefused as error:
        raise CheckFailed("form", error.message) from None
    indices = [index for index, _ in bundle.pcrs]
    if indices != sorted(set(indices)):
        raise CheckFailed("form", "its PCRs are not in ascending order, each once")
    counter = (bundle.counter_public, bundle.counter_attest, bundle.counter_signature)
    if any(counter) and not all(counter):
        raise CheckFailed("form", "a part of what belongs to its counter is missing")
    return bundle
