"""Reading EVM chains brings nothing into a signer's process that it has no business running."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

READ_EVERYTHING = """
import sys, pkgutil, importlib
import warifu.chains.authorized, warifu.chains.ethereum as package
for module in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"{package.__name__}.{module.name}")
unwanted = {"asyncio", "eth_abi", "eth_account", "eth_utils", "httpx", "logging"}
unwanted |= {"pydantic", "rlp", "socket", "sqlite3"}
print(sorted(unwanted & set(sys.modules)))
"""


def test_no_network_and_no_large_library():
    done = subprocess.run([sys.executable, "-c", READ_EVERYTHING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
