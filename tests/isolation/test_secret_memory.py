"""The memory for secrets: nobody gets a buffer that somebody else still sees, and nobody but the owner reads it."""

import ctypes
import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from coincurve._libsecp256k1 import ffi  # type: ignore[import-not-found]  # C extension without type stubs

from warifu.signer.isolation.layers.secret_memory import _kernel_refuses_to_read
from warifu.signer.isolation.secret_memory import LEAST_BYTES, MOST_BYTES, SecretMemory

pytestmark = pytest.mark.real
PAGE = 4096
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def memory():
    return SecretMemory(PAGE, hidden=False)


def address(buffer: bytearray | memoryview) -> int:
    return ctypes.addressof(ctypes.c_ubyte.from_buffer(buffer))


@pytest.mark.parametrize("length", [1, 31, 32, 33, 64, 1000, 1024])
def test_a_buffer_is_zeroed_writable_and_as_long_as_asked(memory, length):
    buffer = memory.take(length)
    assert isinstance(buffer, memoryview)
    assert (len(buffer), bytes(buffer)) == (length, bytes(length))
    buffer[:] = b"\xff" * length
    assert memory.address <= address(buffer) < memory.address + memory.size


def test_buffers_lie_apart(memory):
    buffers = [memory.take(33) for _ in range(10)]
    for number, buffer in enumerate(buffers):
        buffer[:] = bytes([number]) * 33
    assert [set(buffer) for buffer in buffers] == [{number} for number in range(10)]


def test_what_comes_back_is_overwritten_and_given_again(memory):
    first = memory.take(32)
    place = address(first)
    first[:] = b"s" * 32
    del first
    assert ctypes.string_at(place, 32) == bytes(32)
    again = memory.take(20)
    assert (address(again), bytes(again)) == (place, bytes(20))


@pytest.mark.parametrize(
    "view",
    [
        lambda b: b[:8],
        lambda b: memoryview(b),
        lambda b: np.frombuffer(b, np.uint8),
        ffi.from_buffer,
        lambda b: b,
    ],
    ids=["slice", "memoryview", "numpy", "cffi", "itself"],
)
def test_while_any_view_of_it_lives_nobody_else_gets_it(memory, view):
    buffer = memory.take(32)
    place = address(buffer)
    kept = view(buffer)
    del buffer
    gc.collect()
    others = [memory.take(32) for _ in range(8)]
    assert place not in map(address, others)
    del kept
    gc.collect()
    assert address(memory.take(32)) == place


def test_where_there_is_no_room_it_is_ordinary_memory_and_counted(memory):
    held = [memory.take(LEAST_BYTES) for _ in range(PAGE // LEAST_BYTES)]
    assert memory.refused == 0
    assert isinstance(memory.take(1), bytearray)
    assert isinstance(memory.take(MOST_BYTES + 1), bytearray)
    assert memory.refused == 2
    assert len({address(buffer) for buffer in held}) == len(held)


def test_what_is_hidden_the_kernel_does_not_read_and_what_is_not_it_does(memory):
    ordinary = memory.take(32)
    assert isinstance(ordinary, memoryview)
    assert not _kernel_refuses_to_read(ordinary)
    try:
        hidden = SecretMemory(PAGE, hidden=True)
    except OSError as error:
        pytest.skip(f"this kernel has no memfd_secret: {error}")
    secret = hidden.take(32)
    assert isinstance(secret, memoryview)
    assert _kernel_refuses_to_read(secret)


@pytest.mark.slow
def test_all_that_three_signers_keep_at_work_fits_into_a_tenth(tmp_path):
    """In one process: wallets born, correlations made, a transfer signed, with every secret in the signer's memory."""
    program = """
import sys
from pathlib import Path
from warifu.signer.isolation.layers import secret_memory
from warifu.signer.isolation.secret_memory import SecretMemory
from warifu.threshold.wiping import Secret, keep_secrets_in
memory = SecretMemory(secret_memory._SIZE // 10, hidden=False)
keep_secrets_in(memory.take)
from tests.support.accounts import ethereum_rules
from tests.support.signer_at_work import ether
from tests.support.simulator import Household, bitcoin_policy
household = Household(Path(sys.argv[1]), 3)
household.make_wallet(2, bitcoin_policy(others=[ethereum_rules()]), schemes=("bip340", "ecdsa"))
assert not household.correlate(3).failed
assert not household.sign(household.pay()).failed
assert not household.sign(ether(household)).failed
household.close()
assert isinstance(Secret(b"x").buffer, memoryview)
print(memory.refused, memory._used > 10_000)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert ended.stdout == b"0 True\n"
