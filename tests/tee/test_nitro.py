"""Nitro, on a stand-in of the secure module. *Not exercised on hardware.*"""

import errno

import cbor2
import pytest
from tests.support.evidence import recorded
from tests.support.tee_files import SecureModule
from tests.support.tee_files_evidence import nitro_document

from warifu.errors import PlatformRefused
from warifu.tee.nitro import Nitro
from warifu.tee.nitro_nsm import MAX_RESPONSE_BYTES, attestation
from warifu.tee.own_evidence import of_nitro
from warifu.tee.sealing_key import SealingKey

pytestmark = pytest.mark.unit

QUESTION = bytes(range(64))


def started(**overrides) -> Nitro:
    return Nitro(call=SecureModule(**{"reporter": nitro_document, **overrides}))


def test_evidence_is_the_document_with_the_question_as_user_data():
    evidence = started().attest(QUESTION)
    assert (evidence.format, evidence.body) == ("nitro", nitro_document(QUESTION))


def test_a_recorded_document_passes_the_module_and_is_read_where_hardware_wrote_it():
    document = recorded("nitro/document.cbor")
    assert attestation(SecureModule(lambda data: document), QUESTION) == document
    own = of_nitro(document)
    assert len(own.report_data) == 32 and not own.debug


def test_the_call_is_byte_for_byte_what_the_kernels_header_says():
    """_IOWR(0x0A, 0, struct nsm_raw) = 3<<30 | 32<<16 | 0x0A<<8; the request as AWS's library encodes it."""
    module = SecureModule(nitro_document)
    attestation(module, b"\x11" * 64)
    ((request, question),) = module.seen
    assert request == 0xC0200A00
    assert question.hex() == (
        "a1" + "6b" + b"Attestation".hex() + "a3"
        "69" + b"user_data".hex() + "5840" + "11" * 64 + "65" + b"nonce".hex() + "f6"
        "6a" + b"public_key".hex() + "f6"
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff",
        cbor2.dumps({"Error": "InvalidOperation"}),
        cbor2.dumps("DescribeNSM"),
        cbor2.dumps({"Attestation": {"document": "text"}}),
        cbor2.dumps({"Attestation": {"document": b""}}),
        cbor2.dumps({"Attestation": {}}),
        cbor2.dumps({"Attestation": {"document": nitro_document(QUESTION)}}) + b"\0",
        cbor2.dumps({"Attestation": {"document": nitro_document(QUESTION)}})[:-1],
        b"\x9f" * 3000,
        b"\xbb" + b"\xff" * 8,
    ],
    ids=[
        "nothing",
        "a break",
        "an error",
        "another answer",
        "text",
        "empty",
        "lacking",
        "more",
        "cut",
        "deep",
        "huge",
    ],
)
def test_an_answer_that_is_not_one_is_refused(answer):
    with pytest.raises(PlatformRefused):
        started(answer=answer)


@pytest.mark.parametrize("length", [0, MAX_RESPONSE_BYTES + 1, 2**63])
def test_a_length_that_cannot_be_is_refused(length):
    with pytest.raises(PlatformRefused, match="claims an answer"):
        started(claims=length)


def test_a_module_that_does_not_answer_is_refused():
    with pytest.raises(PlatformRefused) as refusal:
        started(failing=errno.EIO)
    assert refusal.value.code == "platform.nsm"


@pytest.mark.parametrize(
    "document",
    [
        nitro_document(b"o" * 64),
        nitro_document(None),
        nitro_document(QUESTION[:32]),
        cbor2.dumps([b"", {}, b"", b""]),
        cbor2.dumps([b"", {}, cbor2.dumps({"user_data": QUESTION}), b""]),
        cbor2.dumps([b"", {}, cbor2.dumps({"user_data": QUESTION, "pcrs": {0: b""}}), b""]),
        cbor2.dumps([b"", {}, cbor2.dumps({"user_data": QUESTION, "pcrs": {1: b"\1" * 48}}), b""]),
        cbor2.dumps({}),
        nitro_document(QUESTION) + b"\0",
    ],
    ids=[
        "an old one",
        "none",
        "a part",
        "empty",
        "no PCRs",
        "empty PCR0",
        "no PCR0",
        "a map",
        "trailing bytes",
    ],
)
def test_a_document_that_does_not_answer_our_question_is_refused(document):
    module = SecureModule(lambda data: document if data == QUESTION else nitro_document(data))
    with pytest.raises(PlatformRefused) as refusal:
        Nitro(call=module).attest(QUESTION)
    assert refusal.value.code == "platform.evidence"


def test_debug_mode_is_refused_outside_a_development_profile():
    def debugged(data: bytes) -> bytes:
        return nitro_document(data, debug=True)

    with pytest.raises(PlatformRefused) as refusal:
        started(reporter=debugged)
    assert refusal.value.code == "platform.debug"
    assert Nitro(development=True, call=SecureModule(debugged)).attest(QUESTION)


def test_without_a_released_key_it_seals_nothing():
    platform = started()
    for refused in (lambda: platform.seal(b"share", b"c"), lambda: platform.unseal(b"x" * 100, b"c")):
        with pytest.raises(PlatformRefused) as refusal:
            refused()
        assert refusal.value.code == "platform.no-sealing-key"


def test_with_a_released_key_it_seals():
    platform = Nitro(
        sealing=SealingKey.of_platform("nitro", b"s" * 32, b"u" * 32), call=SecureModule(nitro_document)
    )
    assert platform.unseal(platform.seal(b"share", b"c"), b"c") == b"share"
    assert platform.capabilities.survives_upgrade and not platform.capabilities.native_sealing


def test_the_module_says_what_it_is():
    module = started().module()
    assert (module.module_id, module.version, module.locked_pcrs) == (
        "i-00-enc00",
        (1, 0, 0),
        frozenset({0, 1, 2}),
    )


@pytest.mark.parametrize("field", ["version_major", "module_id", "locked_pcrs"])
@pytest.mark.parametrize("value", [None, b"x", -1.5, ["x"]])
def test_a_module_that_says_it_otherwise_is_not_believed(field, value):
    said = {"version_major": 1, "version_minor": 0, "version_patch": 0, "module_id": "i", "locked_pcrs": [0]}
    module = SecureModule(nitro_document)
    platform = Nitro(call=module)
    module.answer = cbor2.dumps({"DescribeNSM": {**said, field: value}})
    with pytest.raises(PlatformRefused):
        platform.module()


def test_report_data_has_64_bytes():
    with pytest.raises(PlatformRefused, match="64"):
        started().attest(bytes(32))


def test_it_claims_what_it_gives_and_no_more():
    platform = started()
    claims = {name for name, value in vars(platform.capabilities).items() if value is True}
    assert claims == {"memory_isolated_from_root", "hardware_root_of_trust", "attestable"}
    assert platform.counter("tries") is None
    assert repr(platform) == "Nitro()"
    platform.forget()
