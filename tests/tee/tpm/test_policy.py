"""The pure half: what an owner's client computes is what a TPM computes."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import InputRefused
from warifu.tee.tpm.policy import (
    BOOT_PCRS,
    ApprovalRequest,
    approve,
    approved_policy,
    is_approved,
    pcr_selection,
    policy_reference,
    require_lasting,
    sealing_policy,
    to_be_signed,
    update_key_public,
)

pytestmark = pytest.mark.unit

KEY = ec.derive_private_key(7, ec.SECP256R1())
POINT = KEY.public_key().public_numbers()
UPDATE_KEY = b"\x04" + POINT.x.to_bytes(32, "big") + POINT.y.to_bytes(32, "big")
ROOT, COUNTER = b"\x00\x0b" + b"r" * 32, b"\x00\x0b" + b"c" * 32
REQUEST = ApprovalRequest(ROOT, COUNTER, 5, BOOT_PCRS, b"v" * 32)


@pytest.mark.parametrize("pcrs", [(16,), (23,), (0, 16), (4, 7, 23), (), (7, 4), (4, 4), (24,), (-1, 2)])
def test_pcrs_that_prove_nothing_or_make_no_list_are_refused(pcrs):
    with pytest.raises(InputRefused):
        require_lasting(pcrs)
    with pytest.raises(InputRefused):
        approved_policy(COUNTER, 1, pcrs, bytes(32))


@given(st.sets(st.integers(0, 15), min_size=1))
def test_others_are_accepted(pcrs):
    require_lasting(tuple(sorted(pcrs)))


def test_the_selection_is_spelt_as_the_specification_does():
    assert pcr_selection((0, 7, 8)).hex() == "00000001000b03" + "810100"


def test_the_owners_approval_is_recognised_and_nothing_else():
    approval = approve(KEY, REQUEST)
    assert is_approved(UPDATE_KEY, REQUEST, approval.signature)
    for other in (
        ApprovalRequest(b"\x00\x0b" + b"x" * 32, COUNTER, 5, BOOT_PCRS, b"v" * 32),
        ApprovalRequest(ROOT, b"\x00\x0b" + b"x" * 32, 5, BOOT_PCRS, b"v" * 32),
        ApprovalRequest(ROOT, COUNTER, 6, BOOT_PCRS, b"v" * 32),
        ApprovalRequest(ROOT, COUNTER, 5, BOOT_PCRS[:-1], b"v" * 32),
        ApprovalRequest(ROOT, COUNTER, 5, BOOT_PCRS, b"w" * 32),
    ):
        assert to_be_signed(other) != to_be_signed(REQUEST)
        assert not is_approved(UPDATE_KEY, other, approval.signature)
    assert not is_approved(UPDATE_KEY, REQUEST, bytes(64))


@pytest.mark.parametrize(
    "bad", [b"", UPDATE_KEY[:-1], UPDATE_KEY + b"\0", b"\x02" + UPDATE_KEY[1:33], b"\x04" + b"\1" * 64]
)
def test_what_is_no_point_is_no_update_key(bad):
    with pytest.raises(InputRefused):
        update_key_public(bad)


def test_an_auth_value_is_part_of_the_policy():
    reference = policy_reference(ROOT, COUNTER)
    without, with_auth = (sealing_policy(UPDATE_KEY, reference, with_auth=each) for each in (False, True))
    assert without != with_auth
    assert with_auth == hashlib.sha256(without + (0x16B).to_bytes(4, "big")).digest()
