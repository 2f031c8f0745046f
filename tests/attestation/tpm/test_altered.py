"""No altered bit is affirmed as something else, and no bytes make the verifier raise anything but its own error."""

import struct
from contextlib import suppress
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.attestation.tpm.test_recorded_boots import BOOTS
from tests.support.minted_tpm import NOW, Chip

from warifu.attestation.tpm.bundle import TpmEvidence, qualifying_data
from warifu.attestation.tpm.event_log import read_event_log
from warifu.attestation.tpm.keys import read_key
from warifu.attestation.tpm.structures import read_certified_counter, read_nv_public, read_quote
from warifu.attestation.tpm.verifier import TpmVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified
from warifu.protocol.encoding import encode

pytestmark = pytest.mark.unit

chips = st.sampled_from(["ecdsa", "rsassa", "rsapss"])


@cache
def minted(kind: str) -> tuple[Chip, TpmEvidence, Endorsements]:
    """Trusted by the certificates, so that these are looked at, too."""
    chip = Chip(rsa_key=kind != "ecdsa", pss=kind == "rsapss")
    bundle = chip.bundle(ak_certificate=chip.ak_certificate(), ek_certificate=chip.ek_certificate())
    return chip, bundle, Endorsements(roots=(chip.root_der(),))


def judged(body: bytes, endorsed: Endorsements) -> Verified | None:
    try:
        return TpmVerifier().verify(body, endorsed, NOW)
    except CheckFailed:
        return None


def flipped(data: bytes, bit: int) -> bytes:
    altered = bytearray(data)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


@pytest.mark.slow
@settings(max_examples=400)
@given(chips, st.data())
def test_a_flipped_bit_is_refused_wherever_it_stands(kind, data):
    _, bundle, endorsed = minted(kind)
    body = encode(bundle)
    assert judged(body, endorsed) is not None
    assert judged(flipped(body, data.draw(st.integers(0, len(body) * 8 - 1))), endorsed) is None


@pytest.mark.parametrize("boot", BOOTS, ids=["one", "other"])
def test_no_bit_of_a_recorded_boot_s_log_can_be_flipped_not_even_one_that_no_digest_covers(boot):
    """A firmware's log has many: event types, addresses, device paths. The TPM signed over all of it. Every bit by the
    check that covers the log, and each 97th through the whole verifier."""
    chip, log = Chip(), bytes.fromhex(boot["log"])
    chip.values |= {int(pcr): bytes.fromhex(value) for pcr, value in boot["pcrs"].items()}
    bundle, pinned = chip.bundle(event_log=log), Endorsements(pinned_keys=(chip.spki(),))
    assert judged(encode(bundle), pinned) is not None
    signed = read_quote(bundle.attest).attested.extra_data
    for bit in range(len(log) * 8):
        altered = msgspec.structs.replace(bundle, event_log=flipped(log, bit))
        assert question_of(altered) != signed
        if bit % 97 == 0:
            assert judged(encode(altered), pinned) is None
    assert question_of(bundle) == signed


def question_of(bundle: TpmEvidence) -> bytes:
    return qualifying_data(
        bundle.report_data,
        ak_certificate=bundle.ak_certificate,
        ek_certificate=bundle.ek_certificate,
        event_log=bundle.event_log,
        counter_public=bundle.counter_public,
    )


@settings(max_examples=150)
@given(chips, st.data())
def test_no_piece_cut_out_or_put_in_is_affirmed(kind, data):
    _, bundle, endorsed = minted(kind)
    body = encode(bundle)
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start, len(body)))
    altered = body[:start] + data.draw(st.binary(max_size=40)) + body[end:]
    assert altered == body or judged(altered, endorsed) is None


@settings(max_examples=150)
@given(st.binary(max_size=1500))
def test_any_bytes_are_refused_by_the_one_error(noise):
    assert judged(noise, Endorsements()) is None
    for read in (read_key, read_quote, read_certified_counter, read_nv_public, read_event_log):
        with suppress(CheckFailed):  # short noise may be a structure by chance
            read(noise)


@settings(max_examples=150)
@given(st.sampled_from(sorted(TpmEvidence.__struct_fields__)), st.binary(max_size=300))
def test_any_bytes_in_any_field_are_refused_by_the_one_error(field, noise):
    _, bundle, endorsed = minted("ecdsa")
    honest = judged(encode(bundle), endorsed)
    altered = msgspec.structs.replace(bundle, **{field: noise})
    assert judged(encode(altered), endorsed) == (honest if altered == bundle else None)


def test_lengths_that_lie_are_refused_at_once():
    long = struct.pack(">HHI", 0x0023, 0x000B, 0x00050472) + b"\xff\xff" * 500
    for structure in (long, b"\xff" * 2048):
        with pytest.raises(CheckFailed):
            read_key(structure)
    header = struct.pack("<II", 0, 3) + bytes(20) + struct.pack("<I", 0xFFFFFFFF)
    with pytest.raises(CheckFailed):
        read_event_log(header + bytes(96 * 1024 - len(header)))
