"""No altered bit of a quote or of its collateral is affirmed, and no bytes make the verifier raise anything else."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.minted_dcap import NOW, Machine

from warifu.attestation.dcap.library import check_quote
from warifu.attestation.dcap.verifier import DcapVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements

pytestmark = pytest.mark.unit

KINDS = [("tdx", 4), ("tdx", 5), ("sgx", 3)]
kinds = st.sampled_from(KINDS)


@cache
def minted(tee: str, version: int) -> tuple[bytes, bytes, bytes]:
    machine = Machine(tee, version)
    return machine.quote(), machine.collateral(), machine.root_der()


def refused(tee: str, quote: bytes, collateral: bytes, root: bytes) -> bool:
    try:
        DcapVerifier(tee).verify(quote, Endorsements((collateral,), (root,)), NOW)
    except CheckFailed:
        return True
    return False


def flipped(data: bytes, bit: int) -> bytes:
    altered = bytearray(data)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


@pytest.mark.slow
@settings(max_examples=250)
@given(kinds, st.data())
def test_no_flipped_bit_of_a_quote_is_affirmed(kind, data):
    quote, collateral, root = minted(*kind)
    bit = data.draw(st.integers(0, len(quote) * 8 - 1))
    assert refused(kind[0], flipped(quote, bit), collateral, root)


@pytest.mark.slow
@settings(max_examples=250)
@given(kinds, st.data())
def test_no_flipped_bit_of_the_collateral_is_affirmed(kind, data):
    quote, collateral, root = minted(*kind)
    bit = data.draw(st.integers(0, len(collateral) * 8 - 1))
    assert refused(kind[0], quote, flipped(collateral, bit), root)


@settings(max_examples=100)
@given(kinds, st.data())
def test_no_piece_cut_out_or_put_in_is_affirmed(kind, data):
    quote, collateral, root = minted(*kind)
    start = data.draw(st.integers(0, len(quote) - 1))
    end = data.draw(st.integers(start + 1, len(quote)))
    inserted = data.draw(st.binary(max_size=64))
    altered = quote[:start] + inserted + quote[end:]
    assert altered.rstrip(b"\0") == quote.rstrip(b"\0") or refused(kind[0], altered, collateral, root)


@settings(max_examples=100)
@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_any_bytes_are_refused_by_the_one_error(quote, collateral):
    for tee in ("tdx", "sgx"):
        assert refused(tee, quote, b"{" + collateral, b"")


@settings(max_examples=100)
@given(kinds, st.binary(max_size=200), st.integers(0, 2**63 - 1), st.data())
def test_whatever_the_library_does_with_bytes_it_is_the_one_error(kind, noise, moment, data):
    """The form is checked before the library sees a quote; should that ever miss something, this holds all the same."""
    quote, collateral, root = minted(*kind)
    cut = data.draw(st.integers(0, len(quote)))
    for args in (
        (quote[:cut] + noise, collateral.decode(), root, moment),
        (noise, collateral.decode(), root, moment),
        (quote, noise.decode("latin-1"), root, moment),
        (quote, collateral.decode(), noise, moment),
    ):
        try:
            check_quote(*args)
        except CheckFailed:
            continue
        assert args[0].startswith(quote) and moment // 10**7 == NOW // 10**7, "affirmed by the library alone"


def test_a_panic_in_the_library_is_the_one_error(monkeypatch):
    class PanicException(BaseException):
        """As pyo3's, which nobody can import."""

    def panics(*_args: object) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr("dcap_qvl.QuoteVerifier", panics)
    with pytest.raises(CheckFailed) as failure:
        check_quote(b"", "{}", b"", NOW)
    assert "index out of bounds" in failure.value.detail


def test_an_interrupt_is_no_failed_check(monkeypatch):
    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dcap_qvl.QuoteVerifier", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check_quote(b"", "{}", b"", NOW)
