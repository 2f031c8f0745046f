"""Setting a device up with its TPM: only where all authorizations are known, to be repeated, to be taken back."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from tests.support.interposer import Interposer
from tests.support.tpm_home import Home
from tpm2_pytss import (
    ESAPI,
    ESYS_TR,
    TPM2_SU,
    TPM2B_NV_PUBLIC,
    TPMA_NV,
    TPML_PCR_SELECTION,
    TPMS_NV_PUBLIC,
    TSS2_Exception,
)

from warifu.errors import InputRefused, PlatformRefused, WarifuError
from warifu.tee.tpm import provisioning
from warifu.tee.tpm.keys import Keys
from warifu.tee.tpm.pinned import GuessLimits, is_pinned
from warifu.tee.tpm.provisioning import (
    Authorizations,
    Choices,
    forgive_guesses,
    new_lockout_secret,
    opened,
    provision,
    unprovision,
)
from warifu.tee.tpm.transport import Transport, read_address

pytestmark = pytest.mark.real

AUTH = bytes(range(32))
PERSISTENT, NV = 0x81000000, 0x01000000


def reason(call) -> str:
    with pytest.raises(WarifuError) as refused:
        call()
    return refused.value.reason


def holdings(home: Home) -> tuple[frozenset[int], frozenset[int]]:
    """Persistent keys and NV indices."""
    with opened(home.settings) as chip:
        return chip.handles(PERSISTENT), chip.handles(NV)


def set_auth(home: Home, hierarchy: ESYS_TR, old: bytes, new: bytes) -> None:
    """As other software, or another owner, does."""
    transport = Transport(read_address(home.tpm.device))
    esapi = ESAPI(transport)
    esapi.tr_set_auth(hierarchy, old)
    esapi.hierarchy_change_auth(hierarchy, new)
    esapi.close()
    transport.close()


def test_it_sets_the_limits_of_guessing_and_the_lockout_secret(bare):
    bare.provision()
    with opened(bare.settings) as chip:
        facts = chip.facts
    assert (facts.most_tries, facts.recovery_seconds, facts.lockout_recovery_seconds) == (3, 7200, 86400)
    assert facts.lockout_auth_set


def test_only_the_lockout_secret_resets_the_count(bare):
    bare.provision()
    assert reason(lambda: forgive_guesses(bare.settings, bare.unlock_key, bytes(32))) == "authorization"
    assert (
        reason(lambda: forgive_guesses(bare.settings, bare.unlock_key, bare.lockout_secret)) == "locked-out"
    ), "after one wrong secret, none is accepted for a day"


def test_done_twice_it_changes_nothing(bare):
    bare.provision()
    before, file = holdings(bare), (bare.directory / "tpm.pinned").read_bytes()
    bare.provision()
    assert holdings(bare) == before
    assert (bare.directory / "tpm.pinned").read_bytes() == file


def test_done_again_with_other_choices_is_refused(bare):
    bare.provision()
    other = msgspec.structs.replace(bare.limits, most_tries=5)
    assert other != bare.limits
    choices = Choices(update_key=bare.choices.update_key, pcrs=(7,), limits=other)
    again = lambda: provision(bare.settings, bare.unlock_key, choices, bare.lockout_secret)  # noqa: E731
    assert reason(again) == "already-provisioned"


@pytest.mark.parametrize(
    ("hierarchy", "expected"),
    [
        (ESYS_TR.OWNER, "owner-auth"),
        (ESYS_TR.ENDORSEMENT, "endorsement-auth"),
        (ESYS_TR.LOCKOUT, "lockout-auth"),
    ],
)
def test_a_tpm_with_authorizations_that_are_not_known_is_left_alone(bare, hierarchy, expected):
    set_auth(bare, hierarchy, b"", b"somebody else's")
    before = holdings(bare)
    assert reason(bare.provision) == expected
    assert holdings(bare) == before
    with opened(bare.settings) as chip:
        assert not chip.facts.in_lockout, "it did not even try"
    assert not is_pinned(bare.directory)


def test_an_authorization_that_is_given_though_none_is_set_is_refused(bare):
    known = Authorizations(owner=b"o")
    assert reason(
        lambda: provision(bare.settings, bare.unlock_key, bare.choices, bare.lockout_secret, known)
    ) == ("owner-auth")


def test_with_the_authorizations_of_its_present_owner_it_works_and_leaves_them(bare):
    for hierarchy in (ESYS_TR.OWNER, ESYS_TR.ENDORSEMENT, ESYS_TR.LOCKOUT):
        set_auth(bare, hierarchy, b"", b"mine")
    known = Authorizations(owner=b"mine", endorsement=b"mine", lockout=b"mine")
    provision(bare.settings, bare.unlock_key, bare.choices, bare.lockout_secret, known)
    bare.approve_boot()
    platform = bare.open()
    sealed = platform.seal(b"share", b"c", auth=AUTH)
    assert platform.unseal(sealed, b"c", auth=AUTH) == b"share"
    assert platform.counter("epoch").increment() > 0
    platform.forget()
    forgive_guesses(bare.settings, bare.unlock_key, b"mine")
    platform = bare.open()
    assert reason(lambda: platform.counter("another")) == "authorization", (
        "making one needs the owner authorization"
    )
    platform.forget()


def test_it_is_taken_back_and_the_tpm_is_as_before(bare):
    before = holdings(bare)
    with opened(bare.settings) as chip:
        facts = chip.facts
    bare.provision()
    platform = bare.open()
    platform.counter("policy")
    platform.forget()
    assert holdings(bare) != before
    unprovision(bare.settings, bare.unlock_key, bare.lockout_secret)
    assert holdings(bare) == before
    assert not is_pinned(bare.directory)
    with opened(bare.settings) as chip:
        assert chip.facts == facts
    bare.provision()
    bare.open().forget()


def test_a_certificate_of_another_key_is_not_taken_for_the_chips(bare):
    """Anybody with the owner authorization can put one where a maker's would be."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "maker")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    forged = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=365))
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )
    transport = Transport(read_address(bare.tpm.device))
    esapi = ESAPI(transport)
    attributes = TPMA_NV.OWNERREAD | TPMA_NV.OWNERWRITE | TPMA_NV.AUTHREAD
    where = TPMS_NV_PUBLIC(
        nvIndex=0x01C0000A, nameAlg=0x000B, attributes=attributes, dataSize=len(forged) + 20
    )
    index = esapi.nv_define_space(b"", TPM2B_NV_PUBLIC(where))
    esapi.nv_write(index, forged + bytes(20), auth_handle=ESYS_TR.OWNER)
    esapi.close()
    transport.close()
    bare.provision()
    platform = bare.open()
    assert platform.endorsement.certificate
    assert platform.endorsement.certificate != forged
    platform.forget()


def test_a_tpm_without_a_sha256_bank_says_so(bare):
    bare.provision()
    transport = Transport(read_address(bare.tpm.device))
    esapi = ESAPI(transport)
    banks, _ = TPML_PCR_SELECTION.unmarshal(bytes.fromhex("00000002000403ffffff000b03000000"))
    esapi.pcr_allocate(banks)
    esapi.shutdown(TPM2_SU.CLEAR)
    esapi.close()
    transport.close()
    bare.tpm.restart()
    platform = bare.open()
    assert reason(platform.approval_request) == "pcr-bank"
    platform.forget()


def test_taking_back_leaves_what_is_others(bare):
    transport = Transport(read_address(bare.tpm.device))
    esapi = ESAPI(transport)
    attributes = TPMA_NV.OWNERREAD | TPMA_NV.OWNERWRITE
    index = TPMS_NV_PUBLIC(nvIndex=0x01800001, nameAlg=0x000B, attributes=attributes, dataSize=8)
    esapi.nv_define_space(b"", TPM2B_NV_PUBLIC(index))
    esapi.close()
    transport.close()
    before = holdings(bare)
    bare.provision()
    unprovision(bare.settings, bare.unlock_key, bare.lockout_secret)
    assert holdings(bare) == before


def test_a_wrong_lockout_secret_takes_nothing_back(bare):
    bare.provision()
    before = holdings(bare)
    assert reason(lambda: unprovision(bare.settings, bare.unlock_key, bytes(32))) == "authorization"
    assert holdings(bare) == before
    assert is_pinned(bare.directory)
    bare.open().forget()


@pytest.mark.parametrize("counters_that_fit", [0, 1])
def test_a_full_tpm_is_left_as_it_was(bare, counters_that_fit):
    """TPMs keep some room for counters, so there must be no room for those either, or not enough."""
    transport = Transport(read_address(bare.tpm.device))
    esapi, index = ESAPI(transport), 0x01801000
    for kind, size in ((0, 512), (0, 64), (0, 8), (1 << 4, 8)):
        while True:
            attributes = TPMA_NV.OWNERREAD | TPMA_NV.OWNERWRITE | kind
            storage = TPMS_NV_PUBLIC(nvIndex=index, nameAlg=0x000B, attributes=attributes, dataSize=size)
            try:
                last = esapi.nv_define_space(b"", TPM2B_NV_PUBLIC(storage))
            except TSS2_Exception:
                break
            index += 1
    if counters_that_fit:
        esapi.nv_undefine_space(last)
    esapi.close()
    transport.close()
    before = holdings(bare)
    assert reason(bare.provision) == "nv-full"
    assert holdings(bare) == before
    assert not is_pinned(bare.directory)
    with opened(bare.settings) as chip:
        assert not chip.facts.lockout_auth_set


def test_a_disk_that_is_full_leaves_the_tpm_as_it_was(bare, monkeypatch):
    """Above all without a lockout secret that nobody is asked for again."""
    before = holdings(bare)
    with opened(bare.settings) as chip:
        facts = chip.facts

    def full(*_):
        raise PlatformRefused("pinned", "no space left")

    with monkeypatch.context() as patched:
        patched.setattr("warifu.tee.tpm.provisioning.write_pinned", full)
        assert reason(bare.provision) == "pinned"
    assert holdings(bare) == before
    with opened(bare.settings) as chip:
        assert chip.facts == facts
    bare.provision()


@pytest.mark.parametrize("cut_at", [3, 12, 20, 28, 36])
def test_a_set_up_that_was_cut_off_is_completed_by_the_next(bare, wire, cut_at):
    with Interposer(bare.tpm.socket, wire) as interposer:
        interposer.alter = lambda _command, answer: answer if len(interposer.seen) <= cut_at else None
        settings = bare.settings_for(interposer.device)
        assert (
            reason(lambda: provision(settings, bare.unlock_key, bare.choices, bare.lockout_secret))
            == "unreachable"
        )
    assert not is_pinned(bare.directory)
    with opened(bare.settings) as chip:
        known = Authorizations(lockout=bare.lockout_secret if chip.facts.lockout_auth_set else b"")
    provision(bare.settings, bare.unlock_key, bare.choices, bare.lockout_secret, known)
    kept = holdings(bare)
    bare.approve_boot()
    platform = bare.open()
    assert platform.unseal(platform.seal(b"x", b"c"), b"c") == b"x"
    ours = {platform._pinned.root_handle, *(at.index for at in platform._pinned.counters)}
    ours.add(platform._pinned.approvals_counter.index)
    platform.forget()
    assert len(ours) == 3, "nothing was made twice"
    assert ours <= kept[0] | kept[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pcrs": (7, 16)},
        {"pcrs": (23,)},
        {"pcrs": ()},
        {"update_key": bytes(65)},
        {"counters": ()},
        {"counters": ("epoch", "approvals")},
        {"limits": GuessLimits(0, 1, 1)},
        {"limits": GuessLimits(3, 0, 1)},
        {"limits": GuessLimits(101, 1, 1)},
    ],
)
def test_choices_that_make_no_sense_are_refused_before_the_tpm_is_touched(home, tmp_path, wrong):
    (tmp_path / "new").mkdir()
    fresh = Home(home.tpm, tmp_path / "new")
    choices = Choices(**{"update_key": fresh.choices.update_key, **wrong})
    fresh.tpm.stop()
    with pytest.raises(InputRefused):
        provision(fresh.settings, fresh.unlock_key, choices, fresh.lockout_secret)


def test_a_short_lockout_secret_is_refused(bare):
    assert (
        reason(lambda: provision(bare.settings, bare.unlock_key, bare.choices, b"0000")) == "lockout-secret"
    )
    assert len(new_lockout_secret()) == 32
    assert new_lockout_secret() != new_lockout_secret()


def test_two_devices_share_a_tpm_without_knowing_of_each_other(home, tmp_path):
    (tmp_path / "second").mkdir()
    second = Home(home.tpm, tmp_path / "second")
    known = Authorizations(lockout=home.lockout_secret)
    provision(second.settings, second.unlock_key, second.choices, second.lockout_secret, known)
    second.approve_boot()
    theirs = second.open()
    sealed = theirs.seal(b"x", b"c")
    theirs.forget()
    ours = home.open()
    assert reason(lambda: ours.unseal(sealed, b"c")) == "unseal"
    ours.forget()
    unprovision(second.settings, second.unlock_key, home.lockout_secret)
    ours = home.open()
    assert ours.unseal(ours.seal(b"x", b"c"), b"c") == b"x"
    ours.forget()


@pytest.mark.parametrize("who_leaves", ["the first", "the second"])
def test_two_devices_that_begin_to_look_at_one_place_have_a_root_key_each(home, tmp_path, who_leaves):
    """Both keys have one name, because they come from one seed: who leaves takes its own with it, and no other."""
    place = places(home.unlock_key)[0]
    twin = next(key for _ in range(10_000) if places(key := os.urandom(32))[0] == place)
    (tmp_path / "second").mkdir()
    second = Home(home.tpm, tmp_path / "second", twin)
    known = Authorizations(lockout=home.lockout_secret)
    provision(second.settings, second.unlock_key, second.choices, second.lockout_secret, known)
    second.approve_boot()
    leaves, stays = (home, second) if who_leaves == "the first" else (second, home)
    platform = stays.open()
    sealed = platform.seal(b"x", b"c")
    platform.forget()
    unprovision(leaves.settings, leaves.unlock_key, home.lockout_secret)
    platform = stays.open()
    assert platform.unseal(sealed, b"c") == b"x"
    platform.forget()


def places(unlock_key: bytes) -> list[int]:
    """Where a device looks for a place for its storage root key, in this order."""
    return list(provisioning._places(Keys(unlock_key)))


@pytest.mark.slow
def test_the_tpm_recovers_by_itself_after_its_time(bare):
    bare.limits = GuessLimits(2, 2, 86400)
    bare.provision()
    bare.approve_boot()
    platform = bare.open()
    sealed = platform.seal(b"share", b"c", auth=AUTH)
    for _ in range(10):
        if reason(lambda: platform.unseal(sealed, b"c", auth=os.urandom(32))) == "locked-out":
            break
    deadline = time.monotonic() + 60
    while True:
        try:
            assert platform.unseal(sealed, b"c", auth=AUTH) == b"share"
            break
        except PlatformRefused as refused:
            assert refused.reason == "locked-out"
            assert time.monotonic() < deadline
            time.sleep(0.5)
    platform.forget()
