"""What vendors publish is fetched, checked down to their root, and kept; what a liar serves is not."""

import json
from dataclasses import replace

import pytest
from cryptography import x509
from tests.support import minted_dcap, minted_sev_snp
from tests.support.evidence import recorded
from tests.support.vendor_services import AsSource, Kds, Pcs

from warifu.attestation.chain import Roots
from warifu.attestation.evidence import Evidence
from warifu.attestation.registry import VERIFIERS
from warifu.attestation.verifier import CheckFailed, Endorsements
from warifu.endorsements.amd import addresses_of as amd_addresses
from warifu.endorsements.amd import chip_of
from warifu.endorsements.intel import addresses_of, machines_of
from warifu.endorsements.refreshing import Addresses, kept_for, refresh
from warifu.endorsements.store import EndorsementStore
from warifu.errors import EvidenceRefused

pytestmark = pytest.mark.unit

NOW, DAY = minted_dcap.NOW, minted_dcap.DAY
SNP_NOW = 1_700_000_000


@pytest.fixture
def store(tmp_path) -> EndorsementStore:
    return EndorsementStore(tmp_path / "endorsements")


def quote_of(machine: minted_dcap.Machine) -> Evidence:
    return Evidence(machine.tee, machine.quote())


def trusting(der: bytes) -> Addresses:
    return Addresses(roots=Roots((x509.load_der_x509_certificate(der),)))


def refreshed(
    machine: minted_dcap.Machine, store: EndorsementStore, now: int = NOW, **service: object
) -> bool:
    """Whether something new came of it."""
    source = AsSource(Pcs(machine, **service))  # type: ignore[arg-type]
    (new,) = refresh(quote_of(machine), source, store, now, trusting(machine.root_der())).values()
    return new


def refusal(machine: minted_dcap.Machine, store: EndorsementStore, now: int = NOW, **service: object) -> str:
    with pytest.raises(EvidenceRefused) as refused:
        refreshed(machine, store, now, **service)
    return refused.value.reason


@pytest.mark.parametrize(("tee", "version"), [("tdx", 4), ("tdx", 5), ("sgx", 3)])
def test_collateral_is_fetched_once_kept_and_verifies_its_quote(store, tee, version):
    machine = minted_dcap.Machine(tee, version)
    assert refreshed(machine, store) is True
    assert refreshed(machine, store) is False
    (kept,) = kept_for(quote_of(machine), store)
    assert (kept.fetched_at, kept.renew_at) == (NOW, machine.next_update)
    endorsed = Endorsements((kept.content,), (machine.root_der(),))
    assert VERIFIERS[tee].verify(machine.quote(), endorsed, NOW).tcb_status == "UpToDate"


def test_a_pccs_gives_lists_as_digits_and_the_root_list_too(store):
    machine = minted_dcap.Machine()
    source = AsSource(Pcs(machine, hexadecimal=True))
    addresses = replace(trusting(machine.root_der()), intel="https://pccs.example")
    assert refresh(quote_of(machine), source, store, NOW, addresses)
    assert all(url.startswith("https://pccs.example/") for url in source.asked)


def test_the_addresses_are_those_of_the_vendors_interface():
    tdx = machines_of(recorded("dcap/tdx-quote.bin"))
    assert addresses_of(tdx) == {
        "tcb": "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=B0C06F000000",
        "identity": "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity",
        "pck-list": "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        "root-list": "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
    }
    sgx = machines_of(recorded("dcap/sgx-quote.bin"))
    assert (sgx.tee, sgx.fmspc, sgx.authority) == ("sgx", "00A067110000", "processor")


def test_bad_news_is_kept_although_the_evidence_is_refused_from_then_on(store):
    good, revoked = minted_dcap.Machine(), minted_dcap.Machine(issued=NOW - 60, revoked_leaf=True)
    refreshed(good, store)
    assert refreshed(revoked, store) is True
    (kept,) = kept_for(quote_of(good), store)
    with pytest.raises(CheckFailed) as failure:
        VERIFIERS["tdx"].verify(good.quote(), Endorsements((kept.content,), (good.root_der(),)), NOW)
    assert failure.value.check == "revocation"


def test_collateral_from_before_the_revocation_is_refused_afterwards(store):
    good, revoked = minted_dcap.Machine(), minted_dcap.Machine(issued=NOW - 60, revoked_leaf=True)
    refreshed(revoked, store)
    assert refusal(good, store) == "older-endorsement"


def test_a_smaller_evaluation_number_is_older_whatever_its_date_says(store):
    refreshed(minted_dcap.Machine(), store)
    back = minted_dcap.Machine(
        issued=NOW - 60, change_tcb_info=lambda info: info.update(tcbEvaluationDataNumber=16)
    )
    assert refusal(back, store) == "older-endorsement"


@pytest.mark.parametrize("what", ["tcb", "identity", "pckcrl", "IntelSGXRootCA.der"])
@pytest.mark.parametrize(
    "lie",
    [
        lambda _body: b"",
        lambda _body: b"\x30\x03\x02\x01\x01",
        lambda _body: b"<html>sign in to your hotel</html>",
        lambda body: body[:-1],
        lambda body: body[: len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[len(body) // 2 + 1 :],
    ],
    ids=["empty", "der", "a portal", "cut", "a bit"],
)
def test_what_is_not_the_vendors_is_not_kept(store, what, lie):
    machine = minted_dcap.Machine()
    reason = refusal(
        machine, store, spoil=lambda name, body, headers: (lie(body) if name == what else body, headers)
    )
    assert reason == "endorsements-refused"
    assert store.names() == ()


def test_a_header_that_is_missing_or_names_other_signers_is_refused(store):
    machine = minted_dcap.Machine()
    for headers in ({}, {"TCB-Info-Issuer-Chain": "x"}, {"TCB-Info-Issuer-Chain": "%ff%fe"}):
        assert refusal(machine, store, spoil=lambda _what, body, _headers, given=headers: (body, given))
    assert store.names() == ()


def test_forged_collateral_of_the_future_cannot_shut_the_real_one_out(store):
    forged = minted_dcap.Machine(seed=2, issued=NOW - 1)
    machine = minted_dcap.Machine()
    with pytest.raises(EvidenceRefused):
        refresh(quote_of(machine), AsSource(Pcs(forged)), store, NOW, trusting(machine.root_der()))
    assert refreshed(machine, store)


def test_intels_own_root_is_needed_unless_the_caller_names_one(store):
    machine = minted_dcap.Machine()
    with pytest.raises(EvidenceRefused) as refused:
        refresh(quote_of(machine), AsSource(Pcs(machine)), store, NOW)
    assert refused.value.reason == "endorsements-refused"


def test_collateral_that_is_stale_or_of_the_future_when_it_comes_is_refused(store):
    machine = minted_dcap.Machine()
    for now in (machine.issued - 1, machine.next_update):
        assert refusal(machine, store, now) == "endorsements-unavailable"


def test_a_service_that_does_not_know_the_machine_changes_nothing(store):
    machine = minted_dcap.Machine()
    refreshed(machine, store)
    assert refusal(machine, store, spoil=lambda *_answer: None) == "endorsements-unavailable"
    assert len(store.names()) == 1


def test_what_is_no_evidence_fetches_nothing(store):
    source = AsSource(Pcs(minted_dcap.Machine()))
    for evidence in (Evidence("tdx", b""), Evidence("sgx", b"\0" * 2000), Evidence("sev-snp", b"x")):
        with pytest.raises(EvidenceRefused) as refused:
            refresh(evidence, source, store, NOW)
        assert refused.value.reason == "not-evidence"
    assert source.asked == []


def test_formats_that_bring_everything_along_need_nothing(store):
    source = AsSource(Pcs(minted_dcap.Machine()))
    for evidence in (Evidence("nitro", b"x"), Evidence("tpm", b"x"), Evidence("unsafe-software", b"x")):
        assert refresh(evidence, source, store, NOW) == {} and kept_for(evidence, store) == ()


# --- AMD -------------------------------------------------------------------------------------------------------------


def report_of(machine: minted_sev_snp.Machine, report: minted_sev_snp.Report) -> Evidence:
    return Evidence("sev-snp", report.signed_by(machine.key))


def test_the_three_documents_of_a_chip_are_fetched_kept_and_verify_its_report(store):
    machine = minted_sev_snp.MILAN
    evidence = report_of(machine, minted_sev_snp.REPORT)
    addresses = trusting(machine.root.der)
    news = refresh(evidence, AsSource(Kds(machine)), store, SNP_NOW, addresses)
    assert len(news) == 3 and all(news.values())
    kept = kept_for(evidence, store)
    endorsed = Endorsements(tuple(entry.content for entry in kept), (machine.root.der,))
    assert VERIFIERS["sev-snp"].verify(evidence.body, endorsed, SNP_NOW)


def test_the_addresses_name_chip_and_firmware():
    turin = chip_of(report_of(minted_sev_snp.TURIN, minted_sev_snp.OF_TURIN).body)
    assert amd_addresses(turin)["key"] == (
        "https://kdsintf.amd.com/vcek/v1/Turin/0102030405060708?fmcSPL=2&blSPL=4&teeSPL=1&snpSPL=20&ucodeSPL=200"
    )
    milan = chip_of(report_of(minted_sev_snp.MILAN, minted_sev_snp.REPORT).body)
    assert amd_addresses(milan)["list"] == "https://kdsintf.amd.com/vcek/v1/Milan/crl"
    assert "fmcSPL" not in amd_addresses(milan)["key"]


def test_a_list_that_revokes_the_chip_is_kept_and_the_one_from_before_is_refused(store):
    machine = minted_sev_snp.MILAN
    evidence = report_of(machine, minted_sev_snp.REPORT)
    addresses = trusting(machine.root.der)
    revoking = Kds(machine, revoked=(machine.signer.certificate.serial_number,), listed_at=SNP_NOW - 60)
    assert refresh(evidence, AsSource(revoking), store, SNP_NOW, addresses)
    endorsed = Endorsements(tuple(entry.content for entry in kept_for(evidence, store)), (machine.root.der,))
    with pytest.raises(CheckFailed) as failure:
        VERIFIERS["sev-snp"].verify(evidence.body, endorsed, SNP_NOW)
    assert failure.value.check == "revocation"
    with pytest.raises(EvidenceRefused) as refused:
        refresh(evidence, AsSource(Kds(machine)), store, SNP_NOW, addresses)
    assert refused.value.reason == "older-endorsement"


@pytest.mark.parametrize("what", ["vcek", "cert_chain", "crl"])
@pytest.mark.parametrize(
    "lie", [lambda _body: b"", lambda body: body[: len(body) // 2], lambda body: body + body], ids=range(3)
)
def test_what_is_not_amds_is_not_kept(store, what, lie):
    machine = minted_sev_snp.MILAN
    service = Kds(machine, spoil=lambda name, body: lie(body) if name == what else body)
    with pytest.raises(EvidenceRefused) as refused:
        refresh(
            report_of(machine, minted_sev_snp.REPORT),
            AsSource(service),
            store,
            SNP_NOW,
            trusting(machine.root.der),
        )
    assert refused.value.reason == "endorsements-refused"
    assert store.names() == ()


def test_a_list_of_another_authority_or_one_that_is_over_is_refused(store):
    machine = minted_sev_snp.MILAN
    evidence, addresses = report_of(machine, minted_sev_snp.REPORT), trusting(machine.root.der)
    of_genoa = Kds(minted_sev_snp.GENOA).answer("/vcek/v1/Genoa/crl")
    assert of_genoa is not None
    for service in (
        Kds(machine, spoil=lambda what, body: of_genoa[0] if what == "crl" else body),
        Kds(machine, listed_until=SNP_NOW),
    ):
        with pytest.raises(EvidenceRefused):
            refresh(evidence, AsSource(service), store, SNP_NOW, addresses)
    assert store.names() == ()


def test_a_report_that_does_not_say_of_which_product_or_chip_it_is_needs_its_owner(store):
    machine = minted_sev_snp.MILAN
    for report in (
        replace(minted_sev_snp.REPORT, version=2),
        replace(minted_sev_snp.REPORT, chip=bytes(64)),
        minted_sev_snp.OF_CLOUD,
    ):
        with pytest.raises(EvidenceRefused) as refused:
            refresh(report_of(machine, report), AsSource(Kds(machine)), store, SNP_NOW)
        assert refused.value.reason == "endorsements-unknown"


def test_recorded_collateral_is_intels_and_in_the_form_that_is_kept(store):
    """What Intel signed in 2025, taken apart and put together again as if its service had given it."""
    fields = json.loads(recorded("dcap/tdx-collateral.json"))
    machine = minted_dcap.Machine()
    service = Pcs(machine)
    machine.collateral_fields = lambda: fields  # type: ignore[method-assign]
    evidence = Evidence("tdx", recorded("dcap/tdx-quote.bin"))

    class OfThatDay(AsSource):
        def get(self, url: str, limit: int) -> object:  # type: ignore[override]
            return super().get(url.replace("B0C06F000000", minted_dcap.FMSPC.hex().upper()), limit)

    now = 1_750_400_000
    assert refresh(evidence, OfThatDay(service), store, now)  # type: ignore[arg-type]
    (kept,) = kept_for(evidence, store)
    assert VERIFIERS["tdx"].verify(evidence.body, Endorsements((kept.content,)), now).tcb_status == "UpToDate"
