"""The mathematics also runs where the kernel refuses memory that is writable and executable."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

_NO_SUCH_CONTROL = 77

# PR_SET_MDWE (65) does to this process what PaX and SELinux do to all.
PROGRAM = f"""
import ctypes, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit({_NO_SUCH_CONTROL})
from warifu.threshold.secp256k1 import SECP256K1 as group
secret = group.random_secret()
product = group.element_mul_secret(group.base_mul_public(5), secret)
assert product == group.element_mul_public(group.base_mul(secret), 5)
"""


def test_secret_products_need_no_writable_code():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, timeout=60)
    if ended.returncode == _NO_SUCH_CONTROL:
        pytest.skip("this kernel has no PR_SET_MDWE")
    assert ended.returncode == 0, ended.stderr.decode()
