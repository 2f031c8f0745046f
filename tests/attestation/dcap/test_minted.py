"""TDX and SGX under a test root, through the verifier that judges real ones: each lie is refused by its own check."""

import json

import pytest
from tests.support.minted_dcap import DAY, NOW, PPID, REPORT_DATA, Machine

from warifu.attestation.chain import OWN_ROOT
from warifu.attestation.dcap.verifier import DcapVerifier
from warifu.attestation.rules import AllOf, Bound, LeastTier, NoDebug
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified

pytestmark = pytest.mark.unit

KINDS = [("tdx", 4), ("tdx", 5), ("sgx", 3)]
SEPT_VE_DISABLE = "0000001000000000"


def judged(
    machine: Machine,
    now: int = NOW,
    grace: int = 0,
    quote: bytes | None = None,
    collateral: bytes | None = None,
) -> Verified:
    endorsed = Endorsements(
        documents=(machine.collateral() if collateral is None else collateral,), roots=(machine.root_der(),)
    )
    return DcapVerifier(machine.tee).verify(machine.quote() if quote is None else quote, endorsed, now, grace)


def refusal(machine: Machine, **how: object) -> str:
    with pytest.raises(CheckFailed) as failure:
        judged(machine, **how)  # type: ignore[arg-type]
    return failure.value.check


@pytest.mark.parametrize(("tee", "version"), KINDS)
def test_an_honest_quote_is_affirmed_and_says_what_runs(tee, version):
    verified = judged(Machine(tee, version))
    AllOf((Bound(REPORT_DATA), NoDebug(), LeastTier(2))).require(verified, NOW)
    assert (verified.format, verified.tier, verified.tcb_status, verified.advisories) == (
        tee,
        2,
        "UpToDate",
        (),
    )
    assert verified.hardware_id == PPID
    assert verified.expires_at == NOW + 29 * DAY
    assert verified.details["root"] == OWN_ROOT, "a test root must never look like Intel's"
    if tee == "sgx":
        assert {"mrenclave", "mrsigner", "attributes"} <= verified.measurements.keys()
        assert verified.tcb["isvsvn"] == 6
    else:
        assert {"mrtd", "mrseam", "rtmr0", "rtmr1", "rtmr2", "rtmr3"} <= verified.measurements.keys()
        assert all(len(verified.measurements[name]) == 48 for name in ("mrtd", "rtmr3"))


def test_a_version_5_quote_may_carry_a_report_of_either_kind():
    assert (
        judged(Machine(version=5, body_type=2)).measurements["mrtd"] == judged(Machine()).measurements["mrtd"]
    )


@pytest.mark.parametrize(("tee", "version"), KINDS)
def test_another_question_is_not_answered_by_it(tee, version):
    with pytest.raises(CheckFailed, match="another question"):
        Bound(bytes(64)).require(judged(Machine(tee, version)), NOW)


@pytest.mark.parametrize(
    "status", ["OutOfDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded"]
)
def test_a_poor_tcb_is_told_and_left_to_the_rules(status):
    verified = judged(Machine(status=status, advisories=("INTEL-SA-00615",)))
    assert (verified.tcb_status, verified.advisories) == (status, ("INTEL-SA-00615",))


def test_weaknesses_are_told_all_of_them_or_the_quote_is_refused():
    many = tuple(f"INTEL-SA-{number:05d}" for number in range(65))
    assert judged(Machine(advisories=many[:64])).advisories == many[:64]
    assert refusal(Machine(advisories=many)) == "tcb"


def test_a_machine_whose_keys_are_known_to_others_is_refused_whatever_the_rules_say():
    assert refusal(Machine(status="Revoked")) == "tcb-revoked"


@pytest.mark.parametrize(
    ("lie", "check"),
    [
        ({"attributes": bytes.fromhex("01" + SEPT_VE_DISABLE[2:])}, "no-debug"),
        ({"attributes": bytes.fromhex("10" + SEPT_VE_DISABLE[2:])}, "no-debug"),  # profiled by its host
        ({"attributes": bytes(8)}, "td-attributes"),  # the host may inject page faults
        ({"attributes": bytes.fromhex("0000003000000000")}, "td-attributes"),  # may be migrated
        ({"version": 5, "service_td": b"\1" * 48}, "service-td"),
        ({"tee": "sgx", "version": 3, "attributes": bytes.fromhex("07" + "00" * 15)}, "no-debug"),
        (
            {"tee": "sgx", "version": 3, "attributes": bytes.fromhex("04" + "00" * 15)},
            "form",
        ),  # never initialised
        (
            {"qe_attributes": bytes.fromhex("13" + "00" * 15)},
            "quoting-enclave",
        ),  # the quoting enclave in debug
        ({"revoked_leaf": True}, "revocation"),
        ({"revoked_authority": True}, "revocation"),
        ({"tcb_signer_name": "Intel SGX PCK Certificate"}, "chain"),  # a machine vouches for machines
        ({"leaf_until": NOW - 1}, "validity"),
        ({"version": 3}, "form"),
        ({"version": 5, "body_type": 4}, "form"),
        ({"version": 5, "body_type": 1}, "form"),  # an enclave's report in a trust domain's quote
        ({"version": 5, "body_bytes_more": 1}, "form"),
        ({"tee": "sgx", "version": 4}, "form"),
        ({"change_tcb_info": lambda info: info.update(fmspc="00906ED50001")}, "collateral"),
        ({"change_tcb_info": lambda info: info.update(id="SGX")}, "collateral"),
        ({"change_tcb_info": lambda info: info.update(pceId="0001")}, "collateral"),
        ({"change_tcb_info": lambda info: info["tcbLevels"][0]["tcb"].update(pcesvn=12)}, "tcb"),
        ({"change_tcb_info": lambda info: info["tdxModule"].update(mrsigner="01" * 48)}, ""),
    ],
)
def test_each_lie_meets_its_own_check(lie, check):
    if not check:  # a module identity of its own overrides the base module's
        assert judged(Machine(**lie)).tcb_status == "UpToDate"
        return
    assert refusal(Machine(**lie)) == check


def test_it_is_valid_from_the_issue_of_its_collateral_to_the_end_and_no_second_longer():
    machine = Machine()
    assert refusal(machine, now=machine.issued - 1) == "collateral-window"
    assert judged(machine, now=machine.issued).expires_at == machine.next_update
    assert judged(machine, now=machine.next_update - 1)
    assert refusal(machine, now=machine.next_update) == "collateral-window"


def test_an_offline_home_is_granted_its_grace_and_it_shows():
    machine = Machine()
    late = machine.next_update + DAY
    assert "grace" in judged(machine, now=late, grace=DAY + 1).details["collateral"]
    assert refusal(machine, now=late, grace=DAY) == "collateral-window"
    assert "collateral" not in judged(machine, grace=DAY).details


def test_certificates_of_keys_get_no_grace():
    machine = Machine(leaf_until=NOW + 30 * DAY)
    assert judged(machine, now=NOW + 30 * DAY, grace=DAY + 1)
    assert refusal(machine, now=NOW + 30 * DAY + 1, grace=2 * DAY) == "validity"


def test_parts_that_were_never_valid_together_get_no_grace():
    """A source that mixes new TCB information with a revocation list of long ago."""
    old, new = Machine(issued=NOW - 9 * DAY, next_update=NOW - DAY), Machine(issued=NOW - 60)
    mixed = {**new.collateral_fields(), "pck_crl": old.collateral_fields()["pck_crl"]}
    assert refusal(new, grace=2 * DAY, collateral=json.dumps(mixed).encode()) == "collateral-window"


def test_grace_does_not_bring_back_what_was_revoked():
    machine = Machine(revoked_leaf=True)
    assert refusal(machine, now=machine.next_update, grace=DAY) == "revocation"


def test_the_root_must_be_intels_or_the_callers():
    machine, other = Machine(), Machine(seed=2)
    for roots in ((), (other.root_der(),)):
        with pytest.raises(CheckFailed) as failure:
            DcapVerifier("tdx").verify(machine.quote(), Endorsements((machine.collateral(),), roots), NOW)
        assert failure.value.check == "chain"


def test_quote_and_collateral_must_lead_to_one_root():
    machine, other = Machine(), Machine(seed=2)
    mixed = Endorsements((other.collateral(),), (machine.root_der(), other.root_der()))
    with pytest.raises(CheckFailed) as failure:
        DcapVerifier("tdx").verify(machine.quote(), mixed, NOW)
    assert failure.value.check == "chain"


def test_the_collateral_is_found_among_other_documents_and_missed_where_it_is_not_there():
    machine, sgx = Machine(), Machine("sgx", 3)
    documents = (machine.root_der(), sgx.collateral(), machine.collateral())
    endorsed = Endorsements(documents, (machine.root_der(),))
    assert DcapVerifier("tdx").verify(machine.quote(), endorsed, NOW).format == "tdx"
    for unfit in ((), (machine.root_der(),), (sgx.collateral(),)):
        with pytest.raises(CheckFailed) as failure:
            DcapVerifier("tdx").verify(machine.quote(), Endorsements(unfit, (machine.root_der(),)), NOW)
        assert failure.value.check == "collateral"


def test_of_two_collaterals_the_newer_one_decides():
    old, new = Machine(issued=NOW - 9 * DAY), Machine(status="OutOfDate")
    for documents in ((old.collateral(), new.collateral()), (new.collateral(), old.collateral())):
        endorsed = Endorsements(documents, (old.root_der(),))
        assert DcapVerifier("tdx").verify(old.quote(), endorsed, NOW).tcb_status == "OutOfDate"


def test_a_quote_of_the_other_kind_is_not_taken_for_this_one():
    machine = Machine("sgx", 3)
    with pytest.raises(CheckFailed) as failure:
        DcapVerifier("tdx").verify(machine.quote(), Endorsements((machine.collateral(),)), NOW)
    assert failure.value.check == "form"


def test_zeros_may_follow_a_quote_and_nothing_else():
    machine = Machine()
    assert judged(machine, quote=machine.quote() + bytes(100))
    assert refusal(machine, quote=machine.quote() + bytes(99) + b"\1") == "form"
    assert refusal(machine, quote=machine.quote() + machine.quote()) == "form"


@pytest.mark.parametrize(("tee", "version"), KINDS)
def test_a_quote_that_is_cut_anywhere_is_refused(tee, version):
    machine = Machine(tee, version)
    quote = machine.quote()
    endorsed = Endorsements((machine.collateral(),), (machine.root_der(),))
    for length in range(len(quote)):
        with pytest.raises(CheckFailed):
            DcapVerifier(tee).verify(quote[:length], endorsed, NOW)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda fields: fields.update(pck_crl_issuer_chain=fields["tcb_info_issuer_chain"]),
        lambda fields: fields.update(pck_crl=fields["root_ca_crl"]),
        lambda fields: fields.update(root_ca_crl=fields["pck_crl"]),
        lambda fields: fields.update(tcb_info_issuer_chain=fields["pck_crl_issuer_chain"]),
        lambda fields: fields.update(qe_identity_issuer_chain=fields["pck_crl_issuer_chain"]),
        lambda fields: fields.update(tcb_info_signature=fields["qe_identity_signature"]),
        lambda fields: fields.update(qe_identity_signature=fields["tcb_info_signature"]),
        lambda fields: fields.update(qe_identity=fields["tcb_info"]),
        lambda fields: fields.update(tcb_info=fields["qe_identity"]),
        lambda fields: fields.update(pck_crl=fields["pck_crl"].upper()),
        lambda fields: fields.update(pck_crl=fields["pck_crl"] + fields["root_ca_crl"]),
        lambda fields: fields.update(tcb_info=fields["tcb_info"] + " "),
        lambda fields: fields.update(tcb_info_issuer_chain=fields["tcb_info_issuer_chain"] * 2),
        lambda fields: fields.update(tcb_info_issuer_chain=" " + fields["tcb_info_issuer_chain"]),
        lambda fields: fields.update(pck_certificate_chain=fields["pck_crl_issuer_chain"]),
        lambda fields: fields.update(pck_certificate_chain=""),
        lambda fields: fields.update(comment="of another verifier"),
        lambda fields: fields.pop("root_ca_crl"),
        lambda fields: fields.update(root_ca_crl=""),
        lambda fields: fields.update(root_ca_crl=None),
    ],
)
def test_collateral_with_its_parts_exchanged_doubled_or_missing_is_refused(spoil):
    machine = Machine()
    fields = machine.collateral_fields()
    spoil(fields)
    assert refusal(machine, collateral=json.dumps(fields).encode())


@pytest.mark.parametrize(
    "document",
    [
        b"{", b"{}", b"[]", b"{" * 100_000, b'{"tcb_info": NaN}', b"{\xff}", b'{"pck_crl": "00", "pck_crl": "00"}',
        b" " * 10 + b"{" + b" " * 300_000 + b"}",
    ],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_collateral_is_refused_as_that(document):
    assert refusal(Machine(), collateral=document) == "collateral"


def test_a_field_that_stands_there_twice_is_refused():
    machine = Machine()
    text = machine.collateral().decode()
    doubled = text[:-1] + ', "tcb_info": ' + json.dumps(machine.collateral_fields()["tcb_info"]) + "}"
    assert refusal(machine, collateral=doubled.encode()) == "collateral"


def test_a_copy_of_the_quotes_own_chain_is_allowed():
    machine = Machine()
    quote = machine.quote()
    chain = quote[quote.index(b"-----BEGIN") :].rstrip(b"\0").decode()
    fields = {**machine.collateral_fields(), "pck_certificate_chain": chain}
    assert judged(machine, collateral=json.dumps(fields).encode())
