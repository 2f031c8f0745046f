"""A TPM's evidence convinces others' verifier, and its key is bound to the chip that its maker certified."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from tests.support.tpm_home import extend
from tpm2_pytss import ESYS_TR, TPM2B_NV_PUBLIC, TPMA_NV, TPMS_NV_PUBLIC

from warifu.attestation.registry import appraise
from warifu.attestation.rules import Bound, UnsafeAnything
from warifu.attestation.tpm.bundle import read_bundle
from warifu.attestation.tpm.credential import challenge, make_credential
from warifu.attestation.tpm.keys import read_key
from warifu.attestation.verifier import Endorsements
from warifu.errors import InputRefused, PlatformRefused
from warifu.tee.platform import Platform
from warifu.tee.tpm.endorsement import Endorsement, _made
from warifu.tee.tpm.event_log import read_event_log
from warifu.tee.tpm.platform import Tpm
from warifu.tee.tpm.provisioning import opened

pytestmark = pytest.mark.real

QUESTION = bytes(range(64))


@pytest.fixture
def now(maker) -> int:
    """The certificates of the test's own authority are valid from now on."""
    certificate = x509.load_pem_x509_certificate(maker.certificates[0])
    return int(certificate.not_valid_before_utc.timestamp()) + 3600


@pytest.fixture
def endorsements(maker) -> Endorsements:
    issuer, root = (x509.load_pem_x509_certificate(each) for each in maker.certificates)
    return Endorsements((issuer.public_bytes(Encoding.DER),), (root.public_bytes(Encoding.DER),))


def pinned(platform: Tpm) -> Endorsements:
    return Endorsements(pinned_keys=(read_key(platform.attestation_key).spki,))


def test_the_verifier_affirms_it_for_the_question_that_was_asked(platform, now):
    evidence = platform.attest(QUESTION)
    outcome = appraise(evidence, Bound(QUESTION), now, pinned(platform))
    assert outcome.first_failed_check is None
    assert outcome.verified is not None
    assert outcome.tier == 1
    assert outcome.verified.tcb["counter"] == platform.counter("epoch").read()
    other = appraise(evidence, Bound(bytes(64)), now, pinned(platform))
    assert other.first_failed_check == "report-data"


def test_it_tells_the_firmwares_pcrs_and_the_chosen_ones(platform, now):
    assert [index for index, _ in read_bundle(platform.attest(QUESTION).body).pcrs] == [*range(10)]
    before = appraise(platform.attest(QUESTION), UnsafeAnything(), now, pinned(platform)).verified
    extend(platform, 9)
    after = appraise(platform.attest(QUESTION), UnsafeAnything(), now, pinned(platform)).verified
    assert before is not None and after is not None
    changed = {name for name in after.measurements if before.measurements[name] != after.measurements[name]}
    assert changed == {"pcr9"}


def test_a_pcr_that_changes_in_between_is_read_again(platform, now, monkeypatch):
    """The values beside a quote must be those that it is of."""
    chip, calls = platform._chip, []
    original = chip.read_pcrs

    def read(pcrs):
        values = original(pcrs)
        calls.append(pcrs)
        if len(calls) == 1:
            extend(platform, 9)
        return values

    monkeypatch.setattr(chip, "read_pcrs", read)
    assert appraise(platform.attest(QUESTION), UnsafeAnything(), now, pinned(platform)).affirmed
    assert len(calls) == 2


def test_a_key_that_was_never_bound_to_a_chip_is_not_believed(platform, now):
    outcome = appraise(platform.attest(QUESTION), UnsafeAnything(), now)
    assert outcome.first_failed_check == "ak-binding"


def test_the_key_is_bound_to_the_chip_that_its_maker_certified(platform, endorsements, now):
    secret = os.urandom(32)
    endorsement = platform.endorsement
    endorsed, *credential = challenge(
        endorsement.public, endorsement.certificate, platform.attestation_key, secret, endorsements, now
    )
    assert "swtpm" in str(endorsed.maker).lower()
    assert platform.activate(tuple(credential)) == secret


def test_a_credential_for_another_key_or_another_chip_stays_shut(platform, stranger):
    ek, ak = read_key(platform.endorsement.public), read_key(platform.attestation_key)
    stranger.provision()
    other = stranger.open()
    secret = os.urandom(32)
    for credential in (
        make_credential(ek, read_key(other.attestation_key).name, secret),
        make_credential(read_key(other.endorsement.public), ak.name, secret),
    ):
        with pytest.raises(PlatformRefused) as refused:
            platform.activate(credential)
        assert refused.value.reason == "activation"
    other.forget()
    assert platform.attest(QUESTION).body, "it still works"


def test_a_key_is_bound_to_an_endorsement_key_of_elliptic_curves_too(bare):
    """As many chips have one. The simulator's maker certifies none, so this test does."""
    with opened(bare.settings) as chip, _made(chip, rsa=False, endorsement_auth=b"") as (_, public):
        certificate = _certificate_for(read_key(public).public)
        attributes = TPMA_NV.OWNERREAD | TPMA_NV.OWNERWRITE | TPMA_NV.AUTHREAD
        where = TPMS_NV_PUBLIC(
            nvIndex=0x01C0000A, nameAlg=0x000B, attributes=attributes, dataSize=len(certificate)
        )
        index = chip.esapi.nv_define_space(b"", TPM2B_NV_PUBLIC(where))
        chip.esapi.nv_write(index, certificate, auth_handle=ESYS_TR.OWNER)
    bare.provision()
    platform = bare.open()
    assert platform.endorsement == Endorsement(public, certificate)
    secret = os.urandom(32)
    credential = make_credential(read_key(public), read_key(platform.attestation_key).name, secret)
    assert platform.activate(credential) == secret
    platform.forget()


def _certificate_for(public) -> bytes:
    maker, start = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 1, 1, tzinfo=UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "maker")])
    certificate = x509.CertificateBuilder(name, name, public, 1, start, start + timedelta(days=365))
    return certificate.sign(maker, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "bad", [b"", b"\0", b"\0\0", b"\0\x05abcd", b"\0\x04abcde", b"\xff\xff" + bytes(2000)]
)
def test_what_is_no_credential_is_refused_before_the_tpm_sees_it(platform, bad):
    good = make_credential(
        read_key(platform.endorsement.public), read_key(platform.attestation_key).name, bytes(32)
    )
    for credential in ((bad, good[1]), (good[0], bad)):
        with pytest.raises(InputRefused):
            platform.activate(credential)


def test_an_evidence_has_no_slot_left_in_the_tpm(platform):
    """There are three slots for keys. Whoever forgets to free them is out of work after three questions."""
    for _ in range(5):
        platform.attest(QUESTION)
        platform.unseal(platform.seal(b"x", b"c"), b"c")
    assert platform._chip.handles(0x80000000) == frozenset()
    assert platform._chip.handles(0x02000000) == frozenset()


def test_the_event_log_travels_along(home, tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"what the firmware wrote")
    platform: Platform = Tpm.open(home.settings, home.unlock_key, event_log=log)
    assert isinstance(platform, Tpm)
    assert read_bundle(platform.attest(QUESTION).body).event_log == b"what the firmware wrote"
    platform.forget()


def test_an_event_log_that_is_absent_or_too_long_is_left_out(tmp_path):
    assert read_event_log(tmp_path / "absent") == b""
    (tmp_path / "long").write_bytes(bytes(96 * 1024 + 1))
    assert read_event_log(tmp_path / "long") == b""
    (tmp_path / "longest").write_bytes(bytes(96 * 1024))
    assert len(read_event_log(tmp_path / "longest")) == 96 * 1024
