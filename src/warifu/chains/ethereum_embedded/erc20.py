"""An ERC-20 token nobody here wrote: snekmate's contract, compiled by vyper when it is first asked for.

What is ours is the wrapper that deploys the module with its own defaults; token logic, errors and events are
snekmate's.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import vyper  # type: ignore[import-untyped]
from eth._utils.address import generate_contract_address
from eth_abi.abi import encode
from eth_typing import Address
from eth_utils.crypto import keccak
from vyper.compiler.input_bundle import FilesystemInputBundle  # type: ignore[import-untyped]

from warifu.errors import InputRefused, ServiceRefused

_SOURCE = """
# pragma version >=0.4.3
from snekmate.auth import ownable
from snekmate.tokens import erc20

initializes: ownable
initializes: erc20[ownable := ownable]
exports: erc20.__interface__

@deploy
@payable
def __init__(name: String[25], symbol: String[5], decimals: uint8):
    ownable.__init__()
    erc20.__init__(name, symbol, decimals, name, "1")
"""


@cache
def bytecode() -> bytes:
    """The contract's creation code, without its arguments (1 to 2 seconds the first time)."""
    package = find_spec("snekmate")
    if package is None or not package.submodule_search_locations:
        raise ServiceRefused("embedded-chain", "snekmate is not installed, so there is no token to deploy")
    sources = FilesystemInputBundle([Path(place).parent for place in package.submodule_search_locations])
    compiled = vyper.compile_code(_SOURCE, output_formats=["bytecode"], input_bundle=sources)
    return bytes.fromhex(compiled["bytecode"].removeprefix("0x"))


def creation(name: str, symbol: str, decimals: int) -> bytes:
    """Creation code for one token. ``InputRefused`` (``token``)."""
    if not (1 <= len(name) <= 25 and 1 <= len(symbol) <= 5 and 0 <= decimals <= 36):
        raise InputRefused(
            "token", "a name has up to 25 letters, a symbol up to 5, and decimals are up to 36"
        )
    return bytecode() + encode(["string", "string", "uint8"], [name, symbol, decimals])


def mint(to: bytes, amount: int) -> bytes:
    """Calldata of ``mint(address,uint256)``."""
    return _call("mint(address,uint256)", to, amount)


def transfer(to: bytes, amount: int) -> bytes:
    """Calldata of ``transfer(address,uint256)``."""
    return _call("transfer(address,uint256)", to, amount)


def _call(signature: str, to: bytes, amount: int) -> bytes:
    return keccak(text=signature)[:4] + encode(["address", "uint256"], [to, amount])


def contract_address(creator: bytes, nonce: int) -> bytes:
    """Where a contract is created by a transaction (yellow paper, section 7): 20 bytes."""
    return bytes(generate_contract_address(Address(creator), nonce))
