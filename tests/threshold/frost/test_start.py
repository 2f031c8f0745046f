"""What a signing session refuses before it draws a nonce: nothing can have been signed then."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.dealer import deal
from tests.threshold import hostile_points
from tests.threshold.frost.two_of_three import (
    MESSAGE,
    byteorder,
    each_scheme,
    tweaked_secret,
    two_of_three,
)

from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.frost.rfc9591 import FROST_ED25519, FROST_SECP256K1
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

Q = SECP256K1.order


class TestStart:
    def start(self, scheme: Scheme = BIP340, **changes: Any) -> tuple[SigningSession, bytes]:
        dealt = two_of_three(scheme)
        arguments: dict[str, Any] = {
            "key": dealt.key,
            "share": dealt.shares[0],
            "my_id": 0,
            "participants": [0, 1],
            "message": MESSAGE,
            "tweaks": (),
            "session_id": b"session",
        }
        return SigningSession.start(**{**arguments, **changes}, scheme=scheme)

    @pytest.mark.parametrize(("scheme", "length"), [(BIP340, 66), (FROST_ED25519, 64), (FROST_SECP256K1, 66)])
    def test_it_starts(self, scheme, length):
        session, pubnonce = self.start(scheme)
        assert len(pubnonce) == length
        key = two_of_three(scheme).key.threshold_pubkey
        assert session.public_key == (key[1:] if scheme is BIP340 else key)
        assert not session.signed

    @each_scheme
    @pytest.mark.parametrize(
        "participants",
        [[], [0], [0, 0], [0, 1, 1], [0, 1, 2, 2], [0, 3], [0, -1], [-3, 1], [1, 2], [0, 1, 2, 3]],
    )
    def test_participants_that_are_too_few_repeated_unknown_or_without_me(self, scheme, participants):
        with pytest.raises(InvalidInput):
            self.start(scheme, participants=participants)

    @each_scheme
    def test_identifiers_that_are_the_same_modulo_the_order(self, scheme):
        """x = id + 1 is a point of the polynomial: at 0 lies the secret itself, and id + q is the same point again."""
        q = scheme.group.order
        for participants in ([0, q - 1], [0, q], [0, 1 + q], [0, 1, 1 + q], [0, 1, q], [0, 1, -q], [q, 1]):
            for my_id in (0, participants[0]):
                with pytest.raises(InvalidInput):
                    self.start(scheme, participants=participants, my_id=my_id)

    @each_scheme
    @pytest.mark.parametrize("my_id", [1, 2, 3, -1, 2**40])
    def test_somebody_elses_identifier(self, scheme, my_id):
        with pytest.raises(InvalidInput):
            self.start(scheme, my_id=my_id)

    @each_scheme
    @pytest.mark.parametrize("share", [1, 2])
    def test_somebody_elses_share(self, scheme, share):
        with pytest.raises(InvalidInput, match="not the one of participant 0"):
            self.start(scheme, share=two_of_three(scheme).shares[share])

    @each_scheme
    @pytest.mark.parametrize("length", [1, 31, 33, 64])
    def test_a_share_of_another_length(self, scheme, length):
        with pytest.raises(InvalidInput):
            self.start(scheme, share=Secret(b"\x01" * length))

    @each_scheme
    def test_a_share_that_is_zero_or_not_below_the_order(self, scheme):
        """On Ed25519 share + q would multiply the base point to the very same public share."""
        group = scheme.group
        share = group.scalar_from_bytes(two_of_three(scheme).shares[0].expose())
        for number in (0, group.order, (share + group.order) % 2**256, 2**256 - 1):
            with pytest.raises(InvalidInput):
                self.start(scheme, share=Secret(number.to_bytes(32, byteorder(scheme))))

    @each_scheme
    def test_a_wiped_share(self, scheme):
        share = two_of_three(scheme).shares[0].clone()
        share.wipe()
        with pytest.raises(AlreadyUsed):
            self.start(scheme, share=share)

    @pytest.mark.parametrize("length", [0, 1, 31, 33, 64, 100_000])
    def test_a_message_that_is_no_signature_hash(self, length):
        with pytest.raises(InvalidInput):
            self.start(message=bytes(length))

    @each_scheme
    @pytest.mark.parametrize("length", [0, 65, 10_000])
    def test_a_session_identifier_that_is_missing_or_too_long(self, scheme, length):
        with pytest.raises(InvalidInput):
            self.start(scheme, session_id=b"\x01" * length)

    @each_scheme
    @pytest.mark.parametrize("length", [1, 16, 32, 64])
    def test_a_session_identifier_of_zeroes(self, scheme, length):
        with pytest.raises(InvalidInput, match="all zero"):
            self.start(scheme, session_id=bytes(length))

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
            self.start(BIP340, key=two_of_three(FROST_ED25519).key)
        with pytest.raises(InvalidInput):
            self.start(FROST_ED25519, key=two_of_three(BIP340).key)

    @each_scheme
    def test_public_shares_that_do_not_belong_to_the_key(self, scheme):
        dealt, other = two_of_three(scheme), deal(2, 3, scheme.group)
        first, second, third = dealt.key.pubshares
        for pubshares in ((first, other.key.pubshares[1], third), (first, third, second)):
            with pytest.raises(InvalidInput):
                self.start(scheme, key=ThresholdKey(2, 3, dealt.key.threshold_pubkey, pubshares))
        with pytest.raises(InvalidInput):
            self.start(scheme, key=ThresholdKey(2, 3, other.key.threshold_pubkey, dealt.key.pubshares))

    @each_scheme
    def test_keys_and_public_shares_outside_the_group(self, scheme):
        """With a component of small order in the key, verifiers would differ about its signatures."""
        dealt = two_of_three(scheme)
        first, _, third = dealt.key.pubshares
        for name, point in hostile_points.OF_GROUP[scheme.group.name].items():
            for key in (
                ThresholdKey(2, 3, dealt.key.threshold_pubkey, (first, point, third)),
                ThresholdKey(2, 3, point, dealt.key.pubshares),
            ):
                with pytest.raises(InvalidInput):
                    self.start(scheme, key=key)
                    pytest.fail(name)

    @each_scheme
    def test_shares_that_add_up_to_nothing(self, scheme):
        """Public shares whose key is the identity: everybody could sign for it, or nobody."""
        group = scheme.group
        # f(1) = 5, f(2) = 10 is the line through zero.
        pubshares = (group.base_mul_public(5).encoded, group.base_mul_public(10).encoded)
        with pytest.raises(InvalidInput, match="do not belong"):
            self.start(
                scheme,
                key=ThresholdKey(2, 2, group.identity.encoded, pubshares),
                share=group.secret_from_bytes(group.scalar_to_bytes(5)),
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
