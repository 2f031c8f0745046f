"""Which TPM is opened, which is refused, and what something on the wires in between can see and do."""

from __future__ import annotations

import dataclasses
import os
import socket
import sys

import pytest

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from tests.support.interposer import Interposer, command_code
from tpm2_pytss import ESAPI, ESYS_TR, TPM2B_SENSITIVE_CREATE, TSS2_Exception

from warifu.errors import PlatformRefused
from warifu.tee import tpm
from warifu.tee.platform import PlatformSettings
from warifu.tee.registry import open_platform
from warifu.tee.tpm.chip import Facts, public_of, simulated
from warifu.tee.tpm.platform import CAPABILITIES, Tpm
from warifu.tee.tpm.structures import attestation_key_template, name_of, sized, storage_root_template
from warifu.tee.tpm.transport import Transport, read_address

pytestmark = pytest.mark.real

AUTH = bytes(range(32))
READ_PUBLIC, UNSEAL, CREATE, NV_READ = 0x173, 0x15E, 0x153, 0x14E


def reason(call) -> str:
    with pytest.raises(PlatformRefused) as refused:
        call()
    return refused.value.reason


# -- which one -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "device",
    [
        "",
        "device:/dev/tpm0",
        "device:/dev/sda",
        "device:/dev/tpmrm0/../sda",
        "/dev/tpmrm0",
        "cmd:sh -c id",
        "mssim",
        "swtpm:host=localhost",
        "swtpm:path=relative",
        "swtpm:path=/" + "x" * 100,
        "swtpm:path=/a b",
        "device:/dev/tpmrm0\n",
    ],
)
def test_anything_else_than_a_device_or_swtpm_is_refused(device):
    """Above all ``cmd:``, which would start a program that is named in a setting."""
    assert reason(lambda: read_address(device)) == "device"


def test_a_tpm_that_is_not_there_is_said_and_nothing_else_is_tried(home):
    home.tpm.stop()
    assert reason(home.open) == "unreachable"


def test_a_simulator_is_refused_outside_development(home):
    settings = dataclasses.replace(home.settings, development=False)
    assert reason(lambda: open_platform(settings, bytearray(home.unlock_key))) == "simulator"


def test_in_development_a_simulator_says_what_it_is(platform):
    claims = {name for name, value in vars(platform.capabilities).items() if value is True}
    assert claims == {"survives_upgrade"}
    assert platform.capabilities.tier == 0


def test_a_real_tpm_claims_what_it_gives_and_no_more():
    assert CAPABILITIES.tier == 1
    assert not CAPABILITIES.memory_isolated_from_root
    assert CAPABILITIES.production and CAPABILITIES.guesses_rate_limited_by_hardware


FACTS = Facts("INTC", "Intel", False, False, False, False, 0, 32, 600, 86400)


@pytest.mark.parametrize(
    ("device", "manufacturer", "vendor", "expected"),
    [
        ("device:/dev/tpmrm0", "INTC", "Intel", False),
        ("device:/dev/tpmrm0", "IFX", "SLB9670", False),
        ("device:/dev/tpmrm0", "IBM", "SW   TPM", True),
        ("device:/dev/tpmrm0", "MSFT", "xCG fTPM", True),
        ("device:/dev/tpmrm0", "AMD", "xcg fTPM", True),
        ("swtpm:path=/run/x", "INTC", "Intel", True),
    ],
)
def test_a_simulator_is_recognised_by_what_it_says_and_by_how_it_is_reached(
    device, manufacturer, vendor, expected
):
    """A virtual machine sees its host's simulator as an ordinary device."""
    facts = dataclasses.replace(FACTS, manufacturer=manufacturer, vendor=vendor)
    assert simulated(read_address(device), facts) is expected


def test_a_device_that_was_not_set_up_does_not_start(bare):
    assert reason(bare.open) == "not-provisioned"


def test_without_a_directory_it_does_not_start(home):
    settings = dataclasses.replace(home.settings, directory=None)
    assert reason(lambda: Tpm.open(settings, home.unlock_key)) == "directory"


def test_without_the_library_it_says_what_to_install(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "tpm2_pytss", None)
    assert reason(lambda: tpm.open_tpm(home.settings, home.unlock_key)) == "not-installed"


def test_every_changed_byte_of_the_pinned_file_is_noticed(home):
    """It names the storage root key: whoever could change it would have his own key believed."""
    path = home.directory / "tpm.pinned"
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        altered = bytearray(content)
        altered[position] ^= 1
        path.write_bytes(altered)
        assert reason(home.open) == "pinned"
    for cut in (0, 5, 40, len(content) - 1):
        path.write_bytes(content[:cut])
        assert reason(home.open) == "pinned"


# -- another storage root key -----------------------------------------------------------------------------------------


def test_a_tpm_with_another_storage_root_key_is_refused(home, stranger, kept):
    """The disk was put into another machine, or the TPM was cleared."""
    stranger.directory, stranger.unlock_key = home.directory, home.unlock_key
    assert reason(stranger.open) == "root-key"


def test_another_key_in_its_place_is_refused(home, platform):
    handle = platform._pinned.root_handle
    platform.forget()
    with Connected(home) as esapi:
        esapi.evict_control(ESYS_TR.OWNER, esapi.tr_from_tpmpublic(handle), handle)
        template = storage_root_template()
        other = template[:-64] + bytes([template[-64] ^ 1]) + template[-63:]
        key, *_ = esapi.create_primary(TPM2B_SENSITIVE_CREATE(), public_of(other), ESYS_TR.OWNER)
        esapi.evict_control(ESYS_TR.OWNER, key, handle)
        esapi.flush_context(key)
    assert reason(home.open) == "root-key"


class Connected:
    """The simulated TPM, as any program of the machine's administrator speaks to it."""

    def __init__(self, home) -> None:
        self._transport = Transport(read_address(home.tpm.device))

    def __enter__(self) -> ESAPI:
        self._esapi = ESAPI(self._transport)
        return self._esapi

    def __exit__(self, *_: object) -> None:
        self._esapi.close()
        self._transport.close()


# -- on the wires -----------------------------------------------------------------------------------------------------


def test_an_interposer_that_offers_its_own_key_under_the_right_name_is_refused(home, wire):
    """It would be told the salt of every session, and with that everything."""
    ours = storage_root_template()[:-68] + sized(os.urandom(32)) + sized(os.urandom(32))

    def offers(command: bytes, answer: bytes) -> bytes:
        if command_code(command) != READ_PUBLIC:
            return answer
        size = int.from_bytes(answer[10:12], "big")
        altered = answer[:10] + sized(ours) + answer[12 + size :]
        return altered[:2] + len(altered).to_bytes(4, "big") + altered[6:]

    with Interposer(home.tpm.socket, wire, offers) as interposer:
        assert reason(lambda: home.open(interposer.device)) == "root-key"


def test_nothing_secret_crosses_the_wires_in_clear(home, wire, monkeypatch):
    with Interposer(home.tpm.socket, wire) as interposer:
        platform = home.open(interposer.device)
        keys: list[bytes] = []
        original = platform._sealer._from_chip
        monkeypatch.setattr(platform._sealer, "_from_chip", lambda *given: _kept(keys, original(*given)))
        opened = platform.unseal(platform.seal(b"share", b"c", auth=AUTH), b"c", auth=AUTH)
        platform.forget()
    assert opened == b"share"
    traffic = b"".join(command + answer for command, answer in interposer.seen)
    codes = {command_code(command) for command, _ in interposer.seen}
    assert {CREATE, UNSEAL} <= codes, "the interposer saw the commands"
    [key] = keys
    for secret in (key, AUTH, b"share"):
        assert secret not in traffic


def _kept(keys: list[bytes], key: bytearray) -> bytearray:
    keys.append(bytes(key))
    return key


@pytest.mark.parametrize("code", [UNSEAL, NV_READ, CREATE])
def test_a_changed_answer_is_not_believed(home, wire, code):
    def changes(command: bytes, answer: bytes) -> bytes:
        if command_code(command) != code or len(answer) < 40:
            return answer
        return answer[:20] + bytes([answer[20] ^ 1]) + answer[21:]

    with Interposer(home.tpm.socket, wire) as interposer:
        platform = home.open(interposer.device)
        sealed = platform.seal(b"share", b"c")
        interposer.alter = changes
        calls = {
            UNSEAL: lambda: platform.unseal(sealed, b"c"),
            NV_READ: platform.counter("epoch").read,
            CREATE: lambda: platform.seal(b"share", b"c"),
        }
        assert reason(calls[code]) == "not-authentic"
        platform.forget()


def test_a_tpm_that_is_taken_away_is_said_and_not_asked_again(home, platform):
    sealed = platform.seal(b"share", b"c")
    home.tpm.stop()
    for call in (
        lambda: platform.unseal(sealed, b"c"),
        lambda: platform.seal(b"share", b"c"),
        lambda: platform.attest(bytes(64)),
        lambda: platform.counter("epoch").increment(),
        lambda: platform.counter("new"),
        platform.approval_request,
    ):
        assert reason(call) == "unreachable"
    home.tpm.start()
    assert reason(lambda: platform.unseal(sealed, b"c")) == "unreachable", (
        "not half a connection to another TPM"
    )
    again = home.open()
    assert again.unseal(sealed, b"c") == b"share"
    again.forget()


@pytest.mark.parametrize("cut_at", range(8))
def test_a_wire_that_is_cut_in_the_middle_leaves_no_half_made_state(home, wire, cut_at):
    pinned = home.directory / "tpm.pinned"
    before = pinned.read_bytes()
    with Interposer(home.tpm.socket, wire) as interposer:
        platform = home.open(interposer.device)
        seen = len(interposer.seen)
        interposer.alter = lambda _command, answer: answer if len(interposer.seen) - seen <= cut_at else None
        assert reason(lambda: platform.counter("new")) == "unreachable"
        platform.forget()
    assert pinned.read_bytes() == before
    again = home.open()
    assert again.counter("new").read() > 0
    again.forget()


@pytest.mark.parametrize(
    ("answer", "hangs_up"),
    [
        (b"", True),
        (b"\x80\x01", True),
        (b"\x80\x01\x00\x00\x00\x09\x00\x00\x00\x00", False),
        (b"\x80\x01\xff\xff\xff\xff\x00\x00\x00\x00", False),
        (b"\x80\x01\x00\x00\x00\x0a\x00\x00\x00\x00surplus", False),
    ],
)
def test_an_answer_of_a_wrong_length_ends_the_connection(wire, answer, hangs_up):
    """What is left of it would be taken for the answer to the next command."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(wire))
        listener.listen()
        transport = Transport(read_address(f"swtpm:path={wire}"))
        theirs, _ = listener.accept()
    with theirs:
        theirs.sendall(answer)
        if hangs_up:
            theirs.shutdown(socket.SHUT_RDWR)
        for use in (lambda: transport.do_receive(-1), lambda: transport.do_transmit(b"again")):
            with pytest.raises(TSS2_Exception, match="IO failure"):
                use()


def test_only_one_descriptor_is_needed_and_it_is_told(platform):
    assert os.fstat(platform.descriptor)
    assert not os.get_inheritable(platform.descriptor)
    platform.forget()
    assert reason(lambda: platform.descriptor) == "unreachable"


def test_names_are_what_the_tpm_computes(platform):
    with platform._attester._attestation_key() as key:
        assert name_of(platform.attestation_key) == platform._chip.name(key)
    assert attestation_key_template()[:8] == platform.attestation_key[:8]


def test_a_name_of_another_platform_is_still_unknown():
    with pytest.raises(PlatformRefused, match="no platform"):
        open_platform(PlatformSettings(name="tpm2"), bytearray(32))
