"""TPM evidence under test authorities, through the verifier that judges real chips: each lie meets its own check."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.support.minted_tpm import (
    AK_ATTRIBUTES,
    COMMAND_LINE,
    COUNTER_ATTRIBUTES,
    DAY,
    NOW,
    ORDINARY_ATTRIBUTES,
    REPORT_DATA,
    Chip,
    name_of,
)

from warifu.attestation.rules import AllOf, Bound, LeastTier, NoDebug
from warifu.attestation.tpm.bundle import TpmEvidence
from warifu.attestation.tpm.verifier import TpmVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified
from warifu.protocol.encoding import encode

pytestmark = pytest.mark.unit

FIXED_TPM, FIXED_PARENT, ORIGIN, RESTRICTED, DECRYPT, SIGN = 1 << 1, 1 << 4, 1 << 5, 1 << 16, 1 << 17, 1 << 18


def judged(chip: Chip, endorsed: Endorsements | None = None, now: int = NOW, **changed: Any) -> Verified:
    """By its pinned key, unless other endorsements are given; with certificates over which the TPM signed, and with
    other fields of the message changed afterwards."""
    beside = {name: changed.pop(name) for name in ("ak_certificate", "ek_certificate") if name in changed}
    body = encode(msgspec.structs.replace(chip.bundle(**beside), **changed))
    return TpmVerifier().verify(body, endorsed or Endorsements(pinned_keys=(chip.spki(),)), now)


def refusal(chip: Chip, endorsed: Endorsements | None = None, now: int = NOW, **changed: Any) -> str:
    with pytest.raises(CheckFailed) as failure:
        judged(chip, endorsed, now, **changed)
    return failure.value.check


@pytest.mark.parametrize(
    "chip", [Chip(), Chip(rsa_key=True), Chip(rsa_key=True, pss=True)], ids=["ecdsa", "rsassa", "rsapss"]
)
def test_an_honest_quote_is_affirmed_and_says_what_was_booted(chip):
    verified = judged(chip)
    AllOf((Bound(REPORT_DATA), NoDebug(), LeastTier(1))).require(verified, NOW)
    assert (verified.tier, verified.tcb["counter"]) == (1, 41)
    assert verified.measurements["ak"] == verified.hardware_id == chip.ak_name()
    assert {name: value for name, value in verified.measurements.items() if name != "ak"} == {
        f"pcr{pcr}": chip.values[pcr] for pcr in chip.pcrs
    }
    assert verified.details["kernel command line"] == COMMAND_LINE.decode()
    assert verified.details["secure boot"] == "on"


def test_it_is_tier_1_and_never_more():
    with pytest.raises(CheckFailed, match="tier 1 is less than 2"):
        LeastTier(2).require(judged(Chip()), NOW)


def test_a_tpm_without_counter_and_log_is_affirmed_for_what_it_has():
    verified = judged(Chip(counter=None, with_log=False))
    assert "counter" not in verified.tcb
    assert "event log" not in verified.details


@pytest.mark.parametrize(
    ("lie", "check"),
    [
        ({"magic": 0xFF544346}, "generated"),  # signed by a key that signs anything
        ({"kind": 0x8014}, "form"),
        ({"kind": 0x8017}, "form"),  # a certified key
        ({"bank": 0x0004}, "form"),  # values of another bank
        ({"clock_safe": 2}, "form"),
        ({"question": bytes(32)}, "report-data"),
        ({"question": REPORT_DATA}, "report-data"),
        ({"pcrs": (0, 7, 16)}, "resettable-pcr"),
        ({"pcrs": (0, 7, 23)}, "resettable-pcr"),
        ({"ak_attributes": AK_ATTRIBUTES & ~RESTRICTED}, "key-attributes"),
        ({"ak_attributes": AK_ATTRIBUTES & ~FIXED_TPM}, "key-attributes"),
        ({"ak_attributes": AK_ATTRIBUTES & ~FIXED_PARENT}, "key-attributes"),
        ({"ak_attributes": AK_ATTRIBUTES & ~ORIGIN}, "key-attributes"),  # made elsewhere, and imported
        ({"ak_attributes": AK_ATTRIBUTES & ~SIGN}, "key-attributes"),
        ({"ak_attributes": AK_ATTRIBUTES | DECRYPT}, "key-attributes"),
        ({"ak_attributes": AK_ATTRIBUTES | 1 << 31}, "form"),
        ({"counter_attributes": ORDINARY_ATTRIBUTES}, "counter"),  # written at will
        ({"counter_attributes": COUNTER_ATTRIBUTES & ~(1 << 29)}, "counter"),  # never counted
        ({"counter_attributes": ORDINARY_ATTRIBUTES, "counter_shown": COUNTER_ATTRIBUTES}, "counter"),
        ({"counter_question": bytes(32)}, "report-data"),  # an old value, certified for another question
    ],
)
def test_each_lie_meets_its_own_check(lie, check):
    assert refusal(Chip(**lie)) == check


def test_parts_of_two_devices_or_two_moments_do_not_fit_together():
    chip, other = Chip(), Chip(seed=2)
    later = Chip(report_data=bytes(64), counter=42)
    parts = chip.bundle()
    foreign, replayed = other.bundle(), later.bundle()
    assert refusal(chip, signature=foreign.signature) == "signature"
    assert refusal(chip, ak_public=foreign.ak_public) == "signature"
    assert refusal(chip, attest=replayed.attest, signature=replayed.signature) == "report-data"
    assert refusal(chip, report_data=bytes(64)) == "report-data"
    assert refusal(chip, ak_parent=name_of(b"another parent")) == "signer"
    assert (
        refusal(chip, counter_attest=replayed.counter_attest, counter_signature=replayed.counter_signature)
        == "report-data"
    )
    assert (
        refusal(chip, counter_attest=parts.attest, counter_signature=parts.signature) == "form"
    )  # a quote is no counter
    assert refusal(chip, counter_signature=b"") == "form"


@pytest.mark.parametrize("part", ["event_log", "ak_certificate", "ek_certificate", "counter"])
def test_nothing_beside_the_quote_can_be_taken_out_or_exchanged_after_the_tpm_signed(part):
    chip, other = Chip(), Chip(seed=2, secure_boot=False, counter_attributes=COUNTER_ATTRIBUTES | 1 << 11)
    mine, foreign = (
        each.bundle(ak_certificate=each.ak_certificate(), ek_certificate=each.ek_certificate())
        for each in (chip, other)
    )
    trusted = Endorsements(roots=(chip.root_der(), other.root_der()), pinned_keys=(chip.spki(),))
    names = [name for name in TpmEvidence.__struct_fields__ if name.startswith(part)]
    TpmVerifier().verify(encode(mine), trusted, NOW)
    for values in ([b""] * len(names), [getattr(foreign, name) for name in names]):
        altered = msgspec.structs.replace(mine, **dict(zip(names, values, strict=True)))
        with pytest.raises(CheckFailed) as failure:
            TpmVerifier().verify(encode(altered), trusted, NOW)
        assert failure.value.check == "report-data"


def test_pcr_values_must_be_the_signed_ones_all_of_them_and_no_others():
    chip = Chip()
    pcrs = chip.bundle().pcrs
    assert refusal(chip, pcrs=((0, bytes(32)), *pcrs[1:])) == "pcr-values"
    assert refusal(chip, pcrs=pcrs[1:]) == "pcr-values"
    assert refusal(chip, pcrs=(*pcrs, (11, bytes(32)))) == "pcr-values"
    assert refusal(chip, pcrs=(*pcrs[:-1], (10, pcrs[-1][1]))) == "pcr-values"
    assert refusal(chip, pcrs=tuple(reversed(pcrs))) == "form"
    assert refusal(chip, pcrs=(*pcrs[:1], *pcrs)) == "form"


def test_a_key_that_nobody_bound_to_a_tpm_proves_nothing():
    chip, other = Chip(), Chip(seed=2)
    for endorsed in (
        Endorsements(),
        Endorsements(pinned_keys=(other.spki(),)),
        Endorsements(roots=(chip.root_der(),)),
        Endorsements(pinned_keys=(chip.spki()[:-1],)),
    ):
        assert refusal(chip, endorsed) == "ak-binding"


def test_an_ek_certificate_beside_the_quote_does_not_bind_the_key():
    chip = Chip()
    trusted = Endorsements(roots=(chip.root_der(),))
    assert refusal(chip, trusted, ek_certificate=chip.ek_certificate()) == "ak-binding"


def test_an_authority_may_have_certified_the_key():
    chip = Chip()
    trusted = Endorsements(roots=(chip.root_der(),))
    verified = judged(chip, trusted, ak_certificate=chip.ak_certificate())
    assert verified.details["key"] == "certified by an authority"
    assert verified.expires_at == chip.ak_until + 1


@pytest.mark.parametrize(
    ("certificate", "roots", "now"),
    [
        (lambda chip: chip.ak_certificate(), lambda _chip: (), NOW),
        (lambda chip: chip.ak_certificate(), lambda _chip: (Chip(seed=2).root_der(),), NOW),
        (lambda _chip: Chip(seed=2).ak_certificate(), lambda _chip: (Chip(seed=2).root_der(),), NOW),
        (lambda chip: chip.ek_certificate(), lambda chip: (chip.root_der(),), NOW),
        (lambda chip: chip.ak_certificate(), lambda chip: (chip.root_der(),), NOW + 101 * DAY),
        (lambda chip: chip.ak_certificate(), lambda chip: (chip.root_der(),), NOW - 101 * DAY),
        (lambda chip: chip.ak_certificate()[:-1], lambda chip: (chip.root_der(),), NOW),
        (lambda chip: chip.ak_certificate() + b"\0", lambda chip: (chip.root_der(),), NOW),
        (lambda chip: chip.root_der(), lambda chip: (chip.root_der(),), NOW),
    ],
    ids=[
        "no root",
        "another root",
        "another key",
        "an EK's",
        "expired",
        "not yet",
        "cut",
        "longer",
        "the root's own",
    ],
)
def test_a_certificate_that_does_not_say_it_is_not_enough(
    certificate: Callable[[Chip], bytes], roots: Callable[[Chip], tuple[bytes, ...]], now: int
):
    chip = Chip()
    assert (
        refusal(chip, Endorsements(roots=roots(chip)), now, ak_certificate=certificate(chip)) == "ak-binding"
    )


def test_a_certificate_for_another_use_by_the_same_authority_is_not_enough():
    chip = Chip(ak_usage="1.3.6.1.5.5.7.3.2")  # of a client of TLS, whose key is a file
    trusted = Endorsements(roots=(chip.root_der(),))
    assert refusal(chip, trusted, ak_certificate=chip.ak_certificate()) == "ak-binding"


def test_what_the_maker_says_is_shown_where_his_root_was_handed_in():
    chip = Chip(ek_model="swtpm")
    both = Endorsements(roots=(chip.root_der(),), pinned_keys=(chip.spki(),))
    verified = judged(chip, both, ek_certificate=chip.ek_certificate())
    assert verified.details["endorsement key"] == "certified: TEST swtpm id:00010002"
    assert verified.details["simulator"].startswith("yes")
    assert "simulator" not in judged(Chip(), both, ek_certificate=Chip().ek_certificate()).details
    unchecked = judged(chip, ek_certificate=chip.ek_certificate())
    assert unchecked.details["endorsement key"].startswith("not checked")


@pytest.mark.parametrize(
    ("certificate", "check"),
    [
        (Chip(seed=2).ek_certificate(), "ek-chain"),
        (Chip(ek_usage="1.3.6.1.5.5.7.3.2").ek_certificate(), "ek-certificate"),
        (Chip().ak_certificate(), "ek-certificate"),
        (b"\x30\x00", "ek-certificate"),
        (Chip().ek_certificate().replace(bytes.fromhex("a447"), bytes.fromhex("a347")), "ek-certificate"),
    ],
    ids=["another root", "another use", "an AK's", "none", "an X.400 name"],
)
def test_an_ek_certificate_that_is_none_is_refused(certificate, check):
    chip = Chip()
    both = Endorsements(roots=(chip.root_der(),), pinned_keys=(chip.spki(),))
    assert refusal(chip, both, ek_certificate=certificate) == check


def test_evidence_that_is_cut_or_continued_anywhere_is_refused():
    chip = Chip()
    body = chip.evidence()
    pinned = Endorsements(pinned_keys=(chip.spki(),))
    for altered in (*(body[:length] for length in range(len(body))), body + b"\0", body + body):
        with pytest.raises(CheckFailed):
            TpmVerifier().verify(altered, pinned, NOW)


def test_a_message_with_a_field_more_or_of_another_length_is_refused():
    bundle = Chip().bundle()
    fields = list(msgspec.structs.astuple(bundle))
    for spoilt in ([*fields, b""], fields[:-1], [b"short", *fields[1:]], [*fields[:4], 1, *fields[5:]]):
        with pytest.raises(CheckFailed) as failure:
            TpmVerifier().verify(encode(spoilt), Endorsements(), NOW)
        assert failure.value.check == "form"
    assert isinstance(bundle, TpmEvidence)
