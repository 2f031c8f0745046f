"""Ours, libsecp256k1, OpenSSL and noble on every edge of ECDSA; where they differ, it says why."""

from __future__ import annotations

import pytest
from tests.interop.ecdsa_cases import DIGEST, KEY, Case, D, K, bad_encodings, compact, der, every_case, signed
from tests.interop.noble import Noble
from tests.interop.verifiers import libsecp256k1_ecdsa, openssl_ecdsa, ours_ecdsa
from tests.threshold import hostile_points

each_case = pytest.mark.parametrize("case", every_case(), ids=lambda case: case.name)
VALID = signed(D, K, DIGEST)


@pytest.mark.unit
@each_case
def test_the_verdict_of_each_library(case: Case) -> None:
    verdicts = {
        "ours": ours_ecdsa(case.key, case.digest, compact(case.r, case.s)),
        "libsecp256k1": libsecp256k1_ecdsa(case.key, case.digest, der(case.r, case.s)),
        "openssl": openssl_ecdsa(case.key, case.digest, der(case.r, case.s)),
    }
    assert verdicts == {name: name in case.accepted_by for name in verdicts}, case.why


@pytest.mark.real
@each_case
def test_the_verdict_of_noble(case: Case, noble: Noble) -> None:
    for name, low_s in (("noble", True), ("noble, any s", False)):
        accepts = noble.accepts(
            "ecdsa",
            key=case.key,
            digest=case.digest,
            signature=compact(case.r, case.s),
            format="compact",
            lowS=low_s,
        )
        assert accepts is (name in case.accepted_by), (name, case.why)


@pytest.mark.unit
@pytest.mark.parametrize("name", bad_encodings(*VALID))
def test_a_signature_has_one_encoding(name: str) -> None:
    encoded = bad_encodings(*VALID)[name]
    assert libsecp256k1_ecdsa(KEY.encoded, DIGEST, der(*VALID))
    assert not libsecp256k1_ecdsa(KEY.encoded, DIGEST, encoded)
    assert not openssl_ecdsa(KEY.encoded, DIGEST, encoded)


@pytest.mark.unit
@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 72, 128])
def test_ours_has_64_bytes(length: int) -> None:
    signature = compact(*VALID)
    assert ours_ecdsa(KEY.encoded, DIGEST, signature)
    assert not ours_ecdsa(KEY.encoded, DIGEST, (signature + bytes(64))[:length])


@pytest.mark.unit
@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_a_digest_has_32_bytes(length: int) -> None:
    """A verifier that cuts or fills a digest lets one signature stand for several messages."""
    assert not ours_ecdsa(KEY.encoded, (DIGEST * 2)[:length], compact(*VALID))


@pytest.mark.unit
@pytest.mark.parametrize("point", hostile_points.SECP256K1.values(), ids=hostile_points.SECP256K1.keys())
def test_a_key_that_is_no_point_verifies_nothing(point: bytes) -> None:
    assert not ours_ecdsa(point, DIGEST, compact(*VALID))
    assert not libsecp256k1_ecdsa(point, DIGEST, der(*VALID))
    assert not openssl_ecdsa(point, DIGEST, der(*VALID))
