"""Reading Solana brings nothing into a signer's process that it has no business running."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

# solders loads all of itself, its engine (LiteSVM) included, into whoever imports a part: ten MiB of a signer's memory.
READ_EVERYTHING = """
import sys, pkgutil, importlib, warifu.chains.solana as package
for module in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"{package.__name__}.{module.name}")
unwanted = {"asyncio", "httpx", "logging", "socket", "sqlite3", "subprocess", "embit.util", "solders"}
print(sorted(unwanted & set(sys.modules)))
"""


def test_no_network_no_engine_and_no_second_libsecp256k1():
    done = subprocess.run([sys.executable, "-c", READ_EVERYTHING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
