"""Setting an appliance up and starting it, as an operator does, with a stand-in for the machine: a thread that says on
the port what a guest says. The machine itself is in ``test_appliance``."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec

from warifu.agent.appliance import running
from warifu.agent.appliance.image import CMDLINE, FIRMWARE, INITRD, KERNEL, VARIABLES
from warifu.agent.appliance.port import BEGIN_BYTES, Begin, Purpose
from warifu.agent.appliance.setting import image_folder, set_image_folder
from warifu.agent.device import DeviceDirectory
from warifu.agent.running import listening
from warifu.cli.boot_approval import read_request, write_approval, write_update_key
from warifu.cli.main import main
from warifu.errors import PlatformRefused, StoreDamaged
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import refusal_of
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.operator import OperatorRefused, Ready
from warifu.tee.tpm.policy import Approval, ApprovalRequest, approve, is_approved

pytestmark = pytest.mark.real

REQUEST = ApprovalRequest(b"r" * 34, b"c" * 34, 1, (0, 4, 9), b"v" * 32)
READY = frame(Origin.OPERATOR, encode(Ready(False, (("seccomp", "on"),))))
KEY = ec.generate_private_key(ec.SECP256R1())


class Guest:
    """What the guest's first process says and hears."""

    def __init__(self, says: Callable[[Guest], None]) -> None:
        self.says = says
        self.begun: list[tuple[Purpose, bytes, bytes]] = []
        self.approvals: list[Approval] = []
        self.stopped = 0

    def boot(self, _place: Path, _image: object, begin: Begin, *, by: str) -> tuple[Guest, socket.socket]:
        assert by == "tcg"
        ours, self.port = socket.socketpair()
        ours.sendall(begin.packed())
        threading.Thread(target=self._run, daemon=True).start()
        return self, ours

    def stop(self) -> None:
        self.stopped += 1

    def ask(self) -> None:
        self.port.sendall(frame(Origin.OPERATOR, encode(REQUEST)))
        cutter = FrameReader()
        while not (frames := cutter.feed(self.port.recv(4096))):
            pass
        self.approvals.append(decode(Approval, frames[0][1], 4096))

    def refuse(self, reason: str) -> None:
        refusal = refusal_of(PlatformRefused(reason, "refused"))
        self.port.sendall(frame(Origin.OPERATOR, encode(OperatorRefused(refusal))))

    def _run(self) -> None:
        with self.port:
            begin = Begin.unpacked(bytearray(self.port.recv(BEGIN_BYTES, socket.MSG_WAITALL)))
            self.begun.append((begin.purpose, bytes(begin.unlock_key), begin.update_key))
            self.says(self)
            self.port.recv(1)  # until the host hangs up


def asks(guest: Guest) -> None:
    guest.ask()
    guest.port.sendall(READY)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """(a guest that says this, the command's arguments)."""
    image = tmp_path / "image"
    image.mkdir()
    for name in (KERNEL, INITRD, CMDLINE, FIRMWARE, VARIABLES):
        (image / name).write_bytes(b"x")
    key = tmp_path / "unlock.key"
    key.write_text("ab" * 32 + "\n")
    key.chmod(0o600)

    def made(says: Callable[[Guest], None]) -> tuple[Guest, list[str]]:
        guest = Guest(says)
        monkeypatch.setattr(running, "boot", guest.boot)
        monkeypatch.setattr(running, "prepared", lambda device: device / "appliance")
        monkeypatch.setattr(running, "accelerator", lambda _emulator, _kernel: "tcg")
        monkeypatch.setattr(running, "tool", lambda name: name)
        device = tmp_path / "device"
        return guest, ["--image", str(image), "--device-dir", str(device), "--unlock-key", str(key)]

    return made


def command(
    *arguments: str, approval: Callable[[ApprovalRequest], Approval] | None = None
) -> tuple[int, str]:
    """The exit status and the output; the approval is typed where it is asked for."""
    answer = write_approval((approval or (lambda request: approve(KEY, request)))(REQUEST))
    result = CliRunner().invoke(
        main,
        ["appliance", *arguments],
        input=f"{'y' if arguments[0] == 'set-up' else ''}\n{answer}\n".lstrip(),
    )
    return result.exit_code, result.output + str(result.exception or "")


def set_up(arguments: list[str]) -> tuple[int, str]:
    return command("set-up", *arguments, "--update-key", write_update_key(KEY))


def test_setting_up_hands_the_owners_key_over_and_brings_the_approval_back(stage, tmp_path):
    guest, arguments = stage(asks)
    status, said = set_up(arguments)
    assert status == 0, said
    ((purpose, unlock_key, point),) = guest.begun
    assert (purpose, unlock_key) == (Purpose.SET_UP, b"\xab" * 32)
    (approval,) = guest.approvals
    assert is_approved(point, REQUEST, approval.signature)
    (shown,) = [word for word in said.split() if word.startswith("warifu-boot:")]
    assert read_request(shown) == REQUEST
    assert image_folder(tmp_path / "device") == tmp_path / "image"
    assert guest.stopped == 1


@pytest.mark.parametrize("refusing", ["instead of asking", "the answer"])
def test_where_the_guest_refuses_the_device_is_no_appliance(stage, tmp_path, refusing):
    def refuses(guest: Guest) -> None:
        if refusing == "the answer":
            guest.ask()
        guest.refuse("measurements")

    guest, arguments = stage(refuses)
    status, said = set_up(arguments)
    assert status != 0
    assert "refused" in said
    assert image_folder(tmp_path / "device") is None
    assert guest.stopped == 1


def test_a_guest_that_ends_or_talks_nonsense_is_told_and_switched_off(stage, tmp_path):
    for says in (
        lambda guest: guest.port.shutdown(socket.SHUT_RDWR),
        lambda guest: guest.port.sendall(READY),
    ):
        guest, arguments = stage(says)
        status, said = set_up(arguments)
        assert status != 0
        assert "the appliance" in said
        assert image_folder(tmp_path / "device") is None
        assert guest.stopped == 1


def test_a_device_that_ran_as_a_process_does_not_become_an_appliance(stage, tmp_path):
    guest, arguments = stage(asks)
    (tmp_path / "device" / "enclave" / "store").mkdir(parents=True)
    status, _ = set_up(arguments)
    assert status != 0
    assert not guest.begun


def test_another_image_is_taken_only_with_the_owners_approval(stage, tmp_path):
    guest, arguments = stage(asks)
    status, said = command("update", *arguments)
    assert status != 0, "it was no appliance"
    assert not guest.begun
    assert set_up(arguments)[0] == 0
    other = tmp_path / "other"
    (tmp_path / "image").rename(other)
    arguments[1] = str(other)
    guest, _ = stage(lambda guest: guest.refuse("measurements"))
    assert command("update", *arguments)[0] != 0
    assert image_folder(tmp_path / "device") == tmp_path / "image"
    guest, _ = stage(asks)
    status, said = command("update", *arguments)
    assert status == 0, said
    assert guest.begun[0][0] is Purpose.APPROVE
    assert image_folder(tmp_path / "device") == other


async def test_an_appliance_is_started_where_a_device_is_one(stage, tmp_path):
    guest, _ = stage(lambda guest: guest.port.sendall(READY))
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()
    set_image_folder(directory.path, tmp_path / "image")
    key = bytearray(b"k" * 32)
    async with listening(directory, key, lambda _line: None) as (_agent, ready, _pump):
        assert not ready.joined
    assert not any(key)
    assert guest.begun == [(Purpose.WORK, b"k" * 32, bytes(65))]
    assert guest.stopped == 1


async def test_what_keeps_its_share_shut_is_what_the_operator_reads(stage, tmp_path):
    guest, _ = stage(lambda guest: guest.refuse("measurements"))
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()
    set_image_folder(directory.path, tmp_path / "image")
    with pytest.raises(PlatformRefused) as refused:
        async with listening(directory, bytearray(32), lambda _line: None):
            pass
    assert refused.value.reason == "measurements"
    assert guest.stopped == 1


@pytest.mark.parametrize(
    "content", ["", "{}", '{"version":2,"image":"/i"}', '{"version":1,"image":"relative"}']
)
def test_a_damaged_setting_is_told_and_never_read_as_no_appliance(tmp_path, content):
    (tmp_path / "appliance.json").write_text(content)
    with pytest.raises(StoreDamaged):
        image_folder(tmp_path)
