"""Counters in the TPM only ever grow; where one is gone, that is an error and no new beginning."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from tpm2_pytss import ESYS_TR, TPM2_RC, TPM2B_NV_PUBLIC, TPMA_NV, TPMS_NV_PUBLIC, TSS2_Exception

from warifu.attestation.tpm.bundle import read_bundle
from warifu.attestation.tpm.structures import read_certified_counter
from warifu.errors import PlatformRefused
from warifu.tee.tpm.counters import Counter, auth_of, undefine
from warifu.tee.tpm.keys import Keys

pytestmark = pytest.mark.real


def reason(call) -> str:
    with pytest.raises(PlatformRefused) as refused:
        call()
    return refused.value.reason


def certified(platform) -> int:
    return read_certified_counter(read_bundle(platform.attest(bytes(64)).body).counter_attest).value


def test_it_counts_and_remembers_over_a_power_loss(home, platform):
    counter = platform.counter("epoch")
    start = counter.read()
    assert [counter.increment() for _ in range(3)] == [start + 1, start + 2, start + 3]
    platform.forget()
    home.tpm.restart()
    again = home.open()
    assert again.counter("epoch").read() == start + 3
    again.forget()


def test_each_name_has_a_counter_of_its_own_from_its_first_use(home, platform):
    epoch, policy = platform.counter("epoch"), platform.counter("policy")
    before = epoch.read()
    policy.increment()
    assert epoch.read() == before
    value = policy.read()
    platform.forget()
    again = home.open()
    assert again.counter("policy").read() == value
    again.forget()


def test_the_evidence_carries_the_count(platform):
    assert certified(platform) == platform.counter("epoch").read()
    platform.counter("epoch").increment()
    assert certified(platform) == platform.counter("epoch").read()


def test_others_can_neither_read_nor_count(platform):
    theirs = Counter(platform._chip, Keys(os.urandom(32)), platform._pinned.counters[0])
    before = platform.counter("epoch").read()
    assert reason(theirs.read) == "counter"
    assert reason(theirs.increment) == "counter"
    assert platform.counter("epoch").read() == before
    assert platform.facts.wrong_tries == 0, "nobody can lock the owner out by trying"


def test_a_counter_that_was_removed_is_missed_and_not_begun_anew(home, platform):
    """Anybody with the TPM's owner authorization (usually empty) can remove it. He cannot do so silently."""
    counter = platform.counter("epoch")
    last = counter.increment()
    undefine(platform._chip, platform._pinned.counters[0])
    for refused in (counter.read, counter.increment, platform.counter("epoch").read):
        assert reason(refused) == "counter"
    assert reason(lambda: platform.attest(bytes(64))) == "counter"
    platform.forget()
    again = home.open()
    assert reason(again.counter("epoch").read) == "counter"
    assert again.counter("another").read() > last - 1, "a new one begins above every count there ever was"
    again.forget()


def test_storage_in_the_place_of_a_counter_is_refused(platform):
    """It could be written at will, by someone who has the unlock key as well, and so the auth value."""
    at = platform._pinned.counters[0]
    undefine(platform._chip, at)
    attributes = TPMA_NV.AUTHREAD | TPMA_NV.AUTHWRITE | TPMA_NV.OWNERWRITE
    storage = TPMS_NV_PUBLIC(nvIndex=at.index, nameAlg=0x000B, attributes=attributes, dataSize=8)
    index = platform._chip.esapi.nv_define_space(auth_of(platform._keys, "epoch"), TPM2B_NV_PUBLIC(storage))
    platform._chip.esapi.nv_write(index, bytes(8), auth_handle=ESYS_TR.OWNER)
    platform._chip.esapi.tr_close(index)
    assert reason(platform.counter("epoch").read) == "counter"


def test_an_old_state_of_a_simulated_tpm_takes_its_counter_back(home, platform):
    """The attack that a simulated TPM cannot withstand, which is why it is never called production. The count in the
    evidence is what lets others, who remember a higher one, notice."""
    platform.counter("epoch").increment()
    platform.forget()
    home.tpm.stop()
    stolen = home.tpm.saved()
    home.tpm.start()
    used = home.open()
    for _ in range(5):
        used.counter("epoch").increment()
    seen_by_peers = certified(used)
    used.forget()
    home.tpm.restore(stolen)
    rolled_back = home.open()
    assert certified(rolled_back) == seen_by_peers - 5
    assert not rolled_back.capabilities.rollback_protected
    rolled_back.forget()


def test_an_interrupted_first_use_is_taken_up_again(home, platform, monkeypatch):
    """Power fails after the TPM made the counter and before the disk knows of it."""

    def fails(*_):
        raise OSError("no power")

    with monkeypatch.context() as patched:
        patched.setattr(platform, "_keep", fails)
        with pytest.raises(OSError, match="no power"):
            platform.counter("policy")
    platform.forget()
    again = home.open()
    indices = again._chip.handles(0x01000000)
    assert again.counter("policy").read() > 0
    assert again._chip.handles(0x01000000) == indices
    again.forget()


def test_a_full_tpm_makes_no_counter_and_says_so(home, platform):
    esapi, index = platform._chip.esapi, 0x01801000
    while True:
        storage = TPMS_NV_PUBLIC(
            nvIndex=index, nameAlg=0x000B, attributes=TPMA_NV.OWNERREAD | TPMA_NV.OWNERWRITE, dataSize=512
        )
        try:
            esapi.nv_define_space(b"", TPM2B_NV_PUBLIC(storage), session1=ESYS_TR.PASSWORD)
        except TSS2_Exception as full:
            assert full.rc == TPM2_RC.NV_SPACE
            break
        index += 1
    fills = _fill_counters(platform)
    assert reason(lambda: platform.counter("too-many")) == "nv-full"
    assert [each.name for each in platform._pinned.counters] == ["epoch", *fills]
    assert platform.counter("epoch").increment() > 0


def _fill_counters(platform) -> list[str]:
    """What is left is less than 512 bytes: some counters still fit."""
    made = []
    for number in range(15):
        try:
            platform.counter(f"c{number}")
        except PlatformRefused:
            break
        made.append(f"c{number}")
    return made
