"""Nitro documents: a recorded one, and minted ones with everything wrong that can be."""

from __future__ import annotations

import random

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.authorities import DAY, NOW, authority, curve_key, issue, revocation_list
from tests.support.evidence import recorded
from tests.support.minted_nitro import (
    BUNDLE,
    ENCLAVE,
    INSTANCE,
    LEAF,
    PCRS,
    REGION,
    ROOT,
    TRUSTED,
    ZONE,
    Message,
    fields,
    minted,
    under,
)

from warifu.attestation import cbor
from warifu.attestation.evidence import Evidence
from warifu.attestation.nitro import NitroVerifier
from warifu.attestation.registry import appraise
from warifu.attestation.rules import GENUINE, AllOf, Bound, MaximalAge, Nonce
from warifu.attestation.verifier import CheckFailed, Endorsements

pytestmark = pytest.mark.unit

RECORDED_AT = 1_668_034_325
"""Five seconds after the recorded document was made."""


def verified(body, endorsements=TRUSTED, now=NOW):
    return NitroVerifier().verify(body, endorsements, now)


def refused(body, endorsements=TRUSTED, now=NOW):
    with pytest.raises(CheckFailed) as failure:
        verified(body, endorsements, now)
    assert failure.value.detail.isprintable()
    return failure.value.check


class TestRecorded:
    def test_is_genuine_at_its_own_time(self):
        body = recorded("nitro/document.cbor")
        appraisal = appraise(Evidence("nitro", body), GENUINE, RECORDED_AT)
        assert appraisal.affirmed, appraisal.failure
        found = appraisal.verified
        assert found is not None
        assert found.details["root"] == "aws.nitro-enclaves"
        assert found.measurements["pcr0"].hex().startswith("22f9e1c949208da5")
        assert sorted(found.measurements) == ["pcr0", "pcr1", "pcr2", "pcr4"]
        assert (found.issued_at, found.expires_at) == (1_668_034_320, 1_668_045_121)

    def test_is_stale_today(self):
        assert refused(recorded("nitro/document.cbor"), Endorsements(), 1_700_000_000) == "validity"

    def test_that_was_corrupted_is_refused(self):
        assert refused(recorded("nitro/document-corrupted.cbor"), Endorsements(), RECORDED_AT) == "signature"

    # What other tests left to the garbage collector is none of the warnings that this one is about.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
    @pytest.mark.filterwarnings("error")
    def test_no_flipped_bit_goes_unnoticed(self):
        """A sample here, all bits of a minted one below."""
        body = recorded("nitro/document.cbor")
        for bit in random.Random(1).sample(range(len(body) * 8), 300):
            refused(_flipped(body, bit), Endorsements(), RECORDED_AT)


def test_a_minted_document_goes_through_the_same_verifier():
    appraisal = appraise(Evidence("nitro", minted(public_key=b"key")), GENUINE, NOW, TRUSTED)
    assert appraisal.affirmed, appraisal.failure
    found = appraisal.verified
    assert found is not None
    assert (found.tier, found.debug, found.report_data, found.nonce) == (2, False, b"r" * 64, b"n" * 20)
    assert found.measurements == {"pcr0": b"\x01" * 48, "pcr1": b"\x02" * 48, "pcr2": b"\x03" * 48}
    assert (found.issued_at, found.expires_at) == (NOW, NOW + 3 * 3600 + 1)
    assert found.details["root"] == "the caller's own, not the vendor's"
    assert found.details["public-key-sha256"].startswith("2c70e12b")


def test_with_and_without_the_tag_and_the_optional_fields():
    assert verified(Message(tagged=True).encoded())
    found = verified(minted(user_data=None, nonce=..., public_key=...))
    assert (found.report_data, found.nonce) == (b"", b"")


def test_debug_mode_is_zeros_and_is_refused_by_the_rule_for_it():
    for pcrs, debug in (({0: bytes(48), 1: b"\x01" * 48}, True), ({0: bytes(47) + b"\x01"}, False)):
        body = minted(pcrs=pcrs)
        assert verified(body).debug is debug
        assert appraise(Evidence("nitro", body), GENUINE, NOW, TRUSTED).affirmed is not debug


@pytest.mark.parametrize(
    ("rule", "check"),
    [
        (Bound(b"s" * 64), "report-data"),
        (Nonce(b"n" * 19), "nonce"),
        (Nonce(b""), "nonce"),
        (Nonce(b"r" * 64), "nonce"),
        (MaximalAge(-1), "age"),
    ],
)
def test_a_document_for_another_question_or_an_old_one(rule, check):
    appraisal = appraise(Evidence("nitro", minted()), rule, NOW, TRUSTED)
    assert (appraisal.affirmed, appraisal.first_failed_check) == (False, check)
    good = AllOf((Bound(b"r" * 64), Nonce(b"n" * 20), MaximalAge(0)))
    assert appraise(Evidence("nitro", minted()), good, NOW, TRUSTED).affirmed


@pytest.mark.parametrize(
    "other",
    [{name: ...} for name in ("module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle")]
    + [
        {"extra": 1},
        {"module_id": ""},
        {"module_id": 7},
        {"module_id": "a" * 129},
        {"module_id": "a\x1b[2J"},
        {"digest": "SHA256"},
        {"digest": None},
        {"timestamp": 0},
        {"timestamp": -1},
        {"timestamp": True},
        {"timestamp": 1 << 48},
        {"timestamp": "now"},
        {"pcrs": {}},
        {"pcrs": [b"\x01" * 48]},
        {"pcrs": {1: b"\x01" * 48}},
        {"pcrs": PCRS | {32: b"\x01" * 48}},
        {"pcrs": PCRS | {-1: b"\x01" * 48}},
        {"pcrs": PCRS | {"4": b"\x01" * 48}},
        {"pcrs": {False: b"\x01" * 48}},
        {"pcrs": PCRS | {4: b"\x01" * 32}},
        {"pcrs": PCRS | {4: "x" * 48}},
        {"certificate": b""},
        {"certificate": "text"},
        {"certificate": ENCLAVE.der + b"\0" * 1024},
        {"cabundle": []},
        {"cabundle": None},
        {"cabundle": [b""]},
        {"cabundle": [ROOT.der] * 8},
        {"cabundle": {0: ROOT.der}},
        {"public_key": b"k" * 1025},
        {"user_data": b"u" * 513},
        {"user_data": "text"},
        {"nonce": b"n" * 513},
        {"nonce": 7},
    ],
)
def test_a_field_that_is_missing_unknown_or_not_as_aws_says(other):
    assert refused(minted(**other)) == "form"


@pytest.mark.parametrize(
    "message",
    [
        Message(protected=bytes.fromhex("a10126")),  # ES256
        Message(protected=bytes.fromhex("a1012a")),  # ES512's neighbour
        Message(protected=b""),
        Message(protected=b"\xa0"),
        Message(protected=bytes.fromhex("a201382204" + "41" + "00")),
        Message(protected=bytes.fromhex("a101390022")),  # the same number, longer
        Message(unprotected={1: -35}),
        Message(payload=b""),
        Message(payload=b"\xa0"),
        Message(payload=cbor2.dumps(fields()) + b"\0"),
        Message(payload=cbor2.dumps([fields()])),
        Message(payload=cbor2.dumps(cbor2.CBORTag(55799, fields()))),
    ],
)
def test_a_message_of_another_form(message):
    """All of these are signed by the enclave's key."""
    assert refused(message.encoded()) == "form"


def test_a_key_that_stands_there_twice_or_in_another_spelling():
    payload = cbor2.dumps(fields())
    count = len(fields())
    twice = bytes([0xA0 + count + 1]) + payload[1:] + cbor2.dumps("nonce") + cbor2.dumps(b"n")
    longer = b"\xb8" + bytes([count]) + payload[1:]
    endless = b"\xbf" + payload[1:] + b"\xff"
    for spelt in (twice, longer, endless):
        assert refused(Message(payload=spelt).encoded()) == "form"


class TestChain:
    def test_the_bundle_has_one_order(self):
        assert verified(under(ENCLAVE, *BUNDLE))
        for bundle in (
            BUNDLE[::-1],
            (ROOT, ZONE, REGION, INSTANCE),
            BUNDLE[1:],
            (ROOT, INSTANCE),
            (ROOT, *BUNDLE),
        ):
            assert refused(under(ENCLAVE, *bundle)) == "chain"

    def test_without_the_caller_s_word_the_root_must_be_aws_s(self):
        assert refused(minted(), Endorsements()) == "chain"
        twin = issue("aws.nitro-enclaves", curve_key("twin"), None, authority())
        assert refused(minted(), Endorsements(roots=(twin.der,))) == "chain"
        assert refused(minted(), Endorsements((ROOT.der,))) == "chain"

    def test_an_intermediate_that_expired(self):
        zone = issue("zone", curve_key("zone"), REGION, authority(1), last=NOW - 1)
        assert refused(under(ENCLAVE, ROOT, REGION, zone, INSTANCE)) == "validity"

    def test_an_intermediate_without_the_ca_flag(self):
        zone = issue("zone", curve_key("zone"), REGION, LEAF)
        assert refused(under(ENCLAVE, ROOT, REGION, zone, INSTANCE)) == "chain"

    def test_a_path_longer_than_an_intermediate_allows(self):
        zone = issue("zone", curve_key("zone"), REGION, authority(0))
        assert refused(under(ENCLAVE, ROOT, REGION, zone, INSTANCE)) == "chain"

    def test_a_key_of_another_curve(self):
        key = curve_key("p256", ec.SECP256R1)
        leaf = issue("i-0-enc1.nitro-enclaves", key, INSTANCE, LEAF)
        assert refused(Message(fields(certificate=leaf.der), key).encoded()) == "signature"

    def test_a_signature_of_another_key(self):
        assert refused(Message(key=curve_key("thief")).encoded()) == "signature"

    def test_the_instance_s_own_certificate_does_not_sign_documents(self):
        assert refused(under(INSTANCE, ROOT, REGION, ZONE)) == "chain"

    @pytest.mark.parametrize("by", [ROOT, REGION, ZONE, INSTANCE])
    def test_a_revoked_certificate(self, by):
        lists = Endorsements((revocation_list(by, (1000,)),), TRUSTED.roots)
        assert refused(minted(), lists) == "revocation"
        other = Endorsements((revocation_list(by, (1,), last=NOW + 60),), TRUSTED.roots)
        found = verified(minted(), other)
        assert (found.expires_at, found.details["revocation"]) == (NOW + 61, "checked by the lists handed in")
        assert verified(minted()).details["revocation"].startswith("not checked")

    @pytest.mark.parametrize("moment", [NOW - DAY - 1, NOW + 3 * 3600 + 1, NOW + 30 * DAY])
    def test_a_document_outside_of_its_certificate_s_three_hours(self, moment):
        assert refused(minted(), now=moment) == "validity"


@pytest.mark.slow
def test_no_bit_of_a_document_can_be_flipped():
    """All bits of the message around the document (its heads, protected header and signature), and a sample of those in
    the document. All 14,088 of such a message were tried once, and
    all of the recorded one."""
    zone = issue("zone", curve_key("zone"), ROOT, authority(0))
    leaf = issue("enclave", curve_key("enclave"), zone, LEAF)
    body = under(leaf, ROOT, zone)
    assert verified(body)
    around = [*range(10 * 8), *range((len(body) - 98) * 8, len(body) * 8)]
    for bit in [*around, *random.Random(2).sample(range(len(body) * 8), 500)]:
        refused(_flipped(body, bit))


def test_a_document_cut_off_doubled_or_with_something_behind_it():
    body = minted()
    for cut in range(0, len(body), 41):
        assert refused(body[:cut]) == "form"
    for altered in (body + b"\0", body * 2, b"\xd2" * 2 + body, b"\xd1" + body, b"\0" * 20_000):
        assert refused(altered) == "form"


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x81" * 16_000,  # arrays in arrays
        b"\xa1\x00" * 8_000,  # maps in maps
        b"\xd2" * 16_000,  # tags of tags
        b"\x9b" + b"\xff" * 8,  # an array of 2^64 - 1
        b"\xbb" + b"\xff" * 8,
        b"\x5b\x7f" + b"\xff" * 7,  # bytes of 2^63
        b"\x7b" + b"\xff" * 8,
        b"\x84" + b"\x99\xff\xff" * 4,
        b"\x84" + b"\x9a\x00\x0f\xff\xff" + b"\x00" * 16_000,
        b"\x9f" * 16_000,  # without an end
        b"\x5f" + b"\x41a" * 5_000 + b"\xff",
        b"\x99\x3f\x00" + b"\x80" * 16_000,
        b"\x81" * 100 + b"\x00",  # whole, and too deep
        b"\x98\x3c" + (b"\x98\xff" + b"\x00" * 255) * 60,  # whole, and too many parts
        b"\xfb" + b"\x00" * 8,
        b"\xc2\x58\xff" + b"\xff" * 255,  # a big number
    ],
)
def test_a_bomb_is_defused_before_it_is_decoded(bomb, monkeypatch):
    monkeypatch.setattr(cbor2, "loads", lambda data: pytest.fail("it was decoded"))
    assert refused(bomb[: 16 * 1024]) == "form"


def test_a_bomb_costs_no_more_than_the_parts_that_are_looked_at(monkeypatch):
    walked = []
    honest = cbor._head

    def counted(*arguments):
        walked.append(arguments)
        return honest(*arguments)

    monkeypatch.setattr(cbor, "_head", counted)
    assert refused(b"\x99\x01\xff" + b"\x99\x01\xff" * 5_000) == "form"
    assert refused(b"\x98\xff" + b"\x43abc" * 4_000) == "form"
    assert len(walked) <= 2 * (cbor.MAX_ITEMS + 1)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(0, 40), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.binary(max_size=600))
def test_garbage_is_refused_and_nothing_else_happens(body):
    refused(body)
    refused(Message(payload=body).encoded())


@settings(max_examples=150)
@given(st.sampled_from(sorted(fields())), _VALUES)
def test_a_signed_document_with_any_value_in_a_field_is_judged_without_surprise(name, value):
    body = minted(**{name: value})
    try:
        verified(body)
    except CheckFailed as failure:
        assert failure.detail.isprintable()


@pytest.mark.slow
@settings(max_examples=100)
@given(_VALUES)
def test_any_value_in_the_place_of_a_document_is_refused(value):
    refused(cbor2.dumps(value))
    refused(Message(payload=cbor2.dumps(value)).encoded())


def _flipped(data, bit):
    altered = bytearray(data)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)
