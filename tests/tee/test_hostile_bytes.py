"""Whatever a host, a service or a peer puts in the place of an answer ends in a refusal, never in another exception."""

from __future__ import annotations

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.peer_release import FORMAT, NOW, Home, SimulatedVerifier
from tests.support.tee_files import Gramine, SecureModule, Tsm
from tests.support.tee_files_evidence import nitro_document, sgx_quote, snp_report, tdx_quote

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.errors import PlatformRefused, WarifuError
from warifu.protocol.encoding import decode, encode
from warifu.protocol.release import MAX_STATEMENT_BYTES, AskRelease, Handing, Signed
from warifu.tee import own_evidence
from warifu.tee.nitro_nsm import attestation, describe
from warifu.tee.peer_release import boot_key, read_record
from warifu.tee.sgx import Sgx
from warifu.tee.tdx import Tdx

pytestmark = pytest.mark.unit

QUESTION = bytes(range(64))
HONEST = {
    own_evidence.of_sev_snp: snp_report(QUESTION),
    own_evidence.of_tdx: tdx_quote(QUESTION),
    own_evidence.of_sgx: sgx_quote(QUESTION),
    own_evidence.of_nitro: nitro_document(QUESTION),
}


def damaged(honest: bytes) -> st.SearchStrategy[bytes]:
    """Cut, extended, overwritten in one place, or made up."""
    return st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(honest)).map(lambda n: honest[:n]),
        st.binary(min_size=1, max_size=20).map(lambda more: honest + more),
        st.tuples(st.integers(0, len(honest) - 1), st.binary(min_size=1, max_size=8)).map(
            lambda at: honest[: at[0]] + at[1] + honest[at[0] + len(at[1]) :]
        ),
    )


@pytest.fixture(scope="module", autouse=True)
def simulated_vendor():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
        patch.setitem(pinning.PINNED, FORMAT, ("launch",))
        yield


@pytest.mark.parametrize("read", HONEST)
@given(data=st.data())
def test_evidence_of_any_bytes_is_read_or_refused(read, data):
    body = data.draw(damaged(HONEST[read]))
    try:
        own = read(body)
    except PlatformRefused:
        return
    assert isinstance(own.report_data, bytes)
    assert isinstance(own.debug, bool)


@given(answer=st.one_of(damaged(tdx_quote(QUESTION)), st.just(tdx_quote(QUESTION))))
def test_an_adapter_hands_out_what_answers_the_question_or_nothing(answer):
    tsm = Tsm("tdx_guest", tdx_quote)
    platform = Tdx(files=tsm)
    tsm.reporter = lambda _data: answer
    try:
        shown = platform.attest(QUESTION)
    except PlatformRefused:
        return
    assert own_evidence.of_tdx(shown.body).report_data == QUESTION


@given(attribute=st.sampled_from(["generation", "provider"]), answer=st.binary(max_size=80))
def test_attributes_of_any_bytes_are_refused(attribute, answer):
    class Lying(Tsm):
        def _read(self, name: str) -> bytes:
            return answer if name == attribute and begun else super()._read(name)

    begun = False
    tsm = Lying("tdx_guest", tdx_quote)
    platform = Tdx(files=tsm)
    begun = True
    try:
        shown = platform.attest(QUESTION)
    except PlatformRefused:
        return
    assert own_evidence.of_tdx(shown.body).report_data == QUESTION


@given(kind=st.binary(max_size=40), key=st.binary(max_size=40))
def test_an_enclaves_files_of_any_bytes_open_it_or_are_refused(kind, key):
    try:
        Sgx(bytes(32), files=Gramine(sgx_quote, attestation_type=kind, keys={"_sgx_mrenclave": key}))
    except PlatformRefused:
        return
    assert (kind.strip(), len(key)) == (b"dcap", 16)


_CBOR = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**64), 2**64 - 1),
        st.binary(max_size=40),
        st.text(max_size=20),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["Attestation", "document", "Error", "DescribeNSM", "locked_pcrs", "module_id"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(answer=st.one_of(st.binary(max_size=200), _CBOR.map(cbor2.dumps)))
def test_a_secure_modules_answer_of_any_bytes_is_read_or_refused(answer):
    module = SecureModule(nitro_document, answer=answer)
    for ask in (lambda: attestation(module, QUESTION), lambda: describe(module)):
        try:
            ask()
        except PlatformRefused:
            continue


class TestPeerRelease:
    """One household; each example damages what is on its way."""

    @given(data=st.data())
    def test_a_damaged_request_releases_nothing(self, data):
        home = Home(1, 1)
        (keeper,) = home.keepers
        _, asked = home.asked(home.boot(), keeper)
        honest = encode(asked)
        body = data.draw(damaged(honest))
        try:
            request = decode(AskRelease, body, MAX_STATEMENT_BYTES)
            home.answer(keeper, request)
        except WarifuError:
            assert home.keepers[keeper].latest_boot(home.identity.public) == 0
            return
        assert body == honest

    @given(data=st.data())
    def test_a_damaged_answer_gives_nothing(self, data):
        home = Home(1, 1)
        (keeper,) = home.keepers
        requester, asked = home.asked(home.boot(), keeper)
        honest = encode(home.answer(keeper, asked))
        body = data.draw(damaged(honest))
        try:
            requester.released(keeper, decode(Signed, body, MAX_STATEMENT_BYTES))
        except WarifuError:
            assert requester.needed == 1
            return
        assert body == honest

    @given(data=st.data())
    def test_a_damaged_record_is_nobodys(self, data):
        home = Home(1, 1)
        body = data.draw(damaged(home.record))
        try:
            read_record(body, boot_key(home.unlock_key))
        except WarifuError:
            return
        assert body == home.record

    @given(number=st.integers(0, 20), piece=st.binary(min_size=32, max_size=32))
    def test_a_made_up_handing_is_not_kept(self, number, piece):
        home = Home(2, 2)
        identity = next(iter(home.keepers))
        found = read_record(home.record, boot_key(home.unlock_key))
        made_up = msgspec.structs.replace(found, commitment=(piece, *found.commitment[1:]))
        before = dict(home.shelves[identity].values)
        for described in (found, made_up):
            with pytest.raises(WarifuError):
                home.keepers[identity].accept(home.identity.public, Handing(described, number, piece))
        assert home.shelves[identity].values == before
        assert home.keepers[identity].challenge(found.id, NOW)
