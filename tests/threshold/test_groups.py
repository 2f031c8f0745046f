"""Both groups obey the same laws, and both refuse every encoding that is not canonical and every zero."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.threshold import hostile_points

from warifu.threshold import libsodium
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import AlreadyUsed, InvalidInput, ZeroSecret
from warifu.threshold.group import Element, Group
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

GROUPS: list[Group] = [SECP256K1, ED25519]
each_group = pytest.mark.parametrize("group", GROUPS, ids=[group.name for group in GROUPS])
numbers = st.integers(1, 2**252 - 1) | st.integers(1, 5)


def secret(group: Group, value: int) -> Secret:
    return group.secret_from_bytes(group.scalar_to_bytes(value % group.order))


def number(group: Group, value: Secret) -> int:
    return group.scalar_from_bytes(value.expose())


@each_group
class TestSecretScalars:
    @given(a=numbers, b=numbers)
    def test_arithmetic_is_that_of_integers(self, group, a, b):
        x, y, q = secret(group, a), secret(group, b), group.order
        assert number(group, group.secret_add(x, y)) == (a + b) % q
        assert number(group, group.secret_mul(x, y)) == a * b % q
        assert number(group, group.secret_mul_public(x, b)) == a * b % q
        assert number(group, group.secret_mul_public(x, -b)) == -a * b % q
        assert number(group, group.secret_add_public(x, b)) == (a + b) % q
        assert number(group, group.secret_add_public(x, 0)) == a % q
        assert number(group, group.secret_negate(x)) == -a % q
        assert (number(group, x), number(group, y)) == (a % q, b % q)  # operands stay as they were

    @given(a=numbers)
    def test_what_would_be_zero_is_refused(self, group, a):
        x = secret(group, a)
        with pytest.raises(ZeroSecret):
            group.secret_add(x, group.secret_negate(x))
        with pytest.raises(ZeroSecret):
            group.secret_add_public(x, -a)
        with pytest.raises(InvalidInput):
            group.secret_mul_public(x, 0)
        with pytest.raises(InvalidInput):
            group.secret_mul_public(x, group.order)

    def test_encodings_out_of_range_are_refused(self, group):
        order: Literal["big", "little"] = "big" if group is SECP256K1 else "little"
        for value in (0, group.order, group.order + 1, 2**256 - 1):
            encoded = value.to_bytes(32, order)
            with pytest.raises(InvalidInput):
                group.secret_from_bytes(encoded)
            if value:
                with pytest.raises(InvalidInput):
                    group.scalar_from_bytes(encoded)
        assert group.scalar_from_bytes(bytes(32)) == 0
        assert group.scalar_to_bytes(0) == bytes(32)
        largest = (group.order - 1).to_bytes(32, order)
        assert group.secret_from_bytes(largest).expose() == largest

    @given(encoded=st.binary(max_size=80).filter(lambda value: len(value) != 32))
    def test_encodings_of_other_lengths_are_refused(self, group, encoded):
        for decode in (group.secret_from_bytes, group.scalar_from_bytes):
            with pytest.raises(InvalidInput):
                decode(encoded)

    @pytest.mark.parametrize("value", [-1, 2**255 + 2**254 + 2**260])
    def test_public_scalars_out_of_range_are_not_encoded(self, group, value):
        with pytest.raises(InvalidInput):
            group.scalar_to_bytes(value)
        with pytest.raises(InvalidInput):
            group.scalar_to_bytes(group.order)

    def test_random_secrets_differ(self, group):
        assert len({group.random_secret().expose() for _ in range(50)}) == 50

    def test_wiped_and_foreign_secrets_are_refused(self, group):
        x, wiped = group.random_secret(), group.random_secret()
        wiped.wipe()
        for operation in (
            lambda s: group.secret_add(x, s),
            lambda s: group.secret_add(s, x),
            lambda s: group.secret_mul(x, s),
            lambda s: group.secret_add_public(s, 1),
            lambda s: group.secret_mul_public(s, 2),
            group.secret_negate,
            group.base_mul,
            lambda s: group.element_mul_secret(group.generator, s),
        ):
            with pytest.raises(AlreadyUsed):
                operation(wiped)
            for length in (1, 31, 33, 64):
                with pytest.raises(InvalidInput):
                    operation(Secret(b"\x01" * length))

    def test_a_zero_that_was_smuggled_in_is_noticed(self, group):
        zero = Secret(bytes(32))
        with pytest.raises(ZeroSecret):
            group.base_mul(zero)
        with pytest.raises(ZeroSecret):
            group.element_mul_secret(group.generator, zero)
        with pytest.raises(ZeroSecret):
            group.secret_mul(group.random_secret(), zero)

    def test_inverses(self, group):
        assert group.scalar_invert(7) * 7 % group.order == 1
        for zero in (0, group.order):
            with pytest.raises(InvalidInput):
                group.scalar_invert(zero)


class TestReduction:
    @given(st.binary(min_size=48, max_size=48))
    def test_secp256k1_from_48_bytes(self, uniform):
        expected = SECP256K1.scalar_reduce(uniform)
        if any(uniform[:24]) and any(uniform[24:]):
            assert number(SECP256K1, SECP256K1.secret_reduce(uniform)) == expected

    @given(st.binary(min_size=64, max_size=64).filter(any))
    def test_ed25519_from_64_bytes(self, uniform):
        assert number(ED25519, ED25519.secret_reduce(uniform)) == ED25519.scalar_reduce(uniform)

    def test_secp256k1_from_32_bytes(self):
        assert number(SECP256K1, SECP256K1.secret_reduce(b"\x01" * 32)) == int.from_bytes(b"\x01" * 32, "big")
        for never_by_chance in (bytes(32), b"\xff" * 32, SECP256K1.order.to_bytes(32, "big")):
            with pytest.raises(ZeroSecret):
                SECP256K1.secret_reduce(never_by_chance)

    @pytest.mark.parametrize("length", [0, 31, 33, 47, 49, 63, 65])
    def test_other_lengths_are_refused(self, length):
        for group in GROUPS:
            with pytest.raises(InvalidInput):
                group.secret_reduce(b"\x01" * length)

    def test_zero_is_refused(self):
        with pytest.raises(ZeroSecret):
            ED25519.secret_reduce(bytes(64))


@each_group
class TestElements:
    @settings(max_examples=30)
    @given(a=numbers, b=numbers)
    def test_products_are_homomorphic(self, group, a, b):
        x, y = secret(group, a), secret(group, b)
        p = group.base_mul(x)
        assert p == group.base_mul_public(a) == group.element_mul_public(group.generator, a)
        assert group.element_add(p, group.base_mul(y)) == group.base_mul_public(a + b)
        assert group.element_sub(p, group.base_mul(y)) == group.base_mul_public(a - b)
        assert (
            group.element_mul_secret(p, y) == group.element_mul_public(p, b) == group.base_mul_public(a * b)
        )
        assert group.element_negate(p) == group.base_mul_public(-a)
        assert group.element_from_bytes(p.encoded) == p
        assert hash(group.element_from_bytes(p.encoded)) == hash(p)

    def test_the_identity_is_neutral(self, group):
        p = group.base_mul(group.random_secret())
        assert group.element_add() == group.identity
        assert group.element_add(p, group.identity) == p
        assert group.element_add(group.identity, group.identity) == group.identity
        assert group.element_sub(p, p) == group.identity
        assert group.element_add(p, group.element_negate(p)) == group.identity
        assert group.element_negate(group.identity) == group.identity
        assert group.element_mul_public(group.identity, 5) == group.identity
        assert group.element_mul_public(p, 0) == group.element_mul_public(p, group.order) == group.identity
        assert group.base_mul_public(0) == group.identity
        assert group.is_identity(group.identity)
        assert not group.is_identity(p)

    def test_the_identity_is_decoded_only_where_it_is_allowed(self, group):
        with pytest.raises(InvalidInput):
            group.element_from_bytes(group.identity.encoded)
        assert group.element_from_bytes(group.identity.encoded, allow_identity=True) == group.identity
        with pytest.raises(InvalidInput):
            group.element_mul_secret(group.identity, group.random_secret())

    @given(encoded=st.binary(max_size=70))
    def test_what_decodes_encodes_to_the_same_bytes(self, group, encoded):
        for allow in (False, True):
            try:
                element = group.element_from_bytes(encoded, allow_identity=allow)
            except InvalidInput:
                continue
            assert group.element_to_bytes(element) == encoded

    def test_truncated_and_extended_encodings_are_refused(self, group):
        encoded = group.generator.encoded
        for wrong in (b"", encoded[:-1], encoded + b"\0", b"\0" + encoded, encoded * 2):
            with pytest.raises(InvalidInput):
                group.element_from_bytes(wrong, allow_identity=True)

    def test_elements_of_the_other_group_are_refused(self, group):
        other = ED25519 if group is SECP256K1 else SECP256K1
        foreign = other.generator
        for operation in (
            group.element_to_bytes,
            group.is_identity,
            group.element_negate,
            lambda p: group.element_add(group.generator, p),
            lambda p: group.element_mul_public(p, 3),
            lambda p: group.element_mul_secret(p, group.random_secret()),
        ):
            with pytest.raises(InvalidInput):
                operation(foreign)

    def test_elements_do_not_change(self, group):
        with pytest.raises(AttributeError):
            group.generator.encoded = bytes(32)
        with pytest.raises(AttributeError):
            del group.generator.encoded

    def test_elements_equal_nothing_else(self, group):
        assert group.generator != group.generator.encoded
        assert group.generator.encoded.hex() in repr(group.generator)


class TestSecp256k1:
    G = SECP256K1.generator

    def test_the_generator_is_the_one_of_sec2(self):
        assert self.G.encoded.hex() == "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

    @pytest.mark.parametrize("prefix", [0, 1, 4, 5, 6, 7, 255])
    def test_other_prefixes_are_refused(self, prefix):
        with pytest.raises(InvalidInput):
            SECP256K1.element_from_bytes(bytes([prefix]) + self.G.encoded[1:], allow_identity=True)

    @pytest.mark.parametrize(
        "x",
        [
            bytes(32),  # 7 is no square
            (5).to_bytes(32, "big"),  # not on the curve
            b"\xff" * 32,  # beyond the field
            (2**256 - 2**32 - 977).to_bytes(32, "big"),  # the field's size
            (2**256 - 2**32 - 977 + 1).to_bytes(32, "big"),  # not canonical: 1 is on the curve
        ],
    )
    def test_no_points(self, x):
        for prefix in (2, 3):
            with pytest.raises(InvalidInput):
                SECP256K1.element_from_bytes(bytes([prefix]) + x)
        with pytest.raises(InvalidInput):
            SECP256K1.lift_x(x)

    def test_uncompressed_and_hybrid_points_are_refused(self):
        y = bytes.fromhex("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")
        for prefix in (4, 6, 7):  # libsecp256k1 itself would take 4 and 6
            with pytest.raises(InvalidInput):
                SECP256K1.element_from_bytes(bytes([prefix]) + self.G.encoded[1:] + y)

    @given(numbers)
    def test_xonly_and_lift_are_each_others_inverse_up_to_sign(self, a):
        p = SECP256K1.base_mul_public(a)
        lifted = SECP256K1.lift_x(SECP256K1.xonly(p))
        assert SECP256K1.has_even_y(lifted)
        assert lifted == (p if SECP256K1.has_even_y(p) else SECP256K1.element_negate(p))

    def test_the_identity_has_no_coordinates(self):
        for question in (SECP256K1.xonly, SECP256K1.has_even_y):
            with pytest.raises(InvalidInput):
                question(SECP256K1.identity)

    def test_a_forged_element_without_a_point_is_refused(self):
        with pytest.raises(InvalidInput):
            SECP256K1.element_add(self.G, Element(self.G.encoded))


class TestEd25519:
    B = ED25519.generator

    def test_the_generator_is_the_one_of_rfc8032(self):
        assert self.B.encoded.hex() == "58" + "66" * 31

    @pytest.mark.parametrize("encoded", hostile_points.ED25519.values(), ids=hostile_points.ED25519.keys())
    def test_small_order_mixed_order_and_second_encodings_are_refused(self, encoded):
        with pytest.raises(InvalidInput):
            ED25519.element_from_bytes(encoded)
        if encoded != ED25519.identity.encoded:
            with pytest.raises(InvalidInput):
                ED25519.element_from_bytes(encoded, allow_identity=True)

    @settings(max_examples=20)
    @given(numbers, st.integers(1, 7))
    def test_every_element_loses_its_membership_with_a_component_of_small_order(self, a, k):
        mixed = ED25519.element_add(ED25519.base_mul_public(a), Element(hostile_points.TORSION[k]))
        with pytest.raises(InvalidInput):
            ED25519.element_from_bytes(mixed.encoded)

    def test_no_element_has_a_second_encoding(self):
        """Only y below 19 can be written twice (as y + p), and none of these is the y of an element."""
        for y in range(19):
            for sign in (0, 1):
                for number in (y, y + hostile_points.FIELD):
                    with pytest.raises(InvalidInput):
                        ED25519.element_from_bytes((number | sign << 255).to_bytes(32, "little"))

    @pytest.mark.parametrize("defect", ["point_is_valid", "point_mul"])
    def test_a_libsodium_that_takes_points_of_order_2l_is_not_used(self, monkeypatch, defect):
        """CVE-2025-69277: it looked at x only, and (0, -1) has x = 0."""
        libsodium.require_subgroup_check()
        monkeypatch.setattr(libsodium, defect, lambda *_: True)
        with pytest.raises(RuntimeError, match="CVE-2025-69277"):
            libsodium.require_subgroup_check()
