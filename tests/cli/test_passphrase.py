"""How the passphrase comes in, what is too weak, and that the buffers are wiped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from warifu.cli.passphrase import existing_passphrase, new_passphrase, read_descriptor
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def pipe(content: bytes) -> int:
    read_end, write_end = os.pipe()
    os.write(write_end, content)
    os.close(write_end)
    return read_end


@pytest.mark.parametrize("content", [b"correct horse", b"correct horse\n", b"correct horse\nand more"])
def test_a_script_hands_over_one_line(content):
    descriptor = pipe(content)
    with existing_passphrase(descriptor) as passphrase:
        assert passphrase == b"correct horse"
    with pytest.raises(OSError):
        os.fstat(descriptor)  # closed: no child can inherit it


def test_the_buffer_is_wiped_afterwards():
    with existing_passphrase(pipe(b"correct horse")) as passphrase:
        kept = passphrase
    assert kept == bytes(len(b"correct horse"))


def test_composed_and_decomposed_letters_are_one_passphrase():
    with existing_passphrase(pipe("caf\u00e9 au lait".encode())) as composed:
        first = bytes(composed)
    with existing_passphrase(pipe("cafe\u0301 au lait".encode())) as decomposed:
        assert bytes(decomposed) == first


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 255, b"x" * 100_000 + b"\n", b"\xff\xfe\xfd"[:3] * 5])
def test_what_cannot_be_a_passphrase_is_refused_and_not_repeated(content):
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    os.write(write_end, content[:60_000])
    os.close(write_end)
    with pytest.raises(InputRefused) as caught, existing_passphrase(read_end):
        pass
    assert "xxx" not in str(caught.value)


def test_a_descriptor_that_is_not_open_is_refused():
    descriptor = pipe(b"")
    os.close(descriptor)
    with pytest.raises((InputRefused, OSError)):
        read_descriptor(descriptor)


@pytest.mark.parametrize("weak", ["short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababababab"])
def test_a_new_passphrase_must_be_long_and_not_one_key_held_down(weak):
    with pytest.raises(InputRefused) as caught, new_passphrase(pipe(weak.encode())):
        pass
    assert caught.value.code == "input.passphrase-weak"
    assert weak not in caught.value.message


def test_length_counts_characters_not_bytes():
    with new_passphrase(pipe("割符は二つに割って合わせるもの".encode())) as passphrase:
        assert passphrase.decode() == "割符は二つに割って合わせるもの"


def test_without_a_terminal_and_without_a_descriptor_there_is_no_passphrase(monkeypatch):
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(InputRefused) as caught, existing_passphrase(None):
            pass
    assert caught.value.code == "input.no-terminal"


def test_two_different_typings_are_refused(monkeypatch):
    typed = iter(["correct horse battery", "correct horse batterie"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with pytest.raises(InputRefused) as caught, new_passphrase(None):
        pass
    assert caught.value.code == "input.passphrases-differ"


def test_a_program_that_was_given_the_passphrase_is_closed_to_others_and_leaves_no_core():
    """Run apart, because it cannot be undone."""
    program = (
        "import ctypes, os, resource\n"
        "from warifu.cli.passphrase import existing_passphrase\n"
        "read_end, write_end = os.pipe()\n"
        "os.write(write_end, b'correct horse battery staple\\n'); os.close(write_end)\n"
        "dumpable = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)\n"
        "before = dumpable()\n"
        "with existing_passphrase(read_end) as passphrase:\n"
        "    print(before, dumpable(), resource.getrlimit(resource.RLIMIT_CORE), len(passphrase))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == "1 0 (0, 0) 28\n"
