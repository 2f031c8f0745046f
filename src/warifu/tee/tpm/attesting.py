"""Evidence: what the TPM measured of the boot, and where a counter of its own stands, signed for one question.

TPM 2.0 Library Specification, Part 3, TPM2_Quote and TPM2_NV_Certify. The attestation key (AK) is a child of the
storage root key and signs nothing but what the TPM itself states (a restricted key). That it lives in a genuine TPM
shows in :meth:`Attester.activate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tpm2_pytss import (
    ESYS_TR,
    TPM2_ALG,
    TPM2B_PRIVATE,
    TPMT_SIG_SCHEME,
)

from warifu.attestation.evidence import REPORT_DATA_BYTES, Evidence
from warifu.attestation.tpm.bundle import FORMAT, TpmEvidence, qualifying_data
from warifu.attestation.tpm.structures import qualified_name, read_quote
from warifu.errors import PlatformRefused
from warifu.protocol.encoding import encode
from warifu.tee.tpm.chip import Chip, Key, public_of, selection_of
from warifu.tee.tpm.counters import Counter
from warifu.tee.tpm.endorsement import activated
from warifu.tee.tpm.pinned import Pinned
from warifu.tee.tpm.policy import values_digest
from warifu.tee.tpm.refusals import refusing
from warifu.tee.tpm.structures import COUNTER_BYTES, SHA256

BOOT_CHAIN = tuple(range(8))
"""Firmware's own PCRs (TCG PC Client Platform Firmware Profile): always quoted."""
_OWNER_HIERARCHY = (0x40000001).to_bytes(4, "big")
_ATTEMPTS = 3
_AS_THE_KEY_SAYS = TPMT_SIG_SCHEME(scheme=TPM2_ALG.NULL)


class Attester:
    """Makes evidence with the attestation key that provisioning made."""

    def __init__(self, chip: Chip, root: Key, pinned: Pinned, event_log: bytes) -> None:
        self._chip = chip
        self._root = root
        self._pinned = pinned
        self._event_log = event_log
        self._pcrs = tuple(sorted({*BOOT_CHAIN, *pinned.pcrs}))

    def attest(self, report_data: bytes, counter: Counter | None) -> Evidence:
        """A quote, and where ``counter`` stands, for ``report_data`` (64 bytes). Raises ``PlatformRefused``."""
        if len(report_data) != REPORT_DATA_BYTES:
            raise PlatformRefused(
                "report-data", f"report data has {len(report_data)} bytes, not {REPORT_DATA_BYTES}"
            )
        question = qualifying_data(
            report_data,
            ak_certificate=b"",
            ek_certificate=self._pinned.ek_certificate,
            event_log=self._event_log,
            counter_public=counter.public if counter is not None else b"",
        )
        with self._chip.session(), self._attestation_key() as key:
            attest, signature, values = self._quote(key, question)
            counted = self._certify(key, counter, question) if counter is not None else (b"", b"", b"")
        bundle = TpmEvidence(
            report_data=report_data,
            attest=attest,
            signature=signature,
            ak_public=self._pinned.ak_public,
            ak_parent=qualified_name(SHA256, _OWNER_HIERARCHY, self._root.name),
            ak_certificate=b"",
            ek_certificate=self._pinned.ek_certificate,
            pcrs=tuple(zip(self._pcrs, values, strict=True)),
            event_log=self._event_log,
            counter_public=counted[0],
            counter_attest=counted[1],
            counter_signature=counted[2],
        )
        return Evidence(FORMAT, encode(bundle))

    def activate(self, credential: tuple[bytes, bytes], endorsement_auth: bytes = b"") -> bytearray:
        """The secret of a credential (TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET) that was made for this TPM's
        endorsement key and this AK together: whoever made it then knows that the AK lives in the TPM with the
        certified endorsement key. The caller wipes it.

        ``PlatformRefused`` (``activation``) where it was made for another TPM or another key.
        """
        with self._attestation_key() as key:
            return activated(self._chip, key, self._pinned.ek_public, credential, endorsement_auth)

    @contextmanager
    def _attestation_key(self) -> Iterator[ESYS_TR]:
        private, _ = TPM2B_PRIVATE.unmarshal(self._pinned.ak_private)
        with refusing("loading its attestation key"), self._chip.session() as session:
            handle = self._chip.esapi.load(
                self._root.handle, private, public_of(self._pinned.ak_public), session1=session
            )
        with self._chip.flushed(handle):
            yield handle

    def _quote(self, key: ESYS_TR, question: bytes) -> tuple[bytes, bytes, tuple[bytes, ...]]:
        """Quote, signature, and the values that it is of. Something may extend a PCR between reading and quoting."""
        for _ in range(_ATTEMPTS):
            values = self._chip.read_pcrs(self._pcrs)
            with refusing("quoting"), self._chip.session() as session:
                attest, signature = self._chip.esapi.quote(
                    key, selection_of(self._pcrs), question, session1=session
                )
            if read_quote(bytes(attest)).digest == values_digest(values):
                return bytes(attest), signature.marshal(), values
        raise PlatformRefused(
            "busy", "the TPM's PCRs keep changing while they are quoted", remedy="Ask again.", retry_after=5
        )

    def _certify(self, key: ESYS_TR, counter: Counter, question: bytes) -> tuple[bytes, bytes, bytes]:
        with (
            refusing("certifying a counter"),
            counter.opened() as index,
            self._chip.session() as session,
        ):
            attest, signature = self._chip.esapi.nv_certify(
                key,
                index,
                question,
                _AS_THE_KEY_SAYS,
                COUNTER_BYTES,
                auth_handle=index,
                session1=ESYS_TR.PASSWORD,  # the AK has no auth value: it signs only what is true
                session2=session,
            )
        return counter.public, bytes(attest), signature.marshal()
