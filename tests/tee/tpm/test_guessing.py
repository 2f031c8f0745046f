"""A whole signer whose vault stands on a TPM: the chip counts wrong passphrases beside the signer's own count."""

from __future__ import annotations

import pytest

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from tests.support.simulator import PASSPHRASE, Household
from tests.support.tpm_home import extend
from tpm2_pytss import ESYS_TR, TPM2B_NV_PUBLIC, TPMS_NV_PUBLIC

from warifu.tee.tpm.counters import undefine
from warifu.tee.tpm.platform import Tpm
from warifu.tee.tpm.structures import counter_public

pytestmark = pytest.mark.real
WHO = ["device0", "device1"]


@pytest.fixture
def household(tmp_path, platform):
    made = Household(tmp_path / "household", 3)
    made["device0"].device.vault._platform = platform
    made.make_wallet(2)
    yield made
    made.close()


def guess(household: Household, passphrase: str) -> str:
    """One authorized try on device0; the code of the refusal, or "" where the share opened."""
    household.clock.pass_(10_000)
    payment = household.pay()
    opening = household.openings(payment.request, WHO, payment.unsigned, passphrase)["device0"]
    (answer,) = household["device0"].send(opening)
    refusal = getattr(answer, "refusal", None)
    if refusal is None:
        household["device0"].signer.tick()
        return ""
    return f"{refusal.family}.{refusal.reason}"


def tries_left(household: Household) -> int:
    return household["device0"].status().wallets[0].tries_left


def test_a_wallet_is_born_and_opened_with_a_tpm(household):
    assert guess(household, PASSPHRASE) == ""


def test_wrong_passphrases_are_counted_by_signer_and_chip(household, platform: Tpm):
    assert guess(household, "wrong") == "passphrase.wrong"
    assert tries_left(household) == 4
    assert platform.facts.wrong_tries == 1
    assert household["device0"].kinds().count("wrong-passphrase") == 1


def test_the_chip_ends_the_guessing_also_where_the_signers_own_count_is_taken_back(household, platform):
    """The disk is copied back after each try. The chip remembers."""
    device = household["device0"].device
    [wallet] = [each.id for each in device.wallets.all()]
    untouched = device.tries.state(wallet)
    for _ in range(3):
        assert guess(household, "wrong") == "passphrase.wrong"
        device.tries.restore(wallet, untouched)
    assert guess(household, "wrong") == "passphrase.platform-locked-out"
    assert guess(household, PASSPHRASE) == "passphrase.platform-locked-out"


def test_a_locked_chip_costs_no_try_of_the_signers(household):
    for _ in range(3):
        guess(household, "wrong")
    left = tries_left(household)
    assert left == 2
    for _ in range(5):
        assert guess(household, PASSPHRASE) == "passphrase.platform-locked-out"
    assert tries_left(household) == left


def test_a_counter_that_somebody_replaced_is_no_wrong_passphrase(household, platform):
    """Whoever has the TPM's owner authorization could else burn tries, and have the owner doubt his passphrase."""
    chip, at = platform._chip, platform._pinned.approvals_counter
    undefine(chip, at)
    chip.esapi.nv_define_space(b"theirs", _nv_public(at.index), session1=ESYS_TR.PASSWORD)
    index = chip.esapi.tr_from_tpmpublic(at.index)
    chip.esapi.tr_set_auth(index, b"theirs")
    chip.esapi.nv_increment(index, auth_handle=index)
    chip.esapi.tr_close(index)
    for _ in range(6):
        assert guess(household, PASSPHRASE) == "platform.counter"
    assert tries_left(household) == 5


def _nv_public(index: int) -> TPM2B_NV_PUBLIC:
    public, _ = TPMS_NV_PUBLIC.unmarshal(counter_public(index, written=False))
    return TPM2B_NV_PUBLIC(public)


def test_a_kernel_that_is_not_approved_yet_costs_no_try(household, platform):
    extend(platform, 9)
    for _ in range(6):
        assert guess(household, PASSPHRASE) == "platform.measurements"
    assert tries_left(household) == 5
    assert platform.facts.wrong_tries == 0
