"""Signing sessions: any t of n sign, and whoever cheats gets no signature and is named."""

from __future__ import annotations

import os
import random
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dealer import deal
from tests.support.signing import Ceremony
from tests.threshold.frost.two_of_three import (
    MESSAGE,
    each_scheme,
    tweaked_secret,
    two_of_three,
)

from warifu.threshold import bip340
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, ThresholdError
from warifu.threshold.frost.aggregation import Aggregation, VerifiedSignature
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

tweak_lists = st.lists(
    st.tuples(st.integers(0, 2**250).map(lambda value: value.to_bytes(32, "big")), st.booleans()), max_size=5
)


class TestHonestSigners:
    @pytest.mark.slow
    @settings(max_examples=150, deadline=None)
    @given(n=st.integers(1, 16), data=st.data(), rng=st.randoms(), tweaks=tweak_lists)
    def test_any_subset_in_any_order_signs_for_the_tweaked_key(self, n, data, rng: random.Random, tweaks):
        t = data.draw(st.integers(1, n))
        participants = rng.sample(range(n), rng.randint(t, n))
        dealt, message = deal(t, n), os.urandom(32)
        ceremony = Ceremony(dealt, participants, message, tweaks)
        signature = ceremony.finish()
        expected = SECP256K1.xonly(SECP256K1.base_mul(tweaked_secret(dealt, tweaks)))
        assert ceremony.sessions[participants[0]].public_key == expected
        assert bip340.verify(expected, message, signature)

    @settings(max_examples=40, deadline=None)
    @given(n=st.integers(1, 8), data=st.data(), rng=st.randoms(), message=st.binary(max_size=200))
    def test_ed25519_signatures_are_everybodys_ed25519_signatures(self, n, data, rng: random.Random, message):
        t = data.draw(st.integers(1, n))
        participants = rng.sample(range(n), rng.randint(t, n))
        dealt = deal(t, n, FROST_ED25519.group)
        signature = Ceremony(dealt, participants, message, scheme=FROST_ED25519).finish()
        Ed25519PublicKey.from_public_bytes(dealt.key.threshold_pubkey).verify(signature, message)

    @pytest.mark.parametrize("key_even", [True, False])
    @pytest.mark.parametrize("tweaked_even", [True, False])
    @pytest.mark.parametrize("nonce_even", [True, False])
    @pytest.mark.parametrize("is_xonly", [True, False])
    def test_every_combination_of_parities(self, key_even, tweaked_even, nonce_even, is_xonly):
        def even(secret: Secret) -> bool:
            return SECP256K1.has_even_y(SECP256K1.base_mul(secret))

        dealt = next(d for d in iter(lambda: deal(2, 3), None) if even(d.secret) is key_even)
        tweaks = next(
            [(tweak, is_xonly)]
            for tweak in iter(lambda: SECP256K1.random_secret().expose(), None)
            if even(tweaked_secret(dealt, [(tweak, is_xonly)])) is tweaked_even
        )
        task = BIP340.task(dealt.key.signers(SECP256K1, [0, 2]), MESSAGE, tweaks)
        ceremony = next(
            c
            for c in iter(lambda: Ceremony(dealt, [0, 2], MESSAGE, tweaks), None)
            if SECP256K1.has_even_y(Aggregation(task, c.pubnonces).equation.nonce) is nonce_even
        )
        assert bip340.verify(task.public_key, MESSAGE, ceremony.finish())

    @each_scheme
    def test_the_largest_group_signs(self, scheme):
        dealt = deal(16, 16, scheme.group)
        Ceremony(dealt, range(16), MESSAGE, scheme=scheme).finish()

    @each_scheme
    def test_a_coordinator_that_signs_nothing_can_aggregate(self, scheme):
        dealt = two_of_three(scheme)
        ceremony = Ceremony(dealt, [0, 2], MESSAGE, scheme=scheme)
        task = scheme.task(dealt.key.signers(scheme.group, [2, 0]), MESSAGE, ())
        partials = ceremony.sign()
        signature = Aggregation(task, ceremony.pubnonces).aggregate(partials)
        assert isinstance(signature, VerifiedSignature)
        assert signature == ceremony.sessions[0].aggregate(partials)

    @each_scheme
    def test_sessions_side_by_side_have_nonces_of_their_own(self, scheme):
        """What a ROS forger needs is many open sessions; none of what they give fits anywhere else."""
        dealt = two_of_three(scheme)
        ceremonies = [Ceremony(dealt, [0, 1], bytes([i]) * 32, scheme=scheme) for i in range(8)]
        sent = [nonce for ceremony in ceremonies for nonce in ceremony.pubnonces.values()]
        assert len(set(sent)) == len(sent)
        partials = [ceremony.sign() for ceremony in reversed(ceremonies)][::-1]
        for position, ceremony in enumerate(ceremonies):
            ceremony.sessions[0].aggregate(partials[position])
            foreign = {0: partials[position][0], 1: partials[position - 1][1]}
            with pytest.raises(InvalidContribution) as caught:
                ceremony.sessions[0].aggregate(foreign)
            assert caught.value.index == 1

    @each_scheme
    def test_the_same_request_twice_draws_two_nonces(self, scheme):
        dealt = two_of_three(scheme)
        _, first = SigningSession.start(
            dealt.key, dealt.shares[0], 0, [0, 1], MESSAGE, (), b"id", scheme=scheme
        )
        _, again = SigningSession.start(
            dealt.key, dealt.shares[0], 0, [0, 1], MESSAGE, (), b"id", scheme=scheme
        )
        assert first != again


class TestNonceIsUsedOnce:
    @each_scheme
    def test_a_second_signature_is_refused(self, scheme):
        ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        partials = ceremony.sign()
        for nonces in (ceremony.pubnonces, {}, {0: b"", 1: b""}):  # whatever is wrong with them beside
            with pytest.raises(AlreadyUsed):
                ceremony.sessions[0].sign(nonces)
        other = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        with pytest.raises(AlreadyUsed):
            ceremony.sessions[0].sign({0: ceremony.pubnonces[0], 1: other.pubnonces[1]})
        ceremony.sessions[0].aggregate(partials)  # what was finished stays finished

    @each_scheme
    def test_a_failed_signature_uses_it_up(self, scheme):
        ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        with pytest.raises(InvalidContribution):
            ceremony.sessions[0].sign({**ceremony.pubnonces, 1: b"nonsense"})
        with pytest.raises(AlreadyUsed):
            ceremony.sessions[0].sign(ceremony.pubnonces)
        with pytest.raises(AlreadyUsed):
            ceremony.sessions[0].aggregate({})

    def test_of_many_threads_one_at_most_signs(self):
        ceremony = Ceremony(two_of_three(BIP340), [0, 1], MESSAGE)
        signed: list[bytes] = []
        refused: list[Exception] = []
        barrier = threading.Barrier(8)

        def attempt() -> None:
            barrier.wait()
            try:
                signed.append(ceremony.sessions[0].sign(ceremony.pubnonces))
            except ThresholdError as error:
                refused.append(error)

        threads = [threading.Thread(target=attempt) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(signed) <= 1
        assert len(signed) + len(refused) == 8

    @each_scheme
    @pytest.mark.parametrize("leave", ["sign", "close", "block"])
    def test_nonce_and_share_are_wiped(self, scheme, leave):
        dealt = two_of_three(scheme)
        ceremony = Ceremony(dealt, [0, 1], MESSAGE, scheme=scheme)
        session = ceremony.sessions[0]
        buffers = [session._share.buffer, *(half.buffer for half in session._nonce._halves[0])]
        if leave == "sign":
            session.sign(ceremony.pubnonces)
        elif leave == "close":
            session.close()
        else:
            with session:
                pass
        assert all(bytes(buffer) == bytes(32) for buffer in buffers)
        assert not dealt.shares[0].wiped  # the caller's own copy stays the caller's
        with pytest.raises(AlreadyUsed):
            session.sign(ceremony.pubnonces)

    def test_nothing_secret_shows(self):
        ceremony = Ceremony(two_of_three(BIP340), [0, 1], MESSAGE)
        session = ceremony.sessions[0]
        assert repr(session) == "SigningSession(<participant 0, committed>)"
        ceremony.sign()
        assert repr(session) == "SigningSession(<participant 0, signed>)"
        ceremony.sessions[1].close()
        closed = Ceremony(two_of_three(BIP340), [0, 1], MESSAGE).sessions[0]
        closed.close()
        assert repr(closed) == "SigningSession(<participant 0, closed>)"

    @each_scheme
    def test_a_share_computed_wrongly_is_not_released(self, scheme, monkeypatch):
        """One flipped bit in a signature share can give the secret share away."""
        ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        right = type(scheme.group).secret_add
        monkeypatch.setattr(
            type(scheme.group), "secret_add", lambda self, a, b: self.secret_add_public(right(self, a, b), 1)
        )
        with pytest.raises(ThresholdError, match="not released"):
            ceremony.sessions[0].sign(ceremony.pubnonces)
        assert not ceremony.sessions[0].signed
