"""Which account nonce a new transaction takes. Pure.

A node's count of *pending* transactions is never used: behind one address of a provider are many nodes whose mempools
differ, and one that forgot a transaction of ours would hand out its nonce a second time. What counts is what the chain
has executed, which honest nodes agree on, and what our own transfers hold.
"""

from __future__ import annotations

from collections.abc import Collection

from warifu.errors import InputRefused

MAX_WAITING = 16
"""As many executable transactions of one account as Geth keeps without conditions (``AccountSlots``)."""


def next_nonce(executed: int, taken: Collection[int]) -> int:
    """The lowest nonce that is neither executed nor taken, so that gaps are filled first.

    ``executed``: the account's transactions in the agreed block, which is its first unused nonce. ``taken``: what
    other transfers hold, sent or not. A gap holds up all that is above it.
    Raises ``InputRefused`` (``too-many-waiting``) where ``MAX_WAITING`` are under way, as nodes drop what comes after.
    """
    waiting = {nonce for nonce in taken if nonce >= executed}
    if len(waiting) >= MAX_WAITING:
        raise InputRefused(
            "too-many-waiting",
            f"{len(waiting)} transactions of this account are under way, and nodes keep no more",
            remedy="Wait for one of them, raise its fee, or cancel it.",
        )
    nonce = executed
    while nonce in waiting:
        nonce += 1
    return nonce
