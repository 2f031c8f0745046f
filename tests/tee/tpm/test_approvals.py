"""The owner's signed approvals: a new kernel opens what was sealed before, if its owner says so; and old ones end."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from tests.support.tpm_home import extend

from warifu.errors import AuthorizationRefused, PlatformRefused
from warifu.tee.tpm.platform import Tpm
from warifu.tee.tpm.policy import approve

pytestmark = pytest.mark.real


@pytest.fixture
def sealed(platform: Tpm) -> bytes:
    return platform.seal(b"root", b"store")


def opens(platform, sealed) -> str:
    try:
        assert platform.unseal(sealed, b"store") == b"root"
    except PlatformRefused as refused:
        return refused.reason
    return ""


def test_after_a_kernel_update_it_opens_again_once_the_owner_approves(home, platform, sealed):
    extend(platform, 9)
    assert opens(platform, sealed) == "measurements"
    platform.authorize_pcrs(approve(home.update_key, platform.approval_request()))
    assert opens(platform, sealed) == ""


def test_an_approval_outlives_the_program(home, platform, sealed):
    extend(platform, 9)
    platform.authorize_pcrs(approve(home.update_key, platform.approval_request()))
    platform.forget()
    again = home.open()
    assert opens(again, sealed) == ""
    again.forget()


def test_a_boot_can_be_approved_before_it_happens(home, platform, sealed):
    extend(platform, 9)
    coming = approve(home.update_key, platform.approval_request())
    platform.forget()
    home.tpm.restart()
    before = home.open()
    before.authorize_pcrs(coming)
    assert opens(before, sealed) == ""
    extend(before, 9)
    assert opens(before, sealed) == ""
    before.forget()


def test_without_any_approval_nothing_opens(bare):
    bare.provision()
    platform = bare.open()
    assert opens(platform, platform.seal(b"root", b"store")) == "measurements"
    platform.forget()


def test_another_key_approves_nothing(platform):
    extend(platform, 9)
    with pytest.raises(AuthorizationRefused):
        platform.authorize_pcrs(approve(ec.generate_private_key(ec.SECP256R1()), platform.approval_request()))


def test_the_tpm_itself_refuses_what_another_key_signed(platform, sealed):
    """Past our own check: the signature is verified by the TPM, for the key that is part of what was sealed."""
    extend(platform, 9)
    forged = approve(ec.generate_private_key(ec.SECP256R1()), platform.approval_request())
    platform._approvals.kept = (forged,)
    assert opens(platform, sealed) == "tpm"


@pytest.mark.parametrize("field", ["version", "values", "pcrs"])
def test_an_approval_that_was_changed_is_refused(home, platform, field):
    signed = approve(home.update_key, platform.approval_request())
    changed = {"version": signed.version + 1, "values": bytes(32), "pcrs": (0, 2, 4, 7, 8)}[field]
    with pytest.raises(AuthorizationRefused):
        platform.authorize_pcrs(msgspec.structs.replace(signed, **{field: changed}))


def test_an_approval_for_another_tpm_is_refused_though_the_same_owner_signed_it(home, stranger, platform):
    stranger.update_key = home.update_key
    stranger.provision()
    other = stranger.open()
    approval = approve(home.update_key, other.approval_request())
    other.forget()
    with pytest.raises(AuthorizationRefused):
        platform.authorize_pcrs(approval)


def test_retired_approvals_are_refused_by_the_tpm_for_good(home, platform, sealed):
    """A kernel with a known hole: it was approved once. An attacker who boots it must not profit from that."""
    before = home.directory / "tpm.pinned"
    old_file = before.read_bytes()
    extend(platform, 9)
    platform.authorize_pcrs(approve(home.update_key, platform.approval_request()))
    platform.retire_older_approvals()
    assert opens(platform, sealed) == ""
    platform.forget()
    home.tpm.restart()  # the old kernel again
    current = home.open()
    assert opens(current, sealed) == "measurements"
    current.forget()
    before.write_bytes(old_file)  # and the old disk
    rolled_back = home.open()
    assert opens(rolled_back, sealed) == "approval-retired"
    old = rolled_back._approvals.kept[0]
    with pytest.raises(PlatformRefused) as refused:
        rolled_back.authorize_pcrs(old)
    assert refused.value.reason == "approval-retired"
    rolled_back.forget()


def test_an_approval_that_cannot_be_written_down_is_not_kept(home, platform, sealed, monkeypatch):
    extend(platform, 9)

    def full(*_):
        raise PlatformRefused("pinned", "no space left")

    monkeypatch.setattr("warifu.tee.tpm.platform.write_pinned", full)
    with pytest.raises(PlatformRefused):
        platform.authorize_pcrs(approve(home.update_key, platform.approval_request()))
    assert opens(platform, sealed) == "measurements"


def test_retiring_never_locks_the_present_boot_out(platform, sealed):
    extend(platform, 9)
    with pytest.raises(PlatformRefused) as refused:
        platform.retire_older_approvals()
    assert refused.value.reason == "measurements"


def test_an_approval_that_could_never_be_taken_back_is_refused(home, platform):
    """A request that was altered on its way: the owner signs a number that no counter ever reaches."""
    request = msgspec.structs.replace(platform.approval_request(), version=2**61)
    with pytest.raises(AuthorizationRefused, match="could not be taken back"):
        platform.authorize_pcrs(approve(home.update_key, request))


def test_at_most_eight_approvals_are_kept_the_newest(home, platform):
    for _ in range(9):
        platform.authorize_pcrs(approve(home.update_key, platform.approval_request()))
    versions = [approval.version for approval in platform._approvals.kept]
    assert len(versions) == 8
    assert versions == sorted(versions)
    assert platform.approval_request().version == versions[-1] + 1
