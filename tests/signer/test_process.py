"""The enclave process for real: started, shut in, spoken to over its one descriptor, killed and started again."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from nacl.utils import random
from tests.support.enclaves import Enclave, enclave_device
from tests.support.simulator import COIN, THIEF_SCRIPT, Household, replaced_output, signed

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.transaction import TxOutput
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    AskStatus,
    Challenge,
    JoinCommit,
    JoinOwner,
    JoinReveal,
    Presence,
    Reply,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.operator import (
    AskStorageKey,
    BeginJoin,
    ConfirmJoin,
    Joined,
    OperatorRefused,
    Ready,
    ShowAuthenticationString,
    StorageKey,
)
from warifu.units import Satoshi

pytestmark = pytest.mark.real


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "enclave"


def join(signer: Enclave) -> Joined:
    signer.say(Origin.OPERATOR, encode(BeginJoin("kitchen", random(16))))
    assert isinstance(signer.hear(), JoinCommit)
    signer.say(Origin.SERVICE, encode(JoinOwner(IdentityKey.generate().public, random(32))))
    assert isinstance(signer.hear(), JoinReveal)
    assert isinstance(signer.hear(), ShowAuthenticationString)
    signer.say(Origin.OPERATOR, encode(ConfirmJoin(True)))
    joined = signer.hear()
    assert isinstance(joined, Joined)
    return joined


def test_a_device_joins_and_is_still_the_same_after_it_was_killed(directory):
    key = random(32)
    with Enclave(directory, key) as signer:
        ready = signer.hear()
        assert isinstance(ready, Ready) and not ready.joined
        assert dict(ready.isolation)["seccomp"] == "on"
        joined = join(signer)
        signer.process.kill()
    with Enclave(directory, key) as signer:
        ready = signer.hear()
        assert isinstance(ready, Ready) and ready.joined
        nonce = random(32)
        signer.say(Origin.SERVICE, encode(Challenge(nonce)))
        presence = signer.hear()
        assert isinstance(presence, Presence) and presence.identity == joined.identity
        verify(presence.identity, presence.signature, "presence", nonce)


def test_the_storage_key_is_the_operators_and_the_same_at_every_start(directory):
    key, storage_keys = random(32), set()
    for _ in range(2):
        with Enclave(directory, key) as signer:
            signer.hear()
            signer.say(Origin.OPERATOR, encode(AskStorageKey()))
            answer = signer.hear()
            assert isinstance(answer, StorageKey)
            storage_keys.add(answer.key)
            signer.say(Origin.SERVICE, encode(AskStorageKey()))  # from the network: not even understood
            signer.say(Origin.SERVICE, encode(AskStatus(1)))
            assert isinstance(signer.hear(), Reply)
    assert len(storage_keys) == 1


def test_a_foreign_unlock_key_is_said_and_the_process_ends(directory):
    with Enclave(directory, random(32)) as signer:
        assert isinstance(signer.hear(), Ready)
    with Enclave(directory, random(32)) as signer:
        refused = signer.hear()
        assert isinstance(refused, OperatorRefused)
        assert (refused.refusal.family, refused.refusal.reason) == ("store", "sealed")
        assert signer.process.wait(60) == 9


def test_it_ends_by_itself_when_the_connection_does(directory):
    with Enclave(directory, random(32)) as signer:
        signer.hear()
        signer.hang_up()
        assert signer.process.wait(60) == 0
        assert not list(signer.process.log)


def test_a_stream_that_is_no_frames_ends_it(directory):
    with Enclave(directory, random(32)) as signer:
        signer.hear()
        signer.say_raw(b"\xff" * 64)
        assert signer.process.wait(60) == 2


def test_two_processes_never_share_a_store(directory):
    key = random(32)
    with Enclave(directory, key) as first:
        assert isinstance(first.hear(), Ready)
        with Enclave(directory, key) as second:
            refused = second.hear()
            assert isinstance(refused, OperatorRefused)
            assert refused.refusal.reason in ("in-use", "unreadable")


def test_its_argument_list_and_environment_hold_nothing_secret(directory):
    key = random(32)
    with Enclave(directory, key) as signer:
        signer.hear()
        pid = signer.process.pid
        with contextlib.suppress(PermissionError):  # then nobody else can read it either
            seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
            assert key not in seen and key.hex().encode() not in seen


# --- whole ceremonies among isolated processes -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(shared_path):
    household = Household(shared_path, 3, make_device=enclave_device)
    household.make_wallet(2)
    yield household
    household.close()


def test_three_isolated_processes_make_a_wallet_and_two_of_them_sign(home):
    payment = home.pay(coins=((COIN, 70_000), (KeyPath(Branch.CHANGE, 3), 40_000)))
    assert signed(payment, home.sign(payment, ["device0", "device2"]))
    assert home["device0"].result(payment.digest).state == "finished"


def test_a_process_that_was_killed_comes_back_and_signs(home):
    home["device1"].crash()
    with pytest.raises(OSError):
        home["device1"].send(AskStatus(1))
    payment = home.pay(first_coin=5)
    assert signed(payment, home.sign(payment, ["device0", "device2"]))
    home["device1"].start()
    later = home.pay(first_coin=6)
    assert signed(later, home.sign(later, ["device0", "device1"]))


def test_a_wrong_passphrase_and_a_swapped_output_are_refused_by_real_processes(home):
    payment = home.pay(first_coin=7)
    assert home.sign(payment, passphrase="wrong").code == "passphrase.wrong"
    stolen = replaced_output(payment, 0, TxOutput(Satoshi(60_000), THIEF_SCRIPT))
    assert home.sign(stolen).code == "transaction.swapped-output"
    assert signed(payment, home.sign(payment))


def test_damage_is_said_by_the_process_that_finds_it(directory):
    key = random(32)
    with Enclave(directory, key) as signer:
        signer.hear()
    os.truncate(directory / "store" / "store.db", 5_000)
    with Enclave(directory, key) as signer:
        refused = signer.hear()
        assert isinstance(refused, OperatorRefused)
        assert refused.refusal.reason == "altered"
        assert signer.process.wait(60) == 9


def test_a_signer_stays_small(home):
    """What a working signer keeps for itself; what Argon2id took is given back.

    Pages of libraries are not counted: all signers share them, and how many are mapped around those that are used
    depends on what the machine's page cache holds. The bench measures the whole.
    """
    try:
        status = Path(f"/proc/{home['device0'].enclave.process.pid}/status").read_text()
    except PermissionError:
        pytest.skip("another user's process cannot be looked at")
    sizes = {
        line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Rss")
    }
    own = sizes["RssAnon"] + sizes["RssShmem"]
    assert 10 * 1024 < own < 48 * 1024, sizes
