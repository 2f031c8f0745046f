"""The passphrase's gate: what a wrong one costs, and that neither killing nor rewinding the device makes it cheaper."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.founding import founded
from tests.support.simulator import GENEROUS, PASSPHRASE, Household, SimulatedDevice, signed

from warifu.errors import HostUnsuitable
from warifu.signer.gate import DELAYS

pytestmark = pytest.mark.unit
WHO = ["device0", "device1"]


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2)
    yield household
    household.close()


def guess(home: Household, passphrase: str = "wrong") -> str:
    """One authorized try on device0 alone; the code of the refusal, or "" where the share opened."""
    payment = home.pay()
    opening = home.openings(payment.request, WHO, payment.unsigned, passphrase)["device0"]
    (answer,) = home["device0"].send(opening)
    refusal = getattr(answer, "refusal", None)
    if refusal is None:
        home["device0"].signer.tick()
        return ""
    return f"{refusal.family}.{refusal.reason}"


def tries_left(device: SimulatedDevice) -> int:
    return device.status().wallets[0].tries_left


def test_a_wrong_passphrase_is_said_counted_and_written_down(home):
    assert guess(home) == "passphrase.wrong"
    assert tries_left(home["device0"]) == 4
    assert home["device0"].kinds().count("wrong-passphrase") == 1


def test_the_right_one_clears_the_count(home):
    guess(home)
    assert guess(home, PASSPHRASE) == ""
    assert tries_left(home["device0"]) == 5


def test_tries_wait_longer_and_longer_until_the_device_is_locked(home):
    waits = []
    for _ in range(5):
        assert guess(home) == "passphrase.wrong"
        state = home["device0"].status().wallets[0]
        waits.append(max(0, state.next_try - home.clock()))
        if waits[-1] and state.tries_left:
            assert guess(home) == "passphrase.must-wait"
            assert (
                home["device0"].status().wallets[0].tries_left == state.tries_left
            )  # asking too early costs none
        home.clock.pass_(waits[-1])
    assert waits == list(DELAYS[1:6])
    home.clock.pass_(10**6)
    assert guess(home, PASSPHRASE) == "passphrase.locked-out"
    assert tries_left(home["device0"]) == 0


def test_the_error_says_how_long_to_wait_and_what_is_left(home):
    guess(home)
    payment = home.pay()
    answer = home["device0"].send(home.openings(payment.request, WHO, payment.unsigned, "no")["device0"])[0]
    assert answer.refusal.retry_after == 5
    assert "3 tries are left" in answer.refusal.message
    assert "no" not in answer.refusal.message.split()


def test_a_locked_device_stays_locked_over_restarts_and_the_others_still_sign(home):
    for _ in range(5):
        guess(home)
        home.clock.pass_(10_000)
    home["device0"].restart()
    assert guess(home, PASSPHRASE) == "passphrase.locked-out"
    payment = home.pay()
    assert signed(payment, home.sign(payment, ["device1", "device2"]))


def test_the_delay_outlives_a_restart_and_a_clock_that_is_set_back(home):
    guess(home), guess(home)
    home["device0"].restart()
    assert guess(home, PASSPHRASE) == "passphrase.must-wait"
    home.clock.pass_(-4)
    home["device0"].restart()
    assert guess(home, PASSPHRASE) == "passphrase.must-wait"
    home.clock.pass_(9)
    assert guess(home, PASSPHRASE) == ""


class Killed(BaseException):
    """The process is gone. No ``except Exception`` sees it."""


def test_killing_the_device_in_the_middle_of_a_check_wins_no_try(home):
    device = home["device0"]

    def killed(*_):
        raise Killed

    for count in range(1, 6):
        device.device.vault._stretch = killed
        with pytest.raises(Killed):
            guess(home, PASSPHRASE)
        device.restart()
        assert tries_left(device) == 5 - count
        home.clock.pass_(10_000)
    assert guess(home, PASSPHRASE) == "passphrase.locked-out"


def test_a_machine_without_memory_for_the_check_burns_no_try(home):
    """Else another program that fills the memory would have the owner locked out by his own right passphrase."""
    device = home["device0"]
    guess(home), guess(home)
    home.clock.pass_(10)
    before = device.status().wallets[0]

    def starved(*_):
        raise HostUnsuitable("memory", "no memory")

    enough, device.device.vault._stretch = device.device.vault._stretch, starved
    for _ in range(7):
        assert guess(home, PASSPHRASE) == "host.memory"
        assert device.status().wallets[0] == before
    device.device.vault._stretch = enough
    assert guess(home, PASSPHRASE) == ""


def test_only_an_owner_can_burn_tries(home):
    """What the service alone can send: old authorizations, foreign envelopes, replays. None of it is a try."""
    payment = home.pay()
    used = home.openings(payment.request, WHO, payment.unsigned)
    home.run(used)
    fresh = home.pay(first_coin=3)
    mine = home.openings(fresh.request, WHO, fresh.unsigned, "a guess of the service")
    for opening in (
        used["device0"],
        type(used["device0"])(
            bytes(16),
            used["device0"].authorization,
            mine["device0"].envelope,
            used["device0"].participants,
            payment.unsigned,
        ),
    ):
        home["device0"].send(opening)
    assert tries_left(home["device0"]) == 5


def test_each_wallet_has_tries_of_its_own(tmp_path):
    home = Household(tmp_path, 2)
    home.make_wallet(1)
    first = home.birth
    assert first is not None
    guess(home)
    second = home.make_wallet(1, GENEROUS)
    left = {wallet.wallet_id: wallet.tries_left for wallet in home["device0"].status().wallets}
    assert left == {first.wallet_id: 4, second.wallet_id: 5}
    home.close()


def test_the_passphrase_is_compared_byte_by_byte_and_may_be_as_long_as_its_envelope(tmp_path):
    home = Household(tmp_path, 1)
    long = "ひ" * 84
    request = home.new_wallet_request(1)
    assert home.run(home.openings(request, ["device0"], passphrase=long)).finished
    home.close()
