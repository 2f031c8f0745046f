"""SEV-SNP, on a stand-in of the kernel's files and of the secure processor. *Not exercised on hardware.*"""

import errno

import pytest
from tests.support.evidence import recorded
from tests.support.tee_files import SecureProcessor, Tsm
from tests.support.tee_files_evidence import certificate_table, snp_report

from warifu.attestation.registry import appraise
from warifu.attestation.rules import Bound
from warifu.attestation.verifier import Endorsements
from warifu.errors import PlatformRefused
from warifu.tee.platform import PlatformSettings
from warifu.tee.sev_snp import MAX_ENDORSEMENT_BYTES, MAX_ENDORSEMENTS, SevSnp, open_sev_snp

pytestmark = pytest.mark.unit

UNLOCK = b"u" * 32
QUESTION = bytes(range(64))
RECORDED_AT = 1_700_000_000


def kernel(**overrides) -> Tsm:
    return Tsm(**{"provider": "sev_guest", "reporter": snp_report, "privlevel_floor": 0, **overrides})


def started(tsm: Tsm | None = None, chip: SecureProcessor | None = None, **settings) -> SevSnp:
    tsm = tsm if tsm is not None else kernel()
    return SevSnp(UNLOCK, files=tsm, call=chip if chip is not None else SecureProcessor(), **settings)


class TestEvidence:
    def test_is_the_raw_report_over_the_question(self):
        evidence = started().attest(QUESTION)
        assert (evidence.format, evidence.body) == ("sev-snp", snp_report(QUESTION))

    def test_an_old_report_in_place_of_ours_is_refused(self):
        old = snp_report(b"o" * 64)
        with pytest.raises(PlatformRefused, match="another question"):
            started(kernel(reporter=lambda data: old))

    @pytest.mark.parametrize(
        "body", [snp_report(QUESTION)[:-1], snp_report(QUESTION) + b"\0", b"x", bytes(0x4A0)]
    )
    def test_what_is_no_report_is_refused(self, body):
        platform = started(kernel(reporter=lambda data: body if data == QUESTION else snp_report(data)))
        with pytest.raises(PlatformRefused) as refusal:
            platform.attest(QUESTION)
        assert refusal.value.code == "platform.evidence"
        assert "another question" not in str(refusal.value)

    def test_debug_mode_is_refused_before_any_secret_is_asked_for(self):
        chip = SecureProcessor()
        debugged = kernel(reporter=lambda data: snp_report(data, debug=True))
        with pytest.raises(PlatformRefused) as refusal:
            started(debugged, chip)
        assert refusal.value.code == "platform.debug"
        assert not chip.seen
        assert started(debugged, chip, development=True).attest(QUESTION).body == snp_report(
            QUESTION, debug=True
        )

    def test_a_recorded_report_passes_and_the_production_verifier_takes_it_with_the_hosts_certificates(self):
        report = recorded("sev-snp/report-milan.bin")
        table = certificate_table(recorded("sev-snp/vcek-milan.der"), recorded("sev-snp/ask-ark-milan.pem"))
        asked = report[0x50:0x90]
        replaying = kernel(
            auxblob=table, reporter=lambda data: report if data == asked else snp_report(data, debug=True)
        )
        platform = started(replaying, development=True)  # it was recorded on a guest in debug mode
        evidence = platform.attest(asked)
        appraisal = appraise(
            evidence, Bound(asked), RECORDED_AT, Endorsements(documents=platform.endorsements())
        )
        assert appraisal.affirmed, appraisal.failure
        assert not appraise(evidence, Bound(asked), RECORDED_AT).affirmed, (
            "without endorsements it proves nothing"
        )

    def test_a_tdx_kernel_is_no_snp_platform(self):
        with pytest.raises(PlatformRefused) as refusal:
            started(kernel(provider="tdx_guest"))
        assert refusal.value.code == "platform.provider"


class TestEndorsements:
    def test_are_what_the_host_gave_with_the_evidence(self):
        vcek, chain = recorded("sev-snp/vcek-milan.der"), recorded("sev-snp/ask-ark-milan.pem")
        tsm = kernel(auxblob=certificate_table(vcek, chain))
        platform = started(tsm)
        platform.attest(QUESTION)
        asked = len(tsm.questions)
        assert platform.endorsements() == (vcek, chain)
        assert len(tsm.questions) == asked, "the chip is not asked a second time for it"

    @pytest.mark.parametrize("auxblob", [None, b"", bytes(24), bytes(4096)])
    def test_a_host_may_have_none(self, auxblob):
        assert started(kernel(auxblob=auxblob)).endorsements() == ()

    @pytest.mark.parametrize(
        "table",
        [
            b"\1",
            bytes(23),
            b"\1" * 24,
            certificate_table(b"abc")[:-1],
            certificate_table(b""),
            certificate_table(*[b"c"] * (MAX_ENDORSEMENTS + 1)),
            certificate_table(bytes(MAX_ENDORSEMENT_BYTES + 1)),
        ],
        ids=[
            "no entry",
            "a cut end",
            "no end",
            "a cut document",
            "an empty document",
            "too many",
            "too long",
        ],
    )
    def test_a_malformed_table_is_refused_whole(self, table):
        platform = started(kernel(auxblob=table))
        assert platform.attest(QUESTION), "evidence does not hang on what the host hands in beside it"
        with pytest.raises(PlatformRefused) as refusal:
            platform.endorsements()
        assert refusal.value.code == "platform.endorsements"


class TestSealing:
    def test_opens_after_a_restart_of_the_same_image_on_the_same_chip(self):
        sealed = started().seal(b"share", b"c")
        assert started().unseal(sealed, b"c") == b"share"

    def test_auth_values_are_passed_on(self):
        sealed = started().seal(b"share", b"c", auth=b"a" * 32)
        assert started().unseal(sealed, b"c", auth=b"a" * 32) == b"share"
        with pytest.raises(PlatformRefused) as refusal:
            started().unseal(sealed, b"c", auth=b"b" * 32)
        assert refusal.value.reason == "auth"

    @pytest.mark.parametrize(
        "elsewhere",
        [
            SecureProcessor(chip=b"another chip"),
            SecureProcessor(measurement=b"n" * 48),
            SecureProcessor(policy=0x30000 | 1 << 19),
        ],
        ids=["another chip", "another image", "the same image in debug mode"],
    )
    def test_nothing_else_opens_it(self, elsewhere):
        sealed = started().seal(b"share", b"c")
        with pytest.raises(PlatformRefused) as refusal:
            started(chip=elsewhere).unseal(sealed, b"c")
        assert refusal.value.reason == "unseal"

    def test_another_unlock_key_does_not_open_it(self):
        with pytest.raises(PlatformRefused):
            SevSnp(b"v" * 32, files=kernel(), call=SecureProcessor()).unseal(
                started().seal(b"share", b"c"), b"c"
            )

    def test_the_call_is_byte_for_byte_what_the_kernels_header_says(self):
        """_IOWR('S', 1, struct snp_guest_request_ioctl) = 3<<30 | 32<<16 | 0x53<<8 | 1, sizes as compiled on x86-64."""
        chip = SecureProcessor(current_vmpl=2)
        started(chip=chip, vmpl=2)
        ((request, structure, question),) = chip.seen
        assert request == 0xC0205301
        assert structure.hex() == "0100000000000000" + "00" * 24
        assert question.hex() == (
            "00000000"  # root_key_select: VCEK
            "00000000"  # rsvd
            "0900000000000000"  # guest_field_select: policy, measurement
            "02000000"  # vmpl
            "00000000"  # guest_svn
            "0000000000000000"  # tcb_version
        )

    @pytest.mark.parametrize(
        "chip",
        [
            SecureProcessor(status=0x16),
            SecureProcessor(current_vmpl=1),
            SecureProcessor(failing=errno.EIO, exitinfo2=0x2_0000_0000),
            SecureProcessor(failing=errno.ENOTTY),
            SecureProcessor(key=bytes(32)),
        ],
        ids=["refused", "a more privileged level's key", "host busy", "no such call", "a key of zeros"],
    )
    def test_without_a_key_the_device_does_not_start(self, chip):
        with pytest.raises(PlatformRefused) as refusal:
            started(chip=chip)
        assert refusal.value.code == "platform.derived-key"
        assert refusal.value.remedy

    def test_forgotten_it_seals_nothing(self):
        platform = started()
        platform.forget()
        with pytest.raises(PlatformRefused, match="locked"):
            platform.seal(b"share", b"c")


def test_it_claims_what_it_gives_and_no_more():
    platform = started()
    claims = {name for name, value in vars(platform.capabilities).items() if value is True}
    assert claims == {"memory_isolated_from_root", "hardware_root_of_trust", "native_sealing", "attestable"}
    assert platform.capabilities.tier == 2
    assert platform.counter("tries") is None
    assert repr(platform) == "SevSnp()"


@pytest.mark.parametrize("text", ["vmpl:4", "vmpl:", "vmpl:01", "0", "/dev/sev-guest", "vmpl:2\n"])
def test_a_setting_that_is_no_privilege_level_is_refused(text):
    with pytest.raises(PlatformRefused) as refusal:
        open_sev_snp(PlatformSettings(name="sev-snp", device=text), bytearray(UNLOCK))
    assert refusal.value.code == "platform.privilege-level"
