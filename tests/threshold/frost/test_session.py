"""Signing sessions: any t of n sign, and whoever cheats gets no signature and is named."""

from __future__ import annotations

import os
import random
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dealer import Dealt, deal
from tests.support.signing import Ceremony

from warifu.threshold import bip340
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput, ThresholdError
from warifu.threshold.frost.aggregation import Aggregation, VerifiedSignature
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.frost.nonces import SecretNonce
from warifu.threshold.frost.rfc9591 import FROST_ED25519, FROST_SECP256K1
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

SCHEMES: list[Scheme] = [BIP340, FROST_ED25519, FROST_SECP256K1]
each_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=["bip340", "ed25519", "secp256k1"])

MESSAGE = bytes(range(32))
Q = SECP256K1.order

TWO_OF_THREE: dict[str, Dealt] = {scheme.group.name: deal(2, 3, scheme.group) for scheme in SCHEMES}


def two_of_three(scheme: Scheme) -> Dealt:
    return TWO_OF_THREE[scheme.group.name]


def tweaked_secret(dealt: Dealt, tweaks: list[tuple[bytes, bool]]) -> Secret:
    """The tweaked private key, computed the plain way from the whole key that only the dealer has (BIP 341)."""
    secret = dealt.secret
    for tweak, is_xonly in tweaks:
        if is_xonly and not SECP256K1.has_even_y(SECP256K1.base_mul(secret)):
            secret = SECP256K1.secret_negate(secret)
        secret = SECP256K1.secret_add_public(secret, int.from_bytes(tweak, "big"))
    return secret


tweak_lists = st.lists(
    st.tuples(st.integers(0, 2**250).map(lambda value: value.to_bytes(32, "big")), st.booleans()), max_size=5
)


class TestHonestSigners:
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
        assert all(buffer == bytes(32) for buffer in buffers)
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


class TestHostileNonces:
    @each_scheme
    def test_own_commitment_missing(self, scheme):
        ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        del ceremony.pubnonces[0]
        with pytest.raises(InvalidContribution, match="own pubnonce") as caught:
            ceremony.sessions[0].sign(ceremony.pubnonces)
        assert caught.value.index is None

    @each_scheme
    def test_own_commitment_altered_or_swapped(self, scheme):
        for tamper in (
            lambda nonces: {0: nonces[1], 1: nonces[0]},
            lambda nonces: {**nonces, 0: nonces[1]},
            lambda nonces: {**nonces, 0: nonces[0][::-1]},
            lambda nonces: {**nonces, 0: nonces[0][:-1]},
            lambda nonces: {**nonces, 0: nonces[0] + b"\0"},
            lambda nonces: {**nonces, 0: nonces[0][len(nonces[0]) // 2 :] + nonces[0][: len(nonces[0]) // 2]},
            lambda nonces: {**nonces, 0: b""},
        ):
            ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
            with pytest.raises(InvalidContribution, match="own pubnonce"):
                ceremony.sessions[0].sign(tamper(ceremony.pubnonces))

    @each_scheme
    def test_a_peers_missing_or_a_strangers_commitment(self, scheme):
        for tamper in (
            lambda nonces: {0: nonces[0]},
            lambda nonces: {**nonces, 2: nonces[1]},
            lambda nonces: {0: nonces[0], 2: nonces[1]},
            lambda nonces: {**nonces, -1: nonces[1]},
        ):
            ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
            with pytest.raises(InvalidInput):
                ceremony.sessions[0].sign(tamper(ceremony.pubnonces))

    @each_scheme
    def test_a_malformed_commitment_names_its_sender(self, scheme):
        size = scheme.group.element_bytes
        good = scheme.group.generator.encoded
        identity = scheme.group.identity.encoded
        for bad in (
            b"",
            good,
            good + good[:-1],
            good + good + b"\0",
            identity + good,
            good + identity,
            b"\xff" * (2 * size),
            good + b"\xff" * size,
            os.urandom(1000),
        ):
            ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
            ceremony.pubnonces[1] = bad
            with pytest.raises(InvalidContribution) as caught:
                ceremony.sessions[0].sign(ceremony.pubnonces)
            assert (caught.value.index, caught.value.what) == (1, "pubnonce")

    @each_scheme
    @settings(max_examples=60, deadline=None)
    @given(noise=st.binary(max_size=140))
    def test_noise_never_crashes(self, scheme, noise):
        ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        ceremony.pubnonces[1] = noise
        with pytest.raises(InvalidContribution) as caught:
            ceremony.sessions[0].sign(ceremony.pubnonces)
        assert caught.value.index == 1

    @each_scheme
    def test_a_commitment_shown_differently_to_different_signers_gives_no_signature(self, scheme):
        dealt = two_of_three(scheme)
        ceremony = Ceremony(dealt, [0, 1, 2], MESSAGE, scheme=scheme)
        other = Ceremony(dealt, [0, 1, 2], MESSAGE, scheme=scheme).pubnonces[2]
        partials = {
            0: ceremony.sessions[0].sign({**ceremony.pubnonces, 2: other}),
            1: ceremony.sessions[1].sign(ceremony.pubnonces),
            2: ceremony.sessions[2].sign(ceremony.pubnonces),
        }
        for session in ceremony.sessions.values():
            with pytest.raises(InvalidContribution):
                session.aggregate(partials)

    def test_two_peers_commitments_swapped_for_one_signer(self):
        """BIP 445 hashes their sum only, so nothing changes; RFC 9591 binds each to its signer, so nothing results."""
        for scheme in SCHEMES:
            ceremony = Ceremony(two_of_three(scheme), [0, 1, 2], MESSAGE, scheme=scheme)
            sent = ceremony.pubnonces
            partials = {
                0: ceremony.sessions[0].sign({0: sent[0], 1: sent[2], 2: sent[1]}),
                1: ceremony.sessions[1].sign(sent),
                2: ceremony.sessions[2].sign(sent),
            }
            if scheme is BIP340:
                ceremony.sessions[1].aggregate(partials)
            else:
                with pytest.raises(InvalidContribution) as caught:
                    ceremony.sessions[1].aggregate(partials)
                assert caught.value.index == 0

    def test_a_peer_that_cancels_the_nonces_out_is_named(self):
        """It answers with the negated commitment, the aggregate is infinity, BIP 445 goes on with G."""
        ceremony = Ceremony(two_of_three(BIP340), [0, 1], MESSAGE)
        halves = ceremony.pubnonces[0][:33], ceremony.pubnonces[0][33:]
        ceremony.pubnonces[1] = b"".join(bytes([half[0] ^ 1]) + half[1:] for half in halves)
        signed = ceremony.sessions[0].sign(ceremony.pubnonces)
        with pytest.raises(InvalidContribution) as caught:
            ceremony.sessions[0].aggregate({0: signed, 1: signed})
        assert caught.value.index == 1


class TestHostileShares:
    @each_scheme
    @pytest.mark.parametrize("culprit", [0, 1, 2])
    def test_a_wrong_share_names_its_sender(self, scheme, culprit):
        group = scheme.group
        ceremony = Ceremony(two_of_three(scheme), [0, 1, 2], MESSAGE, scheme=scheme)
        partials = ceremony.sign()
        right = group.scalar_from_bytes(partials[culprit])
        others = partials[(culprit + 1) % 3]
        for wrong in (
            group.scalar_to_bytes((right + 1) % group.order),
            group.scalar_to_bytes(-right % group.order),
            bytes(32),
            others,
            b"\xff" * 32,
            b"",
            partials[culprit][:-1],
            partials[culprit] + b"\0",
            os.urandom(10_000),
        ):
            for session in ceremony.sessions.values():
                with pytest.raises(InvalidContribution) as caught:
                    session.aggregate({**partials, culprit: wrong})
                assert (caught.value.index, caught.value.what) == (culprit, "psig")
        ceremony.sessions[0].aggregate(partials)

    def test_the_group_order_added_is_not_the_same_share(self):
        """A second encoding of a share would make two signatures out of one."""
        ceremony = Ceremony(two_of_three(FROST_ED25519), [0, 1], MESSAGE, scheme=FROST_ED25519)
        partials = ceremony.sign()
        again = int.from_bytes(partials[1], "little") + FROST_ED25519.group.order
        with pytest.raises(InvalidContribution):
            ceremony.sessions[0].aggregate({**partials, 1: again.to_bytes(32, "little")})

    @each_scheme
    def test_two_wrong_shares_that_cancel_out_are_no_harm(self, scheme):
        """The finished signature is what counts, and it is the only valid one for these nonces."""
        group = scheme.group
        ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        partials = ceremony.sign()
        signature = ceremony.sessions[0].aggregate(partials)
        moved = {
            0: group.scalar_to_bytes((group.scalar_from_bytes(partials[0]) + 5) % group.order),
            1: group.scalar_to_bytes((group.scalar_from_bytes(partials[1]) - 5) % group.order),
        }
        assert ceremony.sessions[0].aggregate(moved) == signature

    @each_scheme
    def test_missing_and_foreign_shares_are_refused(self, scheme):
        ceremony = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        partials = ceremony.sign()
        for wrong in ({}, {0: partials[0]}, {**partials, 2: partials[1]}, {0: partials[0], 2: partials[1]}):
            with pytest.raises(InvalidInput):
                ceremony.sessions[0].aggregate(wrong)

    @each_scheme
    def test_a_signer_of_another_message_is_named(self, scheme):
        """The message cannot change between the rounds: whoever signs another one is alone with it."""
        dealt = two_of_three(scheme)
        honest = Ceremony(dealt, [0, 1], MESSAGE, scheme=scheme)
        misled = Ceremony(dealt, [0, 1], bytes(32), scheme=scheme)
        nonces = {0: honest.pubnonces[0], 1: misled.pubnonces[1]}
        partials = {0: honest.sessions[0].sign(nonces), 1: misled.sessions[1].sign(nonces)}
        with pytest.raises(InvalidContribution) as caught:
            honest.sessions[0].aggregate(partials)
        assert caught.value.index == 1

    def test_a_signer_with_other_tweaks_is_named(self):
        dealt = two_of_three(BIP340)
        tweak, another = (SECP256K1.random_secret().expose() for _ in range(2))
        honest = Ceremony(dealt, [0, 1], MESSAGE, [(tweak, True)])
        misled = Ceremony(dealt, [0, 1], MESSAGE, [(tweak, False), (another, True)])
        nonces = {0: honest.pubnonces[0], 1: misled.pubnonces[1]}
        partials = {0: honest.sessions[0].sign(nonces), 1: misled.sessions[1].sign(nonces)}
        with pytest.raises(InvalidContribution) as caught:
            honest.sessions[0].aggregate(partials)
        assert caught.value.index == 1

    def test_all_signers_together_can_only_prevent_a_signature(self):
        """Nonces that cancel out, from one party that knows both: each share is right and nothing comes of them."""
        dealt = two_of_three(BIP340)
        halves = SECP256K1.random_secret(), SECP256K1.random_secret()
        negated = [SECP256K1.secret_negate(half) for half in halves]
        nonces = {0: SecretNonce(SECP256K1, *halves), 1: SecretNonce(SECP256K1, *negated)}
        task = BIP340.task(dealt.key.signers(SECP256K1, [0, 1]), MESSAGE, ())
        aggregation = Aggregation(task, {who: nonce.public.encode() for who, nonce in nonces.items()})
        assert aggregation.equation.nonce == SECP256K1.generator
        partials = {
            who: aggregation.equation.sign(who, nonce, dealt.shares[who]) for who, nonce in nonces.items()
        }
        with pytest.raises(InvalidContribution) as caught:
            aggregation.aggregate(partials)
        assert caught.value.index is None


class TestStart:
    def start(self, **changes: Any) -> tuple[SigningSession, bytes]:
        dealt = two_of_three(BIP340)
        arguments: dict[str, Any] = {
            "key": dealt.key,
            "share": dealt.shares[0],
            "my_id": 0,
            "participants": [0, 1],
            "message": MESSAGE,
            "tweaks": (),
            "session_id": b"session",
        }
        return SigningSession.start(**{**arguments, **changes})

    def test_it_starts(self):
        session, pubnonce = self.start()
        assert len(pubnonce) == 66
        assert session.public_key == two_of_three(BIP340).key.threshold_pubkey[1:]
        assert not session.signed

    @pytest.mark.parametrize(
        "participants",
        [[], [0], [0, 0], [0, 1, 1], [0, 1, 2, 2], [0, 3], [0, -1], [-3, 1], [1, 2], [0, 1, 2, 3]],
    )
    def test_participants_that_are_too_few_repeated_unknown_or_without_me(self, participants):
        with pytest.raises(InvalidInput):
            self.start(participants=participants)

    @pytest.mark.parametrize("my_id", [1, 2, 3, -1, 2**40])
    def test_somebody_elses_identifier(self, my_id):
        with pytest.raises(InvalidInput):
            self.start(my_id=my_id)

    @pytest.mark.parametrize("share", [1, 2])
    def test_somebody_elses_share(self, share):
        with pytest.raises(InvalidInput, match="not the one of participant 0"):
            self.start(share=two_of_three(BIP340).shares[share])

    @pytest.mark.parametrize("length", [1, 31, 33, 64])
    def test_a_share_of_another_length(self, length):
        with pytest.raises(InvalidInput):
            self.start(share=Secret(b"\x01" * length))

    def test_a_wiped_share(self):
        share = two_of_three(BIP340).shares[0].clone()
        share.wipe()
        with pytest.raises(AlreadyUsed):
            self.start(share=share)

    @pytest.mark.parametrize("length", [0, 1, 31, 33, 64, 100_000])
    def test_a_message_that_is_no_signature_hash(self, length):
        with pytest.raises(InvalidInput):
            self.start(message=bytes(length))

    @pytest.mark.parametrize("length", [0, 65, 10_000])
    def test_a_session_identifier_that_is_missing_or_too_long(self, length):
        with pytest.raises(InvalidInput):
            self.start(session_id=b"\x01" * length)

    @pytest.mark.parametrize("length", [1, 64])
    def test_the_shortest_and_the_longest_session_identifier(self, length):
        session, _ = self.start(session_id=b"\x01" * length)
        assert not session.signed

    @pytest.mark.parametrize(
        "tweak",
        [b"", bytes(31), bytes(33), Q.to_bytes(32, "big"), (Q + 1).to_bytes(32, "big"), b"\xff" * 32],
    )
    @pytest.mark.parametrize("is_xonly", [True, False])
    def test_a_tweak_out_of_range(self, tweak, is_xonly):
        with pytest.raises(InvalidInput):
            self.start(tweaks=[(tweak, is_xonly)])

    @pytest.mark.parametrize("is_xonly", [True, False])
    def test_a_tweak_to_infinity(self, is_xonly):
        secret = tweaked_secret(two_of_three(BIP340), [])
        if is_xonly and not SECP256K1.has_even_y(SECP256K1.base_mul(secret)):
            secret = SECP256K1.secret_negate(secret)
        with pytest.raises(InvalidInput, match="infinity"):
            self.start(tweaks=[(SECP256K1.secret_negate(secret).expose(), is_xonly)])

    def test_endless_tweaks(self):
        with pytest.raises(InvalidInput):
            self.start(tweaks=[(b"\x01" * 32, False)] * 257)

    def test_a_zero_tweak_is_no_tweak(self):
        session, _ = self.start(tweaks=[(bytes(32), False)])
        assert session.public_key == two_of_three(BIP340).key.threshold_pubkey[1:]

    @pytest.mark.parametrize("scheme", [FROST_ED25519, FROST_SECP256K1])
    def test_rfc9591_has_no_tweaks_and_bounded_messages(self, scheme):
        dealt = two_of_three(scheme)
        for changes in ({"tweaks": [(bytes(32), False)]}, {"message": bytes(65537)}):
            with pytest.raises(InvalidInput):
                self.start(key=dealt.key, share=dealt.shares[0], scheme=scheme, **changes)
        self.start(key=dealt.key, share=dealt.shares[0], scheme=scheme, message=bytes(65536))

    def test_a_key_of_another_group(self):
        with pytest.raises(InvalidInput):
            self.start(key=two_of_three(FROST_ED25519).key)
        with pytest.raises(InvalidInput):
            self.start(scheme=FROST_ED25519)

    def test_public_shares_that_do_not_belong_to_the_key(self):
        dealt, other = two_of_three(BIP340), deal(2, 3)
        for pubshares in (
            (dealt.key.pubshares[0], other.key.pubshares[1], dealt.key.pubshares[2]),
            (dealt.key.pubshares[0], dealt.key.pubshares[2], dealt.key.pubshares[1]),
            (dealt.key.pubshares[0], bytes(33), dealt.key.pubshares[2]),
            (dealt.key.pubshares[0], b"\x02" + bytes(32), dealt.key.pubshares[2]),
        ):
            with pytest.raises(InvalidInput):
                self.start(key=ThresholdKey(2, 3, dealt.key.threshold_pubkey, pubshares))
        with pytest.raises(InvalidInput):
            self.start(key=ThresholdKey(2, 3, other.key.threshold_pubkey, dealt.key.pubshares))

    def test_shares_that_add_up_to_nothing(self):
        """Public shares whose key is the identity: everybody could sign for it, or nobody."""
        p = SECP256K1.base_mul_public(5)
        # f(1) = 5, f(2) = 10 is the line through zero.
        pubshares = (p.encoded, SECP256K1.base_mul_public(10).encoded)
        with pytest.raises(InvalidInput):
            self.start(
                key=ThresholdKey(2, 2, bytes(33), pubshares),
                share=SECP256K1.secret_from_bytes(bytes(31) + b"\5"),
            )


class TestThresholdKey:
    @pytest.mark.parametrize(("t", "n"), [(0, 3), (-1, 3), (4, 3), (0, 0), (1, 256)])
    def test_impossible_thresholds(self, t, n):
        key = SECP256K1.generator.encoded
        with pytest.raises(InvalidInput):
            ThresholdKey(t, n, key, (key,) * n)

    @pytest.mark.parametrize("pubshares", [(), (bytes(33),), (bytes(33), bytes(32)), (bytes(33),) * 3])
    def test_public_shares_of_wrong_number_or_length(self, pubshares):
        with pytest.raises(InvalidInput):
            ThresholdKey(2, 2, bytes(33), pubshares)
