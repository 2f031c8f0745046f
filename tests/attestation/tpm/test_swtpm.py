"""Against a real implementation of a TPM: credentials that it opens, and quotes that it made."""

import os
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.swtpm import Maker, Swtpm

from warifu.attestation.tpm.bundle import TpmEvidence, qualifying_data, read_bundle
from warifu.attestation.tpm.credential import challenge, make_credential
from warifu.attestation.tpm.endorsement import require_endorsement_key
from warifu.attestation.tpm.keys import read_key, require_attestation_key
from warifu.attestation.tpm.verifier import TpmVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements
from warifu.protocol.encoding import encode

pytest.importorskip("tpm2_pytss", reason="tpm2-pytss is not installed; run tools/setup-tpm.sh")

from tpm2_pytss import (
    ESAPI,
    ESYS_TR,
    TPM2_ALG,
    TPM2_SE,
    TPM2B_ENCRYPTED_SECRET,
    TPM2B_ID_OBJECT,
    TPM2B_NV_PUBLIC,
    TPM2B_PUBLIC,
    TPM2B_SENSITIVE_CREATE,
    TPML_PCR_SELECTION,
    TPMT_SIG_SCHEME,
    TPMT_SYM_DEF,
    TSS2_Exception,
)

from warifu.tee.tpm.structures import (
    attestation_key_template,
    counter_public,
    endorsement_key_template,
    sized,
)
from warifu.tee.tpm.transport import Transport, read_address

pytestmark = pytest.mark.real

RSA_CERTIFICATE = 0x01C00002


class Bench:
    """A TPM with an endorsement key and an attestation key, spoken to directly."""

    def __init__(self, tpm: Swtpm) -> None:
        self.esapi = ESAPI(Transport(read_address(tpm.device)))
        self.ak, self.ak_public = self.primary(attestation_key_template(), ESYS_TR.OWNER)

    def primary(self, template: bytes, hierarchy: ESYS_TR) -> tuple[ESYS_TR, bytes]:
        wanted, _ = TPM2B_PUBLIC.unmarshal(sized(template))
        handle, public, *_ = self.esapi.create_primary(TPM2B_SENSITIVE_CREATE(), wanted, hierarchy)
        return handle, bytes(public.publicArea.marshal())

    def endorsement_key(self, *, rsa: bool) -> tuple[ESYS_TR, bytes]:
        return self.primary(endorsement_key_template(rsa=rsa), ESYS_TR.ENDORSEMENT)

    def certificate(self) -> bytes:
        index = self.esapi.tr_from_tpmpublic(RSA_CERTIFICATE)
        size = int(self.esapi.nv_read_public(index)[0].nvPublic.dataSize)
        read = b"".join(
            bytes(self.esapi.nv_read(index, min(512, size - at), at, auth_handle=index))
            for at in range(0, size, 512)
        )
        return read[: 4 + int.from_bytes(read[2:4], "big")]

    def evidence(self, report_data: bytes) -> bytes:
        """A quote, and a counter that was counted twice, certified."""
        wanted, _ = TPM2B_NV_PUBLIC.unmarshal(sized(counter_public(0x01800001, written=False)))
        index = self.esapi.nv_define_space(b"", wanted)
        for _ in range(2):
            self.esapi.nv_increment(index, auth_handle=index)
        public = self.esapi.nv_read_public(index)[0].nvPublic.marshal()
        certificate = self.certificate()
        question = qualifying_data(
            report_data,
            ak_certificate=b"",
            ek_certificate=certificate,
            event_log=b"",
            counter_public=public,
        )
        attest, signature = self.esapi.quote(
            self.ak, TPML_PCR_SELECTION.parse("sha256:0,1,2,3,4,5,6,7,8,9"), question
        )
        counted, counter_signature = self.esapi.nv_certify(
            self.ak, index, question, TPMT_SIG_SCHEME(scheme=TPM2_ALG.NULL), 8, auth_handle=index,
            session1=ESYS_TR.PASSWORD, session2=ESYS_TR.PASSWORD,
        )  # fmt: skip
        self.esapi.nv_undefine_space(index)
        return encode(
            TpmEvidence(
                report_data=report_data,
                attest=bytes(attest),
                signature=signature.marshal(),
                ak_public=self.ak_public,
                ak_parent=(0x40000001).to_bytes(4, "big"),  # a primary key of the owner's hierarchy
                ak_certificate=b"",
                ek_certificate=certificate,
                pcrs=tuple((pcr, bytes(32)) for pcr in range(10)),
                event_log=b"",
                counter_public=public,
                counter_attest=bytes(counted),
                counter_signature=counter_signature.marshal(),
            )
        )

    def activate(self, ek: ESYS_TR, blob: bytes, secret: bytes) -> bytes:
        session = self.esapi.start_auth_session(
            ESYS_TR.NONE, ESYS_TR.NONE, TPM2_SE.POLICY, TPMT_SYM_DEF(algorithm=TPM2_ALG.NULL), TPM2_ALG.SHA256
        )
        try:
            self.esapi.policy_secret(ESYS_TR.ENDORSEMENT, session)
            credential, _ = TPM2B_ID_OBJECT.unmarshal(blob)
            encrypted, _ = TPM2B_ENCRYPTED_SECRET.unmarshal(secret)
            found = self.esapi.activate_credential(
                self.ak, ek, credential, encrypted, session1=ESYS_TR.PASSWORD, session2=session
            )
            return bytes(found)
        finally:
            self.esapi.flush_context(session)


@pytest.fixture(scope="module")
def maker() -> Iterator[Maker]:
    made = Maker()
    yield made
    made.close()


@pytest.fixture(scope="module")
def bench(maker) -> Iterator[Bench]:
    made = Bench(maker.new())
    yield made
    made.esapi.close()


def roots(maker: Maker) -> Endorsements:
    issuer, root = maker.certificates
    der = x509.load_pem_x509_certificate(root).public_bytes(Encoding.DER)
    return Endorsements(documents=(issuer,), roots=(der,))


@pytest.mark.parametrize("rsa", [True, False], ids=["rsa", "ecc"])
def test_the_tpm_opens_the_credential_that_was_made_for_it(bench, rsa):
    handle, public = bench.endorsement_key(rsa=rsa)
    ek, ak = read_key(public), read_key(bench.ak_public)
    require_endorsement_key(ek)
    require_attestation_key(ak)
    secret = os.urandom(32)
    assert bench.activate(handle, *make_credential(ek, ak.name, secret)) == secret
    bench.esapi.flush_context(handle)


@pytest.mark.parametrize("rsa", [True, False], ids=["rsa", "ecc"])
def test_it_opens_none_for_another_key_and_none_that_was_altered(bench, rsa):
    handle, public = bench.endorsement_key(rsa=rsa)
    ek, ak = read_key(public), read_key(bench.ak_public)
    blob, encrypted = make_credential(ek, ak.name, os.urandom(32))
    other = ak.name[:-1] + bytes([ak.name[-1] ^ 1])
    for spoilt in (
        make_credential(ek, other, os.urandom(32)),
        (blob[:-1] + bytes([blob[-1] ^ 1]), encrypted),
        (blob, make_credential(ek, ak.name, os.urandom(32))[1]),
    ):
        with pytest.raises(TSS2_Exception):
            bench.activate(handle, *spoilt)
    bench.esapi.flush_context(handle)


def test_the_challenge_asks_for_a_certified_ek_and_says_that_this_one_is_a_simulators(bench, maker):
    handle, public = bench.endorsement_key(rsa=True)
    secret = os.urandom(32)
    now = int(x509.load_der_x509_certificate(bench.certificate()).not_valid_before_utc.timestamp()) + 60
    endorsed, *credential = challenge(public, bench.certificate(), bench.ak_public, secret, roots(maker), now)
    assert bench.activate(handle, *credential) == secret
    assert endorsed.maker.is_simulator
    bench.esapi.flush_context(handle)
    for endorsements, check in ((Endorsements(), "ek-chain"), (roots(maker), "ek-certificate")):
        _, other = bench.endorsement_key(rsa=False)
        with pytest.raises(CheckFailed) as failure:
            challenge(other, bench.certificate(), bench.ak_public, secret, endorsements, now)
        assert failure.value.check == check


def test_evidence_that_it_made_is_affirmed_and_not_for_another_question(bench, maker):
    report_data = os.urandom(64)
    body = bench.evidence(report_data)
    now = int(x509.load_der_x509_certificate(bench.certificate()).not_valid_before_utc.timestamp()) + 60
    trusted = replace(roots(maker), pinned_keys=(read_key(bench.ak_public).spki,))
    verified = TpmVerifier().verify(body, trusted, now)
    assert (verified.report_data, verified.tcb["counter"]) == (report_data, 2)
    assert verified.details["simulator"].startswith("yes")
    for changed in (
        {"report_data": bytes(64)},
        {"pcrs": tuple((pcr, b"\1" * 32) for pcr in range(10))},
        {"ak_parent": (0x4000000B).to_bytes(4, "big")},
    ):
        spoilt = encode(msgspec.structs.replace(read_bundle(body), **changed))
        with pytest.raises(CheckFailed):
            TpmVerifier().verify(spoilt, trusted, now)


def test_no_flipped_bit_of_it_is_affirmed(bench, maker):
    """Every 37th bit, so that all parts have their turn."""
    body = bench.evidence(os.urandom(64))
    now = int(x509.load_der_x509_certificate(bench.certificate()).not_valid_before_utc.timestamp()) + 60
    trusted = replace(roots(maker), pinned_keys=(read_key(bench.ak_public).spki,))
    assert TpmVerifier().verify(body, trusted, now)
    for bit in range(0, len(body) * 8, 37):
        altered = bytearray(body)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CheckFailed):
            TpmVerifier().verify(bytes(altered), trusted, now)
