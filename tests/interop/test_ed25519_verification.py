"""Ours, libsodium, OpenSSL, Solana's verifier and noble on every edge of Ed25519; where they differ, it says why."""

from __future__ import annotations

import pytest
from tests.interop.ed25519_cases import EVERYBODY, A, Case, every_case
from tests.interop.noble import Noble
from tests.interop.verifiers import libsodium_ed25519, openssl_ed25519, ours_ed25519, solana_ed25519

CASES = every_case()
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

VERIFIERS = {
    "ours": ours_ed25519,
    "libsodium": libsodium_ed25519,
    "openssl": openssl_ed25519,
    "solana": solana_ed25519,
}


@pytest.mark.unit
@each_case
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_the_verdict_of_each_library(case: Case, verifier: str) -> None:
    accepts = VERIFIERS[verifier](case.key, case.message, case.signature)
    assert accepts is (verifier in case.accepted_by), case.why


@pytest.mark.real
@each_case
def test_the_verdict_of_noble(case: Case, noble: Noble) -> None:
    for name, zip215 in (("noble", False), ("zip215", True)):
        accepts = noble.accepts(
            "ed25519", key=case.key, message=case.message, signature=case.signature, zip215=zip215
        )
        assert accepts is (name in case.accepted_by), (name, case.why)


@pytest.mark.unit
def test_what_we_accept_everybody_accepts() -> None:
    """So no signature of ours can be valid for one verifier and not for another."""
    ours = [case for case in CASES if "ours" in case.accepted_by]
    assert [case.name for case in ours] == ["valid"]
    assert all(case.accepted_by == EVERYBODY for case in ours)


@pytest.mark.unit
def test_what_solana_accepts_under_a_key_of_ours_we_accept() -> None:
    """The verdicts differ only about keys that cannot be ours."""
    for case in CASES:
        if case.key == A:
            assert ("solana" in case.accepted_by) is ("ours" in case.accepted_by), case.name
