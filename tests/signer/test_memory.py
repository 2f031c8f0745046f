"""Memory that does not go back: each thing that a signer must not forget, and a disk from before it that is put back.

Where the platform counts, the device sees it by itself and does not start. Where it does not, the devices that met it
since see it, and it sees it in them: nothing is signed, it freezes itself, and says why.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.accounts import ETHER, LOCAL, account_request, ether_payment, ethereum_rules
from tests.support.instructing import Owner
from tests.support.simulator import Household, SimulatedDevice, Spend, bitcoin_policy

from warifu.errors import PolicyDenied, StoreDamaged
from warifu.protocol.policy import Policy
from warifu.tee.platform import MonotonicCounter, Platform
from warifu.tee.unsafe_software import UnsafeSoftware

pytestmark = [pytest.mark.unit, pytest.mark.slow]

LIMIT = 150_000
WHO = ["device0", "device1"]


class Counting(SimulatedDevice):
    """Its platform counts, outside of the disk that can be copied."""

    count = 0

    def open_platform(self) -> Platform:
        device = self

        class Counter:
            def read(self) -> int:
                return device.count

            def increment(self) -> int:
                device.count += 1
                return device.count

        class Counts(UnsafeSoftware):
            def counter(self, name: str) -> MonotonicCounter | None:
                return Counter()

        return Counts(self.unlock_key)


def policy() -> Policy:
    return bitcoin_policy(per_day=LIMIT, others=[ethereum_rules()])


def household(root: Path, *, counting: bool, strict: bool = False) -> Household:
    made = Household(root, 3)
    if counting:
        device = made["device1"]
        device.crash()
        shutil.rmtree(device.directory)
        made.devices["device1"] = Counting("device1", device.directory, made.clock)
        made["device1"].join(made.owner)
    made.make_wallet(2, msgspec.structs.replace(policy(), strict=strict), schemes=("bip340", "ecdsa"))
    return made


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    made = household(tmp_path, counting=False)
    yield made
    made.close()


def copied(device: SimulatedDevice) -> Path:
    device.crash()
    copy = Path(shutil.copytree(device.directory, device.directory.with_name(f"{device.name}-copy")))
    device.start()
    return copy


def put_back(device: SimulatedDevice, copy: Path) -> None:
    device.crash()
    shutil.rmtree(device.directory)
    shutil.copytree(copy, device.directory)
    device.start()


# --- what must not be forgotten --------------------------------------------------------------------------------------


def spend(home: Household) -> None:
    """What was spent, and with it the nonces that it was signed with, which never were on the disk."""
    assert home.sign(home.pay(99_000, first_coin=1), WHO).finished
    assert home["device1"].status().wallets[0].spent_today


def type_a_wrong_passphrase(home: Household) -> None:
    left = home["device1"].status().wallets[0].tries_left
    home.sign(home.pay(1_000, first_coin=2), WHO, passphrase="not it")
    assert home["device1"].status().wallets[0].tries_left == left - 1


def use_a_presignature(home: Household) -> None:
    assert home.birth is not None
    account = home["device1"].device.wallets.born(home.birth.wallet_id).ethereum
    unsigned = ether_payment(ETHER // 100)
    request = account_request(home.birth.wallet_id, LOCAL, unsigned, account, home.clock())
    before = home["device1"].status().wallets[0].correlations
    assert home.sign(Spend(request, unsigned), WHO).finished
    assert home["device1"].status().wallets[0].correlations != before


def tighten_the_policy(home: Household) -> None:
    owner = Owner(home)
    tighter = bitcoin_policy(per_day=LIMIT, per_transaction=50_000, others=[ethereum_rules()])
    owner.tell_all(owner.change(tighter))
    assert home["device1"].status().wallets[0].revision == 2


def announce_a_destination(home: Household) -> None:
    owner = Owner(home)
    notice = owner.notice(destinations=[home.pay().request.outflows[0].to])
    assert [answer.state for answer in owner.tell_all(notice)] == ["done"] * 3


def freeze_the_wallet(home: Household) -> None:
    owner = Owner(home)
    owner.tell_all(owner.freeze())


DEEDS = [
    spend,
    type_a_wrong_passphrase,
    use_a_presignature,
    tighten_the_policy,
    announce_a_destination,
    freeze_the_wallet,
]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_a_device_whose_platform_counts_does_not_start_from_a_disk_of_before(tmp_path, deed):
    home = household(tmp_path, counting=True)
    device = home["device1"]
    assert not home.correlate(2, WHO).failed
    old = copied(device)
    assert not home.correlate(2, WHO).failed
    deed(home)
    with pytest.raises(StoreDamaged) as refused:
        put_back(device, old)
    assert refused.value.code == "store.rolled-back"
    del home.devices["device1"]
    home.close()


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_where_it_does_not_count_the_devices_that_met_it_since_know(home, deed):
    device = home["device1"]
    old = copied(device)
    assert not home.correlate(2, WHO).failed
    deed(home)
    home.clock.pass_(60)
    home.sign(home.pay(2_000, first_coin=8), WHO)  # they meet, whatever comes of it
    put_back(device, old)
    outcome = home.sign(home.pay(2_000, first_coin=9), WHO)
    assert not outcome.finished
    if deed in (tighten_the_policy, freeze_the_wallet):
        return  # with other rules in force it is left out before anybody looks at its journal
    assert (outcome.failed["device0"].code, outcome.failed["device0"].blame) == (
        "peer.rolled-back",
        "device1",
    )
    assert outcome.failed["device1"].code == "store.rolled-back"
    assert "put back" in (device.status().frozen or "")


def test_a_limit_cannot_be_spent_twice_by_putting_back_the_disk(home):
    """The limit is spent, the disk of before is put back, and the limit is tried again."""
    device = home["device1"]
    old = copied(device)
    assert home.sign(home.pay(140_000, first_coin=1), WHO).finished
    assert home.sign(home.pay(140_000, first_coin=2), WHO).code == "policy.window-limit"
    home.carry("device0", "device2")  # as the service does after each transfer
    put_back(device, old)
    again = home.pay(140_000, first_coin=3)
    assert device.decide(again.request, again.unsigned).allowed, "to itself, nothing was spent"
    for other in ("device0", "device2"):
        outcome = home.sign(again, [other, "device1"])
        assert outcome.codes[other] == "policy.window-limit" and not outcome.finished
    within = home.sign(home.pay(5_000, first_coin=4), WHO)  # of device0's limit that much is left: they meet
    assert within.codes == {"device0": "peer.rolled-back", "device1": "store.rolled-back"}
    refusal = within.failed["device1"]
    assert "an old state of this device was put back" in refusal.message and "device0" in refusal.message


def test_an_acknowledgement_is_not_taken_back_by_an_old_disk(tmp_path):
    """Strict: device2 counted it, and met nobody. Where its platform does not count, its peers' notes tell it."""
    home = household(tmp_path, counting=False, strict=True)
    device = home["device2"]
    old = copied(device)
    payment = home.pay(149_000, first_coin=1)
    assert home.sign_strictly(payment, WHO, home.names).finished
    put_back(device, old)
    second = home.pay(149_000, first_coin=2)
    for other in ("device0", "device1"):
        home.carry(other, "device2")
    with pytest.raises(PolicyDenied) as refused:
        home.acknowledged(second, ["device2"])
    assert refused.value.reason == "window-limit"
    home.close()


def test_a_device_is_told_of_its_own_spends_that_it_forgot(home):
    """device1 and a copy of it that was made before: what it signed then, device0 still tells."""
    device = home["device1"]
    old = copied(device)
    assert home.sign(home.pay(99_000, first_coin=1), WHO).finished
    home.carry("device1", "device2")
    put_back(device, old)
    home.carry("device2", "device1")
    assert device.status().wallets[0].spent_today
