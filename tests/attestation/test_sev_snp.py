"""SEV-SNP: a recorded report of real hardware, and minted ones with everything wrong that can be."""

from __future__ import annotations

import random
import re
import uuid
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.authorities import DAY, NOW, authority, curve_key, issue, revocation_list, rsa_key
from tests.support.evidence import recorded
from tests.support.minted_sev_snp import (
    CHIP,
    CLOUD,
    FIRST,
    GENOA,
    MILAN,
    OF_CLOUD,
    OF_GENOA,
    OF_TURIN,
    REPORT,
    TURIN,
    Machine,
    der_integer,
    tcb,
)

from warifu.attestation.certificates import read_documents
from warifu.attestation.evidence import Evidence
from warifu.attestation.registry import appraise
from warifu.attestation.rules import GENUINE, UnsafeAnything
from warifu.attestation.sev_snp.endorsement_key import HARDWARE_ID, PRODUCT_NAME, VERSIONS
from warifu.attestation.sev_snp.products import PRODUCT_LINES
from warifu.attestation.sev_snp.verifier import SevSnpVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements

pytestmark = pytest.mark.unit


_ARMOUR = re.compile(rb"-----(?:BEGIN|END) CERTIFICATE-----")


def verified(body, endorsements, now=NOW, grace=0):
    return SevSnpVerifier().verify(body, endorsements, now, grace)


def refused(body, endorsements, now=NOW, grace=0):
    """The name of the check that fails. Nothing else than a failed check may be raised."""
    with pytest.raises(CheckFailed) as failure:
        verified(body, endorsements, now, grace)
    return failure.value.check


def minted(machine=MILAN, report=REPORT):
    return report.signed_by(machine.key), machine.endorsements


class TestRecorded:
    """A report of a Milan chip (version 2, debug), with its VCEK, whose serial number is 0."""

    @pytest.fixture
    def body(self):
        return recorded("sev-snp/report-milan.bin")

    @pytest.fixture
    def endorsements(self):
        return Endorsements((recorded("sev-snp/vcek-milan.der"), recorded("sev-snp/ask-ark-milan.pem")))

    # What other tests left to the garbage collector is none of the warnings that this one is about.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
    @pytest.mark.filterwarnings("error")
    def test_leads_to_amd_s_pinned_root_without_a_warning(self, body, endorsements):
        found = verified(body, endorsements)
        assert found.details["root"] == "ARK-Milan"
        assert found.details["product"] == "Milan-B0"
        assert found.tcb.items() >= {"bootloader": 2, "tee": 0, "snp": 5, "microcode": 68}.items()
        assert found.measurements["launch"].hex().startswith("b07af9620f3b839b")
        assert found.hardware_id.hex().startswith("3ac3fe21")
        assert (found.tier, found.debug, found.attributes["vmpl"]) == (2, True, 0)

    def test_is_genuine_but_in_debug_mode(self, body, endorsements):
        appraisal = appraise(Evidence("sev-snp", body), GENUINE, NOW, endorsements)
        assert (appraisal.affirmed, appraisal.first_failed_check, appraisal.tier) == (False, "no-debug", 0)
        assert appraise(Evidence("sev-snp", body), UnsafeAnything(), NOW, endorsements).affirmed

    def test_is_judged_without_the_root_in_the_endorsements_only_where_it_is_known(self, body, endorsements):
        """The root is pinned by digest, so its certificate must be there: AMD hands it out with the other one."""
        vcek, _ = endorsements.documents
        ask = read_documents([endorsements.documents[1]]).certificates[0]
        assert refused(body, Endorsements((vcek, _der(ask)))) == "chain"

    @pytest.mark.parametrize("moment", [1_577_836_800, 1_893_456_000])
    def test_is_not_valid_before_or_after_its_certificates(self, body, endorsements, moment):
        assert refused(body, endorsements, moment) == "validity"

    @pytest.mark.slow
    def test_every_flipped_bit_of_the_report_is_refused(self, body, endorsements):
        """Of the signed part, a sample, since one signature is checked for each; of the rest, all."""
        bits = random.Random(1).sample(range(0x2A0 * 8), 300)
        for bit in [*bits, *range(0x2A0 * 8, len(body) * 8)]:
            assert refused(_flipped(body, bit), endorsements) in (
                "form",
                "signature",
                "tcb",
                "chip",
                "certificate",
            )

    @pytest.mark.slow
    def test_every_flipped_bit_of_the_certificates_is_refused(self, body, endorsements):
        ders = [_der(each) for each in read_documents(endorsements.documents).certificates]
        verified(body, Endorsements(tuple(ders)))
        chosen = random.Random(2)
        for number, der in enumerate(ders):
            for bit in chosen.sample(range(len(der) * 8), 400):
                altered = [*ders[:number], _flipped(der, bit), *ders[number + 1 :]]
                refused(body, Endorsements(tuple(altered)))

    @pytest.mark.slow
    def test_every_flipped_bit_of_a_pem_file_is_refused_white_space_too(self, body, endorsements):
        """All bits of white space and of the lines around the base64, and a sample of the others."""
        vcek, pem = endorsements.documents
        armour = {place for line in _ARMOUR.finditer(pem) for place in range(line.start(), line.end())}
        blank = {place for place in range(len(pem)) if pem[place : place + 1].isspace()}
        chosen = random.Random(3).sample(range(len(pem) * 8), 400)
        for bit in {*chosen, *(place * 8 + number for place in armour | blank for number in range(8))}:
            refused(body, Endorsements((vcek, _flipped(pem, bit))))


@pytest.mark.parametrize(
    ("machine", "report"), [(MILAN, REPORT), (GENOA, OF_GENOA), (TURIN, OF_TURIN), (CLOUD, OF_CLOUD)]
)
def test_every_product_and_both_kinds_of_key_go_through_the_same_verifier(machine, report):
    body, endorsements = minted(machine, report)
    appraisal = appraise(Evidence("sev-snp", body), GENUINE, NOW, endorsements)
    assert appraisal.affirmed, appraisal.failure
    found = appraisal.verified
    assert found is not None
    assert found.measurements == {"launch": b"m" * 48, "host-data": b"h" * 32}
    assert found.report_data == b"r" * 64
    assert found.hardware_id == machine.chip
    assert {name: found.tcb[name] for name, _ in machine.versions} == dict(machine.versions)
    assert found.details["root"] == "the caller's own, not the vendor's"
    assert ("cloud.example" in found.details["signed-by"]) == bool(machine.provider)
    assert found.expires_at == NOW + DAY + 1


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_every_version_of_the_report_is_read(version):
    assert verified(*minted(report=replace(REPORT, version=version))).details["report-version"] == str(
        version
    )


def test_siena_and_bergamo_have_genoa_s_root():
    for name in ("Siena-A0", "Bergamo-B1"):
        assert verified(*minted(replace(GENOA, product_name=name), OF_GENOA)).details["product"] == name


def test_a_hidden_chip_is_told_by_its_key_alone():
    found = verified(*minted(report=replace(REPORT, chip=b"")))
    assert found.hardware_id == CHIP
    assert found.details["chip"] == "hidden by the host"
    assert verified(*minted(CLOUD, replace(OF_CLOUD, chip=b""))).hardware_id == b""


def test_digests_of_keys_are_measurements_where_there_are_keys():
    report = replace(REPORT, id_key_digest=b"k" * 48, author_key_digest=b"a" * 48, key_information=1)
    found = verified(*minted(report=report)).measurements
    assert (found["id-key-digest"], found["author-key-digest"]) == (b"k" * 48, b"a" * 48)


@pytest.mark.parametrize(
    ("bit", "seen"), [(16, "smt"), (18, "migration-agent"), (20, "single-socket"), (19, "debug")]
)
def test_what_the_guest_policy_allows_is_reported(bit, seen):
    with_it = verified(*minted(report=replace(REPORT, policy=1 << 17 | 1 << bit)))
    without = verified(*minted(report=replace(REPORT, policy=1 << 17)))
    if seen == "debug":
        assert (with_it.debug, without.debug) == (True, False)
    else:
        assert (with_it.attributes[seen], without.attributes[seen]) == (1, 0)


@pytest.mark.parametrize(
    ("report", "check"),
    [
        (replace(REPORT, version=1), "form"),
        (replace(REPORT, version=6), "form"),
        (replace(REPORT, policy=0x10000), "form"),
        (replace(REPORT, policy=0x30000 | 1 << 26), "form"),
        (replace(REPORT, vmpl=4), "form"),
        (replace(REPORT, vmpl=0xFFFFFFFF), "form"),
        (replace(REPORT, patches=((0x34, b"\x02"),)), "form"),
        (replace(REPORT, key_information=1 << 5), "form"),
        (replace(REPORT, key_information=2), "signature"),
        (replace(REPORT, key_information=7 << 2), "signature"),
        (replace(REPORT, key_information=2 << 2), "signature"),
        (replace(REPORT, patches=((0x4C, b"\x01"),)), "form"),
        (replace(REPORT, patches=((0x18B, b"\x01"),)), "form"),
        (replace(REPORT, version=2, patches=((0x188, b"\x19"),)), "form"),
        (replace(REPORT, patches=((0x1EB, b"\x01"),)), "form"),
        (replace(REPORT, patches=((0x1EF, b"\x01"),)), "form"),
        (replace(REPORT, patches=((0x1F8, b"\x01"),)), "form"),
        (replace(REPORT, version=5, patches=((0x208, b"\x01"),)), "form"),
        (replace(REPORT, patches=((0x182, b"\x01"),)), "form"),
        (replace(REPORT, tcb=tcb(FIRST | {"snp": 21})), "tcb"),
        (replace(REPORT, tcb=tcb(FIRST | {"microcode": 199})), "tcb"),
        (replace(REPORT, chip=CHIP[::-1]), "chip"),
        (replace(REPORT, processor=(0x19, 0x11, 1)), "product"),
        (replace(REPORT, processor=(0x1A, 0x02, 1)), "product"),
        (OF_CLOUD, "product"),
    ],
)
def test_a_report_that_amd_s_firmware_would_not_sign_so(report, check):
    """All of these are signed: what is refused is refused for what it says."""
    assert refused(*minted(report=report)) == check


@pytest.mark.parametrize(
    ("machine", "report", "check"),
    [
        (replace(MILAN, without=(PRODUCT_NAME,)), REPORT, "endorsements"),
        (replace(MILAN, without=(HARDWARE_ID,)), REPORT, "certificate"),
        (replace(MILAN, without=(VERSIONS["snp"],)), REPORT, "tcb"),
        (replace(TURIN, without=(VERSIONS["fmc"],)), OF_TURIN, "tcb"),
        (replace(MILAN, product_name="Naples-B1"), REPORT, "product"),
        (replace(MILAN, product_name="Genoa-B1"), REPORT, "product"),
        (replace(MILAN, product_name="a\x1b"), REPORT, "certificate"),
        (replace(MILAN, chip=CHIP[:63]), REPORT, "certificate"),
        (replace(MILAN, authority_name="SEV-VLEK-Milan"), REPORT, "product"),
        (replace(CLOUD, authority_name="SEV-Milan"), OF_CLOUD, "product"),
        (CLOUD, REPORT, "product"),
        (replace(TURIN, chip=CHIP), replace(OF_TURIN, chip=CHIP), "certificate"),
        (TURIN, replace(OF_TURIN, chip=CHIP), "form"),
        (replace(MILAN, leaf=(("first", NOW - 2 * DAY), ("last", NOW - DAY))), REPORT, "validity"),
        (replace(MILAN, leaf=(("signing", rsa_key("a thief", 2048)),)), REPORT, "chain"),
    ],
)
def test_a_key_that_amd_did_not_certify_so(machine, report, check):
    assert refused(*minted(machine, report)) == check


def test_a_version_is_one_byte_in_der():
    for value, number in ((0, 0), (127, 127), (128, 128), (255, 255)):
        assert Machine(versions=tuple((FIRST | {"snp": value}).items())).certificate
        assert der_integer(number)[-1] == value
    for wrong in (256, 65536):
        machine = replace(MILAN, versions=tuple((FIRST | {"snp": wrong}).items()))
        assert refused(*minted(machine)) == "certificate"


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        (VERSIONS["snp"], b"\x02\x01\x14\x00"),
        (VERSIONS["snp"], b"\x02\x02\x14"),
        (VERSIONS["snp"], b"\x02\x02\x00\x14"),  # not the shortest form
        (VERSIONS["snp"], b"\x02\x01\x94"),  # negative
        (VERSIONS["snp"], b"\x02\x00"),
        (VERSIONS["snp"], b"\x0a\x01\x14"),
        (VERSIONS["snp"], b"\x02"),
        (PRODUCT_NAME, b"\x16\x08Milan-B1\x00"),
        (PRODUCT_NAME, b"\x16\x09Milan-B1"),
        (PRODUCT_NAME, b"\x0c\x08Milan-B1"),
        (PRODUCT_NAME, b"\x16\x00"),
        (PRODUCT_NAME, b"\x16\x41" + b"M" * 65),
        (HARDWARE_ID, b"\x04\x3f" + CHIP),
    ],
)
def test_an_extension_of_amd_s_in_another_form(oid, value):
    assert refused(*minted(replace(MILAN, raw=((oid, value),)))) == "certificate"


def test_the_chip_s_identifier_may_be_an_octet_string_as_it_is_specified():
    assert verified(*minted(replace(MILAN, raw=((HARDWARE_ID, b"\x04\x40" + CHIP),)))).hardware_id == CHIP


class TestChain:
    def test_another_product_s_chain_is_refused(self):
        body, _ = minted()
        genoa = GENOA.endorsements
        assert refused(body, genoa) in ("product", "chain")
        crossed = Endorsements((MILAN.certificate.der, GENOA.signer.der), (GENOA.root.der,))
        assert refused(body, crossed) == "chain"

    def test_a_root_that_nobody_named_is_refused(self):
        body, endorsements = minted()
        handed = (*endorsements.documents, MILAN.root.der)
        assert refused(body, Endorsements(handed)) == "chain"
        other = issue("ARK-Milan", rsa_key("ask"), None, authority(), serial=65536)
        assert refused(body, Endorsements(endorsements.documents, (other.der,))) == "chain"

    def test_a_part_that_is_missing(self):
        body, endorsements = minted()
        for number, check in ((0, "endorsements"), (1, "chain")):
            kept = tuple(each for place, each in enumerate(endorsements.documents) if place != number)
            assert refused(body, Endorsements(kept, endorsements.roots)) == check
        assert refused(body, Endorsements()) == "endorsements"

    def test_the_order_of_documents_does_not_matter(self):
        body, endorsements = minted()
        assert verified(body, Endorsements(endorsements.documents[::-1], endorsements.roots))

    def test_the_right_one_of_several_keys_is_found(self):
        body, endorsements = minted()
        older = issue("SEV-VCEK", curve_key("older"), MILAN.signer, _extensions(MILAN)).der
        assert verified(body, Endorsements((older, *endorsements.documents), endorsements.roots))

    def test_a_chain_with_an_authority_too_many(self):
        lower = issue("SEV-Milan", rsa_key("ark"), MILAN.signer, authority(0))
        leaf = issue("SEV-VCEK", MILAN.key, lower, _extensions(MILAN))
        documents = (leaf.der, lower.der, MILAN.signer.der)
        assert refused(minted()[0], Endorsements(documents, (MILAN.root.der,))) == "chain"

    def test_a_revoked_signing_key_and_a_spoilt_list(self):
        body, endorsements = minted()

        def judged(*lists, grace=0, now=NOW):
            return verified(
                body, Endorsements((*endorsements.documents, *lists), endorsements.roots), now, grace
            )

        fresh = revocation_list(MILAN.root, (65000,), last=NOW + 60)
        assert judged(fresh).expires_at == NOW + 61
        assert judged(fresh).details["revocation"].startswith("checked")
        assert judged().details["revocation"].startswith("not checked")
        assert judged(fresh, grace=600, now=NOW + 300)
        for lists, grace, now in (
            ((revocation_list(MILAN.root, (65537,)),), 0, NOW),
            ((fresh, revocation_list(MILAN.signer, (7,))), 0, NOW),
            ((fresh,), 0, NOW + 61),
            ((fresh,), 600, NOW + 661),
            ((revocation_list(replace_key(MILAN.root), (1,)),), 0, NOW),
        ):
            with pytest.raises(CheckFailed) as failure:
                judged(*lists, grace=grace, now=now)
            assert failure.value.check == "revocation"


class TestTable:
    """The host's table of certificates, as the kernel's ``auxblob`` gives it."""

    VCEK, ASK, ARK = (
        uuid.UUID(guid).bytes
        for guid in (
            "63da758d-e664-4564-adc5-f4b93be8accd",
            "4ab7b379-bbac-4fe4-a02f-05aef327c782",
            "c0b406a4-a803-4952-9743-3fb6014cd0ae",
        )
    )

    def table(self, *entries):
        start = 24 * (len(entries) + 1)
        head, content = b"", b""
        for guid, certificate in entries:
            place = (start + len(content)).to_bytes(4, "little") + len(certificate).to_bytes(4, "little")
            head, content = head + guid + place, content + certificate
        return head + bytes(24) + content

    def whole(self):
        signer, root = MILAN.signer.der, MILAN.root.der
        return self.table(
            (self.VCEK, MILAN.certificate.der),
            (uuid.uuid4().bytes, b"not for us"),
            (self.ASK, signer),
            (self.ARK, root),
        )

    def test_is_taken_for_what_is_in_it(self):
        body, endorsements = minted()
        assert verified(body, Endorsements((self.whole() + bytes(100),), endorsements.roots))
        assert refused(body, Endorsements((self.whole(),))) == "chain"

    def test_that_is_cut_or_points_elsewhere_is_refused(self):
        body, endorsements = minted()
        whole = self.whole()
        for table, says in (
            (whole[:20], "no end"),
            (whole[:96], "outside"),
            (whole[:-1], "outside"),
            (whole[:16] + b"\xff\xff\xff\xff" + whole[20:], "outside"),
            (whole[:20] + b"\xff\xff\xff\xff" + whole[24:], "outside"),
            (whole[:20] + bytes(4) + whole[24:], "outside"),
            ((self.VCEK + b"\x18\0\0\0\x01\0\0\0") * 17 + bytes(24), "more than 16"),
        ):
            with pytest.raises(CheckFailed) as failure:
                verified(body, Endorsements((table,), endorsements.roots))
            assert (failure.value.check, says in failure.value.detail) == ("endorsements", True)


def test_a_report_cut_off_or_with_something_behind_it():
    body, endorsements = minted()
    for altered in (b"", body[:-1], body + b"\0", body * 2, body[:0x2A0], bytes(0x4A0)):
        assert refused(altered, endorsements) == "form"


def test_a_report_that_another_key_signed():
    assert refused(REPORT.signed_by(curve_key("thief")), MILAN.endorsements) == "signature"
    assert refused(REPORT.signed_by(curve_key("p256", ec.SECP256R1)), MILAN.endorsements) == "signature"


def test_numbers_of_a_signature_that_are_out_of_range():
    body, endorsements = minted()
    for r in (bytes(72), b"\xff" * 48 + bytes(24)):
        assert refused(body[:0x2A0] + r + body[0x2E8:], endorsements) == "signature"


@pytest.mark.parametrize("name", ["Milan", "Genoa", "Turin"])
def test_every_product_line_has_a_root_of_its_own(name):
    line = next(line for line in PRODUCT_LINES if line.name == name)
    assert len(line.root) == 32
    assert [other.name for other in PRODUCT_LINES if other.root == line.root] == [name]


@settings(max_examples=200)
@given(
    st.binary(max_size=1400) | st.binary(min_size=1184, max_size=1184),
    st.lists(st.binary(max_size=300), max_size=3),
)
def test_garbage_is_refused_and_nothing_else_happens(body, documents):
    refused(body, Endorsements(tuple(documents)))


@settings(max_examples=100)
@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(st.integers(0, 0x29F), st.binary(min_size=1, max_size=8)), max_size=3),
)
def test_a_signed_report_with_any_content_is_judged_without_surprise(_seed, patches):
    report = replace(REPORT, patches=tuple((at, part[: 0x2A0 - at]) for at, part in patches))
    try:
        verified(*minted(report=report))
    except CheckFailed as failure:
        assert failure.detail.isprintable()


def _flipped(data, bit):
    altered = bytearray(data)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


def _der(certificate):
    return certificate.public_bytes(Encoding.DER)


def _extensions(machine):
    return tuple((each.value, each.critical) for each in machine.certificate.certificate.extensions)


def replace_key(issued):
    """The same authority in the hands of somebody with another key."""
    return replace(issued, key=rsa_key("a thief", 2048))
