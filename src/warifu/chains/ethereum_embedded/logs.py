"""``eth_getLogs`` over the embedded chain, bounded in blocks and in answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from eth.abc import BlockAPI, LogAPI

from warifu.chains.ethereum_embedded.machine import Machine
from warifu.chains.ethereum_embedded.shapes import Json, log_json

MAX_BLOCKS = 2000
MAX_LOGS = 10_000


def logs_between(
    machine: Machine, first: int, last: int, addresses: Collection[bytes], topics: Sequence[Collection[int]]
) -> list[Json]:
    """Those of the canonical blocks ``first`` to ``last``. ``ValueError`` where that is too much."""
    if not first <= last < first + MAX_BLOCKS:
        raise ValueError("too many blocks")
    found: list[Json] = []
    for number in range(first, last + 1):
        block = machine.block(number)
        assert block is not None, "asked for blocks that are there"
        found += logs_of(machine, block, addresses, topics)
        if len(found) > MAX_LOGS:
            raise ValueError("too many logs")
    return found


def logs_of(
    machine: Machine, block: BlockAPI, addresses: Collection[bytes], topics: Sequence[Collection[int]]
) -> list[Json]:
    """Those of one block. Nothing in ``addresses``, or at a place in ``topics``, means any."""
    found, log_index = [], 0
    for index, (item, receipt) in enumerate(zip(block.transactions, machine.receipts(block), strict=True)):
        for log in receipt.logs:
            if _fits(log, addresses, topics):
                found.append(log_json(log, item, block, index, log_index))
            log_index += 1
    return found


def _fits(log: LogAPI, addresses: Collection[bytes], topics: Sequence[Collection[int]]) -> bool:
    return (
        (not addresses or log.address in addresses)
        and len(log.topics) >= len(topics)
        and all(not wanted or log.topics[place] in wanted for place, wanted in enumerate(topics))
    )
