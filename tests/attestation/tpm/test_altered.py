"""No altered bit is affirmed as something else, and no bytes make the verifier raise anything but its own error."""

import struct
from contextlib import suppress
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.minted_tpm import NOW, Chip

from warifu.attestation.tpm.bundle import TpmEvidence
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
    bundle = msgspec.structs.replace(
        chip.bundle(), ak_certificate=chip.ak_certificate(), ek_certificate=chip.ek_certificate()
    )
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


@settings(max_examples=400)
@given(chips, st.data())
def test_a_flipped_bit_is_refused_outside_the_event_log(kind, data):
    _, bundle, endorsed = minted(kind)
    body = encode(msgspec.structs.replace(bundle, event_log=b""))
    assert judged(body, endorsed) is not None
    assert judged(flipped(body, data.draw(st.integers(0, len(body) * 8 - 1))), endorsed) is None


@settings(max_examples=300)
@given(st.data())
def test_a_flipped_bit_of_the_event_log_is_refused_or_says_nothing_new(data):
    """What firmware tells beside its digests is bound by nothing, and so nothing is made of it."""
    _, bundle, endorsed = minted("ecdsa")
    honest = judged(encode(bundle), endorsed)
    assert honest is not None
    log = flipped(bundle.event_log, data.draw(st.integers(0, len(bundle.event_log) * 8 - 1)))
    found = judged(encode(msgspec.structs.replace(bundle, event_log=log)), endorsed)
    if found is not None:
        assert found.details.items() <= honest.details.items()
        assert (found.measurements, found.tcb) == (honest.measurements, honest.tcb)


@settings(max_examples=150)
@given(chips, st.data())
def test_no_piece_cut_out_or_put_in_is_affirmed(kind, data):
    _, bundle, endorsed = minted(kind)
    body = encode(bundle)
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start, len(body)))
    altered = body[:start] + data.draw(st.binary(max_size=40)) + body[end:]
    if altered != body and judged(altered, endorsed) is not None:
        log = body.index(bundle.event_log)
        assert log <= start and end <= log + len(bundle.event_log), "only unbound words of the log may differ"


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
    found = judged(encode(msgspec.structs.replace(bundle, **{field: noise})), endorsed)
    assert found in (None, honest) or (
        field in ("event_log", "ek_certificate", "ak_certificate") and not noise
    )


def test_lengths_that_lie_are_refused_at_once():
    long = struct.pack(">HHI", 0x0023, 0x000B, 0x00050472) + b"\xff\xff" * 500
    for structure in (long, b"\xff" * 2048):
        with pytest.raises(CheckFailed):
            read_key(structure)
    header = struct.pack("<II", 0, 3) + bytes(20) + struct.pack("<I", 0xFFFFFFFF)
    with pytest.raises(CheckFailed):
        read_event_log(header + bytes(96 * 1024 - len(header)))
