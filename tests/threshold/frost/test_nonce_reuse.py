"""A nonce never signs twice: not after a crash, in a fork, or where a restored machine repeats its randomness."""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.dealer import deal
from tests.support.signing import Ceremony
from tests.threshold.frost.two_of_three import MESSAGE, each_scheme, two_of_three

from warifu.threshold.errors import AlreadyUsed
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.nonces import SecretNonce
from warifu.threshold.frost.rfc9591 import FROST_ED25519, FROST_SECP256K1, length_prefixed
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.frost.session import SigningSession

pytestmark = pytest.mark.unit


@each_scheme
@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_session_cannot_be_stored_for_after_a_crash(scheme: Scheme, keep: Callable[[Any], Any]) -> None:
    ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
    with pytest.raises(TypeError, match="stored or copied"):
        keep(ceremony.sessions[0])
    ceremony.finish()


@each_scheme
def test_what_was_stored_of_a_used_nonce_is_zeroes_and_is_refused(scheme: Scheme) -> None:
    with pytest.raises(ValueError, match="zero"):
        SecretNonce.from_bytes(scheme.group, bytes(64))


@each_scheme
def test_a_forked_process_has_the_session_but_not_its_nonce(scheme: Scheme) -> None:
    """Parent and child would each sign once, for different nonces of the cheating peer: that is twice."""
    ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
    outcome, report = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            ceremony.sessions[0].sign(ceremony.pubnonces)
            os.write(report, b"signed")
        except AlreadyUsed:
            os.write(report, b"refused")
        finally:
            os._exit(0)
    os.close(report)
    os.waitpid(child, 0)
    with os.fdopen(outcome, "rb") as told:
        assert told.read() == b"refused"
    ceremony.finish()  # where it was made, it serves


# A restored or cloned machine that draws the same randomness again


class Restored:
    """Operating-system randomness that begins anew with each session."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, scheme: Scheme) -> None:
        self.scheme = scheme
        self._monkeypatch = monkeypatch

    def nonce(self, **changes: Any) -> bytes:
        draws = iter(range(1, 256))
        arguments: dict[str, Any] = {
            "dealt": two_of_three(self.scheme),
            "my_id": 0,
            "participants": [0, 1],
            "message": MESSAGE,
            "tweaks": (),
            "session_id": b"session",
            **changes,
        }
        dealt = arguments.pop("dealt")
        with self._monkeypatch.context() as patch:
            patch.setattr(os, "urandom", lambda count: bytes([next(draws)]) * count)
            session, public = SigningSession.start(
                key=dealt.key, share=dealt.shares[arguments["my_id"]], scheme=self.scheme, **arguments
            )
        session.close()
        return public


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Restored:
    return Restored(monkeypatch, request.getfixturevalue("scheme"))


@each_scheme
def test_the_same_randomness_gives_another_nonce_for_anything_else(
    restored: Restored, scheme: Scheme
) -> None:
    """Whatever could differ between the two runs: message, session, co-signers, place, key. Nothing meets twice."""
    variants: dict[str, dict[str, Any]] = {
        "as it was": {},
        "another message": {"message": bytes(32)},
        "another session": {"session_id": b"sessioN"},
        "a longer session identifier": {"session_id": b"session\0"},
        "another place": {"my_id": 1},
        "another key": {"dealt": deal(2, 3, scheme.group)},
    }
    if scheme is BIP340:
        variants["another tweak"] = {"tweaks": [(b"\x01" * 32, True)]}
    nonces = {name: restored.nonce(**changes) for name, changes in variants.items()}
    assert len(set(nonces.values())) == len(variants)
    halves = [
        half for nonce in nonces.values() for half in (nonce[: len(nonce) // 2], nonce[len(nonce) // 2 :])
    ]
    assert len(set(halves)) == len(halves)


@pytest.mark.parametrize("scheme", [FROST_ED25519, FROST_SECP256K1], ids=["ed25519", "secp256k1"])
def test_the_same_randomness_with_other_cosigners_gives_another_nonce(
    restored: Restored, scheme: Scheme
) -> None:
    """BIP 445 has no place for them in its nonce; there the session identifier, which is never repeated, says it."""
    sets = [[0, 1], [0, 2], [0, 1, 2]]
    assert len({restored.nonce(participants=ids) for ids in sets}) == len(sets)
    assert restored.nonce(participants=[1, 0]) == restored.nonce(participants=[0, 1])


@given(st.lists(st.binary(max_size=6), max_size=4), st.data())
def test_no_two_contexts_are_the_same_bytes(parts: list[bytes], data: st.DataObject) -> None:
    """Cut the same bytes elsewhere: without lengths these would be one context, and one nonce."""
    whole = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=3)))
    recut = [whole[start:end] for start, end in pairwise([0, *cuts, len(whole)])]
    assert (length_prefixed(*recut) == length_prefixed(*parts)) is (recut == parts)


@each_scheme
def test_session_identifiers_that_differ_in_length_only_never_collide(
    restored: Restored, scheme: Scheme
) -> None:
    """Even where one ends in what follows it in the hash."""
    key = two_of_three(scheme).key.threshold_pubkey
    identifiers = [
        b"\x01",
        b"\x01\x00",
        b"\x00\x01",
        b"\x01" * 2,
        b"\x00\x00\x00\x01\x01",
        b"\x01" + len(key).to_bytes(4, "big"),
        b"\x01" + len(key).to_bytes(4, "big") + key[:32],
        b"\x01" * 63,
        b"\x01" * 64,
    ]
    assert len({restored.nonce(session_id=identifier) for identifier in identifiers}) == len(identifiers)


@each_scheme
def test_the_two_halves_differ_where_the_randomness_repeats_within_a_session(
    monkeypatch: pytest.MonkeyPatch, scheme: Scheme
) -> None:
    dealt = two_of_three(scheme)
    monkeypatch.setattr(os, "urandom", lambda count: b"\x2a" * count)
    _, public = SigningSession.start(
        dealt.key, dealt.shares[0], 0, [0, 1], MESSAGE, (), b"session", scheme=scheme
    )
    size = scheme.group.element_bytes
    assert public[:size] != public[size:]
