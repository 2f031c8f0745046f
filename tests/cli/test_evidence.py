"""``warifu evidence verify``: what stands in its table of recorded evidence comes out; exit code 0 for nothing else."""

from __future__ import annotations

import json

import cbor2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.authorities import NOW, curve_key
from tests.support.evidence import evidence_file
from tests.support.minted_nitro import ENCLAVE, ROOT, fields, minted

from warifu.cli.main import main, run
from warifu.cli.screen import Screen
from warifu.cli.several import spread
from warifu.cli.text import speak, spoken
from warifu.errors import EvidenceRefused

pytestmark = pytest.mark.unit

REFUSED = EvidenceRefused.exit_code
MILAN = ("--endorsements", "sev-snp/vcek-milan.der", "--endorsements", "sev-snp/ask-ark-milan.pem")
TDX = ("--endorsements", "dcap/tdx-collateral.json")
SGX = ("--endorsements", "dcap/sgx-collateral.json")


@pytest.fixture
def verify(capsys):
    """Run the command; (exit code, standard output, standard error)."""

    def verify(file, name, *arguments):
        asked = ["evidence", "verify", str(file), "--format", name, *map(str, arguments)]
        code = run(main, asked, Screen("--json" in asked))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return verify


@pytest.fixture
def judged(verify):
    """As ``verify``, for scripts: (exit code, the object)."""

    def judged(file, name, *arguments):
        code, out, _ = verify(file, name, *arguments, "--json")
        found = json.loads(out)
        if "affirmed" in found:
            assert found["affirmed"] is (code == 0)
            assert found["eat"]["warifu_appraisal"]["affirmed"] is found["affirmed"]
            assert ("error" in found) is not found["affirmed"]
        return code, found

    return judged


@pytest.fixture
def document(tmp_path):
    """A minted document in a file, and its root in another; fields can be replaced."""

    def write(**other):
        file, root = tmp_path / "document.cbor", tmp_path / "root.pem"
        file.write_bytes(minted(**other))
        root.write_bytes(ROOT.pem)
        return file, "nitro", "--root", root, "--now", NOW

    return write


def whole(arguments):
    """Arguments with names of recorded files made paths."""
    return [
        evidence_file(each) if str(each).startswith(("sev-snp/", "dcap/", "nitro/")) else each
        for each in arguments
    ]


class TestRecorded:
    @pytest.mark.parametrize(
        ("file", "name", "arguments", "check"),
        [
            ("nitro/document.cbor", "nitro", ("--now", "2022-11-09T22:53:00Z"), None),
            ("nitro/document.cbor", "nitro", ("--now", "1668034380"), None),
            ("nitro/document.cbor", "nitro", (), "validity"),
            ("nitro/document-corrupted.cbor", "nitro", ("--now", "2022-11-09T22:53:00Z"), "signature"),
            ("sev-snp/report-milan.bin", "sev-snp", MILAN, "no-debug"),
            ("sev-snp/report-milan.bin", "sev-snp", MILAN[:2], "chain"),
            ("sev-snp/report-milan.bin", "sev-snp", (), "endorsements"),
            ("dcap/tdx-quote.bin", "dcap", (*TDX, "--now", "2025-06-20T00:00:00Z"), None),
            ("dcap/tdx-quote.bin", "dcap", (*TDX, "--now", "2025-06-20T02:00:00+02:00"), None),
            ("dcap/tdx-quote.bin", "dcap", TDX, "collateral-window"),
            ("dcap/tdx-quote.bin", "dcap", SGX, "collateral"),
            ("nitro/document.cbor", "sev-snp", MILAN, "form"),
            ("sev-snp/report-milan.bin", "dcap", TDX, "form"),
            ("sev-snp/report-milan.bin", "tpm", (), "form"),
        ],
    )
    def test_gives_what_its_table_says(self, judged, file, name, arguments, check):
        code, found = judged(evidence_file(file), name, *whole(arguments))
        assert (code, found["first_failed_check"]) == ((0, None) if check is None else (REFUSED, check))
        assert found["affirmed"] is (check is None)
        if check is not None:
            assert found["error"]["code"] == f"evidence.{check}"

    def test_measurements_are_reported_also_where_the_policy_refuses_them(self, judged):
        _, found = judged(evidence_file("sev-snp/report-milan.bin"), "sev-snp", *whole(MILAN))
        assert (found["genuine"], found["tier"], found["debug"]) == (True, 0, True)
        assert found["measurements"]["launch"].startswith("b07af9620f3b839b")
        assert found["eat"]["dbgstat"] == "enabled"

    def test_an_sgx_quote_with_advisories_is_genuine_and_a_strict_policy_refuses_it(self, judged, tmp_path):
        collateral = json.loads(evidence_file("dcap/sgx-collateral.json").read_text())
        moment = json.loads(collateral["tcb_info"])["issueDate"]
        quote = evidence_file("dcap/sgx-quote.bin")
        code, found = judged(quote, "dcap", *whole(SGX), "--now", moment)
        assert (code, found["format"], found["tcb_status"]) == (0, "sgx", "ConfigurationAndSWHardeningNeeded")
        assert found["advisories"] == ["INTEL-SA-00289", "INTEL-SA-00615"]
        policy = tmp_path / "strict.toml"
        for demand, check in (('tcb_status = ["UpToDate"]', "tcb-status"), ("advisories = []", "advisories")):
            policy.write_text(f'version = 1\n[[accept]]\nformat = "sgx"\n{demand}\n')
            code, found = judged(quote, "dcap", *whole(SGX), "--now", moment, "--policy", policy)
            assert (code, found["first_failed_check"]) == (REFUSED, check)
            assert found["measurements"]["mrenclave"]

    def test_an_older_collateral_is_acceptable_where_the_policy_grants_it(self, judged, tmp_path):
        policy = tmp_path / "offline.toml"
        quote = evidence_file("dcap/tdx-quote.bin")
        for grace, code in ((0, REFUSED), (40 * 86_400, 0)):
            policy.write_text(f"version = 1\ncollateral_grace = {grace}\n")
            arguments = (*whole(TDX), "--now", "2025-08-01T00:00:00Z", "--policy", policy)
            assert judged(quote, "dcap", *arguments)[0] == code


class TestMinted:
    def test_a_root_of_the_caller_s_is_taken_and_told_loudly(self, verify, judged, document):
        arguments = document()
        code, found = judged(*arguments)
        assert (code, len(found["callers_roots"]), found["details"]["root"]) == (
            0,
            1,
            "the caller's own, not the vendor's",
        )
        code, out, err = verify(*arguments)
        assert code == 0
        assert "A root that you named is trusted" in err
        assert "Affirmed." in out
        code, found = judged(*arguments[:2], "--now", NOW)
        assert (code, found["first_failed_check"], found["callers_roots"]) == (REFUSED, "chain", [])

    @pytest.mark.parametrize(
        ("arguments", "check"),
        [
            (("--nonce", (b"n" * 20).hex()), None),
            (("--nonce", (b"n" * 19).hex()), "nonce"),
            (("--report-data", (b"r" * 64).hex().upper()), None),
            (("--report-data", (b"r" * 63).hex()), "report-data"),
            (("--report-data", (b"s" * 64).hex(), "--nonce", "00"), "nonce"),
        ],
    )
    def test_the_question_must_be_the_one_that_was_asked(self, judged, document, arguments, check):
        code, found = judged(*document(), *arguments)
        assert (code, found["first_failed_check"]) == ((0, None) if check is None else (REFUSED, check))

    def test_a_policy_is_judged_and_its_comparisons_are_reported(self, judged, document, tmp_path):
        policy = tmp_path / "policy.toml"
        for digest, code, result in ((b"\x01" * 48, 0, "success"), (b"\x05" * 48, REFUSED, "fail")):
            policy.write_text(
                f'version = 1\n[[accept]]\nformat = "nitro"\nmeasurements = {{ pcr0 = ["{digest.hex()}"] }}\n'
            )
            ended, found = judged(*document(), "--policy", policy)
            assert (ended, found["policy"]) == (code, str(policy))
            assert ["pcr0", result] in found["eat"]["measres"][0][1]

    def test_debug_mode_needs_a_policy_that_says_unsafe(self, judged, document, tmp_path):
        arguments = document(pcrs={0: bytes(48)})
        assert judged(*arguments)[1]["first_failed_check"] == "no-debug"
        policy = tmp_path / "development.toml"
        policy.write_text("version = 1\nunsafe_allow_debug = true\n")
        assert judged(*arguments, "--policy", policy)[0] == 0

    def test_a_person_reads_what_it_is_what_was_checked_and_what_cannot_be(self, verify, document):
        code, out, err = verify(*document())
        assert code == 0
        for words in ("AWS Nitro", "pcr0", "What cannot be checked: AWS itself", "Without --policy"):
            assert words in out
        code, out, err = verify(*document(pcrs={0: bytes(48)}))
        assert code == REFUSED
        assert "YES: its host may read its memory" in out
        assert "Not affirmed. The first check that failed: no-debug" in out
        assert "evidence.no-debug (15)" in err

    def test_it_says_so_in_japanese(self, verify, document):
        before = spoken()
        try:
            speak("ja")
            code, out, err = verify(*document())
        finally:
            speak(before)
        assert code == 0
        assert "肯定されました。" in out
        assert "あなたが挙げたルート" in err.replace("\n", "").replace(" ", "")

    def test_what_a_document_says_does_not_redraw_the_screen(self, judged, document):
        code, found = judged(*document(module_id="\x1b[2J"))
        assert (code, found["first_failed_check"]) == (REFUSED, "form")

    def test_the_clock_is_asked_where_no_time_is_given(self, judged, document):
        code, found = judged(*document()[:4])
        assert (code, found["first_failed_check"]) == (REFUSED, "validity")
        assert found["appraised_at"] > NOW

    def test_evidence_comes_from_standard_input_too(self, judged, document, monkeypatch):
        file, *arguments = document()
        with file.open("rb") as stream:
            monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": stream}))
            assert judged("-", *arguments)[0] == 0


class TestSeveralFiles:
    """``--endorsements a b`` is ``--endorsements a --endorsements b``, and FILE may stand anywhere."""

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("F -m a b -s 1", "F -m a -m b -s 1"),
            ("-m a b F -s 1", "-m a -m b F -s 1"),
            ("-s 1 -m a F", "-s 1 -m a F"),
            ("-m a F -m b", "-m a F -m b"),
            ("-m a -m b c F -f", "-m a -m b -m c F -f"),
            ("-m a -s 1 F", "-m a -s 1 F"),
            ("-m a -- F", "-m a -- F"),
            ("-m a b -- F", "-m a -m b -- F"),
            ("-m a -", "-m a -"),
            ("- -m a b", "- -m a -m b"),
            ("-m", "-m"),
            ("-s", "-s"),
            ("-m a", "-m a"),
            ("", ""),
        ],
    )
    def test_are_spread_out(self, typed, meant):
        assert spread(typed.split(), {"-m"}, {"-s"}) == meant.split()

    def test_are_taken_by_the_command(self, judged, verify):
        report, vcek, chain = whole(
            ["sev-snp/report-milan.bin", "sev-snp/vcek-milan.der", "sev-snp/ask-ark-milan.pem"]
        )
        _, found = judged(report, "sev-snp", "--endorsements", vcek, chain)
        assert (found["genuine"], found["first_failed_check"]) == (True, "no-debug")
        asked = ["--format", "sev-snp", "--endorsements", str(chain), str(vcek), str(report)]
        assert run(main, ["evidence", "verify", *asked], Screen()) == REFUSED


class TestInput:
    """What cannot be used is the caller's mistake (exit code 2), told before anything is appraised."""

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (("--now", "yesterday"), "input.time"),
            (("--now", "2022-11-09T22:53:00"), "input.time"),  # of which place?
            (("--now", "2022-13-09T22:53:00Z"), "input.time"),
            (("--now", "-1"), "input.time"),
            (("--now", "9" * 12), "input.time"),
            (("--nonce", ""), "input.hex"),
            (("--nonce", "0x12"), "input.hex"),
            (("--nonce", "12 34"), "input.hex"),
            (("--nonce", "123"), "input.hex"),
            (("--report-data", "ab" * 513), "input.hex"),
            (("--endorsements", "/nonexistent"), "input.file"),
            (("--policy", "/nonexistent"), "input.file"),
            (("--root", "/nonexistent"), "input.file"),
            (("--root", "/dev/null"), "input.file"),
            (("--attestation-key", "/dev/null"), "input.file"),
        ],
    )
    def test_that_cannot_be_used(self, judged, document, arguments, code):
        ended, found = judged(*document(), *arguments)
        assert (ended, found["error"]["code"]) == (2, code)

    def test_a_file_that_is_missing_empty_too_long_or_a_folder(self, judged, tmp_path):
        long, empty = tmp_path / "long", tmp_path / "empty"
        long.write_bytes(bytes(256 * 1024 + 1))
        empty.write_bytes(b"")
        for file in (long, empty, tmp_path / "missing", tmp_path):
            code, found = judged(file, "nitro")
            assert (code, found["error"]["code"].partition(".")[0]) == (2, "input")

    def test_a_root_or_policy_or_key_that_is_none(self, judged, document, tmp_path):
        for name, content, code in (
            ("--root", b"no certificate", "input.root"),
            ("--root", curve_public(), "input.root"),
            ("--policy", b"\xff\xfe", "input.appraisal-policy"),
            ("--policy", b"version = 1\nleast_teir = 2\n", "input.appraisal-policy"),
            ("--attestation-key", ROOT.der, "input.attestation-key"),
            ("--attestation-key", ROOT.pem, "input.attestation-key"),
        ):
            file = tmp_path / "given"
            file.write_bytes(content)
            ended, found = judged(*document(), name, file)
            assert (ended, found["error"]["code"]) == (2, code)

    def test_a_key_is_taken_in_both_forms(self, judged, document, tmp_path):
        for content in (curve_public(Encoding.PEM), curve_public(Encoding.DER)):
            file = tmp_path / "key"
            file.write_bytes(content)
            assert judged(*document(), "--attestation-key", file)[0] == 0

    def test_a_format_that_there_is_not(self, judged, document):
        code, found = judged(document()[0], "sev")
        assert (code, found["error"]["code"]) == (2, "input.usage")

    def test_endorsements_of_no_use_are_the_evidence_s_failure(self, judged, document, tmp_path):
        file = tmp_path / "endorsement"
        file.write_bytes(cbor2.dumps(fields()))
        code, found = judged(*document(), "--endorsements", file)
        assert (code, found["first_failed_check"]) == (REFUSED, "endorsements")
        file.write_bytes(ENCLAVE.pem + ROOT.pem)
        assert judged(*document(), "--endorsements", file)[0] == 0


def curve_public(encoding=Encoding.PEM):
    """A public key of the tests."""
    return curve_key("enclave").public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
