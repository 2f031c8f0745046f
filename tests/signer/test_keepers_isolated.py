"""A device without a sealing key as a real, isolated process: it waits behind its walls, and opens its store there.

The platform is a simulation, put into the process's registry before its walls stand; the process is the product's. Its
keepers are signers in this process.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from nacl.utils import random
from tests.support.enclaves import Enclave, EnclaveDevice, let_pass
from tests.support.keyless import Home
from tests.support.peer_release import FORMAT, SimulatedVerifier
from tests.support.simulator import signed

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import AskKeeper, AskStatus, BootPresence, Challenge, Reply, Status
from warifu.protocol.framing import FrameReader, Origin
from warifu.protocol.operator import OperatorRefused, Ready, Waiting
from warifu.signer import hand_outs
from warifu.signer.isolation.layer import PlatformChoice
from warifu.signer.isolation.spawn import spawn_python

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = f"""
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
from warifu.signer.isolation.handover import receive
handover = receive()
from tests.support.simulated_tee import put_in_place
put_in_place()
from warifu.signer.running import run
sys.exit(run(handover))
"""


@pytest.fixture(autouse=True)
def simulated_vendor(monkeypatch):
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))
    monkeypatch.setattr(hand_outs, "WITHOUT_SEALING_KEY", {FORMAT})


class Keyless(Enclave):
    """The process of a device on the simulated platform, on which ``image`` runs."""

    def __init__(self, directory: Path, unlock_key: bytes, image: str = "v1") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        let_pass(directory)
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(30)
        self._reader = FrameReader()
        self._waiting: list[Any] = []
        platform = PlatformChoice(name=FORMAT, device=image)
        with theirs:
            self.process = spawn_python(("-c", PROGRAM), theirs, directory, unlock_key, platform=platform)

    def __enter__(self) -> Keyless:
        return self

    def status(self) -> Status:
        self.say(Origin.SERVICE, encode(AskStatus(1)))
        while not isinstance(answer := self.hear(), Reply):
            pass
        return decode(Status, answer.answer, 2**20)

    def until_it_says(self, kind: type[Any], home: Home) -> Any:
        """Carry its questions to the keepers until it says a ``kind`` to its operator."""
        while True:
            word = self.hear()
            if isinstance(word, kind):
                return word
            if isinstance(word, AskKeeper):
                self.say(Origin.SERVICE, encode(home.deliver(word)))


def test_a_first_start_opens_alone_says_that_nobody_holds_its_secret_and_cannot_be_repeated(tmp_path):
    directory, key = tmp_path / "server", random(32)
    with Keyless(directory, key) as signer:
        ready = signer.hear()
        assert isinstance(ready, Ready) and not ready.joined
        status = signer.status()
        assert status.not_held and status.platform == FORMAT
    with Keyless(directory, key) as signer:
        refused = signer.hear()
        assert isinstance(refused, OperatorRefused)
        assert refused.refusal.reason == "never-handed-out"
        assert signer.process.wait(60) == 9


class IsolatedServer(EnclaveDevice):
    """The server of a household as a process, from its first start on."""

    home: Home

    def start(self) -> None:
        self.enclave = Keyless(self.directory, self.unlock_key)
        word = self.enclave.hear()
        if isinstance(word, Waiting):
            self.enclave.say(Origin.SERVICE, encode(Challenge(random(32))))
            word = self.enclave.until_it_says(Ready, self.home)
        assert isinstance(word, Ready), word
        self._identity = self.status().identity


@pytest.mark.slow
def test_its_whole_life_behind_its_walls(tmp_path):
    """Enrolled, in a wallet, handed out, killed, opened by its keepers, handed out anew, killed, and it signs."""
    home = Home(
        tmp_path,
        make_server=lambda name, place, clock: IsolatedServer(name, place, clock, unlock_key=random(32)),
    )
    server = home.household["server"]
    assert isinstance(server, IsolatedServer)
    server.home = home
    assert server.status().not_held
    for threshold in (2, 1):
        outcome = home.hand_out(threshold=threshold)
        assert not outcome.failed, outcome.codes
        server.restart()
        assert set(server.status().held_by) == {home.household[name].identity for name in home.names}
    payment = home.household.pay()
    assert signed(payment, home.household.sign(payment, ["server", "keeper0"]))
    for device in home.household.devices.values():
        device.close()


def test_behind_its_walls_it_waits_for_its_keepers_and_then_opens_its_own_store(tmp_path):
    home = Home(tmp_path)
    assert not home.hand_out().failed
    server = home.server
    identity, length = server.identity, server.status().journal_length
    home.power_cut()
    home.off = {"keeper1"}
    with Keyless(server.directory, server.unlock_key) as signer:
        first = signer.hear()
        assert isinstance(first, Waiting) and first.needed == 2
        signer.say(Origin.SERVICE, encode(Challenge(random(32))))
        assert isinstance(signer.hear(), BootPresence)
        seen: list[Waiting] = []
        while not seen or seen[-1].needed == 2 or "off" not in {item.state for item in seen[-1].keepers}:
            seen.append(signer.until_it_says(Waiting, home))
        assert {item.name: item.state for item in seen[-1].keepers} == {
            "keeper0": "released",
            "keeper1": "off",
        }
        home.off.clear()
        ready = signer.until_it_says(Ready, home)
        assert ready.joined and dict(ready.isolation)["seccomp"] == "on"
        status = signer.status()
        assert (status.identity, status.journal_length) == (identity, length)
        assert set(status.held_by) == {home.household[name].identity for name in home.names}
    for name in home.names:
        home.household[name].close()


def test_another_program_waits_in_vain_and_ends_when_its_agent_does(tmp_path):
    home = Home(tmp_path)
    assert not home.hand_out().failed
    home.power_cut()
    with Keyless(home.server.directory, home.server.unlock_key, "another program") as signer:
        assert isinstance(signer.hear(), Waiting)
        signer.say(Origin.SERVICE, encode(Challenge(random(32))))
        seen: list[Waiting] = []
        while not seen or {item.state for item in seen[-1].keepers} != {"refused"}:
            seen.append(signer.until_it_says(Waiting, home))
        assert {item.refusal.reason for item in seen[-1].keepers if item.refusal is not None} == {"evidence"}
        signer.hang_up()
        assert signer.process.wait(60) == 0
    for name in home.names:
        home.household[name].close()
