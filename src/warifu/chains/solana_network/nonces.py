"""The account's durable nonces: which there are, which is free, and the proof that its value is one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.solana.address import parse_address
from warifu.chains.solana.durable import nonce_value
from warifu.chains.solana_network.building import MAX_NONCES, nonce_address
from warifu.chains.solana_network.layouts import read_nonce
from warifu.chains.solana_network.nodes import Nodes
from warifu.errors import ChainUnavailable, InputRefused

_LOOK_BACK = 10
"""Transactions that are looked at for the one that made the value: the newest, unless strangers named the account."""


@dataclass(frozen=True)
class FreeNonce:
    """A nonce account that can be used, and its value; 32 bytes each."""

    index: int
    address: bytes
    value: bytes


class Nonces:
    """Over the nodes of one cluster."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    def free(self, owner: bytes, taken: Collection[int]) -> FreeNonce | None:
        """The first nonce account of ``owner`` that no other transfer holds; None where there is none."""
        addresses = [nonce_address(owner, index) for index in range(MAX_NONCES)]
        for index, account in enumerate(self._nodes.accounts(addresses)):
            nonce = read_nonce(account)
            if nonce is not None and nonce.authority == owner and index not in taken:
                return FreeNonce(index, addresses[index], nonce.value)
        return None

    def vacant(self, owner: bytes, taken: Collection[int]) -> int:
        """The first number for which no nonce account was made. ``InputRefused`` (``nothing-to-prepare``)."""
        addresses = [nonce_address(owner, index) for index in range(MAX_NONCES)]
        for index, account in enumerate(self._nodes.accounts(addresses)):
            # Where somebody sent SOL to the address, the account cannot be created any more: take the next.
            if account is None and index not in taken:
                return index
        raise InputRefused(
            "nothing-to-prepare", f"the account has its {MAX_NONCES} durable nonces, or they are on their way"
        )

    def value(self, address: bytes) -> bytes | None:
        """What the nonce account stores now, as enough nodes say; None where it is none."""
        (account,) = self._nodes.accounts([address])
        nonce = read_nonce(account)
        return nonce.value if nonce is not None else None

    def proof(self, nonce: FreeNonce) -> bytes:
        """The blockhash behind its value (32 bytes); empty where no node can show it.

        The value was made in the block of the newest transaction that changed the account, from the blockhash before.
        """
        try:
            for found in self._nodes.signatures_of(nonce.address, _LOOK_BACK):
                block = self._nodes.block(found.slot)
                if block is None:
                    continue
                for text in (block.previous_blockhash, block.blockhash):
                    blockhash = parse_address(text)
                    if nonce_value(blockhash) == nonce.value:
                        return blockhash
        except (RpcRefused, ChainUnavailable, InputRefused):
            return b""
        return b""
