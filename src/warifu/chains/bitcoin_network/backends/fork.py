"""Where a wallet's blocks and a node's part ways."""

from __future__ import annotations

from collections.abc import Callable

from warifu.chains.bitcoin_network.wallet import ChainTip, DescriptorWallet
from warifu.chains.rpc.unavailable import unavailable


def fork(
    wallet: DescriptorWallet, top: int, hash_at: Callable[[int], bytes], name: str
) -> tuple[ChainTip, list[int]]:
    """The highest block that wallet and node agree on, and the heights above it that are no longer true.

    ``top`` is the height of the node's best block. Raises ``ChainUnavailable`` (``wrong-network``).
    """
    gone: list[int] = []
    for known in wallet.checkpoints():
        if known.height <= top and hash_at(known.height) == known.block_hash:
            return known, gone
        gone.append(known.height)
    raise unavailable("wrong-network", "its chain begins with another block", name)
