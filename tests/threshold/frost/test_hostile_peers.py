"""Peers that send bad nonces or bad shares: nothing is signed that could be misused, and they are named."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dealer import deal
from tests.support.signing import Ceremony
from tests.threshold import hostile_points
from tests.threshold.frost.two_of_three import (
    MESSAGE,
    SCHEMES,
    byteorder,
    each_scheme,
    two_of_three,
)

from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.frost.aggregation import Aggregation
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.nonces import SecretNonce
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit


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
            os.urandom(1000),
            *(point + good for point in hostile_points.OF_GROUP[scheme.group.name].values()),
            *(good + point for point in hostile_points.OF_GROUP[scheme.group.name].values()),
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
            group.order.to_bytes(32, byteorder(scheme)),
            (group.order + 1).to_bytes(32, byteorder(scheme)),
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

    @each_scheme
    @pytest.mark.parametrize("culprit", [0, 1])
    def test_a_share_made_for_another_set_of_signers_is_named(self, scheme, culprit):
        dealt = two_of_three(scheme)
        two = Ceremony(dealt, [0, 1], MESSAGE, scheme=scheme)
        three = Ceremony(dealt, [0, 1, 2], MESSAGE, scheme=scheme)
        three.pubnonces[culprit] = two.pubnonces[culprit]
        partials = {who: three.sessions[who].sign(three.pubnonces) for who in (0, 1, 2) if who != culprit}
        partials[culprit] = two.sessions[culprit].sign(two.pubnonces)
        with pytest.raises(InvalidContribution) as caught:
            three.sessions[2].aggregate(partials)
        assert (caught.value.index, caught.value.what) == (culprit, "psig")

    @each_scheme
    def test_a_share_under_another_key_is_named(self, scheme):
        """The same devices, message and identifiers in another wallet."""
        here = Ceremony(two_of_three(scheme), [0, 1], MESSAGE, scheme=scheme)
        there = Ceremony(deal(2, 3, scheme.group), [0, 1], MESSAGE, scheme=scheme)
        nonces = {0: here.pubnonces[0], 1: there.pubnonces[1]}
        partials = {0: here.sessions[0].sign(nonces), 1: there.sessions[1].sign(nonces)}
        with pytest.raises(InvalidContribution) as caught:
            here.sessions[0].aggregate(partials)
        assert (caught.value.index, caught.value.what) == (1, "psig")

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
